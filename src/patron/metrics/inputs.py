"""What every metric is given: checked once, and ranked once."""

__all__ = [
    "Codes",
    "Levels",
    "Rows",
    "Vector",
    "checked",
    "entities",
    "measured",
    "positions",
    "ranked",
    "summed",
    "units",
]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.errors import DataError, Refusal

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """Outcomes and forecasts, row by row; `groups` are entity codes 0, 1, … or None."""

    y: Vector
    p: Vector
    groups: Codes | None

    @property
    def positive(self) -> int:
        """How many rows are positive."""
        return int(self.y.sum())

    @property
    def negative(self) -> int:
        """How many rows are negative."""
        return self.y.size - self.positive

    def described(self, method: str) -> str:
        """The name of a method, with a word on the entities if they were taken into account."""
        return method if self.groups is None else f"{method}, by entity"

    def at(self, places: Codes) -> "Rows":
        """Some of the rows, with the entities among them numbered anew."""
        groups = self.groups
        codes = None if groups is None else np.unique(groups[places], return_inverse=True)[1]
        return Rows(self.y[places], self.p[places], codes)


@dataclass(frozen=True, slots=True)
class Levels:
    """The distinct scores, highest first; rows with an equal score share one level.

    `positive` and `total` count the rows on each level, `caught` and `reached` those on it or
    above. `codes` is the level of each row.
    """

    values: Vector
    codes: Codes
    positive: Vector
    total: Vector
    caught: Vector
    reached: Vector


def checked(
    y: ArrayLike,
    p: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    probabilities: bool = False,
    both_classes: bool = False,
) -> Rows:
    """The inputs of a metric as float64 vectors and dense codes, or an error that names the fault.

    `probabilities` asks that forecasts lie between 0 and 1, `both_classes` that there is at least
    one positive and one negative row.
    """
    rows = measured(y, p, groups)
    outcome, forecast = rows.y, rows.p
    if other := int(((outcome != 0) & (outcome != 1)).sum()):
        raise DataError(f"outcomes must be 0 or 1; {other} of {outcome.size} rows are neither")
    if probabilities and (out := int(((forecast < 0) | (forecast > 1)).sum())):
        raise DataError(
            f"forecasts must be probabilities between 0 and 1; {out} of {forecast.size} rows are "
            "outside; a score without that scale can only be judged by its ranking"
        )
    if both_classes and not 0 < outcome.sum() < outcome.size:
        only = "positive" if outcome[0] else "negative"
        raise Refusal(
            f"no ranking can be judged: all {outcome.size} rows are {only}, "
            "and at least one of each class is needed"
        )
    return rows


def measured(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike | None = None, *, spend: bool = False
) -> Rows:
    """The same where outcomes are amounts: any finite numbers, with `spend` of 0 or more."""
    outcome, forecast = _vector(y, "outcomes"), _vector(p, "forecasts")
    if outcome.size != forecast.size:
        raise DataError(
            f"outcomes and forecasts differ in length: {outcome.size} and {forecast.size} rows; "
            "give one forecast for each outcome"
        )
    if outcome.size == 0:
        raise Refusal("no metric can be given: there are no rows with a known outcome")
    if spend and (below := int((outcome < 0).sum())):
        raise DataError(
            f"outcomes must be amounts of 0 or more; {below} of {outcome.size} rows are negative, "
            "and shares of a total have no meaning then"
        )
    return Rows(outcome, forecast, _codes(groups, outcome.size))


def ranked(rows: Rows) -> Levels:
    """The rows gathered by equal score, highest first."""
    negated, codes = np.unique(-rows.p, return_inverse=True)
    positive = summed(codes, rows.y)
    total = np.bincount(codes).astype(np.float64)
    return Levels(-negated, codes, positive, total, positive.cumsum(), total.cumsum())


def entities(among: Vector, groups: Codes | None) -> int:
    """How many entities have a row in `among` (0/1 by row); without `groups`, how many rows."""
    return int(np.count_nonzero(among if groups is None else summed(groups, among)))


def positions(labels: ArrayLike, rows: Rows) -> list[tuple[Any, Codes]]:
    """Each label with its rows, as labels first appear; a missing label is None."""
    given = np.asarray(labels)
    if given.shape != rows.y.shape:
        raise DataError(
            f"labels must have one value for each of {rows.y.size} rows, got shape {given.shape}"
        )
    seen: dict[Any, int] = {}
    # NaN and NaT are not equal to themselves.
    values = (None if value != value else value for value in given.tolist())
    codes = np.array([seen.setdefault(value, len(seen)) for value in values])
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.bincount(codes).cumsum()[:-1])
    return list(zip(seen, parts, strict=True))


def units(rows: Rows) -> int:
    """How many independent units there are: entities, or rows without `groups`."""
    return rows.y.size if rows.groups is None else int(rows.groups.max()) + 1


def summed(codes: Codes, values: Vector, count: int = 0) -> Vector:
    """The sum of `values` by code, for the codes 0 to the highest (or to `count` - 1)."""
    return np.bincount(codes, weights=values, minlength=count).astype(np.float64, copy=False)


def _vector(values: ArrayLike, what: str) -> Vector:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise DataError(f"{what} must be one column, got an array of shape {vector.shape}")
    if missing := int((~np.isfinite(vector)).sum()):
        raise DataError(
            f"{missing} of {vector.size} {what} are missing or infinite; "
            "leave those rows out before judging the model"
        )
    return vector


def _codes(groups: ArrayLike | None, rows: int) -> Codes | None:
    if groups is None:
        return None
    given = np.asarray(groups)
    if given.shape != (rows,):
        raise DataError(f"groups must have one code for each of {rows} rows, got {given.shape}")
    distinct, codes = np.unique(given, return_inverse=True)
    if distinct.size < 2:
        raise Refusal("no interval can be given: all rows belong to one entity")
    return codes if distinct.size < rows else None
