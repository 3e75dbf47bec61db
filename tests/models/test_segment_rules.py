"""Rules of segments: the search, what is written, and that both say the same of odd tables."""

import math
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError
from patron.estimate import Estimate
from patron.metrics import f1
from patron.models.segment_conditions import column_values, identifier
from patron.models.segment_rules import Condition, Rule, case_when, find_rules
from patron.models.segment_search import Bins, best_conditions, round_cuts


def shop(rows: int = 6_000, seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Three segments that are rules themselves, with a few rows mislabelled."""
    rng = np.random.default_rng(seed)
    days = rng.exponential(80, rows).round()
    orders = rng.poisson(3, rows)
    spend = np.where(orders > 0, orders * rng.lognormal(3.5, 0.5, rows), np.nan)
    labels = np.where(days > 90, 0, np.where(orders > 4, 1, 2))
    wrong = rng.random(rows) < 0.02
    labels[wrong] = rng.integers(0, 3, wrong.sum())
    table = pa.table(
        {
            "days_since_last_purchase": days,
            "orders_365d": orders,
            "total_spend_365d": pa.array(spend, from_pandas=True),
            "noise": rng.normal(size=rows),
            "region": rng.choice(["north", "south", "it's"], rows),
            "member": rng.random(rows) < 0.4,
            "constant": np.ones(rows),
        }
    )
    return table, labels


def rule(*conditions: Condition, precision: float = 0.9) -> Rule:
    estimate = Estimate(precision, 0.0, 1.0, 0.95, 100, "by hand")
    return Rule(conditions, estimate, estimate, estimate, 0.2)


def in_duckdb(table: pa.Table, sql: str) -> list[Any]:
    with duckdb.connect() as connection:
        connection.register("customers", table)
        return [row[0] for row in connection.execute(f"SELECT {sql} FROM customers").fetchall()]


def test_the_rules_that_made_the_segments_are_found() -> None:
    table, labels = shop()
    rules = find_rules(table, table.column_names, labels, 3)
    assert [each.text for each in rules if each] == [
        "days_since_last_purchase > 90",
        "orders_365d > 4 and days_since_last_purchase <= 90",
        "days_since_last_purchase <= 90 and orders_365d <= 4",
    ]
    assert min(each.f1.value for each in rules if each) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_search_finds_nothing_better(seed: int) -> None:
    """Every triple of conditions on a small table, against the beam."""
    rng = np.random.default_rng(seed)
    rows = 800
    matrix = rng.integers(0, 5, (rows, 3)).astype(float)
    wanted = (matrix @ [1.0, 0.8, -0.7] + rng.normal(size=rows)) > 2.5
    table = pa.table({f"c{place}": matrix[:, place] for place in range(3)})
    bins = Bins.of(table, table.column_names)
    found = best_conditions(bins, wanted)
    mine = np.logical_and.reduce([each.matches(table) for each in found])
    singles = [
        matrix[:, column] <= cut if below else matrix[:, column] > cut
        for column in range(3)
        for cut in range(4)
        for below in (True, False)
    ]

    def score(caught: np.ndarray) -> float:
        return float(2 * (caught & wanted).sum() / (caught.sum() + wanted.sum()))

    best = max(score(a & b & c) for a in singles for b in singles for c in singles)
    # A further condition must bring 0.004 of F1, and so must each of at most two.
    assert score(mine) >= best - 0.008


def test_what_is_told_is_of_the_other_half() -> None:
    """On labels that are pure noise a rule cannot be any good, whatever the search found."""
    table, _ = shop(4_000)
    labels = np.random.default_rng(5).integers(0, 10, 4_000)
    rules = find_rules(table, table.column_names, labels, 10)
    for each in rules:
        assert each is None or each.precision.value < 0.2
    table, labels = shop(4_000)
    first = find_rules(table, table.column_names, labels, 3)[1]
    assert first is not None
    half = np.random.default_rng(0).permutation(4_000)[2_000:]
    judged, inside = table.take(pa.array(half)), labels[half] == 1
    caught = first.matches(judged)
    assert first.f1 == f1(inside, caught, threshold=0.5)
    assert first.coverage == caught.mean()
    assert first.precision.value == inside[caught].mean()
    assert first.recall.value == caught[inside].mean()
    assert (first.precision.n, first.recall.n) == (caught.sum(), inside.sum())


def test_same_seed_same_rules_and_the_table_is_left_alone() -> None:
    table, labels = shop()
    before = table.slice(0, table.num_rows)
    once = find_rules(table, table.column_names, labels, 3, seed=4)
    assert once == find_rules(table, table.column_names[::-1], labels, 3, seed=4)
    assert table.equals(before)


def test_a_category_is_used_where_it_helps_and_a_flag_too() -> None:
    table, _ = shop()
    south = np.asarray(table["region"].to_numpy() == "it's")
    member = np.asarray(table["member"].to_numpy())
    labels = np.where(south, 0, np.where(member, 1, 2))
    rules = find_rules(table, table.column_names, labels, 3)
    assert [each.text for each in rules[:1] if each] == ["region = it's"]
    assert rules[1] is not None
    assert "member = true" in rules[1].text
    assert in_duckdb(table, rules[1].sql) == rules[1].matches(table).tolist()


def test_columns_that_are_not_preferred_must_bring_more() -> None:
    rng = np.random.default_rng(0)
    axis = rng.normal(size=4_000)
    table = pa.table({"twin": axis + rng.normal(size=4_000) * 0.001, "axis": axis})
    labels = (axis > 0).astype(int)
    twins = find_rules(table, ["twin", "axis"], labels, 2, preferred=["axis"])
    assert [each.text for each in twins if each] == ["axis <= 0", "axis > 0"]


def test_missing_values_can_be_a_rule_and_meet_no_other() -> None:
    table, _ = shop()
    spend = table["total_spend_365d"]
    labels = np.asarray(spend.is_null().to_numpy()).astype(int)
    first, second = find_rules(table, ["total_spend_365d", "noise"], labels, 2)
    assert first is not None
    assert second is not None
    assert second.text == "total_spend_365d is missing"
    assert second.sql == "total_spend_365d IS NULL"
    assert second.f1.value == first.f1.value == 1
    assert not first.matches(table)[labels == 1].any()


@pytest.mark.parametrize("dtype", [pa.float64(), pa.float32()])
def test_sql_says_the_same_of_nan_null_and_infinity(dtype: pa.DataType) -> None:
    values = [math.nan, None, math.inf, -math.inf, 0.1, 0.3, 0.30000001, 5.0, 0.0]
    table = pa.table({"x": pa.array(values, dtype)})
    for operator in ("<=", ">", "="):
        for value in (0.1, 0.3, 5, 0):
            condition = Condition("x", operator, value, nan=True)
            told = [bool(each) for each in in_duckdb(table, condition.sql)]
            assert told == condition.matches(table).tolist(), condition.sql
    for operator, first in (("is missing", [True, True]), ("is not missing", [False, False])):
        condition = Condition("x", operator, None, nan=True)
        assert condition.matches(table).tolist()[:2] == first
        assert in_duckdb(table, condition.sql) == condition.matches(table).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_rules_of_an_odd_table_are_found_and_sql_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = 1_500
    floats = rng.lognormal(0, 3, rows)
    floats[rng.random(rows) < 0.1] = np.nan
    floats[rng.random(rows) < 0.1] = np.inf
    labels = rng.integers(0, 3, rows)
    single = (rng.integers(0, 11, rows) / 10 + labels / 10).astype(np.float32)
    table = pa.table(
        {
            'Über "quoted"': floats,
            "select": pa.array(single),
            "huge": rng.choice([-1e308, 1e308, 5e-324, 0.0], rows) * (labels > 0),
            "decimal": pa.array(rng.integers(0, 900, rows) + 300 * labels).cast(
                pa.decimal128(25, 2)
            ),
            "text": pa.array(rng.choice(["1", "2", "", "a'b"], rows), mask=rng.random(rows) < 0.2),
            "words": pa.array(rng.choice(["x", "y"], rows)).dictionary_encode(),
            "flag": pa.array(rng.random(rows) < 0.3 + 0.2 * labels, mask=rng.random(rows) < 0.1),
            "small": pa.array(rng.integers(0, 250, rows).astype(np.uint8)),
            "nothing": pa.nulls(rows),
            "never": pa.array([None] * rows, pa.float64()),
            "date": pa.array(rng.integers(0, 9_000, rows), pa.int32()).cast(pa.date32()),
        }
    )
    rules = find_rules(table, table.column_names, labels, 3)
    assert any(each is not None for each in rules)
    for each in rules:
        if each is not None:
            told = [bool(met) for met in in_duckdb(table, each.sql)]
            assert told == each.matches(table).tolist(), each.sql


def test_case_when_runs_and_puts_the_most_precise_first() -> None:
    table = pa.table({'a "b"': [1, 5, None], "order": [1, 1, 1]})
    rules = [
        rule(Condition("order", "<=", 2), precision=0.5),
        None,
        rule(Condition('a "b"', ">", 3), precision=0.8),
    ]
    sql = case_when(rules, ["it's", "nobody", 'the "rest"'], otherwise="no one's")
    assert sql.splitlines() == [
        "CASE",
        '  WHEN "a ""b""" > 3 THEN \'the "rest"\'',
        "  WHEN \"order\" <= 2 THEN 'it''s'",
        "  ELSE 'no one''s'",
        "END",
    ]
    assert in_duckdb(table, sql) == ["it's", 'the "rest"', "it's"]
    assert in_duckdb(table, case_when([None], ["x"], otherwise="all")) == ["all"] * 3


