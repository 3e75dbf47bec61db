"""The sections of a Study: their keys, and what each key's value must be."""

__all__ = [
    "NAMED_BY",
    "SETTABLE_ROLES",
    "AuditSection",
    "BudgetSection",
    "CampaignSection",
    "Capacity",
    "Costs",
    "EventsSection",
    "FixSection",
    "FixedWidth",
    "FormatOptions",
    "IgnoredFinding",
    "PurchaseSection",
    "RoleOfColumn",
    "RunSection",
    "Section",
    "SegmentsSection",
    "SpendSection",
    "SplitSection",
    "TableSection",
    "key",
]

import os
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    field_serializer,
)

from patron.schema import Role

NAMED_BY = {
    Role.ENTITY: "[table] entity",
    Role.AS_OF: "[table] as_of",
    Role.UPDATED: "[table] updated",
    Role.TARGET: "[purchase] target or [spend] target",
    Role.TREATMENT: "[campaign] treatment",
}
"""The roles that [roles] does not give, each with the key that does."""

SETTABLE_ROLES = tuple(role for role in Role if role not in NAMED_BY)
"""The roles that [roles] may give."""


def _as_date(value: Any) -> Any:
    """A date for text that reads as one, and for a time stamp at midnight."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    if isinstance(value, datetime) and value.timetz() == time():
        return value.date()
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def _all_different(dates: tuple[date, ...]) -> tuple[date, ...]:
    if len(set(dates)) < len(dates):
        raise ValueError
    return tuple(sorted(dates))


def _path_or_table(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if value is None or isinstance(value, bool | int | float | list | tuple | Mapping | date):
        raise ValueError
    if isinstance(value, str) and not value.strip():
        raise ValueError
    return value


def _as_ignored(value: Any) -> Any:
    """The keys of an IgnoredFinding, for text such as "L03:column" as well; l03 is L03."""
    if isinstance(value, str):
        code, colon, column = value.partition(":")
        if colon and not column.strip():  # not the whole check: that would pass over too much
            raise ValueError
        value = {"code": code, "column": column or None}
    if isinstance(value, Mapping) and isinstance(value.get("code"), str):
        value = {**value, "code": value["code"].upper()}
    if isinstance(value, Mapping) and (
        set(value) - {"code", "column", "because"}
        or not re.fullmatch(r"[A-Z]\d{2}", str(value.get("code")))
    ):
        raise ValueError
    return value


def _settable(role: Role) -> Role:
    if role not in SETTABLE_ROLES:
        raise ValueError
    return role


RoleOfColumn = Annotated[Role, AfterValidator(_settable)]

_Text = Annotated[StrictStr, Field(min_length=1)]
_Texts = tuple[_Text, ...]
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Whole = Annotated[int, Field(strict=True)]
_Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
_Date = Annotated[date, Field(strict=True), BeforeValidator(_as_date)]
_Dates = Annotated[tuple[_Date, ...], BeforeValidator(_as_list), AfterValidator(_all_different)]


def key(must_be: str, default: Any = ..., **limits: Any) -> Any:
    """A key of a section; `must_be` completes the sentence "it must be …" of its error."""
    return Field(default, description=must_be, **limits)


class Section(BaseModel):
    """What every section is: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FixedWidth(Section):
    """A column of a text file whose fields stand at fixed places."""

    name: _Text = key("the column's name")
    start: _Whole = key("the place of its first character, from 1", ge=1)
    width: _Whole = key("its number of characters", ge=1)


class FormatOptions(Section):
    """How a file is written, where that is not to be detected."""

    delimiter: _Text | None = key("the character between two fields", None)
    decimal: Literal[".", ","] | None = key('"." or ","', None)
    encoding: _Text | None = key('the name of an encoding, such as "latin-1"', None)
    date_format: _Text | None = key('a pattern such as "%d/%m/%Y"', None)
    header: StrictBool | None = key("true or false", None)
    columns: tuple[_Text | FixedWidth, ...] | None = key(
        "a list of the columns' names in the file's order, or of {name = …, start = …, width = …}",
        None,
    )
    sheet: _Text | _Whole | None = key("the name or the number of a sheet", None)
    types: dict[_Text, Literal["text", "number", "date"]] | None = key(
        'pairs of column = "text", "number" or "date"', None
    )

    def options(self) -> dict[str, Any]:
        """The options that are set, as `tables.open_source` takes them."""
        return self.model_dump(exclude_none=True)


