"""Learners: the candidates for a purchase model behind one small interface.

A learner is cross-fitted once (`cross_fit` gives out-of-fold log-odds and settles what has to be
tuned), and then fitted to all training rows (`fit` gives a scorer). The holdout is never seen here.
"""

__all__ = ["BoostedTrees", "Folds", "Learner", "Scorer", "SplineLogistic"]

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models.additive import AdditiveModel
from patron.models.basis import basis_of
from patron.models.trees import TreeEnsemble

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Folds = list[tuple[Rows, Rows]]
"""Pairs of row numbers: what to fit on, what to predict."""


class Scorer(Protocol):
    """A fitted model: an encoded matrix to log-odds, and what each column adds to them."""

    kind: ClassVar[str]

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """Log-odds [rows]."""

    def contributions(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """What each column adds to the log-odds [rows, columns]."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""


class Learner(Protocol):
    """A way to learn log-odds."""

    name: ClassVar[str]
    title: ClassVar[str]

    def cross_fit(self, design: Design, y: Floats, folds: Folds) -> Floats:
        """Out-of-fold log-odds [rows]; NaN for rows in no fold's second part."""

    def fit(self, design: Design, y: Floats) -> Scorer:
        """A scorer fitted to all rows; after `cross_fit`."""


class SplineLogistic:
    """Logistic regression on one curve a column (`patron.models.basis`) with a ridge penalty.

    The penalty is the one of `penalties` with the least log
    loss on the first fold. At most `most_rows` rows are used for a fit: a model of this size learns
    nothing from more.
    """

    name: ClassVar[str] = "logistic"
    title: ClassVar[str] = "logistic curves"

    def __init__(
        self,
        *,
        knots: int = 4,
        penalties: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0),
        rows_to_tune: int = 20_000,
        most_rows: int = 60_000,
        most_curves: int = 150,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.knots = knots
        self.penalties = penalties
        self.rows_to_tune = rows_to_tune
        self.most_rows = most_rows
        self.most_curves = most_curves
        self.seed = seed
        self.threads = threads

    def cross_fit(self, design: Design, y: Floats, folds: Folds) -> Floats:
        """Out-of-fold log-odds; settles the penalty."""
        raw = {penalty: np.full(len(y), np.nan) for penalty in self.penalties}
        first = 1 if len(y) > self.rows_to_tune else len(folds)
        self._predict_out_of_fold(raw, design, y, folds[:first])
        self.penalty = min(raw, key=lambda penalty: _loss(raw[penalty], y))
        answer = {self.penalty: raw[self.penalty]}
        self._predict_out_of_fold(answer, design, y, folds[first:])
        return answer[self.penalty]

    def _predict_out_of_fold(
        self, raw: dict[float, Floats], design: Design, y: Floats, folds: Folds
    ) -> None:
        def one(task: tuple[float, tuple[Rows, Rows]]) -> None:
            penalty, (fit, predict) = task
            scorer = self._fit(design.rows(fit), y[fit], penalty)
            raw[penalty][predict] = scorer.raw(design.matrix[predict])

        _at_once(one, [(penalty, fold) for penalty in raw for fold in folds], self.threads)

    def fit(self, design: Design, y: Floats) -> AdditiveModel:
        """The additive model of all rows, with the penalty that `cross_fit` settled."""
        _check_cross_fitted(self, "penalty")
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            return self._fit(design, y, self.penalty)

    def _fit(self, design: Design, y: Floats, penalty: float) -> AdditiveModel:
        from sklearn.linear_model import LogisticRegression

        if len(y) > self.most_rows:
            chosen = np.random.default_rng(self.seed).choice(len(y), self.most_rows, replace=False)
            design, y = design.rows(np.sort(chosen)), y[np.sort(chosen)]
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
            rate = float(np.clip(y.mean(), 1e-6, 1 - 1e-6))
            return AdditiveModel(np.log(rate / (1 - rate)), [{} for _ in bases])
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
        return AdditiveModel(float(regression.intercept_[0]), terms)


class BoostedTrees:
    """Gradient-boosted trees (LightGBM; Ke et al. 2017), shallow, with early stopping on the folds.

    The size of a tree is the one of `leaves` with the least log loss on the first fold (on at most
    `rows_to_tune` of its rows); the number of rounds is the median of the folds' best.
    """

    name: ClassVar[str] = "trees"
    title: ClassVar[str] = "boosted trees"

    def __init__(
        self,
        *,
        leaves: tuple[int, ...] = (4, 12),
        rows_to_tune: int = 40_000,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.leaves = leaves
        self.rows_to_tune = rows_to_tune
        self.seed = seed
        self.threads = threads

    def cross_fit(self, design: Design, y: Floats, folds: Folds) -> Floats:
        """Out-of-fold log-odds; settles the size of the trees and the number of rounds."""
        self.size = self._best_size(design, y, folds[0])
        boosters = _at_once(
            lambda fold: self._train(design, y, fold, self.size), folds, self.threads
        )
        self.rounds = int(np.median([booster.best_iteration for booster in boosters]))
        answer = np.full(len(y), np.nan)
        for booster, (_, predict) in zip(boosters, folds, strict=True):
            text = booster.model_to_string(num_iteration=self.rounds)
            answer[predict] = TreeEnsemble(text).raw(design.matrix[predict], threads=self.threads)
        return answer

    def fit(self, design: Design, y: Floats) -> TreeEnsemble:
        """The trees of all rows, of the size and number that `cross_fit` settled."""
        _check_cross_fitted(self, "rounds")
        import lightgbm

        # A second thread costs more than it brings where the rows are few.
        threads = self.threads if len(y) >= 50_000 else 1
        parameters = {**self._parameters(len(y), self.size), "num_threads": threads}
        booster = lightgbm.train(parameters, self._dataset(design, y, parameters), self.rounds)
        return TreeEnsemble(booster.model_to_string())

    def _best_size(self, design: Design, y: Floats, fold: tuple[Rows, Rows]) -> int:
        if len(self.leaves) == 1:
            return self.leaves[0]
        rng = np.random.default_rng(self.seed)
        fit, predict = (np.sort(rng.permutation(rows)[: self.rows_to_tune]) for rows in fold)

        def loss(leaves: int) -> float:
            booster = self._train(design, y, (fit, predict), leaves)
            return float(booster.best_score["valid_0"]["binary_logloss"])

        losses = _at_once(loss, self.leaves, self.threads)
        return self.leaves[int(np.argmin(losses))]

    def _train(self, design: Design, y: Floats, fold: tuple[Rows, Rows], leaves: int) -> Any:
        import lightgbm

        fit, predict = fold
        parameters = self._parameters(len(y), leaves)
        training = self._dataset(design.rows(fit), y[fit], parameters)
        check = lightgbm.Dataset(design.matrix[predict], y[predict], reference=training)
        stop = lightgbm.early_stopping(40, verbose=False)
        return lightgbm.train(parameters, training, 2000, valid_sets=[check], callbacks=[stop])

    def _dataset(self, design: Design, y: Floats, parameters: Mapping[str, Any]) -> Any:
        import lightgbm

        categories = [place for place, name in enumerate(design.names) if name in design.levels]
        return lightgbm.Dataset(
            design.matrix,
            y,
            categorical_feature=categories,
            feature_name=[f"c{place}" for place in range(len(design.names))],
            params=dict(parameters),
        )

    def _parameters(self, rows: int, leaves: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "learning_rate": float(np.clip(0.1 * np.sqrt(rows / 100_000), 0.03, 0.1)),
            "num_leaves": leaves,
            "min_data_in_leaf": int(np.clip(rows / 500, 10, 100)),
            "feature_fraction": 0.5,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "cat_smooth": 20.0,
            "max_bin": 127,
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.seed,
            "num_threads": 1,  # folds run at once instead: they do not wait for each other
            "verbose": -1,
        }


def _check_cross_fitted(learner: Learner, settled: str) -> None:
    if not hasattr(learner, settled):
        raise PatronError(f"cross_fit settles how to fit {learner.title}; call it before fit.")


def _at_once(work: Callable[[_Task], _Done], tasks: Iterable[_Task], threads: int) -> list[_Done]:
    """`work` done on each task by so many threads, each with one core; answers in order."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, tasks))


def _loss(raw: Floats, y: Floats) -> float:
    known = ~np.isnan(raw)
    return float(np.mean(np.logaddexp(0, raw[known]) - y[known] * raw[known]))


def _mean_of_known(block: Floats) -> Floats:
    known = block[~np.isnan(block).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.zeros(block.shape[1])
