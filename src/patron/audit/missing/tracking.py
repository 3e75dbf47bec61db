"""M03: zeros from before tracking began, after it ended, or where there never was any."""

__all__ = ["ZerosBeforeTracking", "untracked_columns"]

from dataclasses import dataclass
from typing import Any

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.clocks import Clock, clocks
from patron.audit.missing.relations import Relations, numbers, ranks_of
from patron.audit.missing.weigh import weighed
from patron.schema import Role

LEAST_VALUES = 4
# New customers honestly have more zeros, old ones do not: the end of tracking must show more.
ALL_ZERO, LEAST_STEP, ENDED_STEP = 0.95, 0.2, 0.45
LEAST_GAIN = 20.0  # of log-likelihood: the best of a thousand steps of fifty columns reaches 12
FEWEST, LEAST_SIDE, LEAST_REST = 30, 0.005, 0.05
SLACK, LOW = 0.4, -0.25
NEAR = 0.03
ALL_OF_GROUP, FEW_OF_OTHERS, LARGEST_GROUP, MOST_LEVELS = 0.95, 0.4, 0.5, 50
BINS = 40


@dataclass(frozen=True)
class _Start:
    """A change of a column's zeros along a clock, at the step `at`.

    `before`: the zeros lie before it; `share` and `rest` are those of zeros on either side.
    """

    column: str
    clock: Clock
    at: int
    before: bool
    share: float
    rest: float
    rows: int
    gain: float


@dataclass(frozen=True, eq=False)
class _Gap:
    """A group in which a column is zero, and which rows are `there`."""

    column: str
    by: str
    level: Any
    share: float
    rest: float
    rows: int
    there: np.ndarray


