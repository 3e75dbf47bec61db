"""Reasons: the weightiest columns of each row, said with the points that they have."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from patron.features.encode import Design, Encoder
from patron.models.reasons import reasons
from patron.schema import Column, Role, Schema

SCHEMA = Schema(
    (
        Column("customer_id", Role.ENTITY, "", "int64"),
        Column("as_of", Role.AS_OF, "", "date32[day]"),
        Column("sessions_30d", Role.COUNT, "", "int64"),
        Column("age", Role.NUMBER, "", "double"),
        Column("open_rate", Role.RATE, "", "double"),
        Column("has_app", Role.FLAG, "", "string"),
        Column("signup_date", Role.DATE, "", "timestamp[us]"),
        Column("region", Role.CATEGORY, "", "string"),
    )
)
TABLE = pa.table(
    {
        "customer_id": [1, 2, 3],
        "as_of": [dt.date(2026, 1, 31)] * 3,
        "sessions_30d": [12, 1, 0],
        "age": [41.0, None, 1237.0],
        "open_rate": [0.351, 0.0, 1.0],
        "has_app": ["yes", "No", None],
        "signup_date": [dt.datetime(2024, 5, 3, 23, 59, 59), None, dt.datetime(1969, 12, 31, 8)],
        "region": ["north", "south", None],
    }
)
ENCODER = Encoder.fit(TABLE, SCHEMA)
NAMES = [*ENCODER.names]


def told(table: pa.Table, **points: float) -> list[str]:
    """The reason of each row where one column alone has points in all of them."""
    ((name, size),) = points.items()
    design = ENCODER.transform(table)
    matrix = np.zeros(design.matrix.shape)
    matrix[:, NAMES.index(name)] = size
    return [sentence for (sentence,) in reasons(design, table, SCHEMA, matrix).to_pylist()]


@pytest.mark.parametrize(
    ("column", "facts"),
    [
        (
            "sessions_30d",
            ["12 sessions in 30 days", "1 session in 30 days", "0 sessions in 30 days"],
        ),
        ("age", ["age 41", "age unknown", "age 1,240"]),
        ("open_rate", ["open rate 35.1 %", "open rate 0 %", "open rate 100 %"]),
        (
            "signup_date",
            ["signup date 2024-05-03", "signup date unknown", "signup date 1969-12-31"],
        ),
        ("region", ["region north", "region south", "region unknown"]),
    ],
)
def test_each_kind_of_column_says_its_value(column: str, facts: list[str]) -> None:
    assert told(TABLE, **{column: 9.0}) == [f"{fact}: +9 points" for fact in facts]


def test_a_flag_says_yes_or_no() -> None:
    assert told(TABLE, has_app=-3.0) == [
        "has app: yes, -3 points",
        "has app: no, -3 points",
        "has app unknown, -3 points",
    ]


def test_a_value_that_was_not_learned_is_told_as_such_and_not_printed() -> None:
    place = TABLE.column_names.index("region")
    table = TABLE.set_column(place, "region", pa.array(["Atlantis", "north", " "]))
    assert told(table, region=2.0) == [
        "region (a value not seen before): +2 points",
        "region north: +2 points",
        "region (a value not seen before): +2 points",
    ]


def test_an_absent_column_is_unknown() -> None:
    for name, label in (("age", "age"), ("signup_date", "signup date"), ("region", "region")):
        assert told(TABLE.drop_columns([name]), **{name: 1.0}) == [f"{label} unknown: +1 point"] * 3


def test_dates_without_a_day_to_count_from_are_unknown_as_they_are_to_the_model() -> None:
    assert (
        told(TABLE.drop_columns(["as_of"]), signup_date=4.0)
        == ["signup date unknown: +4 points"] * 3
    )


def test_dates_may_come_as_text() -> None:
    place = TABLE.column_names.index("signup_date")
    texts = pa.array(["2024-05-03T23:59:59", "some day", "1969-12-31"])
    told_of_text = told(TABLE.set_column(place, "signup_date", texts), signup_date=9.0)
    assert told_of_text == told(TABLE, signup_date=9.0)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (9.4, "+9 points"),
        (-2.6, "-3 points"),
        (1.2, "+1 point"),
        (-0.96, "-1 point"),
        (0.94, "+0.9 points"),
        (0.5, "+0.5 points"),
        (-0.55, "-0.6 points"),
        (99.9, "+100 points"),
    ],
)
def test_points_are_whole_and_below_one_have_a_decimal(points: float, words: str) -> None:
    assert told(TABLE, age=points)[0] == f"age 41: {words}"


def by_hand(points: list[list[float]], sources: tuple[str, ...], most: int = 3) -> list[list[str]]:
    names = tuple(f"{number}" for number in range(len(sources)))
    matrix = np.ones((len(points), len(sources)), dtype=np.float32)
    design = Design(matrix, names, sources, {})
    answer = reasons(design, pa.table({}), Schema(()), np.array(points), most=most)
    return answer.to_pylist()


def test_the_weightiest_come_first_and_none_below_half_a_point() -> None:
    assert by_hand(
        [[1, -5, 0.4, 3, 2], [0.49, -0.49, 0, 0, 0.6], [0, 0, 0, 0, 0], [2, 2, 2, 2, 2]],
        ("a", "b", "c", "d", "e"),
    ) == [
        ["b 1: -5 points", "d 1: +3 points", "e 1: +2 points"],
        ["e 1: +0.6 points"],
        [],
        ["a 1: +2 points", "b 1: +2 points", "c 1: +2 points"],
    ]


def test_what_was_made_from_one_column_counts_together() -> None:
    """A value and its "is missing" may pull against each other: neither is a reason alone."""
    assert by_hand([[4, -3.8, 1], [4, 2, 7]], ("a", "a", "b")) == [
        ["b 1: +1 point"],
        ["b 1: +7 points", "a 1: +6 points"],
    ]


def test_few_columns_and_no_rows() -> None:
    assert by_hand([[2.0]], ("a",)) == [["a 1: +2 points"]]
    assert by_hand([[2.0, 3.0]], ("a", "b"), most=1) == [["b 1: +3 points"]]
    nothing = TABLE.slice(0, 0)
    design = ENCODER.transform(nothing)
    assert reasons(design, nothing, SCHEMA, np.zeros(design.matrix.shape)).to_pylist() == []


def test_many_values_are_told_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.lognormal(3, 4, 400), -rng.lognormal(0, 3, 100), [0.0]])
    table = pa.table({"spend": values})
    schema = Schema((Column("spend", Role.MONEY, "", "double"),))
    encoder = Encoder.fit(table, schema)
    points = rng.normal(0, 5, (len(values), 1))
    whole = reasons(encoder.transform(table), table, schema, points).to_pylist()
    for row in range(len(values)):
        one = table.slice(row, 1)
        alone = reasons(encoder.transform(one), one, schema, points[row : row + 1])
        assert alone.to_pylist() == [whole[row]]


def test_long_and_odd_categories_stay_on_one_short_line() -> None:
    table = pa.table({"plan": ["a" * 60, "two\nlines", "", "x: y"]})
    schema = Schema((Column("plan", Role.CATEGORY, "", "string"),))
    design = Encoder.fit(table, schema).transform(table)
    said = [s for (s,) in reasons(design, table, schema, np.full((4, 1), 3.0)).to_pylist()]
    assert said == [
        f"plan {'a' * 39}…: +3 points",
        "plan two lines: +3 points",
        "plan (empty): +3 points",
        "plan x: y: +3 points",
    ]
