"""M01: numbers and dates that stand for a missing value, such as -1, 999 or 1900-01-01."""

__all__ = ["Sentinels", "known_days", "without_sentinels"]

from typing import NamedTuple

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.relations import Likeness, Relations, is_share, likeness, numbers
from patron.audit.missing.weigh import common, weighed
from patron.audit.times import FIRST_DAY, LAST_DAY, day_of, days_of, is_date
from patron.schema import Role

CODES = frozenset(
    sign * value
    for sign in (1, -1)
    for value in (9, 88, 98, 99, 777, 888, 998, 999, 8888, 9998, 9999, 99999, 999999, 9999999)
) | {-1, -2, -7, -8, 1111, 111, 12345, 123456789, 99.9, 999.9, 9.99, 99.99, 999.99, -99.9, -999.9}
DATES = frozenset(
    int((np.datetime64(day) - np.datetime64("1970-01-01")).astype(int))
    for day in (
        *("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02"),
        *("1901-01-01", "1904-01-01", "1969-12-31", "1970-01-01", "1970-01-02", "1980-01-01"),
        *("1999-12-31", "2000-01-01", "2099-12-31", "2099-01-01", "2100-01-01", "2199-12-31"),
        *("2200-01-01", "2222-02-22", "2999-12-31", "9999-12-31", "9999-01-01"),
    )
)

FEW_VALUES, MANY_VALUES = 3, 8
FEWEST, SHARE, DATE_SHARE = 5, 0.001, 0.0005
GAP, BESIDE = 0.25, 5
SPIKE, PEAK, TAIL = 8.0, 5.0, 5.0
DEFAULT_SHARE, DEFAULT_VALUES = 0.01, 50
HONEST, DEFAULT = 0.35, 0.6
MOST_IN_A_COLUMN = 3
BINS = 40


class _Found(NamedTuple):
    """A value that is no value: how it stands out, and what its rows' other columns say."""

    value: float
    rows: int
    stands: str
    like: Likeness | None


class _Values(NamedTuple):
    """The distinct values of a column, ascending, and how often each occurs; less those found."""

    distinct: np.ndarray
    counts: np.ndarray

    def without(self, value: float) -> "_Values":
        kept = self.distinct != value
        return _Values(self.distinct[kept], self.counts[kept])


class Sentinels(Check):
    """M01: a value that is frequent, stands apart from the rest, and says nothing of size.

    A number stands out if it lies beyond a gap, is the only negative one, is a usual code (999)
    with hardly a value near it, or is so much commoner than any other that it may be a default.
    Where the other columns can tell high from low, they decide: the rows of an honest cap or peak
    are like their neighbours, those of a code or a default like everybody.
    """

    code = "M01"
    title = "A number or date that stands for missing"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        if not _date_columns(frame) and not numbers(frame):
            return CannotSay("no column holds numbers or dates")
        findings = []
        for name, found in frame.once(_among_numbers).items():
            findings.append(self._found(frame, name, found, [_plain(f.value) for f in found]))
        for name, found in frame.once(_among_dates).items():
            for part in _by_fix(found):
                findings.append(self._found(frame, name, part, [day_of(f.value) for f in part]))
        return findings

    def _found(
        self, frame: Frame, name: str, found: list[_Found], shown: list[int | float | str]
    ) -> Finding:
        relations, first = Relations.of(frame), found[0]
        dated = isinstance(shown[0], str)
        fix = Fix("null_value", (name,), {"values": shown}, self.code)
        if dated and first.value > LAST_DAY:
            fix = Fix("null_above", (name,), {"limit": day_of(LAST_DAY)}, self.code)
        elif dated and first.value < FIRST_DAY:
            fix = Fix("null_below", (name,), {"limit": day_of(FIRST_DAY)}, self.code)
        severity, evidence = weighed(frame, fix)
        values = _days(frame, name) if dated else frame.values(name)
        hit = np.isin(values, [each.value for each in found])
        stump = common(frame, hit[relations.rows], (name,))
        rows, listed = int(hit.sum()), " and ".join(str(each) for each in shown)
        evidence |= {
            "values": shown,
            "rows": rows,
            "share_of_rows": rows / len(values),
            "stands_out": first.stands,
            "picture": _picture(name, values, found, shown, dated),
        }
        if first.like:
            evidence |= {
                "expected_far_from_it_share": first.like.hit,
                "expected_far_among_neighbours_share": first.like.near,
                "expected_far_among_all_share": first.like.all,
            }
        if stump:
            evidence |= stump.evidence
            severity = Severity.WARNING  # it tells something of its rows: a person must look
        means = (
            f" It is there in {stump.inside:.1%} of the rows where {stump.says}, and in "
            f"{stump.outside:.1%} of the others, so it may stand for something, such as never."
            if stump
            else ""
        )
        return self.finding(
            severity,
            (name,),
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{listed} stands in {rows:,} rows of {name}; {first.stands}. A model, and every "
                f"mean, takes it for a size.{means}"
            ),
            next_step=(
                f"Set {listed} to missing. Models here learn from missing values too, so what it "
                "may mean is kept."
            ),
            fix=fix,
        )


def _date_columns(frame: Frame) -> list[str]:
    dates = [name for name in frame.schema.names(Role.DATE) if name in frame.features]
    return [name for name in dates if is_date(frame.table.schema.field(name).type)]


def _days(frame: Frame, name: str) -> np.ndarray:
    return days_of(frame.table.column(name), whole=False)


def _by_fix(found: list[_Found]) -> list[list[_Found]]:
    """The dates that one fix can name: those that can be written, those before and after them."""
    parts: dict[int, list[_Found]] = {}
    for each in found:
        parts.setdefault((each.value > LAST_DAY) - (each.value < FIRST_DAY), []).append(each)
    return list(parts.values())


