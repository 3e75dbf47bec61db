"""How the declared space is parted: by the nearest of some centres, or into boxes."""

__all__ = [
    "DOUBTFUL",
    "HOLD",
    "HOLD_AT_A_CUT",
    "STILL",
    "Boxes",
    "Centres",
    "Parts",
    "main_first",
    "tiers",
]

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from patron.models.segment_fit import distances, nearest_two
from patron.models.segment_tree import LeafSegments

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Positions = NDArray[np.float32]

DOUBTFUL = 0.9
"""Doubtful is whose nearest centre is so near, as a share of the distance to the second."""
NEAR_A_CUT = 0.05
"""Doubtful is who is so near a cut of a box, in the axis' standard deviations."""
HOLD = 0.85
"""A customer moves only if the new centre is at most this share of the distance to the old."""
STILL = 1e-5
"""An axis whose positions spread no more than this is the same for all."""
HOLD_AT_A_CUT = 0.15
"""A customer of a box moves only if he is further than this outside of it."""


class Parts(Protocol):
    """A division of the space into numbered parts."""

    kind: ClassVar[str]

    def __len__(self) -> int:
        """How many parts."""

    def assign(self, positions: Positions) -> tuple[Labels, NDArray[np.bool_]]:
        """The part of each row, and whether that is doubtful."""

    def hold(self, positions: Positions, before: Labels, ratio: float) -> Labels:
        """The part of each row, where one that was in `before` stays unless it clearly left."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""


class Centres:
    """Each row belongs to the nearest of the centres [k, axes]."""

    kind: ClassVar[str] = "centres"

    def __init__(self, centres: Floats) -> None:
        self.centres = np.asarray(centres, np.float64)

    def __len__(self) -> int:
        return len(self.centres)

    def assign(self, positions: Positions) -> tuple[Labels, NDArray[np.bool_]]:
        """The nearest centre, doubtful where the second is nearly as near."""
        labels, ratio = nearest_two(positions, self.centres)
        return labels, ratio > DOUBTFUL

    def hold(self, positions: Positions, before: Labels, ratio: float = HOLD) -> Labels:
        """The nearest centre, or that of `before` (-1: none) unless the new is clearly nearer."""
        from patron.models.segment_months import hold

        return hold(distances(positions, self.centres), before, ratio)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"kind": self.kind, "centres": self.centres.tolist()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Centres":
        """The Centres that `to_dict` wrote."""
        return cls(np.array(fields["centres"], np.float64))


class Boxes:
    """Each row belongs to the box that it lies in: the leaves of a tree, or tiers of one axis."""

    kind: ClassVar[str] = "boxes"

    def __init__(self, leaves: LeafSegments) -> None:
        self.leaves = leaves

    def __len__(self) -> int:
        return len(self.leaves)

    def assign(self, positions: Positions) -> tuple[Labels, NDArray[np.bool_]]:
        """The box, doubtful where a cut is near."""
        return self.leaves.assign(positions), self.leaves.margin(positions) < NEAR_A_CUT

    def hold(self, positions: Positions, before: Labels, ratio: float = HOLD) -> Labels:
        """The box, or that of `before` (-1: none) unless the row is well outside of it.

        A cut has no ratio of distances; `ratio` 1 holds nobody, below 1 a margin holds.
        """
        from patron.models.segment_months import check_places

        check_places("before", before, len(positions), len(self.leaves), lowest=-1)
        now = self.leaves.assign(positions)
        known = before >= 0
        old = np.where(known, before, now)
        below = self.leaves.lower[old] - positions
        above = positions - self.leaves.upper[old]
        outside = np.maximum(below, above).max(axis=1)
        stays = known & (ratio < 1) & (outside <= HOLD_AT_A_CUT)
        return np.where(stays, old, now)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"kind": self.kind, "leaves": self.leaves.to_dict()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Boxes":
        """The Boxes that `to_dict` wrote."""
        return cls(LeafSegments.from_dict(fields["leaves"]))


_MOST_LOOKED_AT = 20_000
_TOP = (0.10, 0.20, 0.30, 0.40)


def tiers(
    positions: Positions, axis: int, names: tuple[str, ...], k: int | None
) -> tuple[Boxes, tuple[float, ...]]:
    """Tiers along one axis, the highest first, and their shares of the rows.

    The top tenth, the next fifth, the next three tenths and the rest; or `k` of equal size. A cut
    that equal customers would lie on both sides of moves; a tier below a twentieth is joined to the
    next.
    """
    column = positions[:, axis]
    shares = _TOP if k is None else (1 / k,) * k
    wanted = np.quantile(column, 1 - np.cumsum(shares)[:-1], method="lower")
    places = np.unique(column)
    above_it = np.minimum(np.searchsorted(places, wanted) + 1, len(places) - 1)
    wanted = (wanted + places[above_it]) / 2  # in the gap: nobody stands at a cut
    cuts = []
    last = 0.0
    for cut in np.unique(wanted.round(2))[::-1]:
        above = float((column > np.float32(cut)).mean())
        if above - last >= 0.05 and 1 - above >= 0.05:
            cuts.append(float(cut))
            last = above
    ends = [np.inf, *cuts, -np.inf]
    lower = np.full((len(ends) - 1, positions.shape[1]), -np.inf)
    upper = np.full_like(lower, np.inf)
    lower[:, axis], upper[:, axis] = ends[1:], ends[:-1]
    boxes = Boxes(LeafSegments(names, lower, upper))
    counts = np.bincount(boxes.assign(positions)[0], minlength=len(boxes))
    return boxes, tuple((counts / len(column)).tolist())


def main_first(positions: NDArray[np.float32], names: Sequence[str]) -> list[int]:
    """The axes, the main one first: value where there is one, then what goes most with all."""
    spread = positions.std(axis=0)
    varied = np.where(spread > STILL, spread, 1)
    scaled = (positions - positions.mean(axis=0)) / varied
    loadings = np.abs(np.linalg.svd(scaled[:_MOST_LOOKED_AT], full_matrices=False)[2][0])
    weights = np.where(spread > STILL, loadings, -1)
    order = np.argsort(-weights, kind="stable").tolist()
    return sorted(order, key=lambda place: names[place] != "value")
