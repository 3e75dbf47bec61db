"""Parts of the space: the nearest of some centres, boxes, and tiers of one axis."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models.segment_parts import (
    DOUBTFUL,
    HOLD_AT_A_CUT,
    NEAR_A_CUT,
    Boxes,
    Centres,
    tiers,
)
from patron.models.segment_tree import LeafSegments

AXES = ("value", "recency")


def at(*values: float) -> NDArray[np.float32]:
    """Customers at these places of the first axis, and at 0 of the second."""
    return np.column_stack([values, np.zeros(len(values))]).astype(np.float32)


def normal(rows: int = 5_000, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, 2)).astype(np.float32)


CENTRES = Centres(np.array([[0.0, 0.0], [2.0, 0.0]]))
BOXES = Boxes(
    LeafSegments(AXES, [[0.5, -np.inf], [-np.inf, -np.inf]], [[np.inf] * 2, [0.5, np.inf]])
)


def test_the_nearest_centre_has_a_customer() -> None:
    labels, doubtful = CENTRES.assign(at(-5, 0, 0.9, 0.96, 1.04, 1.1, 9))
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    # 0.9 from one and 1.1 from the other is a ratio of 0.82, 0.96 and 1.04 one of 0.92.
    assert DOUBTFUL == 0.9
    assert doubtful.tolist() == [False, False, False, True, True, False, False]


def test_centres_hold_whoever_has_not_clearly_left() -> None:
    # 0.9 to 1.1 is a ratio of 0.82: below 0.85, and so clear.
    places = at(1.05, 1.1, 1.1, 1.1)
    before = np.array([0, 0, 1, -1])
    assert CENTRES.hold(places, before).tolist() == [0, 1, 1, 1]
    assert CENTRES.hold(places, before, 1.0).tolist() == [1, 1, 1, 1]


def test_a_box_has_whoever_lies_in_it_and_doubts_near_its_cut() -> None:
    labels, doubtful = BOXES.assign(at(0.4, 0.46, 0.5, 0.54, 0.6))
    assert labels.tolist() == [1, 1, 1, 0, 0]
    assert NEAR_A_CUT == 0.05
    assert doubtful.tolist() == [False, True, True, True, False]


def test_boxes_hold_whoever_is_just_outside() -> None:
    assert HOLD_AT_A_CUT == 0.15
    places, before = at(0.6, 0.7, 0.4, 0.3, 0.6), np.array([1, 1, 0, 0, -1])
    assert BOXES.hold(places, before).tolist() == [1, 0, 0, 1, 0]
    assert BOXES.hold(places, before, 1.0).tolist() == [0, 0, 1, 1, 0]


@pytest.mark.parametrize("parts", [CENTRES, BOXES])
def test_they_survive_json(parts: Centres | Boxes) -> None:
    again = type(parts).from_dict(json.loads(json.dumps(parts.to_dict(), allow_nan=False)))
    x = normal()
    for mine, theirs in zip(again.assign(x), parts.assign(x), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert len(again) == len(parts) == 2
    assert again.kind == parts.to_dict()["kind"]


def test_four_tiers_the_top_one_first() -> None:
    x = normal()
    boxes, shares = tiers(x, 0, AXES, None)
    # A cut has two decimals, which moves 0.2 % of a normal axis at most.
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.3, 0.4], atol=0.004)
    labels = boxes.assign(x)[0]
    assert np.bincount(labels).tolist() == [round(share * len(x)) for share in shares]
    lowest = [x[labels == tier, 0].min() for tier in range(4)]
    highest = [x[labels == tier, 0].max() for tier in range(4)]
    assert all(low > high for low, high in zip(lowest, highest[1:], strict=False))


@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_so_many_tiers_of_equal_size(k: int) -> None:
    shares = tiers(normal(), 1, AXES, k)[1]
    np.testing.assert_allclose(shares, [1 / k] * k, atol=0.008)


@pytest.mark.parametrize(
    ("zeros", "expected"),
    [
        (0.35, [0.1, 0.2, 0.3, 0.4]),  # within the last tier
        (0.5, [0.1, 0.2, 0.2, 0.5]),  # a cut that they would lie on both sides of moves
        (0.8, [0.1, 0.1, 0.8]),
        (0.93, [0.07, 0.93]),
        (0.97, [1.0]),  # what is left is too small for a tier of its own
    ],
)
def test_equal_customers_are_in_one_tier(zeros: float, expected: list[float]) -> None:
    x = np.abs(normal(4_000))
    x[: round(4_000 * zeros), 0] = -0.4
    boxes, shares = tiers(x, 0, AXES, None)
    np.testing.assert_allclose(shares, expected, atol=0.006)
    labels = boxes.assign(x)[0]
    assert len(set(labels[: round(4_000 * zeros)])) == 1
    assert len(boxes) == len(shares) == len(set(labels))


def test_who_is_in_a_tie_is_not_doubtful_for_that() -> None:
    x = normal(4_000)
    x[:, 0] = np.where(x[:, 0] > 0.3, 1.0, -0.6)
    boxes, _ = tiers(x, 0, AXES, 2)
    assert not boxes.assign(x)[1].any()


def test_a_tie_at_the_top_is_in_one_tier() -> None:
    x = normal(4_000)
    x[:1_000, 0] = 3.5
    shares = tiers(x, 0, AXES, None)[1]
    assert shares[0] == pytest.approx(0.25, abs=0.06)
    assert sum(shares) == pytest.approx(1)
    labels = tiers(x, 0, AXES, None)[0].assign(x)[0]
    assert set(labels[:1_000]) == {0}


@pytest.mark.parametrize("seed", range(5))
def test_tiers_of_lumpy_axes_are_never_small_or_torn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.poisson(0.3 + seed, (3_000, 2)).astype(np.float32) / 2
    for k in (None, 4, 10):
        boxes, shares = tiers(x, 0, AXES, k)
        assert min(shares) >= 0.05
        labels = boxes.assign(x)[0]
        for value in np.unique(x[:, 0]):
            assert len(set(labels[x[:, 0] == value])) == 1
