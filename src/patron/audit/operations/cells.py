"""Operations that change values or drop columns, row by row."""

__all__ = ["CELLS", "condition"]

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations.base import Effect, Names, Operation, counted, nulled, plain


def _drop_column(table: pa.Table, columns: Names) -> Effect:
    names = ", ".join(columns)
    word = "column" if len(columns) == 1 else "columns"
    return Effect(table.drop_columns(list(columns)), 0, None, f"dropped the {word} {names}")


def _null_value(table: pa.Table, columns: Names, *, values: list[Any]) -> Effect:
    shown = ", ".join(str(value) for value in values)
    return nulled(table, columns, lambda column: _among(column, values), shown)


def _null_words(table: pa.Table, columns: Names, *, words: list[str]) -> Effect:
    """Texts that are one of the words but for case and padding; what is no text has none."""
    wanted = pa.array([str(word).strip().lower() for word in words], pa.string())

    def hit(column: pa.ChunkedArray) -> pa.ChunkedArray:
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return _never(column)
        written = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
        return pc.is_in(written, value_set=wanted, skip_nulls=True)

    return nulled(table, columns, hit, ", ".join(f'"{word}"' for word in words))


def _null_below(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return nulled(table, columns, lambda c: pc.less(c, _limit(limit, c.type)), f"below {limit}")


def _null_above(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return nulled(table, columns, lambda c: pc.greater(c, _limit(limit, c.type)), f"above {limit}")


def _null_infinite(table: pa.Table, columns: Names) -> Effect:
    def hit(column: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.is_inf(column) if pa.types.is_floating(column.type) else _never(column)

    return nulled(table, columns, hit, "infinite")


def _null_where(
    table: pa.Table,
    columns: Names,
    *,
    values: list[Any] | None = None,
    by: str | None = None,
    below: Any = None,
    above: Any = None,
    equals: list[Any] | None = None,
    exceeds: str | None = None,
) -> Effect:
    """Where the row meets one condition (`Fix` sees to that); missing never meets any."""
    if exceeds is not None:
        other = plain(table.column(exceeds))
        rows, shown = None, f"above {exceeds}"
    else:
        judge = plain(table.column(by))
        rows, shown = condition(judge, below, above, equals)
        shown = f"where {by} is {shown}"
    if values is not None:
        shown = f"{', '.join(str(value) for value in values)} {shown}"

    def hit(column: pa.ChunkedArray) -> pa.ChunkedArray:
        mask = _exceeding(column, other) if rows is None else rows
        return mask if values is None else pc.and_kleene(mask, _among(column, values))

    return nulled(table, columns, hit, shown)


def _fill_missing(table: pa.Table, columns: Names, *, value: Any) -> Effect:
    """Missing, and what is no number, becomes the value; nothing then tells that it was missing."""
    filled = 0
    for name in columns:
        column = plain(table.column(name))
        gone = column.is_null(nan_is_null=True)
        filled += pc.sum(gone).as_py() or 0
        with_value = pc.if_else(gone, _as(value, column.type), column)
        table = table.set_column(table.column_names.index(name), name, with_value)
    sentence = f"set {counted(filled, 'missing value')} of {', '.join(columns)} to {value}"
    return Effect(table, filled, None, sentence)


def condition(
    judge: pa.ChunkedArray, below: Any, above: Any, equals: list[Any] | None
) -> tuple[pa.ChunkedArray, str]:
    """Which rows meet the one condition that is given, and its words; missing meets none."""
    if below is not None:
        return pc.less(judge, _limit(below, judge.type)), f"below {below}"
    if above is not None:
        return pc.greater(judge, _limit(above, judge.type)), f"above {above}"
    wanted = equals or []
    return _among(judge, wanted), " or ".join(str(value) for value in wanted)


def _among(column: pa.ChunkedArray, values: list[Any]) -> pa.ChunkedArray:
    wanted = pa.array([_as(value, column.type).as_py() for value in values], column.type)
    return pc.is_in(column, value_set=wanted, skip_nulls=True)


def _exceeding(column: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return pc.greater(column, other)
    except pa.ArrowNotImplementedError as error:
        raise pa.ArrowInvalid(f"{column.type} cannot be compared with {other.type}") from error


def _never(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(False, len(column))])


def _limit(value: Any, dtype: pa.DataType) -> pa.Scalar:
    if not (pa.types.is_temporal(dtype) or pa.types.is_primitive(dtype)):
        raise pa.ArrowInvalid(f"a column of {dtype} has no order to compare with {value!r}")
    if pa.types.is_integer(dtype) and isinstance(value, float):
        return pa.scalar(value)  # a limit may lie between whole numbers
    return _as(value, dtype)


def _as(value: Any, dtype: pa.DataType) -> pa.Scalar:
    """The plain `value` in the type of the column; ArrowInvalid where that cannot be."""
    try:
        return pa.scalar(value).cast(dtype)
    except (pa.ArrowNotImplementedError, OverflowError) as error:
        raise pa.ArrowInvalid(f"{value!r} cannot be compared with {dtype}") from error


CELLS: Mapping[str, Operation] = {
    "null_value": Operation(_null_value, everywhere=True, required=("values",)),
    "null_words": Operation(_null_words, everywhere=True, required=("words",)),
    "null_below": Operation(_null_below, everywhere=True, required=("limit",)),
    "null_above": Operation(_null_above, everywhere=True, required=("limit",)),
    "null_where": Operation(
        _null_where,
        everywhere=True,
        optional=("values", "by", "below", "above", "equals", "exceeds"),
    ),
    "null_infinite": Operation(_null_infinite, everywhere=True),
    "fill_missing": Operation(_fill_missing, everywhere=True, required=("value",)),
    "drop_column": Operation(_drop_column, everywhere=True),
}
