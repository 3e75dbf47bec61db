"""Sink: a table that is written batch by batch and appears whole, or not at all."""

__all__ = ["Sink", "open_sink", "write_table"]

from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from patron.errors import TableError
from patron.tables.atomic import replacement, told
from patron.tables.place import parse_place


class Sink(ABC):
    """A context manager to write a table with; leaving it by an exception leaves no trace.

    The first write decides the columns. `rows` counts what was written.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self._schema: pa.Schema | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._begin(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._undo.__exit__(kind, error, trace)
            return
        with self._undo:
            if self._schema is None:
                raise TableError(f"nothing was given to write to {self.name}")
            self._finish()

    def write(self, part: pa.Table | pa.RecordBatch) -> None:
        """Append rows; all parts need the same columns and types."""
        if isinstance(part, pa.RecordBatch):
            part = pa.Table.from_batches([part])
        if self._schema is None:
            self._schema = part.schema
            self._create(part.schema)
        elif not part.schema.equals(self._schema):
            raise TableError(
                f"{self.name} is being written with the columns {_columns(self._schema)}; "
                f"the next part has {_columns(part.schema)}"
            )
        self._append(part)
        self.rows += part.num_rows

    @abstractmethod
    def _begin(self, undo: ExitStack) -> None:
        """Reserve the target; put on `undo` what must be ended, well or badly, at the end."""

    @abstractmethod
    def _create(self, schema: pa.Schema) -> None:
        """Begin the target with these columns."""

    @abstractmethod
    def _append(self, part: pa.Table) -> None:
        """Add rows."""

    @abstractmethod
    def _finish(self) -> None:
        """All rows are written: complete the target."""


class _FileSink(Sink):
    """A Parquet, CSV or Arrow file."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def _begin(self, undo: ExitStack) -> None:
        beside = undo.enter_context(replacement(self._path))
        # What is open: the file, the packer if there is one, and the writer; closed from the last.
        self._open: list[Any] = []
        undo.callback(self._drop)
        with told(self._path):
            self._open.append(pa.OSFile(str(beside), "wb"))
            if self._path.name.lower().endswith(".gz"):
                self._open.append(pa.CompressedOutputStream(self._open[0], "gzip"))

    def _create(self, schema: pa.Schema) -> None:
        self._open.append(_writer(self._path.name.lower(), self._open[-1], schema))

    def _append(self, part: pa.Table) -> None:
        with told(self._path):
            self._open[-1].write_table(part)

    def _finish(self) -> None:
        with told(self._path):
            while self._open:
                self._open.pop().close()

    def _drop(self) -> None:
        # After a full disk the end of the file cannot be written either; the first error counts.
        while self._open:
            with suppress(OSError):
                self._open.pop().close()


def open_sink(target: str | Path) -> Sink:
    """A Sink for a .parquet, .csv, .csv.gz, .arrow, .feather or .ipc file or a database's table.

    A database is named as for `open_source`: `shop.duckdb?table=…`, `postgresql://…?table=…`.
    """
    place = parse_place(str(target))
    if place:
        # Drivers are imported when a database is meant, and this module is theirs to build on.
        from patron.tables.database_sink import DuckDBSink, PostgresSink

        return DuckDBSink(place) if place.kind == "duckdb" else PostgresSink(place)
    path = Path(target)
    if not path.name.lower().endswith(_ENDINGS):
        raise TableError(
            f"{path.name} cannot be written: its ending is none of {', '.join(_ENDINGS)}"
        )
    return _FileSink(path)


def write_table(table: pa.Table, target: str | Path) -> None:
    """Write `table` to `target`, whole or not at all."""
    with open_sink(target) as sink:
        sink.write(table)


_ENDINGS = (".parquet", ".csv", ".csv.gz", ".arrow", ".feather", ".ipc")


def _writer(name: str, stream: Any, schema: pa.Schema) -> Any:
    if name.endswith(".parquet"):
        import pyarrow.parquet as pq

        return pq.ParquetWriter(stream, schema, compression="zstd")
    if name.endswith((".csv", ".csv.gz")):
        import pyarrow.csv

        return pyarrow.csv.CSVWriter(stream, schema)
    return pa.ipc.new_file(stream, schema)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)
