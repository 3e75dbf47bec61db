"""The contract of every estimator: what holds for all of them, whatever they estimate.

A new estimator is one entry of `ESTIMATORS`. What does not apply to it is skipped by name, with the
reason. A table goes in and numbers come out of each: models are given the encoder's matrix.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

import patron.features
import patron.models
from patron.errors import PatronError
from patron.features.encode import Design, Encoder
from patron.features.prepare import Preparation
from patron.models.additive import AdditiveModel
from patron.models.amounts import LogHurdle
from patron.models.boosting import BoostedTrees
from patron.models.calibrate import BetaCalibrator, Calibrator, IsotonicCalibrator
from patron.models.challengers import CatBoostTrees, XGBoostTrees
from patron.models.conformal import Conformal
from patron.models.glassbox import ExplainableBoosting
from patron.models.learner import CrossFitted, Folds
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel
from patron.models.reference import Line
from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_space import SegmentSpace
from patron.models.segment_tree import LeafSegments
from patron.models.segments import Segments
from patron.models.shares import Shares
from patron.models.spend import SpendModel
from patron.models.spend_data import SpendData
from patron.models.spend_lines import LeastSquares, PlainMean, PointScorer, WeightedRidge
from patron.models.spend_trees import (
    HurdleTrees,
    HurdleTreesScorer,
    TweedieTrees,
    TweedieTreesScorer,
)
from patron.models.trees import TreeEnsemble
from patron.models.two_part import TwoPart, TwoPartCurves
from patron.models.two_part_fit import HowMuch, Whether
from patron.schema import Column, Role, Schema

Numbers = NDArray[np.floating[Any]]
ROLES = {
    "spend": Role.MONEY,
    "orders": Role.COUNT,
    "region": Role.CATEGORY,
    "member": Role.FLAG,
    "last_order": Role.DATE,
}


@dataclass(frozen=True)
class Estimator:
    """How the contract reaches one estimator.

    `fit` makes a fresh fit to a table with a seed, `refit` fits one object to two tables in turn,
    `answer` gives a fit's numbers [rows, …] for a table, `reload` takes a fit through JSON, and
    `too_early` uses what is not fitted. `needs` is an optional library; without it all is skipped.
    """

    name: str
    kind: type
    fit: Callable[[pa.Table, int], Any]
    answer: Callable[[Any, pa.Table], Numbers]
    reload: Callable[[Any], Any]
    refit: Callable[[pa.Table, pa.Table], Any] | None = None
    too_early: Callable[[pa.Table], object] | None = None
    skips: Mapping[str, str] = field(default_factory=dict)
    needs: str | None = None


def shop(rows: int, seed: int) -> pa.Table:
    """Customers with every kind of feature, gaps in each, and a purchase that depends on them."""
    random = np.random.default_rng(seed)
    spend = random.lognormal(3, 1, rows)
    orders = random.poisson(3, rows)
    region = random.choice(["north", "south", "west"], rows)
    member = random.random(rows) < 0.4
    days = random.integers(18_000, 20_000, rows)
    log_odds = 0.8 * np.log(spend) - 3 + 0.2 * orders + (region == "west") - (days < 18_700)
    gap = random.random((5, rows)) < 0.1
    return pa.table(
        {
            "spend": pa.array(spend, mask=gap[0]),
            "orders": pa.array(orders, mask=gap[1]),
            "region": pa.array(region.tolist(), mask=gap[2]),
            "member": pa.array(member, mask=gap[3]),
            "last_order": pa.array(days.astype("datetime64[D]"), mask=gap[4]),
            "bought": (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float64),
        }
    )


def schema(table: pa.Table) -> Schema:
    return Schema(
        tuple(
            Column(name, ROLES[name], "the test says so", str(table.schema.field(name).type))
            for name in table.column_names
            if name in ROLES
        )
    )


def bought(table: pa.Table) -> NDArray[np.float64]:
    """The target; whoever writes into it is told so."""
    values: NDArray[np.float64] = table["bought"].to_numpy().copy()
    values.setflags(write=False)
    return values


def folds(rows: int) -> Folds:
    every = np.arange(rows)
    return [(every[every % 3 != part], every[every % 3 == part]) for part in range(3)]


def through_json(fields: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(fields, allow_nan=False))


def fit_encoder(table: pa.Table, seed: int = 0) -> Encoder:
    return Encoder.fit(table, schema(table), bought(table))


def learned(learner: Any, table: pa.Table) -> tuple[Encoder, Any]:
    encoder, y = fit_encoder(table), bought(table)
    design = encoder.transform(table)
    learner.cross_fit(design, y, folds(len(y)))
    return encoder, learner.fit(design, y)


def of_learner(
    name: str,
    make: Callable[[int], Any],
    scorer: Any,
    *,
    needs: str | None = None,
    **skips: str,
) -> Estimator:
    """A candidate of the purchase model and the scorer that it makes."""

    def refit(first: pa.Table, second: pa.Table) -> Any:
        learner = make(0)
        learned(learner, first)
        return learned(learner, second)

    return Estimator(
        name,
        type(make(0)),
        fit=lambda table, seed: learned(make(seed), table),
        answer=lambda fit, table: fit[1].raw(fit[0].transform(table).matrix),
        reload=lambda fit: (fit[0], scorer.from_dict(through_json(fit[1].to_dict()))),
        refit=refit,
        too_early=lambda table: make(0).fit(fit_encoder(table).transform(table), bought(table)),
        skips=skips,
        needs=needs,
    )


class PairsKept(ExplainableBoosting):
    """Keeps terms of two columns whatever they are worth, so that the contract covers them."""

    def cross_fit(self, *given: Any, **options: Any) -> CrossFitted:
        crossed = super().cross_fit(*given, **options)
        self.kept = 3
        return crossed


def model(table: pa.Table, seed: int = 0) -> tuple[Encoder, PurchaseModel]:
    return refit_model(PurchaseModel(seed=seed), table)


def refit_model(purchase: PurchaseModel, table: pa.Table) -> tuple[Encoder, PurchaseModel]:
    encoder, y = fit_encoder(table), bought(table)
    return encoder, purchase.fit(encoder.transform(table), y, folds(len(y)))


def model_twice(first: pa.Table, second: pa.Table) -> tuple[Encoder, PurchaseModel]:
    purchase = refit_model(PurchaseModel(), first)[1]
    return refit_model(purchase, second)


def shares(table: pa.Table) -> tuple[Encoder, Shares]:
    encoder = fit_encoder(table)
    return encoder, Shares.fit(encoder.transform(table), bought(table))


def line(table: pa.Table) -> tuple[Encoder, Line]:
    encoder = fit_encoder(table)
    return encoder, Line.fit(encoder.transform(table), bought(table))


def spent(table: pa.Table) -> NDArray[np.float64]:
    """What customers spend, where they buy: more with more orders, and never the same."""
    orders = pc.fill_null(table["orders"], 2).to_numpy()
    last = pc.fill_null(table["last_order"].cast(pa.int32()), 19_000).to_numpy()
    amount = np.exp(3 + 0.2 * orders + np.sin(last))
    values: NDArray[np.float64] = np.where(table["bought"].to_numpy() > 0, amount, 0.0)
    values.setflags(write=False)
    return values


def of_spend(name: str, make: Callable[[int], Any], scorer: Any, **skips: str) -> Estimator:
    """A candidate of the spend model and the scorer that it makes."""

    def data(table: pa.Table) -> tuple[Encoder, SpendData]:
        encoder, y = fit_encoder(table), spent(table)
        whole, none = np.ones(len(y)), np.zeros(len(y), dtype=bool)
        return encoder, SpendData(encoder.transform(table), y, whole, none, float(y.max()))

    def learn(learner: Any, table: pa.Table) -> tuple[Encoder, Any]:
        encoder, some = data(table)
        learner.cross_fit(some, folds(len(some)))
        return encoder, learner.fit(some)

    def refit(first: pa.Table, second: pa.Table) -> Any:
        learner = make(0)
        learn(learner, first)
        return learn(learner, second)

    return Estimator(
        name,
        type(make(0)),
        fit=lambda table, seed: learn(make(seed), table),
        answer=lambda fit, table: fit[1].distribution(fit[0].transform(table).matrix).mean,
        reload=lambda fit: (fit[0], scorer.from_dict(through_json(fit[1].to_dict()))),
        refit=refit,
        too_early=lambda table: make(0).fit(data(table)[1]),
        skips=skips,
    )


def spend_model(table: pa.Table, seed: int = 0) -> SpendModel:
    return refit_spend(SpendModel(schema=schema(table), seed=seed), table)


def refit_spend(model: SpendModel, table: pa.Table) -> SpendModel:
    return model.fit(table, spent(table), folds=folds(table.num_rows))


def forecasts(model: SpendModel, table: pa.Table) -> Numbers:
    """The whole answer: mean, chance of nothing, quantiles and the ends of the interval."""
    found = model.predict_distribution(table)
    plain = found.mean, found.zero_probability, found.quantile(0.9), *found.interval(0.9)
    return np.column_stack(plain)


def believed(table: pa.Table) -> LogHurdle:
    """A forecast of what is spent, too narrow; for what takes no matrix."""
    sure = score(table)
    scale = np.full(len(sure), 0.5)
    return LogHurdle(1 / (1 + np.exp(-sure)), 4 + sure, scale, limit=1_000.0)


def conformal(table: pa.Table) -> Conformal:
    return Conformal.fit(believed(table), spent(table))


AXES = {"value": ["spend"], "habit": ["orders"]}


def segments(table: pa.Table, seed: int = 0) -> Segments:
    return Segments(axes=AXES, k=3, schema=schema(table), seed=seed).fit(table)


def space(table: pa.Table) -> SegmentSpace:
    axes = tuple(
        Axis(name, name, tuple(AxisColumn(each, 1, "the test says so") for each in columns), "")
        for name, columns in AXES.items()
    )
    return SegmentSpace.fit(table, schema(table), axes)


def leaves(table: pa.Table) -> tuple[SegmentSpace, LeafSegments]:
    """Towards the quarters of the space, each of which is a segment."""
    where = space(table)
    positions = where.place(table).positions
    return where, LeafSegments.fit(positions, (positions > 0) @ [1, 2], tuple(AXES), leaves=4)


def stands(fit: Segments, table: pa.Table) -> Numbers:
    """The whole answer: part, doubt and positions."""
    found = fit.assign(table)
    return np.column_stack([found.labels, found.doubtful, found.placed.positions])


def score(table: pa.Table) -> NDArray[np.float64]:
    """Log-odds of a kind, for what takes no matrix."""
    values: NDArray[np.float64] = pc.fill_null(table["orders"], 0).to_numpy() / 3.0 - 1
    values.setflags(write=False)
    return values


def of_calibrator(kind: type[Calibrator], unfitted: str) -> Estimator:
    return Estimator(
        kind.__name__,
        kind,
        fit=lambda table, _: kind.fit(score(table), bought(table)),
        answer=lambda calibrator, table: calibrator(score(table)),
        reload=lambda calibrator: Calibrator.from_dict(through_json(calibrator.to_dict())),
        skips={"test_refit_equals_fresh_fit": NO_OBJECT, "test_clear_error_before_fit": unfitted},
    )


NO_OBJECT = "fit is a class method: an object exists only once it is fitted"
NOTHING_TO_SETTLE = "it has nothing to settle: fit alone will do"
BY_PLACE = "each tree draws its columns by their place"
ESTIMATORS = (
    Estimator(
        "Encoder",
        Encoder,
        fit=fit_encoder,
        answer=lambda encoder, table: encoder.transform(table).matrix,
        reload=lambda encoder: Encoder.from_dict(through_json(encoder.to_dict())),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
            "test_column_order_in_training_is_irrelevant": "its matrix has the table's order",
        },
    ),
    Estimator(
        "Preparation",
        Preparation,
        fit=lambda table, _: Preparation.fit(table, schema(table), spent(table)),
        answer=lambda prepared, table: prepared.design(table).matrix,
        reload=lambda prepared: Preparation.from_dict(through_json(prepared.to_dict())),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
            "test_column_order_in_training_is_irrelevant": "its matrix has the table's order",
        },
    ),
    of_learner("SplineLogistic", lambda seed: SplineLogistic(seed=seed), AdditiveModel),
    of_learner(
        "ExplainableBoosting",
        lambda seed: ExplainableBoosting(seed=seed, fold_bags=1, bags=2),
        AdditiveModel,
        test_column_order_in_training_is_irrelevant="its rounds go through the columns in order",
    ),
    of_learner(
        "ExplainableBoosting with pairs",
        lambda seed: PairsKept(seed=seed, fold_bags=1, bags=1),
        AdditiveModel,
        test_column_order_in_training_is_irrelevant="its rounds go through the columns in order",
    ),
    Estimator(
        "Shares",
        Shares,
        fit=lambda table, _: shares(table),
        answer=lambda fit, table: fit[1].widened(fit[0].transform(table).matrix)[:, -1:],
        reload=lambda fit: (fit[0], Shares.from_dict(through_json(fit[1].to_dict()))),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
        },
    ),
    of_learner(
        "BoostedTrees",
        lambda seed: BoostedTrees(seed=seed),
        TreeEnsemble,
        test_column_order_in_training_is_irrelevant=BY_PLACE,
    ),
    of_learner(
        "CatBoostTrees",
        lambda seed: CatBoostTrees(seed=seed),
        TreeEnsemble,
        needs="catboost",
        test_column_order_in_training_is_irrelevant=BY_PLACE,
    ),
    of_learner(
        "XGBoostTrees",
        lambda seed: XGBoostTrees(seed=seed),
        TreeEnsemble,
        needs="xgboost",
        test_column_order_in_training_is_irrelevant=BY_PLACE,
    ),
    Estimator(
        "PurchaseModel",
        PurchaseModel,
        fit=model,
        answer=lambda fit, table: fit[1].predict_proba(fit[0].transform(table)),
        reload=lambda fit: (fit[0], PurchaseModel.from_dict(through_json(fit[1].to_dict()))),
        refit=model_twice,
        too_early=lambda table: PurchaseModel().predict_proba(fit_encoder(table).transform(table)),
        skips={"test_column_order_in_training_is_irrelevant": BY_PLACE},
    ),
    of_spend(
        "PlainMean",
        lambda _: PlainMean(),
        PointScorer,
        test_answers_vary_and_are_one_for_each_row="everybody gets the mean",
        test_clear_error_before_fit=NOTHING_TO_SETTLE,
    ),
    of_spend(
        "LeastSquares",
        lambda _: LeastSquares(),
        PointScorer,
        test_clear_error_before_fit=NOTHING_TO_SETTLE,
    ),
    of_spend("WeightedRidge", lambda _: WeightedRidge(), PointScorer),
    of_spend("TwoPart", lambda seed: TwoPart(seed=seed), TwoPartCurves),
    of_spend(
        "HurdleTrees",
        lambda seed: HurdleTrees(seed=seed),
        HurdleTreesScorer,
        test_column_order_in_training_is_irrelevant=BY_PLACE,
    ),
    of_spend(
        "TweedieTrees",
        lambda seed: TweedieTrees(seed=seed),
        TweedieTreesScorer,
        test_column_order_in_training_is_irrelevant=BY_PLACE,
    ),
    Estimator(
        "SpendModel",
        SpendModel,
        fit=spend_model,
        answer=forecasts,
        reload=lambda model: SpendModel.from_dict(through_json(model.to_dict())),
        refit=lambda first, second: refit_spend(
            refit_spend(SpendModel(schema=schema(second)), first), second
        ),
        too_early=lambda table: SpendModel().predict(table),
        skips={"test_column_order_in_training_is_irrelevant": "it may choose trees: " + BY_PLACE},
    ),
    Estimator(
        "Conformal",
        Conformal,
        fit=lambda table, _: conformal(table),
        answer=lambda fit, table: fit.interval(believed(table), 0.8)[1],
        reload=lambda fit: Conformal.from_dict(through_json(fit.to_dict())),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
        },
    ),
    of_calibrator(Calibrator, "unfitted, it is the plain logistic function"),
    of_calibrator(BetaCalibrator, NO_OBJECT),
    of_calibrator(IsotonicCalibrator, NO_OBJECT),
    Estimator(
        "Segments",
        Segments,
        fit=segments,
        answer=stands,
        reload=lambda fit: Segments.from_dict(through_json(fit.to_dict())),
        refit=lambda first, second: (
            Segments(axes=AXES, k=3, schema=schema(second)).fit(first).fit(second)
        ),
        too_early=lambda table: Segments().predict(table),
    ),
    Estimator(
        "SegmentSpace",
        SegmentSpace,
        fit=lambda table, _: space(table),
        answer=lambda fit, table: fit.place(table).positions,
        reload=lambda fit: SegmentSpace.from_dict(through_json(fit.to_dict())),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
        },
    ),
    Estimator(
        "LeafSegments",
        LeafSegments,
        fit=lambda table, _: leaves(table),
        answer=lambda fit, table: fit[1].assign(fit[0].place(table).positions),
        reload=lambda fit: (fit[0], LeafSegments.from_dict(through_json(fit[1].to_dict()))),
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
        },
    ),
    Estimator(
        "Line",
        Line,
        fit=lambda table, _: line(table),
        answer=lambda fit, table: fit[1].predict(fit[0].transform(table)),
        reload=lambda fit: fit,
        skips={
            "test_refit_equals_fresh_fit": NO_OBJECT,
            "test_clear_error_before_fit": NO_OBJECT,
            "test_survives_save_and_load": "a reference for comparisons, which no bundle keeps",
        },
    ),
)

LIKELIHOODS = {Whether, HowMuch}
"""What is fitted to a matrix inside of an estimator, and is none."""

TRAINING, OTHER, FRESH = shop(900, seed=1), shop(700, seed=2), shop(60, seed=3)


@pytest.fixture(params=ESTIMATORS, ids=lambda each: each.name)
def estimator(request: pytest.FixtureRequest) -> Estimator:
    each: Estimator = request.param
    if reason := each.skips.get(request.function.__name__):
        pytest.skip(reason)
    if each.needs:
        pytest.importorskip(each.needs, reason=f"the extra `{each.needs}` is not installed")
    return each


@cache
def fitted(estimator_name: str) -> Any:
    """One fit for the tests that only read it; each of them therefore tests that too."""
    return next(each for each in ESTIMATORS if each.name == estimator_name).fit(TRAINING, 0)


def same(first: Numbers, second: Numbers, tolerance: float = 0) -> None:
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance, equal_nan=True)


def test_answers_vary_and_are_one_for_each_row(estimator: Estimator) -> None:
    """Without this, a constant would pass all that follows."""
    answer = estimator.answer(fitted(estimator.name), FRESH)
    assert len(answer) == FRESH.num_rows
    assert np.nanstd(answer, axis=0).min() > 0


def test_inputs_are_unchanged(estimator: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables cannot change; the matrix and the vectors that are made of them could."""
    seen: list[tuple[Design, bytes]] = []
    transform = Encoder.transform

    def watched(self: Encoder, table: pa.Table) -> Design:
        design = transform(self, table)
        seen.append((design, design.matrix.tobytes()))
        return design

    before = TRAINING.to_pydict()
    monkeypatch.setattr(Encoder, "transform", watched)
    estimator.answer(estimator.fit(TRAINING, 0), FRESH)
    assert TRAINING.to_pydict() == before
    assert all(design.matrix.tobytes() == bytes_before for design, bytes_before in seen)


