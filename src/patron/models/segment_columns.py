"""Columns by what their names say: what a customer spent and ordered, when, and in which unit."""

__all__ = ["days_back", "orders_column", "recency_column", "revenue_column", "unit_of"]

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from patron.models.phrases import phrase
from patron.models.segment_axes import Axis
from patron.schema import Role, Schema
from patron.schema.look import words

_SPENT = {"spend", "spending", "spent", "revenue", "sales", "monetary", "amount", "gmv", "paid"}
_SPENT |= {"turnover", "value", "ltv", "clv", "purchases", "money"}
_NOT_SPENT = {
    *(
        "avg",
        "average",
        "mean",
        "median",
        "max",
        "maximum",
        "min",
        "minimum",
        "largest",
        "smallest",
    ),
    *("std", "trend", "change", "share", "price", "prices", "aov", "income", "salary", "balance"),
    *(
        "discount",
        "discounts",
        "coupon",
        "credit",
        "refund",
        "refunds",
        "returned",
        "cost",
        "costs",
    ),
    *("first", "last", "expected", "predicted", "forecast"),
}
_OF_ORDERS = {"order", "basket", "item", "invoice", "cart", "unit", "per", "ticket"}
_IN_ALL = {"total", "sum", "all", "lifetime"}
_ORDERS = {"orders", "purchases", "transactions", "invoices", "receipts", "frequency", "bookings"}
_BOUGHT = {"purchase", "order", "transaction", "invoice", "buy", "bought", "purchased", "ordered"}
_LATELY = {"since", "recency", "ago", "last", "latest"}
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}


def revenue_column(table: pa.Table, schema: Schema, axes: Sequence[Axis]) -> tuple[str | None, str]:
    """The column that says what a customer spent, and why it is that; None where none says it.

    Taken is money in total: no average, price or income, and nothing that is known only later. Of
    several the one on the value axis, then the one of the longest window (without a window: ever).
    """
    on_value = {name for axis in axes if axis.name == "value" for name in axis.names}
    found = []
    for place, name in enumerate(schema.names(Role.MONEY)):
        of_name = set(words(name))
        per_order = of_name & _OF_ORDERS and not of_name & _IN_ALL
        if of_name & _SPENT and not of_name & _NOT_SPENT and not per_order:
            found.append((name in on_value, days_back(name), -place, name))
    found = [each for each in found if each[-1] in table.column_names]
    if not found:
        money = schema.names(Role.MONEY)
        verb = "says" if len(money) == 1 else "say"
        listed = f" ({', '.join(money[:4])} {verb} something else)" if money else ""
        return None, f"no column says what a customer spent in all{listed}"
    name = max(found)[-1]
    others = [each[-1] for each in found if each[-1] != name]
    because = "it is money that a customer spent, by its name"
    if others:
        because += f", over a longer time or more plainly than {', '.join(others[:3])}"
    return name, because


def orders_column(table: pa.Table, schema: Schema) -> str | None:
    """The column that counts a customer's orders, of several that of the longest window."""
    found = []
    for place, name in enumerate(schema.names(Role.COUNT, Role.NUMBER)):
        of_name = set(words(name))
        if (
            name in table.column_names
            and of_name & _ORDERS
            and not of_name & (_NOT_SPENT | _LATELY)
        ):
            found.append((days_back(name), -place, name))
    return max(found)[-1] if found else None


def recency_column(table: pa.Table, schema: Schema) -> str | None:
    """The column that says when a customer last bought, in days since then or as a date.

    A name that says "purchase" or "order" goes before one that says "recency" alone.
    """
    found = []
    for place, name in enumerate(schema.names(Role.COUNT, Role.NUMBER, Role.DATE)):
        of_name = set(words(name))
        bought = bool(of_name & (_BOUGHT | _ORDERS))
        if name in table.column_names and of_name & _LATELY and (bought or "recency" in of_name):
            found.append((bought, "first" not in of_name, -place, name))
    return max(found)[-1] if found else None


def days_back(name: str) -> float:
    """The days that a column's name says it looks back; without a bound where it says none.

    >>> days_back("total_spend_365d"), days_back("spend_last_6_months"), days_back("total_spend")
    (365.0, 180.0, inf)
    """
    said = re.search(r" in (\d+) (day|week|month|year)s?$", phrase(name, Role.MONEY).label)
    return int(said[1]) * _DAYS[said[2]] if said else np.inf


def unit_of(name: str, role: Role) -> str:
    """What a column's numbers are counted in: "money", "share", "days" …, "count", or nothing.

    >>> unit_of("total_spend_365d", Role.MONEY), unit_of("refund_rate", Role.RATE)
    ('money', 'share')
    >>> unit_of("days_since_last_purchase", Role.COUNT), unit_of("orders_90d", Role.COUNT)
    ('days', 'count')
    """
    if role in (Role.MONEY, Role.RATE):
        return "money" if role == Role.MONEY else "share"
    if role == Role.DATE:
        return "days"
    times = ("seconds", "minutes", "hours", "days", "weeks", "months", "years")
    said = phrase(name, role)
    spans = [word for word in re.findall(r"[a-z]+", said.after) if word in times]
    window = re.search(r"\d", said.after)  # "orders in 90 days" are orders
    if spans and not window:
        return spans[0]
    return "count" if role == Role.COUNT else ""
