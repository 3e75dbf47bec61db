"""Operations that keep some rows and drop others; they run at training only."""

__all__ = ["ROWS", "folded"]

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations.base import (
    Effect,
    Names,
    Operation,
    counted,
    group_rows,
    keeping,
    plain,
)
from patron.audit.operations.near import TOLERANCES, grouped, near_pairs, prepared
from patron.audit.operations.text import is_text

PHONE_DIGITS = 9


def folded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text without what differs between two spellings of one e-mail, telephone number or name.

    Case, spaces, accents and punctuation go; of an e-mail also the dots and a plus part before the
    @; of a telephone number all but its last nine digits. Other columns come back as they are.

    >>> folded(pa.chunked_array([["Anna.Smith+shop@Mail.org", "+49 170 1234567", "O'Néill "]]))[0]
    <pyarrow.StringScalar: 'annasmith@mail.org'>
    >>> folded(pa.chunked_array([["+49 170 1234567", "0170/1234567"]])).to_pylist()
    ['701234567', '701234567']
    >>> folded(pa.chunked_array([[" O'Néill", "ONEILL"]])).to_pylist()
    ['oneill', 'oneill']
    """
    column = plain(column)
    if not is_text(column.type):
        return column
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    words = pc.utf8_lower(pc.utf8_trim_whitespace(encoded.dictionary))
    is_mail = pc.match_substring(words, "@")
    digits = pc.replace_substring_regex(words, r"\D", "")
    is_phone = pc.and_(
        pc.match_substring_regex(words, r"^\+?[\d\s()./-]+$"),
        pc.greater_equal(pc.utf8_length(digits), 7),
    )
    phone = pc.utf8_slice_codeunits(pc.utf8_ltrim(digits, "0"), -PHONE_DIGITS)
    local = pc.replace_substring_regex(words, r"(\+[^@]*)?@.*$", "")
    domain = pc.replace_substring_regex(words, r"^[^@]*@", "@")
    mail = pc.binary_join_element_wise(pc.replace_substring(local, ".", ""), domain, "")
    bare = pc.replace_substring_regex(pc.utf8_normalize(words, "NFKD"), r"[^\pL\pN]+", "")
    same = pc.if_else(is_mail, mail, pc.if_else(is_phone, phone, bare))
    same = pc.if_else(pc.equal(same, ""), pa.scalar(None, same.type), same)
    return pa.chunked_array([same.take(encoded.indices)])


def _drop_duplicate_rows(table: pa.Table, columns: Names, *, ignore: Sequence[str] = ()) -> Effect:
    names = columns or tuple(name for name in table.column_names if name not in ignore)
    _, first = np.unique(group_rows(table, names), return_index=True)
    return keeping(table, np.sort(first), "exact duplicate row")


def _keep_latest(
    table: pa.Table,
    columns: Names,
    *,
    by: str | None = None,
    loose: bool = False,
    most: int | None = None,
) -> Effect:
    if most is not None and not isinstance(most, int):
        raise pa.ArrowInvalid(f"most must be a whole number, got {most!r}")
    key = table.select(columns)
    if loose:
        key = pa.table({name: folded(key.column(name)) for name in columns})
    groups = group_rows(key, columns)
    alone = np.zeros(table.num_rows, dtype=bool)
    for name in columns:  # a row without its key is nobody's earlier record
        alone |= key.column(name).is_null().to_numpy()
    if most is not None:  # a key of many is a placeholder, and nobody's
        _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
        alone |= counts[group] > most
    groups[alone] = -1 - np.flatnonzero(alone)
    how = f", judged by {by}" if by else ", judged by the order of the rows"
    spelt = ", however it is spelt" if loose else ""
    more = f" of the same {', '.join(columns)}{spelt}{how}"
    return keeping(table, _latest(table, groups, by), "earlier record", more)


def _drop_near_duplicates(
    table: pa.Table,
    columns: Names,
    *,
    tolerance: float | None = None,
    by: str | None = None,
    within: str | None = None,
) -> Effect:
    if tolerance is not None and not isinstance(tolerance, int | float):
        raise pa.ArrowInvalid(f"tolerance must be a number, got {tolerance!r}")
    pairs = near_pairs(
        prepared(table, columns),
        table.num_rows,
        tolerances=TOLERANCES if tolerance is None else [tolerance],
        within=group_rows(table, [within]) if within else None,
    )
    groups = grouped(table.num_rows, pairs.first, pairs.second)
    if by:
        kept = _latest(table, groups, by)
    else:
        kept = np.flatnonzero(groups == np.arange(table.num_rows))  # the first of each
    how = f"the latest by {by}" if by else "the first"
    more = f" in {counted(len(columns), 'column')} (within {pairs.tolerance:.3g}), keeping {how}"
    return keeping(table, kept, "row", f" nearly equal to another{more}")


def _latest(table: pa.Table, groups: np.ndarray, by: str | None) -> np.ndarray:
    """The positions of the last row of each group: the highest `by`, and of equal ones the last."""
    rank = _ranks(table.column(by)) if by else np.zeros(table.num_rows)
    order = np.lexsort((np.arange(table.num_rows), rank, groups))
    last = np.append(groups[order][1:] != groups[order][:-1], True)[: len(order)]
    latest: np.ndarray = np.sort(order[last])
    return latest


def _ranks(column: pa.ChunkedArray) -> np.ndarray:
    """The rank of each value among the distinct ones; missing, and NaN, comes before all."""
    encoded = plain(column).combine_chunks().dictionary_encode()
    ranks = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    ranks[pc.array_sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks) - 1)
    ranks[:-1][encoded.dictionary.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)] = -1
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
    "keep_latest": Operation(_keep_latest, everywhere=False, optional=("by", "loose", "most")),
    "drop_near_duplicates": Operation(
        _drop_near_duplicates, everywhere=False, optional=("tolerance", "by", "within")
    ),
    "drop_rows_where_missing": Operation(_drop_rows_where_missing, everywhere=False),
}
