"""Customers month by month: what they do follows from latent traits that wander a little.

Shared by the worlds `archetypes` and `continuum`, which differ in where the traits come from. A
month is a twelfth of a year; the windows of 30, 90, 180 and 365 days are 1, 3, 6 and 12 of them, so
that the tables of two months overlap as they would in a shop.
"""

__all__ = ["DAYS", "TRAITS", "Pace", "People", "Played", "play", "study_text"]

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TRAITS = ("ordering", "spending", "visiting", "reading", "bargains", "returning")
"""How often they order, what a basket is worth, how often they visit, how many messages they open,
how fond they are of discounts, how much they send back. Each has about mean 0 and sd 1."""

DAYS = 365 / 12
YEAR = 12
WANDER = 0.25
"""Standard deviation of a trait round a customer's own mean, from month to month."""
MEMORY = 0.85
"""Its correlation with the month before."""
MAILS, PUSHES = 4, 6
"""Sent to everybody in a month."""
ITEMS = 4
"""In an order, on average."""
LEAVING = (0.01, 0.035)
"""Chance that a customer closes the account in a month; the second for those who did not order for
half a year."""


@dataclass(frozen=True)
class Pace:
    """What a customer with traits of 0 does in a month.

    Parameters
    ----------
    orders, visits, wishes, app, coupons, tickets : so many.
    """

    orders: float
    visits: float
    wishes: float
    app: float
    coupons: float
    tickets: float


@dataclass(frozen=True)
class People:
    """Customers before their months are played.

    Parameters
    ----------
    mean : their traits on average [n, 6], in the order of `TRAITS`.
    tenure : days since they joined, at the end of month 0 [n]; negative for those who join later.
    """

    mean: Floats
    tenure: Floats


@dataclass(frozen=True)
class Played:
    """What the shop has seen of its customers [n] at the end of a month, and what comes next.

    Parameters
    ----------
    traits : where they wandered to [n, 6].
    here : who still is a customer.
    tenure, since_order, since_visit : in days.
    months : by name, counts of the last months, the newest first, each [n].
    ever : by name, counts since they joined.
    rate : orders to be expected in the next month.
    worth : what an order of theirs is worth on average.
    ordered : orders in the next month.
    """

    traits: Floats
    here: Flags
    tenure: Floats
    since_order: Floats
    since_visit: Floats
    months: dict[str, list[Floats]]
    ever: dict[str, Floats]
    rate: Floats
    worth: Floats
    ordered: Floats

    def window(self, name: str, months: int) -> Floats:
        """What was counted in the last months."""
        return np.sum(self.months[name][:months], axis=0)


def play(people: People, pace: Pace, month: int, *, seed: tuple[int, ...]) -> Played:
    """Play the year before month 0, and the months up to `month`.

    The same seed gives the same months, however many of them are played. What is ordered in a month
    is a Poisson count whose rate is known when the month begins.
    """
    state = _Months(people, pace, np.random.default_rng([*seed, 0]))
    for number in range(1 - YEAR, month + 1):
        state.play(number, np.random.default_rng([*seed, number + YEAR]))
    coming = np.random.default_rng([*seed, month + 1 + YEAR])
    rate = state.rate()
    return Played(
        state.traits,
        state.here,
        state.tenure,
        state.since_order,
        state.since_visit,
        state.months,
        state.ever,
        rate,
        state.worth(),
        coming.poisson(rate).astype(float),  # the first draw of that month
    )


