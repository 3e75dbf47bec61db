"""Rows that are nearly equal: the same customer written twice, with small differences.

Pairs are proposed by several coarse keys, each of a few columns drawn at random, so that a column
which differs or is missing in one copy spoils few of them; then every pair is compared in all
columns. Cost grows linearly with the rows.
"""

__all__ = ["TOLERANCES", "Column", "NearPairs", "grouped", "near_pairs", "prepared"]

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from patron.audit.scoring import numbers_of

TOLERANCES = (0.002, 0.02, 0.1)
WIDE = 0.1  # from this tolerance on, whole numbers may differ by one
BANDS = 8
CELL = 0.25  # of the logarithm: copies within 5 % share a cell nine times in ten
SIDE_BY_SIDE = 20
MOST_COLUMNS = 200
MOST_DIFFERING = 10
SAMPLE = 20_000
NARROW = 15.0

# A pair of copies is surprising: by chance, were the columns independent, the table would hold
# 2 ** -SPARE_BITS such pairs. Columns depend on each other, so this alone proves nothing: by chance
# many more pairs differ in one or two columns more, and those must be FEW_NEAR_MISSES or fewer.
SPARE_BITS = (3, 10, 20, 30, 40)
FEW_NEAR_MISSES = 0.2
HARDLY_LARGER = 1.01
MOST_WEIGHED = 300_000


@dataclass(frozen=True, eq=False)
class Column:
    """A column to compare rows by.

    `values` [rows]; `exact`: values agree only if they are equal (categories, dates, flags); else
    they agree within a share of themselves or of `scale`, whole numbers within 1 at least.
    """

    name: str
    values: np.ndarray
    exact: bool
    whole: bool
    scale: float

    def agree(self, one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
        """Whether values agree; with NaN never."""
        if self.exact:
            return one == other
        size = np.maximum(np.abs(one), np.abs(other))
        return np.abs(one - other) <= self.reach(size, tolerance)

    def reach(self, size: np.ndarray, tolerance: float) -> np.ndarray:
        """By how much values of this size may differ."""
        allowed: np.ndarray = np.maximum(size, self.scale) * tolerance
        return np.maximum(allowed, 1.0) if self.whole and tolerance >= WIDE else allowed

    def cells(self, shift: float, rows: np.ndarray | slice) -> np.ndarray:
        """Coarse whole numbers: values that agree mostly share theirs."""
        values = self.values[rows]
        if not self.exact:
            values = np.floor(np.arcsinh(values / self.scale) / CELL + shift)
        return np.where(np.isfinite(values), values, -1e9).astype(np.int64)


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of nearly equal rows.

    `first`, `second` : positions [pairs], first < second. `differing` : in how many columns each
    pair differs, at most `allowed`. `near_misses` : how many pairs differ in one or two more.
    `tolerance` : the share by which numbers may differ.
    """

    first: np.ndarray
    second: np.ndarray
    differing: np.ndarray
    allowed: int = 0
    near_misses: int = 0
    tolerance: float = TOLERANCES[0]

    def only(self, wanted: np.ndarray) -> "NearPairs":
        """The pairs where `wanted` is true."""
        first, second, differing = self.first[wanted], self.second[wanted], self.differing[wanted]
        return replace(self, first=first, second=second, differing=differing)


def prepared(table: pa.Table, names: Iterable[str]) -> list[Column]:
    """The columns of `names` that can tell rows apart, ready to compare; at most 200, drawn."""
    names = list(names)
    if len(names) > MOST_COLUMNS:
        drawn = np.random.default_rng(0).choice(len(names), MOST_COLUMNS, replace=False)
        names = [names[place] for place in np.sort(drawn)]
    columns = []
    for name in names:
        values, category = numbers_of(table.column(name))
        known = values[np.isfinite(values)]
        known = known[:: max(len(known) // SAMPLE, 1)]
        levels = len(np.unique(known))
        if levels > 1:
            kind = table.schema.field(name).type
            low, high = np.quantile(known, [0.25, 0.75])
            scale = (high - low) / 2 or float(known.std()) / 4
            exact = category or pa.types.is_temporal(kind) or levels == 2
            whole = bool((known == np.floor(known)).all())
            columns.append(Column(name, values, exact, whole, scale))
    return columns


def near_pairs(
    columns: Sequence[Column],
    rows: int,
    *,
    tolerances: Sequence[float] = TOLERANCES,
    within: np.ndarray | None = None,
) -> NearPairs:
    """The pairs of rows that are so alike that chance does not explain them.

    `tolerances`, ascending: the least one that finds about as many pairs as any is taken, since
    the smaller it is, the more likeness proves. `within` [rows], whole numbers: rows that differ
    in it are never a pair.
    """
    none = np.zeros(0, dtype=np.int64)
    best = NearPairs(none, none, none)
    if rows < 2 or len(columns) < 3:
        return best
    most = min(max(len(columns) // 6, 1), MOST_DIFFERING) + 2
    rng = np.random.default_rng(0)
    start = np.zeros(rows, dtype=np.uint64) if within is None else _mixed(None, within)
    found = []
    for _ in range(BANDS):
        first, second = _side_by_side(_key(columns, start, rng))
        first, second, _ = _alike(columns, first, second, tolerances[-1], most)
        found.append(first * rows + second)
    codes = np.unique(np.concatenate(found))
    for tolerance in tolerances:
        alike = _alike(columns, codes // rows, codes % rows, tolerance, most)
        if alike.shape[1] > MOST_WEIGHED:
            drawn = np.random.default_rng(0).choice(alike.shape[1], MOST_WEIGHED, replace=False)
            alike = alike[:, np.sort(drawn)]
        bits = _bits(columns, alike[0], alike[1], tolerance)
        pairs = _beyond_chance(alike, bits, np.log2(rows) * 2 - 1, most, tolerance)
        if len(pairs.first) > HARDLY_LARGER * len(best.first):
            best = pairs
    return best


def grouped(rows: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """A whole number for each row, the same for rows that pairs join: their first position.

    >>> grouped(5, np.array([0, 3]), np.array([3, 4])).tolist()
    [0, 1, 2, 0, 0]
    """
    group = np.arange(rows)
    while (group[first] != group[second]).any():
        lower = np.minimum(group[first], group[second])
        np.minimum.at(group, group[first], lower)
        np.minimum.at(group, group[second], lower)
        group = group[group]
    return group


def _key(columns: Sequence[Column], start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A key of as many columns, in a random order, as leave few rows with the same one."""
    rows = len(start)
    sample = rng.permutation(rows)[:SAMPLE]
    weight = (rows / len(sample)) ** 2
    # Copies share an exact value more surely than a cell, and a cell more than a small number.
    late = [0.0 if c.exact else 1.0 if c.whole and c.scale < NARROW else 0.5 for c in columns]
    key, some, used = start, start[sample], []
    for place in np.argsort(rng.random(len(columns)) + late):
        shift = float(rng.random())
        used.append((columns[place], shift))
        some = _mixed(some, columns[place].cells(shift, sample))
        counts = np.unique(some, return_counts=True)[1].astype(np.float64)
        if (counts * (counts - 1)).sum() / 2 * weight <= 2 * rows:
            break
    for column, shift in used:
        key = _mixed(key, column.cells(shift, slice(None)))
    return key


def _mixed(key: np.ndarray | None, more: np.ndarray) -> np.ndarray:
    mixed = more.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed if key is None else key ^ mixed) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(29))


