"""Where customers stand on two axes, in cells: the data of the report's map."""

__all__ = ["segment_map"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.models.segments import Segments

Labels = NDArray[np.intp]
Positions = NDArray[np.float32]

_CELLS = 26
_FEWEST_IN_A_CELL = 10


def segment_map(model: Segments, positions: Positions, labels: Labels) -> dict[str, Any] | None:
    """Customers on the two axes that tell the segments apart most, in cells of ten or more."""
    if positions.shape[1] < 2:
        return None
    k = len(model.ids_)
    counts = np.maximum(np.bincount(labels, minlength=k), 1)
    means = np.column_stack([np.bincount(labels, c, k) / counts for c in positions.T])
    apart = (counts[:, None] * (means - positions.mean(axis=0)) ** 2).sum(axis=0)
    x, y = sorted(np.argsort(-apart, kind="stable")[:2].tolist())
    edges = [np.linspace(*_reach(positions[:, axis]), _CELLS + 1) for axis in (x, y)]
    at = [
        np.clip(np.searchsorted(edge, positions[:, axis], "right") - 1, 0, _CELLS - 1)
        for edge, axis in zip(edges, (x, y), strict=True)
    ]
    crossed = np.zeros((_CELLS * _CELLS, k), np.int64)
    np.add.at(crossed, (at[0] * _CELLS + at[1], labels), 1)
    sizes = crossed.sum(axis=1)
    return {
        "x": model.axes_[x].name,
        "y": model.axes_[y].name,
        "cells": [
            {
                "x": int(cell // _CELLS),
                "y": int(cell % _CELLS),
                "size": int(sizes[cell]),
                "segment": model.ids_[int(crossed[cell].argmax())],
            }
            for cell in np.flatnonzero(sizes >= _FEWEST_IN_A_CELL)
        ],
        "x_edges": edges[0].tolist(),
        "y_edges": edges[1].tolist(),
    }


def _reach(column: Positions) -> tuple[float, float]:
    low, high = np.quantile(column, [0.002, 0.998])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)
