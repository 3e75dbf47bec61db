"""What a target of spend must be: known amounts from 0, some above 0, none beyond belief."""

__all__ = ["Beyond", "check_amounts", "read_amounts"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.audit.values.absurd import beyond_belief
from patron.errors import DataError, Refusal

Floats = NDArray[np.float64]

FEWEST = 20
"""Fewer customers who spend teach no distribution of what is spent."""
MOST_OF_TOTAL = 0.5
NAMED = 3


@dataclass(frozen=True)
class Beyond:
    """Amounts beyond belief, which no model learns from.

    Parameters
    ----------
    rows : their places.
    values : the greatest of them, the greatest first.
    share : their part of the total, themselves included.
    """

    rows: NDArray[np.intp]
    values: tuple[float, ...]
    share: float

    @property
    def sentence(self) -> str:
        """What was found and what is done about it."""
        listed = ", ".join(f"{value:.4g}" for value in self.values[:NAMED])
        more = ", …" if len(self.rows) > NAMED else ""
        one = len(self.rows) == 1
        return (
            f"{len(self.rows):,} amount{'' if one else 's'} beyond belief ({listed}{more}) "
            f"{'holds' if one else 'hold'} {self.share:.1%} of the total: no model learns from "
            f"{'it' if one else 'them'}, and no figure is judged by {'it' if one else 'them'}. "
            f"If {'it is' if one else 'they are'} real, name a [spend] cap."
        )


def read_amounts(values: Any, what: str = "y") -> Floats:
    """The amounts as numbers [n], from a list, an array, or a column of any table.

    Raises
    ------
    DataError
        They hold text, or have more than one column.
    """
    if hasattr(values, "to_numpy"):
        try:
            values = values.to_numpy(zero_copy_only=False)
        except TypeError:
            values = values.to_numpy()
    found = np.asarray(values)
    if found.ndim != 1:
        raise DataError(f"{what} has the shape {found.shape}; one amount for each row is expected.")
    if found.dtype.kind in "biuf":
        return found.astype(np.float64)
    listed = [np.nan if value is None else value for value in found.tolist()]
    texts = [value for value in listed if not _is_number(value)]
    if not texts:  # Decimal, and what else is a number that numpy keeps as an object
        return np.array([float(value) for value in listed], dtype=np.float64)
    odd = [value for value in texts if not _is_number(value, text_too=True)]
    told = (
        f'{len(odd):,} of its {len(found):,} values are no numbers, such as "{odd[0]}"'
        if odd
        else f"{len(texts):,} of its {len(found):,} values are numbers written as text"
    )
    raise DataError(
        f"{what} holds text: {told}. Amounts are numbers such as 12.5; [table] format says how a "
        "file writes them."
    )


def check_amounts(y: Floats, *, what: str = "y", cap: float | None = None) -> Beyond | None:
    """Refuse amounts that no model can learn from; name those beyond belief.

    Raises
    ------
    DataError
        Some are missing, infinite or below 0.
    Refusal
        Nobody, or next to nobody, spends anything; or all spend the same.
    """
    n = len(y)
    if not n:
        raise Refusal(f"{what} has no rows. Nothing can be learned about spend.")
    for bad, name, advice in (
        (np.isnan(y), "missing", "Leave those rows out, or fill them where 0 is meant."),
        (np.isinf(y), "infinite", "Look for a division by 0 and mend it."),
    ):
        if bad.any():
            raise DataError(
                f"{what}: {int(bad.sum()):,} of {n:,} values are {name}, the first in row "
                f"{int(np.argmax(bad)) + 1:,}. {advice}"
            )
    below = y < 0
    if below.any():
        raise DataError(
            f"{what}: {int(below.sum()):,} of {n:,} amounts are below 0, the least {y.min():,.2f}, "
            f"the first in row {int(np.argmax(below)) + 1:,}. Spend is 0 or more: count returns "
            "against earlier purchases, or set such amounts to 0 where that is what they mean."
        )
    absurd = np.zeros(n, dtype=bool) if cap is not None else _beyond(y)
    left = y[~absurd]
    spends = int((left > 0).sum())
    aside = f" {int(absurd.sum()):,} beyond belief are set aside." if absurd.any() else ""
    if not spends:
        raise Refusal(
            f"{what}: all {len(left):,} amounts are 0. Nothing can be learned about spend.{aside}"
        )
    if len(left) > 1 and left.min() == left.max():
        raise Refusal(
            f"{what}: all {len(left):,} amounts are {left[0]:,.2f}. There is nothing to tell apart."
            f"{aside}"
        )
    if spends < FEWEST:
        raise Refusal(
            f"{what}: {spends:,} of {len(left):,} customers spend anything; at least {FEWEST} are "
            f"needed to say how much such customers spend. Take a longer window, or more rows."
            f"{aside}"
        )
    if not absurd.any():
        return None
    rows = np.flatnonzero(absurd)
    values = np.sort(y[rows])[::-1]
    top = float(values[0])  # divided first: a sum of such amounts may overflow
    share = float((values / top).sum() / (y / top).sum())
    return Beyond(rows, tuple(float(value) for value in values[:10]), share)


def _beyond(y: Floats) -> NDArray[np.bool_]:
    """By the audit's rule (V06), and the one amount that is more than all others together."""
    absurd = np.asarray(beyond_belief(y), dtype=bool)
    left = np.where(absurd, 0.0, y)
    top = int(np.argmax(left))
    rest = float((left / max(left[top], 1e-300)).sum()) - 1
    if (left > 0).sum() > FEWEST and rest < (1 - MOST_OF_TOTAL) / MOST_OF_TOTAL:
        absurd[top] = True
    return absurd


def _is_number(value: Any, *, text_too: bool = False) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return text_too or not isinstance(value, str)
