"""Rows one below the other on one scale: candidates, the ladder, importance."""

__all__ = ["Row", "candidates", "importance", "ladder", "ranked"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.report.numbers import differ, interval, known, short
from patron.report.plots.base import WIDE, Picture, picture
from patron.report.svg import Drawing, Scale, fit, text_width

Estimate = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a label, an estimate, perhaps a second one drawn hollow above it."""

    label: str
    main: Estimate
    second: Estimate | None = None
    css: str = "model"
    shape: str = "circle"
    note: str = ""


def ranked(
    rows: Sequence[Row],
    width: float,
    *,
    axis: str,
    bars: bool = False,
    references: Sequence[tuple[float, str]] = (),
) -> Drawing:
    """Rows with their marks and intervals; on a narrow sheet the label stands above its marks."""
    narrow = width < WIDE
    numbers = [n for row in rows for e in (row.main, row.second) if e for n in _reach(e)]
    numbers += [at for at, _ in references]
    left = 0.0 if narrow else min(max(text_width(row.label) for row in rows) + 16, width * 0.36)
    right = 0.0 if narrow else 150.0
    step, top = (46.0 if narrow else 34.0), 14.0 + 17 * len(references)
    sheet = Drawing(width, top + step * len(rows) + 50)
    x = Scale(*fit(min(numbers), max(numbers), zero=bars), left + 8, width - right - 12)
    floor = top + step * len(rows) + 4
    for tick in x.ticks(4 if narrow else 6):
        sheet.line(x(tick), top, x(tick), floor, "grid")
        sheet.text(x(tick), floor + 16, short(tick), anchor="middle")
    sheet.text((x.start + x.end) / 2, floor + 36, axis, "axis-title", anchor="middle")
    for index, (at, name) in enumerate(references):
        _reference(sheet, x, at, name, 11 + 17 * index, floor)
    for index, row in enumerate(rows):
        middle = top + step * index + (32 if narrow else step / 2)
        _label(sheet, row, left, width, middle, narrow=narrow)
        _marks(sheet, row, x, middle, bars=bars)
    return sheet


def candidates(purchase: Mapping[str, Any]) -> Picture:
    """Every candidate's AUC with its interval, best first; floors and the best possible beside."""
    tried = purchase["candidates"]
    chosen = next(c for c in tried if c["chosen"])
    rivals = [c for c in tried if not c["chosen"]]
    best = purchase.get("best_possible")
    floor = min((c["roc_auc"]["value"] for c in tried), default=0.5)
    references = [(0.5, "chance")] if floor < 0.6 else []
    if best and known(best["roc_auc"]["value"]):
        references.append(
            (best["roc_auc"]["value"], f"best possible {short(best['roc_auc']['value'])}")
        )
    rows = [
        Row(
            candidate["title"] + (" (chosen)" if candidate["chosen"] else ""),
            candidate["holdout"]["roc_auc"],
            candidate["roc_auc"],
            css="model" if candidate["chosen"] else "plain",
            shape="circle" if candidate["chosen"] else "diamond",
        )
        for candidate in tried
    ]
    return picture(
        "candidates",
        _candidates_title(chosen, rivals),
        "How well each ranks customers (ROC-AUC), with 95 % intervals. Filled: the holdout. Hollow: cross-validated.",
        lambda width: ranked(rows, width, axis="ROC-AUC", references=references),
    )


def ladder(steps: Sequence[Mapping[str, Any]]) -> Picture:
    """What each fix, and each suspect, is worth."""
    rows = [
        Row(s["step"], s, css="model" if i == 0 else "plain", shape="circle")
        for i, s in enumerate(steps)
    ]
    worth = [s for s in steps if s["worth"] and known(s["worth"]["value"])]
    moved = [s for s in worth if _beyond_zero(s["worth"])]
    if not moved:
        title = "No fix and no suspect moves the result beyond noise"
    else:
        most = max(moved, key=lambda s: abs(s["worth"]["value"]))
        way = "lowers" if most["worth"]["value"] < 0 else "raises"
        title = f"“{most['step']}” {way} the score by {short(abs(most['worth']['value']), 2)}, the largest step"
    return picture(
        "ladder",
        title,
        "ROC-AUC, cross-validated, after each step from top to bottom, with 95 % intervals.",
        lambda width: ranked(rows, width, axis="ROC-AUC"),
    )


def importance(effects: Sequence[Mapping[str, Any]], at_most: int = 15) -> Picture:
    """What the ranking loses when a column is shuffled."""
    shown = effects[:at_most]
    real = [e for e in effects if _beyond_zero(e["importance"]) and e["importance"]["value"] > 0]
    if real:
        first = real[0]
        title = (
            f"{first['column']} matters most: without its information the ROC-AUC loses "
            f"{short(first['importance']['value'], 2)}"
        )
    else:
        title = "No single column matters beyond noise"
    rows = [Row(e["column"], e["importance"], css="model" if e in real else "plain") for e in shown]
    return picture(
        "importance",
        title,
        "Loss of ROC-AUC on the holdout when the column's values are shuffled among customers, with 95 % intervals. "
        "Grey: not beyond noise.",
        lambda width: ranked(rows, width, axis="loss of ROC-AUC", bars=True),
    )


def _candidates_title(chosen: Mapping[str, Any], rivals: Sequence[Mapping[str, Any]]) -> str:
    if not rivals:
        return f"Only one model was tried: {chosen['title']}"
    ties = [c for c in rivals if differ(chosen["roc_auc"], c["roc_auc"]) is not True]
    better = [
        c for c in rivals if c not in ties and c["roc_auc"]["value"] > chosen["roc_auc"]["value"]
    ]
    if better:
        return f"{better[0]['title'].capitalize()} ranks better than the chosen {chosen['title']}"
    if ties:
        names = " and ".join(c["title"] for c in ties[:2])
        return f"The chosen {chosen['title']} and {names} rank equally well, within noise"
    return f"The chosen {chosen['title']} ranks best of {len(rivals) + 1}, beyond noise"


def _beyond_zero(worth: Estimate) -> bool:
    return known(worth["low"]) and known(worth["high"]) and not worth["low"] <= 0 <= worth["high"]


def _reach(e: Estimate) -> list[float]:
    return [e[key] for key in ("value", "low", "high") if known(e[key])]


def _reference(sheet: Drawing, x: Scale, at: float, name: str, y: float, floor: float) -> None:
    sheet.line(x(at), y + 4, x(at), floor, "ref")
    anchor = "end" if x(at) > (x.start + x.end) / 2 else "start"
    sheet.text(x(at) + (-5 if anchor == "end" else 5), y + 3, name, "ref-name", anchor=anchor)
    sheet.line(x(at), y - 6, x(at), y + 4, "ref")


def _label(
    sheet: Drawing, row: Row, left: float, width: float, middle: float, *, narrow: bool
) -> None:
    room = int((width * 0.62 if narrow else left - 12) / text_width("x"))
    words = row.label if len(row.label) <= room else row.label[: max(room - 1, 1)] + "…"
    strong = "label strong" if row.css == "model" else "label"
    written = interval(row.main)
    if narrow:
        sheet.text(0, middle - 15, words, strong)
        sheet.text(width, middle - 15, written, "value", anchor="end")
    else:
        sheet.text(left - 4, middle + 4, words, strong, anchor="end")
        sheet.text(width, middle + 4, written, "value", anchor="end")


def _marks(sheet: Drawing, row: Row, x: Scale, middle: float, *, bars: bool) -> None:
    if not known(row.main["value"]):
        return
    if bars:
        at, zero = x(row.main["value"]), x(0)
        sheet.rect(min(at, zero), middle - 7, abs(at - zero), 14, f"{row.css} solid")
        _whisker(sheet, x, row.main, middle, "whisker")
        return
    drop = 5 if row.second else 0
    if row.second and known(row.second["value"]):
        _whisker(sheet, x, row.second, middle - 5, f"{row.css} whisker")
        sheet.mark(x(row.second["value"]), middle - 5, f"{row.css} hollow", shape=row.shape, r=3.6)
    _whisker(sheet, x, row.main, middle + drop, f"{row.css} whisker")
    sheet.mark(x(row.main["value"]), middle + drop, f"{row.css} dot", shape=row.shape, r=4.4)


def _whisker(sheet: Drawing, x: Scale, e: Estimate, y: float, css: str) -> None:
    if known(e["low"]) and known(e["high"]):
        sheet.line(x(e["low"]), y, x(e["high"]), y, css)