def test_every_reserved_word_is_quoted() -> None:
    with duckdb.connect() as connection:
        words = connection.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
        ).fetchall()
    assert all(identifier(word) == f'"{word}"' for (word,) in words)


def test_a_rule_survives_json() -> None:
    table, labels = shop()
    for each in find_rules(table, table.column_names, labels, 3):
        assert each is not None
        assert Rule.from_dict(each.to_dict()) == each
        assert each.to_dict()["text"] == each.text
        assert each.to_dict()["sql"] == each.sql


def test_no_rule_where_there_is_none_to_tell() -> None:
    table, labels = shop(600)
    assert find_rules(table, table.column_names, np.zeros(600, int), 1) == (None,)
    few = np.where(np.arange(600) < 15, 1, 0)
    assert find_rules(table, table.column_names, few, 3)[1:] == (None, None)
    assert find_rules(table.slice(0, 0), ["noise"], [], 2) == (None, None)
    unassigned = np.where(labels == 2, -1, labels)
    assert [each is None for each in find_rules(table, table.column_names, unassigned, 3)] == [
        False,
        False,
        True,
    ]


def test_what_cannot_be_asked_is_said() -> None:
    table, labels = shop(600)
    with pytest.raises(DataError, match=r'no column "orders" .named for the rules'):
        find_rules(table, ["orders"], labels, 3)
    with pytest.raises(DataError, match="No column can make a condition of a rule: constant"):
        find_rules(table, ["constant"], labels, 3)
    with pytest.raises(DataError, match="none is given"):
        find_rules(table, [], labels, 3)
    with pytest.raises(ValueError, match="labels must be 600 numbers, got shape"):
        find_rules(table, ["noise"], labels[:5], 3)
    with pytest.raises(ValueError, match="labels must lie below k = 2, got 2"):
        find_rules(table, ["noise"], labels, 2)
    with pytest.raises(DataError, match=r'no column "orders" .named by a rule'):
        Condition("orders", ">", 3).matches(table)
    with pytest.raises(DataError, match='"region" is of type string; the rule "region > 3" needs'):
        Condition("region", ">", 3).matches(table)
    with pytest.raises(DataError, match='"noise" is of type double; the rule "noise = a" needs'):
        Condition("noise", "=", "a").matches(table)
    with pytest.raises(ValueError, match="operator must be one of"):
        Condition("noise", "<", 3)
    with pytest.raises(ValueError, match="a text has only the operator"):
        Condition("region", ">", "north")


