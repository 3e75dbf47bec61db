"""A small kit for static pictures: shapes written as inline SVG, and panels with axes.

No plotting library: altair with vl-convert would add 94 MB to every install, for pictures of a
few dozen shapes. Shapes carry a CSS class and never a colour, so that the page's variables decide
(light, dark, print). One unit is one CSS pixel at full width; see `plots.base` for narrow screens.
"""

__all__ = ["Drawing", "Panel", "text_width", "wrap"]

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from patron.report.scale import Scale

Numbers = Sequence[float]
Show = Callable[[float], str]
FONT = 12.5


def text_width(text: str, font: float = FONT) -> float:
    """About how wide a text is; on the generous side, because fonts differ between machines."""
    return len(text) * font * 0.56


def wrap(text: str, width: float, font: float = FONT, lines: int = 2) -> list[str]:
    """The text in at most `lines` of the given width; what is longer ends in an ellipsis.

    >>> wrap("a blend of two models and a third", 120)
    ['a blend of two', 'models and a…']
    """
    letters = max(int(width / text_width("x", font)), 2)
    return textwrap.wrap(text, letters, max_lines=lines, placeholder="…")


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

    def x_axis(self, title: str = "", *, show: Show | None = None, about: int = 5) -> None:
        """Tick labels under the panel, its base line, and the title below in the middle."""
        floor = max(self.y.start, self.y.end)
        for tick, words in zip(self.x.ticks(about), self.x.labels(about, show), strict=True):
            self.sheet.line(self.x(tick), floor, self.x(tick), floor + 4, "axis")
            self.sheet.text(self.x(tick), floor + 18, words, anchor="middle")
        self.sheet.line(self.x.start, floor, self.x.end, floor, "axis")
        if title:
            self.sheet.text(
                (self.x.start + self.x.end) / 2, floor + 38, title, "axis-title", anchor="middle"
            )

    def y_axis(self, title: str = "", *, show: Show | None = None, about: int = 4) -> None:
        """Grid lines with their labels; the title lies flat above: no head needs to tilt."""
        for tick, words in zip(self.y.ticks(about), self.y.labels(about, show), strict=True):
            self.sheet.line(self.x.start, self.y(tick), self.x.end, self.y(tick), "grid")
            self.sheet.text(self.x.start - 7, self.y(tick) + 4, words, anchor="end")
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
        """A histogram as one outline over an area filled down to zero."""
        self.outline(edges, heights, f"{css} fill")
        self.outline(edges, heights, f"{css} line", closed=False)

    def outline(self, edges: Numbers, heights: Numbers, css: str, *, closed: bool = True) -> None:
        """A histogram's silhouette; `closed` down to zero."""
        outline = []
        for (left, right), height in zip(pairwise(edges), heights, strict=True):
            outline += [(self.x(left), self.y(height)), (self.x(right), self.y(height))]
        if closed:
            outline += [(self.x(edges[-1]), self.y(0)), (self.x(edges[0]), self.y(0))]
        self.sheet.path(outline, css, closed=closed)

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

    def level(self, y: float, name: str) -> None:
        """A horizontal reference with its name at the left end, above the line."""
        self.sheet.line(self.x.start, self.y(y), self.x.end, self.y(y), "ref")
        self.sheet.text(self.x.start + 6, self.y(y) - 6, name, "ref-name halo")

    def diagonal(self, top: float, name: str = "", *, at: float = 0.62) -> None:
        """The reference from the origin to (`top`, `top`), its name along it at share `at`."""
        x1, y1, x2, y2 = self.x(0), self.y(0), self.x(top), self.y(top)
        self.sheet.line(x1, y1, x2, y2, "ref")
        if name:
            lean = math.atan2(y2 - y1, x2 - x1)
            x = x1 + at * (x2 - x1) - 15 * math.sin(lean)
            y = y1 + at * (y2 - y1) + 15 * math.cos(lean)
            turn = math.degrees(lean)
            self.sheet.text(x, y, name, "ref-name", anchor="middle", turn=turn)


def _px(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".removesuffix(".0")
