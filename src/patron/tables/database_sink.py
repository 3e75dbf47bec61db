"""Tables written to DuckDB files and PostgreSQL, in one transaction."""

__all__ = ["DuckDBSink", "PostgresSink"]

import secrets
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from patron.errors import TableError
from patron.tables.atomic import replacement
from patron.tables.database import duckdb_connection, postgres_connection
from patron.tables.place import Place, identifier
from patron.tables.sink import Sink


class _DatabaseSink(Sink):
    """The rows go to a table of another name, which takes the target's name in the end."""

    def __init__(self, place: Place) -> None:
        if place.table is None:
            raise TableError(f"{place.where}: say which table to write, with ?table=NAME")
        super().__init__(place.name)
        self._place = place
        schema, _, table = place.table.rpartition(".")
        self._schema_name = schema or None
        self._table = identifier(table)
        self._new = f"patron_new_{secrets.token_hex(4)}"

    def _qualified(self, quoted: str) -> str:
        return f"{identifier(self._schema_name)}.{quoted}" if self._schema_name else quoted

    def _rename(self) -> tuple[str, str]:
        return (
            f"DROP TABLE IF EXISTS {self._qualified(self._table)}",
            f"ALTER TABLE {self._qualified(identifier(self._new))} RENAME TO {self._table}",
        )


class DuckDBSink(_DatabaseSink):
    """A table in a DuckDB file; a file that does not exist yet appears only with the table."""

    def _begin(self, undo: ExitStack) -> None:
        path = Path(self._place.address)
        if not path.exists():
            path = undo.enter_context(replacement(path))
            undo.callback(Path(f"{path}.wal").unlink, missing_ok=True)
        self._connection = undo.enter_context(duckdb_connection(self._place, path=path))
        self._connection.begin()

    def _create(self, schema: pa.Schema) -> None:
        self._insert("CREATE TABLE {} AS FROM part", schema.empty_table())

    def _append(self, part: pa.Table) -> None:
        self._insert("INSERT INTO {} FROM part", part)

    def _finish(self) -> None:
        for statement in self._rename():
            self._connection.execute(statement)
        self._connection.commit()

    def _insert(self, statement: str, part: pa.Table) -> None:
        self._connection.register("part", part)
        self._connection.execute(statement.format(self._qualified(identifier(self._new))))
        self._connection.unregister("part")


class PostgresSink(_DatabaseSink):
    """A table in PostgreSQL."""

    def _begin(self, undo: ExitStack) -> None:
        self._connection = undo.enter_context(postgres_connection(self._place))
        self._cursor = undo.enter_context(self._connection.cursor())

    def _create(self, schema: pa.Schema) -> None:
        self._ingest(schema.empty_table(), "create")

    def _append(self, part: pa.Table) -> None:
        self._ingest(part, "append")

    def _finish(self) -> None:
        for statement in self._rename():
            self._cursor.execute(statement)
        self._connection.commit()

    def _ingest(self, part: pa.Table, mode: str) -> None:
        self._cursor.adbc_ingest(self._new, part, mode, db_schema_name=self._schema_name)
