"""The line: least squares on a table's columns, as a newcomer would fit it, or with a penalty.

It is the plain reference that the ladder climbs with: fast, and blind to whatever the columns do
not say as a sum.
"""

__all__ = ["Line", "Penalty", "Sums", "Widener", "strongest"]

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design

Floats = NDArray[np.float64]

MOST_LEVELS = 250
"""A category has a column for each of its commonest levels; the rest are the base."""

MOST_COLUMNS = 600
"""A quick model of more columns than these takes the ones that alone tell most."""


class Penalty(NamedTuple):
    """How strongly weights are drawn to zero, in rows: those of numbers, and those of levels.

    A level that 20 rows have, with a penalty of 20, keeps half of its weight. The default is only
    what makes columns that repeat each other solvable.
    """

    numbers: float = 1e-3
    levels: float = 1e-3


@dataclass(frozen=True)
class Sums:
    """What least squares needs to know of columns and answers: sums of products about the mean.

    Parameters
    ----------
    products : of the columns with each other [p, p].
    moments : of the columns with the answers [p].
    centre : the columns' means [p].
    base : the answers' mean.
    """

    products: Floats
    moments: Floats
    centre: Floats
    base: float

    @classmethod
    def of(cls, columns: Floats, y: Floats, importance: Floats | None = None) -> "Sums":
        """The sums over rows, each counted `importance` times."""
        w = np.ones(len(y)) if importance is None else importance
        centre, base = w @ columns / w.sum(), float(w @ y / w.sum())
        centred = columns - centre
        weighted = centred if importance is None else centred * w[:, None]
        return cls(weighted.T @ centred, weighted.T @ (y - base), centre, base)

    def solve(self, penalties: Floats, right: Floats | None = None) -> Floats:
        """The weights that minimise squared error plus penalties, or the same for other sides."""
        matrix = self.products + np.diag(penalties)
        return np.asarray(np.linalg.solve(matrix, self.moments if right is None else right))


@dataclass(frozen=True)
class Widener:
    """How a design becomes columns that a line can add up; learnt from its rows.

    Numbers are scaled to a standard deviation of 1, and missing ones are the mean; a category has
    one column of 0 and 1 for each of its levels. `kept` are the columns that are used.
    """

    mean: Floats
    spread: Floats
    levels: tuple[int, ...]
    kept: NDArray[np.intp]

    @classmethod
    def of(cls, design: Design, y: Floats, most: int = MOST_COLUMNS) -> "Widener":
        """Learn from the rows of `design`; of more columns than `most`, the strongest are kept."""
        counts = [
            min(len(design.levels[n]), MOST_LEVELS) for n in design.names if n in design.levels
        ]
        numbers = design.matrix[:, : len(design.names) - len(counts)].astype(np.float64)
        known = np.isfinite(numbers)
        n = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, numbers, 0).sum(axis=0) / n
        spread = np.sqrt((np.where(known, numbers - mean, 0) ** 2).sum(axis=0) / n)
        every = cls(
            mean,
            np.where(spread > 0, spread, 1.0),
            tuple(counts),
            np.arange(len(mean) + sum(counts)),
        )
        kept = strongest(every(design), y, most)
        return cls(every.mean, every.spread, every.levels, kept)

    def __call__(self, design: Design) -> Floats:
        """The columns [rows, width]."""
        numbers = len(self.mean)
        scaled = (design.matrix[:, :numbers] - self.mean) / self.spread
        parts = [np.nan_to_num(scaled)]
        for place, count in enumerate(self.levels, start=numbers):
            parts.append(design.matrix[:, place, None] == np.arange(count))
        return np.concatenate(parts, axis=1, dtype=np.float64)[:, self.kept]

    def penalties(self, penalty: Penalty) -> Floats:
        """The penalty of each column."""
        return np.where(self.kept < len(self.mean), penalty.numbers, penalty.levels)


@dataclass(frozen=True)
class Line:
    """A fitted line."""

    widener: Widener
    sums: Sums
    weights: Floats

    @classmethod
    def fit(
        cls,
        design: Design,
        y: Floats,
        penalty: Penalty | None = None,
        importance: Floats | None = None,
    ) -> "Line":
        """Least squares of `y` [rows], each squared error counted `importance` times."""
        widener = Widener.of(design, y)
        sums = Sums.of(widener(design), y, importance)
        return cls(widener, sums, sums.solve(widener.penalties(penalty or Penalty())))

    def predict(self, design: Design) -> Floats:
        """The answers [rows]."""
        return self.answers(self.widener(design))

    def answers(self, columns: Floats) -> Floats:
        """The answers for columns that the widener made [rows]."""
        return np.asarray(self.sums.base + (columns - self.sums.centre) @ self.weights)


def strongest(
    columns: NDArray[np.floating], y: Floats, most: int = MOST_COLUMNS
) -> NDArray[np.intp]:
    """The places of the columns [rows, width] that alone tell most of `y`: at most so many.

    Judged by their correlation, missing values as the mean.
    """
    width = columns.shape[1]
    if width <= most:
        return np.arange(width)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(columns)
        centred = np.where(known, columns, 0) - np.where(known, columns, 0).sum(0) / known.sum(0)
        centred = np.where(known, centred, 0)
        tells = np.nan_to_num(np.abs((y - y.mean()) @ centred) / np.sqrt((centred**2).sum(0)))
    return np.sort(np.argsort(-tells, kind="stable")[:most])
