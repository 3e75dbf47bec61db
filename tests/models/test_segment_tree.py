"""Leaves that are segments: the written rule is the assignment, to the last customer."""

import json
import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from patron.models.segment_tree import LeafSegments

AXES = ("value", "recency", "high loyalty")


def blobs(rows: int = 3_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = np.array([[1, 1, 0], [-1, 1, 0], [0, -1, 1], [0, -1, -1]])
    labels = rng.integers(0, 4, rows)
    return (centres[labels] + 0.5 * rng.normal(size=(rows, 3))).astype(np.float32), labels


def test_the_leaves_are_near_the_segments() -> None:
    positions, labels = blobs()
    tree = LeafSegments.fit(positions, labels, AXES, leaves=4)
    assert len(tree) == 4
    assert (tree.assign(positions) == labels).mean() > 0.85
    assert tree.assign(positions).dtype == np.intp


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rounded", [True, False])
def test_the_written_rule_is_the_assignment(seed: int, rounded: bool) -> None:
    """Also where many customers stand at one place, and that is where the cut is."""
    positions, labels = blobs(seed=seed)
    if rounded:
        positions = positions.round(1 + seed % 3).astype(np.float32)
    tree = LeafSegments.fit(positions, labels, AXES, leaves=8)
    columns = {f"axis_{axis}": positions[:, place] for place, axis in enumerate(AXES)}
    with duckdb.connect() as connection:
        connection.register("customers", pa.table(columns))
        parts = ", ".join(leaf["sql"] for leaf in tree.rules())
        met = np.array(connection.execute(f"SELECT {parts} FROM customers").fetchall())
    assert (met.sum(axis=1) == 1).all()
    assert met.argmax(axis=1).tolist() == tree.assign(positions).tolist()
    assert (np.bincount(tree.assign(positions), minlength=len(tree)) > 0.04 * len(positions)).all()


def test_the_most_compact_of_the_trees_is_kept() -> None:
    """A tree that only tells the labels cuts where it parts one of them from the rest."""
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(3)
    positions = rng.normal(size=(2_000, 3)).astype(np.float32)
    labels = (positions[:, 0] > 1.2) + 2 * (positions[:, 1] > 1.2)

    def spread(leaves: np.ndarray) -> float:
        parts = [positions[leaves == leaf] for leaf in np.unique(leaves)]
        return float(sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts))

    alone = DecisionTreeClassifier(max_depth=3, max_leaf_nodes=4, random_state=0)
    kept = LeafSegments.fit(positions, labels, AXES, leaves=4).assign(positions)
    assert spread(kept) < spread(alone.fit(positions, labels).apply(positions))


def test_cuts_have_two_decimals_and_are_written_once() -> None:
    positions, labels = blobs()
    tree = LeafSegments.fit(positions, labels, AXES, leaves=8)
    cuts = tree.lower[np.isfinite(tree.lower)]
    assert (cuts == cuts.round(2)).all()
    for leaf in tree.rules():
        told = [part.rpartition(" ")[0] for part in leaf["text"].split(" and ")]
        assert len(told) == len(set(told)) <= 3
    assert any('"axis_high loyalty"' in leaf["sql"] for leaf in tree.rules())


def test_the_margin_is_how_far_one_can_move_and_stay() -> None:
    tree = LeafSegments(
        ["value", "recency"],
        [[-math.inf, -math.inf], [0.5, -math.inf], [0.5, 1.0]],
        [[0.5, math.inf], [math.inf, 1.0], [math.inf, math.inf]],
    )
    positions = np.array([[0.25, 3.0], [0.75, 0.0], [2.0, 1.5], [0.5, 9.0]], dtype=np.float32)
    assert tree.assign(positions).tolist() == [0, 1, 2, 0]
    assert tree.margin(positions).tolist() == [0.25, 0.25, 0.5, 0.0]
    assert [leaf["text"] for leaf in tree.rules()] == [
        "value <= 0.5",
        "value > 0.5 and recency <= 1",
        "value > 0.5 and recency > 1",
    ]


@pytest.mark.parametrize("seed", range(3))
def test_whoever_moves_by_less_than_the_margin_stays(seed: int) -> None:
    positions, labels = blobs(500, seed)
    tree = LeafSegments.fit(positions, labels, AXES, leaves=6)
    step = np.random.default_rng(seed).choice([-0.99, 0.99], positions.shape)
    moved = positions + step * tree.margin(positions)[:, None]
    assert tree.assign(moved).tolist() == tree.assign(positions).tolist()


def test_one_leaf_takes_everybody() -> None:
    positions, labels = blobs(200)
    for tree in (
        LeafSegments.fit(positions, np.zeros(200), AXES),
        LeafSegments.fit(positions, labels, AXES, leaves=1),
        LeafSegments.fit(np.zeros((200, 3)), labels, AXES),
    ):
        assert tree.rules() == [{"text": "everybody", "sql": "TRUE"}]
        assert tree.assign(positions).tolist() == [0] * 200
        assert np.isinf(tree.margin(positions)).all()


def test_it_survives_json() -> None:
    positions, labels = blobs()
    tree = LeafSegments.fit(positions, labels, AXES, leaves=5)
    back = LeafSegments.from_dict(json.loads(json.dumps(tree.to_dict(), allow_nan=False)))
    assert back.rules() == tree.rules()
    assert back.assign(positions).tolist() == tree.assign(positions).tolist()


def test_positions_of_another_shape_are_refused() -> None:
    positions, labels = blobs(100)
    tree = LeafSegments.fit(positions, labels, AXES)
    with pytest.raises(ValueError, match=r"\[n, 3\], one column an axis, got \(100, 2\)"):
        tree.assign(positions[:, :2])
    with pytest.raises(ValueError, match="positions must be finite"):
        tree.assign(np.full((1, 3), np.nan))
