"""Fixes as data: what each operation does, at training and at scoring, and what it refuses."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import Fix, Ledger, rows_kept
from patron.audit.operations import OPERATIONS, group_rows
from patron.errors import StudyError


@pytest.fixture
def table():
    return pa.table(
        {
            "customer": ["a", "b", "a", "c", "a", None, None],
            "age": [30, 999, 31, -1, 30, 40, 40],
            "changed": [dt.date(2024, 1, d) for d in (3, 1, 3, 1, 2, 1, 1)],
            "plan": pa.array(["x", "unknown", "y", "x", "x", None, None]).dictionary_encode(),
        }
    )


def applied(table, operation, columns=(), *, scoring=False, **arguments):
    return Ledger([Fix(operation, columns, arguments)]).apply(table, scoring=scoring)


def test_drop_column(table):
    after, [change] = applied(table, "drop_column", ["age", "plan"])
    assert after.column_names == ["customer", "changed"]
    assert change.sentence == "dropped the columns age, plan"
    assert (change.rows_changed, change.rows_dropped, change.kept_rows) == (0, 0, None)


def test_null_value_in_numbers_text_and_dates(table):
    after, [change] = applied(table, "null_value", ["age"], values=[999, -1])
    assert after["age"].to_pylist() == [30, None, 31, None, 30, 40, 40]
    assert after["age"].type == table["age"].type
    assert change.rows_changed == 2
    assert change.sentence == "set 2 values of age to missing (999, -1)"
    after, _ = applied(table, "null_value", ["plan"], values=["unknown"])
    assert after["plan"].to_pylist() == ["x", None, "y", "x", "x", None, None]
    after, _ = applied(table, "null_value", ["changed"], values=[dt.date(2024, 1, 3)])
    assert after["changed"].null_count == 2


def test_null_below_and_above_keep_the_limit_and_the_missing(table):
    after, [change] = applied(table, "null_below", ["age"], limit=30)
    assert after["age"].to_pylist() == [30, 999, 31, None, 30, 40, 40]
    assert change.sentence == "set 1 value of age to missing (below 30)"
    again, [change] = applied(after, "null_above", ["age"], limit=40)
    assert again["age"].to_pylist() == [30, None, 31, None, 30, 40, 40]
    assert change.rows_changed == 1


def test_drop_duplicate_rows_keeps_the_first_and_can_leave_a_label_out(table):
    after, [change] = applied(table, "drop_duplicate_rows")
    assert after.num_rows == 6
    assert change.sentence == "dropped 1 exact duplicate row"
    assert change.kept_rows.tolist() == [0, 1, 2, 3, 4, 5]
    after, [change] = applied(table, "drop_duplicate_rows", ignore=["changed"])
    assert change.kept_rows.tolist() == [0, 1, 2, 3, 5]


def test_keep_latest_ties_keep_the_last_row_and_rows_without_a_key_all_stay(table):
    after, [change] = applied(table, "keep_latest", ["customer"], by="changed")
    assert change.kept_rows.tolist() == [1, 2, 3, 5, 6]
    assert after["age"].to_pylist() == [999, 31, -1, 40, 40]
    assert change.sentence == "dropped 2 earlier records of the same customer, judged by changed"
    _, [change] = applied(table, "keep_latest", ["customer"])
    assert change.kept_rows.tolist() == [1, 3, 4, 5, 6]


def test_keep_latest_takes_a_missing_time_for_the_earliest():
    table = pa.table({"id": [1, 1, 2, 2], "at": [5.0, None, None, None], "x": [1, 2, 3, 4]})
    after, _ = applied(table, "keep_latest", ["id"], by="at")
    assert after["x"].to_pylist() == [1, 4]


def test_drop_rows_where_missing(table):
    after, [change] = applied(table, "drop_rows_where_missing", ["customer"])
    assert after.num_rows == 5
    assert change.sentence == "dropped 2 rows without customer"
    floats = pa.table({"x": [1.0, float("nan"), None]})
    assert applied(floats, "drop_rows_where_missing", ["x"])[0].num_rows == 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_fix_takes_a_row_away_at_scoring(table, operation):
    known = OPERATIONS[operation]
    given = {"values": [999], "limit": 35, "by": "changed", "ignore": [], "words": ["n/a"]}
    given |= {"formats": ["%Y"], "mapping": {}, "factor": 10, "value": 5}
    asked = known.required + known.optional
    arguments = {name: given[name] for name in asked if name in given}
    if "above" in asked:  # one condition of several is asked for
        arguments["above"] = dt.date(2024, 1, 2)
    columns = ["age"] if known.needs_columns else []
    after, changes = applied(table, operation, columns, scoring=True, **arguments)
    assert after.num_rows == table.num_rows
    assert bool(changes) is known.everywhere


def test_at_scoring_absent_columns_and_other_types_are_skipped_one_by_one(table):
    strange = table.set_column(1, "age", pa.array([[1]] * 7))
    after, changes = applied(strange, "null_value", ["gone", "age"], scoring=True, values=[999])
    assert (after, changes) == (strange, [])
    ledger = Ledger([Fix("null_value", ("gone", "age"), {"values": [999]})])
    after, [change] = ledger.apply(table, scoring=True)
    assert (after["age"].null_count, change.fix.columns) == (1, ("age",))


def test_row_by_row_fixes_do_the_same_to_one_row_as_to_the_table(table):
    ledger = Ledger(
        [
            Fix("null_value", ("age", "plan"), {"values": ["999"]}),
            Fix("null_below", ("age",), {"limit": 0}),
            Fix("drop_column", ("changed",)),
        ]
    )
    whole, _ = ledger.apply(table)
    rows = [ledger.apply(table.slice(i, 1), scoring=True)[0].to_pylist()[0] for i in range(7)]
    assert rows == whole.to_pylist()


def test_a_vector_follows_the_rows(table):
    beside = np.arange(7) * 10
    ledger = Ledger(
        [
            Fix("drop_rows_where_missing", ("customer",)),
            Fix("null_below", ("age",), {"limit": 0}),
            Fix("keep_latest", ("customer",), {"by": "changed"}),
        ]
    )
    after, changes = ledger.apply(table)
    assert beside[rows_kept(changes, 7)].tolist() == [10, 20, 30]
    assert after["age"].to_pylist() == [999, 31, None]


def test_a_column_that_an_earlier_fix_dropped_needs_no_further_fix(table):
    ledger = Ledger(
        [Fix("drop_column", ("age",)), Fix("null_value", ("age", "plan"), {"values": ["x"]})]
    )
    after, changes = ledger.apply(table)
    assert [change.fix.columns for change in changes] == [("age",), ("plan",)]
    assert after["plan"].null_count == 5


def test_the_ledger_survives_json(table):
    ledger = Ledger(
        [
            Fix("null_value", ("changed",), {"values": [dt.date(2024, 1, 3)]}, "M02"),
            Fix("keep_latest", ("customer",), {"by": "changed"}),
        ]
    )
    again = Ledger.from_dict(json.loads(json.dumps(ledger.to_dict())))
    assert again == ledger
    assert again.apply(table)[0].equals(ledger.apply(table)[0])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"operation": "drop_columns"}, "no operation 'drop_columns'; did you mean 'drop_column'?"),
        ({"operation": "drop_column", "column": ["a"]}, "no key 'column'; did you mean 'columns'?"),
        ({"columns": ["a"]}, "each fix needs an `operation`"),
        ({"operation": "drop_column"}, "drop_column needs at least one column in `columns`"),
        ({"operation": "drop_column", "columns": "a"}, "columns must be a list of names"),
        ({"operation": "null_value", "columns": ["a"]}, "needs the argument 'values'"),
        (
            {"operation": "null_value", "columns": ["a"], "arguments": {"values": "x"}},
            "null_value: 'values' must be a list",
        ),
        (
            {"operation": "keep_latest", "columns": ["a"], "arguments": {"bye": "x"}},
            "fixes: keep_latest: there is no argument 'bye'; did you mean 'by'? Allowed: by",
        ),
    ],
)
def test_a_wrong_fix_is_refused_by_name(fields, message):
    with pytest.raises(StudyError) as raised:
        Fix.from_dict(fields)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        (
            Fix("drop_column", ("agee",), because="L01"),
            "fixes: drop_column (L01): there is no column 'agee'; did you mean 'age'? "
            "Allowed: customer, age, changed, plan",
        ),
        (
            Fix("keep_latest", ("customer",), {"by": "updated"}),
            "fixes: keep_latest: there is no column 'updated'. "
            "Allowed: customer, age, changed, plan",
        ),
        (
            Fix("null_below", ("customer",), {"limit": 3}),
            "fixes: null_below: a column of string has no order to compare with 3",
        ),
        (
            Fix("null_above", ("age",), {"limit": 2**70}),
            f"fixes: null_above: {2**70} cannot be compared with int64",
        ),
        (
            Fix("keep_latest", ("customer",), {"most": "five"}),
            "fixes: keep_latest: most must be a whole number, got 'five'",
        ),
        (
            Fix("drop_near_duplicates", ("customer", "age"), {"tolerance": "1 %"}),
            "fixes: drop_near_duplicates: tolerance must be a number, got '1 %'",
        ),
    ],
)
def test_at_training_a_fix_that_does_not_fit_the_table_is_refused(table, fix, message):
    with pytest.raises(StudyError) as raised:
        Ledger([fix]).apply(table)
    assert str(raised.value) == message


def test_at_training_a_value_of_another_type_is_refused(table):
    with pytest.raises(StudyError, match=r"fixes: null_value: .*unknown"):
        applied(table, "null_value", ["age"], values=["unknown"])


def test_at_training_what_arrow_cannot_do_with_a_type_is_refused_and_skipped_at_scoring():
    days = pa.table({"day": pa.array([1, 2], pa.date32())})
    with pytest.raises(StudyError, match=r"^fixes: scale_where: .*date32"):
        applied(days, "scale_where", ["day"], factor=2, above="1970-01-01")
    same, changes = applied(
        days, "scale_where", ["day"], scoring=True, factor=2, above="1970-01-01"
    )
    assert (same, changes) == (days, [])


def test_group_rows_agrees_with_comparing_tuples():
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "a": pa.array(rng.integers(0, 4, 300), mask=rng.random(300) < 0.2),
            "b": pa.chunked_array([["x", None] * 50, ["y", "x"] * 100]),
            "c": rng.integers(0, 2, 300).astype(float),
            "d": pa.array([[int(i)] for i in rng.integers(0, 2, 300)]),
        }
    )
    groups = group_rows(table, table.column_names)
    rows = [repr(row) for row in table.to_pylist()]
    expected = dict(zip(rows, groups, strict=True))
    assert [expected[row] for row in rows] == groups.tolist()
    assert len(set(groups.tolist())) == len(set(rows))


def test_a_column_that_decides_is_mended_last_at_scoring_as_at_training():
    ledger = Ledger([Fix("null_where", ("a", "b"), {"by": "a", "above": 100})])
    table = pa.table({"a": [1, 500, 3], "b": [7, 8, 9]})
    for scoring in (False, True):
        assert ledger.apply(table, scoring=scoring)[0].to_pydict() == {
            "a": [1, None, 3],
            "b": [7, None, 9],
        }
