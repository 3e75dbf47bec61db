"""I03: rows that name no customer."""

__all__ = ["NamelessRows"]

from patron.audit.base import CannotSay, Check, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations.base import counted
from patron.schema import Role


class NamelessRows(Check):
    """I03: rows whose customer is missing.

    They belong to nobody: no split can keep them together, and no score can be sent to them.
    """

    code = "I03"
    title = "Rows that name no customer"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each entity column with gaps."""
        entity = frame.schema.names(Role.ENTITY)
        if not entity:
            return CannotSay("no column has the role entity")
        return [self._found(frame, name) for name in entity if frame.missing(name).any()]

    def _found(self, frame: Frame, name: str) -> Finding:
        rows = int(frame.missing(name).sum())
        share = rows / frame.table.num_rows
        return self.finding(
            Severity.WARNING,
            (name,),
            rows=rows,
            evidence={"missing": rows, "share": share},
            meaning=(
                f"{name} is missing in {counted(rows, 'row')} ({share:.1%}): nothing says whose. "
                "Rows of one customer may stand on both sides of a split, and nobody can be "
                "contacted for them."
            ),
            next_step="Find out who they are (guests, a failed join), or leave them out.",
            fix=Fix("drop_rows_where_missing", (name,), because=self.code),
        )
