import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from patron.metrics import auc_difference, average_precision, capture_at, lift_at, roc_auc
from patron.metrics.inputs import checked
from patron.metrics.interval import standard_error
from patron.metrics.ranking import auc_with_influence

SEEDS = range(5)


def sample(seed, n=500, decimals=None):
    """Outcomes and scores; few decimals make many ties."""
    random = np.random.default_rng(seed)
    x = random.standard_normal(n)
    y = (random.random(n) < 1 / (1 + np.exp(1 - x))).astype(float)
    return y, x if decimals is None else x.round(decimals)


def delong_error(y, *scores):
    """DeLong's standard error by all pairs: of an AUC, or of the difference between two."""
    parts = []
    for score in scores:
        gap = score[y == 1][:, None] - score[y == 0][None, :]
        parts.append((gap > 0) + (gap == 0) / 2)
    pairs = parts[0] if len(parts) == 1 else parts[0] - parts[1]
    m, k = pairs.shape
    return math.sqrt(pairs.mean(axis=1).var(ddof=1) / m + pairs.mean(axis=0).var(ddof=1) / k)


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("seed", SEEDS)
def test_auc_and_its_error_agree_with_all_pairs(seed, decimals):
    y, score = sample(seed, decimals=decimals)
    value, influence = auc_with_influence(checked(y, score))
    assert roc_auc(y, score).value == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    assert value == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    assert influence.mean() == pytest.approx(0, abs=1e-12)
    assert standard_error(influence, None) == pytest.approx(delong_error(y, score), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_auc_difference_agrees_with_all_pairs(seed):
    y, score = sample(seed, n=2000)
    other = (score + np.random.default_rng(seed + 100).standard_normal(y.size)).round(1)
    got = auc_difference(y, score, other)
    error = delong_error(y, score, other)
    assert got.value == pytest.approx(roc_auc_score(y, score) - roc_auc_score(y, other), abs=1e-12)
    # 1.96 is Student's quantile to 1 % for some hundred effective rows.
    assert got.high - got.value == pytest.approx(1.96 * error, rel=0.01)
    swapped = auc_difference(y, other, score)
    assert (swapped.low, swapped.high) == pytest.approx((-got.high, -got.low))


@pytest.mark.parametrize("metric", [roc_auc, average_precision, lift_at])
def test_ranking_ignores_a_rising_transform(metric):
    y, score = sample(1, decimals=1)
    assert metric(y, np.exp(score)) == metric(y, score)


def test_auc_of_the_complement_is_mirrored():
    y, score = sample(2, decimals=1)
    direct = roc_auc(y, score)
    for mirrored in (roc_auc(1 - y, score), roc_auc(y, -score)):
        assert mirrored.value == pytest.approx(1 - direct.value)
        ends = (1 - direct.high, 1 - direct.low)
        assert (mirrored.low, mirrored.high) == pytest.approx(ends)


@pytest.mark.parametrize("metric", [roc_auc, average_precision, lift_at])
def test_the_order_of_the_rows_is_nothing(metric):
    y, score = sample(3, decimals=1)
    order = np.random.default_rng(0).permutation(y.size)
    given, shuffled = metric(y, score), metric(y[order], score[order])
    assert (given.value, given.low, given.high) == pytest.approx(
        (shuffled.value, shuffled.low, shuffled.high)
    )


@pytest.mark.parametrize("metric", [roc_auc, average_precision, lift_at])
def test_duplicated_rows_leave_the_value_and_with_groups_the_interval(metric):
    y, score = sample(4, n=2000)
    plain, copies = metric(y, score), np.tile(np.arange(y.size), 4)
    doubled = metric(np.tile(y, 4), np.tile(score, 4))
    grouped = metric(np.tile(y, 4), np.tile(score, 4), groups=copies)
    assert doubled.value == pytest.approx(plain.value)
    # Four copies taken for new rows would halve the width; known to be copies, they change nothing
    # (but for the small factors of the number of entities, and for the rows around a cut).
    assert (doubled.high - doubled.low) == pytest.approx((plain.high - plain.low) / 2, rel=0.03)
    assert (grouped.low, grouped.high) == pytest.approx((plain.low, plain.high), rel=0.003)


def test_groups_of_one_row_each_change_nothing():
    y, score = sample(5)
    assert roc_auc(y, score, groups=np.arange(y.size)) == roc_auc(y, score)


def test_separated_classes_get_the_exact_one_sided_end():
    # 0.05 ** (1 / 10): the chance that ten pairs in order happen with that AUC is 5 %.
    y, score = np.r_[np.zeros(30), np.ones(10)], np.arange(40.0)
    perfect = roc_auc(y, score)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low == pytest.approx(0.05 ** (1 / 10))
    wrong = roc_auc(y, -score)
    assert (wrong.value, wrong.low) == (0.0, 0.0)
    assert wrong.high == pytest.approx(1 - 0.05 ** (1 / 10))
    two_entities = roc_auc(y, score, groups=np.r_[np.zeros(30), np.arange(10) // 5 + 1])
    assert two_entities.low == pytest.approx(0.05)  # all negatives are one entity: one pair


def test_one_positive_gives_a_value_without_interval():
    got = roc_auc([0, 0, 1], [0.1, 0.3, 0.2])
    assert got.value == 0.5
    assert not got.has_interval
    assert got.method == "no interval: a class has one row, or one entity"
    assert not average_precision([0, 0, 1], [0.1, 0.3, 0.2]).has_interval
    assert not auc_difference([0, 0, 1], [0.1, 0.3, 0.2], [1, 2, 3]).has_interval
    one_entity = roc_auc([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.2], groups=[0, 1, 2, 1])
    assert one_entity.value == 0.5
    assert not one_entity.has_interval


def test_a_constant_score_ranks_at_exactly_one_half():
    got = roc_auc([0, 1, 0, 1], [0.3] * 4)
    assert (got.low, got.value, got.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("seed", SEEDS)
def test_average_precision_agrees_with_scikit_learn(seed, decimals):
    y, score = sample(seed, decimals=decimals)
    expected = average_precision_score(y, score)
    assert average_precision(y, score).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("decimals", [None, 0])
def test_influence_of_average_precision_is_what_leaving_a_row_out_does(decimals):
    # The jackknife: the value without row i differs by -psi_i / n up to terms of order 1 / n^2.
    y, score = sample(6, n=300, decimals=decimals)
    n, value = y.size, average_precision_score(y, score)
    without = [average_precision_score(np.delete(y, i), np.delete(score, i)) for i in range(n)]
    jackknife = math.sqrt(np.square((n - 1) * (value - np.array(without))).sum()) / n
    got = average_precision(y, score)
    odds = math.log(got.high / (1 - got.high)) - math.log(got.low / (1 - got.low))
    assert odds * value * (1 - value) / 2 / 1.96 == pytest.approx(jackknife, rel=0.03)


def test_perfect_average_precision_keeps_a_width():
    got = average_precision([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    assert (got.value, got.high) == (1.0, 1.0)
    assert got.low == pytest.approx(2 / (2 + 1.959964**2), abs=1e-6)  # Wilson, two of two


def test_lift_of_a_written_out_case():
    y = np.r_[1, 1, 0, np.zeros(6), 1, np.zeros(10)]
    score = -np.arange(20.0)
    assert lift_at(y, score, 0.10).value == pytest.approx((2 / 2) / (3 / 20))
    assert capture_at(y, score, share=0.10).value == pytest.approx(2 / 3)
    assert capture_at(y, score, share=1).to_dict()["low"] == 1.0


def test_ties_at_the_cut_count_in_part():
    # All scores equal: the top 10 % is a random 10 %, so the lift is 1 and not what row order says.
    y = np.r_[np.ones(10), np.zeros(90)]
    assert lift_at(y, np.zeros(100)).value == pytest.approx(1.0)
    # Top row alone, then ten tied rows with 4 positives; a cut at 6 takes half of the tie.
    y = np.r_[1, np.ones(4), np.zeros(6), np.zeros(9)]
    score = np.r_[9, np.full(10, 5), np.zeros(9)]
    assert capture_at(y, score, share=0.30).value == pytest.approx((1 + 4 / 2) / 5)


def test_lift_has_a_width_where_nothing_is_caught():
    y = np.r_[np.zeros(90), np.ones(10)]
    got = lift_at(y, -np.arange(100.0))
    assert (got.value, got.low) == (0.0, 0.0)
    assert 1 < got.high < 10
