"""dict -> rows of the tables on spend, every cell already written as text."""

__all__ = [
    "best_rows",
    "made_rows",
    "money_metric",
    "range_rows",
    "spend_candidate_rows",
    "spend_metric_rows",
    "worst_rows",
]

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patron.report.cash import cash, cash_interval
from patron.report.numbers import (
    MISSING,
    beyond_zero,
    date,
    interval,
    known,
    percent,
    seconds,
    short,
)
from patron.report.words import MONEY, reading

Row = dict[str, Any]
Estimate = Mapping[str, Any]
Agreement = Callable[[Estimate | None, Estimate], str]


def money_metric(name: str, estimate: Estimate | None) -> str:
    """A metric with its interval in its own unit."""
    unit = MONEY[name].unit
    if estimate is None or not known(estimate["value"]):
        return MISSING
    if unit == "money":
        return cash_interval(estimate)
    if unit == "share":
        low, high = estimate["low"], estimate["high"]
        ends = ""
        if known(low) and known(high):
            ends = f" [{_points(low)}, {_points(high)}]"
        return f"{_points(estimate['value'])}\N{NO-BREAK SPACE}%{ends}"
    return interval(estimate)


def spend_metric_rows(spend: Mapping[str, Any], agreement: Agreement) -> list[Row]:
    """One row a metric: what it rewards, the holdout's beside the cross-validated."""
    rows = []
    for name, metric in MONEY.items():
        outside, inside = spend.get(name), spend["cross_validated"].get(name)
        if outside is None:
            continue
        rows.append(
            {
                "metric": metric,
                "outside": money_metric(name, outside),
                "inside": money_metric(name, inside),
                "agreement": agreement(inside, outside),
                "method": outside["method"],
            }
        )
    return rows


def spend_candidate_rows(candidates: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a candidate, in the order given; bold: the best and what ties with it, paired."""
    return [
        {
            "title": c["title"],
            "chosen": c["chosen"],
            "floor": c["floor"],
            "reading": c.get("reads_as") or reading(c.get("readability")),
            "crps": cash_interval(c["crps"]),
            "best": c["chosen"] or _ties(c["ahead"]),
            "ahead": MISSING if c["chosen"] else cash_interval(c["ahead"]),
            "r2": interval(c["r2"]),
            "mae": cash(c["mae"]["value"]),
            "bias": _signed_percent(c["bias_total"]["value"]),
            "crps_holdout": cash(_held(c, "crps")),
            "r2_holdout": _plain(_held(c, "r2")),
            "mae_holdout": cash(_held(c, "mae")),
            "bias_holdout": _signed_percent(_held(c, "bias_total")),
            "cpu": seconds(c["cpu_seconds"]),
            "scoring": seconds(c.get("scoring_seconds")),
        }
        for c in candidates
    ]


def range_rows(levels: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a level: what it promises, what it holds, how wide it is."""
    return [
        {
            "level": percent(each["level"]),
            "coverage": money_metric("coverage_80", each["coverage"]),
            "width": cash_interval(each["width"]),
            "median": cash_interval(each["median_width"]),
            "one_sided": percent(each["one_sided_share"]),
        }
        for each in levels
    ]


def worst_rows(worst: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The largest misses, each a customer by a short hash."""
    return [
        {
            "customer": each["customer"],
            "as_of": date(each["as_of"]) if each.get("as_of") else "",
            "observed": cash(each["observed"]),
            "expected": cash(each["expected"]),
            "error": ("+" if (each["error"] or 0) > 0 else "") + cash(each["error"]),
            "median": cash(each["median"]),
            "range": f"{cash(each['low'])} to {cash(each['high'])}",
            "zero": percent(each["zero_probability"]),
        }
        for each in worst
    ]


def made_rows(made: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The features that were made: what for, what each gains, and whether it was kept."""
    return [
        {
            "name": each["name"],
            "formula": each["formula"],
            "because": each["because"],
            "gain": cash_interval(each["gain"]),
            "kept": each["kept"],
        }
        for each in made
    ]


def best_rows(spend: Mapping[str, Any]) -> list[Row]:
    """The model beside the world's truth on the same rows, metric by metric."""
    best = spend.get("best_possible") or {}
    return [
        {
            "metric": metric,
            "model": money_metric(name, spend[name]),
            "truth": money_metric(name, best[name]),
            "ratio": _ratio(spend[name]["value"], best[name]["value"]),
        }
        for name, metric in MONEY.items()
        if spend.get(name) and best.get(name)
    ]


def _ratio(model: float | None, truth: float | None) -> str:
    if model is None or truth is None or not known(model) or not known(truth) or truth <= 0:
        return MISSING
    return f"{model / truth:.3f}".replace("-", "−")


def _ties(ahead: Estimate | None) -> bool:
    return ahead is not None and known(ahead["low"]) and not beyond_zero(ahead)


def _held(c: Mapping[str, Any], name: str) -> float | None:
    found = (c.get("holdout") or {}).get(name)
    return found["value"] if isinstance(found, Mapping) else found


def _plain(value: float | None) -> str:
    return MISSING if value is None or not known(value) else _points(value / 100, 2)


def _points(share: float, decimals: int = 1) -> str:
    written = f"{100 * share:.{decimals}f}"
    return (written if written.strip("-0.") else written.lstrip("-")).replace("-", "−")


def _signed_percent(share: float | None) -> str:
    if share is None or not known(share):
        return MISSING
    written = short(round(abs(share) * 100, 2), 2)
    sign = "" if written == "0" else "+" if share > 0 else "−"
    return f"{sign}{written}\N{NO-BREAK SPACE}%"
