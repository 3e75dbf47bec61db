"""What a fix can do to a table: one small function for each operation."""

__all__ = ["OPERATIONS", "Effect", "Operation", "group_rows", "is_text", "plain"]

from collections.abc import Mapping

from patron.audit.operations.base import Effect, Operation, group_rows, plain
from patron.audit.operations.cells import CELLS
from patron.audit.operations.rows import ROWS
from patron.audit.operations.text import TEXT, is_text

OPERATIONS: Mapping[str, Operation] = {**ROWS, **TEXT, **CELLS}
"""In the order in which proposed fixes run: those that compare whole rows come before those that
make rows more alike; how values are written is mended before they are set to missing."""
