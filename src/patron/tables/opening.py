"""open_source: one door for every kind of table."""

__all__ = ["open_source"]

from pathlib import Path
from typing import Any

from patron.errors import TableError, nearest
from patron.tables.database import DuckDBSource, PostgresSource
from patron.tables.files import ArrowSource, ParquetSource
from patron.tables.memory import from_memory
from patron.tables.options import text_options
from patron.tables.place import parse_place
from patron.tables.source import Source

_TEXT = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_ARROW = (".arrow", ".feather", ".ipc")
_EXCEL = (".xlsx", ".xls")
_ENDINGS = (".parquet", *_TEXT, *_ARROW, *_EXCEL, ".duckdb")


def open_source(source: Any, **format_options: Any) -> Source:
    """Open a table: a path, the URL of a database, or an in-memory table.

    `format_options` belong to text and Excel files; see `docs/tables.md`.
    """
    if not isinstance(source, str | Path):
        known = from_memory(source)
        if known is None:
            raise TableError(
                f"an object of type {type(source).__name__} is no table; "
                "give a path, a URL, or a pandas, polars or pyarrow table"
            )
        _refuse_options(format_options, known.name)
        return known
    place = parse_place(str(source))
    if place:
        _refuse_options(format_options, place.name)
        if place.kind == "postgresql":
            return PostgresSource(place)
        _must_exist(Path(place.address))
        return DuckDBSource(place)
    path = Path(source).expanduser()
    _must_exist(path)
    name = path.name.lower()
    if name.endswith(_TEXT + _EXCEL) and path.is_file():
        options = text_options(format_options, path.name)
        if name.endswith(_EXCEL):
            from patron.tables.excel import open_excel

            return open_excel(path, options)
        from patron.tables.csv import TextSource

        return TextSource(path, path.name, options)
    _refuse_options(format_options, path.name)
    if name.endswith(".parquet") or path.is_dir():
        return ParquetSource(path)
    if name.endswith(_ARROW):
        return ArrowSource(path)
    raise TableError(f"{path.name} cannot be read: its ending is none of {', '.join(_ENDINGS)}")


def _must_exist(path: Path) -> None:
    if not path.exists():
        folder = path.parent
        if not folder.is_dir():
            raise TableError(f"{path} does not exist: there is no folder {folder}")
        guess = nearest(path.name, (sibling.name for sibling in folder.iterdir()))
        hint = f'; did you mean "{guess}"?' if guess else ""
        raise TableError(f"{path} does not exist{hint}")
    if path.is_file() and path.stat().st_size == 0:
        raise TableError(f"{path} is empty (0 bytes); expected a table")


def _refuse_options(options: dict[str, Any], name: str) -> None:
    if options:
        raise TableError(
            f"{', '.join(options)}: format options are for text and Excel files; {name} is neither"
        )
