"""How well a score ranks customers: ROC-AUC, average precision, lift and capture."""

__all__ = [
    "auc_difference",
    "auc_with_influence",
    "average_precision",
    "capture_at",
    "captured",
    "lift_at",
    "roc_auc",
]

import math

import numpy as np
from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.inputs import Levels, Rows, Vector, checked, entities, ranked
from patron.metrics.interval import logit_interval, margin, share_interval, wilson_interval

ALONE = "no interval: a class has one row, or one entity"


def roc_auc(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The chance that a random positive row scores above a random negative one; a tie counts half.

    Range: 0 to 1; 0.5 is a random order. Depends on the order of the scores only.
    Interval: DeLong's variance on the logit scale; over entities with `groups` (Obuchowski 1997).
    Assumes that rows (entities) are independent. Broken by a score above about 0.97 with fewer than
    50 positives: a single badly ranked one moves it, and it covers about 91 % for a level of 95 %.
    An AUC of exactly 1 (or 0) gives an exact one-sided interval: min(m, k) disjoint pairs of a
    positive and a negative row were all in order, so low = (1 - level) ** (1 / min(m, k)).
    Source: DeLong, DeLong and Clarke-Pearson (1988); Sun and Xu (2014) for its n log n form.

    >>> print(roc_auc([0, 0, 1, 1, 0, 1], [0.1, 0.4, 0.35, 0.8, 0.2, 0.9]))
    0.889 [0.231, 0.995]
    """
    rows = checked(y, p, groups, both_classes=True)
    auc, influence = auc_with_influence(rows)
    n = rows.y.size
    if not 0 < auc < 1:
        return _separated(rows, auc, level)
    if _units(rows) < 2:
        return Estimate(auc, math.nan, math.nan, level, n, ALONE)
    ends = logit_interval(auc, margin(influence, rows.groups, level))
    return Estimate(auc, *ends, level, n, rows.described("DeLong"))


def auc_difference(
    y: ArrayLike,
    score_a: ArrayLike,
    score_b: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """AUC of `score_a` less AUC of `score_b`, on the same rows; above 0, a ranks better.

    Range: -1 to 1. The pairing removes what both scores owe to the luck of the sample.
    Assumes that both scores were fixed before these rows were seen, and that rows (entities) are
    independent. Broken by two models that are nested and compared on their training rows.
    Source: DeLong, DeLong and Clarke-Pearson (1988).
    """
    a = checked(y, score_a, groups, both_classes=True)
    b = checked(y, score_b, groups, both_classes=True)
    (auc_a, influence_a), (auc_b, influence_b) = auc_with_influence(a), auc_with_influence(b)
    value, n = auc_a - auc_b, a.y.size
    if _units(a) < 2:
        return Estimate(value, math.nan, math.nan, level, n, ALONE)
    reach = margin(influence_a - influence_b, a.groups, level)
    ends = max(-1.0, value - reach), min(1.0, value + reach)
    return Estimate(value, *ends, level, n, a.described("paired DeLong"))


def average_precision(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The precision at the score of a random positive row: sum of (R_k - R_{k-1}) P_k over scores.

    Range: 0 to 1; a random order has the share of positives. Without interpolation, so rows with an
    equal score enter together; scikit-learn's definition.
    Interval: on the logit scale, from the influence of a row with score s,
    (y (P(s) + A(s) - AP) - B(s)) / rate. P is the precision at a score, A(s) the sum of 1 / rank
    over the positives with a score of s or less, B(s) the sum of P / rank over the same ones, and
    rank counts the rows with their score or a higher one.
    Assumes that rows (entities) are independent. Broken by fewer than about 20 positives: the value
    is then too high (each positive counts for its own precision), and a level of 95 % covers about
    93 %.
    Source: the delta method, held against the jackknife in the tests; Boyd, Eng and Page (2013) for
    the logit scale.
    """
    rows = checked(y, p, groups, both_classes=True)
    at = ranked(rows)
    n, positive = rows.y.size, rows.positive
    buyers = entities(rows.y, rows.groups)
    precision = at.caught / at.reached
    value = float(at.positive @ precision) / positive
    if value == 1:
        ends = wilson_interval(1.0, buyers, level)
        return Estimate(1.0, *ends, level, n, rows.described("Wilson, no negative ranks above"))
    if buyers < 2:
        return Estimate(value, math.nan, math.nan, level, n, ALONE)
    a = _summed_from_below(at.positive / at.reached)
    b = _summed_from_below(at.positive / at.reached * precision)
    influence = (rows.y * (precision + a - value)[at.codes] - b[at.codes]) * (n / positive)
    # Positives dominate: their variance is taken with m - 1, as DeLong's is.
    influence *= math.sqrt(buyers / (buyers - 1))
    ends = logit_interval(value, margin(influence, rows.groups, level))
    return Estimate(value, *ends, level, n, rows.described("influence values"))


def capture_at(
    y: ArrayLike,
    p: ArrayLike,
    *,
    share: float,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The share of all positive rows that is found among the `share` of rows with the top scores.

    Range: 0 to 1; a random order has `share`. Rows tied at the cut count in part, as if the cut ran
    through them at random.
    Interval: Wilson's, at the effective number of rows that follows from the influence of a row,
    (y (t - value) - r (t - share)) / rate. There t says whether the row is above the cut, and r,
    the share of positives around the cut, accounts for the cut being found in the same rows.
    Assumes that rows (entities) are independent; r is taken over rows within half the distance from
    the cut to the nearer end. Broken by a share of so few rows that r is noise (under about 20).
    """
    rows = checked(y, p, groups, both_classes=True)
    value, low, high = captured(rows, ranked(rows), share, level)
    return Estimate(value, low, high, level, rows.y.size, rows.described("Wilson, effective rows"))


def lift_at(
    y: ArrayLike,
    p: ArrayLike,
    share: float = 0.10,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """How many times more positives the top `share` of rows holds than a random one.

    Range: 0 to 1 / `share` (or 1 / the share of positives, where that is lower); 1 is a random
    order. It is `capture_at` divided by `share`, with the same interval and assumptions.
    `lift_at_10` in the results is the lift at the top 10 %.

    >>> lift_at([1, 0, 0, 0, 0, 0, 0, 0, 0, 1], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]).value
    5.0
    """
    of = capture_at(y, p, share=share, level=level, groups=groups)
    return Estimate(of.value / share, of.low / share, of.high / share, level, of.n, of.method)


def captured(rows: Rows, at: Levels, share: float, level: float) -> tuple[float, float, float]:
    """`capture_at` with its two ends, of rows that were ranked before."""
    if not 0 < share <= 1:
        raise ValueError(f"share must lie above 0 and at most 1, got {share}")
    if share == 1:
        return 1.0, 1.0, 1.0  # everybody contacted, nobody missed: known without data
    n, positive = rows.y.size, rows.positive
    cut = share * n
    value = _caught_within(at, cut) / positive
    around = min(cut, n - cut) / 2
    found = _caught_within(at, cut + around) - _caught_within(at, cut - around)
    at_cut = found / (2 * around)
    above = np.clip((cut - at.reached + at.total) / at.total, 0, 1)[at.codes]
    influence = (rows.y * (above - value) - at_cut * (above - share)) * (n / positive)
    reach, buyers = margin(influence, rows.groups, level), entities(rows.y, rows.groups)
    return value, *share_interval(value, reach, buyers, level)


def auc_with_influence(rows: Rows) -> tuple[float, Vector]:
    """The area, and the influence of each row on it: DeLong's structural components, scaled."""
    at = ranked(rows)
    n, positive, negative = rows.y.size, rows.positive, rows.negative
    negatives_below = negative - (at.reached - at.caught) + (at.total - at.positive) / 2
    positives_above = at.caught - at.positive / 2
    auc = float(at.positive @ negatives_below) / (positive * negative)
    # The m / (m - 1) of DeLong's variance in each class, over entities, goes into the components.
    buyers, others = entities(rows.y, rows.groups), entities(1 - rows.y, rows.groups)
    weight_positive = n / positive * math.sqrt(buyers / max(buyers - 1, 1))
    weight_negative = n / negative * math.sqrt(others / max(others - 1, 1))
    of_positive = (negatives_below / negative - auc) * weight_positive
    of_negative = (positives_above / positive - auc) * weight_negative
    return auc, np.where(rows.y == 1, of_positive[at.codes], of_negative[at.codes])


def _caught_within(at: Levels, cut: float) -> float:
    """How many positives the first `cut` rows hold; ties in proportion."""
    return float(np.interp(cut, np.r_[0.0, at.reached], np.r_[0.0, at.caught]))


def _separated(rows: Rows, auc: float, level: float) -> Estimate:
    reach = (1 - level) ** (1 / _units(rows))
    low, high = (reach, 1.0) if auc == 1 else (0.0, 1 - reach)
    method = rows.described("exact on pairs, one-sided")
    return Estimate(auc, low, high, level, rows.y.size, method)


def _units(rows: Rows) -> int:
    """How many entities the rarer class has."""
    return min(entities(of, rows.groups) for of in (rows.y, 1 - rows.y))


def _summed_from_below(values: Vector) -> Vector:
    return values[::-1].cumsum()[::-1]
