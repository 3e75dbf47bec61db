"""The metrics of a purchase model: what each is called and held against, and all in one call."""

__all__ = ["METRICS", "Metric", "evaluate"]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.probability import brier, ece, log_loss
from patron.metrics.ranking import average_precision, lift_at, roc_auc
from patron.metrics.threshold import f1, precision, recall


@dataclass(frozen=True, slots=True)
class Metric:
    """What the report needs to know about a metric.

    Parameters
    ----------
    name : its key in `results.json`.
    title : what it says, in plain words.
    reference : what somebody without a model scores, from the share of positives; None where that
        depends on more.
    reference_title : who that somebody is.
    greater_is_better : the direction of an improvement.
    needs_threshold : whether it judges decisions at a threshold.
    low, high : the range of the value.
    """

    name: str
    title: str
    reference: Callable[[float], float] | None = None
    reference_title: str = ""
    greater_is_better: bool = True
    needs_threshold: bool = False
    low: float = 0.0
    high: float = 1.0


def _entropy(rate: float) -> float:
    return sum(-share * math.log(share) for share in (rate, 1 - rate) if share > 0)


_RANDOM = "a random order"
_BASE = "the base rate for everyone"
_EVERYONE = "calling everyone a buyer"

_TABLE = (
    Metric("roc_auc", "how well it ranks customers (ROC-AUC)", lambda _: 0.5, _RANDOM),
    Metric(
        "average_precision",
        "how pure the top of the ranking is (average precision)",
        lambda rate: rate,
        _RANDOM,
    ),
    Metric(
        "log_loss",
        "how good the probabilities are (log loss)",
        _entropy,
        _BASE,
        greater_is_better=False,
        high=math.inf,
    ),
    Metric(
        "brier",
        "how far the probabilities are from what happened (Brier score)",
        lambda rate: rate * (1 - rate),
        _BASE,
        greater_is_better=False,
    ),
    Metric(
        "ece",
        "how far the probabilities are off on average (calibration error)",
        lambda _: 0.0,
        "the true probabilities",
        greater_is_better=False,
    ),
    Metric(
        "f1",
        "balance of precision and recall (F1)",
        lambda rate: 2 * rate / (1 + rate),
        _EVERYONE,
        needs_threshold=True,
    ),
    Metric(
        "precision",
        "share of those called buyers who buy (precision)",
        lambda rate: rate,
        _EVERYONE,
        needs_threshold=True,
    ),
    Metric("recall", "share of the buyers who are called so (recall)", needs_threshold=True),
    Metric(
        "lift_at_10",
        "buyers among the top 10 %, against a random 10 % (lift)",
        lambda _: 1.0,
        _RANDOM,
        high=10.0,
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _TABLE}


def evaluate(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Every metric of `METRICS`, by name, in that order.

    >>> list(evaluate([0, 1, 0, 1], [0.2, 0.7, 0.4, 0.6], threshold=0.5)) == list(METRICS)
    True
    """
    return {
        "roc_auc": roc_auc(y, p, level=level, groups=groups),
        "average_precision": average_precision(y, p, level=level, groups=groups),
        "log_loss": log_loss(y, p, level=level, groups=groups),
        "brier": brier(y, p, level=level, groups=groups),
        "ece": ece(y, p, level=level, groups=groups, seed=seed),
        "f1": f1(y, p, threshold=threshold, level=level, groups=groups),
        "precision": precision(y, p, threshold=threshold, level=level, groups=groups),
        "recall": recall(y, p, threshold=threshold, level=level, groups=groups),
        "lift_at_10": lift_at(y, p, level=level, groups=groups),
    }
