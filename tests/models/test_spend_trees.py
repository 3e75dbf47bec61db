"""Boosted trees for spend: they see what curves do not, and their distributions are calibrated."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.amounts import LogHurdle, Parts
from patron.models.learner import Folds
from patron.models.spend_data import SpendData, cross_fitted
from patron.models.spend_lines import PlainMean
from patron.models.spend_trees import (
    HurdleTrees,
    HurdleTreesScorer,
    TweedieTrees,
    TweedieTreesScorer,
)

Floats = NDArray[np.float64]
ROWS, LIMIT = 1_500, 2_000.0
KINDS = ((HurdleTrees, HurdleTreesScorer), (TweedieTrees, TweedieTreesScorer))
each_kind = pytest.mark.parametrize(("learner", "scorer"), KINDS, ids=["hurdle", "tweedie"])


def folds(rows: int) -> Folds:
    number = np.arange(rows) % 3
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]


def shop(seed: int, rows: int = ROWS) -> tuple[SpendData, LogHurdle]:
    """Two columns act together, a category matters, and one column has gaps."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 4)).astype(np.float32)
    matrix[:, 3] = rng.integers(0, 5, rows)
    a, b = matrix[:, 0], matrix[:, 1]
    positive = np.where(np.sign(a) == np.sign(b), 0.75, 0.25)
    centre = (4 + 0.7 * (matrix[:, 3] == 2) + 0.4 * a).astype(np.float64)
    true = LogHurdle(positive, centre, np.full(rows, 0.7), limit=LIMIT)
    matrix[rng.random(rows) < 0.1, 2] = np.nan
    names = ("a", "b", "gaps", "kind")
    x = Design(matrix, names, names, {"kind": tuple("vwxyz")})
    y = true.sample(rng, 1)[0]
    return SpendData(x, y, np.ones(rows), y >= LIMIT, LIMIT), true


def fit(learner: type, data: SpendData, **options: int) -> tuple[Parts, Any]:
    made = learner(**options)
    scorers = made.cross_fit(data, folds(len(data)))
    return cross_fitted(scorers, data.design, folds(len(data))), made.fit(data)


@each_kind
@pytest.mark.parametrize("seed", range(2))
def test_they_come_near_the_truth_and_beat_the_mean(learner: type, scorer: type, seed: int) -> None:
    data, _ = shop(seed)
    fresh, true = shop(seed + 100)
    unseen, fitted = fit(learner, data)
    floor, _ = fit(PlainMean, data)
    gain = floor.crps(data.y) - unseen.crps(data.y)
    assert gain.mean() > 3 * gain.std() / np.sqrt(ROWS)
    found = fitted.distribution(fresh.design.matrix)
    # What can be known of the mean: curves of one column each would know nothing of a x b.
    assert np.corrcoef(found.mean, true.mean)[0, 1] > 0.8
    assert found.mean.sum() == pytest.approx(data.y.sum(), rel=0.12)
    # Tweedie's chance of 0 follows from the mean alone, and the mean from more than the chance.
    near = 0.7 if learner is HurdleTrees else 0.5
    assert np.corrcoef(found.zero_probability, true.zero_probability)[0, 1] > near
    assert found.zero_probability.mean() == pytest.approx((data.y == 0).mean(), abs=0.02)


@each_kind
def test_out_of_fold_distributions_are_honest(learner: type, scorer: type) -> None:
    data, _ = shop(3)
    unseen, _ = fit(learner, data)
    low, high = unseen.interval(0.9)
    inside = ((low <= data.y) & (data.y <= high)).mean()
    assert 0.85 < inside < 0.96  # conformal levels put right what is left


@each_kind
def test_saved_and_loaded_is_the_same(learner: type, scorer: Any) -> None:
    data, _ = shop(4, 600)
    _, fitted = fit(learner, data)
    again = scorer.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    one, other = (each.distribution(data.design.matrix) for each in (fitted, again))
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.quantile([0.4, 0.9]), other.quantile([0.4, 0.9]))
    assert again.limit == LIMIT


