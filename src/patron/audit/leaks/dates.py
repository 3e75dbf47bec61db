"""L03: dates after the row's snapshot, and numbers counted back from after it."""

__all__ = ["AfterTheSnapshot"]

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.sentinels import known_days
from patron.audit.times import FIRST_DAY, LAST_DAY, day_of, days_of
from patron.schema import Role

# Up to so many rows may be slips of the pen; a plan (a contract's end) lies ahead in most rows.
HANDFUL, HANDFUL_SHARE = 5, 0.001
MOSTLY = 0.5
SURE_Z = 4.0
CERTAIN = 0.9
# How nearly all rows must agree on a day before it is taken for the snapshot.
AGREE = 0.9
FEWEST_ROWS = 100
LOOKED_AT = 5_000
MOST_NUMBERS = 500
FEWEST_BELOW = 20
# Without a known label window: later than this is a plan sooner than an event.
WINDOW = 60


class _Snapshot(NamedTuple):
    """The day of each row's snapshot [rows], NaN where unknown, and how it is known."""

    days: np.ndarray
    known_by: str
    named: bool


class AfterTheSnapshot(Check):
    """L03: a date that lies after the row's snapshot.

    Whatever happened after the snapshot cannot be known at it. The snapshot is the as_of column,
    or, where there is none, the day that the table itself implies: a constant date, or the one day
    that a date and a number of days since add up to. A number of days since that is below zero,
    mostly for rows with the answer, was counted from after the snapshot. Days that M01 names, such
    as 2099-12-31 for never, are missing here.
    """

    code = "L03"
    title = "A date after the snapshot"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        dates = {name: known_days(frame, name) for name in _dates(frame)}
        snapshot = _named(frame) or _implied(frame, dates)
        found = [self._below_zero(frame, name) for name in frame.features]
        if snapshot:
            found += [self._judged(frame, name, days, snapshot) for name, days in dates.items()]
        elif not any(found):
            return CannotSay(
                "no column has the role as_of, and the table implies no one day on which it was "
                "taken"
                if dates
                else "no column holds dates"
            )
        return [each for each in found if each]

    def _judged(
        self, frame: Frame, name: str, days: np.ndarray, snapshot: _Snapshot
    ) -> Finding | None:
        with np.errstate(invalid="ignore"):
            after = days > snapshot.days
        rows, known = int(after.sum()), np.isfinite(days) & np.isfinite(snapshot.days)
        if not rows:
            return None
        share = rows / int(known.sum())
        ahead = (days - snapshot.days)[after]
        evidence: Evidence = {
            "rows_after": rows,
            "share_after": share,
            "days_after_median": float(np.median(ahead)),
            "days_after_most": float(ahead.max()),
            "snapshot": snapshot.known_by,
        }
        if frame.label_days:
            evidence["share_in_label_window"] = float((ahead <= frame.label_days).mean())
        told = _told(frame, after, known)
        evidence |= told.evidence
        severity = self._severity(frame, name, rows / int(known.sum()), rows, ahead, told)
        if severity is Severity.SERIOUS and not (snapshot.named or told.more):
            severity = Severity.WARNING
        plan = severity is Severity.NOTE
        return self.finding(
            severity,
            (name,),
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{name} lies after {snapshot.known_by} in {rows:,} rows ({share:.1%}), by "
                f"a median of {_days_long(float(np.median(ahead)))}.{told.sentence} "
                + (
                    "It may be a date that was planned, or that tells when the record was written."
                    if plan
                    else "What happened then was not known at the time of prediction: the column "
                    "was written later than the snapshot."
                )
            ),
            next_step=(
                f"Check that {name} was known at the snapshot."
                if plan
                else f"Drop {name}, or take it again as it was at the snapshot."
                + (
                    " Setting the later dates to missing would not help: then the gaps tell the "
                    "answer."
                    if told.more
                    else ""
                )
            ),
            fix=None if plan else Fix("drop_column", (name,), because=self.code),
        )

    def _severity(
        self, frame: Frame, name: str, share: float, rows: int, ahead: np.ndarray, told: "_Told"
    ) -> Severity:
        far = np.median(ahead) > 2 * (frame.label_days or WINDOW)
        if frame.schema[name].role is Role.UPDATED:
            return Severity.WARNING if told.more else Severity.NOTE
        if share > MOSTLY and (far or not told.more):
            return Severity.WARNING if told.more else Severity.NOTE
        few = rows <= max(HANDFUL, HANDFUL_SHARE * rows / share)
        return Severity.WARNING if few and not told.more else Severity.SERIOUS

    def _below_zero(self, frame: Frame, name: str) -> Finding | None:
        """A count of days since, below zero for rows with the answer."""
        if frame.too_few or frame.schema[name].role not in (Role.NUMBER, Role.COUNT):
            return None
        values = frame.values(name)
        with np.errstate(invalid="ignore"):
            below = values < 0
        rows, known = int(below.sum()), np.isfinite(values)
        if not FEWEST_BELOW <= rows <= MOSTLY * known.sum():
            return None
        lowest, levels = values[below], np.unique(values[below])
        window = frame.label_days or 366
        if len(levels) < 3 or lowest.min() < -window or (lowest != np.round(lowest)).any():
            return None
        told = _told(frame, below, known)
        if not told.certain:
            return None
        return self.finding(
            Severity.SERIOUS,
            (name,),
            rows=rows,
            evidence={"rows_below_zero": rows, "lowest": float(lowest.min()), **told.evidence},
            meaning=(
                f"{name} is below zero in {rows:,} rows.{told.sentence} It looks like days since "
                "something, counted from before it happened: the column was written after the "
                "snapshot."
            ),
            next_step=f"Drop {name}, or take it again as it was at the snapshot.",
            fix=Fix("drop_column", (name,), because=self.code),
        )


