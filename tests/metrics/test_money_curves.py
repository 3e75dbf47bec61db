import json
import math

import numpy as np
import pytest

from patron.errors import DataError
from patron.metrics import deciles, money_gains, money_shape, top_capture

SEEDS = range(3)


def sample(seed=0, n=2000):
    random = np.random.default_rng(seed)
    level = random.standard_normal(n)
    y = np.where(random.random(n) < 0.4, np.exp(3 + level + random.standard_normal(n)), 0.0)
    return y, 0.5 * np.exp(3.3 + level)


def numbers(tree):
    """Every number in a tree of dicts and lists."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return [number for each in tree for number in numbers(each)]
    return [] if tree is None or isinstance(tree, str) else [tree]


@pytest.mark.parametrize("seed", SEEDS)
def test_shape_agrees_with_plain_definitions(seed):
    y, _ = sample(seed)
    shape = money_shape(y)
    assert (shape["n"], shape["zeros"]) == (2000, int((y == 0).sum()))
    assert (shape["mean"], shape["max"]) == pytest.approx((y.mean(), y.max()))
    assert shape["quantiles"]["0.9"] == pytest.approx(np.quantile(y, 0.9))
    pairs = np.abs(y[:, None] - y[None, :]).mean()
    assert shape["gini"] == pytest.approx(pairs / (2 * y.mean()))
    assert shape["top_1_share"] == pytest.approx(np.sort(y)[-20:].sum() / y.sum())
    assert sum(shape["histogram_raw"]["counts"]) == 2000
    assert sum(shape["histogram_log"]["counts"]) == (y > 0).sum()
    assert shape["histogram_log"]["edges"][-1] == pytest.approx(math.log10(y.max()))


def test_lorenz_curve_and_its_area():
    y, _ = sample()
    shape = money_shape(y)
    customers, spend = shape["lorenz"]["customers"], shape["lorenz"]["spend"]
    assert (customers[0], spend[0], customers[-1], spend[-1]) == (0, 0, 1, 1)
    assert spend[80] == pytest.approx(np.sort(y)[:1600].sum() / y.sum())
    # The trapezoids of 101 points, against the exact area.
    assert 1 - 2 * np.trapezoid(spend, customers) == pytest.approx(shape["gini"], abs=0.002)


def test_mean_excess_rises_for_a_pareto_tail_and_is_flat_for_an_exponential_one():
    random = np.random.default_rng(0)
    found = money_shape(random.exponential(10, 200_000))["mean_excess"]
    np.testing.assert_allclose(found["excess"], 10, rtol=0.1)
    # Pareto with shape 1/4: mean excess (1 + t / 4) / (3 / 4), so a slope of 1/3.
    found = money_shape(4 * (random.random(200_000) ** -0.25 - 1))["mean_excess"]
    slope = np.polyfit(found["threshold"][:18], found["excess"][:18], 1)[0]
    assert slope == pytest.approx(1 / 3, abs=0.04)
    assert min(found["n"]) >= 10


def test_shapes_without_spend_or_with_one_row():
    nothing = money_shape(np.zeros(30))
    assert (nothing["gini"], nothing["top_1_share"]) == (None, None)
    assert nothing["lorenz"] == {"customers": [], "spend": []}
    assert nothing["histogram_log"] == {"edges": [], "counts": []}
    assert nothing["mean_excess"]["n"] == []
    assert money_shape([5.0])["top_1_share"] == pytest.approx(0.01)  # a hundredth of the one row
    assert money_shape([5.0])["gini"] == 0
    assert money_shape(np.full(40, 3.0))["gini"] == pytest.approx(0)
    with pytest.raises(DataError, match="1 of 2 rows are negative"):
        money_shape([1, -1])


@pytest.mark.parametrize("y", [[0.0, 0.0], [5.0], [0, 1e200, 3], [1e300] * 12, sample()[0]])
def test_pictures_hold_finite_numbers_only(y):
    y = np.asarray(y)
    mean = np.arange(y.size) + 1.0
    trees = [money_shape(y), deciles(y, mean, mean), money_gains(y, mean)]
    assert all(math.isfinite(each) for each in numbers(trees))
    json.dumps(trees)


def test_deciles_agree_with_sorting():
    y, p = sample()
    found = deciles(y, p)
    assert [row["decile"] for row in found] == list(range(1, 11))
    order = np.argsort(p)
    for row, at in zip(found, np.split(order, 10), strict=True):
        assert row["n"] == 200
        assert row["predicted"] == pytest.approx(p[at].mean())
        assert row["observed"]["value"] == pytest.approx(y[at].mean())
        assert row["total_predicted"] == pytest.approx(p[at].sum())
        assert row["total_observed"] == pytest.approx(y[at].sum())
        assert row["observed"]["low"] < row["observed"]["value"] < row["observed"]["high"]


def test_deciles_with_ties_entities_and_nothing_spent():
    y, p = sample()
    tied = np.where(p < np.quantile(p, 0.55), 1.0, p)
    found = deciles(y, tied)
    assert [row["decile"] for row in found] == [6, 7, 8, 9, 10]
    assert found[0]["n"] > 1000
    shuffled = np.random.default_rng(0).permutation(y.size)
    again = deciles(y[shuffled], tied[shuffled])
    assert [row["total_observed"] for row in again] == pytest.approx(
        [row["total_observed"] for row in found]
    )
    assert [row["decile"] for row in deciles(y, np.ones(y.size))] == [10]
    twice = deciles(np.repeat(y, 2), np.repeat(p, 2), groups=np.arange(4000) // 2)
    for one, two in zip(deciles(y, p), twice, strict=True):
        assert two["observed"]["high"] == pytest.approx(one["observed"]["high"])
    silent = deciles(np.zeros(100), np.arange(100.0))[3]["observed"]
    assert (silent["value"], silent["low"], silent["high"]) == (0, None, None)
    assert silent["method"] == "no interval: nobody spent"
    assert [row["decile"] for row in deciles([1, 2, 3], [1, 2, 3])] == [4, 7, 10]


def test_band_of_a_decile_is_that_of_right_distributions():
    # Normal amounts round 100 with their own standard deviation: nine or ten of ten deciles lie in.
    random = np.random.default_rng(0)
    mean, sd, inside = random.uniform(90, 110, 2000), random.uniform(1, 10, 2000), 0
    for _ in range(100):
        found = deciles(mean + sd * random.standard_normal(2000), mean, sd)
        inside += sum(row["low"] <= row["observed"]["value"] <= row["high"] for row in found)
    assert 0.93 < inside / 1000 < 0.97
    with pytest.raises(DataError, match="1 of 2 are not"):
        deciles([1, 2], [1, 2], [1, -1])


@pytest.mark.parametrize("decimals", [None, -1])
def test_gains_agree_with_capture(decimals):
    y, p = sample()
    p = p if decimals is None else p.round(decimals)
    found = money_gains(y, p)
    assert (found["captured"][0], found["captured"][-1]) == (0, pytest.approx(1))
    for place in (5, 10, 25):
        share = found["contacted"][place]
        assert found["captured"][place] == pytest.approx(top_capture(y, p, share).value)
        assert found["oracle"][place] == pytest.approx(top_capture(y, y, share).value)
    assert all(a <= b + 1e-12 for a, b in zip(found["captured"], found["oracle"], strict=True))
    assert money_gains(np.zeros(3), np.arange(3.0))["oracle"] == [None] * 51
