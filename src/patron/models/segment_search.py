"""The search for a segment's rule: a beam over conditions, scored by F1 on binned columns."""

__all__ = ["Bins", "best_conditions", "round_cuts"]

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.models.segment_conditions import Condition, column_values

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Choice = tuple[int, int, int]  # operator's place, column's place, place among the column's values

OPERATORS = ("<=", ">", "=", "missing")
MOST_CUTS = 32
MOST_LEVELS = 24
SPANS = (7, 14, 30, 60, 90, 180, 365)
"""Days that are said of themselves."""

WIDTHS = (20, 20, 4)
"""How many rules of one and of two conditions are extended, and how many of three are kept."""
POLISHED = 4
"""How many of the best are polished: each condition is replaced by the best in its place."""
ROUNDS = 4

RARE = 0.005
"""Missing values are no condition where so few are missing, or are there."""

A_CONDITION = 0.004
A_DIGIT = 0.001
A_STRANGER = 0.012
"""What a further condition, a further digit, and a condition on a category or a column that is not
preferred must bring of F1."""

_Scored = tuple[float, tuple[Choice, ...]]


@dataclass(frozen=True, eq=False)
class Bins:
    """Columns as small whole numbers, and the conditions that can be read off them.

    Parameters
    ----------
    names : the columns.
    values : by column, the cuts of a number, ascending, or the levels of a category.
    codes : uint8 [columns, rows]; a number's code is at most j where it is at most the j-th cut;
        the last code is that of missing.
    tolls : [operators, columns, width] what a condition costs of F1; infinite where it is none.
    nan : by column, whether it holds NaN that is not null.
    """

    names: tuple[str, ...]
    values: tuple[tuple[float | str | bool, ...], ...]
    codes: NDArray[np.uint8]
    tolls: Floats
    nan: tuple[bool, ...]

    @property
    def width(self) -> int:
        """Codes of a column, that of missing among them."""
        return self.tolls.shape[2]

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[str], preferred: Collection[str] = ()) -> "Bins":
        """Bin the columns of which conditions can be made: no dates or lists, nothing constant.

        A condition on a column that is not among the `preferred`, if there are any, costs more;
        where none are named, one on a category or a flag does.
        """
        kept = []
        for name in names:
            binned = _binned(name, table.column(name))
            if binned is not None:
                strange = name not in preferred if preferred else binned.level
                kept.append((name, binned, A_CONDITION + A_STRANGER * strange))
        width = max((len(binned.values) for _, binned, _ in kept), default=0) + 2
        codes = np.empty((len(kept), table.num_rows), dtype=np.uint8)
        tolls = np.full((len(OPERATORS), len(kept), width), np.inf)
        for place, (_, binned, toll) in enumerate(kept):
            codes[place] = np.where(binned.missing, width - 1, binned.codes)
            if binned.level:
                tolls[2, place, : len(binned.values)] = toll
            else:
                digits = np.array([_digits(float(cut)) for cut in binned.values])
                tolls[:2, place, : len(digits)] = toll + A_DIGIT * (digits - 1)
            if RARE < binned.missing.mean() < 1 - RARE:
                tolls[3, place, :2] = toll + A_DIGIT
        values = tuple(binned.values for _, binned, _ in kept)
        nan = tuple(binned.nan for _, binned, _ in kept)
        return cls(tuple(name for name, _, _ in kept), values, codes, tolls, nan)

    def mask(self, choice: Choice) -> Mask:
        """The rows that meet a condition."""
        operator, column, place = choice
        codes, missing = self.codes[column], self.width - 1
        if operator == 0:
            return codes <= place
        if operator == 1:
            return (codes > place) & (codes != missing)
        if operator == 2:
            return codes == place
        return codes == missing if place == 0 else codes != missing

    def condition(self, choice: Choice) -> Condition:
        """The condition in words."""
        operator, column, place = choice
        if operator == 3:
            told = "is not missing" if place else "is missing"
            return Condition(self.names[column], told, None, self.nan[column])
        value = self.values[column][place]
        return Condition(self.names[column], OPERATORS[operator], value, self.nan[column])


