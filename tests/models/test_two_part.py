"""Two-part curves: they recover a known law from zeros, gaps, rare levels and amounts cut off."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.amounts import LogHurdle
from patron.models.learner import Folds
from patron.models.residuals import seen_errors
from patron.models.spend_data import SpendData, cross_fitted
from patron.models.two_part import TwoPart, TwoPartCurves

Floats = NDArray[np.float64]
NAMES = ("days", "visits", "rate", "noise", "constant", "region")
REGIONS = ("north", "south", "west", "rare", "other")
EFFECT = np.array([0.0, 0.4, -0.4, 0.2, 0.0])
CAP = 400.0


def folds(rows: int) -> Folds:
    number = np.arange(rows) % 5
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(5)]


def columns(rows: int, rng: np.random.Generator) -> Design:
    matrix = np.column_stack(
        [
            rng.exponential(1.0, rows) * rng.lognormal(4, 0.8, rows),
            rng.poisson(3, rows),
            np.where(rng.random(rows) < 0.15, np.nan, rng.beta(2, 3, rows)),
            rng.normal(size=rows),
            np.full(rows, 3.0),
            rng.choice(4, rows, p=[0.5, 0.3, 0.195, 0.005]),
        ]
    )
    return Design(matrix.astype(np.float32), NAMES, NAMES, {"region": REGIONS})


def law(x: Design, *, varying: bool = False) -> LogHurdle:
    days, visits, rate, _, _, region = x.matrix.T.astype(np.float64)
    place = np.where(np.isnan(region), 0, np.nan_to_num(region)).astype(int)
    gap, known = np.isnan(rate), np.nan_to_num(rate, nan=0.4)
    log_odds = -0.2 + 0.25 * visits - 0.003 * np.minimum(days, 300) + 2 * (known - 0.4) - 0.3 * gap
    centre = 3.3 + 3 / (1 + days) + 0.3 * np.log1p(visits) + EFFECT[place] + 0.5 * (known - 0.4)
    scale = 0.6 * np.exp(0.25 * (visits - 3) / 1.7) if varying else np.full(len(x), 0.6)
    return LogHurdle(1 / (1 + np.exp(-log_odds)), centre, scale, limit=CAP)


def drawn(rows: int, seed: int, *, varying: bool = False) -> tuple[SpendData, LogHurdle]:
    rng = np.random.default_rng(seed)
    x = columns(rows, rng)
    true = law(x, varying=varying)
    y = true.sample(rng, 1)[0]
    return SpendData(x, y, np.ones(rows), y >= CAP, CAP), true


def fit(data: SpendData, **options: bool) -> TwoPartCurves:
    learner = TwoPart(**options)
    learner.cross_fit(data, folds(len(data)))
    return learner.fit(data)


@pytest.fixture(scope="module")
def fitted() -> tuple[TwoPartCurves, SpendData]:
    data, _ = drawn(4_000, seed=0)
    return fit(data), data


@pytest.mark.parametrize("seed", range(3))
def test_a_known_law_is_recovered(seed: int) -> None:
    data, _ = drawn(4_000, seed)
    assert data.capped.sum() > 20
    assert 0.4 < (data.y == 0).mean() < 0.65
    fresh = columns(4_000, np.random.default_rng(100 + seed))
    true, found = law(fresh), fit(data).distribution(fresh.matrix)
    # About 12 curves' degrees of freedom from 4,000 rows, 2,000 of which spend: standard errors
    # of about 0.03 in the chance, and of sqrt(12 / 2,000) x 0.6 = 0.05 in the log.
    assert np.abs(found.positive - true.positive).mean() < 0.045
    assert np.abs(found.centre - true.centre).mean() < 0.06
    np.testing.assert_allclose(found.scale, 0.6, rtol=0.06)
    assert found.errors is None  # normal ones will do
    assert found.mean.sum() == pytest.approx(true.mean.sum(), rel=0.06)
    y = true.sample(np.random.default_rng(seed), 1)[0]
    assert found.crps(y).mean() < 1.012 * true.crps(y).mean()


def test_amounts_cut_off_do_not_pull_the_curves_down() -> None:
    data, _ = drawn(4_000, seed=7)
    low = float(np.quantile(data.y[data.y > 0], 0.7))
    cut = SpendData(data.design, np.minimum(data.y, low), data.weights, data.y >= low, low)
    believed = SpendData(cut.design, cut.y, cut.weights, np.zeros(4_000, dtype=bool), low)
    true = law(data.design)
    right, wrong = (fit(each).distribution(data.design.matrix) for each in (cut, believed))
    near = np.abs(right.centre - true.centre).mean()
    assert near < 0.1
    assert np.abs(wrong.centre - true.centre).mean() > 2 * near
    assert wrong.scale[0] < 0.5 < right.scale[0]


def test_a_missing_value_has_an_average_effect_or_that_of_its_indicator() -> None:
    """`rate` is missing with an effect of its own, which only an indicator can tell."""
    data, _ = drawn(4_000, seed=3)
    gap = np.isnan(data.design.matrix[:, 2]).astype(np.float32)
    told = Design(
        np.column_stack([data.design.matrix, gap]),
        (*NAMES, "rate is missing"),
        (*NAMES, "rate"),
        data.design.levels,
    )
    found = fit(SpendData(told, data.y, data.weights, data.capped, CAP))
    rows = np.isnan(told.matrix[:, 2])
    plain = told.matrix[rows].copy()
    plain[:, 6] = 0
    # Where it says that nothing is missing, the chance of spending is 0.3 in log-odds higher.
    moved = found.positive.raw(plain) - found.positive.raw(told.matrix[rows])
    assert moved.mean() == pytest.approx(0.3, abs=0.2)  # standard error 0.09, and shrunk
    # A column that is missing throughout is as good as average.
    gone = told.matrix.copy()
    gone[:, :6] = np.nan
    some = found.distribution(gone)
    assert np.isfinite(some.mean).all()
    assert some.mean.mean() == pytest.approx(data.y.mean(), rel=0.3)


def test_a_constant_column_has_no_effect(fitted: tuple[TwoPartCurves, SpendData]) -> None:
    model, data = fitted
    assert model.positive.terms[4] == model.amount.terms[4] == {}
    other = data.design.matrix.copy()
    other[:, 4] = 1e6
    np.testing.assert_array_equal(
        model.distribution(other).mean, model.distribution(data.design.matrix).mean
    )


def test_rare_and_unseen_levels_are_drawn_to_the_average(
    fitted: tuple[TwoPartCurves, SpendData],
) -> None:
    model, data = fitted
    scores = np.array(model.amount.terms[5]["scores"])
    assert scores[1] - scores[0] == pytest.approx(0.4, abs=0.1)
    assert scores[2] - scores[0] == pytest.approx(-0.4, abs=0.1)
    # 20 rows, half of which spend: what they say counts, but less than their own mean.
    rows = data.design.matrix[:, 5] == 3
    assert rows.sum() < 40
    assert abs(scores[3]) < 0.4
    # "other" was never seen: it lies between the known ones.
    assert scores[:3].min() < scores[4] < scores[:3].max()


@pytest.mark.parametrize("seed", range(2))
def test_a_weight_of_two_is_a_row_twice(seed: int) -> None:
    data, _ = drawn(2_000, seed)
    times = np.where(np.arange(2_000) % 3 == 0, 2, 1)
    number = np.arange(2_000) % 5
    models = []
    for each, which in (
        (replace(data, weights=times / times.mean()), number),
        (data.rows(np.repeat(np.arange(2_000), times)), np.repeat(number, times)),
        (data, number),
    ):
        learner = TwoPart(pairs=False)
        parts = [(np.flatnonzero(which != k), np.flatnonzero(which == k)) for k in range(5)]
        learner.cross_fit(each, parts)
        models.append(learner.fit(each).distribution(data.design.matrix))
    counted, twice, once = models
    # Not exactly: where the knots are, and how many rows pay for a bend, is by rows.
    away = np.abs(np.log(counted.mean / twice.mean))
    assert away.mean() < 0.03  # a block near the border of use may be in one and not the other
    assert away.mean() < np.abs(np.log(once.mean / twice.mean)).mean() / 2
    np.testing.assert_allclose(counted.scale, twice.scale, rtol=0.01)


def test_weights_draw_the_fit_to_the_heavy_rows() -> None:
    """Two kinds of customers that no column tells apart: 9 of 10 by weight are of the one."""
    rng = np.random.default_rng(0)
    rich = np.arange(2_000) % 2 == 0
    logs = np.where(rich, 5, 2) + 0.3 * rng.normal(size=2_000)
    y = np.where(rng.random(2_000) < 0.7, np.exp(logs), 0)
    x = Design(rng.normal(size=(2_000, 1)).astype(np.float32), ("a",), ("a",), {})
    none = np.zeros(2_000, dtype=bool)
    weights = np.where(rich, 1.8, 0.2)
    some = fit(SpendData(x, y, weights, none, float(y.max()))).distribution(x.matrix[:1])
    assert some.centre[0] == pytest.approx(0.9 * 5 + 0.1 * 2, abs=0.1)


def test_saved_and_loaded_is_the_same(fitted: tuple[TwoPartCurves, SpendData]) -> None:
    model, data = fitted
    again = TwoPartCurves.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    one, other = (each.distribution(data.design.matrix) for each in (model, again))
    for name in ("positive", "centre", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (other.errors, other.limit) == (one.errors, one.limit)


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_columns_is_irrelevant(seed: int) -> None:
    data, _ = drawn(2_500, seed)
    turned = [3, 5, 0, 2, 1, 4]
    names = tuple(NAMES[place] for place in turned)
    other = Design(data.design.matrix[:, turned], names, names, data.design.levels)
    one = fit(data).distribution(data.design.matrix)
    moved = fit(SpendData(other, data.y, data.weights, data.capped, CAP)).distribution(other.matrix)
    np.testing.assert_allclose(moved.mean, one.mean, rtol=1e-6)
    np.testing.assert_allclose(moved.quantile(0.9), one.quantile(0.9), rtol=1e-6)


@pytest.mark.parametrize(("seed", "varying"), [(0, True), (1, True), (0, False), (1, False)])
def test_a_spread_that_varies_is_found_where_it_does(seed: int, varying: bool) -> None:
    data, true = drawn(4_000, 20 + seed, varying=varying)
    found = fit(data).distribution(data.design.matrix)
    if varying:
        assert np.corrcoef(np.log(found.scale), np.log(true.scale))[0, 1] > 0.9
        assert np.abs(np.log(found.scale / true.scale)).mean() < 0.12
    else:
        np.testing.assert_allclose(found.scale, found.scale[0], rtol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_errors_that_are_not_normal_are_taken_as_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = Design(rng.normal(size=(4_000, 2)).astype(np.float32), ("a", "b"), ("a", "b"), {})
    errors = rng.exponential(1.0, 4_000) - 1  # nobody is far below, some are far above
    y = np.where(rng.random(4_000) < 0.7, np.exp(3 + 0.5 * x.matrix[:, 0] + 0.4 * errors), 0.0)
    limit = float(y.max())
    found = fit(SpendData(x, y, np.ones(4_000), np.zeros(4_000, dtype=bool), limit))
    assert found.errors is not None
    shares = (np.arange(len(found.errors)) + 0.5) / len(found.errors)
    known = -np.log1p(-shares) - 1
    inner = (shares > 0.02) & (shares < 0.97)
    np.testing.assert_allclose(found.errors[inner], known[inner], atol=0.15)
    assert found.distribution(x.matrix).mean.mean() == pytest.approx(y.mean(), rel=0.08)


def test_errors_behind_a_cap_are_counted_rightly() -> None:
    """Kaplan and Meier's: of those cut off, each may lie anywhere above."""
    rng = np.random.default_rng(0)
    errors, cap = rng.normal(size=20_000), rng.uniform(0.5, 3, 20_000)
    found = seen_errors(np.minimum(errors, cap), errors > cap, np.ones(20_000))
    shares = (np.arange(400) + 0.5) / 400
    known = np.sort(errors)[(shares * 20_000).astype(int)]
    np.testing.assert_allclose(found[20:380], known[20:380], atol=0.06)
    plain = np.quantile(np.minimum(errors, cap), shares)
    assert np.abs(plain - known)[300:380].max() > 0.15  # as they seem they are too small
    one = np.ones(5)
    assert seen_errors(one, one > 0, one).tolist() == [0.0]


