import math
import time

import numpy as np
import pytest

from patron.errors import DataError
from patron.metrics import MONEY_METRICS, brier, coverage, evaluate_money, roc_auc, width

FUNCTIONALS = {
    "the mean",
    "the median",
    "the mean of the logarithm",
    "the order",
    "the whole distribution",
    "the interval",
    "the probability of no spend",
}


def sample(n=3000, seed=0):
    random = np.random.default_rng(seed)
    level, zero = random.standard_normal(n), random.uniform(0.2, 0.8, n)
    y = np.where(random.random(n) < zero, 0, np.exp(3 + level + random.standard_normal(n)))
    mean = (1 - zero) * np.exp(3.5 + level)
    median = np.where(zero >= 0.5, 0, 0.5 * mean)
    drawn = np.exp(3 + level + random.standard_normal((40, n)))
    drawn[random.random((40, n)) < zero] = 0
    scores = np.abs(drawn - y).mean(axis=0) - np.abs(drawn[:20] - drawn[20:]).mean(axis=0) / 2
    given = {"mean": mean, "median": median, "zero_probability": zero, "crps": np.abs(scores)}
    wide = {80: 3.0, 90: 6.0, 95: 9.0}
    return y, {**given, "bounds": {each: (0 * mean, by * mean) for each, by in wide.items()}}


def plain(y):
    """What somebody without a model says of every customer."""
    n, mean = y.size, np.full(y.size, y.mean())
    scores = np.abs(y[:, None] - y[None, :]).mean(axis=1) - np.abs(y[:, None] - y).mean() / 2
    bounds = {each: (np.zeros(n), mean) for each in (80, 90, 95)}
    idle = np.full(n, (y == 0).mean())
    return {
        "mean": mean,
        "median": mean,
        "crps": scores,
        "zero_probability": idle,
        "bounds": bounds,
    }


def test_every_metric_is_answered_and_described():
    y, given = sample()
    got = evaluate_money(y, **given)
    assert list(got) == list(MONEY_METRICS)
    for name, metric in MONEY_METRICS.items():
        assert metric.name == name
        assert metric.rewards in FUNCTIONALS
        assert metric.unit in ("money", "share", "")
        assert got[name].low <= got[name].value <= got[name].high
        assert bool(metric.reference_title) == (metric.reference is not None)


def test_references_are_what_the_plain_mean_scores():
    y, _ = sample(n=800)
    got = evaluate_money(y, **plain(y))
    for name, metric in MONEY_METRICS.items():
        if metric.reference is None or name.startswith("coverage"):
            continue
        if name in ("spearman", "normalized_gini"):
            assert math.isnan(got[name].value)  # a constant has no order; a random one scores 0
        else:
            assert got[name].value == pytest.approx(metric.reference(y), abs=1e-9), name


def test_a_model_beats_its_reference_in_the_declared_direction():
    y, given = sample()
    got = evaluate_money(y, **given)
    for name, metric in MONEY_METRICS.items():
        if metric.reference is not None and metric.greater_is_better is not None:
            gain = got[name].value - metric.reference(y)
            assert gain > 0 if metric.greater_is_better else gain < 0, name


def test_the_parts_are_those_of_their_own_functions():
    y, given = sample()
    groups = np.arange(y.size) // 3
    got = evaluate_money(y, **given, level=0.9, groups=groups)
    judged = {"level": 0.9, "groups": groups}
    spending = 1 - given["zero_probability"]
    assert got["coverage_90"] == coverage(y, *given["bounds"][90], **judged)
    assert got["width_80"] == width(*given["bounds"][80], **judged)
    assert got["zero_roc_auc"] == roc_auc(y > 0, spending, **judged)
    assert got["zero_brier"] == brier(y > 0, spending, **judged)
    assert all(each.method.endswith("by entity") for each in got.values())
    assert {each.level for each in got.values()} == {0.9}


def test_rows_without_spend_are_answered_where_they_can_be():
    _, given = sample(n=50)
    got = evaluate_money(np.zeros(50), **given)
    unknown = {name for name, each in got.items() if math.isnan(each.value)}
    assert unknown == {
        *("r2", "spearman", "normalized_gini", "top_10_capture", "top_20_capture"),
        *("r2_top_20", "r2_within_top_20", "bias_total", "zero_roc_auc"),
    }
    assert got["zero_roc_auc"].method == "undefined: none of the rows have spend"
    assert got["coverage_80"].value == 1
    assert evaluate_money(given["mean"], **given)["zero_roc_auc"].method == (
        "undefined: all of the rows have spend"
    )


def test_one_row_is_answered_without_intervals():
    got = evaluate_money(
        [4.0],
        mean=[5.0],
        median=[3.0],
        crps=[1.0],
        zero_probability=[0.5],
        bounds={80: ([0.0], [9.0])},
    )
    assert got["mae"].value == 1
    assert not got["mae"].has_interval
    assert got["coverage_80"].value == 1


def test_amounts_below_zero_are_refused():
    y, given = sample(n=50)
    with pytest.raises(DataError, match=r"must be amounts of 0 or more; 1 of 50 rows are negative"):
        evaluate_money(np.r_[-1, y[1:]], **given)


def test_all_of_it_takes_little_time():
    y, given = sample(n=12_000)
    groups = np.arange(y.size) // 2
    evaluate_money(y[:100], **evaluate_inputs(given, 100))
    start = time.process_time()
    evaluate_money(y, **given, groups=groups)
    assert time.process_time() - start < 0.5


def evaluate_inputs(given, n):
    """The first `n` rows."""
    bounds = {each: (low[:n], high[:n]) for each, (low, high) in given["bounds"].items()}
    return {**{key: value[:n] for key, value in given.items() if key != "bounds"}, "bounds": bounds}
