"""How good the scores are: ROC, precision and recall, calibration, gains, and the scores themselves."""

__all__ = [
    "calibration",
    "calibration_misses",
    "gains",
    "misses_allowed",
    "precision_recall",
    "roc",
    "scores",
]

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from patron.report.numbers import interval, known, of_100, percent, short
from patron.report.plots.base import PAIR, Picture, frame, picture
from patron.report.svg import Drawing, Panel, Scale, fit

Purchase = Mapping[str, Any]
HEIGHT = 380.0


def roc(purchase: Purchase) -> Picture:
    """Share of buyers found against share of others disturbed, threshold by threshold."""
    area, curve = purchase["roc_auc"], purchase["curves"]["roc"]
    if known(area["low"]) and area["low"] <= 0.5:
        title = "Beyond noise, the score does not put buyers above others"
    else:
        title = f"Of a buyer and another customer, the buyer has the higher score {of_100(area['value'])} times"
    tp, fp, fn, tn = _confusion(purchase)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("buyers found", show=percent)
        panel.x_axis("others flagged with them", show=percent)
        panel.band(curve["x"], [0] * len(curve["x"]), curve["y"], "area")
        panel.diagonal(1, "chance")
        panel.curve(curve["x"], curve["y"], "model line")
        sheet.text(panel.x(0.96), panel.y(0.06), f"area {interval(area)}", "value", anchor="end")
        if tp + fn and fp + tn:
            _threshold_mark(panel, fp / (fp + tn), tp / (tp + fn), below=True)
        return sheet

    subtitle = "ROC on the holdout: as the threshold falls, how many buyers are found and how many others with them."
    return picture("roc", title, subtitle, draw, width=PAIR)


def precision_recall(purchase: Purchase) -> Picture:
    """How many of those flagged buy, against how many of the buyers are flagged."""
    curve, average = purchase["curves"]["precision_recall"], purchase["average_precision"]
    tp, fp, fn, tn = _confusion(purchase)
    base = (tp + fn) / max(tp + fp + fn + tn, 1)
    if tp + fp and tp + fn:
        title = f"At the threshold, {of_100(tp / (tp + fp))} flagged customers bought, and {of_100(tp / (tp + fn))} buyers were flagged"
    else:
        title = "At the threshold no customer is flagged"

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("those flagged who bought (precision)", show=percent)
        panel.x_axis("buyers found (recall)", show=percent)
        panel.level(base, f"everybody flagged: {percent(base)}")
        panel.curve(curve["x"], curve["y"], "model line")
        sheet.text(
            panel.x(0.98), panel.y(0.94), f"average {interval(average)}", "value", anchor="end"
        )
        if tp + fp and tp + fn:
            _threshold_mark(panel, tp / (tp + fn), tp / (tp + fp), below=False)
        return sheet

    subtitle = "Precision and recall on the holdout; chance would stay at the grey line."
    return picture("precision-recall", title, subtitle, draw, width=PAIR)


def calibration(purchase: Purchase) -> Picture:
    """Predicted chance against observed share, with the scores' histogram below."""
    points = [p for p in purchase["curves"]["calibration"] if known(p["observed"])]
    scores = purchase["curves"]["scores"]
    top = (
        fit(0, max(max(p["predicted"], p["high"]) for p in points), zero=True)[1] if points else 1.0
    )
    top = min(top, 1.0)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT + 50)
        panel = frame(sheet, (0, top), (0, top), bottom=116)
        panel.y_axis("bought", show=percent)
        panel.x_axis(show=percent)
        panel.diagonal(top, "perfect calibration", at=0.7)
        for p in points:
            panel.whisker(p["predicted"], p["low"], p["high"], "model whisker")
        for p in points:
            tip = f"score about {percent(p['predicted'])}: {percent(p['observed'])} of {p['n']:,} bought"
            sheet.mark(panel.x(p["predicted"]), panel.y(p["observed"]), "model dot", tip=tip)
        counts = [a + b for a, b in zip(scores["positive"], scores["negative"], strict=True)]
        _histogram_below(sheet, panel, scores["edges"], counts)
        return sheet

    subtitle = (
        "Customers of the holdout in groups of like score: mean score, share that bought with its 95 % interval. "
        "Below: how many have each score."
    )
    return picture("calibration", _calibration_title(points), subtitle, draw, width=PAIR)


def calibration_misses(points: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
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


def gains(purchase: Purchase) -> Picture:
    """Share of buyers reached against share of customers contacted, best scores first."""
    curve = purchase["curves"]["gains"]
    at = min(curve, key=lambda p: abs(p["contacted"] - 0.1))
    title = (
        f"Contacting the best {of_100(at['contacted'])} customers finds {of_100(at['captured'])} buyers"
        if curve
        else "Gains"
    )

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT + 50)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("buyers found", show=percent)
        panel.x_axis("customers contacted, best scores first", show=percent)
        panel.diagonal(1, "contacted at random")
        xs = [p["contacted"] for p in curve]
        panel.band(xs, [p["low"] for p in curve], [p["high"] for p in curve], "model band")
        panel.curve(xs, [p["captured"] for p in curve], "model line")
        x, y = panel.x(at["contacted"]), panel.y(at["captured"])
        sheet.line(x, panel.y(0), x, y, "guide")
        sheet.line(panel.x(0), y, x, y, "guide")
        sheet.mark(x, y, "model dot", r=5)
        label = f"{percent(at['captured'])} [{short(100 * at['low'])}, {short(100 * at['high'])}]"
        sheet.text(x + 11, y + 13, label, "value halo")
        return sheet

    subtitle = "Gains on the holdout; the band is the 95 % interval."
    return picture("gains", title, subtitle, draw, width=PAIR)


