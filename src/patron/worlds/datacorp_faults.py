"""The faults of the first week: what went wrong between the shop and datacorp's table."""

__all__ = ["Faulty", "Quarter", "plant"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.worlds.base import Planted

Floats = NDArray[np.floating]
Columns = dict[str, NDArray[np.generic]]

JITTER = 0.01
"""A repeated customer's amounts and rates are off by so much, as a standard deviation."""

REFRESHED = 0.905
"""The share of the customers whose lifetime value was brought up to date after the quarter."""

_OPENS, _CLICKS = "email_opens_90d", "email_clicks_90d"


@dataclass(frozen=True)
class Quarter:
    """What the customers spend in the quarter: expected, and in fact."""

    expected: Floats
    spending: Floats


@dataclass(frozen=True)
class Faulty:
    """A table's columns and its truth with the faults in them, and what was done."""

    columns: Columns
    truth: Columns
    faults: tuple[Planted, ...]


def plant(
    columns: Columns, truth: Columns, quarter: Quarter, rows: int, rng: np.random.Generator
) -> Faulty:
    """The table of `rows` rows that the new hire is given, from the customers' clean columns."""
    customers = len(quarter.spending)
    untracked = np.isnan(columns[_OPENS].astype(np.float64))
    unasked = np.isnan(columns["nps_score"].astype(np.float64))
    points = columns["loyalty_points"].astype(np.float64)
    total = columns["spend_total"].astype(np.float64)
    earned = quarter.spending * rng.uniform(0.5, 1.1, customers) * (points > 0)
    refreshed = rng.random(customers) < REFRESHED
    spending = columns.pop("spending")
    columns |= {
        _OPENS: np.where(untracked, 0.0, columns[_OPENS]),
        _CLICKS: np.where(untracked, 0.0, columns[_CLICKS]),
        "nps_score": np.where(unasked, 99.0, columns["nps_score"]),
        "lifetime_value": (total + refreshed * quarter.spending).round(2),
        "points_after_holidays": (points + earned).round(),
        "spending": spending,
    }
    again = rng.choice(customers, rows - customers, replace=False)
    copied = np.arange(rows) >= customers
    who = np.concatenate([np.arange(customers), again])
    columns = {name: _jittered(values[who], copied, rng) for name, values in columns.items()}
    # Numbers were given anew in January, in the order of the accounts' statements.
    statement = np.log1p(quarter.spending[who]) + rng.normal(0, 1.2, rows)
    ids = np.empty(rows, dtype=np.int64)
    ids[np.argsort(statement)] = 100_000 + np.sort(rng.choice(10 * rows, rows, replace=False))
    order = rng.permutation(rows)

    def everywhere() -> NDArray[np.bool_]:
        return np.ones(rows, dtype=bool)

    faults = (
        Planted(
            "telling_ids",
            ("I01", "I02"),
            ("customer_id",),
            everywhere(),
            0.5,
            "ids were given after the quarter, in the order of the accounts' statements",
        ),
        Planted(
            "future_sum",
            ("L02", "L01"),
            ("lifetime_value",),
            refreshed[who][order],
            0.7,
            "lifetime_value was refreshed in January for most customers: the quarter is in it",
        ),
        Planted(
            "future_balance",
            ("L06", "L01", "L02"),
            ("points_after_holidays",),
            everywhere(),
            0.4,
            "points_after_holidays holds the points that the quarter's orders earned",
        ),
        Planted(
            "zeros_before_tracking",
            ("M03",),
            (_OPENS, _CLICKS),
            untracked[who][order],
            0.8,
            "opens and clicks were not recorded for customers from before 2024; they are 0",
        ),
        Planted(
            "sentinel_number",
            ("M01",),
            ("nps_score",),
            unasked[who][order],
            0.9,
            "99 stands for customers who were never asked",
        ),
        Planted(
            "jittered_customers",
            ("D03",),
            (),
            copied[order],
            0.7,
            "the same customers again under another id, amounts and rates off by about 1 %",
        ),
    )
    return Faulty(
        {"customer_id": ids[order], **{name: values[order] for name, values in columns.items()}},
        {"customer_id": ids[order], **{name: values[who][order] for name, values in truth.items()}},
        faults,
    )


def _jittered(
    values: NDArray[np.generic], copied: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.generic]:
    """The values, those of copied rows off by about `JITTER`; whole numbers stay as they are."""
    if values.dtype.kind != "f" or np.array_equal(values, np.round(values), equal_nan=True):
        return values
    off = values * np.exp(JITTER * rng.normal(size=len(values)))
    off = np.where(np.nanmax(values) <= 1, np.clip(off, 0, 1).round(3), off.round(2))
    return np.where(copied, off, values)
