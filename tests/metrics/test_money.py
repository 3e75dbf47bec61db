import math

import numpy as np
import pytest
import sklearn.metrics

from patron.errors import DataError, Refusal
from patron.metrics import (
    bias_total,
    crps,
    crps_difference,
    mae,
    mae_difference,
    r2,
    r2_difference,
    rmse,
    rmsle,
)
from patron.metrics.inputs import measured
from patron.metrics.money_parts import of_ratio

SEEDS = range(5)
LOSSES = [mae, rmse, rmsle]


def sample(seed=0, n=400):
    """Amounts with many zeros and a heavy tail, and what somebody predicts of them."""
    random = np.random.default_rng(seed)
    level = random.standard_normal(n)
    y = np.where(random.random(n) < 0.4, np.exp(3 + level + random.standard_normal(n)), 0.0)
    return y, 0.5 * np.exp(3.3 + level)


def ends(estimate):
    return estimate.low, estimate.value, estimate.high


@pytest.mark.parametrize("seed", SEEDS)
def test_values_agree_with_scikit_learn(seed):
    y, p = sample(seed)
    assert r2(y, p).value == pytest.approx(sklearn.metrics.r2_score(y, p), abs=1e-12)
    assert mae(y, p).value == pytest.approx(sklearn.metrics.mean_absolute_error(y, p))
    assert rmse(y, p).value == pytest.approx(sklearn.metrics.root_mean_squared_error(y, p))
    expected = sklearn.metrics.root_mean_squared_log_error(y, p)
    assert rmsle(y, p).value == pytest.approx(expected)


def test_rmsle_counts_amounts_below_zero_as_zero():
    y, p = sample()
    shifted, back = p - np.median(p), y - 1.0
    expected = sklearn.metrics.root_mean_squared_log_error(back.clip(0), shifted.clip(0))
    assert rmsle(back, shifted).value == pytest.approx(expected)


def test_bias_of_a_written_out_total():
    assert bias_total([0, 10, 30], [20, 10, 20]).value == pytest.approx(0.25)
    assert bias_total([0, 10, 30], [0, 0, 10]).value == pytest.approx(-0.75)
    below = bias_total([0, 10, 30], [-10, -20, 10])
    assert below.value == pytest.approx(-1.5)
    assert below.has_interval


def test_crps_is_the_mean_of_its_scores():
    scores = np.random.default_rng(0).exponential(size=300)
    assert crps(scores).value == pytest.approx(scores.mean())
    # A distribution that is one point scores its absolute error.
    y, p = sample()
    assert ends(crps(np.abs(y - p))) == ends(mae(y, p))
    with pytest.raises(DataError, match=r"a CRPS is 0 or more; 1 of 3 scores are negative"):
        crps([1, 2, -1])


@pytest.mark.parametrize("grouped", [False, True])
def test_interval_of_r2_is_that_of_leaving_out_each_customer(grouped):
    y, p = sample(1, n=300)
    codes = np.arange(300) // 3 if grouped else np.arange(300)
    count = codes.max() + 1
    logs = np.log(
        [1 - sklearn.metrics.r2_score(y[codes != i], p[codes != i]) for i in range(count)]
    )
    error = math.sqrt((count - 1) / count * np.square(logs - logs.mean()).sum())
    got = r2(y, p, groups=codes if grouped else None, level=0.6827)
    reach = math.log((1 - got.low) / (1 - got.high)) / 2
    # One standard error, but for Student's t, whose degrees of freedom are few here.
    assert error < reach < 1.25 * error
    assert math.log((1 - got.low) * (1 - got.high)) / 2 == pytest.approx(math.log(1 - got.value))


def test_the_jackknife_and_the_derivative_agree_where_no_row_carries_much():
    values = np.random.default_rng(0).exponential(size=50_000)
    got = mae(values, np.zeros(values.size))
    reach = math.log(got.high / got.low) / 2
    assert reach == pytest.approx(
        1.96 * values.std() / values.mean() / math.sqrt(50_000), rel=0.002
    )


@pytest.mark.parametrize("metric", [*LOSSES, r2, bias_total])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_does_not_matter(metric, seed):
    y, p = sample(seed)
    order = np.random.default_rng(seed).permutation(y.size)
    assert ends(metric(y[order], p[order])) == pytest.approx(ends(metric(y, p)), nan_ok=True)


@pytest.mark.parametrize("metric", [*LOSSES, r2, bias_total])
def test_repeated_rows_halve_the_width_unless_they_are_known_to_be_repeated(metric):
    y, p = sample(2, n=2000)
    copies = np.repeat(np.arange(y.size), 4)
    plain, repeated = metric(y, p), metric(np.repeat(y, 4), np.repeat(p, 4))
    grouped = metric(np.repeat(y, 4), np.repeat(p, 4), groups=copies)
    assert ends(grouped) == pytest.approx(ends(plain), rel=1e-6)
    assert grouped.method == f"{plain.method}, by entity"
    # A half, or less: a row that carries less of a sum is also less uncertain for its size.
    assert 0.35 < (repeated.high - repeated.low) / (plain.high - plain.low) < 0.501


