"""What a fix can do to a table: one small function for each operation."""

__all__ = ["OPERATIONS", "Effect", "Operation", "group_rows", "plain"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


def _codes(column: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    taken = plain(column if len(rows) == len(column) else column.take(pa.array(rows)))
    if pa.types.is_nested(taken.type):
        taken = pa.chunked_array([pa.array([str(value) for value in taken.to_pylist()])])
    encoded = taken.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _drop_column(table: pa.Table, columns: Names) -> Effect:
    names = ", ".join(columns)
    word = "column" if len(columns) == 1 else "columns"
    return Effect(table.drop_columns(list(columns)), 0, None, f"dropped the {word} {names}")


def _null_value(table: pa.Table, columns: Names, *, values: list[Any]) -> Effect:
    shown = ", ".join(str(value) for value in values)

    def hit(column: pa.ChunkedArray) -> pa.ChunkedArray:
        wanted = pa.array([_as(value, column.type).as_py() for value in values], column.type)
        return pc.is_in(column, value_set=wanted)

    return _nulled(table, columns, hit, shown)


def _null_below(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return _nulled(table, columns, lambda c: pc.less(c, _limit(limit, c.type)), f"below {limit}")


def _null_above(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return _nulled(table, columns, lambda c: pc.greater(c, _limit(limit, c.type)), f"above {limit}")


def _nulled(
    table: pa.Table,
    columns: Names,
    hit: Callable[[pa.ChunkedArray], pa.ChunkedArray],
    shown: str,
) -> Effect:
    changed = 0
    for name in columns:
        column = plain(table.column(name))
        mask = pc.fill_null(hit(column), False)
        changed += pc.sum(mask).as_py() or 0
        nulled = pc.if_else(mask, pa.scalar(None, column.type), column)
        table = table.set_column(table.column_names.index(name), name, nulled)
    sentence = f"set {_count(changed, 'value')} of {', '.join(columns)} to missing ({shown})"
    return Effect(table, changed, None, sentence)


def _drop_duplicate_rows(table: pa.Table, columns: Names, *, ignore: Sequence[str] = ()) -> Effect:
    names = columns or tuple(name for name in table.column_names if name not in ignore)
    _, first = np.unique(group_rows(table, names), return_index=True)
    return _keeping(table, np.sort(first), "exact duplicate row")


def _keep_latest(table: pa.Table, columns: Names, *, by: str | None = None) -> Effect:
    rank = _ranks(table.column(by)) if by else np.zeros(table.num_rows)
    groups = group_rows(table, columns)
    for name in columns:  # a row without its key is nobody's earlier record
        missing = table.column(name).is_null().to_numpy()
        groups[missing] = -1 - np.flatnonzero(missing)
    order = np.lexsort((np.arange(table.num_rows), rank, groups))  # ties: the last row wins
    last = np.append(groups[order][1:] != groups[order][:-1], True)[: len(order)]
    how = f", judged by {by}" if by else ", judged by the order of the rows"
    key = ", ".join(columns)
    return _keeping(table, np.sort(order[last]), "earlier record", f" of the same {key}{how}")


def _ranks(column: pa.ChunkedArray) -> np.ndarray:
    """The rank of each value among the distinct ones; missing comes before all."""
    encoded = plain(column).combine_chunks().dictionary_encode()
    ranks = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    ranks[pc.array_sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks) - 1)
    ranks[-1] = -1
    codes = pc.fill_null(encoded.indices, len(ranks) - 1)
    return ranks[codes.to_numpy(zero_copy_only=False)]


def _drop_rows_where_missing(table: pa.Table, columns: Names) -> Effect:
    kept = np.ones(table.num_rows, dtype=bool)
    for name in columns:
        kept &= ~table.column(name).is_null(nan_is_null=True).to_numpy()
    return _keeping(table, np.flatnonzero(kept), "row", f" without {' or '.join(columns)}")


def _keeping(table: pa.Table, kept: np.ndarray, noun: str, more: str = "") -> Effect:
    dropped = table.num_rows - len(kept)
    left = table.take(pa.array(kept)) if dropped else table
    return Effect(left, 0, kept, f"dropped {_count(dropped, noun)}{more}")


def _limit(value: Any, dtype: pa.DataType) -> pa.Scalar:
    if not (pa.types.is_temporal(dtype) or pa.types.is_primitive(dtype)):
        raise pa.ArrowInvalid(f"a column of {dtype} has no order to compare with {value!r}")
    return _as(value, dtype)


def _as(value: Any, dtype: pa.DataType) -> pa.Scalar:
    """The plain `value` in the type of the column; ArrowInvalid where that cannot be."""
    try:
        return pa.scalar(value).cast(dtype)
    except pa.ArrowNotImplementedError as error:
        raise pa.ArrowInvalid(f"{value!r} cannot be compared with {dtype}") from error


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


# In the order in which proposed fixes run: those that compare whole rows come before those that
# make rows more alike.
OPERATIONS: Mapping[str, Operation] = {
    "drop_duplicate_rows": Operation(
        _drop_duplicate_rows, everywhere=False, needs_columns=False, optional=("ignore",)
    ),
    "keep_latest": Operation(_keep_latest, everywhere=False, optional=("by",)),
    "drop_rows_where_missing": Operation(_drop_rows_where_missing, everywhere=False),
    "null_value": Operation(_null_value, everywhere=True, required=("values",)),
    "null_below": Operation(_null_below, everywhere=True, required=("limit",)),
    "null_above": Operation(_null_above, everywhere=True, required=("limit",)),
    "drop_column": Operation(_drop_column, everywhere=True),
}
