"""Columns that say when a customer began: a date, a tenure in days, or the row's own date."""

__all__ = ["Clock", "clocks"]

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from patron.audit.frame import Frame
from patron.audit.missing.relations import numbers
from patron.audit.times import FIRST_DAY, LAST_DAY, day_of, days_of, is_date
from patron.schema import Role
from patron.schema.look import words

_BEGINNING = {
    *("tenure", "signup", "registration", "registered", "joined", "join", "membership", "enrolled"),
    *("acquisition", "acquired", "created", "onboarded", "opened", "vintage", "since", "first"),
}
_WHOSE = {"account", "customer", "member", "client", "user", "relationship"}
_OTHER = {
    *("last", "latest", "recent", "recency", "previous", "next", "visit", "login", "purchase"),
    *("order", "seen", "contact", "open", "click", "cost", "channel", "birth"),
}
MOST_STEPS = 4_000
FEWEST_STEPS = 3


@dataclass(frozen=True, eq=False)
class Clock:
    """A column by which customers can be put in the order of their beginning.

    `began` rises with time [rows], NaN where unknown; `dated`: the column holds dates, and tells
    times of the day to a `unit` ("D": it does not).
    """

    name: str
    began: np.ndarray
    dated: bool
    unit: str = "D"

    @cached_property
    def edges(self) -> np.ndarray:
        """The starts of so many steps in time, ascending: every value, or the quantiles of many."""
        known = self.began[np.isfinite(self.began)]
        distinct = np.unique(known)
        if len(distinct) > MOST_STEPS:
            distinct = np.unique(
                np.quantile(known, np.arange(MOST_STEPS) / MOST_STEPS, method="lower")
            )
        return distinct

    @cached_property
    def steps(self) -> np.ndarray:
        """The step of each row; -1 where unknown."""
        known = np.isfinite(self.began)
        steps = np.full(len(self.began), -1)
        steps[known] = np.searchsorted(self.edges, self.began[known], side="right") - 1
        return steps

    def shown(self, value: float) -> str | int | float:
        """A value of `began` as the column would write it: an ISO date, or a tenure."""
        if self.dated:
            return day_of(value)
        return int(-value) if float(value).is_integer() else -value

    def shown_before(self, day: float) -> str:
        """The last moment before a day, as a column of dates would write it."""
        start = np.datetime64(int(day), "D").astype(f"datetime64[{self.unit}]")
        return str(start - 1)


def clocks(frame: Frame) -> list[Clock]:
    """The table's clocks, dates first.

    A name only chooses what to look along. A date of the last visit is none: whoever has not
    come for long has honest zeros.
    """
    found = []
    for name in frame.schema.names(Role.DATE, Role.AS_OF):
        kind = frame.table.schema.field(name).type
        if is_date(kind) and _begins(name):
            days = days_of(frame.table.column(name))
            known = (days >= FIRST_DAY) & (days <= LAST_DAY)  # others cannot be written in a fix
            unit = kind.unit if pa.types.is_timestamp(kind) else "D"
            found.append(Clock(name, np.where(known, days, np.nan), True, unit))
    for name in numbers(frame):
        of_name = set(words(name))
        said = _BEGINNING & of_name or ("age" in of_name and _WHOSE & of_name)
        if said and _begins(name):
            found.append(Clock(name, -frame.values(name), False))
    return [clock for clock in found if len(clock.edges) >= FEWEST_STEPS]


def _begins(name: str) -> bool:
    of_name = set(words(name))
    return "first" in of_name or not _OTHER & of_name
