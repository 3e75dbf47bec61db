"""Operations that mend how values are written: numbers and dates as text, spelling, units."""

__all__ = ["TEXT", "is_text"]

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations.base import Effect, Names, Operation, counted, plain
from patron.audit.operations.cells import condition
from patron.audit.operations.reading import as_date, as_number


def _parse_numbers(table: pa.Table, columns: Names, *, decimal: str = ".") -> Effect:
    if decimal not in (".", ","):
        raise pa.ArrowInvalid(f"decimal must be '.' or ',', got {decimal!r}")
    return _parsed(table, columns, pa.float64(), lambda text: as_number(text, decimal), "number")


def _parse_dates(table: pa.Table, columns: Names, *, formats: list[str]) -> Effect:
    if not (isinstance(formats, list) and all(isinstance(each, str) for each in formats)):
        raise pa.ArrowInvalid(f"formats must be a list such as ['%d/%m/%Y'], got {formats!r}")
    timed = any(sign in each for each in formats for sign in ("%H", "%I"))
    kind = pa.timestamp("us") if timed else pa.date32()

    def read(text: str) -> Any:
        moment: datetime | None = as_date(text, formats)
        return moment if timed or moment is None else moment.date()

    return _parsed(table, columns, kind, read, "date")


def _parsed(
    table: pa.Table, columns: Names, kind: pa.DataType, read: Callable[[str], Any], noun: str
) -> Effect:
    """The columns as what `read` makes of each text; what already has another type stays."""
    changed = lost = 0
    for name in columns:
        texts = plain(table.column(name))
        if not is_text(texts.type):
            continue
        encoded = texts.combine_chunks().dictionary_encode()
        read_once = pa.array([read(text) for text in encoded.dictionary.to_pylist()], kind)
        values = read_once.take(encoded.indices)
        changed += len(values) - values.null_count
        lost += values.null_count - texts.null_count
        table = _replaced(table, name, values)
    sentence = f"read {counted(changed, noun)} of {', '.join(columns)} from text"
    return Effect(table, changed, None, sentence + (f"; {lost:,} are none" if lost else ""))


def _normalise_text(table: pa.Table, columns: Names, *, mapping: dict[str, str]) -> Effect:
    if not isinstance(mapping, dict):
        raise pa.ArrowInvalid(f"mapping must be a table such as {{Web = 'web'}}, got {mapping!r}")
    changed = 0
    spellings, meant = pa.array(list(mapping)), pa.array([str(each) for each in mapping.values()])
    for name in columns:
        texts = plain(table.column(name))
        if not is_text(texts.type):
            continue
        texts = texts.cast(pa.string()).combine_chunks()
        place = pc.index_in(texts, value_set=spellings.cast(pa.string()))
        changed += len(place) - place.null_count
        table = _replaced(table, name, pc.coalesce(meant.cast(pa.string()).take(place), texts))
    shown = f"{counted(len(mapping), 'spelling')} of {', '.join(columns)}"
    return Effect(table, changed, None, f"set {shown} to the commonest one")


def _scale_where(
    table: pa.Table,
    columns: Names,
    *,
    factor: float,
    by: str | None = None,
    below: Any = None,
    above: Any = None,
    equals: list[Any] | None = None,
) -> Effect:
    """Where the row meets one condition, on `by` or on the column itself; missing never does."""
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        raise pa.ArrowInvalid(f"factor must be a number, got {factor!r}")
    if sum(each is not None for each in (below, above, equals)) != 1:
        raise pa.ArrowInvalid("it needs exactly one of the arguments below, above and equals")
    changed, shown = 0, ""
    for name in columns:
        values = plain(table.column(name))
        judge = plain(table.column(by)) if by else values
        rows, shown = condition(judge, below, above, equals)
        rows = pc.and_(pc.fill_null(rows, False), values.is_valid())
        changed += pc.sum(rows).as_py() or 0
        numbers = values.cast(pa.float64(), safe=False)
        table = _replaced(table, name, pc.if_else(rows, pc.multiply(numbers, factor), numbers))
    where = f"where {by or 'it'} is {shown}"
    sentence = f"scaled {counted(changed, 'value')} of {', '.join(columns)} by {factor:g} {where}"
    return Effect(table, changed, None, sentence)


def _replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type, as `plain` gives it, holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


TEXT: Mapping[str, Operation] = {
    "parse_numbers": Operation(_parse_numbers, everywhere=True, optional=("decimal",)),
    "parse_dates": Operation(_parse_dates, everywhere=True, required=("formats",)),
    "normalise_text": Operation(_normalise_text, everywhere=True, required=("mapping",)),
    "scale_where": Operation(
        _scale_where,
        everywhere=True,
        required=("factor",),
        optional=("by", "below", "above", "equals"),
    ),
}
