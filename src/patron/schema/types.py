"""The role of a column, and the columns of a table with their roles."""

__all__ = ["FEATURE_ROLES", "Column", "Role", "Schema", "no_such_column"]

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from patron.errors import nearest


class Role(StrEnum):
    """What a column is to the study."""

    ENTITY = "entity"
    AS_OF = "as_of"
    UPDATED = "updated"
    TARGET = "target"
    TREATMENT = "treatment"
    NUMBER = "number"
    MONEY = "money"
    COUNT = "count"
    RATE = "rate"
    CATEGORY = "category"
    FLAG = "flag"
    DATE = "date"
    TEXT = "text"
    IDENTIFIER = "identifier"
    FUTURE = "future"
    OUTCOME = "outcome"
    IGNORE = "ignore"


FEATURE_ROLES = (
    Role.NUMBER,
    Role.MONEY,
    Role.COUNT,
    Role.RATE,
    Role.CATEGORY,
    Role.FLAG,
    Role.DATE,
)
"""The roles that may reach a model."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its role, why it has that role, and its Arrow type as text."""

    name: str
    role: Role
    because: str
    dtype: str


@dataclass(frozen=True)
class Schema:
    """The columns of a table in their order, each with its role."""

    columns: tuple[Column, ...]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def names(self, *roles: Role) -> tuple[str, ...]:
        """The names of the columns that have one of `roles`, in the table's order."""
        return tuple(column.name for column in self.columns if column.role in roles)

    def one(self, role: Role) -> str | None:
        """The name of the only column with `role`, or None where there is none."""
        names = self.names(role)
        return names[0] if names else None

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that may reach a model."""
        return self.names(*FEATURE_ROLES)

    def without(self, names: Iterable[str]) -> "Schema":
        """The same schema, less the columns `names`."""
        gone = set(names)
        return Schema(tuple(column for column in self.columns if column.name not in gone))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Schema":
        """The Schema that `to_dict` wrote."""
        return cls(
            tuple(
                Column(**{**column, "role": Role(column["role"])}) for column in fields["columns"]
            )
        )


def no_such_column(
    name: str, columns: Iterable[str], *, table: str = "The table", named: str = ""
) -> str:
    """The sentence for a column that the table does not have; `named` says who named it.

    >>> no_such_column("spnding", ["age", "spending"], table="shop.csv", named="named by [spend]")
    'shop.csv has no column "spnding" (named by [spend]). The nearest is "spending". Columns: age,
    spending (2 in all; patron init shows them).'
    """
    columns = list(columns)
    guess = nearest(name, columns)
    hint = f' The nearest is "{guess}".' if guess else ""
    listed = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
    return (
        f'{table} has no column "{name}"{f" ({named})" if named else ""}.{hint} '
        f"Columns: {listed} ({len(columns):,} in all; patron init shows them)."
    )
