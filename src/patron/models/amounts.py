"""Distributions of what a customer will spend: an atom at 0, a heavy tail, and a limit above."""

__all__ = ["AmountDistribution", "LogHurdle", "Parts", "Shifted"]

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

GRID = 300
"""Amounts at which the integral of the CRPS is taken, evenly on the log scale."""

CHUNK = 8_192
"""Rows that are worked on at once where each needs a line of numbers."""


class AmountDistribution(ABC):
    """Predictive distributions of n customers' spend: never below 0, never above `limit`.

    The distribution function is P(Y <= y), right-continuous; it jumps at 0 (who spends nothing) and
    at the limit (who would spend more and is counted there).

    Parameters
    ----------
    limit : the greatest amount that is believed, or at which amounts are cut off.
    """

    limit: float

    @abstractmethod
    def __len__(self) -> int:
        """The number of customers."""

    @property
    @abstractmethod
    def mean(self) -> Floats:
        """The expected spend [n]: what adds up, and what squared error rewards."""

    @abstractmethod
    def _inside(self, y: Floats) -> Floats:
        """P(Y <= y) for 0 <= y < limit [n, g], from y [1 or n, g]."""

    @abstractmethod
    def _inverse(self, q: Floats) -> Floats:
        """The least y with P(Y <= y) >= q, before it is limited [n, k], from q [1 or n, k]."""

    @abstractmethod
    def rows(self, which: Any) -> "AmountDistribution":
        """The same for the rows `which` (indices, a mask or a slice)."""

    @cached_property
    def zero_probability(self) -> Floats:
        """P(Y = 0) [n]."""
        return self._inside(np.zeros((1, 1)))[:, 0]

    @property
    def median(self) -> Floats:
        """The amount that half of such customers stay below [n]: what absolute error rewards."""
        return self.quantile(0.5)

    def cdf(self, y: ArrayLike) -> Floats:
        """P(Y <= y): y [n] gives [n]; y [1, g] or [n, g] gives [n, g]."""
        return self._at(y)

    def below(self, y: ArrayLike) -> Floats:
        """P(Y < y), in the shapes of `cdf`: less than `cdf` at 0 and at the limit alone."""
        at = np.asarray(y, dtype=np.float64)
        return np.where(at > 0, self._at(np.minimum(at, self._last)), 0.0)

    def quantile(self, q: ArrayLike) -> Floats:
        """The amounts below which a share `q` lies: one share gives [n], k of them [n, k].

        Exactly 0 where `zero_probability` is at least `q`.
        """
        share = np.asarray(q, dtype=np.float64)
        if share.ndim == 2:
            asked = share
        else:
            asked = np.atleast_1d(share)[None, :]
        if not ((asked >= 0) & (asked <= 1)).all():
            raise ValueError(f"quantiles are asked for at shares from 0 to 1, got {q!r}")
        found = np.clip(self._inverse(asked), 0.0, self.limit)
        found = np.where(self.zero_probability[:, None] >= asked, 0.0, found)
        return found if share.ndim else found[:, 0]

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """The interval with probability `level` [n], [n].

        From 0 up where 0 itself is more likely than the tail that an equal-tailed interval would
        leave out; else with equal tails.
        """
        return self.interval_at(np.full(len(self), level), self.one_sided(level))

    def one_sided(self, level: float) -> NDArray[np.bool_]:
        """Whether a customer's interval starts at 0 [n]."""
        return self.zero_probability >= (1 - level) / 2

    def interval_at(self, level: Floats, one_sided: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Intervals of a level of its own for each customer, with the sides that are asked for."""
        upper = np.where(one_sided, level, (1 + level) / 2)
        ends = self.quantile(np.column_stack([(1 - level) / 2, upper]))
        return np.where(one_sided, 0.0, ends[:, 0]), ends[:, 1]

    def sample(self, rng: np.random.Generator, draws: int) -> Floats:
        """So many draws of everybody's spend [draws, n]."""
        return self.quantile(rng.random((len(self), draws))).T

    def crps(self, y: ArrayLike) -> Floats:
        """The continuous ranked probability score of each row [n], in the unit of y; 0 is best.

        The integral of (F(x) - 1{x >= y})^2 over x from 0 up, which for a certain forecast is the
        absolute error. It is taken by the trapezoid rule on a grid that is even on the log scale
        (`GRID` points), with the row's own y between them.
        Source: Gneiting and Raftery (2007).
        """
        y = np.asarray(y, dtype=np.float64)
        answer = np.empty(len(self))
        top = max(self.limit, 1e-9)
        grid = np.concatenate([[0.0], np.geomspace(top * 1e-7, top * (1 - 1e-12), GRID - 1)])
        widths = np.diff(grid)
        for start in range(0, len(self), CHUNK):
            rows = slice(start, start + CHUNK)
            part, seen = self.rows(rows), np.clip(y[rows], 0.0, None)
            f = part.cdf(grid[None, :])
            at = np.minimum(seen, grid[-1])
            place = np.clip(np.searchsorted(grid, at, side="right") - 1, 0, GRID - 2)
            share = (at - grid[place]) / widths[place]
            line = np.arange(len(at))
            f_at = f[line, place] + share * (f[line, place + 1] - f[line, place])
            under, over = _areas(f**2, widths), _areas((1 - f) ** 2, widths)
            left = _to(under, f**2, f_at**2, place, share, widths)
            right = over[:, -1] - _to(over, (1 - f) ** 2, (1 - f_at) ** 2, place, share, widths)
            answer[rows] = left + right + np.maximum(seen - top, 0.0)
        return answer

    @property
    def _last(self) -> float:
        return float(np.nextafter(self.limit, 0))

    def _at(self, y: ArrayLike) -> Floats:
        at = np.asarray(y, dtype=np.float64)
        line = at.ndim < 2
        wide = np.broadcast_to(at, (len(self),))[:, None] if line else at
        inside = self._inside(np.clip(wide, 0.0, self._last))
        found = np.where(wide < 0, 0.0, np.where(wide >= self.limit, 1.0, inside))
        return found[:, 0] if line else found


class LogHurdle(AmountDistribution):
    """Nothing with some probability; else log Y = centre + scale x an error, cut off at the limit.

    Parameters
    ----------
    positive : P(Y > 0) [n].
    centre, scale : of log Y given Y > 0 [n].
    errors : the errors' quantiles, evenly spaced in probability and ascending; None for the normal
        distribution.
    limit : amounts above it count as it.
    """

    def __init__(
        self,
        positive: Floats,
        centre: Floats,
        scale: Floats,
        *,
        limit: float,
        errors: Floats | None = None,
    ) -> None:
        self.positive, self.centre, self.scale = positive, centre, scale
        self.errors, self.limit = errors, limit

    def __len__(self) -> int:
        return len(self.positive)

    @property
    def mean(self) -> Floats:
        """The limited expected value, E min(Y, limit) [n].

        Normal errors have a closed form (Klugman, Panjer and Willmot 2012, section 3.1), and the
        quantiles of errors give Duan's (1983) smearing mean, each term of it limited. Without the
        limit, exp(centre + scale^2 / 2) explodes where the scale is a little wrong.
        """
        top = np.log(self.limit)
        if self.errors is None:
            from scipy.special import ndtr

            away = (top - self.centre) / self.scale
            whole = np.minimum(self.centre + self.scale**2 / 2, 700.0)
            amount = np.exp(whole) * ndtr(away - self.scale) + self.limit * ndtr(-away)
            return self.positive * np.minimum(amount, self.limit)
        amount = np.empty(len(self))
        for start in range(0, len(self), CHUNK):
            part = slice(start, start + CHUNK)
            logs = self.centre[part, None] + self.scale[part, None] * self.errors
            amount[part] = np.exp(np.minimum(logs, top)).mean(axis=1)
        return self.positive * amount

    @cached_property
    def zero_probability(self) -> Floats:
        """P(Y = 0) [n]."""
        return 1 - self.positive

    def rows(self, which: Any) -> "LogHurdle":
        """The same for the rows `which`."""
        parts = self.positive[which], self.centre[which], self.scale[which]
        return LogHurdle(*parts, limit=self.limit, errors=self.errors)

    def _inside(self, y: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            away = (np.log(y) - self.centre[:, None]) / self.scale[:, None]
        if self.errors is None:
            from scipy.special import ndtr

            share = ndtr(away)
        else:
            share = np.interp(away, self.errors, _shares(len(self.errors)), left=0.0, right=1.0)
        p = self.positive[:, None]
        return np.asarray(1 - p + p * share)

    def _inverse(self, q: Floats) -> Floats:
        p = np.maximum(self.positive[:, None], 1e-300)
        share = np.clip(1 - (1 - q) / p, 0.0, 1.0)
        if self.errors is None:
            from scipy.special import ndtri

            away = ndtri(share)
        else:
            away = np.interp(share, _shares(len(self.errors)), self.errors)
            away = np.where(share >= 1, np.inf, away)
        logs, top = self.centre[:, None] + self.scale[:, None] * away, np.log(self.limit)
        return np.where(logs >= top, self.limit, np.exp(np.minimum(logs, top)))


class Shifted(AmountDistribution):
    """A point forecast and the errors that it made, the same for everybody; cut off at 0.

    Parameters
    ----------
    point : the forecast [n]; the mean, as far as it lies between 0 and the limit.
    errors : quantiles of the errors, evenly spaced in probability and ascending.
    """

    def __init__(self, point: Floats, errors: Floats, *, limit: float) -> None:
        self.point, self.errors, self.limit = point, errors, limit

    def __len__(self) -> int:
        return len(self.point)

    @property
    def mean(self) -> Floats:
        """The forecast [n], not below 0 and not above the limit."""
        return np.clip(self.point, 0.0, self.limit)

    def rows(self, which: Any) -> "Shifted":
        """The same for the rows `which`."""
        return Shifted(self.point[which], self.errors, limit=self.limit)

    def crps(self, y: ArrayLike) -> Floats:
        """The CRPS of the errors as they are, exactly: E|Y - y| - E|Y - Y'| / 2 [n]."""
        y, answer = np.asarray(y, dtype=np.float64), np.empty(len(self))
        count = len(self.errors)
        ranks = (2 * np.arange(1, count + 1) - count - 1) / count**2
        for start in range(0, len(self), CHUNK):
            rows = slice(start, start + CHUNK)
            drawn = np.clip(self.point[rows, None] + self.errors, 0.0, self.limit)
            answer[rows] = np.abs(drawn - y[rows, None]).mean(axis=1) - drawn @ ranks
        return answer

    def _inside(self, y: Floats) -> Floats:
        # Errors often have an atom (everybody who spent nothing): count, do not interpolate. A hair
        # is allowed for the rounding of point + error.
        hair = 1e-9 * (1 + np.abs(y) + np.abs(self.point[:, None]))
        away = y - self.point[:, None] + hair
        return np.searchsorted(self.errors, away, side="right") / len(self.errors)

    def _inverse(self, q: Floats) -> Floats:
        place = np.ceil(q * len(self.errors) - 1e-9).astype(np.intp) - 1
        return self.point[:, None] + self.errors[np.clip(place, 0, len(self.errors) - 1)]


class Parts(AmountDistribution):
    """Several distributions as one: each for its own rows, as cross-fitting gives them.

    Parameters
    ----------
    parts : pairs of row numbers and a distribution of those rows; together each row once.
    """

    def __init__(self, parts: Sequence[tuple[Rows, AmountDistribution]]) -> None:
        self.parts = list(parts)
        self.size = sum(len(rows) for rows, _ in self.parts)
        self.limit = max(part.limit for _, part in self.parts)

    def __len__(self) -> int:
        return self.size

    @property
    def mean(self) -> Floats:
        """The means of the parts [n]."""
        answer = np.empty(self.size)
        for rows, part in self.parts:
            answer[rows] = part.mean
        return answer

    def rows(self, which: Any) -> "Parts":
        """The same for the rows `which`."""
        asked = np.arange(self.size)[which]
        owner, place = np.empty(self.size, np.intp), np.empty(self.size, np.intp)
        for number, (rows, _) in enumerate(self.parts):
            owner[rows], place[rows] = number, np.arange(len(rows))
        kept = [
            (
                np.flatnonzero(owner[asked] == number),
                part.rows(place[asked[owner[asked] == number]]),
            )
            for number, (_, part) in enumerate(self.parts)
        ]
        return Parts([(rows, part) for rows, part in kept if len(rows)] or kept[:1])

    def below(self, y: ArrayLike) -> Floats:
        """P(Y < y), each part by its own limit."""
        at = np.asarray(y, dtype=np.float64)
        if at.ndim < 2:
            at = np.broadcast_to(at, (self.size,))
        answer = np.empty((self.size, *at.shape[1:]))
        for rows, part in self.parts:
            answer[rows] = part.below(at if len(at) == 1 < at.ndim else at[rows])
        return answer

    def crps(self, y: ArrayLike) -> Floats:
        """The CRPS by the parts, each within its own limit [n]."""
        y, answer = np.asarray(y, dtype=np.float64), np.empty(self.size)
        for rows, part in self.parts:
            answer[rows] = part.crps(y[rows])
        return answer

    def _at(self, y: ArrayLike) -> Floats:
        at = np.asarray(y, dtype=np.float64)
        if at.ndim < 2:
            at = np.broadcast_to(at, (self.size,))
        answer = np.empty((self.size, *at.shape[1:]))
        for rows, part in self.parts:
            answer[rows] = part._at(at if len(at) == 1 < at.ndim else at[rows])
        return answer

    def _inside(self, y: Floats) -> Floats:
        return self._at(y)

    def _inverse(self, q: Floats) -> Floats:
        answer = np.empty((self.size, q.shape[1]))
        for rows, part in self.parts:
            answer[rows] = part.quantile(q if len(q) == 1 else q[rows])
        return answer


def _shares(count: int) -> Floats:
    return (np.arange(count) + 0.5) / count


def _areas(f: Floats, widths: Floats) -> Floats:
    """The integral of each line of f from the grid's start to each of its points [n, g]."""
    steps = (f[:, 1:] + f[:, :-1]) / 2 * widths
    return np.concatenate([np.zeros((len(f), 1)), np.cumsum(steps, axis=1)], axis=1)


def _to(
    areas: Floats, f: Floats, f_at: Floats, place: Rows, share: Floats, widths: Floats
) -> Floats:
    """The integral of each line to a point of its own, a share of the way after `place`."""
    line = np.arange(len(f))
    step = (f[line, place] + f_at) / 2 * share * widths[place]
    return areas[line, place] + step
