"""Boosted trees for spend: a hurdle of two ensembles, and one with a Tweedie objective."""

__all__ = ["HurdleTrees", "HurdleTreesScorer", "TweedieTrees", "TweedieTreesScorer"]

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.amounts import LogHurdle
from patron.models.learner import Folds, at_once
from patron.models.residuals import seen_errors
from patron.models.spend_data import Matrix, SpendData, SpendScorer, no_amounts
from patron.models.trees import TreeEnsemble
from patron.models.tweedie import CompoundPoisson

Floats = NDArray[np.float64]

MOST_ROUNDS = 400
PATIENCE = 25
POWERS = (1.2, 1.4, 1.6, 1.8)
"""Tweedie powers that are tried for the distribution; the trees learn with `POWER`."""
POWER = 1.5
ROWS_FOR_POWER = 3_000
"""Powers are compared on about so many rows."""


@dataclass(frozen=True)
class HurdleTreesScorer:
    """Two ensembles (`SpendScorer`): the log-odds of spending, the mean log amount."""

    kind: ClassVar[str] = "hurdle_trees"

    positive: TreeEnsemble
    amount: TreeEnsemble
    sd: float
    errors: Floats
    limit: float

    def distribution(self, matrix: Matrix, *, threads: int = 1) -> LogHurdle:
        """The predictive distributions of the rows of an encoded matrix."""
        return LogHurdle(
            1 / (1 + np.exp(-self.positive.raw(matrix, threads=threads))),
            self.amount.raw(matrix, threads=threads),
            np.full(len(matrix), self.sd),
            limit=self.limit,
            errors=self.errors,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "positive": self.positive.to_dict(),
            "amount": self.amount.to_dict(),
            "sd": self.sd,
            "errors": self.errors.tolist(),
            "limit": self.limit,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "HurdleTreesScorer":
        """The scorer that `to_dict` wrote."""
        return cls(
            TreeEnsemble.from_dict(fields["positive"]),
            TreeEnsemble.from_dict(fields["amount"]),
            fields["sd"],
            np.array(fields["errors"]),
            fields["limit"],
        )


@dataclass(frozen=True)
class TweedieTreesScorer:
    """An ensemble for the log of the mean, and what spreads about it (`SpendScorer`)."""

    kind: ClassVar[str] = "tweedie_trees"

    mean: TreeEnsemble
    power: float
    dispersion: float
    limit: float

    def distribution(self, matrix: Matrix, *, threads: int = 1) -> CompoundPoisson:
        """The predictive distributions of the rows of an encoded matrix."""
        expected = np.exp(np.clip(self.mean.raw(matrix, threads=threads), -20.0, 60.0))
        return CompoundPoisson(
            np.clip(expected, 1e-6 * self.limit, self.limit),
            power=self.power,
            dispersion=self.dispersion,
            limit=self.limit,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "mean": self.mean.to_dict(),
            "power": self.power,
            "dispersion": self.dispersion,
            "limit": self.limit,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "TweedieTreesScorer":
        """The scorer that `to_dict` wrote."""
        mean = TreeEnsemble.from_dict(fields["mean"])
        return cls(mean, fields["power"], fields["dispersion"], fields["limit"])


class _Trees(ABC):
    """Trees with one thread each, the folds at once; rounds by early stopping, their median."""

    readability: ClassVar[float] = 2.0
    floor: ClassVar[bool] = False

    def __init__(self, *, seed: int = 0, threads: int = 1) -> None:
        self.seed = seed
        self.threads = threads
        self.rounds: dict[str, int] = {}

    @abstractmethod
    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """See `SpendLearner`."""

    def _trained(
        self,
        objective: str,
        design: Design,
        y: Floats,
        weights: Floats,
        folds: Folds,
    ) -> list[TreeEnsemble]:
        """The trees of each fold; settles the rounds of this objective."""

        def one(fold: tuple[Any, Any]) -> Any:
            fit, check = fold
            return self._train(objective, design, y, weights, fit, check)

        # Nobody in a group may have spent anything: no row then says when amounts should stop.
        told = [place for place, (_, check) in enumerate(folds) if len(check)]
        grown = dict(zip(told, at_once(one, [folds[k] for k in told], self.threads), strict=True))
        rounds = max(1, int(np.median([trees.best_iteration for trees in grown.values()])))
        self.rounds[objective] = rounds
        for place, (fit, _) in enumerate(folds):
            if place not in grown:
                grown[place] = self._train(objective, design, y, weights, fit, None)
        ordered = [grown[place] for place in range(len(folds))]
        return [TreeEnsemble(trees.model_to_string(num_iteration=rounds)) for trees in ordered]

    def _all(self, objective: str, design: Design, y: Floats, weights: Floats) -> TreeEnsemble:
        """The trees of all rows."""
        if objective not in self.rounds:
            raise no_amounts("boosted trees")
        trees = self._train(objective, design, y, weights, np.arange(len(y)), None)
        return TreeEnsemble(trees.model_to_string(num_iteration=self.rounds[objective]))

    def _train(
        self, objective: str, design: Design, y: Floats, weights: Floats, fit: Any, check: Any
    ) -> Any:
        import lightgbm

        names = [f"c{place}" for place in range(len(design.names))]
        categories = [place for place, name in enumerate(design.names) if name in design.levels]
        parameters: dict[str, Any] = {
            "objective": objective,
            "learning_rate": 0.08,
            "num_leaves": 8,
            "min_data_in_leaf": int(np.clip(len(fit) / 300, 10, 100)),
            "feature_fraction": 0.7,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "cat_smooth": 20.0,
            "max_bin": 127,
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.seed,
            "num_threads": 1,
            "verbose": -1,
            **({"tweedie_variance_power": POWER} if objective == "tweedie" else {}),
        }
        training = lightgbm.Dataset(
            design.matrix[fit],
            y[fit],
            weight=weights[fit],
            categorical_feature=categories,
            feature_name=names,
            params=dict(parameters),
        )
        if check is None:
            return lightgbm.train(parameters, training, self.rounds[objective])
        beside = lightgbm.Dataset(
            design.matrix[check], y[check], weight=weights[check], reference=training
        )
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        return lightgbm.train(
            parameters, training, MOST_ROUNDS, valid_sets=[beside], callbacks=[stop]
        )


class HurdleTrees(_Trees):
    """P(spend > 0) by boosted trees, the log amount of those who spend by others (LightGBM).

    The errors of the log amount are those seen out of fold, the same for everybody.
    """

    name: ClassVar[str] = "hurdle_trees"
    title: ClassVar[str] = "boosted trees, hurdle"
    reads_as: ClassVar[str] = "two sums of trees: examples explain them"

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """A scorer for each fold; settles rounds and errors."""
        spends = (data.y > 0).astype(np.float64)
        logs = np.log(np.where(data.y > 0, data.y, 1.0))
        whether = self._trained("binary", data.design, spends, data.weights, folds)
        inside = [(fit[data.y[fit] > 0], ask[data.y[ask] > 0]) for fit, ask in folds]
        much = self._trained("regression", data.design, logs, data.weights, inside)
        away = np.full(len(data), np.nan)
        for trees, (_, ask) in zip(much, inside, strict=True):
            away[ask] = logs[ask] - trees.raw(data.design.matrix[ask])
        self._errors = _spread(away, data)
        scorers = []
        for one, other, (_, ask) in zip(whether, much, inside, strict=True):
            rest = away.copy()
            rest[ask] = np.nan  # a fold's own errors stay out of its forecast
            scorers.append(HurdleTreesScorer(one, other, *_spread(rest, data), data.limit))
        return scorers

    def fit(self, data: SpendData) -> HurdleTreesScorer:
        """The trees of all rows."""
        spends = np.flatnonzero(data.y > 0)
        some = data.rows(spends)
        return HurdleTreesScorer(
            self._all("binary", data.design, (data.y > 0).astype(np.float64), data.weights),
            self._all("regression", some.design, np.log(some.y), some.weights),
            *self._errors,
            data.limit,
        )


class TweedieTrees(_Trees):
    """The mean by boosted trees with a Tweedie objective (LightGBM), log link.

    The trees learn with power 1.5. For the distribution the power is the one of `POWERS` with the
    least out-of-fold CRPS, and the dispersion the one with which as many spend nothing as did.
    Source: Yang, Qian and Zou (2018), for Tweedie boosting.
    """

    name: ClassVar[str] = "tweedie_trees"
    title: ClassVar[str] = "boosted trees, Tweedie"
    reads_as: ClassVar[str] = "a sum of trees: examples explain it"

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """A scorer for each fold; settles rounds, power and dispersion."""
        trees = self._trained("tweedie", data.design, data.y, data.weights, folds)
        expected = np.full(len(data), np.nan)
        for each, (_, ask) in zip(trees, folds, strict=True):
            expected[ask] = np.exp(np.clip(each.raw(data.design.matrix[ask]), -20.0, 60.0))
        asked = ~np.isnan(expected)  # folds may predict some of the rows only
        y, weights = data.y[asked], data.weights[asked]
        expected = np.clip(expected[asked], 1e-6 * data.limit, data.limit)
        some = slice(None, None, max(1, len(y) // ROWS_FOR_POWER))
        tried = []
        for power in POWERS:
            dispersion = _dispersion(expected, y, weights, power)
            spread = CompoundPoisson(
                expected[some], power=power, dispersion=dispersion, limit=data.limit
            )
            loss = float(np.average(spread.crps(y[some]), weights=weights[some]))
            tried.append((loss, power, dispersion))
        _, power, dispersion = min(tried)
        self._spread = power, dispersion
        return [TweedieTreesScorer(each, *self._spread, data.limit) for each in trees]

    def fit(self, data: SpendData) -> TweedieTreesScorer:
        """The trees of all rows."""
        trees = self._all("tweedie", data.design, data.y, data.weights)
        return TweedieTreesScorer(trees, *self._spread, data.limit)


def _spread(away: Floats, data: SpendData) -> tuple[float, Floats]:
    """The standard deviation of the known errors, and their quantiles in units of it."""
    known = ~np.isnan(away)
    away, weights = away[known], data.weights[known]
    sd = float(np.sqrt(np.cov(away, ddof=0, aweights=weights))) or 1.0
    return sd, seen_errors(away / sd, data.capped[known], weights)


def _dispersion(expected: Floats, y: Floats, weights: Floats, power: float) -> float:
    """The dispersion with which the mean of P(Y = 0) is the share of zeros, by weight."""
    share = float(np.average(y == 0, weights=weights))
    share = float(np.clip(share, 0.5 / len(y), 1 - 0.5 / len(y)))
    scaled = expected ** (2 - power) / (2 - power)
    low, high = -30.0, 60.0  # of its logarithm
    for _ in range(80):
        middle = (low + high) / 2
        few = float(np.average(np.exp(-scaled / np.exp(middle)), weights=weights)) < share
        low, high = (middle, high) if few else (low, middle)
    return float(np.exp((low + high) / 2))
