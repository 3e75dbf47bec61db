"""What is on in a shop on which day: the season, the sales, and the week."""

__all__ = ["Clock", "calendar_of"]

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.worlds.mechanism import PERIOD, STEP_DAYS, Calendar
from patron.worlds.population import Shop

# Log effects by month, January first: the year-end peak, the lull after it, and a quiet summer.
_MONTHS = np.array([-0.25, -0.30, -0.05, 0.0, 0.05, -0.05, -0.10, -0.10, 0.05, 0.10, 0.45, 0.60])
# First and last day (month, day) of the sales, and how strong they are.
_SALES = (((1, 8), (1, 25), 0.6), ((7, 1), (7, 18), 0.6), ((11, 20), (11, 30), 1.0))
_WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.15, 1.35])  # Monday first
_HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 8, 8, 8, 9, 10, 12, 13, 11, 7, 3])


@dataclass(frozen=True)
class Clock:
    """The shop's time: seconds since the day it opened, `days` before `as_of`."""

    as_of: dt.date
    days: int

    @property
    def opened(self) -> dt.date:
        """The shop's first day."""
        return self.as_of - dt.timedelta(days=self.days)

    @property
    def now(self) -> int:
        """The first second of `as_of`."""
        return self.days * 86_400

    def moments(self, steps: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int64]:
        """A second within each of `steps`: more at weekends and in the evening."""
        first = self.opened.weekday()
        week = _WEEKDAYS[(np.arange(7)[:, None] + np.arange(STEP_DAYS) + first) % 7]
        until = np.cumsum(week, axis=1) / week.sum(axis=1, keepdims=True)
        phase = (steps * STEP_DAYS) % 7
        turn = rng.random(len(steps), np.float32)
        day = np.zeros(len(steps), np.int64)
        for later in range(STEP_DAYS - 1):
            day += turn > until[:, later].astype(np.float32)[phase]
        hours = np.repeat(np.arange(24), _HOURS)
        hour = hours[rng.integers(0, len(hours), len(steps), np.int32)]
        second = rng.integers(0, 3600, len(steps), np.int32)
        return (steps * STEP_DAYS + day) * 86_400 + hour * 3600 + second


def calendar_of(clock: Clock, shop: Shop) -> Calendar:
    """What is on in each step until the end of the label window."""
    steps = clock.days // STEP_DAYS + PERIOD
    dates = [clock.opened + dt.timedelta(days=step * STEP_DAYS + 2) for step in range(steps)]
    # The middle of a month has its full effect; between two months it moves evenly.
    place = np.array([date.month - 1 + (date.day - 15) / 30 for date in dates])
    season = np.interp(place, np.arange(-1, 13), _MONTHS.take(np.arange(-1, 13), mode="wrap"))
    sale = np.zeros(steps)
    for first, last, strength in _SALES:
        sale[[first <= (date.month, date.day) <= last for date in dates]] = strength
    on = np.zeros(steps)
    on[-2 * PERIOD :] = np.repeat([0.4, 1.0], PERIOD)
    return Calendar(
        season.astype(np.float32),
        sale.astype(np.float32),
        on.astype(np.float32),
        shop.memory,
        shop.waking,
    )
