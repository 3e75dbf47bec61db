"""Whom the model serves how well: ranking, and stated against observed chances, label by label."""

__all__ = ["MOST_LABELS", "group", "observed"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.groups import month
from patron.report.numbers import count, interval, known, percent, these
from patron.report.plots.base import WIDE, Picture, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, text_width, wrap

Row = Mapping[str, Any]
MOST_LABELS = 12
TOP = 34.0


def group(found: Mapping[str, Any], overall: Mapping[str, Any], place: int) -> Picture:
    """The labels of one property, the worst first; months in their order.

    `overall` is the ROC-AUC of all customers of the holdout.
    """
    rows = list(found["rows"][:MOST_LABELS])
    if found["kind"] == "month":
        rows.sort(key=lambda row: str(row["label"]))
    unjudged = sum(row["roc_auc"] is None for row in rows)
    told = "ROC-AUC within each group; mean chance stated and the share that bought; intervals."
    if unjudged:
        told += f" Ranking is not judged in {unjudged} of {len(rows)}: too few buyers or others."
    if len(found["rows"]) > len(rows):
        told += f" The {len(rows)} of {len(found['rows'])} that differ most."
    return picture(
        f"group-{place}",
        _title(found),
        told,
        lambda width: _draw(rows, found["kind"], overall, width),
    )


def observed(row: Row) -> dict[str, Any]:
    """The share that bought, with the interval of its distance to the mean stated chance."""
    apart = row["miscalibration"]
    low, high = (
        row["predicted"] + apart[end] if apart and known(apart[end]) else None
        for end in ("low", "high")
    )
    ends = {"low": None if low is None else max(low, 0.0), "high": high and min(high, 1.0)}
    return {"value": row["observed"], **ends}


def _draw(rows: Sequence[Row], kind: str, overall: Mapping[str, Any], width: float) -> Drawing:
    narrow = width < WIDE
    names = [_name(row, kind) for row in rows]
    widest = max((text_width(each, 13) for each in [*names, *map(_flags, rows)]), default=0.0)
    left = 0.0 if narrow else min(max(widest + 16, 140.0), width * 0.32)
    labels = [wrap(name, width if narrow else left - 14, 13) for name in names]
    heights = [_height(label, row, narrow) for label, row in zip(labels, rows, strict=True)]
    floor = TOP + sum(heights) + 2
    sheet = Drawing(width, floor + 46)
    half, gap = (width - left) / 2, 16.0 if narrow else 30.0
    ranks = _rank_scale(rows, overall, left + 12, left + half - gap / 2 - 8)
    chances = _chance_scale(rows, left + half + gap, width - 14)
    for x, show, title in (
        (ranks, None, "ROC-AUC"),
        (chances, percent, "chance to buy"),
    ):
        for tick, words in zip(x.ticks(3), x.labels(3, show), strict=True):
            sheet.line(x(tick), TOP, x(tick), floor, "grid")
            sheet.text(x(tick), floor + 17, words, anchor="middle")
        sheet.text((x.start + x.end) / 2, floor + 38, title, "axis-title", anchor="middle")
    if known(overall["value"]):
        sheet.line(ranks(overall["value"]), TOP - 4, ranks(overall["value"]), floor, "ref")
        words = f"all: {overall['value']:.3f}"
        sheet.text(ranks(overall["value"]), TOP - 10, words, "ref-name", anchor="middle")
    sheet.text(chances.start, TOP - 10, "○ stated", "model-name")
    sheet.text(chances.start + 66, TOP - 10, "● bought", "buyers-name")
    top = TOP
    for row, label, height in zip(rows, labels, heights, strict=True):
        middle = top + height - 12 if narrow else top + height / 2
        _name_row(sheet, row, label, 0.0 if narrow else left - 6, top, height, narrow=narrow)
        _rank_mark(sheet, ranks, row, middle)
        _chance_mark(sheet, chances, row, middle)
        top += height
    return sheet


def _height(label: Sequence[str], row: Row, narrow: bool) -> float:
    lines = len(label) + bool(row["flags"])
    return 15.0 * lines + 24 if narrow else max(28.0, 15.0 * lines + 8)


def _name_row(
    sheet: Drawing,
    row: Row,
    label: Sequence[str],
    x: float,
    top: float,
    height: float,
    *,
    narrow: bool,
) -> None:
    """The label and, where it is flagged, the warning below it: an icon and words."""
    lines = len(label) + bool(row["flags"])
    y = top + 13 if narrow else top + height / 2 + 4 - 7.5 * (lines - 1)
    anchor = "start" if narrow else "end"
    for words in label:
        sheet.text(x, y, words, "label strong" if row["flags"] else "label", anchor=anchor)
        y += 15
    if row["flags"]:
        sheet.text(x, y, _flags(row), "flag-name", anchor=anchor)


def _rank_mark(sheet: Drawing, x: Scale, row: Row, y: float) -> None:
    auc = row["roc_auc"]
    if not auc or not known(auc["value"]):
        sheet.text(x.start, y + 4, "too few to judge", "ref-name halo")
        return
    worse = "ranked worse" in row["flags"]
    css = "flagged" if worse else "model"
    if known(auc["low"]) and known(auc["high"]):
        sheet.line(x(auc["low"]), y, x(auc["high"]), y, f"{css} whisker")
    tip = f"{row['label']}: {interval(auc, 3)}, {count(row['n'])} customers"
    shape = "diamond" if worse else "circle"
    sheet.mark(x(auc["value"]), y, f"{css} dot", shape=shape, tip=tip)


def _chance_mark(sheet: Drawing, x: Scale, row: Row, y: float) -> None:
    bought = observed(row)
    if known(bought["low"]) and known(bought["high"]):
        sheet.line(x(bought["low"]), y, x(bought["high"]), y, "buyers whisker")
    if known(bought["value"]):
        tip = f"{row['label']}: {percent(bought['value'])} of {count(row['n'])} bought"
        sheet.mark(x(bought["value"]), y, "buyers dot", tip=tip)
    if known(row["predicted"]):
        tip = f"{row['label']}: {percent(row['predicted'])} stated"
        sheet.mark(x(row["predicted"]), y, "model hollow see-through", r=5.5, tip=tip)


def _rank_scale(rows: Sequence[Row], overall: Mapping[str, Any], start: float, end: float) -> Scale:
    each = [row["roc_auc"] for row in rows if row["roc_auc"]] + [overall]
    numbers = [e[key] for e in each for key in ("value", "low", "high") if known(e[key])]
    low, high = fit(min(numbers, default=0.5), max(numbers, default=1.0), about=3)
    return Scale(low, min(high, 1.0), start, end)


def _chance_scale(rows: Sequence[Row], start: float, end: float) -> Scale:
    numbers = [
        number
        for row in rows
        for number in (row["predicted"], row["observed"], observed(row)["high"])
        if known(number)
    ]
    return Scale(*fit(0.0, max(numbers, default=1.0), zero=True, about=3), start, end)


def _flags(row: Row) -> str:
    return "▲ " + ", ".join(row["flags"]) if row["flags"] else ""


def _name(row: Row, kind: str) -> str:
    return month(str(row["label"])) if kind == "month" else str(row["label"])


def _title(found: Mapping[str, Any]) -> str:
    def flagged(flag: str) -> list[str]:
        return [f"“{_name(r, found['kind'])}”" for r in found["rows"] if flag in r["flags"]]

    told = [
        f"too {way} for {these(flagged(f'too {way}'), at_most=3)}"
        for way in ("high", "low")
        if flagged(f"too {way}")
    ]
    worse = flagged("ranked worse")
    parts = [f"the score is {these(told)}"] if told else []
    if worse:
        parts.append(f"{these(worse, at_most=3)} {'is' if len(worse) == 1 else 'are'} ranked worse")
    by = f"what is missing ({found['by']})" if found["kind"] == "gap" else found["by"]
    if parts:
        return f"By {by}, {'; '.join(parts)}"
    return f"By {by}, nobody is found to be served worse"
