"""Whether forecast distributions are right: residuals, and the spread before and after the log."""

__all__ = ["pit", "residual_fit", "residual_small", "spread_log", "spread_raw", "worm"]

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patron.report.cash import cash
from patron.report.numbers import count, known, short
from patron.report.plots.base import HEIGHT, PAIR, SMALL, Picture, frame, picture
from patron.report.plots.small import FLOOR, LEFT, TALL, wide_enough
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel

Found = Mapping[str, Any]
TENTH = 1.2816
"""A tenth of normal scores lies beyond it on either side."""

SHIFT, WIDER, SURE = 0.1, 0.15, 3.0
"""Residuals are off where the median is off by more than the first, or their spread by more than
the second of itself, and by more than `SURE` standard errors."""


def pit(found: Found) -> Picture:
    """The histogram of the randomised quantile residuals, and what chance leaves of a flat one."""
    edges, counts = found["edges"], found["counts"]
    low, high = found["low"], found["high"]
    top = fit(0, max(*counts, high), zero=True)[1]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (edges[0], edges[-1]), (0, top))
        panel.y_axis("customers")
        panel.x_axis("where in its forecast a customer's spend lies")
        panel.bars(edges, counts, "bar")
        panel.band([edges[0], edges[-1]], [low, low], [high, high], "band")
        for a, b, n in zip(edges, edges[1:], counts, strict=False):
            if not low <= n <= high:
                panel.bars([a, b], [n], "outside")
        words = "what chance leaves of a flat one"
        sheet.text(panel.x.start + 6, panel.y(high) - 6, words, "ref-name halo")
        return sheet

    return picture(
        "spend-pit",
        _pit_title(counts, low, high),
        "Each customer's spend as the share of the forecast distribution below it (PIT, randomised "
        "at amounts of positive chance): flat if the distributions are right.",
        draw,
        width=PAIR,
    )


def worm(found: Found) -> Picture:
    """How far the ordered residuals lie from the normal ones that they should be."""
    xs, ys = found["normal"], found["deviation"]
    outside = [x for x, y, a, b in _worm_points(found) if not a <= y <= b]
    reach = max(0.5, *(abs(y) for y in ys)) * 1.1

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (min(xs), max(xs)), (-reach, reach))
        panel.y_axis("residual less the normal one")
        panel.x_axis("normal score")
        lows, highs = ([min(max(v, -reach), reach) for v in found[k]] for k in ("low", "high"))
        panel.band(xs, lows, highs, "band")
        sheet.line(panel.x.start, panel.y(0), panel.x.end, panel.y(0), "ref")
        for x, y, a, b in _worm_points(found):
            css = "model dot" if a <= y <= b else "flagged dot"
            shape = "circle" if a <= y <= b else "diamond"
            sheet.mark(panel.x(x), panel.y(y), css, r=3.4, shape=shape)
        return sheet

    return picture(
        "spend-worm",
        _worm_title(xs, outside),
        "Worm plot: each residual less where it would lie if the distributions were right; the "
        "band is what chance leaves. Rising: the forecast is too narrow; shifted: too low or high.",
        draw,
        width=PAIR,
    )


def residual_fit(found: Found) -> Picture:
    """Residuals against the forecast mean."""
    return picture(
        "spend-residuals-fitted",
        _against_title(found, "forecasts of", cash),
        "Normal scores of the residuals by forecast: median, and the range of the middle 80 of "
        "100. Dashed: where the three lie if the distributions are right.",
        lambda width: _draw_against(found, width, 300.0, "forecast mean", cash),
    )


def residual_small(found: Found) -> Picture:
    """Residuals against one column."""
    return picture(
        f"spend-residuals-{found['column']}",
        _against_title(found, "", short),
        str(found["column"]),
        lambda width: _draw_against(found, width, TALL, "", short),
        width=SMALL,
    )


