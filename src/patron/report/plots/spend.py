"""What customers spend: raw, on the log scale, who holds how much of it, and how heavy the tail."""

__all__ = ["lorenz", "mean_excess", "spend_log", "spend_raw"]

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from patron.report.cash import cash
from patron.report.numbers import count, known, of_100, percent
from patron.report.plots.base import HEIGHT, PAIR, Picture, frame, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel, text_width

Shape = Mapping[str, Any]
FEWEST = 30
"""The mean of fewer customers than these is not drawn."""


def spend_raw(shape: Shape, target: str) -> Picture:
    """How many customers spend how much, on the scale of money."""
    found, n = shape["histogram_raw"], max(shape["n"], 1)
    edges, shares = found["edges"], [each / n for each in found["counts"]]
    right, top = max(edges[-1], 1e-9), fit(0, max(shares, default=1.0), zero=True)[1]
    cap = _cap(shape)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (min(edges[0], 0.0), right), (0, top), right=22)
        panel.y_axis("customers", show=percent)
        panel.x_axis(f"{target}", show=cash, about=4)
        panel.bars(edges, shares, "bar")
        y = panel.y(top * 0.72)
        for name, value in (("median", shape["median"]), ("mean", shape["mean"])):
            if known(value):
                x = panel.x(value)
                sheet.line(x, panel.y(0), x, y, "guide")
                sheet.text(x + 6, y + 4, f"{name} {cash(value)}", "value halo")
                y += 22
        if cap is not None and panel.x.low <= cap <= panel.x.high:
            x = panel.x(cap)
            sheet.line(x, panel.y(0), x, panel.y(top * 0.2), "ref")
            words = f"cap {cash(cap)}"
            sheet.text(x, panel.y(top * 0.2) - 8, words, "ref-name halo", anchor="end")
        return sheet

    none = f"{of_100(shape['zeros'] / n)} customers spent nothing"
    averages = f"the average is {cash(shape['mean'])}, the median {cash(shape['median'])}"
    return picture(
        "spend-raw",
        f"{none}: {averages}" if shape["zeros"] else averages[:1].upper() + averages[1:],
        f"{target} of {count(shape['n'])} customers, as it is: most of the picture is empty.",
        draw,
        width=PAIR,
    )


def spend_log(shape: Shape, target: str) -> Picture | None:
    """The amounts above zero on the log scale, under a bar of who spends at all."""
    found, n = shape["histogram_log"], max(shape["n"], 1)
    spent = sum(found["counts"])
    if not spent:
        return None
    edges = [10.0**each for each in found["edges"]]
    shares = [each / spent for each in found["counts"]]
    top = fit(0, max(shares), zero=True)[1]
    low, high = (_quantile(found["edges"], shares, q) for q in (0.25, 0.75))
    cap = _cap(shape)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = Panel(
            sheet,
            Scale(edges[0], edges[-1], 46, width - 22, "log10"),
            Scale(0, top, HEIGHT - 46, 92),
        )
        _who_spends(sheet, shape["zeros"], n)
        panel.y_axis("of those who spend", show=percent)
        panel.x_axis(f"{target}, log scale", show=cash, about=4 if width >= PAIR else 3)
        panel.bars(edges, shares, "model bar-fill")
        if cap is not None and edges[0] <= cap <= edges[-1] * 1.001:
            x = panel.x(cap)
            sheet.line(x, panel.y(0), x, panel.y.end, "ref")
            words = f"cap: {count(shape['cap']['rows'])} customers"
            sheet.text(x - 5, panel.y.end + 10, words, "ref-name halo", anchor="end")
        return sheet

    return picture(
        "spend-log",
        f"Of those who spend, half spend between {_about(low)} and {_about(high)}",
        "Above: who spends at all. Below: the amounts above zero on the log scale, where the model "
        "works.",
        draw,
        width=PAIR,
    )