class _Input(Section):
    path: Annotated[Any, BeforeValidator(_path_or_table)] = key("a file or a URL")
    format: FormatOptions = Field(default_factory=FormatOptions)

    @field_serializer("path")
    def _name_path(self, path: Any) -> str:
        return path if isinstance(path, str) else "a table in memory"


class TableSection(_Input):
    """[table]: one row a customer, or a customer at a date."""

    entity: _Text | None = key("the name of the column that says which customer", None)
    as_of: _Date | _Text | None = key("a column's name, or a date such as 2025-01-31", None)
    updated: _Text | None = key("the name of the column that says when a row changed", None)


class EventsSection(_Input):
    """[events]: one row an order line, from which customers at the `as_of` dates are made."""

    entity: _Text = key("the name of the column that says which customer")
    time: _Text = key("the name of the column that says when")
    amount: _Text = key('a column, or an expression such as "Quantity * UnitPrice"')
    quantity: _Text | None = key("a column or an expression that gives how many were bought", None)
    kind: _Text | None = key(
        'a column or an expression that gives "purchase", "return" or "cancellation"', None
    )
    order_id: _Text | None = key("the name of the column that says which order", None)
    product: _Text | None = key("the name of the column that says which product", None)
    category: _Text | None = key("the name of the column that says which category", None)
    where: _Text | None = key("an SQL condition of the lines to keep", None)
    drop_duplicates: StrictBool = key("true or false", False)
    as_of: _Dates = key("a date such as 2025-01-31, or a list of dates, each once", ())
    horizon_days: _Whole = key("a whole number of days from 1", 30, ge=1)
    gap_days: _Whole = key("a whole number of days from 0", 0, ge=0)
    observed_until: _Date | None = key("the date to which the data are complete", None)


class IgnoredFinding(Section):
    """A check that is passed over, for one column or for all, and why."""

    code: _Text = key('a code such as "L03"')
    column: _Text | None = key("the name of a column", None)
    because: StrictStr = key("the reason", "")


class AuditSection(Section):
    """[audit]: which findings to pass over, and which proposed fixes to apply."""

    ignore: tuple[Annotated[IgnoredFinding, BeforeValidator(_as_ignored)], ...] = key(
        'a list of codes such as "L03", "L03:column" or {code = "L03", column = "x", '
        'because = "…"}',
        (),
    )
    apply: Literal["serious", "all", "none"] = key('"serious", "all" or "none"', "serious")
    fail_on: Literal["serious", "warning", "never"] = key(
        '"serious", "warning" or "never"', "serious"
    )

    @property
    def ignored(self) -> dict[str, str]:
        """What `ignore` names, as "L03" or "L03:column", each with its reason."""
        return {
            each.code + (f":{each.column}" if each.column else ""): each.because
            for each in self.ignore
        }


class FixSection(Section):
    """[[fixes]]: one change to the table, made alike at training and at scoring."""

    operation: _Text = key("the name of an operation")
    columns: _Texts = key("a list of column names", ())
    arguments: dict[str, Any] = key("pairs of argument = value", {})
    because: StrictStr = key("a finding's code, or a reason", "")


class Costs(Section):
    """What a contact costs and what a purchase brings: together they give a threshold."""

    contact_cost: _Number = key("an amount above 0", gt=0)
    purchase_value: _Number = key("an amount above 0", gt=0)


class Capacity(Section):
    """How many customers can be contacted: the threshold leaves so many above it."""

    capacity: _Whole = key("a whole number of customers from 1", ge=1)


