"""The metrics of a spend model: what each is called and rewards, and all in one call."""

__all__ = ["MONEY_METRICS", "MoneyMetric", "evaluate_money"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.coverage import coverage, width
from patron.metrics.inputs import Vector, measured
from patron.metrics.money import bias_total, mae, r2, rmse, rmsle
from patron.metrics.money import crps as crps_of
from patron.metrics.money_curves import money_shape
from patron.metrics.money_parts import undefined
from patron.metrics.money_ranking import (
    normalized_gini,
    r2_top,
    r2_within_top,
    spearman,
    top_capture,
)
from patron.metrics.probability import brier
from patron.metrics.ranking import roc_auc

MEAN, MEDIAN, ORDER = "the mean", "the median", "the order"
WHOLE, INTERVAL, ZERO = "the whole distribution", "the interval", "the probability of no spend"


@dataclass(frozen=True, slots=True)
class MoneyMetric:
    """What the report needs to know about a metric of amounts.

    Parameters
    ----------
    name : its key in `results.json`.
    title : what it says, in plain words.
    rewards : which functional of the predictive distribution scores best.
    reference : what somebody without a model scores, from the amounts; None where there is nothing
        to compare with.
    reference_title : who that somebody is.
    greater_is_better : the direction of an improvement; None where it is to be near the reference.
    unit : "money", "share", or "" for a plain number.
    """

    name: str
    title: str
    rewards: str
    reference: Callable[[Vector], float] | None = None
    reference_title: str = ""
    greater_is_better: bool | None = True
    unit: str = ""


def _always(value: float) -> Callable[[Vector], float]:
    return lambda _: value


def _absolute(y: Vector) -> float:
    return float(np.abs(y - y.mean()).mean())


def _logarithmic(y: Vector) -> float:
    return float(np.sqrt(((np.log1p(y) - np.log1p(y.mean())) ** 2).mean()))


def _difference(y: Vector) -> float:
    """Half the mean distance of two rows' amounts."""
    return float(y.mean()) * (money_shape(y)["gini"] or 0.0)


def _within_top(y: Vector) -> float:
    return r2_within_top(y, np.full(y.size, y.mean())).value


def _idle(y: Vector) -> float:
    share = float((y > 0).mean())
    return share * (1 - share)


_PLAIN = "the plain mean for everyone"
_RANDOM = "a random order"
_TABLE = (
    MoneyMetric("r2", "share of the spread explained (R²)", MEAN, _always(0.0), _PLAIN),
    MoneyMetric(
        "mae",
        "how far the median is off on average (MAE)",
        MEDIAN,
        _absolute,
        _PLAIN,
        greater_is_better=False,
        unit="money",
    ),
    MoneyMetric(
        "rmse",
        "how far the mean is off, large errors counting more (RMSE)",
        MEAN,
        lambda y: float(y.std()),
        _PLAIN,
        greater_is_better=False,
        unit="money",
    ),
    MoneyMetric(
        "rmsle",
        "how far it is off in proportion (RMSLE)",
        "the mean of the logarithm",
        _logarithmic,
        _PLAIN,
        greater_is_better=False,
    ),
    MoneyMetric(
        "spearman",
        "how well the order of all customers is met (Spearman)",
        ORDER,
        _always(0.0),
        _RANDOM,
    ),
    MoneyMetric(
        "normalized_gini",
        "how much of the spend's concentration the order finds (normalised Gini)",
        ORDER,
        _always(0.0),
        _RANDOM,
    ),
    MoneyMetric(
        "top_10_capture",
        "share of all spend held by the 10 % predicted highest",
        ORDER,
        _always(0.1),
        _RANDOM,
        unit="share",
    ),
    MoneyMetric(
        "top_20_capture",
        "share of all spend held by the 20 % predicted highest",
        ORDER,
        _always(0.2),
        _RANDOM,
        unit="share",
    ),
    MoneyMetric(
        "r2_top_20",
        "R² among the 20 % who spent most, against everybody's average",
        MEAN,
        _always(0.0),
        _PLAIN,
    ),
    MoneyMetric(
        "r2_within_top_20",
        "R² among the 20 % who spent most, against their own average",
        MEAN,
        _within_top,
        _PLAIN,
    ),
    MoneyMetric(
        "bias_total",
        "how far the predicted total is from the observed one",
        MEAN,
        _always(0.0),
        "the observed total",
        greater_is_better=None,
        unit="share",
    ),
    MoneyMetric(
        "crps",
        "how far the whole distribution is off (CRPS)",
        WHOLE,
        _difference,
        "everybody's spend as the distribution of each",
        greater_is_better=False,
        unit="money",
    ),
    *(
        MoneyMetric(
            f"coverage_{percent}",
            f"share of customers within their interval of {percent} %",
            INTERVAL,
            _always(percent / 100),
            "what it claims",
            greater_is_better=None,
            unit="share",
        )
        for percent in (80, 90, 95)
    ),
    *(
        MoneyMetric(
            f"width_{percent}",
            f"mean width of the intervals of {percent} %",
            INTERVAL,
            greater_is_better=False,
            unit="money",
        )
        for percent in (80, 90, 95)
    ),
    MoneyMetric(
        "zero_roc_auc",
        "how well it ranks who spends at all (ROC-AUC)",
        ZERO,
        _always(0.5),
        _RANDOM,
    ),
    MoneyMetric(
        "zero_brier",
        "how far the probabilities of spending are off (Brier score)",
        ZERO,
        _idle,
        "the share of spenders for everyone",
        greater_is_better=False,
    ),
)
MONEY_METRICS: Mapping[str, MoneyMetric] = {metric.name: metric for metric in _TABLE}


def evaluate_money(
    y: ArrayLike,
    *,
    mean: ArrayLike,
    median: ArrayLike,
    crps: ArrayLike,
    zero_probability: ArrayLike,
    bounds: Mapping[int, tuple[ArrayLike, ArrayLike]],
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> dict[str, Estimate]:
    """Every metric of `MONEY_METRICS`, by name, in that order.

    Parameters
    ----------
    y : amounts of 0 or more.
    mean, median : of each row's predictive distribution. The mean is what the order is made by.
    crps : the score of each row.
    zero_probability : of each row, the probability that y is 0.
    bounds : the low and high ends of the rows' intervals, by what they claim to hold in percent.

    A metric that these rows give no value to is NaN, and its method says why.
    """
    given: dict[str, Any] = {"level": level, "groups": groups}
    rows = measured(y, mean, groups, spend=True)
    found = {
        "r2": r2(y, mean, **given),
        "mae": mae(y, median, **given),
        "rmse": rmse(y, mean, **given),
        "rmsle": rmsle(y, mean, **given),
        "spearman": spearman(y, mean, **given),
        "normalized_gini": normalized_gini(y, mean, **given),
        "top_10_capture": top_capture(y, mean, 0.1, **given),
        "top_20_capture": top_capture(y, mean, 0.2, **given),
        "r2_top_20": r2_top(y, mean, 0.2, **given),
        "r2_within_top_20": r2_within_top(y, mean, 0.2, **given),
        "bias_total": bias_total(y, mean, **given),
        "crps": crps_of(crps, **given),
    }
    for percent, (low, high) in sorted(bounds.items()):
        found[f"coverage_{percent}"] = coverage(y, low, high, **given)
    for percent, (low, high) in sorted(bounds.items()):
        found[f"width_{percent}"] = width(low, high, **given)
    spends = rows.y > 0
    spending = 1 - measured(y, zero_probability).p
    if spends.all() or not spends.any():
        because = f"{'all' if spends.all() else 'none'} of the rows have spend"
        found["zero_roc_auc"] = undefined(rows, level, because)
    else:
        found["zero_roc_auc"] = roc_auc(spends, spending, **given)
    found["zero_brier"] = brier(spends, spending, **given)
    return found
