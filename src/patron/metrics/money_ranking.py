"""How well predictions order customers by money: rank correlation, Gini, and the top.

What is said of coverage was measured as in `patron.metrics.money`.
"""

__all__ = [
    "Cut",
    "Midranks",
    "midranks",
    "normalized_gini",
    "r2_top",
    "r2_within_top",
    "spearman",
    "top_capture",
]

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.inputs import Codes, Rows, Vector, measured, summed, units
from patron.metrics.interval import fisher_interval, margin, share_interval
from patron.metrics.money_parts import alone, largest, of_ratio, undefined

PERFECT = 1e-12  # what rounding leaves of the distance to 1
EVERYONE_EQUAL = "all predictions are equal, and rank nobody"


def spearman(
    y: ArrayLike, mean: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """Spearman's rank correlation of amounts and predictions; tied rows have their average rank.

    Range: -1 to 1; 0 is a random order. Depends on the order alone. With many zeros, which are all
    tied, even the best order stays below 1. NaN where all amounts, or all predictions, are equal.
    Interval: Fisher's z, from the influence of a row on the covariance of the ranks and on their
    two variances (a rank moves with every other row). It covers 94 to 98 %, whatever the tail. A
    perfect order shows no uncertainty, and has no interval.
    Assumes that rows (entities) are independent. Broken by so few rows with spend that any order
    of them comes about by chance (ten, say).
    Source: Hoeffding (1948) for the influence; Fisher (1921) for the scale.

    >>> round(spearman([0, 1, 5, 9], [1, 0, 2, 3]).value, 2)
    0.8
    """
    rows = measured(y, mean, groups)
    of_y, of_p = midranks(rows.y), midranks(rows.p)
    if of_y.count < 2:
        return undefined(rows, level, "all amounts are equal")
    if of_p.count < 2:
        return undefined(rows, level, EVERYONE_EQUAL)
    shared, by_row = of_p.covariance(of_y.centred)
    by_row = by_row + of_y.below(of_p.centred) - shared  # the other rank moves, too
    spread_y, by_row_y = of_y.variance()
    spread_p, by_row_p = of_p.variance()
    scale = math.sqrt(spread_y * spread_p)
    value = shared / scale
    influence = by_row / scale - value / 2 * (by_row_y / spread_y + by_row_p / spread_p)
    return _correlation(rows, value, influence, level)


def normalized_gini(
    y: ArrayLike, mean: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """How much of the spend's concentration the order by prediction finds: Gini / best Gini.

    Value: cov(y, rank of the prediction) / cov(y, rank of y), which is the area between the
    cumulated share of spend and the diagonal, with customers in the order of the prediction, over
    the same area in the order of y. Tied predictions have their average rank, so that the order of
    rows never matters. Range: -1 to 1; 0 is a random order, 1 the order of y. It rewards the order.
    NaN where nothing, or the same, was spent by all, or all predictions are equal.
    Interval: Fisher's z, from the influence of a row on both covariances; it covers 92 to 97 %. The
    best order has none.
    Assumes that rows (entities) are independent. Broken by a few rows that hold most of the spend.
    Source: Frees, Meyers and Cummings (2011); Schechtman and Yitzhaki (1987) for the ratio.

    >>> round(normalized_gini([0, 0, 10, 20], [1, 2, 4, 3]).value, 3)
    0.714
    """
    rows = measured(y, mean, groups, spend=True)
    of_y, of_p = midranks(rows.y), midranks(rows.p)
    if of_y.count < 2:
        return undefined(rows, level, "all amounts are equal")
    if of_p.count < 2:
        return undefined(rows, level, EVERYONE_EQUAL)
    amounts = rows.y / largest(rows)
    found, by_row = of_p.covariance(amounts)
    best, by_row_best = of_y.covariance(amounts)
    value = found / best
    return _correlation(rows, value, (by_row - value * by_row_best) / best, level)


def top_capture(
    y: ArrayLike,
    mean: ArrayLike,
    share: float = 0.1,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The share of all spend that the `share` of rows with the highest predictions holds.

    Range: 0 to 1; a random order has `share`. Rows tied at the cut count in part, as if the cut ran
    through them at random. It rewards the order at the top. NaN where nothing was spent.
    Interval: Wilson's, at the effective number of rows that follows from the influence of a row,
    (y (t - value) - r (t - share)) / average, where t says whether the row is above the cut, and r,
    the average amount around the cut, accounts for the cut being found in the same rows. A value of
    0 or 1 rests on the number of equal spenders that (sum y)^2 / sum y^2 stands for.
    Assumes that rows (entities) are independent; r is taken over rows within half the distance from
    the cut to the nearer end. It covers 92 to 98 % (capped). Broken by a few rows that hold most of
    the spend: uncapped, 89 to 95 % for the top 10 % of 500 rows.
    `top_10_capture` in the results is the one of the top 10 %.

    >>> round(top_capture([9, 0, 0, 0, 0, 0, 0, 0, 0, 1], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]).value, 3)
    0.9
    """
    rows = measured(y, mean, groups, spend=True)
    if not rows.y.any():
        return undefined(rows, level, "nothing was spent")
    cut, amounts = Cut.of(rows.p, share), rows.y / largest(rows)
    total, n = float(amounts.sum()), rows.y.size
    value = min(1.0, float(amounts @ cut.above) / total)
    if units(rows) < 2:
        return alone(rows, value, level)
    at_cut = cut.average(amounts)
    influence = (amounts * (cut.above - value) - at_cut * (cut.above - share)) * (n / total)
    by_unit = amounts if rows.groups is None else summed(rows.groups, amounts)
    spenders = total**2 / float(by_unit @ by_unit)
    ends = share_interval(value, margin(influence, rows.groups, level), spenders, level)
    return Estimate(value, *ends, level, n, rows.described("Wilson, effective rows"))


def r2_top(
    y: ArrayLike,
    mean: ArrayLike,
    share: float = 0.2,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """R² among the `share` of rows that in fact spent most, against the average of all rows.

    Value: 1 - sum over the top of (y - mean)^2 / sum over the top of (y - average of all)^2. Nobody
    knows beforehand who will be at the top, so the rival is the average of everybody. Rows tied at
    the cut count in part. Range: 1 downwards; the average of all rows scores 0.
    Interval: as `r2`, with the cut found in the same rows; it covers 92 to 98 % (capped), and 85 to
    95 % uncapped. Assumptions: as `r2` and `top_capture`.
    A look at the top of what happened rewards predictions that are too high; it describes a model,
    and is no ground to choose one.
    """
    rows = measured(y, mean, groups)
    if not np.ptp(rows.y):
        return undefined(rows, level, "all amounts are equal")
    return _among(rows, Cut.of(rows.y, share), float(rows.y.mean()), level)


def r2_within_top(
    y: ArrayLike,
    mean: ArrayLike,
    share: float = 0.2,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """R² among the `share` of rows that in fact spent most, against the average of just those.

    As `r2_top`, but the sum below is about the average of the top itself, which no model is told:
    even the true means may score below 0. Range, interval, assumptions: as `r2_top`.
    """
    rows = measured(y, mean, groups)
    cut = Cut.of(rows.y, share)
    if not np.ptp(rows.y[cut.above > 0]):
        return undefined(rows, level, "all amounts at the top are equal")
    return _among(rows, cut, float(cut.above @ rows.y / cut.above.sum()), level)


@dataclass(frozen=True, slots=True)
class Midranks:
    """The average rank of each row as a share of all rows, between 0 and 1.

    `level` is the place of each row's value among the distinct ones, of which there are `count`.
    """

    rank: Vector
    level: Codes
    count: int

    @property
    def centred(self) -> Vector:
        """The ranks about their average, which is one half."""
        return self.rank - 0.5

    def below(self, values: Vector) -> Vector:
        """For each row the mean of `values` x (1 for rows that rank higher, ½ for tied ones)."""
        sums = summed(self.level, values)
        return ((sums[::-1].cumsum()[::-1] - sums / 2) / values.size)[self.level]

    def covariance(self, values: Vector) -> tuple[float, Vector]:
        """The mean of `values` x centred rank, and the influence of a row on it."""
        own = values * self.centred
        mean = float(own.mean())
        return mean, own + self.below(values) - 2 * mean - float(values.mean()) / 2

    def variance(self) -> tuple[float, Vector]:
        """The variance of the ranks, and the influence of a row on it."""
        variance, by_row = self.covariance(self.centred)
        return variance, by_row + self.below(self.centred) - variance


def midranks(values: Vector) -> Midranks:
    """The rows ranked by rising value."""
    _, level, total = np.unique(values, return_inverse=True, return_counts=True)
    rank = (total.cumsum() - total / 2) / values.size
    return Midranks(rank[level], level, total.size)


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows above a cut: `above` is 1, 0, or a part for rows tied at the cut.

    `around` are the same for two more cuts, half the distance to the nearer end up and down.
    """

    above: Vector
    around: tuple[Vector, Vector]

    @classmethod
    def of(cls, values: Vector, share: float) -> "Cut":
        """The cut that leaves `share` of the rows, those of the highest values, above it."""
        if not 0 < share <= 1:
            raise ValueError(f"share must lie above 0 and at most 1, got {share}")
        _, codes, total = np.unique(-values, return_inverse=True, return_counts=True)
        before, n = total.cumsum() - total, values.size

        def above(cut: float) -> Vector:
            return np.clip((cut - before) / total, 0, 1)[codes]

        reach = min(share, 1 - share) * n / 2
        return cls(above(share * n), (above(share * n - reach), above(share * n + reach)))

    def average(self, values: Vector) -> float:
        """The mean of `values` among the rows around the cut."""
        band = self.around[1] - self.around[0]
        rows = float(band.sum())
        return float(band @ values) / rows if rows else 0.0


def _among(rows: Rows, cut: Cut, centre: float, level: float) -> Estimate:
    """R² of the rows above the cut, against a centre that is an average over the same rows."""
    unit, share = largest(rows), float(cut.above.mean())
    off = (rows.y - centre) / unit
    # The cut is found in the same rows: who comes in at the top pushes another one out.
    left, spread = (
        cut.above * each - cut.average(each) * (cut.above - share)
        for each in (((rows.y - rows.p) / unit) ** 2, off**2)
    )
    # So is the average of all. That of the top has no such influence: there the sum of `off` is 0.
    spread = spread - 2 * float((cut.above * off).mean()) * (rows.y - rows.y.mean()) / unit
    return of_ratio(
        rows,
        (left, spread),
        lambda left, spread: left / spread,
        lambda ratio: 1 - ratio,
        level,
        "jackknife of the unexplained share",
    )


def _correlation(rows: Rows, value: float, influence: Vector, level: float) -> Estimate:
    """A correlation with its interval; a perfect order shows no uncertainty of its own."""
    n, method = rows.y.size, rows.described("Fisher's z")
    if units(rows) < 2:
        return alone(rows, value, level)
    if abs(value) > 1 - PERFECT:
        because = "no interval: the order is perfect"
        return Estimate(math.copysign(1.0, value), math.nan, math.nan, level, n, because)
    ends = fisher_interval(value, margin(influence, rows.groups, level))
    return Estimate(value, *ends, level, n, method)
