"""Centres of groups in the declared space: k-means with many starts, and distances to them."""

__all__ = ["MOST_FITTED", "distances", "k_means", "nearest_two", "polish", "some"]

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Positions = NDArray[np.float32]

MOST_FITTED = 60_000
"""Rows of the fixed sample that centres are learned from."""
STARTS = 20
_AT_ONCE = 100_000
_LOOKED_AT = 1_000


def some(n: int, most: int, seed: int, *, apart_from: Labels | None = None) -> Labels:
    """Up to `most` row numbers of `n` in random order, the same for the same seed.

    With `apart_from`, rows that are not in it.
    """
    order = np.random.default_rng(seed).permutation(n)
    if apart_from is not None:
        taken = np.zeros(n, np.bool_)
        taken[apart_from] = True
        order = order[~taken[order]]
    return np.asarray(order[:most], np.intp)


def k_means(
    positions: Positions,
    k: int,
    *,
    seed: int,
    starts: int = STARTS,
    warm: Floats | None = None,
) -> Floats:
    """The centres of `k` groups [k, axes], those first that are highest on all axes together.

    The best of `starts` runs of Lloyd's algorithm from k-means++ starts (Arthur and Vassilvitskii
    2007), by the sum of squared distances; `warm` [k, axes] is one more start, taken where it
    is no worse, and centres are then in its order. With fewer different rows than `k` there are
    fewer centres. It uses one thread: its steps are short, and on a busy machine several threads
    wait for one another twenty times as long as they work.
    """
    from sklearn.cluster import KMeans

    rows = np.ascontiguousarray(positions, np.float32)
    if len(np.unique(rows[:_LOOKED_AT], axis=0)) < k:
        k = min(k, len(np.unique(rows, axis=0)))
    with _loaded().limit(limits=1, user_api="openmp"):
        best = KMeans(k, n_init=starts, random_state=seed).fit(rows)
        if warm is not None and len(warm) == k:
            again = KMeans(k, init=warm.astype(np.float32), n_init=1).fit(rows)
            best = again if again.inertia_ <= best.inertia_ * (1 + 1e-3) else best
    centres = np.asarray(best.cluster_centers_, np.float64)
    return centres if warm is not None else _ordered(centres)


@cache
def _loaded() -> "ThreadpoolController":
    """The thread pools of the process, those of k-means among them: it has to be imported first."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def polish(positions: Positions, centres: Floats) -> Floats:
    """The centres after one Lloyd step over all rows; an empty group keeps its centre."""
    labels = nearest_two(positions, centres)[0]
    counts = np.bincount(labels, minlength=len(centres))
    sums = np.column_stack(
        [np.bincount(labels, column, len(centres)) for column in positions.T.astype(np.float64)]
    )
    means = sums / np.maximum(counts, 1)[:, None]
    return np.asarray(np.where(counts[:, None] > 0, means, centres))


def distances(positions: Positions, centres: Floats) -> NDArray[np.float32]:
    """Euclidean distances of rows to centres [rows, k]."""
    c = centres.astype(np.float32)
    square = np.einsum("ij,ij->i", positions, positions)[:, None] + (c * c).sum(axis=1)
    return np.sqrt(np.maximum(square - 2 * positions @ c.T, 0))


def nearest_two(positions: Positions, centres: Floats) -> tuple[Labels, Floats]:
    """The nearest centre of each row, and its distance over that of the second nearest (0 to 1)."""
    labels = np.empty(len(positions), np.intp)
    ratio = np.zeros(len(positions))
    for start in range(0, len(positions), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        away = distances(positions[rows], centres)
        labels[rows] = away.argmin(axis=1)
        if len(centres) > 1:
            near = np.partition(away, 1, axis=1)[:, :2].astype(np.float64)
            ratio[rows] = np.divide(
                near[:, 0], near[:, 1], out=np.ones(len(near)), where=near[:, 1] > 0
            )
    return labels, ratio


def _ordered(centres: Floats) -> Floats:
    """By the mean position on all axes, highest first: the order does not hang on the starts."""
    return centres[np.lexsort((*centres.T[::-1], -centres.mean(axis=1).round(6)))]
