"""Split: which rows teach, which rows test, and in which folds the teaching is cross-fitted."""

__all__ = ["Split", "entity_codes", "make_split"]

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.errors import DataError, StudyError

Rows = NDArray[np.intp]

MANY_ROWS = 100_000
"""From so many rows on, three folds leave enough to learn from, and cost less than five."""


FEW_ROWS = 10_000
"""Below so many rows, which row falls into which fold sways the figures."""


@dataclass(frozen=True)
class Split:
    """Row numbers of the table, and how they came about.

    Parameters
    ----------
    by : "time", "entity" or "random".
    train, holdout : row numbers; they share no row, and no entity unless the split is by time.
    folds : pairs (fit on, predict) of positions *within* `train`; each position is predicted once.
    groups : the entity of each row of the table as a code, where entities repeat; else None.
    held_dates : the dates of the held-out rows, where the split is by time.
    description : a sentence for the report.
    notes : what had to be left out, and why.
    repeats : further folds of the same rows, drawn anew, where these are few.
    """

    by: str
    train: Rows
    holdout: Rows
    folds: list[tuple[Rows, Rows]]
    groups: Rows | None
    description: str
    notes: tuple[str, ...] = ()
    held_dates: tuple[str, ...] = ()
    repeats: tuple[list[tuple[Rows, Rows]], ...] = ()


def make_split(
    table: pa.Table,
    target: NDArray[np.float64],
    *,
    entity: str | None = None,
    as_of: str | None = None,
    by: str | None = None,
    holdout: float | datetime.date | None = None,
    folds: int | None = None,
    label_days: int | None = None,
    repeats: int = 1,
    seed: int = 0,
) -> Split:
    """Split the labelled rows of `table`.

    By time where there are several `as_of` (the last date, or all from the date `holdout` on, is
    held out; a training date whose label window of `label_days` would reach past the first
    held-out date is left out), else by entity where entities repeat, else at random, stratified by
    a 0/1 target. Folds never share an entity; there are five, or three from `MANY_ROWS` rows on,
    unless `folds` says otherwise. Where the split is not by time and the rows are fewer than
    `FEW_ROWS`, the folds are drawn `repeats` times.

    Raises
    ------
    StudyError
        `by` asks for a column that the Study does not name.
    DataError
        There are too few rows, or the two parts would overlap.
    """
    labelled = np.flatnonzero(~np.isnan(target))
    groups = entity_codes(table, entity)
    repeated = groups is not None and len(np.unique(groups[labelled])) < len(labelled)
    dates = _dates(table[as_of]) if as_of else None
    several_dates = dates is not None and len(np.unique(dates[labelled])) > 1
    folds = folds or (5 if len(labelled) < MANY_ROWS else 3)
    by = by or ("time" if several_dates else "entity" if repeated else "random")
    rng = np.random.default_rng(seed)
    notes: tuple[str, ...] = ()
    if by == "time":
        if dates is None or not several_dates:
            raise DataError(
                '[split] by = "time" needs a column as_of with at least two dates; '
                f"{'it has one' if as_of else 'the Study names none'}."
            )
        train, test, description, notes = _by_time(dates, labelled, holdout, label_days)
    elif isinstance(holdout, datetime.date):
        raise StudyError(f'[split] holdout is a date; that needs by = "time", not "{by}".')
    elif by == "entity" and groups is None:
        raise StudyError(
            '[split] by = "entity" needs [table] entity, which the Study does not name.'
        )
    else:
        kept_together = groups if by == "entity" or repeated else None
        train, test = _by_chance(labelled, target, kept_together, holdout or 0.2, rng)
        what = "rows, whole customers," if kept_together is not None else "rows"
        share = len(test) / len(labelled)
        description = f"{100 * share:.3g} % of the {what} were held out at random (seed {seed})."
    _check(train, test, target)
    units = groups if repeated else None
    few = len(train) < FEW_ROWS and by != "time"
    drawn = []
    for _ in range(repeats if few else 1):
        inner = _fold_numbers(train, target, units, folds, rng)
        pairs = [(np.flatnonzero(inner != k), np.flatnonzero(inner == k)) for k in range(folds)]
        _check_folds(pairs, target[train], groups is not None)
        drawn.append(pairs)
    held_dates: Any = () if by != "time" or dates is None else np.unique(dates[test])
    return Split(
        by,
        train,
        test,
        drawn[0],
        groups if repeated else None,
        description,
        notes,
        tuple(_day(date) for date in held_dates),
        tuple(drawn[1:]),
    )


def entity_codes(table: pa.Table, entity: str | None) -> Rows | None:
    """A number for the entity of each row; None where no entity is named."""
    if entity is None:
        return None
    encoded = pc.dictionary_encode(table[entity].combine_chunks(), null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp)