class _Binned(NamedTuple):
    """One column: its cuts or levels, the code of each row, which are missing."""

    values: tuple[float | str | bool, ...]
    codes: NDArray[np.intp]
    missing: Mask
    level: bool
    nan: bool


def _binned(name: str, column: pa.ChunkedArray) -> _Binned | None:
    """The bins of a column, or None where no condition can be made of it."""
    found = column_values(column)
    if found is None:
        return None
    missing = found.missing
    levels: tuple[float | str | bool, ...] | None = found.levels
    if levels is None and np.isin(found.values[~missing], (0, 1)).all():
        levels = (0, 1)
    if levels is None:
        known = found.values[~missing]
        finite = known[np.isfinite(known)]
        spans = SPANS if "day" in name.lower() else ()
        values: tuple[float | str | bool, ...] = round_cuts(finite, whole=found.whole, said=spans)
        codes = np.searchsorted(np.array(values, dtype=known.dtype), found.values)
    else:
        raw = np.where(missing, 0, found.values).astype(np.intp)
        counts = np.bincount(raw[~missing], minlength=max(len(levels), 1))
        often = np.sort(np.argsort(-counts, kind="stable")[: min(MOST_LEVELS, (counts > 0).sum())])
        values = tuple(levels[place] for place in often)
        values = values if len(values) > 1 else ()
        among = np.full(len(counts), len(often))
        among[often] = np.arange(len(often))
        codes = among[raw]
    if not values and (missing.all() or not missing.any()):
        return None
    return _Binned(values, codes, missing, levels is not None, found.nan)


def round_cuts(
    values: Floats, *, whole: bool, said: Iterable[float] = (), most: int = MOST_CUTS
) -> tuple[float, ...]:
    """Numbers that a person would say, one between each two neighbouring quantiles of the values.

    Ascending; each has values at or below it and values above it. Of a gap the roundest is taken:
    one of `said`, else the multiple of the greatest step of 1, 2, 2.5 or 5 times a power of 10.

    >>> round_cuts(np.array([0.0, 0, 1, 2, 3, 4]), whole=True)
    (0, 1, 2, 3)
    >>> round_cuts(np.linspace(0, 1000, 5000), whole=False, most=4)
    (0, 250, 500, 750)
    """
    if not len(values):
        return ()
    levels = np.unique(values)
    if len(levels) > most:
        levels = np.unique(np.quantile(values, np.linspace(0, 1, most + 1), method="lower"))
    ends = [float(str(level)) for level in levels]  # 0.1 in single precision is 0.1, too
    cuts = []
    for low, high in pairwise(ends):
        spoken = [number for number in said if low <= number < high]
        cuts.append(spoken[-1] if spoken else _roundest(low, high, whole))
    return tuple(cuts)


def _roundest(low: float, high: float, whole: bool) -> float:
    """The roundest number from `low` to below `high`."""
    if low <= 0 < high:
        return 0
    top = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for power in range(min(top, 307), max(top - 17, -300), -1):
        for step in (5, 2.5, 2, 1):
            size = step * 10.0**power
            if whole and (size < 1 or size % 1):
                continue
            first = math.ceil(low / size)
            middle = round((low / 2 + high / 2) / size)
            for times in (middle, first):
                number = round(times * size, max(0, 1 - power))
                if low <= number < high:
                    return int(number) if number == int(number) else number
    return low


def _digits(number: float) -> float:
    """How many digits a number takes to say; a last digit of 5 is half a one.

    >>> [_digits(number) for number in (0, 300, 0.25, 37, 365)]
    [1, 1, 1.5, 2.0, 1]
    """
    if number in SPANS:
        return 1
    said = f"{abs(number):.12e}".partition("e")[0].replace(".", "").rstrip("0")
    return max(1, len(said) - 0.5 * (len(said) > 1 and said.endswith("5")))


