"""M01: fires on codes, defaults and dates that stand for missing; silent on caps and peaks."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.missing import Sentinels


def named(answer):
    assert not isinstance(answer, CannotSay), answer
    return {found.columns[0]: found for found in answer}


def aged(rows=3_000, seed=0):
    """An age, and two columns that go with it."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(45, 14, rows), 18, 90).round()
    spend = np.exp(rng.normal(3, 0.4, rows) + age / 30).round(2)
    return {"age": age, "spend": spend, "visits": rng.poisson(2 + age / 10).astype(float)}, rng


def test_a_frequent_999_beyond_a_gap_is_named_and_nulled(frame):
    columns, rng = aged()
    hit = rng.random(3_000) < 0.05
    columns["age"][hit] = 999
    [found] = Sentinels().run(frame(columns))
    assert (found.columns, found.rows) == (("age",), hit.sum())
    assert found.severity is Severity.WARNING
    assert found.evidence["values"] == [999]
    assert found.evidence["stands_out"] == "it lies far beyond all other values"
    assert found.fix.to_dict() == {
        "operation": "null_value",
        "columns": ["age"],
        "arguments": {"values": [999]},
        "because": "M01",
    }


def test_several_codes_of_one_column_are_one_finding(frame):
    columns, rng = aged()
    columns["age"][rng.random(3_000) < 0.04] = -1
    columns["age"][rng.random(3_000) < 0.04] = 999
    [found] = Sentinels().run(frame(columns))
    assert sorted(found.evidence["values"]) == [-1, 999]
    assert found.fix.arguments == {"values": found.evidence["values"]}


def test_what_it_costs_a_line_makes_it_serious(frame):
    rng = np.random.default_rng(0)
    recency = rng.integers(0, 100, 2_000).astype(float)
    y = (rng.random(2_000) < 1 / (1 + np.exp((recency - 40) / 15))).astype(float)
    recency[rng.random(2_000) < 0.1] = 9_999
    columns = {"recency": recency, "noise": rng.normal(size=2_000)}
    [found] = Sentinels().run(frame(columns, y))
    assert found.severity is Severity.SERIOUS
    assert found.evidence["cost"] >= 0.05
    assert found.evidence["cost_to"] == "a linear model"
    assert found.evidence["score_mended"] > found.evidence["score_as_it_is"]


def test_minus_one_that_means_never_is_a_warning_that_says_whose(frame):
    rng = np.random.default_rng(0)
    calls = rng.poisson(0.4, 3_000).astype(float)
    columns = {
        "days_since_call": np.where(calls > 0, rng.integers(1, 400, 3_000), -1).astype(float),
        "earlier_calls": calls,
        "age": rng.integers(18, 90, 3_000),
    }
    found = named(Sentinels().run(frame(columns)))["days_since_call"]
    assert found.severity is Severity.WARNING
    assert found.evidence["where"] == "earlier_calls is at most 0"
    assert (found.evidence["share_there"], found.evidence["share_elsewhere"]) == (1.0, 0.0)
    assert "may stand for something, such as never" in found.meaning


def test_a_code_among_the_values_is_told_by_the_other_columns(frame):
    columns, rng = aged(6_000)
    low, high = np.quantile(columns["spend"], (0.2, 0.9))
    assert low < 99 < high
    columns["spend"][rng.random(6_000) < 0.04] = 99
    found = named(Sentinels().run(frame(columns)))["spend"]
    assert found.evidence["values"] == [99]
    assert found.evidence["expected_far_from_it_share"] == pytest.approx(
        found.evidence["expected_far_among_all_share"], abs=0.1
    )


def test_a_price_of_99_has_rows_like_its_neighbours_and_is_left_alone(frame):
    columns, _ = aged(6_000)
    near = np.abs(columns["spend"] - 99) < 4
    assert near.sum() > 100
    columns["spend"][near] = 99
    assert Sentinels().run(frame(columns)) == []


def test_the_mean_in_place_of_missing_values_is_a_default(frame):
    columns, rng = aged(6_000)
    columns["spend"][rng.random(6_000) < 0.1] = 97.13
    found = named(Sentinels().run(frame(columns)))["spend"]
    assert found.evidence["values"] == [97.13]
    assert found.evidence["stands_out"] == "it is far commoner than any other value"


def dates(rng, rows):
    start = np.datetime64("2021-01-01")
    return start + rng.integers(0, 1_200, rows).astype("timedelta64[D]")


