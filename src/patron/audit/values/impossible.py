"""V01: values that cannot be: shares above 1, counts below 0, times in the wrong order."""

__all__ = ["ImpossibleValues"]

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix, Ledger
from patron.audit.missing.sentinels import without_sentinels
from patron.audit.missing.weigh import weighed
from patron.audit.operations import plain
from patron.audit.values.order import Disorder, disorders
from patron.audit.values.units import distance, measures, mix_of
from patron.schema import Role
from patron.schema.look import words

Floats = NDArray[np.float64]

FEWEST, FEWEST_HITS = 100, 3
MOST_HITS, RARE = 0.3, 0.1
FEWEST_DISTINCT = 20
SMOOTH = 0.4
SENTINEL = 0.9
MIRRORED = 0.1
OLDEST, EARLIEST, LATEST = 120, date(1900, 1, 1), date(2100, 12, 31)
TELLS, OTHERWISE = 0.8, 0.02

_RATE = {"rate", "ratio", "share", "pct", "percent", "percentage", "probability", "proportion"}
_NEVER_BELOW_0 = _RATE | {
    *("n", "num", "count", "counts", "cnt", "orders", "purchases", "visits", "clicks", "opens"),
    *(
        "emails",
        "items",
        "units",
        "quantity",
        "qty",
        "sessions",
        "views",
        "pages",
        "events",
        "adds",
    ),
    *("days", "weeks", "months", "years", "tenure", "recency", "age", "duration", "seconds"),
    *("minutes", "hours", "tickets", "searches", "coupons", "redemptions", "visit", "frequency"),
}
_MAY_BE_BELOW_0 = {
    *("net", "change", "delta", "diff", "difference", "balance", "score", "growth", "trend", "gap"),
    *("margin", "profit", "temperature", "lag", "latitude", "longitude", "z", "log", "index", "pc"),
    *("adjustment", "correction", "slope", "deviation", "points", "until", "vs", "to", "before"),
    *("left", "remaining", "overdue", "early", "late", "offset"),
}
_NOT_OF_A_PERSON = {"account", "days", "months", "weeks", "hours", "tenure", "page", "cart"}


