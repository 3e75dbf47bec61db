"""V04: a column in two units: cents among euros, seconds among minutes, percent among shares."""

__all__ = ["Mix", "MixedUnits", "distance", "measures", "mix_of"]

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit.base import CannotSay, Check, Evidence, Finding
from patron.audit.frame import Frame
from patron.audit.ledger import Fix, Ledger
from patron.audit.missing.weigh import weighed
from patron.schema import Role

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

MOST_ROWS = 20_000
FEWEST, FEWEST_ODD, FEWEST_DISTINCT = 200, 20, 15
UNITS = (7, 10, 12, 24, 30, 60, 100, 365, 1_000, 3_600, 10_000, 86_400, 1_000_000)
NEAR = 0.25
LEAST_STEP = np.log(5)
MOST_ODD = 0.5
VALLEY = 0.25
ALIKE, UNLIKE = 0.08, 0.8
LARGE, DISJOINT = 60, 0.95
ROUGHLY_NEAR, ROUGHLY_ALIKE = 0.2, 0.25
OTHERWISE_ALIKE = 0.3
MOST_GROUPS, MOST_LEVELS = 20, 60
BINS = 200
WINDOW, MOST_COMPARED = 1_000, 60

_MEASURES = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)


class Mix(NamedTuple):
    """Part of a column that would lie as the rest does if it were scaled by `1 / unit`."""

    unit: int
    condition: tuple[tuple[str, Any], ...]  # the arguments of scale_where
    where: str
    share: float
    ratio: float
    apart: float

    @property
    def factor(self) -> float:
        """What the odd values are to be multiplied by."""
        return 1 / self.unit if self.ratio > 1 else float(self.unit)


