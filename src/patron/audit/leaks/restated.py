"""L05: values of earlier snapshots that were restated later."""

__all__ = ["RestatedLater"]

import re
from typing import NamedTuple

import numpy as np

from patron.audit.base import CannotSay, Check, Finding, Severity
from patron.audit.frame import FEWEST_OF_A_CLASS, Frame
from patron.audit.jointly import joint_prediction
from patron.audit.ledger import Fix
from patron.audit.operations import group_rows
from patron.audit.scoring import Question, assign_folds
from patron.audit.times import days_of
from patron.schema import Role

MOST_PAIRS, FEWEST_PAIRS = 4_000, 200
MOST_COLUMNS, MOST_ASKED = 100, 8
FEWEST_ANSWERS = 100
# Still: the value is the same at two dates. Among the pairs that the other columns' changes say
# must have moved, so many are still, more than values that moved coincide.
STILL, UNEXPLAINED, BEYOND_CHANCE = 0.25, 0.25, 0.2
ALWAYS = 0.99
ALIKE = 0.9
# Strength in earlier snapshots beyond that in the last one, beside what other columns show.
TELLS_MORE, SURE = 0.5, 4.0
RISES, FALLS = 0.2, 0.05
WINDOW_NAME = re.compile(r"(^|_)(\d+[dwm]|last|recent|recency|since|month|week|ytd|current)(_|$)")
MEASURES = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)


class _Pairs(NamedTuple):
    """Rows of one entity at two dates in succession: the earlier and the later ones."""

    earlier: np.ndarray
    later: np.ndarray


class RestatedLater(Check):
    """L05: a measure whose earlier values are not those that were known then.

    With several snapshots of the same entities a measure that was overwritten by its last value
    stands still where other columns say that it must have moved, or tells the answers of earlier
    snapshots better than those of the last one, because it has seen them.
    """

    code = "L05"
    title = "Values of earlier snapshots restated later"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        as_of, entity = frame.schema.one(Role.AS_OF), frame.schema.names(Role.ENTITY)
        if as_of is None or not entity:
            lacks = [] if entity else ["an entity"]
            lacks += ["an as_of"] if as_of is None else []
            return CannotSay(f"without {' and '.join(lacks)} no row is another's earlier snapshot")
        days = days_of(frame.table.column(as_of))
        pairs = _pairs(frame, group_rows(frame.table, entity), days)
        if not len(pairs.earlier):
            return CannotSay("each entity has one snapshot, so no value was seen to change later")
        if len(pairs.earlier) < FEWEST_PAIRS:
            return CannotSay(
                "rows with a later snapshot of the same entity are needed: at least "
                f"{FEWEST_PAIRS}, and there are {len(pairs.earlier)}"
            )
        names = [n for n in frame.schema.names(*MEASURES) if n in frame.features][:MOST_COLUMNS]
        found = {each.columns[0]: each for each in self._still(frame, names, pairs)}
        for each in (*self._telling(frame, days), *self._falling(frame, names, pairs)):
            found.setdefault(each.columns[0], each)
        return list(found.values())

    def _still(self, frame: Frame, names: list[str], pairs: _Pairs) -> list[Finding]:
        before = {name: frame.values(name)[pairs.earlier] for name in names}
        after = {name: frame.values(name)[pairs.later] for name in names}
        moved = {name: _moved(before[name], after[name]) for name in names}
        found, asked = [], 0
        for name in names:
            compared = _compared(before[name], after[name])
            if compared.sum() < FEWEST_PAIRS:
                continue
            still = 1 - float(moved[name][compared].mean())
            if still > ALWAYS:
                others = [n for n in names if n != name and moved[n].mean() > STILL]
                if WINDOW_NAME.search(name.lower()) and others:
                    found.append(self._stands_still(name, still, 1.0, int(compared.sum())))
            elif still >= STILL and asked < MOST_ASKED and not _explained(name, moved):
                asked += 1
                other = [n for n in names if n != name]
                changes = [after[n] - before[n] for n in other] + [after[n] for n in other]
                unexplained = _unexplained(
                    np.column_stack(changes)[compared],
                    before[name][compared],
                    after[name][compared],
                    frame,
                )
                if unexplained is not None:
                    rows = int(compared.sum())
                    found.append(self._stands_still(name, still, unexplained, rows))
        return found

    def _stands_still(self, name: str, still: float, unexplained: float, rows: int) -> Finding:
        return self.finding(
            Severity.WARNING,
            (name,),
            rows=round(rows * still),
            evidence={"pairs": rows, "still": still, "still_where_others_moved": unexplained},
            meaning=(
                f"{name} is the same at two dates in {still:.0%} of the pairs of snapshots, and in "
                f"{unexplained:.0%} of those where the other columns say that it must have moved. "
                "Earlier snapshots seem to hold the value that was written later, which has seen "
                "the answer."
            ),
            next_step=f"Find out whether {name} is kept as it was on each date. If it is "
            "overwritten, drop it or take it from the events.",
            fix=Fix("drop_column", (name,), because=self.code),
        )

    def _telling(self, frame: Frame, days: np.ndarray) -> list[Finding]:
        """Columns that tell the answers of earlier snapshots far better than those of the last."""
        if frame.too_few:
            return []
        question = frame.questions[0]
        late = days[frame.sample_rows] == np.nanmax(days[frame.sample_rows])
        if min(_rarer(question, late), _rarer(question, ~late)) < FEWEST_ANSWERS:
            return []
        rows, folds = frame.sample_rows, frame.folds
        halves = [frame.resampled(rows[part], folds[part]) for part in (late, ~late)]
        if halves[0].questions[0].measure != halves[1].questions[0].measure:
            return []
        gains, noise = {}, {}
        for name in frame.features:
            last, first = (half.alone(name, half.questions[0]) for half in halves)
            gains[name] = question.strength(first.value) - question.strength(last.value)
            noise[name] = (
                question.strength(first.high)
                - question.strength(first.low)
                + question.strength(last.high)
                - question.strength(last.low)
            ) / 4
        usual = float(np.median(list(gains.values())))
        return [
            self.finding(
                Severity.WARNING,
                (name,),
                evidence={
                    "measure": question.measure,
                    "alone_in_earlier": halves[1].alone(name, halves[1].questions[0]).value,
                    "alone_in_last": halves[0].alone(name, halves[0].questions[0]).value,
                    "others_gain": usual,
                },
                meaning=(
                    f"{name} tells {question.about} far better in earlier snapshots than in the "
                    "last one, and other columns do not: earlier values seem to have been written "
                    "after the answer was known."
                ),
                next_step=f"Find out whether {name} is kept as it was on each date. If it is "
                "overwritten, drop it or take it from the events.",
                fix=Fix("drop_column", (name,), because=self.code),
            )
            for name, gain in gains.items()
            if gain - usual > max(TELLS_MORE, SURE * noise[name])
        ]

    def _falling(self, frame: Frame, names: list[str], pairs: _Pairs) -> list[Finding]:
        """Counts that only ever grow, but for a few rows."""
        found = []
        for name in names:
            change = frame.values(name)[pairs.later] - frame.values(name)[pairs.earlier]
            change = change[np.isfinite(change)]
            if frame.schema[name].role is not Role.COUNT or len(change) < FEWEST_PAIRS:
                continue
            rises, falls = float((change > 0).mean()), float((change < 0).mean())
            if rises >= RISES and 0 < falls <= FALLS * rises:
                found.append(
                    self.finding(
                        Severity.NOTE,
                        (name,),
                        rows=round(falls * len(change)),
                        evidence={"pairs": len(change), "rises": rises, "falls": falls},
                        meaning=f"{name} grows from snapshot to snapshot in {rises:.0%} of the "
                        f"pairs and falls back in {falls:.1%}: some values were corrected later.",
                        next_step=f"Find out what corrects {name}, and whether earlier snapshots "
                        "hold what was known then.",
                    )
                )
        return found