@each_kind
def test_threads_change_nothing_and_the_seed_decides(learner: type, scorer: type) -> None:
    data, _ = shop(5, 600)
    one, two, other = (
        fit(learner, data, **options)[1].distribution(data.design.matrix).mean
        for options in ({"threads": 1}, {"threads": 2}, {"seed": 1})
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@each_kind
def test_weights_draw_the_forecast_to_the_heavy_rows(learner: type, scorer: type) -> None:
    """Two kinds of customers that no column tells apart."""
    rng = np.random.default_rng(6)
    rich = np.arange(800) % 2 == 0
    y = np.where(rng.random(800) < 0.6, np.where(rich, 200.0, 20.0) * rng.uniform(0.5, 1.5, 800), 0)
    x = Design(rng.normal(size=(800, 1)).astype(np.float32), ("a",), ("a",), {})
    none = np.zeros(800, dtype=bool)
    means = []
    for weights in (np.ones(800), np.where(rich, 1.8, 0.2)):
        _, fitted = fit(learner, SpendData(x, y, weights, none, float(y.max())))
        means.append(fitted.distribution(x.matrix).mean.mean())
    assert means[1] > 1.2 * means[0]


@each_kind
def test_nothing_goes_beyond_the_limit(learner: type, scorer: type) -> None:
    data, _ = shop(7, 600)
    low = float(np.quantile(data.y, 0.8))
    cut = SpendData(data.design, np.minimum(data.y, low), data.weights, data.y >= low, low)
    _, fitted = fit(learner, cut)
    found = fitted.distribution(cut.design.matrix)
    assert found.mean.max() <= low
    assert found.quantile(0.999).max() <= low


@each_kind
def test_fit_before_cross_fit_is_a_sentence(learner: type, scorer: type) -> None:
    data, _ = shop(8, 100)
    with pytest.raises(PatronError, match="cross_fit settles how to fit boosted trees"):
        learner().fit(data)


@each_kind
def test_no_rows_are_no_distributions(learner: type, scorer: type) -> None:
    data, _ = shop(9, 400)
    _, fitted = fit(learner, data)
    nobody = fitted.distribution(data.design.matrix[:0])
    assert len(nobody) == 0
    assert nobody.mean.shape == nobody.zero_probability.shape == nobody.median.shape == (0,)


def test_a_fold_with_one_who_spends_is_no_crash() -> None:
    """20 who spend among 400, all but two of them in the rows that one fold holds out."""
    rng = np.random.default_rng(10)
    y = np.zeros(400)
    y[:54:3] = rng.uniform(10, 90, 18)
    y[[1, 2]] = 30.0
    x = Design(rng.normal(size=(400, 2)).astype(np.float32), ("a", "b"), ("a", "b"), {})
    data = SpendData(x, y, np.ones(400), np.zeros(400, dtype=bool), 90.0)
    for learner, _ in KINDS:
        unseen, fitted = fit(learner, data)
        assert np.isfinite(unseen.crps(y)).all()
        assert np.isfinite(fitted.distribution(x.matrix).mean).all()


def test_folds_that_predict_some_of_the_rows_settle_the_spread_by_those() -> None:
    """As above 60,000 rows: what is not predicted says nothing of the spread."""
    data, _ = shop(4)
    some = [(fit, ask[ask % 2 == 0]) for fit, ask in folds(ROWS)]
    asked = np.sort(np.concatenate([ask for _, ask in some]))
    scorers = TweedieTrees().cross_fit(data, some)
    found = Parts(
        [
            (np.searchsorted(asked, ask), scorer.distribution(data.design.matrix[ask]))
            for scorer, (_, ask) in zip(scorers, some, strict=True)
        ]
    )
    # The chance of nothing is, on average, the share of those predicted who spent nothing.
    share = (data.y[asked] == 0).mean()
    assert found.zero_probability.mean() == pytest.approx(share, abs=1e-3)


def test_weights_count_for_the_spread() -> None:
    """Those who spend nothing count three times: their chance is that of the weighted rows."""
    data, _ = shop(5)
    weights = np.where(data.y == 0, 3.0, 1.0)
    weighted = replace(data, weights=weights / weights.mean())
    unseen, _ = fit(TweedieTrees, weighted)
    share = np.average(data.y == 0, weights=weights)
    assert np.average(unseen.zero_probability, weights=weights) == pytest.approx(share, abs=1e-3)
