import numpy as np
import pytest
from scipy import stats

from patron.errors import DataError
from patron.metrics import against, pit_histogram, quantile_residuals, spread_by, worm


def amounts(random, n, zero=0.6):
    """Zero-inflated log-normal amounts with a cap, and P(Y < y) and P(Y <= y) of each."""
    spends = random.random(n) >= zero
    y = np.where(spends, np.minimum(np.exp(3 + random.standard_normal(n)), 100), 0.0)
    with np.errstate(divide="ignore"):
        positive = zero + (1 - zero) * stats.norm.cdf(np.log(y) - 3)
    below = np.where(y == 0, 0, positive)
    return y, below, np.where(y == 0, zero, np.where(y == 100, 1, positive))


def uniform(n, seed=0):
    return np.random.default_rng(seed).random(n)


def test_residuals_of_a_right_distribution_are_uniform():
    # Recipe: 2,000 samples of 200 rows; the p-values of Kolmogorov's test are uniform themselves.
    random = np.random.default_rng(0)
    found = []
    for seed in range(500):
        _, below, upto = amounts(random, 200)
        found.append(stats.kstest(quantile_residuals(below, upto, seed=seed), "uniform").pvalue)
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_residuals_lie_within_their_jump_and_repeat_with_the_seed():
    _, below, upto = amounts(np.random.default_rng(1), 500)
    u = quantile_residuals(below, upto, seed=3)
    assert ((below <= u) & (u <= upto)).all()
    np.testing.assert_array_equal(u, quantile_residuals(below, upto, seed=3))
    assert (u != quantile_residuals(below, upto, seed=4)).sum() > 250
    certain = quantile_residuals([0, 1], [0, 1])
    assert ((certain > 0) & (certain < 1)).all()


def test_what_is_no_distribution_function_is_an_error():
    with pytest.raises(DataError, match=r"it does not in 2 of 3 rows"):
        quantile_residuals([0.2, 0.5, 0.1], [0.1, 0.6, 1.1])
    with pytest.raises(DataError, match="ends excluded; 1 of 2 do not"):
        worm([0.5, 1.0])


def test_histogram_of_uniform_residuals_stays_in_its_band():
    inside = 0
    for seed in range(400):
        found = pit_histogram(uniform(500, seed))
        counts = np.array(found["counts"])
        inside += ((found["low"] <= counts) & (counts <= found["high"])).all()
    assert counts.sum() == 500
    assert (len(found["edges"]), len(counts)) == (21, 20)
    # The bins exclude each other a little, and binomial quantiles are whole numbers: 95 % or more.
    assert 0.93 < inside / 400 < 0.99


@pytest.mark.parametrize("n", [1, 30, 4000])
def test_band_of_the_histogram_is_binomial(n):
    found = pit_histogram(uniform(n))
    tail = (1 - 0.95 ** (1 / 20)) / 2
    assert found["low"] == stats.binom.ppf(tail, n, 1 / 20)
    assert found["high"] == stats.binom.ppf(1 - tail, n, 1 / 20)


def test_narrow_predictions_show_as_a_valley():
    narrow = stats.norm.cdf(1.5 * stats.norm.ppf(uniform(4000)))
    found = pit_histogram(narrow)
    assert found["counts"][0] > found["high"]
    assert found["counts"][10] < found["low"]
    curve = worm(narrow)
    assert curve["deviation"][0] < curve["low"][0]
    assert curve["deviation"][-1] > curve["high"][-1]


def test_worm_covers_each_point_of_right_residuals():
    out, points = 0, 0
    for seed in range(200):
        found = worm(uniform(300, seed))
        deviation = np.array(found["deviation"])
        out += ((deviation < found["low"]) | (deviation > found["high"])).sum()
        points += deviation.size
    assert 40 <= deviation.size <= 60
    assert 0.03 < out / points < 0.07


def test_worm_is_the_quantile_plot_less_its_diagonal():
    u = uniform(25)
    found = worm(u)
    expected = stats.norm.ppf((np.arange(1, 26) - 0.375) / 25.25)
    deviation = stats.norm.ppf(np.sort(u)) - expected
    places = np.searchsorted(expected, np.array(found["normal"]) - 1e-9)
    np.testing.assert_allclose(found["normal"], expected[places])
    np.testing.assert_allclose(found["deviation"], deviation[places])
    assert {0, 24} <= set(places.tolist())
    # Asymptotically sqrt(p (1 - p) / n) / density, van Buuren and Fredriks' formula.
    found = worm(uniform(20_000))
    middle = np.argmin(np.abs(found["normal"]))
    reach = (found["high"][middle] - found["low"][middle]) / 2
    assert reach == pytest.approx(1.96 * 0.5 / np.sqrt(20_000) / stats.norm.pdf(0), rel=0.02)


def test_residuals_against_a_feature():
    x, u = np.repeat(np.arange(10.0), 200), uniform(2000)
    x[5] = np.nan
    found = against(u, x, bins=20)
    assert found["x"] == list(range(10))
    assert found["n"] == [199] + [200] * 9
    scores = stats.norm.ppf(u)
    low, middle, high = np.quantile(scores[400:600], [0.1, 0.5, 0.9])
    got = found["low"][2], found["median"][2], found["high"][2]
    assert got == pytest.approx((low, middle, high))
    assert against(u, np.full(2000, np.nan)) == {
        key: [] for key in ("x", "median", "low", "high", "n")
    }
    with pytest.raises(DataError, match=r"x must have one value for each of 2000 rows, got \(3,\)"):
        against(u, [1, 2, 3])


def test_spread_by_fitted_value():
    random = np.random.default_rng(0)
    fitted = random.uniform(1, 10, 5000)
    y = fitted * (1 + 0.5 * random.standard_normal(5000))
    found = spread_by(y, fitted)
    assert sum(found["n"]) == 5000
    assert len(found["sd"]) == 10
    np.testing.assert_allclose(found["sd"], 0.5 * np.array(found["fitted"]), rtol=0.12)
    lowest = fitted <= np.quantile(fitted, 0.1)
    assert found["sd"][0] == pytest.approx((y - fitted)[lowest].std(ddof=1), rel=0.01)
    assert spread_by([1.0], [2.0]) == {"fitted": [2.0], "sd": [None], "n": [1]}
    assert np.isfinite(spread_by([0, 1e200], [0, 0])["sd"]).all()
