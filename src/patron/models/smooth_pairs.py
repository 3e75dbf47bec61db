"""Products of two columns: which of them a sum of curves needs besides."""

__all__ = ["Likelihood", "Part", "choose_pairs", "clearly"]

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from patron.models.additive import AdditiveModel
from patron.models.basis import Levels
from patron.models.learner import Folds, Rows
from patron.models.smooth import Frame
from patron.models.smooth_fit import Fitted

Floats = NDArray[np.float64]

MOST_COLUMNS = 16
"""Products are looked for among so many columns, those that matter most."""
MOST_LEVELS = 12
MOST_TRIED = 6
CHANCE = 0.05
"""The chance that a product is tried though none is needed, over all that are looked at."""
CLEAR = 2.0
"""Standard errors by which something more complicated has to be better."""


class Likelihood(Protocol):
    """A likelihood of rows under a matrix's columns."""

    def fit(self, matrix: Floats, rows: Rows, part: "Part | None", blocks: list[slice]) -> Fitted:
        """Weights on `rows`, with the penalties of the part, or settling them where it is None."""

    def slope(self, matrix: Floats, rows: Rows, fitted: Fitted) -> tuple[Floats, Floats]:
        """The slope of each row's log likelihood in its linear predictor, and the information."""

    def likelihood(self, matrix: Floats, rows: Rows, fitted: Fitted) -> Floats:
        """The log likelihood of each row."""

    def counts(self, rows: Rows) -> Floats:
        """How often each of `rows` counts."""


@dataclass(frozen=True)
class Part:
    """The columns of a frame's matrix that one part of the model uses, and their penalties.

    Parameters
    ----------
    frame : whose matrix it is, after a column of ones.
    kept : the places of the used columns; 0 is the ones.
    pairs : design columns whose products come after them.
    blocks, penalties : of the used columns.
    start : weights to start from, for a solver.
    """

    frame: Frame
    kept: NDArray[np.intp]
    pairs: tuple[tuple[int, int], ...]
    blocks: list[slice]
    penalties: Floats
    start: Floats | None = None

    @classmethod
    def of(cls, frame: Frame, fitted: Fitted, least: float) -> "Part":
        """The blocks that use at least so many degrees of freedom."""
        kept, blocks, penalties, end = [0], [], [], 1
        for block, used, penalty in zip(frame.blocks, fitted.used, fitted.penalties, strict=True):
            if used >= least:
                places = range(block.where.start + 1, block.where.stop + 1)
                kept.extend(places)
                blocks.append(slice(end, end + len(places)))
                penalties.append(penalty)
                end += len(places)
        chosen = np.array(kept)
        start = fitted.weights[chosen] if len(fitted.weights) > chosen.max() else None
        return cls(frame, chosen, (), blocks, np.array(penalties), start)

    def only(self, fitted: Fitted, least: float) -> "Part":
        """The blocks of this part that still use so many degrees of freedom, after a fit of it."""
        kept, blocks, penalties, end = [0], [], [], 1
        for where, used, penalty in zip(self.blocks, fitted.used, fitted.penalties, strict=True):
            if used >= least:
                kept.extend(range(where.start, where.stop))
                blocks.append(slice(end, end + where.stop - where.start))
                penalties.append(penalty)
                end = blocks[-1].stop
        start = fitted.weights[kept]
        return Part(self.frame, self.kept[kept], (), blocks, np.array(penalties), start)

    def columns(self, matrix: Floats, rows: Rows | None = None) -> Floats:
        """The used columns of the frame's matrix, and the products, of all rows or of `rows`."""
        own = matrix[:, self.kept] if rows is None else matrix[np.ix_(rows, self.kept)]
        if not self.pairs:
            return own
        return np.column_stack([own, *(self.product(matrix, pair, rows) for pair in self.pairs)])

    def with_pairs(self, matrix: Floats, pairs: list[tuple[int, int]]) -> "Part":
        """The part with these products, their penalties not settled yet."""
        blocks, end = list(self.blocks), len(self.kept)
        for pair in pairs:
            width = self.product(matrix[:1], pair).shape[1]
            blocks.append(slice(end, end + width))
            end += width
        penalties = np.append(self.penalties, np.ones(len(pairs)))
        return replace(self, pairs=tuple(pairs), blocks=blocks, penalties=penalties, start=None)

    def model(self, frame: Frame, fitted: Fitted) -> AdditiveModel:
        """The curves and products that the weights come to."""
        weights = np.zeros(len(frame.centre) + 1)
        weights[self.kept] = fitted.weights[: len(self.kept)]
        products = [
            self._term(pair, fitted.weights[block])
            for pair, block in zip(
                self.pairs, self.blocks[len(self.blocks) - len(self.pairs) :], strict=True
            )
        ]
        return AdditiveModel(float(weights[0]), frame.terms(weights[1:]), products=products)

    def product(self, matrix: Floats, pair: tuple[int, int], rows: Rows | None = None) -> Floats:
        """The columns of a product: the levels of a category, or a line, times another line."""
        one, other = (self._line(matrix, place, rows) for place in pair)
        return one * other

    def _line(self, matrix: Floats, place: int, rows: Rows | None) -> Floats:
        where = _columns_of(self.frame, place)
        if not isinstance(self.frame.bases[place], Levels):
            where = slice(where.start, where.start + 1)
        return matrix[:, where] if rows is None else matrix[rows, where]

    def _term(self, pair: tuple[int, int], weights: Floats) -> dict[str, Any]:
        one, other = pair
        first: dict[str, Any]
        basis = self.frame.bases[one]
        if isinstance(basis, Levels):
            own = _columns_of(self.frame, one)
            first = basis.term(weights, self.frame.centre[own.start - 1 : own.stop - 1])
        else:
            first = self._straight(one)
            first["y"] = [y * float(weights[0]) for y in first["y"]]
        return {"columns": [one, other], "one": first, "other": self._straight(other)}

    def _straight(self, place: int) -> dict[str, Any]:
        basis = self.frame.bases[place]
        if isinstance(basis, Levels):
            raise TypeError("the second factor of a product is a number")
        column = _columns_of(self.frame, place).start - 1
        ends = np.array([basis.low, basis.high])
        heights = (ends - self.frame.centre[column]) / self.frame.spread[column]
        x = np.sign(ends) * np.expm1(np.abs(ends))
        return {"x": x.tolist(), "y": heights.tolist()}


