"""How an amount of money is written: short in pictures and tables, rounded in sentences."""

__all__ = ["cash", "cash_between", "cash_interval", "rounded"]

import math
from collections.abc import Mapping
from typing import Any

from patron.report.numbers import MISSING, known, short


def cash(number: float | None, currency: str = "$") -> str:
    """An amount in few digits; cents only where there are some, below 100; less than one if needed.

    >>> cash(0), cash(38.4), cash(1234.5), cash(-2_512_000), cash(None), cash(1e200)
    ('$0', '$38.40', '$1,234', '−$2.51\\xa0million', '–', '$1e200')
    >>> cash(0.00042), cash(-0.0136)
    ('$0.00042', '−$0.014')
    """
    if number is None or not math.isfinite(number):
        return MISSING
    size = abs(number)
    if size >= 1e12:
        written = f"{size:.3g}".replace("e+", "e")
    elif size >= 999_500_000:
        written = f"{size / 1e9:.3g}\N{NO-BREAK SPACE}billion"
    elif size >= 999_999.5:
        written = short(max(size, 1_000_000))
    elif 1e-9 < size < 0.05:
        written = f"{float(f'{size:.2g}'):.12f}".rstrip("0")
    elif size >= 100 or round(size, 2) % 1 == 0:
        written = f"{size:,.0f}"
    else:
        written = f"{size:.2f}"
    sign = "−" if number < 0 and written.strip("0.,") else ""
    return f"{sign}{currency}{written}"


def cash_interval(estimate: Mapping[str, Any] | None) -> str:
    """An amount with its interval, as tables have it.

    >>> cash_interval({"value": 1204.2, "low": 1100.3, "high": 1310})
    '$1,204 [$1,100, $1,310]'
    """
    if estimate is None or not known(estimate["value"]):
        return MISSING
    low, high = estimate["low"], estimate["high"]
    ends = f" [{cash(low)}, {cash(high)}]" if known(low) and known(high) else ""
    return cash(estimate["value"]) + ends


def cash_between(estimate: Mapping[str, Any]) -> str:
    """An amount as text has it, rounded to what its interval supports.

    >>> cash_between({"value": 12_345, "low": 10_812, "high": 13_777})
    '$12,300, between $10,800 and $13,800'
    """
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    if not known(low) or not known(high):
        return f"{cash(value)} (no interval)"
    told = [cash(each) for each in rounded(value, low, high)]
    return f"{told[0]}, between {told[1]} and {told[2]}"


def rounded(value: float, low: float, high: float) -> tuple[float, float, float]:
    """The three to a digit that is small against the distance between the two ends.

    >>> rounded(12_345, 10_812, 13_777)
    (12300.0, 10800.0, 13800.0)
    """
    if not high > low:
        return float(value), float(low), float(high)
    step = 10.0 ** math.floor(math.log10((high - low) / 10))
    value, low, high = (round(each / step) * step for each in (value, low, high))
    return value, low, high
