import numpy as np
import pytest
from scipy import stats

from patron.metrics.interval import (
    logit_interval,
    margin,
    positive_interval,
    ratio_interval,
    row_weights,
    share_interval,
    standard_error,
    wilson_interval,
)

SEEDS = range(3)


@pytest.mark.parametrize(("hits", "n", "level"), [(0, 20, 0.95), (7, 9, 0.9), (50, 50, 0.99)])
def test_wilson_agrees_with_scipy(hits, n, level):
    expected = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
    assert wilson_interval(hits / n, n, level) == pytest.approx((expected.low, expected.high))


def test_standard_error_of_a_mean():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    assert standard_error(values - 4, None) == pytest.approx(values.std() / 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_an_entity_that_repeat_each_other_count_once(seed):
    # Ten copies of each value are no more evidence than one: the error is that of the 50 values.
    # The factor is G / (G - 1), which the unclustered form does not have.
    values = np.random.default_rng(seed).standard_normal(50)
    once = standard_error(values, None)
    repeated = standard_error(np.repeat(values, 10), np.repeat(np.arange(50), 10))
    assert repeated == pytest.approx(once * np.sqrt(50 / 49))


def test_margin_is_normal_for_many_rows_and_wider_for_few_that_matter():
    many = np.random.default_rng(0).standard_normal(100_000)
    assert margin(many, None, 0.95) / standard_error(many, None) == pytest.approx(1.96, abs=1e-3)
    # Eight rows carry all of the influence. Worked out by hand: sum psi^2 = 204 and sum psi^4 =
    # 8,772, so the degrees of freedom are 2 * 204^2 / (8,772 - 204^2 / 400).
    few = np.r_[np.arange(1.0, 9.0), np.zeros(392)]
    quantile = stats.t.ppf(0.975, 2 * 204**2 / (8772 - 204**2 / 400))
    assert quantile > 2.2
    assert margin(few, None, 0.95) / standard_error(few, None) == pytest.approx(quantile)


def test_margin_of_no_spread_is_nothing():
    assert margin(np.zeros(10), None, 0.95) == 0.0


def test_intervals_keep_to_their_range():
    assert all(0 < end < 1 for end in logit_interval(0.99, 0.1))
    assert logit_interval(0.5, 0.0) == (0.5, 0.5)
    assert positive_interval(0.01, 0.02)[0] > 0
    assert share_interval(1.0, 0.0, 10, 0.95) == wilson_interval(1.0, 10, 0.95)


def test_a_ratio_over_nothing_may_be_anything():
    assert ratio_interval(np.zeros(3), np.zeros(3), None, 0.95) == (0.0, 1.0)


def test_entities_widen_a_ratio_to_the_one_of_their_number():
    # Five equal rows an entity: the interval is that of 100 rows, not of 500.
    part = (np.random.default_rng(0).random(100) < 0.3).astype(float)
    by_entity = ratio_interval(np.repeat(part, 5), np.ones(500), np.repeat(np.arange(100), 5), 0.95)
    assert by_entity == pytest.approx(wilson_interval(part.mean(), 100, 0.95), abs=0.004)


def test_row_weights_draw_whole_entities():
    codes = np.repeat(np.arange(20), 3)
    drawn = list(row_weights(60, codes, draws=5, size=60, seed=1))
    assert [weights.sum() for weights in drawn] == [60] * 5
    assert all((weights.reshape(20, 3) == weights[::3, None]).all() for weights in drawn)
    again = list(row_weights(60, codes, draws=5, size=60, seed=1))
    np.testing.assert_array_equal(drawn, again)
