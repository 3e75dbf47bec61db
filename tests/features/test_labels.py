"""Labels: the written-out days of a horizon, and the refusal of days that were not observed."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from patron.errors import DataError
from patron.features.events import CustomerTable, build_features
from patron.study import EventsSection
from patron.tables import open_source

AS_OF = dt.date(2025, 3, 1)


SECTION: dict[str, Any] = {
    "path": "lines",
    "entity": "customer",
    "time": "day",
    "amount": "amount",
    "as_of": AS_OF,
}


def build(days: list[tuple[dt.date, float]], labels: bool = True, **keys: Any) -> CustomerTable:
    """The customer table of "ann", who first ordered on New Year's Day, at AS_OF."""
    lines = [(dt.date(2025, 1, 1), 1.0), *days]
    table = pa.table(
        {
            "customer": ["ann"] * len(lines),
            "day": pa.array([day for day, _ in lines], pa.date32()),
            "amount": [amount for _, amount in lines],
        }
    )
    events = EventsSection(**SECTION, **{"horizon_days": 10, **keys})
    return build_features(open_source(table), events, labels=labels)


def label(days: list[tuple[dt.date, float]], **keys: Any) -> tuple[int, float]:
    made = build(days, observed_until=dt.date(2025, 12, 31), **keys)
    (row,) = made.table.to_pylist()
    return row["purchased_next_10d"], row["spend_next_10d"]


@pytest.mark.parametrize(
    ("day", "gap_days", "expected"),
    [
        (dt.date(2025, 2, 28), 0, (0, 0.0)),  # the last day of the features
        (dt.date(2025, 3, 1), 0, (1, 7.5)),  # as_of itself is the first day of the label
        (dt.date(2025, 3, 10), 0, (1, 7.5)),  # the tenth and last day
        (dt.date(2025, 3, 11), 0, (0, 0.0)),
        (dt.date(2025, 3, 3), 3, (0, 0.0)),  # in the gap
        (dt.date(2025, 3, 4), 3, (1, 7.5)),
        (dt.date(2025, 3, 13), 3, (1, 7.5)),
        (dt.date(2025, 3, 14), 3, (0, 0.0)),
    ],
)
def test_the_horizon_begins_after_the_gap_and_ends_before_its_last_midnight(
    day: dt.date, gap_days: int, expected: tuple[int, float]
) -> None:
    assert label([(day, 7.5)], gap_days=gap_days) == expected


def test_a_line_in_the_gap_is_seen_by_neither_side() -> None:
    made = build([(dt.date(2025, 3, 2), 7.5)], gap_days=3, observed_until=dt.date(2025, 12, 31))
    (row,) = made.table.to_pylist()
    assert (row["orders"], row["purchased_next_10d"]) == (1, 0)


def test_returns_in_the_horizon_are_no_purchase_and_lower_no_spend() -> None:
    assert label([(dt.date(2025, 3, 5), -4.0)]) == (0, 0.0)
    assert label([(dt.date(2025, 3, 5), 9.0), (dt.date(2025, 3, 6), -4.0)]) == (1, 9.0)


def test_a_customer_who_is_new_after_as_of_is_not_in_the_population() -> None:
    table = pa.table(
        {
            "customer": ["ann", "new"],
            "day": pa.array([dt.date(2025, 1, 1), dt.date(2025, 3, 2)], pa.date32()),
            "amount": [1.0, 1.0],
        }
    )
    events = EventsSection(**SECTION, horizon_days=1, observed_until=AS_OF)
    assert build_features(open_source(table), events).table["customer"].to_pylist() == ["ann"]


def test_observed_until_is_the_last_complete_day() -> None:
    build([], observed_until=dt.date(2025, 3, 10))
    with pytest.raises(DataError) as error:
        build([], observed_until=dt.date(2025, 3, 9))
    assert str(error.value) == (
        "The labels of as_of 2025-03-01 need the days 2025-03-01 to 2025-03-10, but [events] "
        "observed_until = 2025-03-09. Set observed_until if the data are complete to a later day, "
        "drop this as_of or shorten horizon_days; `patron features --no-labels` needs no days "
        "after as_of."
    )


def test_without_observed_until_the_last_lines_day_counts_as_unfinished() -> None:
    build([(dt.date(2025, 3, 11), 1.0)])
    with pytest.raises(DataError, match="the last line is of 2025-03-10, a day that may be unfin"):
        build([(dt.date(2025, 3, 10), 1.0)])


def test_features_alone_need_no_days_after_as_of() -> None:
    made = build([], labels=False)
    assert not [name for name in made.roles if "_next_" in name]