def test_column_order_is_irrelevant(estimator: Estimator) -> None:
    fit = fitted(estimator.name)
    turned = FRESH.select(FRESH.column_names[::-1])
    same(estimator.answer(fit, turned), estimator.answer(fit, FRESH))


def test_column_order_in_training_is_irrelevant(estimator: Estimator) -> None:
    turned = estimator.fit(TRAINING.select(TRAINING.column_names[::-1]), 0)
    expected = estimator.answer(fitted(estimator.name), FRESH)
    same(estimator.answer(turned, FRESH), expected, tolerance=1e-6)


def test_same_seed_gives_the_same_answer(estimator: Estimator) -> None:
    again = estimator.fit(TRAINING, 0)
    same(estimator.answer(again, FRESH), estimator.answer(fitted(estimator.name), FRESH))


def test_refit_equals_fresh_fit(estimator: Estimator) -> None:
    assert estimator.refit is not None
    again = estimator.refit(OTHER, TRAINING)
    same(estimator.answer(again, FRESH), estimator.answer(fitted(estimator.name), FRESH))


def test_another_fit_changes_nothing(estimator: Estimator) -> None:
    """Two fits share no state."""
    fit = estimator.fit(TRAINING, 0)
    before = estimator.answer(fit, FRESH)
    estimator.answer(estimator.fit(OTHER, 0), FRESH)
    same(estimator.answer(fit, FRESH), before)


