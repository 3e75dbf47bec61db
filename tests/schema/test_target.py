"""A purchase target is two values, and it is said which of them is the purchase."""

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError, StudyError
from patron.schema import binary_target


@pytest.mark.parametrize(
    ("values", "expected", "positive", "because"),
    [
        ([1, 0, None], [1, 0, np.nan], "1", '"1" reads like a yes'),
        ([1.0, 0.0, None], [1, 0, np.nan], "1", '"1" reads like a yes'),
        ([True, False, None], [1, 0, np.nan], "true", '"true" reads like a yes'),
        (["yes", "no", ""], [1, 0, np.nan], "yes", '"yes" reads like a yes'),
        ([" Yes", "NO", "yes "], [1, 0, 1], "yes", '"yes" reads like a yes'),
        (["N", "Y", "Y"], [0, 1, 1], "y", '"y" reads like a yes'),
        (["converted", "lost", None], [1, 0, np.nan], "converted", '"converted" reads like a yes'),
        (["no order", "order", "order"], [0, 1, 1], "order", '"no order" reads like a no'),
        ([-1, 1, 1], [0, 1, 1], "1", '"1" reads like a yes'),
        ([0, 7, 7], [0, 1, 1], "7", '"0" reads like a no'),
        (["a", "b", "b"], [1, 0, 0], "a", '"a" is the rarer value'),
        ([2, 3, 2], [0, 1, 0], "3", '"3" is the rarer value'),
    ],
)
def test_two_values(values: list, expected: list, positive: str, because: str) -> None:
    target = binary_target(pa.table({"y": values}), "y")
    np.testing.assert_array_equal(target.values, np.array(expected, dtype=np.float64))
    assert target.values.dtype == np.float64
    assert (target.positive, target.because, target.column) == (positive, because, "y")
    assert target.negative != target.positive


def test_one_and_two() -> None:
    target = binary_target(pa.table({"y": [1, 2, 1]}), "y")
    assert (target.positive, target.because) == ("2", '"2" is the rarer value')


def test_chunks_keep_their_order() -> None:
    column = pa.chunked_array([["yes", "no"], ["no", None, "yes"]])
    target = binary_target(pa.table({"y": column}), "y")
    np.testing.assert_array_equal(target.values, [1, 0, 0, np.nan, 1])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["no"] * 1_200 + ["yes"] * 30 + ["maybe"],
            'target "y" has 3 values (no: 1,200, yes: 30, maybe: 1); a purchase target has two, '
            "such as yes and no, or 1 and 0. Merge or empty the others.",
        ),
        (
            list("abcdefg"),
            'target "y" has 7 values; a purchase target has two, such '
            "as yes and no, or 1 and 0. Merge or empty the others.",
        ),
        (
            ["no"] * 3,
            'target "y" has one value (no: 3); a purchase target has two, such as yes and no, or 1 '
            "and 0.",
        ),
        (
            pa.nulls(3, pa.string()),
            'target "y" has no value in 3 rows; a purchase target has two, such as yes and no, or '
            "1 and 0.",
        ),
        (
            [0.0, 1.5, 2.5, 3.5, 4.5, 99.0],
            'target "y" has 6 different numbers; a purchase target has two, such as yes and no, or '
            "1 and 0. Use it as [spend] target, or add a column that is 1 where it is above 0 and "
            "0 elsewhere.",
        ),
    ],
)
def test_not_two_values(values: object, message: str) -> None:
    with pytest.raises(DataError) as error:
        binary_target(pa.table({"y": values}), "y")
    assert str(error.value) == message


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(StudyError, match=r'has no column "z"\. Columns: y \(1 in all'):
        binary_target(pa.table({"y": [0, 1]}), "z")
