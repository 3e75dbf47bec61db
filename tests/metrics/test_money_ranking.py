import math

import numpy as np
import pytest
from scipy import stats

from patron.errors import DataError
from patron.metrics import normalized_gini, r2_top, r2_within_top, spearman, top_capture
from patron.metrics.money_ranking import Cut, midranks

SEEDS = range(5)
ORDERS = [spearman, normalized_gini]


def sample(seed=0, n=400, decimals=None):
    """Amounts with many zeros; few decimals make many ties among the predictions."""
    random = np.random.default_rng(seed)
    level = random.standard_normal(n)
    y = np.where(random.random(n) < 0.4, np.exp(3 + level + random.standard_normal(n)), 0.0)
    p = level + 0.5 * random.standard_normal(n)
    return y, p if decimals is None else p.round(decimals)


def ends(estimate):
    return estimate.low, estimate.value, estimate.high


def kaggle_gini(y, order):
    """The usual code: rows by falling prediction, cumulated spend less the diagonal."""
    found = y[order].cumsum() / y.sum()
    return (found.sum() - (y.size + 1) / 2) / y.size


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("seed", SEEDS)
def test_spearman_agrees_with_scipy(seed, decimals):
    y, p = sample(seed, decimals=decimals)
    assert spearman(y, p).value == pytest.approx(stats.spearmanr(y, p).statistic, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_gini_is_the_usual_one_where_no_predictions_are_tied(seed):
    y, p = sample(seed)
    expected = kaggle_gini(y, np.argsort(-p)) / kaggle_gini(y, np.argsort(-y))
    assert normalized_gini(y, p).value == pytest.approx(expected, abs=1e-12)


def test_gini_of_ties_is_the_average_over_their_orders():
    y, p = sample(n=60, decimals=0)
    random, best = np.random.default_rng(1), kaggle_gini(y, np.argsort(-y))
    tried = [kaggle_gini(y, np.lexsort((random.random(60), -p))) / best for _ in range(20_000)]
    error = np.std(tried) / math.sqrt(20_000)
    assert normalized_gini(y, p).value == pytest.approx(np.mean(tried), abs=4 * error)


@pytest.mark.parametrize("decimals", [None, 0])
@pytest.mark.parametrize("metric", ORDERS)
def test_influence_on_an_order_is_what_leaving_a_row_out_does(metric, decimals):
    y, p = sample(6, n=300, decimals=decimals)
    without = [metric(np.delete(y, i), np.delete(p, i)).value for i in range(300)]
    error = math.sqrt(299 / 300 * np.square(without - np.mean(without)).sum())
    got = metric(y, p, level=0.6827)
    reach = (math.atanh(got.high) - math.atanh(got.low)) / 2 * (1 - got.value**2)
    # One standard error, but for a quantile of Student's t and terms of the order 1 / n.
    assert reach == pytest.approx(error, rel=0.08)


@pytest.mark.parametrize("metric", [*ORDERS, top_capture])
@pytest.mark.parametrize("seed", SEEDS)
def test_orders_depend_on_the_order_alone(metric, seed):
    y, p = sample(seed, decimals=1)
    given, shuffled = metric(y, p), np.random.default_rng(seed).permutation(y.size)
    assert ends(metric(y, np.exp(p))) == pytest.approx(ends(given))
    assert ends(metric(y[shuffled], p[shuffled])) == pytest.approx(ends(given))
    assert ends(metric(7 * y, p)) == pytest.approx(ends(given))


@pytest.mark.parametrize("metric", ORDERS)
def test_turning_the_order_round_turns_the_sign(metric):
    y, p = sample(1)
    low, value, high = ends(metric(y, p))
    assert ends(metric(y, -p)) == pytest.approx((-high, -value, -low))


@pytest.mark.parametrize("metric", [*ORDERS, top_capture, r2_top, r2_within_top])
def test_repeated_rows_that_are_known_change_nothing(metric):
    y, p = sample(2, n=2000)
    copies = np.repeat(np.arange(y.size), 4)
    plain, grouped = metric(y, p), metric(np.repeat(y, 4), np.repeat(p, 4), groups=copies)
    assert ends(grouped) == pytest.approx(ends(plain), rel=0.005)
    repeated = metric(np.repeat(y, 4), np.repeat(p, 4))
    # A half, or less: a row that carries less of a sum is also less uncertain for its size.
    assert 0.35 < (repeated.high - repeated.low) / (plain.high - plain.low) < 0.501


def test_the_best_order_has_a_gini_of_one_and_no_interval():
    y, _ = sample()
    best = normalized_gini(y, y)
    assert best.value == 1
    assert not best.has_interval
    assert best.method == "no interval: the order is perfect"
    assert (
        0.8 < spearman(y, y + np.random.default_rng(0).random(y.size)).value < 1
    )  # zeros are tied


@pytest.mark.parametrize("metric", ORDERS)
def test_orders_that_do_not_exist(metric):
    constant = np.full(20, 3.0)
    rising = np.arange(20.0)
    assert math.isnan(metric(rising, constant).value)
    assert metric(rising, constant).method == (
        "undefined: all predictions are equal, and rank nobody"
    )
    assert metric(np.zeros(20), rising).method == "undefined: all amounts are equal"
    assert not metric(np.zeros(20), rising).has_interval
    assert metric([2.0], [1.0]).method == "undefined: all amounts are equal"


@pytest.mark.parametrize("share", [0.1, 0.2, 0.35])
@pytest.mark.parametrize("seed", SEEDS)
def test_capture_agrees_with_sorting(seed, share):
    y, p = sample(seed)
    top = np.argsort(-p)[: round(share * y.size)]
    assert top_capture(y, p, share).value == pytest.approx(y[top].sum() / y.sum())


def test_capture_of_ties_and_ends():
    y, p = sample()
    constant = top_capture(y, np.zeros(y.size), 0.2)
    assert constant.value == pytest.approx(0.2)
    assert top_capture(y, p, 1).value == 1
    assert math.isnan(top_capture(np.zeros(9), np.arange(9.0)).value)
    # One spender, and she is found: a share of 1 of one.
    found = top_capture(np.r_[5, np.zeros(19)], -np.arange(20.0))
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(1 / (1 + 1.959964**2), abs=1e-6)
    with pytest.raises(ValueError, match=r"share must lie above 0 and at most 1, got 10"):
        top_capture(y, p, 10)
    with pytest.raises(DataError, match="1 of 2 rows are negative"):
        top_capture([1, -1], [1, 2])


@pytest.mark.parametrize("seed", SEEDS)
def test_r2_of_the_top_agrees_with_a_loop(seed):
    y, p = sample(seed)
    p = 5 * np.exp(p)
    top = np.argsort(-y)[:80]
    left = sum((y[i] - p[i]) ** 2 for i in top)
    about_all = sum((y[i] - y.mean()) ** 2 for i in top)
    about_top = sum((y[i] - y[top].mean()) ** 2 for i in top)
    assert r2_top(y, p, 0.2).value == pytest.approx(1 - left / about_all)
    assert r2_within_top(y, p, 0.2).value == pytest.approx(1 - left / about_top)


def test_r2_of_the_top_counts_amounts_at_the_cut_in_part():
    # 10 rows at a cap of 9, of which a top of 5 takes a half of each.
    y, p = np.r_[np.zeros(15), np.full(10, 9.0)], np.r_[np.zeros(15), np.arange(10.0)]
    left = 0.5 * sum((9 - each) ** 2 for each in range(10))
    assert r2_top(y, p, 0.2).value == pytest.approx(1 - left / (5 * (9 - y.mean()) ** 2))
    assert r2_within_top(y, p, 0.2).method == "undefined: all amounts at the top are equal"
    assert r2_top(np.ones(9), np.arange(9.0)).method == "undefined: all amounts are equal"


def test_all_rows_as_the_top_are_r2():
    y, p = sample()
    expected = 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert r2_top(y, p, 1).value == pytest.approx(expected)
    assert r2_within_top(y, p, 1).value == pytest.approx(expected)


def test_midranks_agree_with_scipy():
    _, p = sample(decimals=0)
    assert midranks(p).rank * p.size == pytest.approx(stats.rankdata(p) - 0.5)
    assert midranks(p).centred.mean() == pytest.approx(0, abs=1e-12)


def test_a_cut_takes_its_share_and_looks_around_itself():
    cut = Cut.of(np.array([5.0, 4, 3, 3, 2, 1, 0, 0, 0, 0]), 0.3)
    assert cut.above.tolist() == [1, 1, 0.5, 0.5, 0, 0, 0, 0, 0, 0]
    assert cut.average(np.r_[0, 0, 8, 8, 8, np.zeros(5)]) == pytest.approx(8 * 2.5 / 3)
