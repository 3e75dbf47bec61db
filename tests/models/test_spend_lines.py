"""Floors and the ridge: the same as their definitions, and what business weights do."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.learner import Folds
from patron.models.spend_data import SpendData, cross_fitted
from patron.models.spend_lines import LeastSquares, PlainMean, PointScorer, WeightedRidge

Floats = NDArray[np.float64]


def folds(rows: int) -> Folds:
    number = np.arange(rows) % 4
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(4)]


def data(seed: int, rows: int = 1_000, *, weights: Floats | None = None) -> SpendData:
    """Spend by a product of columns, which no line can follow."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack(
        [rng.normal(size=rows), rng.lognormal(2, 0.8, rows), rng.integers(0, 3, rows)]
    ).astype(np.float32)
    amount = np.exp(3 + 0.8 * matrix[:, 0] + 0.3 * matrix[:, 2] + 0.5 * rng.normal(size=rows))
    y = np.where(rng.random(rows) < 0.6, amount, 0.0).astype(np.float64)
    names = ("a", "b", "kind")
    x = Design(matrix, names, names, {"kind": tuple("uvw")})
    counts = np.ones(rows) if weights is None else weights
    return SpendData(x, y, counts, np.zeros(rows, dtype=bool), float(y.max()))


def test_the_plain_mean_is_the_mean_and_its_errors_are_the_amounts() -> None:
    some = data(0)
    found = PlainMean().fit(some).distribution(some.design.matrix)
    np.testing.assert_allclose(found.mean, some.y.mean())
    # The distribution of each customer is that of all: 1,000 amounts by 400 quantiles.
    for share in (0.2, 0.5, 0.9):
        assert found.quantile(share)[0] == pytest.approx(
            float(np.quantile(some.y, share)), rel=0.03, abs=1e-9
        )
    assert found.zero_probability[0] == pytest.approx((some.y == 0).mean(), abs=0.005)


def test_the_plain_mean_counts_weights() -> None:
    weights = np.where(np.arange(1_000) % 2, 1.9, 0.1)
    some = data(1, weights=weights)
    found = PlainMean().fit(some).distribution(some.design.matrix)
    assert found.mean[0] == pytest.approx(float(np.average(some.y, weights=weights)))
    zero = float(np.average(some.y == 0, weights=weights))
    assert found.zero_probability[0] == pytest.approx(zero, abs=0.005)


def test_out_of_fold_means_are_those_of_the_other_rows() -> None:
    some = data(2)
    parts = folds(1_000)
    unseen = cross_fitted(PlainMean().cross_fit(some, parts), some.design, parts)
    for fit, predict in parts:
        np.testing.assert_allclose(unseen.mean[predict], some.y[fit].mean())


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_agrees_with_numpy(weighted: bool) -> None:
    weights = np.random.default_rng(0).uniform(0.2, 2, 1_000) if weighted else None
    some = data(3, weights=weights)
    matrix = some.design.matrix.astype(np.float64)
    level = matrix[:, 2][:, None] == np.arange(3)
    x = np.column_stack([matrix[:, :2], level])
    root = np.sqrt(some.weights)[:, None]
    known = np.linalg.lstsq(x * root, some.y * root[:, 0], rcond=None)[0]
    found = LeastSquares().fit(some).distribution(some.design.matrix)
    # A curve between 160 points, and a matrix of single precision.
    np.testing.assert_allclose(found.point, x @ known, atol=0.02 * some.y.std())


def test_a_line_may_go_below_0_and_no_forecast_does() -> None:
    some = data(4)
    found = LeastSquares().fit(some).distribution(some.design.matrix)
    assert found.point.min() < 0
    assert found.mean.min() == 0
    assert found.mean.max() <= found.limit
    assert found.quantile([0.001, 0.5]).min() == 0
    assert found.cdf(np.full(1_000, -1e-9)).max() == 0


