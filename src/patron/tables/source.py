"""Source: a table that is read lazily, in batches of plain types."""

__all__ = [
    "Source",
    "arrow_errors",
    "check_names",
    "no_such_column",
    "plain_batch",
    "plain_schema",
]

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from patron.errors import TableError, nearest

TIMESTAMP = pa.timestamp("us")


class Source(ABC):
    """A table: its schema at once, its rows in batches when asked.

    Whatever it was read from, the types are bool, int64, float64, string, date32 and
    timestamp[us] in UTC, and a missing value is null (never NaN). `notes` are sentences on what
    was detected or left out. A subclass sets the attributes through `_describe` and gives `_raw`.
    """

    name: str
    schema: pa.Schema
    notes: tuple[str, ...] = ()
    rows: int | None = None

    def batches(
        self, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """The rows in order, at most `batch_rows` at a time; at least one batch, maybe empty."""
        schema = self._select(columns)
        return self._stream(schema, batch_rows)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or the columns asked for, in memory."""
        schema = self._select(columns)
        return pa.Table.from_batches(self._stream(schema, 65_536), schema)

    @abstractmethod
    def _raw(self, columns: list[str], batch_rows: int) -> Iterable[pa.RecordBatch]:
        """Batches that hold at least `columns`, in any types that `plain_schema` knows."""

    def _describe(self, raw: pa.Schema, notes: Iterable[str] = ()) -> None:
        self.schema, left_out = plain_schema(raw, self.name)
        self.notes = (*notes, *left_out)

    def _select(self, columns: Sequence[str] | None) -> pa.Schema:
        if columns is None:
            return self.schema
        for column in columns:
            if column not in self.schema.names:
                raise TableError(no_such_column(self.name, column, self.schema.names))
        return pa.schema([self.schema.field(column) for column in columns])

    def _stream(self, schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
        empty = True
        with arrow_errors(self.name):
            for batch in self._raw(schema.names, batch_rows):
                for start in range(0, batch.num_rows, batch_rows):
                    empty = False
                    yield plain_batch(batch.slice(start, batch_rows), schema)
        if empty:
            yield pa.RecordBatch.from_pylist([], schema)


@contextmanager
def arrow_errors(name: str) -> Iterator[None]:
    """Say in a sentence that the content of `name` cannot be read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{name} is damaged or cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise TableError(
            f"{name} has a column whose name is no UTF-8 text; write the table again with another "
            "name"
        ) from error


def check_names(name: str, columns: Iterable[str]) -> None:
    """Refuse two columns of one name."""
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise TableError(
            f"{name} has columns of the same name: {', '.join(twice)}; rename them so that "
            "each name occurs once"
        )


def no_such_column(name: str, column: str, columns: list[str]) -> str:
    """The sentence that names the nearest column and some others."""
    guess = nearest(column, columns)
    hint = f'; did you mean "{guess}"?' if guess else "."
    some = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
    return f'{name} has no column "{column}"{hint} Its {len(columns)} columns: {some}'


def plain_schema(raw: pa.Schema, name: str) -> tuple[pa.Schema, list[str]]:
    """The plain types of a foreign schema, and a sentence on each column that has none."""
    with arrow_errors(name):
        check_names(name, raw.names)
    fields, notes = [], []
    for field in raw:
        plain = _plain_type(field)
        if plain is None:
            notes.append(f'column "{field.name}" is left out: its type is {field.type}')
        else:
            fields.append(pa.field(field.name, plain))
    if not fields:
        raise TableError(f"{name} has no columns that can be used")
    return pa.schema(fields), notes


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of `schema` out of `batch`, cast to its types, with NaN as null."""
    return pa.RecordBatch.from_arrays(
        [_plain_array(batch.column(field.name), field) for field in schema], schema=schema
    )


def _plain_type(field: pa.Field) -> pa.DataType | None:
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        # PostgreSQL's numeric comes as text that is marked with the name of its type.
        if getattr(kind, "type_name", "") == "numeric":
            return pa.float64()
        if isinstance(kind, pa.UuidType):
            return pa.string()
        kind = kind.storage_type
    if pt.is_dictionary(kind):
        kind = kind.value_type
    if pt.is_integer(kind):
        return pa.int64()
    if pt.is_floating(kind) or pt.is_decimal(kind):
        return pa.float64()
    if pt.is_date(kind):
        return pa.date32()
    if pt.is_timestamp(kind):
        return TIMESTAMP
    if pt.is_boolean(kind):
        return pa.bool_()
    text = (pt.is_string, pt.is_large_string, pt.is_string_view, pt.is_time, pt.is_null)
    return pa.string() if any(check(kind) for check in text) else None


def _plain_array(array: pa.Array, field: pa.Field) -> pa.Array:
    if isinstance(array.type, pa.UuidType):
        return pa.array([value and str(value) for value in array.to_pylist()], pa.string())
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_timestamp(array.type) and array.type.tz:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))
        array = array.cast(pa.timestamp(array.type.unit))
    if array.type != field.type:
        try:
            # Nanoseconds are cut to microseconds; whole numbers must fit.
            array = pc.cast(array, field.type, safe=pt.is_integer(field.type))
        except pa.ArrowInvalid as error:
            raise TableError(
                f'column "{field.name}" holds values that do not fit {field.type}; store it as text'
            ) from error
    if pt.is_string(field.type):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid as error:
            raise TableError(
                f'column "{field.name}" holds bytes that are no UTF-8 text; write the table again '
                "with its text as UTF-8"
            ) from error
    if pt.is_floating(field.type):
        nan = pc.is_nan(array)
        if pc.any(nan).as_py():
            array = pc.if_else(nan, pa.scalar(None, field.type), array)
    return array
