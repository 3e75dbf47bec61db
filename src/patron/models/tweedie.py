"""Tweedie: a Poisson number of gamma amounts, as a distribution of what a customer will spend."""

__all__ = ["CompoundPoisson"]

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.models.amounts import AmountDistribution

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class CompoundPoisson(AmountDistribution):
    """Tweedie: a Poisson number of purchases, each of a gamma amount, by the mean alone.

    Its distribution function is a table over (expected purchases, y / mean), read in between.
    Source: Jorgensen (1997); Smyth and Jorgensen (2002).

    Parameters
    ----------
    expected : the mean [n], above 0.
    power : the variance is dispersion x mean^power, 1 < power < 2.
    """

    def __init__(self, expected: Floats, *, power: float, dispersion: float, limit: float) -> None:
        self.expected, self.power, self.dispersion = expected, power, dispersion
        self.limit = limit

    def __len__(self) -> int:
        return len(self.expected)

    @property
    def mean(self) -> Floats:
        """The mean [n]; the trees learned it from amounts that were cut off, so it is limited."""
        return np.minimum(self.expected, self.limit)

    @property
    def _purchases(self) -> Floats:
        """The Poisson mean [n]."""
        exponent = 2 - self.power
        return np.asarray(self.expected**exponent / (self.dispersion * exponent))

    def rows(self, which: Any) -> "CompoundPoisson":
        """The same for the rows `which`."""
        part = CompoundPoisson(
            self.expected[which],
            power=self.power,
            dispersion=self.dispersion,
            limit=self.limit,
        )
        part._table = self._table  # read once for all rows, not once a chunk
        return part

    @cached_property
    def _table(self) -> tuple[Floats, Floats, Floats]:
        """log purchases [a], y / mean [b], and the distribution function [a, b]."""
        from scipy.special import gammainc, gammaln

        logs = np.log(self._purchases) if len(self) else np.zeros(1)
        rates = np.linspace(logs.min() - 1e-9, logs.max() + 1e-9, 48)
        times = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 220)])
        shape = (2 - self.power) / (self.power - 1)
        table = np.empty((len(rates), len(times)))
        for place, rate in enumerate(np.exp(rates)):
            most = int(rate + 8 * np.sqrt(rate) + 12)
            count = np.unique(np.linspace(1, most, min(most, 400)).round())
            gap = np.diff(np.append(0, count))
            weight = gap * np.exp(count * np.log(rate) - rate - gammaln(count + 1))
            weight *= -np.expm1(-rate) / weight.sum()
            y = rate * shape * times[:, None]
            table[place] = np.exp(-rate) + gammainc(count * shape, y) @ weight
        return rates, times, table

    def _inside(self, y: Floats) -> Floats:
        _, times, table = self._table
        low, between = self._place()
        ratio = y / self.expected[:, None]
        column = np.interp(ratio, times, np.arange(len(times)))
        left = np.minimum(column.astype(np.intp), len(times) - 2)
        share = column - left
        line, upper = low[:, None], between[:, None]

        def at(line: Rows) -> Floats:
            return np.asarray(table[line, left] * (1 - share) + table[line, left + 1] * share)

        return at(line) * (1 - upper) + at(line + 1) * upper

    def _inverse(self, q: Floats) -> Floats:
        _, times, table = self._table
        answer = np.empty((len(self), q.shape[1]))
        for row, (low, between) in enumerate(zip(*self._place(), strict=True)):
            own = table[low] * (1 - between) + table[low + 1] * between
            answer[row] = np.interp(q[0 if len(q) == 1 else row], own, times)
        return answer * self.expected[:, None]

    def _place(self) -> tuple[Rows, Floats]:
        """The line of the table below each row's number of purchases, and how far above it is."""
        rates = self._table[0]
        row = np.interp(np.log(self._purchases), rates, np.arange(len(rates)))
        low = np.minimum(row.astype(np.intp), len(rates) - 2)
        return low, row - low