class PurchaseSection(Section):
    """[purchase]: who will buy."""

    target: _Text | None = key("the name of a column with two values", None)
    threshold: Literal["f1"] | _Share | Costs | Capacity = key(
        '"f1", a number between 0 and 1, {contact_cost = …, purchase_value = …} or {capacity = …}',
        "f1",
    )
    effort: Literal["quick", "normal", "thorough"] = key(
        '"quick", "normal" or "thorough"', "normal"
    )
    learners: (
        Annotated[
            tuple[Literal["logistic", "glass_box", "trees", "catboost", "xgboost"], ...],
            Field(min_length=1),
        ]
        | None
    ) = key('a list of "logistic", "glass_box", "trees", "catboost" and "xgboost"', None)
    monotone: dict[_Text, Literal["rising", "falling"]] = key(
        'pairs of column = "rising" or "falling"', {}
    )
    groups: _Texts = key("a list of columns whose values the evidence is shown by", ())
    horizon_days: _Whole | None = key("a whole number of days from 1", None, ge=1)
    floors: _Texts = key("a list of columns that are shown alone beside the models", ())


class SpendSection(Section):
    """[spend]: what they will spend."""

    target: _Text | None = key("the name of a column of amounts", None)
    top_share: _Share = key("a number between 0 and 1", 0.2)
    top_weight: _Number = key("a number from 1", 2.0, ge=1)
    cap: _Number | None = key("an amount above 0", None, gt=0)
    learners: (
        Annotated[
            tuple[
                Literal["mean", "ols", "ridge", "two_part", "hurdle_trees", "tweedie_trees"], ...
            ],
            Field(min_length=1),
        ]
        | None
    ) = key(
        'a list of "mean", "ols", "ridge", "two_part", "hurdle_trees" and "tweedie_trees"', None
    )
    horizon_days: _Whole | None = key("a whole number of days from 1", None, ge=1)


class CampaignSection(Section):
    """[campaign]: whom to contact."""

    treatment: _Text = key("the name of the column that says who was contacted, or how")
    campaign: _Text | None = key("the name of the column that says in which campaign", None)
    outcome: _Text | None = key("the name of the column that a contact is meant to raise", None)
    contact_cost: _Number = key("an amount from 0", 0.0, ge=0)
    margin: _Number = key("a share above 0 and up to 1", 1.0, gt=0, le=1)
    propensity: _Share | _Text | None = key("a number between 0 and 1, or a column's name", None)
    arms: Annotated[tuple[_Text | _Whole, ...], Field(min_length=2)] | None = key(
        "a list of two or more values of the treatment, the control first", None
    )


class SegmentsSection(Section):
    """[segments]: who they are. Segments never see a target."""

    axes: dict[_Text, Annotated[_Texts, Field(min_length=1)]] | _Texts = key(
        'pairs of axis = ["column", "-column that counts against it"], or a list of axes and '
        "columns",
        (),
    )
    k: _Whole | None = key("a whole number from 2 to 20", None, ge=2, le=20)
    rules_only: StrictBool = key("true or false", False)
    names: dict[_Text, _Text] = key('pairs of id = "name", such as S1 = "Regulars"', {})
    previous: _Text | None = key("the folder that an earlier run wrote", None)
    refit: StrictBool = key("true or false", False)


class BudgetSection(Section):
    """[budget]: an amount to divide."""

    amount: _Number = key("an amount above 0", gt=0)
    by: _Text | None = key("the name of the column that it is divided over", None)


class SplitSection(Section):
    """[split]: what is held out. Without `by` the data decide."""

    by: Literal["time", "entity", "random"] | None = key('"time", "entity" or "random"', None)
    holdout: _Date | Annotated[float, Field(strict=True, ge=0.05, le=0.5)] | None = key(
        'a share from 0.05 to 0.5, or (by = "time") a date', None
    )
    folds: _Whole | None = key("a whole number from 2 to 10", None, ge=2, le=10)


class RunSection(Section):
    """[run]: the seed, the threads, and the level of every interval."""

    seed: _Whole = key("a whole number from 0", 0, ge=0, lt=2**32)
    threads: _Whole | None = key("a whole number from 1", None, ge=1)
    level: _Number = key("a number from 0.5 to 0.999", 0.95, ge=0.5, le=0.999)
