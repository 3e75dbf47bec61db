"""The marketplace: many sellers, an app, and an engagement profile that new customers lack."""

__all__ = ["marketplace"]

import datetime as dt

from patron.worlds.base import World
from patron.worlds.mechanism_columns import (
    day,
    flag,
    label,
    message_columns,
    number,
    order_columns,
    visit_columns,
    whole,
)
from patron.worlds.mechanism_scene import play
from patron.worlds.mechanism_seen import ratio
from patron.worlds.population import PLACES, Shop

_AS_OF = dt.date(2025, 9, 1)
_SHOP = Shop(buying=0.5, spending=42.0, law=1, without_profile=0.09)

_CITIES = tuple(f"City {number:03d}" for number in range(1, PLACES + 1))
_REGIONS = ("North", "South", "East", "West", "Islands", "Capital", "Lakes", "Coast")
_GENDERS = ("female", "male", "other")
_INCOMES = ("under 20k", "20k to 35k", "35k to 55k", "55k to 80k", "over 80k")
_DEVICES = ("phone", "desktop", "tablet")
_CHANNELS = ("search", "social", "direct", "affiliate", "referral", "e-mail", "display")
_LANGUAGES = ("English", "French", "Polish")
_PAYMENTS = ("card", "wallet", "invoice", "transfer")
_CATEGORIES = (
    *("books", "toys", "clothing", "home", "beauty", "electronics", "garden", "furniture"),
    *("grocery", "sports"),
)


def marketplace(rows: int = 240_000, *, seed: int = 0) -> World:
    """A marketplace with 36 columns to predict from; about 18 of 100 customers order.

    >>> world = marketplace(1000, seed=1)
    >>> world.table.num_columns, sorted(world.events)
    (38, ['emails', 'orders', 'pushes', 'sessions'])
    """
    scene = play(rows, _SHOP, _AS_OF, seed)
    people, bought, visited, clock = scene.people, scene.bought, scene.visited, scene.clock
    told = {"welcome_days": 14, "to": people.email}
    emails = scene.reached(every=6, extra=3, periods=24, warmth=0.0, **told)
    pushes = scene.reached(every=3, extra=3, periods=6, warmth=-1.2, **told)
    unseen = (emails.count() == 0) | (pushes.count() == 0)
    unknown = ~people.profile
    spend = bought.total("amount")
    region = people.place * 7 % len(_REGIONS)
    views = visited.total("views")
    columns = {
        "age": whole(people.age, unknown),
        "gender": label(people.gender, _GENDERS, unknown),
        "income_band": label(people.income, _INCOMES, unknown),
        "household_size": whole(people.household, unknown),
        "region": label(region, _REGIONS),
        "city": label(people.place, _CITIES),
        "language": label(people.language, _LANGUAGES),
        "device_type": label(people.device, _DEVICES),
        "acquisition_channel": label(people.channel, _CHANNELS),
        "signup_date": day(scene.signed_up, clock),
        "tenure_days": whole(scene.tenure),
        "sessions_30d": whole(visited.count(30)),
        "sessions_90d": whole(visited.count(90)),
        "avg_session_duration": number(ratio(visited.total("seconds"), visited.count()), 0),
        "pages_per_session": number(ratio(visited.total("pages"), visited.count()), 3),
        "cart_add_rate": number(ratio(visited.total("carts"), views), 3),
        "wishlist_events": whole(visited.total("wishes", 180)),
        "night_session_share": number(visited.share(visited.log.at % 86_400 < 6 * 3600), 3),
        "days_since_last_visit": whole(visited.days_since()),
        "orders_90d": whole(bought.count(90)),
        "orders_365d": whole(bought.count(365)),
        "total_spend_365d": number(bought.total("amount", 365), 2),
        "avg_order_value": number(ratio(spend, bought.count()), 2),
        "discount_usage_rate": number(bought.share(bought.log["discount"] > 0), 3),
        "refund_rate": number(bought.share(bought.by_now(bought.log["refunded"])), 3),
        "days_since_last_purchase": whole(bought.days_since()),
        "distinct_categories": whole(bought.distinct("category", len(_CATEGORIES))),
        "favourite_category": label(bought.commonest("category", 10), _CATEGORIES),
        "payment_method": label(people.paying, _PAYMENTS),
        "email_open_rate": number(emails.share(emails.log["opened"]), 3, unseen),
        "email_click_rate": number(emails.share(emails.log["clicked"]), 3, unseen),
        "push_click_rate": number(pushes.share(pushes.log["opened"]), 3, unseen),
        "coupon_redemptions": whole(bought.count(180, bought.log["coupon"])),
        "loyalty_points": whole(people.card * (spend // 1)),
        "support_tickets_180d": whole(bought.count(180, bought.log["complaint"])),
        "is_member": flag(people.card),
    }
    events = {
        "orders": (scene.orders, order_columns(scene.orders, clock, _CATEGORIES)),
        "sessions": (visited.log, visit_columns(visited.log, clock)),
        "emails": (emails.log, message_columns(emails.log, clock)),
        "pushes": (pushes.log, message_columns(pushes.log, clock)),
    }
    return scene.world("marketplace", columns, events)
