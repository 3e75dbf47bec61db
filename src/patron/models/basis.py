"""Bases: how an additive model sees one column, and the curve that its weights come to."""

__all__ = ["Curve", "Levels", "Term", "basis_of"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.models.additive import signed_log

Floats = NDArray[np.float64]
Term = dict[str, list[float]]


@dataclass(frozen=True)
class Curve:
    """A number: a straight line and bends at `knots`, all on the scale of the signed logarithm.

    The line is one column, so that under a ridge penalty a slope costs less than its bends. On this
    scale counts and amounts are nearly straight, which also carries best to values not seen yet.

    Parameters
    ----------
    knots : ascending, from the least to the greatest value, on the log scale.
    spread : the standard deviation of the values on the log scale.
    """

    knots: Floats
    spread: float

    @property
    def width(self) -> int:
        """How many columns `block` gives: none without two different values."""
        return len(self.knots) if len(self.knots) > 1 else 0

    def block(self, values: Floats) -> Floats:
        """The columns [rows, knots]: how far along each segment (0 to 1), then the line."""
        if not self.width:
            return np.zeros((len(values), 0))
        logs = np.clip(signed_log(values), self.knots[0], self.knots[-1])
        ramps = np.clip((logs[:, None] - self.knots[:-1]) / np.diff(self.knots), 0.0, 1.0)
        return np.column_stack([ramps, (logs - self.knots[0]) / self.spread])

    def term(self, weights: Floats, centre: Floats) -> Term:
        """The curve as knots in the column's own units and heights; `centre` has height 0."""
        if not len(weights):
            return {}
        line = weights[-1] * (self.knots - self.knots[0]) / self.spread
        heights = np.concatenate([[0.0], np.cumsum(weights[:-1])]) + line - weights @ centre
        knots = np.sign(self.knots) * np.expm1(np.abs(self.knots))
        return {"x": knots.tolist(), "y": heights.tolist()}


@dataclass(frozen=True)
class Levels:
    """A category: one column for each of its `own` most frequent levels, one for all others.

    Codes are in order of frequency, so that the levels from `own` on are the rare ones.
    """

    count: int
    own: int = 150

    @property
    def width(self) -> int:
        """How many columns `block` gives."""
        return min(self.count, self.own + 1)

    def block(self, values: Floats) -> Floats:
        """The columns [rows, levels]: 1 at the row's level; NaN throughout where it is missing."""
        shared = np.minimum(values, self.own)
        block = (shared[:, None] == np.arange(self.width)).astype(np.float64)
        block[np.isnan(values)] = np.nan
        return block

    def term(self, weights: Floats, centre: Floats) -> Term:
        """A score by code; the average customer has 0."""
        scores = weights - weights @ centre
        return {"scores": [float(scores[min(code, self.own)]) for code in range(self.count)]}


def basis_of(values: Floats, levels: int | None, knots: int) -> Curve | Levels:
    """The basis for a column: `levels` is how many a category has, None for a number."""
    if levels is not None:
        return Levels(levels)
    logs = signed_log(values[~np.isnan(values)])
    if not len(logs):
        return Curve(np.zeros(0), 1.0)
    inner = np.quantile(logs, np.linspace(0.005, 0.995, knots + 1)) if knots else logs[:0]
    return Curve(np.unique([logs.min(), *inner, logs.max()]), float(logs.std()) or 1.0)
