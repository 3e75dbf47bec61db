"""The shop: beauty and fashion just before its season, when more than a quarter order again."""

__all__ = ["shop"]

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

_AS_OF = dt.date(2025, 11, 1)
_SHOP = Shop(
    buying=0.745,
    spending=38.0,
    law=3,
    growth=0.1,
    spread=1.15,
    visiting=1.2,
    memory=0.92,
    waking=0.058,
    pull=2.95,
    without_profile=0.08,
)

_BRANDS = tuple(f"Brand {number:03d}" for number in range(1, PLACES + 1))
_COUNTRIES = ("Austria", "Belgium", "Denmark", "France", "Germany", "Netherlands", "Poland")
_GENDERS = ("woman", "man", "not said")
_INCOMES = ("low", "lower middle", "middle", "upper middle", "high")
_DEVICES = ("mobile", "desktop", "tablet")
_CHANNELS = ("social", "search", "influencer", "direct", "affiliate", "friend", "print")
_CATEGORIES = (
    *("make-up", "skin care", "tops", "shoes", "hair", "dresses", "accessories", "coats"),
    *("bath", "fragrance"),
)


def shop(rows: int = 180_000, *, seed: int = 0) -> World:
    """A shop with 35 columns to predict from; about 28 of 100 customers order.

    >>> world = shop(1000, seed=1)
    >>> world.table.num_columns, sorted(world.events)
    (37, ['emails', 'orders', 'pushes', 'sessions'])
    """
    scene = play(rows, _SHOP, _AS_OF, seed)
    people, bought, visited, clock = scene.people, scene.bought, scene.visited, scene.clock
    told = {"welcome_days": 7, "to": people.email}
    emails = scene.reached(every=6, extra=2, periods=24, warmth=0.1, **told)
    pushes = scene.reached(every=3, extra=3, periods=6, warmth=-1.0, **told)
    unknown, unseen = ~people.profile, (emails.count() == 0) | (pushes.count() == 0)
    visits, orders, spend = visited.count(), bought.count(), bought.total("amount")
    hour = visited.log.at % 86_400 // 3600
    columns = {
        "age": whole(people.age, unknown),
        "gender": label(people.gender, _GENDERS, unknown),
        "income_level": label(people.income, _INCOMES, unknown),
        "country": label(people.region, _COUNTRIES),
        "device_type": label(people.device, _DEVICES),
        "acquisition_channel": label(people.channel, _CHANNELS),
        "first_order_date": day(scene.signed_up, clock),
        "tenure_days": whole(scene.tenure),
        "is_club_member": flag(people.card),
        "sessions_7d": whole(visited.count(7)),
        "sessions_30d": whole(visited.count(30)),
        "avg_session_duration": number(ratio(visited.total("seconds"), visits), 0),
        "product_views_30d": whole(visited.total("views", 30)),
        "cart_adds_30d": whole(visited.total("carts", 30)),
        "cart_add_rate": number(ratio(visited.total("carts"), visited.total("views")), 3),
        "wishlist_events": whole(visited.total("wishes", 90)),
        "evening_session_share": number(visited.share(hour >= 18), 3),
        "days_since_last_visit": whole(visited.days_since()),
        "orders_30d": whole(bought.count(30)),
        "orders_90d": whole(bought.count(90)),
        "orders_365d": whole(bought.count(365)),
        "total_spend_365d": number(bought.total("amount", 365), 2),
        "avg_order_value": number(ratio(spend, orders), 2),
        "largest_order_value": number(bought.largest("amount"), 2),
        "discount_usage_rate": number(bought.share(bought.log["discount"] > 0), 3),
        "refund_rate": number(bought.share(bought.by_now(bought.log["refunded"])), 3),
        "days_since_last_purchase": whole(bought.days_since()),
        "distinct_categories": whole(bought.distinct("category", len(_CATEGORIES))),
        "favourite_category": label(bought.commonest("category", 10), _CATEGORIES),
        "favourite_brand": label(bought.commonest("place", PLACES), _BRANDS),
        "email_open_rate": number(emails.share(emails.log["opened"]), 3, unseen),
        "email_click_rate": number(emails.share(emails.log["clicked"]), 3, unseen),
        "push_click_rate": number(pushes.share(pushes.log["opened"]), 3, unseen),
        "coupon_redemptions": whole(bought.count(365, bought.log["coupon"])),
        "loyalty_points": whole(people.card * (spend // 1)),
    }
    made = order_columns(scene.orders, clock, _CATEGORIES)
    made["brand"] = label(scene.orders["place"], _BRANDS)
    events = {
        "orders": (scene.orders, made),
        "sessions": (visited.log, visit_columns(visited.log, clock)),
        "emails": (emails.log, message_columns(emails.log, clock)),
        "pushes": (pushes.log, message_columns(pushes.log, clock)),
    }
    return scene.world("shop", columns, events)
