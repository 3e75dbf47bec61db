"""Conformal intervals: the levels at which a forecast's intervals cover what they claim."""

__all__ = ["LEVELS", "Conformal"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.models.amounts import AmountDistribution

Floats = NDArray[np.float64]

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
"""Levels that are calibrated; between them, in between."""

FEWEST = 100
"""An arm with fewer rows of its kind takes the levels of all arms, and those with fewer of all
rows take the forecast at its word."""

_SIDES = ("two-sided", "from 0")
ALL = ""


class Conformal:
    """Distributional conformal prediction (Chernozhukov, Wuethrich and Zhu 2021), by arm.

    A row's score is the least level at which its forecast's interval covers what came: for an
    interval from 0 up P(Y < y), for one with equal tails |2 P(Y <= y) - 1|. The level that a
    nominal one is replaced by is the ceil((n + 1) x nominal)-th smallest score among rows that the
    forecasts had not seen (with weights, n on the whole: the score at which they add up to that).
    Rows whose chance of 0 alone reaches the level take no part: 0 is in their interval whatever the
    level, and they would pull that of the others down. If rows are exchangeable within an arm,
    intervals then cover at least the nominal share of new rows; broken by drift, and by rows of one
    customer in both parts.

    Parameters
    ----------
    levels : by arm ("" for all) and side, what each of `LEVELS` is replaced by.
    """

    def __init__(self, levels: Mapping[str, Mapping[str, list[float]]]) -> None:
        self.levels = {arm: dict(sides) for arm, sides in levels.items()}

    @classmethod
    def fit(
        cls,
        unseen: AmountDistribution,
        y: Floats,
        arms: NDArray[np.str_] | None = None,
        weights: Floats | None = None,
    ) -> "Conformal":
        """Learn from rows [n] that their forecasts had not seen.

        Parameters
        ----------
        arms : the arm of each row, or None.
        weights : how often each row counts, or None.
        """
        counts = np.ones(len(y)) if weights is None else weights
        upto, before = unseen.cdf(y), unseen.below(y)
        one = np.where(y > 0, before, 0.0)
        two = np.maximum(np.maximum(1 - 2 * upto, 2 * before - 1), 0.0)
        names = [ALL] if arms is None else [ALL, *np.unique(arms).tolist()]
        levels: dict[str, dict[str, list[float]]] = {}
        for name in names:
            among = np.ones(len(y), dtype=bool) if name == ALL or arms is None else arms == name
            levels[name] = {}
            for side, scores in zip(_SIDES, (two, one), strict=True):
                replaced = []
                for level in LEVELS:
                    fits = among & (unseen.one_sided(level) == (side == _SIDES[1]))
                    if side == _SIDES[1]:
                        fits &= unseen.zero_probability < level
                    replaced.append(_replaced(scores[fits], counts[fits], level))
                levels[name][side] = replaced
        return cls(levels)

    def interval(
        self, forecast: AmountDistribution, level: float, arms: NDArray[np.str_] | None = None
    ) -> tuple[Floats, Floats]:
        """The intervals of a forecast [n], [n], at the levels that cover `level`."""
        sided = forecast.one_sided(level)
        asked = np.full(len(forecast), np.nan)
        names = [ALL] if arms is None else [*(n for n in self.levels if n != ALL), ALL]
        for name in names:
            among = np.ones(len(forecast), dtype=bool)
            if name != ALL and arms is not None:
                among = arms == name
            for side, which in zip(_SIDES, (~sided, sided), strict=True):
                rows = among & which & np.isnan(asked)
                asked[rows] = self._level(name, side, level)
        asked = np.where(np.isnan(asked), level, asked)
        return forecast.interval_at(asked, sided)

    def _level(self, arm: str, side: str, level: float) -> float:
        known = np.array([np.nan if v is None else v for v in self.levels[arm][side]], float)
        there = ~np.isnan(known)
        if not there.any():
            return np.nan
        nominal = np.array(LEVELS[: len(known)])[there]  # a saved one may know fewer
        if not nominal[0] <= level <= nominal[-1]:
            return np.nan
        return float(np.interp(level, nominal, known[there]))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            arm: {
                side: [None if np.isnan(level) else level for level in levels]
                for side, levels in sides.items()
            }
            for arm, sides in self.levels.items()
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Conformal":
        """The Conformal that `to_dict` wrote."""
        return cls(
            {
                arm: {
                    side: [np.nan if level is None else float(level) for level in levels]
                    for side, levels in sides.items()
                }
                for arm, sides in fields.items()
            }
        )


def _replaced(scores: Floats, counts: Floats, level: float) -> float:
    """The ceil((n + 1) level)-th smallest score, each `counts` times; NaN of too few."""
    n = len(scores)
    rank = int(np.ceil((n + 1) * level))
    if n < FEWEST or rank > n:
        return np.nan
    order = np.argsort(scores)
    reached = np.cumsum(counts[order] / counts.mean())
    place = min(int(np.searchsorted(reached, rank - 1e-9 * n)), n - 1)
    return float(min(scores[order[place]] + 1e-9, 1 - 1e-9))
