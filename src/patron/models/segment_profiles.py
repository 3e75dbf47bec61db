"""Profiles: who is in each segment, in the columns' own units."""

__all__ = ["profiles"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.audit.base import masked
from patron.features.encode import Encoder
from patron.metrics.interval import wilson_interval
from patron.models.phrases import phrase
from patron.models.segment_axes import Axis, numeric_columns
from patron.models.segment_campaigns import campaign
from patron.models.segment_columns import unit_of
from patron.schema import Role, Schema

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

EXAMPLES = 3
NEAREST = 0.1
"""Typical customers are drawn from this share of a segment, nearest its centre."""
MOST_NEAR = 1_000
DIGITS = 2
"""Values of an example are rounded to so many digits: a type, not a person's record."""
MOST_VALUES = 12
FEWEST = 50
"""A level is told where so many customers of the segment have it …"""
SMALLEST = 0.02
"""… and this share of the segment."""
TELLING = 110
"""An index below this is true perhaps, but of no use to anybody."""
MOST_LEVELS = 5
MOST_OF_A_COLUMN = 2
LEVEL = 0.95
MANY_ZEROS = 0.25
"""Where so many customers have 0, the share above 0 says more than a median of 0."""


def profiles(
    table: pa.Table,
    schema: Schema,
    axes: Sequence[Axis],
    positions: NDArray[np.float32],
    labels: Rows,
    ids: Sequence[str],
    *,
    revenue: Floats | None = None,
    entity: str | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """What each segment is like, one dict a segment in the order of `ids`.

    Parameters
    ----------
    table, schema : the customers, and the roles of their columns; only features are read.
    positions : where they stand [rows, axes].
    labels : their segment as an index of `ids` [rows].
    revenue : what each customer spent [rows]; missing counts as nothing.
    entity : the column that names the customer.
    seed : which of equally typical customers are shown.

    Returns
    -------
    size, share : customers of the segment, and their share of all.
    revenue : None, or `total`, `share` of all revenue and `each` (a customer's mean).
    axes : `axis`, `title`, `deviation` (from the mean of all, in standard deviations of all
        customers) and `position` (the mean in the declared space).
    medians : `column`, `role`, `unit`, `median`, `all` (of all customers), `missing` (share of the
        segment), and `above_zero`, `above_zero_all` (shares of the known) where many have 0, else
        None; `said` and `said_all` are the medians in words. The axes' columns come first.
    categories : levels that are over-represented: `column`, `level`, `share`, `all`, `index` (100:
        as common as among all), `low` and `high`. Shares are of those whose value is known. The
        interval is Wilson's for the segment's share at 95 % divided by all tests (Bonferroni), with
        the share of all taken as given, which makes it a little too wide. Only levels whose
        interval lies clearly above 100 are told.
    examples : up to three customers near the centre and unlike each other: `customer` (a short
        hash, or None without an entity) and `values` (rounded).
    campaign : what to do with them.
    """
    k = len(ids)
    order = np.argsort(labels, kind="stable")
    size = np.bincount(labels, minlength=k)
    members = np.split(order, np.cumsum(size)[:-1])
    deviations, means = _deviations(positions, members)
    numbers = _ordered(numeric_columns(table, schema), axes, schema)
    medians = [_medians(name, schema[name].role, v, members) for name, v in numbers.items()]
    categories = _categories(table, schema, labels, size)
    worth = None if revenue is None else np.nan_to_num(revenue, posinf=0.0, neginf=0.0)
    answer = []
    for place, own in enumerate(members):
        typical = _typical(table, entity, positions[own], own, seed + place)
        answer.append(
            {
                "size": len(own),
                "share": len(own) / max(len(labels), 1),
                "revenue": _revenue(worth, own),
                "axes": [
                    {
                        "axis": axis.name,
                        "title": axis.title,
                        "deviation": float(deviations[place, j]),
                        "position": float(means[place, j]),
                    }
                    for j, axis in enumerate(axes)
                ],
                "medians": [each[place] for each in medians],
                "categories": categories[place],
                "examples": _examples(table, axes, entity, numbers, typical),
                "campaign": campaign(deviations[place], axes),
            }
        )
    return answer


def _deviations(positions: NDArray[np.float32], members: list[Rows]) -> tuple[Floats, Floats]:
    """The means of the segments, in standard deviations from all and as they are."""
    overall = positions.mean(axis=0, dtype=np.float64)
    spread = positions.std(axis=0, dtype=np.float64)
    means = np.array(
        [positions[own].mean(axis=0, dtype=np.float64) if len(own) else overall for own in members]
    )
    return (means - overall) / np.where(spread > 0, spread, 1.0), means


def _ordered(
    numbers: dict[str, NDArray[Any]], axes: Sequence[Axis], schema: Schema
) -> dict[str, NDArray[Any]]:
    """The axes' columns, then the others in the table's order; dates only where an axis has one."""
    first = [name for axis in axes for name in axis.names if name in numbers]
    rest = [name for name in numbers if schema[name].role != Role.DATE and name not in first]
    return {name: numbers[name] for name in (*first, *rest)}


def _medians(
    name: str, role: Role, values: NDArray[Any], members: list[Rows]
) -> list[dict[str, Any]]:
    """The median of a column in each segment, beside that of all."""
    parts = [values[own] for own in members]
    known = [part[~np.isnan(part)] for part in parts]
    whole = np.concatenate(known)
    zeros = len(whole) - np.count_nonzero(whole)
    hollow = len(whole) and zeros >= MANY_ZEROS * len(whole) and whole.min() >= 0
    overall = _median(whole)
    answer = []
    for part, own in zip(parts, known, strict=True):
        median = _median(own)
        answer.append(
            {
                "column": name,
                "role": role.value,
                "unit": unit_of(name, role),
                "median": median,
                "all": overall,
                "missing": 1 - len(own) / len(part) if len(part) else None,
                "above_zero": float(np.mean(own > 0)) if hollow and len(own) else None,
                "above_zero_all": float(np.mean(whole > 0)) if hollow else None,
                "said": _said(name, role, median),
                "said_all": _said(name, role, overall),
            }
        )
    return answer


def _median(values: NDArray[Any]) -> float | None:
    return float(f"{np.median(values):.6g}") if len(values) else None


def _said(name: str, role: Role, value: float | None) -> str:
    """A median in words.

    >>> _said("orders_90d", Role.COUNT, 2.0), _said("last_order", Role.DATE, 31.0)
    ('2 orders in 90 days', 'last order 31 days ago')
    """
    words = phrase(name, role)
    if value is None:
        return words.unknown
    return words.of_number(value) + (" days ago" if role == Role.DATE else "")


def _categories(
    table: pa.Table, schema: Schema, labels: Rows, size: NDArray[np.intp]
) -> list[list[dict[str, Any]]]:
    """The over-represented levels of each segment, the highest index first."""
    found: list[list[dict[str, Any]]] = [[] for _ in size]
    counted = [
        (name, *_counted(table[name], schema[name].role, labels, len(size)))
        for name in schema.names(Role.CATEGORY, Role.FLAG)
        if name in table.column_names
    ]
    enough = [
        (name, levels, counts, _enough(counts))
        for name, levels, counts in counted
        if counts.sum() and (counts.sum(axis=0) > 0).sum() > 1
    ]
    tests = sum(int(told.sum()) for *_, told in enough)
    for name, levels, counts, told in enough:
        known = counts.sum(axis=1)
        overall = counts.sum(axis=0) / counts.sum()
        for place, code in zip(*(each.tolist() for each in np.nonzero(told)), strict=True):
            share = float(counts[place, code] / known[place])
            ends = wilson_interval(share, float(known[place]), 1 - (1 - LEVEL) / tests)
            index, low, high = (100 * each / float(overall[code]) for each in (share, *ends))
            if low >= 101 and index >= TELLING:
                found[place].append(
                    {
                        "column": name,
                        "level": levels[code],
                        "share": share,
                        "all": float(overall[code]),
                        "index": index,
                        "low": low,
                        "high": high,
                    }
                )
    return [_top(each) for each in found]


def _enough(counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which levels enough customers of a segment have [segments, levels]."""
    known = counts.sum(axis=1, keepdims=True)
    return (counts >= FEWEST) & (counts >= SMALLEST * known)


def _top(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for each in sorted(entries, key=lambda entry: -entry["index"]):
        if sum(each["column"] == other["column"] for other in kept) < MOST_OF_A_COLUMN:
            kept.append(each)
    return kept[:MOST_LEVELS]


def _counted(
    values: pa.ChunkedArray, role: Role, labels: Rows, k: int
) -> tuple[list[str], NDArray[np.intp]]:
    """The levels of a column, and how many customers of each segment have them."""
    if role == Role.FLAG:
        rule = {"name": "x", "kind": "flag", "indicator": False}
        flags = Encoder((rule,)).transform(pa.table({"x": values})).matrix[:, 0]
        known, codes = ~np.isnan(flags), np.nan_to_num(flags).astype(np.intp)
        levels = ["no", "yes"]
    else:
        coded = pc.dictionary_encode(values.combine_chunks().cast(pa.string()))
        levels = coded.dictionary.to_pylist()
        known = coded.is_valid().to_numpy(zero_copy_only=False)
        codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.intp)
    width = max(len(levels), 1)
    place = labels[known] * width + codes[known]
    return levels, np.bincount(place, minlength=k * width).reshape(k, width)


def _revenue(revenue: Floats | None, own: Rows) -> dict[str, float | None] | None:
    if revenue is None:
        return None
    total, overall = float(revenue[own].sum()), float(revenue.sum())
    return {
        "total": total,
        "share": total / overall if overall > 0 else None,
        "each": total / len(own) if len(own) else None,
    }


def _typical(
    table: pa.Table, entity: str | None, positions: NDArray[np.float32], own: Rows, seed: int
) -> list[int]:
    """Rows of up to three customers near the centre, each as far from the others as can be.

    The first is the nearest of all; the others come from the nearest tenth (at most 1,000).
    """
    if not len(own):
        return []
    mixed = np.random.default_rng(seed).permutation(len(own))
    away = np.square(positions[mixed] - positions.mean(axis=0)).sum(axis=1)
    most = min(len(own), max(EXAMPLES, min(int(NEAREST * len(own)), MOST_NEAR)))
    near = mixed[np.argpartition(away, most - 1)[:most]]
    near = near[np.argsort(np.square(positions[near] - positions.mean(axis=0)).sum(axis=1))]
    names = table[entity].take(pa.array(own[near])).to_pylist() if entity else own[near].tolist()
    chosen = [0]
    gap = np.full(most, np.inf)
    while len(chosen) < EXAMPLES:
        gap = np.minimum(gap, np.square(positions[near] - positions[near[chosen[-1]]]).sum(axis=1))
        shown = {names[place] for place in chosen}
        free = np.array([name not in shown for name in names])
        if not free.any():
            break
        chosen.append(int(np.argmax(np.where(free, gap, -1.0))))
    return [int(own[near[place]]) for place in chosen]


def _examples(
    table: pa.Table,
    axes: Sequence[Axis],
    entity: str | None,
    numbers: dict[str, NDArray[Any]],
    rows: list[int],
) -> list[dict[str, Any]]:
    """Customers by a short hash, with rounded values of the axes' columns."""
    names = _evenly([[name for name in axis.names if name in numbers] for axis in axes])
    answer = []
    for row in rows:
        values = {name: _rounded(float(numbers[name][row])) for name in names}
        who = masked(table[entity][row].as_py()) if entity else None
        answer.append({"customer": who, "values": values})
    return answer


def _rounded(value: float) -> float | int | None:
    """The value with two digits, whole where it is; None where it is missing.

    >>> _rounded(1234.5), _rounded(0.1234), _rounded(7.0), _rounded(float("nan"))
    (1200, 0.12, 7, None)
    """
    if np.isnan(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short


def _evenly(groups: list[list[str]]) -> list[str]:
    """At most twelve names, as many from each group as from the others, in their order."""
    most = 1
    while sum(min(len(group), most) for group in groups) < MOST_VALUES and any(
        len(group) > most for group in groups
    ):
        most += 1
    return [name for group in groups for name in group[:most]][:MOST_VALUES]
