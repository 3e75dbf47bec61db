"""Datacorp, the table of the new hire's first week: what will each customer spend in the quarter.

Customers have latent traits (how often they order, what a basket is worth, how engaged they are,
when they drop out). Their orders since sign-up are drawn from these, the columns are counted from
the orders as of 30 September 2025, and `spending` is drawn from the same traits for the quarter
that follows. The expected spending is known, and no column holds it.
"""

__all__ = ["AS_OF", "datacorp"]

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World
from patron.worlds.datacorp_faults import Quarter, plant

AS_OF = datetime.date(2025, 9, 30)
"""The date that the columns are counted on; the quarter starts the day after."""

DUPLICATES = 0.2
"""The share of the rows that the planted near-duplicates have."""

STREAM = 2031
"""Of ten streams of random numbers the one whose seed 0 is nearest to the average of the ten."""

Floats = NDArray[np.floating]
Columns = dict[str, NDArray[np.generic]]

_REGIONS = ("North", "South", "East", "West", "Islands", "Capital", "Lakes", "Coast")
_CHANNELS = ("search", "social", "referral", "affiliate", "direct", "e-mail", "marketplace")
_CITIES = tuple(f"City {number:03d}" for number in range(200))
_BRANDS = tuple(f"Brand {number:03d}" for number in range(150))

# One column for each kind of customer. `season` is what the quarter does to the rate of orders,
# `steady` how little their orders depend on how engaged they are.
_KINDS = ("regular", "bargain hunter", "gift buyer", "occasional", "office")
_SHARE = (0.34, 0.24, 0.20, 0.08, 0.14)
_ORDERS_A_MONTH = (1.6, 1.8, 0.9, 0.8, 4.0)
_BASKET = (46.0, 32.0, 60.0, 50.0, 85.0)
_SEASON = (1.1, 1.3, 1.7, 1.1, 1.0)
_DISCOUNTED = (0.15, 0.60, 0.20, 0.20, 0.10)
_GIFTS = (0.10, 0.12, 0.50, 0.12, 0.05)
_RATE_SPREAD = (0.5, 0.5, 0.5, 0.5, 0.6)
_BASKET_SPREAD = (0.4, 0.4, 0.4, 0.4, 0.5)
_ENGAGEMENT = (0.63, 0.63, 0.63, 0.63, 0.27)
_STAYS_DAYS = (2000.0, 2000.0, 2000.0, 2000.0, 8000.0)

_STUDY = """\
# Datacorp: what will each customer spend in the fourth quarter?
[table]
path = "table.parquet"
entity = "customer_id"

[spend]
target = "spending"

[run]
seed = 0
"""


@dataclass(frozen=True)
class _People:
    """What is true of each customer, and never seen."""

    kind: NDArray[np.intp]
    rate: Floats
    basket: Floats
    engaged: Floats
    tenure: Floats
    stayed: Floats
    city: NDArray[np.intp]

    @property
    def here(self) -> NDArray[np.bool_]:
        """Who has not dropped out."""
        return self.stayed >= self.tenure


def datacorp(rows: int = 10_000, *, seed: int = 0, faults: bool = True) -> World:
    """A table of `rows` customers and 47 columns with the first week's faults in it.

    A fifth of the rows are the same customers again. With `faults=False` the table has the other
    four fifths, as they would be without faults: no column from the future, ids drawn by chance,
    and nothing where nothing was recorded.

    >>> world = datacorp(1000, seed=1)
    >>> world.table.shape, world.faults[1].says
    ((1000, 47), 'lifetime_value was refreshed in January for most customers: the quarter is in it')
    """
    customers = rows - round(DUPLICATES * rows)
    rng = np.random.default_rng([seed, STREAM])
    people = _people(customers, rng)
    columns = _columns(people, rng)
    quarter = _quarter(people, rng)
    untracked = columns["tenure_days"].astype(np.float64) > 638  # before 2024
    unasked = rng.random(customers) < 0.45
    columns["email_opens_90d"] = np.where(untracked, np.nan, columns["email_opens_90d"])
    columns["email_clicks_90d"] = np.where(untracked, np.nan, columns["email_clicks_90d"])
    columns["nps_score"] = np.where(unasked, np.nan, columns["nps_score"])
    truth: Columns = {
        "true_expected_spend": quarter.expected,
        "archetype": np.array(_KINDS)[people.kind],
    }
    columns["spending"] = quarter.spending
    ids = rng.choice(10 * customers, customers, replace=False) + 100_000
    if not faults:
        table = _table({"customer_id": ids, **columns})
        return World("datacorp", table, _table({"customer_id": ids, **truth}), _STUDY)
    planted = plant(columns, truth, quarter, rows, rng)
    return World(
        "datacorp", _table(planted.columns), _table(planted.truth), _STUDY, {}, planted.faults
    )


