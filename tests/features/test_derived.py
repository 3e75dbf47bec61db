"""Derived features: what is made of which columns, by hand."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from patron.features.derived import Derived, Factor, apply, candidates
from patron.schema import Column, Role, Schema, infer

SHOP = pa.table(
    {
        "customer_id": ["a", "b", "c"],
        "tenure_days": [365, 60, 10],
        "orders_90d": [3, 4, 1],
        "spend_365d": [600.0, 300.0, 50.0],
        "avg_order_value": [40.0, 75.0, None],
        "sessions_30d": [9, 0, 2],
        "days_since_last_purchase": [90, 0, 10],
        "avg_days_between_orders": [45.0, 30.0, 0.2],
        "discount_usage_rate": [0.5, 0.0, 1.0],
        "spend_next_90d": [1.0, 2.0, 3.0],
        "revenue_of_quarter": [5.0, 6.0, 7.0],
    }
)


@pytest.fixture
def schema() -> Schema:
    return infer(SHOP, entity="customer_id", targets=["revenue_of_quarter"])


def value(schema: Schema, name: str) -> list[float | None]:
    (derived,) = [each for each in candidates(schema, SHOP) if each.name == name]
    table, roles = apply(SHOP, schema, [derived])
    assert roles[name].role is Role.NUMBER
    assert roles[name].because == derived.because
    return table[name].to_pylist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 30 days over those that could be seen: 365 of the window, 60, and at least 30.
        ("spend_365d a month", [600 * 30 / 365, 300 * 30 / 60, 50.0]),
        ("orders_90d a month", [3 * 30 / 90, 4 * 30 / 60, 1.0]),
        ("orders_90d x avg_order_value", [3 * 40 * 30 / 90, 4 * 75 * 30 / 60, None]),
        ("spend_365d a visit", [600 * 30 / 365 / 9, 150.0, 25.0]),
        ("spend_365d, fading", [600 * 30 / 365 * math.exp(-1), 150.0, 50 * math.exp(-1 / 9)]),
        ("spend_365d x log sessions_30d", [600 * 30 / 365 * math.log(10), 0.0, 50 * math.log(3)]),
        ("spend_365d x discount_usage_rate", [600 * 30 / 365 / 2, 0.0, 50.0]),
        ("log spend_365d", [math.log(601), math.log(301), math.log(51)]),
        ("days_since_last_purchase in gaps", [2.0, 0.0, 10.0]),
    ],
)
def test_values_by_hand(schema: Schema, name: str, expected: list[float]) -> None:
    assert value(schema, name) == pytest.approx(expected)


def test_each_has_a_reason_and_none_is_made_from_what_is_known_later(schema: Schema) -> None:
    made = candidates(schema, SHOP)
    assert all(each.because and each.formula for each in made)
    used = {column for each in made for column in each.columns}
    assert used <= set(schema.features)
    assert not used & {"spend_next_90d", "revenue_of_quarter", "customer_id"}
    assert len({each.name for each in made}) == len(made)


def test_a_row_alone_gets_the_value_that_it_has_in_the_table(schema: Schema) -> None:
    made = [
        Derived.from_dict(json.loads(json.dumps(d.to_dict()))) for d in candidates(schema, SHOP)
    ]
    assert made == candidates(schema, SHOP)
    whole, _ = apply(SHOP, schema, made)
    for row in range(len(SHOP)):
        alone, _ = apply(SHOP.slice(row, 1), schema, made)
        assert alone.to_pylist() == whole.slice(row, 1).to_pylist()


def test_a_column_that_lacks_or_is_text_gives_missing_values(schema: Schema) -> None:
    pace = Derived("pace", (Factor("times", "spend_365d"), Factor("month", "tenure_days")), "why")
    assert apply(SHOP.drop_columns(["tenure_days"]), schema, [pace])[0]["pace"].null_count == 3
    text = SHOP.set_column(1, "tenure_days", pa.array(["1", "2", "3"]))
    assert apply(text, schema, [pace])[0]["pace"].null_count == 3


def test_infinite_and_negative_values_do_no_harm() -> None:
    log = Factor("log", "x")
    np.testing.assert_allclose(log(np.array([-5.0, 0.0, np.e - 1])), [0, 0, 1])
    table = pa.table({"x": [np.inf, 2.0]})
    roles = Schema((Column("x", Role.NUMBER, "", "double"),))
    assert apply(table, roles, [Derived("y", (Factor("times", "x"),), "")])[0]["y"].to_pylist() == [
        None,
        2.0,
    ]


@pytest.mark.parametrize(
    ("column", "days"),
    [("spend_12m", 360), ("spend_2weeks", 14), ("spend_90days", 90), ("spend_1y", 365)],
)
def test_the_window_is_read_from_the_name(column: str, days: float) -> None:
    table = pa.table({column: [1.0, 2.5], "tenure": [9_999, 9_998]})
    roles = {column: Role.MONEY, "tenure": Role.COUNT}
    schema = Schema(tuple(Column(name, role, "", "") for name, role in roles.items()))
    (pace,) = [each for each in candidates(schema, table) if each.name == f"{column} a month"]
    assert pace.factors[1] == Factor("month", "tenure", days)


def test_a_table_without_such_columns_gives_none() -> None:
    table = pa.table({"age": [1.5, 2.5], "city": ["a", "b"]})
    assert candidates(infer(table), table) == []
