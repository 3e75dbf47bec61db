"""Logistic regression on one curve a column: the most readable candidate."""

__all__ = ["SplineLogistic"]

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.additive import AdditiveModel
from patron.models.basis import basis_of
from patron.models.learner import (
    CrossFitted,
    Folds,
    Rows,
    at_once,
    log_loss_of,
    logit,
    not_cross_fitted,
    some_rows,
)

Floats = NDArray[np.float64]


class SplineLogistic:
    """Logistic regression on one curve a column (`patron.models.basis`) with a ridge penalty.

    The penalty is the one of `penalties` with the least log loss out of fold; of many rows, on a
    part of the first fold. At most `most_rows` rows are used for a fit: a model of this size learns
    nothing from more.
    """

    name: ClassVar[str] = "logistic"
    title: ClassVar[str] = "logistic curves"
    readability: ClassVar[float] = 0

    def __init__(
        self,
        *,
        knots: int = 4,
        penalties: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0),
        rows_to_tune: int = 20_000,
        most_rows: int = 60_000,
        most_curves: int = 150,
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.knots = knots
        self.penalties = penalties
        self.rows_to_tune = rows_to_tune
        self.most_rows = most_rows
        self.most_curves = most_curves
        self.monotone = dict(monotone or {})
        self.seed = seed
        self.threads = threads
        self.penalty: float | None = None

    def cross_fit(
        self, design: Design, y: Floats, folds: Folds, *, again: bool = False
    ) -> CrossFitted:
        """Out-of-fold log-odds; settles the penalty."""
        if again and self.penalty is not None:
            return self._out_of_fold(design, y, folds, [self.penalty])[self.penalty]
        part = folds
        if len(y) > self.rows_to_tune:  # a penalty is a matter of the columns, not of the rows
            rng = np.random.default_rng(self.seed)
            some = [some_rows(rows, y[rows], self.rows_to_tune, rng) for rows in folds[0]]
            part = [(some[0], some[1])]
        tried = self._out_of_fold(design, y, part, self.penalties)
        self.penalty = min(tried, key=lambda penalty: log_loss_of(tried[penalty].raw, y))
        if part is folds:
            return tried[self.penalty]
        return self._out_of_fold(design, y, folds, [self.penalty])[self.penalty]

    def _out_of_fold(
        self, design: Design, y: Floats, folds: Folds, penalties: Sequence[float]
    ) -> dict[float, CrossFitted]:
        raw = {penalty: np.full(len(y), np.nan) for penalty in penalties}

        def one(task: tuple[float, tuple[Rows, Rows]]) -> AdditiveModel:
            penalty, (fit, predict) = task
            scorer = self._fit(design.rows(fit), y[fit], penalty)
            raw[penalty][predict] = scorer.raw(design.matrix[predict])
            return scorer

        tasks = [(penalty, fold) for penalty in penalties for fold in folds]
        scorers = at_once(one, tasks, self.threads)
        count = len(folds)
        return {
            penalty: CrossFitted(raw[penalty], tuple(scorers[place * count :][:count]))
            for place, penalty in enumerate(penalties)
        }

    def fit(self, design: Design, y: Floats) -> AdditiveModel:
        """The additive model of all rows, with the penalty that `cross_fit` settled."""
        if self.penalty is None:
            raise not_cross_fitted(self)
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            return self._fit(design, y, self.penalty)

    def _fit(self, design: Design, y: Floats, penalty: float) -> AdditiveModel:
        from sklearn.linear_model import LogisticRegression

        if len(y) > self.most_rows:
            rng = np.random.default_rng(self.seed)
            chosen = some_rows(np.arange(len(y)), y, self.most_rows, rng)
            design, y = design.rows(chosen), y[chosen]
        # Bends are a luxury that a table of hundreds of columns cannot pay for.
        knots = self.knots if len(design.names) <= self.most_curves else 0
        counts = {name: len(labels) for name, labels in design.levels.items()}
        columns = design.matrix.T
        bases = [
            basis_of(values.astype(np.float64), counts.get(name), knots)
            for name, values in zip(design.names, columns, strict=True)
        ]
        ends = np.cumsum([basis.width for basis in bases])
        if ends[-1] == 0:  # no column has two different values: everybody is the average
            return AdditiveModel(logit(float(y.mean())), [{} for _ in bases])
        matrix = np.empty((len(y), ends[-1]))  # filled in place: it is the largest thing in a run
        centres = []
        for basis, values, end in zip(bases, columns, ends, strict=True):
            block = basis.block(values.astype(np.float64))
            centres.append(_mean_of_known(block))
            # What is missing has the average effect: 0 after centring.
            matrix[:, end - basis.width : end] = np.nan_to_num(block - centres[-1])
        solver = "newton-cholesky" if matrix.shape[1] <= 1000 else "lbfgs"  # cost: cubic or linear
        regression = LogisticRegression(C=1 / penalty, solver=solver, max_iter=500)
        regression.fit(matrix, y)
        weights = np.split(regression.coef_[0], ends[:-1])
        terms = [b.term(w, c) for b, w, c in zip(bases, weights, centres, strict=True)]
        for place, name in enumerate(design.names):
            if self.monotone.get(name) and "x" in terms[place]:
                terms[place]["y"] = _bounded(terms[place]["y"], self.monotone[name])
        return AdditiveModel(float(regression.intercept_[0]), terms)


def _mean_of_known(block: Floats) -> Floats:
    known = block[~np.isnan(block).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.zeros(block.shape[1])


def _bounded(heights: list[float], sign: int) -> list[float]:
    """The nearest heights, by least squares, that only rise (+1) or only fall (-1)."""
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(heights, increasing=sign > 0).x).tolist()
