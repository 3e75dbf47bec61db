"""The mechanism of the worlds: who visits and orders when, from latent rates, and what comes next.

Time runs in steps of five days; six steps are a period of 30 days, in which a customer's engagement
stays as it is. In a step a customer orders with probability 1 − exp(−rate), where

    rate = buying / 6 × exp(engagement + pull × on + bargains × sale + festive × season) × rest

- `engagement` wanders from period to period and returns to its middle (first-order autoregressive);
- `rest` is low just after an order, and above 1 when a refill is due (for customers who refill);
- the rate of a step is at most 0.6: even the keenest let a month pass now and then;
- an asleep customer orders at a small part of the rate, and may wake at the start of a period.

The last period is the label window. What its engagement is, and whether the customer is awake, is
decided at its start and is part of the latent state, so that the probability of an order in it is
known exactly (`outlook`). See docs/worlds.md.
"""

__all__ = ["PERIOD", "STEP_DAYS", "Calendar", "History", "Traits", "outlook", "simulate"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

STEP_DAYS = 5
PERIOD = 6
"""Steps in a period of 30 days."""

# By steps since the last order: just bought, rested; then the refill that is due after a month.
_REST = np.array([1.0, 0.25, 0.6, 0.85, 0.95, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], np.float32)
_REFILL = np.array([0.0, 0.0, 0.0, 0.0, 0.1, 0.6, 1.0, 0.8, 0.3, 0.1, 0.0, 0.0], np.float32)
_ASLEEP_ORDERS, _ASLEEP_VISITS = np.float32(0.03), np.float32(0.12)
_MOST = np.float32(0.6)


@dataclass(frozen=True)
class Traits:
    """What customers are like: one value a customer, sorted by `start`.

    Parameters
    ----------
    start : the step of the sign-up, which is also that of the first order.
    buying : orders in 30 days while awake.
    visiting : visits without an order in 30 days while awake.
    spending : mean value of an order before discounts.
    leaving : chance to fall asleep at the start of a period.
    bargains : share of orders with a discount, and how far a sale moves the customer.
    festive : how far the season moves the customer.
    refill : how much more is ordered when a refill is due.
    pull : log effect of what is on in the window, which follows from who the customer is.
    """

    start: Ints
    buying: Floats
    visiting: Floats
    spending: Floats
    leaving: Floats
    bargains: Floats
    festive: Floats
    refill: Floats
    pull: Floats


@dataclass(frozen=True)
class Calendar:
    """What is on in the shop in each step, up to the end of the label window: log effects.

    Parameters
    ----------
    season : for a customer whose `festive` is 1.
    sale : for a customer whose `bargains` is 1.
    on : how much of `pull` acts.
    memory : correlation of the engagement with that of the period before.
    waking : chance to wake at the start of a period.
    swing : standard deviation of the engagement.
    """

    season: Floats
    sale: Floats
    on: Floats
    memory: float
    waking: float
    swing: float = 0.7

    @property
    def steps(self) -> int:
        """Steps before the label window."""
        return len(self.season) - PERIOD


@dataclass(frozen=True)
class History:
    """What happened, and the latent state at the start of the label window.

    Parameters
    ----------
    who, when : the orders: customer (an index into the traits) and step, in order of time.
    visitor, visited : the visits without an order before the window, likewise.
    engagement : by period, the window's last [periods, rows]; 0 before the sign-up.
    awake : likewise.
    rested : steps since the last order at the start of the window.
    """

    who: Ints
    when: Ints
    visitor: Ints
    visited: Ints
    engagement: Floats
    awake: NDArray[np.bool_]
    rested: Ints


def simulate(traits: Traits, calendar: Calendar, rng: np.random.Generator) -> History:
    """Run the shop from its first day to the end of the label window."""
    rows, steps = len(traits.start), calendar.steps + PERIOD
    level = np.zeros(rows, np.float32)
    engagement = np.zeros((steps // PERIOD, rows), np.float32)
    awake = np.ones(rows, np.bool_)
    rested = np.zeros(rows, np.int32)
    waking = np.ones(engagement.shape, np.bool_)
    rested_at_window = rested
    who: list[Ints] = []
    visitor: list[Ints] = []
    here = 0  # customers who signed up before this step: the first ones, as they are sorted
    for step in range(steps):
        known = slice(0, here)
        if step % PERIOD == 0:
            noise = rng.standard_normal(rows, np.float32) * np.float32(calendar.swing)
            # A customer who comes later begins here as one of long standing would be by now.
            kept = np.float32(calendar.memory if step else 0.0)
            level = kept * level + np.sqrt(1 - kept**2) * noise
            engagement[step // PERIOD, known] = level[known]
            turn = rng.random(here, np.float32)
            asleep = ~awake[known]
            awake[known] = np.where(asleep, turn < calendar.waking, turn > traits.leaving[known])
            waking[step // PERIOD] = awake
        if step == calendar.steps:
            rested_at_window = rested.copy()
        rate = _rate(traits, calendar, step, level, awake, rested, known)
        bought = rng.standard_exponential(here, np.float32) < rate
        newcomers = int(np.searchsorted(traits.start, step, side="right"))
        rested[known] += 1
        rested[:here][bought] = 1
        rested[here:newcomers] = 1
        who.append(
            np.concatenate([np.flatnonzero(bought), np.arange(here, newcomers)]).astype(np.int32)
        )
        if step < calendar.steps:
            visitor.append(_visits(traits, level, awake, known, rng))
            here = newcomers
    orders, visits = (
        (np.concatenate(each), np.repeat(np.arange(len(each), dtype=np.int32), [*map(len, each)]))
        for each in (who, visitor)
    )
    return History(*orders, *visits, engagement, waking, rested_at_window)


def outlook(
    traits: Traits, calendar: Calendar, history: History
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The probability of an order in the label window, and the expected number of orders.

    Both are exact given the latent state at the start of the window: until the first order nothing
    about the rate is random, and after an order it depends only on the step of that order.
    """
    rows = len(traits.start)
    level = history.engagement[-1]
    none = np.ones(rows)  # no order so far
    last = np.zeros((PERIOD, rows))  # the last order so far was in this step of the window
    expected = np.zeros(rows)
    for ahead in range(PERIOD):
        step = calendar.steps + ahead

        def chance(rested: Ints, step: int = step) -> NDArray[np.float64]:
            rate = _rate(traits, calendar, step, level, history.awake[-1], rested, slice(0, rows))
            return -np.expm1(-rate.astype(np.float64))

        first = none * chance(history.rested + ahead)
        again = [last[j] * chance(np.full(rows, ahead - j, np.int32)) for j in range(ahead)]
        for j, moved in enumerate(again):
            last[j] -= moved
        none -= first
        last[ahead] = first + sum(again)
        expected += last[ahead]
    return 1 - none, expected


def _rate(
    traits: Traits,
    calendar: Calendar,
    step: int,
    level: Floats,
    awake: NDArray[np.bool_],
    rested: Ints,
    known: slice,
) -> Floats:
    moved = (
        level[known]
        + traits.festive[known] * calendar.season[step]
        + traits.bargains[known] * calendar.sale[step]
    )
    if calendar.on[step]:
        moved += traits.pull[known] * calendar.on[step]
    since = np.minimum(rested[known], len(_REST) - 1)
    rest = _REST[since] + traits.refill[known] * _REFILL[since]
    part = np.where(awake[known], np.float32(1 / PERIOD), _ASLEEP_ORDERS / PERIOD)
    return np.minimum(traits.buying[known] * np.exp(moved) * rest * part, _MOST)


def _visits(
    traits: Traits,
    level: Floats,
    awake: NDArray[np.bool_],
    known: slice,
    rng: np.random.Generator,
) -> Ints:
    """Who visits in a step without ordering, once for each visit."""
    part = np.where(awake[known], np.float32(1 / PERIOD), _ASLEEP_VISITS / PERIOD)
    rate = traits.visiting[known] * np.exp(np.float32(1.3) * level[known]) * part
    # A Poisson number for each, faster: its total, dealt out in proportion to the rates.
    bound = np.cumsum(rate, dtype=np.float64)
    if not len(bound):
        return np.empty(0, np.int32)
    at = rng.random(rng.poisson(bound[-1])) * bound[-1]
    return np.searchsorted(bound, at, side="right").astype(np.int32)
