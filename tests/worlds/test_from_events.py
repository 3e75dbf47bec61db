"""The features and labels of a world come from its events, and from nothing after the date."""

import datetime as dt
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from patron.worlds import World, make

CATEGORY = {"marketplace": "favourite_category", "retailer": "main_department"}
REFUNDS = {"marketplace": "refund_rate", "retailer": "return_rate", "shop": "refund_rate"}
SESSIONS = {"marketplace": "sessions_30d", "retailer": "web_sessions_30d", "shop": "sessions_30d"}
SIGNED_UP = {
    "marketplace": "signup_date",
    "retailer": "customer_since",
    "shop": "first_order_date",
}

Rows = dict[int, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=SESSIONS)
def small(request: pytest.FixtureRequest) -> World:
    return make(request.param, rows=250, seed=8)


@pytest.fixture(scope="module")
def as_of(small: World) -> dt.date:
    return tomllib.loads(small.study_text)["table"]["as_of"]


def by_customer(small: World, name: str) -> Rows:
    found: Rows = defaultdict(list)
    for row in small.events[name].to_pylist():
        found[row["customer_id"]].append(row)
    return found


def before(rows: Iterable[dict[str, Any]], time: str, as_of: dt.date, days: int = 9999) -> list:
    first = as_of - dt.timedelta(days=days)
    return [row for row in rows if first <= row[time].date() < as_of]


def share(part: list[Any]) -> float | None:
    return round(sum(map(bool, part)) / len(part), 3) if part else None


def test_orders_make_the_columns_of_orders(small: World, as_of: dt.date) -> None:
    orders = by_customer(small, "orders")
    for row in small.table.to_pylist():
        mine = before(orders[row["customer_id"]], "ordered_at", as_of)
        days = [(as_of - each["ordered_at"].date()).days for each in mine]
        assert row["orders_90d"] == sum(each <= 90 for each in days)
        spent = sum(each["amount"] for each in before(mine, "ordered_at", as_of, 365))
        assert row["total_spend_365d"] == pytest.approx(spent, abs=0.006)
        assert row["days_since_last_purchase"] == min(days)
        assert row["tenure_days"] == max(days)
        assert row[SIGNED_UP[small.name]] == as_of - dt.timedelta(days=max(days))
        assert row["discount_usage_rate"] == share([each["discount"] > 0 for each in mine])
        came_back = [
            each["refunded_at"] is not None and each["refunded_at"].date() < as_of for each in mine
        ]
        assert row[REFUNDS[small.name]] == share(came_back)
        if small.name in CATEGORY:
            often = Counter(each["category"] for each in mine)
            assert often[row[CATEGORY[small.name]]] == max(often.values())


def test_visits_and_emails_make_theirs(small: World, as_of: dt.date) -> None:
    visits, emails = by_customer(small, "sessions"), by_customer(small, "emails")
    pushes = by_customer(small, "pushes") if "pushes" in small.events else emails
    for row in small.table.to_pylist():
        mine = visits[row["customer_id"]]
        assert row[SESSIONS[small.name]] == len(before(mine, "started_at", as_of, 30))
        assert row["days_since_last_visit"] == min(
            (as_of - each["started_at"].date()).days for each in mine
        )
        if "cart_add_rate" in row:
            rate = sum(each["carts"] for each in mine) / sum(each["views"] for each in mine)
            assert row["cart_add_rate"] == pytest.approx(rate, abs=0.0006)
        mail = emails[row["customer_id"]]
        reached = mail and pushes[row["customer_id"]]
        opened, clicked = ([each[name] for each in mail] for name in ("opened", "clicked"))
        assert row["email_open_rate"] == (share(opened) if reached else None)
        assert row["email_click_rate"] == (share(clicked) if reached else None)


def test_labels_are_the_orders_of_the_thirty_days(small: World, as_of: dt.date) -> None:
    end = as_of + dt.timedelta(days=30)
    orders = small.events["orders"].to_pylist()
    assert max(each["ordered_at"].date() for each in orders) < end
    later = {each["customer_id"] for each in orders if each["ordered_at"].date() >= as_of}
    for row in small.table.to_pylist():
        assert row["purchased_next_30d"] == (row["customer_id"] in later)


def test_only_orders_reach_beyond_the_date(small: World, as_of: dt.date) -> None:
    for name, time in (("sessions", "started_at"), ("emails", "sent_at")):
        assert max(small.events[name][time].to_pylist()).date() < as_of


def test_the_history_is_longer_than_two_years(small: World, as_of: dt.date) -> None:
    for name, time in (("orders", "ordered_at"), ("sessions", "started_at"), ("emails", "sent_at")):
        first = min(small.events[name][time].to_pylist()).date()
        assert (as_of - first).days > 700, name
