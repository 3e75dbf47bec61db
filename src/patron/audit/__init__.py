"""Finds what is wrong with a table before a model does, and proposes fixes.

The registry is `CHECKS`: a new check is one class in a small file of its family, and one line in
its family's `CHECKS`.
"""

__all__ = [
    "CHECKS",
    "Audit",
    "CannotSay",
    "Change",
    "Check",
    "Finding",
    "Fix",
    "Frame",
    "Ledger",
    "Severity",
    "fixes_to_apply",
    "rows_kept",
    "run_audit",
]

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from patron.audit import (
    claims,
    duplicates,
    identifiers,
    leaks,
    missing,
    outliers,
    values,
)
from patron.audit import target as target_checks
from patron.audit.base import CannotSay, Check, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import OPERATIONS, Change, Fix, Ledger, rows_kept
from patron.errors import StudyError, nearest
from patron.progress import Progress, silent
from patron.schema import Schema

CHECKS: tuple[type[Check], ...] = (
    *leaks.CHECKS,
    *identifiers.CHECKS,
    *duplicates.CHECKS,
    *missing.CHECKS,
    *values.CHECKS,
    *outliers.CHECKS,
    *target_checks.CHECKS,
    *claims.CHECKS,
)


@dataclass(frozen=True)
class Audit:
    """What every check answered.

    `findings`, worst first. `outcomes`: one dict for each check, `{code, title, outcome, because}`,
    where the outcome is "finding", "silent", "cannot say" or "ignored"; a check whose findings are
    ignored for some columns only has one outcome more for each of those.
    """

    findings: tuple[Finding, ...]
    outcomes: tuple[dict[str, str | None], ...]

    def at_least(self, severity: Severity) -> list[Finding]:
        """The findings that are this bad or worse."""
        return [found for found in self.findings if found.severity.rank <= severity.rank]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "findings": [found.to_dict() for found in self.findings],
            "outcomes": [dict(outcome) for outcome in self.outcomes],
        }


def run_audit(
    table: pa.Table,
    schema: Schema,
    *,
    target: np.ndarray | None = None,
    target_name: str | None = None,
    label_days: int | None = None,
    others: Mapping[str, pa.Table] | None = None,
    claim: str | None = None,
    ignore: Iterable[str] = (),
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
) -> Audit:
    """Run every check on the table.

    Parameters
    ----------
    table, schema : the table as it came, and the role of each of its columns.
    target : float64 beside the table, NaN where a row is unlabelled; 0 and 1, or real values.
    target_name : what to call the target in sentences.
    label_days : the days from as_of to the end of the target's window, where that is known.
    others : further tables that should share no customer with this one, by name.
    claim : a score that somebody promises, such as "accuracy 0.95".
    ignore : codes ("L01"), or a code and a column ("L01:duration").
    """
    skipped, ignored_columns = _parsed(ignore, schema)
    frame = Frame(
        table,
        schema,
        target=target,
        target_name=target_name,
        label_days=label_days,
        others=others or {},
        claim=claim,
        seed=seed,
        threads=threads,
    )
    findings: list[Finding] = []
    outcomes: list[dict[str, str | None]] = []
    with (progress or silent()).stage("audit", len(CHECKS)) as stage:
        for kind in CHECKS:
            if kind.code in skipped:
                outcomes.append(_outcome(kind, "ignored", "the Study ignores this check"))
            else:
                found, said = _ask(kind, frame, ignored_columns.get(kind.code, set()))
                findings += found
                outcomes += said
            stage.advance(1)
    findings.sort(key=lambda found: found.severity.rank)  # stable: the registry's order within
    return Audit(tuple(findings), tuple(outcomes))


def fixes_to_apply(findings: Iterable[Finding], apply: str = "serious") -> list[Fix]:
    """The fixes of the findings that `[audit] apply` asks for, each once, in a safe order."""
    wanted = {"serious": {Severity.SERIOUS}, "all": set(Severity), "none": set[Severity]()}
    if apply not in wanted:
        raise StudyError(f"[audit] apply must be serious, all or none, got '{apply}'")
    fixes: list[Fix] = []
    for found in findings:
        fix = found.fix
        if fix and found.severity in wanted[apply] and not any(fix.same_as(f) for f in fixes):
            fixes.append(fix)
    order = list(OPERATIONS)
    return sorted(fixes, key=lambda fix: order.index(fix.operation))


def _ask(
    kind: type[Check], frame: Frame, ignored: set[str]
) -> tuple[list[Finding], list[dict[str, str | None]]]:
    if kind.needs_target and frame.target is None:
        return [], [_outcome(kind, "cannot say", "no target is named")]
    answer = kind().run(frame)
    if isinstance(answer, CannotSay):
        return [], [_outcome(kind, "cannot say", answer.because)]
    kept = [found for found in answer if not ignored & set(found.columns)]
    hit = sorted({name for found in answer for name in ignored & set(found.columns)})
    outcomes = [_outcome(kind, "ignored", f"the Study ignores it for {name}") for name in hit]
    if kept or not hit:
        outcomes.insert(0, _outcome(kind, "finding" if kept else "silent", None))
    return kept, outcomes


def _outcome(kind: type[Check], outcome: str, because: str | None) -> dict[str, str | None]:
    return {"code": kind.code, "title": kind.title, "outcome": outcome, "because": because}


def _parsed(ignore: Iterable[str], schema: Schema) -> tuple[set[str], dict[str, set[str]]]:
    codes: Sequence[str] = [kind.code for kind in CHECKS]
    whole: set[str] = set()
    by_column: dict[str, set[str]] = {}
    for entry in ignore:
        code, colon, column = entry.partition(":")
        if code not in codes:
            raise StudyError(
                f"[audit] ignore: there is no check '{code}'. The checks are {', '.join(codes)}"
            )
        if not colon:
            whole.add(code)
        elif column in schema:
            by_column.setdefault(code, set()).add(column)
        else:
            close = nearest(column, (each.name for each in schema.columns))
            hint = f"; did you mean '{close}'?" if close else ""
            raise StudyError(f"[audit] ignore: '{entry}' names no column of the table{hint}")
    return whole, by_column
