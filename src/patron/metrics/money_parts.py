"""What metrics of amounts share: an interval by leaving customers out, and answers without one."""

__all__ = ["alone", "around", "largest", "of_ratio", "undefined"]

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from patron.estimate import Estimate
from patron.metrics.inputs import Rows, Vector, summed, units
from patron.metrics.interval import margin, positive_interval

# Leaving a row out is not believed to change a figure more than this; it keeps logarithms finite.
LARGEST_CHANGE = 100.0
# An interval from a thousandth of a figure to a thousand times it says nothing of it.
WIDEST = math.log(1000)


def of_ratio(
    rows: Rows,
    columns: tuple[Vector, ...],
    ratio_of: Callable[..., Any],
    value_of: Callable[[float], float],
    level: float,
    method: str,
) -> Estimate:
    """A figure that is made of sums over rows, with its interval by the jackknife on the log scale.

    `ratio_of` takes the sum of each column and gives a number that is 0 or more, `value_of` (rising
    or falling throughout) makes the figure of it. With L(-i) the log of the ratio without the rows
    of unit i, a row or an entity, the influence of a unit is sqrt(G (G - 1)) (mean of L - L(-i)),
    and `margin` makes the interval of it. Where one row carries half of a sum, leaving it out says
    so, and the derivative that the delta method takes in its place does not: for R² on 500 rows it
    covered 93 to 94 % where the derivative covered 84 to 93 %. Bootstraps of 400 draws, by
    percentiles and studentised, covered less than it everywhere.
    There is no interval where it would reach over a factor of 1,000 either way: the figure then
    rests on one or two rows.
    Source: Tukey (1958); Efron and Stein (1981), by whom its variance is too large on average.
    """
    sums = columns if rows.groups is None else tuple(summed(rows.groups, each) for each in columns)
    ratio = float(ratio_of(*(float(each.sum()) for each in sums)))
    value, n = value_of(ratio), rows.y.size
    if units(rows) < 2:
        return alone(rows, value, level)
    if ratio <= 0:
        return Estimate(value, value, value, level, n, rows.described(method))
    with np.errstate(all="ignore"):
        without = ratio_of(*(_others(each) for each in sums)) / ratio
    without = np.nan_to_num(without, nan=LARGEST_CHANGE, posinf=LARGEST_CHANGE)
    change = np.log(np.clip(without, 1 / LARGEST_CHANGE, LARGEST_CHANGE))
    influence = math.sqrt(change.size * (change.size - 1)) * (change.mean() - change)
    reach = margin(influence, None, level)
    if reach > WIDEST:
        because = "no interval: one or two rows carry the figure"
        return Estimate(value, math.nan, math.nan, level, n, because)
    low, high = sorted(value_of(end) for end in positive_interval(ratio, reach * ratio))
    return Estimate(value, low, high, level, n, rows.described(method))


def around(
    rows: Rows, value: float, influence: Vector, level: float, method: str = "influence values"
) -> Estimate:
    """A figure that may have either sign, with its interval from the influence of each row."""
    if units(rows) < 2:
        return alone(rows, value, level)
    reach = margin(influence, rows.groups, level)
    ends = value - reach, value + reach
    return Estimate(value, *ends, level, rows.y.size, rows.described(method))


def alone(rows: Rows, value: float, level: float) -> Estimate:
    """The answer where one row, or one entity, is all that there is."""
    return Estimate(value, math.nan, math.nan, level, rows.y.size, "no interval: there is one row")


def undefined(rows: Rows, level: float, because: str) -> Estimate:
    """The answer where a metric has no value."""
    return Estimate(math.nan, math.nan, math.nan, level, rows.y.size, f"undefined: {because}")


def largest(rows: Rows) -> float:
    """The largest size of an amount (1 if all are 0): the unit in which no square overflows."""
    return float(max(np.abs(rows.y).max(), np.abs(rows.p).max())) or 1.0


def _others(values: Vector) -> Vector:
    """For each the sum of all others, without the rounding of a sum less a large part of it."""
    up, down = values.cumsum(), values[::-1].cumsum()[::-1]
    return np.r_[0.0, up[:-1]] + np.r_[down[1:], 0.0]
