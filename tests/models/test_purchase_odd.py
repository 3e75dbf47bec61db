"""The purchase model on odd data and with each learner: right, or refused with a sentence."""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError, UserError
from patron.features.encode import Design, Encoder
from patron.metrics import roc_auc
from patron.models.calibrate import BetaCalibrator, Calibrator, IsotonicCalibrator
from patron.models.effort import EFFORTS, EXTRA_LEARNERS, LEARNERS, learners_for
from patron.models.learner import Folds
from patron.models.purchase import PurchaseModel
from patron.schema import Column, Role, Schema
from patron.split import make_split

ROWS = 1500
NAMES = ("rising", "crossed", "noise", "kind")


def folds(rows: int, count: int = 3) -> Folds:
    number = np.arange(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


def shop(rows: int = ROWS, seed: int = 0) -> tuple[Design, np.ndarray]:
    """A number that matters and bends, a product, noise, a category; gaps in the second."""
    rng = np.random.default_rng(seed + 100)
    matrix = rng.normal(size=(rows, 4)).astype(np.float32)
    matrix[:, 3] = rng.integers(0, 3, rows)
    log_odds = 1.5 * np.minimum(matrix[:, 0], 0.5) + (matrix[:, 3] == 1)
    log_odds += 0.8 * np.sign(matrix[:, 1]) * np.sign(matrix[:, 0]) - 0.5
    matrix[rng.random(rows) < 0.1, 1] = np.nan
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    return Design(matrix, NAMES, NAMES, {"kind": ("a", "b", "c", "other")}), y


def fitted(design: Design, y: np.ndarray, **options: Any) -> PurchaseModel:
    return PurchaseModel(**{"effort": "quick", **options}).fit(design, y, folds(len(y)))


@pytest.fixture(scope="module")
def model() -> PurchaseModel:
    return fitted(*shop())


def available(name: str) -> str:
    if name in EXTRA_LEARNERS:
        pytest.importorskip(name, reason=f"the extra `{name}` is not installed")
    return name


@pytest.fixture(params=[*LEARNERS, *EXTRA_LEARNERS])
def learner(request: pytest.FixtureRequest) -> str:
    return available(request.param)


def proper(model: PurchaseModel, design: Design) -> np.ndarray:
    """The probabilities, which are what probabilities must be."""
    p = model.predict_proba(design)
    assert np.isfinite(p).all()
    assert ((p > 0) & (p < 1)).all()
    raw = sum(weight * scorer.raw(design.matrix) for weight, scorer in model.parts_)
    assert np.isfinite(raw).all()
    return p


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_one_kind_of_answer_is_refused_before_any_model_sees_it(answer: float) -> None:
    with pytest.raises(DataError, match="need at least 10 of each kind"):
        make_split(pa.table({"x": range(500)}), np.full(500, answer))


def test_thirty_buyers_are_enough_for_a_model_that_says_how_little_it_knows() -> None:
    design, _ = shop(1200)
    y = np.zeros(1200)
    y[np.argsort(-design.matrix[:, 0], kind="stable")[: 30 * 4 : 4]] = 1
    model = fitted(design, y)
    auc = model.chosen_.roc_auc
    p = proper(model, design)
    assert p.mean() == pytest.approx(30 / 1200, abs=0.01)
    assert auc.low < auc.value < auc.high
    assert auc.high - auc.low > 0.02
    assert model.threshold_.high - model.threshold_.low > 0.02


def test_a_perfect_separator_is_no_certainty() -> None:
    """No warning (they are errors here), log-odds that are finite, chances within 0 and 1."""
    design, _ = shop()
    y = (design.matrix[:, 0] > 0.3).astype(float)
    model = fitted(design, y)
    p = proper(model, design)
    assert roc_auc(y, p).value > 0.999
    assert p[y == 1].mean() > 0.97
    assert p[y == 0].mean() < 0.03
    assert np.isfinite(model.points(design)).all()
    assert model.chosen_.log_loss.value < 0.05


@pytest.mark.parametrize("column", range(4))
def test_a_column_that_is_all_missing_at_scoring_costs_accuracy_only(
    model: PurchaseModel, column: int
) -> None:
    design, y = shop(3000, seed=1)
    design.matrix[:, column] = np.nan
    p = proper(model, design)
    assert p.mean() == pytest.approx(y.mean(), abs=0.15)
    assert roc_auc(y, p).value > 0.55
    assert np.isfinite(model.points(design)).all()


def test_nothing_known_of_a_customer_is_an_answer_too(model: PurchaseModel) -> None:
    nothing = Design(np.full((3, 4), np.nan, dtype=np.float32), NAMES, NAMES, shop()[0].levels)
    p = proper(model, nothing)
    assert p[0] == p[1] == p[2]
    assert 0.05 < p[0] < 0.95


def test_a_new_category_at_scoring_is_nobody_in_particular(learner: str) -> None:
    """Its chance lies between those of the levels that are known, all else alike."""
    design, y = shop(3000)
    model = fitted(design, y, learners=[learner])
    one = np.repeat(design.matrix[:200, None], 4, axis=1)
    one[:, :, 3] = [0, 1, 2, 3]
    flat = Design(one.reshape(-1, 4), NAMES, NAMES, design.levels)
    known, new = np.split(proper(model, flat).reshape(200, 4), [3], axis=1)
    assert known.min(axis=1).mean() < new.mean() < known.max(axis=1).mean()
    # Trees split sets of levels, so that for a single customer they may leave the range a little.
    assert (new.ravel() > known.min(axis=1) - 0.1).all()
    assert (new.ravel() < known.max(axis=1) + 0.1).all()


def test_constant_and_empty_columns_change_nothing_and_say_nothing(learner: str) -> None:
    design, y = shop(900)
    design.matrix[:, 2], design.matrix[:, 1] = 5.0, np.nan
    model = fitted(design, y, learners=[learner])
    assert not model.contributions(design)[:, 1:3].any()
    assert roc_auc(y, proper(model, design)).value > 0.6
    flat = Design(np.full_like(design.matrix, 2.0), NAMES, NAMES, {})
    alike = fitted(flat, y, learners=[learner])
    p = proper(alike, flat)
    assert np.ptp(p) < 1e-9
    assert p[0] == pytest.approx(y.mean(), abs=0.02)


def test_a_thousand_columns_take_no_minute() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(3000, 1000)).astype(np.float32)
    y = (rng.random(3000) < 1 / (1 + np.exp(-2 * matrix[:, 0]))).astype(float)
    names = tuple(f"c{place}" for place in range(1000))
    began = time.process_time()
    design = Design(matrix, names, names, {})
    model = PurchaseModel(effort="quick").fit(design, y, folds(3000, count=2))
    assert time.process_time() - began < 60
    assert model.chosen_.roc_auc.low > 0.75  # the truth's is 0.85


