"""Postcards: direct mail to a shop's customers, with a control group drawn by chance.

Each customer orders at a rate of their own until they drop out. Five of six of those whom a
campaign considers get a postcard; what they then spend in 30 days is drawn from a distribution
that is a function of the table's columns alone, so the best possible prediction is known. It is
one order in the window, and history for the campaigns after it.
"""

__all__ = ["postcards"]

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
People = dict[str, NDArray[Any]]
Columns = Mapping[str, NDArray[Any]]

CAMPAIGNS = {
    "SPRING_24": "2024-04-02",
    "SUMMER_24": "2024-07-02",
    "AUTUMN_24": "2024-10-01",
    "WINTER_25": "2025-01-08",
    "SPRING_25": "2025-04-01",
}
LATER = {
    "SUMMER_25": "2025-07-01",
    "AUTUMN_25": "2025-10-07",
    "WINTER_26": "2026-01-06",
    "SPRING_26": "2026-04-07",
}
HISTORY_DAYS = 900  # orders begin so many days before the first campaign
WINDOW = 30
TREATED = 5 / 6
DORMANT = 0.04  # of their rate is left to customers who dropped out
TAIL = 0.9  # standard deviation of the logarithm of an order's amount outside the windows
DAY = 86_400  # seconds

CAP = 50_000.0  # nobody spends more in a window
SIGMA = 0.75  # standard deviation of the logarithm of what is spent, where something is
CONVERTED = 1e-4  # the same of what converting the currency does to it
SPIKE = 5.5  # what the very last moment adds to the logarithm; a day later it is half of that
SEASONS = {1: -0.3, 4: 0.0, 7: -0.15, 10: 0.35}  # by the campaign's month
NO_RATE = 0.4  # stands for an e-mail rate that is not known
LOST = 240.0  # days without an order, after which a postcard does nothing

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


class _Orders(NamedTuple):
    """Orders, sorted by customer and time; the time in seconds."""

    customer: Numbers
    time: Numbers
    amount: Floats

    def sorted(self) -> "_Orders":
        order = np.lexsort((self.time, self.customer))
        return _Orders(self.customer[order], self.time[order], self.amount[order])

    def add(self, customer: Numbers, time: Numbers, amount: Floats) -> "_Orders":
        pairs = zip(self, (customer, time, amount), strict=True)
        return _Orders(*(np.concatenate(pair) for pair in pairs)).sorted()

    def before(self, who: Numbers, day: Numbers) -> Numbers:
        """How many orders of the whole table come before `day` of `who`."""
        span = 1 << 33
        return np.searchsorted(self.customer * span + self.time, who * span + day * DAY)


