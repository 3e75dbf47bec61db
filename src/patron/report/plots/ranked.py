"""Rows one below the other on one scale: candidates, importance."""

__all__ = ["Row", "candidates", "importance", "ranked"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.report.numbers import beyond_zero, interval, known, short
from patron.report.plots.base import WIDE, Picture, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, text_width, wrap
from patron.report.words import is_floor

Estimate = Mapping[str, Any]
VALUE_ROOM = 150.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a label, an estimate, perhaps a second one drawn hollow above it.

    `words` stand in place of the estimate's own figures.
    """

    label: str
    main: Estimate
    second: Estimate | None = None
    css: str = "plain"
    shape: str = "circle"
    words: str = ""


def ranked(
    rows: Sequence[Row],
    width: float,
    *,
    axis: str,
    bars: bool = False,
    reference: tuple[float, str] | None = None,
) -> Drawing:
    """Rows with their marks and intervals; on a narrow sheet the label stands above its marks."""
    narrow = width < WIDE
    numbers = [n for row in rows for e in (row.main, row.second) if e for n in _reach(e)]
    numbers += [reference[0]] if reference else []
    widest = max((text_width(row.label, 13.5) for row in rows), default=0.0)
    left = 0.0 if narrow else min(widest + 16, width * 0.34)
    room = width - VALUE_ROOM - 8 if narrow else left - 12
    labels = [wrap(row.label, room, 13, lines=3) for row in rows]
    steps = [
        33.0 + 15 * len(label) if narrow else max(27.0 if bars else 36.0, 15.0 * len(label) + 6)
        for label in labels
    ]
    top = 10.0 + (18 if reference else 0)
    floor = top + sum(steps) + 4
    sheet = Drawing(width, floor + 46)
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if bars and abs(low) < 0.02 * high:  # a whisker just below zero needs no scale of its own
        low = 0.0
    domain = fit(low, high, zero=bars)
    x = Scale(*domain, left + 10, width - (0.0 if narrow else VALUE_ROOM) - 14)
    about = 4 if narrow else 6
    for tick, words in zip(x.ticks(about), x.labels(about), strict=True):
        sheet.line(x(tick), top, x(tick), floor, "grid")
        sheet.text(x(tick), floor + 17, words, anchor="middle")
    sheet.text((x.start + x.end) / 2, floor + 38, axis, "axis-title", anchor="middle")
    if bars:
        sheet.line(x(0), top, x(0), floor, "axis")
    if reference:
        _reference(sheet, x, *reference, floor)
    for row, label, step in zip(rows, labels, steps, strict=True):
        middle = top + step - 14 if narrow else top + step / 2
        value = middle - 18 if narrow else middle + 4
        words = row.words or interval(row.main, 3)
        sheet.text(width, value, words, "value halo", anchor="end")
        first = value - 15 * (len(label) - 1) / (1 if narrow else 2)
        x0, anchor = (0.0, "start") if narrow else (left - 6, "end")
        for line, part in enumerate(label):
            css = "label strong halo" if row.css == "model" else "label halo"
            sheet.text(x0, first + 15 * line, part, css, anchor=anchor)
        _marks(sheet, row, x, middle, bars=bars)
        top += step
    return sheet


def candidates(purchase: Mapping[str, Any]) -> Picture:
    """Every candidate's AUC with its interval, best first; floors and the best possible beside.

    The base rate is left out: it ranks nobody, so its AUC is 0.5 whatever the data.
    """
    tried = purchase["candidates"]
    best = purchase.get("best_possible")
    reference = None
    if best and known(best["roc_auc"]["value"]):
        value = best["roc_auc"]["value"]
        reference = (value, f"best possible on the holdout: {value:.3f}")
    rows = [
        Row(
            c["title"] + (" (chosen)" if c["chosen"] else ""),
            c["holdout"]["roc_auc"],
            c["roc_auc"],
            css="model" if c["chosen"] else "plain",
            shape="diamond" if is_floor(c) else "circle",
        )
        for c in tried
        if c["title"] != "base rate"
    ]
    return picture(
        "candidates",
        _candidates_title([c for c in tried if not c["chosen"]]),
        "How well each ranks customers (ROC-AUC), with intervals. Filled: the holdout, also in "
        "figures; hollow: cross-validated. Diamonds: simple rules that a model has to beat.",
        lambda width: ranked(rows, width, axis="ROC-AUC", reference=reference),
    )


def importance(effects: Sequence[Mapping[str, Any]], at_most: int = 15) -> Picture:
    """What the ranking loses when a column is shuffled."""
    shown = effects[:at_most]
    real = [e for e in effects if beyond_zero(e["importance"]) and e["importance"]["value"] > 0]
    if real:
        loss = short(real[0]["importance"]["value"], 2)
        title = f"{real[0]['column']} matters most: shuffling it costs {loss} of ROC-AUC"
    else:
        title = "No single column matters beyond noise"
    rows = [Row(e["column"], e["importance"], css=_used(e in real)) for e in shown]
    rest = f" The first {at_most} of {len(effects)} columns." if len(effects) > at_most else ""
    return picture(
        "importance",
        title,
        "Loss of ROC-AUC on the holdout when the column's values are shuffled among customers, "
        f"with intervals. Grey: not beyond noise.{rest}",
        lambda width: ranked(rows, width, axis="loss of ROC-AUC", bars=True),
    )


def _candidates_title(rivals: Sequence[Mapping[str, Any]]) -> str:
    """The finding, from how far the chosen model is ahead of each on the same holdout."""
    ahead = {c["title"]: c["holdout"]["chosen_ahead"] for c in rivals}
    apart = [c for c in rivals if beyond_zero(ahead[c["title"]])]
    better = [c for c in apart if ahead[c["title"]]["value"] < 0]
    ties = [c for c in rivals if c not in apart]
    if not rivals:
        return "Only one model was tried"
    if better:
        by = short(-ahead[better[0]["title"]]["value"], 2)
        rival = better[0]["title"]
        return f"On the holdout the {rival} ranks better than the chosen model, by {by}"
    if not ties:
        return f"The chosen model ranks best of {len(rivals) + 1}, beyond noise"
    floors = [c for c in ties if is_floor(c)]
    if floors:
        return f"The chosen model ranks no better than the {floors[0]['title']}, within noise"
    others = f"the {ties[0]['title']}" if len(ties) == 1 else f"{len(ties)} others"
    return f"The chosen model and {others} rank equally well, within noise"


def _used(is_used: bool) -> str:
    return "model" if is_used else "plain"


def _reach(e: Estimate) -> list[float]:
    return [e[key] for key in ("value", "low", "high") if known(e[key])]


def _reference(sheet: Drawing, x: Scale, at: float, name: str, floor: float) -> None:
    sheet.line(x(at), 6, x(at), floor, "ref")
    right = x(at) < (x.start + x.end) / 2
    shift, anchor = (6, "start") if right else (-6, "end")
    sheet.text(x(at) + shift, 15, name, "ref-name", anchor=anchor)


def _marks(sheet: Drawing, row: Row, x: Scale, middle: float, *, bars: bool) -> None:
    if not known(row.main["value"]):
        return
    tip = f"{row.label}: {interval(row.main)}"
    if bars:
        at, zero = x(row.main["value"]), x(0)
        sheet.rect(min(at, zero), middle - 7, abs(at - zero), 14, f"{row.css} bar-fill", tip)
        _whisker(sheet, x, row.main, middle, f"{row.css} whisker")
        return
    drop = 5 if row.second else 0
    if row.second and known(row.second["value"]):
        _whisker(sheet, x, row.second, middle - drop, f"{row.css} whisker")
        css = f"{row.css} hollow"
        sheet.mark(x(row.second["value"]), middle - drop, css, shape=row.shape, r=3.4)
    _whisker(sheet, x, row.main, middle + drop, f"{row.css} whisker")
    sheet.mark(
        x(row.main["value"]), middle + drop, f"{row.css} dot", shape=row.shape, r=4.6, tip=tip
    )


def _whisker(sheet: Drawing, x: Scale, e: Estimate, y: float, css: str) -> None:
    if known(e["low"]) and known(e["high"]):
        sheet.line(x(e["low"]), y, x(e["high"]), y, css)
