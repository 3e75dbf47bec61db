"""Text files as UTF-8 with one kind of line end, which is what the reader takes."""

__all__ = ["as_utf8", "open_bytes"]

import codecs
import gzip
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from patron.errors import TableError

_CHUNK = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass
class _Bytes:
    """What one pass over the bytes of a file found."""

    encoding: str = "utf-8"
    wrong_line: int = 0  # the first that is not UTF-8
    mixed_ends: bool = False


def as_utf8(path: Path, name: str, encoding: str | None) -> tuple[Path, list[str]]:
    """A path to the content as UTF-8, and notes if that is a temporary copy made for it.

    Without `encoding`: UTF-8; else cp1252 if it uses bytes that latin-1 lacks, else latin-1.
    """
    found = _scan(path, name)
    wanted = codecs.lookup(encoding or found.encoding).name
    if wanted == "utf-8" and found.encoding != "utf-8":
        raise TableError(
            f"{name} is not UTF-8: line {found.wrong_line} holds other bytes (it looks like "
            f'{found.encoding}); leave the encoding out, or give encoding = "{found.encoding}"'
        )
    if wanted == "utf-8" and not found.mixed_ends:
        return path, []
    notes = [] if wanted == "utf-8" else [f"encoding {encoding or found.encoding} (not UTF-8)"]
    if found.mixed_ends:
        notes.append("line ends of two kinds")
    return _copy(path, name, wanted, found.mixed_ends), notes


def open_bytes(path: Path) -> IO[bytes]:
    """The content, unpacked if it is gzipped."""
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path))
    return path.open("rb")


def _scan(path: Path, name: str) -> _Bytes:
    decoder = codecs.getincrementaldecoder("utf-8")()
    found, line, blank, high = _Bytes(), 1, True, set[int]()
    windows_ends = 0
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(_CHUNK):
                if line == 1 and blank and chunk.startswith(_UTF16):
                    return _Bytes("utf-16", 1)
                blank = blank and not chunk.strip()
                if b"\0" in chunk:
                    line += chunk[: chunk.index(b"\0")].count(b"\n")
                    raise TableError(
                        f"{name}, line {line}: a NUL byte; this is no text file, or a damaged one"
                    )
                if not chunk.isascii() or decoder.getstate()[0]:
                    try:
                        if not found.wrong_line:
                            decoder.decode(chunk)
                    except UnicodeDecodeError as error:
                        found.wrong_line = line + chunk[: error.start].count(b"\n")
                    high.update(*re.findall(rb"[\x80-\x9f]+", chunk))
                line += chunk.count(b"\n")
                windows_ends += chunk.count(b"\r\n")
    except (OSError, EOFError) as error:
        raise TableError(f"{name} cannot be read: {error}") from error
    if blank:
        raise TableError(f"{name} is empty; expected a header and rows")
    if decoder.getstate()[0] and not found.wrong_line:
        found.wrong_line = line
    if found.wrong_line:
        undefined = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
        found.encoding = "cp1252" if high and not high & undefined else "latin-1"
    found.mixed_ends = 0 < windows_ends < line - 1
    return found


def _copy(path: Path, name: str, encoding: str, mixed_ends: bool) -> Path:
    descriptor, copy = tempfile.mkstemp(prefix="patron-", suffix=".csv")
    done = False
    try:
        with (
            io.TextIOWrapper(
                cast(io.BufferedReader, open_bytes(path)),
                encoding,
                newline=None if mixed_ends else "",
            ) as reader,
            os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out,
        ):
            while text := reader.read(_CHUNK):
                out.write(text)
        done = True
    except UnicodeError as error:
        raise TableError(f"{name} is not {encoding}; leave the encoding out") from error
    finally:
        if not done:
            Path(copy).unlink()
    return Path(copy)
