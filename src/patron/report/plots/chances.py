"""Whether a score is a chance: calibration, and how the scores of buyers and others lie."""

__all__ = ["calibration", "calibration_misses", "misses_allowed", "scores"]

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from patron.report.numbers import interval, known, percent, short
from patron.report.plots.base import HEIGHT, PAIR, Picture, frame, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel

Purchase = Mapping[str, Any]
Points = Sequence[Mapping[str, Any]]


def calibration(purchase: Purchase) -> Picture:
    """Predicted chance against observed share, with the scores' histogram below."""
    points = [p for p in purchase["curves"]["calibration"] if known(p["observed"])]
    found = purchase["curves"]["scores"]
    counts = [a + b for a, b in zip(found["positive"], found["negative"], strict=True)]
    reach = max((max(p["predicted"], p["high"]) for p in points), default=1.0)
    top = min(fit(0, reach, zero=True)[1], 1.0)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT + 50)
        panel = frame(sheet, (0, top), (0, top), bottom=116)
        panel.y_axis("bought", show=percent)
        panel.x_axis(show=percent)
        panel.diagonal(top)
        at = top * _room([p["predicted"] / top for p in points])
        x, y = panel.x(at), panel.y(at)
        sheet.line(x + 2, y + 6, x + 9, y + 27, "axis")
        sheet.text(x + 6, y + 40, "perfect calibration", "ref-name halo")
        for p in points:
            panel.whisker(p["predicted"], p["low"], p["high"], "model whisker")
        for p in points:
            tip = f"score {percent(p['predicted'])}: {percent(p['observed'])} of {p['n']:,} bought"
            sheet.mark(panel.x(p["predicted"]), panel.y(p["observed"]), "model dot", tip=tip)
        _histogram_below(sheet, panel, found["edges"], counts)
        return sheet

    return picture(
        "calibration",
        _calibration_title(points),
        "Customers of the holdout in groups of like score: mean score, and the share that bought "
        f"with its interval. Below: how many have each score.{_error_in_words(purchase)}",
        draw,
        width=PAIR,
    )


def _error_in_words(purchase: Purchase) -> str:
    """The calibration error beside what chance alone would show."""
    error, chance = purchase["ece"], purchase.get("ece_by_chance")
    if not chance or not known(chance["value"]) or not known(error["value"]):
        return ""
    told = f" Calibration error (ECE) {error['value']:.4f}; "
    shown = f"scores that are the true chances would show {interval(chance, 4)}"
    if not known(chance["high"]):
        return f"{told}{shown}."
    within = error["value"] <= chance["high"]
    return f"{told}{shown}: {'no more than noise' if within else 'more than noise'}."


def calibration_misses(points: Points) -> tuple[int, int]:
    """In how many groups the mean score lies (below, above) the interval of what was observed."""
    below = sum(p["predicted"] < p["low"] for p in points if known(p["low"]))
    return below, sum(p["predicted"] > p["high"] for p in points if known(p["high"]))


def misses_allowed(groups: int, chance: float = 0.05) -> int:
    """How many of the groups may miss by chance alone, in 95 of 100 cases, if all is well.

    Each 95 % interval misses with chance 0.05, so the misses are binomial.

    >>> misses_allowed(10), misses_allowed(20)
    (2, 3)
    """
    pieces = (
        math.comb(groups, k) * chance**k * (1 - chance) ** (groups - k) for k in range(groups + 1)
    )
    return next((k for k, total in enumerate(accumulate(pieces)) if total >= 0.95), groups)


def scores(purchase: Purchase) -> Picture:
    """The scores of buyers and of others, each as a share of its own group."""
    found = purchase["curves"]["scores"]
    threshold = purchase["threshold"]["value"]
    buyers, others = _shares(found["positive"]), _shares(found["negative"])
    edges = found["edges"]
    last = max(
        (i for i, both in enumerate(zip(buyers, others, strict=True)) if any(both)), default=0
    )
    reach = fit(0, edges[last + 1], zero=True)[1]
    top = fit(0, max(*buyers, *others), zero=True)[1]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 300)
        panel = frame(sheet, (0, reach), (0, top))
        panel.y_axis("share of each group", show=percent)
        panel.x_axis("score (chance to buy)", show=percent)
        for heights, css in ((others, "others"), (buyers, "buyers")):
            panel.steps(edges[: last + 2], heights[: last + 1], css)
        if known(threshold):
            x = panel.x(threshold)
            sheet.line(x, panel.y.start, x, panel.y.end, "ref")
            words = f"threshold {short(threshold, 2)}"
            sheet.text(x + 6, panel.y.end + 10, words, "ref-name halo")
        x, y = _beside_peak(edges, others)
        sheet.text(panel.x(x) + 8, panel.y(y) + 4, "others", "others-name halo")
        x = max(_quantile(edges, buyers, 0.75), threshold or 0.0)
        after = [h for edge, h in zip(edges[1:], buyers, strict=True) if edge >= x]
        y = panel.y(max(after[:6], default=0.0)) - 8
        sheet.text(panel.x(x) + 10, y, "buyers", "buyers-name halo")
        return sheet

    return picture(
        "scores",
        f"Half of the buyers score above {percent(_quantile(edges, buyers, 0.5))}, "
        f"half of the others below {percent(_quantile(edges, others, 0.5))}",
        "Scores on the holdout, buyers and others each as 100 %: the less overlap, the better.",
        draw,
    )


def _calibration_title(points: Points) -> str:
    below, above = calibration_misses(points)
    groups = len(points)
    if not groups:
        return "Too few customers to compare scores with what happened"
    if below + above <= misses_allowed(groups):
        return (
            "Scores can be read as chances: they agree with what happened "
            f"in {groups - below - above} of {groups} groups"
        )
    way = "high" if above >= below else "low"
    return f"Scores are too {way} in {max(above, below)} of {groups} groups: an order, not chances"


def _histogram_below(
    sheet: Drawing, above: Panel, edges: Sequence[float], counts: Sequence[int]
) -> None:
    right = above.x.high
    inside = [
        (a, min(b, right), n)
        for (a, b), n in zip(pairwise(edges), counts, strict=True)
        if a < right
    ]
    floor = sheet.height - 46
    most = max((n for *_, n in inside), default=0) or 1
    panel = Panel(sheet, above.x, Scale(0, most, floor, floor - 38))
    for a, b, n in inside:
        panel.bars([a, b], [n], "bar")
    sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
    middle = (panel.x.start + panel.x.end) / 2
    sheet.text(middle, floor + 22, "score (chance to buy)", "axis-title", anchor="middle")


def _room(taken: Sequence[float]) -> float:
    """The place along a line, between 0.3 and 0.6, that is farthest from what is drawn on it."""
    places = [0.3 + 0.05 * i for i in range(7)]
    return max(places, key=lambda at: min((abs(at - there) for there in taken), default=1.0))


def _beside_peak(edges: Sequence[float], heights: Sequence[float]) -> tuple[float, float]:
    """To the right of a histogram's highest bin, near its top."""
    peak = max(range(len(heights)), key=heights.__getitem__)
    after = peak + 1
    while after < len(heights) and heights[after] > 0.85 * heights[peak]:
        after += 1
    return edges[after], 0.88 * heights[peak]


def _quantile(edges: Sequence[float], shares: Sequence[float], q: float) -> float:
    """The score below which the share `q` lies, taking each bin as even."""
    total = 0.0
    for (left, right), part in zip(pairwise(edges), shares, strict=True):
        if part and total + part >= q:
            return left + (right - left) * (q - total) / part
        total += part
    return edges[-1]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [n / total for n in counts]