def test_missing_values_count_as_average() -> None:
    some = data(5)
    gone = some.design.matrix.copy()
    gone[:, :] = np.nan
    for learner in (LeastSquares(), WeightedRidge()):
        learner.cross_fit(some, folds(1_000))
        found = learner.fit(some).distribution(gone)
        np.testing.assert_allclose(found.mean, found.mean[0])
        assert found.mean[0] == pytest.approx(some.y.mean(), rel=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_business_weights_raise_the_forecast_of_the_top(seed: int) -> None:
    some = data(seed, 2_000)
    top = some.y >= np.quantile(some.y, 0.8)
    means, losses = [], []
    for weight in (1.0, 2.0, 10.0):
        learner = WeightedRidge(top_share=0.2, top_weight=weight)
        learner.cross_fit(some, folds(2_000))
        mean = learner.fit(some).distribution(some.design.matrix).point
        means.append(mean)
        losses.append(float(((some.y - mean)[top] ** 2).mean()))
    # What it is for: the errors on those who spent most become smaller, by forecasts that are
    # higher for them, and too high for all together.
    assert losses[0] > losses[1] > losses[2]
    assert means[0][top].mean() < means[1][top].mean() < means[2][top].mean()
    assert means[0].sum() == pytest.approx(some.y.sum(), rel=0.01)
    assert means[2].sum() > 1.3 * some.y.sum()


def test_the_top_is_among_those_who_spend() -> None:
    """With 99 % of zeros the top fifth reaches down to 0; nobody with 0 counts more."""
    rng = np.random.default_rng(0)
    y = np.where(rng.random(1_000) < 0.01, 50.0, 0.0)
    x = Design(rng.normal(size=(1_000, 1)).astype(np.float32), ("a",), ("a",), {})
    some = SpendData(x, y, np.ones(1_000), np.zeros(1_000, dtype=bool), 50.0)
    found = WeightedRidge(top_share=0.2, top_weight=5.0)._weights(some)
    np.testing.assert_array_equal(found, np.where(y > 0, 5.0, 1.0))


def test_the_penalty_is_the_one_that_predicts_best() -> None:
    """Many columns of noise want a strong one, a plain truth a weak one."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(300, 30)).astype(np.float32)
    names = tuple(f"n{k}" for k in range(30))
    x = Design(matrix, names, names, {})
    noise, plain = rng.exponential(50, 300), 100 + 20.0 * matrix[:, 0].astype(np.float64)
    found = []
    for y in (noise, np.maximum(plain, 0.0)):
        learner = WeightedRidge(top_weight=1.0)
        some = SpendData(x, y, np.ones(300), np.zeros(300, dtype=bool), float(y.max()))
        learner.cross_fit(some, folds(300))
        found.append(learner.penalty)
    assert found[0] >= 1_000
    assert found[1] <= 10


def test_saved_and_loaded_is_the_same() -> None:
    some = data(6)
    for learner in (PlainMean(), LeastSquares(), WeightedRidge()):
        learner.cross_fit(some, folds(1_000))
        fitted = learner.fit(some)
        again = PointScorer.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
        one, other = (each.distribution(some.design.matrix) for each in (fitted, again))
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.quantile(0.9), other.quantile(0.9))


def test_errors_are_those_of_the_rows() -> None:
    """At most 400 quantiles of them; with fewer rows each one."""
    some = data(7, 250)
    fitted = LeastSquares().fit(some)
    away = some.y - fitted.distribution(some.design.matrix).point
    np.testing.assert_allclose(fitted.errors, np.sort(away), atol=0.02 * some.y.std())
    assert len(LeastSquares().fit(data(7)).errors) == 400


def test_fit_before_cross_fit_is_a_sentence() -> None:
    with pytest.raises(PatronError, match="cross_fit settles how to fit ridge with business wei"):
        WeightedRidge().fit(data(8))


def test_the_top_share_is_one_of_what_the_rows_count() -> None:
    y = np.random.default_rng(0).permutation(np.arange(1.0, 1_001))
    times = np.where(y > 900, 3.0, 1.0)  # the highest 100 are a quarter of 1,200
    x = Design(y[:, None].astype(np.float32), ("a",), ("a",), {})
    some = SpendData(x, y, times, np.zeros(1_000, dtype=bool), 1_000.0)
    for share, least in ((0.25, 901), (0.125, 951), (0.5, 601)):
        heavy = WeightedRidge(top_share=share, top_weight=2.0)._weights(some) > times
        assert y[heavy].min() == pytest.approx(least, abs=1)
        assert heavy.sum() == (y >= y[heavy].min()).sum()
    plain = replace(some, weights=np.ones(1_000))
    for share in (0.01, 0.2, 0.3, 0.77):
        heavy = WeightedRidge(top_share=share, top_weight=2.0)._weights(plain) > 1
        np.testing.assert_array_equal(heavy, y >= np.quantile(y, 1 - share))