def spread_raw(found: Found) -> Picture | None:
    """How the spread of what is left grows with the forecast, in money."""
    return _spread(
        found,
        "spend-spread-raw",
        lambda times: (
            f"In money, what is left spreads {short(times, 2)} times as wide at its widest as at "
            "its narrowest"
        ),
        "Standard deviation of spend less forecast, by tenths of the forecast: if it grows, one "
        "error for all customers is wrong.",
        cash,
        lambda value: value,
    )


def spread_log(found: Found) -> Picture | None:
    """The same after the logarithm, of those who spend."""
    return _spread(
        found,
        "spend-spread-log",
        lambda times: (
            "On the log scale the spread is even"
            if times < 1.3
            else f"On the log scale the spread still differs {short(times, 2)}-fold"
        ),
        "The same for the logarithm of the amount, of those who spend: flat if the logarithm evens "
        "the spread out.",
        short,
        math.exp,
    )


def _spread(
    found: Found,
    name: str,
    title: Callable[[float], str],
    subtitle: str,
    show: Callable[[float], str],
    money: Callable[[float], float],
) -> Picture | None:
    rows = zip(found["fitted"], found["sd"], found["n"], strict=True)
    points = [(money(x), sd, n) for x, sd, n in rows if known(sd)]
    if len(points) < 2:
        return None
    xs, sds = [x for x, *_ in points], [sd for _, sd, _ in points]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT - 60)
        kind = _kind(xs)
        panel = Panel(
            sheet,
            Scale(*_domain(xs, kind), 62, width - 22, kind),
            Scale(*fit(0, max(sds), zero=True), sheet.height - 46, 32),
        )
        panel.y_axis("standard deviation", show=show)
        stretched = "" if kind == "linear" else ", log scale"
        panel.x_axis(f"forecast{stretched}", show=cash, about=4 if width >= PAIR else 3)
        panel.curve(xs, sds, "model line")
        for x, sd, n in points:
            half = 1.96 * sd / math.sqrt(2 * max(n - 1, 1))
            if show is short:  # on the log scale amounts are near normal, so this interval holds
                panel.whisker(x, max(sd - half, 0), min(sd + half, panel.y.high), "model whisker")
            tip = f"forecast {cash(x)}: {show(sd)}, {count(n)} customers"
            sheet.mark(panel.x(x), panel.y(sd), "model dot", tip=tip)
        return sheet

    lowest = min(sds)
    times = max(sds) / lowest if lowest > 0 else math.inf
    told = title(times) if math.isfinite(times) else "Where nothing is forecast, nothing spreads"
    return picture(name, told, subtitle, draw, width=PAIR)


def _draw_against(
    found: Found, width: float, height: float, axis: str, show: Callable[[float], str]
) -> Drawing:
    sheet, xs = Drawing(width, height), found["x"]
    kind = _kind(xs)
    reach = max(2.0, *(abs(v) for v in (*found["low"], *found["high"])))
    floor = height - 46 if axis else FLOOR
    left = 46.0 if axis else LEFT
    panel = Panel(
        sheet,
        Scale(*_domain(xs, kind), left, width - 22, kind),
        Scale(-reach, reach, floor, 32 if axis else 8),
    )
    panel.y_axis("residual (normal score)" if axis else "")
    stretched = "" if kind == "linear" else ", log scale"
    about = 6 if width > PAIR else 4
    panel.x_axis(f"{axis}{stretched}" if axis else "", show=show, about=about)
    for level in (-TENTH, 0.0, TENTH):
        sheet.line(panel.x.start, panel.y(level), panel.x.end, panel.y(level), "ref")
    for place, x in enumerate(xs):
        off = _shifted(found, place) or _widened(found, place)
        css = "flagged" if off else "model"
        panel.whisker(x, found["low"][place], found["high"][place], f"{css} whisker")
        tip = f"{show(x)}: median {short(found['median'][place], 2)}, {count(found['n'][place])}"
        y = panel.y(found["median"][place])
        shape = "diamond" if off else "circle"
        sheet.mark(panel.x(x), y, f"{css} dot", r=4 if axis else 3, shape=shape, tip=tip)
    return sheet