def test_an_error_that_counts_twice_is_one_that_was_seen_twice() -> None:
    rng = np.random.default_rng(1)
    errors, cut = rng.normal(size=1_000), rng.random(1_000) < 0.2
    times = rng.integers(1, 4, 1_000)
    counted = seen_errors(errors, cut, times.astype(float))
    twice = np.repeat(np.arange(1_000), times)
    seen = seen_errors(errors[twice], cut[twice], np.ones(len(twice)))
    # Quantiles between rows lie elsewhere where one is seen twice: at the ends rows are far apart.
    np.testing.assert_allclose(counted[5:390], seen[5:390], atol=0.03)


def test_out_of_fold_models_have_not_seen_their_rows() -> None:
    """An id that names each row lets a model that has seen it know the amount."""
    data, _ = drawn(1_000, seed=5)
    learner = TwoPart()
    scorers = learner.cross_fit(data, folds(1_000))
    unseen = cross_fitted(scorers, data.design, folds(1_000))
    changed = data.y.copy()
    changed[::5] = np.where(changed[::5] > 0, np.minimum(changed[::5] * 1.5, CAP - 1), 0)
    # The penalties are settled on all rows; given those, fold 0 learns from the others alone.
    again = TwoPart()
    other = again.cross_fit(SpendData(data.design, changed, data.weights, data.capped, CAP),
                            folds(1_000))  # fmt: skip
    moved = cross_fitted(other, data.design, folds(1_000))
    inside = np.abs(np.log(moved.mean / unseen.mean))
    assert inside[::5].mean() < 0.03 < inside[1::5].mean()