def choose_pairs(
    matrix: Floats, part: Part, likelihood: Likelihood, rows: Rows, folds: Folds
) -> Part:
    """The part with the products that earn their place.

    A score test ranks the products of lines (Rao 1948); those that chance would hardly bring are
    tried one after the other, and stay where the out-of-fold likelihood gains by `CLEAR` standard
    errors.
    """
    inside = part.columns(matrix, rows)
    fitted = likelihood.fit(inside, rows, part, part.blocks)
    chosen: list[tuple[int, int]] = []
    before = None
    for pair in _telling(matrix, part, likelihood, rows, inside, fitted):
        if before is None:
            before = _out_of_fold(matrix, part, likelihood, rows, folds)
        tried = _settled(matrix, part, [*chosen, pair], likelihood, rows)
        after = _out_of_fold(matrix, tried, likelihood, rows, folds)
        if clearly(after - before, likelihood.counts(rows)):
            chosen.append(pair)
            before = after
    return _settled(matrix, part, chosen, likelihood, rows) if chosen else part


def clearly(gain: Floats, counts: Floats) -> bool:
    """Whether the mean gain is above 0 by `CLEAR` standard errors; rows count `counts` times."""
    shares = counts / counts.sum() if len(counts) else counts
    mean = float(shares @ gain)
    spread = float(np.sqrt(shares**2 @ (gain - mean) ** 2))
    return mean > CLEAR * spread and mean > 0


