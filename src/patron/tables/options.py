"""What a user can say about the format of a text or Excel file."""

__all__ = ["TextOptions", "text_options"]

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patron.errors import TableError, nearest


@dataclass(frozen=True)
class TextOptions:
    """Whatever is None is detected; `docs/tables.md` describes each."""

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    date_format: str | None = None
    header: bool | None = None
    columns: Sequence[Any] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


_EXPECTED: dict[str, tuple[Any, str]] = {
    "delimiter": (str, "text"),
    "decimal": (str, "text"),
    "encoding": (str, "text"),
    "date_format": (str, "text"),
    "header": (bool, "true or false"),
    "columns": ((list, tuple), "a list of names, or of {name, start, width}"),
    "types": (Mapping, "a kind for each column: text, number or date"),
    "sheet": (str, "text"),
}


def text_options(given: Mapping[str, Any], name: str) -> TextOptions:
    """The options of the file `name`, checked.

    >>> text_options({"delimeter": ";"}, "shop.csv")
    Traceback (most recent call last):
    patron.errors.TableError: shop.csv: there is no format option "delimeter"; did you mean
    "delimiter"? The options: delimiter, decimal, encoding, date_format, header, columns, types,
    sheet
    """
    known = list(_EXPECTED)
    for option in given:
        if option not in known:
            guess = nearest(option, known)
            hint = f'; did you mean "{guess}"?' if guess else "."
            raise TableError(
                f'{name}: there is no format option "{option}"{hint} '
                f"The options: {', '.join(known)}"
            )
    for option, value in given.items():
        kind, words = _EXPECTED[option]
        if value is not None and not isinstance(value, kind):
            raise TableError(f"{name}: {option} is {value!r}; expected {words}")
    options = TextOptions(**{key: value for key, value in given.items() if value is not None})
    if not any(
        all(isinstance(column, kind) for column in options.columns) for kind in (str, Mapping)
    ):
        raise TableError(f"{name}: columns needs {_EXPECTED['columns'][1]}")
    if options.decimal not in (None, ".", ","):
        raise TableError(f'{name}: decimal is "{options.decimal}"; expected "." or ","')
    delimiter = options.delimiter
    if delimiter is not None and delimiter != "whitespace" and len(delimiter) != 1:
        raise TableError(
            f'{name}: delimiter is "{delimiter}"; expected one character, or "whitespace"'
        )
    for column, kind in options.types.items():
        if kind not in ("text", "number", "date"):
            raise TableError(
                f'{name}: types says "{kind}" of column "{column}"; expected text, number or date'
            )
    if options.encoding is not None:
        try:
            codecs.lookup(options.encoding)
        except LookupError as error:
            raise TableError(
                f'{name}: the encoding "{options.encoding}" is not known; '
                "expected for example utf-8, latin-1 or cp1252"
            ) from error
    return options