class ZerosBeforeTracking(Check):
    """M03: a column is zero for nearly all customers on one side of a date, and then not.

    Along each clock of the table (a date of sign-up, a tenure, as_of), the step at which the share
    of zeros changes most is sought. It is named if one side is zero, the change is sudden on both
    sides, and the values beside it are not low: the zeros of new customers come on gradually, by
    way of low values. The same is asked of the levels of categories.
    """

    code = "M03"
    title = "Zeros where nothing was tracked"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each date or group, with all columns that it hits."""
        starts, gaps, axes = frame.once(_sought)
        if not axes:
            return CannotSay(
                "no column says when a customer began (a date or a tenure), and none is a category"
            )
        return [self._by_clock(frame, each) for each in starts] + [
            self._by_group(frame, each) for each in gaps
        ]

    def _by_clock(self, frame: Frame, starts: list[_Start]) -> Finding:
        first = starts[0]
        clock, columns = first.clock, tuple(each.column for each in starts)
        edge = clock.edges[first.at]
        if clock.dated:  # the zeros are below the first step with values, or from it on
            side = (
                {"below": clock.shown(edge)}
                if first.before
                else {"above": clock.shown_before(edge)}
            )
            where = (
                f"{clock.name} is {'before' if first.before else 'on or after'} {clock.shown(edge)}"
            )
        else:  # a tenure falls with time
            last = clock.began[clock.began < edge].max()
            side = {"above": clock.shown(edge)} if first.before else {"below": clock.shown(last)}
            word = "above" if first.before else "below"
            where = f"{clock.name} is {word} {side[word]}"
        fix = Fix("null_where", columns, {"values": [0], "by": clock.name, **side}, self.code)
        severity, evidence = weighed(frame, fix)
        evidence |= {
            "where": where,
            "share_of_zeros_there": first.share,
            "share_of_zeros_elsewhere": first.rest,
            "by_column": {each.column: [each.share, each.rest] for each in starts},
            "picture": _picture(frame, first, where),
        }
        event = "began" if first.before else "ended"
        listed = ", ".join(columns)
        return self.finding(
            severity,
            columns,
            rows=first.rows,
            evidence=evidence,
            meaning=(
                f"{first.column} is 0 in {first.share:.1%} of the rows where {where}, and in "
                f"{first.rest:.1%} of the others, from one step to the next. It looks as if "
                f"tracking {event} then: these zeros are not low values but unknown ones, and a "
                "model takes the customers for inactive."
            ),
            next_step=(
                f"Ask when {listed} began to be recorded; the zeros of that time are gaps."
                + (
                    ""
                    if clock.dated
                    else f" {clock.name} moves on with time: give the date if "
                    "there is a column with it."
                )
            ),
            fix=fix,
        )

    def _by_group(self, frame: Frame, gaps: list[_Gap]) -> Finding:
        first = gaps[0]
        columns = tuple(each.column for each in gaps)
        arguments = {"values": [0], "by": first.by, "equals": [first.level]}
        fix = Fix("null_where", columns, arguments, self.code)
        severity, evidence = weighed(frame, fix)
        where = f"{first.by} is {first.level}"
        evidence |= {
            "where": where,
            "share_of_zeros_there": first.share,
            "share_of_zeros_elsewhere": first.rest,
            "by_column": {each.column: [each.share, each.rest] for each in gaps},
        }
        return self.finding(
            severity,
            columns,
            rows=first.rows,
            evidence=evidence,
            meaning=(
                f"{first.column} is 0 in {first.share:.1%} of the rows where {where}, and in "
                f"{first.rest:.1%} of the others, though their other columns lead one to expect "
                "values as everywhere. Either it is not tracked there, or it does not exist there; "
                "in both cases 0 is no low value."
            ),
            next_step=f"Ask whether {', '.join(columns)} is recorded where {where}.",
            fix=fix,
        )


def untracked_columns(frame: Frame) -> set[str]:
    """The columns that M03 names: their zeros need no second accusation."""
    starts, gaps, _ = frame.once(_sought)
    of_starts = {each.column for group in starts for each in group}
    return of_starts | {each.column for group in gaps for each in group}


_Sought = tuple[list[list[_Start]], list[list[_Gap]], bool]


def _sought(frame: Frame) -> _Sought:
    """The changes along clocks and the groups, those that belong together together."""
    found, groups = clocks(frame), _groups(frame)
    starts: dict[str, _Start] = {}
    gaps: list[_Gap] = []
    candidates = 0
    for name in numbers(frame):
        values = frame.values(name)
        zero = values == 0
        if zero.sum() < FEWEST or not _varied(values):
            continue
        candidates += 1
        for clock in found:
            start = _start(clock, name, values, zero) if clock.name != name else None
            if start and (name not in starts or start.gain > 1.02 * starts[name].gain):
                starts[name] = start
        if name not in starts and (gap := _gap(frame, groups, name, values, zero)):
            gaps.append(gap)
    of_groups = _same_level(frame, gaps, candidates)
    return _together(list(starts.values())), of_groups, bool(found or groups)


def _varied(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return len(np.unique(known[:5_000])) > LEAST_VALUES or len(np.unique(known)) > LEAST_VALUES


def _start(clock: Clock, name: str, values: np.ndarray, zero: np.ndarray) -> _Start | None:
    """The sudden change of the column's zeros along the clock, if there is one."""
    known = (clock.steps >= 0) & np.isfinite(values)
    total = len(clock.edges)
    counts = np.bincount(clock.steps[known], minlength=total)
    zeros = np.bincount(clock.steps[known & zero], minlength=total)
    n, z = np.cumsum(counts)[:-1], np.cumsum(zeros)[:-1]
    m, y = counts.sum() - n, zeros.sum() - z
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = z / n, y / m
    gain = _entropy(zeros.sum(), counts.sum()) - _entropy(z, n) - _entropy(y, m)
    least = max(FEWEST, LEAST_SIDE * counts.sum())
    rest = max(3 * FEWEST, LEAST_REST * counts.sum())
    older = (before >= ALL_ZERO) & (before - after >= LEAST_STEP) & (n >= least) & (m >= rest)
    newer = (after >= ALL_ZERO) & (after - before >= ENDED_STEP) & (m >= least) & (n >= rest)
    gain[~(older | newer)] = -1.0
    at = int(np.argmax(gain))
    if gain[at] < LEAST_GAIN:
        return None
    early = bool(older[at])
    share, others = (before[at], after[at]) if early else (after[at], before[at])
    order = np.arange(at + 1, total) if early else np.arange(at, -1, -1)
    back = np.arange(at, -1, -1) if early else np.arange(at + 1, total)
    if not (
        _near(order, counts, zeros) <= others + SLACK * (share - others)
        and _near(back, counts, zeros) >= share - SLACK * (share - others) / 2
    ):
        return None
    side = known & ~zero & ((clock.steps > at) == early)
    beside = np.isin(clock.steps, _window(order, counts))
    if ranks_of(np.where(side, values, np.nan))[side & beside].mean() < LOW:
        return None
    rows = int(z[at] if early else y[at])
    return _Start(name, clock, at + 1, early, float(share), float(others), rows, float(gain[at]))


def _entropy(k: Any, n: Any) -> Any:
    """Minus the log-likelihood of `k` of `n` at their own share."""
    share = np.clip(k / np.maximum(n, 1), 1e-12, 1 - 1e-12)
    return -(k * np.log(share) + (n - k) * np.log(1 - share))


