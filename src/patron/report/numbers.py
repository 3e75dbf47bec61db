"""How a number is written: few digits, a unit, and its interval."""

__all__ = [
    "MISSING",
    "between",
    "beyond_zero",
    "count",
    "counted",
    "date",
    "days",
    "differ",
    "interval",
    "known",
    "money",
    "money_interval",
    "of_100",
    "percent",
    "seconds",
    "short",
    "size",
    "these",
]

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

MISSING = "–"
SPACE = "\N{NO-BREAK SPACE}"


def known(number: float | None) -> bool:
    """Whether there is a finite number to print."""
    return number is not None and math.isfinite(number)


def count(number: float | None) -> str:
    """A whole number with its thousands separated.

    >>> count(48000)
    '48,000'
    """
    return MISSING if number is None or not math.isfinite(number) else f"{number:,.0f}"


def counted(number: int, noun: str) -> str:
    """A whole number with its noun.

    >>> counted(1, "row"), counted(48000, "row")
    ('1 row', '48,000 rows')
    """
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def short(number: float | None, digits: int = 3) -> str:
    """A number in at most `digits` significant digits; the digits of whole thousands stay.

    >>> short(0.012345), short(12.0), short(1234.5), short(1_250_000)
    ('0.0123', '12', '1,234', '1.25\\xa0million')
    """
    if number is None or not math.isfinite(number):
        return MISSING
    if abs(number) >= 1_000_000:
        return _minus(f"{number / 1_000_000:.{digits}g}{SPACE}million")
    if number == 0 or abs(number) >= 10 ** (digits - 1):
        return _minus(f"{number:,.0f}")
    decimals = digits - 1 - math.floor(math.log10(abs(number)))
    written = f"{number:,.{decimals}f}"
    return _minus(written.rstrip("0").rstrip(".") if "." in written else written)


def percent(share: float | None) -> str:
    """A share in per cent.

    >>> percent(0.1834), percent(0.5), percent(0.0004)
    ('18.3\\xa0%', '50\\xa0%', '0.04\\xa0%')
    """
    return MISSING if not known(share) else f"{short((share or 0) * 100)}{SPACE}%"


def of_100(share: float) -> str:
    """A share of people as a count; the rarer they are, the larger the crowd.

    >>> of_100(0.183), of_100(0.0042), of_100(0.998), of_100(1.0)
    ('18 of 100', '4 of 1,000', '998 of 1,000', '100 of 100')
    """
    crowd = _crowd(share)
    return f"{share * crowd:,.0f} of {crowd:,}"


def interval(estimate: Mapping[str, Any] | None, decimals: int | None = None) -> str:
    """An estimate as tables have it; a third decimal only where the interval supports it.

    `decimals` fixes their number, for a column of figures that are compared.

    >>> interval({"value": 0.8614, "low": 0.8531, "high": 0.8697})
    '0.861 [0.853, 0.870]'
    >>> interval({"value": 0.8614, "low": 0.8481, "high": 0.8751})
    '0.86 [0.85, 0.88]'
    >>> interval({"value": 0.31, "low": None, "high": None})
    '0.310'
    """
    if estimate is None or not known(estimate["value"]):
        return MISSING
    value, low, high = _written(estimate, decimals)
    return f"{value} [{low}, {high}]" if low else value


def between(estimate: Mapping[str, Any]) -> str:
    """An estimate as text has it.

    >>> between({"value": 0.8614, "low": 0.8531, "high": 0.8697})
    '0.861, between 0.853 and 0.870'
    """
    value, low, high = _written(estimate)
    return f"{value}, between {low} and {high}" if low else f"{value} (no interval)"


def differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool | None:
    """Whether two estimates differ beyond noise; None where an interval is missing.

    The two errors are added as if the estimates were independent. Estimates from the same
    customers usually err together, so this says "differ" too seldom rather than too often.

    >>> one = {"value": 0.80, "low": 0.78, "high": 0.82}
    >>> differ(one, {"value": 0.84, "low": 0.82, "high": 0.86})
    True
    """
    above, below = (one, other) if one["value"] >= other["value"] else (other, one)
    if not known(above["low"]) or not known(below["high"]):
        return None
    noise = math.hypot(above["value"] - above["low"], below["high"] - below["value"])
    return bool(above["value"] - below["value"] > noise)


