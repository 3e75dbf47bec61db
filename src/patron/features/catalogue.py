"""The features from orders, each with its role, its reason and how it is computed."""

__all__ = ["FEATURES", "WINDOWS", "Feature"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patron.schema import Role

WINDOWS = (7, 30, 90, 180, 365)
"""Days before `as_of` over which orders and spend are added up."""


@dataclass(frozen=True)
class Feature:
    """One column of the customer table.

    Parameters
    ----------
    because : why a model may gain from it.
    value : the Ibis column, from the table of a customer's sums (see `events`).
    days : how far before `as_of` it looks. Where the data begin later, it is missing for all, for
        half a window at one date does not compare with a whole one at another.
    needs : the key of [events] without which there is no such column.
    """

    name: str
    role: Role
    because: str
    value: Callable[[Any], Any]
    days: int = 0
    needs: str = ""


def _orders_of(days: int) -> Feature:
    name = f"orders_{days}d"
    because = f"orders of the last {days} days: how active the customer is of late"
    return Feature(name, Role.COUNT, because, lambda t: t[name], days)


def _spend_of(days: int) -> Feature:
    name = f"spend_{days}d"
    because = f"spend of the last {days} days: how much the customer buys of late"
    return Feature(name, Role.MONEY, because, lambda t: t[name], days)


FEATURES = (
    Feature(
        "recency_days",
        Role.NUMBER,
        "days since the last order: the longer, the less likely the next",
        lambda t: t.recency,
    ),
    Feature(
        "tenure_days",
        Role.NUMBER,
        "days since the first order: how long the customer has been known",
        lambda t: t.tenure,
    ),
    Feature("orders", Role.COUNT, "orders so far: habit", lambda t: t.orders),
    Feature(
        "order_days",
        Role.COUNT,
        "days with an order: visits, however many baskets a visit had",
        lambda t: t.order_days,
    ),
    Feature("order_lines", Role.COUNT, "order lines so far: range", lambda t: t.order_lines),
    Feature("units", Role.NUMBER, "units so far: volume", lambda t: t.units, needs="quantity"),
    Feature("spend", Role.MONEY, "spend so far: worth", lambda t: t.spend),
    Feature(
        "average_order_value",
        Role.MONEY,
        "spend an order: the usual basket",
        lambda t: t.spend / t.orders,
    ),
    Feature("largest_order_value", Role.MONEY, "the largest order: reach", lambda t: t.largest),
    Feature(
        "last_order_value",
        Role.MONEY,
        "spend of the last day with an order: the latest basket",
        lambda t: t.last_value,
    ),
    Feature(
        "average_unit_price",
        Role.MONEY,
        "spend a unit: cheap or dear goods",
        lambda t: t.spend / t.units.nullif(0),
        needs="quantity",
    ),
    *(make(days) for days in WINDOWS for make in (_orders_of, _spend_of)),
    Feature(
        "mean_gap_days",
        Role.NUMBER,
        "mean days between days with an order, missing with one such day: the customer's pace",
        lambda t: t.mean_gap,
    ),
    Feature(
        "gap_variation",
        Role.NUMBER,
        "standard deviation of those gaps over their mean, missing with fewer than two gaps: 0 is "
        "clockwork, 1 is chance",
        lambda t: (
            (t.gaps * t.gap_squares - t.gap_sum * t.gap_sum).cast("float64").sqrt()
            / (t.gaps >= 2).ifelse(t.gap_sum, None)
        ),
    ),
    Feature(
        "recency_over_gap",
        Role.NUMBER,
        "days since the last order over the mean gap: above 1, the customer is late",
        lambda t: t.recency / t.mean_gap,
    ),
    Feature(
        "quiet_share",
        Role.RATE,
        "days since the last order over days since the first: 1 after a single order, near 0 while "
        "active",
        lambda t: t.recency / t.tenure,
    ),
    Feature(
        "active_months",
        Role.COUNT,
        "spans of 30 days, counted back from as_of, with an order: steadiness",
        lambda t: t.active_months,
    ),
    Feature(
        "spend_trend",
        Role.RATE,
        "the part of the last 180 days' spend that fell in the last 90, missing without spend: "
        "above one half it grows",
        lambda t: t.spend_90d / t.spend_180d.nullif(0),
        days=180,
    ),
    Feature(
        "weekend_share",
        Role.RATE,
        "orders on a Saturday or Sunday among all: private or at work",
        lambda t: t.weekend_orders / t.orders,
    ),
    Feature(
        "orders_year_before",
        Role.COUNT,
        "orders on the days of the horizon one year earlier: the season",
        lambda t: t.year_before,
        days=365,
    ),
    Feature(
        "products", Role.COUNT, "distinct products: breadth", lambda t: t.products, needs="product"
    ),
    Feature(
        "categories",
        Role.COUNT,
        "distinct categories: breadth",
        lambda t: t.categories,
        needs="category",
    ),
    Feature(
        "returns", Role.COUNT, "returns and cancellations so far: friction", lambda t: t.returns
    ),
    Feature(
        "returned_value",
        Role.MONEY,
        "what returns and cancellations add up to, as a positive amount",
        lambda t: t.returned,
    ),
    Feature(
        "return_share",
        Role.RATE,
        "returns among orders and returns: how often it goes wrong",
        lambda t: t.returns / (t.orders + t.returns),
    ),
    Feature(
        "returned_value_share",
        Role.RATE,
        "returned value over spend and returned value, missing where both are nothing",
        lambda t: t.returned / (t.spend + t.returned).nullif(0),
    ),
)
"""Every feature, in the order of the table."""
