"""Smooth: additive curves whose bends the data pay for, by restricted maximum likelihood.

Each column gives a few blocks of columns: a straight line on the scale of the signed logarithm, one
on its own scale, the first days of a recency (1 / (1 + x)), and bends. Every block has a penalty of
its own, and the penalties are those that make the data likeliest (Wood and Fasiolo 2017, the
generalised Fellner-Schall update): a block that the data do not need comes out at nothing.
"""

__all__ = ["Block", "Frame", "Penalised", "Smooth", "frame_of"]

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.additive import signed_log
from patron.models.basis import Levels

Floats = NDArray[np.float64]

SHARES = (0.002, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
"""Where the bends of a column are, as shares of its values: close together at the low end, where
the first days of a recency are."""
FEW_SHARES = (0.01, 0.1, 0.5, 0.9)
WIDE = 60
"""From so many columns on each of them gets few bends."""
WIDEST = 150
"""From so many columns on numbers are straight lines: bends are a luxury that such a table cannot
pay for."""

STEPS = 160
FREE = 1e-3
STIFF = 1e9
CONVERGED = 1e-4


@dataclass(frozen=True)
class Smooth:
    """A number as an additive model sees it.

    Parameters
    ----------
    low, high : the range of the values on the scale of the signed logarithm; flat beyond.
    top : where the line on the column's own scale ends; None where there is none.
    spike : whether 1 / (1 + x) is a column.
    knots : of the natural cubic spline [k]; none for a column of two values.
    turn : the bends' columns to such with a penalty of 1 on their curvature [k - 2, k - 2].
    """

    low: float
    high: float
    top: float | None = None
    spike: bool = False
    knots: Floats = field(default_factory=lambda: np.zeros(0))
    turn: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @classmethod
    def of(cls, values: Floats, shares: Sequence[float]) -> "Smooth":
        """The basis for these values, NaN left aside; without `shares` it is one line."""
        known = values[~np.isnan(values)]
        logs = signed_log(known)
        if not len(logs) or logs.min() == logs.max():
            return cls(0.0, 0.0)
        low, high = float(logs.min()), float(logs.max())
        if len(np.unique(known[:10_000])) <= 2 and len(np.unique(known)) <= 2:
            return cls(low, high)
        if not shares:
            return cls(low, high)
        least = float(known.min())
        top = float(np.quantile(known, 0.999))
        own = np.clip(known, None, top)
        bent = own.std() > 0 and np.corrcoef(own, logs)[0, 1] < 0.995
        near = 1 / (1 + np.maximum(known, 0))
        spike = bool(least >= 0 and bent and np.corrcoef(near, logs)[0, 1] > -0.995)
        knots = np.unique(np.quantile(logs, shares))
        knots = knots[np.append(True, np.diff(knots) > 1e-3 * (high - low))]
        if len(knots) < 3:
            return cls(low, high, top if bent else None, spike)
        return cls(low, high, top if bent else None, spike, knots, _unit_curvature(knots))

    @property
    def groups(self) -> tuple[int, ...]:
        """The widths of the blocks."""
        if self.low == self.high:
            return ()
        return (1, *([1] if self.top is not None else []), *([1] if self.spike else [])) + (
            (len(self.knots) - 2,) if len(self.knots) else ()
        )

    def block(self, values: Floats) -> Floats:
        """The columns [rows, sum of groups]; NaN where the value is missing."""
        if self.low == self.high:
            return np.zeros((len(values), 0))
        logs = np.clip(signed_log(values), self.low, self.high)
        columns = [logs[:, None]]
        if self.top is not None:
            columns.append(np.clip(values, None, self.top)[:, None])
        if self.spike:
            columns.append(1 / (1 + np.expm1(logs))[:, None])
        if len(self.knots):
            columns.append(_natural(logs, self.knots) @ self.turn)
        return np.column_stack(columns)

    def grid(self) -> Floats:
        """Values from the least to the greatest, between which the curve is nearly straight."""
        if self.low == self.high:
            return np.zeros(0)
        points = np.linspace(self.low, self.high, STEPS)
        if not len(self.knots) and self.top is None and not self.spike:
            points = np.array([self.low, self.high])
        return np.asarray(np.sign(points) * np.expm1(np.abs(points)))


@dataclass(frozen=True)
class Block:
    """Some columns of the matrix under one penalty.

    Parameters
    ----------
    source : the place of the design's column, or of the two whose product it is.
    where : the block's columns in the matrix.
    """

    source: tuple[int, ...]
    where: slice


@dataclass(frozen=True)
class Frame:
    """A design as a centred matrix of blocks: each column of it with spread 1, missing values 0.

    Parameters
    ----------
    bases : one for each column of the design.
    centre, spread : of the matrix's columns, on the rows that the frame was made of.
    blocks : which columns are penalised together.
    """

    bases: tuple[Smooth | Levels, ...]
    centre: Floats
    spread: Floats
    blocks: tuple[Block, ...]

    def matrix(self, design: Design) -> Floats:
        """The matrix [rows, width]."""
        answer = np.empty((len(design), len(self.centre)))
        start = 0
        for place, basis in enumerate(self.bases):
            block = basis.block(design.matrix[:, place].astype(np.float64))
            end = start + block.shape[1]
            block -= self.centre[start:end]
            block /= self.spread[start:end]
            answer[:, start:end] = np.nan_to_num(block)
            start = end
        return answer

    def terms(self, weights: Floats) -> list[dict[str, Any]]:
        """The curves that weights [width] come to, as `AdditiveModel` keeps them."""
        answer: list[dict[str, Any]] = []
        start = 0
        for basis in self.bases:
            end = start + _width(basis)
            own = weights[start:end] / self.spread[start:end]
            centre = self.centre[start:end]
            start = end
            if not own.any():
                answer.append({})
            elif isinstance(basis, Levels):
                answer.append(basis.term(own, centre))
            else:
                x = basis.grid()
                y = (basis.block(x) - centre) @ own
                answer.append({"x": x.tolist(), "y": y.tolist()})
        return answer


def frame_of(design: Design) -> Frame:
    """The frame for a design: made from the columns alone, no answer is seen."""
    count = len(design.names)
    shares = SHARES if count < WIDE else FEW_SHARES if count < WIDEST else ()
    bases: list[Smooth | Levels] = []
    blocks: list[Block] = []
    centres: list[Floats] = []
    spreads: list[Floats] = []
    start = 0
    for place, name in enumerate(design.names):
        values = design.matrix[:, place].astype(np.float64)
        basis: Smooth | Levels
        if name in design.levels:
            basis = Levels(len(design.levels[name]))
            groups: tuple[int, ...] = (basis.width,)
        else:
            basis = Smooth.of(values, shares)
            groups = basis.groups
        bases.append(basis)
        block = basis.block(values)
        known = block[~np.isnan(block).any(axis=1)]
        width = block.shape[1]
        centres.append(known.mean(axis=0) if len(known) else np.zeros(width))
        spread = known.std(axis=0) if len(known) else np.ones(width)
        if isinstance(basis, Levels):  # one penalty for all levels: their own scale is 0 and 1
            spread = np.ones(width)
        elif width:  # a block keeps the proportions of its columns
            spread = np.repeat(_typical(spread, groups), groups)
        spreads.append(np.where(spread > 0, spread, 1.0))
        for group in groups:
            blocks.append(Block((place,), slice(start, start + group)))
            start += group
    centre = np.concatenate([*centres, np.zeros(0)])
    return Frame(tuple(bases), centre, np.concatenate([*spreads, np.zeros(0)]), tuple(blocks))


class Penalised:
    """Weights of blocks under a quadratic likelihood, with their penalties.

    Parameters
    ----------
    blocks : which weights share a penalty; weights in no block, and the first one (the intercept),
        are free.
    """

    def __init__(self, blocks: Sequence[slice], width: int) -> None:
        self.blocks, self.width = list(blocks), width
        self.penalties = np.ones(len(self.blocks))
        self.freedom = float(width)

    def solve(self, gram: Floats, right: Floats) -> tuple[Floats, Floats]:
        """The weights, and the inverse of the penalised information."""
        from scipy.linalg import cho_factor, cho_solve

        whole = gram + np.diag(self._diagonal())
        inverse = cho_solve(cho_factor(whole, check_finite=False), np.eye(self.width))
        return inverse @ right, inverse

    def update(self, weights: Floats, inverse: Floats, gram: Floats, noise: float) -> float:
        """One step of the penalties towards the likeliest; how far they moved (log scale)."""
        variance = np.diag(inverse)
        moved = 0.0
        for place, where in enumerate(self.blocks):
            penalty = self.penalties[place]
            used = variance[where].size - penalty * float(variance[where].sum())
            size = float(weights[where] @ weights[where])
            new = noise * max(used, 1e-12) / max(size, 1e-300)
            new = float(np.clip(new, FREE, STIFF))
            if used > 0.01:
                moved = max(moved, abs(np.log(new / penalty)))
            self.penalties[place] = new
        self.freedom = float(np.sum(inverse * gram))
        return moved

    def used(self, inverse: Floats) -> Floats:
        """The degrees of freedom of each block."""
        variance = np.diag(inverse)
        return np.array(
            [
                variance[where].size - penalty * float(variance[where].sum())
                for where, penalty in zip(self.blocks, self.penalties, strict=True)
            ]
        )

    def _diagonal(self) -> Floats:
        diagonal = np.full(self.width, 1e-8)
        for where, penalty in zip(self.blocks, self.penalties, strict=True):
            diagonal[where] = penalty
        return diagonal


def _width(basis: Smooth | Levels) -> int:
    return basis.width if isinstance(basis, Levels) else sum(basis.groups)


def _typical(spread: Floats, groups: tuple[int, ...]) -> list[float]:
    ends = np.cumsum(groups)
    return [
        float(np.sqrt(np.mean(spread[end - size : end] ** 2)))
        for end, size in zip(ends, groups, strict=True)
    ]


def _natural(x: Floats, knots: Floats) -> Floats:
    """The bends of a natural cubic spline [rows, k - 2] (Hastie et al. 2009, section 5.2.1)."""
    last, before = knots[-1], knots[-2]

    def ramp(knot: float) -> Floats:
        cubes = np.maximum(x - knot, 0) ** 3 - np.maximum(x - last, 0) ** 3
        return np.asarray(cubes / (last - knot))

    base = ramp(before)
    return np.column_stack([ramp(knot) - base for knot in knots[:-2]])


def _unit_curvature(knots: Floats) -> Floats:
    """Turns the bends so that the sum of squared weights is the integral of curvature squared."""
    reach = knots[-1] - knots[0]
    points = np.linspace(knots[0], knots[-1], 2_001)
    step = points[1] - points[0]
    curvature = np.diff(_natural(points, knots), n=2, axis=0) / step**2
    product = curvature.T @ curvature * step * reach**3
    values, vectors = np.linalg.eigh(product)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-10 * values.max())))
