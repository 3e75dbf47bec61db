"""Cleaning of order lines: each rule and its count, each mistake and its message."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from patron.errors import DataError, StudyError
from patron.features import lines as room
from patron.features.events import build_features
from patron.features.lines import read_lines
from patron.study import EventsSection
from patron.tables import Source, open_source

AS_OF = dt.date(2025, 3, 1)


def read(columns: dict[str, Any], **keys: Any) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    """(customer, day, amount, purchase) of each clean line, and the rows that each rule took."""
    section = {"entity": "who", "time": "when", "amount": "paid"} | keys
    events = EventsSection(path="lines", **section)
    with read_lines(open_source(pa.table(columns)), events) as lines:
        query = (
            f"SELECT entity, DATE '{room.EPOCH}' + day::INT, amount::DOUBLE, purchase FROM lines"
        )
        rows = lines.connection.execute(f"{query} ORDER BY ALL").fetchall()
        return rows, {each["rule"]: each["rows"] for each in lines.dropped}


def test_a_line_counts_for_the_first_rule_that_it_breaks() -> None:
    columns = {
        "who": [None, " ", "ann", "ann", "ann", "ann", "ann", "ann"],
        "when": ["x", "2025-01-01", "2025-01-01", "soon", "2025-01-02", "2025-01-03"]
        + ["2025-01-04"] * 2,
        "paid": ["1", "1", "1", "1", "a lot", "5", "6", "6"],
        "shop": ["a", "a", "b", "a", "a", "a", "a", "a"],
        "type": ["purchase"] * 5 + ["gift", "Return ", "Return "],
    }
    rows, dropped = read(columns, where="shop = 'a'", kind="type", drop_duplicates=True)
    assert rows == [("ann", dt.date(2025, 1, 4), 6.0, False)]
    assert dropped == {
        "customer missing": 2,
        "not of [events] where": 1,
        "time cannot be read": 1,
        "amount cannot be read": 1,
        "neither purchase, return nor cancellation": 1,
        "exact duplicate": 1,
    }


def test_lines_that_differ_in_a_column_that_is_not_used_are_no_duplicates() -> None:
    columns = {"who": [1, 1, 1], "when": ["2025-01-01"] * 3, "paid": [2, 2, 2], "note": [1, 1, 2]}
    assert len(read(columns, drop_duplicates=True)[0]) == 2
    assert len(read(columns)[0]) == 3


MOMENT = dt.datetime(2025, 1, 31, 23, 59)


@pytest.mark.parametrize(
    "when",
    [
        pa.array([MOMENT.date()], pa.date32()),
        pa.array([MOMENT], pa.timestamp("ns")),
        pa.array([MOMENT], pa.timestamp("s", tz="UTC")),
        pa.array(["2025-01-31"]),
        pa.array(["2025-01-31 23:59:00"]),
        pa.array([" 20250131"]),
        pa.array([20250131]),
        pa.array([20250131.0]),
    ],
    ids=lambda array: f"{array.type} {array[0]}",
)
def test_a_day_is_read_from_any_usual_form(when: pa.Array) -> None:
    rows, dropped = read({"who": ["ann"], "when": when, "paid": [1.0]})
    assert (rows[0][1], dropped["time cannot be read"]) == (dt.date(2025, 1, 31), 0)


def test_expressions_are_computed_line_by_line() -> None:
    columns = {
        "who": [7, 7],
        "when": ["2025-01-01", "2025-01-02"],
        "Unit Price": [1.25, 2.0],
        "n": ["4", "many"],
        "Id": ["C1", "2"],
    }
    rows, dropped = read(
        columns,
        amount='CAST(n AS INTEGER) * "Unit Price"',
        kind="CASE WHEN id LIKE 'C%' THEN 'cancellation' ELSE 'purchase' END",  # Id, in any case
    )
    assert rows == [(7, dt.date(2025, 1, 1), 5.0, False)]
    assert dropped["amount cannot be read"] == 1


LINE = {"who": ["ann"], "when": ["2025-01-01"], "paid": [1.0], "flag": [True]}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"entity": "whom"},
            'the Arrow table has no column "whom" (named by [events] entity). The nearest is '
            '"who". Columns: who, when, paid, flag (4 in all; patron init shows them).',
        ),
        (
            {"amount": "piad * 2"},
            'the Arrow table has no column "piad" (named by [events] amount). The nearest is '
            '"paid". Columns: who, when, paid, flag (4 in all; patron init shows them).',
        ),
        (
            {"time": "flag"},
            '[events] time = "flag" is of type boolean; expected dates, time stamps, text such as '
            "2025-01-31, or whole numbers such as 20250131.",
        ),
        (
            {"where": "paid + 1"},
            '[events] where = "paid + 1" is not a condition: it must be true or false for each '
            "line.",
        ),
        (
            {"amount": "paid -"},
            '[events] amount = "paid -" is neither a column nor an SQL expression: ',
        ),
        (
            {"amount": "who * flag"},
            '[events] amount = "who * flag" cannot be computed: ',
        ),
    ],
    ids=["column", "expression's column", "time", "condition", "syntax", "types"],
)
def test_a_wrong_key_is_named(keys: dict[str, str], message: str) -> None:
    with pytest.raises(StudyError) as error:
        read(LINE, **keys)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("amount", ["Paid", "paid * 2"])
def test_columns_that_differ_only_by_case_are_not_guessed_between(amount: str) -> None:
    with pytest.raises(StudyError) as error:
        read({**LINE, "Paid": [2.0]}, amount=amount)
    assert str(error.value) == (
        "[events] amount: the columns paid and Paid of the Arrow table differ only by case; rename "
        "one."
    )


def test_an_amount_may_be_a_number_for_all_lines() -> None:
    assert read(LINE, amount="1")[0][0][2] == 1.0


@pytest.mark.parametrize(
    "expression",
    [
        "paid / max(paid) OVER ()",
        "sum(paid)",
        "paid - (SELECT avg(paid) FROM incoming)",
        "paid * date_diff('day', current_date, DATE '2025-01-01')",
        "CASE WHEN now() > TIMESTAMP '2025-01-01' THEN paid END",
        "paid * random()",
        "paid; DROP TABLE lines",
    ],
)
def test_an_expression_sees_its_own_line_alone(expression: str) -> None:
    with pytest.raises(StudyError, match=r"^\[events\] amount = "):
        read(LINE, amount=expression)


def test_when_no_line_is_left_the_counts_say_why() -> None:
    columns = {"who": ["ann", None], "when": ["soon", "2025-01-01"], "paid": [1.0, 1.0]}
    with pytest.raises(DataError) as error:
        read(columns)
    assert str(error.value) == (
        "the Arrow table: of 2 lines none can be used (1 customer missing, 1 time cannot be read). "
        "Check entity, time, amount, kind and where in [events]."
    )


def test_an_empty_table_has_no_line() -> None:
    empty = {"who": pa.array([], pa.string()), "when": pa.array([], pa.string())}
    with pytest.raises(DataError, match="of 0 lines none can be used"):
        read({**empty, "paid": pa.array([], pa.float64())})


def test_sums_of_money_do_not_depend_on_the_order_of_lines() -> None:
    paid = [0.1, 0.2, 0.3, 1e9, -0.6] * 40
    columns = {"who": ["ann"] * 200, "when": ["2025-01-01"] * 200, "kind": ["purchase"] * 200}
    keys: dict[str, Any] = {"entity": "who", "time": "when", "amount": "paid", "kind": "kind"}
    events = EventsSection(path="lines", as_of=(AS_OF,), **keys)
    for amounts in (paid, sorted(paid)):
        source = open_source(pa.table({**columns, "paid": amounts}))
        made = build_features(source, events, labels=False)
        assert made.table["spend"].to_pylist() == [4e10]


class _Stream(Source):
    """Half a million lines that are made as they are asked for."""

    name = "the stream"
    schema = pa.schema([("who", pa.string()), ("when", pa.int64()), ("paid", pa.int64())])

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        for part in range(10):
            names = [f"customer {part}-{each:030d}" for each in range(50_000)]
            columns = [names, [20250101] * 50_000, [part] * 50_000]
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(each, field.type)
                    for each, field in zip(columns, self.schema, strict=True)
                ],
                schema=self.schema,
            )


def test_lines_that_do_not_fit_into_memory_wait_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MEMORY_LIMIT", "24MB")
    events = EventsSection(path="lines", entity="who", time="when", amount="paid")
    with read_lines(_Stream(), events, tmp_path) as lines:
        waiting = [file for file in tmp_path.rglob("*") if file.is_file()]
        count = lines.connection.execute("SELECT count(DISTINCT entity) FROM lines").fetchall()
    assert (count, bool(waiting)) == ([(500_000,)], True)
    assert not list(tmp_path.iterdir())
