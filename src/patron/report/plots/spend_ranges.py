"""How often a customer's range holds what was spent: overall, by arm, by tenth."""

__all__ = ["spend_coverage"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import count, known, percent, short
from patron.report.plots.base import WIDE, Picture, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, text_width, wrap

Level = Mapping[str, Any]
TOP, BETWEEN, PAD = 26.0, 11.0, 8.0
NEAR = 0.02


def spend_coverage(levels: Sequence[Level]) -> Picture | None:
    """Each level's coverage with its interval, beside what it promises."""
    if not levels:
        return None
    rows = _rows(levels)
    return picture(
        "spend-coverage",
        _title(levels),
        "Share of customers whose spend lies in their range, with intervals; dashed lines: what "
        f"the ranges promise ({', '.join(percent(each['level']) for each in levels)}).",
        lambda width: _draw(rows, levels, width),
    )


def _rows(levels: Sequence[Level]) -> list[tuple[str, str, list[Mapping[str, Any] | None]]]:
    """A head, a name and one entry a level: all customers, then arms, then tenths."""
    n = levels[0]["coverage"].get("n")
    found: list[tuple[str, str, list[Mapping[str, Any] | None]]] = [
        ("", f"all {count(n)}" if n else "all", [each["coverage"] for each in levels])
    ]
    for key, head, name in (
        ("by_arm", "By arm", "{}"),
        ("by_decile", "By forecast", "tenth {}"),
    ):
        tables = [{_label(row["label"]): row for row in each.get(key) or ()} for each in levels]
        labels = list(dict.fromkeys(label for table in tables for label in table))
        if key == "by_decile":
            labels.sort(key=lambda label: (isinstance(label, str), label), reverse=True)
        for place, label in enumerate(labels):
            words = name.format("unknown" if label is None else label)
            if key == "by_decile" and place in (0, len(labels) - 1):
                words += " (highest)" if place == 0 else " (lowest)"
            seen = [(table.get(label) or {}).get("coverage") for table in tables]
            found.append((head if place == 0 else "", words, seen))
    return found


def _label(label: Any) -> Any:
    """A label; what is written as a whole number is one, so that tenths have their order."""
    return int(label) if isinstance(label, str) and label.isdecimal() else label


def _draw(
    rows: Sequence[tuple[str, str, list[Mapping[str, Any] | None]]],
    levels: Sequence[Level],
    width: float,
) -> Drawing:
    narrow = width < WIDE
    widest = max(text_width(name, 13) for _, name, _ in rows)
    left = min(widest + 14, width * (0.36 if narrow else 0.3))
    step = BETWEEN * len(levels) + PAD
    heads = sum(bool(head) for head, *_ in rows)
    floor = TOP + step * len(rows) + 22 * heads + 4
    sheet = Drawing(width, floor + 46)
    ends = [
        e[k]
        for _, _, seen in rows
        for e in seen
        if e
        for k in ("value", "low", "high")
        if known(e[k])
    ]
    least = min([*ends, *(each["level"] for each in levels)], default=0.7)
    x = Scale(fit(least, 1.0)[0], 1.0, left + 10, width - 18)
    about = 3 if narrow else 6
    for tick, words in zip(x.ticks(about), x.labels(about, percent), strict=True):
        sheet.line(x(tick), TOP, x(tick), floor, "grid")
        sheet.text(x(tick), floor + 17, words, anchor="middle")
    middle = (x.start + x.end) / 2
    sheet.text(middle, floor + 38, "customers in their range", "axis-title", anchor="middle")
    for each in levels:
        at = x(each["level"])
        sheet.line(at, TOP - 6, at, floor, "ref")
        sheet.text(at, TOP - 11, short(100 * each["level"]), "ref-name", anchor="middle")
    top = TOP
    for head, name, seen in rows:
        if head:
            sheet.text(0, top + 16, head, "label strong")
            top += 22
        words = wrap(name, left - 6, 13, lines=1)[0]
        sheet.text(left - 4, top + step / 2 + 4, words, "label", anchor="end")
        for place, (e, each) in enumerate(zip(seen, levels, strict=True)):
            y = top + PAD / 2 + BETWEEN * (place + 0.5)
            _mark(sheet, x, e, each["level"], y, name)
        sheet.line(left + 10, top + step, width - 18, top + step, "grid")
        top += step
    return sheet


def _mark(
    sheet: Drawing, x: Scale, e: Mapping[str, Any] | None, promised: float, y: float, name: str
) -> None:
    if not e or not known(e["value"]):
        return
    ends = known(e["low"]) and known(e["high"])
    off = ends and not e["low"] <= promised <= e["high"]
    css, shape = ("flagged", "diamond") if off else ("model", "circle")
    if ends:
        sheet.line(x(e["low"]), y, x(e["high"]), y, f"{css} whisker")
    tip = f"{name}: {percent(e['value'])} of ranges of {percent(promised)}"
    sheet.mark(x(e["value"]), y, f"{css} dot", shape=shape, r=3.8, tip=tip)


def _title(levels: Sequence[Level]) -> str:
    judged = [each for each in levels if known(each["coverage"]["value"])]
    if not judged:
        return "How often ranges hold what happened we cannot say"
    far = max(judged, key=lambda each: abs(each["coverage"]["value"] - each["level"]))
    e, promised = far["coverage"], far["level"]
    if known(e["low"]) and known(e["high"]) and not e["low"] <= promised <= e["high"]:
        off = round(100 * abs(e["value"] - promised), 1)
        if abs(e["value"] - promised) > NEAR:
            way = "narrow" if e["value"] < promised else "wide"
            return (
                f"Ranges are too {way}: those of {percent(promised)} hold {percent(e['value'])} "
                "of customers"
            )
        return f"Ranges hold what they promise to within {short(off, 2)} points of 100"
    told = [f"{percent(each['coverage']['value'])}" for each in judged]
    said = [percent(each["level"]) for each in judged]
    if len(told) == 1:
        return f"Ranges of {said[0]} hold {told[0]} of customers, as promised"
    return (
        f"Ranges hold what they promise: {', '.join(told[:-1])} and {told[-1]} of customers lie in "
        f"those of {', '.join(said[:-1])} and {said[-1]}"
    )
