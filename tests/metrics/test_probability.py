import numpy as np
import pytest
import sklearn.metrics
from scipy import stats

from patron.metrics import brier, ece, ece_noise, log_loss, log_loss_difference
from patron.metrics.probability import equal_mass_bins

SEEDS = range(5)


def sample(seed, n=500):
    random = np.random.default_rng(seed)
    p = random.beta(1, 3, n)
    return (random.random(n) < p).astype(float), p


@pytest.mark.parametrize("seed", SEEDS)
def test_losses_agree_with_scikit_learn(seed):
    y, p = sample(seed)
    assert log_loss(y, p).value == pytest.approx(sklearn.metrics.log_loss(y, p), abs=1e-12)
    assert brier(y, p).value == pytest.approx(sklearn.metrics.brier_score_loss(y, p), abs=1e-12)


def test_a_certain_error_costs_a_finite_loss():
    assert log_loss([1, 0], [0.0, 0.0]).value == pytest.approx(-np.log(1e-15) / 2)
    assert log_loss([1, 0], [1.0, 0.0]).value == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("metric", [log_loss, brier])
def test_interval_of_a_loss_is_that_of_a_mean(metric):
    # On the log scale, so compared there: ratio of the ends = exp(2 t se / mean).
    y, p = sample(0, n=5000)
    losses = -np.log(np.where(y == 1, p, 1 - p)) if metric is log_loss else (y - p) ** 2
    got = metric(y, p)
    reach = np.log(got.high / got.low) / 2 * losses.mean()
    assert reach == pytest.approx(1.96 * stats.sem(losses), rel=0.005)
    assert got.low * got.high == pytest.approx(got.value**2)


@pytest.mark.parametrize("metric", [log_loss, brier, ece])
def test_swapping_the_classes_changes_nothing(metric):
    y, p = sample(1)
    swapped, given = metric(1 - y, 1 - p), metric(y, p)
    assert swapped.value == pytest.approx(given.value, rel=0.05 if metric is ece else 1e-9)


def test_paired_difference_of_losses():
    y, p = sample(2, n=2000)
    worse = np.full(y.size, y.mean())
    got = log_loss_difference(y, p, worse)
    assert got.value == pytest.approx(
        sklearn.metrics.log_loss(y, p) - sklearn.metrics.log_loss(y, worse), abs=1e-12
    )
    assert got.high < 0
    separate = log_loss(y, p).high - log_loss(y, p).low
    assert got.high - got.low < separate  # the pairing takes out what both owe to the sample
    same = log_loss_difference(y, p, p)
    assert (same.low, same.value, same.high) == (0, 0, 0)


def test_bins_hold_equal_numbers_and_keep_ties_together():
    p = np.random.default_rng(0).random(300)
    assert np.bincount(equal_mass_bins(p, 15)).tolist() == [20] * 15
    tied = np.repeat([0.1, 0.2, 0.9], [260, 20, 20])
    assert equal_mass_bins(tied, 15).tolist() == np.repeat([0, 1, 2], [260, 20, 20]).tolist()
    assert equal_mass_bins(np.full(40, 0.3), 15).tolist() == [0] * 40


def test_ece_of_a_written_out_case():
    # One level for each bin: |1/4 - 0.1| on 4 rows and |3/4 - 0.9| on 4 rows.
    y, p = [1, 0, 0, 0, 1, 1, 1, 0], [0.1] * 4 + [0.9] * 4
    got = ece(y, p)
    assert got.value == pytest.approx((4 * 0.15 + 4 * 0.15) / 8)
    assert got.method.startswith("2 equal-mass bins; ")


@pytest.mark.parametrize("seed", SEEDS)
def test_ece_does_not_depend_on_the_order_of_rows(seed):
    y, p = sample(seed)
    p = p.round(1)
    order = np.random.default_rng(seed).permutation(y.size)
    given, shuffled = ece(y, p), ece(y[order], p[order])
    ends = (shuffled.value, shuffled.low, shuffled.high)
    assert (given.value, given.low, given.high) == pytest.approx(ends)


def test_ece_of_plainly_wrong_forecasts_excludes_zero():
    y, p = sample(3, n=4000)
    got = ece(y, np.clip(p + 0.2, 0, 1))
    assert got.low > 0.1
    assert got.covers(0.2)


def test_ece_noise_is_what_calibrated_outcomes_score():
    # Recipe: 400 samples of outcomes from p itself, each scored by the plug-in. The mean agrees to
    # four standard errors (sd 0.0086 / sqrt(400) = 0.0004), and 95 % of them lie in the interval.
    random = np.random.default_rng(7)
    p = random.beta(1, 3, 1000)
    scores = np.array([ece(random.random(1000) < p, p).value for _ in range(400)])
    noise = ece_noise(p)
    assert noise.value == pytest.approx(scores.mean(), abs=0.0016)
    assert 0.91 < np.mean((noise.low < scores) & (scores < noise.high)) < 0.98


def test_certain_and_right_forecasts_have_no_error_and_no_noise():
    y = np.r_[np.zeros(20), np.ones(20)]
    got = ece(y, y)
    assert (got.low, got.value, got.high) == (0, 0, 0)
    assert ece_noise(y).value == 0


def test_ece_says_the_same_with_the_same_seed_and_nearly_the_same_with_another():
    y, p = sample(4, n=2000)
    first = ece(y, p, seed=1)
    assert first == ece(y, p, seed=1)
    assert ece(y, p, seed=2).low == pytest.approx(first.low, abs=0.001)


def test_repeated_rows_do_not_hide_that_forecasts_may_be_calibrated():
    # Ten copies of each row look like a large error that is certain; known to be copies, they are
    # no evidence against calibration.
    y, p = sample(5, n=300)
    copies = np.repeat(np.arange(300), 10)
    assert ece(np.repeat(y, 10), np.repeat(p, 10)).low > 0
    assert ece(np.repeat(y, 10), np.repeat(p, 10), groups=copies).low == 0