def best_conditions(bins: Bins, inside: Mask) -> tuple[Condition, ...]:
    """The one to three conditions whose conjunction catches `inside` with the best F1 on its rows.

    A beam: the best single conditions (one for each column and operator) are extended, then the
    best pairs; the best of all are polished, each condition being replaced by the best in its place
    until nothing is gained. F1 is less the tolls of the conditions. Empty where nothing is found.
    """
    if not inside.any() or not bins.names:
        return ()
    search, none = _Search(bins, inside), (-math.inf, ())
    seen: list[_Scored] = []
    beam: list[tuple[Choice, ...]] = [()]
    for width in WIDTHS:
        found: dict[frozenset[tuple[int, int]], _Scored] = {}
        for rule in beam:
            for score, choice in search.extensions(rule):
                key = frozenset(each[:2] for each in (*rule, choice))
                if len(key) > len(rule) and score > found.get(key, none)[0]:
                    found[key] = score, (*rule, choice)
        ranked = sorted(found.values(), key=lambda each: -each[0])[:width]
        beam = [rule for _, rule in ranked]
        seen += ranked
    finalists = sorted(seen, key=lambda each: -each[0])[:POLISHED]
    polished = [search.polished(*each) for each in finalists]
    rule = max(polished, key=lambda each: each[0])[1] if polished else ()
    return tuple(bins.condition(choice) for choice in rule)


class _Search:
    """F1 of every extension of a rule at once, from one count of the rows that it catches."""

    def __init__(self, bins: Bins, inside: Mask) -> None:
        self.bins, self.wanted = bins, int(inside.sum())
        columns = np.arange(len(bins.names))
        self.cells = len(columns) * bins.width
        flat = bins.codes.T.astype(np.intp) + columns * bins.width
        self.flat = flat + np.where(inside, self.cells, 0)[:, None]

    def extensions(self, rule: tuple[Choice, ...]) -> list[tuple[float, Choice]]:
        """The best condition of each operator and column to add, with the score of the whole."""
        scores = self.scores(rule)
        places = scores.argmax(axis=2)
        best = np.take_along_axis(scores, places[:, :, None], axis=2)[:, :, 0]
        return [
            (float(best[operator, column]), (operator, column, int(places[operator, column])))
            for operator, column in zip(*np.nonzero(np.isfinite(best)), strict=True)
        ]

    def scores(self, rule: tuple[Choice, ...]) -> Floats:
        """[operators, columns, width] F1 less tolls of the rule with one condition more."""
        flat = self.flat
        if rule:
            mask = np.logical_and.reduce([self.bins.mask(choice) for choice in rule])
            flat = flat[np.flatnonzero(mask)]
        shape = (2, len(self.bins.names), self.bins.width)
        counts = np.bincount(flat.ravel(), minlength=2 * self.cells).reshape(shape)
        counts = np.stack([counts.sum(0), counts[1]])  # caught, and rightly so
        below = counts.cumsum(axis=2)
        known = below[:, :, -2:-1]
        above = np.maximum(known - below, 0)  # nothing is above missing
        missing = np.zeros_like(counts)
        missing[:, :, 0], missing[:, :, 1] = counts[:, :, -1], known[:, :, 0]
        called, hits = np.stack([below, above, counts, missing], axis=1)
        toll = self.bins.tolls + sum(self.bins.tolls[choice] for choice in rule)
        scores: Floats = 2 * hits / (called + self.wanted) - toll
        return scores

    def polished(self, score: float, rule: tuple[Choice, ...]) -> tuple[float, tuple[Choice, ...]]:
        """The rule with each condition replaced by the best, or left out, until nothing is won."""
        for _ in range(ROUNDS):
            before = score
            for place in range(len(rule)):
                others = (*rule[:place], *rule[place + 1 :])
                scores = self.scores(others)
                at = np.unravel_index(int(scores.argmax()), scores.shape)
                if scores[at] > score + 1e-9:
                    score = float(scores[at])
                    choice = (int(at[0]), int(at[1]), int(at[2]))
                    rule = (*rule[:place], choice, *rule[place + 1 :])
            shorter = [(*rule[:place], *rule[place + 1 :]) for place in range(len(rule))]
            for others in shorter if len(rule) > 1 else ():
                without = float(self.scores(others[:-1])[others[-1]])
                if without > score + 1e-9:
                    score, rule = without, others
            if score == before:
                break
        return score, rule
