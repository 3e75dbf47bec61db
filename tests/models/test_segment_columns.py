"""What columns say by their names: money spent in all, orders, the last purchase, and units."""

import pyarrow as pa
import pytest

from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_columns import orders_column, recency_column, revenue_column, unit_of
from patron.schema import Column, Role, Schema


def schema(**roles: Role) -> tuple[pa.Table, Schema]:
    columns = tuple(Column(name, role, "by hand", "double") for name, role in roles.items())
    return pa.table({name: [1.0, 2.0] for name in roles}), Schema(columns)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("total_spend_90d", "total_spend_365d", "avg_order_value"), "total_spend_365d"),
        (("total_spend_365d", "total_spend"), "total_spend"),  # without a window: ever
        (("income", "Monetary", "largest_order_value"), "Monetary"),
        (("total_order_value", "order_value"), "total_order_value"),
        (("refund_amount", "discount_value", "revenue_12m"), "revenue_12m"),
        (("totalRevenue",), "totalRevenue"),
        (("avg_order_value", "income", "last_purchase_amount", "unit_price"), None),
    ],
)
def test_the_revenue_of_a_customer(names: tuple[str, ...], found: str | None) -> None:
    table, roles = schema(**dict.fromkeys(names, Role.MONEY))
    assert revenue_column(table, roles, ())[0] == found


def test_why_there_is_no_revenue() -> None:
    table, roles = schema(avg_order_value=Role.MONEY, visits=Role.COUNT)
    assert revenue_column(table, roles, ()) == (
        None,
        "no column says what a customer spent in all (avg_order_value says something else)",
    )
    table, roles = schema(visits=Role.COUNT)
    assert revenue_column(table, roles, ()) == (
        None,
        "no column says what a customer spent in all",
    )


def test_money_on_the_value_axis_goes_first() -> None:
    table, roles = schema(store_revenue=Role.MONEY, spend_90d=Role.MONEY)
    assert revenue_column(table, roles, ())[0] == "store_revenue"
    axis = Axis("value", "", (AxisColumn("spend_90d", 1, ""),), "")
    name, because = revenue_column(table, roles, (axis,))
    assert name == "spend_90d"
    assert because.endswith("store_revenue")


@pytest.mark.parametrize("role", [Role.TARGET, Role.OUTCOME, Role.FUTURE, Role.IGNORE])
def test_only_features_are_read(role: Role) -> None:
    table, roles = schema(total_spend=role, orders=role, days_since_last_order=role)
    assert revenue_column(table, roles, ())[0] is None
    assert orders_column(table, roles) is None
    assert recency_column(table, roles) is None


def test_orders_and_the_last_purchase() -> None:
    counts = dict.fromkeys(
        (
            *("sessions_30d", "orders_90d", "orders_365d", "avg_items_per_order"),
            *("days_since_last_visit", "days_since_last_purchase", "tenure_days"),
        ),
        Role.COUNT,
    )
    table, roles = schema(**counts)
    assert orders_column(table, roles) == "orders_365d"
    assert recency_column(table, roles) == "days_since_last_purchase"
    table, roles = schema(Recency=Role.COUNT, Frequency=Role.COUNT)
    assert (orders_column(table, roles), recency_column(table, roles)) == ("Frequency", "Recency")
    table, roles = schema(days_since_last_visit=Role.COUNT)
    assert recency_column(table, roles) is None  # a visit is no purchase


def test_units() -> None:
    said = {
        ("total_spend_365d", Role.MONEY): "money",
        ("email_open_rate", Role.RATE): "share",
        ("tenure_days", Role.COUNT): "days",
        ("orders_90d", Role.COUNT): "count",
        ("session_minutes", Role.NUMBER): "minutes",
        ("score", Role.NUMBER): "",
        ("last_order", Role.DATE): "days",
    }
    assert {key: unit_of(*key) for key in said} == said
