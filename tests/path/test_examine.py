"""Examine: the states of a table from how it came to what models learn from."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CHECKS, Audit, Finding, Fix, Ledger, Severity, fixes_to_apply
from patron.audit_path import AuditRun
from patron.customers import load_customers
from patron.errors import StudyError
from patron.examine import Examined, examine
from patron.schema import Role
from patron.study import Study

ROWS = 60
TABLE = pa.table(
    {
        "customer_id": np.arange(ROWS) + 1000,
        "email": [f"c{row}@example.org" for row in range(ROWS)],
        "visits": np.arange(ROWS) % 7,
        "age": np.arange(ROWS) % 50 + 18.5,
        "spend_next_month": np.arange(ROWS) * 1.5,
        "visited_after_call": [dt.date(2025, 1, 1 + row % 28) for row in range(ROWS)],
        "y": [0, 1] * (ROWS // 2),
    }
)


def examined(table: pa.Table, **sections: Any) -> Examined:
    study = Study(
        table={"path": table, "entity": "customer_id"},
        purchase={"target": "y"},
        audit={"ignore": [kind.code for kind in CHECKS]},
        **sections,
    )
    return examine(load_customers(study), study)


def test_a_newcomer_learns_from_ids_and_from_what_is_known_later() -> None:
    start, without = examined(TABLE).states
    later = {"customer_id", "spend_next_month", "visited_after_call"}
    assert set(start.schema.features) == {"visits", "age", *later}  # an address is no number
    assert start.schema["visited_after_call"].role is Role.DATE
    assert set(without.schema.features) == {"visits", "age"}
    assert (start.kind, without.kind, without.after) == ("start", "applied", 0)
    assert without.step == (
        "without what names a row or is known only later: "
        "customer_id, spend_next_month, visited_after_call"
    )
    assert set(without.columns) == later


def test_one_state_where_a_newcomer_would_use_the_same_columns() -> None:
    table = TABLE.drop_columns(["spend_next_month", "visited_after_call"])
    names = pa.array([f"c{row}" for row in range(ROWS)])
    result = examined(table.set_column(0, "customer_id", names))
    assert [state.kind for state in result.states] == ["start"]
    assert result.final is result.states[0]


def test_each_fix_is_a_state_after_the_one_before() -> None:
    fixes = [
        {"operation": "drop_rows_where_missing", "columns": ["age"]},
        {"operation": "drop_column", "columns": ["visits"]},
        {"operation": "null_value", "columns": ["visits"], "arguments": {"values": [0]}},
    ]
    gappy = pa.array([None if row < 10 else 20.5 + row for row in range(ROWS)])
    result = examined(TABLE.set_column(3, "age", gappy), fixes=fixes)
    assert [state.after for state in result.states] == [None, 0, 1, 2, 3]
    assert result.final.rows.tolist() == list(range(10, ROWS))
    assert "visits" not in result.final.table.column_names
    assert result.states[-1].step == "null_value: nothing is left to mend"
    assert [(source, change.rows_dropped) for source, change in result.changes] == [
        ("study", 10),
        ("study", 0),
    ]


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        ({"operation": "drop_column", "columns": ["y"]}, "y is the target of the Study"),
        ({"operation": "drop_column", "columns": ["customer_id"]}, "customer_id is the customer"),
        (
            {"operation": "drop_rows_where_missing", "columns": ["gone"]},
            "fixes: drop_rows_where_missing: it drops every row that is left of ",
        ),
    ],
)
def test_a_fix_that_leaves_nothing_to_examine_is_refused(fix: dict[str, Any], message: str) -> None:
    table = TABLE.append_column("gone", pa.nulls(ROWS, pa.float64()))
    with pytest.raises(StudyError, match=message):
        examined(table, fixes=[fix])


def test_a_fix_whose_levels_are_spelt_anew_is_still_its_findings() -> None:
    levels = ["print", "web"] * (ROWS // 2 - 2) + ["Print "] * 4
    table = TABLE.append_column("channel", pa.array(levels))
    study = Study(table={"path": table, "entity": "customer_id"}, purchase={"target": "y"})
    gap = Fix("null_where", ("visits",), {"by": "channel", "equals": ["Print "]}, "M03")
    spelling = Fix("normalise_text", ("channel",), {"mapping": {"Print ": "print"}}, "V03")
    findings = tuple(
        Finding(fix.because, "", Severity.SERIOUS, fix.columns, 4, {}, "So it is.", "", fix)
        for fix in (gap, spelling)
    )
    applied = fixes_to_apply(findings)
    assert applied[1].arguments["equals"] == ["print"]  # spelt as the first fix leaves them
    done = replace(examined(table), audit=Audit(findings, ()), ledger=Ledger(tuple(applied)))
    assert all(done.was_applied(found) for found in findings)
    run = AuditRun(load_customers(study), done, {})
    text, count = run.study_with_fixes(study, '[table]\npath = "t.parquet"\n')
    assert count == 2
    assert text.index("# V03") < text.index("# M03")
    assert not gap.same_as(
        replace(gap, because="V04", arguments={"by": "channel", "equals": ["x"]})
    )