def test_many_rows_are_drawn_and_count_for_those_left_out() -> None:
    """60,000 rows by default; 1,500 of 6,000 here, more of those who spend."""
    data, true = drawn(6_000, seed=9)
    learner = TwoPart(most_rows=1_500)
    scorers = learner.cross_fit(data, folds(6_000))
    model = learner.fit(data)
    rows, weights = learner._sample(data)
    assert len(rows) == 1_500
    assert weights.sum() == pytest.approx(1_500)
    assert weights[data.y[rows] > 0].sum() / 1_500 == pytest.approx((data.y > 0).mean(), abs=1e-9)
    found = model.distribution(data.design.matrix)
    assert found.positive.mean() == pytest.approx((data.y > 0).mean(), abs=0.02)
    assert np.abs(found.positive - true.positive).mean() < 0.06
    assert len(cross_fitted(scorers, data.design, folds(6_000)).mean) == 6_000


@pytest.mark.parametrize("weight", [0.1, 1.0, 10.0])
def test_weights_of_those_who_spend_say_nothing_of_the_spread(weight: float) -> None:
    """They count for the chance; how far amounts are spread is theirs alone."""
    data, _ = drawn(3_000, seed=11)
    weights = np.where(data.y > 0, weight, 1.0)
    weighted = fit(replace(data, weights=weights / weights.mean()))
    found = weighted.distribution(data.design.matrix)
    np.testing.assert_allclose(found.scale, 0.6, rtol=0.06)
    share = weights[data.y > 0].sum() / weights.sum()
    assert np.average(found.positive, weights=weights) == pytest.approx(share, abs=0.01)


