"""Two-part curves: whether a customer spends, and how much, each a sum of one curve a column."""

__all__ = ["TwoPart", "TwoPartCurves"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.models.additive import AdditiveModel
from patron.models.amounts import LogHurdle
from patron.models.learner import Folds, Rows
from patron.models.residuals import seen_errors
from patron.models.smooth import frame_of
from patron.models.smooth_fit import censored_normal, log_variance, logistic
from patron.models.smooth_pairs import Part, choose_pairs, clearly
from patron.models.spend_data import Matrix, SpendData, SpendScorer, no_amounts
from patron.models.two_part_fit import (
    Fits,
    HowMuch,
    Recipe,
    Table,
    Whether,
    fit_parts,
    squares_of,
)

Floats = NDArray[np.float64]
Errors = tuple[Floats, NDArray[np.bool_], Floats]  # with those cut off, and how often they count

LEAST_SHARE = 0.5
"""A block that uses fewer degrees of freedom than this is left out."""
ROUGH_STEPS = 12
FEWEST_FOR_SHAPE = 300
"""Amounts below this number cannot tell the shape of their errors, or how their spread varies."""
ROWS_FOR_SHAPE = 1_500
"""Amounts of each fold by which shapes are compared."""


@dataclass(frozen=True)
class TwoPartCurves:
    """A fitted two-part model (`SpendScorer`).

    Parameters
    ----------
    positive : log-odds of spending at all.
    amount : the mean of the logarithm of what is spent.
    spread : log of the standard deviation about it.
    errors : quantiles of the standardised errors; None for normal ones.
    limit : the greatest amount that is believed.
    """

    kind: ClassVar[str] = "two_part"

    positive: AdditiveModel
    amount: AdditiveModel
    spread: AdditiveModel
    errors: Floats | None
    limit: float

    def distribution(self, matrix: Matrix, *, threads: int = 1) -> LogHurdle:
        """The predictive distributions of the rows of an encoded matrix."""
        return LogHurdle(
            1 / (1 + np.exp(-self.positive.raw(matrix, threads=threads))),
            self.amount.raw(matrix, threads=threads),
            np.exp(np.clip(self.spread.raw(matrix, threads=threads), -6.0, 3.0)),
            limit=self.limit,
            errors=self.errors,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "positive": self.positive.to_dict(),
            "amount": self.amount.to_dict(),
            "spread": self.spread.to_dict(),
            "errors": None if self.errors is None else self.errors.tolist(),
            "limit": self.limit,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "TwoPartCurves":
        """The model that `to_dict` wrote."""
        errors = fields["errors"]
        return cls(
            AdditiveModel.from_dict(fields["positive"]),
            AdditiveModel.from_dict(fields["amount"]),
            AdditiveModel.from_dict(fields["spread"]),
            None if errors is None else np.array(errors),
            float(fields["limit"]),
        )


class TwoPart:
    """P(spend > 0) by logistic curves, the logarithm of the amount by curves with normal errors.

    Amounts at the cap are censored (Tobin 1958). Every curve has a straight part and bends, each
    with a penalty that is settled by restricted maximum likelihood (`patron.models.smooth`), on all
    rows; products of two columns join where they lower the out-of-fold loss clearly, and so do a
    spread that varies, and errors as they were seen in place of normal ones.
    Source: Duan, Manning, Morris and Newhouse (1983) for the two parts.

    Parameters
    ----------
    pairs : whether products of two columns are tried.
    shape : whether a spread that varies and errors as seen are tried.
    most_rows : no more rows are used for a fit.
    """

    name: ClassVar[str] = "two_part"
    title: ClassVar[str] = "two-part curves"
    reads_as: ClassVar[str] = "one curve a column for whether, and one for how much"
    readability: ClassVar[float] = 1.0
    floor: ClassVar[bool] = False

    def __init__(
        self, *, pairs: bool = True, shape: bool = True, most_rows: int = 60_000, seed: int = 0
    ) -> None:
        self.pairs = pairs
        self.shape = shape
        self.most_rows = most_rows
        self.seed = seed
        self.recipe: Recipe | None = None
        self._errors: Floats | None = None

    def cross_fit(self, data: SpendData, folds: Folds) -> Sequence[SpendScorer]:
        """A model for each fold; settles penalties, products, spread and shape."""
        rows, weights = self._sample(data)
        place = np.full(len(data), -1)
        place[rows] = np.arange(len(rows))
        some = replace(data.rows(rows), weights=weights)
        inside = [place[fit][place[fit] >= 0] for fit, _ in folds]
        outside = [place[predict][place[predict] >= 0] for _, predict in folds]
        self._settle(Table.of(some, frame_of(some.design)), list(zip(inside, outside, strict=True)))
        return self._scorers

    def fit(self, data: SpendData) -> TwoPartCurves:
        """The model of all rows, by what `cross_fit` settled."""
        if self.recipe is None:
            raise no_amounts(self.title)
        rows, weights = self._sample(data)
        table = Table.of(replace(data.rows(rows), weights=weights), self.recipe.frame)
        everything = np.arange(len(rows))
        fitted = fit_parts(self.recipe, table, everything)
        return _curves(self.recipe, table, fitted, self._errors)

    def _settle(self, table: Table, folds: Folds) -> None:
        every = np.arange(len(table.y))
        spends = table.y > 0
        blocks = [slice(b.where.start + 1, b.where.stop + 1) for b in table.frame.blocks]
        # A rough fit tells which blocks are of no use; the others are then settled without them.
        answers = spends.astype(np.float64), table.weights
        first = logistic(table.matrix, *answers, blocks, rounds=2, steps=ROUGH_STEPS)
        rough = Part.of(table.frame, first, LEAST_SHARE / 10)
        settled = logistic(rough.columns(table.matrix), *answers, rough.blocks, start=rough.start)
        positive = rough.only(settled, LEAST_SHARE)
        amounts = np.flatnonzero(spends)
        spent = table.logs[amounts], table.capped[amounts], table.counts(amounts)
        second = censored_normal(table.matrix[amounts], *spent, blocks, rounds=1, steps=ROUGH_STEPS)
        rough = Part.of(table.frame, second, LEAST_SHARE / 10)
        settled = censored_normal(rough.columns(table.matrix, amounts), *spent, rough.blocks)
        amount = rough.only(settled, LEAST_SHARE)
        if self.pairs:
            positive = choose_pairs(table.matrix, positive, Whether(table), every, folds)
            amount = choose_pairs(table.matrix, amount, HowMuch(table), amounts, folds)
        self.recipe = Recipe(table.frame, positive, amount, None, False)
        fits = [fit_parts(self.recipe, table, fit) for fit, _ in folds]
        told = self.shape and len(amounts) >= FEWEST_FOR_SHAPE
        if told:
            varied = self._varied(self.recipe, table, folds, fits)
            if varied is not None:
                self.recipe, fits = varied
        kept: list[Floats | None] = [None] * len(folds)
        if told:
            kept = self._shaped(self.recipe, table, folds, fits)
        self._scorers = [
            _curves(self.recipe, table, fit, errors) for fit, errors in zip(fits, kept, strict=True)
        ]

    def _varied(
        self, recipe: Recipe, table: Table, folds: Folds, fits: list[Fits]
    ) -> tuple[Recipe, list[Fits]] | None:
        """The recipe with a spread that varies, and its fits; None where it is not clearly worth
        it, by the out-of-fold likelihood of the amounts."""
        amounts = np.flatnonzero(table.y > 0)
        whole = fit_parts(recipe, table, amounts)
        squares = squares_of(table, amounts, whole.amount_at(table, amounts), whole.sd)
        blocks = [slice(b.where.start + 1, b.where.stop + 1) for b in table.frame.blocks]
        spread = log_variance(table.matrix[amounts], squares, table.counts(amounts), blocks)
        part = Part.of(table.frame, spread, 0.2)
        if not part.blocks:
            return None
        varied = replace(recipe, spread=part)
        others = [fit_parts(varied, table, fit) for fit, _ in folds]
        gain = np.zeros(len(amounts))
        place = np.full(len(table.y), -1)
        place[amounts] = np.arange(len(amounts))
        for one, other, (_, predict) in zip(fits, others, folds, strict=True):
            asked = predict[table.y[predict] > 0]
            gain[place[asked]] = other.likelihood(table, asked) - one.likelihood(table, asked)
        return (varied, others) if clearly(gain, table.weights[amounts]) else None

    def _shaped(
        self, recipe: Recipe, table: Table, folds: Folds, fits: list[Fits]
    ) -> list[Floats | None]:
        """The errors as they were seen, fold by fold and for all; None where normal ones will do.

        By the CRPS of the amounts, each with the errors of the other folds.
        """
        found: list[Errors] = []
        asked = [predict[table.y[predict] > 0] for _, predict in folds]
        for fit, rows in zip(fits, asked, strict=True):
            away = (table.logs[rows] - fit.amount_at(table, rows)) / fit.sd_at(table, rows)
            found.append((away, table.capped[rows], table.weights[rows]))
        gains, counts = [], []
        kept: list[Floats | None] = []
        for number, (fit, rows) in enumerate(zip(fits, asked, strict=True)):
            others = _pooled([each for k, each in enumerate(found) if k != number])
            kept.append(others)
            rows = rows[:: max(1, len(rows) // ROWS_FOR_SHAPE)]
            sure = np.ones(len(rows)), fit.amount_at(table, rows), fit.sd_at(table, rows)
            normal = LogHurdle(*sure, limit=table.limit)
            shaped = LogHurdle(*sure, limit=table.limit, errors=others)
            y = table.y[rows]
            gains.append(normal.crps(y) - shaped.crps(y))
            counts.append(table.weights[rows])
        if not clearly(np.concatenate(gains), np.concatenate(counts)):
            return [None] * len(folds)
        self.recipe = replace(recipe, shaped=True)
        self._errors = _pooled(found)
        return kept

    def _sample(self, data: SpendData) -> tuple[Rows, Floats]:
        """The rows to learn from, and how often each counts: of those who spend at most half.

        What is drawn counts for what is left out; together they count as often as there are rows.
        """
        if len(data) <= self.most_rows:
            return np.arange(len(data)), data.weights
        rng = np.random.default_rng(self.seed)
        chosen, counts = [], []
        spends = data.y > 0
        some = min(int(spends.sum()), self.most_rows // 2)
        for which, most in ((spends, some), (~spends, self.most_rows - some)):
            rows = np.flatnonzero(which)
            taken = np.sort(rng.permutation(rows)[:most])
            chosen.append(taken)
            counts.append(np.full(len(taken), len(rows) / max(len(taken), 1)))
        rows, times = np.concatenate(chosen), np.concatenate(counts)
        order = np.argsort(rows)
        rows, times = rows[order], times[order]
        return rows, data.weights[rows] * times * (len(rows) / times.sum())


def _curves(recipe: Recipe, table: Table, fits: Fits, errors: Floats | None) -> TwoPartCurves:
    sd = float(np.log(fits.sd))
    flat = AdditiveModel(sd, [{} for _ in recipe.frame.bases])
    spread = flat
    if recipe.spread is not None and fits.spread is not None:
        halved = replace(fits.spread, weights=fits.spread.weights / 2)
        spread = recipe.spread.model(recipe.frame, halved)
        spread.intercept += sd
    return TwoPartCurves(
        recipe.positive.model(recipe.frame, fits.positive),
        recipe.amount.model(recipe.frame, fits.amount),
        spread,
        errors,
        table.limit,
    )


def _pooled(parts: Sequence[Errors]) -> Floats:
    away, cut, weights = zip(*parts, strict=True)
    return seen_errors(np.concatenate(away), np.concatenate(cut), np.concatenate(weights))
