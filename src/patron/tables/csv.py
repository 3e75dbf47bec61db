"""CSV and other text files, through DuckDB's sniffer and reader."""

__all__ = ["TextSource"]

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.errors import TableError
from patron.tables.dialect import csv_errors, find_layout
from patron.tables.duck import duck
from patron.tables.encoding import as_utf8
from patron.tables.kinds import COMMA, POINT, TEXT, Kind, candidates, fitting, forced, guesses
from patron.tables.options import TextOptions
from patron.tables.source import Source, check_names, no_such_column


class TextSource(Source):
    """A text file with columns; opening it reads it once, to know that the types hold for all.

    `temporary` says that `path` is a copy made for this Source, which removes it at its end.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        options: TextOptions,
        *,
        notes: Iterable[str] = (),
        temporary: bool = False,
    ) -> None:
        self.name = name
        if temporary:
            weakref.finalize(self, path.unlink, missing_ok=True)
        copy, copied = as_utf8(path, name, options.encoding)
        if copy != path:
            weakref.finalize(self, copy.unlink, missing_ok=True)
        with csv_errors(name), duck() as connection:
            layout = find_layout(connection, copy, name, options)
            check_names(name, layout.names)
            self._relation = layout.relation
            self._codes = {column: f"c{index}" for index, column in enumerate(layout.names)}
            given = self._given(options)
            kinds = candidates(options, layout.delimiter)
            codes = self._codes.values()
            self.rows, fits = _settle(connection, layout.relation, codes, kinds, given)
            for column, kind in options.types.items():
                if not fits[self._codes[column]]:
                    self._refuse(connection, column, kind, given[self._codes[column]])
        chosen = {column: (fits[code] or [TEXT])[0] for column, code in self._codes.items()}
        self._values = {
            column: kind.value.replace("COL", self._codes[column])
            for column, kind in chosen.items()
        }
        said = _notes({column: fits[code] for column, code in self._codes.items()})
        given_format = options.date_format
        if given_format and all(kind.format != given_format for kind in chosen.values()):
            said.append(f"no column has dates as {given_format}")
        self._describe(
            pa.schema([(column, kind.dtype) for column, kind in chosen.items()]),
            [*notes, *copied, *layout.notes, *said],
        )

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        values = ", ".join(
            f"{self._values[column]} AS v{index}" for index, column in enumerate(columns)
        )
        with csv_errors(self.name), duck() as connection:
            query = connection.sql(f"SELECT {values} FROM {self._relation}")
            for batch in query.to_arrow_reader(batch_rows):
                yield batch.rename_columns(columns)

    def _given(self, options: TextOptions) -> dict[str, list[Kind]]:
        for column in options.types:
            if column not in self._codes:
                raise TableError("types: " + no_such_column(self.name, column, list(self._codes)))
        return {
            self._codes[column]: forced(kind, options) for column, kind in options.types.items()
        }

    def _refuse(self, connection: Any, column: str, kind: str, kinds: Sequence[Kind]) -> None:
        """Say where a column does not hold what `types` claims; the value itself is not shown."""
        code = self._codes[column]
        misfit = " AND ".join(f"({kind.test.replace('COL', code)}) IS NOT TRUE" for kind in kinds)
        count, first = connection.sql(
            f"SELECT count(*), min(row) FROM (SELECT {code}, row_number() OVER () AS row "
            f"FROM {self._relation}) WHERE {code} IS NOT NULL AND {misfit}"
        ).fetchall()[0]
        what = f"{count} of {self.rows} rows hold something else, the first is row {first}"
        raise TableError(
            f'{self.name}: types says that column "{column}" is a {kind}, but '
            + (what if count else "its values are written in several ways")
        )


def _settle(
    connection: Any,
    relation: str,
    codes: Iterable[str],
    kinds: Sequence[Kind],
    given: Mapping[str, Sequence[Kind]],
) -> tuple[int, dict[str, list[Kind]]]:
    """The rows, and for each column the kinds that fit all of them, in order of preference.

    A sample rules most kinds out and one pass over everything confirms the first of the rest;
    only a column that is empty in the sample, or whose sample misled, is looked at again.
    """
    codes = list(codes)
    likely = guesses(connection, relation, len(codes), kinds)
    wanted: dict[str, Sequence[Kind]] = {}
    for code in codes:
        some = likely.get(code, [])
        # Two formats of dates may fit the sample, and only one of them the file.
        wanted[code] = given.get(code) or [
            kind for kind in some if kind is some[0] or (kind.format and some[0].format)
        ]
    rows, fits = fitting(connection, relation, wanted)
    unsettled = [
        code
        for code in wanted
        if not fits[code] and code not in given and (code not in likely or likely[code])
    ]
    if unsettled:
        fits |= fitting(connection, relation, dict.fromkeys(unsettled, kinds))[1]
    if any(some[:1] == [COMMA] for some in fits.values()):
        # In a file with decimal commas 1.200 is twelve hundred.
        points = [code for code, some in fits.items() if some[:1] == [POINT]]
        fits |= fitting(connection, relation, {code: [COMMA, POINT] for code in points})[1]
    return rows, fits


def _notes(fits: Mapping[str, Sequence[Kind]]) -> list[str]:
    """What was detected, the columns of one note together."""
    columns: dict[str, list[str]] = {}
    for column, kinds in fits.items():
        note = kinds[0].note if kinds else ""
        other = [
            kind.format for kind in kinds[1:] if kind.format and kind.format != kinds[0].format
        ]
        if note and kinds[0].format and other:
            note += f" ({other[0]} fits as well; date_format decides)"
        if note:
            columns.setdefault(note, []).append(column)
    return [
        f"{note} in column{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for note, names in columns.items()
    ]
