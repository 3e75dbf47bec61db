"""The body of `POST /v1/predict`: JSON rows, checked, as an Arrow table."""

__all__ = ["BodyReader", "Rows"]

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any

import pyarrow as pa
from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    Strict,
    ValidationError,
    create_model,
    with_config,
)
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from patron.errors import nearest
from patron.schema import Role, Schema
from patron.serve.errors import ApiError
from patron.serve.inputs import Input

SHAPE = '{"rows": [{column: value, …}], "reasons": true}'
MOST_WARNED = 20
"""At most this many ignored columns are named in the warnings."""


@dataclass(frozen=True)
class Rows:
    """What was asked: the rows in their order, whether reasons are wanted, and what was odd."""

    table: pa.Table
    reasons: bool
    warnings: tuple[str, ...]


class BodyReader:
    """Reads bodies for one model.

    Parameters
    ----------
    inputs : what the model needs.
    schema : all columns that training knew, so that one of them sent in vain can be explained.
    max_rows : the most rows in one body.
    """

    def __init__(self, inputs: tuple[Input, ...], schema: Schema, max_rows: int) -> None:
        self.inputs = {each.name: each for each in inputs}
        self.schema = schema
        self.max_rows = max_rows
        self._model = _body_model(inputs, max_rows)

    def read(self, raw: bytes) -> Rows:
        """The rows in the JSON text `raw`.

        Raises
        ------
        ApiError
            400 where it is not JSON, 413 with too many rows, 422 where a value does not fit.
        """
        try:
            body = self._model.model_validate_json(raw)
        except ValidationError as error:
            # What the error carries is rows of customers: it must not travel on as a cause.
            raise self._mistake(error.errors(include_url=False)[0]) from None
        rows = body.rows
        arrays = [
            _array(each, [row.get(each.name) for row in rows]) for each in self.inputs.values()
        ]
        return Rows(
            table=pa.table(arrays, names=list(self.inputs)),
            reasons=body.reasons,
            warnings=(*self._ignored(rows), *self._absent(rows)),
        )

    def _mistake(self, error: Any) -> ApiError:
        """The first of pydantic's errors as an answer."""
        what, where, value = error["type"], error["loc"], error["input"]
        if what == "json_invalid":
            reason = error["ctx"]["error"]
            return ApiError(400, "malformed_json", f"The body is not valid JSON: {reason}.")
        if what == "too_short":
            return ApiError(422, "no_rows", f'"rows" is empty. Send {SHAPE}.')
        if what == "too_long":
            return ApiError(
                413,
                "too_many_rows",
                f'"rows" has more than {self.max_rows:,} rows. Send them in several requests.',
            )
        if len(where) >= 3:
            return _misfit(self.inputs[where[2]], where[1], _sort(value))
        if len(where) == 2:
            return ApiError(
                422,
                "invalid_row",
                f"Row {where[1]}: expected an object {{column: value, …}}, got {_sort(value)}.",
                row=where[1],
            )
        place = f'"{_short(where[0])}"' if where else "The body"
        mistakes = {"missing": "is absent", "extra_forbidden": "is not a key of the body"}
        mistake = mistakes.get(what, f"cannot be {_sort(value)}")
        return ApiError(422, "invalid_body", f"{place} {mistake}. Send {SHAPE}.")

    def _ignored(self, rows: list[dict[str, Any]]) -> Iterable[str]:
        """One warning for each column that the model does not take."""
        sent = dict.fromkeys(chain.from_iterable(rows))
        names = [name for name in sent if name not in self.inputs]
        for name in names[:MOST_WARNED]:
            yield f'Column "{_short(name)}" was ignored: {self._why_ignored(name)}'
        if len(names) > MOST_WARNED:
            yield f"{len(names) - MOST_WARNED:,} more columns were ignored."

    def _why_ignored(self, name: str) -> str:
        if name not in self.schema:
            close = nearest(_short(name), self.inputs)
            return "it is unknown." + (f' The nearest known is "{close}".' if close else "")
        role = self.schema[name].role
        if role in (Role.TARGET, Role.FUTURE, Role.OUTCOME):
            return f"its role is {role}, and no score may rest on what happens afterwards."
        return f"its role is {role}, and the model does not use it."

    def _absent(self, rows: list[dict[str, Any]]) -> Iterable[str]:
        """One warning for all inputs that rows lack."""
        counts = {name: sum(name not in row for row in rows) for name in self.inputs}
        lacking = [f'"{name}" ({count:,})' for name, count in counts.items() if count]
        if lacking:
            yield (
                f"Taken as missing, because absent (from how many of the {len(rows):,} rows): "
                f"{', '.join(lacking)}."
            )


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Any]]
    reasons: Annotated[bool, Strict()] = False


def _body_model(inputs: tuple[Input, ...], max_rows: int) -> type[_Body]:
    """The pydantic model of the body: each input may be absent or null; others pass unseen."""
    fields = {each.name: each.kind.accepts | None for each in inputs}
    row: Any = TypedDict("Row", fields, total=False)  # type: ignore[misc] # known at run time only
    with_config(ConfigDict(extra="allow"))(row)
    rows: Any = Annotated[list[row], Field(min_length=1, max_length=max_rows), FailFast()]
    return create_model("Body", __base__=_Body, rows=(rows, ...))


def _array(wanted: Input, values: list[Any]) -> pa.Array:
    try:
        return wanted.array(values)
    except (ValueError, OverflowError):
        pass
    for row, value in enumerate(values):
        try:
            wanted.array([value])
        except (ValueError, OverflowError):
            got = f"{_sort(value)} that does not fit ({wanted.column.dtype})"
            raise _misfit(wanted, row, got) from None
    raise AssertionError("each value fits alone, so all of them fit")


def _misfit(wanted: Input, row: int, got: str) -> ApiError:
    return ApiError(
        422,
        "invalid_value",
        f'Row {row}, column "{wanted.name}": expected {wanted.kind.words}, got {got}. '
        f"Rows are counted from 0.",
        column=wanted.name,
        row=row,
    )


def _sort(value: Any) -> str:
    """What JSON calls the value; the value itself may be a customer's."""
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return "null" if value is None else names.get(type(value), "an object")


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= 60 else text[:59] + "…"
