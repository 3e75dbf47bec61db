"""From the steps of a history to events: orders, visits, e-mails and notifications."""

__all__ = ["MEAN_DEPTH", "Log", "messages", "orders", "sessions"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.worlds.mechanism import PERIOD, STEP_DAYS, History
from patron.worlds.mechanism_calendar import Clock
from patron.worlds.population import PLACES, Population

_PRICES = np.array([0.6, 0.8, 1.0, 1.2, 0.7, 1.6, 0.9, 2.2, 0.5, 1.3])  # of the categories
_DEPTHS = np.array([0.05, 0.10, 0.10, 0.15, 0.20, 0.20, 0.30, 0.50])  # of discounts, equally likely
MEAN_DEPTH = float(_DEPTHS.mean())
_TASTE = 0.75  # share of orders in the customer's own category, and of the customer's own place


@dataclass(frozen=True)
class Log:
    """Events of one sort in order of time.

    Parameters
    ----------
    who : the customer, an index into the population.
    at : seconds since the shop opened.
    facts : what else is known of each event, by name.
    """

    who: NDArray[np.int32]
    at: NDArray[np.int64]
    facts: Mapping[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.facts[name]

    def where(self, chosen: NDArray[np.bool_]) -> "Log":
        """Some of the events."""
        facts = {name: values[chosen] for name, values in self.facts.items()}
        return Log(self.who[chosen], self.at[chosen], facts)


def orders(people: Population, history: History, clock: Clock, rng: np.random.Generator) -> Log:
    """Every order with its value, discount, category and fate, those of the label window too.

    The mean value of a customer's order is `traits.spending` less the mean discount, whatever the
    category, so that the expected spend follows from the expected number of orders.
    """
    at = clock.moments(history.when, rng)
    order = np.argsort(at, kind="stable")
    who, at, number = history.who[order], at[order], len(order)
    own = rng.random(number, np.float32) < _TASTE
    category = np.where(own, people.taste[who], rng.integers(0, len(_PRICES), number))
    dearness = _PRICES / (_TASTE * _PRICES[people.taste] + (1 - _TASTE) * _PRICES.mean())[:, None]
    value = people.traits.spending[who] * dearness[who, category]
    value = value * rng.standard_gamma(4.0, number, np.float32) / 4
    on_sale = rng.random(number, np.float32) < people.traits.bargains[who]
    depth = np.where(on_sale, _DEPTHS[rng.integers(0, len(_DEPTHS), number)], 0.0)
    sent_back = rng.random(number, np.float32) < people.mindful[who]
    refunded = at + rng.integers(3 * 86_400, 25 * 86_400, number)
    place = np.where(
        rng.random(number, np.float32) < _TASTE,
        people.place[who],
        rng.integers(0, PLACES, number),
    )
    facts = {
        "discount": depth,
        "amount": (value * (1 - depth)).round(2),
        "items": 1 + (rng.standard_exponential(number, np.float32) * 1.1).astype(np.int64),
        "category": category,
        "place": place,
        "online": rng.random(number, np.float32) < np.where(people.app, 0.85, 0.55)[who],
        "coupon": on_sale & (rng.random(number, np.float32) < 0.5),
        "complaint": rng.random(number, np.float32) < np.where(sent_back, 0.3, 0.05),
        "refunded": np.where(sent_back, refunded, -1),
    }
    return Log(who, at, facts)


def sessions(
    people: Population, history: History, bought: Log, clock: Clock, rng: np.random.Generator
) -> Log:
    """Every visit before the label window: those without an order, and the orders' own."""
    before = bought.at < clock.now
    visits = len(history.visitor)
    who = np.concatenate([history.visitor, bought.who[before]])
    at = np.concatenate([clock.moments(history.visited, rng), bought.at[before]])
    number = len(who)
    ordering = np.arange(number) >= visits
    period = at // (PERIOD * STEP_DAYS * 86_400)
    intent = people.carting.astype(np.float32)[who] + 0.9 * history.engagement[period, who]
    carted = ordering | (rng.random(number, np.float32) < 1 / (1 + np.exp(-intent)))
    drawn = rng.standard_exponential((4, number), np.float32)
    pages = 1 + (drawn[0] * (3.0 + 4.0 * carted)).astype(np.int32)
    views = 1 + (pages * 0.5 * rng.random(number, np.float32)).astype(np.int32)
    facts = {
        "pages": pages,
        "seconds": (pages * (15 + 30 * drawn[1])).astype(np.int32),
        "views": views,
        "carts": np.where(carted, np.minimum(1 + (0.8 * drawn[2]).astype(np.int32), views), 0),
        "wishes": (0.35 * drawn[3]).astype(np.int32),
    }
    return Log(who, at, facts)


def messages(
    people: Population,
    history: History,
    signed_up: NDArray[np.int64],
    clock: Clock,
    rng: np.random.Generator,
    *,
    every: int,
    extra: int,
    periods: int,
    welcome_days: int,
    warmth: float,
    to: NDArray[np.bool_],
    greeting: bool = False,
) -> Log:
    """Campaigns to all customers, and extra ones to those fond of bargains; who opened and clicked.

    Parameters
    ----------
    signed_up : second of the sign-up of each customer.
    every, extra : steps from one campaign to the next.
    periods : how many periods before the label window are kept.
    welcome_days : no campaigns in the first days of a customer.
    warmth : log-odds of opening, added to the customer's own.
    to : who can be reached.
    greeting : whether a first message goes out at the sign-up, however long ago.
    """
    steps = clock.days // STEP_DAYS
    fond = to & (people.traits.bargains > 0.4)
    parts: list[tuple[NDArray[Any], NDArray[Any]]] = []
    if greeting:
        parts.append((np.flatnonzero(to), signed_up[to]))
    for step in range(steps - periods * PERIOD, steps):
        if step % every == 0 or step % extra == 0:
            sent = step * STEP_DAYS * 86_400 + 9 * 3600
            known = signed_up + welcome_days * 86_400 < sent
            reach = np.flatnonzero((to if step % every == 0 else fond) & known)
            parts.append((reach, np.full(len(reach), sent)))
    who = np.concatenate([each for each, _ in parts]).astype(np.int32)
    at = np.concatenate([each for _, each in parts])
    period = at // (PERIOD * STEP_DAYS * 86_400)
    mood = 0.8 * history.engagement[period, who] - np.float32(1.3) * ~history.awake[period, who]
    opens, clicks = (each.astype(np.float32) for each in (people.opening + warmth, people.clicking))
    turn = rng.random((2, len(who)), np.float32)
    opened = turn[0] < 1 / (1 + np.exp(-(opens[who] + mood)))
    clicked = opened & (turn[1] < 1 / (1 + np.exp(-(clicks[who] + 0.5 * mood))))
    return Log(who, at, {"opened": opened, "clicked": clicked})
