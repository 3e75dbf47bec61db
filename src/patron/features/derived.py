"""Derived features: products and quotients of a customer table's columns, each with a reason.

A line adds columns up; what a customer will do is often a product (a pace times how recent it is).
Each candidate is a product of factors of one row, so that scoring gives the same values as
training. Which of them earn their place is measured (`patron.models.gains`), never assumed.
"""

__all__ = ["Derived", "Factor", "apply", "candidates"]

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.schema import Column, Role, Schema
from patron.schema.look import words

Floats = NDArray[np.float64]

MONTH = 30.0
FADES = 90.0
"""Days after which what a customer did counts for 1/e."""

MOST = 60
"""No more candidates than these, the first ones; a wide table repeats its families."""


@dataclass(frozen=True)
class Factor:
    """One factor of a derived feature: a column, and what is done to it before it is multiplied.

    Parameters
    ----------
    how : "times" (as it is), "log" (log(1 + x), 0 below 0), "over" (1 / x, x at least 1), "month"
        (30 / x for x days, x between 30 and `days`) or "fading" (exp(-x / 90)).
    """

    how: str
    column: str
    days: float | None = None

    def __call__(self, x: Floats) -> Floats:
        """The factor's values; missing stays missing."""
        if self.how == "log":
            return np.log1p(np.maximum(x, 0))
        if self.how == "over":
            return np.asarray(1 / np.maximum(x, 1))
        if self.how == "month":
            return np.asarray(MONTH / np.clip(x, MONTH, self.days))
        return np.exp(-np.maximum(x, 0) / FADES) if self.how == "fading" else x

    @property
    def text(self) -> str:
        """The factor as it stands in a formula."""
        if self.how == "month":
            most = "" if self.days is None else f", at most {self.days:g}"
            return f"30 / ({self.column}, at least 30{most})"
        forms = {"log": "log(1 + {})", "over": "1 / {}", "fading": "exp(-{} / 90)"}
        return forms.get(self.how, "{}").format(self.column)


