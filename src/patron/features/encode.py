"""Encoder: a customer table to a float32 matrix, the same for training, batch scoring and the API.

Every column is treated on its own and value by value, so that a row's encoding does not depend on
the rows beside it. What is missing stays missing (NaN); a category is its code in the vocabulary
that was learned; a date is days before the row's `as_of`, or days since 1970 where there is none.
"""

__all__ = ["Design", "Encoder", "check_readable", "read_as"]

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.errors import DataError
from patron.schema import Role, Schema

if TYPE_CHECKING:
    import datetime

Floats = NDArray[np.float32]

MOST_LEVELS = 1_000
"""A category keeps at most this many levels; the rest share the code of what was never seen."""

_FALSE = ("0", "false", "f", "no", "n")
_TRUE = ("1", "true", "t", "yes", "y")


@dataclass(frozen=True)
class Design:
    """What models see of a table.

    Parameters
    ----------
    matrix : float32 [rows, columns]; NaN where a value is missing; categories as codes from 0.
    names : one name for each column of the matrix; "age is missing" for an indicator.
    sources : the table's column that each column of the matrix was made from.
    levels : for each categorical column of the matrix, its labels by code (the last stands for
        whatever was not in the vocabulary).
    warnings : how often each rule for the unexpected was used, by (what happened, column).
    """

    matrix: Floats
    names: tuple[str, ...]
    sources: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.matrix)

    def rows(self, which: NDArray[Any] | slice) -> "Design":
        """The same design for the rows `which` (indices, a mask or a slice)."""
        return Design(self.matrix[which], self.names, self.sources, self.levels)

    def only(self, source: str) -> "Design":
        """The same design with nothing but what was made from the table's column `source`."""
        places = [place for place, name in enumerate(self.sources) if name == source]
        names = tuple(self.names[place] for place in places)
        levels = {name: self.levels[name] for name in names if name in self.levels}
        return Design(self.matrix[:, places], names, (source,) * len(places), levels)


