"""How often an interval for an amount holds what happened, and how wide it is."""

__all__ = ["coverage", "coverage_by", "median_width", "width"]

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patron.errors import DataError
from patron.estimate import Estimate
from patron.metrics.inputs import Rows, Vector, measured, positions, units
from patron.metrics.interval import (
    margin,
    ratio_interval,
    share_interval,
    wilson_interval,
)
from patron.metrics.money_parts import alone, of_ratio


def coverage(
    y: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """The share of rows with low <= y <= high, the ends included.

    Range: 0 to 1; right is the level that the rows' intervals claim, which is not `level`: that is
    the level of the answer. An amount of 0 is held by every interval that begins at 0.
    Interval: Wilson's (1927); with `groups` at the effective number of rows.
    Assumes that rows (entities) are independent, and intervals fixed before these rows were seen.
    Says nothing of where they fail: an interval of 90 % may hold all the zeros and half the rest,
    which `coverage_by` shows.

    >>> coverage([0, 5, 9], [0, 1, 1], [4, 6, 8]).value
    0.6666666666666666
    """
    rows, inside, _ = _intervals(y, low, high, groups)
    return _share(rows, inside, level)


def width(
    low: ArrayLike, high: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The mean of high - low, in money: of two intervals that cover alike, the narrower is better.

    Range: 0 upwards. Interval: on the log scale, from the widths. Assumes that rows (entities) are
    independent. A few customers with very wide intervals carry it; see `median_width`.

    >>> width([0, 1], [4, 3]).value
    3.0
    """
    rows, _, widths = _intervals(low, low, high, groups)
    return of_ratio(
        rows,
        (widths, np.ones(widths.size)),
        lambda total, n: total / n,
        lambda mean: mean,
        level,
        "mean of widths, jackknife",
    )


def median_width(
    low: ArrayLike, high: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The median of high - low, in money. Range: 0 upwards.

    Interval: the widths at the ends of Wilson's interval for a share of one half; with `groups` at
    the effective number of rows. Assumes that rows (entities) are independent.
    Source: Woodruff (1952).
    """
    rows, _, widths = _intervals(low, low, high, groups)
    value = float(np.median(widths))
    if units(rows) < 2:
        return alone(rows, value, level)
    up = (widths > value) + (widths == value) / 2
    reach = margin(up - up.mean(), rows.groups, level)
    shares = share_interval(0.5, reach, units(rows), level)
    below, above = (float(np.quantile(widths, each)) for each in shares)
    ends = min(below, value), max(above, value)
    return Estimate(value, *ends, level, rows.y.size, rows.described("quantiles, Woodruff"))


def coverage_by(
    y: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    labels: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Coverage and mean width for each label (a decile, an arm), as labels first appear.

    Each dict has `label` (None where it is missing), `n`, `coverage` (an Estimate's fields; see
    `coverage`) and `width`. The intervals are each for its own label: of 20 right ones, one lies
    outside. Broken by labels that the outcome has shaped, such as deciles of what was spent.

    >>> [row["width"] for row in coverage_by([1, 2, 3], [0, 0, 0], [1, 2, 4], ["a", "a", "b"])]
    [1.5, 4.0]
    """
    rows, inside, widths = _intervals(y, low, high, groups)
    found = []
    for label, at in positions(labels, rows):
        part = rows.at(at)
        found.append(
            {
                "label": label,
                "n": at.size,
                "coverage": _share(part, inside[at], level).to_dict(),
                "width": float(widths[at].mean()),
            }
        )
    return found


def _intervals(
    y: ArrayLike, low: ArrayLike, high: ArrayLike, groups: ArrayLike | None
) -> tuple[Rows, Vector, Vector]:
    """The rows, whether each lies within its interval, and the intervals' widths."""
    rows, lows = measured(y, high, groups), measured(y, low).p
    if crossed := int((lows > rows.p).sum()):
        raise DataError(
            f"an interval's low end lies above its high end in {crossed} of {rows.y.size} rows"
        )
    inside = ((lows <= rows.y) & (rows.y <= rows.p)).astype(np.float64)
    return rows, inside, rows.p - lows


def _share(rows: Rows, inside: Vector, level: float) -> Estimate:
    share = float(inside.mean())
    if rows.groups is not None and units(rows) < 2:  # a label with one entity
        ends = wilson_interval(share, 1, level)
    else:
        ends = ratio_interval(inside, np.ones(inside.size), rows.groups, level)
    return Estimate(share, *ends, level, inside.size, rows.described("Wilson"))
