"""The learning curve: flat, rising or cannot say, as the truth is; and what a flat one saves."""

from dataclasses import replace

import numpy as np
import pytest

from patron.estimate import Estimate
from patron.features.encode import Design
from patron.models import purchase
from patron.models.effort import EFFORTS
from patron.models.glassbox import ExplainableBoosting
from patron.models.learner import Folds
from patron.models.learning import LearningCurve, learning_curve
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel


def folds(rows: int, count: int = 3) -> Folds:
    number = np.arange(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


def world(rows: int, columns: int, telling: int, seed: int = 0) -> tuple[Design, np.ndarray]:
    """Each of the `telling` columns has the same effect; together an SD of 1.5 log-odds."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, columns)).astype(np.float32)
    log_odds = 1.5 * matrix[:, :telling].sum(axis=1) / np.sqrt(telling) - 0.5
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    names = tuple(f"c{place}" for place in range(columns))
    return Design(matrix, names, names, {}), y


def quick() -> SplineLogistic:
    return SplineLogistic(penalties=(3.0,))


def test_flat_where_one_column_is_all_there_is() -> None:
    design, y = world(30_000, columns=2, telling=1)
    curve = learning_curve(quick(), design, y, folds(30_000)[0])
    assert curve.verdict == "flat"
    assert curve.sentence.startswith("More rows would bring next to nothing: from 10,000 to 20,000")
    assert [size for size, _ in curve.points] == [1250, 2500, 5000, 10_000, 20_000]


def test_rising_where_many_columns_share_the_truth_and_rows_are_few() -> None:
    design, y = world(6000, columns=80, telling=80)
    learner = ExplainableBoosting(fold_bags=1, pairs=0, bins=32, rate=0.1)
    curve = learning_curve(learner, design, y, folds(6000)[0])
    assert curve.verdict == "rising"
    assert curve.sentence.startswith("More rows would help: from 2,000 to 4,000 rows")
    assert curve.points[-1][1].value - curve.points[0][1].value > 0.05


def test_with_too_few_to_halve_it_cannot_say() -> None:
    design, y = world(500, columns=2, telling=1)
    curve = learning_curve(quick(), design, y, folds(500)[0])
    assert (curve.doubling, curve.verdict, len(curve.points)) == (None, "cannot say", 1)
    assert curve.sentence == (
        "Whether more rows would help we cannot say, because there are too few to halve."
    )


def test_with_few_buyers_it_cannot_say_though_there_are_rows() -> None:
    design, y = world(5000, columns=2, telling=1)
    y[np.flatnonzero(y == 1)[30:]] = 0
    assert learning_curve(quick(), design, y, folds(5000)[0]).verdict == "cannot say"


def test_between_flat_and_rising_it_cannot_say_and_gives_the_figures() -> None:
    auc = Estimate(0.8, 0.78, 0.82, 0.95, 500, "DeLong")
    gain = Estimate(0.004, -0.002, 0.010, 0.95, 500, "DeLong")
    curve = LearningCurve("trees", ((500, auc), (1000, auc)), gain)
    assert curve.verdict == "cannot say"
    assert curve.sentence == (
        "Whether more rows would help we cannot say: from 500 to 1,000 rows the ROC-AUC of trees "
        "changed by +0.0040 (between −0.0020 and +0.0100)."
    )


def test_parts_are_nested_and_judged_on_the_same_rows() -> None:
    """The learner is watched: what it learns from and what it predicts at each point."""
    seen: list[tuple[set[float], set[float]]] = []

    class Watched(SplineLogistic):
        def cross_fit(self, design, y, folds, *, again=False):  # type: ignore[no-untyped-def]
            (fit, predict), rows = folds[0], design.matrix[:, 0].tolist()
            seen.append(({rows[row] for row in fit}, {rows[row] for row in predict}))
            return super().cross_fit(design, y, folds, again=again)

    design, y = world(6000, columns=2, telling=1)
    fold = folds(6000)[0]
    curve = learning_curve(Watched(penalties=(3.0,)), design, y, fold, most_rows=3000)
    own = design.matrix[:, 0]
    assert [len(fit) for fit, _ in seen] == [size for size, _ in curve.points] == [750, 1500, 3000]
    for fit, test in seen:
        assert test == set(own[fold[1]].tolist())
        assert fit <= set(own[fold[0]].tolist())
    assert seen[0][0] < seen[1][0] < seen[2][0]


def test_same_seed_same_curve() -> None:
    design, y = world(3000, columns=2, telling=1)
    one, same, other = (
        learning_curve(quick(), design, y, folds(3000)[0], seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """The most rows of the quick effort, so few that tests are quick too."""
    efforts = {**EFFORTS, "quick": replace(EFFORTS["quick"], most_rows=3000)}
    monkeypatch.setattr(purchase, "EFFORTS", efforts)
    return 3000


def curve_with(verdict: str) -> LearningCurve:
    auc = Estimate(0.8, 0.78, 0.82, 0.95, 500, "DeLong")
    low, high = {"flat": (-0.001, 0.001), "rising": (0.01, 0.03), "cannot say": (-0.01, 0.01)}[
        verdict
    ]
    gain = Estimate((low + high) / 2, low, high, 0.95, 500, "DeLong")
    return LearningCurve("trees", ((500, auc), (1000, auc)), gain)


@pytest.mark.parametrize("verdict", ["flat", "rising", "cannot say"])
def test_only_where_the_curve_is_flat_a_sample_is_enough(
    small: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, y = world(9000, columns=3, telling=1)
    model = PurchaseModel(effort="quick", learners=("logistic",))
    monkeypatch.setattr(model, "_curve", lambda *_: curve_with(verdict))
    model.fit(design, y, folds(9000))
    if verdict != "flat":
        assert model.learned_from_ is None
        assert not np.isnan(model.out_of_fold_).any()
        assert len(model.seen_.y) == 9000
        return
    kept = model.learned_from_
    assert kept is not None
    assert len(kept) == small
    assert (np.diff(kept) > 0).all()
    others = np.setdiff1d(np.arange(9000), kept)
    assert np.isnan(model.out_of_fold_[others]).all()
    np.testing.assert_array_equal(model.out_of_fold_[kept], model.probabilities_)
    np.testing.assert_array_equal(model.seen_.y, y[kept])
    assert model.chosen_.roc_auc.n == small
    # Not the answers' rows by accident: those kept are predicted as they are.
    assert np.corrcoef(model.out_of_fold_[kept], model.predict_proba(design.rows(kept)))[0, 1] > 0.9


def test_a_sample_is_of_whole_entities(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    design, y = world(9000, columns=3, telling=1)
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(1500) * 7, 6))
    inside = [
        (np.flatnonzero(groups // 7 % 3 != k), np.flatnonzero(groups // 7 % 3 == k))
        for k in range(3)
    ]
    model = PurchaseModel(effort="quick", learners=("logistic",))
    monkeypatch.setattr(model, "_curve", lambda *_: curve_with("flat"))
    model.fit(design, y, inside, groups=groups)
    kept = model.learned_from_
    assert kept is not None
    assert len(kept) == pytest.approx(small, abs=6)
    assert not set(groups[kept]) & set(np.delete(groups, kept))
    np.testing.assert_array_equal(model.seen_.groups, groups[kept])


def test_a_table_of_many_rows_and_a_simple_truth_is_learned_from_a_sample(small: int) -> None:
    """With the curve that the data give, and the learners of the effort."""
    design, y = world(40_000, columns=3, telling=1)
    design.matrix[:] = design.matrix > 0  # two values each: soon known
    y = (np.random.default_rng(1).random(40_000) < 0.2 + 0.5 * design.matrix[:, 0]).astype(float)
    model = PurchaseModel(effort="quick").fit(design, y, folds(40_000))
    assert model.curve_.verdict == "flat"
    assert model.curve_.points[-1][0] == small
    assert model.learned_from_ is not None
    assert len(model.learned_from_) == small
    again = PurchaseModel(effort="quick").fit(design, y, folds(40_000))
    np.testing.assert_array_equal(again.learned_from_, model.learned_from_)


def test_a_small_table_is_learned_from_whole_and_thorough_learns_from_all() -> None:
    assert EFFORTS["thorough"].most_rows is None
    design, y = world(1500, columns=3, telling=1)
    model = PurchaseModel(effort="quick", learners=("logistic",)).fit(design, y, folds(1500))
    assert model.learned_from_ is None
