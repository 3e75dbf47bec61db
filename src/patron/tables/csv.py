"""CSV and other text files, through DuckDB's sniffer and reader."""

__all__ = ["CsvSource"]

import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.errors import TableError
from patron.tables.dialect import as_utf8, csv_errors, find_layout
from patron.tables.kinds import TEXT, Kind, candidates, fitting, forced
from patron.tables.source import Source, check_names, no_such_column

_SAMPLE = 2_000


class CsvSource(Source):
    """A text file with columns; opening it reads it once, to know that the types hold for all."""

    def __init__(
        self,
        path: Path,
        *,
        delimiter: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        date_format: str | None = None,
        header: bool | None = None,
        columns: Sequence[Any] | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        import duckdb

        self.name = path.name
        utf8, encoding_note = as_utf8(path, self.name, encoding)
        if utf8 != path:
            weakref.finalize(self, utf8.unlink, missing_ok=True)
        layout = {"delimiter": delimiter, "columns": columns, "header": header}
        with duckdb.connect() as connection:
            found = find_layout(connection, utf8, self.name, layout)
            check_names(self.name, found.names)
            self._relation = found.relation
            self._codes = {name: f"c{index}" for index, name in enumerate(found.names)}
            given = {
                self._code(name): forced(_allowed(name, kind), decimal, date_format)
                for name, kind in (types or {}).items()
            }
            with csv_errors(self.name):
                self.rows, fits = _settle(
                    connection,
                    found.relation,
                    {
                        code: given.get(code, candidates(decimal, date_format))
                        for code in self._codes.values()
                    },
                )
                for name in types or {}:
                    if not fits[self._code(name)]:
                        self._explain(connection, name, given[self._code(name)], types)
        kinds = {name: (fits[code] or [TEXT])[0] for name, code in self._codes.items()}
        self._values = {
            name: kind.value.replace("COL", self._codes[name]) for name, kind in kinds.items()
        }
        notes = [encoding_note] if encoding_note else []
        notes += found.notes + _notes({name: fits[code] for name, code in self._codes.items()})
        self._describe(pa.schema([(name, kind.dtype) for name, kind in kinds.items()]), notes)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        import duckdb

        values = ", ".join(
            f"{self._values[name]} AS v{index}" for index, name in enumerate(columns)
        )
        with csv_errors(self.name), duckdb.connect() as connection:
            query = connection.sql(f"SELECT {values} FROM {self._relation}")
            for batch in query.to_arrow_reader(batch_rows):
                yield batch.rename_columns(columns)

    def _code(self, name: str) -> str:
        if name not in self._codes:
            raise TableError("types: " + no_such_column(self.name, name, list(self._codes)))
        return self._codes[name]

    def _explain(
        self, connection: Any, name: str, kinds: Sequence[Kind], types: Mapping[str, str] | None
    ) -> None:
        """Say where a column does not hold what `types` claims; the value itself is not shown."""
        code = self._code(name)
        misfit = " AND ".join(f"NOT {kind.test.replace('COL', code)}" for kind in kinds)
        count, first = connection.sql(
            f"SELECT count(*), min(row) FROM (SELECT *, row_number() OVER () AS row "
            f"FROM {self._relation}) WHERE {code} IS NOT NULL AND {misfit}"
        ).fetchall()[0]
        kind = (types or {})[name]
        raise TableError(
            f'{self.name}: types says that column "{name}" is a {kind}, but {count} of '
            f"{self.rows} rows hold something else, the first in row {first}"
        )


def _settle(
    connection: Any, relation: str, wanted: Mapping[str, Sequence[Kind]]
) -> tuple[int, dict[str, list[Kind]]]:
    """The rows, and for each column the kinds that fit all of them, in order of preference.

    A sample rules most kinds out, one pass over everything confirms the rest; only a column that
    the sample misled about is looked at again.
    """
    connection.execute(f"CREATE TEMP TABLE sample AS SELECT * FROM {relation} LIMIT {_SAMPLE}")
    _, likely, empty = fitting(connection, "sample", wanted)
    again = {code: wanted[code] if code in empty else likely[code] for code in wanted}
    rows, fits, empty = fitting(connection, relation, again)
    misled = {code: wanted[code] for code in wanted if again[code] and not fits[code]}
    if misled:
        fits |= fitting(connection, relation, misled)[1]
    return rows, {code: [TEXT] if code in empty else fits[code] for code in wanted}


def _notes(fits: Mapping[str, Sequence[Kind]]) -> list[str]:
    """What was detected, the columns of one note together."""
    columns: dict[str, list[str]] = {}
    for name, kinds in fits.items():
        note = kinds[0].note if kinds else ""
        other = [
            kind.format for kind in kinds[1:] if kind.format and kind.format != kinds[0].format
        ]
        if note and kinds[0].format and other:
            note += f" ({other[0]} fits as well; date_format decides)"
        if note:
            columns.setdefault(note, []).append(name)
    return [
        f"{note} in column{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for note, names in columns.items()
    ]


def _allowed(name: str, kind: str) -> str:
    if kind not in ("text", "number", "date"):
        raise TableError(f'types: column "{name}" is "{kind}"; expected text, number or date')
    return kind
