"""The cap: an amount at which spend piles up, since what is above it was cut off."""

__all__ = ["Cap", "find_cap", "set_cap"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTHS = (1e-9, 1e-6, 1e-5, 1e-4, 5e-4, 1e-3, 2e-3)
"""Relative widths of a pile: exact ties, and a cap with a little noise on it."""
FEWEST = 5
CHANCE = 1e-8
"""A pile is one that chance brings this rarely, by the amounts below it."""
WIDER = 1e-4
"""A wider pile is taken where chance brings the rows that it adds this rarely."""
HIGHER = 3
"""And it has so many times the rows of any equally narrow place below it: round prices pile up
everywhere."""


@dataclass(frozen=True)
class Cap:
    """Where amounts are cut off.

    Parameters
    ----------
    limit : the amount that no forecast exceeds.
    start : amounts from here on are only known to be at least `limit`; None where none are cut.
    rows : how many.
    how : "found", "set" or "none".
    because : a sentence.
    """

    limit: float
    start: float | None
    rows: int
    how: str
    because: str

    def cut(self, y: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """The amounts, none above the limit, and which of them are cut off."""
        capped = np.zeros(len(y), dtype=bool) if self.start is None else y >= self.start
        return np.where(capped, self.limit, np.minimum(y, self.limit)), capped


def find_cap(y: Floats) -> Cap:
    """The cap of amounts, if they pile up at the greatest of them.

    Counted are the rows within a narrow relative width of the greatest amount; expected are as many
    as the density of the amounts from half of it up would put there (on the log scale), a Poisson
    count. Without a pile the limit is the greatest amount that was seen: beyond it nothing is
    known, and a log-normal mean would be made of what is beyond.

    >>> find_cap(np.append(np.geomspace(1, 900, 400), np.full(9, 1000.0))).rows
    9
    """
    amounts = np.sort(y[y > 0])
    if not len(amounts):
        return Cap(0.0, None, 0, "none", "Nobody spent anything.")
    top = float(amounts[-1])
    pile = amounts[:0]
    for width in WIDTHS:
        start = np.searchsorted(amounts, top * (1 - width))
        near, below = amounts[start:], amounts[np.searchsorted(amounts, top / 2) : start]
        if len(near) >= FEWEST and _by_chance(len(near), len(below), width) < CHANCE:
            lower, more = amounts[np.searchsorted(amounts, top / 10) : start], len(near) - len(pile)
            higher = len(near) > HIGHER * _most_within(lower, width)
            if higher and more and _by_chance(more, len(below), width) < WIDER:
                pile = near
    if not len(pile):
        return Cap(
            top, None, 0, "none",
            f"No pile at the top; no forecast goes beyond {_told(top)}, the most that was seen.",
        )  # fmt: skip
    middle = float(np.median(pile))
    about = "at" if pile[0] == pile[-1] else f"within {_told(float(pile[-1] - pile[0]))} round"
    return Cap(
        top,
        float(pile[0]),
        len(pile),
        "found",
        f"{len(pile):,} amounts pile up {about} {_told(middle)}: they are taken as that much or "
        "more.",
    )


def set_cap(y: Floats, limit: float) -> Cap:
    """The cap that the user names."""
    rows = int((y >= limit).sum())
    few = {0: "no amount reaches it", 1: "1 amount reaches it"}
    told = few.get(rows, f"{rows:,} amounts reach it")
    return Cap(limit, limit, rows, "set", f"The cap of {_told(limit)} is given; {told}.")


def _told(amount: float) -> str:
    """With two decimals; the first three digits of what is below 1, or beyond reading."""
    return f"{amount:,.2f}" if 1 <= amount < 1e12 else f"{amount:.3g}"


def _by_chance(pile: int, below: int, width: float) -> float:
    """The chance of so many rows in the pile, if the density went on as below it."""
    from scipy.special import pdtrc

    expected = (below + 1) * -np.log1p(-width) / np.log(2)
    return float(pdtrc(pile - 1, expected))


def _most_within(amounts: Floats, width: float) -> int:
    """The most amounts that lie within a relative width of one another."""
    if not len(amounts):
        return 0
    ends = np.searchsorted(amounts, amounts * (1 + width), side="right")
    return int((ends - np.arange(len(amounts))).max())
