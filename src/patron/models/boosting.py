"""Boosted trees: what all tree learners share, and the house's own (LightGBM)."""

__all__ = ["BoostedTrees", "Grown", "TreeLearner"]

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.learner import CrossFitted, Folds, Rows, at_once, not_cross_fitted, some_rows
from patron.models.shares import Shares
from patron.models.trees import TreeEnsemble

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Valid = tuple[Matrix, Floats] | None

MOST_ROUNDS = 2000
PATIENCE = 40
"""Training stops after so many rounds without a lower log loss on the rows held back."""


class Grown(Protocol):
    """Trees as trained."""

    @property
    def best_rounds(self) -> int:
        """The rounds with the least log loss on the rows held back; all, where none were."""

    def text(self, rounds: int | None = None) -> str:
        """The first `rounds` trees (by default the best) as LightGBM's native text."""


class TreeLearner(ABC):
    """Cross-fitting of trees: early stopping on the folds, and the median of their best rounds.

    Categories come with one more column each, the cross-fitted share of buyers (`Shares`).

    Parameters
    ----------
    monotone : +1 or -1 for columns (by name) along which the prediction may only rise or fall.
    seed : the draws of rows and columns.
    threads : how many folds are trained at once, each with one core.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    readability: ClassVar[float] = 2

    def __init__(
        self, *, monotone: Mapping[str, int] | None = None, seed: int = 0, threads: int = 1
    ) -> None:
        self.monotone = dict(monotone or {})
        self.seed = seed
        self.threads = threads
        self.instead = False
        self.rounds: int | None = None

    def cross_fit(
        self, design: Design, y: Floats, folds: Folds, *, again: bool = False
    ) -> CrossFitted:
        """Out-of-fold log-odds; settles the kind of trees and the number of rounds."""
        again = again and self.rounds is not None
        if not again:
            self._settle(design, y, folds)
        grown = at_once(lambda fold: self._on_fold(design, y, fold), folds, self.threads)
        if not again:
            self.rounds = int(np.median([trees.best_rounds for _, trees in grown]))
        answer = np.full(len(y), np.nan)
        scorers = []
        for (shares, trees), (_, predict) in zip(grown, folds, strict=True):
            scorers.append(TreeEnsemble(trees.text(self.rounds), shares))
            answer[predict] = scorers[-1].raw(design.matrix[predict], threads=self.threads)
        return CrossFitted(answer, tuple(scorers))

    def fit(self, design: Design, y: Floats) -> TreeEnsemble:
        """The trees of all rows, of the kind and number that `cross_fit` settled."""
        if self.rounds is None:
            raise not_cross_fitted(self)
        shares, wide = Shares.for_training(design, y, seed=self.seed, instead=self.instead)
        bounds, categories = self._bounds(design, wide), self._categories(design)
        trees = self.train(wide, y, rounds=self.rounds, bounds=bounds, categories=categories)
        return TreeEnsemble(trees.text(self.rounds), shares)

    @abstractmethod
    def train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid = None,
        *,
        rounds: int | None = None,
        bounds: Sequence[int] = (),
        categories: Sequence[int] = (),
    ) -> Grown:
        """Trees of `rounds` rounds, or of as many as the rows of `valid` call for.

        Parameters
        ----------
        matrix : [rows, columns]; NaN is missing.
        y : 0 or 1 [rows].
        valid : a matrix and its y; training stops when they are predicted no better.
        rounds : the most rounds; needed where there is no `valid`.
        bounds : +1, -1 or 0 for each column; empty for no bound at all.
        categories : the places of columns of codes, for a library that splits them as such.
        """

    def _settle(self, design: Design, y: Floats, folds: Folds) -> None:  # noqa: B027
        """Choose what kind of trees to grow, once; some have nothing to choose."""

    def _on_fold(self, design: Design, y: Floats, fold: tuple[Rows, Rows]) -> tuple[Shares, Grown]:
        fit, predict = fold
        inside = design.rows(fit)
        shares, wide = Shares.for_training(inside, y[fit], seed=self.seed, instead=self.instead)
        check = shares.widened(design.matrix[predict])
        trees = self.train(
            wide,
            y[fit],
            (check, y[predict]),
            bounds=self._bounds(design, wide),
            categories=self._categories(design),
        )
        return shares, trees

    def _bounds(self, design: Design, wide: Matrix) -> list[int]:
        bounds = [self.monotone.get(name, 0) for name in design.names]
        return [*bounds, *[0] * (wide.shape[1] - len(bounds))] if any(bounds) else []

    def _categories(self, design: Design) -> list[int]:
        if self.instead:
            return []
        return [place for place, name in enumerate(design.names) if name in design.levels]


@dataclass(frozen=True)
class _Booster:
    """LightGBM's own, as `Grown`."""

    booster: Any

    @property
    def best_rounds(self) -> int:
        return int(self.booster.best_iteration)

    def text(self, rounds: int | None = None) -> str:
        return str(self.booster.model_to_string(num_iteration=rounds or self.best_rounds))


