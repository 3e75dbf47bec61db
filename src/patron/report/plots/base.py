"""What every picture has: its finding, what is shown, alt text, and a wide and a narrow drawing."""

__all__ = ["HEIGHT", "NARROW", "PAIR", "SMALL", "WIDE", "Picture", "frame", "picture"]

from collections.abc import Callable
from dataclasses import dataclass

from patron.report.scale import Scale
from patron.report.svg import Drawing, Panel

WIDE, PAIR, NARROW, SMALL = 760.0, 460.0, 340.0, 300.0
HEIGHT = 380.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready for the page.

    `svg` holds the drawing at its full width and, where a phone needs another one, the narrow
    drawing after it; the style sheet shows one of the two. Text in both is drawn at reading size.
    """

    name: str
    title: str
    subtitle: str
    svg: str
    width: float


def picture(
    name: str,
    title: str,
    subtitle: str,
    draw: Callable[[float], Drawing],
    *,
    width: float = WIDE,
    alt: str = "",
) -> Picture:
    """Draw at `width` and, if that is too wide for a phone, at `NARROW` as well."""
    alt = alt or f"{title}. {subtitle}"
    if width <= NARROW:
        return Picture(name, title, subtitle, draw(width).render(alt), width)
    both = draw(width).render(alt, "wide") + draw(NARROW).render(alt, "narrow")
    return Picture(name, title, subtitle, both, width)


def frame(
    sheet: Drawing,
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    left: float = 46,
    right: float = 14,
    top: float = 32,
    bottom: float = 46,
    log_x: bool = False,
) -> Panel:
    """A panel that fills the sheet inside its margins."""
    return Panel(
        sheet,
        Scale(*x, left, sheet.width - right, "log" if log_x else "linear"),
        Scale(*y, sheet.height - bottom, top),
    )
