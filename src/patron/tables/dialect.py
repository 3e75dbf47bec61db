"""How a text file is laid out: its encoding, delimiter, header and names of columns."""

__all__ = ["Layout", "as_utf8", "csv_errors", "find_layout", "quoted"]

import codecs
import gzip
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from patron.errors import TableError
from patron.tables.options import TextOptions

_CHUNK = 1 << 20
_Found = tuple[str, int, bool, int]  # delimiter, lines to skip, header, number of columns


@dataclass(frozen=True)
class Layout:
    """The SQL that reads a file as columns of text called c0, c1, …, and their real names."""

    relation: str
    names: list[str]
    notes: list[str]


def as_utf8(path: Path, name: str, encoding: str | None) -> tuple[Path, str | None]:
    """A path to the content as UTF-8, and a note if that is a temporary copy made for it.

    Without `encoding`: UTF-8, else cp1252 if it uses bytes that only that has, else latin-1.
    """
    found, wrong_at = _scan(path, name)
    if encoding is None:
        if found == "utf-8":
            return path, None
    elif codecs.lookup(encoding).name == "utf-8":
        if found == "utf-8":
            return path, None
        raise TableError(
            f"{name} is not UTF-8: line {wrong_at} holds other bytes (it looks like {found}); "
            f'leave the encoding out, or give encoding = "{found}"'
        )
    encoding = encoding or found
    return _copy(path, name, encoding), f"encoding {encoding} (not UTF-8)"


def find_layout(connection: Any, path: Path, name: str, options: TextOptions) -> Layout:
    """Detect what `options` leave open."""
    if options.columns and not isinstance(options.columns[0], str):
        return _fixed_width(path, name, options.columns)
    if options.delimiter == "whitespace":
        aligned = _aligned(connection, path, name, options)
        if aligned is None:
            raise TableError(
                f'{name}: with delimiter = "whitespace" all lines need the same number of fields; '
                "give columns = [{name, start, width}, …] for columns of fixed width"
            )
        return aligned
    delimiter, skip, header, count = _sniff(connection, path, options)
    if count == 1 and not options.delimiter:
        aligned = _aligned(connection, path, name, options)
        if aligned:
            return aligned
        # One column, says the sniffer, but the first line holds a delimiter: a later line is
        # ragged, and the reader will name it.
        with _open(path) as stream:
            first = stream.readline().decode("utf-8", "replace")
        signs = Counter(sign for sign in first if sign in ",;\t|")
        if signs:
            ((delimiter, number),) = signs.most_common(1)
            skip, count = 0, number + 1
    return _delimited(connection, path, name, options, (delimiter, skip, header, count))


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
        else:
            what = "cannot be read as text with columns: " + text.splitlines()[0]
        raise TableError(f"{where}: {what}") from error


