"""Draft: a world while faults are planted in it."""

__all__ = ["DAYS", "NUMERIC", "Draft", "Fault", "between"]

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.schema import FEATURE_ROLES, Role, Schema, binary_target, infer
from patron.worlds.base import Planted, World

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

DAYS = frozenset({"days", "tenure", "recency"})
"""Words of columns that count days."""

NUMERIC = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)

# What a new column is called: names that a shop's tables have and that say nothing of the answer.
_NAMES = (
    *("account_level", "care_score", "contact_grade", "crm_points", "erp_state", "file_mark"),
    *("fulfilment_grade", "kpi_7", "ledger_a", "ledger_b", "loyal_mark", "momentum", "note_level"),
    *("partner_score", "priority", "profile_mark", "readiness", "relation_a", "relation_b"),
    *("service_level", "stage", "system_score", "touch_a", "touch_b", "wave", "workflow_state"),
)


@dataclass
class Draft:
    """What planting works on.

    Parameters
    ----------
    table, truth : of the world, row by row beside each other.
    schema : the roles of the table's columns before anything was planted.
    study_text : the Study, which a fault may add to.
    y : the target as float64; 0 and 1, or amounts.
    rng : draws everything.
    taken : columns that a fault is in, or that one was made from; no other fault touches them.
    planted : what was planted so far.
    """

    table: pa.Table
    truth: pa.Table
    schema: Schema
    study_text: str
    y: Floats
    rng: np.random.Generator
    taken: set[str] = field(default_factory=set)
    planted: list[Planted] = field(default_factory=list)

    @classmethod
    def of(cls, world: World, rng: np.random.Generator) -> "Draft":
        """The draft of a world as it is; its own faults' columns are taken."""
        study = tomllib.loads(world.study_text)
        table, spend = study["table"], study.get("spend", {}).get("target")
        purchase = study.get("purchase", {}).get("target")
        as_of = table.get("as_of")
        target = purchase or spend
        schema = infer(
            world.table,
            entity=table.get("entity"),
            as_of=as_of if as_of in world.table.column_names else None,
            updated=table.get("updated"),
            targets=[target],
            treatment=study.get("campaign", {}).get("treatment"),
        )
        if purchase:
            y = binary_target(world.table, purchase).values
        else:
            y = world.table[spend].cast(pa.float64()).to_numpy().astype(np.float64)
        taken = {name for fault in world.faults for name in fault.columns}
        return cls(
            world.table, world.truth, schema, world.study_text, y, rng, taken, list(world.faults)
        )

    @property
    def rows(self) -> int:
        """How many rows the table has now."""
        return int(self.table.num_rows)

    @property
    def target(self) -> str:
        """The target's column."""
        return str(self.schema.one(Role.TARGET))

    @property
    def entity(self) -> str | None:
        """The customer's column."""
        return self.schema.one(Role.ENTITY)

    @property
    def as_of(self) -> str | None:
        """The column with the date that each row is of."""
        return self.schema.one(Role.AS_OF)

    @property
    def binary(self) -> bool:
        """Whether the target is 0 and 1."""
        return bool(np.isin(self.y[np.isfinite(self.y)], (0.0, 1.0)).all())

    @property
    def yes(self) -> Truths:
        """The rows with the answer: who buys; who spends, if that is fewer; else the top fifth."""
        if self.binary or 0.1 < (self.y > 0).mean() < 0.5:
            return self.y > 0
        return self.y > np.quantile(self.y, 0.8)

    @property
    def scaled(self) -> Floats:
        """The answer with mean 0 and variance 1; of an amount, its logarithm."""
        y = self.y if self.binary else np.log1p(np.maximum(self.y, 0))
        return (y - y.mean()) / max(float(y.std()), 1e-12)

    def free(self, *roles: Role) -> list[str]:
        """The columns of these roles (default: all that reach a model) that no fault is in."""
        names = self.schema.names(*(roles or FEATURE_ROLES))
        return [n for n in names if n not in self.taken and n in self.table.column_names]

    def values(self, name: str) -> Floats:
        """A column of numbers, flags or dates (in days) as float64, NaN where missing."""
        column = self.table[name]
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.date32()).cast(pa.int32())
        return np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)

    def texts(self, name: str) -> NDArray[np.object_]:
        """A column as texts, None where missing."""
        return np.array(self.table[name].cast(pa.string()).to_pylist(), dtype=object)

    def one(self, names: Iterable[str]) -> str | None:
        """One of the names by chance, which is taken then; None where there is none."""
        names = list(names)
        if not names:
            return None
        name = names[int(self.rng.integers(len(names)))]
        self.taken.add(name)
        return name

    def some(self, share: float) -> Truths:
        """So large a share of the rows, drawn by chance."""
        return self.rng.random(self.rows) < share

    def put(self, name: str, values: Any) -> None:
        """Replace a column; numbers become whole ones or dates again where they were and fit."""
        old = self.table.schema.field(name).type
        place = self.table.column_names.index(name)
        self.table = self.table.set_column(place, name, _arrow(values, old))

    def empty(self, name: str, rows: Truths) -> None:
        """Set a column to missing in these rows."""
        old = self.table[name]
        self.put(name, pc.if_else(pa.array(rows), pa.scalar(None, old.type), old))

    def add(self, values: Any, name: str | None = None, *, dtype: Any = None) -> str:
        """A new column somewhere in the table; its name."""
        free = [each for each in _NAMES if each not in self.table.column_names]
        name = name or free[int(self.rng.integers(len(free)))]
        place = int(self.rng.integers(1, self.table.num_columns))
        self.table = self.table.add_column(place, name, _arrow(values, dtype))
        self.taken.add(name)
        return name

    def take(self, rows: NDArray[np.integer[Any]]) -> None:
        """Keep, repeat or reorder rows; the truth and what was planted follow."""
        index = pa.array(rows)
        self.table, self.truth = self.table.take(index), self.truth.take(index)
        self.y = self.y[rows]
        self.planted = [replace(each, rows=each.rows[rows]) for each in self.planted]

    def fault(
        self,
        kind: str,
        codes: tuple[str, ...],
        columns: str | Iterable[str],
        strength: float,
        says: str,
        rows: Truths | None = None,
    ) -> list[Planted]:
        """The record of one fault; `rows` are all where they are not given."""
        columns = (columns,) if isinstance(columns, str) else tuple(columns)
        rows = np.ones(self.rows, dtype=bool) if rows is None else rows
        return [Planted(kind, codes, columns, rows, round(strength, 3), says)]

    def say(self, section: str, line: str) -> None:
        """Add a line to a section of the Study."""
        self.study_text = self.study_text.replace(f"[{section}]\n", f"[{section}]\n{line}\n", 1)


Fault = Callable[[Draft, float], list[Planted] | None]
"""Plants at a strength from 0 to 1; None where the draft has no place for it."""


def between(strength: float, weakest: float, strongest: float) -> float:
    """What belongs to a strength from 0 to 1.

    >>> between(0.5, 0.1, 0.3)
    0.2
    """
    return weakest + strength * (strongest - weakest)


def _arrow(values: Any, dtype: Any) -> pa.Array:
    if not (isinstance(values, np.ndarray) and values.dtype.kind == "f"):
        return pa.array(values, type=dtype if isinstance(values, list) else None)
    array = pa.array(values, from_pandas=True)
    known = values[np.isfinite(values)]
    infinite = np.isinf(values).any()
    if dtype is None or infinite or not np.array_equal(known, known.round()):
        return array
    if pa.types.is_date(dtype):
        return array.cast(pa.int32()).cast(dtype)
    if pa.types.is_timestamp(dtype):
        return array.cast(pa.int32()).cast(pa.date32()).cast(dtype)
    return array.cast(dtype) if pa.types.is_integer(dtype) else array
