"""The data of the pictures of money: how it is spread, and what was promised against what came."""

__all__ = ["deciles", "money_gains", "money_shape"]

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patron.errors import DataError
from patron.estimate import Estimate
from patron.metrics.inputs import Rows, Vector, measured, ranked
from patron.metrics.money_parts import of_ratio
from patron.metrics.money_ranking import Cut, midranks
from patron.metrics.probability import equal_mass_bins

BINS = 40
STEPS = 50
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
FEWEST = 10  # amounts above the last threshold of the mean excess


def money_shape(y: ArrayLike) -> dict[str, Any]:
    """How spend is spread over rows: its zeros, its tail, and who holds how much of it.

    n, zeros     rows, and rows without spend
    mean, median, max, quantiles     of all rows; quantiles by their share as text ("0.9")
    histogram_raw, histogram_log     40 bins: all rows from 0 to the largest, and rows with spend by
                 the decimal logarithm
    lorenz       the share of spend that the poorest share of customers holds
    mean_excess  of rows with spend, mean(y - t) among those above t, at rising thresholds t. It
                 falls for tails lighter than an exponential's, and rises in a straight line for a
                 Pareto tail, whose shape is slope / (1 + slope). At least 10 rows are above each
    top_1_share, gini     the share of the 1 % that spend most; the area between the diagonal and
                 the Lorenz curve, doubled: 0 if all spend alike, 1 if one spends all

    What has no value is None, or an empty list: where nothing was spent, there is no share of it.
    Source: Davison and Smith (1990) for the mean excess.

    >>> shape = money_shape([0, 0, 10, 30])
    >>> shape["zeros"], shape["quantiles"]["0.75"], round(shape["gini"], 3)
    (2, 15.0, 0.625)
    """
    rows = measured(y, y, spend=True)
    y = np.sort(rows.y)
    most, spent = float(y[-1]), y[y > 0]
    quantiles = np.quantile(y, QUANTILES).tolist()
    counts, edges = np.histogram(y, BINS, (0.0, most or 1.0))
    return {
        "n": y.size,
        "zeros": y.size - spent.size,
        "mean": _mean(y),
        "median": float(np.median(y)),
        "max": most,
        "quantiles": dict(zip(map(str, QUANTILES), quantiles, strict=True)),
        "histogram_raw": {"edges": edges.tolist(), "counts": counts.tolist()},
        "histogram_log": _of_logarithms(spent),
        "lorenz": _lorenz(y),
        "mean_excess": _mean_excess(spent),
        "top_1_share": _held(y / most, 0.01) if most else None,
        "gini": _gini(y / most) if most else None,
    }


