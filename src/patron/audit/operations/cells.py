"""Operations that change values or drop columns, row by row."""

__all__ = ["CELLS"]

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations.base import Effect, Names, Operation, nulled


def _drop_column(table: pa.Table, columns: Names) -> Effect:
    names = ", ".join(columns)
    word = "column" if len(columns) == 1 else "columns"
    return Effect(table.drop_columns(list(columns)), 0, None, f"dropped the {word} {names}")


def _null_value(table: pa.Table, columns: Names, *, values: list[Any]) -> Effect:
    shown = ", ".join(str(value) for value in values)

    def hit(column: pa.ChunkedArray) -> pa.ChunkedArray:
        wanted = pa.array([_as(value, column.type).as_py() for value in values], column.type)
        return pc.is_in(column, value_set=wanted)

    return nulled(table, columns, hit, shown)


def _null_below(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return nulled(table, columns, lambda c: pc.less(c, _limit(limit, c.type)), f"below {limit}")


def _null_above(table: pa.Table, columns: Names, *, limit: Any) -> Effect:
    return nulled(table, columns, lambda c: pc.greater(c, _limit(limit, c.type)), f"above {limit}")


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


CELLS: Mapping[str, Operation] = {
    "null_value": Operation(_null_value, everywhere=True, required=("values",)),
    "null_below": Operation(_null_below, everywhere=True, required=("limit",)),
    "null_above": Operation(_null_above, everywhere=True, required=("limit",)),
    "drop_column": Operation(_drop_column, everywhere=True),
}