class BoostedTrees(TreeLearner):
    """Gradient-boosted trees (LightGBM; Ke et al. 2017), shallow, with a low rate.

    The size of a tree, and whether categories are split by their codes and their shares or by the
    shares alone, is what has the least log loss on the first fold (on at most `rows_to_tune` of its
    rows).

    Parameters
    ----------
    leaves : the sizes that are tried.
    """

    name: ClassVar[str] = "trees"
    title: ClassVar[str] = "boosted trees"

    def __init__(
        self,
        *,
        leaves: tuple[int, ...] = (4, 12),
        rows_to_tune: int = 40_000,
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        super().__init__(monotone=monotone, seed=seed, threads=threads)
        self.leaves = leaves
        self.rows_to_tune = rows_to_tune
        self.size = leaves[0]

    def train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid = None,
        *,
        rounds: int | None = None,
        bounds: Sequence[int] = (),
        categories: Sequence[int] = (),
    ) -> Grown:
        """See `TreeLearner.train`."""
        import lightgbm

        rows = len(y) + (0 if valid is None else len(valid[1]))
        parameters = self._parameters(rows, bounds)
        names = [f"c{place}" for place in range(matrix.shape[1])]
        training = lightgbm.Dataset(
            matrix,
            y,
            categorical_feature=list(categories),
            feature_name=names,
            params=dict(parameters),
        )
        if valid is None:
            return _Booster(lightgbm.train(parameters, training, rounds or MOST_ROUNDS))
        check = lightgbm.Dataset(*valid, reference=training)
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        most = rounds or MOST_ROUNDS
        return _Booster(
            lightgbm.train(parameters, training, most, valid_sets=[check], callbacks=[stop])
        )

    def _settle(self, design: Design, y: Floats, folds: Folds) -> None:
        ways = [
            (size, only)
            for size in self.leaves
            for only in ((False, True) if design.levels else (False,))
        ]
        rng = np.random.default_rng(self.seed)
        some = [some_rows(rows, y[rows], self.rows_to_tune, rng) for rows in folds[0]]

        def loss(way: tuple[int, bool]) -> float:
            trial = BoostedTrees(leaves=self.leaves, monotone=self.monotone, seed=self.seed)
            trial.size, trial.instead = way
            trees: Any = trial._on_fold(design, y, (some[0], some[1]))[1]
            return float(trees.booster.best_score["valid_0"]["binary_logloss"])

        losses = at_once(loss, ways, self.threads) if len(ways) > 1 else [0.0]
        self.size, self.instead = ways[int(np.argmin(losses))]

    def _parameters(self, rows: int, bounds: Sequence[int]) -> dict[str, Any]:
        monotone = {"monotone_constraints": list(bounds)} if bounds else {}
        return {
            "objective": "binary",
            "learning_rate": _rate(rows),
            "num_leaves": self.size,
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
            **monotone,
        }


def _rate(rows: int) -> float:
    """The learning rate: low on few rows, and on many high, so that few trees have to be scored."""
    crowd = rows / 100_000
    return float(np.clip(0.1 * (crowd if crowd > 1 else np.sqrt(crowd)), 0.03, 0.2))