def quoted(text: str | Path) -> str:
    """An SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def _sniff(connection: Any, path: Path, options: TextOptions) -> _Found:
    given = [quoted(_as_glob(path)), "quote = '\"'"]
    if options.delimiter:
        given.append(f"delim = {quoted(options.delimiter)}")
    if options.header is not None:
        given.append(f"header = {str(options.header).lower()}")
    elif options.columns:
        given.append("header = false")
    return connection.sql(
        f"SELECT Delimiter, SkipRows, HasHeader, len(Columns) FROM sniff_csv({', '.join(given)})"
    ).fetchall()[0]


def _delimited(
    connection: Any, path: Path, name: str, options: TextOptions, found: _Found
) -> Layout:
    delimiter, skip, header, count = found
    texts = ", ".join(f"c{index}: 'VARCHAR'" for index in range(count))

    def reader(header: bool) -> str:
        return (
            f"read_csv({quoted(_as_glob(path))}, auto_detect = false, delim = {quoted(delimiter)}, "
            f"quote = '\"', escape = '\"', skip = {skip}, "
            f"header = {str(header).lower()}, columns = {{{texts}}})"
        )

    notes = []
    if delimiter != "," and count > 1:
        notes.append("delimiter tab" if delimiter == "\t" else f'delimiter "{delimiter}"')
    if skip:
        notes.append(f"the first {skip} lines are skipped")
    if header and not options.columns:
        row = connection.sql(f"SELECT * FROM {reader(False)} LIMIT 1").fetchall()[0]
        names = [(text or "").strip() for text in row]
        for index, text in enumerate(names):
            if not text:
                names[index] = f"column{index + 1}"
                notes.append(f"a column without a name is called column{index + 1}")
    else:
        names = _given_names(name, options, count, notes)
    return Layout(reader(header), names, notes)


def _aligned(connection: Any, path: Path, name: str, options: TextOptions) -> Layout | None:
    """Fields set apart by runs of blanks, if all lines have the same number of them."""
    split = f"(SELECT regexp_split_to_array(trim(line), '\\s+') AS f FROM {_lines(path)})"
    first = connection.sql(f"SELECT f FROM {split} LIMIT 1").fetchall()
    count = len(first[0][0]) if first else 0
    ragged = f"SELECT 1 FROM {split} WHERE len(f) <> {count} LIMIT 1"
    if count < 2 or connection.sql(ragged).fetchall():
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
        if set(column) != {"name", "start", "width"}:
            raise TableError(
                f"{name}: a column of fixed width needs name, start (the first character is 1) "
                f"and width; got {', '.join(map(str, column))}"
            )
    fields = ", ".join(
        f"nullif(trim(substr(line, {int(column['start'])}, {int(column['width'])})), '') AS c{i}"
        for i, column in enumerate(columns)
    )
    names = [column["name"] for column in columns]
    return Layout(f"(SELECT {fields} FROM {_lines(path)})", names, ["columns of fixed width"])


def _lines(path: Path) -> str:
    # No text file holds the character 1, so each line is one field.
    return (
        f"(FROM read_csv({quoted(_as_glob(path))}, auto_detect = false, delim = chr(1), quote = '',"
        " escape = '', header = false, columns = {line: 'VARCHAR'}) WHERE trim(line) <> '')"
    )


def _scan(path: Path, name: str) -> tuple[str, int]:
    """The likely encoding, and the first line that is not UTF-8 (0 if none)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, wrong_at, cp1252, blank = 1, 0, False, True
    try:
        with _open(path) as stream:
            while chunk := stream.read(_CHUNK):
                if blank and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    return "utf-16", 1
                blank = blank and not chunk.strip()
                if b"\0" in chunk:
                    line = lines + chunk[: chunk.index(b"\0")].count(b"\n")
                    raise TableError(
                        f"{name}, line {line}: a NUL byte; this is no text file, or a damaged one"
                    )
                if not wrong_at and not (chunk.isascii() and not decoder.getstate()[0]):
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError as error:
                        wrong_at = lines + chunk[: max(error.start, 0)].count(b"\n")
                if wrong_at:
                    cp1252 = cp1252 or bool(re.search(rb"[\x80-\x9f]", chunk))
                lines += chunk.count(b"\n")
    except (OSError, EOFError) as error:
        raise TableError(f"{name} cannot be read: {error}") from error
    if blank:
        raise TableError(f"{name} is empty; expected a header and rows")
    if not wrong_at and decoder.getstate()[0]:
        wrong_at = lines
    if not wrong_at:
        return "utf-8", 0
    return ("cp1252" if cp1252 else "latin-1"), wrong_at


def _copy(path: Path, name: str, encoding: str) -> Path:
    descriptor, copy = tempfile.mkstemp(prefix="patron-", suffix=".csv")
    try:
        with (
            _open(path) as stream,
            codecs.getreader(encoding)(stream) as reader,
            os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out,
        ):
            while text := reader.read(_CHUNK):
                out.write(text)
    except UnicodeDecodeError as error:
        Path(copy).unlink()
        raise TableError(f"{name} is not {encoding}: {error.reason}") from error
    return Path(copy)


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path))
    return path.open("rb")


def _as_glob(path: Path) -> str:
    return re.sub(r"([*?\[])", r"[\1]", str(path))


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