def postcards(rows: int = 15_000, *, seed: int = 0, later: bool = False) -> World:
    """Campaigns to customers who are in about two of them each; a row is one in a campaign.

    What is spent, y, given the row's columns and whether a postcard came (t = 1 or 0):

        P(y > 0)       = 1 / (1 + exp(-z))
        z              = 0.25 + 0.3 a + 1.2 brand_affinity + 0.3 log(1 + web_visits_30d) + mail
                         - 0.004 min(days, 300) + season + 2 pull t
        y given y > 0  = min(exp(m + 0.75 e), 50,000), e standard normal
        m              = 5.6 + 0.35 a + 0.8 brand_affinity - 0.8 discount_share
                         + 0.15 log(1 + web_visits_30d) + 5.5 / (days + 1) + season + 0.6 pull t

    with days = `days_since_last_purchase` (a fraction: the time of day counts), a =
    log(lifetime_spend / 1,000), mail = 0.8 (email_open_rate - 0.4) or, where the rate is missing,
    -0.3, and season by the month of `campaign_date`: -0.3 in January, 0 in April, -0.15 in July,
    0.35 in October. A postcard's pull depends on how open a customer is to it:

        openness       = 2 (email_open_rate - 0.4) + 1.5 (discount_share - 0.4)
        pull           = (max(openness - 0.1, 0) - max(-0.75 - openness, 0)) fade
        fade           = 2 - days / 120, at least 0 and at most 1

    where a missing rate stands for 0.4. Converting the currency then moves y by one part in ten
    thousand, so the values at the cap are near one another rather than equal, and it is rounded to
    cents; both are left out of the truth.

    In the truth, each row has `true_expected_spend`, the mean of y for the actual t,

        P(y > 0) (exp(m + s^2 / 2) F((k - m) / s - s) + 50,000 F((m - k) / s)),  s = 0.75

    where F is the normal distribution function and k = log(50,000); the same without a postcard
    (`true_expected_spend_untreated`); `true_effect`, what a postcard adds to that; `archetype`
    ("lost cause" at 240 days without an order, else "persuadable" where pull > 0, "do not disturb"
    where pull < 0, and "sure thing"); and for the actual t `true_zero_probability` = 1 - P(y > 0),
    `true_log_mean` = m and `true_log_sd` = s. `facts["cap"]` is the cap.

    Parameters
    ----------
    rows : how many customers in a campaign.
    seed : the same seed gives the same world.
    later : other customers of the same shop in the campaigns of the year after, to judge a model
        on; nothing but the dates and the names has changed.

    >>> world = postcards(1000, seed=1)
    >>> world.table.num_rows, world.table.num_columns, world.truth.num_columns
    (1000, 18, 8)
    """
    rng = np.random.default_rng([seed, 70, *([1] if later else [])])
    campaigns = LATER if later else CAMPAIGNS
    dates = np.array(list(campaigns.values()), dtype="datetime64[D]").astype(np.int64)
    start, end = int(dates[0]) - HISTORY_DAYS, int(dates[-1]) + WINDOW
    people = _people(rows // 2 + 10, start, int(dates[-1]), rng)
    who, campaign = _considered(rows, people, dates, rng)
    date = dates[campaign]
    postcard = (rng.random(rows) < TREATED).astype(np.int64)
    orders = _outside(_orders(people, end, rng), who, date)
    own = _own_features(people, who, date, rng)
    spent, times = np.zeros(rows), date * DAY + rng.integers(0, WINDOW * DAY, rows)
    parts = []
    for day in dates:  # what a campaign brought is history for the next
        row = date == day
        parts.append(_from_orders(orders, who[row], date[row]))
        seen = {**{name: values[row] for name, values in own.items()}, **parts[-1]}
        spent[row] = _spent(*_law(seen, date[row], postcard[row]), rng)
        row &= spent > 0
        orders = orders.add(who[row], times[row], spent[row])
    counted = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keys = rng.permutation(10 * len(people["rate"])) * 2 + later  # no later customer was met before
    customer = np.array([f"CUST_{key:07d}" for key in keys[: len(people["rate"])]])
    table = pa.table(
        {
            "customer_id": customer[who],
            "campaign_id": np.array(list(campaigns))[campaign],
            "campaign_date": _days(date),
            "postcard": postcard,
            **_features(people, who, own, counted),
            "total_30d_post_campaign_spend": spent,
        }
    )
    truth = pa.table({"customer_id": customer[who], **_truth({**own, **counted}, date, postcard)})
    events = pa.table(
        {
            "customer_id": customer[orders.customer],
            "ordered_at": pa.array(orders.time * 1_000_000).cast(pa.timestamp("us")),
            "amount": orders.amount,
        }
    )
    facts = {"cap": CAP, "later": later}
    return World("postcards", table, truth, _STUDY, events={"orders": events}, facts=facts)


def _law(seen: Columns, date: Numbers, postcard: Numbers) -> tuple[Floats, Floats]:
    """P(nothing is spent), and the mean of the logarithm of what is spent otherwise."""
    days, rate = seen["days_since_last_purchase"], seen["email_open_rate"]
    before, visits = np.log(seen["lifetime_spend"] / 1_000), np.log1p(seen["web_visits_30d"])
    month = date.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    season = np.select([month == each for each in SEASONS], list(SEASONS.values()))
    mail = np.where(np.isnan(rate), -0.3, 0.8 * (rate - NO_RATE))
    moved = _pull(seen) * postcard
    z = 0.25 + 0.3 * before + 1.2 * seen["brand_affinity"] + 0.3 * visits
    z += mail - 0.004 * np.minimum(days, 300) + season + 2 * moved
    mean = 5.6 + 0.35 * before + 0.8 * seen["brand_affinity"] - 0.8 * seen["discount_share"]
    mean += 0.15 * visits + SPIKE / (days + 1) + season + 0.6 * moved
    return 1 / (1 + np.exp(z)), mean


def _pull(seen: Columns) -> Floats:
    """How much a postcard draws a customer (below 0: puts them off)."""
    rate = np.where(np.isnan(seen["email_open_rate"]), NO_RATE, seen["email_open_rate"])
    openness = 2 * (rate - NO_RATE) + 1.5 * (seen["discount_share"] - 0.4)
    openness = openness.round(6)  # what is equal to a threshold is equal to it in floats too
    fade = np.clip(2 - seen["days_since_last_purchase"] / (LOST / 2), 0, 1)
    pull: Floats = (np.maximum(openness - 0.1, 0) - np.maximum(-0.75 - openness, 0)) * fade
    return pull


def _spent(zero: Floats, mean: Floats, rng: np.random.Generator) -> Floats:
    amount = np.minimum(np.exp(mean + SIGMA * rng.normal(size=len(mean))), CAP)
    amount *= 1 + CONVERTED * rng.normal(size=len(mean))
    return np.where(rng.random(len(zero)) < zero, 0, np.maximum(amount.round(2), 0.01))


def _limited_mean(zero: Floats, mean: Floats) -> Floats:
    from scipy.special import ndtr

    room = (np.log(CAP) - mean) / SIGMA
    below = np.exp(mean + SIGMA**2 / 2) * ndtr(room - SIGMA)
    limited: Floats = (1 - zero) * (below + CAP * ndtr(-room))
    return limited


def _truth(seen: Columns, date: Numbers, postcard: Numbers) -> dict[str, Any]:
    zero, mean = _law(seen, date, postcard)
    with_one, without = (
        _limited_mean(*_law(seen, date, np.full(len(date), arm))) for arm in (1, 0)
    )
    pull = _pull(seen)
    lost = seen["days_since_last_purchase"] >= LOST
    archetype = np.select([lost, pull > 0, pull < 0], [3, 1, 2], 0)
    return {
        "true_expected_spend": np.where(postcard == 1, with_one, without),
        "true_expected_spend_untreated": without,
        "true_effect": with_one - without,
        "archetype": np.array(_ARCHETYPES)[archetype],
        "true_zero_probability": zero,
        "true_log_mean": mean,
        "true_log_sd": np.full(len(date), SIGMA),
    }


def _people(count: int, start: int, end: int, rng: np.random.Generator) -> People:
    habit, bargains = rng.normal(size=count), rng.normal(size=count)
    first = start + np.floor((end - start - 10) * rng.beta(1.1, 1.3, count))
    return {
        "habit": habit,
        "bargains": bargains,
        "openness": 0.8 * bargains - 0.4 * habit + 0.5 * rng.normal(size=count),
        "first": first.astype(np.int64),
        "dropped": first + rng.gamma(2.0, 900.0, count) * rng.exponential(1.0, count),
        "rate": np.exp(-4.4 + 0.7 * habit + 0.3 * bargains),
        "level": np.exp(5.6 + 0.45 * rng.normal(size=count) - 0.2 * bargains),
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


def _orders(people: People, end: int, rng: np.random.Generator) -> _Orders:
    """Every order that no campaign considered; each customer's first one opens their history."""
    everyone, start = np.arange(len(people["first"])), people["first"] * DAY
    first = start + rng.integers(0, DAY, len(start))
    who = np.repeat(everyone, rng.poisson(people["rate"] * (end - people["first"])))
    time = first[who] + np.floor(rng.random(len(who)) * (end * DAY - first[who])).astype(np.int64)
    # The rate is highest in mid December.
    rate = 0.9 + 0.1 * np.cos(2 * np.pi * (time / DAY - 348) / 365.25)
    rate *= np.where(time / DAY < people["dropped"][who], 1.0, DORMANT)
    kept = rng.random(len(who)) < rate
    who, time = np.concatenate([everyone, who[kept]]), np.concatenate([first, time[kept]])
    noise = np.exp(TAIL * rng.normal(size=len(who)) - TAIL**2 / 2)
    return _Orders(who, time, np.maximum((people["level"][who] * noise).round(2), 0.01)).sorted()


def _outside(orders: _Orders, who: Numbers, date: Numbers) -> _Orders:
    """Without those in the window of a campaign that considers the customer."""
    change = np.zeros(len(orders.time) + 1, np.int64)
    np.add.at(change, orders.before(who, date), 1)
    np.add.at(change, orders.before(who, date + WINDOW), -1)
    kept = np.cumsum(change)[:-1] == 0
    return _Orders(orders.customer[kept], orders.time[kept], orders.amount[kept])


def _from_orders(orders: _Orders, who: Numbers, date: Numbers) -> dict[str, NDArray[Any]]:
    """What the orders before the date tell."""
    opening, end = orders.before(who, np.zeros_like(date)), orders.before(who, date)
    total = np.append(0, np.cumsum(orders.amount))
    spent = total[end] - total[opening]
    return {
        "days_since_last_purchase": ((date * DAY - orders.time[end - 1]) / DAY).round(4),
        "orders_365d": end - orders.before(who, date - 365),
        "lifetime_spend": spent.round(2),
        "average_order_value": (spent / (end - opening)).round(2),
    }


def _own_features(
    people: People, who: Numbers, date: Numbers, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """What does not come from the orders; an e-mail rate that is not known is NaN."""
    habit, bargains = people["habit"][who], people["bargains"][who]
    active = people["dropped"][who] >= date
    rate = np.where(active, 4.0, 0.5) * np.exp(0.6 * habit) * rng.gamma(2, 0.5, len(who))
    opens = 1 / (1 + np.exp(0.6 - 0.5 * people["openness"][who] + 0.4 * ~active))
    mails = rng.beta(6 * opens, 6 * (1 - opens)).round(3)
    return {
        "tenure_days": date - people["first"][who],
        "web_visits_30d": rng.poisson(rate),
        "email_open_rate": np.where(people["no_mail"][who], np.nan, mails),
        "discount_share": _share(bargains - 0.7, rng),
        "brand_affinity": _share(0.8 * habit - 0.4, rng),
    }


def _features(people: People, who: Numbers, own: Columns, counted: Columns) -> dict[str, Any]:
    """The features in the table's order."""
    age, rate = people["age"][who].astype(np.int64), own["email_open_rate"]
    return {
        "age": pa.array(age, mask=people["no_age"][who]),
        "region": people["region"][who],
        "acquisition_channel": people["channel"][who],
        "first_order_date": _days(people["first"][who]),
        "tenure_days": own["tenure_days"],
        **counted,
        "web_visits_30d": own["web_visits_30d"],
        "email_open_rate": pa.array(rate, mask=np.isnan(rate)),
        "discount_share": own["discount_share"],
        "brand_affinity": own["brand_affinity"],
    }


def _share(centre: Floats, rng: np.random.Generator) -> Floats:
    mean = 1 / (1 + np.exp(-centre))
    return rng.beta(8 * mean, 8 * (1 - mean)).round(3)


def _days(numbers: NDArray[np.generic]) -> pa.Array:
    return pa.array(numbers.astype(np.int32)).cast(pa.date32())