def _window(order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The first steps in this order that together have enough rows."""
    enough = max(FEWEST, NEAR * counts[order].sum())
    return order[: int(np.searchsorted(np.cumsum(counts[order]), enough)) + 1]


def _near(order: np.ndarray, counts: np.ndarray, zeros: np.ndarray) -> float:
    window = _window(order, counts)
    return float(zeros[window].sum() / max(counts[window].sum(), 1))


def _together(starts: list[_Start]) -> list[list[_Start]]:
    """Those of one clock whose steps have hardly a row between them; the strongest first."""
    groups: list[list[_Start]] = []
    for start in sorted(starts, key=lambda each: -each.gain):
        for group in groups:
            first = group[0]
            low, high = sorted((first.at, start.at))
            steps = start.clock.steps
            between = ((steps >= low) & (steps < high)).mean()
            if first.clock is start.clock and first.before == start.before and between <= 0.02:
                group.append(start)
                break
        else:
            groups.append([start])
    return groups


_Group = tuple[str, np.ndarray, np.ndarray]


def _groups(frame: Frame) -> list[_Group]:
    """Each category with few levels: its name, the code of each row (-1: missing), the counts."""
    found = []
    for name in frame.groups:
        if frame.schema[name].role is not Role.CATEGORY:
            continue
        levels, codes = np.unique(frame.values(name), return_inverse=True)
        known = np.isfinite(levels)
        codes = np.where(known[codes], codes, -1)
        if 3 <= known.sum() <= MOST_LEVELS:
            found.append((name, codes, np.bincount(codes[codes >= 0])))
    return found


def _gap(
    frame: Frame, groups: list[_Group], name: str, values: np.ndarray, zero: np.ndarray
) -> _Gap | None:
    """The level of a category in which the column is zero, though it should not be."""
    for by, codes, counts in groups:
        inside = codes >= 0
        known = np.bincount(codes[inside & np.isfinite(values)], minlength=len(counts))
        zeros = np.bincount(codes[inside & zero], minlength=len(counts))
        share = zeros / np.maximum(known, 1)
        rest = (zeros.sum() - zeros) / np.maximum(known.sum() - known, 1)
        named = (
            (share >= ALL_OF_GROUP)
            & (rest <= FEW_OF_OTHERS)
            & (known >= max(FEWEST, 0.01 * known.sum()))
            & (known <= LARGEST_GROUP * known.sum())
        )
        if named.any():
            level = int(np.argmax(named * share))
            row = int(np.argmax(codes == level))
            shown = frame.table.column(by)[row].as_py()
            figures = float(share[level]), float(rest[level]), int(zeros[level])
            return _Gap(name, by, shown, *figures, codes == level)
    return None


def _same_level(frame: Frame, gaps: list[_Gap], candidates: int) -> list[list[_Gap]]:
    """The gaps that are of one group, less those of groups that are honestly inactive.

    Such a group has zeros in most of the columns that have any, or the others expect zeros there.
    """
    groups: dict[tuple[str, str], list[_Gap]] = {}
    for gap in gaps:
        groups.setdefault((gap.by, str(gap.level)), []).append(gap)
    found = []
    for group in groups.values():
        apart = (group[0].by, *(gap.column for gap in group))
        kept = [gap for gap in group if _expected_there(frame, gap, apart)]
        if kept and len(group) <= max(candidates / 2, 1):
            found.append(kept)
    return found


def _expected_there(frame: Frame, gap: _Gap, apart: tuple[str, ...]) -> bool:
    """Whether the columns not `apart` expect in the group what they expect elsewhere, not zero."""
    relations = Relations.of(frame)
    values, there = relations.values(gap.column), gap.there[relations.rows]
    fit = np.isfinite(values) & ~there
    zero = fit & (values == 0)
    if there.sum() < FEWEST or fit.sum() < FEWEST:
        return False
    expected = relations.expected(apart, ranks_of(np.where(fit, values, np.nan)), fit)
    middle = expected[fit & ~zero].mean()
    low = expected[zero].mean() if zero.any() else -0.5
    return bool(expected[there].mean() >= (middle + low) / 2)


def _picture(frame: Frame, start: _Start, where: str) -> Evidence:
    """The share of zeros along the clock, in at most so many bins, one edge at the change."""
    clock, values = start.clock, frame.values(start.column)
    edges = np.unique(
        np.append(np.arange(0, len(clock.edges), -(-len(clock.edges) // BINS)), start.at)
    )
    bins = np.searchsorted(edges, clock.steps, side="right") - 1
    known = (clock.steps >= 0) & np.isfinite(values)
    counts = np.bincount(bins[known], minlength=len(edges))
    zeros = np.bincount(bins[known & (values == 0)], minlength=len(edges))
    starts = [*clock.edges[edges], float(np.nanmax(clock.began))]
    shares = [float(z / n) if n else None for z, n in zip(zeros, counts, strict=True)]
    turn = 1 if clock.dated else -1  # a tenure falls with time
    return {
        "kind": "shares_by",
        "title": f"Zero in {start.share:.1%} where {where}, in {start.rest:.1%} elsewhere",
        "what": f"zeros of {start.column}",
        "by": clock.name,
        "edges": [clock.shown(each) for each in starts][::turn],
        "share": shares[::turn],
        "n": [int(count) for count in counts][::turn],
        "mark": clock.shown(clock.edges[start.at]),
        "mark_name": "tracking began" if start.before else "tracking ended",
    }
