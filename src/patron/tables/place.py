"""Where a table is in a database: the address, and the table or query in it."""

__all__ = ["Place", "find_table", "identifier", "parse_place"]

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from patron.errors import TableError, nearest


@dataclass(frozen=True)
class Place:
    """A table, or a query, at the address that a driver understands."""

    kind: Literal["duckdb", "postgresql"]
    address: str
    table: str | None
    query: str | None

    @property
    def where(self) -> str:
        """The database without user and password, for messages."""
        if self.kind == "duckdb":
            return Path(self.address).name
        parts = urlsplit(self.address)
        return f"postgresql://{parts.hostname or ''}{parts.path}"

    @property
    def name(self) -> str:
        """A short name for messages."""
        if self.query is not None:
            return f"the query in {self.where}"
        return f"{self.table} in {self.where}" if self.table else self.where


def parse_place(text: str) -> Place | None:
    """The Place that a path or URL names, or None if it names no database.

    `table` and `query` are taken off the URL; everything else is left to the driver.

    >>> parse_place("shop.duckdb?table=customers").name
    'customers in shop.duckdb'
    >>> parse_place("postgresql://me:secret@db/shop?sslmode=require&table=crm.people").address
    'postgresql://me:secret@db/shop?sslmode=require'
    """
    kind: Literal["duckdb", "postgresql"]
    address, _, tail = text.partition("?")
    if address.startswith(("postgresql://", "postgres://")):
        kind = "postgresql"
    elif address.startswith("duckdb://") or address.lower().endswith(".duckdb"):
        kind = "duckdb"
        address = unquote(address.removeprefix("duckdb://")) if "://" in address else address
    else:
        return None
    ours: dict[str, str] = {}
    rest = []
    # A query may hold an & of its own, so only the & before a name and = parts two parameters.
    for piece in re.split(r"&(?=\w+=)", tail) if tail else []:
        key, _, value = piece.partition("=")
        if key in ("table", "query"):
            ours[key] = unquote(value)
        else:
            rest.append(piece)
    if rest and kind == "postgresql":
        address += "?" + "&".join(rest)
    place = Place(kind, address, ours.get("table"), ours.get("query"))
    if rest and kind == "duckdb":
        raise TableError(f"{place.where}?{rest[0]}: expected ?table=NAME or ?query=SELECT …")
    if place.table and place.query:
        raise TableError(f"{place.where}: both table and query are given; give one of them")
    return place


def find_table(place: Place, tables: Sequence[tuple[str, str]]) -> str:
    """The quoted name of the table, out of the (schema, table) pairs that the database has."""
    for schema, table in tables:
        if place.table in (table, f"{schema}.{table}"):
            return f"{identifier(schema)}.{identifier(table)}"
    names = [table for _, table in tables]
    some = ", ".join(names[:12]) + (", …" if len(names) > 12 else "") or "none"
    if place.table is None:
        if len(tables) == 1:
            return ".".join(map(identifier, tables[0]))
        raise TableError(
            f"{place.where}: say which table with ?table=NAME; its {len(names)} tables: {some}"
        )
    guess = nearest(place.table, names)
    hint = f'; did you mean "{guess}"?' if guess else "."
    raise TableError(f'{place.where} has no table "{place.table}"{hint} Its tables: {some}')


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
