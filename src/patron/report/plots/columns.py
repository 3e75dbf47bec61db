"""Columns in small pictures: the target, each column's distribution with the share of buyers, effects."""

__all__ = ["buyers_of_100", "effect", "effect_reach", "feature", "hundreds", "sparkline", "target"]

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from patron.report.numbers import count, known, of_100, percent, short
from patron.report.plots.base import SMALL, Picture, picture
from patron.report.svg import Drawing, Panel, Scale, fit, text_width

MOST_LABELS = 8
Column = Mapping[str, Any]


def target(found: Mapping[str, Any]) -> Picture:
    """How many customers bought, did not, or have no label, as one bar."""
    counts = found["counts"]
    parts = [
        ("buyers", "buyers", counts["positive"]),
        ("others", "others", counts["negative"]),
        ("unlabelled", "unlabelled", counts["unlabelled"]),
    ]
    labelled, total = counts["positive"] + counts["negative"], sum(n for _, _, n in parts)
    rate = counts["positive"] / labelled if labelled else 0.0
    title = f"{of_100(rate)} customers are buyers" + (
        f"; {count(counts['unlabelled'])} have no label and teach nothing"
        if counts["unlabelled"]
        else ""
    )

    def draw(width: float) -> Drawing:
        sheet, at, last = Drawing(width, 64), 0.0, 0.0
        for name, css, n in parts:
            if not n:
                continue
            wide = width * n / max(total, 1)
            sheet.rect(at, 26, wide - 1.5, 26, f"{css} solid", tip=f"{name}: {count(n)}")
            words = f"{name} {count(n)} ({percent(n / max(total, 1))})"
            room = text_width(words)
            start = min(max(at, last), width - room)
            sheet.text(max(start, 0), 17, words, f"{css}-name")
            last, at = start + room + 10, at + wide
        return sheet

    subtitle = f"{found['name']}: a buyer has the value {found['positive']}, the others {found['negative']}."
    return picture("target", title, subtitle, draw)


def feature(column: Column, base: float | None) -> Picture:
    """The share of buyers over a column's values, above how many customers have them."""
    if column["distribution"]["kind"] == "category":
        return _category_feature(column, base)
    return _numeric_feature(column, base)


def effect(found: Mapping[str, Any], reach: tuple[float, float]) -> Picture:
    """How the predicted chance moves with one column; `reach` is the same for all of them."""
    title = _effect_title(found)
    categories = found["kind"] == "category"
    xs: Sequence[float] = range(len(found["labels"])) if categories else found["x"]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 200)
        log = not categories and _stretched(xs)
        domain = (-0.5, len(xs) - 0.5) if categories else _wide((min(xs), max(xs)))
        panel = Panel(
            sheet,
            Scale(*domain, 40, width - 10, "log" if log else "linear"),
            Scale(*reach, 138, 14),
        )
        panel.y_axis(show=_points)
        sheet.line(40, panel.y(0), width - 10, panel.y(0), "ref")
        if categories:
            for x, y in zip(xs, found["effect"], strict=True):
                sheet.line(panel.x(x), panel.y(0), panel.x(x), panel.y(y), "model whisker")
                sheet.mark(
                    panel.x(x),
                    panel.y(y),
                    "model dot",
                    tip=f"{found['labels'][int(x)]}: {_points(y)} points",
                )
            _category_labels(sheet, panel, found["labels"], 170)
        else:
            panel.curve(xs, found["effect"], "model line")
            floor = Panel(sheet, panel.x, Scale(panel.y.start, panel.y.start + 1, 168, 167))
            floor.x_axis(about=4)
        counts = Panel(sheet, panel.x, Scale(0, max(found["n"]) or 1, 168, 146))
        _strip(counts, xs, found["n"])
        return sheet

    return picture(f"effect-{found['column']}", title, found["column"], draw, width=SMALL)