class ImpossibleValues(Check):
    """V01: values that the kind of the column rules out, told by how all its values lie.

    Shares end at 1 and counts begin at 0 with an edge; values beyond it are mistakes where they do
    not continue what lies before it. Names support that; they never decide alone.
    """

    code = "V01"
    title = "Values that cannot be"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each column, or pair of columns, with such values."""
        if frame.table.num_rows < FEWEST:
            return CannotSay(f"the table has {frame.table.num_rows} rows; {FEWEST} are needed")
        found = [self._disorder(frame, each) for each in disorders(frame, self.code)]
        taken = {name for each in found for name in each.columns}
        for name in frame.schema.names(Role.DATE):
            kind = frame.table.schema.field(name).type
            if name not in taken and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
                found += self._dates(frame, name)
        for name in measures(frame):
            if name in taken:
                continue
            values = without_sentinels(frame, name, frame.values(name))
            known = values[np.isfinite(values)]
            if len(known) >= FEWEST:
                found += self._above_1(frame, name, known)
                found += self._below_0(frame, name, known)
                found += self._too_old(frame, name, known)
        return found

    def _above_1(self, frame: Frame, name: str, known: Floats) -> list[Finding]:
        above = known > 1 + 1e-9
        inside = known[(known >= 0) & ~above]
        fractions = inside[(inside > 0) & (inside < 1)]
        enough = FEWEST_HITS <= above.sum() <= MOST_HITS * len(known)
        if not enough or len(fractions) < 0.3 * (inside > 0).sum():
            return []
        if len(np.unique(fractions)) < FEWEST_DISTINCT:
            return []
        named = bool(_RATE & set(words(name)))
        before = int(((known > 0.8) & (known < 1)).sum())
        behind = int((above & (known <= 1.2)).sum())
        smooth = SMOOTH * before <= behind <= max(before, 1)
        edge = before >= 30 and behind < before / 5 and not _tails_off(known)
        # Ratios of small counts pile up at 2 as well; shares at 1 alone.
        piled = (known == 1).sum() >= max(10, 10 * (known == 2).sum())
        apart = distance(known[above] / 100, inside[inside > 0])
        percent = known.max() <= 100 and apart <= MIRRORED + 1.4 * above.sum() ** -0.5
        sound = smooth and not piled and not percent if named else not edge
        if sound or mix_of(frame, name):
            return []
        fix = Fix("null_above", (name,), {"limit": 1}, self.code)
        like = ""
        if percent and named:
            fix = Fix("scale_where", (name,), {"factor": 0.01, "above": 1}, self.code)
            like = " As percentages they lie as the others do."
        return [
            self._one(
                frame,
                fix,
                {"above_1": int(above.sum()), "just_below_1": before, "just_above_1": behind},
                f"{name} is a share, {len(inside) / len(known):.1%} of it from 0 to 1, and above "
                f"1 in {above.sum():,} rows (up to {known.max():,.6g})",
                like,
            )
        ]

    def _below_0(self, frame: Frame, name: str, known: Floats) -> list[Finding]:
        negative, positive = -known[known < 0], known[known > 0]
        if not FEWEST_HITS <= len(negative) <= min(MOST_HITS * len(known), len(positive)):
            return []
        counts = np.unique(negative, return_counts=True)[1]
        said = set(words(name))
        if counts.max() >= SENTINEL * len(negative) and len(counts) <= 2:
            return []  # one value that stands for something: M01's
        if said & _MAY_BE_BELOW_0 or frame.schema[name].role is Role.MONEY:
            return []
        whole = bool((known == np.round(known)).all())
        apart = distance(negative, positive)
        mirrored = apart <= MIRRORED + 1.4 * len(negative) ** -0.5
        rare = len(negative) <= RARE * len(known)
        named = bool(said & _NEVER_BELOW_0) and (whole or mirrored or rare)
        if not named and not (whole and mirrored):
            return []
        why = _marked(frame, frame.values(name) < 0)
        like = " They lie as the others do, with the sign turned round." if mirrored else ""
        evidence: Evidence = {
            "below_0": len(negative),
            "share": len(negative) / len(known),
            "distance_from_the_positive_ones": apart,
        }
        what = f"{name} never lies below 0, but does in {len(negative):,} rows"
        fix = Fix("null_below", (name,), {"limit": 0}, self.code)
        if not why:
            return [self._one(frame, fix, evidence, what, like)]
        return [
            self.finding(
                Severity.WARNING,
                (name,),
                rows=len(negative),
                evidence=evidence | {"where": why},
                meaning=(
                    f"{name} lies below 0 in {len(negative):,} rows, nearly all of them where "
                    f"{why}: rows of another kind, such as cancellations or returns."
                ),
                next_step=(
                    "Decide what these rows are. If they take back others, set both off against "
                    "each other before anything is counted."
                ),
            )
        ]

    def _too_old(self, frame: Frame, name: str, known: Floats) -> list[Finding]:
        said = set(words(name))
        above = known[known > OLDEST]
        if "age" not in said or said & _NOT_OF_A_PERSON or not len(above):
            return []
        if not 10 <= np.median(known) <= 90 or len(above) > MOST_HITS * len(known):
            return []
        most = np.unique(above, return_counts=True)[1].max()
        if len(above) >= FEWEST_HITS and most >= SENTINEL * len(above):
            return []  # M01's
        return [
            self._one(
                frame,
                Fix("null_above", (name,), {"limit": OLDEST}, self.code),
                {"above": len(above), "highest": float(above.max())},
                f"{name} is above {OLDEST} in {len(above):,} rows (up to {above.max():,.6g})",
            )
        ]

    def _dates(self, frame: Frame, name: str) -> list[Finding]:
        column = plain(frame.table.column(name)).drop_null()
        days = column.cast(pa.timestamp("us"), safe=False).cast(pa.date32(), safe=False)
        found = []
        for early, limit in ((True, EARLIEST), (False, LATEST)):
            compare = pc.less if early else pc.greater
            hits = days.filter(compare(days, pa.scalar(limit)))
            if not len(hits) or len(hits) > MOST_HITS * len(days):
                continue
            most = pc.max(pc.value_counts(hits).field("counts")).as_py()
            if len(hits) >= FEWEST_HITS and most >= SENTINEL * len(hits):
                continue  # M01's
            operation, word = ("null_below", "before") if early else ("null_above", "after")
            found.append(
                self._one(
                    frame,
                    Fix(operation, (name,), {"limit": limit.isoformat()}, self.code),
                    {word: len(hits)},
                    f"{name} lies {word} {limit.isoformat()} in {len(hits):,} rows",
                )
            )
        return found

    def _disorder(self, frame: Frame, pair: Disorder) -> Finding:
        dates = frame.schema[pair.late].role is Role.DATE
        verb = "lies before" if dates and pair.fix else "is longer ago than"
        evidence: Evidence = {
            "share": pair.share,
            "rows_just_inside_for_each_just_beyond": pair.cliff,
            "late_bound_against_early": pair.flat,
        }
        what = f"{pair.late} {verb} {pair.early} in {pair.share:.1%} of the rows, which cannot be"
        columns = (pair.late, pair.early)
        if pair.fix is None:
            return self.finding(
                Severity.WARNING,
                columns,
                rows=round(pair.share * frame.table.num_rows),
                evidence=evidence,
                meaning=f"{what}. One of the two is wrong there.",
                next_step="Find out which of the two is wrong.",
            )
        return self._one(frame, pair.fix, evidence, what, " One is wrong there.", columns)

    def _one(
        self,
        frame: Frame,
        fix: Fix,
        evidence: dict[str, Any],
        what: str,
        like: str = "",
        columns: tuple[str, ...] = (),
    ) -> Finding:
        severity, cost = weighed(frame, fix)
        rows = Ledger((fix,)).apply(frame.table)[1][0].rows_changed
        return self.finding(
            severity,
            columns or fix.columns,
            rows=rows,
            evidence=evidence | cost,
            meaning=f"{what}.{like} A model takes such values for the extreme ones they look like.",
            next_step=(
                "Mend them where the column is made; until then, set them to missing rather than "
                "to the nearest value that can be."
            ),
            fix=fix,
        )


def _tails_off(known: Floats) -> bool:
    """Whether the values thin out towards 1 as they do beyond it: 1 is no edge of theirs."""
    steps = np.histogram(known, [0.6, 0.8, 1.0 - 1e-9])[0]
    return bool(steps[1] < 0.6 * steps[0])


def _marked(frame: Frame, hit: NDArray[np.bool_]) -> str | None:
    """What another column says of nearly all the rows in `hit`, and of hardly any other.

    Of an identifier, no more than with which letter it begins.
    """
    for name in frame.schema.names(Role.CATEGORY, Role.IDENTIFIER):
        column = plain(frame.table.column(name))
        if not pa.types.is_string(column.type):
            continue
        whole = frame.schema[name].role is Role.CATEGORY
        for signs, says in ((1, "begins with"), *(((None, "is"),) if whole else ())):
            texts = pc.utf8_slice_codeunits(column, 0, signs) if signs else column
            texts = texts.combine_chunks().dictionary_encode()
            if len(texts.dictionary) > 200:
                continue
            codes = pc.fill_null(texts.indices, len(texts.dictionary)).to_numpy()
            inside = np.bincount(codes[hit], minlength=len(texts.dictionary) + 1) / hit.sum()
            outside = np.bincount(codes[~hit], minlength=len(inside)) / max((~hit).sum(), 1)
            place = int(np.argmax(inside[:-1])) if len(inside) > 1 else 0
            if inside[place] >= TELLS and outside[place] <= OTHERWISE:
                return f"{name} {says} '{texts.dictionary[place].as_py()}'"
    return None