@dataclass
class _Months:
    people: People
    pace: Pace
    rng: np.random.Generator
    months: dict[str, list[Floats]] = field(default_factory=dict)
    ever: dict[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """As it was a year before the end of month 0."""
        rng, n = self.rng, len(self.people.tenure)
        self.wander = WANDER * rng.normal(size=(n, len(TRAITS)))
        self.own = rng.normal(size=n)  # of baskets: what a person's are worth beside the trait
        self.here = np.ones(n, dtype=bool)
        self.tenure = self.people.tenure - DAYS * YEAR
        before = np.maximum(self.tenure, 0)
        self.since_order = np.minimum(DAYS * rng.exponential(1, n) / self.rate(), before)
        self.since_visit = np.minimum(DAYS * rng.exponential(1, n) / self._visits(), before)
        orders = (before > 0) + rng.poisson(self.rate() * before / DAYS)
        views = rng.poisson(3 * self._visits() * np.minimum(before / DAYS, YEAR))
        self._remember(rng, orders.astype(float), views.astype(float))

    @property
    def traits(self) -> Floats:
        return self.people.mean + self.wander

    def rate(self) -> Floats:
        return self.pace.orders * np.exp(self._trait("ordering"))

    def worth(self) -> Floats:
        spending, bargains = self._trait("spending"), self._trait("bargains")
        return np.exp(3.7 + 0.4 * spending - 0.1 * bargains + 0.2 * self.own)

    def play(self, number: int, rng: np.random.Generator) -> None:
        """One month; its label is drawn first, with the rate as it was when the month began."""
        there = np.clip(self.tenure / DAYS + 1, 0, 1)  # the part of the month that they are here
        joined = (self.tenure < 0) & (there > 0)
        self.tenure = self.tenure + DAYS
        # Drawn for whole months by everybody, so that who joins changes nobody else's numbers.
        orders = rng.poisson(self.rate()).astype(float)
        orders = np.where(there < 1, np.floor(orders * there) + joined, orders)
        visits = rng.poisson(self._visits() * there) + orders
        self._remember(rng, orders, rng.poisson(3 * visits).astype(float))
        reading, bargains = self._trait("reading"), self._trait("bargains")
        mails, pushes = np.floor(MAILS * there), np.floor(PUSHES * there)
        opened = rng.binomial(mails.astype(int), _chance(-0.9 + 0.6 * reading + 0.15 * bargains))
        clicked = rng.binomial(opened, _chance(-1.1 + 0.5 * reading + 0.2 * bargains))
        tapped = rng.binomial(pushes.astype(int), _chance(-2.2 + 0.6 * reading))
        visiting, returning = self._trait("visiting"), self._trait("returning")
        counted = {
            "visits": visits,
            "mails": mails,
            "opened": opened,
            "clicked": clicked,
            "pushes": pushes,
            "tapped": tapped,
            "app": rng.poisson(there * self.pace.app * np.exp(0.9 * visiting + 0.2 * reading)),
            "wishes": rng.poisson(there * self.pace.wishes * np.exp(0.9 * visiting)),
            "coupons": rng.poisson(there * self.pace.coupons * np.exp(0.8 * bargains)),
            "tickets": rng.poisson(there * self.pace.tickets * np.exp(0.8 * returning)),
        }
        for name, values in counted.items():
            self._count(name, np.asarray(values, float))
        self.since_order = self._since(self.since_order, orders, rng)
        self.since_visit = np.minimum(self._since(self.since_visit, visits, rng), self.since_order)
        step = rng.normal(size=self.wander.shape)
        self.wander = MEMORY * self.wander + WANDER * np.sqrt(1 - MEMORY**2) * step
        leaving = np.where(self.since_order > 183, *LEAVING[::-1])
        gone = (rng.random(len(there)) < leaving) & (there == 1)
        if number > 0:  # those who left before are not in the table of month 0
            self.here &= ~gone

    def _trait(self, name: str) -> Floats:
        place = TRAITS.index(name)
        trait: Floats = self.people.mean[:, place] + self.wander[:, place]
        return trait

    def _visits(self) -> Floats:
        return self.pace.visits * np.exp(self._trait("visiting"))

    def _remember(self, rng: np.random.Generator, orders: Floats, views: Floats) -> None:
        """Orders and views, and what comes of them: kept for the months, and for ever."""
        items = orders + rng.poisson((ITEMS - 1) * orders)
        carts = _chance(-2.2 + 0.4 * self._trait("visiting"))
        counted = {
            "orders": orders,
            "spent": rng.gamma(4 * orders) / 4 * self.worth(),
            "discounted": rng.binomial(
                orders.astype(int), _chance(-0.8 + 1.1 * self._trait("bargains"))
            ).astype(float),
            "items": items,
            "returned": rng.binomial(
                items.astype(int), _chance(-2.0 + 0.9 * self._trait("returning"))
            ).astype(float),
            "views": views,
            "carts": rng.binomial(views.astype(int), carts).astype(float),
        }
        for name, values in counted.items():
            self.ever[name] = self.ever.get(name, 0.0) + values
            self._count(name, values)

    def _count(self, name: str, values: Floats) -> None:
        self.months[name] = [values, *self.months.get(name, [])[: YEAR - 1]]

    def _since(self, since: Floats, count: Floats, rng: np.random.Generator) -> Floats:
        """Days since the last of `count` moments in the month, or one month more."""
        latest = rng.random(len(count)) ** (1 / np.maximum(count, 1))
        days = np.where(count > 0, DAYS * (1 - latest), since + DAYS)
        return np.minimum(days, np.maximum(self.tenure, 0))


def _chance(log_odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-log_odds))
    return chance


def study_text(question: str, as_of: dt.date) -> str:
    """A ready `patron.toml` that asks for segments, and who orders in the 30 days from a date."""
    return f"""\
# {question}
[table]
path = "table.parquet"
entity = "customer_id"
as_of = {as_of}

[purchase]
target = "purchased_next_30d"
horizon_days = 30

[segments]

[run]
seed = 0
"""
