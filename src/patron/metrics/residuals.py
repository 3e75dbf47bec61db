"""Residuals of a predictive distribution, made uniform, and what their pictures need.

Everything but `quantile_residuals` gives sums and quantiles of many rows as plain lists.
"""

__all__ = ["against", "pit_histogram", "quantile_residuals", "spread_by", "worm"]

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patron.errors import DataError
from patron.metrics.inputs import Vector, measured
from patron.metrics.probability import equal_mass_bins

LEVEL = 0.95
WORM_POINTS = 60
# Rounding leaves the two values of a distribution function this far out of their order or range.
ROUNDING = 1e-6
EDGE = 1e-9  # residuals keep this distance from 0 and 1, where the normal score is infinite


def quantile_residuals(below: ArrayLike, upto: ArrayLike, *, seed: int = 0) -> Vector:
    """Randomised quantile residuals: for each row a draw, uniform between P(Y < y) and P(Y <= y).

    They are independent and uniform on (0, 1) if the predictive distributions are right, whatever
    their form; the draw spreads an atom (no spend, or spend at the cap) over the probability that
    the distribution gives it, where a plain F(y) would pile up.
    Assumes distributions fixed before these rows were seen. On rows that the model learned from,
    they look better than they are.
    Source: Dunn and Smyth (1996); Smith (1985).

    >>> quantile_residuals([0.0, 0.7], [0.6, 0.7]).round(3).tolist()
    [0.382, 0.7]
    """
    rows = measured(below, upto)
    low, high = rows.y, rows.p
    wrong = (low < -ROUNDING) | (high > 1 + ROUNDING) | (low > high + ROUNDING)
    if wrong.any():
        raise DataError(
            f"0 <= P(Y < y) <= P(Y <= y) <= 1 must hold; it does not in {int(wrong.sum())} of "
            f"{low.size} rows"
        )
    drawn = low + np.random.default_rng(seed).random(low.size) * (high - low)
    return np.clip(drawn, EDGE, 1 - EDGE)


def pit_histogram(u: ArrayLike, *, bins: int = 20) -> dict[str, Any]:
    """How many residuals fall into each of `bins` equal parts of 0 to 1.

    A right distribution gives a flat histogram; a hump says that predictions are too wide, a valley
    too narrow, a slope that they are too low or too high. `low` and `high` are what chance leaves:
    in 95 % of samples from a right distribution all bins lie within (binomial quantiles, each at
    the level 0.95 ** (1 / bins)).
    Assumes that rows are independent; rows of one customer move together, and may leave the band
    oftener. Source: Gneiting, Balabdaoui and Raftery (2007) for the reading.
    """
    from scipy.special import bdtrik

    values = _uniform(u)
    tail = (1 - LEVEL ** (1 / bins)) / 2
    counts, edges = np.histogram(values, bins, (0.0, 1.0))
    low, high = (float(np.ceil(bdtrik(q, values.size, 1 / bins))) for q in (tail, 1 - tail))
    return {"edges": edges.tolist(), "counts": counts.tolist(), "low": max(low, 0.0), "high": high}


def worm(u: ArrayLike) -> dict[str, list[float]]:
    """The worm plot: how far the ordered normal scores lie from where normal ones would.

    `normal` is where the k-th of n normal values is expected, `deviation` how far above it the k-th
    residual lies, at up to 60 places even on that scale and with both ends. A line that rises says
    that predictions are too narrow, one off 0 that they are shifted, a U or an S that their form is
    wrong. `low` and `high` hold each point by itself in 95 % of samples from a right distribution
    (exact, from the beta distribution of an order statistic), so one point in twenty may be out.
    Assumes that rows are independent. Source: van Buuren and Fredriks (2001).
    """
    from scipy.special import betaincinv, ndtri

    values = np.sort(_uniform(u))
    n = values.size
    expected = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    wanted = np.linspace(expected[0], expected[-1], WORM_POINTS)
    places = np.unique(np.searchsorted(expected, wanted).clip(0, n - 1))
    normal, k = expected[places], places + 1.0
    tail = (1 - LEVEL) / 2
    low, high = (ndtri(betaincinv(k, n + 1 - k, q)) - normal for q in (tail, 1 - tail))
    return {
        "normal": normal.tolist(),
        "deviation": (ndtri(values[places]) - normal).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
    }


def against(u: ArrayLike, x: ArrayLike, *, bins: int = 20) -> dict[str, list[float]]:
    """The normal scores of residuals by bins of `x`: a fitted value, or a feature.

    Up to `bins` bins of equal size by rising x, equal values together: the median of x, the median
    and the 10 % and 90 % points of the scores, and n. A right distribution has 0, -1.28 and 1.28 in
    every bin: a bend in the median says that x is used wrongly, a funnel that the spread depends on
    it. Rows where x is missing are left out.
    """
    from scipy.special import ndtri

    values, by = _uniform(u), np.asarray(x, dtype=np.float64)
    if by.shape != values.shape:
        raise DataError(f"x must have one value for each of {values.size} rows, got {by.shape}")
    known = np.isfinite(by)
    scores, by = ndtri(values[known]), by[known]
    rows: dict[str, list[float]] = {key: [] for key in ("x", "median", "low", "high", "n")}
    for inside in _bins(by, bins):
        low, median, high = np.quantile(scores[inside], [0.1, 0.5, 0.9])
        point = (np.median(by[inside]), median, low, high)
        for key, value in zip(rows, point, strict=False):
            rows[key].append(float(value))
        rows["n"].append(int(inside.sum()))
    return rows


def spread_by(y: ArrayLike, fitted: ArrayLike, *, bins: int = 10) -> dict[str, list[Any]]:
    """The standard deviation of y - fitted by bins of the fitted value: is the spread constant?

    Up to `bins` bins of equal size, equal values together: the mean fitted value, `sd` about the
    mean of the bin (None for a single row), and n. For the log scale, pass log amounts and their
    fit, of rows with spend.
    """
    rows = measured(y, fitted)
    found: dict[str, list[Any]] = {"fitted": [], "sd": [], "n": []}
    for inside in _bins(rows.p, bins):
        off, n = rows.y[inside] - rows.p[inside], int(inside.sum())
        unit = float(np.abs(off).max()) or 1.0  # no square overflows
        found["fitted"].append(float(rows.p[inside].mean()))
        found["sd"].append(unit * float((off / unit).std(ddof=1)) if n > 1 else None)
        found["n"].append(n)
    return found


def _bins(x: Vector, count: int) -> list[np.ndarray[Any, np.dtype[np.bool_]]]:
    """The rows of each bin of equal size by rising x."""
    if x.size == 0:
        return []
    codes = equal_mass_bins(x, count)
    return [codes == each for each in range(int(codes.max()) + 1)]


def _uniform(u: ArrayLike) -> Vector:
    values = measured(u, u).y
    if outside := int(((values <= 0) | (values >= 1)).sum()):
        raise DataError(
            f"residuals must lie between 0 and 1, ends excluded; {outside} of {values.size} do not"
        )
    return values