CUTS = [
    (np.arange(1000.0), True, (60, 125, 250, 500)),
    (np.array([0.0] * 90 + [0.37] * 10), False, (0,)),
    (np.array([1.0, 2.0, 2.0, 3.0]), True, (1, 2)),
    (np.linspace(-3, 3, 601), False, (-2, -0.5, 0, 1)),
    (np.linspace(640, 820, 500), False, (650, 700, 750, 800)),
    (np.full(9, 4.0), True, ()),
    (np.array([]), True, ()),
    (np.array([1e308, -1e308]), True, (0,)),
]


@pytest.mark.parametrize(("values", "whole", "some"), CUTS)
def test_cuts_are_numbers_that_a_person_would_say(
    values: np.ndarray, whole: bool, some: tuple[float, ...]
) -> None:
    cuts = round_cuts(values, whole=whole, most=8)
    assert set(some) & set(cuts) or not some
    assert list(cuts) == sorted(set(cuts))
    for cut in cuts:  # each parts the values
        assert (values <= cut).any()
        assert (values > cut).any()
    assert all(len(f"{cut:g}".strip("0").replace(".", "").replace("-", "")) <= 3 for cut in cuts)


@pytest.mark.parametrize("scale", [1e-320, 1e-12, 1.0, 1e15, 1e307])
def test_cuts_of_any_size_part_the_values(scale: float) -> None:
    values = np.random.default_rng(0).random(500) * scale
    for cut in round_cuts(values, whole=False):
        assert (values <= cut).any()
        assert (values > cut).any()


def test_days_are_said_as_people_count_them() -> None:
    days = np.random.default_rng(0).exponential(60, 5_000).round()
    table = pa.table({"days_since_last_visit": days})
    assert {7, 14, 30, 60, 90, 180} <= set(Bins.of(table, table.column_names).values[0])


@pytest.mark.parametrize("seed", range(5))
def test_no_condition_says_what_another_has_said(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.lognormal(2, 1, (2_000, 4))
    labels = np.log(matrix @ [1.0, 0.5, 0.25, 0.1]).round().clip(1, 4).astype(int) - 1
    table = pa.table({f"c{place}": matrix[:, place] for place in range(4)})
    for found in find_rules(table, table.column_names, labels, 4):
        pairs = [(each.column, each.operator) for each in found.conditions] if found else []
        assert len(pairs) == len(set(pairs))


def test_text_is_read_once_for_each_level() -> None:
    column = pa.chunked_array([["a", None], ["b", "a"]])
    found = column_values(column)
    assert found is not None
    assert found.levels is not None
    assert [found.levels[place] for place in found.values[~found.missing]] == ["a", "b", "a"]
    assert found.missing.tolist() == [False, True, False, False]
