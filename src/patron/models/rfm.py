"""RFM: the classic groups by how recent, how frequent and how much, in fifths."""

__all__ = ["GRID", "NAMES", "Rfm", "rfm"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit.base import CannotSay
from patron.features.encode import Encoder
from patron.models.segment_axes import Axis
from patron.models.segment_columns import orders_column, recency_column, revenue_column
from patron.schema import Role, Schema, no_such_column

Floats = NDArray[np.float64]

NAMES = (
    *("Champions", "Loyal", "Potential loyalists", "New", "Promising", "Need attention"),
    *("About to sleep", "At risk", "Cannot lose them", "Hibernating", "Lost"),
)
GRID = (
    ("Lost", "Hibernating", "At risk", "At risk", "Cannot lose them"),
    ("Hibernating", "Hibernating", "At risk", "At risk", "Cannot lose them"),
    ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    ("Promising", "Potential loyalists", "Potential loyalists", "Loyal", "Loyal"),
    ("New", "Potential loyalists", "Potential loyalists", "Champions", "Champions"),
)
"""Rows: the recency score from 1 to 5; columns: the mean of the other two scores from 1 to 5."""

FIFTHS = 5
FEWEST = 50
LEAST_SCORES = 2


@dataclass(frozen=True)
class Rfm:
    """Customers in the eleven groups of RFM.

    Parameters
    ----------
    recency, frequency, monetary : the columns that were read.
    scores : recency, frequency and monetary, each from 1 to 5 (5: lately, often, much) [rows, 3].
    labels : the group as an index of `names` [rows].
    because : a sentence on what was read and how.
    """

    recency: str
    frequency: str
    monetary: str
    scores: NDArray[np.int8]
    labels: NDArray[np.intp]
    because: str
    names: tuple[str, ...] = NAMES

    def table(self, revenue: Floats | None = None) -> list[dict[str, Any]]:
        """The groups that have customers: `name`, `size`, `share` and `revenue_share`.

        Parameters
        ----------
        revenue : what each customer spent [rows]; missing counts as nothing.
        """
        size = np.bincount(self.labels, minlength=len(self.names))
        worth = None if revenue is None else np.nan_to_num(revenue, posinf=0.0, neginf=0.0)
        sums = np.bincount(self.labels, weights=worth, minlength=len(self.names))
        total = 0.0 if worth is None else float(worth.sum())
        return [
            {
                "name": name,
                "size": int(size[place]),
                "share": float(size[place] / len(self.labels)),
                "revenue_share": float(sums[place]) / total if total > 0 else None,
            }
            for place, name in enumerate(self.names)
            if size[place]
        ]


def rfm(
    table: pa.Table,
    schema: Schema,
    axes: Sequence[Axis] = (),
    columns: Mapping[str, str] | None = None,
) -> Rfm | CannotSay:
    """Score customers in fifths of recency, frequency and monetary value, and name the groups.

    A score is 1 plus the number of whole fifths that lie strictly below: of all customers for
    recency, of those above 0 for orders and money, since RFM grades buyers and who has none has 1.
    Tied customers so share the lowest of their places, and nobody's score depends on the order of
    rows. Missing values count as the lowest, as of somebody who never bought.

    Source: Hughes (1994), Strategic Database Marketing, for the fifths. The names have no single
    source: they are those in use among marketers, on the usual grid of recency by the mean of the
    other two scores (rounded up), with "Lost" for the lowest cell.

    Parameters
    ----------
    axes : the declared axes; money on the value axis is preferred.
    columns : "recency", "frequency" and "monetary", where their names do not say it. A recency is
        days since the last purchase, or its date.

    Returns
    -------
    The groups; or, with the reason, that the table does not say one of the three, that one of them
    is the same for all, or that fewer than 50 customers are there.

    Raises
    ------
    ValueError
        `columns` names a column that is not there.
    """
    named = dict(columns or {})
    for name in named.values():
        if name not in table.column_names:
            raise ValueError(no_such_column(name, table.column_names))
    if table.num_rows < FEWEST:
        return CannotSay(f"fifths of {table.num_rows:,} customers would be too small")
    recency = named.get("recency") or recency_column(table, schema)
    frequency = named.get("frequency") or orders_column(table, schema)
    monetary = named.get("monetary") or revenue_column(table, schema, axes)[0]
    what = {
        "when customers last bought": recency,
        "how many orders they made": frequency,
        "what they spent in all": monetary,
    }
    lacking = [said for said, name in what.items() if name is None]
    if recency is None or frequency is None or monetary is None:
        return CannotSay(f"no column says {' or '.join(lacking)}")
    dated = schema[recency].role == Role.DATE if recency in schema else False
    values = [_read(table, name, dated and name == recency) for name in (*what.values(),) if name]
    missing = int(np.isnan(values).any(axis=0).sum())
    if not dated:
        values[0] = -values[0]
    values[1:] = [np.where(each > 0, each, np.nan) for each in values[1:]]
    scores = np.column_stack([_fifths(each) for each in values])
    for name, score in zip((recency, frequency, monetary), scores.T, strict=True):
        if len(np.unique(score)) < LEAST_SCORES:
            return CannotSay(f"{name} does not tell customers apart: one fifth holds them all")
    rest = (scores[:, 1] + scores[:, 2] + 1) // 2
    grid = np.array([[NAMES.index(name) for name in row] for row in GRID], dtype=np.intp)
    because = f"Fifths of {recency}, {frequency} and {monetary}; tied customers share the lowest."
    if missing:
        because += f" {missing:,} customers with a missing value count as the lowest in it."
    return Rfm(recency, frequency, monetary, scores, grid[scores[:, 0] - 1, rest - 1], because)


def _read(table: pa.Table, name: str, date: bool) -> Floats:
    """A column as numbers; a date as days."""
    rule = {"name": name, "kind": "date" if date else "number", "indicator": False}
    return Encoder((rule,)).transform(table.select([name])).matrix[:, 0].astype(np.float64)


def _fifths(values: Floats) -> NDArray[np.int8]:
    """1 to 5 by the share of the known values that lies strictly below; 1 where missing.

    >>> _fifths(np.array([np.nan, 1, 1, 1, 1, 2, 3, 3, 4, 5, 9])).tolist()
    [1, 1, 1, 1, 1, 3, 3, 3, 4, 5, 5]
    """
    known = np.sort(values[~np.isnan(values)])
    below = np.searchsorted(known, np.nan_to_num(values, nan=-np.inf), side="left")
    return (1 + FIFTHS * below // max(len(known), 1)).astype(np.int8)
