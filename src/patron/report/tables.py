"""dict -> rows of the page's tables, every cell already written as text."""

__all__ = ["candidate_rows", "column_rows", "evidence_rows", "metric_rows"]

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patron.report.numbers import (
    MISSING,
    count,
    differ,
    interval,
    known,
    percent,
    seconds,
    short,
    these,
)
from patron.report.plots import sparkline
from patron.report.words import METRICS

Row = dict[str, Any]


def metric_rows(
    purchase: Mapping[str, Any],
    agreement: Callable[[Mapping[str, Any] | None, Mapping[str, Any]], str],
) -> list[Row]:
    """One row a metric: cross-validated beside the holdout's, and whether they agree."""
    return [
        {
            "metric": metric,
            "inside": interval(purchase["cross_validated"].get(name)),
            "outside": interval(purchase[name]),
            "agreement": agreement(purchase["cross_validated"].get(name), purchase[name]),
            "method": purchase[name]["method"],
        }
        for name, metric in METRICS.items()
        if purchase.get(name)
    ]


def candidate_rows(candidates: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a candidate, in the order given (best first); best values and their ties marked."""
    best_auc = max(candidates, key=lambda c: c["roc_auc"]["value"])["roc_auc"]
    best_loss = min(candidates, key=lambda c: c["log_loss"]["value"])["log_loss"]
    return [
        {
            "title": c["title"],
            "chosen": c["chosen"],
            "auc": interval(c["roc_auc"]),
            "auc_best": c["roc_auc"] is best_auc or differ(c["roc_auc"], best_auc) is False,
            "loss": interval(c["log_loss"]),
            "loss_best": c["log_loss"] is best_loss or differ(c["log_loss"], best_loss) is False,
            "gain": interval(c["log_loss_gain"]),
            "auc_holdout": interval(c["holdout"]["roc_auc"]),
            "loss_holdout": interval(c["holdout"]["log_loss"]),
            "seconds": seconds(c["seconds"]),
            "cpu_seconds": seconds(c["cpu_seconds"]),
        }
        for c in candidates
    ]


def column_rows(columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a column: role and reason, what is missing, how its values and the buyers spread."""
    return [
        {
            "name": c["name"],
            "role": str(c["role"]).replace("_", " "),
            "because": c["because"],
            "used": c["used"],
            "missing": percent(c["missing_share"]),
            "distinct": count(c["distinct"]),
            "spark": sparkline(c),
            "rates": _range(c["rates"]),
        }
        for c in columns
    ]


def evidence_rows(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A finding's evidence as names and numbers, in the order the check gave them."""
    return [(name.replace("_", " "), _value(name, value)) for name, value in evidence.items()]


def _value(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        if {"value", "low", "high"} <= value.keys():
            return interval(value)
        return (
            "; ".join(f"{key}: {_value(str(key), inner)}" for key, inner in value.items())
            or MISSING
        )
    if isinstance(value, (list, tuple)):
        return these([_value(name, inner) for inner in value], at_most=6) if value else MISSING
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return {True: "yes", False: "no", None: MISSING}.get(value, str(value))
    if "share" in name and 0 <= value <= 1:
        return percent(value)
    return count(value) if isinstance(value, int) else short(value)


def _range(rates: Sequence[Mapping[str, Any]] | None) -> str:
    seen = [r["value"] for r in rates or [] if known(r["value"])]
    return f"{percent(min(seen))} to {percent(max(seen))}" if seen else MISSING
