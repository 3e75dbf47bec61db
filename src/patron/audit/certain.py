"""Values of a column where the answer is certain, as no honest column makes it."""

__all__ = ["Certain", "certain_codes", "certainly", "in_words"]

from math import ceil, log
from typing import NamedTuple

import numpy as np

FEWEST = 30
CERTAIN = 0.995
# What the codes must reach in the half of the sample that they were not chosen in.
NEARLY = 0.97
LEAST_CHOSEN = 3
BY_CHANCE = 1e-6


class Certain(NamedTuple):
    """Where a column makes the answer certain: in words, in how many rows, for what share."""

    where: str
    rows: int
    share: float


def certain_codes(codes: np.ndarray, positive: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The codes whose rows are nearly all positive: chosen in one half, confirmed in the other.

    Returns an empty vector where what is chosen in a half does not hold in the other: among many
    small codes some are all positive by chance.
    """
    width = int(codes.max(initial=0)) + 1
    chosen, held, of = [], 0.0, 0.0
    for side in (half, ~half):
        rows = np.bincount(codes[side], minlength=width)
        hits = np.bincount(codes[side], positive[side], width)
        pure = (rows >= LEAST_CHOSEN) & (hits >= NEARLY * rows)
        chosen.append(pure)
        there = pure[codes] & ~side
        held, of = held + positive[there].sum(), of + there.sum()
    if of < FEWEST or held < NEARLY * of:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(chosen[0] | chosen[1])


def certainly(positive: np.ndarray, hit: np.ndarray, *, asked_once: bool) -> bool:
    """Whether the rows `hit` are positive beyond what an honest column may single out.

    Honest columns find rows that are positive far more often than others: at most, it is assumed,
    three quarters of the way from the base rate to certainty. `asked_once`: the rows were not
    chosen among many.
    """
    rows, base = int(hit.sum()), float(positive.mean())
    needed = FEWEST
    if not asked_once:
        needed = max(FEWEST, ceil(log(BY_CHANCE) / log(1 - (1 - base) / 4)))
    return base < 0.5 and rows >= needed and float(positive[hit].mean()) >= CERTAIN


def in_words(values: np.ndarray, hit: np.ndarray) -> str:
    """The rows `hit` as a condition on the column's values; NaN is missing.

    >>> in_words(np.array([0, 1, 3, 5, np.nan]), np.array([False, False, True, True, False]))
    '3 or more'
    """
    inside, outside = values[hit], values[~hit]
    if np.isnan(inside).all():
        return "missing"
    if np.isnan(outside).all():
        return "present"
    low, high = np.nanmin(inside), np.nanmax(inside)
    lowest, highest = np.nanmin(outside), np.nanmax(outside)
    if lowest == highest:
        return f"other than {lowest:g}"
    if low == high:
        return f"{low:g}"
    if low > highest:
        return f"{low:g} or more"
    if high < lowest:
        return f"{high:g} or less"
    return f"some values from {low:g} to {high:g}"