def beyond_zero(estimate: Mapping[str, Any]) -> bool:
    """Whether zero lies outside the interval; False where there is none.

    >>> beyond_zero({"low": -0.01, "high": 0.02}), beyond_zero({"low": 0.01, "high": 0.02})
    (False, True)
    """
    low, high = estimate["low"], estimate["high"]
    return known(low) and known(high) and not low <= 0 <= high


def money(amount: float, currency: str = "$") -> str:
    """An amount of money: cents below 100, whole units above, thousands separated.

    >>> money(0.7), money(9747747.93), money(-12)
    ('$0.70', '$9,747,748', '−$12.00')
    """
    sign = "−" if amount < 0 else ""
    return f"{sign}{currency}{abs(amount):,.{2 if abs(amount) < 100 else 0}f}"


def money_interval(estimate: Mapping[str, Any] | None) -> str:
    """An amount of money with its interval, as tables have it.

    >>> money_interval({"value": 1.204, "low": 1.1, "high": 1.31})
    '$1.20 [$1.10, $1.31]'
    """
    if estimate is None or not known(estimate["value"]):
        return MISSING
    low, high = estimate["low"], estimate["high"]
    ends = f" [{money(low)}, {money(high)}]" if known(low) and known(high) else ""
    return money(estimate["value"]) + ends


def seconds(duration: float | None) -> str:
    """A duration.

    >>> seconds(0.042), seconds(4.23), seconds(130)
    ('0.04 s', '4.2 s', '2 min 10 s')
    """
    if duration is None:
        return MISSING
    if duration < 60:
        return f"{duration:.{2 if duration < 1 else 1}f}{SPACE}s".replace(SPACE, " ")
    return f"{duration // 60:.0f} min {duration % 60:.0f} s"


def size(length: float | None) -> str:
    """A number of bytes.

    >>> size(812), size(184_320), size(2_500_000)
    ('812 bytes', '184 kB', '2.5 MB')
    """
    if length is None:
        return MISSING
    if length < 1000:
        return f"{length:.0f} bytes"
    return f"{length / 1000:.0f} kB" if length < 1_000_000 else f"{length / 1_000_000:.1f} MB"


def date(iso: str) -> str:
    """A date in words; what is not a date stays as it is.

    >>> date("2026-10-01"), date("2026-10-01T00:00:00")
    ('1 October 2026', '1 October 2026')
    """
    try:
        day = dt.date.fromisoformat(iso[:10])
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"


def days(number: int) -> str:
    """A number of days.

    >>> days(1), days(30)
    ('1 day', '30 days')
    """
    return f"{number} day{'' if number == 1 else 's'}"


def these(words: Iterable[str], at_most: int = 4) -> str:
    """Words in a row, the way a sentence has them.

    >>> these(["a", "b", "c"]), these("abcdef", at_most=2)
    ('a, b and c', 'a, b and 4 more')
    """
    every = list(words)
    if len(every) > at_most:
        every = [*every[:at_most], f"{len(every) - at_most} more"]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"


def _crowd(share: float) -> int:
    rare = min(share, 1 - share)
    if rare <= 0 or rare >= 0.01:
        return 100
    return 1_000 if rare >= 0.001 else 10_000


def _written(estimate: Mapping[str, Any], decimals: int | None = None) -> tuple[str, str, str]:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    if not known(low) or not known(high):
        return _minus(f"{value:.3f}"), "", ""
    if decimals is None:
        decimals = 1 if high - low >= 0.2 and abs(value) >= 1 else 2 if high - low >= 0.02 else 3
    value, low, high = (_minus(f"{number:.{decimals}f}") for number in (value, low, high))
    return value, low, high


def _minus(written: str) -> str:
    """A true minus sign; none before a number that is written as zero."""
    if written.startswith("-") and not written.strip("-0.,"):
        return written[1:]
    return written.replace("-", "−")