def _shifted(found: Found, place: int) -> bool:
    error = 1.2533 / math.sqrt(max(found["n"][place], 1))
    return abs(found["median"][place]) > max(SHIFT, SURE * error)


def _widened(found: Found, place: int) -> bool:
    """Whether the middle 80 of 100 are wider or narrower than those of a normal."""
    wide = (found["high"][place] - found["low"][place]) / (2 * TENTH)
    error = 0.87 / math.sqrt(max(found["n"][place], 1))
    return abs(wide - 1) > max(WIDER, SURE * error)


def _against_title(found: Found, what: str, show: Callable[[float], str]) -> str:
    places = range(len(found["x"]))
    shifted = [place for place in places if _shifted(found, place)]
    widened = [place for place in places if _widened(found, place)]
    if not places:
        return "Too few customers to judge"
    if not shifted and not widened:
        return "No pattern: level and spread stay where they should, within noise"
    told = []
    if shifted:
        worst = max(shifted, key=lambda place: abs(found["median"][place]))
        way = "low" if found["median"][worst] > 0 else "high"
        told.append(f"too {way} at {what} {show(found['x'][worst])}".replace("  ", " "))
    if widened:
        worst = max(widened, key=lambda p: abs(found["high"][p] - found["low"][p] - 2 * TENTH))
        narrow = found["high"][worst] - found["low"][worst] > 2 * TENTH
        at = f"{what} {show(found['x'][worst])}".strip()
        told.append(f"too {'narrow' if narrow else 'wide'} at {at}")
    return f"The distributions are {' and '.join(told)}"


def _pit_title(counts: Sequence[float], low: float, high: float) -> str:
    outside = [place for place, n in enumerate(counts) if not low <= n <= high]
    bins = len(counts)
    if not outside:
        return f"The forecast distributions fit: all {bins} bars are within what chance leaves"
    mean, fifth = sum(counts) / bins, max(bins // 5, 1)
    start, end = sum(counts[:fifth]) / fifth, sum(counts[-fifth:]) / fifth
    if start > mean and end > mean:
        way = "too narrow: customers lie at both ends more often than forecast"
    elif start < mean and end < mean:
        way = "too wide: customers lie at the ends less often than forecast"
    elif end > start:
        way = "too low: customers lie at the upper end more often than forecast"
    else:
        way = "too high: customers lie at the lower end more often than forecast"
    return f"The forecast distributions are {way}"


def _worm_points(found: Found) -> list[tuple[float, float, float, float]]:
    keys = ("normal", "deviation", "low", "high")
    return list(zip(*(found[key] for key in keys), strict=True))


def _worm_title(xs: Sequence[float], outside: Sequence[float]) -> str:
    """One point in twenty may lie outside by chance, and neighbours move together."""
    inside = len(xs) - len(outside)
    if len(outside) <= max(0.1 * len(xs), 1):
        return f"Residuals are as they should be: {inside} of {len(xs)} points lie within the band"
    where = "in the middle"
    if min(outside) > 0.5:
        where = f"at the upper end, from {short(min(outside), 2)} on"
    elif max(outside) < -0.5:
        where = f"at the lower end, up to {short(max(outside), 2)}"
    elif min(outside) < -1 and max(outside) > 1:
        where = "at both ends"
    return f"Residuals leave the band {where}: {len(outside)} of {len(xs)} points lie outside"


def _kind(xs: Sequence[float]) -> str:
    """A log scale where values stretch far; one with a place for 0 where they begin there."""
    low, middle, high = min(xs), sorted(xs)[len(xs) // 2], max(xs)
    if low > 0 and high > 20 * low:
        return "log10"
    if low >= 0 and high > 20 and high - middle > 3 * (middle - low):
        return "log"
    return "linear"


def _domain(xs: Sequence[float], kind: str) -> tuple[float, float]:
    low, high = min(xs), max(xs)
    return (low, high) if kind != "linear" else wide_enough(low, high)
