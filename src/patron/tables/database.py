"""Tables in DuckDB files and in PostgreSQL, read in batches."""

__all__ = ["DuckDBSource", "PostgresSource", "duckdb_connection", "postgres_connection"]

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from patron.errors import TableError
from patron.tables.duck import duck
from patron.tables.place import Place, find_table, identifier
from patron.tables.source import Source, check_names

_DUCKDB_TABLES = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal
    ORDER BY schema_name <> 'main', 1, 2
"""
# Tables, partitioned and foreign tables, views and materialised views.
_POSTGRES_TABLES = """
    SELECT n.nspname::text, c.relname::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
    ORDER BY n.nspname <> current_schema(), 1, 2
"""
# The driver gives money as a number of cents, char(n) padded with blanks, and addresses as bytes.
_POSTGRES_CASTS = {"money": "numeric", "bpchar": "text", "inet": "text", "cidr": "text"}


class DuckDBSource(Source):
    """A table, view or query in a DuckDB file, opened for reading only."""

    def __init__(self, place: Place) -> None:
        self._place = place
        with duckdb_connection(place, read_only=True) as connection:
            tables = connection.sql(_DUCKDB_TABLES).fetchall()
            if place.table is None and place.query is None and len(tables) == 1:
                place = Place(place.kind, place.address, tables[0][1], None)
            self.name = place.name
            self._from = _from(place, tables)
            if place.query is None:
                self.rows = connection.sql(f"SELECT count(*) FROM {self._from}").fetchall()[0][0]
            self._describe(connection.sql(f"FROM {self._from} LIMIT 0").to_arrow_table().schema)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        with duckdb_connection(self._place, read_only=True) as connection:
            values = ", ".join(map(identifier, columns))
            query = connection.sql(f"SELECT {values} FROM {self._from}")
            yield from query.to_arrow_reader(batch_rows)


class PostgresSource(Source):
    """A table, view or query in PostgreSQL."""

    def __init__(self, place: Place) -> None:
        self.name = place.name
        self._place = place
        with postgres_connection(place) as connection, connection.cursor() as cursor:
            tables: list[tuple[str, str]] = []
            if place.query is None:
                cursor.execute(_POSTGRES_TABLES)
                tables = cursor.fetchall()
            self._from = _from(place, tables)
            cursor.execute(f"SELECT * FROM {self._from} LIMIT 0")
            raw = cursor.fetch_record_batch().schema
            check_names(self.name, raw.names)
            kinds = {field.name: _postgres_type(field) for field in raw}
            self._values = {
                column: f"{identifier(column)}::{_POSTGRES_CASTS[kind]} AS {identifier(column)}"
                if kind in _POSTGRES_CASTS
                else identifier(column)
                for column, kind in kinds.items()
            }
            cursor.execute(f"SELECT {', '.join(self._values.values())} FROM {self._from} LIMIT 0")
            self._describe(cursor.fetch_record_batch().schema)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        values = ", ".join(self._values[column] for column in columns)
        with postgres_connection(self._place) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {values} FROM {self._from}")
            yield from cursor.fetch_record_batch()


@contextmanager
def duckdb_connection(
    place: Place, *, read_only: bool = False, path: Path | None = None
) -> Iterator[Any]:
    """A connection to the file of `place`, or to `path` in its stead."""
    import duckdb

    try:
        with duck(path or place.address, read_only=read_only) as connection:
            yield connection
    except duckdb.Error as error:
        raise TableError(f"{place.name}: {_first_line(error)}") from error


@contextmanager
def postgres_connection(place: Place) -> Iterator[Any]:
    """A connection with one transaction, which is rolled back unless it is committed."""
    try:
        import adbc_driver_manager
        import adbc_driver_postgresql.dbapi as postgresql
    except ImportError as error:
        raise TableError(
            f"{place.name}: PostgreSQL needs adbc-driver-postgresql; pip install 'patron[postgres]'"
        ) from error
    try:
        with postgresql.connect(place.address) as connection:
            yield connection
    except adbc_driver_manager.Error as error:
        password = urlsplit(place.address).password
        message = f"{place.name}: {_first_line(error)}"
        if password is None:
            raise TableError(message) from error
        for secret in (password, unquote(password)):
            message = message.replace(secret, "…")
        # The driver's own error may quote the address with the password, so it is not kept.
        raise TableError(message) from None


def _from(place: Place, tables: list[tuple[str, str]]) -> str:
    if place.query is not None:
        return f"({place.query.strip().rstrip(';')}) AS the_query"
    return find_table(place, tables)


def _postgres_type(field: pa.Field) -> str:
    return (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