def lorenz(shape: Shape) -> Picture | None:
    """The share of all spend that the least spending customers hold together."""
    curve = shape["lorenz"]
    if not curve["customers"]:
        return None
    tenth = 1 - _at(curve["customers"], curve["spend"], 0.9)
    held = f"the top 10 hold {of_100(tenth)} dollars"
    if known(shape["top_1_share"]):
        held = f"the top 1 of them {of_100(shape['top_1_share'])}"
        held = f"The top 10 of 100 customers hold {of_100(tenth)} dollars, {held}"
    else:
        held = f"Of 100 customers {held}"

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("share of all spend", show=percent)
        panel.x_axis("customers, those who spend least first", show=percent)
        panel.diagonal(1, "if all spent the same", at=0.45)
        xs, ys = curve["customers"], curve["spend"]
        panel.band(xs, ys, xs, "area")
        panel.curve(xs, ys, "model line")
        x, y = panel.x(0.9), panel.y(1 - tenth)
        sheet.line(x, panel.y(0), x, y, "guide")
        sheet.mark(x, y, "model dot", r=5)
        words = f"90 % hold {percent(1 - tenth)}"
        sheet.text(x - 10, y - 6, words, "value halo", anchor="end")
        if known(shape["gini"]):
            words = f"Gini {shape['gini']:.2f}"
            sheet.text(panel.x(0.03), panel.y(0.93), words, "value halo")
        return sheet

    return picture(
        "spend-lorenz",
        held,
        "Lorenz curve: customers from the least to the most spending, and the share of all spend "
        "that they hold together.",
        draw,
        width=PAIR,
    )


def mean_excess(shape: Shape) -> Picture | None:
    """How much more is spent, on average, by those who spend more than a threshold."""
    found = shape["mean_excess"]
    triples = zip(found["threshold"], found["excess"], found["n"], strict=True)
    shown = [(t, e, n) for t, e, n in triples if t > 0 and known(e) and n >= FEWEST]
    if len(shown) < 3:
        return None
    xs, ys = [t for t, *_ in shown], [e for _, e, _ in shown]
    stretched = min(xs) > 0 and max(xs) > 20 * min(xs)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = Panel(
            sheet,
            Scale(min(xs), max(xs), 62, width - 22, "log10" if stretched else "linear"),
            Scale(*fit(0, max(ys), zero=True), HEIGHT - 46, 32),
        )
        panel.y_axis("spent beyond it, on average", show=cash)
        scale = ", log scale" if stretched else ""
        panel.x_axis(f"threshold{scale}", show=cash, about=4 if width >= PAIR else 3)
        panel.curve(xs, ys, "model line")
        for t, e, n in shown:
            tip = f"{count(n)} customers spend more than {cash(t)}: {cash(e)} more on average"
            sheet.mark(panel.x(t), panel.y(e), "model dot", r=3.4, tip=tip)
        return sheet

    return picture(
        "spend-mean-excess",
        _tail_title(xs, ys),
        "Mean excess: of those who spend more than a threshold, how much more. It rises where the "
        f"tail is heavy, and falls near an upper limit. Only where {FEWEST} customers or more are "
        "left.",
        draw,
        width=PAIR,
    )


def _tail_title(xs: Sequence[float], ys: Sequence[float]) -> str:
    peak = max(range(len(ys)), key=ys.__getitem__)
    first, top = ys[0], ys[peak]
    if top < 1.5 * first:
        return f"The tail is light: beyond any amount, {_about(top)} more at most, on average"
    told = f"The tail is heavy: those beyond {_about(xs[peak])} spend {_about(top)} more on average"
    return told + ("; then it ends" if ys[-1] < 0.6 * top else "")


def _about(amount: float) -> str:
    """An amount in two digits, for a title."""
    step = 10.0 ** (math.floor(math.log10(abs(amount))) - 1) if amount else 1.0
    return cash(round(amount / step) * step)


def _who_spends(sheet: Drawing, zeros: int, n: int) -> None:
    """One bar for all customers: those with 0, and the others."""
    at, last = 0.0, 0.0
    for name, many, css in (
        ("spent nothing", zeros, "bar"),
        ("spent", n - zeros, "model bar-fill"),
    ):
        wide = sheet.width * many / n
        sheet.rect(at, 24, max(wide - 1.5, 0.0), 18, css, tip=f"{name}: {count(many)}")
        words = f"{name}: {percent(many / n)}"
        start = max(min(max(at, last), sheet.width - text_width(words)), 0.0)
        sheet.text(start, 16, words, "label")
        last, at = start + text_width(words) + 10, at + wide


def _cap(shape: Shape) -> float | None:
    cap = shape.get("cap")
    return cap["value"] if cap and known(cap["value"]) else None


def _quantile(edges: Sequence[float], shares: Sequence[float], q: float) -> float:
    """The amount below which the share `q` lies, from bins of its logarithm."""
    total = 0.0
    for (left, right), part in zip(pairwise(edges), shares, strict=True):
        if part and total + part >= q:
            return float(10.0 ** (left + (right - left) * (q - total) / part))
        total += part
    return float(10.0 ** edges[-1])


def _at(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The height of a curve at `x`, between its points along a straight line."""
    for (x0, y0), (x1, y1) in pairwise(zip(xs, ys, strict=True)):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y1
    return ys[-1]