def effect_reach(effects: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """One vertical scale for all effects, so that their sizes compare at a glance."""
    every = [y for found in effects for y in found["effect"]]
    return fit(min(every, default=-1.0), max(every, default=1.0), zero=True)


def sparkline(column: Column) -> str:
    """A column's distribution at the size of a word, for tables."""
    found = column["distribution"]
    if not found or not sum(found["counts"]):
        return ""
    heights = _densities(found)
    sheet = Drawing(96, 22)
    panel = Panel(sheet, Scale(0, len(heights), 0, 96), Scale(0, max(heights), 21, 2))
    panel.steps(list(range(len(heights) + 1)), heights, "spark")
    return sheet.render(f"Distribution of {column['name']}", "spark-box")


def hundreds(share: float, css: str) -> str:
    """A hundred dots, as many of them filled as there are buyers among a hundred customers."""
    filled = round(100 * share)
    sheet = Drawing(119, 119)
    for i in range(100):
        row, place = divmod(i, 10)
        sheet.mark(5.5 + 12 * place, 5.5 + 12 * row, css if i < filled else "nobody", r=4.4)
    return sheet.render(f"{of_100(share)} bought", "hundred")


def buyers_of_100(purchase: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """Who, their share of buyers, and a drawing: everybody, the best tenth, the lower half."""
    table, curve = purchase["confusion"], purchase["curves"]["gains"]
    base = (table["true_positive"] + table["false_negative"]) / max(sum(table.values()), 1)
    groups = [("of all customers", base)]
    for at, name in ((0.1, "of the best-scored tenth"), (0.5, "of the lower half")):
        point = min(curve, key=lambda p: abs(p["contacted"] - at), default=None)
        if point and 0 < point["contacted"] < 1:
            inside = base * point["captured"] / point["contacted"]
            outside = base * (1 - point["captured"]) / (1 - point["contacted"])
            groups.append((name, min(inside if at == 0.1 else outside, 1.0)))
    return [(name, share, hundreds(share, "buyers solid")) for name, share in groups]


def _numeric_feature(column: Column, base: float | None) -> Picture:
    found, rates = column["distribution"], column["rates"]
    edges = found["edges"]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 200)
        x = Scale(
            *_wide((edges[0], edges[-1])), 40, width - 10, "log" if found["log"] else "linear"
        )
        middles = [_middle(x, a, b) for a, b in pairwise(edges)]
        if rates:
            _rates_panel(sheet, x, middles, rates, base)
        heights = _densities(found)
        bars = Panel(sheet, x, Scale(0, max(heights) or 1, 168, 138 if rates else 24))
        bars.bars(edges, heights, "bar")
        bars.x_axis(about=4)
        return sheet

    labels = [f"{short(a)} to {short(b)}" for a, b in pairwise(edges)]
    title = _rates_title(labels, rates, ordered=True)
    return picture(f"feature-{column['name']}", title, column["name"], draw, width=SMALL)


def _category_feature(column: Column, base: float | None) -> Picture:
    found = column["distribution"]
    order = sorted(range(len(found["labels"])), key=lambda i: -found["counts"][i])[:MOST_LABELS]
    labels = [found["labels"][i] for i in order]
    rates = [column["rates"][i] for i in order] if column["rates"] else None

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 200)
        x = Scale(-0.5, len(order) - 0.5, 40, width - 10)
        if rates:
            _rates_panel(sheet, x, [x(i) for i in range(len(order))], rates, base)
        counts = [found["counts"][i] for i in order]
        bars = Panel(sheet, x, Scale(0, max(counts, default=0) or 1, 168, 138 if rates else 24))
        for i, n in enumerate(counts):
            bars.bars([i - 0.36, i + 0.36], [n], "bar")
        sheet.line(x.start, 168, x.end, 168, "axis")
        _category_labels(sheet, bars, labels, 184)
        return sheet

    title = _rates_title(labels, rates, ordered=False)
    return picture(f"feature-{column['name']}", title, column["name"], draw, width=SMALL)


