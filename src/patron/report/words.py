"""What each metric is called: plain words first, the term in brackets."""

__all__ = [
    "METRICS",
    "SECTIONS",
    "SEVERITIES",
    "Metric",
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

SEVERITIES = ("serious", "warning", "note")

SECTIONS = {
    "purchase": "Who will buy",
    "spend": "What they will spend",
    "campaign": "Whom a contact moves",
    "segments": "Who they are",
    "decision": "Whom to contact",
    "budget": "How to split the budget",
    "comparison": "Against an earlier model",
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