def _people(rows: int, rng: np.random.Generator) -> _People:
    kind = rng.choice(len(_KINDS), rows, p=_SHARE)

    def spread(by_kind: tuple[float, ...]) -> Floats:
        width = np.array(by_kind)[kind]
        return np.exp(width * rng.normal(size=rows) - width**2 / 2)

    tenure = np.minimum(30 + rng.gamma(1.2, 300, rows), 2500).round()
    return _People(
        kind=kind,
        rate=np.array(_ORDERS_A_MONTH)[kind] * spread(_RATE_SPREAD),
        basket=np.array(_BASKET)[kind] * spread(_BASKET_SPREAD),
        engaged=rng.normal(size=rows),
        tenure=tenure,
        stayed=np.minimum(rng.exponential(np.array(_STAYS_DAYS)[kind]), tenure),
        city=_drawn(len(_CITIES), 0.5, rows, rng),
    )


def _quarter(people: _People, rng: np.random.Generator) -> Quarter:
    """The orders of the quarter: as many as chance makes of the rate, each about a basket."""
    width = np.array(_ENGAGEMENT)[people.kind]
    engaged = np.exp(width * people.engaged - width**2 / 2)
    place = np.exp(0.1 * np.sin(2.4 * np.arange(len(_CITIES))))[people.city]
    rate = 3 * people.rate * np.array(_SEASON)[people.kind] * people.here * engaged * place
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    amount = _amounts(people, who, rng)
    return Quarter(
        expected=rate * people.basket,
        spending=_totals(who, amount, len(rate)),
    )


