"""A small kit for static pictures: scales with round ticks, and shapes written as inline SVG.

No plotting library: altair with vl-convert would add 94 MB to every install, for pictures of a
few dozen shapes. Shapes carry a CSS class and never a colour, so that the page's variables decide
(light, dark, print). One unit is one CSS pixel at full width; see `plots.base` for narrow screens.
"""

__all__ = ["Drawing", "Panel", "Scale", "fit", "spread", "text_width"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from patron.report.numbers import short

Numbers = Sequence[float]
FONT = 12.5


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from data (`low` to `high`) to pixels (`start` to `end`).

    `kind` is "linear" or "log"; "log" counts from 1 upwards where the data reach down to zero
    (log1p), so that 0 keeps its place.

    >>> Scale(0, 10, 100, 200)(2.5)
    125.0
    >>> Scale(0, 0.43, 0, 1).ticks(4)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    >>> Scale(1, 1000, 0, 1, "log").ticks(4)
    [1.0, 10.0, 100.0, 1000.0]
    """

    low: float
    high: float
    start: float
    end: float
    kind: str = "linear"

    def __call__(self, value: float) -> float:
        low, high = self._bend(self.low), self._bend(self.high)
        share = (self._bend(value) - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def _bend(self, value: float) -> float:
        if self.kind == "linear":
            return value
        return math.log10(value) if self.low > 0 else math.copysign(math.log1p(abs(value)), value)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers inside the scale, about as many as asked."""
        if self.kind == "log":
            marks = self._log_ticks(about)
            if len(marks) > 1:
                return marks
        return _round_ticks(self.low, self.high, about)

    def _log_ticks(self, about: int) -> list[float]:
        top = math.ceil(math.log10(max(self.high, 1e-12)))
        bottom = math.floor(math.log10(self.low)) if self.low > 0 else 0
        zero = [0.0] if self.low <= 0 <= self.high else []
        for steps in ((1, 2, 5), (1, 3), (1,)):
            marks = zero + [step * 10.0**e for e in range(bottom, top + 1) for step in steps]
            marks = [mark for mark in marks if self.low <= mark <= self.high * (1 + 1e-9)]
            if len(marks) <= about + 1:
                break
        return marks


def _round_ticks(low: float, high: float, about: int) -> list[float]:
    if not high > low:
        return [low]
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def fit(low: float, high: float, *, zero: bool = False, about: int = 5) -> tuple[float, float]:
    """A domain that holds `low` and `high` and ends on round numbers.

    >>> fit(0.653, 0.861)
    (0.65, 0.9)
    >>> fit(0.02, 0.43, zero=True)
    (0.0, 0.5)
    """
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    marks = _round_ticks(low, high, about)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    return (
        round(math.floor(low / step + 1e-9) * step, 12) + 0.0,
        round(math.ceil(high / step - 1e-9) * step, 12),
    )


def text_width(text: str, font: float = FONT) -> float:
    """About how wide a text is; on the generous side, because fonts differ between machines."""
    return len(text) * font * 0.56


def spread(places: Numbers, gap: float) -> list[float]:
    """The places moved apart until they are `gap` from each other, in the same order.

    >>> spread([10, 12, 40], 10)
    [6.0, 16.0, 40.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [float(place) for place in places]
    for _ in range(50):
        for above, below in pairwise(order):
            short_of = gap - (moved[below] - moved[above])
            if short_of > 1e-9:
                moved[above] -= short_of / 2
                moved[below] += short_of / 2
    return moved


@dataclass(slots=True)
class Drawing:
    """Shapes on a sheet of `width` × `height`; `render` gives the SVG element."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self._add("line", css, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(
        self, points: Sequence[tuple[float, float]], css: str, *, closed: bool = False
    ) -> None:
        """A polyline, or a closed shape."""
        if points:
            steps = " ".join(f"{_px(x)},{_px(y)}" for x, y in points)
            self._add("path", css, d=f"M{steps}{'Z' if closed else ''}")

    def rect(self, x: float, y: float, w: float, h: float, css: str, tip: str = "") -> None:
        """A rectangle; `tip` is what a mouse resting on it shows."""
        self._add("rect", css, tip, x=x, y=y, width=max(w, 0), height=max(h, 0))

    def mark(
        self, x: float, y: float, css: str, *, shape: str = "circle", r: float = 4.5, tip: str = ""
    ) -> None:
        """A point: circle or diamond."""
        if shape == "circle":
            self._add("circle", css, tip, cx=x, cy=y, r=r)
        else:
            corners = [(x, y - r * 1.3), (x + r * 1.3, y), (x, y + r * 1.3), (x - r * 1.3, y)]
            self._add(
                "path", css, tip, d="M" + " ".join(f"{_px(a)},{_px(b)}" for a, b in corners) + "Z"
            )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        css: str = "tick",
        *,
        anchor: str = "start",
        turn: float = 0,
    ) -> None:
        """Words at their base line; `anchor` is start, middle or end."""
        turned = f' transform="rotate({_px(turn)} {_px(x)} {_px(y)})"' if turn else ""
        side = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text class="{css}" x="{_px(x)}" y="{_px(y)}"{side}{turned}>{escape(words)}</text>'
        )

    def _add(self, tag: str, css: str, tip: str = "", **places: float | str) -> None:
        written = "".join(f' {key}="{_px(value)}"' for key, value in places.items())
        inside = f"><title>{escape(tip)}</title></{tag}>" if tip else "/>"
        self.parts.append(f'<{tag} class="{css}"{written}{inside}')

    def render(self, alt: str, css: str = "") -> str:
        """The SVG element; `alt` is what somebody hears who cannot see it."""
        return (
            f'<svg class="{css}" viewBox="0 0 {_px(self.width)} {_px(self.height)}" role="img" '
            f'aria-label="{escape(alt, quote=True)}">{"".join(self.parts)}</svg>'
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a drawing with two scales; its methods take data, not pixels."""

    sheet: Drawing
    x: Scale
    y: Scale

    def x_axis(
        self, title: str = "", *, show: Callable[[float], str] = short, about: int = 5
    ) -> None:
        """Tick labels under the panel, its base line, and the title below in the middle."""
        floor = max(self.y.start, self.y.end)
        for tick in self.x.ticks(about):
            self.sheet.line(self.x(tick), floor, self.x(tick), floor + 4, "axis")
            self.sheet.text(self.x(tick), floor + 18, show(tick), anchor="middle")
        self.sheet.line(self.x.start, floor, self.x.end, floor, "axis")
        if title:
            self.sheet.text(
                (self.x.start + self.x.end) / 2, floor + 38, title, "axis-title", anchor="middle"
            )

    def y_axis(
        self, title: str = "", *, show: Callable[[float], str] = short, about: int = 4
    ) -> None:
        """Grid lines with their labels; the title lies flat above, so that nobody tilts the head."""
        for tick in self.y.ticks(about):
            self.sheet.line(self.x.start, self.y(tick), self.x.end, self.y(tick), "grid")
            self.sheet.text(self.x.start - 7, self.y(tick) + 4, show(tick), anchor="end")
        if title:
            top = min(self.y.start, self.y.end)
            self.sheet.text(0, top - 13, title, "axis-title")

    def curve(self, xs: Numbers, ys: Numbers, css: str) -> None:
        """A line through the points."""
        self.sheet.path([(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)], css)

    def band(self, xs: Numbers, lows: Numbers, highs: Numbers, css: str) -> None:
        """The area between two curves: an interval."""
        there = [(self.x(x), self.y(low)) for x, low in zip(xs, lows, strict=True)]
        back = [(self.x(x), self.y(high)) for x, high in zip(xs, highs, strict=True)]
        self.sheet.path([*there, *reversed(back)], css, closed=True)

    def steps(self, edges: Numbers, heights: Numbers, css: str) -> None:
        """A histogram as one outline, filled down to zero."""
        outline = [(self.x(edges[0]), self.y(0))]
        for (left, right), height in zip(pairwise(edges), heights, strict=True):
            outline += [(self.x(left), self.y(height)), (self.x(right), self.y(height))]
        self.sheet.path([*outline, (self.x(edges[-1]), self.y(0))], css, closed=True)

    def bars(self, edges: Numbers, heights: Numbers, css: str) -> None:
        """A histogram as bars with a hair of paper between them."""
        for (left, right), height in zip(pairwise(edges), heights, strict=True):
            x, wide = self.x(left), self.x(right) - self.x(left)
            gap = min(1.0, wide * 0.1)
            self.sheet.rect(
                x + gap / 2, self.y(height), wide - gap, self.y(0) - self.y(height), css
            )

    def whisker(self, x: float, low: float, high: float, css: str = "whisker") -> None:
        """A vertical interval."""
        self.sheet.line(self.x(x), self.y(low), self.x(x), self.y(high), css)

    def level(self, y: float, name: str, css: str = "ref") -> None:
        """A horizontal reference with its name at the right end, above the line."""
        self.sheet.line(self.x.start, self.y(y), self.x.end, self.y(y), css)
        self.sheet.text(self.x.end, self.y(y) - 6, name, "ref-name", anchor="end")

    def diagonal(self, top: float, name: str, *, at: float = 0.62, below: bool = True) -> None:
        """The reference from the origin to (`top`, `top`), its name along it."""
        x1, y1, x2, y2 = self.x(0), self.y(0), self.x(top), self.y(top)
        self.sheet.line(x1, y1, x2, y2, "ref")
        turn = math.degrees(math.atan2(y2 - y1, x2 - x1))
        shift = 15 if below else -6
        x, y = x1 + at * (x2 - x1), y1 + at * (y2 - y1)
        lean = math.radians(turn)
        self.sheet.text(
            x - shift * math.sin(lean),
            y + shift * math.cos(lean),
            name,
            "ref-name",
            anchor="middle",
            turn=turn,
        )


def _px(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".removesuffix(".0")
