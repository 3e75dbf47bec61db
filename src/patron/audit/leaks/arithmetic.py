"""Finds few columns from which the target follows by arithmetic."""

__all__ = ["Sum", "as_sum", "telling_pairs"]

from typing import NamedTuple

import numpy as np

from patron.audit.scoring import auc

MOST_TERMS = 4
TRIMMED = 0.9
ROUNDS = 3
# Average error of the sum, as a share of the average distance from the median.
MOST_ERROR = 0.3
GROWS, SLACK = 1.1, 0.002
PAIRS_TRIED = 20
MORE_THAN_ALONE = 1.0
LEAST_SIGN = 0.5


class Sum(NamedTuple):
    """Columns whose weighted sum is the target, and the error of that on rows not fitted to."""

    places: tuple[int, ...]
    weights: tuple[float, ...]
    error: float


def as_sum(x: np.ndarray, y: np.ndarray) -> Sum | None:
    """The few columns of `x` [rows, columns] whose weighted sum is `y`, nearly; None if there are
    none. NaN is taken as the column's median.

    Fitted on one half of the rows to all columns, rows that fit worst set aside (a slip, a
    sentinel), then without one column after another as long as the error hardly grows; judged on
    the other half.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.lognormal(size=(1000, 5))
    >>> as_sum(x, x[:, 3] - x[:, 1]).places
    (1, 3)
    """
    half = _half(y)
    x = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
    scale = x.std(axis=0)
    left = [int(place) for place in np.flatnonzero(scale > 0)]
    if len(left) * 3 > half.sum():
        return None

    def fit(places: list[int]) -> tuple[np.ndarray, float]:
        weights = _trimmed_fit(x[half][:, places], y[half])
        return weights, _error(x[half][:, places], y[half], weights)

    weights, error = fit(left)
    step = max(len(left) // 3, 1)
    while len(left) > 1 and error <= MOST_ERROR:
        size = np.abs(weights[:-1]) * scale[left]
        order = [int(k) for k in np.argsort(size)]
        going = [order[:step]] if step > 1 else [[k] for k in order[:3]]
        tries = [[p for k, p in enumerate(left) if k not in gone] for gone in going]
        next_weights, next_error, places = min(
            ((*fit(places), places) for places in tries), key=lambda each: each[1]
        )
        if next_error <= min(GROWS * error + SLACK, MOST_ERROR):
            left, weights, error = places, next_weights, next_error
            step = min(step, max(len(left) // 3, 1))
        elif step > 1:
            step //= 2
        else:
            break
    error = _error(x[~half][:, left], y[~half], weights)
    if len(left) > MOST_TERMS or error > MOST_ERROR:
        return None
    return Sum(tuple(left), tuple(float(w) for w in weights[:-1]), error)


def telling_pairs(x: np.ndarray, y: np.ndarray) -> list[tuple[int, int, float]]:
    """Pairs of columns of `x` whose difference tells `y` (0 and 1), with its AUC; best first.

    Candidates by two quick looks at all pairs: how far the answers lie apart along the best
    weighted difference (beyond each column alone), and how often the sign of the plain difference
    goes with the answer. Judged by the better of both on the half of rows not fitted to.
    """
    half = _half(y)
    x = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
    one, zero = x[half & (y == 1)], x[half & (y == 0)]
    if min(len(one), len(zero)) < 2:  # no spread to compare distances with
        return []
    shift = one.mean(0) - zero.mean(0)
    within = (np.cov(one.T) + np.cov(zero.T)) / 2
    spread = np.maximum(np.diag(within), 1e-12)
    alone = shift**2 / spread
    determinant = np.outer(spread, spread) - within**2
    apart = (
        np.outer(spread, shift**2)
        - 2 * np.outer(shift, shift) * within
        + np.outer(shift**2, spread)
    ) / np.maximum(determinant, 1e-9 * np.outer(spread, spread))
    more = np.triu(apart - np.maximum.outer(alone, alone), 1)
    signs = np.zeros_like(more)
    for k in range(x.shape[1] - 1):
        difference = one[:, [k]] - one[:, k + 1 :], zero[:, [k]] - zero[:, k + 1 :]
        signs[k, k + 1 :] = np.abs(np.sign(difference[0]).mean(0) - np.sign(difference[1]).mean(0))
    tried = _largest(more, MORE_THAN_ALONE) | _largest(signs, LEAST_SIGN)
    found = []
    for a, b in tried:
        pair = within[np.ix_([a, b], [a, b])]
        weights = np.linalg.solve(pair + 1e-9 * np.diag(np.diag(pair)), shift[[a, b]])
        best = 0.5
        for told in (x[~half][:, [a, b]] @ weights, np.sign(x[~half, a] - x[~half, b])):
            reached = auc(y[~half], told)
            best = max(best, reached, 1 - reached)
        found.append((a, b, best))
    return sorted(found, key=lambda each: -each[2])


def _half(y: np.ndarray) -> np.ndarray:
    """One of two halves of the rows, with like answers: rows in an order may alternate theirs."""
    half = np.zeros(len(y), dtype=bool)
    half[np.argsort(y, kind="stable")[::2]] = True
    return half


def _largest(scores: np.ndarray, least: float) -> set[tuple[int, int]]:
    flat = np.argsort(-scores, axis=None)[:PAIRS_TRIED]
    pairs = zip(*np.unravel_index(flat, scores.shape), strict=True)
    return {(int(a), int(b)) for a, b in pairs if scores[a, b] >= least}


def _trimmed_fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares with a constant last, thrice, without the rows that fit worst."""
    wide = np.column_stack([x, np.ones(len(x))])
    kept = np.ones(len(y), dtype=bool)
    for _ in range(ROUNDS):
        weights = np.linalg.lstsq(wide[kept], y[kept], rcond=1e-12)[0]
        distance = np.abs(y - wide @ weights)
        kept = distance <= np.quantile(distance, TRIMMED)
    return weights


def _error(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    distance = np.abs(y - x @ weights[:-1] - weights[-1])
    return float(distance.mean() / max(np.abs(y - np.median(y)).mean(), 1e-12))
