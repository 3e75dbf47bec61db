"""Zeros that make segments: values that are 0 or missing together for nearly all of a segment.

Who never ordered has no order value either, nor a discount or a return. Such customers lie in one
place on every axis and are a group by any measure; a reader should know which zeros make it.
"""

__all__ = ["zeros"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.features.encode import Encoder
from patron.models.segment_axes import Axis

MOST_OF = 0.9
"""A column belongs to the zeros of a segment where it is empty for this share of it or more …"""
MORE_THAN_ALL = 0.1
"""… and for a share that is greater than that among all customers by so much or more."""
FEWEST_COLUMNS = 2
"""One column that is 0 may be a habit; two that are 0 together are a mechanism."""
AGREE = 0.6
"""Columns come together where their zeros agree among all customers by this kappa (Cohen 1960)."""
ELSEWHERE = 0.15
"""Zeros make segments where no greater share of the other segments has them together …"""
SHARED = 0.75
"""… those left aside of which this share or more has them: one mechanism may make several."""


def zeros(
    table: pa.Table, axes: Sequence[Axis], labels: NDArray[np.intp], ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Which zeros and missing values make a segment; empty where none does.

    Parameters
    ----------
    table : the customers, with the axes' columns.
    labels : the segment of each row, as an index of `ids` [rows].

    Returns
    -------
    One entry a segment and column, the segments in their order and in each the most telling column
    first: `segment`, `column`, `what` ("zero" or "missing"), `share` of the segment, `all` (the
    share of all customers), `together` (the share of the segment that has all of its entries at
    once) and a `sentence`; the first one tells of all the segment's columns.
    """
    found: list[dict[str, Any]] = []
    count = np.bincount(labels, minlength=len(ids))
    empty: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for name in (name for axis in axes for name in axis.names):
        rule = {"name": name, "kind": "number", "indicator": False}
        values = Encoder((rule,)).transform(table).matrix[:, 0]
        empty[name, "zero"] = values == 0
        empty[name, "missing"] = np.isnan(values)
    shares = {key: _shares(rows, labels, count) for key, rows in empty.items() if rows.any()}
    for place, segment in enumerate(ids):
        inside = [
            (key, float(of_each[place]), overall)
            for key, (of_each, overall) in shares.items()
            if of_each[place] >= MOST_OF and of_each[place] - overall >= MORE_THAN_ALL
        ]
        inside.sort(key=lambda each: each[1] - each[2], reverse=True)
        best: tuple[float, int] = (0.0, 0)
        told: list[dict[str, Any]] = []
        for first in inside:
            kept = _coming_with(first, labels == place, inside, empty)
            together = np.logical_and.reduce([empty[key] for key, _, _ in kept])
            of_each, overall = _shares(together, labels, count)
            others = of_each < SHARED
            elsewhere = float((of_each * count)[others].sum() / max(count[others].sum(), 1))
            makes = len(kept) >= FEWEST_COLUMNS and others.any() and elsewhere <= ELSEWHERE
            if makes and (1 - elsewhere, len(kept)) > best:
                best = 1 - elsewhere, len(kept)
                told = _told(segment, kept, float(of_each[place]), overall)
        found += told
    return found


_Inside = tuple[tuple[str, str], float, float]


def _shares(
    rows: NDArray[np.bool_], labels: NDArray[np.intp], count: NDArray[np.intp]
) -> tuple[NDArray[np.float64], float]:
    """The share of `rows` in each segment, and among all."""
    hits = np.bincount(labels[rows], minlength=len(count))
    return hits / np.maximum(count, 1), float(rows.mean())


def _told(segment: str, kept: list[_Inside], share: float, overall: float) -> list[dict[str, Any]]:
    """The entries of one segment; `share` and `overall` are of all its zeros together."""
    entries = [
        {
            "segment": segment,
            "column": name,
            "what": what,
            "share": of_segment,
            "all": of_all,
            "together": share,
            "sentence": f"{_percent(of_segment)} of {segment} have {_what(name, what)}, of all "
            f"customers {_percent(of_all)}.",
        }
        for (name, what), of_segment, of_all in kept
    ]
    listed = [_what(*key) for key, _, _ in kept]
    entries[0]["sentence"] = (
        f"{_percent(share)} of {segment} have {', '.join(listed[:-1])} and {listed[-1]} at once, "
        f"of all customers {_percent(overall)}: that makes the group."
    )
    return entries


def _coming_with(
    first: _Inside,
    own: NDArray[np.bool_],
    inside: list[_Inside],
    empty: dict[tuple[str, str], NDArray[np.bool_]],
) -> list[_Inside]:
    """The columns that are empty where `first` is, in the segment and among all."""
    together = empty[first[0]]
    kept = [first]
    for each in inside:
        more = together & empty[each[0]]
        agree = _kappa(float(together.mean()), each[2], float(more.mean())) >= AGREE
        if each is not first and agree and more[own].mean() >= MOST_OF:
            together, kept = more, [*kept, each]
    return [each for each in inside if each in kept]


def _kappa(one: float, other: float, both: float) -> float:
    """How far two columns agree on who has zeros beyond chance, by their shares; 1 is always.

    >>> _kappa(0.4, 0.4, 0.4), round(_kappa(0.4, 0.4, 0.16), 9)
    (1.0, 0.0)
    """
    agree = 1 - one - other + 2 * both
    chance = one * other + (1 - one) * (1 - other)
    return (agree - chance) / (1 - chance) if chance < 1 else 0.0


def _what(name: str, what: str) -> str:
    return f"0 in {name}" if what == "zero" else f"no {name}"


def _percent(share: float) -> str:
    """A share in per cent; 100 % is said of all alone, and 0 % of none.

    >>> _percent(1.0), _percent(0.9996), _percent(0.417), _percent(0.001)
    ('100 %', '99 %', '42 %', 'under 1 %')
    """
    if 0 < share < 0.005:
        return "under 1 %"
    return f"{min(round(100 * share), 99) if share < 1 else 100} %"
