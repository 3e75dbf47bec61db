"""How a text file is laid out: its encoding, delimiter, header and names of columns."""

__all__ = ["Layout", "as_utf8", "csv_errors", "find_layout", "quoted"]

import codecs
import gzip
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from patron.errors import TableError

_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


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


def find_layout(connection: Any, path: Path, name: str, options: dict[str, Any]) -> Layout:
    """Detect what `options` leave open."""
    columns, delimiter = options.get("columns"), options.get("delimiter")
    if columns and not isinstance(columns[0], str):
        return _fixed_width(path, columns)
    if delimiter != "whitespace":
        given = [f"{key} = {value}" for key, value in _sniffer_options(options)]
        with csv_errors(name):
            query = f"FROM sniff_csv({', '.join([quoted(_as_glob(path)), *given])})"
            found = connection.sql(
                f"SELECT Delimiter, Quote, SkipRows, HasHeader, len(Columns) {query}"
            ).fetchall()[0]
        sniffed, quote, skip, header, count = found
        if count == 1 and not delimiter:
            aligned = _aligned(connection, path, name, options)
            if aligned:
                return aligned
            # One column by the sniffer, but a delimiter in the first line: a later line is ragged.
            with _open(path) as stream:
                first = stream.readline().decode("utf-8", "replace")
            common = Counter(sign for sign in first if sign in ",;\t|").most_common(1)
            if common and options.get("header") is not False:
                sniffed, skip, count = common[0][0], 0, common[0][1] + 1
        if columns:
            header = False
        if options.get("header") is not None:
            header = options["header"]
        return _delimited(connection, path, name, sniffed, quote, skip, header, count, columns)
    aligned = _aligned(connection, path, name, options)
    if aligned is None:
        raise TableError(
            f'{name}: with delimiter = "whitespace" all lines need the same number of fields; '
            "give columns = [{name, start, width}, …] for columns of fixed width"
        )
    return aligned


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


def _sniffer_options(options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "quote", quoted('"')
    if options.get("delimiter"):
        yield "delim", quoted(options["delimiter"])
    if options.get("columns"):
        yield "header", "false"
    elif options.get("header") is not None:
        yield "header", str(bool(options["header"])).lower()


def _delimited(
    connection: Any,
    path: Path,
    name: str,
    delimiter: str,
    quote: str,
    skip: int,
    header: bool,
    count: int,
    columns: Sequence[str] | None,
) -> Layout:
    quote = "'" if quote == "'" else '"'

    def reader(header: bool) -> str:
        texts = ", ".join(f"c{index}: 'VARCHAR'" for index in range(count))
        return (
            f"read_csv({quoted(_as_glob(path))}, auto_detect = false, delim = {quoted(delimiter)}, "
            f"quote = {quoted(quote)}, escape = {quoted(quote)}, skip = {skip}, "
            f"header = {str(header).lower()}, columns = {{{texts}}})"
        )

    notes = [f'delimiter "{_shown(delimiter)}"'] if delimiter != "," and count > 1 else []
    if skip:
        notes.append(f"the first {skip} lines are skipped")
    if columns:
        _same_count(name, columns, count)
        names = list(columns)
    elif header:
        with csv_errors(name):
            first = connection.sql(f"SELECT * FROM {reader(False)} LIMIT 1").fetchall()[0]
        names = [(text or "").strip() for text in first]
        unnamed = [index for index, text in enumerate(names) if not text]
        for index in unnamed:
            names[index] = f"column{index + 1}"
            notes.append(f"a column without a name is called column{index + 1}")
    else:
        names = _numbered(count)
        notes.append(f"no header: columns named {_listed(names)}")
    return Layout(reader(header), names, notes)


def _aligned(connection: Any, path: Path, name: str, options: dict[str, Any]) -> Layout | None:
    """Fields set apart by runs of blanks, if all lines have the same number of them."""
    split = f"(SELECT regexp_split_to_array(trim(line), '\\s+') AS f FROM {_lines(path)})"
    with csv_errors(name):
        first = connection.sql(f"SELECT f FROM {split} LIMIT 2").fetchall()
        count = len(first[0][0]) if first else 0
        if (
            count < 2
            or connection.sql(f"SELECT 1 FROM {split} WHERE len(f) <> {count} LIMIT 1").fetchall()
        ):
            return None
    columns = options.get("columns")
    header = options.get("header")
    if header is None:
        header = not columns and not any(_has_digit(text) for text in first[0][0])
    notes = ["fields set apart by blanks"]
    if columns:
        _same_count(name, columns, count)
        names = list(columns)
    elif header:
        names = first[0][0]
    else:
        names = _numbered(count)
        notes.append(f"no header: columns named {_listed(names)}")
    fields = ", ".join(f"f[{index + 1}] AS c{index}" for index in range(count))
    skip = " OFFSET 1" if header else ""
    return Layout(f"(SELECT {fields} FROM {split}{skip})", names, notes)


def _fixed_width(path: Path, columns: Sequence[dict[str, Any]]) -> Layout:
    for column in columns:
        if set(column) != {"name", "start", "width"}:
            raise TableError(
                f"columns of fixed width need name, start (1 is the first character) and width; "
                f"got {', '.join(map(str, column))}"
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


def _same_count(name: str, columns: Sequence[str], count: int) -> None:
    if len(columns) != count:
        raise TableError(
            f"{name} has {count} fields a line; columns gives {len(columns)} names: "
            f"{', '.join(columns)}"
        )


def _numbered(count: int) -> list[str]:
    return [f"column{index + 1}" for index in range(count)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def _shown(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)