def scores(purchase: Purchase) -> Picture:
    """The scores of buyers and of others, each as a share of its own group."""
    found = purchase["curves"]["scores"]
    threshold = purchase["threshold"]["value"]
    shares = {who: _shares(found[who]) for who in ("negative", "positive")}
    middles = {who: _median(found["edges"], shares[who]) for who in shares}
    title = f"Half of the buyers score above {percent(middles['positive'])}, half of the others below {percent(middles['negative'])}"
    top = max(max(heights) for heights in shares.values())
    last = (
        max(i for heights in shares.values() for i, h in enumerate(heights) if h > 0) if top else 0
    )
    reach = fit(0, found["edges"][last + 1], zero=True)[1]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 300)
        panel = frame(sheet, (0, reach), (0, fit(0, top, zero=True)[1]))
        panel.y_axis("share of each group", show=percent)
        panel.x_axis("score (chance to buy)", show=percent)
        edges = found["edges"][: last + 2]
        for who, css, name in (("negative", "others", "others"), ("positive", "buyers", "buyers")):
            heights = shares[who][: last + 1]
            panel.steps(edges, heights, f"{css} fill")
            _name_peak(panel, edges, heights, f"{css}-name", name, away=who == "positive")
        if known(threshold):
            x = panel.x(threshold)
            sheet.line(x, panel.y.start, x, panel.y.end, "ref")
            sheet.text(x + 6, panel.y.end + 10, f"threshold {short(threshold, 2)}", "ref-name halo")
        return sheet

    subtitle = (
        "Scores on the holdout, buyers and others each as 100 %. The less they overlap, the better."
    )
    return picture("scores", title, subtitle, draw)


def _calibration_title(points: Sequence[Mapping[str, Any]]) -> str:
    below, above = calibration_misses(points)
    groups = len(points)
    if not groups:
        return "Too few customers to compare scores with what happened"
    if below + above <= misses_allowed(groups):
        return f"Scores can be read as chances: they agree with what happened in {groups - below - above} of {groups} groups"
    way = "too high" if above >= below else "too low"
    return f"Scores are {way} in {max(above, below)} of {groups} groups: read them as an order, not as chances"


def _threshold_mark(panel: Panel, x: float, y: float, *, below: bool) -> None:
    panel.sheet.mark(panel.x(x), panel.y(y), "model dot", r=5)
    dy = 18 if below else -8
    panel.sheet.text(panel.x(x) + 9, panel.y(y) + dy, "at the threshold", "value halo")


def _histogram_below(
    sheet: Drawing, above: Panel, edges: Sequence[float], counts: Sequence[int]
) -> None:
    inside = [
        (pair, n) for pair, n in zip(pairwise(edges), counts, strict=True) if pair[0] < above.x.high
    ]
    floor = sheet.height - 46
    panel = Panel(
        sheet, above.x, Scale(0, max((n for _, n in inside), default=0) or 1, floor, floor - 38)
    )
    for (left, right), n in inside:
        panel.bars([left, min(right, above.x.high)], [n], "bar")
    sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
    sheet.text(
        (panel.x.start + panel.x.end) / 2,
        floor + 22,
        "score (chance to buy)",
        "axis-title",
        anchor="middle",
    )


def _name_peak(
    panel: Panel,
    edges: Sequence[float],
    heights: Sequence[float],
    css: str,
    name: str,
    *,
    away: bool,
) -> None:
    middle = (
        _median(edges, heights)
        if away
        else edges[max(range(len(heights)), key=heights.__getitem__)]
    )
    index = max(i for i, edge in enumerate(edges[:-1]) if edge <= middle)
    right = panel.x(edges[min(index + 1, len(edges) - 1)])
    height = max(heights[index : index + 4]) if away else heights[index] * 0.9
    panel.sheet.text(right + 7, panel.y(height) - (6 if away else 0), name, f"{css} halo")


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [n / total for n in counts]


def _median(edges: Sequence[float], shares: Sequence[float]) -> float:
    total = 0.0
    for (left, right), part in zip(pairwise(edges), shares, strict=True):
        if part and total + part >= 0.5:
            return left + (right - left) * (0.5 - total) / part
        total += part
    return edges[-1]


def _confusion(purchase: Purchase) -> tuple[int, int, int, int]:
    table = purchase["confusion"]
    return tuple(
        table[key] for key in ("true_positive", "false_positive", "false_negative", "true_negative")
    )  # type: ignore[return-value]
