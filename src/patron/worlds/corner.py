"""The corner shop: a customer table whose purchase probability is a function of its columns.

Each customer has two latent traits (how active, how fond of bargains) that the columns reflect
with noise, so that the columns are correlated as in a real shop. The probability of buying in the
next 30 days is then computed from the *observed* columns alone (missing ones included), so that the
best score that any model can reach on the table is that of the true probability, and is known.
"""

__all__ = ["corner"]

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World

Floats = NDArray[np.float64]

_REGIONS = ("North", "South", "East", "West", "Islands", "Capital", "Lakes", "Coast")
_CHANNELS = ("search", "social", "referral", "affiliate", "direct", "e-mail", "marketplace")
_DEVICES = ("phone", "desktop", "tablet")
_PAYMENTS = ("card", "invoice", "wallet", "transfer")
_LANGUAGES = ("English", "German", "French", "Polish")
_CITIES = tuple(f"City {number:03d}" for number in range(120))

_STUDY = """\
# The corner shop: who buys in the next 30 days?
[table]
path = "table.parquet"
entity = "customer_id"

[purchase]
target = "purchased_next_30d"

[run]
seed = 0
"""


def corner(rows: int = 20_000, *, seed: int = 0) -> World:
    """A shop of `rows` customers with 36 columns to predict from; about 18 in 100 buy.

    >>> world = corner(1000, seed=1)
    >>> world.table.num_columns, world.truth.column_names
    (38, ['customer_id', 'true_purchase_probability'])
    """
    rng = np.random.default_rng([seed, 36])
    columns = _columns(rows, rng)
    probability = 1 / (1 + np.exp(-_log_odds(columns)))
    bought = rng.random(rows) < probability
    table = pa.table(
        {
            "customer_id": _keys(rows, rng),
            **{name: _arrow(values) for name, values in columns.items()},
            "purchased_next_30d": pa.array(bought.astype(np.int64)),
        }
    )
    truth = pa.table(
        {"customer_id": table["customer_id"], "true_purchase_probability": pa.array(probability)}
    )
    return World("corner", table, truth, _STUDY)


