"""Scales: from data to pixels, with round ticks."""

__all__ = ["Scale", "fit"]

import math
from collections.abc import Callable
from dataclasses import dataclass

from patron.report.numbers import short


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from data (`low` to `high`) to pixels (`start` to `end`).

    `kind` is "linear", "log" or "log10"; where data reach below 1, "log" is log1p: 0 has a place.
    "log10" is for what is always above 0, as seconds are.

    >>> Scale(0, 10, 100, 200)(2.5)
    125.0
    >>> Scale(0, 0.43, 0, 1).ticks(4)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    >>> Scale(1, 1000, 0, 1, "log").ticks(4)
    [1.0, 10.0, 100.0, 1000.0]
    >>> Scale(0.04, 0.7, 0, 1, "log10").ticks(4)
    [0.05, 0.1, 0.2, 0.5]
    """

    low: float
    high: float
    start: float
    end: float
    kind: str = "linear"

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        low, high = self._bend(self.low), self._bend(self.high)
        share = (self._bend(value) - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def _bend(self, value: float) -> float:
        if self.kind == "linear":
            return value
        if self.kind == "log10":
            return math.log10(max(value, 1e-12))
        return math.log10(value) if self.low >= 1 else math.log1p(max(value, 0.0))

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers inside the scale, about as many as asked."""
        if self.kind != "linear":
            marks = self._log_ticks(about)
            if len(marks) > 1:
                return marks
        return _round_ticks(self.low, self.high, about)

    def _log_ticks(self, about: int) -> list[float]:
        least = self.low if self.kind == "log10" else max(self.low, 1)
        top = math.ceil(math.log10(max(self.high, least)))
        bottom = math.floor(math.log10(least))
        zero = [0.0] if self.low <= 0 <= self.high else []
        for steps in ((1, 2, 5), (1, 3), (1,)):
            marks = zero + [
                round(step * 10.0**e, 12) for e in range(bottom, top + 1) for step in steps
            ]
            marks = [mark for mark in marks if self.low <= mark <= self.high * (1 + 1e-9)]
            if len(marks) <= about + 1:
                return marks
        return marks[:: math.ceil(len(marks) / (about + 1))]

    def labels(self, about: int = 5, show: Callable[[float], str] | None = None) -> list[str]:
        """The ticks as text; without `show`, all with the same number of decimals.

        >>> Scale(0.5, 1, 0, 1).labels(2)
        ['0.6', '0.8', '1.0']
        """
        ticks = self.ticks(about)
        if show or self.kind != "linear" or max(map(abs, ticks)) >= 100_000:
            return [(show or short)(tick) for tick in ticks]
        decimals = next(d for d in range(13) if all(round(t, d) == round(t, 12) for t in ticks))
        return [f"{tick:,.{decimals}f}".replace("-", "−") for tick in ticks]


def _round_ticks(low: float, high: float, about: int) -> list[float]:
    if not high > low:
        return [low]
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.75)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def fit(low: float, high: float, *, zero: bool = False, about: int = 5) -> tuple[float, float]:
    """A domain that holds `low` and `high` and ends on round numbers.

    >>> fit(0.653, 0.861)
    (0.65, 0.9)
    >>> fit(0.02, 0.43, zero=True)
    (0.0, 0.5)
    """
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    for _ in range(3):  # a wider domain may have wider steps: its ends are to be ticks of its own
        marks = _round_ticks(low, high, about)
        step = marks[1] - marks[0] if len(marks) > 1 else high - low
        low = round(math.floor(low / step + 1e-9) * step, 12) + 0.0
        high = round(math.ceil(high / step - 1e-9) * step, 12) + 0.0
    return low, high