def _rates_panel(
    sheet: Drawing,
    x: Scale,
    middles: Sequence[float],
    rates: Sequence[Mapping[str, Any]],
    base: float | None,
) -> None:
    seen = [r for r in rates if known(r["value"])]
    top = min(fit(0, max((r["high"] for r in seen), default=1.0), zero=True, about=3)[1], 1.0)
    panel = Panel(sheet, x, Scale(0, top, 122, 12))
    panel.y_axis(show=percent, about=3)
    if base is not None:
        sheet.line(x.start, panel.y(base), x.end, panel.y(base), "ref")
    for middle, rate in zip(middles, rates, strict=True):
        if known(rate["value"]):
            sheet.line(
                middle, panel.y(rate["low"]), middle, panel.y(rate["high"]), "buyers whisker"
            )
            tip = f"{percent(rate['value'])} of {count(rate['n'])} bought"
            sheet.mark(middle, panel.y(rate["value"]), "buyers dot", r=3.6, tip=tip)


def _rates_title(
    labels: Sequence[str], rates: Sequence[Mapping[str, Any]] | None, *, ordered: bool
) -> str:
    """The finding: a rise or fall from end to end, else the clearest pair, else none."""
    seen = [(label, r) for label, r in zip(labels, rates or [], strict=False) if known(r["value"])]
    if len(seen) < 2:
        return "How its values are spread"
    (first_at, first), (last_at, last) = seen[0], seen[-1]
    if ordered and (first["low"] > last["high"] or first["high"] < last["low"]):
        way = "Fewer" if first["value"] > last["value"] else "More"
        return f"{way} buyers as it grows: {of_100(first['value'])} at {first_at}, {of_100(last['value'])} at {last_at}"
    most_at, most = max(seen, key=lambda pair: pair[1]["value"])
    least_at, least = min(seen, key=lambda pair: pair[1]["value"])
    if most["low"] > least["high"]:
        return f"Most buyers at {most_at}: {of_100(most['value'])}; fewest at {least_at}: {of_100(least['value'])}"
    return "No difference in buyers beyond noise"


def _effect_title(found: Mapping[str, Any]) -> str:
    weight = found["importance"]
    if known(weight["low"]) and weight["low"] <= 0:
        return "No effect beyond noise"
    names = found["labels"] if found["kind"] == "category" else [short(x) for x in found["x"]]
    high = max(range(len(names)), key=found["effect"].__getitem__)
    low = min(range(len(names)), key=found["effect"].__getitem__)
    return f"From {names[low]} to {names[high]} the chance rises by {short(found['effect'][high] - found['effect'][low], 2)} points"


def _densities(found: Mapping[str, Any]) -> list[float]:
    """Bar heights: count by width where bins are unequal, so that the area is the count."""
    counts = [float(n) for n in found["counts"]]
    if found["kind"] == "category":
        return counts
    edges = found["edges"]
    x = Scale(edges[0], edges[-1], 0, 1, "log" if found["log"] else "linear")
    return [n / max(x(b) - x(a), 1e-9) for n, (a, b) in zip(counts, pairwise(edges), strict=True)]


def _strip(panel: Panel, xs: Sequence[float], n: Sequence[float]) -> None:
    for x, here in zip(xs, n, strict=True):
        at = panel.x(x)
        panel.sheet.line(at, panel.y(0), at, panel.y(here), "bar-line")


def _category_labels(sheet: Drawing, panel: Panel, labels: Sequence[str], y: float) -> None:
    """Labels under their marks; in two rows by turns where one row is too narrow."""
    room = (panel.x.end - panel.x.start) / max(len(labels), 1)
    turns = max(text_width(label, 11) for label in labels) > room
    letters = max(int(room * (2 if turns else 1) / text_width("x", 11)), 2)
    for i, label in enumerate(labels):
        words = label if len(label) <= letters else label[: letters - 1] + "…"
        sheet.text(
            panel.x(i), y + (13 if turns and i % 2 else 0), words, "tick small", anchor="middle"
        )


def _stretched(xs: Sequence[float]) -> bool:
    """Whether a log scale shows the values better: the upper half spans most of the range."""
    low, middle, high = min(xs), sorted(xs)[len(xs) // 2], max(xs)
    return low >= 0 and high > 0 and (high - middle) > 8 * (middle - low) > 0


def _middle(x: Scale, a: float, b: float) -> float:
    return (x(a) + x(b)) / 2


def _wide(domain: tuple[float, float]) -> tuple[float, float]:
    low, high = domain
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _points(value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{short(abs(value), 2)}"
