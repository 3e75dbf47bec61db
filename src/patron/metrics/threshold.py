"""Yes or no at a threshold: precision, recall, F1, and the threshold that is best for F1."""

__all__ = ["best_f1_threshold", "confusion", "f1", "precision", "proportion", "recall"]

import math

import numpy as np
from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.inputs import Rows, Vector, checked, ranked
from patron.metrics.interval import Ends, ratio_interval, row_weights, wilson_interval

DRAWS = 200
ROWS_A_DRAW = 20_000


def precision(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The share of positives among rows with p >= threshold.

    Range: 0 to 1. Where no row reaches the threshold it is NaN, and may lie anywhere in the range.
    Interval: Wilson (1927); with `groups` at the effective number of rows.
    Assumes that rows (entities) are independent, and that the threshold was not chosen on them.
    """
    rows = checked(y, p, groups)
    chosen = _chosen(rows, threshold)
    return _ratio(rows, rows.y * chosen, chosen, level, "no row reaches the threshold")


def recall(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The share of positive rows with p >= threshold.

    Range: 0 to 1. Interval and assumptions: as `precision`.
    """
    rows = checked(y, p, groups)
    return _ratio(rows, rows.y * _chosen(rows, threshold), rows.y, level, "no row is positive")


def f1(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).

    Range: 0 to 1. F1 = 2 J / (1 + J), where J = TP / (TP + FP + FN) is a plain share of the rows
    that are positive or chosen. So Wilson's interval for J, put through that formula, is one for
    F1; it holds at 0 and 1, too. Assumptions: as `precision`.

    >>> f1([1, 1, 0, 0], [0.9, 0.2, 0.7, 0.1], threshold=0.5).value
    0.5
    """
    rows = checked(y, p, groups)
    chosen = _chosen(rows, threshold)
    shared = _ratio(rows, rows.y * chosen, np.maximum(rows.y, chosen), level, "no row is positive")
    value, low, high = (2 * j / (1 + j) for j in (shared.value, shared.low, shared.high))
    return Estimate(value, low, high, level, rows.y.size, shared.method)


def confusion(y: ArrayLike, p: ArrayLike, *, threshold: float) -> dict[str, int]:
    """How many rows are of each outcome and decision, where p >= threshold decides for yes.

    >>> confusion([1, 1, 0], [0.9, 0.2, 0.5], threshold=0.5)
    {'true_positive': 1, 'false_positive': 1, 'false_negative': 1, 'true_negative': 0}
    """
    rows = checked(y, p)
    chosen = _chosen(rows, threshold)
    hits, called = int(rows.y @ chosen), int(chosen.sum())
    return {
        "true_positive": hits,
        "false_positive": called - hits,
        "false_negative": rows.positive - hits,
        "true_negative": rows.negative - called + hits,
    }


def best_f1_threshold(
    y: ArrayLike,
    p: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """The threshold that maximises F1 on these rows; give it out-of-fold forecasts.

    It lies in the middle of the gap between the lowest score that is chosen and the next below; of
    equally good thresholds it is the highest. Range: that of the scores.
    Interval: percentiles of 200 bootstrap draws. F1 is flat near its maximum, so the interval is
    wide where the choice matters little. A draw takes 20,000 rows at most, and its distance from
    the value then shrinks by (20,000 / n)^(1/3), the rate of such a maximiser.
    Assumes that rows (entities) are independent. Broken by fewer than about 20 positives.
    Source: Kim and Pollard (1990) for the rate. That the percentiles cover is measured, not proved:
    93 to 97 % for a level of 95 % in the worlds that were tried (docs/metrics.md).

    >>> round(best_f1_threshold([0, 0, 1, 1], [0.1, 0.3, 0.4, 0.9]).value, 3)
    0.35
    """
    rows = checked(y, p, groups, both_classes=True)
    at, n = ranked(rows), rows.y.size
    value = _best(at.values, at.caught, at.reached)
    size = min(n, ROWS_A_DRAW)
    order, ends_of_levels = np.argsort(at.codes, kind="stable"), at.reached.astype(np.intp) - 1
    y_sorted, groups_sorted = rows.y[order], None if rows.groups is None else rows.groups[order]
    drawn = []
    for weights in row_weights(n, groups_sorted, draws=DRAWS, size=size, seed=seed):
        caught = (weights * y_sorted).cumsum()[ends_of_levels]
        if caught[-1] > 0:
            drawn.append(_best(at.values, caught, weights.cumsum()[ends_of_levels]))
    tails = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    ends = value + (size / n) ** (1 / 3) * (tails - value)
    low, high = min(value, float(ends[0])), max(value, float(ends[1]))
    return Estimate(value, low, high, level, n, rows.described(f"bootstrap, {DRAWS} draws"))


def proportion(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """A share of independent rows with Wilson's interval.

    >>> print(proportion(5, 20))
    0.250 [0.112, 0.469]
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n, got {successes} of {n}")
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0, level, 0, "Wilson, no rows")
    share = successes / n
    return Estimate(share, *wilson_interval(share, n, level), level, n, "Wilson")


def _chosen(rows: Rows, threshold: float) -> Vector:
    return (rows.p >= threshold).astype(np.float64)


def _ratio(rows: Rows, part: Vector, whole: Vector, level: float, empty: str) -> Estimate:
    n = int(whole.sum())
    ends: Ends = ratio_interval(part, whole, rows.groups, level)
    if n == 0:
        return Estimate(math.nan, *ends, level, 0, empty)
    return Estimate(float(part.sum()) / n, *ends, level, n, rows.described("Wilson"))


def _best(values: Vector, caught: Vector, reached: Vector) -> float:
    """The middle of the gap below the level at which F1 is highest."""
    lowest = int(np.argmax(caught / (reached + caught[-1])))
    chosen, below = values[lowest], values[min(lowest + 1, values.size - 1)]
    middle = (chosen + below) / 2
    # Two neighbouring doubles have no middle: the chosen one must stay chosen.
    return float(middle if middle > below else chosen)