def _side_by_side(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with the same key; of many with one key, those near each other in order."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first, second = [order[:0]], [order[:0]]
    for step in range(1, SIDE_BY_SIDE + 1):
        same = np.flatnonzero(ordered[step:] == ordered[:-step])
        first.append(order[same])
        second.append(order[same + step])
    return np.concatenate(first), np.concatenate(second)  # stable: first < second


def _alike(
    columns: Sequence[Column], first: np.ndarray, second: np.ndarray, tolerance: float, most: int
) -> np.ndarray:
    """The pairs that differ in at most `most` columns, as rows first, second, differing.

    A value that is missing on one side alone does not differ, but a fifth of them is too many.
    """
    pairs = np.stack([first, second, *np.zeros((2, len(first)), dtype=np.int64)])
    for column in sorted(columns, key=lambda column: column.exact):
        one, other = column.values[pairs[0]], column.values[pairs[1]]
        gaps = np.isnan(one).astype(np.int64) + np.isnan(other)
        pairs[2] += (gaps == 0) & ~column.agree(one, other, tolerance)
        pairs[3] += gaps == 1
        kept = (pairs[2] <= most) & (pairs[3] <= len(columns) / 5)
        if kept.sum() < 0.8 * len(kept):
            pairs = pairs[:, kept]
    return pairs[:3, (pairs[2] <= most) & (pairs[3] <= len(columns) / 5)]


def _bits(
    columns: Sequence[Column],
    first: np.ndarray,
    second: np.ndarray,
    tolerance: float,
) -> np.ndarray:
    """How surprising it is, in bits, that the columns agree which do, were they independent."""
    bits = np.zeros(len(first))
    rng = np.random.default_rng(0)
    for column in columns:
        one, other = column.values[first], column.values[second]
        sample = np.sort(column.values[rng.permutation(len(column.values))[:SAMPLE]])  # NaN last
        if column.exact:
            low, high = one, one
        else:
            reach = column.reach(np.abs(one), tolerance)
            low, high = one - reach, one + reach
        hits = np.searchsorted(sample, high, "right") - np.searchsorted(sample, low, "left")
        bits += np.where(
            column.agree(one, other, tolerance), -np.log2((hits + 1) / (len(sample) + 1)), 0
        )
    return bits


def _beyond_chance(
    alike: np.ndarray, bits: np.ndarray, pairs_in_bits: float, most: int, tolerance: float
) -> NearPairs:
    """The largest set of pairs, by their bits and differing columns, with few near misses.

    Of sets that hardly differ in size it is the one with fewest differing columns.
    """
    best, allowance, misses = alike[:, :0], 0, 0
    for spare in SPARE_BITS:
        surprising = bits >= pairs_in_bits + spare
        counts = np.bincount(alike[2, surprising], minlength=most + 1)
        for allowed in range(most - 1):
            size, near = int(counts[: allowed + 1].sum()), int(counts[allowed + 1 :][:2].sum())
            falling = counts[allowed] >= counts[allowed + 1]  # by chance they rise
            few = falling and near <= FEW_NEAR_MISSES * size
            if few and size > HARDLY_LARGER * best.shape[1]:
                best = alike[:, surprising & (alike[2] <= allowed)]
                allowance, misses = allowed, near
    return NearPairs(best[0], best[1], best[2], allowance, misses, tolerance)
