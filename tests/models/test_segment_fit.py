"""Centres: many starts, one polish, and distances to the nearest two."""

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models import segment_fit
from patron.models.segment_fit import distances, k_means, nearest_two, polish, some

Positions = NDArray[np.float32]


def blobs(rows: int = 1_500, seed: int = 0) -> Positions:
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0], [4, 0], [0, 4]])
    return (centres[rng.integers(0, 3, rows)] + rng.normal(size=(rows, 2))).astype(np.float32)


def test_the_sample_is_fixed_and_apart() -> None:
    first = some(100, 30, 0)
    assert first.tolist() == some(100, 30, 0).tolist()
    assert first.tolist() != some(100, 30, 1).tolist()
    assert len(set(first)) == 30
    others = some(100, 90, 0, apart_from=first)
    assert sorted([*first, *others]) == list(range(100))
    assert some(5, 30, 0).size == 5


def test_centres_are_where_the_groups_are_highest_first() -> None:
    found = k_means(blobs(), 3, seed=0)
    np.testing.assert_allclose(found[2], [0, 0], atol=0.2)
    assert (np.diff(found.mean(axis=1)) <= 1e-6).all()
    np.testing.assert_allclose(np.sort(found[:2], axis=0), [[0, 0], [4, 4]], atol=0.25)


def test_the_order_of_the_centres_does_not_hang_on_the_starts() -> None:
    first, other = (k_means(blobs(), 3, seed=seed) for seed in (0, 1))
    np.testing.assert_allclose(first, other, atol=0.02)


def test_a_warm_start_keeps_its_order_where_it_is_no_worse() -> None:
    x = blobs()
    cold = k_means(x, 3, seed=0)
    np.testing.assert_allclose(k_means(x, 3, seed=0, warm=cold[::-1]), cold[::-1], atol=0.02)
    # A warm start that is far worse is not taken: two centres in one group, one between two.
    stuck = np.array([[0.0, 30.0], [0.0, 31.0], [1.0, 1.0]])
    found = k_means(x, 3, seed=0, warm=stuck)
    inertia = (nearest_distance(x, found) ** 2).sum()
    assert inertia <= (nearest_distance(x, cold) ** 2).sum() * 1.002


def nearest_distance(x: Positions, centres: NDArray[np.float64]) -> NDArray[np.float32]:
    return distances(x, centres).min(axis=1)


@pytest.mark.parametrize("rows", [40, 4_000])
def test_with_fewer_places_than_groups_there_are_fewer_centres(rows: int) -> None:
    places = np.array([[0, 0], [0, 1], [1, 0]], np.float32)
    found = k_means(np.resize(places, (rows, 2)), 6, seed=0)
    np.testing.assert_allclose(sorted(found.round(4).tolist()), places, atol=1e-4)


def test_the_polish_is_one_step_and_leaves_the_empty_alone() -> None:
    x = np.array([[0, 0], [0, 2], [5, 5]], np.float32)
    done = polish(x, np.array([[0.0, 0.5], [4.0, 4.0], [-90.0, 0.0]]))
    assert done.tolist() == [[0, 1], [5, 5], [-90, 0]]


def test_distances_by_hand() -> None:
    x = np.array([[0, 0], [3, 4]], np.float32)
    centres = np.array([[0.0, 0.0], [3.0, 0.0]])
    np.testing.assert_allclose(distances(x, centres), [[0, 3], [5, 4]], atol=1e-6)
    labels, ratio = nearest_two(x, centres)
    assert labels.tolist() == [0, 1]
    np.testing.assert_allclose(ratio, [0, 0.8], atol=1e-6)


def test_a_single_centre_and_equal_centres() -> None:
    x = np.array([[0, 0], [3, 4]], np.float32)
    assert [each.tolist() for each in nearest_two(x, np.zeros((1, 2)))] == [[0, 0], [0, 0]]
    labels, ratio = nearest_two(x, np.zeros((2, 2)))
    assert labels.tolist() == [0, 0]
    assert ratio.tolist() == [1, 1]  # nobody can say which


def test_pieces_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x, centres = blobs(), k_means(blobs(), 3, seed=0)
    whole = nearest_two(x, centres)
    monkeypatch.setattr(segment_fit, "_AT_ONCE", 7)
    pieces = nearest_two(x, centres)
    assert (pieces[0] == whole[0]).all()
    np.testing.assert_allclose(pieces[1], whole[1], atol=1e-6)
    assert nearest_two(x[:0], centres)[0].shape == (0,)
