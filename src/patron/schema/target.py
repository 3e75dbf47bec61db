"""The two values of a purchase target, as 0 and 1."""

__all__ = ["BinaryTarget", "binary_target"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

from patron.errors import DataError, StudyError
from patron.schema.types import no_such_column

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_YES = {
    *("1", "true", "t", "yes", "y", "buy", "buys", "buyer", "bought", "purchase", "purchased"),
    *("convert", "converted", "conversion", "positive", "responded", "response", "success"),
}
_NO = {"0", "-1", "false", "f", "no", "n", "none", "negative", "failure", "never", "not"}


@dataclass(frozen=True)
class BinaryTarget:
    """A target with two values.

    Parameters
    ----------
    values : 1 where the row has the positive value, 0 where the other, NaN where it has none.
    positive, negative : the two values, in lower case and without blanks round them.
    column : the column's name.
    because : why `positive` is the positive one.
    """

    values: "NDArray[np.float64]"
    positive: str
    negative: str
    column: str
    because: str


def binary_target(table: "pa.Table", column: str) -> BinaryTarget:
    """Read `column` as a purchase target: yes or no, true or false, 1 or 0, or two other values.

    Capitals and blanks round a text do not count. Where neither value reads like a yes or a no,
    the rarer one is positive.

    Raises
    ------
    StudyError
        The table has no such column.
    DataError
        The column does not have two values.
    """
    import numpy as np
    import pyarrow.compute as pc

    if column not in table.column_names:
        raise StudyError(no_such_column(column, table.column_names))
    texts = _folded(table[column])
    pairs = [(item["values"], item["counts"]) for item in pc.value_counts(texts).to_pylist()]
    counts = {value: count for value, count in pairs if value is not None}
    if len(counts) != 2:
        raise DataError(_not_two(table, column, counts))
    positive, because = _positive(counts)
    negative = next(value for value in counts if value != positive)
    is_positive = pc.equal(texts, positive).combine_chunks().cast("float64")
    values = is_positive.to_numpy(zero_copy_only=False).astype(np.float64)
    return BinaryTarget(values, positive, negative, column, because)


def _folded(values: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """The values as text, without capitals and blanks; an empty text is a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(values.type):
        whole = pc.all(pc.equal(values, pc.floor(values))).as_py()
        values = values.cast(pa.int64()) if whole else values
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(values.cast(pa.string())))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _positive(counts: dict[str, int]) -> tuple[str, str]:
    first, second = sorted(counts, key=lambda value: (counts[value], value))
    for one, other in ((first, second), (second, first)):
        if one in _YES and other not in _YES and (one != "1" or other in _NO):
            return one, f'"{one}" reads like a yes'
    for one, other in ((first, second), (second, first)):
        if other.split()[0] in _NO and one.split()[0] not in _NO:
            return one, f'"{other}" reads like a no'
    return first, f'"{first}" is the rarer value'


def _not_two(table: "pa.Table", column: str, counts: dict[str, int]) -> str:
    import pyarrow as pa

    rule = "a purchase target has two, such as yes and no, or 1 and 0"
    if not counts:
        return f'target "{column}" has no value in {table.num_rows:,} rows; {rule}.'
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{value}: {count:,}" for value, count in ranked[:5])
    if len(counts) == 1:
        return f'target "{column}" has one value ({shown}); {rule}.'
    kind = table.schema.field(column).type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if number and len(counts) > 5:
        return (
            f'target "{column}" has {len(counts):,} different numbers; {rule}. Use it as [spend] '
            "target, or add a column that is 1 where it is above 0 and 0 elsewhere."
        )
    # Many values may be people's addresses or names: they are counted, not shown.
    some = f" ({shown})" if len(counts) <= 5 else ""
    return f'target "{column}" has {len(counts):,} values{some}; {rule}. Merge or empty the others.'
