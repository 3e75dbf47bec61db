"""V02: numbers and dates that are stored as text, in one way of writing or in several."""

__all__ = ["WrittenAsText", "texts_of"]

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.weigh import weighed
from patron.audit.missing.words import NEVER_A_VALUE, PERHAPS
from patron.audit.operations import is_text, plain
from patron.audit.operations.reading import as_date, as_number, split_number
from patron.schema import Role

FEWEST_ROWS = 20
MOST_TEXTS = 2_000
READABLE = 0.9
SIGNS = 0.01
YEARS = range(1900, 2101)

_ASKED = (
    *(Role.UPDATED, Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE, Role.CATEGORY, Role.DATE),
    *(Role.TEXT, Role.IDENTIFIER),
)
_CONFUSED = "day and month may be confused"
_WITH = {
    "a decimal comma": "with a decimal comma",
    "a decimal point": "with a decimal point",
    "with a currency": "with a currency",
    "with %": "with %",
    "thousands set apart": "with thousands set apart",
}
_NO_VALUE = NEVER_A_VALUE | PERHAPS
_DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"),
    *("%m-%d-%Y", "%d %b %Y", "%d-%b-%Y", "%d. %b %Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y"),
    *("%d. %B %Y", "%B %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M", " %I:%M %p")
_COMMA = re.compile(r",(\d{1,2}|\d{4,})$|\..*,|^[^\d]*0,\d+$")
_POINT = re.compile(r"\.(\d{1,2}|\d{4,})$|,.*\.|^[^\d]*0\.\d+$")


class _Reading(NamedTuple):
    """How a column is to be read: by which operation, and what shows that it is so written."""

    operation: str
    arguments: tuple[tuple[str, object], ...]
    forms: dict[str, float]  # the share of the rows that is written in each way
    unreadable: int
    currencies: tuple[str, ...] = ()  # where there are several


