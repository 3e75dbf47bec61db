"""Examine: audit a customer table, and apply the fixes that the Study asks for."""

__all__ = ["Examined", "State", "examine"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit import (
    Audit,
    Change,
    Finding,
    Fix,
    Ledger,
    done_by,
    fixes_to_apply,
    rows_kept,
    run_audit,
)
from patron.customers import Customers
from patron.errors import StudyError
from patron.progress import Progress
from patron.schema import Role, Schema, infer_again
from patron.study import Study


@dataclass(frozen=True)
class State:
    """The table at one point of its mending.

    Parameters
    ----------
    step : how it came to be, as a phrase.
    kind : "start", "applied" (a role or a fix was), or "proposed" (a fix that the Study did not ask
        for).
    columns : those that the fix is about.
    table, schema : the table as it is here, and the roles of its columns.
    rows : for each row, which row of the first table it is.
    after : the position of the state that it is to be compared with; None for the first.
    """

    step: str
    kind: str
    columns: tuple[str, ...]
    table: pa.Table
    schema: Schema
    rows: NDArray[np.intp]
    after: int | None = None


@dataclass(frozen=True)
class Examined:
    """What the audit said, what was done about it, and the table that is left.

    Parameters
    ----------
    audit : findings and outcomes; made after the Study's own fixes, so that what is mended is not
        accused.
    changes : what each applied fix did, with its source ("study" or "audit").
    ledger : the applied fixes, for training and scoring alike.
    final : the state that models learn from.
    states : the first table with every column that a newcomer would use; without those that no
        model may see, if there are any; one state after each fix, and one for each suspect column
        that stays.
    """

    audit: Audit
    changes: tuple[tuple[str, Change], ...]
    ledger: Ledger
    final: State
    states: tuple[State, ...]

    def was_applied(self, finding: Finding) -> bool:
        """Whether the fix that a finding proposes is in the ledger."""
        fix = finding.fix
        return fix is not None and done_by(fix, self.ledger.fixes)

    def findings(self) -> list[dict[str, Any]]:
        """The section `findings` of the results."""
        return [
            {**each.to_dict(), "applied": self.was_applied(each)} for each in self.audit.findings
        ]

    def fixes(self) -> list[dict[str, Any]]:
        """The section `fixes` of the results."""
        return [{**change.to_dict(), "source": source} for source, change in self.changes]


def examine(
    customers: Customers,
    study: Study,
    *,
    others: Mapping[str, pa.Table] | None = None,
    claim: str | None = None,
    progress: Progress | None = None,
) -> Examined:
    """Apply the Study's own fixes, audit what is left, and apply the fixes that `[audit]` asks for.

    `others` and `claim` are those of `run_audit`.

    Raises
    ------
    StudyError
        A fix or an ignored code of the Study does not fit the table.
    """
    states = _first(customers)
    changes: list[tuple[str, Change]] = []

    def mend(fixes: Iterable[Fix], source: str) -> None:
        for fix in fixes:
            _refuse_keys(fix, customers)
            state, done = _after(states[-1], fix, customers.table, len(states) - 1)
            if customers.table.num_rows and not state.table.num_rows:
                raise StudyError(
                    f"{fix.where}: it drops every row that is left of {customers.name}. "
                    "Look at the columns that it names, or leave it out."
                )
            states.append(state)
            changes.extend((source, change) for change in done)

    own = [Fix.from_dict(fix.model_dump()) for fix in study.fixes]
    mend(own, "study")
    mended = states[-1]
    target = customers.known_target
    audit = run_audit(
        mended.table,
        mended.schema,
        target=None if target is None else target[mended.rows],
        target_name=customers.target_name,
        label_days=customers.label_days,
        others=others,
        claim=claim,
        ignore=study.audit.ignored,
        seed=study.run.seed,
        threads=study.run.threads or 1,
        progress=progress,
    )
    proposed = fixes_to_apply(audit.findings, study.audit.apply)
    mend(proposed, "audit")
    ledger = Ledger((*own, *proposed))
    final, last = states[-1], len(states) - 1
    for fix in fixes_to_apply(audit.findings, "all"):
        there = set(fix.columns) & set(final.table.column_names)
        if fix.operation == "drop_column" and there:
            suspect, _ = _after(final, fix, customers.table, last)
            if not suspect.schema.features:
                continue  # nothing would be left to compare with
            step = f"without {', '.join(fix.columns)} (proposed, not applied)"
            states.append(replace(suspect, step=step, kind="proposed"))
    return Examined(audit, tuple(changes), ledger, final, tuple(states))


def _first(customers: Customers) -> list[State]:
    """The table as a newcomer would learn from it, and without what no model may see.

    One state where that is the same.
    """
    table, schema = customers.table, customers.schema
    naive = Schema(
        tuple(
            replace(column, role=_NAIVE.get(table.schema.field(column.name).type, column.role))
            if column.role in (Role.ENTITY, Role.IDENTIFIER, Role.FUTURE)
            else column
            for column in schema.columns
        )
    )
    rows = np.arange(table.num_rows)
    start = State("all columns as they come", "start", (), table, naive, rows)
    more = tuple(name for name in naive.features if name not in schema.features)
    if not more:
        return [replace(start, schema=schema)]
    step = f"without what names a row or is known only later: {', '.join(more)}"
    return [start, State(step, "applied", more, table, schema, rows, 0)]


def _refuse_keys(fix: Fix, customers: Customers) -> None:
    """A fix cannot drop what the Study itself is about."""
    keys = {
        customers.target_name: "the target",
        customers.schema.one(Role.ENTITY): "the customer",
        customers.schema.one(Role.AS_OF): "the date of the rows",
    }
    for name in fix.columns if fix.operation == "drop_column" else ():
        if name in keys:
            raise StudyError(
                f"{fix.where}: {name} is {keys[name]} of the Study and cannot be dropped; models "
                "do not see it."
            )


_NAIVE = {
    pa.int64(): Role.NUMBER,
    pa.float64(): Role.NUMBER,
    pa.bool_(): Role.FLAG,
    pa.date32(): Role.DATE,
    pa.timestamp("us"): Role.DATE,
}
"""What a newcomer makes of a column whose name and use are not known, by its type."""


def _after(state: State, fix: Fix, first: pa.Table, after: int) -> tuple[State, list[Change]]:
    """The state that the fix leads to, and what it did."""
    gone = set(first.column_names) - set(state.table.column_names)
    table, changes = Ledger(tuple(fix.for_training(state.table, gone))).apply(state.table)
    gone = set(state.table.column_names) - set(table.column_names)
    rows = state.rows[rows_kept(changes, len(state.rows))]
    step = changes[-1].sentence if changes else f"{fix.operation}: nothing is left to mend"
    schema = infer_again(state.schema.without(gone), table, fix.columns)
    return State(step, "applied", fix.columns, table, schema, rows, after), changes
