"""Both models together: segments by tenths of the chance to buy; and who ranks buyers better."""

__all__ = ["in_money", "segment_auc", "segment_deciles"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.cash import cash
from patron.report.numbers import between, count, interval, known, of_100, short
from patron.report.plots.base import NARROW, PAIR, Picture, picture
from patron.report.plots.segments import colours
from patron.report.plots.segments_map import key_below, key_height
from patron.report.scale import Scale
from patron.report.svg import Drawing, text_width, wrap

Found = Mapping[str, Any]
FEWEST = 20
"""A cell of fewer customers is not coloured: its figure rests on next to nobody."""

SHADES = 5
CELL, FONT, LEFT, TOP = 36.0, 11.0, 222.0, 44.0


def in_money(together: Found) -> bool:
    """Whether cells hold money; where nothing is known of amounts, they hold expected buyers.

    >>> in_money({"unit": "expected spend in 30 days"}), in_money({"unit": "expected buyers"})
    (True, False)
    """
    return "buyers" not in str(together["unit"])


def segment_deciles(together: Found | None, rows: Sequence[Found]) -> Picture | None:
    """Expected revenue of each segment in each tenth; 10 is the highest chance to buy."""
    if not together or not together["cells"]:
        return None
    return picture(
        "segment-deciles",
        _title(together, rows),
        "All of a cell’s customers together. Segments by tenths of the chance to buy, 10 the "
        f"highest; crossed out: fewer than {FEWEST} customers.",
        lambda width: _draw(together, rows, width),
    )


def segment_auc(comparison: Found) -> Picture | None:
    """How well segments alone rank buyers, beside the model; on the same customers."""
    pairs = [
        (name, comparison[key], css)
        for name, key, css in (
            ("the purchase model", "model_auc", "model"),
            ("segments alone", "segments_auc", "plain"),
        )
        if comparison[key] and known(comparison[key]["value"])
    ]
    if len(pairs) < 2:
        return None
    apart = comparison["difference"]
    told = f"ROC-AUC on the same {count(comparison['supervised']['rows'])} held-out customers"
    if apart and known(apart["value"]):
        told += f"; paired difference {between(apart)}"
    return picture(
        "segment-auc",
        f"Segments alone rank buyers at {pairs[1][1]['value']:.2f}, the model at "
        f"{pairs[0][1]['value']:.2f}",
        f"{told}.",
        lambda width: _two(pairs, width),
        width=PAIR,
    )


def _draw(together: Found, rows: Sequence[Found], width: float) -> Drawing:
    names = {str(row["id"]): str(row["name"]) for row in rows}
    css, ids = colours(rows), [str(name) for name in together["segments"]]
    cells = {(str(cell["segment"]), cell["decile"]): cell for cell in together["cells"]}
    amounts = [c["expected_revenue"] for c in cells.values() if known(c["expected_revenue"])]
    most = max(amounts, default=0.0)
    if width <= NARROW:
        return _upright(together, rows, cells, most, width)
    tenths = together["deciles"]
    step = (width - LEFT) / max(len(tenths), 1)
    sheet = Drawing(width, TOP + CELL * len(ids) + 4)
    sheet.text(LEFT, 13, "tenth by chance to buy, the highest right", "axis-title")
    for place, tenth in enumerate(tenths):
        sheet.text(LEFT + step * (place + 0.5), TOP - 8, str(tenth), "label", anchor="middle")
    for row, name in enumerate(ids):
        y = TOP + CELL * row
        lines = wrap(names.get(name, ""), LEFT - 40, 12)
        first = y + CELL / 2 + 4 - 7 * (len(lines) - 1)
        sheet.text(0, first, name, f"seg-name {css.get(name, 's0')}")
        for line, words in enumerate(lines):
            sheet.text(28, first + 14 * line, words, "label")
        for place, tenth in enumerate(tenths):
            at = (LEFT + step * place, y, step)
            _cell(sheet, at, cells.get((name, tenth)), most, money=in_money(together))
    return sheet


def _upright(
    together: Found,
    rows: Sequence[Found],
    cells: Mapping[tuple[str, int], Found],
    most: float,
    width: float,
) -> Drawing:
    """For a phone: tenths down, segments across by their ids, the key below."""
    css, ids = colours(rows), [str(name) for name in together["segments"]]
    tenths, left = list(reversed(together["deciles"])), 30.0
    step = (width - left) / max(len(ids), 1)
    floor = TOP + CELL * len(tenths)
    key = [row for row in rows if str(row["id"]) in ids]
    sheet = Drawing(width, floor + 16 + key_height(key, width))
    sheet.text(0, 13, "tenth by chance to buy, the highest first", "axis-title")
    for place, name in enumerate(ids):
        x = left + step * (place + 0.5)
        sheet.text(x, TOP - 8, name, f"seg-name {css.get(name, 's0')}", anchor="middle")
    for row, tenth in enumerate(tenths):
        y = TOP + CELL * row
        sheet.text(left - 8, y + CELL / 2 + 4, str(tenth), "label", anchor="end")
        for place, name in enumerate(ids):
            at = (left + step * place, y, step)
            _cell(sheet, at, cells.get((name, tenth)), most, money=in_money(together))
    key_below(sheet, key, css, 0, floor + 26)
    return sheet


def _cell(
    sheet: Drawing,
    place: tuple[float, float, float],
    cell: Found | None,
    most: float,
    *,
    money: bool,
) -> None:
    """A cell at `place`: left, top, width."""
    x, y, wide = place
    inside = (x + 1, y + 1, wide - 2, CELL - 2)
    n = cell["customers"] if cell else 0
    if cell is None or n < FEWEST or not known(cell["expected_revenue"]):
        sheet.rect(*inside, "few", tip=f"{count(n)} customers: too few to say")
        sheet.line(x + 1, y + CELL - 1, x + wide - 1, y + 1, "grid")
        return
    amount = cell["expected_revenue"]
    share = max(amount, 0.0) / most if most > 0 else 0.0
    shade = min(int(SHADES * math.sqrt(share) + 0.5), SHADES)
    bought = f", {count(cell['buyers'])} bought" if known(cell["buyers"]) else ""
    if money:
        tip = f"{cash(amount)} from {count(n)} customers{bought}, {cash(amount / n)} each"
    else:
        tip = f"{short(amount)} expected of {count(n)} customers{bought}"
    sheet.rect(*inside, f"heat up shade-{shade}", tip=tip)
    words = _whole(amount, money=money)
    if text_width(words, FONT) > wide + 4:
        words = _brief(amount, money=money)
    if text_width(words, FONT) > wide + 4:
        words = words.removeprefix("$")
    sheet.text(x + wide / 2, y + CELL / 2 + 4, words, "label small", anchor="middle")


def _whole(amount: float, *, money: bool) -> str:
    return cash(round(amount)) if money else count(amount)


def _brief(amount: float, *, money: bool = True) -> str:
    """An amount in four letters or so.

    >>> _brief(12_345.0), _brief(999_600.0), _brief(87.2), _brief(1_250.0, money=False)
    ('$12k', '$1m', '$87', '1.2k')
    """
    sign = "$" if money else ""
    for size, letter in ((1e9, "b"), (1e6, "m"), (1e3, "k")):
        if abs(amount) >= 0.9995 * size:
            number = f"{amount / size:.1f}" if abs(amount) < 9.95 * size else f"{amount / size:.0f}"
            return f"{sign}{number.removesuffix('.0')}{letter}"
    return f"{sign}{amount:.0f}"


def _title(together: Found, rows: Sequence[Found]) -> str:
    """The cell with most expected revenue, beside how many of the customers it has."""
    cells = [c for c in together["cells"] if known(c["expected_revenue"]) and c["customers"]]
    what = "dollars" if in_money(together) else "buyers"
    total = sum(max(c["expected_revenue"], 0.0) for c in cells)
    if total <= 0:
        return f"No {what} are expected of anybody"
    names = {str(row["id"]): row["name"] for row in rows}
    best = max(cells, key=lambda c: c["expected_revenue"])
    people = sum(c["customers"] for c in cells)
    return (
        f"“{names.get(str(best['segment']), best['segment'])}” in tenth {best['decile']}: "
        f"{of_100(best['customers'] / people)} customers, "
        f"{of_100(best['expected_revenue'] / total)} expected {what}"
    )


def _two(pairs: Sequence[tuple[str, Found, str]], width: float) -> Drawing:
    sheet = Drawing(width, 112)
    left = 134.0
    lows = [e["low"] for _, e, _ in pairs if known(e["low"])]
    low = min(0.5, *lows, *(e["value"] for _, e, _ in pairs))
    x = Scale(low, 1.0, left, width - 12)
    for tick, words in zip(x.ticks(4), x.labels(4), strict=True):
        sheet.line(x(tick), 20, x(tick), 76, "grid")
        sheet.text(x(tick), 92, words, anchor="middle")
    sheet.line(x(0.5), 20, x(0.5), 76, "ref")
    sheet.text(x(0.5), 12, "chance", "ref-name", anchor="start" if low >= 0.5 else "middle")
    for place, (name, found, css) in enumerate(pairs):
        y = 34 + 28 * place
        sheet.text(0, y + 4, name, "label")
        if known(found["low"]) and known(found["high"]):
            sheet.line(x(found["low"]), y, x(found["high"]), y, f"{css} whisker")
        sheet.mark(x(found["value"]), y, f"{css} dot", tip=f"{name}: {interval(found, 3)}")
    return sheet
