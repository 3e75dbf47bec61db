"""The declared space: customers as positions on axes, by ranks on a fixed grid.

Each column becomes its mid-rank among the customers that were learned from (its place in their
order, ties in the middle), scaled to mean 0 and standard deviation 1: a heavy tail then weighs no
more than its order. An axis is the mean of its known columns, clipped at ±3.5. The grid is kept, so
that next month's customers are measured by this month's ruler.
"""

__all__ = ["CLIP", "Placed", "SegmentSpace", "check_finite"]

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.errors import DataError
from patron.features.encode import Encoder
from patron.models.segment_axes import Axis, numeric_columns
from patron.schema import Role, Schema

Floats = NDArray[np.floating[Any]]

CLIP = 3.5
KNOTS = 1_001
"""A column with more different values than these is kept as so many quantiles, and ties whole."""


@dataclass(frozen=True)
class Placed:
    """Customers in the declared space.

    Parameters
    ----------
    positions : float32 [rows, axes], finite.
    flagged : where a customer has no value on an axis and stands at its median [rows, axes].
    warnings : how often each rule for the unexpected was used, by (what happened, column).
    """

    positions: NDArray[np.float32]
    flagged: NDArray[np.bool_]
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Ruler:
    """Where a value of one column stands: `scores` at the `values`, straight lines between."""

    values: Floats
    scores: Floats

    @classmethod
    def fit(cls, column: Floats) -> "_Ruler":
        known = np.sort(column[~np.isnan(column)].astype(np.float64))
        distinct, first, count = np.unique(known, return_index=True, return_counts=True)
        middle = (first + count / 2) / len(known)
        centre = float(count @ middle) / len(known)  # one half
        spread = float(np.sqrt(count @ (middle - centre) ** 2 / len(known))) or 1.0
        if len(distinct) > KNOTS:
            quantiles = np.linspace(0, len(known) - 1, KNOTS).astype(int)
            kept = np.searchsorted(distinct, known[quantiles])
            tied = np.flatnonzero(count > len(known) / KNOTS)  # no line leads into a large tie
            kept = np.unique(np.clip([*kept, *(tied - 1), *(tied + 1)], 0, len(distinct) - 1))
            distinct, middle = distinct[kept], middle[kept]
        return cls(distinct, (middle - centre) / spread)

    def __call__(self, column: Floats) -> Floats:
        scores = np.interp(column, self.values, self.scores)
        return np.where(np.isnan(column), np.nan, scores)


