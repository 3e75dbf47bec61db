"""Inputs: each column that the model asks for, as JSON spells it and as Arrow keeps it."""

__all__ = ["Input", "Kind", "input_of", "kind_of"]

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field, Strict

from patron.errors import BundleError
from patron.schema import Column, Role

MOST_EXAMPLES = 50
"""At most this many known values of a category are listed."""


@dataclass(frozen=True)
class Kind:
    """A sort of JSON value.

    Parameters
    ----------
    words : what an error calls it.
    schema : its JSON schema.
    accepts : its type for pydantic.
    example : a value of it.
    cell : makes the cell of an Arrow array from the JSON value; raises ValueError if it cannot.
    """

    words: str
    schema: Mapping[str, str]
    accepts: Any
    example: Any
    cell: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Input:
    """One input: its column, its kind, its Arrow type, and the values of the category if known."""

    column: Column
    kind: Kind
    arrow: pa.DataType
    known: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def example(self) -> Any:
        """A value that would be accepted."""
        return self.known[0] if self.known else self.kind.example

    def array(self, values: list[Any]) -> pa.Array:
        """The JSON `values` in Arrow; ValueError or OverflowError where one does not fit."""
        cell = self.kind.cell
        if cell is not None:
            values = [None if value is None else cell(value) for value in values]
        return pa.array(values, self.arrow)

    def to_dict(self) -> dict[str, Any]:
        """What `/v1/model` says of it."""
        return {
            "name": self.name,
            "role": self.column.role.value,
            "because": self.column.because,
            **self.kind.schema,
            "dtype": self.column.dtype,
            "examples": list(self.known),
        }


def input_of(column: Column, known: list[str]) -> Input:
    """The input for `column`; `known` are the values of its category, if it is one.

    A whole-number column of prices in training may meet 19.99 tomorrow: for roles that measure
    (number, money, rate) any number is taken. Codes, counts, flags and entities must stay whole.
    """
    try:
        arrow = pa.type_for_alias(column.dtype)
    except ValueError:
        arrow = pa.null()  # has no kind either
    if pa.types.is_integer(arrow) and column.role in (Role.NUMBER, Role.MONEY, Role.RATE):
        arrow = pa.float64()
    kind = kind_of(arrow)
    if kind is None:
        raise BundleError(
            f'the input "{column.name}" has the Arrow type {column.dtype}, which JSON lacks. '
            "Give the column the role ignore in the Study and run again."
        )
    values = known[:MOST_EXAMPLES]
    if kind.schema["type"] != "string":  # a code such as "2", as the caller is to send it: 2
        values = pa.array(values, pa.string()).cast(arrow).to_pylist()
    return Input(column, kind, arrow, tuple(values))


def kind_of(arrow: pa.DataType) -> Kind | None:
    """How JSON spells a value of the Arrow type, or None.

    >>> kind_of(pa.int8()).words
    'a whole number'
    >>> kind_of(pa.list_(pa.int8()))
    """
    return next((kind for belongs, kind in _KINDS if belongs(arrow)), None)


def _whole(value: int | float) -> int:
    """The whole number that `value` is, 3.0 as much as 3."""
    if value != int(value):
        raise ValueError("not a whole number")
    return int(value)


_STRING = Annotated[str, Strict()]
_NUMBER = Annotated[float, Strict(), Field(allow_inf_nan=False)]
_INTEGER = Annotated[int, Strict()] | _NUMBER  # so that 3.0 passes here, and `_whole` judges

BOOLEAN = Kind("true or false", {"type": "boolean"}, Annotated[bool, Strict()], True)
INTEGER = Kind("a whole number", {"type": "integer"}, _INTEGER, 1, _whole)
NUMBER = Kind("a number", {"type": "number"}, _NUMBER, 1.0)
TEXT = Kind("a string", {"type": "string"}, _STRING, "text")
DATE = Kind(
    'a date such as "2026-01-31"',
    {"type": "string", "format": "date"},
    _STRING,
    "2026-01-31",
    dt.datetime.fromisoformat,
)
MOMENT = Kind(
    'a date and time such as "2026-01-31T12:00:00"',
    {"type": "string", "format": "date-time"},
    _STRING,
    "2026-01-31T12:00:00Z",
    dt.datetime.fromisoformat,
)

_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Kind], ...] = (
    (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_integer, INTEGER),
    (pa.types.is_floating, NUMBER),
    (pa.types.is_string, TEXT),
    (pa.types.is_date, DATE),
    (pa.types.is_timestamp, MOMENT),
)
