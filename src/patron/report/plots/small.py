"""What the small pictures share: their size, rows for categories, bars for counts."""

__all__ = [
    "FLOOR",
    "LEFT",
    "MOST_ROWS",
    "TALL",
    "category_rows",
    "counts_below",
    "row_room",
    "wide_enough",
]

from collections.abc import Callable, Sequence
from itertools import pairwise

from patron.report.scale import Scale
from patron.report.svg import Drawing, Panel, text_width

TALL, LEFT, FLOOR = 200.0, 42.0, 168.0
MOST_ROWS = 8
Show = Callable[[float], str]


def category_rows(
    sheet: Drawing,
    labels: Sequence[str],
    counts: Sequence[float],
    values: Scale | None,
    mark: Callable[[int, float], None],
    *,
    show: Show | None = None,
) -> None:
    """One row a category: its name, room for a mark on `values`, a bar for how many have it.

    Rows are as tall as `TALL` allows; `mark(i, y)` draws the i-th mark at the height y.
    """
    step = min(24.0, (FLOOR - 8) / max(len(labels), 1))
    left, right = row_room(sheet, labels)
    if values:
        for tick, words in zip(values.ticks(3), values.labels(3, show), strict=True):
            sheet.line(values(tick), 4, values(tick), 8 + step * len(labels), "grid")
            sheet.text(values(tick), 24 + step * len(labels), words, anchor="middle")
    bars = Scale(0, max(counts, default=0) or 1, right if values else left, sheet.width)
    for i, (label, n) in enumerate(zip(labels, counts, strict=True)):
        y = 6 + step * (i + 0.5)
        letters = max(int((left - 12) / text_width("x", 11.5)), 3)
        words = label if len(label) <= letters else label[: letters - 1] + "…"
        sheet.text(left - 10, y + 4, words, "label small", anchor="end")
        sheet.rect(bars(0), y - step * 0.32, bars(n) - bars(0), step * 0.64, "bar")
        mark(i, y)


def row_room(sheet: Drawing, labels: Sequence[str]) -> tuple[float, float]:
    """Where the marks of category rows begin and where their bars begin."""
    widest = max((text_width(label, 11.5) for label in labels), default=0.0)
    return min(widest + 14, 96.0), sheet.width - 56


def counts_below(
    sheet: Drawing,
    x: Scale,
    edges: Sequence[float],
    counts: Sequence[float],
    *,
    floor: float = FLOOR,
    tall: float = 30,
) -> None:
    """A strip of bars under a picture: how many customers lie where.

    Bars are counts by their width, so that areas compare where bins are unequal.
    """
    heights = [
        n / max(x(b) - x(a), 1e-9) for n, (a, b) in zip(counts, pairwise(edges), strict=True)
    ]
    bars = Panel(sheet, x, Scale(0, max(heights, default=0) or 1, floor, floor - tall))
    bars.bars(edges, heights, "bar")
    bars.x_axis(about=4)


def wide_enough(low: float, high: float) -> tuple[float, float]:
    """A domain with some width, even where all values are the same."""
    return (low, high) if high > low else (low - 0.5, high + 0.5)