class MixedUnits(Check):
    """V04: part of a column is a round unit (10, 60, 1,000 …) times the rest.

    Found by a group, by a date, or by a gap in the values themselves. Scaled by the unit, the odd
    part must lie as the rest does; a few who buy more, or a group that does, do not pass that.
    """

    code = "V04"
    title = "Two units in one column"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for the columns that change their unit at the same place."""
        if frame.table.num_rows < FEWEST:
            return CannotSay(f"the table has {frame.table.num_rows} rows; {FEWEST} are needed")
        places: dict[tuple[Any, ...], dict[str, Mix]] = {}
        looked = _Rows(frame)
        for name in measures(frame):
            if mix := mix_of(frame, name, looked):
                places.setdefault((mix.unit, str(mix.condition)), {})[name] = mix
        return [self._found(frame, mixes) for mixes in places.values()]

    def _found(self, frame: Frame, mixes: dict[str, Mix]) -> Finding:
        columns, mix = tuple(mixes), next(iter(mixes.values()))
        arguments = {"factor": mix.factor, **dict(mix.condition)}
        fix = Fix("scale_where", columns, arguments, self.code)
        severity, cost = weighed(frame, fix)
        rows = Ledger((fix,)).apply(frame.table)[1][0].rows_changed // len(columns)
        names = ", ".join(columns)
        larger = "larger" if mix.ratio > 1 else "smaller"
        evidence: Evidence = {
            "unit": mix.unit,
            "where": mix.where,
            "share_of_rows": mix.share,
            "typical_ratio": mix.ratio,
            "distance_once_scaled": mix.apart,
            "picture": _picture(frame, columns[0], mix, rows),
            **cost,
        }
        return self.finding(
            severity,
            columns,
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{names}: {rows:,} values are about {mix.unit:,} times {larger} than the others "
                f"({mix.where}), and lie as the others do once they are scaled. That is what two "
                "units in one column look like; to a model they are customers of another kind."
            ),
            next_step="Ask in which unit each source writes this column, and scale to one of them.",
            fix=fix,
        )


class _Rows:
    """The rows that are looked at, and what may part them: levels and dates."""

    def __init__(self, frame: Frame) -> None:
        rows = frame.table.num_rows
        self.at = np.arange(rows)
        if rows > MOST_ROWS:
            rng = np.random.default_rng(frame.seed)
            self.at = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
        self.groups: dict[str, NDArray[np.int64]] = {}
        self.clocks: dict[str, Floats] = {}
        for name in frame.groups[:MOST_GROUPS]:
            _, codes = np.unique(frame.values(name)[self.at], return_inverse=True)
            if 1 < codes.max(initial=0) + 1 <= MOST_LEVELS:
                self.groups[name] = codes
        for name in frame.schema.names(Role.AS_OF, Role.UPDATED, Role.DATE)[:MOST_GROUPS]:
            if pa.types.is_temporal(frame.table.schema.field(name).type):
                self.clocks[name] = frame.values(name)[self.at]


def measures(frame: Frame, *roles: Role) -> tuple[str, ...]:
    """The columns that count or measure, and those with one of `roles`, if they hold numbers.

    Numbers that are stored as text have such a role too; until they are read, V02 has them.
    """
    names = frame.schema.names(*_MEASURES, *roles)
    kinds = {name: frame.table.schema.field(name).type for name in names}
    return tuple(n for n, k in kinds.items() if pa.types.is_integer(k) or pa.types.is_floating(k))


def mix_of(frame: Frame, name: str, looked: _Rows | None = None) -> Mix | None:
    """The part of the column that is in another unit, if there is one."""
    looked = looked or _Rows(frame)
    values = frame.values(name)[looked.at]
    positive = values > 0
    logs = np.log(values[positive])
    if len(logs) < FEWEST or np.ptp(logs) < LEAST_STEP:
        return None
    if len(np.unique(logs[:2_000])) < FEWEST_DISTINCT:
        return None
    return (
        _by_group(frame, looked, name, logs, positive)
        or _by_clock(frame, looked, logs, positive)
        or _by_value(frame, looked, name, logs, positive)
    )


def _by_group(frame: Frame, looked: _Rows, name: str, logs: Floats, positive: Truths) -> Mix | None:
    for by, codes in looked.groups.items():
        codes = codes[positive]
        counts = np.bincount(codes)
        means = np.bincount(codes, logs) / np.maximum(counts, 1)
        order = np.argsort(means)
        usual = means[order[np.searchsorted(np.cumsum(counts[order]), len(logs) / 2)]]
        for side in (means > usual + LEAST_STEP, means < usual - LEAST_STEP):
            odd = (side & (counts >= FEWEST_ODD))[codes]
            judged = _judged(logs, odd)
            roughly = None if judged else _judged(logs, odd, roughly=True)
            if roughly and _alike_otherwise(frame, looked, name, positive, odd):
                judged = roughly
            if judged:
                rows = looked.at[positive][odd]
                column = frame.table.column(by).take(rows).drop_null().unique()
                levels = sorted(column.to_pylist())
                if not levels:
                    continue
                shown = " or ".join(map(str, levels[:3])) + (" …" if len(levels) > 3 else "")
                condition = (("by", by), ("equals", levels))
                return Mix(judged[0], condition, f"where {by} is {shown}", *judged[1:])
    return None


def _by_clock(frame: Frame, looked: _Rows, logs: Floats, positive: Truths) -> Mix | None:
    for by, clock in looked.clocks.items():
        times = clock[positive]
        order = np.argsort(times, kind="stable")
        order = order[np.isfinite(times[order])]
        if len(order) < FEWEST:
            continue
        steps = np.cumsum(logs[order] - logs[order].mean())
        last = times[order[np.argmax(np.abs(steps[:-1]))]]
        early = times <= last
        begin = int(early.sum())
        width = min(begin, len(order) - begin, WINDOW)  # customers change with time; near by, least
        near = order[begin - width : begin + width]
        for odd, side in ((~early & np.isfinite(times), "above"), (early, "below")):
            few = odd.sum() <= MOST_ODD * len(odd)
            judged = _judged(logs[near], odd[near], roughly=True) if few else None
            if judged:
                edge = last if side == "above" else times[times > last].min()
                place = looked.at[positive][np.flatnonzero(times == edge)[0]]
                limit = frame.table.column(by)[int(place)].as_py().isoformat()
                word = "after" if side == "above" else "before"
                where = f"where {by} is {word} {limit}"
                unit, _, ratio, apart = judged
                return Mix(unit, ((("by", by), (side, limit))), where, odd.mean(), ratio, apart)
    return None


def _by_value(frame: Frame, looked: _Rows, name: str, logs: Floats, positive: Truths) -> Mix | None:
    for cut in _cuts(logs):
        for odd, side in ((logs > cut, "above"), (logs < cut, "below")):
            judged = _judged(logs, odd)
            if judged and _alike_otherwise(frame, looked, name, positive, odd):
                limit = float(f"{np.exp(cut):.3g}")
                return Mix(
                    judged[0], ((side, limit),), f"where it is {side} {limit:g}", *judged[1:]
                )
    return None


def _cuts(logs: Floats) -> list[float]:
    """Where the values may part into two units: at 1 for shares, and in the deepest valley."""
    cuts = []
    inside = logs <= 0
    if MOST_ODD < inside.mean() < 1 and len(np.unique(logs[inside][:2_000])) >= FEWEST_DISTINCT:
        cuts.append(0.0)
    counts, edges = np.histogram(logs, BINS)
    inorder, half = np.sort(logs), len(logs) // 2
    spread = float((inorder[half:] - inorder[: len(logs) - half]).min()) / 1.35  # of the majority
    width = max(0.3 * spread / (edges[1] - edges[0]), 1.0)
    reach = np.arange(-int(3 * width), int(3 * width) + 1)
    smooth = np.convolve(counts, np.exp(-0.5 * (reach / width) ** 2), mode="same")[:BINS]
    left = np.maximum.accumulate(smooth)
    right = np.maximum.accumulate(smooth[::-1])[::-1]
    depth = smooth / np.maximum(np.minimum(left, right), 1e-12)
    deepest = np.flatnonzero(depth <= depth.min() + 1e-9)
    if depth.min() <= VALLEY:
        place = deepest[len(deepest) // 2]
        cuts.append(float((edges[place] + edges[place + 1]) / 2))
    return cuts


def _judged(
    logs: Floats, odd: Truths, *, roughly: bool = False
) -> tuple[int, float, float, float] | None:
    """The unit, share, ratio and distance, if scaling makes the odd part like the rest.

    `roughly`: of two parts that do not overlap and are a large unit apart, less likeness is asked,
    since groups and years differ a little by themselves.
    """
    count = int(odd.sum())
    if not FEWEST_ODD <= count <= MOST_ODD * len(logs):
        return None
    part, rest = logs[odd], logs[~odd]
    step = float(np.median(part) - np.median(rest))
    unit = min(UNITS, key=lambda each: abs(abs(step) - np.log(each)))
    unlike = distance(part, rest)
    rough = roughly and unit >= LARGE and unlike >= DISJOINT
    error = 1.25 * part.std() / count**0.5
    near = ROUGHLY_NEAR if rough else min(0.05 + 3 * error, NEAR)
    if abs(abs(step) - np.log(unit)) > near or unlike < UNLIKE:
        return None
    scaled = part - np.sign(step) * np.log(unit)
    if step > 0:  # what is scaled to beyond the cut by which it was found cannot be compared
        rest = rest[rest >= scaled.min()]
    else:
        rest = rest[rest <= scaled.max()]
    if len(rest) < MOST_ODD * (len(logs) - count):
        return None
    apart = distance(scaled, rest)
    chance = 1.6 * (1 / count + 1 / len(rest)) ** 0.5
    if apart > max(ROUGHLY_ALIKE if rough else ALIKE, chance):
        return None
    return unit, count / len(logs), float(np.exp(step)), apart


def _alike_otherwise(frame: Frame, looked: _Rows, name: str, positive: Truths, odd: Truths) -> bool:
    """Whether the odd rows are ordinary otherwise, as customers of another kind are not."""
    for other in measures(frame)[:MOST_COMPARED]:
        if other == name:
            continue
        values = frame.values(other)[looked.at][positive]
        part, rest = values[odd], values[~odd]
        part, rest = part[np.isfinite(part)], rest[np.isfinite(rest)]
        if min(len(part), len(rest)) < FEWEST_ODD:
            continue
        if distance(part, rest) > OTHERWISE_ALIKE + 1.4 * len(part) ** -0.5:
            return False
    return True


def distance(one: Floats, other: Floats) -> float:
    """The greatest difference of the two distribution functions (Kolmogorov and Smirnov's)."""
    one, other = np.sort(one), np.sort(other)
    every = np.concatenate([one, other])
    shares = [np.searchsorted(each, every, side="right") / len(each) for each in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _picture(frame: Frame, name: str, mix: Mix, rows: int) -> dict[str, Any]:
    values = frame.values(name)
    logs = np.log10(values[values > 0])
    counts, edges = np.histogram(logs, 40)
    side = "larger" if mix.ratio > 1 else "smaller"
    return {
        "kind": "histogram",
        "title": f"{rows:,} values of {name} are about {mix.unit:,} times {side} than the others",
        "column": name,
        "edges": [float(f"{10**edge:.3g}") for edge in edges],
        "counts": counts.tolist(),
        "mark": [],
    }
