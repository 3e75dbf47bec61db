"""The candidates by their distance to the chosen one, and what each column does to spend."""

__all__ = ["effect_reaches", "spend_candidates", "spend_effect"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.cash import cash, cash_interval
from patron.report.numbers import beyond_zero, known, short, these
from patron.report.plots.base import SMALL, WIDE, Picture, picture
from patron.report.plots.small import LEFT, MOST_ROWS, wide_enough
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel, text_width, wrap

Candidate = Mapping[str, Any]
Effect = Mapping[str, Any]
Reach = tuple[float, float]
ROOM = 150.0
TALL_ROW, TOP = 38.0, 34.0
TALL, MIDDLE, GAP = 274.0, 114.0, 24.0
NOTHING = 1.05
"""Odds and amounts that differ by a smaller factor than this are told as no difference."""


def spend_candidates(tried: Sequence[Candidate]) -> Picture | None:
    """How much worse each candidate's CRPS is than the chosen one's, on the same customers."""
    rivals = [c for c in tried if not c["chosen"] and c["ahead"] and known(c["ahead"]["value"])]
    chosen = next((c for c in tried if c["chosen"]), None)
    if not rivals or chosen is None:
        return None
    domain = _reach(rivals)
    beyond = any(c["ahead"]["value"] > domain[1] for c in rivals)
    told = (
        "How much farther each candidate's distributions are from what was spent (CRPS) than the "
        "chosen one's, for each customer, cross-fitted and paired, with intervals. Diamonds: "
        "simple rules that a model has to beat."
    )
    return picture(
        "spend-candidates",
        _title(rivals, chosen),
        told + (" Arrows: beyond the scale." if beyond else ""),
        lambda width: _candidates(rivals, chosen, domain, width),
    )


def effect_reaches(effects: Sequence[Effect]) -> tuple[Reach, Reach]:
    """One scale for all log-odds and one for all factors, so that sizes compare at a glance."""
    odds = [y for e in effects for y in _ys(e, "zero")]
    factors = [y for e in effects for y in _ys(e, "amount") if y > 0]
    low, high = min([*factors, 0.8]), max([*factors, 1.25])
    return fit(min([*odds, -0.5]), max([*odds, 0.5]), about=3), (low / 1.1, high * 1.1)


def spend_effect(found: Effect, reaches: tuple[Reach, Reach]) -> Picture:
    """What one column does to the chance to spend, and to the amount of those who do."""
    draw = _categories if found["kind"] == "category" else _numeric
    return picture(
        f"spend-effect-{found['column']}",
        _effect_title(found),
        str(found["column"]),
        lambda width: draw(found, reaches, width),
        width=SMALL,
    )


def _candidates(
    rivals: Sequence[Candidate], chosen: Candidate, domain: Reach, width: float
) -> Drawing:
    narrow = width < WIDE
    names = [*(c["title"] for c in rivals), f"{chosen['title']} (chosen)"]
    widest = max(text_width(name, 13.5) for name in names)
    left = 0.0 if narrow else min(widest + 16, width * 0.34)
    step = TALL_ROW + (16 if narrow else 0)
    floor = TOP + step * len(rivals) + 4
    sheet = Drawing(width, floor + 46)
    x = Scale(*domain, left + 10, width - (14.0 if narrow else ROOM + 14))
    about = 3 if narrow else 5
    for tick, words in zip(x.ticks(about), x.labels(about, cash), strict=True):
        sheet.line(x(tick), TOP, x(tick), floor, "grid")
        sheet.text(x(tick), floor + 17, words, anchor="middle")
    middle = (x.start + x.end) / 2
    sheet.text(middle, floor + 38, "farther off than the chosen one", "axis-title", anchor="middle")
    sheet.line(x(0), TOP - 8, x(0), floor, "ref")
    name = wrap(f"{chosen['title']} (chosen)", width, 13)[0]
    half = text_width(name, 13) / 2
    sheet.text(min(max(x(0), half), width - half), 18, name, "model-name halo", anchor="middle")
    top = TOP
    for c in rivals:
        y = top + step - 14 if narrow else top + step / 2
        words = cash_interval(c["ahead"])
        sheet.text(width, y - 18 if narrow else y + 4, words, "value halo", anchor="end")
        room = width - ROOM - 8 if narrow else left - 12
        lines = wrap(c["title"], room, 13)
        first = y - 18 if narrow else y + 4 - 7.5 * (len(lines) - 1)
        for line, part in enumerate(lines):
            at, anchor = (0.0, "start") if narrow else (left - 6, "end")
            sheet.text(at, first + 15 * line, part, "label halo", anchor=anchor)
        _rival(sheet, x, c, y)
        top += step
    return sheet


def _rival(sheet: Drawing, x: Scale, c: Candidate, y: float) -> None:
    ahead = c["ahead"]
    if ahead["value"] > x.high:
        end = x.end + 4
        sheet.path([(end - 7, y - 6), (end + 3, y), (end - 7, y + 6)], "plain-arrow")
        return
    if known(ahead["low"]) and known(ahead["high"]):
        low, high = max(ahead["low"], x.low), min(ahead["high"], x.high)
        sheet.line(x(low), y, x(high), y, "plain whisker")
    shape = "diamond" if c["floor"] else "circle"
    tip = f"{c['title']}: {cash_interval(ahead)}"
    sheet.mark(x(ahead["value"]), y, "plain dot", shape=shape, tip=tip)


def _reach(rivals: Sequence[Candidate]) -> Reach:
    """A scale for the models; what is many times farther off does not squeeze them."""
    models = [c for c in rivals if not c["floor"]] or list(rivals)
    near = sorted(c["ahead"]["value"] for c in models)
    limit = max(6 * abs(near[0]), 4 * abs(near[len(near) // 2]), 1e-9)
    inside = [c["ahead"] for c in rivals if c["ahead"]["value"] <= limit] or [models[0]["ahead"]]
    ends = [e[k] for e in inside for k in ("value", "low", "high") if known(e[k])]
    return fit(min([*ends, 0.0]), max([*ends, 0.0]))


def _title(rivals: Sequence[Candidate], chosen: Candidate) -> str:
    better = [c for c in rivals if beyond_zero(c["ahead"]) and c["ahead"]["value"] < 0]
    ties = [c for c in rivals if not beyond_zero(c["ahead"])]
    name = chosen["title"]
    if better:
        by = cash(-better[0]["ahead"]["value"])
        return f"{better[0]['title'].capitalize()} is closer than the chosen model, by {by}"
    floors = [c for c in ties if c["floor"]]
    if floors:
        return f"The {name} is no closer than the {floors[0]['title']}, within noise"
    if ties:
        others = these([c["title"] for c in ties], at_most=2)
        return f"The {name} was chosen; as close, within noise: {others}"
    return f"The {name} is the closest of {len(rivals) + 1}, beyond noise"


def _numeric(found: Effect, reaches: tuple[Reach, Reach], width: float) -> Drawing:
    sheet = Drawing(width, TALL)
    xs = [x for part in ("zero", "amount") for x in (found[part] or {}).get("x") or ()]
    if not xs:
        return sheet
    low, high = wide_enough(min(xs), max(xs))
    middle = sorted(xs)[len(xs) // 2]
    kind = "log" if low >= 0 and high > 20 and high - middle > 3 * (middle - low) else "linear"
    x = Scale(low, high, LEFT, width - 16, kind)
    chance = Panel(sheet, x, Scale(*reaches[0], MIDDLE, 28))
    amount = Panel(sheet, x, Scale(*reaches[1], TALL - 32, MIDDLE + GAP + 24, "log10"))
    for panel, part, name, base in (
        (chance, "zero", "chance to spend (log-odds)", 0.0),
        (amount, "amount", "amount (factor)", 1.0),
    ):
        panel.y_axis("", show=_signed if part == "zero" else _factor, about=3)
        sheet.text(0, panel.y.end - 15, name, "axis-title small")
        sheet.line(x.start, panel.y(base), x.end, panel.y(base), "ref")
        if found[part]:
            panel.curve(found[part]["x"], found[part]["y"], "model line")
    amount.x_axis(about=4)
    return sheet


def _categories(found: Effect, reaches: tuple[Reach, Reach], width: float) -> Drawing:
    """One row a category: left the log-odds, right the factor."""
    parts = [found["zero"] or {}, found["amount"] or {}]
    labels = [str(label) for label in (parts[0].get("labels") or parts[1].get("labels") or ())]
    labels = labels[:MOST_ROWS]
    step = min(26.0, 190.0 / max(len(labels), 1))
    sheet = Drawing(width, TALL)
    left = min(max((text_width(label, 11.5) for label in labels), default=0.0) + 14, 100.0)
    half = (width - left) / 2
    scales = (
        Scale(*reaches[0], left + 6, left + half - 12),
        Scale(*reaches[1], left + half + 10, width - 12, "log10"),
    )
    floor = 30 + step * len(labels)
    heads = (("log-odds of spending", 0.0, _signed), ("factor on the amount", 1.0, _factor))
    for x, part, (name, base, show) in zip(scales, parts, heads, strict=True):
        middle = (x.start + x.end) / 2
        for tick, words in zip(x.ticks(2), x.labels(2, show), strict=True):
            sheet.line(x(tick), 26, x(tick), floor, "grid")
            sheet.text(x(tick), floor + 17, words, anchor="middle")
        sheet.text(middle, floor + 34, name, "axis-title small", anchor="middle")
        sheet.line(x(base), 22, x(base), floor, "ref")
        for place, value in enumerate((part.get("y") or ())[:MOST_ROWS]):
            y = 28 + step * (place + 0.5)
            sheet.line(x(base), y, x(value), y, "model whisker")
            tip = f"{labels[place]}: {show(value)}"
            sheet.mark(x(value), y, "model dot", r=3.8, tip=tip)
    letters = max(int((left - 10) / text_width("x", 11.5)), 3)
    for place, label in enumerate(labels):
        words = label if len(label) <= letters else label[: letters - 1] + "…"
        y = 32 + step * (place + 0.5)
        sheet.text(left - 8, y, words, "label small", anchor="end")
    return sheet


def _effect_title(found: Effect) -> str:
    odds, factors = _ys(found, "zero"), [y for y in _ys(found, "amount") if y > 0]
    up = math.exp(min(max(odds) - min(odds), 50)) if odds else 1.0
    times = max(factors) / min(factors) if factors else 1.0
    told = []
    if up >= NOTHING:
        told.append(f"odds of spending up to {short(up, 2)} times as high")
    if times >= NOTHING:
        told.append(f"amounts up to {short(times, 2)} times as high")
    if not told:
        return "Hardly any difference between its values"
    words = ", ".join(told)
    return words[0].upper() + words[1:]


def _ys(found: Effect, part: str) -> list[float]:
    return [y for y in (found[part] or {}).get("y") or () if known(y)]


def _signed(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{short(abs(value), 2)}"


def _factor(value: float) -> str:
    return f"×{short(value, 2)}"
