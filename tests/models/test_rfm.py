"""RFM: fifths with ties, the eleven names, and a reason where the table lacks one of the three."""

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit.base import CannotSay
from patron.models.rfm import GRID, NAMES, Rfm, rfm
from patron.schema import Role, infer


def shop(rows: int = 1_000, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    orders = rng.poisson(2, rows)
    return {
        "days_since_last_purchase": rng.integers(0, 700, rows),
        "orders_365d": orders,
        "total_spend_365d": np.round(orders * rng.lognormal(3, 0.6, rows), 2),
        "avg_order_value": np.round(rng.lognormal(3, 0.6, rows), 2),
    }


def of(data: dict[str, Any], **chosen: Any) -> Rfm | CannotSay:
    table = pa.table(data)
    return rfm(table, infer(table), **chosen)


def made(data: dict[str, Any], **chosen: Any) -> Rfm:
    answer = of(data, **chosen)
    assert isinstance(answer, Rfm), answer
    return answer


def test_columns_are_found_by_their_names() -> None:
    found = made(shop())
    assert (found.recency, found.frequency, found.monetary) == (
        "days_since_last_purchase",
        "orders_365d",
        "total_spend_365d",
    )
    assert found.because == (
        "Fifths of days_since_last_purchase, orders_365d and total_spend_365d; tied customers "
        "share the lowest."
    )


def test_fifths_without_ties_are_fifths() -> None:
    """1,000 different values: 200 in each score, and lately is 5."""
    columns = {
        "recency_days": np.arange(1_000) * 2,
        "order_frequency": np.arange(1_000) * 2 + 1,
        "monetary": np.arange(1_000)[::-1] + 0.25,
    }
    found = made(columns)
    for score in found.scores.T:
        assert np.bincount(score, minlength=6).tolist() == [0, 200, 200, 200, 200, 200]
    assert found.scores[0].tolist() == [5, 1, 5]
    assert found.scores[-1].tolist() == [1, 5, 1]


def test_tied_customers_share_the_lowest_score() -> None:
    """60 of 100 have no order and 1 as score; of the 40 others 20 have one order, and 1 too."""
    columns = {
        "days_since_last_purchase": np.arange(100) * 3,
        "orders": np.repeat([0, 1, 2, 5], [60, 20, 12, 8]),
        "total_spend": np.r_[np.zeros(60), np.arange(40) + 1.5],
    }
    found = made(columns)
    scores = [set(part.tolist()) for part in np.split(found.scores[:, 1], [60, 80, 92])]
    assert scores == [{1}, {1}, {3}, {5}]
    assert np.bincount(found.scores[60:, 2]).tolist() == [0, 8, 8, 8, 8, 8]
    assert set(found.scores[:60, 2]) == {1}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_is_irrelevant(seed: int) -> None:
    columns = shop(seed=seed)
    order = np.random.default_rng(seed).permutation(1_000)
    shuffled = {name: values[order] for name, values in columns.items()}
    np.testing.assert_array_equal(made(shuffled).labels, made(columns).labels[order])


def test_the_grid_has_each_of_the_eleven_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == 11
    assert {name for row in GRID for name in row} == set(NAMES)


@pytest.mark.parametrize(
    ("scores", "name"),
    [
        ((5, 5, 5), "Champions"),
        ((4, 4, 4), "Loyal"),
        ((5, 2, 3), "Potential loyalists"),
        ((5, 1, 1), "New"),
        ((4, 1, 1), "Promising"),
        ((3, 3, 3), "Need attention"),
        ((3, 1, 2), "About to sleep"),
        ((2, 3, 4), "At risk"),
        ((1, 5, 5), "Cannot lose them"),
        ((2, 1, 1), "Hibernating"),
        ((1, 1, 1), "Lost"),
    ],
)
def test_the_usual_names(scores: tuple[int, int, int], name: str) -> None:
    """Every combination of fifths, so that a score is its place in 5 x 5 x 5 customers."""
    r, f, m = (each.ravel() for each in np.meshgrid(*[np.arange(5)] * 3, indexing="ij"))
    jitter = np.linspace(0, 0.5, 125)
    columns = {"recency": 9 - r - jitter, "frequency": 1 + f + jitter, "monetary": 1 + m + jitter}
    found = made(columns)
    place = int(np.flatnonzero((found.scores == scores).all(axis=1))[0])
    assert found.names[found.labels[place]] == name


def test_the_table_adds_up() -> None:
    columns = shop()
    found = made(columns)
    rows = found.table(columns["total_spend_365d"])
    assert sum(each["size"] for each in rows) == 1_000
    assert sum(each["share"] for each in rows) == pytest.approx(1)
    assert sum(each["revenue_share"] for each in rows) == pytest.approx(1)
    assert [each["name"] for each in rows] == [n for n in NAMES if n in {r["name"] for r in rows}]
    best = next(each for each in rows if each["name"] == "Champions")
    assert best["revenue_share"] > best["share"]
    assert {each["revenue_share"] for each in found.table()} == {None}
    assert {each["revenue_share"] for each in found.table(np.zeros(1_000))} == {None}


def test_a_date_of_the_last_order_counts_forwards() -> None:
    columns = shop()
    days = columns.pop("days_since_last_purchase")
    today = datetime.date(2025, 6, 1)
    columns["last_order_date"] = [today - datetime.timedelta(int(day)) for day in days]
    dated, counted = made(columns), made(shop())
    assert dated.recency == "last_order_date"
    np.testing.assert_array_equal(dated.labels, counted.labels)


def test_missing_values_are_the_lowest_and_told() -> None:
    columns = shop()
    spend = columns["total_spend_365d"].copy()
    spend[:30] = np.nan
    columns["total_spend_365d"] = pa.array(spend, from_pandas=True)
    found = made(columns)
    assert (found.scores[:30, 2] == 1).all()
    assert found.because.endswith("30 customers with a missing value count as the lowest in it.")


def test_the_longest_window_is_taken() -> None:
    columns = shop()
    columns = {"orders_90d": columns["orders_365d"] // 3, "spend_90d": 1.5, **columns}
    columns["spend_90d"] = columns["total_spend_365d"] / 3
    found = made(columns)
    assert (found.frequency, found.monetary) == ("orders_365d", "total_spend_365d")


def test_columns_that_the_caller_names() -> None:
    found = made(shop(), columns={"monetary": "avg_order_value"})
    assert found.monetary == "avg_order_value"
    with pytest.raises(ValueError, match='no column "spnd"'):
        of(shop(), columns={"monetary": "spnd"})


@pytest.mark.parametrize(
    ("gone", "because"),
    [
        (("days_since_last_purchase",), "no column says when customers last bought"),
        (("orders_365d",), "no column says how many orders they made"),
        (
            ("total_spend_365d", "orders_365d"),
            "no column says how many orders they made or what they spent in all",
        ),
    ],
)
def test_it_cannot_say_without_one_of_the_three(gone: tuple[str, ...], because: str) -> None:
    columns = {name: values for name, values in shop().items() if name not in gone}
    assert of(columns) == CannotSay(because)


def test_it_cannot_say_of_few_or_of_all_alike() -> None:
    assert of(shop(49)) == CannotSay("fifths of 49 customers would be too small")
    columns = shop() | {"orders_365d": np.full(1_000, 3)}
    table = pa.table(columns)
    schema = infer(table, overrides={"orders_365d": Role.COUNT})
    assert rfm(table, schema) == CannotSay(
        "orders_365d does not tell customers apart: one fifth holds them all"
    )


def test_what_was_spent_later_is_never_read() -> None:
    """A target of spend is money in total by its name, and no column of the past."""
    columns = shop() | {"spend_next_30d": np.linspace(0, 90, 1_000)}
    del columns["total_spend_365d"]
    assert of(columns) == CannotSay("no column says what they spent in all")
