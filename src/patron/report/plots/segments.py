"""Segments: how many there are, how large and how valuable each is, and what sets it apart."""

__all__ = [
    "MOST_COLOURS",
    "axis_label",
    "colours",
    "segment_axes",
    "segment_gate",
    "segment_shares",
]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import interval, known, of_100, percent
from patron.report.plots.base import NARROW, PAIR, Picture, frame, picture
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, text_width, wrap

Found = Mapping[str, Any]
MOST_COLOURS = 8
TOP, ROW, FONT = 26.0, 50.0, 13.0


def colours(segments: Sequence[Found]) -> dict[str, str]:
    """Each segment's class by its id: the same colour in every picture; grey beyond eight."""
    return {
        str(segment["id"]): f"s{place if place <= MOST_COLOURS else 0}"
        for place, segment in enumerate(segments, 1)
    }


def axis_label(name: str) -> str:
    """An axis's name as pictures have it.

    >>> axis_label("value"), axis_label("visits_abroad"), axis_label("VIP")
    ('Value', 'Visits abroad', 'VIP')
    """
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def segment_shares(segments: Found) -> Picture | None:
    """Share of customers and share of revenue, side by side; None where there are none."""
    rows = segments["segments"]
    if not rows:
        return None
    told = "Share of customers"
    if any(known(row["revenue_share"]) for row in rows):
        told += f" and, in colour, of revenue ({segments['revenue_column']})"
    return picture(
        "segment-shares", _shares_title(segments), f"{told}.", lambda width: _shares(rows, width)
    )


def segment_axes(segment: Found, reach: float, css: str) -> Picture:
    """How far a segment's mean lies from that of all, in SD of each axis; `reach` for all cards."""
    axes = segment["profile"]["axes"]
    return picture(
        f"axes-{segment['id']}",
        _axes_title(axes),
        "Mean less that of all customers, in SD of the axis.",
        lambda width: _axes(axes, reach, css, width),
        width=NARROW,
    )


def segment_gate(evidence: Found, noun: str) -> Picture | None:
    """Silhouettes by the number of groups, beside customers without groups; the gate as a line."""
    tried = [
        c for c in evidence["candidates"] if c["silhouette"] and known(c["silhouette"]["value"])
    ]
    if not tried:
        return None
    chosen = next((c for c in tried if c["chosen"]), None)
    if chosen and noun == "segment" and known(chosen["null_silhouette"]):
        title = (
            f"With {chosen['k']} groups the silhouette is {chosen['silhouette']['value']:.3f}; "
            f"without any it would be {chosen['null_silhouette']:.3f}"
        )
    elif chosen:
        title = f"With {chosen['k']} groups the silhouette is {chosen['silhouette']['value']:.3f}"
    else:
        title = f"No number of groups, of {len(tried)} that were tried, passes every gate"
    return picture(
        "segment-gate",
        title,
        "Silhouette by the number of groups; hollow: customers with the same margins and "
        "correlations but no groups.",
        lambda width: _gate(tried, evidence["gates"].get("silhouette"), width),
        width=PAIR,
    )


def _shares(rows: Sequence[Found], width: float) -> Drawing:
    narrow = width <= NARROW
    left = 0.0 if narrow else 236.0
    heads = [wrap(str(row["name"]), (width if narrow else left) - 40, FONT) for row in rows]
    heights = [ROW + 17 * len(lines) if narrow else ROW for lines in heads]
    sheet = Drawing(width, sum(heights) + 4)
    most = max(max(row["share"], row["revenue_share"] or 0.0) for row in rows)
    bars = Scale(0, most or 1.0, left, width - (122 if narrow else 140))
    y = 0.0
    css = colours(rows)
    for row, lines, height in zip(rows, heads, heights, strict=True):
        own = css[str(row["id"])]
        first = y + 15 if narrow else y + 25 - 8 * (len(lines) - 1)
        sheet.text(0, first, str(row["id"]), f"seg-name {own}")
        for place, words in enumerate(lines):
            sheet.text(32, first + 16 * place, words, "label")
        top = y + 17 * len(lines) + 6 if narrow else y + 4
        sheet.rect(bars(0), top, bars(row["share"]) - bars(0), 15, "plain bar-fill")
        words = f"{percent(round(row['share'], 3))} of customers"
        sheet.text(bars(row["share"]) + 6, top + 12, words)
        if known(row["revenue_share"]):
            end = bars(row["revenue_share"])
            sheet.rect(bars(0), top + 18, end - bars(0), 15, f"seg fill {own}")
            words = f"{percent(round(row['revenue_share'], 3))} of revenue"
            sheet.text(end + 6, top + 30, words, "value")
        y += height
    return sheet


