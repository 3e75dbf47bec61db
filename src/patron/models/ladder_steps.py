"""Learners for the last steps of the ladder of amounts: two that are tried, and the final one."""

__all__ = ["Cubes", "Final", "Forest"]

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.reference import Line, Penalty, Sums, Widener, strongest

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cubes:
    """A line that also has all squares, cubes and products of the columns that alone tell most.

    Its answers are held within those that taught it, or one row of a long tail would be the score.
    """

    strongest: int = 6

    @property
    def title(self) -> str:
        """What it is, for the ladder."""
        return f"squares, cubes and products of the {self.strongest} strongest columns"

    def __call__(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """Learn; what comes back predicts."""
        widener = Widener.of(design, y)
        numbers = len(widener.mean)

        def scaled(asked: Design) -> Floats:
            return np.nan_to_num((asked.matrix[:, :numbers] - widener.mean) / widener.spread)

        best = strongest(scaled(design), y, self.strongest)

        def widened(asked: Design) -> Design:
            few = scaled(asked)[:, best]
            more = [
                few[:, list(places)].prod(axis=1)
                for degree in (2, 3)
                for places in combinations_with_replacement(range(len(best)), degree)
            ]
            names = tuple(f"power {place}" for place in range(len(more)))
            matrix = np.column_stack([*more, asked.matrix]).astype(np.float32)
            return replace(
                asked, matrix=matrix, names=(*names, *asked.names), sources=(*names, *asked.sources)
            )

        line = Line.fit(widened(design), y)
        return lambda asked: np.clip(line.predict(widened(asked)), y.min(), y.max())


@dataclass(frozen=True)
class Forest:
    """Trees that grow until every leaf has one answer (a random forest without limits)."""

    trees: int = 30
    most_rows: int = 8_000
    seed: int = 0
    title: ClassVar[str] = "a deep forest"

    def __call__(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """Learn from at most `most_rows` rows; what comes back predicts."""
        from sklearn.ensemble import RandomForestRegressor

        rows = np.random.default_rng(self.seed).permutation(len(y))[: self.most_rows]
        forest = RandomForestRegressor(self.trees, max_features=1 / 3, random_state=self.seed)
        kept = strongest(design.matrix, y)
        forest.fit(design.matrix[np.ix_(rows, kept)], y[rows])
        return lambda asked: np.asarray(forest.predict(asked.matrix[:, kept]))


@dataclass(frozen=True)
class Final:
    """A line with penalties, in which errors of the top count more.

    The top are those of whom a first fit expects most: weights by what in fact was spent would
    draw every answer upwards. The penalties, one for numbers and one for the levels of categories,
    are those with the least weighted squared error out of fold. Where nobody spends less than
    nothing, nobody is expected to.
    """

    top_share: float
    top_weight: float
    seed: int = 0
    numbers: ClassVar[tuple[float, ...]] = (3.0, 30.0, 300.0, 3000.0)
    levels: ClassVar[tuple[float, ...]] = (3.0, 30.0, 300.0)

    @property
    def title(self) -> str:
        """What it is, for the ladder."""
        top = f"errors of the top {100 * self.top_share:g} % counted {self.top_weight:g} times"
        return f"a line with small weights, {top}"

    def __call__(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """Learn; what comes back predicts."""
        first = Line.fit(design, y, Penalty(10.0, 30.0)).predict(design)
        top = first >= np.quantile(first, 1 - self.top_share)
        importance = np.where(top, self.top_weight, 1.0)
        least = 0.0 if y.min() >= 0 else -np.inf
        line = Line.fit(design, y, self._penalty(design, y, importance, least), importance)
        return lambda asked: np.maximum(line.predict(asked), least)

    def _penalty(self, design: Design, y: Floats, importance: Floats, least: float) -> Penalty:
        grid = [Penalty(*pair) for pair in product(self.numbers, self.levels)]
        loss = np.zeros(len(grid))
        fold = np.random.default_rng(self.seed).permutation(len(y)) % 3
        for k in range(3):
            fit, test = fold != k, fold == k
            widener = Widener.of(design.rows(fit), y[fit])
            sums = Sums.of(widener(design.rows(fit)), y[fit], importance[fit])
            columns = widener(design.rows(test))
            for place, penalty in enumerate(grid):
                line = Line(widener, sums, sums.solve(widener.penalties(penalty)))
                error = y[test] - np.maximum(line.answers(columns), least)
                loss[place] += importance[test] @ error**2
        return grid[int(np.argmin(loss))]