def _rarer(question: Question, rows: np.ndarray) -> float:
    """How many of these rows have the rarer answer; of an amount, how many rows there are."""
    y = question.y[rows]
    return float(min(y.sum(), len(y) - y.sum())) if question.measure == "AUC" else len(y) / 2


def _pairs(frame: Frame, groups: np.ndarray, days: np.ndarray) -> _Pairs:
    order = np.lexsort((days, groups))
    same = (groups[order][1:] == groups[order][:-1]) & (days[order][1:] > days[order][:-1])
    places = np.flatnonzero(same)
    if len(places) > MOST_PAIRS:
        places = np.sort(np.random.default_rng(frame.seed).permutation(places)[:MOST_PAIRS])
    return _Pairs(order[places], order[places + 1])


def _moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after) & np.isfinite(before) & np.isfinite(after)


def _compared(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The pairs that can move: both known, and not nothing twice."""
    return np.isfinite(before) & np.isfinite(after) & ((before != 0) | (after != 0))


def _explained(name: str, moved: dict[str, np.ndarray]) -> bool:
    """Whether another column moves in the same pairs."""
    mine = moved[name]
    for other, theirs in moved.items():
        both, either = (mine & theirs).sum(), (mine | theirs).sum()
        if other != name and both >= ALIKE * max(either, 1):
            return True
    return False


def _unexplained(
    others: np.ndarray, before: np.ndarray, after: np.ndarray, frame: Frame
) -> float | None:
    """The share of still pairs where trees say that it moved; None if that is nothing unusual.

    The trees see what the other columns did, not the column itself: of an overwritten total they
    could tell that it is too high to be of that date.
    """
    still = before == after
    question = Question(still.astype(float), "standing still", "AUC")
    folds = assign_folds(np.arange(len(still)), question.y, np.random.default_rng(frame.seed))
    predicted = joint_prediction(
        others, [], question, folds, seed=frame.seed, threads=frame.threads
    )
    moving = np.argsort(predicted, kind="stable")[: max(int(0.8 * (~still).sum()), 1)]
    share = float(still[moving].mean())
    ordered = after[~still][np.argsort(before[~still], kind="stable")]
    chance = float((ordered[1:] == ordered[:-1]).mean()) if len(ordered) > 1 else 0.0
    few = (~still).sum() < FEWEST_OF_A_CLASS
    return share if not few and share >= max(UNEXPLAINED, chance + BEYOND_CHANCE) else None
