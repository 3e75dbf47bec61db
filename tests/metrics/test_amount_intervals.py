import numpy as np
import pytest
from scipy import stats

from patron.errors import DataError
from patron.metrics import coverage, coverage_by, median_width, proportion, width


def sample(seed=0, n=500):
    random = np.random.default_rng(seed)
    y, reach = random.exponential(10, n), random.uniform(5, 40, n)
    return y, 0.1 * reach, reach


def ends(estimate):
    return estimate.low, estimate.value, estimate.high


def test_coverage_is_a_share_of_rows():
    y, low, high = sample()
    inside = sum(a <= each <= b for each, a, b in zip(y, low, high, strict=True))
    assert ends(coverage(y, low, high)) == pytest.approx(ends(proportion(inside, y.size)))
    assert coverage([0, 4], [0, 1], [0, 4]).value == 1  # both ends belong to it


def test_coverage_with_repeated_rows():
    y, low, high = (np.repeat(each, 5) for each in sample())
    got = coverage(y, low, high, groups=np.arange(2500) // 5)
    assert ends(got) == pytest.approx(ends(coverage(*sample())), abs=0.001)
    assert got.method == "Wilson, by entity"


def test_widths():
    _, low, high = sample()
    assert width(low, high).value == pytest.approx((high - low).mean())
    got = median_width(low, high)
    assert got.value == np.median(high - low)
    # The order statistics at the binomial quantiles, which are exact, lie close by.
    places = stats.binom.ppf([0.025, 0.975], 500, 0.5).astype(int)
    exact = np.sort(high - low)[places]
    assert (got.low, got.high) == pytest.approx(tuple(exact), rel=0.02)
    grouped = median_width(np.repeat(low, 4), np.repeat(high, 4), groups=np.arange(2000) // 4)
    assert ends(grouped) == pytest.approx(ends(got), rel=0.01)
    assert ends(median_width([0, 0], [3, 3])) == (3, 3, 3)
    assert not width([0], [1]).has_interval
    assert not median_width([0], [1]).has_interval


def test_coverage_by_label():
    y, low, high = sample(n=600)
    labels = np.array(["new", "old", "lost"])[np.arange(600) % 3]
    got = coverage_by(y, low, high, labels, level=0.9)
    assert [row["label"] for row in got] == ["new", "old", "lost"]
    for row in got:
        at = labels == row["label"]
        assert row["coverage"] == coverage(y[at], low[at], high[at], level=0.9).to_dict()
        assert (row["n"], row["width"]) == (200, pytest.approx((high - low)[at].mean()))


def test_a_missing_label_and_a_label_of_one_customer():
    labels = [1.0, np.nan, 1.0, np.nan]
    got = coverage_by([1, 2, 3, 4], [0] * 4, [2] * 4, labels, groups=[0, 1, 2, 1])
    assert [row["label"] for row in got] == [1.0, None]
    one = got[1]["coverage"]
    assert (one["value"], one["n"]) == (0.5, 2)
    assert one["high"] - one["low"] > 0.7  # two rows of one customer are one


def test_ends_that_cross_are_an_error():
    with pytest.raises(DataError, match="low end lies above its high end in 1 of 2 rows"):
        coverage([1, 2], [0, 3], [1, 1])
    with pytest.raises(DataError, match="labels must have one value for each of 2 rows"):
        coverage_by([1, 2], [0, 0], [1, 1], ["a"])
