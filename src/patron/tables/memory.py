"""Tables that are in memory already: pyarrow, pandas and polars objects."""

__all__ = ["MemorySource", "ReaderSource", "from_memory"]

from collections.abc import Iterable

import pyarrow as pa

from patron.errors import TableError
from patron.tables.source import Source


class MemorySource(Source):
    """An Arrow table."""

    def __init__(self, table: pa.Table, name: str) -> None:
        self.name = name
        self.rows = table.num_rows
        self._table = table
        self._describe(table.schema)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterable[pa.RecordBatch]:
        return self._table.select(columns).to_batches(max_chunksize=batch_rows)


class ReaderSource(Source):
    """A stream of Arrow batches, which can be read once."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self.name = "the RecordBatchReader"
        self._reader: pa.RecordBatchReader | None = reader
        self._describe(reader.schema)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterable[pa.RecordBatch]:  # noqa: ARG002
        if self._reader is None:
            raise TableError(
                "the RecordBatchReader was read already, and it can be read once; "
                "pass a table: reader.read_all()"
            )
        reader, self._reader = self._reader, None
        return reader


def from_memory(thing: object) -> Source | None:
    """The Source of an in-memory table, or None if `thing` is none.

    pandas and polars are told by the name of the object's module, so neither is imported here.
    """
    kind = type(thing)
    library = kind.__module__.partition(".")[0]
    if isinstance(thing, Source):
        return thing
    if isinstance(thing, pa.RecordBatchReader):
        return ReaderSource(thing)
    if isinstance(thing, pa.RecordBatch):
        return MemorySource(pa.Table.from_batches([thing]), "the Arrow batch")
    if isinstance(thing, pa.Table):
        return MemorySource(thing, "the Arrow table")
    if library == "pandas" and kind.__name__ == "DataFrame":
        return MemorySource(_from_pandas(thing), "the DataFrame")
    if library == "polars" and kind.__name__ == "LazyFrame":
        return MemorySource(thing.collect(engine="streaming").to_arrow(), "the LazyFrame")  # type: ignore[attr-defined]
    if library == "polars" and kind.__name__ == "DataFrame":
        return MemorySource(thing.to_arrow(), "the DataFrame")  # type: ignore[attr-defined]
    return None


def _from_pandas(frame: object) -> pa.Table:
    # A named index is a column that was set aside; an unnamed one only numbers the rows.
    if all(name is not None for name in frame.index.names):  # type: ignore[attr-defined]
        frame = frame.reset_index()  # type: ignore[attr-defined]
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, ValueError) as error:
        # Arrow's last argument names the column; the one before it may quote a value.
        raise TableError(f"the DataFrame cannot be used as a table: {error.args[-1]}") from error
