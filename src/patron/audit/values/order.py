"""Times that can only come in one order: nobody's last visit is longer ago than his first."""

__all__ = ["Disorder", "disorders"]

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.times import days_of, is_date
from patron.audit.values.units import measures
from patron.schema import Role
from patron.schema.look import words

Floats = NDArray[np.float64]

MOST_ROWS, MOST_COLUMNS = 20_000, 40
FEWEST, FEWEST_BEYOND, FEWEST_NEAR = 200, 10, 20
FEWEST_DISTINCT = 20
MOST_BEYOND = 0.25
SLACK, NEAR = 1.0, 7.0
FLAT, CLIFF = 0.5, 1.5

_TIMES = {"day", "days", "week", "weeks", "month", "months", "tenure", "recency", "since"}
_TENURE = {"tenure", "signup", "registered", "registration", "joined", "membership", "member"}


class Disorder(NamedTuple):
    """`late` should not be longer ago than `early`, and is in some rows."""

    late: str
    early: str
    share: float
    cliff: float
    flat: float
    named: bool
    fix: Fix | None


def disorders(frame: Frame, code: str) -> list[Disorder]:
    """The pairs of times whose order holds but for a few rows; each column in one pair only.

    Two times that merely tend to come in one order break it smoothly, and mostly where the bound is
    low. A bound that is broken by mistake has a cliff (many rows just inside, few just beyond),
    and is broken wherever it lies. Under a bound that is named as the tenure, no cliff is needed.
    """
    times = _times_ago(frame)
    found = [
        pair
        for late in times
        for early in times
        if late != early and times[late][1] == times[early][1]
        if (pair := _judged(frame, late, early, times[late][0], times[early][0], code))
    ]
    found.sort(key=lambda pair: (not pair.named, -pair.share, -pair.cliff))
    kept: list[Disorder] = []
    for pair in found:
        if not any({pair.late, pair.early} & {each.late, each.early} for each in kept):
            kept.append(pair)
    return kept


def _times_ago(frame: Frame) -> dict[str, tuple[Floats, str]]:
    """How many days ago each time was, in a sample of rows, and what it can be compared with."""
    rows = np.arange(frame.table.num_rows)
    if len(rows) > MOST_ROWS:
        rng = np.random.default_rng(frame.seed)
        rows = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
    as_of = frame.schema.one(Role.AS_OF)
    today = None if as_of is None else _days(frame, as_of, rows)
    if today is not None and not np.isfinite(today).any():
        today = None
    numbers = set(measures(frame))
    times: dict[str, tuple[Floats, str]] = {}
    for column in frame.schema.columns:
        name = column.name
        if column.role is Role.DATE and is_date(frame.table.schema.field(name).type):
            days = _days(frame, name, rows)
            if today is None:
                times[name] = -days, "dates"
            else:
                ago = today - days
                times[name] = np.where(ago >= 0, ago, np.nan), "ago"  # the future is L03's
        elif name in numbers and column.role is not Role.MONEY and _is_time(name):
            values = frame.values(name)[rows]
            times[name] = np.where(values >= 0, values, np.nan), "ago"
    spread = {n: v for n, v in times.items() if len(np.unique(v[0][:2_000])) >= FEWEST_DISTINCT}
    return dict(list(spread.items())[:MOST_COLUMNS])


def _days(frame: Frame, name: str, rows: NDArray[np.intp]) -> Floats:
    return days_of(frame.table.column(name).take(pa.array(rows)), whole=False)


def _is_time(name: str) -> bool:
    """Whether the name says how long something is; "orders_90_days" counts orders."""
    return bool(_TIMES & set(words(name))) and not re.search(r"\d[_ ]?d(ays?)?(?![a-z])", name)


def _judged(
    frame: Frame, late: str, early: str, lates: Floats, earlies: Floats, code: str
) -> Disorder | None:
    known = np.isfinite(lates) & np.isfinite(earlies)
    excess, bound = (lates - earlies)[known], earlies[known]
    beyond = excess > SLACK
    share = beyond.mean() if len(beyond) >= FEWEST else 0.0
    if not 0 < share <= MOST_BEYOND or _is_one_value(lates[known][beyond]):
        return None
    inside = int(((excess < 0) & (excess >= -NEAR)).sum())
    outside = int((beyond & (excess <= SLACK + NEAR)).sum())
    low, high = np.quantile(bound, (1 / 3, 2 / 3))
    rates = beyond[bound <= low].mean(), beyond[bound >= high].mean()
    cliff, flat = inside / max(outside, 1), float(rates[1] / max(rates[0], 1e-9))
    named = bool(_TENURE & set(words(early))) and not _TENURE & set(words(late))
    edge = inside >= FEWEST_NEAR and cliff >= CLIFF
    if beyond.sum() < FEWEST_BEYOND or flat < FLAT or not (edge or named):
        return None
    fix = None
    dates = [frame.schema[name].role is Role.DATE for name in (late, early)]
    if not any(dates):
        fix = Fix("null_where", (late,), {"exceeds": early}, code)
    elif all(dates):  # what is longer ago is the smaller date
        fix = Fix("null_where", (early,), {"exceeds": late}, code)
    return Disorder(late, early, float(share), cliff, flat, named, fix)


def _is_one_value(values: Floats) -> bool:
    """Whether nearly all are one value: a sentinel, which M01 has."""
    return bool(np.unique(values, return_counts=True)[1].max() >= 0.9 * len(values))
