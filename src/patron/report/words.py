"""What each metric is called: plain words first, the term in brackets."""

__all__ = [
    "METRICS",
    "MONEY",
    "SECTIONS",
    "SEVERITIES",
    "Metric",
    "MoneyMetric",
    "is_floor",
    "read_whole",
    "reading",
]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's plain name, its term, and which way is better (None: neither)."""

    plain: str
    term: str
    better: str | None


METRICS = {
    "roc_auc": Metric("How well it ranks buyers above others", "ROC-AUC", "higher"),
    "average_precision": Metric(
        "How pure the list is from the top down", "average precision", "higher"
    ),
    "lift_at_10": Metric(
        "Buyers in the best-scored tenth, times the average", "lift at 10 %", "higher"
    ),
    "log_loss": Metric("How surprised the chances were by what happened", "log loss", "lower"),
    "brier": Metric("Squared distance of the chances from what happened", "Brier score", "lower"),
    "ece": Metric(
        "How far stated chances are from observed shares", "calibration error, ECE", "lower"
    ),
    "threshold": Metric("Score from which a customer counts as a buyer", "threshold", None),
    "precision": Metric("Share of those flagged who bought", "precision", "higher"),
    "recall": Metric("Share of the buyers who were flagged", "recall", "higher"),
    "f1": Metric("The two before in one number", "F1", "higher"),
}


@dataclass(frozen=True, slots=True)
class MoneyMetric:
    """A metric of amounts: its names, what a forecast must be to score best, and its unit.

    `better` says which way is good; `unit` is "money", "share", or "" for a plain number.
    """

    plain: str
    term: str
    rewards: str
    better: str
    unit: str = ""


_MEAN, _ORDER = "the mean", "the order"

MONEY = {
    "r2": MoneyMetric("Share of the differences in spend explained", "R²", _MEAN, "higher"),
    "r2_top_20": MoneyMetric(
        "The same among the fifth who spent most", "R², top 20 %", _MEAN, "higher"
    ),
    "r2_within_top_20": MoneyMetric(
        "Within that fifth, against their own average", "R² within top 20 %", _MEAN, "higher"
    ),
    "rmse": MoneyMetric("Miss of the mean, large ones count most", "RMSE", _MEAN, "lower", "money"),
    "bias_total": MoneyMetric("How far the total is off", "bias", _MEAN, "near 0", "share"),
    "mae": MoneyMetric("Miss of the median, on average", "MAE", "the median", "lower", "money"),
    "rmsle": MoneyMetric("Miss in proportion", "RMSLE", "the mean of the logarithm", "lower"),
    "spearman": MoneyMetric("How well all customers are ordered", "Spearman", _ORDER, "higher"),
    "normalized_gini": MoneyMetric(
        "How much of the best order, in money, is found", "normalised Gini", _ORDER, "higher"
    ),
    "top_10_capture": MoneyMetric(
        "Spend held by the tenth forecast highest", "top-10 % capture", _ORDER, "higher", "share"
    ),
    "top_20_capture": MoneyMetric(
        "Spend held by the fifth forecast highest", "top-20 % capture", _ORDER, "higher", "share"
    ),
    "crps": MoneyMetric(
        "Distance of the distributions from what was spent",
        "CRPS",
        "the whole distribution",
        "lower",
        "money",
    ),
    **{
        f"coverage_{level}": MoneyMetric(
            f"Customers within their range of {level} %",
            "coverage",
            "the interval",
            f"near {level} %",
            "share",
        )
        for level in (80, 90, 95)
    },
    **{
        f"width_{level}": MoneyMetric(
            f"Mean width of the ranges of {level} %", "width", "the interval", "lower", "money"
        )
        for level in (80, 90, 95)
    },
    "zero_roc_auc": MoneyMetric(
        "How well it ranks who spends at all", "ROC-AUC", "the chance of zero", "higher"
    ),
    "zero_brier": MoneyMetric(
        "Squared distance of that chance", "Brier score", "the chance of zero", "lower"
    ),
}

SEVERITIES = ("serious", "warning", "note")

SECTIONS = {
    "purchase": "Who will buy",
    "spend": "What they will spend",
    "campaign": "Whom a contact moves",
    "segments": "Who they are",
    "decision": "Whom to contact",
    "budget": "How to split the budget",
    "comparison": "Supervised and unsupervised, compared",
}


def is_floor(candidate: Mapping[str, Any]) -> bool:
    """Whether a candidate is a simple rule that every model has to beat."""
    return bool(candidate["floor"])


def read_whole(candidate: Mapping[str, Any]) -> bool:
    """Whether a person can look at all that a candidate does, not only at its reasons."""
    readability = candidate.get("readability")
    return readability is not None and readability < 2


def reading(readability: float | None) -> str:
    """What it takes to read a candidate; halves are blends of two.

    >>> reading(1), reading(2.5)
    ('curves and tables of two columns', 'two models at once, one of trees')
    """
    if readability is None:
        return "a simple rule"
    words = _READING[min(int(readability), 2)]
    if math.floor(readability) == readability:
        return words[0]
    return f"two models at once, {words[1]}"


_READING = (
    ("one curve a column", "both of curves"),
    ("curves and tables of two columns", "one with tables of two columns"),
    ("trees: reasons, but no whole picture", "one of trees"),
)
