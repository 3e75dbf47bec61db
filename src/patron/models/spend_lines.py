"""Floors and the ridge: what the plain mean, a line, and a line with business weights forecast."""

__all__ = ["LeastSquares", "PlainMean", "PointScorer", "WeightedRidge"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.additive import AdditiveModel, signed_log
from patron.models.amounts import Shifted
from patron.models.basis import Levels
from patron.models.learner import Folds
from patron.models.residuals import MOST_ERRORS
from patron.models.smooth import Block, Frame, Smooth, frame_of
from patron.models.spend_data import Matrix, SpendData, SpendScorer, no_amounts

Floats = NDArray[np.float64]

PENALTIES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
HAIR = 1e-6
MOST_ROWS = 60_000
"""A line of a hundred slopes learns nothing from more."""


@dataclass(frozen=True)
class PointScorer:
    """A point forecast, the sum of one curve a column, with its errors (`SpendScorer`)."""

    kind: ClassVar[str] = "point"

    model: AdditiveModel
    errors: Floats
    limit: float

    def distribution(self, matrix: Matrix, *, threads: int = 1) -> Shifted:
        """The forecast of each row and the errors of all, cut off at 0."""
        return Shifted(self.model.raw(matrix, threads=threads), self.errors, limit=self.limit)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "model": self.model.to_dict(),
            "errors": self.errors.tolist(),
            "limit": self.limit,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "PointScorer":
        """The scorer that `to_dict` wrote."""
        model = AdditiveModel.from_dict(fields["model"])
        return cls(model, np.array(fields["errors"]), fields["limit"])


class PlainMean:
    """Everybody gets the mean, and the spend of all as the distribution."""

    name: ClassVar[str] = "mean"
    title: ClassVar[str] = "the plain mean"
    reads_as: ClassVar[str] = "one number"
    readability: ClassVar[float] = 0.0
    floor: ClassVar[bool] = True

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """The mean of each fold's rows."""
        return [self.fit(data.rows(fit)) for fit, _ in folds]

    def fit(self, data: SpendData) -> PointScorer:
        """The mean of all rows."""
        mean = float(np.average(data.y, weights=data.weights))
        model = AdditiveModel(mean, [{} for _ in data.design.names])
        return PointScorer(model, _quantiles(data.y - mean, data.weights), data.limit)


class LeastSquares:
    """A line through the columns as they are, by least squares."""

    name: ClassVar[str] = "ols"
    title: ClassVar[str] = "least squares"
    reads_as: ClassVar[str] = "one slope a column"
    readability: ClassVar[float] = 0.5
    floor: ClassVar[bool] = True

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """The line of each fold's rows."""
        return [self.fit(data.rows(fit)) for fit, _ in folds]

    def fit(self, data: SpendData) -> PointScorer:
        """The line of all rows."""
        return _lines(data, _raw_frame(data.design), [0.0])[0]


class WeightedRidge:
    """A line through columns and their logarithms, by penalised and weighted least squares.

    Squared errors of the `top_share` who spent most count `top_weight` times. That draws the
    forecast of everybody up: it is a choice of whom to be right about, not an unbiased mean. The
    penalty is the one of `PENALTIES` with the least weighted squared error out of fold.
    Source: Hoerl and Kennard (1970).

    Parameters
    ----------
    top_share : who counts more, as a share of rows (by how often each counts).
    top_weight : how often.
    """

    name: ClassVar[str] = "ridge"
    title: ClassVar[str] = "ridge with business weights"
    reads_as: ClassVar[str] = "two slopes a column"
    readability: ClassVar[float] = 0.8
    floor: ClassVar[bool] = False

    def __init__(self, *, top_share: float = 0.2, top_weight: float = 2.0) -> None:
        self.top_share = top_share
        self.top_weight = top_weight
        self.penalty: float | None = None

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """The line of each fold's rows; settles the penalty."""
        frame = _lines_only(frame_of(data.design))
        losses = np.zeros(len(PENALTIES))
        weights = self._weights(data)
        lines = []
        for fit, ask in folds:
            some = replace(data.rows(fit), weights=weights[fit])
            tried = _lines(some, frame, PENALTIES)
            lines.append(tried)
            for place, scorer in enumerate(tried):
                off = data.y[ask] - scorer.model.raw(data.design.matrix[ask])
                losses[place] += float(weights[ask] @ off**2)
        best = int(np.argmin(losses))
        self.penalty = PENALTIES[best]
        return [tried[best] for tried in lines]

    def fit(self, data: SpendData) -> PointScorer:
        """The line of all rows."""
        if self.penalty is None:
            raise no_amounts(self.title)
        weighted = replace(data, weights=self._weights(data))
        return _lines(weighted, _lines_only(frame_of(data.design)), [self.penalty])[0]

    def _weights(self, data: SpendData) -> Floats:
        order = np.argsort(data.y, kind="stable")
        counts = data.weights[order]
        below, others = np.cumsum(counts) - counts, counts.sum() - counts.mean()
        place = np.searchsorted(below, others * (1 - self.top_share) * (1 - 1e-12))
        top = (data.y >= data.y[order][place]) & (data.y > 0)
        return np.where(top, data.weights * self.top_weight, data.weights)


def _lines(data: SpendData, frame: Frame, penalties: Sequence[float]) -> list[PointScorer]:
    """Least squares on the frame's matrix; each slope costs a penalty, the level nothing."""
    if len(data) > MOST_ROWS:
        data = data.rows(np.linspace(0, len(data) - 1, MOST_ROWS).astype(np.intp))
    used = np.concatenate([[True], _used(frame)])
    whole = np.column_stack([np.ones(len(data)), frame.matrix(data.design)])
    matrix = whole[:, used]
    weighted = matrix * data.weights[:, None]
    gram, right = weighted.T @ matrix, weighted.T @ data.y
    found = []
    for penalty in penalties:
        costs = np.full(len(gram), penalty + HAIR)
        costs[0] = HAIR
        own = np.linalg.solve(gram + np.diag(costs), right)
        weights = np.zeros(len(used))
        weights[used] = own
        model = AdditiveModel(float(weights[0]), frame.terms(weights[1:]))
        errors = _quantiles(data.y - matrix @ own, data.weights)
        found.append(PointScorer(model, errors, data.limit))
    return found


def _used(frame: Frame) -> NDArray[np.bool_]:
    used = np.zeros(len(frame.centre), dtype=bool)
    for block in frame.blocks:
        used[block.where] = True
    return used


def _lines_only(frame: Frame) -> Frame:
    """The frame without the bends: blocks of one column, and the levels of categories."""
    kept = [
        block
        for block in frame.blocks
        if block.where.stop - block.where.start == 1
        or isinstance(frame.bases[block.source[0]], Levels)
    ]
    return replace(frame, blocks=tuple(kept))


def _raw_frame(design: Design) -> Frame:
    """A frame with every number as it is, and every level of a category."""
    bases: list[Smooth | Levels] = []
    blocks: list[Block] = []
    centres, spreads, start = [np.zeros(0)], [np.zeros(0)], 0
    for place, name in enumerate(design.names):
        values = design.matrix[:, place].astype(np.float64)
        known = values[~np.isnan(values)]
        basis: Smooth | Levels
        if name in design.levels:
            basis = Levels(len(design.levels[name]))
            blocks.append(Block((place,), slice(start, start + basis.width)))
        elif len(known) and known.min() < known.max():
            ends = signed_log(np.array([known.min(), known.max()]))
            basis = Smooth(float(ends[0]), float(ends[1]), float(known.max()))
            blocks.append(Block((place,), slice(start + 1, start + 2)))
        else:
            basis = Smooth(0.0, 0.0)
        block = basis.block(values)
        rows = block[~np.isnan(block).any(axis=1)]
        width = block.shape[1]
        centres.append(rows.mean(axis=0) if len(rows) else np.zeros(width))
        spread = rows.std(axis=0) if len(rows) else np.ones(width)
        spreads.append(np.where(spread > 0, spread, 1.0))
        bases.append(basis)
        start += width
    return Frame(tuple(bases), np.concatenate(centres), np.concatenate(spreads), tuple(blocks))


def _quantiles(errors: Floats, weights: Floats) -> Floats:
    """At most `MOST_ERRORS` quantiles, evenly spaced in probability; each is an error itself."""
    count = min(MOST_ERRORS, len(errors))
    order = np.argsort(errors, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    shares = (np.arange(count) + 0.5) / count
    return np.asarray(errors[order][np.searchsorted(reached, shares - 1e-12)])
