"""Numbers and dates as people write them: "1.234,50", "$12", "12 %", "(3.00)", "05/03/2024"."""

__all__ = ["Written", "are_numbers", "as_date", "as_number", "split_number"]

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

MOSTLY = 0.9
LONGEST = 60

_CURRENCY = r"[$€£¥₹₽₺₩]|(?i:usd|eur|gbp|chf|sek|nok|dkk|pln|jpy|aud|cad|us\$|zł|kr\.?|fr\.)"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<before>[+-])?\s*(?P<currency>{_CURRENCY})?\s*(?P<sign>[+-])?\s*"
    r"(?P<digits>(?:\d[\d., ']*)?\d[.,]?|[.,]\d+)(?P<power>[eE][+-]?\d{1,3})?"
    rf"\s*(?P<percent>%)?\s*(?P<behind>{_CURRENCY})?\s*(?P<close>\))?"
)
_LIKE_ASCII = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-", "\u2019": "'"}
)


_CALLED = {
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "zł": "PLN",
}


class Written(NamedTuple):
    """A number as it is written: its parts, with grouping signs still in `digits`.

    `currency` is its code, or the mark as it is written; empty where there is none.
    """

    digits: str
    negative: bool
    power: str
    percent: bool
    currency: str


def split_number(text: str) -> Written | None:
    """The parts of a number, or None where the text is none.

    >>> split_number("- $1,234.50").digits, split_number("A12"), split_number("2024-01-31")
    ('1,234.50', None, None)
    """
    if len(text) > LONGEST:
        return None
    found = _NUMBER.fullmatch(text.translate(_LIKE_ASCII).strip())
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [found["before"], found["sign"], "-" if found["open"] else None]
    if sum(sign is not None for sign in signs) > 1 or (found["currency"] and found["behind"]):
        return None
    mark = (found["currency"] or found["behind"] or "").lower().rstrip(".")
    return Written(
        found["digits"],
        "-" in signs,
        found["power"] or "",
        bool(found["percent"]),
        _CALLED.get(mark, mark.upper()),
    )


def as_number(text: str, decimal: str = ".") -> float | None:
    """The number that a person means, or None where the text is none.

    The last of two different signs is the decimal one; a sign that occurs several times, or stands
    before a group of three digits, parts thousands. `decimal` decides where both readings fit. A
    percentage is a share.

    >>> [as_number(text) for text in ("1.234,50", "$1,234.50", "12 %", "(3.00)", "1 234,5", "12 m")]
    [1234.5, 1234.5, 0.12, -3.0, 1234.5, None]
    >>> as_number("1.234", decimal=","), as_number("1.234", decimal=".")
    (1234.0, 1.234)
    """
    written = split_number(text)
    plain = written and _ungrouped(written.digits, decimal)
    if not written or not plain:
        return None
    value = float(plain + written.power)
    if written.percent:
        value /= 100
    return -value if written.negative else value


def are_numbers(texts: Iterable[str]) -> bool:
    """Whether nine of ten texts are numbers, and more than plain digits, which may be codes.

    >>> are_numbers(["0.5 %", "12 %", "0 %"]), are_numbers(["1", "2"]), are_numbers(["1 %", "web"])
    (True, False, False)
    """
    listed = list(texts)
    read = sum(as_number(text) is not None for text in listed)
    signs = any(not text.strip().isdigit() for text in listed)
    return signs and read >= MOSTLY * len(listed) > 0


def as_date(text: str, formats: Iterable[str]) -> datetime | None:
    """The moment by the first of the formats that fits, or None; years are 1000 to 9999.

    >>> as_date("05/03/2024", ["%Y-%m-%d", "%d/%m/%Y"])
    datetime.datetime(2024, 3, 5, 0, 0)
    """
    for each in formats:
        try:
            moment = datetime.strptime(text.strip(), each)
        except ValueError:
            continue
        return moment if moment.year >= 1000 and moment.tzinfo is None else None
    return None


def _ungrouped(digits: str, decimal: str) -> str | None:
    """The digits as Python reads them: no grouping, a point for the decimals."""
    whole, point, fraction = _parted(digits, decimal)
    groups = re.split(r"[., ']", whole)
    grouped = len(groups) > 1
    if grouped and not (
        1 <= len(groups[0]) <= 3
        and all(len(group) == 3 for group in groups[1:])
        and len(set(re.findall(r"[., ']", whole))) == 1
    ):
        return None
    if not fraction.isdigit() and fraction:
        return None
    return "".join(groups) + ("." + fraction if point else "")


def _parted(digits: str, decimal: str) -> tuple[str, str, str]:
    """The digits before the decimal sign, the sign (or nothing), and the digits behind it."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last = max(digits.rfind("."), digits.rfind(","))
        return digits[:last], digits[last], digits[last + 1 :]
    if points + commas != 1:
        return digits, "", ""
    sign = "." if points else ","
    before, _, behind = digits.partition(sign)
    thousands = len(behind) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    if thousands and sign != decimal:
        return digits, "", ""
    return before, sign, behind