@dataclass(frozen=True)
class Derived:
    """A derived feature: the product of its factors, and why it should tell something.

    >>> pace = Derived("x", (Factor("times", "spend"), Factor("month", "tenure")), "new or old")
    >>> pace.formula
    'spend * 30 / (tenure, at least 30)'
    >>> Derived.from_dict(pace.to_dict()) == pace
    True
    """

    name: str
    factors: tuple[Factor, ...]
    because: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made from."""
        return tuple(dict.fromkeys(factor.column for factor in self.factors))

    @property
    def formula(self) -> str:
        """The factors as text."""
        return " * ".join(factor.text for factor in self.factors)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Derived":
        """The Derived that `to_dict` wrote."""
        factors = tuple(Factor(**factor) for factor in fields["factors"])
        return cls(fields["name"], factors, fields["because"])


def apply(table: pa.Table, schema: Schema, derived: Iterable[Derived]) -> tuple[pa.Table, Schema]:
    """The table and its roles with the derived features added, each as a number.

    A value is missing where a column that it needs is missing, or lacks from the table.
    """
    columns = list(schema.columns)
    numbers: dict[str, Floats] = {}
    for each in derived:
        for name in each.columns:
            if name not in numbers:
                numbers[name] = _numbers(table, name)
        values = np.prod([f(numbers[f.column]) for f in each.factors], axis=0)
        table = table.append_column(each.name, pa.array(values, from_pandas=True))
        columns.append(Column(each.name, Role.NUMBER, each.because, "double"))
    return table, Schema(tuple(columns))


def candidates(schema: Schema, table: pa.Table) -> list[Derived]:
    """What could be derived from the feature columns, told by their roles and words in their names.

    The target, and what is known only later, are no features and so never a part of it.
    """
    found = _Columns.of(schema, table)
    made: dict[str, Derived] = {}

    def add(name: str, because: str, *factors: Factor) -> None:
        if name not in table.column_names:
            made.setdefault(name, Derived(name, factors, because))

    paces: dict[str, tuple[Factor, ...]] = {}  # money a month: what most of the others start from
    for name, days in {**found.orders, **found.amounts}.items():
        month = (Factor("month", found.tenure, days),) if found.tenure else ()
        if month:
            why = "a new customer had less time for it; the pace is what goes on"
            add(f"{name} a month", why, Factor("times", name), *month)
        if name in found.amounts:
            paces[name] = (Factor("times", name), *month)
        elif found.each and days not in found.amounts.values():
            paces[f"{name} x {found.each}"] = (
                Factor("times", name),
                Factor("times", found.each),
                *month,
            )
    for name, factors in paces.items():
        if name not in found.amounts:
            add(
                name,
                "what the orders of that time were worth: their number times a value",
                *factors,
            )
        elif found.orders and not found.each:
            why = "what an order is worth: who buys much at a time, and who only buys often"
            add(f"{name} an order", why, Factor("times", name), Factor("over", min(found.orders)))
        if found.visits:
            why = "what a visit brings: who buys when looking, and who only looks"
            add(f"{name} a visit", why, *factors, Factor("over", found.visits[0]))
        if found.recency:
            why = "a pace that was kept up lately goes on; one long past does not"
            add(f"{name}, fading", why, *factors, Factor("fading", found.recency))
        for other in found.engaged:
            why = "interest turns into money in proportion to what the customer spends"
            add(f"{name} x log {other}", why, *factors, Factor("log", other))
        for other in found.shares:
            why = "a season moves bargain and gift buyers in proportion to their pace"
            add(f"{name} x {other}", why, *factors, Factor("times", other))
    for name in found.amounts:
        add(
            f"log {name}", "amounts have a long tail; their size tells besides", Factor("log", name)
        )
    if found.recency and found.gap:
        why = "a pause is long or short by the customer's own habit"
        pause = Factor("times", found.recency), Factor("over", found.gap)
        add(f"{found.recency} in gaps", why, *pause)
    return list(made.values())[:MOST]


@dataclass(frozen=True)
class _Columns:
    """The feature columns that candidates are made from, by what their names say."""

    amounts: dict[str, float | None]
    orders: dict[str, float | None]
    each: str | None
    tenure: str | None
    recency: str | None
    gap: str | None
    visits: tuple[str, ...]
    engaged: tuple[str, ...]
    shares: tuple[str, ...]

    @classmethod
    def of(cls, schema: Schema, table: pa.Table) -> "_Columns":
        numeric = {
            name: set(words(name))
            for name in schema.features
            if _is_number(table.schema.field(name).type)
        }

        def named(any_of: set[str], *but: set[str]) -> list[str]:
            return [
                n for n, said in numeric.items() if said & any_of and not said & set().union(*but)
            ]

        def first(names: list[str]) -> str | None:
            return names[0] if names else None

        of_time = named(_LAST | _BETWEEN | {"tenure"})
        amounts = [n for n in named(_MONEY, _MEAN, _SHARE, _BACK) if n not in of_time]
        orders = [n for n in named(_ORDERS, _MEAN, _SHARE, _BACK, _MONEY) if n not in of_time]
        recency = named(_LAST, _BETWEEN, _SHARE, _VISITS, _MONEY, _VALUE, _UNIT, _TENURE)
        visits = [n for n in named(_VISITS, _MEAN, _SHARE) if n not in of_time]
        opened = [n for n in named(_ENGAGED, _MEAN) if n not in of_time]
        return cls(
            amounts={name: _window(name) for name in amounts[:3]},
            orders={name: _window(name) for name in orders[:4]},
            each=first([n for n in named(_VALUE, _LAST, _UNIT) if numeric[n] & (_MEAN | {"aov"})]),
            tenure=first(named(_TENURE, _LAST - {"since"})),
            recency=first(recency),
            gap=first(named(_BETWEEN, {"variation", "over"})),
            visits=tuple(visits[:2]),
            engaged=tuple(dict.fromkeys((*visits[:1], *opened)))[:4],
            shares=tuple(named(_SHARE, _BACK)[:4]),
        )


_MEAN = {"avg", "average", "mean", "median", "max", "min", "largest", "smallest", "per", "last"}
_SHARE = {"rate", "share", "ratio", "pct", "percent"}
_BACK = {"refund", "refunds", "return", "returned", "returns", "cancelled", "trend", "points"}
_MONEY = {"spend", "spending", "spent", "revenue", "monetary", "sales", "turnover", "history"}
_ORDERS = {"orders", "purchases", "transactions", "frequency"}
_VALUE = {"value", "amount", "aov", "basket"}
_UNIT = {"unit", "item", "items", "price"}
_TENURE = {"tenure", "signup", "registration", "registered", "joined"}
_LAST = {"since", "last", "recency", "ago"}
_BETWEEN = {"between", "gap", "interval", "interpurchase"}
_VISITS = {"sessions", "visits", "visit", "logins", "session"}
_ENGAGED = {"opens", "clicks", "open", "click", "engagement", "activity", "affinity", "wishlist"}
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def _window(name: str) -> float | None:
    """The days that the name says it looks back on ("spend_90d"), or None where it says nothing."""
    for word in words(name):
        if told := re.fullmatch(r"(\d{1,4})(d|w|m|y)(?:ays?|eeks?|onths?|ears?)?", word):
            return float(told[1]) * _DAYS[told[2]]
    return None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _numbers(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names or not _is_number(table.schema.field(name).type):
        return np.full(table.num_rows, np.nan)
    values = table[name].cast(pa.float64(), safe=False).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)