def test_few_spenders_among_many_rows_keep_their_spread() -> None:
    """All 1,000 who spend are kept, 2,000 of 19,000 others: each counts for nine and a half."""
    rng = np.random.default_rng(12)
    x = columns(20_000, rng)
    true = law(x)
    rare = LogHurdle(true.positive / 10, true.centre, true.scale, limit=CAP)
    y = rare.sample(rng, 1)[0]
    learner = TwoPart(most_rows=3_000)
    data = SpendData(x, y, np.ones(20_000), y >= CAP, CAP)
    learner.cross_fit(data, folds(20_000))
    found = learner.fit(data).distribution(x.matrix)
    np.testing.assert_allclose(found.scale, 0.6, rtol=0.1)
    assert found.positive.mean() == pytest.approx((y > 0).mean(), rel=0.05)
    # 1,000 amounts have a standard error of 0.07 by 12 curves' degrees of freedom.
    assert np.abs(found.centre - true.centre).mean() < 0.12


def test_few_who_spend_have_normal_errors_and_one_spread() -> None:
    data, _ = drawn(150, seed=2)
    model = fit(data)
    assert model.errors is None
    assert model.spread.terms == [{}] * 6
    assert np.isfinite(model.distribution(data.design.matrix).mean).all()


def test_fit_before_cross_fit_is_a_sentence() -> None:
    data, _ = drawn(100, seed=0)
    with pytest.raises(PatronError, match="cross_fit settles how to fit two-part curves"):
        TwoPart().fit(data)
    assert Counter(data.design.warnings) == Counter()