def test_fifty_thousand_levels_are_encoded_and_learned_from() -> None:
    """Shops with 50,000 postcodes: most are rare, and the frequent ones tell."""
    rng = np.random.default_rng(0)
    rows = 20_000
    frequent = rng.random(rows) < 0.5
    place = np.where(frequent, rng.integers(0, 40, rows), rng.integers(40, 50_000, rows))
    age = rng.normal(size=rows)
    rate = rng.normal(size=40)
    log_odds = age - 1 + np.where(frequent, rate[np.minimum(place, 39)], 0)
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    table = pa.table({"age": age, "postcode": [f"P{number:05}" for number in place]})
    schema = Schema(
        (
            Column("age", Role.NUMBER, "the test says so", "double"),
            Column("postcode", Role.CATEGORY, "the test says so", "string"),
        )
    )
    part = folds(rows, 4)[0]
    encoder = Encoder.fit(table.take(part[0]), schema, y[part[0]])
    design = encoder.transform(table)
    assert len(design.levels["postcode"]) == 1001
    model = fitted(design.rows(part[0]), y[part[0]])
    p = proper(model, design.rows(part[1]))
    truth = 1 / (1 + np.exp(-log_odds[part[1]]))
    # On 5,000 customers; the standard error of the paired difference is about 0.003.
    assert roc_auc(y[part[1]], p).value > roc_auc(y[part[1]], truth).value - 0.015
    assert np.abs(p - truth).mean() < 0.05


def test_every_learner_can_be_asked_for_alone(learner: str) -> None:
    design, y = shop()
    model = fitted(design, y, learners=[learner])
    assert [each.name for each in model.candidates_] == [learner]  # nothing to blend with
    assert model.chosen_.name == learner
    assert [weight for weight, _ in model.parts_] == [1.0]
    assert roc_auc(y, proper(model, design)).value > 0.7
    again = PurchaseModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.predict_proba(design), model.predict_proba(design))
    assert "against" not in model.why()[0]


def test_learners_are_tried_from_the_most_readable_on_whatever_order_is_asked() -> None:
    design, y = shop(600)
    model = fitted(design, y, learners=["trees", "logistic"])
    assert [each.name for each in model.candidates_] == ["logistic", "trees", "blend"]


def test_a_learner_that_is_not_there_is_a_sentence() -> None:
    design, y = shop(600)
    with pytest.raises(
        UserError, match=r'there is no learner "forest"\. Learners: logistic, glass_'
    ):
        fitted(design, y, learners=["forest"])


@pytest.mark.parametrize("sign", [1, -1])
def test_monotone_holds_along_the_column_whatever_the_learner(learner: str, sign: int) -> None:
    """Falling is against the data: the model may then only be flat."""
    design, y = shop()
    model = fitted(design, y, learners=[learner], monotone={"rising": sign})
    p, grid = along(model, design, 0)
    assert (sign * np.diff(p, axis=1) >= -1e-9).all()
    if sign > 0:
        assert (p[:, -1] - p[:, 0]).mean() > 0.2
    else:
        assert np.ptp(p, axis=1).max() < 0.1
    assert len(grid) == 61