@pytest.mark.parametrize("factor", [1e-6, 1e6, 1e150])
def test_figures_follow_the_currency(factor):
    y, p = sample(3)
    assert ends(r2(y * factor, p * factor)) == pytest.approx(ends(r2(y, p)))
    assert ends(bias_total(y * factor, p * factor)) == pytest.approx(ends(bias_total(y, p)))
    for metric in (mae, rmse):
        scaled = np.array(ends(metric(y * factor, p * factor))) / factor
        assert tuple(scaled) == pytest.approx(ends(metric(y, p)))


def test_one_amount_beyond_belief_leaves_no_interval_and_overflows_nothing():
    y, p = sample()
    y[7] = 1e200
    assert r2(y, p).value == pytest.approx(0, abs=0.01)
    for metric in (mae, rmse, bias_total):
        got = metric(y, p)
        assert not got.has_interval
        assert got.method == "no interval: one or two rows carry the figure"


def test_the_plain_mean_explains_nothing_and_the_truth_everything():
    y, _ = sample()
    assert r2(y, np.full(y.size, y.mean())).value == pytest.approx(0, abs=1e-12)
    perfect = r2(y, y)
    assert ends(perfect) == (1, 1, 1)
    assert ends(rmse(y, y)) == (0, 0, 0)


def test_nothing_spent():
    nothing, p = np.zeros(20), np.linspace(0, 1, 20)
    assert math.isnan(r2(nothing, p).value)
    assert r2(nothing, p).method == "undefined: all amounts are equal"
    assert r2_difference(nothing, p, p).method == "undefined: all amounts are equal"
    assert bias_total(nothing, p).method == "undefined: nothing was spent"
    assert mae(nothing, p).value == pytest.approx(0.5)
    assert ends(mae(nothing, nothing)) == (0, 0, 0)
    # The mean of 0.1 twenty times is not 0.1 in floating point; it is a constant all the same.
    assert math.isnan(r2(np.full(20, 0.1), p).value)


@pytest.mark.parametrize("metric", [*LOSSES, bias_total, mae_difference, r2_difference])
def test_one_row_gives_a_value_without_interval(metric):
    given = ([3.0], [1.0], [2.0]) if "difference" in metric.__name__ else ([3.0], [1.0])
    got = metric(*given)
    assert not got.has_interval
    if metric is not r2_difference:
        assert math.isfinite(got.value)
        assert got.method == "no interval: there is one row"


@pytest.mark.parametrize("seed", SEEDS)
def test_paired_differences(seed):
    y, a = sample(seed)
    b = np.full(y.size, a.mean())
    assert r2_difference(y, a, b).value == pytest.approx(r2(y, a).value - r2(y, b).value)
    assert mae_difference(y, a, b).value == pytest.approx(mae(y, a).value - mae(y, b).value)
    scores = np.abs(y - a), np.abs(y - b)
    assert ends(crps_difference(*scores)) == pytest.approx(ends(mae_difference(y, a, b)))
    for metric in (r2_difference, mae_difference):
        low, value, high = ends(metric(y, a, b))
        assert ends(metric(y, b, a)) == pytest.approx((-high, -value, -low))
        assert ends(metric(y, a, a)) == (0, 0, 0)


def test_faults_of_the_input_are_named():
    y, p = sample()
    with pytest.raises(DataError, match="1 of 3 outcomes are missing or infinite"):
        r2([1, np.nan, 2], [1, 2, 3])
    with pytest.raises(DataError, match="1 of 2 forecasts are missing or infinite"):
        mae([1, 2], [1, np.inf])
    with pytest.raises(DataError, match=r"differ in length: 400 and 399 rows"):
        rmse(y, p[1:])
    with pytest.raises(Refusal, match="there are no rows with a known outcome"):
        r2([], [])
    with pytest.raises(DataError, match=r"must be amounts of 0 or more; 2 of 3 rows are negative"):
        bias_total([1, -1, -2], [1, 1, 1])
    with pytest.raises(Refusal, match="all rows belong to one entity"):
        r2([1, 2], [1, 2], groups=[4, 4])


def test_a_sum_that_one_row_carries_has_no_interval():
    rows = measured(np.r_[np.zeros(99), 1.0], np.zeros(100))
    got = of_ratio(rows, (rows.y, np.ones(100)), np.divide, float, 0.95, "mean")
    assert got.value == 0.01
    assert not got.has_interval
