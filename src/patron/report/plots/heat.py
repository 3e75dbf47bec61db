"""Two columns together: what the pair adds to the two curves, cell by cell."""

__all__ = ["FEWEST", "heat_reach", "interaction"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import beyond_zero, count, interval, known, short
from patron.report.plots.base import NARROW, Picture, picture
from patron.report.svg import Drawing, text_width, wrap

Pair = Mapping[str, Any]
FEWEST = 20
"""A cell of fewer customers is not coloured: its figure rests on next to nobody."""

SHADES = 5
WIDTH = 400.0
CELL = 34.0
LABEL = 11.0


def interaction(found: Pair, reach: float, place: int) -> Picture:
    """The table of two columns as a heat map; `reach` is the darkest shade, in points."""
    one, other = found["columns"]
    shown = f"strength {interval(found['strength'], 2)} points" if found["strength"] else ""
    return picture(
        f"interaction-{place}",
        _title(found),
        f"{other} (down) with {one} (across): points of chance beyond what either says alone; "
        f"{shown + '; ' if shown else ''}crossed out: fewer than {FEWEST} customers.",
        lambda width: _draw(found, reach, width),
        width=WIDTH,
    )


def _draw(found: Pair, reach: float, width: float) -> Drawing:
    across, down = ([str(x) for x in found[axis]["labels"]] for axis in ("x", "y"))
    most = width * (0.3 if width > NARROW else 0.26)
    left = min(max(text_width(name, LABEL) for name in down) + 10, most)
    step = (width - left) / max(len(across), 1)
    tilt = max(text_width(word, LABEL) for name in across for word in name.split()) > step - 3
    heads = [[name] if tilt else wrap(name, step - 2, LABEL, lines=3) for name in across]
    room = min(max(text_width(name, LABEL) for name in across), 96.0) + 8 if tilt else 0
    foot = room or 15.0 * max(map(len, heads)) + 4
    top = 26.0
    floor = top + CELL * len(down)
    sheet = Drawing(width, floor + foot + 24)
    sheet.text(0, 13, str(found["y"]["column"]), "axis-title")
    for row, name in enumerate(down):
        y = top + CELL * row
        lines = wrap(name, left - 8, LABEL, lines=2)
        first = y + CELL / 2 + 4 - 6.5 * (len(lines) - 1)
        for line, words in enumerate(lines):
            sheet.text(left - 8, first + 13 * line, words, "label small", anchor="end")
        for column in range(len(across)):
            effect, n = found["effect"][row][column], found["n"][row][column]
            _cell(sheet, left + step * column, y, step, effect, n, reach)
    for column, lines in enumerate(heads):
        x = left + step * (column + 0.5)
        if tilt:
            words = wrap(lines[0], 96, LABEL, lines=1)[0]
            sheet.text(x + 4, floor + 8, words, "label small", anchor="end", turn=-90)
            continue
        for line, words in enumerate(lines):
            y = floor + 14 + 13 * line
            sheet.text(x, y, words, "label small", anchor="middle")
    middle = left + (width - left) / 2
    column_name = str(found["x"]["column"])
    sheet.text(middle, floor + foot + 16, column_name, "axis-title", anchor="middle")
    return sheet


def _cell(
    sheet: Drawing, x: float, y: float, wide: float, effect: float | None, n: int, reach: float
) -> None:
    inside = (x + 1, y + 1, wide - 2, CELL - 2)
    if n < FEWEST or not known(effect):
        sheet.rect(*inside, "few", tip=f"{count(n)} customers: too few to say")
        sheet.line(x + 1, y + CELL - 1, x + wide - 1, y + 1, "grid")
        return
    points = effect or 0.0
    shade = min(int(SHADES * abs(points) / reach + 0.5), SHADES) if reach else 0
    way = "up" if points > 0 else "down"
    tip = f"{_signed(points)} points, {count(n)} customers"
    sheet.rect(*inside, f"heat {way} shade-{shade}", tip=tip)
    room = wide - 4 > text_width(_signed(points), LABEL)
    css = "label" if room and wide > 40 else "label small"
    sheet.text(x + wide / 2, y + CELL / 2 + 4, _signed(points), css, anchor="middle")


def _title(found: Pair) -> str:
    one, other = found["columns"]
    strength = found["strength"]
    if not strength or not known(strength["low"]):
        return f"{one} and {other} together: how sure this is we cannot say"
    if not beyond_zero(strength):
        return f"{one} and {other} together say no more than each alone, beyond noise"
    cells = [
        (points, found["y"]["labels"][row], found["x"]["labels"][column])
        for row, line in enumerate(found["effect"])
        for column, points in enumerate(line)
        if found["n"][row][column] >= FEWEST and known(points)
    ]
    if not cells:
        return f"{one} and {other}: no cell has enough customers"
    points, down, across = max(cells, key=lambda cell: abs(cell[0]))
    way = "more" if points > 0 else "fewer"
    return (
        f"{one} {across} with {other} {down}: {short(abs(points), 2)} points {way} "
        "than the two say alone"
    )


def _signed(points: float) -> str:
    written = f"{abs(points):.1f}"
    if written == "0.0":
        return "0"
    return ("+" if points > 0 else "−") + written


def heat_reach(pairs: Sequence[Pair]) -> float:
    """One scale for all heat maps: the largest change of a cell with enough customers."""
    return max(
        (
            abs(points)
            for found in pairs
            for line, counts in zip(found["effect"], found["n"], strict=True)
            for points, n in zip(line, counts, strict=True)
            if n >= FEWEST and known(points)
        ),
        default=0.0,
    )
