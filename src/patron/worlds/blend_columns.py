"""The table that the shop of `blend` would hand over: 36 columns of who they are and do."""

__all__ = ["Profile", "columns", "keys", "profile"]

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.blend import TRAITS, Played
from patron.worlds.mechanism_columns import flag, label, number, whole

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CITIES = tuple(f"City {number:03d}" for number in range(1, 121))
_LABELS: dict[str, tuple[str, ...]] = {
    "gender": ("female", "male", "other"),
    "income_band": ("under 20k", "20k to 35k", "35k to 55k", "55k to 80k", "over 80k"),
    "region": ("North", "South", "East", "West", "Islands", "Capital", "Lakes", "Coast"),
    "city": _CITIES,
    "device_type": ("phone", "desktop", "tablet"),
    "acquisition_channel": ("search", "social", "direct", "affiliate", "referral", "e-mail"),
    "favourite_category": ("clothing", "home", "electronics", "beauty", "toys", "books", "garden"),
    "payment_method": ("card", "wallet", "invoice", "transfer"),
}
# How common the levels are, and which trait makes which level more common.
_SKEW = {"gender": 1.5, "region": 0.5, "city": 0.7, "device_type": 1.0}
_LEANING = {
    ("income_band", "over 80k"): ("spending", 0.5),
    ("income_band", "under 20k"): ("bargains", 0.3),
    ("device_type", "phone"): ("visiting", 0.5),
    ("acquisition_channel", "affiliate"): ("bargains", 0.7),
    ("acquisition_channel", "direct"): ("ordering", 0.4),
    ("acquisition_channel", "e-mail"): ("reading", 0.6),
    ("favourite_category", "clothing"): ("returning", 0.6),
    ("favourite_category", "electronics"): ("spending", 0.4),
    ("payment_method", "invoice"): ("returning", 0.6),
}


@dataclass(frozen=True)
class Profile:
    """Who the customers are, which does not change from month to month.

    Parameters
    ----------
    codes : by column, a level's place [n].
    age : in years [n].
    own : standard normal numbers [n, 5] by which they differ in what no trait says.
    secret : who gave no age, gender and income.
    silent : who did not agree to be followed in e-mails and notifications.
    """

    codes: dict[str, NDArray[np.int64]]
    age: Floats
    own: Floats
    secret: Flags
    silent: Flags


def profile(traits: Floats, rng: np.random.Generator) -> Profile:
    """Draw who customers with these traits [n, 6] are."""
    n = len(traits)
    codes = {name: _pick(name, traits, rng) for name in _LABELS}
    ordering = traits[:, TRAITS.index("ordering")]
    age = np.clip(42 + 2.5 * ordering + 14 * rng.normal(size=n), 18, 90)
    own = rng.normal(size=(n, 5))
    return Profile(codes, age, own, rng.random(n) < 0.09, rng.random(n) < 0.035)


def columns(seen: Played, who: Profile, as_of: dt.date) -> dict[str, pa.Array]:
    """The features in the table's order, at the date `as_of`."""
    own = who.own.T
    visiting = seen.traits[:, TRAITS.index("visiting")]
    mails, pushes = seen.window("mails", 12), seen.window("pushes", 12)
    unread = who.silent | (mails == 0) | (pushes == 0)
    spent, orders = seen.ever["spent"], np.maximum(seen.ever["orders"], 1)
    secret = dict.fromkeys(("gender", "income_band"), who.secret)
    told = {
        name: label(codes, _LABELS[name], secret.get(name)) for name, codes in who.codes.items()
    }
    night = 1 / (1 + np.exp(1.5 - 0.7 * own[0]))
    joined = np.datetime64(as_of, "D") - np.ceil(seen.tenure).astype(np.int64)
    # Of 24 categories one after another is met: with every order the chance of a new one falls.
    met = 23 * (1 - np.exp(-0.06 * np.exp(0.4 * own[1]) * seen.window("orders", 12)))
    return {
        "age": whole(who.age, who.secret),
        "gender": told["gender"],
        "income_band": told["income_band"],
        "region": told["region"],
        "city": told["city"],
        "device_type": told["device_type"],
        "acquisition_channel": told["acquisition_channel"],
        "signup_date": pa.array(joined.astype("datetime64[D]")),
        "tenure_days": whole(np.ceil(seen.tenure)),
        "sessions_30d": whole(seen.window("visits", 1)),
        "sessions_90d": whole(seen.window("visits", 3)),
        "avg_session_duration": number(np.exp(5.2 + 0.25 * visiting + 0.4 * own[2]), 0),
        "pages_per_session": number(1 + np.exp(1.1 + 0.25 * visiting + 0.3 * own[3]), 3),
        "cart_add_rate": _ratio(seen.ever["carts"], seen.ever["views"]),
        "wishlist_events": whole(seen.window("wishes", 6)),
        "app_opens_30d": whole(seen.window("app", 1)),
        "night_session_share": number(night, 3),
        "days_since_last_visit": whole(np.floor(seen.since_visit)),
        "orders_30d": whole(seen.window("orders", 1)),
        "orders_90d": whole(seen.window("orders", 3)),
        "orders_365d": whole(seen.window("orders", 12)),
        "total_spend_365d": number(seen.window("spent", 12), 2),
        "avg_order_value": number(spent / orders, 2),
        "discount_usage_rate": _ratio(seen.ever["discounted"], seen.ever["orders"]),
        "refund_rate": _ratio(seen.ever["returned"], seen.ever["items"]),
        "days_since_last_purchase": whole(np.floor(seen.since_order)),
        "distinct_categories": whole(1 + np.floor(met)),
        "favourite_category": told["favourite_category"],
        "payment_method": told["payment_method"],
        "email_open_rate": _ratio(seen.window("opened", 12), mails, unread),
        "email_click_rate": _ratio(seen.window("clicked", 12), mails, unread),
        "push_click_rate": _ratio(seen.window("tapped", 12), pushes, unread),
        "coupons_collected_180d": whole(seen.window("coupons", 6)),
        "loyalty_points": whole(np.floor(spent * np.exp(0.4 * own[4]))),
        "support_tickets_180d": whole(seen.window("tickets", 6)),
        "is_member": flag(own[4] > -0.3),
    }


def keys(count: int, first: int, rng: np.random.Generator) -> pa.Array:
    """Identifiers that tell nothing: `count` of the 10 times as many from `first` on."""
    numbers = first + rng.choice(10 * count, count, replace=False)
    return pa.array([f"C{number:010d}" for number in numbers])


def _pick(name: str, traits: Floats, rng: np.random.Generator) -> NDArray[Any]:
    """A level for each row: the greatest of log-odds with Gumbel noise."""
    levels, n = _LABELS[name], len(traits)
    base = -_SKEW.get(name, 0.6) * np.log(np.arange(1, len(levels) + 1))
    leanings = {level: by for (column, level), by in _LEANING.items() if column == name}
    if not leanings:
        odds = np.exp(base)
        return rng.choice(len(levels), n, p=odds / odds.sum())
    score = rng.gumbel(size=(n, len(levels))) + base
    for level, (trait, strength) in leanings.items():
        score[:, levels.index(level)] += strength * traits[:, TRAITS.index(trait)]
    return score.argmax(1)


def _ratio(part: Floats, all_of: Floats, missing: Flags | None = None) -> pa.Array:
    share = np.full(len(part), np.nan)
    np.divide(part, all_of, out=share, where=all_of > 0)
    return number(share, 3, missing)
