"""What a spend model is given: tables, matrices, weights, groups, folds, parameters."""

__all__ = [
    "as_table",
    "check_folds",
    "check_parameters",
    "draw_folds",
    "folds_within",
    "read_groups",
    "read_weights",
    "roles_of",
]

from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import DataError, Refusal, UserError
from patron.models.learner import Folds, Rows
from patron.models.spend_target import read_amounts
from patron.schema import Role, Schema, infer

Floats = NDArray[np.float64]

FOLDS = 5
FEWEST_TAUGHT = 2
LEAST_LEVEL, MOST_LEVEL = 0.5, 0.999
FINITE = float(np.finfo(np.float64).max)


def as_table(X: Any) -> pa.Table:
    """X as a table in the plain types; a matrix gets the columns x0, x1 and so on."""
    from patron.tables import open_source

    if isinstance(X, np.ndarray):
        if X.ndim != 2 or X.dtype.kind not in "biuf":
            raise DataError(
                f"X is an array of shape {X.shape} and type {X.dtype}; a matrix of numbers "
                "[rows, columns] or a table is expected."
            )
        if not X.shape[1]:
            raise DataError(f"X has {len(X):,} rows and no columns: nothing to predict from.")
        return pa.table(
            {f"x{place}": X[:, place].astype(np.float64) for place in range(X.shape[1])}
        )
    return open_source(X).read()


def roles_of(table: pa.Table) -> Schema:
    """The roles as `patron init` infers them; the numbers of a bare matrix are numbers."""
    bare = all(name == f"x{place}" for place, name in enumerate(table.column_names))
    roles = dict.fromkeys(table.column_names, Role.NUMBER) if bare else {}
    return infer(table, overrides=roles)


def read_weights(weights: Any, n: int) -> Floats:
    """The weights [n], 1 on average.

    Raises
    ------
    DataError
        They are not `n` numbers above 0.
    """
    if weights is None:
        return np.ones(n)
    found = read_amounts(weights, "weights")
    if len(found) != n:
        raise DataError(f"weights has {len(found):,} values for {n:,} rows.")
    if not (np.isfinite(found) & (found > 0)).all():
        bad = int((~(np.isfinite(found) & (found > 0))).sum())
        raise DataError(f"weights: {bad:,} of {n:,} are not above 0; leave such rows out.")
    return np.asarray(found / found.mean())


def read_groups(groups: Any, n: int) -> Rows | None:
    """A number [n] for the group of each row, by its place: those of equal values are equal.

    Parameters
    ----------
    groups : text, numbers or dates as a list, an array or a column of any table, or None.

    Raises
    ------
    DataError
        They are not `n` known values of one kind.
    """
    if groups is None:
        return None
    shape = getattr(groups, "shape", None)
    if shape is not None and len(shape) != 1:
        raise DataError(f"groups has the shape {shape}; one value for each row is expected.")
    if isinstance(groups, str | bytes) or not hasattr(groups, "__len__"):
        raise DataError("groups is a single value; one value for each row is expected.")
    if len(groups) != n:
        raise DataError(f"groups has {len(groups):,} values for {n:,} rows.")
    if isinstance(groups, np.ndarray) and groups.dtype.kind in "iuf":
        groups = groups.tolist()  # in any order of bytes
    try:
        arrow = isinstance(groups, pa.Array | pa.ChunkedArray)
        values = (groups if arrow else pa.array(groups, from_pandas=True)).to_pylist()
        if missing := sum(value is None or value != value for value in values):
            raise DataError(
                f"groups: {missing:,} of {n:,} values are missing; name the group of each row, or "
                "leave such rows out."
            )
        number = {value: place for place, value in enumerate(sorted(set(values)))}
    except (pa.ArrowException, TypeError) as problem:
        raise DataError(
            "groups holds values of several kinds, or such as cannot be told apart; text or "
            "numbers are expected."
        ) from problem
    return np.array([number[value] for value in values], dtype=np.intp)


def check_parameters(
    *, cap: Any, top_share: Any, top_weight: Any, level: Any, threads: Any
) -> None:
    """Refuse what a `SpendModel` cannot do with.

    Raises
    ------
    UserError
        A parameter breaks its rule.
    """
    above, below = float(np.nextafter(0, 1)), float(np.nextafter(1, 0))
    levels = LEAST_LEVEL, MOST_LEVEL
    given = 1.0 if cap is None else cap
    for name, value, kind, rule, (low, high) in (
        ("cap", given, Real, "a finite number above 0", (above, FINITE)),
        ("top_share", top_share, Real, "a number above 0 and below 1", (above, below)),
        ("top_weight", top_weight, Real, "a finite number from 1", (1.0, FINITE)),
        ("level", level, Real, f"a number from {LEAST_LEVEL} to {MOST_LEVEL}", levels),
        ("threads", threads, Integral, "a whole number from 1", (1.0, FINITE)),
    ):
        number = isinstance(value, kind) and not isinstance(value, bool)
        if not (number and low <= value <= high):
            raise UserError(f"{name} must be {rule}, got {value!r}.")


def folds_within(folds: Folds, kept: Rows, rows: int) -> Folds:
    """The folds in the numbering of the rows `kept`."""
    place = np.full(rows, -1)
    place[kept] = np.arange(len(kept))
    return [
        (place[fit][place[fit] >= 0], place[predict][place[predict] >= 0]) for fit, predict in folds
    ]


def check_folds(y: Floats, folds: Folds) -> None:
    """Refuse folds whose rows to learn from have next to nobody who spends.

    Raises
    ------
    Refusal
        Fewer than two customers spend anything in the rows that a fold learns from.
    """
    for number, (fit, _) in enumerate(folds, start=1):
        if (spends := int((y[fit] > 0).sum())) < FEWEST_TAUGHT:
            raise Refusal(
                f"fold {number:,} of {len(folds):,} learns from {len(fit):,} rows, of which "
                f"{spends:,} spend anything: nothing can be learned about spend. Nearly all who "
                "spend are in one fold; take smaller groups, or none, or other folds."
            )


def draw_folds(y: Floats, groups: Rows | None, seed: int) -> Folds:
    """Five folds, even in the amounts, with whole groups; fewer where there are fewer groups.

    Raises
    ------
    Refusal
        All rows are of one group.
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        unit, highest = np.arange(len(y)), y
    else:
        names, unit = np.unique(groups, return_inverse=True)
        highest = np.zeros(len(names))
        np.maximum.at(highest, unit, y)
    folds = min(FOLDS, len(highest))
    if folds < 2:
        raise Refusal(
            f"groups: all {len(y):,} rows are of one group. Without rows of another one, which the "
            "model has not seen, nothing can be said of how good it is."
        )
    order = np.lexsort((rng.random(len(highest)), highest))
    count = -(-len(order) // folds)
    turns = np.argsort(rng.random((count, folds)), axis=1).ravel()[: len(order)]
    number = np.empty(len(order), dtype=np.intp)
    number[order] = turns
    fold = number[unit]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