def _telling(
    matrix: Floats,
    part: Part,
    likelihood: Likelihood,
    rows: Rows,
    inside: Floats,
    fitted: Fitted,
) -> list[tuple[int, int]]:
    """The products whose score test says that chance would hardly bring them, the best first."""
    from scipy.special import chdtrc

    places = _weighty(part, matrix, fitted)
    slope, curve = likelihood.slope(inside, rows, fitted)
    weighted = inside * curve[:, None]
    found = []
    pairs = [pair for pair in combinations(places, 2) if _can(part.frame, pair)]
    for pair in pairs:
        ordered = _ordered(part.frame, pair)
        product = part.product(matrix, ordered, rows)
        product = product - product.mean(axis=0)
        information = (product * curve[:, None]).T @ product
        across = weighted.T @ product
        inverse = fitted.inverse * (fitted.noise if fitted.noise != 1.0 else 1.0)
        information = information - across.T @ inverse @ across
        score = product.T @ slope
        left = np.linalg.pinv(information, rcond=1e-8, hermitian=True)
        rank = int(np.linalg.matrix_rank(information, hermitian=True))
        chance = float(chdtrc(max(rank, 1), max(float(score @ left @ score), 0.0)))
        if chance < CHANCE / max(len(pairs), 1):
            found.append((chance, ordered))
    return [pair for _, pair in sorted(found)[:MOST_TRIED]]


def _weighty(part: Part, matrix: Floats, fitted: Fitted) -> list[int]:
    """The columns of the design that move the prediction most; all, where they are few."""
    count = len(part.frame.bases)
    usable = [
        place
        for place in range(count)
        if (columns := _columns_of(part.frame, place)).stop > columns.start
    ]
    if len(usable) <= MOST_COLUMNS:
        return usable
    weights = np.zeros(matrix.shape[1])
    weights[part.kept] = fitted.weights[: len(part.kept)]
    moved = {}
    for place in usable:
        where = _columns_of(part.frame, place)
        moved[place] = float((matrix[:, where] @ weights[where]).std())
    return sorted(sorted(usable, key=lambda place: -moved[place])[:MOST_COLUMNS])


def _can(frame: Frame, pair: tuple[int, int]) -> bool:
    """Two numbers, or a category of few levels and a number."""
    kinds = [frame.bases[place] for place in pair]
    levels = [basis for basis in kinds if isinstance(basis, Levels)]
    return len(levels) < 2 and all(basis.width <= MOST_LEVELS for basis in levels)


def _ordered(frame: Frame, pair: tuple[int, int]) -> tuple[int, int]:
    one, other = pair
    return (other, one) if isinstance(frame.bases[other], Levels) else (one, other)


def _settled(
    matrix: Floats, part: Part, pairs: list[tuple[int, int]], likelihood: Likelihood, rows: Rows
) -> Part:
    """The part with these products, and all penalties settled."""
    wider = part.with_pairs(matrix, pairs)
    fitted = likelihood.fit(wider.columns(matrix, rows), rows, None, wider.blocks)
    return replace(wider, penalties=fitted.penalties, start=fitted.weights)


def _out_of_fold(
    matrix: Floats, part: Part, likelihood: Likelihood, rows: Rows, folds: Folds
) -> Floats:
    """The log likelihood of each of `rows`, by the weights of the other folds."""
    among = np.zeros(len(matrix), dtype=bool)
    among[rows] = True
    place = np.cumsum(among) - 1
    answer = np.zeros(len(rows))
    for fit, predict in folds:
        taught, asked = fit[among[fit]], predict[among[predict]]
        fitted = likelihood.fit(part.columns(matrix, taught), taught, part, part.blocks)
        answer[place[asked]] = likelihood.likelihood(part.columns(matrix, asked), asked, fitted)
    return answer


def _columns_of(frame: Frame, place: int) -> slice:
    """The columns of the matrix (after the ones) that a design column has."""
    own = [block.where for block in frame.blocks if block.source == (place,)]
    return slice(own[0].start + 1, own[-1].stop + 1) if own else slice(0, 0)
