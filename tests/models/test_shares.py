"""Shares: a category as a number, which in training never knows the row's own answer."""

import json

import numpy as np
import pytest

from patron.features.encode import Design
from patron.metrics import roc_auc
from patron.models.boosting import BoostedTrees
from patron.models.learner import Folds
from patron.models.shares import PRIOR_ROWS, Shares


def design(codes: np.ndarray, levels: int, *, number: bool = True) -> Design:
    """A category of so many levels (and the code of the unseen), beside a number."""
    labels = (*(f"level {code}" for code in range(levels)), "other")
    beside = np.arange(len(codes)) if number else np.zeros(len(codes))
    matrix = np.column_stack([beside, codes]).astype(np.float32)
    return Design(matrix, ("number", "level"), ("number", "level"), {"level": labels})


def chance(rows: int, levels: int, seed: int) -> tuple[Design, np.ndarray]:
    """A category of many levels that says nothing about the answer."""
    rng = np.random.default_rng(seed)
    return design(rng.integers(0, levels, rows), levels), (rng.random(rows) < 0.3).astype(float)


def test_a_share_in_training_does_not_know_its_own_answer() -> None:
    found = []
    for seed in range(16):
        x, y = chance(5000, 500, seed)
        shares, wide = Shares.for_training(x, y, seed=seed)
        leaky = shares.widened(x.matrix)
        # Each row is a tenth of its level's rows: its own answer alone makes the share rank it.
        assert roc_auc(y, leaky[:, 2].astype(float)).value > 0.6
        found.append(roc_auc(y, wide[:, 2].astype(float)).value)
    # Cross-fitted it is chance. One table's figure has a standard error of about 0.015, more than
    # DeLong's, because rows of one level share one value; the mean of 16 has 0.004.
    assert abs(np.mean(found) - 0.5) < 0.012


def test_trees_find_nothing_in_a_category_of_chance() -> None:
    x, y = chance(3000, 500, seed=0)
    number = np.arange(3000) % 3
    parts: Folds = [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]
    raw = BoostedTrees(leaves=(4,)).cross_fit(x, y, parts).raw
    assert abs(roc_auc(y, 1 / (1 + np.exp(-raw))).value - 0.5) < 0.046  # four standard errors


def test_a_share_that_tells_is_kept_by_cross_fitting() -> None:
    rng = np.random.default_rng(5)  # not the seed of the parts, or they would be the levels
    codes, rate = rng.integers(0, 50, 5000), rng.uniform(0.05, 0.6, 50)
    y = (rng.random(5000) < rate[codes]).astype(float)
    shares, wide = Shares.for_training(design(codes, 50), y, seed=0)
    assert np.corrcoef(wide[:, 2], rate[codes])[0, 1] > 0.9
    assert np.corrcoef(shares.tables[1][1:51], rate)[0, 1] > 0.95


def test_rare_levels_are_drawn_to_the_share_of_all() -> None:
    codes = np.array([0] * 100 + [1] * 80 + [2] * 20)
    y = np.array([1.0] * 50 + [0.0] * 50 + [0.0] * 80 + [1.0] * 20)
    table = Shares.fit(design(codes, 4), y).tables[1]
    rate = 70 / 200
    by_hand = [
        rate,  # no row is missing
        (50 + PRIOR_ROWS * rate) / (100 + PRIOR_ROWS),
        (0 + PRIOR_ROWS * rate) / (80 + PRIOR_ROWS),
        (20 + PRIOR_ROWS * rate) / (20 + PRIOR_ROWS),
        rate,  # a level that no row has
        rate,  # the code of the unseen
    ]
    np.testing.assert_allclose(table, by_hand, rtol=1e-12)


def test_missing_has_its_own_share_and_the_unseen_that_of_all() -> None:
    codes = np.array([0.0] * 100 + [np.nan] * 100)
    y = np.array([0.0] * 100 + [1.0] * 100)
    shares = Shares.fit(design(codes, 1), y)
    new = np.array([[0, 0], [0, np.nan], [0, 1], [0, 7]], dtype=np.float32)
    low = PRIOR_ROWS * 0.5 / (100 + PRIOR_ROWS)
    # 7 is no code that an encoder gives; it counts as unseen all the same.
    np.testing.assert_allclose(shares.widened(new)[:, 2], [low, 1 - low, 0.5, 0.5], rtol=1e-6)


def test_instead_of_the_codes_blanks_them_and_nothing_else() -> None:
    x, y = chance(400, 5, seed=0)
    before = x.matrix.copy()
    wide = Shares.fit(x, y, instead=True).widened(x.matrix)
    np.testing.assert_array_equal(wide[:, 1], 0)
    np.testing.assert_array_equal(wide[:, 0], x.matrix[:, 0])
    np.testing.assert_array_equal(wide[:, 2], Shares.fit(x, y).widened(x.matrix)[:, 2])
    np.testing.assert_array_equal(x.matrix, before)


def test_without_a_category_the_matrix_is_as_it_was() -> None:
    x, y = chance(100, 5, seed=0)
    numbers = Design(x.matrix, x.names, x.sources, {})
    shares, wide = Shares.for_training(numbers, y, seed=0)
    assert shares.tables == {}
    np.testing.assert_array_equal(wide, x.matrix)


def test_what_a_share_adds_belongs_to_its_category() -> None:
    shares = Shares({1: [0.5, 0.2], 3: [0.5, 0.1]})
    parts = np.array([[1.0, 2, 3, 4, 10, 20], [0, 0, 0, 0, -1, 1]])
    np.testing.assert_array_equal(shares.narrowed(parts), [[1, 12, 3, 24], [0, -1, 0, 1]])
    np.testing.assert_allclose(shares.narrowed(parts).sum(axis=1), parts.sum(axis=1))


@pytest.mark.parametrize("instead", [False, True])
def test_contributions_of_trees_with_shares_add_up_to_the_score(instead: bool) -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 30, 2000).astype(float)
    y = (rng.random(2000) < rng.uniform(0.1, 0.8, 30)[codes.astype(int)]).astype(float)
    codes[:100] = np.nan
    x = design(codes, 30)
    learner = BoostedTrees(leaves=(4,))
    learner.rounds, learner.instead = 60, instead
    trees = learner.fit(x, y)
    parts = trees.contributions(x.matrix)
    assert parts.shape == (2000, 2)
    np.testing.assert_allclose(parts.sum(axis=1) + trees.base, trees.raw(x.matrix), atol=1e-9)
    assert np.abs(parts[:, 1]).mean() > 5 * np.abs(parts[:, 0]).mean()


def test_saved_and_loaded_shares_are_identical() -> None:
    x, y = chance(400, 7, seed=0)
    for instead in (False, True):
        shares = Shares.fit(x, y, instead=instead)
        again = Shares.from_dict(json.loads(json.dumps(shares.to_dict(), allow_nan=False)))
        np.testing.assert_array_equal(again.widened(x.matrix), shares.widened(x.matrix))


def test_the_seed_draws_the_parts() -> None:
    x, y = chance(1000, 20, seed=0)
    one, same, other = (Shares.for_training(x, y, seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one[:, 2] != other[:, 2]).any()