def test_monotone_holds_for_the_blend_too() -> None:
    design, y = shop()
    model = fitted(design, y, monotone={"rising": 1, "noise": -1})
    for candidate in model.candidates_:
        model.parts_ = candidate.parts
        for column, sign in ((0, 1), (2, -1)):
            assert (sign * np.diff(along(model, design, column)[0], axis=1) >= -1e-9).all()


def along(model: PurchaseModel, design: Design, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The chances of 60 customers, were their value in the column each of a grid."""
    grid = np.linspace(-5, 5, 61, dtype=np.float32)
    some = np.repeat(design.matrix[:60, None], len(grid), axis=1)
    some[:, :, column] = grid
    flat = Design(some.reshape(-1, 4), NAMES, NAMES, design.levels)
    return model.predict_proba(flat).reshape(60, -1), grid


@pytest.mark.parametrize("effort", EFFORTS)
def test_each_effort_gives_a_model(effort: str) -> None:
    design, y = shop(700)
    model = fitted(design, y, effort=effort)
    assert [each.name for each in model.candidates_] == [*LEARNERS, "blend"]
    assert roc_auc(y, proper(model, design)).value > 0.7


def test_an_effort_that_is_not_there_is_refused() -> None:
    design, y = shop(300)
    with pytest.raises(
        UserError, match=r'there is no effort "extreme"\. Efforts: quick, normal, th'
    ):
        fitted(design, y, effort="extreme")


def test_more_effort_is_more_of_everything() -> None:
    quick, normal, thorough = EFFORTS.values()
    for less, more in ((quick, normal), (normal, thorough)):
        assert less.repeats < more.repeats
        assert less.bags < more.bags
        assert less.pairs < more.pairs
        assert len(less.leaves) < len(more.leaves)
    assert quick.most_rows < normal.most_rows  # type: ignore[operator]
    small, large = (learners_for(normal, rows)[1] for rows in (5000, 500_000))
    assert small.bags > large.bags  # type: ignore[attr-defined]


def test_same_seed_same_answer_and_threads_change_nothing() -> None:
    design, y = shop(900)
    one, same, two = (fitted(design, y, threads=threads) for threads in (1, 1, 2))
    for other in (same, two):
        assert [each.log_loss for each in other.candidates_] == [
            each.log_loss for each in one.candidates_
        ]
        np.testing.assert_array_equal(other.predict_proba(design), one.predict_proba(design))
        np.testing.assert_array_equal(other.out_of_fold_, one.out_of_fold_)
        assert other.threshold_ == one.threshold_
        assert json.dumps(other.to_dict()) == json.dumps(one.to_dict())


CALIBRATORS: list[Callable[..., Calibrator]] = [
    Calibrator.fit,
    BetaCalibrator.fit,
    IsotonicCalibrator.fit,
]


@pytest.mark.parametrize("name", ["logistic", "glass_box", "trees", "blend"])
@pytest.mark.parametrize("fit", CALIBRATORS, ids=lambda fit: fit.__self__.method)
def test_points_add_up_to_the_chance(
    model: PurchaseModel, name: str, fit: Callable[..., Calibrator]
) -> None:
    design, _ = shop(400, seed=2)
    chosen = next(each for each in model.candidates_ if each.name == name)
    other = PurchaseModel()
    other.parts_ = chosen.parts
    other.calibrator_ = fit(chosen.out_of_fold, model.seen_.y)
    points = other.points(design)
    expected = 100 * (other.predict_proba(design) - other.base_probability)
    np.testing.assert_allclose(points.sum(axis=1), expected, rtol=0, atol=1e-6)
    # A column's points have the sign of what it adds to the log-odds.
    parts = other.contributions(design)
    assert (points * parts >= 0).all()
    raw = chosen.raw(design.matrix)
    np.testing.assert_allclose(parts.sum(axis=1) + other._base, raw, rtol=0, atol=1e-9)


def test_repeats_are_kept_in_order_and_count_rows_once() -> None:
    design, y = shop(900)
    repeats = [folds(900), *(shuffled(900, seed) for seed in (1, 2))]
    model = PurchaseModel(effort="quick", learners=["logistic", "trees"])
    model.fit(design, y, repeats[0], repeats=repeats[1:])
    assert len(model.probabilities_) == len(model.seen_.y) == 2700
    np.testing.assert_array_equal(model.out_of_fold_, model.probabilities_[:900])
    assert {each.roc_auc.n for each in model.candidates_} == {900}
    assert [len(each.fold_parts) for each in model.candidates_] == [3, 3, 3]
    once = fitted(design, y, learners=["logistic", "trees"])
    for first, second in zip(once.candidates_[:2], model.candidates_[:2], strict=True):
        np.testing.assert_array_equal(first.out_of_fold, second.out_of_fold[:900])
        assert (second.out_of_fold[:900] != second.out_of_fold[900:1800]).any()


def shuffled(rows: int, seed: int) -> Folds:
    number = np.random.default_rng(seed).permutation(rows) % 3
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]