def _among_numbers(frame: Frame) -> dict[str, list[_Found]]:
    """The sentinels of each column of numbers that has any."""
    relations = Relations.of(frame)
    sought = {
        name: _sentinels(relations, name, frame.values(name), CODES, a_date=False)
        for name in numbers(frame)
    }
    return {name: found for name, found in sought.items() if found}


def _among_dates(frame: Frame) -> dict[str, list[_Found]]:
    """The sentinels of each column of dates, as days."""
    relations = Relations.of(frame)
    return {
        name: _sentinels(relations, name, _days(frame, name), DATES, a_date=True)
        for name in _date_columns(frame)
    }


def known_days(frame: Frame, name: str) -> np.ndarray:
    """The days of a column [rows], whole; NaN where missing or where M01 names the day."""
    exact = _days(frame, name)
    named = [found.value for found in frame.once(_among_dates).get(name, ())]
    return np.where(np.isin(exact, named), np.nan, days_of(frame.table.column(name)))


def without_sentinels(frame: Frame, name: str, values: np.ndarray) -> np.ndarray:
    """Values of the column, those that M01 names as missing."""
    named = [found.value for found in frame.once(_among_numbers).get(name, ())]
    return np.where(np.isin(values, named), np.nan, values)


def _sentinels(
    relations: Relations, name: str, values: np.ndarray, codes: frozenset[float], *, a_date: bool
) -> list[_Found]:
    """The sentinels of one column, of which there may be several."""
    known = values[np.isfinite(values)]
    rest = _Values(*np.unique(known, return_counts=True))
    fewest = max(FEWEST, (DATE_SHARE if a_date else SHARE) * len(known))
    sampled = values[relations.rows]
    found: list[_Found] = []
    while len(found) < MOST_IN_A_COLUMN:
        for value in _candidates(rest, codes, fewest, len(known), a_date):
            stands, sure = _stands_out(rest, value, codes, a_date)
            if not stands:
                continue
            like = likeness(relations, name, value, sampled)
            honest = like is None or like.weight - 2 * like.error < (
                DEFAULT if stands == _COMMONEST else HONEST
            )
            if sure or not honest:
                rows = int(rest.counts[rest.distinct == value][0])
                found.append(_Found(value, rows, stands, like))
                rest = rest.without(value)
                break
        else:
            break
    return found


def _candidates(
    rest: _Values, codes: frozenset[float], fewest: float, total: int, a_date: bool
) -> list[float]:
    """The values to look at: both ends, usual codes, and the commonest."""
    frequent = rest.counts >= fewest
    if len(rest.distinct) <= FEW_VALUES:
        return []
    ends = np.zeros(len(frequent), dtype=bool)
    ends[[0, -1]] = True
    usual = np.isin(rest.distinct, list(codes))
    commonest = rest.counts >= max(fewest, DEFAULT_SHARE * total, rest.counts.max())
    wanted = frequent & (ends | usual | commonest)
    wanted &= (rest.distinct % 1 == 0) if a_date else (rest.distinct != 0)  # zeros are M06's
    return [float(value) for value in rest.distinct[wanted]]


_COMMONEST = "it is far commoner than any other value"


def _stands_out(
    rest: _Values, value: float, codes: frozenset[float], a_date: bool
) -> tuple[str, bool]:
    """How the value stands out from the others ("" if it does not), and whether that is enough."""
    others = rest.without(value)
    count = float(rest.counts[rest.distinct == value][0])
    low, high = float(others.distinct[0]), float(others.distinct[-1])
    place = int(np.searchsorted(others.distinct, value))
    beside = others.counts[max(place - BESIDE, 0) : place + BESIDE]
    spikes = count >= SPIKE * np.median(beside)
    usual, many = value in codes, len(others.distinct) >= MANY_VALUES
    gap = max(low - value, value - high)
    if value in (1, 100) and is_share(np.append(others.distinct, value)):
        return "", False  # the whole
    far = gap >= GAP * (high - low) if spikes else usual and gap >= high - low
    if (usual or many) and far:
        return "it lies far beyond all other values", True
    if a_date:
        if usual and spikes and gap > 0:
            return "it is a usual default, beyond all other dates", True
    elif value < 0 <= low and len(others.distinct) > FEW_VALUES and (usual or many):
        return "it is the only negative value", True
    if usual and spikes and not a_date:
        reach = 0.1 * abs(value)
        near = others.counts[np.abs(others.distinct - value) <= reach].sum()
        beyond = others.counts[(others.distinct > value) == (value > 0)].sum()
        if count >= TAIL * max(near, beyond):
            return "it is a usual code, with hardly a value near it", True
        return "it is a usual code, and far commoner than the values near it", False
    top = np.sort(others.counts)[-3:]
    if len(others.distinct) >= DEFAULT_VALUES and low < value < high and count >= PEAK * top[0]:
        return _COMMONEST, False
    return "", False


def _plain(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _picture(
    name: str,
    values: np.ndarray,
    found: list[_Found],
    shown: list[int | float | str],
    dated: bool,
) -> Evidence:
    """How the values lie, from end to end."""
    counts, edges = np.histogram(values[np.isfinite(values)], bins=BINS)
    rows = sum(each.rows for each in found)
    return {
        "kind": "histogram",
        "title": f"{' and '.join(str(each) for each in shown)} in {rows:,} rows of {name}",
        "column": name,
        "edges": [day_of(edge) for edge in edges] if dated else [float(edge) for edge in edges],
        "counts": [int(count) for count in counts],
        "mark": list(shown),
        "mark_name": "stands for missing",
    }
