"""Learners: what they recover from data whose truth is known."""

import time
from threading import Event

import numpy as np
import pytest

from patron.features.encode import Design
from patron.models.additive import AdditiveModel
from patron.models.basis import Levels, basis_of
from patron.models.boosting import BoostedTrees
from patron.models.learner import Folds, at_once, some_rows
from patron.models.logistic import SplineLogistic

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
    raw = learner.cross_fit(x, y, folds(3000)).raw
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


def test_rare_levels_share_one_weight_and_keep_their_codes() -> None:
    basis = Levels(count=6, own=2)
    block = basis.block(np.array([0.0, 1, 2, 3, 5, np.nan]))
    np.testing.assert_array_equal(block[:5].argmax(axis=1), [0, 1, 2, 2, 2])
    assert np.isnan(block[5]).all()
    scores = basis.term(np.array([1.0, 2.0, 4.0]), np.zeros(3))["scores"]
    assert scores == [1, 2, 4, 4, 4, 4]


def test_the_curve_that_is_saved_is_the_curve_that_was_fitted() -> None:
    values = np.array([0.0, 1, 3, 10, 200, 5000, -4])
    basis = basis_of(values, None, knots=3)
    rng = np.random.default_rng(0)
    block = basis.block(values)
    weights, centre = rng.normal(size=block.shape[1]), block.mean(axis=0)
    model = AdditiveModel(0.0, [basis.term(weights, centre)])
    np.testing.assert_allclose(
        model.raw(values[:, None].astype(np.float32)), (block - centre) @ weights, atol=1e-9
    )


def test_hundreds_of_columns_are_fitted_in_seconds() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(1200, 700)).astype(np.float32)
    y = (rng.random(1200) < 1 / (1 + np.exp(-2 * matrix[:, 0]))).astype(float)
    names = tuple(f"c{place}" for place in range(700))
    wide = Design(matrix, names, names, {})
    learner = SplineLogistic(penalties=(100.0,))
    began = time.process_time()
    raw = learner.cross_fit(wide, y, folds(1200)).raw
    assert time.process_time() - began < 20  # with bends in every column: minutes
    assert np.corrcoef(raw, matrix[:, 0])[0, 1] > 0.4


def test_a_task_that_fails_is_raised_at_once_and_others_are_not_begun() -> None:
    begun, leave = [], Event()

    def work(task: int) -> None:
        begun.append(task)
        if task == 1:
            raise KeyboardInterrupt
        leave.wait(10)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        at_once(work, range(20), 2)
    assert time.monotonic() - start < 5  # it does not wait for task 0
    leave.set()
    assert len(begun) < 10


def test_a_part_of_the_rows_is_never_without_the_rarer_answer() -> None:
    rng = np.random.default_rng(0)
    y = np.zeros(100_000)
    y[rng.permutation(100_000)[:12]] = 1
    rows = some_rows(np.arange(100_000), y, 1_000, rng)
    assert y[rows].sum() == 12
    assert 1_000 <= len(rows) <= 1_012
    assert (np.diff(rows) > 0).all()
    assert len(some_rows(np.arange(500), y[:500], 1_000, rng)) == 500