def _columns(rows: int, rng: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    activity = rng.normal(size=rows)
    bargains = rng.normal(size=rows)
    tenure = np.minimum(rng.gamma(1.4, 500, rows), 3650).round() + 1
    loyal = activity + 0.4 * np.log(tenure / 500)

    def count(rate: Floats) -> Floats:
        return rng.poisson(rate * rng.gamma(2.5, 1 / 2.5, rows)).astype(float)

    def share(centre: Floats, strength: float) -> Floats:
        mean = 1 / (1 + np.exp(-centre))
        return rng.beta(mean * strength, (1 - mean) * strength).round(3)

    def pick(labels: tuple[str, ...], skew: float) -> NDArray[np.generic]:
        weight = 1.0 / np.arange(1, len(labels) + 1) ** skew
        return np.array(labels)[rng.choice(len(labels), rows, p=weight / weight.sum())]

    sessions = count(np.exp(1.0 + 0.7 * activity))
    orders_365 = count(np.exp(0.5 + 0.6 * loyal))
    orders_90 = rng.binomial(orders_365.astype(int), 0.3).astype(float)
    order_value = np.exp(rng.normal(3.6 - 0.15 * bargains, 0.55, rows)).round(2)
    since_purchase = np.minimum(rng.exponential(300 / (1 + orders_365)) + 1, tenure).round()
    columns: dict[str, NDArray[np.generic]] = {
        "age": np.clip(rng.normal(43, 14, rows), 18, 90).round(),
        "gender": pick(("f", "m", "x"), 0.8),
        "region": pick(_REGIONS, 0.5),
        "city": pick(_CITIES, 0.7),
        "language": pick(_LANGUAGES, 1.2),
        "device_type": pick(_DEVICES, 0.9),
        "acquisition_channel": pick(_CHANNELS, 0.6),
        "tenure_days": tenure,
        "is_member": rng.random(rows) < 1 / (1 + np.exp(0.9 - 0.8 * loyal)),
        "sessions_30d": sessions,
        "avg_session_minutes": rng.gamma(2.0, 3.0 * np.exp(0.1 * activity)).round(1),
        "pages_per_session": (1 + rng.gamma(2.0, 1.6, rows)).round(1),
        "product_views_30d": count(1.0 + 3.0 * sessions),
        "searches_30d": count(0.2 + 0.6 * sessions),
        "cart_adds_30d": count(0.05 + 0.25 * sessions),
        "wishlist_events_90d": count(np.exp(-0.5 + 0.4 * activity)),
        "app_opens_30d": count(np.exp(0.3 + 0.6 * activity)),
        "support_tickets_180d": count(np.full(rows, 0.25)),
        "night_share": share(rng.normal(-1.5, 0.6, rows), 12),
        "days_since_last_visit": np.minimum(rng.exponential(30 / (1 + sessions)), 365).round(),
        "orders_90d": orders_90,
        "orders_365d": orders_365,
        "average_order_value": order_value,
        "total_spend_365d": (orders_365 * order_value * rng.gamma(20, 1 / 20, rows)).round(2),
        "largest_order": (order_value * (1 + rng.gamma(1.5, 0.5, rows))).round(2),
        "days_since_last_purchase": since_purchase,
        "categories_bought": rng.binomial(np.minimum(orders_365, 12).astype(int), 0.7) + 1.0,
        "discount_share": share(-0.8 + 0.9 * bargains, 8),
        "return_share": share(np.full(rows, -2.2), 10),
        "payment_method": pick(_PAYMENTS, 1.0),
        "email_open_rate": share(-0.9 + 0.5 * activity + 0.3 * bargains, 9),
        "email_click_rate": share(-2.6 + 0.5 * activity + 0.3 * bargains, 14),
        "push_click_rate": share(-2.8 + 0.4 * activity, 14),
        "coupons_used_180d": count(np.exp(-0.6 + 0.6 * bargains)),
        "loyalty_points": (orders_365 * order_value * rng.gamma(3.0, 0.4, rows)).round(),
        "newsletter": rng.random(rows) < 0.55,
    }
    new = tenure < 60
    never_asked = rng.random(rows) < 0.09
    untracked = rng.random(rows) < np.where(new, 0.5, 0.01)
    for name in ("age", "gender"):
        columns[name] = _without(columns[name], never_asked)
    for name in ("email_open_rate", "email_click_rate", "push_click_rate"):
        columns[name] = _without(columns[name], untracked)
    return columns


def _log_odds(columns: dict[str, NDArray[np.generic]]) -> Floats:
    def number(name: str, instead: float = 0.0) -> Floats:
        return np.nan_to_num(columns[name].astype(float), nan=instead)

    def labelled(name: str, effects: dict[str, float]) -> Floats:
        return np.vectorize(lambda label: effects.get(label, 0.0), otypes=[float])(columns[name])

    cities = dict(zip(_CITIES, np.sin(np.arange(len(_CITIES)) * 2.4) * 0.45, strict=True))
    sessions = np.log1p(number("sessions_30d"))
    recency = number("days_since_last_purchase")
    untracked = np.isnan(columns["email_open_rate"].astype(float))
    discount, member = number("discount_share"), number("is_member")
    phone = columns["device_type"] == "phone"
    # Missing values act too: an unknown age as 35; a customer without e-mail tracking buys less.
    return (
        -4.5
        + 0.75 * sessions
        + 0.55 * np.log1p(number("cart_adds_30d"))
        + 0.60 * np.log1p(number("orders_90d"))
        + 0.45 * np.log1p(number("orders_365d"))
        + 1.10 * np.exp(-recency / 45)
        - 0.35 * (recency < 4)  # just bought: not again this week
        - 0.25 * np.log1p(number("days_since_last_visit"))
        + 0.60 * np.exp(-(((number("age", 35.0) - 38) / 11) ** 2))
        + 1.6 * number("email_open_rate")
        - 0.35 * untracked
        + 0.50 * member * sessions / 2
        + 0.9 * discount * np.log1p(number("coupons_used_180d"))
        - 0.6 * discount
        - 1.3 * np.maximum(number("return_share") - 0.15, 0)
        - 0.25 * np.minimum(number("support_tickets_180d"), 3)
        + 0.35 * phone * np.log1p(number("app_opens_30d"))
        + labelled("acquisition_channel", {"referral": 0.35, "affiliate": -0.35, "e-mail": 0.2})
        + labelled("city", cities)
        + labelled("payment_method", {"invoice": -0.25})
    )


def _without(values: NDArray[np.generic], gone: NDArray[np.bool_]) -> NDArray[np.generic]:
    if values.dtype.kind == "U":
        return np.array([None if lost else v for v, lost in zip(values, gone, strict=True)])
    return np.where(gone, np.nan, values.astype(float))


def _keys(rows: int, rng: np.random.Generator) -> pa.Array:
    numbers = rng.choice(10 * rows, rows, replace=False)
    return pa.array([f"C{number:09d}" for number in numbers])


def _arrow(values: NDArray[np.generic]) -> pa.Array:
    if values.dtype.kind != "f":
        return pa.array(values)
    array = pa.array(values, from_pandas=True)
    whole = np.array_equal(values, values.round(), equal_nan=True)
    return array.cast(pa.int64()) if whole else array
