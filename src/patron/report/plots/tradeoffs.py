"""What accuracy costs: to read and to run; and whether more rows would buy more of it."""

__all__ = ["frontier", "learning_curve", "on_frontier", "split_optimism"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import beyond_zero, count, interval, known, percent, short
from patron.report.plots.base import HEIGHT, WIDE, Picture, frame, picture
from patron.report.plots.labels import Box, Label, place
from patron.report.plots.ranked import Row, ranked
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel, text_width, wrap
from patron.report.words import is_floor, read_whole, reading

Candidate = Mapping[str, Any]
LEAST_SECONDS = 1e-4
"""Scoring is timed to this; a logarithm needs a number above 0."""

LINE = 15.0
LABEL_WIDTH = 190.0


def frontier(purchase: Mapping[str, Any]) -> Picture | None:
    """Gain over the base rate against the cost of scoring; None with fewer than two candidates."""
    shown = [
        c
        for c in purchase["candidates"]
        if not is_floor(c) and known(c.get("scoring_seconds")) and c["log_loss_gain"]
    ]
    if len(shown) < 2:
        return None
    return picture(
        "frontier",
        _title(shown),
        "Log loss saved against the base rate (cross-validated, with intervals; all on the same "
        "customers, so they move together) by what scoring costs. Circles can be read whole, "
        "diamonds cannot. Line: nothing else is both better and cheaper.",
        lambda width: _frontier(shown, width),
    )


def on_frontier(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other candidate beats in gain at the same cost or less, cheapest first."""
    best: list[Candidate] = []
    for each in sorted(candidates, key=lambda c: (_cost(c), -c["log_loss_gain"]["value"])):
        if not best or each["log_loss_gain"]["value"] > best[-1]["log_loss_gain"]["value"]:
            best.append(each)
    return best


def learning_curve(curve: Mapping[str, Any]) -> Picture | None:
    """ROC-AUC against rows to learn from; None with fewer than two points."""
    points = [p for p in curve["points"] if known(p["roc_auc"]["value"])]
    if len(points) < 2:
        return None
    ends = [
        p["roc_auc"][end]
        for p in points
        for end in ("value", "low", "high")
        if known(p["roc_auc"][end])
    ]
    first, last = points[0]["rows"], points[-1]["rows"]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 300)
        panel = frame(
            sheet, (first * 0.9, last * 1.1), fit(min(ends), max(ends)), left=52, log_x=True
        )
        panel.y_axis("ROC-AUC")
        floor = panel.y.start
        sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
        middle = (panel.x.start + panel.x.end) / 2
        sheet.text(middle, floor + 38, "rows to learn from", "axis-title", anchor="middle")
        xs = [p["rows"] for p in points]
        panel.curve(xs, [p["roc_auc"]["value"] for p in points], "model line")
        for p in points:
            x, auc = panel.x(p["rows"]), p["roc_auc"]
            sheet.line(x, floor, x, floor + 4, "axis")
            sheet.text(x, floor + 18, _thousands(p["rows"], width), anchor="middle")
            if known(auc["low"]) and known(auc["high"]):
                panel.whisker(p["rows"], auc["low"], auc["high"], "model whisker")
            tip = f"{count(p['rows'])} rows: {interval(auc, 3)}"
            sheet.mark(x, panel.y(auc["value"]), "model dot", tip=tip)
        return sheet

    return picture(
        "learning-curve",
        _curve_title(curve),
        f"ROC-AUC of {curve['learner']}, cross-validated, by how many rows it learned from; with "
        "intervals. All points are judged on the same customers, so they move together.",
        draw,
    )


def split_optimism(found: Mapping[str, Any]) -> Picture:
    """The same learner after a random split and after a split by time."""
    apart = found["difference"]
    gap = short(abs(apart["value"]), 2)
    if not known(apart["low"]) or not known(apart["high"]):
        title = "Whether a random split flatters we cannot say: an interval is missing"
    elif not beyond_zero(apart):
        title = "A random split and a split by time agree within noise"
    elif apart["value"] > 0:
        title = f"A random split would have promised {gap} more ROC-AUC than the later time holds"
    else:
        title = f"After a random split the ROC-AUC would have been {gap} lower"
    rows = [
        Row("from all dates: random split", found["random"]),
        Row("from earlier dates only: by time", found["time"], css="model"),
    ]
    return picture(
        "optimism",
        title,
        f"ROC-AUC of one quick learner on the same {count(found['rows'])} held-out rows, "
        "with intervals; the two move together, and their difference is judged row by row.",
        lambda width: ranked(rows, width, axis="ROC-AUC"),
    )


def _frontier(shown: Sequence[Candidate], width: float) -> Drawing:
    """Names beside the marks; where they find no place, numbers, and a key below."""
    sheet = Drawing(width, HEIGHT + 16)
    panel = _panel(sheet, shown)
    boxes = _labels(shown, panel) if width >= WIDE else None
    _draw_marks(panel, shown, numbered=boxes is None)
    if boxes is None:
        _draw_key(sheet, _key(shown, width))
        return sheet
    for c, box in zip(shown, boxes, strict=True):
        right = box.left > panel.x(_cost(c))
        x, anchor = (box.left, "start") if right else (box.right, "end")
        for line, (words, css) in enumerate(_words(c)):
            sheet.text(x, box.top + 11 + LINE * line, words, f"{css} halo", anchor=anchor)
    return sheet


def _panel(sheet: Drawing, shown: Sequence[Candidate]) -> Panel:
    wide = sheet.width >= WIDE
    ends = [
        c["log_loss_gain"][end]
        for c in shown
        for end in ("value", "low", "high")
        if known(c["log_loss_gain"][end])
    ]
    costs = [_cost(c) for c in shown]
    margin = 3.0 if wide else 1.4
    panel = Panel(
        sheet,
        Scale(min(costs) / margin, max(costs) * margin, 58, sheet.width - 14, "log10"),
        Scale(*fit(min(ends), max(ends)), sheet.height - 46, 32),
    )
    panel.y_axis("log loss saved, against the base rate")
    title = "CPU seconds to score 100,000 rows" + (" (log scale)" if wide else "")
    panel.x_axis(title, show=short)
    return panel


def _draw_marks(panel: Panel, shown: Sequence[Candidate], *, numbered: bool) -> None:
    best = on_frontier(shown)
    panel.curve([_cost(c) for c in best], [c["log_loss_gain"]["value"] for c in best], "frontier")
    for place_, c in enumerate(shown, 1):
        gain, css = c["log_loss_gain"], "model" if c["chosen"] else "plain"
        if known(gain["low"]) and known(gain["high"]):
            panel.whisker(_cost(c), gain["low"], gain["high"], f"{css} whisker")
        x, y = panel.x(_cost(c)), panel.y(gain["value"])
        shape = "circle" if read_whole(c) else "diamond"
        tip = f"{c['title']}: {interval(gain, 4)}, {short(_cost(c), 2)} s"
        panel.sheet.mark(x, y, f"{css} dot", shape=shape, r=6 if c["chosen"] else 5, tip=tip)
        if numbered:
            panel.sheet.text(x + 9, y + 4, str(place_), "label strong halo")


def _labels(shown: Sequence[Candidate], panel: Panel) -> list[Box] | None:
    """Places for the names, clear of all marks and whiskers."""
    labels, taken = [], []
    for c in shown:
        words, x, y = _words(c), panel.x(_cost(c)), panel.y(c["log_loss_gain"]["value"])
        wide = max(text_width(each, 12.5) for each, _ in words)
        labels.append(Label(x, y, wide, LINE * len(words)))
        gain = c["log_loss_gain"]
        low, high = (gain[end] if known(gain[end]) else gain["value"] for end in ("low", "high"))
        taken.append(Box(x - 4, panel.y(high), x + 4, panel.y(low)))
    room = Box(panel.x.start, panel.y.end - 4, panel.x.end, panel.y.start)
    return place(labels, taken, room)


def _words(c: Candidate) -> list[tuple[str, str]]:
    name = c["title"] + (" (chosen)" if c["chosen"] else "")
    css = "label strong" if c["chosen"] else "label"
    return [
        *((line, css) for line in wrap(name, LABEL_WIDTH, 12.5, lines=3)),
        *((line, "ref-name") for line in wrap(reading(c.get("readability")), LABEL_WIDTH, 12)),
    ]


def _key(shown: Sequence[Candidate], width: float) -> list[tuple[str, str]]:
    """Under the picture, for each number: the name, and what it takes to read it."""
    key = []
    for number, c in enumerate(shown, 1):
        name = f"{number}  {c['title']}" + (" (chosen)" if c["chosen"] else "")
        css = "label strong" if c["chosen"] else "label"
        key += [(line, css) for line in wrap(name, width, 12.5, lines=3)]
        key.append((reading(c.get("readability")), "ref-name"))
    return key


def _draw_key(sheet: Drawing, key: Sequence[tuple[str, str]]) -> None:
    top = sheet.height + 20
    sheet.height += LINE * len(key) + 22
    for line, (words, css) in enumerate(key):
        sheet.text(14 if css == "ref-name" else 0, top + LINE * line, words, css)


def _title(shown: Sequence[Candidate]) -> str:
    """What the chosen candidate gives up, and what it gets for that."""
    best = max(shown, key=lambda c: c["log_loss_gain"]["value"])
    chosen = next((c for c in shown if c["chosen"]), best)
    top = best["log_loss_gain"]["value"]
    if chosen is best or top <= 0:
        cheapest = min(shown, key=_cost)
        told = f"The chosen model, {chosen['title']}, saves the most log loss of {len(shown)}"
        times = _cost(chosen) / _cost(cheapest)
        return told + (f", at {short(times, 2)} times the least cost" if times > 1.2 else "")
    lost = (top - chosen["log_loss_gain"]["value"]) / top
    told = (
        f"The chosen model, {chosen['title']}, gives up {percent(round(lost, 4))} of the best gain"
    )
    gets = []
    if read_whole(chosen) and not read_whole(best):
        gets.append("can be read whole")
    times = _cost(best) / _cost(chosen)
    if times > 1.2:
        gets.append(f"scores {short(times, 2)} times as fast")
    return told + (f"; it {' and '.join(gets)}" if gets else "")


def _curve_title(curve: Mapping[str, Any]) -> str:
    doubling = curve["doubling"]
    told = bool(doubling) and known(doubling["low"]) and known(doubling["high"])
    if curve["verdict"] == "rising" and told:
        low, high = short(doubling["low"], 2), short(doubling["high"], 2)
        return f"More rows would help: the last doubling added between {low} and {high} of ROC-AUC"
    if curve["verdict"] == "flat" and told:
        high = short(max(doubling["high"], 0.0), 2)
        return f"More rows would hardly help: the last doubling added at most {high} of ROC-AUC"
    return "Whether more rows would help we cannot say"


def _cost(c: Candidate) -> float:
    return max(float(c["scoring_seconds"]), LEAST_SECONDS)


def _thousands(rows: int, width: float) -> str:
    return count(rows) if width >= WIDE or rows < 1000 else f"{short(rows / 1000)}k"