class Encoder:
    """Learns how each feature column becomes numbers, and does it.

    Parameters
    ----------
    columns : one rule a feature: `name`, `kind` ("number", "flag", "category" or "date"), `labels`
        (the vocabulary of a category, the most frequent first) and `indicator` (whether a column "…
        is missing" is added).
    as_of : the column that dates are counted back from, or None.
    """

    def __init__(self, columns: tuple[dict[str, Any], ...], as_of: str | None = None) -> None:
        self.columns = columns
        self.as_of = as_of

    @classmethod
    def fit(
        cls, table: pa.Table, schema: Schema, target: NDArray[np.float64] | None = None
    ) -> "Encoder":
        """Learn from `table`; `target` (0/1 or real, NaN where unknown) tells which gaps inform.

        Raises
        ------
        DataError
            No column has a role that may reach a model.
        """
        if not schema.features:
            raise DataError(
                "no column is left to predict from: none has a feature role "
                "(number, money, count, rate, category, flag, date). See [roles] in the Study."
            )
        columns = []
        for name in schema.features:
            values = _plain(table[name])
            kind = _kind(schema[name].role)
            rule: dict[str, Any] = {"name": name, "kind": kind, "indicator": False}
            if kind == "category":
                rule["labels"] = _vocabulary(values)
            elif target is not None:
                gone = np.isnan(_numbers(values, kind)[0])
                rule["indicator"] = _informs(gone, target)
            columns.append(rule)
        return cls(tuple(columns), schema.one(Role.AS_OF))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the matrix: numbers, then indicators, then categories."""
        return (
            *(rule["name"] for rule in self._numeric),
            *(f"{rule['name']} is missing" for rule in self._numeric if rule["indicator"]),
            *(rule["name"] for rule in self._categories),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """The table's column behind each column of the matrix."""
        return (
            *(rule["name"] for rule in self._numeric),
            *(rule["name"] for rule in self._numeric if rule["indicator"]),
            *(rule["name"] for rule in self._categories),
        )

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The labels of each categorical column by code."""
        return {rule["name"]: (*rule["labels"], "other") for rule in self._categories}

    @property
    def _numeric(self) -> list[dict[str, Any]]:
        return [rule for rule in self.columns if rule["kind"] != "category"]

    @property
    def _categories(self) -> list[dict[str, Any]]:
        return [rule for rule in self.columns if rule["kind"] == "category"]

    def transform(self, table: pa.Table | pa.RecordBatch) -> Design:
        """Encode `table`; columns that it lacks are missing values, and both are counted."""
        present = set(table.schema.names)
        warnings: Counter[tuple[str, str]] = Counter()
        matrix = np.full((table.num_rows, len(self.names)), np.nan, dtype=np.float32)
        numeric = self._numeric
        indicator = len(numeric)
        today = self._today(table, warnings)
        for place, rule in enumerate(numeric):
            name = rule["name"]
            if name in present:
                values, unreadable = _numbers(_plain(table[name]), rule["kind"])
                if rule["kind"] == "date":
                    values = today - values if self.as_of else values
                matrix[:, place] = values
                if unreadable:
                    warnings["unreadable value", name] += unreadable
            else:
                warnings["missing column", name] += table.num_rows
            if rule["indicator"]:
                matrix[:, indicator] = np.isnan(matrix[:, place])
                indicator += 1
        for place, rule in enumerate(self._categories, start=indicator):
            name = rule["name"]
            if name not in present:
                warnings["missing column", name] += table.num_rows
                continue
            codes, unseen = _codes(_plain(table[name]), rule["labels"])
            matrix[:, place] = codes
            if unseen:
                warnings["unseen category", name] += unseen
        return Design(matrix, self.names, self.sources, self.levels, warnings)

    def _today(
        self, table: pa.Table | pa.RecordBatch, warnings: Counter[tuple[str, str]]
    ) -> Floats | float:
        """What dates are counted back from; without it they are missing, not on another scale."""
        if not self.as_of or not any(rule["kind"] == "date" for rule in self.columns):
            return 0.0
        if self.as_of not in table.schema.names:
            warnings["missing column", self.as_of] += table.num_rows
            return np.nan
        return _numbers(_plain(table[self.as_of]), "date")[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"columns": list(self.columns), "as_of": self.as_of}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Encoder":
        """The Encoder that `to_dict` wrote."""
        return cls(tuple(fields["columns"]), fields["as_of"])


def check_readable(warnings: Mapping[tuple[str, str], int], table: pa.Table) -> list[str]:
    """Sentences on the training values that could not be read, and so count as missing.

    `warnings` are those of the design, or of whatever read the columns.

    Raises
    ------
    DataError
        More than half of a column's values cannot be read as its role asks.
    """
    told = []
    for (rule, name), count in sorted(warnings.items()):
        if rule != "unreadable value":
            continue  # a category of the held-out rows that was not learned can be read
        known = len(table) - table[name].null_count
        if count > known / 2:
            raise DataError(
                f'{count:,} of the {known:,} values of "{name}" cannot be read as its role asks: '
                "numbers look like 12.5, dates like 2025-01-31, flags like yes and no. Give it "
                "another role in [roles], or say in [table] format how the file writes it."
            )
        told.append(f"{name}: {count:,} values could not be read and count as missing")
    return told


def read_as(dtype: str, values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The values in the type that a column had in training, and how many could not be read.

    Numbers are read as float64 and dates as timestamps, from text too; what is of another kind
    altogether stays as it came.

    >>> read_as("double", pa.chunked_array([["9", "9.5", "many"]]))[0].to_pylist()
    [9.0, 9.5, None]
    """
    number = dtype == "double" or dtype.startswith(("float", "int", "uint"))
    text = pa.types.is_string(values.type)
    if pa.types.is_null(values.type):
        read = pa.nulls(len(values), pa.float64() if number else pa.string())
    elif number and text:
        numbers = [_number(each) for each in values.to_pylist()]
        read = pa.array(numbers, pa.float64(), from_pandas=True)
    elif dtype.startswith(("date", "timestamp")) and text:
        read = _parsed_dates(_plain(values))
    elif number and pa.types.is_integer(values.type) and not dtype.startswith(("int", "uint")):
        read = values.cast(pa.float64(), safe=False)
    else:
        return values, 0
    return pa.chunked_array(read.chunks if isinstance(read, pa.ChunkedArray) else [read]), (
        read.null_count - values.null_count
    )