def _by_time(
    dates: NDArray[np.int64],
    labelled: Rows,
    holdout: float | datetime.date | None,
    label_days: int | None,
) -> tuple[Rows, Rows, str, tuple[str, ...]]:
    distinct = np.unique(dates[labelled])
    if isinstance(holdout, datetime.date):
        first = (holdout - datetime.date(1970, 1, 1)).days
    elif holdout is None:
        first = int(distinct[-1])
    else:
        first = int(distinct[min(len(distinct) - 1, int(np.ceil(len(distinct) * (1 - holdout))))])
    last_train = first - (label_days or 0)
    overlapping = distinct[(distinct < first) & (distinct > last_train)]
    train = (
        labelled[dates[labelled] <= last_train] if label_days else labelled[dates[labelled] < first]
    )
    test = labelled[dates[labelled] >= first]
    if not len(train) or not len(test):
        raise DataError(
            f"a split by time at {_day(first)} leaves {len(train):,} rows to learn from and "
            f"{len(test):,} to test on; the dates run from {_day(distinct[0])} to "
            f"{_day(distinct[-1])}"
            f"{f', and a label needs {label_days} days' if label_days else ''}. "
            "Name more as_of dates, or another [split] holdout."
        )
    notes = []
    if label_days is None:
        notes.append(
            "Whether labels of the training dates reach into the held-out period we cannot say, "
            "because the Study does not give their length ([purchase] or [spend] horizon_days)."
        )
    if len(overlapping):
        notes.append(
            f"{len(overlapping)} as_of dates before {_day(first)} were left out of training: their "
            f"labels of {label_days} days would overlap the held-out period."
        )
    used = np.unique(dates[train])
    description = (
        f"Trained on {len(used)} dates from {_day(used[0])} to {_day(used[-1])}; "
        f"held out: {'the date' if first == distinct[-1] else 'all dates from'} {_day(first)}."
    )
    return train, test, description, tuple(notes)


def _by_chance(
    labelled: Rows,
    target: NDArray[np.float64],
    groups: Rows | None,
    share: float,
    rng: np.random.Generator,
) -> tuple[Rows, Rows]:
    unit, order = _shuffled_units(labelled, target, groups, rng)
    # Every so many of the ordered units is held out: the share is met within each stratum.
    passed = np.floor(np.arange(len(order) + 1) * share + rng.random())
    held = np.zeros(len(order), dtype=bool)
    held[order] = np.diff(passed) > 0
    return labelled[~held[unit]], labelled[held[unit]]


def _fold_numbers(
    rows: Rows,
    target: NDArray[np.float64],
    groups: Rows | None,
    folds: int,
    rng: np.random.Generator,
) -> Rows:
    """A fold number for each of `rows`: even in the target, and whole entities together."""
    unit, order = _shuffled_units(rows, target, groups, rng)
    number = np.empty(len(order), dtype=np.intp)
    number[order] = _shuffled_rounds(len(order), folds, rng)
    return number[unit]


def _shuffled_units(
    rows: Rows, target: NDArray[np.float64], groups: Rows | None, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """The unit of each of `rows` (itself, or its entity), and the units in random order by target.

    An entity has the highest target of its rows.
    """
    if groups is None:
        unit, highest = np.arange(len(rows)), target[rows]
    else:
        names, unit = np.unique(groups[rows], return_inverse=True)
        highest = np.full(len(names), -np.inf)
        np.maximum.at(highest, unit, target[rows])
    return unit, np.lexsort((rng.random(len(highest)), highest))


def _shuffled_rounds(count: int, folds: int, rng: np.random.Generator) -> Rows:
    """0 … folds-1 in a new order in each round, so that neighbours fall into different folds."""
    rounds = -(-count // folds)
    return np.argsort(rng.random((rounds, folds)), axis=1).ravel()[:count]


def _check(train: Rows, test: Rows, target: NDArray[np.float64]) -> None:
    if len(np.intersect1d(train, test)):
        raise DataError("the training rows and the held-out rows overlap.")
    for name, rows in (("training", train), ("held-out", test)):
        positive = int((target[rows] == 1).sum())
        if positive < 10 or len(rows) - positive < 10:
            raise DataError(
                f"the {name} part has {len(rows):,} rows, {positive} of them positive; a model and "
                "its test need at least 10 of each kind. Give more rows, or change [split] holdout."
            )


def _check_folds(pairs: list[tuple[Rows, Rows]], y: NDArray[np.float64], grouped: bool) -> None:
    if any(len(np.unique(y[fit])) < 2 or not len(predict) for fit, predict in pairs):
        few = "the positive rows belong to too few customers" if grouped else "too few are positive"
        raise DataError(
            f"{len(pairs)} folds of the training part cannot all hold both kinds of rows: {few}. "
            "Give more rows, or fewer [split] folds."
        )


def _dates(values: pa.ChunkedArray) -> NDArray[np.int64]:
    if pa.types.is_string(values.type):
        values = values.cast(pa.timestamp("us"))
    if values.null_count:
        raise DataError(f"the column as_of has {values.null_count:,} missing values.")
    return values.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)


def _day(number: Any) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(number))).isoformat()
