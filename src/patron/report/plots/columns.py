"""The target, and each column's distribution with the share of buyers over it."""

__all__ = ["feature", "sparkline", "target"]

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from patron.report.numbers import count, known, of_100, percent, short
from patron.report.plots.base import SMALL, Picture, picture
from patron.report.plots.small import (
    LEFT,
    MOST_ROWS,
    TALL,
    category_rows,
    counts_below,
    row_room,
    wide_enough,
)
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel, text_width

FEW = 3
Column = Mapping[str, Any]
Rates = Sequence[Mapping[str, Any]]


def target(found: Mapping[str, Any]) -> Picture:
    """How many customers bought, did not, or have no label, as one bar."""
    counts = found["counts"]
    positive, negative, unlabelled = (counts[key] for key in ("positive", "negative", "unlabelled"))
    parts = [
        (name, n)
        for name, n in (("buyers", positive), ("others", negative), ("unlabelled", unlabelled))
        if n
    ]
    total = max(sum(n for _, n in parts), 1)

    def draw(width: float) -> Drawing:
        sheet, at, last = Drawing(width, 62), 0.0, 0.0
        for name, n in parts:
            wide = width * n / total
            sheet.rect(at, 28, wide - 1.5, 26, f"{name} solid", tip=f"{name}: {count(n)}")
            words = f"{name} {count(n)} ({percent(n / total)})"
            room = text_width(words)
            start = max(min(max(at, last), width - room), 0.0)
            sheet.text(start, 19, words, f"{name}-name")
            last, at = start + room + 10, at + wide
        return sheet

    rate = positive / max(positive + negative, 1)
    unknown = f"; {count(unlabelled)} have no answer yet" if unlabelled else ""
    return picture(
        "target",
        f"{of_100(rate)} customers are buyers{unknown}",
        f"{found['name']}: a buyer has the value {found['positive']}, "
        f"the others {found['negative']}.",
        draw,
    )


def feature(column: Column, base: float | None) -> Picture:
    """The share of buyers over a column's values, and how many customers have them."""
    found = column["distribution"]
    if found["kind"] == "numeric":
        names = _bin_names(found["edges"])
        if len(names) > FEW:
            return _numeric(column, found, column["rates"], base)
        found = {"labels": names, "counts": found["counts"]}
    return _category(column, found, column["rates"], base)


def sparkline(column: Column) -> str:
    """A column's distribution at the size of a word, for tables."""
    found = column["distribution"]
    if not found or not sum(found["counts"]):
        return ""
    sheet = Drawing(96, 22)
    counts = found["counts"]
    panel = Panel(sheet, Scale(0, len(counts), 0, 96), Scale(0, max(counts), 21, 2))
    panel.outline(list(range(len(counts) + 1)), counts, "spark")
    return sheet.render(f"Distribution of {column['name']}", "spark-box")


def _numeric(
    column: Column, found: Mapping[str, Any], rates: Rates | None, base: float | None
) -> Picture:
    edges = found["edges"]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, TALL if rates else 90)
        kind = "log" if found["log"] else "linear"
        x = Scale(*wide_enough(edges[0], edges[-1]), LEFT, width - 10, kind)
        if rates:
            panel = Panel(sheet, x, Scale(*_rates_domain(rates), 124, 12))
            panel.y_axis(show=percent, about=3)
            if base is not None:
                sheet.line(x.start, panel.y(base), x.end, panel.y(base), "ref")
            for (a, b), rate in zip(pairwise(edges), rates, strict=True):
                if known(rate["value"]):
                    at = (x(a) + x(b)) / 2
                    sheet.line(
                        at, panel.y(rate["low"]), at, panel.y(rate["high"]), "buyers whisker"
                    )
                    sheet.mark(at, panel.y(rate["value"]), "buyers dot", r=3.4, tip=_tip(rate))
        alone: dict[str, float] = {} if rates else {"floor": 66, "tall": 60}
        counts_below(sheet, x, edges, found["counts"], **alone)
        return sheet

    title = _title(_bin_names(edges), rates, ordered=True)
    return picture(f"feature-{column['name']}", title, column["name"], draw, width=SMALL)


def _category(
    column: Column, found: Mapping[str, Any], rates: Rates | None, base: float | None
) -> Picture:
    order = sorted(range(len(found["labels"])), key=lambda i: -found["counts"][i])[:MOST_ROWS]
    labels = [str(found["labels"][i]) for i in order]
    counts = [found["counts"][i] for i in order]
    shown = [rates[i] for i in order] if rates else None

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, TALL)
        left, right = row_room(sheet, labels)
        x = Scale(*_rates_domain(shown), left, right - 14) if shown else None

        def mark(i: int, y: float) -> None:
            if x and shown and known(shown[i]["value"]):
                sheet.line(x(shown[i]["low"]), y, x(shown[i]["high"]), y, "buyers whisker")
                sheet.mark(x(shown[i]["value"]), y, "buyers dot", r=3.6, tip=_tip(shown[i]))

        category_rows(sheet, labels, counts, x, mark, show=percent)
        if x and base is not None:
            sheet.line(x(base), 4, x(base), 8 + min(24.0, 160 / len(labels)) * len(labels), "ref")
        return sheet

    title = _title(labels, shown, ordered=False)
    return picture(f"feature-{column['name']}", title, column["name"], draw, width=SMALL)


def _rates_domain(rates: Rates) -> tuple[float, float]:
    highest = max((r["high"] for r in rates if known(r["value"])), default=1.0)
    return 0.0, min(fit(0, highest, zero=True, about=3)[1], 1.0)


def _tip(rate: Mapping[str, Any]) -> str:
    return f"{percent(rate['value'])} of {count(rate['n'])} bought"


def _bin_names(edges: Sequence[float]) -> list[str]:
    """What a bin holds: "3" where it stands for one whole number, else from where to where."""
    if all(b - a == 1 and a % 1 == 0.5 for a, b in pairwise(edges)):
        return [short(a + 0.5) for a in edges[:-1]]
    return [f"{short(a, 2)} to {short(b, 2)}" for a, b in pairwise(edges)]


def _title(names: Sequence[str], rates: Rates | None, *, ordered: bool) -> str:
    """The finding: a rise or fall from end to end, else the clearest pair, else none."""
    seen = [(name, r) for name, r in zip(names, rates or (), strict=False) if known(r["value"])]
    if len(seen) < 2:
        return "How its values are spread"
    most_at, most = max(seen, key=lambda pair: pair[1]["value"])
    least_at, least = min(seen, key=lambda pair: pair[1]["value"])
    if most["low"] <= least["high"]:
        return "No difference in buyers beyond noise"
    (first_at, first), (last_at, last) = seen[0], seen[-1]
    higher, lower = sorted((first, last), key=lambda r: -r["value"])
    ends_apart = higher["low"] > lower["high"]
    humped = most["low"] > higher["high"] or least["high"] < lower["low"]
    if ordered and ends_apart and not humped:
        way = "Fewer" if first is higher else "More"
        return (
            f"{way} buyers as it grows: {of_100(first['value'])} at {first_at}, "
            f"{of_100(last['value'])} at {last_at}"
        )
    return (
        f"Most buyers at {most_at}: {of_100(most['value'])}; "
        f"fewest at {least_at}: {of_100(least['value'])}"
    )