class WrittenAsText(Check):
    """V02: a column of text whose values are numbers or dates to a person.

    Such a column reaches the model as a category with one level for each amount, or not at all.
    Codes stay text: digits with leading zeros, and whole numbers that lie as drawn ones do.
    """

    code = "V02"
    title = "Numbers or dates written as text"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for all columns that are to be read in the same way."""
        if frame.table.num_rows < FEWEST_ROWS:
            return CannotSay(f"the table has {frame.table.num_rows} rows; {FEWEST_ROWS} are needed")
        alike: dict[tuple[object, ...], dict[str, _Reading]] = {}
        for name in texts_of(frame, *_ASKED):
            if reading := _reading(frame, name):
                key = (reading.operation, str(reading.arguments), reading.currencies)
                alike.setdefault(key, {})[name] = reading
        return [self._found(frame, readings) for readings in alike.values()]

    def _found(self, frame: Frame, readings: dict[str, _Reading]) -> Finding:
        columns, first = tuple(readings), next(iter(readings.values()))
        fix = Fix(first.operation, columns, dict(first.arguments), self.code)
        noun = "numbers" if first.operation == "parse_numbers" else "dates"
        evidence: Evidence = {
            "kind": noun,
            "forms": {name: each.forms for name, each in readings.items()},
        }
        severity = Severity.WARNING
        if any(frame.schema[name].role not in _READ_AS[noun] for name in columns):
            severity, cost = weighed(frame, fix)
            evidence |= cost
        unreadable = sum(each.unreadable for each in readings.values())
        if unreadable:
            evidence["unreadable"] = unreadable
        ways = sorted({form for each in readings.values() for form in each.forms} - {_CONFUSED})
        written = " and ".join(_WITH.get(way, f"as {way}") for way in ways)
        is_are, them = ("is", "it") if len(columns) == 1 else ("are", "them")
        step, mixed = f"Read {them} as {noun}. {_doubt(first, noun)}", ""
        if first.currencies:
            evidence["currencies"] = list(first.currencies)
            listed = " and ".join(first.currencies)
            mixed = f" The amounts are in {listed}, and cannot be compared as they are."
            step = (
                f"Put {them} into one currency where the table is made; no fix can know the rate."
            )
        return self.finding(
            severity,
            columns,
            rows=max(len(frame.table) - frame.table.column(n).null_count for n in columns),
            evidence=evidence,
            meaning=(
                f"{', '.join(columns)} {is_are} text that holds {noun}, written {written}. As "
                f"text each {noun[:-1]} is a name: none is more than another, and new ones are "
                f"unknown.{mixed}"
            ),
            next_step=step,
            fix=None if mixed else fix,
        )


_READ_AS = {
    "numbers": (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE),
    "dates": (Role.DATE, Role.UPDATED),
}
"""The roles whose text Patron reads already, where all of it is plainly written."""


def texts_of(frame: Frame, *roles: Role) -> Iterator[str]:
    """The columns of text with one of the roles, less those whose role the user has set."""
    for column in frame.schema.columns:
        kind = frame.table.schema.field(column.name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if is_text(kind) and column.role in roles and not column.because.startswith("set in"):
            yield column.name


def _reading(frame: Frame, name: str) -> _Reading | None:
    counted = pc.value_counts(plain(frame.table.column(name)).drop_null())
    texts, counts = counted.field("values"), counted.field("counts").to_numpy()
    step = max(1, len(texts) // MOST_TEXTS)
    shown = zip(texts[::step].to_pylist(), counts[::step].tolist(), strict=True)
    pairs = [(t.strip(), n) for t, n in shown if t.strip().lower() not in _NO_VALUE]
    rows = sum(n for _, n in pairs)
    if len(pairs) < 3 or rows < FEWEST_ROWS:
        return None
    if sum(n for text, n in pairs if any(map(str.isdigit, text))) < READABLE * rows:
        return None
    dates = _as_dates(pairs, rows)
    if dates:
        return dates
    wordless = len(pairs) == len(texts[::step])
    return _as_numbers(pairs, rows, plainly=wordless, role=frame.schema[name].role)


def _as_numbers(
    pairs: list[tuple[str, int]], rows: int, *, plainly: bool, role: Role
) -> _Reading | None:
    forms: Counter[str] = Counter()
    currencies: Counter[str] = Counter()
    known, unreadable = 0, 0
    for text, count in pairs:
        written = split_number(text)
        value = as_number(text) if written else None
        if written is None or value is None or re.fullmatch(r"0\d+", written.digits):
            unreadable += count
            continue
        known += count
        for form, pattern in (("a decimal comma", _COMMA), ("a decimal point", _POINT)):
            forms[form] += count if pattern.search(written.digits) else 0
        currencies[written.currency] += count
        forms["with %"] += count if written.percent else 0
        grouped = len(re.findall(r"[., ']", written.digits)) > 1 or " " in written.digits
        forms["thousands set apart"] += count if grouped else 0
    if known < READABLE * rows:
        return None
    del currencies[""]
    forms["with a currency"] = currencies.total()
    several = tuple(sorted(mark for mark, n in currencies.items() if n >= SIGNS * known))
    signs = {form: count for form, count in forms.items() if count >= SIGNS * known}
    if not signs:
        if not plainly or role not in _READ_AS["numbers"] or not _measures(pairs):
            return None
        signs = {"whole numbers": known}
    elif set(signs) == {"a decimal point"} and not plainly:
        return None  # plain numbers and words for missing: M02 has the words
    decimal = "," if forms["a decimal comma"] > forms["a decimal point"] else "."
    shares = {form: count / known for form, count in signs.items()}
    arguments, mixed = (("decimal", decimal),), several if len(several) > 1 else ()
    return _Reading("parse_numbers", arguments, shares, unreadable, mixed)


def _measures(pairs: list[tuple[str, int]]) -> bool:
    """Whether whole numbers count or measure, and are no codes.

    Neighbouring amounts are about equally frequent; neighbouring codes are not. Where most occur
    once, amounts crowd somewhere; drawn codes are spread evenly.
    """
    values = np.array([as_number(text) or 0.0 for text, _ in pairs])
    order = np.argsort(values)
    values, counts = values[order], np.array([n for _, n in pairs], dtype=np.float64)[order]
    if len(values) <= 12 or np.ptp(values) == 0:
        return False
    if counts.mean() >= 5:
        ranks = np.searchsorted(np.sort(counts), counts).astype(np.float64)
        if not ranks[1:].std() or not ranks[:-1].std():
            return False
        alike = np.corrcoef(ranks[1:], ranks[:-1])[0, 1]
        return bool(alike >= 0.3 + len(counts) ** -0.5)
    place = (values - values[0]) / np.ptp(values)
    return bool(np.abs(place - np.linspace(0, 1, len(place))).max() >= 0.15)


def _as_dates(pairs: list[tuple[str, int]], rows: int) -> _Reading | None:
    fitting: Counter[tuple[str, ...]] = Counter()
    for text, count in pairs:
        formats = tuple(
            each for each in _FORMATS.get(_shape(text), ()) if _in_years(as_date(text, [each]))
        )
        fitting[formats] += count
    known = rows - fitting.pop((), 0)
    if known < READABLE * rows:
        return None
    sure: Counter[str] = Counter()
    for formats, count in fitting.items():
        if len(formats) == 1:
            sure[formats[0]] += count
    order = [each for each, _ in sure.most_common()]
    for formats in fitting:  # those of which no date is sure: the day comes first
        if not set(formats) & set(order):
            order.append(formats[0])
    forms: Counter[str] = Counter()
    for formats, count in fitting.items():
        forms[next(each for each in order if each in formats)] += count
    ambiguous = sum(n for formats, n in fitting.items() if len(set(formats) & set(order)) > 1)
    shares = {each: count / known for each, count in forms.most_common()}
    if ambiguous:
        shares[_CONFUSED] = ambiguous / known
    formats_used = tuple(each for each in order if forms[each])
    return _Reading("parse_dates", (("formats", list(formats_used)),), shares, rows - known)


def _in_years(moment: datetime | None) -> bool:
    return moment is not None and moment.year in YEARS


def _shape(text: str) -> str:
    """The text with one 9 for each run of digits (eight together stay eight), one a for letters.

    >>> _shape("31.01.2024 10:05"), _shape("20240131"), _shape("3 May 2024")
    ('9.9.9 9:9', '99999999', '9 a 9')
    """
    if re.fullmatch(r"\d{8}", text):
        return "9" * 8
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d]+", lambda m: "T" if m[0] == "T" else "a", text))


def _formats() -> dict[str, list[str]]:
    """The formats by the shape of what they write."""
    by_shape: dict[str, list[str]] = {}
    for day in _DAYS:
        for time in _TIMES:
            shape = _shape(datetime(2011, 12, 13, 14, 15, 16).strftime(day + time))
            by_shape.setdefault(shape, []).append(day + time)
    return by_shape


_FORMATS = _formats()


def _doubt(reading: _Reading, noun: str) -> str:
    confused = reading.forms.get(_CONFUSED)
    if noun == "dates" and confused:
        return (
            f"In {confused:.0%} of them day and month can be exchanged: find out which system "
            "writes which, and put its format first."
        )
    if noun == "dates":
        return "Better, have the source write them in one way."
    return "Better, have the source write numbers as numbers."
