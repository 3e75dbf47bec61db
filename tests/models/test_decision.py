"""Decisions: the threshold of each rule by hand, and intervals of money that cover."""

import math

import numpy as np
import pytest

from patron.metrics import best_f1_threshold
from patron.models.decision import (
    Capacity,
    Costs,
    Fixed,
    MostF1,
    choose_threshold,
    worth,
)


def buyers(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Answers, and the probabilities that they are drawn from."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 4, rows)
    return (rng.random(rows) < p).astype(float), p


def test_most_f1_is_the_threshold_of_the_metrics() -> None:
    y, p = buyers(2000)
    assert choose_threshold(MostF1(), y, p) == best_f1_threshold(y, p)
    found = choose_threshold(MostF1(), y, p).value

    def f1(threshold: float) -> float:
        flagged = p >= threshold
        return float(2 * (y * flagged).sum() / (y.sum() + flagged.sum()))

    # No other threshold does better.
    assert f1(found) == max(map(f1, np.unique(p)))


def test_entities_widen_the_interval_of_f1() -> None:
    y, p = buyers(1000)
    y, p, groups = np.repeat(y, 4), np.repeat(p, 4), np.repeat(np.arange(1000), 4)
    by_rows = choose_threshold(MostF1(), y, p)
    by_entity = choose_threshold(MostF1(), y, p, groups=groups)
    assert by_entity.value == by_rows.value
    assert by_entity.high - by_entity.low > by_rows.high - by_rows.low


def test_a_fixed_threshold_stays_and_has_no_interval() -> None:
    y, p = buyers(500)
    found = choose_threshold(Fixed(0.25), y, p)
    assert (found.value, found.method, found.n) == (0.25, "set in the Study", 500)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(("cost", "margin", "value"), [(0.7, 20, 0.035), (5, 10, 0.5), (30, 20, 1)])
def test_with_costs_a_contact_must_pay_for_itself(cost: float, margin: float, value: float) -> None:
    y, p = buyers(500)
    found = choose_threshold(Costs(cost, margin), y, p)
    assert found.value == pytest.approx(value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.method == "contact cost / margin of a purchase"


def test_the_threshold_of_costs_brings_the_most() -> None:
    y, p = buyers(100_000)
    costs = Costs(2.0, 10.0)
    best = choose_threshold(costs, y, p).value

    def brings(threshold: float) -> float:
        found = worth(y, p, threshold=threshold, contact_cost=2.0, margin=10.0)
        return found.listed.value

    # Neighbours lose about 0.02 a customer; the standard error of the difference is 0.004.
    assert brings(best) > max(brings(best - 0.1), brings(best + 0.1), brings(0.0), brings(1.0))


@pytest.mark.parametrize(("customers", "among"), [(100, 1000), (250, 5000), (1, 1000), (999, 1000)])
def test_a_capacity_leaves_so_many_above(customers: int, among: int) -> None:
    y, p = buyers(2000)
    found = choose_threshold(Capacity(customers, among), y, p)
    left = (p >= found.value).sum()
    wanted = 2000 * customers / among
    assert left <= wanted + 1
    assert left >= min(wanted, 1999) - 1
    assert found.low <= found.value <= found.high
    assert found.n == 2000


@pytest.mark.parametrize("customers", [1000, 5000])
def test_a_capacity_for_all_leaves_nobody_out(customers: int) -> None:
    y, p = buyers(700)
    rule = Capacity(customers, 1000)
    assert rule.share == 1
    assert (p >= choose_threshold(rule, y, p).value).all()


def test_ties_at_a_capacity_are_all_taken_or_all_left() -> None:
    """Nobody can tell them apart: the threshold is a score that a customer has."""
    p = np.repeat([0.1, 0.2, 0.3, 0.4], 25)
    found = choose_threshold(Capacity(30, 100), np.zeros(100), p)
    assert found.value in p


def test_the_interval_of_a_capacity_covers_the_quantile_of_all() -> None:
    rng = np.random.default_rng(1)
    truth = np.quantile(rng.beta(1, 4, 2_000_000), 0.9)
    found = [
        choose_threshold(Capacity(10, 100), np.zeros(600), rng.beta(1, 4, 600)) for _ in range(300)
    ]
    covered = np.mean([each.covers(truth) for each in found])
    assert 0.92 <= covered <= 0.98  # 0.95 and its standard error of 0.0126, twice


def test_worth_by_hand() -> None:
    y = np.array([1.0, 0, 1, 0, 0])
    p = np.array([0.9, 0.8, 0.3, 0.2, 0.1])
    found = worth(y, p, threshold=0.5, contact_cost=1, margin=4)
    # Listed are the first two: 4 - 1 and -1; the others bring 0.
    assert found.listed.value == pytest.approx((3 - 1) / 5)
    # Everybody: two buyers bring 3 each, three others -1.
    assert found.everybody.value == pytest.approx((2 * 3 - 3) / 5)
    assert found.ahead.value == pytest.approx((2 - 3) / 5)
    assert found.listed.low < found.listed.value < found.listed.high
    # Where all together lose money, the better of the two is nobody.
    dear = worth(y, p, threshold=0.5, contact_cost=3, margin=4)
    assert dear.everybody.value == pytest.approx((2 * 1 - 3 * 3) / 5)
    assert dear.ahead.value == dear.listed.value == pytest.approx((1 - 3) / 5)


def test_an_empty_list_brings_nothing_for_certain() -> None:
    y, p = buyers(100)
    found = worth(y, p, threshold=2.0, contact_cost=1, margin=1)
    assert (found.listed.value, found.listed.low, found.listed.high) == (0, 0, 0)


def test_the_list_of_everybody_is_not_ahead_of_everybody() -> None:
    y, p = buyers(400)
    found = worth(y, p, threshold=0.0, contact_cost=0.1, margin=10)
    assert found.listed == found.everybody
    assert (found.ahead.value, found.ahead.low, found.ahead.high) == (0, 0, 0)


@pytest.mark.parametrize("what", ["listed", "everybody", "ahead"])
def test_intervals_of_money_cover(what: str) -> None:
    terms = {"threshold": 0.2, "contact_cost": 1.0, "margin": 6.0}
    p = buyers(2_000_000, seed=9)[1]
    each = p * 6 - 1  # the mean over the draws of the answer
    truth = {"listed": np.where(p >= 0.2, each, 0).mean(), "everybody": each.mean()}
    truth["ahead"] = truth["listed"] - max(truth["everybody"], 0)
    found = [getattr(worth(*buyers(500, seed), **terms), what) for seed in range(300)]
    covered = np.mean([estimate.covers(truth[what]) for estimate in found])
    assert 0.92 <= covered <= 0.98  # 0.95 and its standard error of 0.0126, twice


def test_intervals_of_money_know_that_rows_share_an_entity() -> None:
    y, p = buyers(500)
    groups = np.repeat(np.arange(500), 4)
    terms = {"threshold": 0.2, "contact_cost": 1.0, "margin": 6.0}
    once = worth(y, p, **terms).listed
    four = worth(np.repeat(y, 4), np.repeat(p, 4), groups=groups, **terms).listed
    assert four.value == pytest.approx(once.value)
    assert four.high - four.low == pytest.approx(once.high - once.low, rel=0.01)
