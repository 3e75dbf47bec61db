"""The retailer: stores and a web shop, guests without a profile, and customers without e-mail."""

__all__ = ["retailer"]

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

_AS_OF = dt.date(2025, 10, 1)
_SHOP = Shop(buying=0.485, spending=64.0, law=2, waking=0.055, guests=0.04, without_email=0.09)

_STORES = tuple(f"Store {number:03d}" for number in range(1, PLACES + 1))
_REGIONS = ("Northern", "Midlands", "Eastern", "Western", "Southern", "Metropolitan")
_GENDERS = ("f", "m", "x")
_ACCOUNTS = ("registered", "guest")
_CHANNELS = ("store", "search", "leaflet", "social", "recommendation", "catalogue", "radio")
_DEPARTMENTS = (
    *("kitchen", "toys", "women", "men", "children", "appliances", "garden", "living"),
    *("stationery", "sports"),
)


def retailer(rows: int = 240_000, *, seed: int = 0) -> World:
    """A retailer with 31 columns to predict from; about 18 of 100 customers order.

    >>> world = retailer(1000, seed=1)
    >>> world.table.num_columns, sorted(world.events)
    (33, ['emails', 'orders', 'sessions'])
    """
    scene = play(rows, _SHOP, _AS_OF, seed)
    people, bought, visited, clock = scene.people, scene.bought, scene.visited, scene.clock
    emails = scene.reached(
        every=6, extra=3, periods=24, welcome_days=0, warmth=0.2, to=people.email, greeting=True
    )
    unknown, unreached = people.guest, emails.count() == 0
    carts, orders = visited.count(of=visited.log["carts"] > 0), bought.count()
    columns = {
        "age": whole(people.age, unknown),
        "gender": label(people.gender, _GENDERS, unknown),
        "household_size": whole(people.household, unknown),
        "region": label(people.place * 11 % len(_REGIONS), _REGIONS),
        "home_store": label(people.place, _STORES),
        "account_type": label(people.guest, _ACCOUNTS),
        "acquisition_channel": label(people.channel, _CHANNELS),
        "has_app": flag(people.app),
        "customer_since": day(scene.signed_up, clock),
        "tenure_days": whole(scene.tenure),
        "web_sessions_30d": whole(visited.count(30)),
        "web_sessions_90d": whole(visited.count(90)),
        "product_views_90d": whole(visited.total("views", 90)),
        "pages_per_session": number(ratio(visited.total("pages"), visited.count()), 3),
        "cart_abandonment_rate": number(1 - ratio(orders, carts), 3),
        "days_since_last_visit": whole(visited.days_since()),
        "orders_90d": whole(bought.count(90)),
        "orders_365d": whole(bought.count(365)),
        "units_365d": whole(bought.total("items", 365)),
        "total_spend_365d": number(bought.total("amount", 365), 2),
        "avg_basket_value": number(ratio(bought.total("amount"), orders), 2),
        "online_order_share": number(bought.share(bought.log["online"]), 3),
        "discount_usage_rate": number(bought.share(bought.log["discount"] > 0), 3),
        "return_rate": number(bought.share(bought.by_now(bought.log["refunded"])), 3),
        "days_since_last_purchase": whole(bought.days_since()),
        "departments_bought": whole(bought.distinct("category", len(_DEPARTMENTS))),
        "main_department": label(bought.commonest("category", len(_DEPARTMENTS)), _DEPARTMENTS),
        "coupon_redemptions_180d": whole(bought.count(180, bought.log["coupon"])),
        "emails_received_180d": whole(emails.count(180), unreached),
        "email_open_rate": number(emails.share(emails.log["opened"]), 3, unreached),
        "email_click_rate": number(emails.share(emails.log["clicked"]), 3, unreached),
    }
    events = {
        "orders": (scene.orders, order_columns(scene.orders, clock, _DEPARTMENTS)),
        "sessions": (visited.log, visit_columns(visited.log, clock)),
        "emails": (emails.log, message_columns(emails.log, clock)),
    }
    return scene.world("retailer", columns, events)
