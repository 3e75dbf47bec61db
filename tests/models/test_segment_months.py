"""Segments from month to month: staying, matching, and the table of who moved."""

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError
from patron.models.segment_months import (
    Match,
    hold,
    identities,
    line_up,
    match,
    migration,
    switched,
)


def test_a_customer_moves_only_to_a_centre_that_is_clearly_nearer() -> None:
    away = [[1.0, 0.86, 3.0], [1.0, 0.84, 3.0], [1.0, 0.85, 3.0], [0.2, 0.9, 3.0]]
    assert hold(away, [0, 0, 0, 0]).tolist() == [0, 1, 1, 0]


def test_who_is_not_known_goes_to_the_nearest() -> None:
    away = np.array([[1.0, 0.99, 3.0], [1.0, 0.99, 0.1]], np.float32)
    assert hold(away, np.array([-1, -1])).tolist() == [1, 2]


def test_at_equal_distances_the_customer_stays() -> None:
    assert hold([[0.0, 0.0], [2.0, 2.0]], [1, 1], ratio=1.0).tolist() == [1, 1]


def test_with_a_ratio_of_one_the_nearest_decides() -> None:
    away = np.random.default_rng(0).random((500, 4))
    before = np.random.default_rng(1).integers(-1, 4, 500)
    assert (hold(away, before, ratio=1.0) == away.argmin(1)).all()


def test_staying_is_the_rule_row_by_row() -> None:
    rng = np.random.default_rng(2)
    away, before = rng.random((300, 3)), rng.integers(0, 3, 300)
    for row, old, new in zip(away, before, hold(away, before), strict=True):
        expected = row.argmin() if row.min() <= 0.85 * row[old] and row.argmin() != old else old
        assert new == expected


def test_nobody_is_held_where_there_is_nobody() -> None:
    assert hold(np.empty((0, 3)), np.empty(0, int)).shape == (0,)


@pytest.mark.parametrize(
    ("away", "before", "told"),
    [
        ([1.0, 2.0], [0, 0], r"a row for each customer, got shape \(2,\)"),
        ([[1.0, 2.0]], [0, 0], "before must have one segment for each of 1 customers"),
        ([[1.0, 2.0]], [2], "before must lie from -1 to 1, got 2 to 2"),
        ([[1.0, 2.0]], [-2], "before must lie from -1 to 1, got -2 to -2"),
        ([[1.0, 2.0]], [0.0], "before must be whole numbers, got float64"),
    ],
)
def test_what_does_not_fit_is_told(away: list, before: list, told: str) -> None:
    with pytest.raises(DataError, match=told):
        hold(away, before)


def test_a_ratio_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"above 0 and at most 1, got 1\.2"):
        hold([[1.0]], [0], ratio=1.2)


def test_segments_are_matched_by_the_customers_that_they_share() -> None:
    # Of ten, four and six: one customer of the first moved to the third.
    old = [0] * 10 + [1] * 4 + [2] * 6
    new = [2] * 9 + [0] + [1] * 4 + [0] * 6
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    found = match(old, new, 3, 3, centres, centres[[2, 1, 0]])
    assert found == (
        Match(0, 2, pytest.approx(6 / 7), True),
        Match(1, 1, 1.0, True),
        Match(2, 0, pytest.approx(9 / 10), True),
    )
    assert found[0].to_dict() == {
        "new": 0, "old": 2, "jaccard": found[0].jaccard, "centres_agree": True,
    }  # fmt: skip


def test_a_weak_match_is_none_and_gets_an_id_of_its_own() -> None:
    old = [0] * 10 + [1] * 10
    new = [0] * 10 + [1] * 4 + [2] * 6
    centres = np.array([[0.0], [5.0], [9.0]])
    found = match(old, new, 2, 3, centres[:2], centres)
    # The half of six continues the second (6/10); the half of four has no old one left.
    assert [each.old for each in found] == [0, None, 1]
    assert [each.jaccard for each in found] == [1.0, 0.0, pytest.approx(0.6)]
    # By centres it is the half of four that stands where the second stood.
    assert [each.centres_agree for each in found] == [True, False, False]
    assert [each.old for each in match(old, new, 2, 3, centres[:2], centres, least=0.7)] == [
        0, None, None,
    ]  # fmt: skip
    assert identities(found, ["S1", "S4"], used=["S1", "S4", "S5"]) == ("S1", "S6", "S4")


