"""Preparation: a customer table to the design of a spend model, with its season and its arm.

Beside what the encoder does: the date of a campaign becomes its month, so that the next July is
known by the last one; a column that only names the date (the campaign's id) is left out, as nothing
of it can be said about the next campaign; and the arm of a campaign is a column like any other.
"""

__all__ = ["Preparation"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.features.derived import Derived, apply
from patron.features.encode import Design, Encoder, read_as
from patron.schema import Column, Role, Schema
from patron.schema.look import words

MOST_DATES = 12
"""A date column with more different days than these is a date of the customer, not of campaigns."""
FEWEST_ROWS = 20
"""Rows that a day of a campaign has at least, on average."""
MOST_ARMS = 12
_ARM = {"treatment", "treated", "arm", "contacted"}


@dataclass(frozen=True)
class Preparation:
    """How the columns of a table become those of a design.

    Parameters
    ----------
    seasons : date columns that become their month.
    arm : the column that says who was contacted, or how; None where there is none.
    derived : what is made of the table's columns first.
    encoder : the rest.
    notes : sentences on what was done and why.
    """

    seasons: tuple[str, ...]
    arm: str | None
    derived: tuple[Derived, ...]
    encoder: Encoder
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        table: pa.Table,
        schema: Schema,
        target: NDArray[np.float64] | None = None,
        *,
        derived: Iterable[Derived] = (),
        arm: str | None = None,
    ) -> "Preparation":
        """Learn from the rows of `table`; `arm` names the arm, else a role or a name does.

        Raises
        ------
        DataError
            No column has a role that may reach a model.
        """
        derived = tuple(derived)
        notes: list[str] = []
        arm = arm or schema.one(Role.TREATMENT) or _arm(table, schema)
        as_of = schema.one(Role.AS_OF)
        dates = [name for name in schema.names(Role.DATE) if not as_of and _campaign(table, name)]
        if as_of is not None:
            dates = [as_of]
        seasons = tuple(name for name in dates if len(_seen(table, name)) > 1)
        columns = []
        for column in schema.columns:
            if column.name == arm:
                columns.append(replace(column, role=Role.CATEGORY))
            elif column.role == Role.DATE and column.name in dates:
                notes.append(
                    f"{column.name} has {_days_of(table, column.name)} days, each of many rows: it "
                    "is taken for the date of campaigns, of which a model sees the month. If it is "
                    "a date of the customer, name the date of the rows: [table] as_of."
                )
            elif column.role == Role.CATEGORY and (date := _only_names(table, column.name, dates)):
                notes.append(
                    f"{column.name} says no more than {date}, and a new one would say nothing; it "
                    "is left out."
                )
            else:
                columns.append(column)
        table, roles = apply(table, Schema(tuple(columns)), derived)
        for name in seasons:
            table, roles = _with_month(table, roles, name)
            seen = sorted(pc.unique(table[_name(name)].drop_null()).to_pylist())
            left = 12 - len(seen)
            others = f"; for the other {left} the average of those seen is taken" if left else ""
            notes.append(
                f"The season is the month of {name}: learned are {', '.join(map(_month, seen))}"
                f"{others}."
            )
        for name in dates:
            if name not in seasons:
                notes.append(f"All rows of {name} are of one month: no season can be learned.")
        encoder = Encoder.fit(table, roles, target)
        return cls(seasons, arm, derived, encoder, tuple(notes))

    def design(self, table: pa.Table | pa.RecordBatch) -> Design:
        """The design of `table`'s rows."""
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        there = [each for each in self.derived if set(each.columns) <= set(table.column_names)]
        table, _ = apply(table, Schema(()), there)
        unreadable: dict[str, int] = {}
        for name in self.seasons:
            if name in table.column_names:
                known = len(table) - table[name].null_count
                table, _ = _with_month(table, Schema(()), name)
                month = _name(name)
                read = len(table) - table[month].null_count if month in table.column_names else 0
                unreadable[name] = known - read
        design = self.encoder.transform(table)
        design.warnings.update({("unreadable value", n): k for n, k in unreadable.items() if k})
        return design

    def arms(self, design: Design) -> NDArray[np.str_] | None:
        """The arm of each row of a design, as the encoder reads it; None where there is none.

        "" where it is missing, "other" where it was not learned.
        """
        if self.arm is None or self.arm not in design.levels:
            return None
        labels = np.array([*design.levels[self.arm], ""])
        codes = design.matrix[:, design.names.index(self.arm)]
        return labels[np.where(np.isnan(codes), len(labels) - 1, codes).astype(np.intp)]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The table's columns that it reads."""
        made = {each.name for each in self.derived} | set(self.months)
        own = (rule["name"] for rule in self.encoder.columns if rule["name"] not in made)
        parts = (column for each in self.derived for column in each.columns)
        arm = (self.arm,) if self.arm else ()
        return tuple(dict.fromkeys((*own, *parts, *self.seasons, *arm)))

    @property
    def months(self) -> tuple[str, ...]:
        """The columns of months that it makes."""
        return tuple(_name(date) for date in self.seasons)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "seasons": list(self.seasons),
            "arm": self.arm,
            "derived": [each.to_dict() for each in self.derived],
            "encoder": self.encoder.to_dict(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Preparation":
        """The Preparation that `to_dict` wrote."""
        return cls(
            tuple(fields["seasons"]),
            fields["arm"],
            tuple(Derived.from_dict(each) for each in fields["derived"]),
            Encoder.from_dict(fields["encoder"]),
            tuple(fields["notes"]),
        )


def _arm(table: pa.Table, schema: Schema) -> str | None:
    """The one feature that is named like an arm and has few values."""
    named = [
        name
        for name in schema.names(Role.FLAG, Role.CATEGORY)
        if _ARM & set(words(name)) and 2 <= pc.count_distinct(table[name]).as_py() <= MOST_ARMS
    ]
    return named[0] if len(named) == 1 else None


def _days_of(table: pa.Table, name: str) -> int:
    """How many different days a column of dates has; 0 where it has none."""
    moments = _moments(table[name])
    if moments is None:
        return 0
    return int(pc.count_distinct(moments.cast(pa.date32(), safe=False)).as_py())


def _campaign(table: pa.Table, name: str) -> bool:
    """Whether the column's days are those of campaigns: few, and each of many rows."""
    days = _days_of(table, name)
    return bool(days and days <= MOST_DATES and table.num_rows >= FEWEST_ROWS * days)


def _only_names(table: pa.Table, name: str, dates: Iterable[str]) -> str | None:
    """The campaign date that a category is another name of, one to one."""
    for date in dates:
        pairs = table.select([name, date]).group_by([name, date]).aggregate([]).num_rows
        counts = [pc.count_distinct(table[column], mode="all").as_py() for column in (name, date)]
        if pairs == counts[0] == counts[1]:
            return date
    return None


def _seen(table: pa.Table, date: str) -> list[str]:
    """The months of a date column."""
    moments = _moments(table[date])
    return [] if moments is None else pc.unique(_months(moments).drop_null()).to_pylist()


def _name(date: str) -> str:
    return f"month of {date}"


def _month(number: str) -> str:
    names = "January February March April May June July August September October November December"
    return names.split()[int(number) - 1]


def _moments(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Dates, as such or as text, as moments; None where they are no dates."""
    if pa.types.is_string(values.type):
        values = read_as("date32[day]", values)[0]
    if not pa.types.is_temporal(values.type) or values.null_count == len(values):
        return None
    return values.cast(pa.timestamp("us"))


def _months(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """The month as two digits."""
    return pc.utf8_lpad(pc.month(moments).cast(pa.string()), 2, "0")


def _with_month(table: pa.Table, schema: Schema, date: str) -> tuple[pa.Table, Schema]:
    moments = _moments(table[date])
    if moments is None:
        return table, schema
    column = Column(_name(date), Role.CATEGORY, "the season of a campaign", "string")
    table = table.append_column(column.name, _months(moments))
    return table, Schema((*schema.columns, column))
