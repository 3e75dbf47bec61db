"""M03: zeros before a date, after one, or in a group; silent on recency, newness and exposure."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.missing import AverageZeros, ZerosBeforeTracking

ROWS = 4_000
START = np.datetime64("2024-03-01")


def shop(seed=0):
    rng = np.random.default_rng(seed)
    tenure = np.arange(ROWS) % 1_499 + 1  # somebody joined on each day
    joined = np.datetime64("2025-06-01") - tenure
    columns = {
        "joined": pa.array(joined.astype(object), pa.date32()),
        "opens": rng.poisson(4, ROWS).astype(float),
        "clicks": rng.poisson(0.7, ROWS).astype(float),
        "orders": rng.poisson(1 + tenure / 500).astype(float),
        "channel": rng.choice(["web", "shop", "app"], ROWS, p=[0.5, 0.3, 0.2]),
    }
    return columns, joined, tenure, rng


def test_two_columns_that_are_zero_before_one_date_are_one_finding(frame):
    columns, joined, _, _ = shop()
    old = joined < START
    columns["opens"][old] = columns["clicks"][old] = 0
    made = frame(columns, joined="date")
    [found] = ZerosBeforeTracking().run(made)
    assert set(found.columns) == {"opens", "clicks"}
    assert found.severity is Severity.WARNING
    assert found.rows == old.sum()
    assert found.evidence["where"] == "joined is before 2024-03-01"
    assert found.evidence["share_of_zeros_there"] == 1.0
    assert found.evidence["by_column"]["clicks"][1] == pytest.approx(np.exp(-0.7), abs=0.03)
    assert found.fix.arguments == {"values": [0], "by": "joined", "below": "2024-03-01"}
    after, _ = Ledger((found.fix,)).apply(made.table)
    assert after["opens"].null_count == old.sum()


def test_the_picture_has_the_change_at_an_edge(frame):
    columns, joined, _, _ = shop()
    columns["opens"][joined < START] = 0
    [found] = ZerosBeforeTracking().run(frame(columns, joined="date"))
    picture = found.evidence["picture"]
    assert picture["mark"] == "2024-03-01"
    at = picture["edges"].index("2024-03-01")
    assert len(picture["edges"]) == len(picture["share"]) + 1 == len(picture["n"]) + 1
    assert min(picture["share"][:at]) == 1.0
    assert max(picture["share"][at:]) < 0.2
    assert sum(picture["n"]) == ROWS


def test_along_a_tenure_the_fix_judges_by_it(frame):
    columns, _, tenure, _ = shop()
    del columns["joined"]
    columns["tenure_days"] = tenure.astype(float)
    columns["opens"][tenure > 457] = 0
    made = frame(columns)
    [found] = ZerosBeforeTracking().run(made)
    assert found.evidence["where"] == "tenure_days is above 457"
    assert found.fix.arguments == {"values": [0], "by": "tenure_days", "above": 457}
    assert "moves on with time" in found.next_step
    assert Ledger((found.fix,)).apply(made.table)[0]["opens"].null_count == (tenure > 457).sum()
    edges = found.evidence["picture"]["edges"]
    assert edges == sorted(edges)


def test_tracking_that_ended(frame):
    columns, joined, _, _ = shop()
    columns["opens"][joined >= START] = 0
    made = frame(columns, joined="date")
    [found] = ZerosBeforeTracking().run(made)
    assert found.evidence["where"] == "joined is on or after 2024-03-01"
    after, _ = Ledger((found.fix,)).apply(made.table)
    assert after["opens"].null_count == (joined >= START).sum()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_last_tracked_day_is_kept_to_its_end(frame, unit):
    columns, joined, _, rng = shop()
    columns["opens"][joined >= START] = 0
    columns["opens"][joined == START - 1] = [0, 3, 0]  # honest zeros
    seconds = joined.astype("datetime64[s]") + rng.integers(0, 86_400, ROWS)
    seconds[joined == START - 1] = np.datetime64(START - 1, "s") + np.array([0, 80_000, 86_399])
    seconds[np.flatnonzero(joined == START)[0]] = START  # midnight
    columns["joined"] = pa.array(seconds, pa.timestamp("s")).cast(pa.timestamp(unit))
    made = frame(columns, joined="date")
    [found] = ZerosBeforeTracking().run(made)
    assert found.evidence["where"] == "joined is on or after 2024-03-01"
    after, _ = Ledger((found.fix,)).apply(made.table)
    assert (after["opens"].is_null().to_numpy() == (joined >= START)).all()


@pytest.mark.parametrize("far", [5_000_000, -800_000])
def test_a_date_that_no_text_can_name_is_passed_over(frame, far):
    columns, joined, _, _ = shop()
    columns["opens"][joined < START] = 0
    numbers = joined.astype(int).astype(np.int32)
    numbers[::20] = far
    columns["joined"] = pa.array(numbers).cast(pa.date32())
    [found] = ZerosBeforeTracking().run(frame(columns, joined="date"))
    assert found.fix.arguments == {"values": [0], "by": "joined", "below": "2024-03-01"}


def test_snapshots_before_a_column_was_filled(frame):
    columns, _, _, rng = shop()
    months = [dt.date(2025, month, 1) for month in range(1, 9)]
    place = rng.integers(0, 8, ROWS)
    columns["snapshot"] = pa.array([months[each] for each in place])
    columns["opens"][place < 3] = 0
    del columns["joined"]
    [found] = ZerosBeforeTracking().run(frame(columns, snapshot="as_of"))
    assert found.evidence["where"] == "snapshot is before 2025-04-01"


def test_a_group_without_tracking_is_named_with_its_level(frame):
    columns, _, _, rng = shop()
    columns["visits"] = columns["opens"] + rng.poisson(1, ROWS)
    there = columns["channel"] == "app"
    columns["opens"][there] = 0
    [found] = ZerosBeforeTracking().run(frame(columns, joined="date"))
    assert (found.columns, found.rows) == (("opens",), there.sum())
    assert found.fix.arguments == {"values": [0], "by": "channel", "equals": ["app"]}


def test_two_columns_of_one_group_do_not_excuse_each_other(frame):
    columns, _, _, rng = shop()
    columns["visits"] = columns["opens"] + rng.poisson(1, ROWS)
    columns["views"] = columns["opens"] * 3 + rng.poisson(1, ROWS)
    columns["baskets"] = columns["orders"] + rng.poisson(1, ROWS)
    there = columns["channel"] == "app"
    columns["opens"][there] = columns["views"][there] = 0
    [found] = ZerosBeforeTracking().run(frame(columns, joined="date"))
    assert set(found.columns) == {"opens", "views"}


def test_zeros_of_a_group_that_is_inactive_altogether_are_honest(frame):
    columns, _, _, rng = shop()
    columns["visits"] = columns["opens"] + rng.poisson(1, ROWS)
    there = columns["channel"] == "app"
    columns["opens"][there] = columns["visits"][there] = 0
    columns["orders"][there] = 0
    found = ZerosBeforeTracking().run(frame(columns, joined="date"))
    assert not any("opens" in each.columns for each in found)


def test_silent_where_new_customers_have_had_no_time_yet(frame):
    columns, _, tenure, rng = shop()
    columns["orders"] = rng.poisson(tenure / 200).astype(float)
    columns["points"] = np.maximum(tenure - 90.0, 0) * rng.integers(1, 5, ROWS)  # after 90 days
    assert ZerosBeforeTracking().run(frame(columns, joined="date")) == []


def test_silent_where_the_last_visit_was_before_the_window(frame):
    columns, _, _, rng = shop()
    recency = rng.exponential(40, ROWS).astype(int)
    columns["visits_30d"] = np.where(recency <= 30, rng.poisson(2, ROWS) + 1, 0).astype(float)
    last = np.datetime64("2025-06-01") - recency
    columns["last_visit"] = pa.array(last.astype(object), pa.date32())
    columns["days_since_last_visit"] = recency.astype(float)
    assert ZerosBeforeTracking().run(frame(columns, joined="date", last_visit="date")) == []


def test_what_it_names_is_not_named_again_as_zeros_like_the_average(frame):
    columns, joined, _, rng = shop()
    columns["visits"] = columns["opens"] + rng.poisson(1, ROWS)
    columns["opens"][joined < START] = 0
    made = frame(columns, joined="date")
    assert len(ZerosBeforeTracking().run(made)) == 1
    assert AverageZeros().run(made) == []


def test_cannot_say_without_a_beginning_or_a_group(frame):
    answer = ZerosBeforeTracking().run(frame({"orders": np.arange(300.0)}))
    assert answer == CannotSay(
        "no column says when a customer began (a date or a tenure), and none is a category"
    )
