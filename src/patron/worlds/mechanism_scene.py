"""One run of a shop: its customers, what they did, what comes next, and the World made of it."""

__all__ = ["Scene", "play"]

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World
from patron.worlds.ceilings import recorded
from patron.worlds.mechanism import STEP_DAYS, History, outlook, simulate
from patron.worlds.mechanism_calendar import Clock, calendar_of
from patron.worlds.mechanism_columns import label, whole
from patron.worlds.mechanism_events import MEAN_DEPTH, Log, messages, orders, sessions
from patron.worlds.mechanism_seen import Seen
from patron.worlds.population import ARCHETYPES, STEPS, Population, Shop, populate

NEW_DAYS = 60
"""A customer of so many days is called "new" in the truth, whatever the traits."""

_STUDY = """\
# {title}: who orders in the 30 days from {as_of} on?
[table]
path = "table.parquet"
entity = "customer_id"
as_of = {as_of}

[purchase]
target = "purchased_next_30d"
horizon_days = 30

[run]
seed = 0
"""


@dataclass(frozen=True)
class Scene:
    """A shop as of a date, its customers in the order of their sign-up.

    Parameters
    ----------
    orders : all orders, those of the label window too.
    bought, visited : what the shop has seen of orders and of visits before `clock.now`.
    signed_up : second of each customer's sign-up.
    rng : draws what comes after the mechanism.
    """

    people: Population
    history: History
    clock: Clock
    orders: Log
    bought: Seen
    visited: Seen
    signed_up: NDArray[np.int64]
    probability: NDArray[np.float64]
    expected_orders: NDArray[np.float64]
    rng: np.random.Generator

    @property
    def tenure(self) -> NDArray[np.int64]:
        """Days since the sign-up."""
        return self.clock.days - self.signed_up // 86_400

    def reached(self, **campaigns: Any) -> Seen:
        """What the shop has seen of campaigns, drawn by `mechanism_events.messages`."""
        rows = len(self.signed_up)
        log = messages(self.people, self.history, self.signed_up, self.clock, self.rng, **campaigns)
        return Seen(log, rows, self.clock.now)

    def world(
        self,
        name: str,
        features: Mapping[str, pa.Array],
        events: Mapping[str, tuple[Log, Mapping[str, pa.Array]]],
    ) -> World:
        """The World: its customers in random order under random numbers.

        Parameters
        ----------
        events : for each table of events its log, and its columns beside `customer_id`.
        """
        rows = len(self.signed_up)
        ids = self.rng.choice(10 * rows, rows, replace=False) + 10 * rows
        window = self.orders.who[self.orders.at >= self.clock.now]
        bought = np.bincount(window, minlength=rows) > 0
        kinds = [*ARCHETYPES, "new"]
        kind = np.where(self.tenure < NEW_DAYS, len(kinds) - 1, self.people.kind)
        worth = self.people.traits.spending * (1 - MEAN_DEPTH * self.people.traits.bargains)
        truth = {
            "customer_id": ids,
            "true_purchase_probability": self.probability,
            "true_expected_spend": self.expected_orders * worth,
            "archetype": label(kind, kinds),
        }
        order = pa.array(self.rng.permutation(rows))
        return World(
            name,
            pa.table({"customer_id": ids, **features, "purchased_next_30d": whole(bought)}).take(
                order
            ),
            pa.table(truth).take(order),
            _STUDY.format(title=f"The world {name}", as_of=self.clock.as_of),
            events={
                each: pa.table({"customer_id": ids[log.who], **columns})
                for each, (log, columns) in events.items()
            },
            facts={"ceilings": recorded(name)},
        )


def play(rows: int, shop: Shop, as_of: dt.date, seed: int) -> Scene:
    """Let `rows` customers come, visit and order until 30 days after `as_of`."""
    rng = np.random.default_rng([seed, shop.law])
    clock = Clock(as_of, STEPS * STEP_DAYS)
    calendar = calendar_of(clock, shop)
    people = populate(rows, shop, calendar.season, rng)
    history = simulate(people.traits, calendar, rng)
    ordered = orders(people, history, clock, rng)
    visits = sessions(people, history, ordered, clock, rng)
    signed_up = np.full(rows, clock.now)
    np.minimum.at(signed_up, ordered.who, ordered.at)
    bought, visited = (Seen(log, rows, clock.now) for log in (ordered, visits))
    chances = outlook(people.traits, calendar, history)
    return Scene(people, history, clock, ordered, bought, visited, signed_up, *chances, rng)
