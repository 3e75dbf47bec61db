"""Tree text: binary trees of any origin, written as LightGBM's native text for `TreeEnsemble`."""

__all__ = ["Leaf", "Node", "Split", "joined", "tree_text"]

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_COUNT = 100_000_000
"""Weights become whole counts out of so many a tree: LightGBM's contributions divide counts."""

_MISSING_LEFT, _MISSING_RIGHT = 10, 8
"""LightGBM's decision_type: NaN is missing (8) and goes left (2)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a row that ends here gets, and the weight of the training rows that did."""

    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Split:
    """Left where the value is at most `threshold`; `missing_left`: where it is NaN too."""

    column: int
    threshold: float
    missing_left: bool
    left: "Node"
    right: "Node"


Node = Leaf | Split


def joined(column: int, threshold: float, missing_left: bool, left: Node, right: Node) -> Node:
    """A split, or one leaf where both sides say the same: two that no row reached do, too."""
    if isinstance(left, Leaf) and isinstance(right, Leaf) and left.value == right.value:
        return Leaf(left.value, left.weight + right.weight)
    return Split(column, threshold, missing_left, left, right)


def tree_text(trees: Sequence[Node], bias: float, columns: int) -> str:
    """LightGBM's text of `bias` + the sum of the trees, for a matrix of so many columns.

    Thresholds and values are written so that they are read back to the last bit.
    """
    # The bias goes into the first tree: every row falls into one of its leaves.
    first, *others = trees or (Leaf(0.0, 1.0),)
    blocks = [_block(0, first, bias)]
    blocks += [_block(place, tree, 0.0) for place, tree in enumerate(others, 1)]
    # Without tree_sizes LightGBM reads tree after tree: where it reads them at once, a tree that is
    # broken ends the process instead of raising an error.
    header = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": columns - 1,
        "objective": "binary sigmoid:1",
        "feature_names": _spaced(f"c{place}" for place in range(columns)),
        "feature_infos": _spaced(["[-inf:inf]"] * columns),
    }
    return f"tree\n{_lines(header)}\n{''.join(blocks)}end of trees\n"


def _block(place: int, root: Node, added: float) -> str:
    """One tree, with `added` to every leaf."""
    scale = _COUNT / _weight(root)
    splits: list[Split] = []
    leaves: list[Leaf] = []
    left: list[int] = []
    right: list[int] = []
    internal_counts: list[int] = []
    leaf_counts: list[int] = []

    def add(node: Node) -> tuple[int, int]:
        """The node's number (a leaf's is negative) and its count."""
        if isinstance(node, Leaf):
            leaves.append(node)
            # Contributions divide by counts, so that even a leaf that no row reached has one.
            leaf_counts.append(max(1, round(node.weight * scale)))
            return -len(leaves), leaf_counts[-1]
        number = len(splits)
        splits.append(node)
        for numbers in (left, right, internal_counts):
            numbers.append(0)
        left[number], below = add(node.left)
        right[number], above = add(node.right)
        internal_counts[number] = below + above
        return number, below + above

    add(root)
    fields = {
        "num_leaves": len(leaves),
        "num_cat": 0,
        "split_feature": _spaced(split.column for split in splits),
        "threshold": _spaced(float(split.threshold) for split in splits),
        "decision_type": _spaced(
            _MISSING_LEFT if split.missing_left else _MISSING_RIGHT for split in splits
        ),
        "left_child": _spaced(left),
        "right_child": _spaced(right),
        "leaf_value": _spaced(float(leaf.value + added) for leaf in leaves),
        "leaf_weight": _spaced(float(leaf.weight) for leaf in leaves),
        "leaf_count": _spaced(leaf_counts),
        "internal_count": _spaced(internal_counts),
        "is_linear": 0,
        "shrinkage": 1,
    }
    return f"Tree={place}\n{_lines(fields)}\n\n"


def _weight(node: Node) -> float:
    return node.weight if isinstance(node, Leaf) else _weight(node.left) + _weight(node.right)


def _spaced(values: Iterable[object]) -> str:
    return " ".join(map(str, values))


def _lines(fields: Mapping[str, object]) -> str:
    return "".join(f"{name}={value}\n" for name, value in fields.items())
