"""Finds what is wrong with a table before a model does, and proposes fixes.

The registry is `CHECKS`: a new check is one class in a small file of its family, and one line in
its family's `CHECKS`.
"""

__all__ = [
    "CHECKS",
    "PAGES",
    "Audit",
    "CannotSay",
    "Change",
    "Check",
    "Finding",
    "Fix",
    "Frame",
    "Ledger",
    "Severity",
    "done_by",
    "fixes_to_apply",
    "known_code",
    "rows_kept",
    "run_audit",
]

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

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
from patron.audit.beneath import beneath
from patron.audit.frame import Frame
from patron.audit.ledger import OPERATIONS, Change, Fix, Ledger, rows_kept
from patron.errors import StudyError, nearest
from patron.progress import Progress, silent
from patron.schema import Schema
from patron.tables.source import plain_batch, plain_schema

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

PAGES: Mapping[str, str] = {
    "L": "leaks",
    "I": "identifiers",
    "D": "duplicates",
    "M": "missing",
    "V": "values",
    "O": "outliers",
    "T": "target",
    "C": "claims",
}
"""The page in docs/checks of each family, by the first letter of its codes."""


@dataclass(frozen=True)
class Audit:
    """What every check answered.

    `findings`, worst first. `outcomes`: one dict for each check, `{code, title, outcome, because}`,
    where the outcome is "finding", "silent", "cannot say" or "ignored"; a check whose findings are
    ignored for some columns only has one outcome more for each of those. Where a check is ignored,
    `because` ends with the Study's reason.
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
    ignore: Mapping[str, str] | Iterable[str] = (),
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
) -> Audit:
    """Run every check on the table.

    Parameters
    ----------
    table, schema : the table as it came, and the role of each of its columns. What is not of the
        types of `patron.tables.Source` (decimals, times in zones, …) is judged as it reads it.
    target : float64 beside the table, NaN where a row is unlabelled; 0 and 1, or real values.
    target_name : what to call the target in sentences.
    label_days : the days from as_of to the end of the target's window, where that is known.
    others : further tables that should share no customer with this one, by name.
    claim : a score that somebody promises, such as "accuracy 0.95".
    ignore : codes ("L01"), or a code and a column ("L01:duration"); or such with their reasons. A
        finding of several columns is passed over if one of them is named.

    Raises
    ------
    StudyError
        An ignored code or column does not exist.
    TableError
        Two columns have one name, or a whole number does not fit 64 bits.
    """
    passed_over = _parsed(ignore, schema)
    frame = Frame(
        _plain(table),
        schema,
        target=target,
        target_name=target_name,
        label_days=label_days,
        others={name: _plain(other) for name, other in (others or {}).items()},
        claim=claim,
        seed=seed,
        threads=threads,
    )
    findings: list[Finding] = []
    outcomes: list[dict[str, str | None]] = []

    def ask(kind: type[Check], of: Frame) -> list[Finding]:
        named = passed_over.get(kind.code, {})
        return [] if None in named else _ask(kind, of, named)[0]

    stages = (progress or silent()).stage("audit", len(CHECKS))
    with threadpool_limits(threads, "blas"), stages as stage:  # tasks too small to share
        for kind in CHECKS:
            named = passed_over.get(kind.code, {})
            if kind is claims.CHECKS[0]:  # a claim is held against all leaks
                more = beneath(frame, findings, ask, lambda all_: fixes_to_apply(all_, "all"))
                findings += more
                _count_in(outcomes, more)
                if more:
                    frame = replace(frame, hidden=tuple(found.columns for found in more))
            if None in named:
                outcomes.append(_ignored(kind, "this check", named[None]))
            else:
                found, said = _ask(kind, frame, named)
                findings += found
                outcomes += said
            stage.advance(1)
    findings.sort(key=lambda found: found.severity.rank)  # stable: the registry's order within
    return Audit(tuple(findings), tuple(outcomes))


def _plain(table: pa.Table) -> pa.Table:
    """The table in plain types, as a `Source` reads it; columns that it would leave out stay."""
    types, _ = plain_schema(table.schema, "the table")
    for field in types:
        place = table.schema.get_field_index(field.name)
        if table.schema.field(place).type != field.type:
            alone, only = table.select([place]), pa.schema([field])
            read = pa.Table.from_batches((plain_batch(b, only) for b in alone.to_batches()), only)
            table = table.set_column(place, field, read.column(0))
    return table


def fixes_to_apply(findings: Iterable[Finding], apply: str = "serious") -> list[Fix]:
    """The fixes of the findings that `[audit] apply` asks for, each once, in a safe order.

    A column that one finding would drop with others is not dropped again for another finding.
    """
    wanted = {"serious": {Severity.SERIOUS}, "all": set(Severity), "none": set[Severity]()}
    if apply not in wanted:
        raise StudyError(f"[audit] apply must be serious, all or none, got '{apply}'")
    fixes: list[Fix] = []
    for found in findings:
        fix = found.fix
        if fix and found.severity in wanted[apply] and not done_by(fix, fixes):
            fixes.append(fix)
    order = list(OPERATIONS)
    fixes.sort(key=lambda fix: order.index(fix.operation))
    return [_respelt(fix, fixes[:place]) for place, fix in enumerate(fixes)]


def _respelt(fix: Fix, earlier: Iterable[Fix]) -> Fix:
    """The fix with the levels that it asks for spelt as the fixes before it will have left them."""
    by, levels = fix.arguments.get("by"), fix.arguments.get("equals")
    for each in earlier:
        if levels and each.operation == "normalise_text" and by in each.columns:
            spelt = each.arguments["mapping"]
            levels = list(dict.fromkeys(spelt.get(level, level) for level in levels))
    return fix if levels is None else replace(fix, arguments={**fix.arguments, "equals": levels})


def done_by(fix: Fix, fixes: Iterable[Fix]) -> bool:
    """Whether these fixes, taken together, already do what `fix` does."""
    fixes = list(fixes)
    if any(fix.same_as(each) for each in fixes):
        return True
    gone = {name for each in fixes if each.operation == "drop_column" for name in each.columns}
    return fix.operation == "drop_column" and gone.issuperset(fix.columns)


def known_code(code: str, asked_by: str) -> str:
    """The code, if there is such a check.

    Raises
    ------
    StudyError
        There is none; `asked_by` says who named it.
    """
    codes = [kind.code for kind in CHECKS]
    if code not in codes:
        close = _nearest_code(code, codes)
        hint = f"; did you mean '{close}'?" if close else "."
        raise StudyError(
            f"{asked_by}: there is no check '{code}'{hint} The checks are {', '.join(codes)}"
        )
    return code


def _nearest_code(code: str, codes: Sequence[str]) -> str | None:
    """Of the family that the first letter names, the code with the nearest number."""
    family = [each for each in codes if each[0] == code[:1].upper()]
    number = "".join(letter for letter in code if letter.isdigit())
    return min(family, key=lambda each: abs(int(each[1:]) - int(number or 0)), default=None)


def _ask(
    kind: type[Check], frame: Frame, ignored: Mapping[str | None, str]
) -> tuple[list[Finding], list[dict[str, str | None]]]:
    if kind.needs_target and frame.target is None:
        return [], [_outcome(kind, "cannot say", "no target is named")]
    answer = kind().run(frame)
    if isinstance(answer, CannotSay):
        return [], [_outcome(kind, "cannot say", answer.because)]
    kept = [found for found in answer if not ignored.keys() & set(found.columns)]
    hit = sorted({name for found in answer for name in ignored.keys() & set(found.columns) if name})
    outcomes = [_ignored(kind, f"it for {name}", ignored[name]) for name in hit]
    if kept or not hit:
        outcomes.insert(0, _outcome(kind, "finding" if kept else "silent", None))
    return kept, outcomes


def _count_in(outcomes: list[dict[str, str | None]], more: Iterable[Finding]) -> None:
    """Let a check that was silent, or could not say, have the finding that it made later."""
    late = {found.code for found in more}
    for outcome in outcomes:
        if outcome["code"] in late and outcome["outcome"] in ("silent", "cannot say"):
            outcome |= {"outcome": "finding", "because": None}


def _outcome(kind: type[Check], outcome: str, because: str | None) -> dict[str, str | None]:
    return {"code": kind.code, "title": kind.title, "outcome": outcome, "because": because}


def _ignored(kind: type[Check], what: str, reason: str) -> dict[str, str | None]:
    because = f"the Study ignores {what}" + (f": {reason}" if reason else "")
    return _outcome(kind, "ignored", because)


def _parsed(
    ignore: Mapping[str, str] | Iterable[str], schema: Schema
) -> dict[str, dict[str | None, str]]:
    """For each code that is passed over: the columns (None: all), with the reasons."""
    reasons = ignore if isinstance(ignore, Mapping) else dict.fromkeys(ignore, "")
    parsed: dict[str, dict[str | None, str]] = {}
    for entry, reason in reasons.items():
        code, colon, column = entry.partition(":")
        named = parsed.setdefault(known_code(code.upper(), "[audit] ignore"), {})
        named[column if colon else None] = reason
        if colon and column not in schema:
            close = nearest(column, (each.name for each in schema.columns))
            hint = f"; did you mean '{close}'?" if close else ""
            raise StudyError(f"[audit] ignore: '{entry}' names no column of the table{hint}")
    return parsed
