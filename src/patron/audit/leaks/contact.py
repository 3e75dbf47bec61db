"""L04: columns that a campaign's contact has changed."""

__all__ = ["ChangedByContact"]

import re

import numpy as np

from patron.audit.base import CannotSay, Check, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import plain
from patron.audit.scoring import codes_in
from patron.audit.times import moments_of
from patron.schema import Role

MOST_ROWS = 40_000
FEWEST_ROWS = 500
FEWEST_IN_ARM = 50
MOST_ARMS = 12
# Arms that were drawn by chance: nearly all columns are within what chance does.
BALANCED_Z, CHANGED_Z = 3.0, 5.0
LEAST_BALANCED = 0.75
FEWEST_COLUMNS = 3
MOST_BINS = 10
MOST_TIMES = 20
TREATMENT_WORDS = re.compile(
    r"(^|_)(treat|treated|treatment|control|arm|variant|test_group|ab_group|holdout|contacted|"
    r"mailed)(_|$)"
)


class ChangedByContact(Check):
    """L04: a feature that differs between the arms of a campaign that is otherwise balanced.

    Where chance decided who is contacted, whatever was known before the contact is distributed
    alike in all arms. A column that is not was measured after it: it holds what the contact did.
    """

    code = "L04"
    title = "A column that the contact has changed"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        treatment = frame.schema.one(Role.TREATMENT)
        if treatment is None:
            return self._named_so(frame) or CannotSay("no column has the role treatment")
        rows, arms = _arms(frame, treatment)
        if len(rows) < FEWEST_ROWS:
            return CannotSay(
                f"{treatment} has fewer than two arms of {FEWEST_IN_ARM} rows or more, or fewer "
                f"than {FEWEST_ROWS} rows in them"
            )
        times = _times(frame, rows)
        shifts = {n: _shift(frame.values(n)[rows], arms, times) for n in frame.features}
        balanced = sum(shift <= BALANCED_Z for shift in shifts.values())
        changed = [name for name, shift in shifts.items() if shift > CHANGED_Z]
        if not changed:
            return []
        if len(shifts) < FEWEST_COLUMNS or balanced < LEAST_BALANCED * len(shifts):
            return CannotSay(
                f"the arms of {treatment} differ in {len(shifts) - balanced} of {len(shifts)} "
                "features: the contact was not given by chance, and the data cannot tell who was "
                "chosen from what was changed"
            )
        return [self._changed(treatment, name, shifts, len(rows)) for name in changed]

    def _changed(self, treatment: str, name: str, shifts: dict[str, float], rows: int) -> Finding:
        shift, features = shifts[name], len(shifts)
        balanced = sum(each <= BALANCED_Z for each in shifts.values())
        return self.finding(
            Severity.WARNING,
            (name,),
            evidence={
                "shift": shift,
                "balanced_within": BALANCED_Z,
                "balanced_features": balanced,
                "features": features,
                "rows_compared": rows,
            },
            meaning=(
                f"{name} differs between the arms of {treatment} by {shift:.0f} standard errors, "
                f"while {balanced} of {features} features differ by less than {BALANCED_Z:.0f}. "
                "Chance decided who is contacted, so whatever was known before is alike in all "
                f"arms: {name} was measured after the contact and holds a part of the outcome."
            ),
            next_step=f"Drop {name}, or take it again as it was before the contact.",
            fix=Fix("drop_column", (name,), because=self.code),
        )

    def _named_so(self, frame: Frame) -> list[Finding]:
        """Features that by their name are a treatment, where the Study names none."""
        named = [
            name
            for name in frame.features
            if TREATMENT_WORDS.search(name.lower())
            and len(np.unique(frame.values(name))) <= MOST_ARMS
        ]
        return [
            self.finding(
                Severity.NOTE,
                (name,),
                evidence={"named": name},
                meaning=f"By its name {name} says who was contacted. As a feature it lets the "
                "model tell who buys because of the contact from who was contacted.",
                next_step=f'If it is a campaign, name it: [campaign] treatment = "{name}". If '
                "the contact comes after the prediction, drop it.",
            )
            for name in named
        ]


def _arms(frame: Frame, treatment: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions of rows by chance, whatever their target, and the arm of each as a small number."""
    column = plain(frame.table.column(treatment)).combine_chunks().dictionary_encode()
    codes = np.array(column.indices.cast("float64").to_numpy(zero_copy_only=False))
    rows = np.flatnonzero(np.isfinite(codes))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(frame.seed).permutation(rows)[:MOST_ROWS])
    arms = codes[rows].astype(np.int64)
    sizes = np.bincount(arms) if len(arms) else np.zeros(0)
    large = np.flatnonzero(sizes >= FEWEST_IN_ARM)
    if not 2 <= len(large) <= MOST_ARMS:
        return rows[:0], arms[:0]
    kept = np.isin(arms, large)
    return rows[kept], np.searchsorted(large, arms[kept])


def _times(frame: Frame, rows: np.ndarray) -> np.ndarray:
    """The as_of of each row as a small number: the share contacted may differ between dates."""
    name = frame.schema.one(Role.AS_OF)
    if name is None:
        return np.zeros(len(rows), dtype=np.int64)
    moments = moments_of(frame.table.column(name))[rows]
    return codes_in(_bins(moments, MOST_TIMES), moments)


def _shift(values: np.ndarray, arms: np.ndarray, times: np.ndarray) -> float:
    """How far the arms differ in a column, in standard errors, beyond what their times explain.

    Of the shares of the column's bins (missing is one) by a chi-squared test, and of the mean bin:
    the larger of the two, so that neither a shift of all values nor one of a single value is lost.
    """
    codes = codes_in(_bins(values, MOST_BINS), values)
    width, count = int(codes.max(initial=0)) + 1, int(arms.max()) + 1
    table, expected = np.zeros((count, width)), np.zeros((count, width))
    for time in np.unique(times):
        cell = (arms * width + codes)[times == time]
        part = np.bincount(cell, minlength=count * width).reshape(count, width).astype(float)
        table += part
        expected += np.outer(part.sum(1), part.sum(0)) / part.sum()
    filled = expected.sum(0) > 0
    if filled.sum() < 2:
        return 0.0
    apart = float(((table - expected)[:, filled] ** 2 / expected[:, filled]).sum())
    share, place = table.sum(0) / table.sum(), np.arange(width)
    spread = float(share @ place**2 - (share @ place) ** 2)
    shifted = ((table - expected) @ place) ** 2 / (table.sum(1) * spread)
    freedom = count - 1
    return max(
        _deviation(apart, freedom * (int(filled.sum()) - 1)), _deviation(shifted.sum(), freedom)
    )


def _bins(values: np.ndarray, most: int) -> np.ndarray:
    known = values[np.isfinite(values)]
    levels = np.unique(known)
    if len(levels) <= most:
        return levels
    return np.unique(np.quantile(known, np.linspace(0, 1, most + 1)[1:], method="lower"))


def _deviation(chi_squared: float, freedom: int) -> float:
    """A chi-squared value as standard errors of a normal one (Wilson and Hilferty, 1931)."""
    part = 2 / (9 * freedom)
    return float(((chi_squared / freedom) ** (1 / 3) - (1 - part)) / part**0.5)
