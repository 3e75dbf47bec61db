"""The fits of a two-part model's parts on some rows of a table."""

__all__ = ["Fits", "HowMuch", "Recipe", "Table", "Whether", "fit_parts", "squares_of"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.models.learner import Rows
from patron.models.smooth import Frame
from patron.models.smooth_fit import Fitted, censored_normal, log_variance, logistic
from patron.models.smooth_pairs import Part
from patron.models.spend_data import SpendData

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """What cross-fitting settled: the blocks of each part with their penalties.

    `spread` is None where the errors' spread is the same for all; `shaped` says whether the errors
    are taken as they were seen.
    """

    frame: Frame
    positive: Part
    amount: Part
    spread: Part | None
    shaped: bool


@dataclass(frozen=True)
class Table:
    """The rows to fit on, as a matrix with a first column of ones."""

    frame: Frame
    matrix: Floats
    y: Floats
    logs: Floats
    capped: NDArray[np.bool_]
    weights: Floats
    limit: float

    @classmethod
    def of(cls, data: SpendData, frame: Frame) -> "Table":
        """The rows of `data` in the frame's columns."""
        matrix = np.column_stack([np.ones(len(data)), frame.matrix(data.design)])
        logs = np.log(np.where(data.y > 0, data.y, 1.0))
        return cls(frame, matrix, data.y, logs, data.capped, data.weights, data.limit)

    def counts(self, rows: Rows) -> Floats:
        """How often each of `rows` counts, once on average: of amounts there are as many as rows.

        Where those who spend are drawn more often, or weigh more, than others, their own number is
        still what there is to learn amounts from.
        """
        weights = self.weights[rows]
        return weights / weights.mean() if len(rows) else weights


@dataclass(frozen=True)
class Fits:
    """The fits of the parts on some rows."""

    recipe: Recipe
    positive: Fitted
    amount: Fitted
    spread: Fitted | None

    @property
    def sd(self) -> float:
        """The standard deviation of log amounts about their curves; where it varies, its base."""
        return float(np.sqrt(self.amount.noise))

    def amount_at(self, table: Table, rows: Rows) -> Floats:
        """The mean log amount of `rows`."""
        return self.recipe.amount.columns(table.matrix, rows) @ self.amount.weights

    def sd_at(self, table: Table, rows: Rows) -> Floats:
        """The standard deviation about it."""
        if self.spread is None or self.recipe.spread is None:
            return np.full(len(rows), self.sd)
        half = self.recipe.spread.columns(table.matrix, rows) @ self.spread.weights / 2
        return np.asarray(np.exp(np.clip(half, -6.0, 3.0)) * self.sd)

    def likelihood(self, table: Table, rows: Rows) -> Floats:
        """The log density of each amount, or the log of the chance to pass the cap."""
        return _log_density(
            table.logs[rows], table.capped[rows], self.amount_at(table, rows),
            self.sd_at(table, rows),
        )  # fmt: skip


class Whether:
    """The likelihood of spending at all, for `choose_pairs`."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def fit(self, matrix: Floats, rows: Rows, part: Part | None, blocks: list[slice]) -> Fitted:
        """See `smooth_pairs.Likelihood`."""
        spends = (self.table.y[rows] > 0).astype(np.float64)
        how: dict[str, Any] = {}
        if part is not None:
            how = {"penalties": part.penalties, "start": part.start}
        return logistic(matrix, spends, self.table.weights[rows], blocks, **how)

    def slope(self, matrix: Floats, rows: Rows, fitted: Fitted) -> tuple[Floats, Floats]:
        """See `smooth_pairs.Likelihood`."""
        p = 1 / (1 + np.exp(-np.clip(matrix @ fitted.weights, -30, 30)))
        weight = self.table.weights[rows]
        return weight * ((self.table.y[rows] > 0) - p), np.asarray(weight * p * (1 - p))

    def likelihood(self, matrix: Floats, rows: Rows, fitted: Fitted) -> Floats:
        """See `smooth_pairs.Likelihood`."""
        eta = np.clip(matrix @ fitted.weights, -30, 30)
        return np.asarray((self.table.y[rows] > 0) * eta - np.logaddexp(0, eta))

    def counts(self, rows: Rows) -> Floats:
        """See `smooth_pairs.Likelihood`."""
        return self.table.weights[rows]


class HowMuch:
    """The likelihood of the amounts, for `choose_pairs`."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def fit(self, matrix: Floats, rows: Rows, part: Part | None, blocks: list[slice]) -> Fitted:
        """See `smooth_pairs.Likelihood`."""
        t = self.table
        penalties = None if part is None else part.penalties
        what = t.logs[rows], t.capped[rows], t.counts(rows)
        return censored_normal(matrix, *what, blocks, penalties=penalties)

    def slope(self, matrix: Floats, rows: Rows, fitted: Fitted) -> tuple[Floats, Floats]:
        """See `smooth_pairs.Likelihood`."""
        t = self.table
        weight = np.where(t.capped[rows], 0.0, t.counts(rows)) / fitted.noise
        return weight * (t.logs[rows] - matrix @ fitted.weights), weight

    def likelihood(self, matrix: Floats, rows: Rows, fitted: Fitted) -> Floats:
        """See `smooth_pairs.Likelihood`."""
        t = self.table
        at, sd = matrix @ fitted.weights, np.full(len(rows), np.sqrt(fitted.noise))
        return _log_density(t.logs[rows], t.capped[rows], at, sd)

    def counts(self, rows: Rows) -> Floats:
        """See `smooth_pairs.Likelihood`."""
        return self.table.counts(rows)


def fit_parts(recipe: Recipe, table: Table, rows: Rows) -> Fits:
    """The parts on `rows`, with the penalties of the recipe."""
    spends = table.y[rows] > 0
    whether = logistic(
        recipe.positive.columns(table.matrix, rows),
        spends.astype(np.float64),
        table.weights[rows],
        recipe.positive.blocks,
        penalties=recipe.positive.penalties,
        start=recipe.positive.start,
    )
    amounts = rows[spends]
    columns = recipe.amount.columns(table.matrix, amounts)
    what = table.logs[amounts], table.capped[amounts]
    how: dict[str, Any] = {"penalties": recipe.amount.penalties}
    weights = table.counts(amounts)
    amount = censored_normal(columns, *what, weights, recipe.amount.blocks, **how)
    fits = Fits(recipe, whether, amount, None)
    if recipe.spread is None:
        return fits
    inside = recipe.spread.columns(table.matrix, amounts)
    for _ in range(2):  # the spread about the curves, then the curves by the spread
        at = fits.amount_at(table, amounts)
        squares = squares_of(table, amounts, at, fits.sd_at(table, amounts))
        spread = log_variance(
            inside, squares, weights, recipe.spread.blocks, penalties=recipe.spread.penalties
        )
        how["precision"] = np.exp(-np.clip(inside @ spread.weights, -12.0, 6.0))
        amount = censored_normal(columns, *what, weights, recipe.amount.blocks, **how)
        fits = Fits(recipe, whether, amount, spread)
    return fits


def squares_of(table: Table, rows: Rows, at: Floats, sd: Floats | float) -> Floats:
    """The squared residuals; of a capped amount what is to be expected beyond the cap."""
    away = (table.logs[rows] - at) / sd
    squares = (away * sd) ** 2
    cut = table.capped[rows]
    if cut.any():
        from scipy.special import log_ndtr

        a = away[cut]
        hazard = np.exp(-(a**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-a))
        own = sd[cut] if isinstance(sd, np.ndarray) else sd
        squares[cut] = own**2 * (1 + a * hazard)
    return np.asarray(squares)


def _log_density(z: Floats, cut: NDArray[np.bool_], at: Floats, sd: Floats) -> Floats:
    from scipy.special import log_ndtr

    away = (z - at) / sd
    whole = -(away**2) / 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.where(cut, log_ndtr(-away), whole)
