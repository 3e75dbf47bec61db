"""What a look at the values of one column shows; the roles are told from it."""

__all__ = ["SAMPLE_ROWS", "Look", "look", "sample_rows", "words"]

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

SAMPLE_ROWS = 100_000
"""Values are looked at in this many rows, drawn evenly over the table."""

FLAG_WORDS = frozenset(("0", "1", "true", "false", "t", "f", "yes", "no", "y", "n"))
"""Texts that stand for yes or no, as the encoder reads them."""

_TEXTS_READ = 2_000  # so many different texts are read one by one
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LEADING_ZERO = re.compile(r"0\d+")


@dataclass(frozen=True)
class Look:
    """Facts about the values of a column.

    Parameters
    ----------
    kind : what the values are, whatever type they are stored in.
    stored_as : "text" or "whole numbers" where a look at the values says more than their type.
    known : how many values were counted, missing ones left out.
    missing : whether any is missing.
    distinct : how many different values there are among them.
    in_sample : `distinct` was counted in the sample alone.
    low, high : of numbers, over all rows.
    whole : of numbers, that none has a fraction.
    entities : how many customers the table has, where that is known; a customer may have many rows.
    cents : of numbers, that they are mostly fractions with no more than two decimals.
    no_gap : of whole numbers, that each number from `low` to `high` occurs once.
    words : of text, the mean number of words.
    addresses : of text, that nearly all are e-mail addresses.
    """

    kind: Literal["flag", "number", "date", "text"]
    known: int
    missing: bool
    distinct: int
    stored_as: str = ""
    in_sample: bool = False
    entities: int | None = None
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    cents: bool = False
    no_gap: bool = False
    words: float = 0.0
    addresses: bool = False

    @property
    def variety(self) -> float:
        """Distinct values for each value: 1 where all differ."""
        return self.distinct / self.known if self.known else 0.0

    @property
    def variety_of_entities(self) -> float:
        """Distinct values for each customer: near 1 where a value stands for a person."""
        most = min(self.known, self.entities or self.known)
        return self.distinct / most if most else 0.0


def words(name: str) -> tuple[str, ...]:
    """The words of a column's name.

    >>> words("CustomerID"), words("total_30d_post-campaign spend")
    (('customer', 'id'), ('total', '30d', 'post', 'campaign', 'spend'))
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(re.findall(r"[^\W_]+", spaced.lower()))


def sample_rows(rows: int) -> Any:
    """The rows to look at, in order; None for all of them."""
    import numpy as np

    if rows <= SAMPLE_ROWS:
        return None
    # Drawn, not every k-th: tables often repeat in step with their order.
    return np.sort(np.random.default_rng(0).choice(rows, SAMPLE_ROWS, replace=False))


def look(column: "pa.ChunkedArray", rows: Any = None, entities: int | None = None) -> Look:
    """Look at a column, in the sample `rows` of it (see `sample_rows`)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _read(column)
    values = column if rows is None else column.take(pa.array(rows))
    known = len(values) - values.null_count
    distinct = pc.count_distinct(values).as_py()
    in_sample = rows is not None
    if in_sample and (distinct <= 2 or distinct > min(known, entities or known) / 4):
        # A sample may miss the third value, and repeats are rarer in it than in the table.
        values, in_sample = column, False
        known = len(values) - values.null_count
        distinct = pc.count_distinct(values).as_py()
    seen: dict[str, Any] = {
        "known": known,
        "missing": column.null_count > 0,
        "distinct": distinct,
        "in_sample": in_sample,
        "entities": entities,
    }
    kinds = pa.types
    if kinds.is_boolean(values.type):
        return Look("flag", **seen)
    if kinds.is_temporal(values.type):
        return Look("date", **seen)
    if kinds.is_integer(values.type) or kinds.is_floating(values.type):
        return Look(**_kind_of_numbers(column, values, seen), **seen)
    return Look(**_kind_of_texts(values), **seen)


def _read(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """The column in a type whose values can be counted, compared and read."""
    import pyarrow as pa

    kinds, kind = pa.types, column.type
    if kinds.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if kinds.is_decimal(kind):
        return column.cast(pa.float64())
    if kinds.is_null(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return column.cast(pa.string())
    return column


def _kind_of_numbers(
    column: "pa.ChunkedArray", values: "pa.ChunkedArray", seen: dict[str, Any]
) -> dict[str, Any]:
    import numpy as np
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    numbers = values.drop_null().to_numpy().astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return {"kind": "number"}
    low, high = float(ends["min"]), float(ends["max"])
    whole = bool((numbers == np.floor(numbers)).all())
    if whole and _are_calendar(numbers):
        return {"kind": "date", "stored_as": "whole numbers"}
    hundred = 100 * np.minimum(np.abs(numbers), 1e300)  # larger ones have no hundredfold
    return {
        "kind": "flag" if seen["distinct"] <= 2 and {low, high} <= {0.0, 1.0} else "number",
        "low": low,
        "high": high,
        "whole": whole,
        "cents": bool(
            (np.abs(hundred - np.round(hundred)) < 1e-6 * np.maximum(hundred, 1)).all()
            and (numbers != np.floor(numbers)).mean() > 0.5
        ),
        "no_gap": whole and seen["distinct"] == len(column) == high - low + 1,
    }


def _are_calendar(numbers: "NDArray[np.float64]") -> bool:
    """Whether whole numbers read as dates: 20110501 is the first of May 2011."""
    year, month, day = numbers // 10_000, numbers // 100 % 100, numbers % 100
    years, months, days = (year >= 1900) & (year <= 2100), month <= 12, day <= 31
    return bool((years & months & days & (month >= 1) & (day >= 1)).all())


def _kind_of_texts(values: "pa.ChunkedArray") -> dict[str, Any]:
    import pyarrow.compute as pc

    unique = pc.unique(values.drop_null())
    step = max(1, len(unique) // _TEXTS_READ)
    texts = [text.strip() for text in unique[::step].to_pylist()]
    if not texts:
        return {"kind": "text"}
    folded = {text.lower() for text in texts}
    if len(folded) <= 2 and folded <= FLAG_WORDS:
        return {"kind": "flag", "stored_as": "text"}
    if all(_is_date(text) for text in texts):
        return {"kind": "date", "stored_as": "text"}
    if all(_NUMBER.fullmatch(text) for text in texts) and not any(
        _LEADING_ZERO.fullmatch(text) for text in texts
    ):
        numbers = [float(text) for text in texts]
        return {
            "kind": "number",
            "stored_as": "text",
            "low": min(numbers),
            "high": max(numbers),
            "whole": all(number.is_integer() for number in numbers),
        }
    addresses = sum(bool(_ADDRESS.fullmatch(text)) for text in texts)
    return {
        "kind": "text",
        "words": sum(len(text.split()) for text in texts) / len(texts),
        "addresses": addresses >= 0.8 * len(texts),
    }


def _is_date(text: str) -> bool:
    try:
        return 1900 <= datetime.fromisoformat(text).year <= 2100
    except ValueError:
        return False