class _Told(NamedTuple):
    """What rows that lie after tell of the answer: surely more positives; nearly all."""

    more: bool
    certain: bool
    evidence: Evidence
    sentence: str


def _days_long(days: float) -> str:
    return "1 day" if days == 1 else f"{days:,.0f} days"


def _dates(frame: Frame) -> list[str]:
    """The columns with dates, other than the as_of itself."""
    return list(frame.schema.names(Role.DATE, Role.UPDATED))


def _named(frame: Frame) -> _Snapshot | None:
    name = frame.schema.one(Role.AS_OF)
    if name is None:
        return None
    days = days_of(frame.table.column(name))
    return _Snapshot(days, name, named=True) if np.isfinite(days).any() else None


def _implied(frame: Frame, dates: dict[str, np.ndarray]) -> _Snapshot | None:
    """The one day that the table implies, or None."""
    rows = frame.table.num_rows
    for name in frame.table.column_names:  # a constant column has no role that says date
        column = frame.table.column(name)
        if rows >= FEWEST_ROWS and pa.types.is_temporal(column.type) and not column.null_count:
            day = days_of(column)
            if np.isfinite(day).all() and np.ptp(day) == 0:
                return _Snapshot(day, f"{day_of(day[0])}, the one day in {name}", named=False)
    taken = np.unique(np.linspace(0, max(rows - 1, 0), LOOKED_AT).astype(int))
    numbers = frame.schema.names(Role.NUMBER, Role.COUNT)[:MOST_NUMBERS]
    for name, whole in dates.items():
        days = whole[taken]
        if np.isfinite(days).sum() < FEWEST_ROWS or np.nanmax(days) - np.nanmin(days) < 30:
            continue
        for number in numbers:
            ends = days + frame.values(number)[taken]
            ends = ends[np.isfinite(ends)]
            if len(ends) < max(FEWEST_ROWS, len(taken) / 4):
                continue
            middle = np.round(np.median(ends))
            is_day = FIRST_DAY <= middle <= LAST_DAY  # beside 1e30 all days are one
            if is_day and (np.abs(ends - middle) <= 1).mean() >= AGREE:
                by = f"{day_of(middle)}, the day that {name} and {number} add up to"
                return _Snapshot(np.full(rows, middle), by, named=False)
    return None


def _told(frame: Frame, hit: np.ndarray, known: np.ndarray) -> _Told:
    """Whether the rows `hit` are positive more often than the other known ones."""
    if frame.too_few or frame.target is None:
        return _Told(False, False, {}, "")
    above = 0.0 if frame.questions[0].measure == "AUC" else np.nanmedian(frame.target)
    positive = frame.target > above
    labelled = np.isfinite(frame.target)
    inside, outside = hit & labelled, ~hit & known & labelled
    if not inside.any() or not outside.any():
        return _Told(False, False, {}, "")
    one, other = float(positive[inside].mean()), float(positive[outside].mean())
    base = float(positive[inside | outside].mean())
    noise = (max(base * (1 - base), 1e-9) * (1 / inside.sum() + 1 / outside.sum())) ** 0.5
    more = bool(one - other > SURE_Z * noise)
    what = "positive" if frame.questions[0].measure == "AUC" else "above the middle"
    about = frame.questions[0].about
    return _Told(
        more,
        more and one >= CERTAIN,
        {"positive_there": one, "positive_elsewhere": other},
        f" Of these, {one:.0%} are {what} in {about}; of the others, {other:.0%}.",
    )