class SegmentSpace:
    """Learns where customers stand on axes, and says it of others.

    Parameters
    ----------
    axes : the declared axes.
    schema : the roles of their columns, and of `as_of`.
    """

    def __init__(
        self,
        axes: tuple[Axis, ...],
        schema: Schema,
        rulers: Mapping[str, _Ruler],
        medians: Floats,
    ) -> None:
        self.axes = axes
        self.schema = schema
        self._rulers = dict(rulers)
        self._medians = medians
        self._encoder = Encoder(
            tuple(
                {"name": c.name, "kind": _kind(c.role), "indicator": False} for c in _own(schema)
            ),
            schema.one(Role.AS_OF),
        )

    @classmethod
    def fit(cls, table: pa.Table, schema: Schema, axes: tuple[Axis, ...]) -> "SegmentSpace":
        """Learn the rulers and the medians from the rows of `table`."""
        names = {name for axis in axes for name in axis.names}
        chosen = Schema(tuple(c for c in schema.columns if c.name in names or c.role == Role.AS_OF))
        numbers = numeric_columns(table, chosen, flags=True)
        rulers = {name: _Ruler.fit(numbers[name]) for name in (c.name for c in _own(chosen))}
        space = cls(axes, chosen, rulers, np.zeros(len(axes)))
        raw = space._means(np.column_stack([numbers[name] for name in space.inputs]))
        space._medians = np.array([np.nanmedian(each) for each in raw.T])
        return space

    @property
    def inputs(self) -> tuple[str, ...]:
        """The table's columns that it reads."""
        return tuple(column.name for column in _own(self.schema))

    def place(self, table: pa.Table) -> Placed:
        """Where the rows of `table` stand; a missing column counts as missing values."""
        matrix, warnings = self.read(table)
        raw = self._means(matrix)
        flagged = np.isnan(raw)
        return Placed(self._placed(raw), flagged, warnings)

    def read(self, table: pa.Table) -> tuple[Floats, Counter[tuple[str, str]]]:
        """The columns of the axes as numbers [rows, inputs], and what was unexpected."""
        design = self._encoder.transform(table)
        return design.matrix, design.warnings

    def positions_of(self, matrix: Floats) -> NDArray[np.float32]:
        """Where rows of numbers [rows, inputs] stand [rows, axes]."""
        return self._placed(self._means(matrix))

    def _placed(self, raw: Floats) -> NDArray[np.float32]:
        filled = np.where(np.isnan(raw), self._medians, raw)
        return np.clip(filled, -CLIP, CLIP).astype(np.float32)

    def _means(self, matrix: Floats) -> Floats:
        """The mean of the known columns of each axis, NaN where none is known [rows, axes]."""
        rows, place_of = len(matrix), {name: j for j, name in enumerate(self.inputs)}
        means = np.full((rows, len(self.axes)), np.nan)
        for place, axis in enumerate(self.axes):
            total, known = np.zeros(rows), np.zeros(rows)
            for column in axis.columns:
                score = self._rulers[column.name](matrix[:, place_of[column.name]])
                there = ~np.isnan(score)
                total += np.where(there, column.sign * score, 0.0)
                known += there
            np.divide(total, known, out=means[:, place], where=known > 0)
        return means

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "axes": [axis.to_dict() for axis in self.axes],
            "schema": self.schema.to_dict(),
            "rulers": {
                name: {"values": ruler.values.tolist(), "scores": ruler.scores.tolist()}
                for name, ruler in self._rulers.items()
            },
            "medians": self._medians.tolist(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "SegmentSpace":
        """The space that `to_dict` wrote."""
        rulers = {
            name: _Ruler(np.array(each["values"], float), np.array(each["scores"], float))
            for name, each in fields["rulers"].items()
        }
        space = cls(
            tuple(Axis.from_dict(each) for each in fields["axes"]),
            Schema.from_dict(fields["schema"]),
            rulers,
            np.array(fields["medians"], float),
        )
        _check(space)
        return space


def _own(schema: Schema) -> list[Any]:
    return [column for column in schema.columns if column.role != Role.AS_OF]


def _kind(role: Role) -> str:
    return role.value if role in (Role.DATE, Role.FLAG) else "number"


def _check(space: SegmentSpace) -> None:
    """Refuse parts that do not fit each other."""
    named = {name for axis in space.axes for name in axis.names}
    rulers = space._rulers
    whole = named == set(rulers) == set(space.inputs) and len(space._medians) == len(space.axes)
    if not whole or not np.isfinite(space._medians).all():
        raise ValueError("the axes of the segments and their rulers do not fit each other")
    for ruler in rulers.values():
        if not len(ruler.values) or len(ruler.values) != len(ruler.scores):
            raise ValueError("a ruler of the segments is broken")
        if (
            not np.isfinite([*ruler.values, *ruler.scores]).all()
            or (np.diff(ruler.values) <= 0).any()
        ):
            raise ValueError("a ruler of the segments is broken")


def check_finite(table: pa.Table, names: Sequence[str]) -> None:
    """A DataError where one of the columns `names` has infinite values."""
    for name in names:
        if name in table.column_names and pa.types.is_floating(table[name].type):
            count = pc.sum(pc.is_inf(table[name])).as_py() or 0
            if count:
                raise DataError(
                    f'column "{name}": {count:,} of {table.num_rows:,} values are infinite; '
                    "numbers are expected. Set them to missing, or give the column the role ignore."
                )