def _shares_title(segments: Found) -> str:
    rows = [s for s in segments["segments"] if known(s["revenue_share"]) and s["share"] > 0]
    if not rows:
        largest = max(segments["segments"], key=lambda s: s["share"])
        return f"The largest, “{largest['name']}”, has {of_100(largest['share'])} customers"
    best = max(rows, key=lambda s: s["revenue_share"] / s["share"])
    return (
        f"“{best['name']}”: {of_100(best['share'])} customers bring "
        f"{of_100(best['revenue_share'])} dollars"
    )


def _axes(axes: Sequence[Found], reach: float, css: str, width: float) -> Drawing:
    step = 27.0
    floor = 8 + step * len(axes)
    sheet = Drawing(width, floor + 22)
    widest = max((text_width(axis_label(str(axis["axis"])), 12) for axis in axes), default=0.0)
    left = min(widest + 8, 118.0)
    x = Scale(-reach, reach, left + 30, width - 30)
    for tick in (-1, 1):
        if reach > 1:
            sheet.line(x(tick), 4, x(tick), floor, "grid")
            sheet.text(x(tick), floor + 16, f"{tick:+d} SD".replace("-", "−"), anchor="middle")
    sheet.text(x(0), floor + 16, "all", "ref-name", anchor="middle")
    for place, axis in enumerate(axes):
        y, far = 8 + step * (place + 0.5), axis["deviation"]
        lines = wrap(axis_label(str(axis["axis"])), left - 4, 12)
        for line, words in enumerate(lines):
            sheet.text(0, y + 4 + 13 * line - 6.5 * (len(lines) - 1), words, "label small")
        if not known(far):
            sheet.text(x(0), y + 4, "not known", "ref-name halo", anchor="middle")
            continue
        ends = sorted((x(0), x(max(-reach, min(far, reach)))))
        weak = "" if abs(far) >= 0.5 else " weak"
        sheet.rect(ends[0], y - 8, ends[1] - ends[0], 16, f"seg fill {css}{weak}")
        edge, anchor = (ends[1] + 5, "start") if far >= 0 else (ends[0] - 5, "end")
        sheet.text(edge, y + 4, _signed(far), "value small", anchor=anchor)
    sheet.line(x(0), 4, x(0), floor, "axis")
    return sheet


def _axes_title(axes: Sequence[Found]) -> str:
    """The largest deviations, at most three of at least half an SD."""
    far = [a for a in axes if known(a["deviation"]) and abs(a["deviation"]) >= 0.5]
    far = sorted(far, key=lambda a: -abs(a["deviation"]))[:3]
    if not far:
        return "Near the average on every axis"
    told = [
        f"{'high' if a['deviation'] > 0 else 'low'} {str(a['axis']).replace('_', ' ')}" for a in far
    ]
    return axis_label(", ".join(told))


def _gate(tried: Sequence[Found], least: float | None, width: float) -> Drawing:
    sheet = Drawing(width, 320)
    ends = [c["silhouette"][key] for c in tried for key in ("value", "low", "high")]
    every = [e for e in [*ends, *(c["null_silhouette"] for c in tried), least] if known(e)]
    steps = [c["k"] for c in tried]
    low, high = fit(min(every), max(every), zero=True)
    panel = frame(
        sheet, (min(steps) - 1.2, max(steps) + 0.6), (low, high), top=66 if width <= NARROW else 48
    )
    panel.y_axis("silhouette")
    sheet.text(0, 14, "● these customers", "model-name")
    sheet.text(0 if width <= NARROW else 140, 32 if width <= NARROW else 14, _HOLLOW, "tick")
    floor = max(panel.y.start, panel.y.end)
    sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
    middle = (panel.x.start + panel.x.end) / 2
    sheet.text(middle, floor + 38, "number of groups", "axis-title", anchor="middle")
    if known(least):
        panel.level(least or 0.0, "needed")
    for found in tried:
        x, own = panel.x(found["k"]), found["silhouette"]
        css = "label strong" if found["chosen"] else "tick"
        sheet.text(x, floor + 18, str(found["k"]), css, anchor="middle")
        if known(found["null_silhouette"]):
            y = panel.y(found["null_silhouette"])
            sheet.mark(x, y, "plain hollow", shape="diamond", r=4.2)
        if known(own["low"]) and known(own["high"]):
            panel.whisker(found["k"], own["low"], own["high"], "model whisker")
        r = 6.5 if found["chosen"] else 4.5
        tip = f"{found['k']} groups: {interval(own)}"
        sheet.mark(x, panel.y(own["value"]), "model dot", r=r, tip=tip)
        if found["chosen"]:
            sheet.text(x, panel.y(own["value"]) - 13, "chosen", "model-name halo", anchor="middle")
    return sheet


_HOLLOW = "◇ no groups, alike in all else"


def _signed(value: float) -> str:
    written = f"{abs(value):.1f}"
    return "0" if written == "0.0" else ("+" if value > 0 else "−") + written
