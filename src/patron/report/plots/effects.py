"""How the predicted chance moves with one column."""

__all__ = ["effect", "effect_reach"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import beyond_zero, known, short
from patron.report.plots.base import SMALL, Picture, picture
from patron.report.plots.small import (
    FLOOR,
    LEFT,
    MOST_ROWS,
    TALL,
    category_rows,
    row_room,
    wide_enough,
)
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel

FEW = 3
Effect = Mapping[str, Any]
Reach = tuple[float, float]


def effect(found: Effect, reach: Reach) -> Picture:
    """Change of the chance in points; `reach` is the scale that all effects share."""
    draw = _numeric
    if found["kind"] == "category":
        draw = _category
    elif len(found["x"]) <= FEW:
        draw, found = _category, {**found, "labels": [short(x) for x in found["x"]]}
    return picture(
        f"effect-{found['column']}",
        _title(found),
        found["column"],
        lambda width: draw(found, reach, width),
        width=SMALL,
    )


def effect_reach(effects: Sequence[Effect]) -> Reach:
    """One scale for all effects, so that their sizes compare at a glance.

    A band may widen it by half; what reaches beyond is cut, or one rare value would flatten all.
    """
    every = [y for found in effects for y in found["effect"]]
    low, high = min(every, default=-1.0), max(every, default=1.0)
    ends = [y for found in effects for band in _band(found) or () for y in band]
    room = (max(high, 0.0) - min(low, 0.0)) / 4
    low = min(low, max(min(ends, default=low), low - room))
    high = max(high, min(max(ends, default=high), high + room))
    return fit(low, high, zero=True, about=4)


def _numeric(found: Effect, reach: Reach, width: float) -> Drawing:
    sheet, xs = Drawing(width, TALL), found["x"]
    kind = "log" if _stretched(xs) else "linear"
    x = Scale(*wide_enough(min(xs), max(xs)), LEFT, width - 10, kind)
    panel = Panel(sheet, x, Scale(*reach, 130, 12))
    panel.y_axis(show=_points)
    band = _band(found)
    if band:
        panel.band(xs, _cut(band[0], reach), _cut(band[1], reach), "model band")
    sheet.line(x.start, panel.y(0), x.end, panel.y(0), "ref")
    panel.curve(xs, found["effect"], "model line")
    for at, points in zip(xs, found["effect"], strict=True):
        tip = f"{short(at)}: {_points(points)} points"
        sheet.mark(x(at), panel.y(points), "model dot", r=2.2, tip=tip)
    _counts_at(sheet, x, xs, found["n"])
    return sheet


def _counts_at(sheet: Drawing, x: Scale, xs: Sequence[float], counts: Sequence[int]) -> None:
    """How many customers stand for each point of the curve."""
    y = Scale(0, max(counts, default=0) or 1, FLOOR, FLOOR - 26)
    for at, n in zip(xs, counts, strict=True):
        sheet.rect(x(at) - 2.5, y(n), 5, y(0) - y(n), "bar")
    Panel(sheet, x, y).x_axis(about=4)


def _category(found: Effect, reach: Reach, width: float) -> Drawing:
    sheet = Drawing(width, TALL)
    labels = [str(label) for label in found["labels"][:MOST_ROWS]]
    effects, counts = found["effect"][:MOST_ROWS], found["n"][:MOST_ROWS]
    left, right = row_room(sheet, labels)
    x = Scale(*reach, left, right - 14)

    band = _band(found)
    starts, ends = (_cut(each, reach) for each in band) if band else ([0.0] * len(effects), effects)

    def mark(i: int, y: float) -> None:
        sheet.line(x(starts[i]), y, x(ends[i]), y, "model whisker")
        tip = f"{labels[i]}: {_points(effects[i])} points"
        sheet.mark(x(effects[i]), y, "model dot", r=3.6, tip=tip)

    category_rows(sheet, labels, counts, x, mark, show=_points)
    sheet.line(x(0), 4, x(0), 8 + min(24.0, 160 / len(labels)) * len(labels), "ref")
    return sheet


def _title(found: Effect) -> str:
    if not beyond_zero(found["importance"]):
        return "It does not matter beyond noise"
    category = found["kind"] == "category"
    names = found["labels"] if category else [short(x) for x in found["x"]]
    high = max(range(len(names)), key=found["effect"].__getitem__)
    low = min(range(len(names)), key=found["effect"].__getitem__)
    band = _band(found)
    if band and band[0][high] <= band[1][low]:
        return "No difference between its values beyond noise"
    points = short(found["effect"][high] - found["effect"][low], 2)
    return f"Highest chance at {names[high]}, lowest at {names[low]}: {points} points apart"


def _band(found: Effect) -> tuple[Sequence[float], Sequence[float]] | None:
    """The ends of the interval at each point; None where any is missing."""
    low, high = found.get("low"), found.get("high")
    if not low or not high or not all(map(known, [*low, *high])):
        return None
    return low, high


def _cut(ends: Sequence[float], reach: Reach) -> list[float]:
    return [min(max(end, reach[0]), reach[1]) for end in ends]


def _stretched(xs: Sequence[float]) -> bool:
    """Whether a log scale shows the values better: the upper half spans most of the range."""
    low, middle, high = min(xs), sorted(xs)[len(xs) // 2], max(xs)
    return low >= 0 and high > 20 and high - middle > 6 * (middle - low)


def _points(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{short(abs(value), 2)}"
