"""Operations that keep some rows and drop others; they run at training only."""

__all__ = ["ROWS"]

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations.base import Effect, Names, Operation, group_rows, keeping, plain


def _drop_duplicate_rows(table: pa.Table, columns: Names, *, ignore: Sequence[str] = ()) -> Effect:
    names = columns or tuple(name for name in table.column_names if name not in ignore)
    _, first = np.unique(group_rows(table, names), return_index=True)
    return keeping(table, np.sort(first), "exact duplicate row")


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
    return keeping(table, np.sort(order[last]), "earlier record", f" of the same {key}{how}")


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
    return keeping(table, np.flatnonzero(kept), "row", f" without {' or '.join(columns)}")


ROWS: Mapping[str, Operation] = {
    "drop_duplicate_rows": Operation(
        _drop_duplicate_rows, everywhere=False, needs_columns=False, optional=("ignore",)
    ),
    "keep_latest": Operation(_keep_latest, everywhere=False, optional=("by",)),
    "drop_rows_where_missing": Operation(_drop_rows_where_missing, everywhere=False),
}
