"""From one month to the next: who stays in a segment and who moves, as flows."""

__all__ = ["Node", "segment_flow"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.report.numbers import count, known, of_100
from patron.report.plots.base import NARROW, Picture, picture
from patron.report.plots.segments import colours
from patron.report.plots.segments_map import key_below, key_height
from patron.report.svg import Drawing, wrap

Found = Mapping[str, Any]
WORDS = {"new": "not there before", "gone": "no longer there"}
TALL, LEAST, GAP, BAR, TOP = 400.0, 48.0, 8.0, 12.0, 30.0
STEPS = 24
NAMED = 3
"""So many of the largest moves have their number written on them."""


@dataclass(slots=True)
class Node:
    """A segment in one of the two months: where its bar begins and how tall it is."""

    name: str
    customers: int
    slot: float
    top: float
    tall: float
    used: float = 0.0


def segment_flow(segments: Found) -> Picture | None:
    """Bars are the segments before and now, ribbons the customers between them."""
    months = segments["months"]
    if not months or not any(move["customers"] for move in months["migration"]):
        return None
    return picture(
        "segment-flow",
        _title(months),
        "Left the month before, right this month; a ribbon is as wide as its customers are many, "
        "pale for those who stay, in the colour of where they were for those who move.",
        lambda width: _draw(segments, width),
    )


def _draw(segments: Found, width: float) -> Drawing:
    months, rows = segments["months"], segments["segments"]
    narrow = width <= NARROW
    css = colours(rows)
    moves = [move for move in months["migration"] if move["customers"]]
    order = [str(row["id"]) for row in rows]
    total = sum(move["customers"] for move in moves)
    left, right = (_nodes(moves, end, order, total) for end in ("from", "to"))
    floor = max(node.slot + max(node.tall, LEAST) for node in [*left.values(), *right.values()])
    named = [
        {"id": name, "name": months["names"].get(name, "")}
        for name in dict.fromkeys([*left, *right])
        if name not in WORDS
    ]
    key = key_height(named, width) + 10 if narrow else 0.0
    sheet = Drawing(width, floor + 14 + key)
    side = 64.0 if narrow else 228.0
    start, end = side + BAR, width - side - BAR
    ends = (0.0, width) if narrow else (start, end)
    sheet.text(ends[0], 14, "the month before", "axis-title", anchor="start" if narrow else "end")
    sheet.text(ends[1], 14, "this month", "axis-title", anchor="end" if narrow else "start")
    _ribbons(sheet, moves, left, right, css, (start, end), total)
    for nodes, x, anchor in ((left, side, "end"), (right, end, "start")):
        for node in nodes.values():
            sheet.rect(x, node.top, BAR, node.tall, f"seg fill {css.get(node.name, 's0')}")
            edge = x - 8 if anchor == "end" else x + BAR + 8
            _label(sheet, node, months, css, (edge, anchor), side - 12, narrow=narrow)
    if narrow:
        key_below(sheet, named, css, 0, floor + 34)
    return sheet


def _nodes(moves: Sequence[Found], end: str, order: Sequence[str], total: int) -> dict[str, Node]:
    """The bars of one side from the top down; each has at least the room of its label."""
    sums: dict[str, int] = {}
    for move in moves:
        sums[str(move[end])] = sums.get(str(move[end]), 0) + move["customers"]
    names = sorted(
        sums, key=lambda n: (n in WORDS, order.index(n) if n in order else len(order), n)
    )
    nodes, y = {}, TOP
    for name in names:
        tall = max(TALL * sums[name] / total, 1.0)
        nodes[name] = Node(name, sums[name], y, y + max(LEAST - tall, 0) / 2, tall)
        y += max(tall, LEAST) + GAP
    return nodes


def _ribbons(
    sheet: Drawing,
    moves: Sequence[Found],
    left: Mapping[str, Node],
    right: Mapping[str, Node],
    css: Mapping[str, str],
    ends: tuple[float, float],
    total: int,
) -> None:
    """Those who stay first, so that movers lie on top; numbers on the largest moves last."""
    spans = {}
    for move in sorted(moves, key=lambda m: (left[m["from"]].slot, right[m["to"]].slot)):
        node, thick = left[move["from"]], TALL * move["customers"] / total
        spans[move["from"], move["to"]] = [node.top + node.used, 0.0, thick]
        node.used += thick
    for move in sorted(moves, key=lambda m: (right[m["to"]].slot, left[m["from"]].slot)):
        node = right[move["to"]]
        spans[move["from"], move["to"]][1] = node.top + node.used
        node.used += spans[move["from"], move["to"]][2]
    ordered = sorted(moves, key=lambda m: (m["from"] != m["to"], m["customers"]))
    for move in ordered:
        y1, y2, thick = spans[move["from"], move["to"]]
        way = "stay" if move["from"] == move["to"] else "move"
        own = css.get(str(move["from"]), "s0")
        _ribbon(sheet, ends, y1, y2, max(thick, 0.75), f"seg flow {way} {own}")
    movers = [m for m in ordered if m["from"] != m["to"]]
    for place, move in enumerate(reversed(movers[-NAMED:])):
        y1, y2, thick = spans[move["from"], move["to"]]
        share = (0.5, 0.3, 0.7)[place % 3]
        x = ends[0] + share * (ends[1] - ends[0])
        y = y1 + _bend(share) * (y2 - y1) + thick / 2
        sheet.text(x, y + 4, count(move["customers"]), "label small halo", anchor="middle")


def _ribbon(
    sheet: Drawing, ends: tuple[float, float], y1: float, y2: float, thick: float, css: str
) -> None:
    steps = [i / STEPS for i in range(STEPS + 1)]
    upper = [(ends[0] + t * (ends[1] - ends[0]), y1 + _bend(t) * (y2 - y1)) for t in steps]
    lower = [(x, y + thick) for x, y in reversed(upper)]
    sheet.path([*upper, *lower], css, closed=True)


def _label(
    sheet: Drawing,
    node: Node,
    months: Found,
    css: Mapping[str, str],
    at: tuple[float, str],
    room: float,
    *,
    narrow: bool,
) -> None:
    """Id, name and how many; on a phone the names stand in the key."""
    x, anchor = at
    middle = node.top + node.tall / 2
    own = css.get(node.name, "s0")
    name = WORDS.get(node.name) or str(months["names"].get(node.name, ""))
    if narrow:
        words = node.name
        sheet.text(x, middle - 2, words, f"seg-name {own}", anchor=anchor)
        sheet.text(x, middle + 13, count(node.customers), anchor=anchor)
        return
    words = name if node.name in WORDS else f"{node.name} {name}"
    lines = wrap(words, room, 12.5, lines=2)
    y = middle + 4 - 8 * len(lines)
    for line in lines:
        sheet.text(x, y, line, f"seg-name {own}", anchor=anchor)
        y += 16
    sheet.text(x, y, f"{count(node.customers)} customers", anchor=anchor)


def _bend(share: float) -> float:
    """From 0 to 1, level at both ends."""
    return (1 - math.cos(math.pi * share)) / 2


def _title(months: Found) -> str:
    moved = [
        move
        for move in months["migration"]
        if move["from"] != move["to"] and not {move["from"], move["to"]} & WORDS.keys()
    ]
    switched = (months["switched"] or {}).get("value")
    if switched is None or not known(switched):
        return "No customer is in both months"
    start = f"{of_100(1 - switched)} customers stay"
    most = max(moved, key=lambda move: move["customers"], default=None)
    if most is None or not most["customers"]:
        return f"{start}; nobody moves"
    one, other = (months["names"].get(str(most[end]), most[end]) for end in ("from", "to"))
    return f"{start}; most moves: {count(most['customers'])} from “{one}” to “{other}”"
