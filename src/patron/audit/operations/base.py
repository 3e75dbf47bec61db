"""What an operation is, and what those of this room share."""

__all__ = ["Effect", "Names", "Operation", "counted", "group_rows", "keeping", "nulled", "plain"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Names = tuple[str, ...]


class Effect(NamedTuple):
    """What one operation did: the new table, the cells changed, the rows kept (None: all)."""

    table: pa.Table
    changed: int
    kept: np.ndarray | None
    sentence: str


@dataclass(frozen=True)
class Operation:
    """One kind of fix.

    `everywhere`: it works row by row, so it also runs at scoring. The others need the whole table
    or drop rows; they run at training only, since every row that is asked for gets an answer.
    """

    apply: Callable[..., Effect]
    everywhere: bool
    needs_columns: bool = True
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def group_rows(table: pa.Table, columns: Sequence[str]) -> np.ndarray:
    """A whole number for each row; two rows have the same one exactly if `columns` are equal.

    Missing equals missing. Rows that are already alone in their group are set aside after each
    column, so that a wide table costs little more than its first columns.
    """
    groups = np.zeros(table.num_rows, dtype=np.int64)
    open_rows = np.arange(table.num_rows)  # rows that still share their group with another
    used = 1
    for name in columns:
        codes = _codes(table.column(name), open_rows)
        pairs = groups[open_rows] * (codes.max(initial=0) + 1) + codes
        _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
        groups[open_rows] = used + inverse
        used += len(counts)
        open_rows = open_rows[counts[inverse] > 1]
        if not len(open_rows):
            break
    return groups


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with its values in place of codes into a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def nulled(
    table: pa.Table,
    columns: Names,
    hit: Callable[[pa.ChunkedArray], pa.ChunkedArray],
    shown: str,
) -> Effect:
    """The columns with what `hit` marks set to missing; `shown` says what that is."""
    changed = 0
    for name in columns:
        column = plain(table.column(name))
        mask = pc.fill_null(hit(column), False)
        changed += pc.sum(mask).as_py() or 0
        nulled = pc.if_else(mask, pa.scalar(None, column.type), column)
        table = table.set_column(table.column_names.index(name), name, nulled)
    sentence = f"set {counted(changed, 'value')} of {', '.join(columns)} to missing ({shown})"
    return Effect(table, changed, None, sentence)


def keeping(table: pa.Table, kept: np.ndarray, noun: str, more: str = "") -> Effect:
    """The rows at the positions `kept`; what goes is so many of `noun`."""
    dropped = table.num_rows - len(kept)
    left = table.take(pa.array(kept)) if dropped else table
    return Effect(left, 0, kept, f"dropped {counted(dropped, noun)}{more}")


def counted(number: int, word: str) -> str:
    """A number with its noun: "1 row", "2 rows"."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _codes(column: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    taken = plain(column if len(rows) == len(column) else column.take(pa.array(rows)))
    if pa.types.is_nested(taken.type):
        taken = pa.chunked_array([pa.array([str(value) for value in taken.to_pylist()])])
    encoded = taken.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
