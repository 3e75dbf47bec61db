"""A hundred dots: shares of people as people."""

__all__ = ["buyers_of_100", "spend_of_100"]

from collections.abc import Mapping
from typing import Any

from patron.report.numbers import known, of_100
from patron.report.svg import Drawing


def buyers_of_100(purchase: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """Who, the share of them that bought, and a drawing: everybody, the best tenth, the lower half.

    Of a part of the holdout that holds the share c of its buyers and the share a of its
    customers, base rate × c / a bought.
    """
    table = purchase["confusion"]
    base = (table["true_positive"] + table["false_negative"]) / max(sum(table.values()), 1)
    groups = [("of all customers", base)]
    curve = [p for p in purchase["curves"]["gains"] if 0 < p["contacted"] < 1]
    if curve:
        tenth = min(curve, key=lambda p: abs(p["contacted"] - 0.1))
        half = min(curve, key=lambda p: abs(p["contacted"] - 0.5))
        best = base * tenth["captured"] / tenth["contacted"]
        rest = base * (1 - half["captured"]) / (1 - half["contacted"])
        groups += [("of the best-scored tenth", best), ("of the lower half", rest)]
    return [(name, share, _hundred(share, f"{name} bought")) for name, share in groups]


def spend_of_100(spend: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """Who spends at all, what the best tenth holds, and how often a customer's range is right."""
    groups = [("customers spent anything", spend["zero"]["rate"]["value"])]
    groups += [("dollars were the top tenth's by forecast", spend["top_10_capture"]["value"])]
    levels = spend["intervals"]["levels"]
    if levels:
        each = min(levels, key=lambda found: abs(found["level"] - 0.8))
        words = f"ranges of {100 * each['level']:.0f} % held what was spent"
        groups.append((words, each["coverage"]["value"]))
    return [(name, share, _hundred(share, name)) for name, share in groups if known(share)]


def _hundred(share: float, what: str) -> str:
    sheet, filled = Drawing(119, 119), round(100 * share)
    for i in range(100):
        row, place = divmod(i, 10)
        css = "buyers solid" if i < filled else "nobody"
        sheet.mark(5.5 + 12 * place, 5.5 + 12 * row, css, r=4.4)
    return sheet.render(f"{of_100(share)} {what}", "hundred")
