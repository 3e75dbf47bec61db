"""How well groups hold together and apart: silhouettes, Davies and Bouldin, agreement.

A silhouette judges a grouping by the distances in the space that it was made in; it says nothing of
use, and a cloud without any groups can have a high one. See docs/segments.md for what is asked
beside it.
"""

__all__ = [
    "agreement",
    "davies_bouldin",
    "jaccards",
    "mean_of_draws",
    "mean_of_rows",
    "silhouette",
    "silhouettes",
]

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.errors import DataError, Refusal
from patron.estimate import Estimate
from patron.metrics.interval import margin

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

_CELLS = 40_000_000  # distances that are worked out at once


def silhouettes(positions: ArrayLike, labelings: Sequence[ArrayLike]) -> list[Floats]:
    """The silhouette of each row under each of several groupings, from one table of distances.

    (b - a) / max(a, b), where a is the mean Euclidean distance to the others of the row's group and
    b the least mean distance to another group: -1 to 1. A row alone in its group has 0.
    Time grows with the square of the rows.
    Source: Rousseeuw (1987).

    Parameters
    ----------
    positions : [n, d], finite.
    labelings : each [n], groups numbered from 0.

    Raises
    ------
    DataError
        The lengths differ, or a grouping has one group only.
    """
    x = np.asarray(positions, np.float64)
    codes = [_codes(labels, len(x)) for labels in labelings]
    ones = [np.eye(code.max() + 1)[code] for code in codes]
    wide = np.hstack(ones).astype(np.float32)
    x = (x - x.mean(axis=0)).astype(np.float32)
    square = np.einsum("ij,ij->i", x, x)
    sums = np.empty((len(x), wide.shape[1]))
    step = max(1, _CELLS // max(len(x), 1))
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        distances = x[rows] @ x.T
        distances *= -2
        distances += square[rows, None]
        distances += square
        np.maximum(distances, 0, out=distances)
        np.sqrt(distances, out=distances)
        distances[np.arange(len(distances)), np.arange(start, start + len(distances))] = 0
        sums[rows] = distances @ wide
    answers, place = [], 0
    for code, one in zip(codes, ones, strict=True):
        own = sums[:, place : place + one.shape[1]]
        place += one.shape[1]
        answers.append(_of_sums(own, code, one.sum(axis=0)))
    return answers


def silhouette(
    positions: ArrayLike, labels: ArrayLike, *, level: float = 0.95, most: int = 20_000
) -> Estimate:
    """The mean silhouette of a grouping.

    Range: -1 to 1; higher is tighter and further apart. The first `most` rows are used, which
    should be in random order. Interval: Student's t, from the spread of the rows' silhouettes: that
    of drawing the customers, with the groups as they are.
    Source: Rousseeuw (1987).

    >>> round(silhouette([[0.0], [0.1], [5.0], [5.1]], [0, 0, 1, 1]).value, 2)
    0.98
    """
    x, codes = np.asarray(positions)[:most], np.asarray(labels)[:most]
    return mean_of_rows(silhouettes(x, [codes])[0], level)


def mean_of_rows(values: Floats, level: float) -> Estimate:
    """The mean of independent rows with an interval by Student's t."""
    mean, n = float(values.mean()), len(values)
    half = margin(values - mean, None, level)
    return Estimate(mean, mean - half, mean + half, level, n, "Student's t, customers drawn")


def davies_bouldin(positions: ArrayLike, labels: ArrayLike, *, level: float = 0.95) -> Estimate:
    """The mean over groups of their worst (spread + spread) / distance of centres: 0 is best.

    No interval is known for it.
    Source: Davies and Bouldin (1979).

    >>> round(davies_bouldin([[0.0], [0.2], [5.0], [5.2]], [0, 0, 1, 1]).value, 3)
    0.04
    """
    x = np.asarray(positions, np.float64)
    codes = _codes(labels, len(x))
    k = int(codes.max()) + 1
    centres = np.array([x[codes == each].mean(axis=0) for each in range(k)])
    apart = np.sqrt(((x - centres[codes]) ** 2).sum(axis=1))
    spread = np.bincount(codes, apart, k) / np.bincount(codes, minlength=k)
    between = np.sqrt(((centres[:, None] - centres) ** 2).sum(axis=2))
    ratio = np.full_like(between, np.inf)  # two groups at one place are not apart at all
    np.divide(spread[:, None] + spread, between, out=ratio, where=between > 0)
    np.fill_diagonal(ratio, -np.inf)
    value = float(ratio.max(axis=1).mean())
    return Estimate(value, math.nan, math.nan, level, len(x), "no interval")


def agreement(a: ArrayLike, b: ArrayLike) -> float:
    """The adjusted Rand index of two groupings: 1 is the same, 0 what chance gives.

    Source: Hubert and Arabie (1985).

    >>> agreement([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    table = _crossed(a, b)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1)).sum() / 2)

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    n = table.sum()
    expected = rows * columns / max(n * (n - 1) / 2, 1)
    best = (rows + columns) / 2
    return 1.0 if best == expected else float((both - expected) / (best - expected))


def jaccards(a: ArrayLike, b: ArrayLike) -> Floats:
    """For each group of `a`, its best Jaccard overlap with a group of `b` [groups of a].

    |A and B| / |A or B|: 1 is the same group, 0 nothing shared.
    Source: Hennig (2007), for the stability of single clusters.

    >>> jaccards([0, 0, 1, 1], [0, 0, 0, 1]).tolist()
    [0.6666666666666666, 0.5]
    """
    table = _crossed(a, b)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
    return np.asarray((table / np.maximum(union, 1)).max(axis=1))


def mean_of_draws(values: ArrayLike, n: int, *, level: float = 0.95) -> Estimate:
    """The mean over bootstrap draws of a figure of at most 1, with its interval (Student's t).

    Raises
    ------
    Refusal
        There are fewer than two draws.
    """
    from scipy.stats import t

    drawn = np.asarray(values, np.float64)
    if len(drawn) < 2:
        raise Refusal("a mean of draws needs two or more of them.")
    mean = float(drawn.mean())
    half = float(t.ppf((1 + level) / 2, len(drawn) - 1) * drawn.std(ddof=1) / math.sqrt(len(drawn)))
    high = min(mean + half, max(1.0, mean))
    return Estimate(mean, mean - half, high, level, n, f"{len(drawn)} bootstrap draws")


def _crossed(a: ArrayLike, b: ArrayLike) -> Floats:
    first = np.unique(np.asarray(a), return_inverse=True)[1]
    second = np.unique(np.asarray(b), return_inverse=True)[1]
    if len(first) != len(second) or not len(first):
        raise DataError("two groupings of the same rows are needed.")
    width = second.max() + 1
    counts = np.bincount(first * width + second, minlength=(first.max() + 1) * width)
    return counts.reshape(-1, width).astype(np.float64)


def _codes(labels: ArrayLike, n: int) -> Labels:
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    if len(codes) != n:
        raise DataError(f"{n:,} positions and {len(codes):,} labels; there must be one for each.")
    if not n or codes.max() == 0:
        raise DataError("one group alone has no silhouette; two or more are needed.")
    return np.asarray(codes, np.intp)


def _of_sums(sums: Floats, codes: Labels, sizes: Floats) -> Floats:
    """Silhouettes from each row's summed distances to the groups [rows, groups]."""
    row = np.arange(len(codes))
    own = sums[row, codes] / np.maximum(sizes[codes] - 1, 1)
    others = sums / sizes
    others[row, codes] = np.inf
    nearest = others.min(axis=1)
    larger = np.maximum(own, nearest)
    apart = np.divide(nearest - own, larger, out=np.zeros_like(own), where=larger > 0)
    return np.where(sizes[codes] == 1, 0.0, apart)