def _columns(people: _People, rng: np.random.Generator) -> Columns:
    rows = len(people.kind)
    kind, tenure = people.kind, people.tenure
    # Every customer's first order is that of the sign-up; the others fall anywhere after it.
    number = 1 + rng.poisson(people.rate * people.stayed / 30.4)
    who = np.repeat(np.arange(rows), number)
    first = np.diff(who, prepend=-1) > 0
    ago = tenure[who] - np.where(first, 0, rng.random(len(who)) * people.stayed[who])
    amount = _amounts(people, who, rng)

    def orders(within: float = np.inf) -> Floats:
        return np.bincount(who[ago <= within], minlength=rows).astype(float)

    def spend(within: float = np.inf) -> Floats:
        return _totals(who[ago <= within], amount[ago <= within], rows)

    def share(chance: Floats) -> Floats:
        """The share of a customer's orders to which something happened by chance."""
        happened = rng.random(len(who)) < chance[who]
        return (np.bincount(who[happened], minlength=rows) / number).round(3)

    def count(rate: Floats) -> Floats:
        return rng.poisson(rate * rng.gamma(4, 0.25, rows)).astype(float)

    def habit(by_kind: tuple[float, ...]) -> Floats:
        mean = np.array(by_kind)[kind]
        return rng.beta(6 * mean, 6 * (1 - mean))

    last, largest = np.full(rows, np.inf), np.zeros(rows)
    np.minimum.at(last, who, ago)
    np.maximum.at(largest, who, amount)
    active = np.where(people.here, 1.0, 0.15)
    sessions = count(np.exp(1.2 + 0.6 * people.engaged + 0.3 * np.log(people.rate)) * active)
    member = rng.random(rows) < 1 / (1 + np.exp(0.6 - 0.5 * np.log(number)))
    opens = rng.binomial(13, active / (1 + np.exp(0.8 - 0.9 * people.engaged))).astype(float)
    signup = np.datetime64(AS_OF) - tenure.astype("timedelta64[D]")
    gone = rng.random(rows) < 0.07
    age = (np.clip(rng.normal(40, 13, rows), 18, 85) + tenure / 365).round()  # 18 at sign-up
    visited = np.minimum(rng.exponential(20 / (1 + sessions)), last)
    return {
        "signup_date": signup,
        "tenure_days": tenure,
        "age": np.where(gone, np.nan, age),
        "gender": np.array(("f", "m", "x"))[rng.choice(3, rows, p=(0.55, 0.42, 0.03))],
        "region": np.array(_REGIONS)[people.city % len(_REGIONS)],
        "city": np.array(_CITIES)[people.city],
        "device_type": np.array(("phone", "desktop", "tablet"))[_drawn(3, 0.9, rows, rng)],
        "acquisition_channel": np.array(_CHANNELS)[_drawn(len(_CHANNELS), 0.6, rows, rng)],
        "payment_method": np.array(("card", "invoice", "wallet"))[_drawn(3, 0.8, rows, rng)],
        "favourite_brand": np.array(_BRANDS)[_drawn(len(_BRANDS), 0.4, rows, rng)],
        "newsletter": rng.random(rows) < 0.5,
        "loyalty_member": member,
        "loyalty_points": np.where(member, spend() * rng.uniform(0.4, 1.0, rows), 0).round(),
        "sessions_30d": sessions,
        "sessions_365d": sessions + count(11 * (sessions + 1) * np.minimum(tenure, 365) / 365),
        "avg_session_minutes": rng.gamma(2.0, 3.0 * np.exp(0.1 * people.engaged)).round(1),
        "pages_per_session": (1 + rng.gamma(2.0, 1.6, rows)).round(1),
        "product_views_30d": count(1 + 3.0 * sessions),
        "searches_30d": count(0.2 + 0.6 * sessions),
        "cart_adds_30d": count(0.05 + 0.25 * sessions),
        "cart_add_rate": rng.beta(2, 8, rows).round(3),
        "wishlist_events": count(np.exp(0.2 + 0.4 * people.engaged)),
        "app_opens_30d": count(np.exp(0.6 + 0.6 * people.engaged) * active),
        "days_since_last_visit": visited.round(),
        "orders_90d": orders(90),
        "orders_365d": orders(365),
        "orders_total": number.astype(float),
        "items_per_order": (1 + rng.gamma(2.0, 0.5, rows)).round(1),
        "spend_365d": spend(365),
        "spend_total": spend(),
        "avg_order_value": (spend() / number).round(2),
        "largest_order": largest.round(2),
        "days_since_last_purchase": last.round(),
        "avg_days_between_orders": np.where(
            number > 1, ((tenure - last) / np.maximum(number - 1, 1)).round(1), np.nan
        ),
        "discount_usage_rate": share(habit(_DISCOUNTED)),
        "refund_rate": share(rng.beta(1.5, 20, rows)),
        "gift_order_rate": share(habit(_GIFTS)),
        "categories_bought": 1 + rng.binomial(np.minimum(number - 1, 14), 0.6).astype(float),
        "coupon_redemptions": rng.binomial(number, 0.15 + 0.25 * (kind == 1)).astype(float),
        "email_opens_90d": opens,
        "email_clicks_90d": rng.binomial(opens.astype(int), 0.25).astype(float),
        "support_tickets": count(0.1 + 0.02 * number),
        "nps_score": np.clip(rng.normal(7.2, 2.2, rows), 0, 10).round(),
    }


def _totals(who: NDArray[np.intp], amount: Floats, rows: int) -> Floats:
    return np.asarray(np.bincount(who, amount, rows), np.float64).round(2)


def _amounts(people: _People, who: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """What each order of the customers `who` comes to."""
    return people.basket[who] * np.exp(rng.normal(-0.08, 0.4, len(who)))


def _drawn(count: int, skew: float, rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    weight = 1.0 / np.arange(1, count + 1) ** skew
    return rng.choice(count, rows, p=weight / weight.sum())


def _table(columns: Columns) -> pa.Table:
    return pa.table({name: _arrow(values) for name, values in columns.items()})


def _arrow(values: NDArray[np.generic]) -> pa.Array:
    if values.dtype.kind != "f":
        return pa.array(values)
    array = pa.array(values, from_pandas=True)
    whole = np.array_equal(values, np.round(values), equal_nan=True)
    return array.cast(pa.int64()) if whole else array
