"""Postcards: direct mail to a shop's customers, with a control group drawn by chance.

Each customer buys at a rate of their own until they drop out, and spends round a level of their
own. Five of six of those whom a campaign considers get a postcard; for 30 days it multiplies their
rate by a factor that depends on who they are. Every feature is known before the campaign's date.
"""

__all__ = ["postcards"]

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
People = dict[str, NDArray[Any]]

CAMPAIGNS = {
    "SPRING_24": "2024-04-02",
    "SUMMER_24": "2024-07-02",
    "AUTUMN_24": "2024-10-01",
    "WINTER_25": "2025-01-08",
    "SPRING_25": "2025-04-01",
}
HISTORY_DAYS = 900  # orders begin so many days before the first campaign
WINDOW = 30
TREATED = 5 / 6
DORMANT = 0.04  # of their rate is left to customers who dropped out
TAIL = 0.9  # standard deviation of the logarithm of an order's amount

_REGIONS = ("North", "South", "East", "West", "Capital")
_CHANNELS = ("search", "social", "catalogue", "referral", "shop")
_ARCHETYPES = ("sure thing", "persuadable", "do not disturb", "lost cause")

_STUDY = """\
# Postcards: to whom are they worth their cost?
[table]
path = "table.parquet"
entity = "customer_id"
as_of = "campaign_date"

[spend]
target = "total_30d_post_campaign_spend"

[campaign]
treatment = "postcard"
campaign = "campaign_id"
outcome = "total_30d_post_campaign_spend"
contact_cost = 0.70

[run]
seed = 0
"""


