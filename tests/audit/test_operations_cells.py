"""null_where and null_infinite: which cells they hit, at training and at scoring alike."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import Fix, Ledger
from patron.errors import StudyError

INF = float("inf")


@pytest.fixture
def table():
    return pa.table(
        {
            "clicks": [0, 3, 0, 0, None, 7],
            "opens": [0.0, 1.5, 2.0, 0.0, 4.0, INF],
            "joined": [dt.date(2023, m, 1) if m else None for m in (1, 2, 6, 7, 1, 0)],
            "tenure": [700, 650, 500, 480, None, 10],
            "channel": pa.array(["app", "web", "web", None, "app", "shop"]).dictionary_encode(),
        }
    )


def clicks(table, columns=("clicks",), *, scoring=False, operation="null_where", **arguments):
    after, changes = Ledger([Fix(operation, columns, arguments)]).apply(table, scoring=scoring)
    return after[columns[0]].to_pylist(), changes


def test_below_a_date_with_values_leaves_what_differs_and_what_has_no_date(table):
    got, [change] = clicks(table, by="joined", below="2023-06-02", values=[0])
    assert got == [None, 3, None, 0, None, 7]
    assert change.rows_changed == 2
    assert change.sentence == (
        "set 2 values of clicks to missing (0 where joined is below 2023-06-02)"
    )


def test_above_a_number_hits_all_values_and_never_a_missing_judge(table):
    got, [change] = clicks(table, by="tenure", above=500)
    assert got == [None, None, 0, 0, None, 7]
    assert change.sentence == "set 2 values of clicks to missing (where tenure is above 500)"


def test_equals_takes_several_values_of_a_category(table):
    got, [change] = clicks(table, by="channel", equals=["web", "app"], values=[0])
    assert got == [None, 3, None, 0, None, 7]
    assert change.sentence.endswith("(0 where channel is web or app)")


def test_exceeds_compares_with_another_column_row_by_row(table):
    got, [change] = clicks(table, ("opens",), exceeds="clicks")
    assert got == [0.0, 1.5, None, 0.0, 4.0, None]
    assert change.sentence == "set 2 values of opens to missing (above clicks)"


def test_words_go_in_whatever_case_and_padding_and_what_is_no_text_stays(table):
    table = table.append_column("plan", pa.array(["N/A", " n/a ", "gold", "", None, "nan"]))
    got, [change] = clicks(table, ("plan", "clicks"), operation="null_words", words=["n/a", ""])
    assert got == [None, None, "gold", None, None, "nan"]
    assert change.sentence == 'set 3 values of plan, clicks to missing ("n/a", "")'


def test_infinite_values_of_either_sign_go_and_whole_numbers_stay(table):
    table = table.append_column("both", pa.array([INF, -INF, float("nan"), 1.0, None, 2.0]))
    got, [change] = clicks(table, ("both", "clicks"), operation="null_infinite")
    assert got[:2] == [None, None]
    assert np.isnan(got[2])  # NaN is missing already
    assert got[3:] == [1.0, None, 2.0]
    assert change.sentence == "set 2 values of both, clicks to missing (infinite)"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("null_where", {"by": "joined", "below": "2023-06-02", "values": [0]}),
        ("null_where", {"by": "channel", "equals": ["web"]}),
        ("null_where", {"by": "tenure", "above": 500}),
        ("null_infinite", {}),
        ("null_words", {"words": ["web"]}),
    ],
)
def test_one_row_fares_as_it_does_in_the_table(table, operation, arguments):
    ledger = Ledger([Fix(operation, ("clicks", "opens", "channel"), arguments)])
    whole = ledger.apply(table)[0].to_pylist()
    rows = [ledger.apply(table.slice(i, 1), scoring=True)[0].to_pylist()[0] for i in range(6)]
    assert rows == whole


def test_without_its_judge_it_is_skipped_at_scoring_and_refused_at_training(table):
    bare = table.drop_columns(["joined"])
    assert clicks(bare, scoring=True, by="joined", below="2023-06-02")[1] == []
    with pytest.raises(StudyError, match="null_where: there is no column 'joined'"):
        clicks(bare, by="joined", below="2023-06-02")


def test_a_judge_that_an_earlier_fix_dropped_is_no_error(table):
    ledger = Ledger(
        [
            Fix("drop_column", ("tenure",)),
            Fix("null_where", ("clicks",), {"by": "tenure", "above": 500}),
        ]
    )
    after, changes = ledger.apply(table)
    assert after["clicks"].null_count == 1
    assert [change.fix.operation for change in changes] == ["drop_column"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"by": "tenure"},
            "fixes: null_where needs exactly one of the arguments below, above, equals and "
            "exceeds, got none",
        ),
        (
            {"by": "tenure", "below": 1, "above": 3},
            "fixes: null_where needs exactly one of the arguments below, above, equals and "
            "exceeds, got below and above",
        ),
        (
            {"above": 3},
            "fixes: null_where: 'above' needs the argument 'by', the column that it judges",
        ),
        (
            {"by": "tenure", "exceeds": "opens"},
            "fixes: null_where: 'exceeds' names the column to compare with; leave 'by' out",
        ),
        ({"by": "channel", "equals": "web"}, "fixes: null_where: 'equals' must be a list"),
    ],
)
def test_a_condition_that_is_none_is_refused(arguments, message):
    with pytest.raises(StudyError) as raised:
        Fix("null_where", ("clicks",), arguments)
    assert str(raised.value) == message


def test_a_limit_that_the_judge_cannot_be_compared_with_is_refused(table):
    with pytest.raises(StudyError, match="a column of string has no order to compare with 3"):
        clicks(table, by="channel", above=3)
    with pytest.raises(StudyError, match="int64 cannot be compared with string"):
        clicks(table, exceeds="channel")


def test_gaps_are_filled_as_told_at_training_and_at_scoring(table):
    for scoring in (False, True):
        got, changes = clicks(
            table, ("clicks", "tenure"), scoring=scoring, operation="fill_missing", value=1
        )
        assert got == [0, 3, 0, 0, 1, 7]
        assert sum(change.rows_changed for change in changes) == 2
    [change] = clicks(table, operation="fill_missing", value=1)[1]
    assert change.sentence == "set 1 missing value of clicks to 1"
    assert clicks(table, ("channel",), operation="fill_missing", value="?")[0][3] == "?"
    assert clicks(table, ("joined",), operation="fill_missing", value="2020-01-01")[0][5] == (
        dt.date(2020, 1, 1)
    )
    nan = pa.table({"a": [float("nan"), 2.0, None]})
    assert clicks(nan, ("a",), operation="fill_missing", value=0)[0] == [0.0, 2.0, 0.0]
    with pytest.raises(StudyError, match=r"fill_missing: .*many"):
        clicks(table, operation="fill_missing", value="many")


def test_a_limit_may_lie_between_whole_numbers(table):
    assert clicks(table, by="tenure", above=499.5)[0] == [None, None, None, 0, None, 7]
    assert clicks(table, operation="null_below", limit=3.5)[0] == [None] * 5 + [7]
    assert clicks(table, operation="null_above", limit=2.9)[0] == [0, None, 0, 0, None, None]
