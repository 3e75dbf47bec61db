"""Values of a column where the answer is certain, as no honest column makes it."""

__all__ = ["Certain", "find_certain"]

from math import ceil, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from patron.audit.scoring import FOLDS, Question, auc, bins_of, codes_in, learnt_means

if TYPE_CHECKING:
    from patron.audit.frame import Frame

FEWEST = 30
CERTAIN = 0.995
# What the codes must reach in the half of the sample that they were not chosen in.
NEARLY = 0.97
LEAST_CHOSEN = 3
BY_CHANCE = 1e-6
# From this AUC on another column tells the certain rows from other positive ones.
EXPECTED = 0.75


class Certain(NamedTuple):
    """Where a column makes the answer certain: in words, in how many rows, for what share."""

    where: str
    rows: int
    share: float


def find_certain(frame: "Frame", name: str, question: Question) -> Certain | None:
    """Where the column makes the answer certain, though most rows are not positive.

    Honest columns can make a row surely negative (whoever has left does not buy), hardly ever
    surely positive; and then other columns tell these rows from other positive ones. Chosen in the
    sample, judged on every labelled row.
    """
    if question.measure != "AUC" or frame.target is None:
        return None
    known = np.isfinite(frame.target)
    positive = frame.target[known] > frame.target[frame.sample_rows][question.y == 0].max()
    missing = frame.missing(name)[known]
    for hit, where in ((missing, "missing"), (~missing, "present")):
        if _certainly(positive, hit, asked_once=True):
            share = float(positive[hit].mean())
            certain = Certain(where, int(hit.sum()), share)
            return None if _expected(frame, name, question, known, hit) else certain
    chosen = _certain_codes(frame.codes(name), question.y > 0, frame.folds < FOLDS / 2)
    if not len(chosen):
        return None
    values = frame.values(name)
    bins = bins_of(values[frame.sample_rows])
    codes = codes_in(bins, values)[known]
    hit = (codes != np.bincount(codes).argmax()) & ~missing
    if not _certainly(positive, hit, asked_once=True):
        # Only values of their own: the far end of any strong measurement is nearly certain.
        levels_only = np.isin(values[known & np.isfinite(values)], bins).mean() >= CERTAIN
        hit = np.isin(codes, chosen) & levels_only
    if not _certainly(positive, hit, asked_once=False):
        return None
    if _expected(frame, name, question, known, hit):
        return None
    where = _in_words(values[known], hit, frame.table.schema.field(name).type)
    if frame.is_category(name):
        levels = frame.table.column(name).filter(pa.array(known)).filter(pa.array(hit)).unique()
        where = " or ".join(f"'{level}'" for level in levels[:3].to_pylist())
    return Certain(where, int(hit.sum()), float(positive[hit].mean()))


def _expected(
    frame: "Frame", name: str, question: Question, known: np.ndarray, hit: np.ndarray
) -> bool:
    """Whether another column tells the rows `hit` (of the known ones) from other positive rows."""
    everywhere = np.zeros(len(known), dtype=bool)
    everywhere[np.flatnonzero(known)] = hit
    yes = question.y > 0
    these = everywhere[frame.sample_rows][yes].astype(np.float64)
    if not 0 < these.sum() < len(these):
        return False
    for other in frame.features:
        if other != name:
            means = learnt_means(frame.codes(other), question.y, frame.folds)
            if auc(these, means[yes]) > EXPECTED:
                return True
    return False


def _certain_codes(codes: np.ndarray, positive: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The codes whose rows are nearly all positive: chosen in one half, confirmed in the other.

    Returns an empty vector where what is chosen in a half does not hold in the other: among many
    small codes some are all positive by chance.
    """
    width = int(codes.max(initial=0)) + 1
    chosen, held, of = [], 0.0, 0.0
    for side in (half, ~half):
        rows = np.bincount(codes[side], minlength=width)
        hits = np.bincount(codes[side], positive[side], width)
        pure = (rows >= LEAST_CHOSEN) & (hits >= NEARLY * rows)
        chosen.append(pure)
        there = pure[codes] & ~side
        held, of = held + positive[there].sum(), of + there.sum()
    if of < FEWEST or held < NEARLY * of:
        return np.zeros(0, dtype=np.int64)
    rows, hits = np.bincount(codes, minlength=width), np.bincount(codes, positive, width)
    return np.flatnonzero((chosen[0] | chosen[1]) & (hits >= CERTAIN * rows))


def _certainly(positive: np.ndarray, hit: np.ndarray, *, asked_once: bool) -> bool:
    """Whether the rows `hit` are positive beyond what an honest column may single out.

    Honest columns find rows that are positive far more often than others: at most, it is assumed,
    three quarters of the way from the base rate to certainty. `asked_once`: the rows were not
    chosen among many.
    """
    rows, base = int(hit.sum()), float(positive.mean())
    needed = FEWEST
    if not asked_once:
        needed = max(FEWEST, ceil(log(BY_CHANCE) / log(1 - (1 - base) / 4)))
    return base < 0.5 and rows >= needed and float(positive[hit].mean()) >= CERTAIN


def _in_words(values: np.ndarray, hit: np.ndarray, kind: pa.DataType) -> str:
    """The rows `hit` as a condition on the values of a column of this type; NaN is missing.

    >>> values, hit = np.array([0, 1, 3, 5, np.nan]), np.array([False, False, True, True, False])
    >>> _in_words(values, hit, pa.int64()), _in_words(values, hit, pa.date32())
    ('3 or more', '1970-01-04 or later')
    """
    inside, outside = values[hit], values[~hit]
    if np.isnan(inside).all():
        return "missing"
    if np.isnan(outside).all():
        return "present"
    low, high = np.nanmin(inside), np.nanmax(inside)
    lowest, highest = np.nanmin(outside), np.nanmax(outside)
    if lowest == highest:
        return f"other than {_shown(lowest, kind)}"
    if low == high:
        return _shown(low, kind)
    more, less = ("later", "earlier") if _is_time(kind) else ("more", "less")
    if low > highest:
        return f"{_shown(low, kind)} or {more}"
    if high < lowest:
        return f"{_shown(high, kind)} or {less}"
    return f"some values from {_shown(low, kind)} to {_shown(high, kind)}"


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _shown(value: float, kind: pa.DataType) -> str:
    """A value as a person writes it: of a date its day, of a moment the minute too.

    >>> noon = 19905.5 * 86_400e6
    >>> _shown(19905.0, pa.date32()), _shown(noon, pa.timestamp("us")), _shown(7, pa.int64())
    ('2024-07-01', '2024-07-01 12:00', '7')
    """
    if not _is_time(kind):
        return f"{value:g}"
    unit = kind.unit if pa.types.is_timestamp(kind) else "D" if kind.bit_width == 32 else "ms"
    moment = str(np.array(int(value)).astype(f"datetime64[{unit}]").astype("datetime64[m]"))
    return moment.removesuffix("T00:00").replace("T", " ")
