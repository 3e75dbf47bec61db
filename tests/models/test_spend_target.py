"""A target of spend: what cannot be learned from is refused, with counts and in a sentence."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from patron.errors import DataError, Refusal
from patron.models.spend_target import check_amounts, read_amounts

Floats = NDArray[np.float64]


def spend(rows: int = 1_000, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(rows) < 0.5, 0.0, np.exp(4 + rng.normal(size=rows)))


@pytest.mark.parametrize(
    "given",
    [
        [0, 12.5, 3],
        (0, 12.5, 3),
        np.array([0, 12.5, 3], dtype=np.float32),
        np.array([0, 12.5, 3], dtype=object),
        [Decimal("0"), Decimal("12.5"), Decimal("3")],
        pa.array([0, 12.5, 3]),
        pa.chunked_array([[0.0], [12.5, 3]]),
        pd.Series([0, 12.5, 3]),
        pl.Series([0.0, 12.5, 3.0]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_amounts_come_as_a_column_of_anything(given: object) -> None:
    found = read_amounts(given)
    assert found.dtype == np.float64
    assert found.tolist() == [0, 12.5, 3]


@pytest.mark.parametrize(
    "given",
    [
        [1.0, None, 3.0],
        np.array([1.0, None, 3.0], dtype=object),
        pa.array([1.0, None, 3.0]),
        pa.array([1, None, 3]),
        pd.Series([1.0, None, 3.0]),
        pd.Series([1, None, 3], dtype="Int64"),
        pl.Series([1, None, 3]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_missing_amount_is_missing_whatever_holds_it(given: object) -> None:
    y = read_amounts(given)
    assert np.isnan(y).tolist() == [False, True, False]
    with pytest.raises(DataError, match=r"^y: 1 of 3 values are missing, the first in row 2\. "):
        check_amounts(y)


@pytest.mark.parametrize(
    "given",
    [
        [0, "n/a", 3.0, "12,50"],
        np.array(["0", "n/a", "3.0", "12,50"]),
        pa.array(["0", "n/a", "3.0", "12,50"]),
        pd.Series(["0", "n/a", "3.0", "12,50"]),
        pl.Series(["0", "n/a", "3.0", "12,50"]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_text_is_refused_with_the_first_of_it(given: object) -> None:
    with pytest.raises(DataError, match=r'spent holds text: [24] of its 4 values are no numbers, '
                       r'such as "(0|n/a)"\. Amounts are numbers such as 12\.5'):  # fmt: skip
        read_amounts(given, "spent")


def test_more_than_one_column_is_refused() -> None:
    with pytest.raises(DataError, match=r"^y has the shape \(3, 2\); one amount for each row"):
        read_amounts(np.zeros((3, 2)))
    with pytest.raises(DataError, match=r"^y has the shape \(\); one amount for each row"):
        read_amounts(5.0)


def changed(*values: float) -> Floats:
    y = spend()
    y[10 : 10 + len(values)] = values
    return y


@pytest.mark.parametrize(
    ("y", "kind", "told"),
    [
        (
            changed(-5.0, -1.0),
            DataError,
            r"^spent: 2 of 1,000 amounts are below 0, the least -5\.00, the first in row 11\. "
            r"Spend is 0 or more: count returns against earlier purchases",
        ),
        (
            changed(np.nan, np.nan, np.nan),
            DataError,
            r"^spent: 3 of 1,000 values are missing, the first in row 11\. Leave those rows out",
        ),
        (
            changed(np.inf, -np.inf),
            DataError,
            r"^spent: 2 of 1,000 values are infinite, the first in row 11\. Look for a division",
        ),
        (np.zeros(500), Refusal, r"^spent: all 500 amounts are 0\. Nothing can be learned"),
        (
            np.full(500, 12.5),
            Refusal,
            r"^spent: all 500 amounts are 12\.50\. There is nothing to tell apart\.$",
        ),
        (
            np.eye(1, 500)[0] * 12.5,
            Refusal,
            r"^spent: 1 of 500 customers spend anything; at least 20 are needed to say how much",
        ),
        (
            np.append(np.zeros(300), np.arange(1.0, 20.0)),
            Refusal,
            r"^spent: 19 of 319 customers spend anything; at least 20 are needed",
        ),
        (np.zeros(0), Refusal, r"^spent has no rows\. Nothing can be learned"),
        (np.ones(1), Refusal, r"^spent: 1 of 1 customers spend anything"),
    ],
    ids=[
        *("negative", "missing", "infinite", "all zeros", "constant", "one positive", "nineteen"),
        *("no rows", "one row"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(y: Floats, kind: type, told: str) -> None:
    with pytest.raises(kind, match=told):
        check_amounts(y, what="spent")


def test_twenty_who_spend_are_enough() -> None:
    assert check_amounts(np.append(np.zeros(300), np.arange(1.0, 21.0))) is None
    assert check_amounts(spend()) is None


@pytest.mark.parametrize("value", [1e200, 1e300, np.finfo(float).max])
def test_one_value_beyond_belief_is_named_and_overflows_nothing(value: float) -> None:
    y = changed(value)
    before = y.copy()
    found = check_amounts(y)
    assert found is not None
    assert (found.rows.tolist(), found.values, found.share) == ([10], (value,), 1.0)
    np.testing.assert_array_equal(y, before)
    assert found.sentence.startswith(f"1 amount beyond belief ({value:.4g}) holds 100.0% of the ")
    assert found.sentence.endswith("If it is real, name a [spend] cap.")


def test_three_of_the_greatest_numbers_overflow_nothing() -> None:
    top = float(np.finfo(float).max)
    found = check_amounts(changed(top, top, top))
    assert found is not None
    assert found.rows.tolist() == [10, 11, 12]
    assert found.share == 1
    assert found.sentence.startswith("3 amounts beyond belief (1.798e+308, 1.798e+308, 1.798e+308)")


def test_one_row_that_holds_most_of_the_total_is_named() -> None:
    y = spend()
    rest = float(y.sum())
    y[7] = 1.5 * rest
    found = check_amounts(y)
    assert found is not None
    assert found.rows.tolist() == [7]
    assert found.share == pytest.approx(1.5 / 2.5, rel=0.01)
    assert "holds 60.0% of the total: no model learns from it" in found.sentence


@pytest.mark.parametrize("seed", range(3))
def test_so_is_one_among_few_who_spend_which_is_not_a_hundred_times_the_next(seed: int) -> None:
    """Too few and too near for the audit's rule (V06); and yet all others together are less."""
    rng = np.random.default_rng(seed)
    y = np.append(np.zeros(300), rng.uniform(50, 150, 60))
    y[310] = 1.2 * (y.sum() - y[310])
    found = check_amounts(y)
    assert found is not None
    assert found.rows.tolist() == [310]
    assert found.share == pytest.approx(1.2 / 2.2)
    y[310] = 0.9 * (y.sum() - y[310])
    assert check_amounts(y) is None


@pytest.mark.parametrize("seed", range(10))
def test_the_best_customers_are_believed(seed: int) -> None:
    """A heavy tail (log sd 1.5) is what a shop lives on."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(3_000) < 0.8, 0.0, np.exp(4 + 1.5 * rng.normal(size=3_000)))
    assert check_amounts(y) is None
    top = int(np.argmax(y))
    y[top] = 0.8 * (y.sum() - y[top])  # less than all others together
    assert check_amounts(y) is None


def test_a_cap_makes_everything_believable() -> None:
    assert check_amounts(changed(1e200), cap=5_000.0) is None


def test_refusals_say_what_was_set_aside() -> None:
    """200 amounts of 5 would be a constant target but for one typing error."""
    with pytest.raises(Refusal, match=r"all 199 amounts are 5\.00\. .* 1 beyond belief are set as"):
        check_amounts(np.append(np.full(199, 5.0), 1e200))


def test_a_finding_lists_no_more_than_three() -> None:
    y = np.append(spend(4_000), np.geomspace(1e30, 1e33, 5))
    found = check_amounts(y)
    assert found is not None
    assert found.sentence.startswith("5 amounts beyond belief (1e+33, 1.778e+32, 3.162e+31, …) ")
    assert len(found.values) == 5
