"""Columns of dates: their days, their order, and a day written out."""

__all__ = ["FIRST_DAY", "LAST_DAY", "day_of", "days_of", "is_date", "moments_of", "written"]

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.operations import is_text, plain
from patron.audit.scoring import numbers_of

FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31: other days can be stored, and no text of them can be read."""

_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def is_date(kind: pa.DataType) -> bool:
    """Whether a column of this type holds dates, or times on them."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def days_of(column: pa.ChunkedArray, *, whole: bool = True) -> np.ndarray:
    """Dates as days since 1970, NaN where missing or not a date; texts as ISO dates.

    A time of day is cut off, or a part of the day if not `whole`.

    >>> days_of(pa.chunked_array([["2024-03-01", "2024-03-02 06:00", "soon"]]))
    array([19783., 19784.,    nan])
    """
    column = plain(column)
    if is_text(column.type):
        day = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(column), 0, 10)
        column = pc.strptime(day, format="%Y-%m-%d", unit="s", error_is_null=True)
    kind = column.type
    if not is_date(kind):
        return np.full(len(column), np.nan)
    unit = kind.unit if pa.types.is_timestamp(kind) else "ms"
    days = numbers_of(column)[0] / (1 if pa.types.is_date32(kind) else 86_400 * _A_SECOND[unit])
    return np.floor(days) if whole else days


def moments_of(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers that rise with time, NaN where missing: the days, or ranks where there are no dates.

    >>> moments_of(pa.chunked_array([["2024-Q2", None, "2024-Q1", "2024-Q2"]]))
    array([ 2., nan,  1.,  2.])
    """
    days = days_of(column)
    if np.isfinite(days).any():
        return days
    column = plain(column).combine_chunks()
    missing = column.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
    if missing.all():
        return days
    return np.where(missing, np.nan, pc.rank(column, tiebreaker="dense").to_numpy())


def written(column: pa.ChunkedArray, row: int) -> str:
    """What stands in a row: the ISO date, or the value where it is none."""
    day = float(days_of(column.slice(row, 1))[0])
    return day_of(day) if np.isfinite(day) else str(column[row].as_py())


def day_of(days: float) -> str:
    """Days since 1970 as an ISO date, of any year.

    >>> day_of(19_783), day_of(5_000_000)
    ('2024-03-01', '15659-07-15')
    """
    return str(np.datetime64(int(np.floor(days)), "D"))
