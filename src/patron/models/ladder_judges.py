"""How a step of the ladder is learnt and scored: buyers by ROC-AUC, amounts by R²."""

__all__ = ["Amounts", "Judge", "Learner", "Purchases"]

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.features.encode import Design
from patron.metrics import auc_difference, roc_auc
from patron.models.reference import Line, strongest

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Learner = Callable[[Design, Floats], Callable[[Design], Floats]]
"""Learns from a design and its answers; what it gives predicts the answers of another design."""

DRAWS = 400
ROUNDS = 150
FEWEST = 10


class Judge(ABC):
    """Learns quickly, and scores what was predicted.

    Parameters
    ----------
    y : the target beside the first table; NaN where a row is unlabelled.
    units : the customer of each row, as codes; None where each row is one.
    level, seed : of the intervals, and of what is drawn by chance.

    Predictions `p` stand beside the first table too, NaN where there is none.
    """

    metric: ClassVar[str]

    def __init__(self, y: Floats, units: Rows | None, *, level: float, seed: int) -> None:
        self.y = y
        self.units = units
        self.level = level
        self.seed = seed

    @abstractmethod
    def learn(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """The quick model."""

    @abstractmethod
    def score(self, p: Floats) -> Estimate:
        """The score of predictions."""

    @abstractmethod
    def worth(self, before: Floats, after: Floats) -> Estimate:
        """The score of `after` less that of `before`, on the rows that both predict."""

    @abstractmethod
    def can_learn(self, y: Floats) -> bool:
        """Whether these answers can teach, or test, anything."""

    @abstractmethod
    def inside(self, y: Floats, p: Floats) -> float:
        """The plain score of predictions `p` of `y`."""

    @abstractmethod
    def more(self, p: Floats) -> dict[str, Estimate]:
        """What else is worth saying of predictions, by name."""

    def shuffled(self, rows: Rows) -> Rows:
        """The rows by their target, those of an equal one in an order of chance."""
        by_chance = np.random.default_rng(self.seed).random(len(rows))
        return rows[np.lexsort((by_chance, self.y[rows]))]


class Purchases(Judge):
    """Who buys: small boosted trees (LightGBM), scored by the ROC-AUC."""

    metric = "roc_auc"

    def learn(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """A fixed number of rounds: none is chosen by a look at the rows that are scored."""
        import lightgbm

        kept = strongest(design.matrix, y)
        names = [design.names[place] for place in kept]
        categories = [place for place, name in enumerate(names) if name in design.levels]
        parameters: dict[str, Any] = {
            "objective": "binary",
            "learning_rate": 0.06,
            "num_leaves": 8,
            "min_data_in_leaf": max(FEWEST, min(50, len(y) // 100)),
            "feature_fraction": 0.5,
            "lambda_l2": 5.0,
            "cat_smooth": 20.0,
            "max_bin": 127,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": 1,
            "seed": self.seed,
            "verbose": -1,
        }
        data = lightgbm.Dataset(
            design.matrix[:, kept], y, categorical_feature=categories, params=dict(parameters)
        )
        trees = lightgbm.train(parameters, data, ROUNDS)
        return lambda asked: np.asarray(
            trees.predict(asked.matrix[:, kept], raw_score=True, num_threads=1), np.float64
        )

    def score(self, p: Floats) -> Estimate:
        """The ROC-AUC, by DeLong's interval."""
        known = ~np.isnan(p)
        return roc_auc(self.y[known], p[known], level=self.level, groups=self._units(known))

    def worth(self, before: Floats, after: Floats) -> Estimate:
        """The difference of two ROC-AUC on the same rows."""
        both = ~np.isnan(before) & ~np.isnan(after)
        pair = self.y[both], after[both], before[both]
        return auc_difference(*pair, level=self.level, groups=self._units(both))

    def can_learn(self, y: Floats) -> bool:
        """Whether there are some of each kind."""
        return bool(min((y == 0).sum(), (y == 1).sum()) >= FEWEST)

    def inside(self, y: Floats, p: Floats) -> float:
        """The ROC-AUC."""
        return roc_auc(y, p).value

    def more(self, p: Floats) -> dict[str, Estimate]:  # noqa: ARG002
        """Nothing: the Study's own model says it."""
        return {}

    def _units(self, known: NDArray[np.bool_]) -> Rows | None:
        return None if self.units is None else self.units[known]


class Amounts(Judge):
    """How much: a line, scored by R².

    The intervals are those of a bootstrap over customers (Poisson weights, `DRAWS` draws); all
    scores see the same draws, so that differences are paired.

    Parameters
    ----------
    rows : those that are predicted; the bootstrap draws from their customers.
    top_share : the share of customers that count as the top.
    """

    metric = "r2"

    def __init__(
        self,
        y: Floats,
        units: Rows | None,
        rows: Rows,
        *,
        level: float,
        seed: int,
        top_share: float,
    ) -> None:
        super().__init__(y, units, level=level, seed=seed)
        customer = np.arange(len(y)) if units is None else units
        self._customer = np.searchsorted(np.unique(customer[rows]), customer)
        count = int(self._customer[rows].max(initial=-1)) + 1
        drawn = np.random.default_rng(seed).poisson(1.0, (DRAWS, count))
        self._weights = drawn.astype(np.float32)
        self.top_share = top_share

    def learn(self, design: Design, y: Floats) -> Callable[[Design], Floats]:
        """Least squares on the columns as they are."""
        return Line.fit(design, y).predict

    def score(self, p: Floats) -> Estimate:
        """1 - squared error / squared distance from the mean."""
        known = ~np.isnan(p)
        return self._estimate(lambda total: _r2(total, self.y[known], p[known]), known)

    def worth(self, before: Floats, after: Floats) -> Estimate:
        """The difference of two R² on the same rows."""
        both = ~np.isnan(before) & ~np.isnan(after)
        y = self.y[both]
        return self._estimate(
            lambda total: _r2(total, y, after[both]) - _r2(total, y, before[both]), both
        )

    def can_learn(self, y: Floats) -> bool:
        """Whether there are amounts enough, and not all the same."""
        return len(y) >= 3 * FEWEST and float(np.var(y)) > 0

    def inside(self, y: Floats, p: Floats) -> float:
        """R²."""
        return float(_r2(np.sum, y, p))

    def more(self, p: Floats) -> dict[str, Estimate]:
        """How well the top is told: its R², within itself too, and the share of it that is found.

        The top are the `top_share` who in fact have most. Their R² holds the model against the
        average of all customers, since nobody knows beforehand who will be at the top; the one
        within the top holds it against the average of the top.
        """
        known = ~np.isnan(p)
        y, p = self.y[known], p[known]
        count = max(1, round(self.top_share * len(y)))
        top, found = np.zeros(len(y)), np.zeros(len(y))
        top[np.argsort(-y, kind="stable")[:count]] = 1
        found[np.argsort(-p, kind="stable")[:count]] = 1
        away = top * (y - y.mean()) ** 2
        name = f"{100 * self.top_share:.0f}"
        within = {}
        if np.ptp(y[top == 1]) > 0:  # gifts of one size have no spread to explain
            within["r2_within_top_" + name] = self._estimate(
                lambda total: _r2(total, y, p, top), known
            )
        return {
            f"r2_top_{name}": self._estimate(
                lambda total: 1 - total(top * (y - p) ** 2) / total(away), known
            ),
            **within,
            f"top_{name}_capture": self._estimate(
                lambda total: total(top * found) / total(top), known
            ),
        }

    def _estimate(
        self, measure: Callable[[Callable[[Floats], Any]], Any], known: NDArray[np.bool_]
    ) -> Estimate:
        """A measure made of totals over rows, with its bootstrap interval."""
        value = float(measure(np.sum))
        customer, count = self._customer[known], self._weights.shape[1]
        with np.errstate(invalid="ignore", divide="ignore"):  # of few rows a draw may have none
            draws = measure(lambda values: self._weights @ np.bincount(customer, values, count))
        drawn = draws[np.isfinite(draws)]
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2])
        low, high = min(float(low), value), max(float(high), value)
        n, method = int(known.sum()), f"bootstrap, {DRAWS} draws"
        return Estimate(value, low, high, self.level, n, method)


def _r2(total: Callable[[Floats], Any], y: Floats, p: Floats, among: Floats | None = None) -> Any:
    """R² from totals over rows; `among` counts the rows that matter as 1."""
    w = np.ones(len(y)) if among is None else among
    spread = total(w * y**2) - total(w * y) ** 2 / total(w)
    return 1 - total(w * (y - p) ** 2) / spread
