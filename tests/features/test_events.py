"""The as-of pair: features agree with a slow reference, and no line of the wrong side matters."""

import datetime as dt
import itertools
import math
import random
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import DataError, StudyError
from patron.features import events as room
from patron.features.events import CustomerTable, build_features
from patron.schema import Role
from patron.study import EventsSection
from patron.tables import open_source

START = dt.date(2020, 1, 1)
AS_OF = dt.date(2021, 6, 1)
LATER = dt.date(2021, 7, 1)
COLUMNS = ("customer", "day", "amount", "kind", "order", "product", "category", "pieces")
Line = tuple[Any, ...]


def section(**changes: Any) -> EventsSection:
    keys = {
        "entity": "customer",
        "time": "day",
        "amount": "amount",
        "kind": "kind",
        "order_id": "order",
        "product": "product",
        "category": "category",
        "quantity": "pieces * 2",
        "as_of": (AS_OF, LATER),
        "horizon_days": 30,
        "gap_days": 3,
        "observed_until": dt.date(2021, 12, 31),
    }
    return EventsSection(**{"path": "lines", **keys, **changes})


def table(lines: list[Line], columns: tuple[str, ...] = COLUMNS) -> pa.Table:
    types = {"day": pa.date32(), "amount": pa.float64(), "pieces": pa.int64()}
    cells = zip(*lines, strict=True) if lines else [[] for _ in COLUMNS]
    arrays = {
        name: pa.array(list(values), types.get(name, pa.string()))
        for name, values in zip(COLUMNS, cells, strict=True)
    }
    return pa.table({name: arrays[name] for name in columns})


def build(lines: list[Line], columns: tuple[str, ...] = COLUMNS, **changes: Any) -> CustomerTable:
    return build_features(open_source(table(lines, columns)), section(**changes))


# One line long before every as_of, so that all examples have the same history and a population.
FIRST = ("zoe", START, 5.0, "purchase", "first", "tea", "food", 1)

lines_of = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cat"]),
        st.one_of(
            st.integers(-40, 45).map(lambda days: AS_OF + dt.timedelta(days)),
            st.integers(1, 640).map(lambda days: START + dt.timedelta(days)),
        ),
        st.integers(0, 20_000).map(lambda cents: cents / 100),
        st.sampled_from(["purchase", "purchase", "purchase", "return", "cancellation"]),
        st.one_of(st.none(), st.integers(1, 9).map(str)),
        st.one_of(st.none(), st.sampled_from(["tea", "cup", "pot"])),
        st.one_of(st.none(), st.sampled_from(["food", "home"])),
        st.integers(0, 3),
    ),
    max_size=25,
)


def ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def reference_features(lines: list[Line], as_of: dt.date, first: dt.date) -> dict[str, Any]:
    """The features by their definitions, one customer and one line at a time."""
    answer = {}
    for customer in sorted({line[0] for line in lines}):
        mine = [line for line in lines if line[0] == customer and line[1] < as_of]
        orders: dict[Any, list[Line]] = defaultdict(list)
        for line in mine:
            key = line[4] if line[4] is not None else line[1]
            orders[line[3] == "purchase", key].append(line)
        dated = [
            (min(line[1] for line in group), math.fsum(line[2] for line in group))
            for (bought, _), group in orders.items()
            if bought
        ]
        if not dated:
            continue
        bought_lines = [line for line in mine if line[3] == "purchase"]
        back = [line for line in mine if line[3] != "purchase"]
        returns = sum(not bought for bought, _ in orders)
        returned = math.fsum(line[2] for line in back)
        spend = math.fsum(money for _, money in dated)
        units = 2 * sum(line[7] for line in bought_lines)
        days = sorted({day for day, _ in dated})
        gaps = [(after - before).days for before, after in itertools.pairwise(days)]
        recency, tenure = (as_of - days[-1]).days, (as_of - days[0]).days
        mean_gap = sum(gaps) / len(gaps) if gaps else None
        variation = None
        if mean_gap and len(gaps) >= 2:
            variance = sum((gap - mean_gap) ** 2 for gap in gaps) / len(gaps)
            variation = math.sqrt(variance) / mean_gap
        row: dict[str, Any] = {
            "recency_days": recency,
            "tenure_days": tenure,
            "orders": len(dated),
            "order_days": len(days),
            "order_lines": len(bought_lines),
            "units": units,
            "spend": spend,
            "average_unit_price": ratio(spend, units),
            "average_order_value": spend / len(dated),
            "largest_order_value": max(money for _, money in dated),
            "last_order_value": math.fsum(money for day, money in dated if day == days[-1]),
            "mean_gap_days": mean_gap,
            "gap_variation": variation,
            "recency_over_gap": ratio(recency, mean_gap),
            "quiet_share": recency / tenure,
            "active_months": len({((as_of - day).days - 1) // 30 for day in days}),
            "weekend_share": sum(day.isoweekday() > 5 for day, _ in dated) / len(dated),
            "products": len({line[5] for line in bought_lines} - {None}),
            "categories": len({line[6] for line in bought_lines} - {None}),
            "returns": returns,
            "returned_value": returned,
            "return_share": returns / (returns + len(dated)),
            "returned_value_share": ratio(returned, spend + returned),
        }
        for days_back in (7, 30, 90, 180, 365):
            since = as_of - dt.timedelta(days_back)
            window = [money for day, money in dated if day >= since]
            seen = since >= first
            row[f"orders_{days_back}d"] = len(window) if seen else None
            row[f"spend_{days_back}d"] = math.fsum(window) if seen else None
        row["spend_trend"] = ratio(row["spend_90d"], row["spend_180d"])
        start = as_of + dt.timedelta(3 - 365)
        season = [start <= day < start + dt.timedelta(30) for day, _ in dated]
        seen = as_of - dt.timedelta(365) >= first
        row["orders_year_before"] = sum(season) if seen else None
        answer[customer] = row
    return answer


def reference_labels(lines: list[Line], as_of: dt.date) -> dict[str, tuple[int, float]]:
    start, end = as_of + dt.timedelta(3), as_of + dt.timedelta(33)
    answer = {}
    for customer in {line[0] for line in lines}:
        window = [
            line[2]
            for line in lines
            if line[0] == customer and start <= line[1] < end and line[3] == "purchase"
        ]
        answer[customer] = (int(bool(window)), math.fsum(window))
    return answer


@settings(deadline=None, max_examples=15)
@given(lines_of)
def test_every_column_agrees_with_a_plain_reference(lines: list[Line]) -> None:
    lines = [FIRST, *lines]
    made = build(lines)
    names = list(made.roles)[2:]
    rows = made.table.to_pylist()
    for as_of in (AS_OF, LATER):
        features = reference_features(lines, as_of, START)
        labels = reference_labels(lines, as_of)
        mine = [row for row in rows if row["as_of"] == as_of]
        assert [row["customer"] for row in mine] == sorted(features)
        for row in mine:
            bought, spend = labels[row["customer"]]
            expected = features[row["customer"]] | {
                "purchased_next_30d": bought,
                "spend_next_30d": spend,
            }
            assert sorted(expected) == sorted(names)
            for name in names:
                if expected[name] is None:
                    assert row[name] is None, name
                    continue
                assert row[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-9), name


@settings(deadline=None, max_examples=15)
@given(lines_of, lines_of)
def test_no_line_from_as_of_on_changes_a_feature(lines: list[Line], others: list[Line]) -> None:
    before = [line for line in lines if line[1] < AS_OF]
    futures = (
        [line for line in lines if line[1] >= AS_OF],
        [line for line in others if line[1] >= AS_OF],
    )
    one, two = (
        build_features(
            open_source(table([FIRST, *before, *future])), section(as_of=AS_OF), labels=False
        ).table
        for future in futures
    )
    assert one.equals(two)


@settings(deadline=None, max_examples=15)
@given(lines_of, lines_of)
def test_no_line_outside_the_window_changes_a_label(lines: list[Line], others: list[Line]) -> None:
    start, end = AS_OF + dt.timedelta(3), AS_OF + dt.timedelta(33)
    inside = [line for line in lines if start <= line[1] < end]
    known = [FIRST, ("ann", START, 1.0, "purchase", None, None, None, 1)]  # the population
    answers = []
    for outside in (lines, others):
        rest = [line for line in outside if not start <= line[1] < end]
        made = build([*known, *inside, *rest], as_of=AS_OF)
        keys = ("customer", "purchased_next_30d", "spend_next_30d")
        rows = made.table.select(keys).to_pylist()
        answers.append([row for row in rows if row["customer"] in ("ann", "zoe")])
    assert answers[0] == answers[1]


@settings(deadline=None, max_examples=10)
@given(lines_of, st.randoms(use_true_random=False), st.permutations(COLUMNS))
def test_the_order_of_lines_and_columns_does_not_matter(
    lines: list[Line], chance: random.Random, columns: tuple[str, ...]
) -> None:
    lines = [FIRST, *lines]
    shuffled = chance.sample(lines, len(lines))
    assert build(lines).table.equals(build(shuffled, tuple(columns)).table)


def test_customers_that_are_taken_in_parts_give_the_same_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = START + dt.timedelta(1)
    lines = [(f"customer {n}", day, n, "purchase", None, "tea", None, n) for n in range(50)]
    whole = build([FIRST, *lines])
    monkeypatch.setattr(room, "PART_LINES", 10)
    assert build([FIRST, *lines]).table.equals(whole.table)
    assert whole.table.num_rows == 2 * 51


def test_written_out_dates() -> None:
    lines = [
        (
            "ann",
            dt.date(2021, 5, 31),
            10.0,
            "purchase",
            "1",
            "tea",
            None,
            1,
        ),  # Monday, the day before
        ("ann", dt.date(2021, 5, 25), 5.0, "purchase", "2", "tea", None, 1),  # the seventh day back
        ("ann", dt.date(2021, 5, 24), 2.0, "purchase", "3", "cup", None, 1),  # the eighth
        ("ann", AS_OF, 99.0, "purchase", "4", "pot", None, 1),  # not known yet
    ]
    made = build([FIRST, *lines], as_of=AS_OF)
    ann = made.table.to_pylist()[0]
    assert ann["customer"] == "ann"
    assert (ann["recency_days"], ann["tenure_days"]) == (1, 8)
    assert (ann["orders_7d"], ann["spend_7d"]) == (2, 15.0)
    assert (ann["orders"], ann["spend"], ann["products"]) == (3, 17.0, 2)
    assert (ann["mean_gap_days"], ann["gap_variation"]) == (3.5, 2.5 / 3.5)  # gaps of 1 and 6


def test_a_customer_with_one_order_has_no_gap() -> None:
    (row,) = build([FIRST], as_of=AS_OF).table.to_pylist()
    assert row["mean_gap_days"] is row["gap_variation"] is row["recency_over_gap"] is None
    assert (row["quiet_share"], row["orders_365d"], row["spend_365d"]) == (1.0, 0, 0.0)


def test_a_window_that_begins_before_the_data_is_missing_and_said() -> None:
    early = dt.date(2020, 4, 1)  # 91 days after the first line
    made = build([FIRST], as_of=(early, AS_OF))
    first, second = made.table.to_pylist()
    assert (first["orders_90d"], first["orders_180d"], first["orders_year_before"]) == (
        0,
        None,
        None,
    )
    assert (second["orders_180d"], second["orders_year_before"]) == (0, 0)
    assert made.notes == (
        "orders_180d, spend_180d, spend_trend: missing at as_of 2020-04-01, because they look back "
        "180 days and the lines begin on 2020-01-01",
        "orders_365d, spend_365d, orders_year_before: missing at as_of 2020-04-01, because they "
        "look back 365 days and the lines begin on 2020-01-01",
        "totals (orders, spend, tenure_days and others) count from 2020-01-01, where the lines "
        "begin: an early as_of has less behind it than a late one",
    )


def test_an_as_of_after_the_data_is_said() -> None:
    events = section(as_of=dt.date(2022, 1, 31))
    made = build_features(open_source(table([FIRST])), events, labels=False)
    assert made.notes == (
        "as_of 2022-01-31 is 31 days after 2021-12-31, where the data end: what was ordered in "
        "between is not seen",
    )


def test_without_a_kind_negative_amounts_are_returns() -> None:
    lines = [FIRST, ("zoe", START, -2.0, None, "back", "tea", None, 1)]
    (row,) = build(lines, as_of=AS_OF, kind=None).table.to_pylist()
    assert (row["orders"], row["spend"], row["returns"], row["returned_value"]) == (1, 5.0, 1, 2.0)


def test_without_order_ids_a_day_is_an_order() -> None:
    next_day = START + dt.timedelta(1)
    lines = [FIRST, FIRST, ("zoe", next_day, 1.0, "purchase", "first", None, None, 1)]
    (by_day,) = build(lines, as_of=AS_OF, order_id=None).table.to_pylist()
    (by_id,) = build(lines, as_of=AS_OF).table.to_pylist()
    assert (by_day["orders"], by_day["largest_order_value"]) == (2, 10.0)
    assert (by_id["orders"], by_id["largest_order_value"]) == (1, 11.0)


def test_every_column_has_a_role_and_a_reason() -> None:
    made = build([FIRST], as_of=AS_OF)
    assert list(made.roles) == list(made.reasons) == made.table.column_names
    assert all(made.reasons.values())
    assert [name for name, role in made.roles.items() if role is Role.ENTITY] == ["customer"]
    assert (made.roles["as_of"], made.roles["spend"]) == (Role.AS_OF, Role.MONEY)
    assert made.roles["purchased_next_30d"] is Role.TARGET
    assert made.roles["spend_next_30d"] is Role.OUTCOME
    bare = build([FIRST], as_of=AS_OF, product=None, category=None, quantity=None).roles
    assert made.roles.keys() - bare.keys() == {
        "products",
        "categories",
        "units",
        "average_unit_price",
    }


def test_without_an_as_of_nothing_is_assumed() -> None:
    with pytest.raises(StudyError) as error:
        build(
            [FIRST, ("zoe", dt.date(2020, 1, 11), 1.0, "purchase", None, None, None, 1)], as_of=()
        )
    assert str(error.value) == (
        "[events] has no as_of, and no date is assumed. The lines of the Arrow table are of "
        "2020-01-01 to 2020-01-11; name one or more dates in between, such as "
        'as_of = ["2020-01-06"].'
    )


def test_dates_that_are_passed_replace_those_of_the_study() -> None:
    source = open_source(table([FIRST]))
    made = build_features(source, section(), as_of=[LATER, AS_OF, LATER], labels=False)
    assert made.table["as_of"].to_pylist() == [AS_OF, LATER]


def test_an_as_of_before_the_first_order_is_refused() -> None:
    with pytest.raises(DataError, match="Nobody ordered before as_of 2020-01-01: the lines of "):
        build([FIRST], as_of=START)


def test_an_entity_with_the_name_of_a_feature_is_refused() -> None:
    lines = table([FIRST]).rename_columns(["spend", *COLUMNS[1:]])
    with pytest.raises(StudyError, match="has the name of a column that is made from the orders"):
        build_features(open_source(lines), section(entity="spend"))
