"""The mechanism: its chances are exact, and what it draws follows them."""

import datetime as dt
import math

import numpy as np
import pytest

from patron.worlds.mechanism import PERIOD, Calendar, History, Traits, outlook, simulate
from patron.worlds.mechanism_calendar import Clock
from patron.worlds.mechanism_events import Log
from patron.worlds.mechanism_seen import Seen

STEPS = 4 * PERIOD


def traits(rows: int, **given: float) -> Traits:
    plain = {"buying": 0.6, "visiting": 2.0, "spending": 40.0, "leaving": 0.1, "bargains": 0.3}
    plain |= {"festive": 1.0, "refill": 0.0, "pull": 0.0}
    values = {k: np.full(rows, v, np.float32) for k, v in {**plain, **given}.items()}
    return Traits(start=np.zeros(rows, np.int32), **values)


def calendar(
    season: float = 0.0, sale: float = 0.0, on: float = 0.0, swing: float = 0.0
) -> Calendar:
    effects = (np.full(STEPS + PERIOD, each, np.float32) for each in (season, sale, on))
    return Calendar(*effects, memory=0.5, waking=0.1, swing=swing)


def at_window(rested: int, awake: bool = True, level: float = 0.0) -> History:
    """The state of one customer, with nothing in the history."""
    nothing = np.empty(0, np.int32)
    return History(
        *(nothing, nothing, nothing, nothing),
        engagement=np.full((5, 1), level, np.float32),
        awake=np.full((5, 1), awake),
        rested=np.array([rested], np.int32),
    )


def test_the_chance_of_a_rested_customer_is_that_of_a_constant_rate() -> None:
    # 0.6 orders in 30 days, more by exp(0.2 + 0.3 * 0.5 + 0.4) for what is on: one Poisson rate.
    chance, _ = outlook(
        traits(1, pull=0.4), calendar(season=0.2, sale=0.5, on=1.0), at_window(rested=20)
    )
    assert chance[0] == pytest.approx(1 - math.exp(-0.6 * math.exp(0.75)), rel=1e-5)


def test_after_an_order_comes_a_rest_and_for_some_a_refill() -> None:
    def chance(rested: int, refill: float) -> float:
        return outlook(traits(1, refill=refill), calendar(), at_window(rested))[0][0]

    # The factors of the steps after an order: .25, .6, .85, .95, 1, 1.
    assert chance(1, 0.0) == pytest.approx(1 - math.exp(-0.1 * 4.65), rel=1e-5)
    assert chance(4, 2.0) > chance(11, 2.0) == pytest.approx(chance(11, 0.0))


def test_the_asleep_order_at_a_small_part_of_the_rate() -> None:
    chance, expected = outlook(traits(1), calendar(), at_window(20, awake=False))
    assert chance[0] == pytest.approx(1 - math.exp(-0.6 * 0.03), rel=1e-5)
    assert expected[0] == pytest.approx(chance[0], rel=0.02)


def test_expected_orders_are_those_of_a_window_played_many_times() -> None:
    """Played in plain Python, order by order, from the rates that the module's docstring gives."""
    rest = [0.25, 0.6, 0.85, 0.95, 1.0, 1.0]
    refill = [0.0, 0.0, 0.0, 0.1, 0.6, 1.0]
    per_step = 2.4 / 6 * math.exp(0.3)
    rng = np.random.default_rng(3)
    orders = []
    for _ in range(20_000):
        since, count = 2, 0
        for _ in range(PERIOD):
            rate = per_step * ((rest[since - 1] + 0.8 * refill[since - 1]) if since <= 6 else 1.0)
            if since in (7, 8, 9):
                rate = per_step * (1 + 0.8 * {7: 0.8, 8: 0.3, 9: 0.1}[since])
            bought = rng.random() < 1 - math.exp(-min(rate, 0.6))
            count, since = count + bought, 1 if bought else since + 1
        orders.append(count)
    chance, expected = outlook(
        traits(1, buying=2.4, refill=0.8), calendar(), at_window(2, level=0.3)
    )
    drawn = np.array(orders)
    assert abs(drawn.mean() - expected[0]) < 4 * drawn.std() / math.sqrt(len(drawn))
    assert abs((drawn > 0).mean() - chance[0]) < 4 * math.sqrt(0.25 / len(drawn))


def test_what_is_drawn_follows_the_chances() -> None:
    rows = 40_000
    people = traits(rows, leaving=0.3, refill=0.5)
    shop = calendar(sale=0.4, swing=0.8)
    history = simulate(people, shop, np.random.default_rng(1))
    chance, expected = outlook(people, shop, history)
    ordered = np.bincount(history.who[history.when >= STEPS], minlength=rows)
    for part in np.array_split(np.argsort(chance), 8):
        error = math.sqrt((chance[part] * (1 - chance[part])).sum()) / len(part)
        assert abs((ordered[part] > 0).mean() - chance[part].mean()) < 4 * error
        spread = ordered[part].std() / math.sqrt(len(part))
        assert abs(ordered[part].mean() - expected[part].mean()) < 4 * spread


def test_everybody_orders_at_the_sign_up_and_visits_only_after_it() -> None:
    people = traits(500)
    late = np.sort(np.random.default_rng(0).integers(0, STEPS, 500)).astype(np.int32)
    people = Traits(late, *(getattr(people, name) for name in list(vars(people))[1:]))
    history = simulate(people, calendar(), np.random.default_rng(2))
    first = np.full(500, STEPS + PERIOD)
    np.minimum.at(first, history.who, history.when)
    assert (first == late).all()
    assert (history.visited > late[history.visitor]).all()
    assert history.visited.max() < STEPS


def test_moments_lie_in_their_step_and_crowd_on_sundays() -> None:
    clock = Clock(dt.date(2025, 9, 1), days=1080)
    steps = np.repeat(np.arange(216, dtype=np.int32), 300)
    at = clock.moments(steps, np.random.default_rng(0))
    assert ((at // 86_400) // 5 == steps).all()
    weekday = np.bincount((at // 86_400 + clock.opened.weekday()) % 7, minlength=7)
    # Steps of five days do not divide weeks evenly, 1080 days nearly do.
    assert weekday[6] > 1.2 * weekday[1]


def test_what_comes_later_is_not_seen() -> None:
    who = np.array([0, 0, 1, 1, 2], np.int32)
    at = np.array([10, 95, 40, 100, 100], np.int64) * 86_400
    log = Log(who, at, {"amount": np.array([5.0, 7.0, 11.0, 1000.0, 1000.0])})
    seen = Seen(log, 3, 100 * 86_400)
    assert seen.count().tolist() == [2, 1, 0]
    assert seen.count(5).tolist() == [1, 0, 0]
    assert seen.total("amount").tolist() == [12.0, 11.0, 0.0]
    assert seen.largest("amount").tolist() == [7.0, 11.0, 0.0]
    assert seen.days_since()[:2].tolist() == [5, 60]


def test_the_commonest_is_the_first_of_equals() -> None:
    who = np.array([0, 0, 0, 1, 1, 1], np.int32)
    at = np.zeros(6, np.int64)
    log = Log(who, at, {"category": np.array([4, 2, 2, 9, 3, 0])})
    seen = Seen(log, 3, 1)
    assert seen.commonest("category", 10).tolist() == [2, 0, -1]
    assert seen.distinct("category", 10).tolist() == [2, 3, 0]
