"""Zeros that make a segment: found where they come together, silent where they do not."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_zeros import zeros

COLUMNS = ("orders", "order_value", "spend", "visits")
AXES = (
    Axis("value", "", tuple(AxisColumn(each, 1, "") for each in COLUMNS[:3]), ""),
    Axis("engagement", "", (AxisColumn("visits", 1, ""),), ""),
)


def shop(rows: int, never: float, seed: int = 0) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Customers some of whom never ordered, so that three columns are empty together."""
    rng = np.random.default_rng(seed)
    none = rng.random(rows) < never
    orders = np.where(none, 0, 1 + rng.poisson(3, rows))
    value = rng.lognormal(4, 0.5, rows)
    table = pa.table(
        {
            "orders": orders,
            "order_value": pa.array(np.where(none, np.nan, value), from_pandas=True),
            "spend": np.where(none, 0.0, orders * value),
            "visits": rng.poisson(2, rows),
        }
    )
    return table, none


def test_who_never_ordered_is_told() -> None:
    table, none = shop(4_000, 0.4)
    labels = np.where(none, 1, 0)
    found = zeros(table, AXES, labels, ("S1", "S2"))
    assert [(each["segment"], each["column"], each["what"]) for each in found] == [
        ("S2", "orders", "zero"),
        ("S2", "order_value", "missing"),
        ("S2", "spend", "zero"),
    ]
    share = none.mean()
    assert found[0]["share"] == found[0]["together"] == 1
    assert abs(found[0]["all"] - share) < 1e-12
    assert found[0]["sentence"] == (
        "100 % of S2 have 0 in orders, no order_value and 0 in spend at once, of all customers "
        f"{share:.0%}: that makes the group.".replace(f"{share:.0%}", f"{100 * share:.0f} %")
    )
    assert found[1]["sentence"].startswith("100 % of S2 have no order_value, of all customers ")


def test_a_segment_that_has_most_of_them_is_made_by_them() -> None:
    """Ten in a hundred of the segment did order: it is still the zeros that make it."""
    table, none = shop(5_000, 0.4)
    labels = np.where(none | (np.random.default_rng(1).random(5_000) < 0.07), 1, 0)
    found = zeros(table, AXES, labels, ("S1", "S2"))
    assert len(found) == 3
    assert found[0]["together"] == none[labels == 1].mean() < 1


def test_one_column_of_zeros_is_not_a_group_made_by_zeros() -> None:
    table, _ = shop(3_000, 0.0)
    visits = table["visits"].to_numpy()
    assert zeros(table, AXES, np.where(visits == 0, 1, 0), ("S1", "S2")) == []


def test_zeros_that_are_everywhere_make_no_segment() -> None:
    """Half of the segments have as many: what is common to all sets nobody apart."""
    table, _ = shop(3_000, 0.95)
    labels = np.random.default_rng(0).integers(0, 3, 3_000)
    assert zeros(table, AXES, labels, ("S1", "S2", "S3")) == []


def test_one_mechanism_may_make_several_segments() -> None:
    """Who never ordered is split by something else: the zeros still set both parts apart."""
    table, none = shop(6_000, 0.5)
    part = np.random.default_rng(0).integers(1, 3, 6_000)
    found = zeros(table, AXES, np.where(none, part, 0), ("S1", "S2", "S3"))
    assert [each["segment"] for each in found] == ["S2"] * 3 + ["S3"] * 3


def test_zeros_of_nearly_everybody_still_make_a_group() -> None:
    table, none = shop(6_000, 0.85)
    found = zeros(table, AXES, np.where(none, 1, 0), ("S1", "S2"))
    assert {each["segment"] for each in found} == {"S2"}


def test_zeros_that_half_of_their_customers_have_elsewhere_make_no_segment() -> None:
    table, none = shop(6_000, 0.6)
    coin = np.random.default_rng(3).random(6_000) < 0.5
    labels = np.where(none & coin, 1, 0)  # the other half of them are with those who order
    assert zeros(table, AXES, labels, ("S1", "S2")) == []


def test_columns_that_do_not_come_with_the_others_are_left_out() -> None:
    """Both are rare elsewhere and common here, but not in the same customers."""
    rng = np.random.default_rng(2)
    labels = (rng.random(4_000) < 0.3).astype(np.intp)
    here = labels == 1
    a, b = (np.where(here & (rng.random(4_000) < 0.85), 0, 1 + rng.poisson(2, 4_000)) for _ in "ab")
    table = pa.table({"orders": a, "spend": b})
    axes = (Axis("value", "", (AxisColumn("orders", 1, ""), AxisColumn("spend", 1, "")), ""),)
    assert zeros(table, axes, labels, ("S1", "S2")) == []


def test_empty_segments_text_and_absent_columns() -> None:
    table, none = shop(1_000, 0.4)
    table = table.set_column(0, "orders", table["orders"].cast(pa.string())).drop(["visits"])
    found = zeros(table, AXES, np.where(none, 2, 0), ("S1", "S2", "S3"))
    assert {each["segment"] for each in found} == {"S3"}
    assert "visits" not in {each["column"] for each in found}
    assert zeros(table.slice(0, 0), AXES, np.zeros(0, np.intp), ("S1",)) == []
