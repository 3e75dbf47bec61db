"""What the texts of a column are: whole numbers, numbers, dates, yes or no, or just text.

A column gets a kind only if every value of the whole file fits, so reading cannot fail later, and
nothing is lost: digits with a leading zero (a postcode) and digits too long for a number stay text.
Blank values fit every kind but text, and become null.
"""

__all__ = ["COMMA", "POINT", "TEXT", "Kind", "candidates", "fitting", "forced", "guesses"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from patron.tables.options import TextOptions


@dataclass(frozen=True)
class Kind:
    """One reading of a column of texts; `test` and `value` are SQL with COL for the column."""

    dtype: pa.DataType
    test: str
    value: str
    note: str = ""
    format: str = ""


def _matches(pattern: str) -> str:
    return rf"regexp_full_match(COL, '\s*({pattern})?\s*')"


def _dates(form: str, note: bool = True) -> Kind:
    # strptime takes 05/03/11 for the year 11.
    test = f"(trim(COL) = '' OR try_strptime(COL, '{form}') >= TIMESTAMP '1000-01-01')"
    says = f"dates as {form}" if note else ""
    if "%H" in form or "%I" in form:
        return Kind(pa.timestamp("us"), test, f"try_strptime(COL, '{form}')", says, form)
    return Kind(pa.date32(), test, f"CAST(try_strptime(COL, '{form}') AS DATE)", says, form)


def _moments(pattern: str, value: str, note: str = "") -> Kind:
    # The pattern lets 30 February pass.
    test = f"({_matches(pattern)} AND (trim(COL) = '' OR {value} IS NOT NULL))"
    return Kind(pa.timestamp("us"), test, value, note)


# trim() in a cast is needed: DuckDB moves a bare cast of a column into its CSV reader, where it is
# no try_cast any more, and a blank value is an error.
_FLOAT = pa.float64()
_DOUBLE = "try_cast(trim(COL) AS DOUBLE)"
_COMMA_VALUE = "try_cast(replace(replace(COL, '.', ''), ',', '.') AS DOUBLE)"
_MOMENT = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?"
_DAY = r"\d{4}-\d\d-\d\d"
_NAN = "[nN][aA][nN]|-?inf"

TEXT = Kind(pa.string(), "COL IS NOT NULL", "COL")
_SAMPLE, _FEWEST, _SAMPLE_CELLS = 2_000, 100, 500_000
_AT_ONCE = 500  # columns in one statement
_BOOL = Kind(pa.bool_(), _matches("(?i:true|false)"), "try_cast(trim(COL) AS BOOLEAN)")
_WHOLE = Kind(pa.int64(), _matches(r"[+-]?(0|[1-9]\d{0,17})"), "try_cast(trim(COL) AS BIGINT)")
POINT = Kind(
    _FLOAT,
    _matches(rf"[+-]?((0|[1-9]\d{{0,17}})(\.\d*)?|\.\d+)([eE][+-]?\d+)?|{_NAN}"),
    _DOUBLE,
)
COMMA = Kind(
    _FLOAT,
    _matches(r"[+-]?(0|[1-9]\d{0,17}|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?"),
    _COMMA_VALUE,
    "decimal comma",
)
_THOUSANDS = Kind(
    _FLOAT,
    _matches(r"[+-]?(0|[1-9]\d{0,17}|[1-9]\d{0,2}(,\d{3})+)(\.\d*)?"),
    "try_cast(replace(COL, ',', '') AS DOUBLE)",
    "commas between thousands",
)
_DIGITS = Kind(
    pa.string(), _matches(r"\d+"), "COL", "kept as text: digits that begin with 0 or are too long"
)
_ANY_WHOLE = Kind(pa.int64(), _matches(r"[+-]?\d{1,18}"), "try_cast(trim(COL) AS BIGINT)")
_ANY_POINT = Kind(
    _FLOAT,
    _matches(rf"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|{_NAN}"),
    _DOUBLE,
)
_ANY_COMMA = Kind(_FLOAT, _matches(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"), _COMMA_VALUE)
_ISO = _moments(f"{_DAY}|{_MOMENT}", "try_cast(trim(COL) AS TIMESTAMP)")
_ISO_OFFSET = _moments(
    _MOMENT + r"(Z|[+-]\d\d(:?\d\d)?)",
    "make_timestamp(epoch_us(try_cast(trim(COL) AS TIMESTAMPTZ)))",
    "times moved to UTC",
)
_ISO_DATES = [_dates("%Y-%m-%d", note=False), _dates("%Y/%m/%d")]
# Day first comes before month first: where both fit every value, the first is taken, and said.
_LOCAL_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")


def candidates(options: TextOptions, delimiter: str) -> list[Kind]:
    """The kinds to try on a column; the first that fits wins.

    Between commas as delimiters, "1,234" in quotes is a thousand and more; elsewhere it is a
    decimal comma, unless a point in the same column says otherwise.
    """
    if options.decimal == ",":
        numbers = [_WHOLE, COMMA, POINT]
    elif options.decimal == ".":
        numbers = [_WHOLE, POINT, _THOUSANDS]
    elif delimiter == ",":
        numbers = [_WHOLE, POINT, _THOUSANDS, COMMA]
    else:
        numbers = [_WHOLE, POINT, COMMA, _THOUSANDS]
    dates = _date_kinds(options.date_format)
    if options.date_format:
        return [dates[0], _BOOL, *numbers, *dates[1:], _DIGITS]
    return [_BOOL, *numbers, *dates, _DIGITS]


def forced(kind: str, options: TextOptions) -> list[Kind]:
    """The kinds that the user's `types` leave: "text", "number" or "date"."""
    if kind == "text":
        return [TEXT]
    if kind == "date":
        return _date_kinds(options.date_format)
    if options.decimal == ",":
        return [_ANY_WHOLE, _ANY_COMMA, _ANY_POINT]
    return [_ANY_WHOLE, _ANY_POINT, _ANY_COMMA]


def guesses(
    connection: Any, relation: str, columns: int, kinds: Sequence[Kind]
) -> dict[str, list[Kind]]:
    """The kinds that the first rows of each column fit; empty columns are not in the answer.

    Of very many `columns`, fewer rows are looked at. The sample is turned into one long column of
    values: a pattern is then compiled once, not once a column, which costs more than all the rest.
    """
    tests = ", ".join(f"bool_and({kind.test.replace('COL', 'value')})" for kind in kinds)
    rows = max(_FEWEST, min(_SAMPLE, _SAMPLE_CELLS // columns))
    sample = f"(SELECT * FROM {relation} LIMIT {rows})"
    found = connection.sql(
        f"SELECT name, {tests} FROM (UNPIVOT {sample} ON COLUMNS(*) INTO NAME name VALUE value) "
        "GROUP BY name"
    ).fetchall()
    return {
        row[0]: [kind for kind, fits in zip(kinds, row[1:], strict=True) if fits] for row in found
    }


def fitting(
    connection: Any, relation: str, wanted: Mapping[str, Sequence[Kind]]
) -> tuple[int, dict[str, list[Kind]]]:
    """Rows of `relation`, and for each column the wanted kinds that all its values fit.

    One pass over the relation; of very many columns, one for each choice of kinds, over their
    values in one long column, as the time to plan a statement grows with the square of its length.
    An empty column is text.
    """
    if len(wanted) <= _AT_ONCE:
        return _fitting_wide(connection, relation, wanted)
    rows = connection.sql(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    alike: dict[tuple[Kind, ...], list[str]] = {}
    for column, kinds in wanted.items():
        alike.setdefault(tuple(kinds), []).append(column)
    fits: dict[str, list[Kind]] = {column: [TEXT] for column in wanted}
    for choice, columns in alike.items():
        tests = [f"count(*) FILTER ({kind.test.replace('COL', 'value')})" for kind in choice]
        some = f"(SELECT {', '.join(columns)} FROM {relation})"
        found = connection.sql(
            f"SELECT {', '.join(['name', 'count(*)', *tests])} "
            f"FROM (UNPIVOT {some} ON COLUMNS(*) INTO NAME name VALUE value) GROUP BY name"
        ).fetchall()
        for name, filled, *counts in found:
            fits[name] = [k for k, count in zip(choice, counts, strict=True) if count == filled]
    return rows, fits


def _fitting_wide(
    connection: Any, relation: str, wanted: Mapping[str, Sequence[Kind]]
) -> tuple[int, dict[str, list[Kind]]]:
    counts = ["count(*)"]
    for column, kinds in wanted.items():
        counts.append(f"count({column})")
        counts += [f"count(*) FILTER ({kind.test.replace('COL', column)})" for kind in kinds]
    row = iter(connection.sql(f"SELECT {', '.join(counts)} FROM {relation}").fetchall()[0])
    rows, fits = next(row), dict[str, list[Kind]]()
    for column, kinds in wanted.items():
        filled = next(row)
        good = [kind for kind in kinds if next(row) == filled]
        fits[column] = good if filled else [TEXT]
    return rows, fits


def _date_kinds(date_format: str | None) -> list[Kind]:
    if date_format:
        form = date_format.replace("'", "''")
        times = [] if "%H" in form else [_dates(f"{form} %H:%M"), _dates(f"{form} %H:%M:%S")]
        return [_dates(form), *times, *_ISO_DATES, _ISO, _ISO_OFFSET]
    local = [_dates(form) for form in _LOCAL_DATES]
    times = [_dates(f"{form} {time}") for form in _LOCAL_DATES for time in ("%H:%M", "%H:%M:%S")]
    return [*_ISO_DATES, _ISO, _ISO_OFFSET, *local, *times]
