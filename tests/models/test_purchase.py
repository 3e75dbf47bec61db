"""The purchase model: it chooses by evidence, and its probabilities can be believed."""

import json
import math

import numpy as np
import pytest

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.boosting import BoostedTrees
from patron.models.decision import Fixed
from patron.models.explain import effect, importances
from patron.models.learner import Folds
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel

ROWS = 4000


def folds(rows: int) -> Folds:
    number = np.arange(rows) % 3
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]


def world(kind: str, rows: int = ROWS, seed: int = 0) -> tuple[Design, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 4)).astype(np.float32)
    a, b = matrix[:, 0].astype(float), matrix[:, 1].astype(float)
    log_odds = {"additive": 1.5 * a + b - 1, "crossed": 2.0 * np.sign(a) * np.sign(b) - 0.5}[kind]
    p = 1 / (1 + np.exp(-log_odds))
    names = ("a", "b", "noise", "more noise")
    return Design(matrix, names, names, {}), (rng.random(rows) < p).astype(float), p


def learners() -> tuple[SplineLogistic, BoostedTrees]:
    return SplineLogistic(), BoostedTrees()


@pytest.fixture(scope="module")
def additive() -> tuple[PurchaseModel, Design, np.ndarray]:
    x, y, _ = world("additive")
    return PurchaseModel(learners=learners()).fit(x, y, folds(ROWS)), x, y


def test_within_noise_the_readable_candidate_wins(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    assert additive[0].chosen_.name == "logistic"


def test_where_columns_act_together_the_trees_or_the_blend_win() -> None:
    x, y, _ = world("crossed")
    model = PurchaseModel(learners=learners()).fit(x, y, folds(ROWS))
    assert model.chosen_.name in ("trees", "blend")
    logistic = model.candidates_[0]
    assert model.chosen_.log_loss.high < logistic.log_loss.low


def test_probabilities_are_near_the_truth_on_fresh_customers(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    fresh, _, truth = world("additive", seed=1)
    p = additive[0].predict_proba(fresh)
    # 29 weights from 4,000 rows: a standard error of about 0.2 in the log-odds, 0.03 in p.
    assert np.abs(p - truth).mean() < 0.04
    assert p.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_saved_and_loaded_scores_are_identical(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    model, x, _ = additive
    again = PurchaseModel.from_dict(json.loads(json.dumps(model.to_dict())))
    np.testing.assert_array_equal(model.predict_proba(x), again.predict_proba(x))
    assert again.threshold_ == model.threshold_


def test_contributions_of_a_blend_add_up() -> None:
    x, y, _ = world("crossed", rows=1500)
    model = PurchaseModel(learners=learners()).fit(x, y, folds(1500))
    model.parts_ = model.candidates_[-1].parts
    raw = model.candidates_[-1].raw(x.matrix)
    rest = raw - model.contributions(x).sum(axis=1)
    assert len(model.parts_) == 2
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)  # what is left is the same for all
    np.testing.assert_array_equal(model.calibrator_(raw), model.predict_proba(x))


def test_the_threshold_comes_from_out_of_fold_predictions_or_from_the_study(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    model, x, y = additive
    assert model.threshold_.low <= model.threshold_.value <= model.threshold_.high
    fixed = PurchaseModel(learners=(SplineLogistic(),), rule=Fixed(0.2)).fit(x, y, folds(ROWS))
    assert fixed.threshold_.value == 0.2
    assert math.isnan(fixed.threshold_.low)
    assert fixed.threshold_.method == "set in the Study"


def test_importance_finds_the_columns_that_matter(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    fresh, y, _ = world("additive", seed=2)
    found = importances(additive[0], fresh, y)
    assert list(found)[:2] == ["a", "b"]
    assert found["a"].low > 0.05
    assert abs(found["noise"].value) < 0.01


def test_effects_have_the_direction_of_the_truth(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    model, x, _ = additive
    drawn = effect(model, x, "a")
    assert drawn is not None
    assert (np.diff(drawn["effect"]) > 0).all()
    assert sum(drawn["n"]) == ROWS
    flat = effect(model, x, "noise")
    assert flat is not None
    assert max(map(abs, flat["effect"])) < 5  # points; that of "a" spans over 60
    assert drawn["effect"][-1] - drawn["effect"][0] > 50


def test_not_fitted_is_a_sentence() -> None:
    x, _, _ = world("additive", rows=10)
    with pytest.raises(PatronError, match="not fitted yet"):
        PurchaseModel().predict_proba(x)


def test_the_why_is_made_from_the_figures(
    additive: tuple[PurchaseModel, Design, np.ndarray],
) -> None:
    model = additive[0]
    first, second = model.why()
    assert f"{model.chosen_.log_loss.value:.4f}" in first
    assert f"{model.chosen_.roc_auc.value:.3f}" in second
