"""Shares: a category as a number, the share of buyers among those who have it."""

__all__ = ["Shares"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

PRIOR_ROWS = 20
"""A level's share is drawn to the share of all as if so many rows of average kind were added."""

ENOUGH_ROWS = 500
"""A level that so many rows have is not cross-fitted: one answer is next to nothing in its share,
and five slightly different shares of one level would only be noise to split."""

PARTS = 5
"""In training a row's share comes from the other parts of the rows: never from its own answer."""


class Shares:
    """For each category of a matrix one more column: the share of buyers at the row's level.

    Trees split a number at one place, whatever the order of the codes is; the share gives levels
    an order that means something. Without cross-fitting a rare level would carry its own rows'
    answers into training (target leakage), so there `for_training` learns the shares of rare levels
    in each part from the other parts.

    Source: Micci-Barreca (2001) for the smoothed share; Prokhorenkova et al. (2018) for why it must
    not see the row's own answer.

    Parameters
    ----------
    tables : by the place of a category in the matrix, the share by code; first of all that of rows
        where it is missing.
    instead : whether the shares take the place of the codes, which are blanked.
    """

    def __init__(self, tables: Mapping[int, list[float]], *, instead: bool = False) -> None:
        self.tables = {int(place): [float(share) for share in tables[place]] for place in tables}
        self.instead = instead
        self._tables = {p: np.asarray(t, dtype=np.float32) for p, t in self.tables.items()}

    @classmethod
    def fit(cls, design: Design, y: Floats, *, instead: bool = False) -> "Shares":
        """Learn from the rows of `design` and their answers (0 or 1) [rows]."""
        tables = {
            place: _table(_places(design.matrix[:, place]), y, len(design.levels[name]) + 1)
            for place, name in enumerate(design.names)
            if name in design.levels
        }
        return cls({p: t.tolist() for p, t in tables.items()}, instead=instead)

    @classmethod
    def for_training(
        cls, design: Design, y: Floats, *, seed: int, instead: bool = False
    ) -> tuple["Shares", Singles]:
        """The shares of all rows for scoring, and the rows widened for training (cross-fitted)."""
        shares = cls.fit(design, y, instead=instead)
        wide = shares.widened(design.matrix)
        if shares.tables:
            part = np.random.default_rng([seed, PARTS]).integers(0, PARTS, len(y))
            for number in range(PARTS):
                inside, outside = np.flatnonzero(part == number), np.flatnonzero(part != number)
                other = cls.fit(design.rows(outside), y[outside], instead=instead)
                apart = other.widened(design.matrix[inside])
                for column, rare in enumerate(shares._rare(design), start=design.matrix.shape[1]):
                    own = rare[inside]
                    wide[inside[own], column] = apart[own, column]
        return shares, wide

    def _rare(self, design: Design) -> list[NDArray[np.bool_]]:
        """For each category, the rows whose level few rows have."""
        answer = []
        for place, table in self._tables.items():
            places = _places(design.matrix[:, place], len(table) - 1)
            answer.append(np.bincount(places, minlength=len(table))[places] < ENOUGH_ROWS)
        return answer

    def widened(self, matrix: Singles) -> Singles:
        """The matrix with one column of shares for each category after its own columns."""
        if not self.tables:
            return matrix
        added = [
            table[_places(matrix[:, place], len(table) - 1)]
            for place, table in self._tables.items()
        ]
        wide = np.column_stack([matrix, *added])
        if self.instead:
            wide[:, list(self.tables)] = 0
        return wide

    def narrowed(self, contributions: Floats) -> Floats:
        """Contributions of a widened matrix; those of the shares belong to their categories."""
        width = contributions.shape[1] - len(self.tables)
        answer = contributions[:, :width].copy()
        for number, place in enumerate(self.tables):
            answer[:, place] += contributions[:, width + number]
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "tables": {str(p): table for p, table in self.tables.items()},
            "instead": self.instead,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Shares":
        """The Shares that `to_dict` wrote."""
        tables = {int(place): table for place, table in fields["tables"].items()}
        return cls(tables, instead=fields["instead"])


def _places(codes: Singles, last: int | None = None) -> NDArray[np.intp]:
    """0 for what is missing, else 1 + the code, at most `last`."""
    places = np.where(np.isnan(codes), -1, codes).astype(np.intp) + 1
    return places if last is None else np.minimum(places, last)


def _table(places: NDArray[np.intp], y: Floats, width: int) -> Floats:
    rate = y.mean() if len(y) else 0.5
    bought = np.bincount(places, weights=y, minlength=width)
    rows = np.bincount(places, minlength=width)
    return (bought + PRIOR_ROWS * rate) / (rows + PRIOR_ROWS)
