"""The map of segments: where customers lie on two axes, in cells, never one by one."""

__all__ = ["key_below", "key_height", "segment_map"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import count
from patron.report.plots.base import NARROW, Picture, picture
from patron.report.plots.labels import Box
from patron.report.plots.segments import axis_label, colours
from patron.report.scale import Scale
from patron.report.svg import Drawing, Panel, wrap

Found = Mapping[str, Any]
SIDE, LEFT, TOP, BOTTOM = 430.0, 46.0, 30.0, 46.0
KEY_LINE = 21.0
FEWEST = 10


def segment_map(segments: Found) -> Picture | None:
    """Cells of the two axes of the map, each in the colour of the segment that most are of.

    A cell is a place in `x_edges` and `y_edges`; its square's area grows with its customers.
    """
    found = segments["map"]
    if not found or not found["cells"]:
        return None
    x, y = (axis_label(str(found[axis])) for axis in ("x", "y"))
    return picture(
        "segment-map",
        _title(segments, x, y),
        f"{x} (across) and {y} (up), in SD. A square is a group of customers near each other: its "
        "area grows with how many, its colour is that of the segment that most of them are of. "
        f"Fewer than {FEWEST} are not shown.",
        lambda width: _draw(segments, x, y, width),
    )


def key_below(
    sheet: Drawing, rows: Sequence[Found], css: Mapping[str, str], x: float, y: float
) -> None:
    """The ids with their names, a line or two each; marks in the segments' colours."""
    for row in rows:
        own = css.get(str(row["id"]), "s0")
        sheet.rect(x, y - 10, 11, 11, f"seg fill {own}")
        sheet.text(x + 18, y, str(row["id"]), f"seg-name {own}")
        lines = _key_lines(row, sheet.width - x)
        for line, words in enumerate(lines):
            sheet.text(x + 48, y + 16 * line, words, "label")
        y += KEY_LINE - 16 + 16 * max(len(lines), 1)


def key_height(rows: Sequence[Found], room: float) -> float:
    """How tall the key is in a drawing `room` wide, from its first base line on."""
    return sum(KEY_LINE - 16 + 16 * max(len(_key_lines(row, room)), 1) for row in rows)


def _key_lines(row: Found, room: float) -> list[str]:
    return wrap(str(row["name"]), room - 48)


def _draw(segments: Found, x_title: str, y_title: str, width: float) -> Drawing:
    found, rows = segments["map"], segments["segments"]
    narrow = width <= NARROW
    css = colours(rows)
    side = min(width - LEFT - 8, SIDE)
    key = key_height(rows, width) if narrow else 0.0
    sheet = Drawing(width, TOP + side + BOTTOM + (key + 16 if narrow else 0))
    panel = Panel(sheet, *_scales(found, side))
    panel.y_axis(f"{y_title}, SD", about=6)
    panel.x_axis(f"{x_title}, SD")
    most = max(cell["size"] for cell in found["cells"])
    for cell in found["cells"]:
        left, right = (panel.x(found["x_edges"][cell["x"] + i]) for i in (0, 1))
        below, above = (panel.y(found["y_edges"][cell["y"] + i]) for i in (0, 1))
        full = min(right - left, below - above)
        wide = max(full * math.sqrt(cell["size"] / most), 2.0)
        tip = f"{cell['segment']}: {count(cell['size'])} customers"
        own = css.get(str(cell["segment"]), "s0")
        middle = ((left + right - wide) / 2, (below + above - wide) / 2)
        sheet.rect(*middle, wide, wide, f"seg fill {own}", tip)
    for name, px, py in _name_places(found, panel):
        sheet.text(px, py + 6, name, f"seg-name big halo {css.get(name, 's0')}", anchor="middle")
    if narrow:
        key_below(sheet, rows, css, 0, TOP + side + BOTTOM + 14)
    else:
        key_below(sheet, rows, css, LEFT + side + 40, TOP + 16)
    return sheet


def _scales(found: Found, side: float) -> tuple[Scale, Scale]:
    """The part of the edges that any cell lies in, one cell of air around it."""
    ends = []
    for axis in ("x", "y"):
        edges = found[f"{axis}_edges"]
        used = [cell[axis] for cell in found["cells"]]
        ends.append((edges[max(min(used) - 1, 0)], edges[min(max(used) + 2, len(edges) - 1)]))
    return Scale(*ends[0], LEFT, LEFT + side), Scale(*ends[1], TOP + side, TOP)


def _centres(found: Found) -> dict[str, tuple[float, float]]:
    """Each segment's middle on the map, by its cells and their customers."""
    sums: dict[str, list[float]] = {}
    for cell in found["cells"]:
        n = cell["size"]
        total = sums.setdefault(str(cell["segment"]), [0.0, 0.0, 0.0])
        for place, axis in enumerate(("x", "y")):
            edges = found[f"{axis}_edges"]
            total[place] += n * (edges[cell[axis]] + edges[cell[axis] + 1]) / 2
        total[2] += n
    return {name: (x / n, y / n) for name, (x, y, n) in sums.items() if n}


def _name_places(found: Found, panel: Panel) -> list[tuple[str, float, float]]:
    """Names at their segments' middles, moved down where two would lie on each other."""
    taken: list[Box] = []
    placed = []
    for name, (x, y) in _centres(found).items():
        px, py = panel.x(x), panel.y(y)
        box = Box(px - 13, py - 9, px + 13, py + 9)
        for _ in range(20):
            if not any(box.meets(other) for other in taken):
                break
            py += 5
            box = Box(px - 13, py - 9, px + 13, py + 9)
        taken.append(box)
        placed.append((name, px, py))
    return placed


def _title(segments: Found, x: str, y: str) -> str:
    centres = _centres(segments["map"])
    names = {str(row["id"]): row["name"] for row in segments["segments"]}
    pairs = [(a, b) for a in centres for b in centres if a < b]
    if not pairs:
        return f"{x} and {y} do not tell the segments apart"
    one, other = max(pairs, key=lambda pair: math.dist(centres[pair[0]], centres[pair[1]]))
    return f"Farthest apart: “{names.get(one, one)}” and “{names.get(other, other)}”"
