"""What a spend model is given: tables, matrices, weights, folds."""

__all__ = ["as_table", "draw_folds", "folds_within", "read_weights", "roles_of"]

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import DataError
from patron.models.learner import Folds, Rows
from patron.models.spend_target import read_amounts
from patron.schema import Role, Schema, infer

Floats = NDArray[np.float64]

FOLDS = 5


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


def folds_within(folds: Folds, kept: Rows, rows: int) -> Folds:
    """The folds in the numbering of the rows `kept`."""
    place = np.full(rows, -1)
    place[kept] = np.arange(len(kept))
    return [
        (place[fit][place[fit] >= 0], place[predict][place[predict] >= 0]) for fit, predict in folds
    ]


def draw_folds(y: Floats, groups: Rows | None, seed: int) -> Folds:
    """Five folds, even in the amounts, with whole groups."""
    rng = np.random.default_rng(seed)
    if groups is None:
        unit, highest = np.arange(len(y)), y
    else:
        names, unit = np.unique(groups, return_inverse=True)
        highest = np.zeros(len(names))
        np.maximum.at(highest, unit, y)
    order = np.lexsort((rng.random(len(highest)), highest))
    count = -(-len(order) // FOLDS)
    turns = np.argsort(rng.random((count, FOLDS)), axis=1).ravel()[: len(order)]
    number = np.empty(len(order), dtype=np.intp)
    number[order] = turns
    fold = number[unit]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
