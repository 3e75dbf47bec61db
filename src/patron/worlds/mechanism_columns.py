"""Columns of a world's tables from arrays, and the tables of its events."""

__all__ = [
    "day",
    "flag",
    "label",
    "message_columns",
    "moment",
    "number",
    "order_columns",
    "visit_columns",
    "whole",
]

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.mechanism_calendar import Clock
from patron.worlds.mechanism_events import Log

Gaps = NDArray[np.bool_]


def whole(values: NDArray[Any], missing: Gaps | None = None) -> pa.Array:
    """A column of whole numbers; those that are `missing` are null."""
    return pa.array(values.astype(np.int64), mask=missing)


def number(values: NDArray[Any], digits: int, missing: Gaps | None = None) -> pa.Array:
    """A column of numbers, rounded; NaN and those that are `missing` are null."""
    gone = np.isnan(values) if missing is None else np.isnan(values) | missing
    return pa.array(np.asarray(values, np.float64).round(digits), mask=gone)


def label(codes: NDArray[Any], labels: Sequence[str], missing: Gaps | None = None) -> pa.Array:
    """A column of texts; those that are `missing` are null."""
    return pa.array(labels).take(pa.array(codes.astype(np.int64), mask=missing))


def flag(values: NDArray[np.bool_], missing: Gaps | None = None) -> pa.Array:
    """A column of true and false."""
    return pa.array(values, mask=missing)


def day(seconds: NDArray[np.int64], clock: Clock) -> pa.Array:
    """A column of dates."""
    return pa.array((seconds // 86_400 + _opened(clock)).astype(np.int32)).cast(pa.date32())


def moment(seconds: NDArray[np.int64], clock: Clock, missing: Gaps | None = None) -> pa.Array:
    """A column of time stamps."""
    since_1970 = (seconds + _opened(clock) * 86_400) * 1_000_000
    return pa.array(since_1970, mask=missing).cast(pa.timestamp("us"))


def order_columns(log: Log, clock: Clock, categories: Sequence[str]) -> dict[str, pa.Array]:
    """What an order shows; `amount` is the value less the discount."""
    return {
        "ordered_at": moment(log.at, clock),
        "amount": pa.array(log["amount"]),
        "discount": pa.array(log["discount"]),
        "category": label(log["category"], categories),
        "items": whole(log["items"]),
        "online": flag(log["online"]),
        "coupon": flag(log["coupon"]),
        "complaint": flag(log["complaint"]),
        "refunded_at": moment(log["refunded"], clock, log["refunded"] < 0),
    }


def visit_columns(log: Log, clock: Clock) -> dict[str, pa.Array]:
    """What a visit shows: pages, seconds, product views, products put in the cart, wishes."""
    facts = {name: pa.array(log[name]) for name in ("pages", "seconds", "views", "carts", "wishes")}
    return {"started_at": moment(log.at, clock), **facts}


def message_columns(log: Log, clock: Clock) -> dict[str, pa.Array]:
    """What a campaign's log shows of one customer."""
    facts = {name: flag(log[name]) for name in ("opened", "clicked")}
    return {"sent_at": moment(log.at, clock), **facts}


def _opened(clock: Clock) -> int:
    return (clock.opened - dt.date(1970, 1, 1)).days