def _kind(role: Role) -> str:
    if role in (Role.FLAG, Role.CATEGORY, Role.DATE):
        return role.value
    return "number"


def _plain(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    return values


def _text(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_floating(values.type):  # the category 3.0 is the category 3
        whole = pc.equal(values, pc.round(values))
        as_integer = pc.if_else(whole, values, 0.0).cast(pa.int64(), safe=False).cast(pa.string())
        return pc.if_else(whole, as_integer, values.cast(pa.string()))
    return values.cast(pa.string())


def _vocabulary(values: pa.Array) -> list[str]:
    text = _text(values)
    counted = pc.value_counts(text.drop_null())
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    ranked = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return [label for label, _ in ranked[:MOST_LEVELS]]


def _codes(values: pa.Array, labels: list[str]) -> tuple[Floats, int]:
    text = _text(values)
    found = pc.index_in(text, value_set=pa.array(labels, pa.string()))
    known = text.is_valid()
    unseen = pc.and_(known, found.is_null())
    codes = found.fill_null(len(labels)).to_numpy(zero_copy_only=False).astype(np.float32)
    codes[~known.to_numpy(zero_copy_only=False)] = np.nan
    return codes, pc.sum(unseen).as_py() or 0


def _numbers(values: pa.Array, kind: str) -> tuple[Floats, int]:
    """The values as float32 with NaN for what is missing, and how many could not be read."""
    kinds = pa.types
    unreadable = 0
    if kinds.is_large_string(values.type) or kinds.is_string_view(values.type):
        values = values.cast(pa.string())
    if kind == "date" and not (kinds.is_temporal(values.type) or kinds.is_null(values.type)):
        parsed = _parsed_dates(values.cast(pa.string()))
        unreadable = parsed.null_count - values.null_count
        values = parsed
    if kinds.is_temporal(values.type):
        days = values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return (days / 86_400e6).astype(np.float32), unreadable
    if kinds.is_string(values.type):
        if kind == "flag":
            numbers = _flags(values)
        else:
            numbers = _parsed_numbers(values)
        unreadable = int(np.isnan(numbers).sum()) - values.null_count
        return numbers, unreadable
    if kinds.is_null(values.type):
        return np.full(len(values), np.nan, dtype=np.float32), 0
    if kinds.is_boolean(values.type):
        values = values.cast(pa.int8())
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32)
    infinite = np.isinf(single)
    if infinite.any():
        single[infinite] = np.nan
        unreadable = int(infinite.sum())
    return single, unreadable


def _flags(values: pa.Array) -> Floats:
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    words = pa.array(_FALSE + _TRUE)
    place = pc.index_in(folded, value_set=words).to_numpy(zero_copy_only=False).astype(np.float32)
    return np.where(np.isnan(place), np.nan, place >= len(_FALSE)).astype(np.float32)


def _parsed_numbers(values: pa.Array) -> Floats:
    try:
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32)
    except pa.ArrowInvalid:
        return np.array([_number(text) for text in values.to_pylist()], dtype=np.float32)


def _number(text: str | None) -> float:
    try:
        number = float(text) if text is not None else np.nan
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _parsed_dates(values: pa.Array) -> pa.Array:
    import datetime

    def parsed(text: str | None) -> datetime.datetime | None:
        try:
            return None if text is None else datetime.datetime.fromisoformat(text.strip())
        except ValueError:
            return None

    moments = [parsed(text) for text in values.to_pylist()]
    return pa.array([_in_utc(moment) for moment in moments], pa.timestamp("us"))


def _in_utc(moment: "datetime.datetime | None") -> "datetime.datetime | None":
    import datetime

    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)


def _informs(gone: NDArray[np.bool_], target: NDArray[np.float64]) -> bool:
    """Whether the target differs by more than three standard errors where the value is gone."""
    known = ~np.isnan(target)
    missing, there = target[known & gone], target[known & ~gone]
    if min(len(missing), len(there)) < 30:
        return False
    error = np.sqrt(missing.var() / len(missing) + there.var() / len(there))
    return bool(abs(missing.mean() - there.mean()) > 3 * error)