def test_defaults_are_immutable(estimator: Estimator) -> None:
    """A list as a default would be shared by every call; a tuple cannot be."""
    for name, method in inspect.getmembers(estimator.kind, inspect.isroutine):
        if getattr(method, "__module__", None) == estimator.kind.__module__:
            defaults = [each.default for each in inspect.signature(method).parameters.values()]
            assert not [each for each in defaults if isinstance(each, list | dict | set)], name


def test_survives_save_and_load(estimator: Estimator) -> None:
    fit = fitted(estimator.name)
    same(estimator.answer(estimator.reload(fit), FRESH), estimator.answer(fit, FRESH))


def test_clear_error_before_fit(estimator: Estimator) -> None:
    assert estimator.too_early is not None
    with pytest.raises(PatronError, match="fit"):
        estimator.too_early(TRAINING)


def test_one_row_at_a_time_equals_the_batch(estimator: Estimator) -> None:
    fit = fitted(estimator.name)
    rows = [estimator.answer(fit, FRESH.slice(row, 1)) for row in range(FRESH.num_rows)]
    same(np.concatenate(rows), estimator.answer(fit, FRESH), tolerance=1e-12)


def test_every_skip_names_a_contract() -> None:
    assert {skip for each in ESTIMATORS for skip in each.skips} <= set(globals())


def test_every_public_estimator_is_here() -> None:
    """A class that can be fitted, in a public list of the rooms of features and models."""
    found = set()
    for room in (patron.features, patron.models):
        for info in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            module = importlib.import_module(info.name)
            public = [getattr(module, name) for name in getattr(module, "__all__", ())]
            found |= {
                thing
                for thing in public
                if inspect.isclass(thing)
                and hasattr(thing, "fit")
                and not getattr(thing, "_is_protocol", False)
                and not inspect.isabstract(thing)
            }
    assert found - LIKELIHOODS == {each.kind for each in ESTIMATORS} - {PairsKept}
