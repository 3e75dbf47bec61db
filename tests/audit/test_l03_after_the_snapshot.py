"""L03: fires on dates after the snapshot; silent on dates before it; cannot say without one."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.leaks import AfterTheSnapshot

ROWS = 2_000
SNAPSHOT = 20_000  # days since 1970


def days(numbers):
    return pa.array(np.asarray(numbers, dtype=np.int32)).cast(pa.date32())


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def shop(rng):
    """Columns with a last visit that is honest, the day of the snapshot, and who bought."""
    y = (rng.random(ROWS) < 0.2).astype(float)
    last = SNAPSHOT - np.floor(rng.exponential(40, ROWS)).astype(int)
    return {"habit": rng.normal(size=ROWS), "as_of": days(np.full(ROWS, SNAPSHOT))}, last, y


ROLES = {"as_of": "as_of", "last_visit": "date"}


def test_dates_in_the_label_window_are_serious_with_who_has_them(shop, rng, frame):
    columns, last, y = shop
    hit = (y == 1) & (rng.random(ROWS) < 0.4)
    last[hit] = SNAPSHOT + rng.integers(1, 30, hit.sum())
    [found] = AfterTheSnapshot().run(frame(columns | {"last_visit": days(last)}, y, **ROLES))
    assert (found.columns, found.severity) == (("last_visit",), Severity.SERIOUS)
    assert found.rows == hit.sum()
    assert found.evidence["positive_there"] == 1.0
    assert found.evidence["days_after_most"] <= 29
    assert found.fix.operation == "drop_column"


def test_dates_on_the_snapshot_and_before_are_healthy(shop, frame):
    columns, last, y = shop
    assert (last == SNAPSHOT).any()
    answer = AfterTheSnapshot().run(frame(columns | {"last_visit": days(last)}, y, **ROLES))
    assert answer == []


def test_a_handful_of_later_dates_is_a_warning(shop, frame):
    columns, last, y = shop
    last[np.flatnonzero(y == 0)[:3]] = SNAPSHOT + 4
    [found] = AfterTheSnapshot().run(frame(columns | {"last_visit": days(last)}, y, **ROLES))
    assert (found.severity, found.rows) == (Severity.WARNING, 3)


def test_a_plan_that_lies_ahead_in_most_rows_is_a_note(shop, rng, frame):
    columns, _, y = shop
    columns["contract_end"] = days(SNAPSHOT + rng.integers(-30, 700, ROWS))
    [found] = AfterTheSnapshot().run(frame(columns, y, as_of="as_of", contract_end="date"))
    assert (found.severity, found.fix) == (Severity.NOTE, None)


def test_each_row_is_compared_with_its_own_date(shop, rng, frame):
    columns, _, y = shop
    of = SNAPSHOT + 30 * rng.integers(0, 3, ROWS)
    columns["as_of"] = days(of)
    columns["last_visit"] = days(of - rng.integers(1, 90, ROWS))
    assert AfterTheSnapshot().run(frame(columns, y, **ROLES)) == []


def test_texts_are_read_as_dates(shop, rng, frame):
    columns, last, y = shop
    last[(y == 1) & (rng.random(ROWS) < 0.4)] = SNAPSHOT + 3
    columns["as_of"] = columns["as_of"].cast(pa.string())
    columns["last_visit"] = days(last).cast(pa.string())
    [found] = AfterTheSnapshot().run(frame(columns, y, **ROLES))
    assert found.severity is Severity.SERIOUS


def test_the_snapshot_is_inferred_from_sign_up_and_tenure_and_said_to_be(shop, rng, frame):
    columns, last, y = shop
    del columns["as_of"]
    signed = SNAPSHOT - rng.integers(1, 900, ROWS)
    columns |= {"signed_up": days(signed), "tenure": (SNAPSHOT - signed).astype(float)}
    hit = (y == 1) & (rng.random(ROWS) < 0.3)
    last[hit] = SNAPSHOT + rng.integers(1, 30, hit.sum())
    columns["last_visit"] = days(last)
    [found] = AfterTheSnapshot().run(frame(columns, y, signed_up="date", last_visit="date"))
    assert (found.columns, found.rows) == (("last_visit",), hit.sum())
    assert found.evidence["snapshot"] == ("2024-10-04, the day that signed_up and tenure add up to")


def test_numbers_beyond_all_days_imply_no_snapshot(shop, frame):
    columns, last, y = shop
    columns = {"habit": columns["habit"], "code": np.full(ROWS, 1e30), "last_visit": days(last)}
    answer = AfterTheSnapshot().run(frame(columns, y, last_visit="date"))
    assert isinstance(answer, CannotSay)


def test_days_since_that_are_below_zero_for_buyers_alone_are_serious(shop, rng, frame):
    columns, last, y = shop
    since = SNAPSHOT - last.astype(float)
    hit = (y == 1) & (rng.random(ROWS) < 0.3)
    since[hit] = -rng.integers(1, 30, hit.sum())
    [found] = AfterTheSnapshot().run(frame(columns | {"since": since}, y, as_of="as_of"))
    assert (found.columns, found.severity) == (("since",), Severity.SERIOUS)
    by_chance = SNAPSHOT - last.astype(float)
    by_chance[rng.random(ROWS) < 0.05] = -3.0
    by_chance[rng.random(ROWS) < 0.05] = -7.0
    by_chance[rng.random(ROWS) < 0.05] = -9.0
    assert AfterTheSnapshot().run(frame(columns | {"since": by_chance}, y, as_of="as_of")) == []


def test_cannot_say_without_dates_or_without_a_snapshot(shop, frame):
    columns, last, y = shop
    del columns["as_of"]
    assert AfterTheSnapshot().run(frame(columns, y)) == CannotSay("no column holds dates")
    answer = AfterTheSnapshot().run(
        frame(columns | {"last_visit": days(last)}, y, last_visit="date")
    )
    assert answer == CannotSay(
        "no column has the role as_of, and the table implies no one day on which it was taken"
    )


def test_a_day_that_stands_for_missing_is_m01s(shop, rng, frame):
    columns, last, y = shop
    last[rng.random(ROWS) < 0.06] = 47_481  # 2099-12-31
    assert AfterTheSnapshot().run(frame(columns | {"last_visit": days(last)}, y, **ROLES)) == []
    last[(y == 1) & (rng.random(ROWS) < 0.4)] = SNAPSHOT + 5
    [found] = AfterTheSnapshot().run(frame(columns | {"last_visit": days(last)}, y, **ROLES))
    assert found.evidence["days_after_most"] == 5
