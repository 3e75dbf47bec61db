"""Distributions of columns for the report: counts by bin, and the share that bought in each."""

__all__ = ["describe_columns"]

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.features.encode import Encoder
from patron.metrics import proportion
from patron.schema import FEATURE_ROLES, Schema

Floats = NDArray[np.float64]
_BINS = 20
_LABELS = 12


def describe_columns(
    table: pa.Table, schema: Schema, target: Floats | None, used: set[str], *, level: float
) -> list[dict[str, Any]]:
    """One dict a column, as docs/results.md has it; only features have a distribution."""
    answer = []
    for column in schema.columns:
        values = table[column.name]
        entry: dict[str, Any] = {
            "name": column.name,
            "role": column.role.value,
            "because": column.because,
            "used": column.name in used,
            "missing_share": values.null_count / max(1, len(values)),
            "distinct": pc.count_distinct(values).as_py(),
            "distribution": None,
            "rates": None,
        }
        if column.role in FEATURE_ROLES:
            alone = Schema((column,))
            design = Encoder.fit(table, alone).transform(table)
            labels = design.levels.get(column.name)
            numbers = design.matrix[:, 0].astype(np.float64)
            entry["distribution"], places, count = (
                _categories(numbers, labels) if labels else _numbers(numbers)
            )
            if count and target is not None:
                entry["rates"] = _rates(places, count, target, level)
        answer.append(entry)
    return answer


def _numbers(values: Floats) -> tuple[dict[str, Any] | None, NDArray[np.intp], int]:
    known = values[~np.isnan(values)]
    places = np.full(len(values), -1)
    if not len(known):
        return None, places, 0
    log = _is_skewed(known)
    low, high = np.quantile(known, [0.005, 0.995])
    if low == high:
        low, high = known.min(), known.max()
    if low == high:
        edges = np.array([low - 0.5, high + 0.5])
    elif np.array_equal(known, known.round()) and high - low < _BINS:
        edges = np.arange(low, high + 2) - 0.5
    elif log:
        edges = np.expm1(np.linspace(np.log1p(low), np.log1p(high), _BINS + 1))
    else:
        edges = np.linspace(low, high, _BINS + 1)
    inside = np.clip(values, edges[0], edges[-1])  # the outermost bins hold what lies beyond
    found = np.clip(np.searchsorted(edges, inside, side="right") - 1, 0, len(edges) - 2)
    places = np.where(np.isnan(values), -1, found)
    counts = np.bincount(places[places >= 0], minlength=len(edges) - 1)
    drawn = {"kind": "numeric", "edges": edges.tolist(), "counts": counts.tolist(), "log": log}
    return drawn, places, len(counts)


def _is_skewed(known: Floats) -> bool:
    if known.min() < 0:
        return False
    middle, high = np.quantile(known, [0.5, 0.99])
    return bool(high > 20 * max(middle, 1e-9) and high > 20)


def _categories(values: Floats, labels: Any) -> tuple[dict[str, Any] | None, NDArray[np.intp], int]:
    codes = np.where(np.isnan(values), -1, values).astype(np.intp)
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    shown = min(_LABELS, int((counts > 0).sum()))
    if not shown:
        return None, codes, 0
    names, tally = list(labels[:shown]), counts[:shown].tolist()  # codes are in order of frequency
    rest = int(counts[shown:].sum())
    if rest:
        names, tally = [*names, "others"], [*tally, rest]
    places = np.where(codes >= shown, shown, codes)
    return {"kind": "category", "labels": names, "counts": tally}, places, len(names)


def _rates(places: NDArray[np.intp], count: int, target: Floats, level: float) -> list[Any]:
    known = (places >= 0) & ~np.isnan(target)
    n = np.bincount(places[known], minlength=count)
    positive = np.bincount(places[known], weights=target[known], minlength=count)
    return [_rate(int(hits), int(rows), level) for hits, rows in zip(positive, n, strict=True)]


def _rate(positive: int, rows: int, level: float) -> dict[str, Any]:
    if not rows:
        return {"value": None, "low": None, "high": None, "n": 0}
    share = proportion(positive, rows, level=level)
    return {"value": share.value, "low": share.low, "high": share.high, "n": rows}
