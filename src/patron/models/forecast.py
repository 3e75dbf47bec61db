"""Forecast: predictive distributions with intervals that were checked on rows not seen."""

__all__ = ["Forecast"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.estimate import Estimate
from patron.models.amounts import AmountDistribution
from patron.models.conformal import Conformal

Floats = NDArray[np.float64]

DRAWS = 1_000
FEW_DRAWS = 64
ONE_BY_ONE = 20_000
"""Of more customers than these the total is taken as normal, and few draws tell its variance."""
MOST_CELLS = 4_000_000


class Forecast:
    """What n customers will spend, as distributions.

    Parameters
    ----------
    distribution : of each customer.
    conformal : the levels at which its intervals cover.
    arms : the arm of each customer, or None.
    level_errors : draws of how far the model's total may be off as a whole, as factors round 1.
    warnings : how often a rule for the unexpected was used, by (what happened, column).
    """

    def __init__(
        self,
        distribution: AmountDistribution,
        conformal: Conformal,
        arms: NDArray[np.str_] | None,
        level_errors: Floats,
        warnings: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.warnings = dict(warnings or {})
        self.distribution, self.conformal = distribution, conformal
        self.arms, self.level_errors = arms, level_errors

    def __len__(self) -> int:
        return len(self.distribution)

    @property
    def mean(self) -> Floats:
        """The expected spend [n]: what adds up over customers."""
        return self.distribution.mean

    @property
    def median(self) -> Floats:
        """The amount that half of such customers stay below [n]; 0 where most spend nothing."""
        return self.distribution.median

    @property
    def zero_probability(self) -> Floats:
        """P(spend = 0) [n]."""
        return self.distribution.zero_probability

    def cdf(self, y: ArrayLike) -> Floats:
        """P(spend <= y): y [n] gives [n]; y [1, g] or [n, g] gives [n, g]."""
        return self.distribution.cdf(y)

    def quantile(self, q: ArrayLike) -> Floats:
        """The amounts below which a share `q` lies: one share gives [n], k of them [n, k]."""
        return self.distribution.quantile(q)

    def crps(self, y: ArrayLike) -> Floats:
        """The continuous ranked probability score of each customer [n]."""
        return self.distribution.crps(y)

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Conformal intervals [n], [n], from 0 where spending nothing is likely."""
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {level!r}")
        return self.conformal.interval(self.distribution, level, self.arms)

    def total(self, *, level: float = 0.95, seed: int = 0) -> Estimate:
        """What all these customers together will spend, with its interval.

        Drawn are each customer's spend, independently, and how far the model is off as a whole: the
        ratio of observed to expected totals in a bootstrap of rows that it had not seen, about its
        centre. Not in the interval: what moves all customers at once and was not in the training
        data (a new season, a strike of the post).
        """
        rng = np.random.default_rng(seed)
        many = len(self) > ONE_BY_ONE
        draws = FEW_DRAWS if many else DRAWS
        totals, variance = np.zeros(draws), 0.0
        at_once = max(1, MOST_CELLS // draws)
        for start in range(0, len(self), at_once):
            part = self.distribution.rows(slice(start, start + at_once))
            drawn = part.sample(rng, draws)
            totals += drawn.sum(axis=1)
            variance += float(drawn.var(axis=0, ddof=1).sum())
        if many:  # a sum of so many is normal; its variance is the sum of theirs
            totals = np.sqrt(variance) * rng.normal(size=DRAWS)
        factors = rng.choice(self.level_errors, DRAWS)
        expected = float(self.mean.sum())
        # Sums of draws are about the distribution's own mean; a point model's mean may be another.
        drawn = (totals - totals.mean() + expected) * factors
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        low, high = max(float(low), 0.0), float(high)
        return Estimate(
            expected,
            min(low, expected),
            max(high, expected),
            level,
            len(self),
            f"simulation, {DRAWS:,} draws",
        )

    def rows(self, which: Any) -> "Forecast":
        """The same for the rows `which`."""
        arms = None if self.arms is None else self.arms[which]
        part = self.distribution.rows(which)
        return Forecast(part, self.conformal, arms, self.level_errors, self.warnings)
