"""Learners: what they recover from data whose truth is known."""

import numpy as np
import pytest

from patron.features.encode import Design
from patron.models.learner import BoostedTrees, Folds, SplineLogistic

LEARNERS = [SplineLogistic(), BoostedTrees()]


def design(rows: int, seed: int = 0) -> tuple[Design, np.ndarray, np.ndarray]:
    """A bend in one number, a category with three levels, a column without effect; the log-odds."""
    rng = np.random.default_rng(seed)
    bent, flat = rng.uniform(0, 10, rows), rng.normal(size=rows)
    level = rng.integers(0, 3, rows)
    log_odds = np.minimum(bent, 5) - 4 + np.array([-1.0, 0.0, 1.5])[level]
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    matrix = np.column_stack([bent, flat, level]).astype(np.float32)
    names = ("bent", "flat", "level")
    return Design(matrix, names, names, {"level": ("a", "b", "c", "other")}), y, log_odds


def folds(rows: int, count: int = 3) -> Folds:
    number = np.arange(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_the_truth_is_recovered_within_noise(learner: SplineLogistic | BoostedTrees) -> None:
    x, y, _ = design(6000)
    learner.cross_fit(x, y, folds(6000))
    scorer = learner.fit(x, y)
    fresh, _, truth = design(4000, seed=1)
    error = scorer.raw(fresh.matrix) - truth
    # The truth spreads over several log-odds (SD 1.9); a fit of 6,000 rows is off by far less.
    assert np.sqrt(np.mean(error**2)) < 0.45
    assert truth.std() > 1.5


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_out_of_fold_predictions_do_not_know_their_own_answer(
    learner: SplineLogistic | BoostedTrees,
) -> None:
    """With answers drawn at random, what is out of fold must rank no better than chance."""
    x, _, _ = design(3000)
    y = (np.random.default_rng(9).random(3000) < 0.3).astype(float)
    raw = learner.cross_fit(x, y, folds(3000))
    above = (raw[y == 1][:, None] > raw[y == 0][None]).mean()
    ties = (raw[y == 1][:, None] == raw[y == 0][None]).mean()
    # The standard error of a chance AUC with 900 and 2,100 rows is 0.0115; four of them.
    assert abs(above + ties / 2 - 0.5) < 0.046


def test_missing_values_add_nothing_to_an_additive_model() -> None:
    x, y, _ = design(2000)
    learner = SplineLogistic()
    learner.cross_fit(x, y, folds(2000))
    model = learner.fit(x, y)
    nothing = np.full((1, 3), np.nan, dtype=np.float32)
    assert model.raw(nothing)[0] == model.intercept
    assert not model.contributions(nothing).any()


def test_additive_contributions_add_up() -> None:
    x, y, _ = design(2000)
    learner = SplineLogistic()
    learner.cross_fit(x, y, folds(2000))
    model = learner.fit(x, y)
    total = model.contributions(x.matrix).sum(axis=1) + model.intercept
    np.testing.assert_allclose(total, model.raw(x.matrix), atol=1e-9)


def test_an_empty_column_and_a_constant_one_have_no_effect() -> None:
    x, y, _ = design(1500)
    matrix = x.matrix.copy()
    matrix[:, 0], matrix[:, 1] = np.nan, 3.0
    empty = Design(matrix, x.names, x.sources, x.levels)
    learner = SplineLogistic()
    learner.cross_fit(empty, y, folds(1500))
    assert learner.fit(empty, y).terms[:2] == [{}, {}]
