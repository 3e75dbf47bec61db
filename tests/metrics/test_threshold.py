import math

import numpy as np
import pytest
import sklearn.metrics
from scipy import stats

from patron.metrics import best_f1_threshold, confusion, f1, precision, proportion, recall

SEEDS = range(5)


def sample(seed, n=500):
    random = np.random.default_rng(seed)
    p = random.beta(1, 2, n).round(2)
    return (random.random(n) < p).astype(float), p


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_values_agree_with_scikit_learn(seed, threshold):
    y, p = sample(seed)
    called = p >= threshold
    assert f1(y, p, threshold=threshold).value == pytest.approx(sklearn.metrics.f1_score(y, called))
    got = precision(y, p, threshold=threshold)
    assert got.value == pytest.approx(sklearn.metrics.precision_score(y, called))
    assert got.n == called.sum()
    got = recall(y, p, threshold=threshold)
    assert got.value == pytest.approx(sklearn.metrics.recall_score(y, called))
    assert got.n == y.sum()
    cells = confusion(y, p, threshold=threshold)
    order = ("true_negative", "false_positive", "false_negative", "true_positive")
    expected = sklearn.metrics.confusion_matrix(y, called).ravel()
    assert [cells[name] for name in order] == expected.tolist()


def test_a_row_on_the_threshold_is_called():
    assert confusion([1], [0.5], threshold=0.5)["true_positive"] == 1


def test_interval_of_precision_is_wilson():
    y, p = sample(0)
    hits, called = int(y[p >= 0.4].sum()), int((p >= 0.4).sum())
    expected = stats.binomtest(hits, called).proportion_ci(0.9, method="wilson")
    got = precision(y, p, threshold=0.4, level=0.9)
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("seed", SEEDS)
def test_interval_of_f1_agrees_with_the_bootstrap(seed):
    # Recipe: multinomial draws of the four cells, 20,000 of them; Wilson is not the percentile
    # interval, and with 2,000 rows both lie within a twentieth of the width of each other.
    y, p = sample(seed, n=2000)
    got = f1(y, p, threshold=0.35)
    cells = confusion(y, p, threshold=0.35)
    share = np.array(list(cells.values())) / y.size
    drawn = np.random.default_rng(seed).multinomial(y.size, share, 20_000)
    values = 2 * drawn[:, 0] / (2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2])
    expected = np.quantile(values, [0.025, 0.975])
    assert (got.low, got.high) == pytest.approx(expected, abs=0.05 * (got.high - got.low))


def test_f1_of_0_and_1_keep_a_width():
    none = f1([1, 0, 0], [0.1, 0.2, 0.9], threshold=0.5)
    assert (none.value, none.low) == (0, 0)
    assert 0 < none.high < 1
    every = f1([1, 1, 0], [0.9, 0.8, 0.1], threshold=0.5)
    assert (every.value, every.high) == (1, 1)
    assert 0 < every.low < 1


def test_precision_without_a_called_row_is_unknown():
    got = precision([1, 0], [0.1, 0.2], threshold=0.5)
    assert math.isnan(got.value)
    assert (got.low, got.high, got.n) == (0, 1, 0)
    assert got.method == "no row reaches the threshold"
    assert f1([1, 0], [0.1, 0.2], threshold=0.5).value == 0


def test_groups_widen_the_interval():
    y, p = sample(1, n=300)
    copies = np.repeat(np.arange(300), 5)
    for metric in (f1, precision, recall):
        plain = metric(y, p, threshold=0.4)
        grouped = metric(np.repeat(y, 5), np.repeat(p, 5), threshold=0.4, groups=copies)
        assert (grouped.low, grouped.high) == pytest.approx((plain.low, plain.high), abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_threshold_beats_every_other(seed):
    y, p = sample(seed)
    best = best_f1_threshold(y, p)
    tried = [sklearn.metrics.f1_score(y, p >= threshold) for threshold in np.unique(p)]
    assert sklearn.metrics.f1_score(y, p >= best.value) == pytest.approx(max(tried))
    assert best.low <= best.value <= best.high
    assert best == best_f1_threshold(y, p)


def test_the_best_threshold_lies_in_the_middle_of_its_gap():
    assert best_f1_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]).value == pytest.approx(0.4)


def test_of_equal_thresholds_the_highest_is_taken():
    # Calling the first row or the first four gives F1 = 2/3 both times.
    y, p = [1, 0, 0, 1], [0.9, 0.6, 0.5, 0.4]
    assert best_f1_threshold(y, p).value == pytest.approx(0.75)


def test_calling_everybody_can_be_best():
    y, p = [1, 1, 1, 0], [0.2, 0.3, 0.4, 0.9]
    assert best_f1_threshold(y, p).value == 0.2


def test_neighbouring_doubles_keep_the_chosen_row():
    chosen = np.nextafter(0.5, 1)
    best = best_f1_threshold([0, 1], [0.5, chosen])
    assert best.value == chosen


def test_draws_of_a_large_table_shrink_at_the_cube_root_rate(monkeypatch):
    # Draws of 500 of 4,000 rows spread twice as far as draws of 4,000, and are halved: the width
    # is the same up to the noise of 200 draws.
    y, p = sample(2, n=4000)
    whole = best_f1_threshold(y, p)
    monkeypatch.setattr("patron.metrics.threshold.ROWS_A_DRAW", 500)
    part = best_f1_threshold(y, p)
    assert part.value == whole.value
    assert 0.5 < (part.high - part.low) / (whole.high - whole.low) < 2


def test_proportion_without_rows_and_with_impossible_counts():
    assert math.isnan(proportion(0, 0).value)
    with pytest.raises(ValueError, match="successes must lie between 0 and n, got 3 of 2"):
        proportion(3, 2)
