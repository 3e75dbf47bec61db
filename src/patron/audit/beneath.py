"""What leaks and identifiers show only once the other findings are mended: faults hide faults."""

__all__ = ["beneath"]

from collections.abc import Callable, Sequence
from dataclasses import replace

from patron.audit import identifiers, leaks
from patron.audit.base import Check, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix, Ledger, rows_kept
from patron.errors import StudyError
from patron.schema import infer_again

ROUNDS = 3
ASKED: tuple[type[Check], ...] = (*leaks.CHECKS, identifiers.IdentifierFeature)

Ask = Callable[[type[Check], Frame], list[Finding]]
Propose = Callable[[Sequence[Finding]], list[Fix]]


def beneath(frame: Frame, found: Sequence[Finding], ask: Ask, propose: Propose) -> list[Finding]:
    """The findings that a mended table adds to those of the table as it came.

    Every fix of a warning or worse is tried on a copy of the table, whether the Study will apply it
    or not, and leaks are sought in what is left, until no new ones come.

    Parameters
    ----------
    found : what all checks said of the table as it came.
    ask : what one check finds in a frame, less what the Study ignores.
    propose : the fixes of findings, in the order in which they run.
    """
    told = [each for each in found if each.severity is not Severity.NOTE]
    frame.forget()  # two frames stand side by side from here on
    added: list[Finding] = []
    for _ in range(ROUNDS):
        mended = _mended(frame, propose([*told, *added]))
        accused = {n for f in (*told, *added) if f.code[0] in "LI" for n in f.columns}
        if mended is None:
            break
        new = [
            each
            for kind in ASKED
            if frame.target is not None or not kind.needs_target
            for each in ask(kind, mended)
            if each.severity is not Severity.NOTE and not accused.issuperset(each.columns)
        ]
        if not new:
            break
        added += [_said(each) for each in new]
    return added


def _mended(frame: Frame, fixes: Sequence[Fix]) -> Frame | None:
    """The frame of the table with the fixes made; None where that changes nothing."""
    try:
        table, changes = Ledger(tuple(fixes)).apply(frame.table)
    except StudyError:
        return None  # two fixes that cannot both be made: the Study has to choose
    if not changes:
        return None
    rows = rows_kept(changes, frame.table.num_rows)
    gone = set(frame.table.column_names) - set(table.column_names)
    read = [name for fix in fixes for name in fix.columns if name not in gone]
    return Frame(
        table,
        infer_again(frame.schema.without(gone), table, read),
        target=None if frame.target is None else frame.target[rows],
        target_name=frame.target_name,
        label_days=frame.label_days,
        seed=frame.seed,
        threads=frame.threads,
    )


def _said(finding: Finding) -> Finding:
    return replace(
        finding, meaning=f"{finding.meaning} It shows once the other findings are mended."
    )
