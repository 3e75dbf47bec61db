"""A condition on one column, in words, as SQL, and on a table: what rules are made of."""

__all__ = ["ColumnValues", "Condition", "column_values", "identifier", "literal"]

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.errors import DataError
from patron.schema import no_such_column

OPERATORS = ("<=", ">", "=", "is missing", "is not missing")
_COMPARE: dict[str, Any] = {"<=": np.less_equal, ">": np.greater, "=": np.equal}

_RESERVED = re.compile(
    r"all|analyse|analyze|and|any|array|as|asc|asymmetric|between|both|case|cast|check|collate"
    r"|column|constraint|create|cross|current_date|current_role|current_time|current_timestamp"
    r"|current_user|default|deferrable|desc|describe|distinct|do|else|end|except|exists|false"
    r"|fetch|for|foreign|from|full|grant|group|having|in|initially|inner|intersect|into|is"
    r"|join|key|lambda|lateral|leading|left|like|limit|localtime|localtimestamp|natural|not"
    r"|null|offset|on|only|or|order|outer|over|partition|pivot|pivot_longer|pivot_wider"
    r"|placing|primary|qualify|range|references|returning|right|row|rows|select|session_user"
    r"|set|show|similar|some|summarize|symmetric|table|then|to|trailing|true|union|unique"
    r"|unpivot|update|user|using|values|variadic|when|where|window|with"
)
"""Words that DuckDB, PostgreSQL or standard SQL keep for themselves."""


@dataclass(frozen=True)
class Condition:
    """One condition on a column; a missing value (null or NaN) fails all but "is missing".

    Parameters
    ----------
    column : its name.
    operator : "<=", ">", "=", "is missing" or "is not missing".
    value : a number; of "=" also a text or a truth value; None where it is about missing values.
    nan : whether the column holds NaN that is not null. SQL takes NaN for greater than every
        number, so it is then excluded by name.

    >>> late = Condition("days since order", "<=", 30)
    >>> late.text, late.sql
    ('days since order <= 30', '"days since order" <= 30')
    """

    column: str
    operator: str
    value: float | str | bool | None = None
    nan: bool = False

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ValueError(f"operator must be one of {OPERATORS}, got {self.operator!r}")
        if isinstance(self.value, str) and self.operator != "=":
            raise ValueError(f'a text has only the operator "=", got {self.operator!r}')

    @property
    def text(self) -> str:
        """As a person reads it."""
        if self.value is None:
            return f"{self.column} {self.operator}"
        return f"{self.column} {self.operator} {_said(self.value)}"

    @property
    def sql(self) -> str:
        """A condition of standard SQL, true where `matches` is; never true of a missing value."""
        name = identifier(self.column)
        if self.operator == "is missing":
            return f"({name} IS NULL OR {name} = 'NaN')" if self.nan else f"{name} IS NULL"
        if self.value is None:
            told = f"{name} IS NOT NULL"
        else:
            told = f"{name} {self.operator} {literal(self.value)}"
        return f"{told} AND {name} <> 'NaN'" if self.nan and self.operator != "<=" else told

    def matches(self, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows [n] meet the condition.

        Raises DataError where the table has no such column, or one of another kind.
        """
        if self.column not in table.column_names:
            raise DataError(
                no_such_column(self.column, table.column_names, named="named by a rule")
            )
        found = column_values(table.column(self.column))
        text = isinstance(self.value, str)
        if found is None or (self.value is not None and text != found.is_text):
            kind = table.schema.field(self.column).type
            raise DataError(
                f'The column "{self.column}" is of type {kind}; the rule "{self.text}" needs '
                f"{'text' if text else 'numbers'} there."
            )
        if self.value is None:
            return found.missing if self.operator == "is missing" else ~found.missing
        value: Any = self.value
        if found.levels is not None and found.is_text:
            value = found.levels.index(value) if value in found.levels else -1
        answer: NDArray[np.bool_] = _COMPARE[self.operator](found.values, value) & ~found.missing
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class ColumnValues:
    """A column as numpy reads it.

    Parameters
    ----------
    values : [n] numbers, float32 where the column is and else float64; or the places of levels.
    missing : bool [n], null or NaN; what stands in `values` there means nothing.
    levels : the distinct texts, or False and True; None where the column holds numbers.
    whole : whether all finite numbers are whole.
    nan : whether there is NaN that is not null.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    levels: tuple[str | bool, ...] | None = None
    whole: bool = False
    nan: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the levels are texts; False and True are numbers, too."""
        return self.levels is not None and self.levels != (False, True)


def column_values(column: pa.ChunkedArray) -> ColumnValues | None:
    """The column's values, or None where no condition can be made of its type (dates, lists)."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    missing = np.asarray(column.is_null(nan_is_null=True).to_numpy(), dtype=bool)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        encoded = pc.fill_null(column, "").dictionary_encode().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0)
        places = np.asarray(encoded.indices.to_numpy(), dtype=np.intp)
        return ColumnValues(places, missing, tuple(encoded.dictionary.to_pylist()))
    if pa.types.is_boolean(kind):
        flags = np.asarray(pc.fill_null(column, False).to_numpy(), dtype=np.intp)
        return ColumnValues(flags, missing, (False, True))
    if pa.types.is_null(kind):
        return ColumnValues(np.full(len(column), math.nan), missing)
    if pa.types.is_float32(kind):
        values = np.asarray(column.to_numpy())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy())
    else:
        return None
    finite = values[np.isfinite(values)]
    nan = pa.types.is_floating(kind) and int(missing.sum()) > column.null_count
    whole = bool((finite == np.rint(finite)).all())
    return ColumnValues(values, missing, whole=whole, nan=nan)


def identifier(name: str) -> str:
    """A name in SQL, in quotes where it needs them.

    >>> identifier("orders"), identifier("Order no."), identifier("order"), identifier('a"b')
    ('orders', '"Order no."', '"order"', '"a""b"')
    """
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and not _RESERVED.fullmatch(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: float | str | bool) -> str:
    """A value in SQL.

    >>> literal("it's"), literal(True), literal(2.0), literal(0.25)
    ("'it''s'", 'TRUE', '2', '0.25')
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _said(value: float | str | bool) -> str:
    """A value in a sentence: 10,000 and more with commas, truth values in lower case."""
    if isinstance(value, bool | str):
        return str(value).lower() if isinstance(value, bool) else value
    if not float(value).is_integer() or abs(value) >= 1e15:
        return f"{value:.12g}"
    return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
