"""What drives a purchase model: how much each column matters, and in which direction."""

__all__ = ["effect", "importances"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.features.encode import Design
from patron.metrics import auc_difference
from patron.models.purchase import PurchaseModel

Floats = NDArray[np.float64]


def importances(
    model: PurchaseModel,
    design: Design,
    y: Floats,
    *,
    groups: NDArray[np.intp] | None = None,
    level: float = 0.95,
    seed: int = 0,
    threads: int = 1,
    most_rows: int = 10_000,
) -> dict[str, Estimate]:
    """The loss of ROC-AUC when a column of the table is shuffled among customers, largest first.

    Permutation importance (Breiman 2001) on rows that the model has not seen, with the interval of
    the paired difference. Columns that say the same share their importance: each alone may seem to
    matter little.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(y))[:most_rows])
    design, y = design.rows(rows), y[rows]
    groups = None if groups is None else groups[rows]
    before = model.predict_proba(design, threads=threads)
    order = rng.permutation(len(y))
    answer = {}
    for source in dict.fromkeys(design.sources):
        matrix = design.matrix.copy()
        for place in _places(design, source):
            matrix[:, place] = matrix[order, place]
        after = model.predict_proba(_with(design, matrix), threads=threads)
        answer[source] = auc_difference(y, before, after, level=level, groups=groups)
    return dict(sorted(answer.items(), key=lambda item: -item[1].value))


def effect(
    model: PurchaseModel,
    design: Design,
    source: str,
    *,
    seed: int = 0,
    threads: int = 1,
    most_rows: int = 1_000,
    points: int = 13,
) -> dict[str, Any] | None:
    """How the average probability moves with one column, all else as it is, in probability points.

    Partial dependence (Friedman 2001): the column is set to one value for every customer of a
    sample. It describes the model, not what would happen if a shop changed the column. None if it
    has no known value.
    """
    rng = np.random.default_rng(seed)
    sample = design.rows(np.sort(rng.permutation(len(design))[:most_rows]))
    column, *indicators = _places(design, source)
    values = design.matrix[:, column]
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    labels = design.levels.get(source)
    grid = _most_frequent(known) if labels else _quantiles(known, points)
    matrix = np.repeat(sample.matrix[None], len(grid), axis=0)
    matrix[:, :, column] = grid[:, None]
    for indicator in indicators:
        matrix[:, :, indicator] = 0
    flat = _with(sample, matrix.reshape(-1, matrix.shape[2]))
    mean = model.predict_proba(flat, threads=threads).reshape(len(grid), -1).mean(axis=1)
    change = 100 * (mean - model.predict_proba(sample, threads=threads).mean())
    if labels:
        counts = [int((known == code).sum()) for code in grid]
        names = [labels[int(code)] for code in grid]
        return {"kind": "category", "labels": names, "effect": change.tolist(), "n": counts}
    nearest = np.abs(known[:, None] - grid[None]).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(grid)).tolist()
    return {"kind": "numeric", "x": grid.tolist(), "effect": change.tolist(), "n": counts}


def _places(design: Design, source: str) -> list[int]:
    return [place for place, name in enumerate(design.sources) if name == source]


def _with(design: Design, matrix: NDArray[np.float32]) -> Design:
    return Design(matrix, design.names, design.sources, design.levels)


def _quantiles(known: NDArray[np.float32], points: int) -> NDArray[np.float32]:
    distinct = np.unique(known)
    if len(distinct) <= points:
        return distinct
    return np.unique(np.quantile(known, np.linspace(0.01, 0.99, points)).astype(np.float32))


def _most_frequent(codes: NDArray[np.float32], most: int = 12) -> NDArray[np.float32]:
    values, counts = np.unique(codes, return_counts=True)
    return values[np.argsort(-counts, kind="stable")[:most]]
