"""What a log shows of each customer before a date: the features of a world are made of this."""

__all__ = ["Seen", "ratio"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.worlds.mechanism_events import Log

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Seen:
    """The events of a log before `now`, summed up by customer; nothing later is looked at.

    Parameters
    ----------
    log : the events.
    rows : how many customers there are.
    now : the first second that is not seen.
    """

    def __init__(self, log: Log, rows: int, now: int) -> None:
        self.log = log.where(log.at < now)
        self.rows = rows
        self.now = now

    def count(self, days: int | None = None, of: Flags | None = None) -> NDArray[np.int64]:
        """How many events, of the last `days`, and of those marked in `of`."""
        who = self.log.who
        chosen = self._chosen(days, of)
        chosen_who = who if chosen is None else who[chosen]
        return np.bincount(chosen_who, minlength=self.rows).astype(np.int64)

    def total(self, name: str, days: int | None = None) -> Floats:
        """What a fact adds up to."""
        chosen = self._chosen(days, None)
        values, who = self.log[name], self.log.who
        if chosen is not None:
            values, who = values[chosen], who[chosen]
        return np.bincount(who, weights=values, minlength=self.rows).astype(np.float64)

    def largest(self, name: str) -> Floats:
        """The largest value of a fact that is never negative; 0 without events."""
        most = np.zeros(self.rows)
        np.maximum.at(most, self.log.who, self.log[name])
        return most

    def share(self, of: Flags) -> Floats:
        """The share of the events that are marked in `of`; missing without events."""
        return ratio(self.count(of=of), self.count())

    def by_now(self, moments: NDArray[np.int64]) -> Flags:
        """Which of the events' further moments (-1: never) have been seen as well."""
        return (moments >= 0) & (moments < self.now)

    def days_since(self) -> NDArray[np.int64]:
        """Days since the last event; `now` counts from its first second. For customers with one."""
        last = np.zeros(self.rows, np.int64)
        np.maximum.at(last, self.log.who, self.log.at)
        return self.now // 86_400 - last // 86_400

    def commonest(self, name: str, levels: int) -> NDArray[np.int64]:
        """The commonest level of a fact; of equally common ones the first. -1 without events."""
        pairs, counts = np.unique(
            self.log.who.astype(np.int64) * levels + self.log[name], return_counts=True
        )
        who, level = np.divmod(pairs, levels)
        order = np.lexsort((-level, counts, who))  # the last one of each customer stays
        found = np.full(self.rows, -1)
        found[who[order]] = level[order]
        return found

    def distinct(self, name: str, levels: int) -> NDArray[np.int64]:
        """How many different levels of a fact."""
        pairs = np.unique(self.log.who.astype(np.int64) * levels + self.log[name])
        return np.bincount(pairs // levels, minlength=self.rows)

    def _chosen(self, days: int | None, of: Flags | None) -> Flags | None:
        if days is None:
            return of
        recent = self.log.at >= self.now - days * 86_400
        return recent if of is None else recent & of


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """`part` / `whole`, missing where `whole` is 0."""
    nothing = np.full(len(whole), np.nan)
    return np.divide(part.astype(np.float64), whole, out=nothing, where=whole > 0)
