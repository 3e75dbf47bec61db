"""What spend learners share: the amounts with their cap, and what a learner and a scorer are."""

__all__ = ["SpendData", "SpendLearner", "SpendScorer", "cross_fitted", "no_amounts"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.amounts import AmountDistribution, Parts
from patron.models.learner import Folds

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class SpendData:
    """Rows to learn spend from.

    Parameters
    ----------
    design : what is known of each customer.
    y : what they spent, 0 or more [n]; none above `limit`.
    weights : how often each row counts [n].
    capped : where an amount is only known to be at least the limit [n].
    limit : the greatest amount that is believed.
    """

    design: Design
    y: Floats
    weights: Floats
    capped: NDArray[np.bool_]
    limit: float

    def __len__(self) -> int:
        return len(self.y)

    def rows(self, which: Any) -> "SpendData":
        """The same for the rows `which`."""
        return SpendData(
            self.design.rows(which),
            self.y[which],
            self.weights[which],
            self.capped[which],
            self.limit,
        )


class SpendScorer(Protocol):
    """A fitted model: an encoded matrix to a distribution for each row."""

    kind: ClassVar[str]

    def distribution(self, matrix: Matrix, *, threads: int = 1) -> AmountDistribution:
        """The predictive distributions of the rows."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "SpendScorer":
        """The scorer that `to_dict` wrote."""


class SpendLearner(Protocol):
    """A way to learn spend.

    `readability` orders learners: 0 is one number for everybody, 1 one curve a column, 2 and more
    are sums of trees, which only examples explain; `floor` is a rule that a model has to beat.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reads_as: ClassVar[str]
    readability: ClassVar[float]
    floor: ClassVar[bool]

    def cross_fit(self, data: SpendData, folds: Folds) -> "Sequence[SpendScorer]":
        """A scorer for each fold; settles what has to be tuned."""

    def fit(self, data: SpendData) -> SpendScorer:
        """A scorer fitted to all rows; after `cross_fit`."""


def cross_fitted(scorers: Sequence[SpendScorer], design: Design, folds: Folds) -> Parts:
    """The distributions of all rows, each by the scorer that did not learn from it."""
    return Parts(
        [
            (predict, scorer.distribution(design.matrix[predict]))
            for scorer, (_, predict) in zip(scorers, folds, strict=True)
        ]
    )


def no_amounts(title: str) -> PatronError:
    """What to raise where `fit` is called before `cross_fit`."""
    return PatronError(f"cross_fit settles how to fit {title}; call it before fit.")