@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "9999-12-31"])
@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us")])
def test_usual_default_dates_are_named(frame, day, kind):
    rng = np.random.default_rng(0)
    joined = dates(rng, 3_000)
    joined[rng.random(3_000) < 0.02] = np.datetime64(day)
    made = frame({"joined": pa.array(joined.astype(object), pa.date32()).cast(kind)}, joined="date")
    [found] = Sentinels().run(made)
    assert found.evidence["values"] == [day]
    assert found.fix.arguments == {"values": [day]}


def far_away(rng, rows, *days):
    """Sign-ups since 2021, and some on days that no text can name: after 9999, or before 1."""
    numbers = dates(rng, rows).astype(int)
    for place, day in enumerate(days):
        numbers[40 * place : 40 * (place + 1)] = day
    return pa.array(numbers.astype(np.int32)).cast(pa.date32())


def test_a_date_beyond_the_year_9999_is_named_and_nulled(frame):
    rng = np.random.default_rng(0)
    made = frame({"joined": far_away(rng, 3_000, 5_000_000)}, joined="date")
    [found] = Sentinels().run(made)
    assert found.evidence["values"] == ["15659-07-15"]
    assert (found.fix.operation, found.fix.arguments) == ("null_above", {"limit": "9999-12-31"})
    mended = Ledger((found.fix,)).apply(made.table)[0]
    assert mended["joined"].null_count == found.rows == 40


def test_dates_that_no_one_fix_can_name_are_findings_of_their_own(frame):
    rng = np.random.default_rng(0)
    usual = int(np.datetime64("1900-01-01").astype(int))
    joined = far_away(rng, 3_000, 5_000_000, usual, -800_000)
    found = Sentinels().run(frame({"joined": joined}, joined="date"))
    fixes = {each.fix.operation: each.fix.arguments for each in found}
    assert fixes == {
        "null_above": {"limit": "9999-12-31"},
        "null_value": {"values": ["1900-01-01"]},
        "null_below": {"limit": "0001-01-01"},
    }


def test_the_day_of_a_migration_is_told_by_the_tenure_of_its_rows(frame):
    rng = np.random.default_rng(0)
    joined = dates(rng, 4_000)
    tenure = (np.datetime64("2024-06-01") - joined).astype(int) + rng.integers(-9, 9, 4_000)
    joined[rng.random(4_000) < 0.06] = np.datetime64("2022-05-05")
    columns = {
        "joined": pa.array(joined.astype(object), pa.date32()),
        "points": tenure.astype(float),
    }
    [found] = Sentinels().run(frame(columns, joined="date"))
    assert found.evidence["values"] == ["2022-05-05"]


def test_silent_on_honest_columns(honest, frame):
    columns, y = honest(0)
    rng = np.random.default_rng(1)
    columns["recency"] = np.minimum(rng.exponential(150, 2_000), 365).round()  # capped
    columns["income"] = np.minimum(rng.lognormal(10, 0.6, 2_000), 60_000).round()  # top-coded
    columns["age"] = np.where(rng.random(2_000) < 0.1, 40, rng.integers(18, 90, 2_000))
    columns["balance"] = rng.normal(0, 500, 2_000).round()
    columns["share"] = np.where(rng.random(2_000) < 0.1, 1.0, rng.beta(1, 9, 2_000).round(3))
    columns["signal"] = rng.choice([-1.0, 0.0, 1.0], 2_000)
    first = dates(rng, 2_000)
    first[first < np.datetime64("2021-06-01")] = np.datetime64("2021-06-01")  # when the shop began
    columns["joined"] = pa.array(first.astype(object), pa.date32())
    assert Sentinels().run(frame(columns, y, joined="date")) == []


def test_cannot_say_without_numbers_and_dates(frame):
    answer = Sentinels().run(frame({"region": ["a", "b"] * 300}))
    assert answer == CannotSay("no column holds numbers or dates")


def test_odd_columns_do_not_disturb_it(frame):
    columns = {
        "empty": pa.array([None] * 300, pa.float64()),
        "one": [1.0] * 300,
        "day": pa.array([dt.date(2024, 1, 1), None] * 150),
        "wild": [float("inf"), float("nan"), 0.0] * 100,
        "endless": [float("inf"), None] * 150,
        "nested": pa.array([[1, 2]] * 300),
        "misread": pa.array([dt.date(2024, 1, 1 + i % 28) for i in range(300)]),  # not as a number
        "rating": [1.0, 2.0, 3.0, 4.0, 5.0, 99.0] * 50,
    }
    [found] = Sentinels().run(frame(columns, day="date"))
    assert (found.columns, found.evidence["values"]) == (("rating",), [99])
