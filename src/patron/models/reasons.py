"""Reasons: what moved a customer's probability most, in words with direction and size."""

__all__ = ["FEWEST_POINTS", "reasons"]

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.features.encode import MOST_LEVELS, Design, read_as
from patron.models.phrases import Phrase, phrase
from patron.schema import Role, Schema

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FEWEST_POINTS = 0.5
"""What changes a probability by less is no reason."""

LONGEST = 40
"""A category's value is cut to so many signs."""


def reasons(
    design: Design, table: pa.Table, schema: Schema, points: Floats, *, most: int = 3
) -> pa.ListArray:
    """Up to `most` sentences a row, the weightiest first: "12 sessions in 30 days: +9 points".

    They tell what the model saw: a value as fixes left it, "unknown" where it was missing. Points
    are whole; below one they have a decimal, for where few buy half a point is much.

    Parameters
    ----------
    design : encoded rows [n, p].
    table : the rows before encoding; dates are read from it.
    schema : the roles of the columns.
    points : what each column of the design adds to the probability, in percentage points [n, p].
    """
    names, summed = _by_source(design, points)
    chosen, sizes = _weightiest(summed, most)
    facts: list[str] = []
    fact = np.zeros(chosen.shape, dtype=np.intp)
    for column in np.unique(chosen[chosen >= 0]):
        where = chosen == column
        name = names[column]
        role = schema[name].role if name in schema else Role.NUMBER
        texts, which = _facts(design, table, name, role, where.any(axis=1).nonzero()[0])
        fact[where] = which + len(facts)
        facts += texts
    said = chosen >= 0
    ends, end = _points(sizes[said])
    sentences = pc.binary_join_element_wise(
        pa.array(facts, pa.string()).take(pa.array(fact[said])),
        pa.array(ends, pa.string()).take(pa.array(end)),
        "",
    )
    offsets = np.concatenate([[0], np.cumsum(said.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), sentences)


def _by_source(design: Design, points: Floats) -> tuple[list[str], Floats]:
    """The table's columns, and the points of each [rows, columns]."""
    names = list(dict.fromkeys(design.sources))
    if len(names) == len(design.sources):
        return names, points
    place = {name: number for number, name in enumerate(names)}
    summed = np.zeros((len(points), len(names)))
    for column, source in enumerate(design.sources):
        summed[:, place[source]] += points[:, column]
    return names, summed


def _weightiest(points: Floats, most: int) -> tuple[Rows, Floats]:
    """The columns with the most points [rows, most], -1 where there is none, and their points."""
    rows = np.arange(len(points))
    most = min(most, points.shape[1])
    chosen = np.full((len(points), most), -1, dtype=np.intp)
    sizes = np.zeros((len(points), most))
    left = np.abs(points)
    for rank in range(most):
        best = left.argmax(axis=1)
        enough = left[rows, best] >= FEWEST_POINTS
        if not enough.any():
            break
        chosen[enough, rank] = best[enough]
        sizes[:, rank] = points[rows, best]
        left[rows, best] = -1
    return chosen, sizes


def _facts(
    design: Design, table: pa.Table, name: str, role: Role, rows: Rows
) -> tuple[list[str], Rows]:
    """The different facts of a column in `rows`, and which of them each row has."""
    values = design.matrix[rows, design.sources.index(name)].astype(np.float64)
    words = phrase(name, role)
    if name in design.levels:
        return _of_categories(values, words, design.levels[name])
    if role is Role.DATE and name in table.column_names:
        return _of_dates(values, words, table[name].take(pa.array(rows)))
    keys, which = np.unique(values if words.year else _rounded(values), return_inverse=True)
    if role is Role.FLAG:
        return [f"{_of_flag(key, words)}, " for key in keys.tolist()], which
    told = [words.unknown if key != key else words.of_number(key) for key in keys.tolist()]
    return [f"{fact}: " for fact in told], which


def _of_flag(value: float, words: Phrase) -> str:
    if value != value:
        return words.unknown
    return words.of({0.0: "no", 1.0: "yes"}[value]) if value in (0, 1) else words.of_number(value)


def _of_categories(codes: Floats, words: Phrase, levels: tuple[str, ...]) -> tuple[list[str], Rows]:
    keys, which = np.unique(codes, return_inverse=True)
    told = [
        words.unknown if key != key else _of_level(int(key), words, levels) for key in keys.tolist()
    ]
    return [f"{fact}: " for fact in told], which


def _of_level(code: int, words: Phrase, levels: tuple[str, ...]) -> str:
    """The last code stands for what was not learned."""
    known = len(levels) - 1
    if code >= known:
        kind = "a value not seen before" if known < MOST_LEVELS else "a rare or new value"
        return f"{words.label} ({kind})"
    text = " ".join(levels[code].split()) or "(empty)"
    return f"{words.label} {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def _of_dates(days: Floats, words: Phrase, dates: Any) -> tuple[list[str], Rows]:
    if not pa.types.is_temporal(dates.type):
        dates = read_as("timestamp[us]", dates.cast(pa.string()))[0]
    numbers = dates.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    seen = np.where(np.isnan(days), np.nan, numbers)  # a date without as_of is none to the model
    keys, which = np.unique(seen, return_inverse=True)
    told = [
        words.unknown if key != key else words.of(str(np.datetime64(int(key), "D")))
        for key in keys.tolist()
    ]
    return [f"{fact}: " for fact in told], which


def _rounded(values: Floats) -> Floats:
    """The values in three significant digits, so that few different texts are made."""
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log10(size))
    scale = 10.0 ** (2 - np.where(size > 0, exponent, 0.0))
    return np.rint(values * scale) / scale


def _points(sizes: Floats) -> tuple[list[str], Rows]:
    """The different numbers of points as words, and which of them each size is."""
    small = np.abs(sizes) < 0.95
    keys, which = np.unique(
        np.where(small, np.rint(sizes * 10) / 10, np.rint(sizes)), return_inverse=True
    )
    return [
        f"{key:+.{1 if abs(key) < 1 else 0}f} point{'' if abs(key) == 1 else 's'}"
        for key in keys.tolist()
    ], which