def postcards(rows: int = 15_000, *, seed: int = 0) -> World:
    """Five campaigns to customers who are in about two of them each; a row is one in a campaign.

    In the truth, `true_expected_spend` is the mean of the 30 days' spend given whether a postcard
    came, `true_expected_spend_untreated` the same without one, `true_effect` what one adds.

    >>> world = postcards(1000, seed=1)
    >>> world.table.num_rows, world.table.num_columns, world.truth.num_columns
    (1000, 18, 5)
    """
    rng = np.random.default_rng([seed, 70])
    dates = np.array(list(CAMPAIGNS.values()), dtype="datetime64[D]").astype(np.int64)
    start, end = int(dates[0]) - HISTORY_DAYS, int(dates[-1]) + WINDOW
    people = _people(rows // 2 + 10, start, int(dates[-1]), rng)
    who, campaign = _considered(rows, people, dates, rng)
    date = dates[campaign]
    postcard = rng.random(rows) < TREATED
    archetype, factor = _archetypes(people, who, date)
    untreated = _expected_orders(people, who, date)
    customer, day, amount = _orders(people, end, rng)
    # A postcard adds orders to the window, or takes some away; what it did is history later.
    added = rng.poisson(np.where(postcard, np.maximum(factor - 1, 0) * untreated, 0))
    extra = np.repeat(np.arange(rows), added)
    lost = _lost(customer, day, who, date, np.where(postcard, 1 - factor, 0), rng)
    customer = np.concatenate([customer[~lost], who[extra]])
    day = np.concatenate([day[~lost], date[extra] + rng.integers(0, WINDOW, len(extra))])
    amount = np.concatenate([amount[~lost], _amounts(people["level"][who[extra]], rng)])
    order = np.lexsort((day, customer))
    orders = customer[order], day[order], amount[order]
    keys = np.array([f"CUST_{key:07d}" for key in rng.permutation(10 * len(people["rate"]))])
    spent = _between(orders, who, date, date + WINDOW)[1].round(2)
    table = pa.table(
        {
            "customer_id": keys[who],
            "campaign_id": np.array(list(CAMPAIGNS))[campaign],
            "campaign_date": _days(date),
            "postcard": postcard.astype(np.int64),
            **_features(people, orders, who, date, rng),
            "total_30d_post_campaign_spend": spent,
        }
    )
    base = untreated * people["level"][who]
    truth = pa.table(
        {
            "customer_id": keys[who],
            "true_expected_spend": base * np.where(postcard, factor, 1),
            "true_expected_spend_untreated": base,
            "true_effect": base * (factor - 1),
            "archetype": np.array(_ARCHETYPES)[archetype],
        }
    )
    events = pa.table(
        {"customer_id": keys[orders[0]], "ordered_on": _days(orders[1]), "amount": orders[2]}
    )
    return World("postcards", table, truth, _STUDY, events={"orders": events})


def _people(count: int, start: int, end: int, rng: np.random.Generator) -> People:
    habit, bargains = rng.normal(size=count), rng.normal(size=count)
    first = start + np.floor((end - start - 10) * rng.beta(1.1, 1.3, count))
    stays = rng.gamma(2.0, 900.0, count)  # days that such a customer stays on average
    return {
        "habit": habit,
        "bargains": bargains,
        "openness": 0.8 * bargains - 0.4 * habit + 0.5 * rng.normal(size=count),
        "first": first,
        "stays": stays,
        "dropped": first + stays * rng.exponential(1.0, count),
        "rate": np.exp(-3.8 + 0.8 * habit + 0.3 * bargains),
        "level": np.exp(4.1 + 0.55 * rng.normal(size=count) - 0.2 * bargains),
        "age": np.clip(rng.normal(48, 15, count), 18, 92).round(),
        "no_age": rng.random(count) < 0.1,
        "no_mail": rng.random(count) < 0.12,
        "region": rng.choice(_REGIONS, count, p=(0.3, 0.22, 0.2, 0.16, 0.12)),
        "channel": rng.choice(_CHANNELS, count, p=(0.34, 0.22, 0.18, 0.14, 0.12)),
    }


def _considered(
    rows: int, people: People, dates: Numbers, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Who is considered for which campaign, by campaign.

    Customers of a week or more; those who dropped out are gradually taken off the list.
    """
    gone = np.maximum(dates[None, :] - people["dropped"][:, None], 0)
    known = people["first"][:, None] + 7 < dates[None, :]
    who, campaign = np.nonzero(known)
    # The smallest of exponential times are drawn: a listing that is twice as likely comes sooner.
    times = rng.exponential(1.0, len(who)) * np.exp(gone[known] / 300)
    taken = np.sort(np.argsort(times, kind="stable")[:rows])
    taken = taken[np.argsort(campaign[taken], kind="stable")]
    return who[taken], campaign[taken]


def _archetypes(people: People, who: Numbers, date: Numbers) -> tuple[Numbers, Floats]:
    """The place in `_ARCHETYPES`, and the factor on the rate of buying."""
    openness = people["openness"][who]
    archetype = np.select(
        [people["dropped"][who] < date, openness > 0.4, openness < -1.3], [3, 1, 2], 0
    )
    factors = (np.ones(len(who)), 1.4 + np.minimum(openness, 2.5), np.full(len(who), 0.65))
    return archetype, np.choose(archetype, (*factors, np.ones(len(who))))


def _season(day: NDArray[np.generic]) -> Floats:
    """The part of the highest rate that is left on a day; the highest is in mid December."""
    return 0.9 + 0.1 * np.cos(2 * np.pi * (day.astype(float) - 348) / 365.25)


def _expected_orders(people: People, who: Numbers, date: Numbers) -> Floats:
    """The mean number of orders in the window without a postcard, for who is known to be active."""
    active = people["dropped"][who] >= date
    total = np.zeros(len(who))
    for later in range(WINDOW):
        # Whoever drops out inside the window is dormant for the rest of it.
        still = active * np.exp(-(later + 0.5) / people["stays"][who])
        total += _season(date + later) * (still + (1 - still) * DORMANT)
    return people["rate"][who] * total


def _orders(people: People, end: int, rng: np.random.Generator) -> tuple[Numbers, Numbers, Floats]:
    """Customer, day and amount of every order; each customer's first one opens their history."""
    first = people["first"].astype(np.int64)
    counts = rng.poisson(people["rate"] * (end - first))
    who = np.repeat(np.arange(len(first)), counts)
    day = first[who] + np.floor(rng.random(len(who)) * (end - first[who])).astype(np.int64)
    kept = rng.random(len(who)) < _season(day) * np.where(
        day < people["dropped"][who], 1.0, DORMANT
    )
    who = np.concatenate([np.arange(len(first)), who[kept]])
    day = np.concatenate([first, day[kept]])
    return who, day, _amounts(people["level"][who], rng)


def _amounts(level: Floats, rng: np.random.Generator) -> Floats:
    noise = np.exp(TAIL * rng.normal(size=len(level)) - TAIL**2 / 2)
    return np.maximum((level * noise).round(2), 0.01)


def _lost(
    customer: Numbers,
    day: Numbers,
    who: Numbers,
    date: Numbers,
    share: Floats,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """The orders that a postcard put the customer off: `share` of those in its window."""
    lost = np.zeros(len(day), dtype=bool)
    for start in np.unique(date):
        off = np.zeros(max(customer.max(), who.max()) + 1)
        off[who[date == start]] = np.maximum(share[date == start], 0)
        inside = (day >= start) & (day < start + WINDOW)
        lost |= inside & (rng.random(len(day)) < off[customer])
    return lost


def _between(
    orders: tuple[Numbers, Numbers, Floats], who: Numbers, since: Numbers, until: Numbers
) -> tuple[Numbers, Floats]:
    """How many orders, and for how much, from `since` to before `until`; orders are sorted."""
    customer, day, amount = orders
    key, days = customer * 100_000 + day, who * 100_000
    low, high = np.searchsorted(key, days + since), np.searchsorted(key, days + until)
    total = np.append(0, np.cumsum(amount))
    return high - low, total[high] - total[low]


def _features(
    people: People,
    orders: tuple[Numbers, Numbers, Floats],
    who: Numbers,
    date: Numbers,
    rng: np.random.Generator,
) -> dict[str, pa.Array]:
    rows = len(who)
    ever, spent = _between(orders, who, np.zeros(rows, np.int64), date)
    last = np.searchsorted(orders[0] * 100_000 + orders[1], who * 100_000 + date) - 1
    first = people["first"][who].astype(np.int64)
    habit, bargains = people["habit"][who], people["bargains"][who]
    active = people["dropped"][who] >= date
    visits = rng.poisson(np.where(active, 4.0, 0.5) * np.exp(0.6 * habit) * rng.gamma(2, 0.5, rows))
    opens = 1 / (1 + np.exp(0.6 - 0.5 * people["openness"][who] + 0.4 * ~active))
    return {
        "age": _with_gaps(people["age"][who], people["no_age"][who]),
        "region": pa.array(people["region"][who]),
        "acquisition_channel": pa.array(people["channel"][who]),
        "first_order_date": _days(first),
        "tenure_days": pa.array(date - first),
        "days_since_last_purchase": pa.array(date - orders[1][last]),
        "orders_365d": pa.array(_between(orders, who, date - 365, date)[0]),
        "lifetime_spend": pa.array(spent.round(2)),
        "average_order_value": pa.array((spent / ever).round(2)),
        "web_visits_30d": pa.array(visits),
        "email_open_rate": _with_gaps(
            rng.beta(6 * opens, 6 * (1 - opens)).round(3), people["no_mail"][who]
        ),
        "discount_share": pa.array(_share(bargains - 0.7, rng)),
        "brand_affinity": pa.array(_share(0.8 * habit - 0.4, rng)),
    }


def _share(centre: Floats, rng: np.random.Generator) -> Floats:
    mean = 1 / (1 + np.exp(-centre))
    return rng.beta(8 * mean, 8 * (1 - mean)).round(3)


def _with_gaps(values: Floats, gone: NDArray[np.bool_]) -> pa.Array:
    whole = np.array_equal(values, values.round())
    return pa.array(values.astype(np.int64) if whole else values, mask=gone)


def _days(numbers: NDArray[np.generic]) -> pa.Array:
    return pa.array(numbers.astype(np.int32)).cast(pa.date32())
