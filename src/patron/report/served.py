"""Whom the model serves how well: the groups of customers that its evidence is shown by."""

__all__ = ["Grouping", "groupings"]

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.features.encode import Design, read_as
from patron.report.numbers import short
from patron.schema import Role, Schema

MOST_LEVELS = 12
"""A category of more levels than these shows the commonest, and the others as one."""

MOST_CATEGORIES = 4
FEWEST_SHARE = 0.01
"""A group of less than this share of the customers is not shown."""

FEWEST = 20
"""Nor one of fewer customers: a group must not be a person."""

_PLACES = re.compile(r"region|country|state|city|area|market|location", re.IGNORECASE)
_DEVICES = re.compile(r"device|platform|browser|os$|operating|channel|source", re.IGNORECASE)
_STATUS = re.compile(r"account|guest|type|tier|status|member|segment|loyal", re.IGNORECASE)
_TENURE = re.compile(
    r"tenure|account_age|customer_age|days_since_(sign|regis|first)", re.IGNORECASE
)
_ORDERS = re.compile(
    r"^(n_|num_|total_)?(orders|purchases)|(orders|purchases)_(count|total|\d+d)", re.IGNORECASE
)


@dataclass(frozen=True)
class Grouping:
    """Customers by one property.

    Parameters
    ----------
    by : what they are grouped by.
    kind : "category", "stage", "gap" (what is missing) or "month".
    because : why it is shown.
    labels : the group of each row; "" for those that are in none.
    """

    by: str
    kind: str
    because: str
    labels: NDArray[np.str_]


def groupings(table: pa.Table, schema: Schema, design: Design, asked: pa.Table) -> list[Grouping]:
    """The groups of the rows of `table`, which `design` encodes.

    The columns that the Study asks for (`asked`, of the same rows); region, device and the like by
    their names; how long somebody has been a customer and how often they ordered; and the customers
    of whom the same columns are missing, as guests and new customers are.
    """
    found = [_of_column(asked, name, "the Study asks for it") for name in asked.column_names]
    found += [
        _of_column(table, name, "the model may serve some of them better than others")
        for name in _telling(table, schema)
        if name not in asked.column_names
    ]
    found += [*_stages(table, schema), *_gaps(design)]
    return [each for each in found if len(np.unique(each.labels[each.labels != ""])) > 1]


def _telling(table: pa.Table, schema: Schema) -> list[str]:
    """Categories of few levels: places, devices and kinds of account first."""
    names = [
        name
        for name in schema.names(Role.CATEGORY)
        if 2 <= pc.count_distinct(table[name]).as_py() <= MOST_LEVELS
    ]

    def rank(name: str) -> int:
        kinds = (_PLACES, _DEVICES, _STATUS)
        return next((place for place, kind in enumerate(kinds) if kind.search(name)), len(kinds))

    return sorted(names, key=rank)[:MOST_CATEGORIES]


def _of_column(table: pa.Table, name: str, because: str) -> Grouping:
    """By a category's or flag's values; by quarters of a number of many values."""
    values = table[name].combine_chunks()
    if (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)) and (
        pc.count_distinct(values).as_py() > MOST_LEVELS
    ):
        return Grouping(name, "category", because, _quarters(values))
    text = values.cast(pa.string())
    counted = sorted(
        (-each["counts"], each["values"]) for each in pc.value_counts(text.drop_null()).to_pylist()
    )
    common = [value for _, value in counted[:MOST_LEVELS]]
    known = pc.is_in(text, value_set=pa.array(common, pa.string()))
    labels = pc.if_else(known, text, "other values")
    labels = pc.fill_null(pc.if_else(text.is_valid(), labels, "unknown"), "unknown")
    return Grouping(name, "category", because, _enough(labels.to_numpy(zero_copy_only=False)))


def _quarters(values: pa.Array) -> NDArray[np.str_]:
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = numbers[~np.isnan(numbers)]
    cuts = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if len(known) else np.zeros(0)
    place = np.searchsorted(cuts, numbers, side="left")
    names = [
        *(
            f"up to {short(cut)}" if not k else f"{short(cuts[k - 1])} to {short(cut)}"
            for k, cut in enumerate(cuts)
        ),
        f"above {short(cuts[-1])}" if len(cuts) else "all",
    ]
    return np.where(np.isnan(numbers), "unknown", np.array(names)[place])


def _stages(table: pa.Table, schema: Schema) -> Iterator[Grouping]:
    """New or old, and how often they ordered, from the columns whose names say so."""
    numbers = schema.names(Role.NUMBER, Role.COUNT, Role.MONEY)
    tenure = next((name for name in numbers if _TENURE.search(name)), None)
    if tenure:
        days = _numbers(table, tenure)
        labels = np.select(
            [np.isnan(days), days < 90, days < 365],
            ["unknown", "new: under 90 days", "90 days to a year"],
            "a year and more",
        )
        yield Grouping(tenure, "stage", "new customers are known least", _enough(labels))
    ordered = [name for name in numbers if _ORDERS.search(name)]
    if ordered:
        widest = max(ordered, key=_window)
        orders = _numbers(table, widest)
        labels = np.select(
            [np.isnan(orders), orders < 1, orders < 2, orders < 5],
            ["unknown", "no order", "one order", "2 to 4 orders"],
            "5 orders and more",
        )
        because = "loyal customers are known best, and guests least"
        yield Grouping(widest, "stage", because, _enough(labels))


def _window(name: str) -> float:
    """The days that a count looks back; without a number, all of them."""
    days = re.search(r"(\d+)_?d", name)
    return float(days[1]) if days else np.inf


def _gaps(design: Design) -> Iterator[Grouping]:
    """Customers of whom the same columns are missing."""
    gone = np.isnan(design.matrix)
    blocks: dict[bytes, list[int]] = {}
    for place, name in enumerate(design.names):
        share = gone[:, place].mean()
        if name == design.sources[place] and FEWEST_SHARE <= share <= 1 - FEWEST_SHARE:
            blocks.setdefault(np.packbits(gone[:, place]).tobytes(), []).append(place)
    largest = sorted(blocks.values(), key=lambda places: (-len(places), places))
    for places in largest[:3]:
        names = [design.names[place] for place in places]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        labels = np.where(gone[:, places[0]], "missing", "known")
        because = "what is missing is not filled in: it is a value of its own, judged on its own"
        yield Grouping(shown, "gap", because, labels)


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    values = read_as("double", table[name])[0].combine_chunks().cast(pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _enough(labels: NDArray[np.str_]) -> NDArray[np.str_]:
    """Without the groups that are too small to be shown."""
    labels = np.asarray(labels, dtype=np.str_)
    names, counts = np.unique(labels, return_counts=True)
    small = names[counts < max(FEWEST, FEWEST_SHARE * len(labels))]
    return np.where(np.isin(labels, small), "", labels)
