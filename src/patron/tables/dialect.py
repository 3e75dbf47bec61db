"""How a text file is laid out: its delimiter, header and names of columns."""

__all__ = ["Layout", "csv_errors", "find_layout"]

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron.errors import TableError
from patron.tables.encoding import open_bytes
from patron.tables.options import TextOptions

_Found = tuple[str, int, bool, int]  # delimiter, lines to skip, header, number of columns


@dataclass(frozen=True)
class Layout:
    """The SQL that reads a file as columns of text called c0, c1, …, and their real names."""

    relation: str
    names: list[str]
    notes: list[str]
    delimiter: str = ""


def find_layout(connection: Any, path: Path, name: str, options: TextOptions) -> Layout:
    """Detect what `options` leave open."""
    if options.columns and not isinstance(options.columns[0], str):
        return _fixed_width(path, name, options.columns)
    aligned = options.delimiter == "whitespace"
    found = None if aligned else _sniff(connection, path, options)
    if aligned or found is None or (found[3] == 1 and not options.delimiter):
        layout = _aligned(connection, path, name, options)
        if layout:
            return layout
    return _delimited(connection, path, name, options, _by_first_line(path, options, found))


@contextmanager
def csv_errors(name: str) -> Iterator[None]:
    """Say what DuckDB found wrong with a text file, and in which line."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        line = re.search(r"CSV Error on Line: (\d+)", text)
        fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        where = f"{name}, line {line[1]}" if line else name
        if fields:
            what = (
                f"{fields[2]} fields where {fields[1]} were expected; mend that line, "
                "or put quotes round a field that contains the delimiter"
            )
        elif "nterminated quote" in text or "quote should be followed" in text:
            what = "a quote is opened and not closed properly; mend that line"
        elif "format specifier" in text:
            what = "date_format is not understood; expected for example %d/%m/%Y"
        else:
            what = (
                "cannot be read as text with columns; the options delimiter, header and columns "
                f"say how it is laid out ({text.splitlines()[0]})"
            )
        raise TableError(f"{where}: {what}") from error


def _sniff(connection: Any, path: Path, options: TextOptions) -> _Found | None:
    import duckdb

    given = [_file(path), "quote = '\"'"]
    if options.delimiter:
        given.append(f"delim = {_quoted(options.delimiter)}")
    if options.header is not None:
        given.append(f"header = {str(options.header).lower()}")
    elif options.columns:
        given.append("header = false")
    try:
        return connection.sql(
            "SELECT Delimiter, SkipRows, HasHeader, len(Columns) "
            f"FROM sniff_csv({', '.join(given)})"
        ).fetchall()[0]
    except duckdb.InvalidInputException:
        return None


def _by_first_line(path: Path, options: TextOptions, found: _Found | None) -> _Found:
    """What the sniffer found, unless it made sense of ragged lines by leaving some out.

    It may take the file for one column, or skip a header that has fewer fields than the lines
    below. The first line then decides, and the reader will name the line that differs.
    """
    with open_bytes(path) as stream:
        first = stream.readline().decode("utf-8", "replace")
    signs = Counter(sign for sign in first if sign in (options.delimiter or ",;\t|"))
    if found and (not signs or (found[3] > 1 and not (found[1] and found[0] in signs))):
        return found
    delimiter = signs.most_common(1)[0][0] if signs else options.delimiter or ","
    return delimiter, 0, not options.columns and options.header is not False, signs[delimiter] + 1


def _delimited(
    connection: Any, path: Path, name: str, options: TextOptions, found: _Found
) -> Layout:
    delimiter, skip, header, count = found
    texts = ", ".join(f"c{index}: 'VARCHAR'" for index in range(count))

    def reader(header: bool) -> str:
        return (
            f"read_csv({_file(path)}, auto_detect = false, delim = {_quoted(delimiter)}, "
            f"quote = '\"', escape = '\"', skip = {skip}, "
            f"header = {str(header).lower()}, columns = {{{texts}}})"
        )

    notes = []
    if delimiter != "," and count > 1:
        notes.append("delimiter tab" if delimiter == "\t" else f'delimiter "{delimiter}"')
    if skip:
        notes.append(
            "the first line is skipped" if skip == 1 else f"the first {skip} lines are skipped"
        )
    if header and not options.columns:
        row = connection.sql(f"SELECT * FROM {reader(False)} LIMIT 1").fetchall()[0]
        names = [(text or "").strip() for text in row]
        for index, text in enumerate(names):
            if not text:
                names[index] = f"column{index + 1}"
                notes.append(f"a column without a name is called column{index + 1}")
    else:
        names = _given_names(name, options, count, notes)
    return Layout(reader(header), names, notes, delimiter)


def _aligned(connection: Any, path: Path, name: str, options: TextOptions) -> Layout | None:
    """Fields set apart by runs of blanks, if all lines have the same number of them."""
    fields = "regexp_split_to_array(trim(line), '\\s+')"
    split = f"(SELECT {fields} AS f, number FROM {_lines(path)})"
    first = connection.sql(f"SELECT f FROM {split} LIMIT 1").fetchall()
    count = len(first[0][0]) if first else 0
    ragged = connection.sql(
        f"SELECT number, len(f) FROM {split} WHERE len(f) <> {count} ORDER BY number LIMIT 1"
    ).fetchall()
    if ragged and (options.delimiter or (count > 1 and count == len(options.columns))):
        raise TableError(
            f"{name}, line {ragged[0][0]}: {ragged[0][1]} fields where {count} were expected; "
            "for columns of fixed width give columns = [{name, start, width}, …]"
        )
    if ragged or count < 2:
        return None
    header = options.header
    if header is None:
        digits = any(sign.isdigit() for field in first[0][0] for sign in field)
        header = not options.columns and not digits
    notes = ["fields set apart by blanks"]
    if header and not options.columns:
        names = first[0][0]
    else:
        names = _given_names(name, options, count, notes)
    fields = ", ".join(f"f[{index + 1}] AS c{index}" for index in range(count))
    skip = " OFFSET 1" if header else ""
    return Layout(f"(SELECT {fields} FROM {split}{skip})", names, notes)


def _fixed_width(path: Path, name: str, columns: Sequence[Mapping[str, Any]]) -> Layout:
    for column in columns:
        whole = [column.get(key) for key in ("start", "width")]
        if set(column) != {"name", "start", "width"} or not all(type(n) is int for n in whole):
            raise TableError(
                f"{name}: a column of fixed width needs name, start (the first character is 1) "
                f"and width; got {', '.join(f'{key} = {value}' for key, value in column.items())}"
            )
    fields = ", ".join(
        f"nullif(trim(substr(line, {column['start']}, {column['width']})), '') AS c{i}"
        for i, column in enumerate(columns)
    )
    names = [column["name"] for column in columns]
    return Layout(f"(SELECT {fields} FROM {_lines(path)})", names, ["columns of fixed width"])


def _lines(path: Path) -> str:
    # No text file holds the character 1, so each line is one field.
    return (
        "(FROM (SELECT line, row_number() OVER () AS number "
        f"FROM read_csv({_file(path)}, auto_detect = false, delim = chr(1), quote = '', "
        "escape = '', header = false, columns = {line: 'VARCHAR'})) WHERE trim(line) <> '')"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _file(path: Path) -> str:
    # DuckDB reads * ? and [ in a path as patterns.
    return _quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))


def _given_names(name: str, options: TextOptions, count: int, notes: list[str]) -> list[str]:
    """The names that the user gave, or numbers, which go to `notes`."""
    if not options.columns:
        names = [f"column{index + 1}" for index in range(count)]
        some = ", ".join(names[:3]) + (", …" if count > 3 else "")
        notes.append(f"no header: columns named {some}")
        return names
    if len(options.columns) != count:
        raise TableError(
            f"{name} has {count} fields a line; columns gives {len(options.columns)} names: "
            f"{', '.join(options.columns)}"
        )
    return list(options.columns)
