"""Segments that are rules: the leaves of a small tree on the axes."""

__all__ = ["LeafSegments"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.models.segment_conditions import Condition

Floats = NDArray[np.float64]

DECIMALS = 2


class LeafSegments:
    """Boxes in the space of the axes: a customer's segment is the one box that he lies in.

    Boxes are the leaves of a tree (Breiman et al. 1984) that is grown towards the segments of
    another method. Its cuts are rounded to two decimals before anybody is assigned, so the written
    rule is the segment, exactly. What that costs is compactness: a cut along an axis seldom is the
    border between two centres.

    Parameters
    ----------
    axes : names, in the order of the positions' columns.
    lower, upper : [leaves, axes]; a box holds lower < position <= upper. The boxes part the space.
    """

    def __init__(self, axes: Sequence[str], lower: ArrayLike, upper: ArrayLike) -> None:
        self.axes = tuple(axes)
        self.lower = np.asarray(lower, dtype=np.float64).reshape(-1, len(self.axes))
        self.upper = np.asarray(upper, dtype=np.float64).reshape(-1, len(self.axes))

    @classmethod
    def fit(
        cls,
        positions: ArrayLike,
        labels: ArrayLike,
        axes_names: Sequence[str],
        *,
        depth: int = 3,
        leaves: int = 8,
        smallest: float = 0.05,
    ) -> "LeafSegments":
        """Grow a tree of at most `leaves` leaves towards the labels [n] of the positions [n, axes].

        Three are grown: to tell the labels, to be near the centres that they belong to (Frost,
        Moshkovitz and Rashtchian 2020), and to be compact. Kept is the one whose leaves have the
        least sum of squares. There may be fewer leaves: none holds less than the share `smallest`
        of the rows (before its cuts are rounded), and a cut that parts nobody once it is rounded
        is left out. Leaves are in the order of the labels that most of their customers have.
        """
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        at, label = _checked(positions, len(axes_names)), np.asarray(labels)
        found, place = np.unique(label, return_inverse=True)
        if leaves < 2 or len(found) < 2:
            ends = np.full((1, len(axes_names)), np.inf)
            return cls(axes_names, -ends, ends)
        most: dict[str, Any] = {
            "max_depth": depth,
            "max_leaf_nodes": leaves,
            "min_samples_leaf": smallest,
            "random_state": 0,
        }
        centres = np.array([at[label == each].mean(axis=0) for each in found])
        trees = [
            DecisionTreeClassifier(**most).fit(at, label).tree_,
            DecisionTreeRegressor(**most).fit(at, centres[place]).tree_,
            DecisionTreeRegressor(**most).fit(at, at).tree_,
        ]
        grown = [cls(axes_names, *_boxes(tree, at, label)) for tree in trees]
        return min(grown, key=lambda each: _spread(at, each.assign(at)))

    def __len__(self) -> int:
        return len(self.lower)

    def assign(self, positions: ArrayLike) -> NDArray[np.intp]:
        """The leaf [n] of each position [n, axes]."""
        at = _checked(positions, len(self.axes))
        labels = np.zeros(len(at), dtype=np.intp)
        for leaf in range(1, len(self)):
            inside = np.ones(len(at), dtype=bool)
            for axis in range(len(self.axes)):
                # A column of single precision is compared as such, in SQL as here.
                if self.lower[leaf, axis] > -math.inf:
                    inside &= at[:, axis] > np.float32(self.lower[leaf, axis])
                if self.upper[leaf, axis] < math.inf:
                    inside &= at[:, axis] <= np.float32(self.upper[leaf, axis])
            labels[inside] = leaf
        return labels

    def margin(self, positions: ArrayLike) -> Floats:
        """How far [n] each position is from the nearest cut of its leaf, in units of that axis.

        A customer who moves by less stays in his segment. Infinite where there is one leaf.
        """
        at = _checked(positions, len(self.axes))
        labels = self.assign(at)
        distances = np.minimum(at - self.lower[labels], self.upper[labels] - at)
        nearest: Floats = np.maximum(distances.min(axis=1), 0.0)
        return nearest

    def rules(self) -> list[dict[str, Any]]:
        """By leaf the text and the SQL, which reads columns called axis_value and so on."""
        told = []
        for lower, upper in zip(self.lower, self.upper, strict=True):
            conditions = [
                (axis, operator, float(cut))
                for place, axis in enumerate(self.axes)
                for operator, cut in ((">", lower[place]), ("<=", upper[place]))
                if math.isfinite(cut)
            ]
            texts = [Condition(axis, operator, cut).text for axis, operator, cut in conditions]
            parts = [
                Condition(f"axis_{axis}", operator, cut).sql for axis, operator, cut in conditions
            ]
            told.append(
                {"text": " and ".join(texts) or "everybody", "sql": " AND ".join(parts) or "TRUE"}
            )
        return told

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; None stands for no cut."""
        return {
            "axes": list(self.axes),
            "lower": [[_or_none(cut) for cut in box] for box in self.lower.tolist()],
            "upper": [[_or_none(cut) for cut in box] for box in self.upper.tolist()],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "LeafSegments":
        """The LeafSegments that `to_dict` wrote."""
        lower, upper = (
            [[end if cut is None else cut for cut in box] for box in fields[name]]
            for name, end in (("lower", -math.inf), ("upper", math.inf))
        )
        return cls(fields["axes"], lower, upper)


def _checked(positions: ArrayLike, axes: int) -> NDArray[np.float32]:
    at = np.asarray(positions, dtype=np.float32)
    if at.ndim != 2 or at.shape[1] != axes:
        raise ValueError(f"positions must be [n, {axes}], one column an axis, got {at.shape}")
    if not np.isfinite(at).all():
        raise ValueError("positions must be finite; an axis that is not known has its median")
    return at


def _boxes(
    tree: Any, at: NDArray[np.float32], label: NDArray[Any]
) -> tuple[list[Floats], list[Floats]]:
    """The lower and upper ends of the leaves of scikit-learn's tree, with its cuts rounded."""
    found: list[tuple[int, int, Floats, Floats]] = []

    def visit(node: int, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        axis = int(tree.feature[node])
        if axis < 0:
            values, counts = np.unique(label[rows], return_counts=True)
            found.append((int(values[counts.argmax()]), -len(rows), lower, upper))
            return
        cut = _rounded(at[rows, axis], float(tree.threshold[node]))
        left = at[rows, axis] <= np.float32(cut)
        children = int(tree.children_left[node]), int(tree.children_right[node])
        if left.all() or not left.any():
            visit(children[0] if left.all() else children[1], rows, lower, upper)
            return
        below, above = upper.copy(), lower.copy()
        below[axis] = above[axis] = cut
        visit(children[0], rows[left], lower, below)
        visit(children[1], rows[~left], above, upper)

    ends = np.full(at.shape[1], np.inf)
    visit(0, np.arange(len(at)), -ends, ends)
    found.sort(key=lambda leaf: leaf[:2])
    return [leaf[2] for leaf in found], [leaf[3] for leaf in found]


def _spread(at: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    """The sum of squares within the leaves."""
    parts = (at[labels == leaf].astype(np.float64) for leaf in np.unique(labels))
    return float(sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts))


def _rounded(column: NDArray[np.float32], threshold: float) -> float:
    """The threshold with two decimals: up or down, whichever moves fewer customers."""
    scale = 10**DECIMALS
    ends = math.floor(threshold * scale) / scale, math.ceil(threshold * scale) / scale
    below = int((column <= threshold).sum())
    return min(ends, key=lambda end: abs(int((column <= np.float32(end)).sum()) - below)) + 0.0


def _or_none(cut: float) -> float | None:
    return cut if math.isfinite(cut) else None
