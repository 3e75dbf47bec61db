"""Excel files, through python-calamine (the extra `excel`)."""

__all__ = ["open_excel"]

import csv
import datetime
import os
import tempfile
from pathlib import Path
from typing import Any

from patron.errors import TableError, nearest
from patron.tables.csv import TextSource
from patron.tables.options import TextOptions


def open_excel(path: Path, options: TextOptions) -> TextSource:
    """The first sheet, or the one that is named, as a text file, so that one reader finds types."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise TableError(
            f"{path.name}: reading Excel files needs python-calamine; pip install 'patron[excel]'"
        ) from error
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        names = book.sheet_names
        name = options.sheet or names[0]
        if name not in names:
            guess = nearest(name, names)
            hint = f'; did you mean "{guess}"?' if guess else ""
            raise TableError(
                f'{path.name} has no sheet "{name}"{hint} Its sheets: {", ".join(names)}'
            )
        rows = book.get_sheet_by_name(name).to_python()
    except calamine.CalamineError as error:
        raise TableError(f"{path.name} is damaged or not an Excel file: {error}") from error
    if not rows:
        raise TableError(f'{path.name}: sheet "{name}" is empty; expected a header and rows')
    notes = [f'sheet "{name}" of {len(names)}'] if len(names) > 1 else []
    text = TextOptions(
        delimiter=",", header=True, date_format=options.date_format, types=options.types
    )
    return TextSource(_as_text(rows), path.name, text, notes=notes, temporary=True)


def _as_text(rows: list[list[Any]]) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="patron-", suffix=".csv")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([_cell(value) for value in row] for row in rows)
    return Path(name)


def _cell(value: Any) -> str:
    # Excel keeps all numbers as floats; 17 is written 17, not 17.0.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)