def deciles(
    y: ArrayLike,
    mean: ArrayLike,
    sd: ArrayLike | None = None,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Predicted and observed money by tenths of the rows in the order of the prediction.

    Each dict has `decile` (10 has the highest predictions), `n`, `predicted` and `observed` (the
    means; the second an Estimate's fields), `total_predicted` and `total_observed`. With `sd`, the
    standard deviation of each row's predictive distribution, also `low` and `high`: between them
    the observed mean lies in `level` of samples if the distributions are right and rows
    independent (normal approximation). Rows with an equal prediction stay together; a decile that
    they swallow is absent.
    The interval of `observed` is by the jackknife on the log scale; none where nobody spent, where
    one or two rows carry the mean, or where there is one row. It covers 95 % of capped spend for a
    level of 95 %, with 50 rows in a decile, and 92 % of spend without a cap in reach.
    Assumes that rows (entities) are independent.
    """
    rows = measured(y, mean, groups, spend=True)
    spread = None if sd is None else measured(y, sd).p
    if spread is not None and (below := int((spread < 0).sum())):
        raise DataError(f"standard deviations must be 0 or more; {below} of {spread.size} are not")
    codes, firsts = equal_mass_bins(rows.p, 10), np.sort(rows.p)[np.arange(10) * rows.p.size // 10]
    found = []
    for each in range(int(codes.max()) + 1):
        at = np.flatnonzero(codes == each)
        part = rows.at(at)
        predicted = _mean(part.p)
        row: dict[str, Any] = {
            "decile": int(np.searchsorted(firsts, part.p.max(), side="right")),
            "n": at.size,
            "predicted": predicted,
            "observed": _observed(part, level).to_dict(),
            "total_predicted": predicted * at.size,
            "total_observed": _mean(part.y) * at.size,
        }
        if spread is not None:
            reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(at.size) * _root(spread[at])
            row |= {"low": predicted - reach / at.size, "high": predicted + reach / at.size}
        found.append(row)
    return found


def money_gains(y: ArrayLike, mean: ArrayLike) -> dict[str, list[float | None]]:
    """The share of all spend captured by contacting the top 0, 2, … 100 %; see `top_capture`.

    `oracle` is what the order of the amounts themselves would capture. Both are None where nothing
    was spent.
    """
    rows = measured(y, mean, spend=True)
    contacted = np.linspace(0, 1, STEPS + 1)
    if not rows.y.any():
        nothing: list[float | None] = [None] * contacted.size
        return {"contacted": contacted.tolist(), "captured": nothing, "oracle": list(nothing)}
    amounts = rows.y / rows.y.max()
    return {
        "contacted": contacted.tolist(),
        "captured": _gained(Rows(amounts, rows.p, None), contacted),
        "oracle": _gained(Rows(amounts, amounts, None), contacted),
    }


def _gained(rows: Rows, contacted: Vector) -> list[float | None]:
    at = ranked(rows)
    caught = np.interp(contacted * rows.y.size, np.r_[0, at.reached], np.r_[0, at.caught])
    return (caught / at.caught[-1]).tolist()


def _of_logarithms(spent: Vector) -> dict[str, list[float]]:
    if spent.size == 0:
        return {"edges": [], "counts": []}
    counts, edges = np.histogram(np.log10(spent), BINS)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _lorenz(y: Vector) -> dict[str, list[float]]:
    """The cumulated share of spend, of rows in rising order."""
    if not y[-1]:
        return {"customers": [], "spend": []}
    customers = np.linspace(0, 1, 2 * STEPS + 1)
    held = np.r_[0.0, (y / y[-1]).cumsum()]
    spend = np.interp(customers * y.size, np.arange(held.size), held / held[-1])
    return {"customers": customers.tolist(), "spend": spend.tolist()}


def _mean_excess(spent: Vector) -> dict[str, list[float]]:
    """Of sorted amounts above 0: the mean of what is above each threshold."""
    found: dict[str, list[float]] = {"threshold": [], "excess": [], "n": []}
    if spent.size < FEWEST:
        return found
    thresholds = np.quantile(spent, np.r_[np.arange(0, 1, 0.05), 0.97, 0.98, 0.99, 0.995])
    for threshold in np.unique(np.r_[0.0, thresholds]):
        above = spent[spent > threshold]
        if above.size >= FEWEST:
            found["threshold"].append(float(threshold))
            found["excess"].append(_mean(above - threshold))
            found["n"].append(above.size)
    return found


def _held(y: Vector, share: float) -> float:
    return float(Cut.of(y, share).above @ y / y.sum())


def _gini(y: Vector) -> float:
    return 2 * midranks(y).covariance(y)[0] / float(y.mean())


def _observed(part: Rows, level: float) -> Estimate:
    value, n = _mean(part.y), part.y.size
    if value == 0:
        return Estimate(0.0, math.nan, math.nan, level, n, "no interval: nobody spent")
    unit = float(part.y.max())
    return of_ratio(
        part,
        (part.y / unit, np.ones(n)),
        lambda total, n: total / n,
        lambda mean: unit * mean,
        level,
        "mean of amounts, jackknife",
    )


def _root(spread: Vector) -> float:
    """The root mean square."""
    unit = float(spread.max()) or 1.0
    return unit * math.sqrt(float(((spread / unit) ** 2).mean()))


def _mean(values: Vector) -> float:
    """The mean, of huge values too, whose sum would overflow."""
    unit = float(np.abs(values).max()) or 1.0
    return unit * float((values / unit).mean())
