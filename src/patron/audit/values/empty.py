"""V05: columns that hold nothing, or one value only."""

__all__ = ["EmptyColumns"]

import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import plain
from patron.schema import Role

NEARLY = 0.99
GLANCE = 1_000
NAMES_SHOWN = 6

_ASKED_FOR = (Role.ENTITY, Role.AS_OF, Role.UPDATED, Role.TARGET, Role.TREATMENT, Role.OUTCOME)


class EmptyColumns(Check):
    """V05: columns without a value, with a value in hardly any row, or with one value in all.

    They do no harm; they say that an export or a join did not do what somebody thinks it does.
    """

    code = "V05"
    title = "Empty or constant columns"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A note for each of the three kinds."""
        rows = frame.table.num_rows
        if rows < 2:
            return CannotSay("with fewer than two rows every column is constant")
        kinds: dict[str, list[str]] = {"empty": [], "nearly empty": [], "constant": []}
        for column in frame.schema.columns:
            if column.role in _ASKED_FOR:
                continue
            known = rows - int(frame.missing(column.name).sum())
            if not known:
                kinds["empty"].append(column.name)
            elif known <= (1 - NEARLY) * rows:
                kinds["nearly empty"].append(column.name)
            elif known == rows and _is_constant(frame.table.column(column.name)):
                kinds["constant"].append(column.name)
        return [self._found(kind, tuple(names)) for kind, names in kinds.items() if names]

    def _found(self, kind: str, names: tuple[str, ...]) -> Finding:
        shown = ", ".join(names[:NAMES_SHOWN])
        more = f" and {len(names) - NAMES_SHOWN:,} more" if names[NAMES_SHOWN:] else ""
        of = {
            "empty": "no value at all",
            "nearly empty": f"a value in less than {1 - NEARLY:.0%} of the rows",
            "constant": "the same value in every row",
        }[kind]
        verb = "has" if len(names) == 1 else "have"
        return self.finding(
            Severity.NOTE,
            names,
            evidence={"kind": kind, "columns": len(names)},
            meaning=f"{shown}{more} {verb} {of}, and can tell a model next to nothing.",
            next_step="Drop them, or find out why the export or the join does not fill them.",
            fix=Fix("drop_column", names, because=self.code),
        )


def _is_constant(column: pa.ChunkedArray) -> bool:
    if pa.types.is_nested(column.type):
        return False
    column = plain(column)
    if pc.count_distinct(column.slice(0, GLANCE)).as_py() > 1:  # most columns end here
        return False
    return bool(pc.count_distinct(column).as_py() == 1)