def test_the_pairing_is_the_best_of_all_not_of_each() -> None:
    # The first new segment shares most with the first old one, but then the second shares nothing.
    old = [0] * 6 + [1] * 5
    new = [0] * 3 + [1] * 3 + [0] * 5
    centres = np.zeros((2, 1))
    assert [each.old for each in match(old, new, 2, 2, centres, centres, least=0.1)] == [1, 0]


def test_segments_that_merge_leave_one_out() -> None:
    old = [0] * 9 + [1] * 3
    found = match(old, [0] * 12, 2, 1, np.array([[0.0], [1.0]]), np.array([[0.2]]))
    assert found == (Match(0, 0, 0.75, True),)


def test_without_shared_customers_all_are_new() -> None:
    centres = np.eye(3)
    assert [each.old for each in match([], [], 3, 3, centres, centres)] == [None] * 3


def test_matching_says_what_does_not_fit() -> None:
    with pytest.raises(DataError, match=r"centres must be \[2, axes\] and \[2, axes\], got shapes"):
        match([0], [0], 2, 2, np.eye(2), np.eye(3)[:2])
    with pytest.raises(DataError, match="new must lie from 0 to 1, got 2 to 2"):
        match([0], [2], 2, 2, np.eye(2), np.eye(2))


def test_customers_are_lined_up_by_their_keys() -> None:
    before, now = line_up(pa.chunked_array([["a", "b"], ["c"]]), np.array(["d", "b", "a"]))
    assert before.tolist() == [-1, 1, 0, 2]
    assert now.tolist() == [0, 1, 2, -1]
    before, now = line_up([], [7, 8])
    assert (before.tolist(), now.tolist()) == ([-1, -1], [0, 1])
    before, now = line_up([7, 8], [])
    assert (before.tolist(), now.tolist()) == ([0, 1], [-1, -1])


def test_keys_that_cannot_be_lined_up_are_told_without_their_values() -> None:
    with pytest.raises(DataError, match="1 keys are not unique in this month") as twice:
        line_up(["secret"], ["secret", "secret"])
    assert "'secret'" not in str(twice.value)
    with pytest.raises(DataError, match="1 have no key in the month before"):
        line_up(["a", None], ["a"])
    with pytest.raises(DataError, match="keys are string in the month before and int64 now"):
        line_up(["1"], [1])


def test_migration_counts_everybody_once_and_their_revenue() -> None:
    before = ["S1", "S1", "S10", "S2", None, "S2"]
    now = ["S1", "S2", "S2", None, "S10", "S2"]
    moved = migration(before, now, [1.0, 2.0, 4.0, 8.0, 16.0, np.nan])
    assert [tuple(each.values()) for each in moved] == [
        ("S1", "S1", 1, 1.0),
        ("S1", "S2", 1, 2.0),
        ("S2", "S2", 1, 0.0),
        ("S2", "gone", 1, 8.0),
        ("S10", "S2", 1, 4.0),
        ("new", "S10", 1, 16.0),
    ]
    assert {each["revenue"] for each in migration(before, now)} == {None}
    assert migration([], []) == []


def test_switched_is_the_share_of_those_of_both_months() -> None:
    before = ["S1"] * 8 + ["S2"] * 2 + [None] * 5
    now = ["S1"] * 7 + ["S2"] * 3 + ["S1"] * 4 + [None]
    found = switched(before, now)
    assert (found.value, found.n, found.method) == (0.1, 10, "Wilson")
    assert np.isnan(switched([None], ["S1"]).value)


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="one entry for each customer, got 1 and 2"):
        migration(["S1"], ["S1", "S2"])
    with pytest.raises(DataError, match="one entry for each customer, got 1 and 2"):
        switched(["S1"], ["S1", "S2"])
    with pytest.raises(DataError, match="one entry for each customer, got 1 and 2"):
        migration(["S1"], ["S1"], [1.0, 2.0])


def test_holding_halves_the_customers_who_switch() -> None:
    """Five clouds; a customer's place is seen with noise in both months."""
    rng = np.random.default_rng(5)
    centres = 3 * rng.normal(size=(5, 4))
    true = centres[rng.integers(0, 5, 4000)] + 1.3 * rng.normal(size=(4000, 4))
    first, second = (true + 0.5 * rng.normal(size=true.shape) for _ in range(2))

    def away(places: np.ndarray) -> np.ndarray:
        return np.linalg.norm(places[:, None] - centres, axis=2)

    before = away(first).argmin(1)
    plain = (away(second).argmin(1) != before).mean()
    held = (hold(away(second), before) != before).mean()
    assert plain > 0.03
    assert held < 0.6 * plain
