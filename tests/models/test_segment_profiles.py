"""Profiles: medians, levels and examples against arithmetic that does not use them."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from patron.audit.base import masked
from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_profiles import profiles
from patron.schema import Schema, infer

IDS = ("S1", "S2", "S3")
AXES = (
    Axis(
        "value", "how much they buy", (AxisColumn("spend", 1, ""), AxisColumn("orders", 1, "")), ""
    ),
    Axis("recency", "how lately", (AxisColumn("days_since_last_order", -1, ""),), ""),
)


def shop(rows: int = 3_000, seed: int = 0) -> tuple[pa.Table, Schema, NDArray[Any], NDArray[Any]]:
    """Three segments: S1 spends most and comes by phone, S3 never orders."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, rows)
    orders = rng.poisson(np.array([6.0, 2.0, 0.0])[labels])
    phone = rng.random(rows) < np.array([0.7, 0.3, 0.3])[labels]
    age = rng.integers(18, 80, rows).astype(float)
    age[rng.random(rows) < 0.1] = np.nan
    table = pa.table(
        {
            "customer": [f"anna{i}@example.org" for i in range(rows)],
            "age": pa.array(age, from_pandas=True),
            "spend": np.round(orders * rng.lognormal(3, 0.4, rows), 2),
            "orders": orders,
            "days_since_last_order": rng.integers(1, 400, rows),
            "device": np.where(
                phone, "phone", np.where(rng.random(rows) < 0.5, "desktop", "tablet")
            ),
            "member": rng.random(rows) < np.array([0.6, 0.4, 0.4])[labels],
            "bought": rng.integers(0, 2, rows),
        }
    )
    schema = infer(table, entity="customer", targets=["bought"])
    positions = np.column_stack([np.array([1.2, 0.0, -1.1])[labels], np.zeros(rows)])
    positions += rng.normal(size=(rows, 2)) * 0.3
    return table, schema, positions.astype(np.float32), labels


def made(rows: int = 3_000, **options: Any) -> list[dict[str, Any]]:
    table, schema, positions, labels = shop(rows)
    return profiles(table, schema, AXES, positions, labels, IDS, entity="customer", **options)


def test_sizes_and_revenue_add_up() -> None:
    table, _, _, labels = shop()
    spend = table["spend"].to_numpy()
    found = made(revenue=spend)
    assert [each["size"] for each in found] == np.bincount(labels).tolist()
    assert sum(each["share"] for each in found) == pytest.approx(1)
    assert sum(each["revenue"]["share"] for each in found) == pytest.approx(1)
    assert found[0]["revenue"]["each"] == pytest.approx(spend[labels == 0].mean())
    assert made()[0]["revenue"] is None
    assert made(revenue=np.zeros(3_000))[0]["revenue"]["share"] is None


def test_deviations_are_in_standard_deviations_of_all() -> None:
    _, _, positions, labels = shop()
    for place, each in enumerate(made()):
        for j, axis in enumerate(each["axes"]):
            own = positions[labels == place, j].astype(float)
            whole = positions[:, j].astype(float)
            assert axis["deviation"] == pytest.approx((own.mean() - whole.mean()) / whole.std())
            assert axis["position"] == pytest.approx(own.mean())
    assert [axis["axis"] for axis in made()[0]["axes"]] == ["value", "recency"]


def test_medians_in_the_columns_own_units() -> None:
    table, _, _, labels = shop()
    found = made()[1]["medians"]
    assert [each["column"] for each in found] == ["spend", "orders", "days_since_last_order", "age"]
    for each in found:
        values = table[each["column"]].to_numpy(zero_copy_only=False).astype(float)
        assert each["median"] == pytest.approx(np.nanmedian(values[labels == 1]), rel=1e-5)
        assert each["all"] == pytest.approx(np.nanmedian(values), rel=1e-5)
        assert each["missing"] == pytest.approx(np.isnan(values[labels == 1]).mean())
    by_name = {each["column"]: each for each in found}
    assert [by_name[n]["unit"] for n in ("spend", "orders", "days_since_last_order")] == [
        *("money", "count", "days"),
    ]
    assert by_name["orders"]["said"] == "2 orders"
    assert by_name["days_since_last_order"]["said"].endswith(" days since last order")


def test_where_many_have_zero_the_share_above_it_is_told() -> None:
    table, _, _, labels = shop()
    orders = table["orders"].to_numpy()
    for place, each in enumerate(made()):
        told = {median["column"]: median for median in each["medians"]}
        assert told["orders"]["above_zero"] == pytest.approx((orders[labels == place] > 0).mean())
        assert told["orders"]["above_zero_all"] == pytest.approx((orders > 0).mean())
        assert told["age"]["above_zero"] is None


def test_telling_levels_have_their_index() -> None:
    table, _, _, labels = shop()
    found = made()
    first = {(each["column"], each["level"]): each for each in found[0]["categories"]}
    assert set(first) == {("device", "phone"), ("member", "yes")}
    phone = np.array(table["device"].to_pylist()) == "phone"
    share = phone[labels == 0].mean()
    each = first["device", "phone"]
    assert each["share"] == pytest.approx(share)
    assert each["index"] == pytest.approx(100 * share / phone.mean())
    assert 100 < each["low"] < each["index"] < each["high"]
    assert [each["index"] for each in found[0]["categories"]] == sorted(
        (each["index"] for each in found[0]["categories"]), reverse=True
    )


@pytest.mark.parametrize("seed", range(20))
def test_levels_by_chance_are_not_told(seed: int) -> None:
    """Forty cities that no segment prefers: 120 tests a table.

    95 % are of a table as a whole, on one side and a little wide: fewer than one false level in 40
    tables.
    """
    table, _, positions, labels = shop(6_000)
    rng = np.random.default_rng(seed + 1)  # not the stream of the segments
    cities = pa.array([f"city {i}" for i in rng.integers(0, 40, 6_000)])
    table = table.append_column("city", cities)
    roles = infer(table, entity="customer", targets=["bought"])
    found = profiles(table, roles, AXES, positions, labels, IDS)
    told = [level for each in found for level in each["categories"] if level["column"] == "city"]
    assert len(told) == 0


def test_a_level_of_few_customers_is_never_shown() -> None:
    """A rare value may be a person; and it could not be told from chance."""
    table, schema, positions, labels = shop()
    device = np.array(table["device"].to_pylist(), dtype=object)
    device[np.flatnonzero(labels == 0)[:40]] = "Anna's own"
    place = table.column_names.index("device")
    table = table.set_column(place, "device", pa.array(device.tolist()))
    found = profiles(table, schema, AXES, positions, labels, IDS)
    assert "Anna" not in json.dumps(found)


def test_examples_are_near_the_centre_and_different() -> None:
    table, _, positions, labels = shop()
    names = {masked(name): row for row, name in enumerate(table["customer"].to_pylist())}
    for place, each in enumerate(made(seed=3)):
        rows = [names[example["customer"]] for example in each["examples"]]
        assert len(set(rows)) == 3
        assert set(labels[rows]) == {place}
        own = positions[labels == place]
        away = np.linalg.norm(own - own.mean(axis=0), axis=1)
        shown = np.linalg.norm(positions[rows] - own.mean(axis=0), axis=1)
        assert shown[0] == pytest.approx(away.min(), abs=1e-5)
        assert shown.max() <= np.quantile(away, 0.11)
        apart = [np.linalg.norm(positions[a] - positions[b]) for a in rows for b in rows if a < b]
        assert min(apart) > away.min()


def test_no_customer_is_named() -> None:
    text = json.dumps(made())
    assert "anna" not in text
    assert "example.org" not in text
    example = made()[0]["examples"][0]
    assert len(example["customer"]) == 6
    assert set(example["values"]) == {"spend", "orders", "days_since_last_order"}
    assert all(value == float(f"{value:.2g}") for value in example["values"].values())


def test_rows_of_one_customer_are_one_example() -> None:
    table, schema, positions, labels = shop()
    place = table.column_names.index("customer")
    table = table.set_column(place, "customer", pa.array(["one"] * 1_500 + ["two"] * 1_500))
    for each in profiles(table, schema, AXES, positions, labels, IDS, entity="customer"):
        assert len({example["customer"] for example in each["examples"]}) == 2


def test_neither_the_target_nor_its_values_are_read() -> None:
    """Permuting the target changes nothing."""
    table, schema, positions, labels = shop()
    turned = table.set_column(
        table.column_names.index("bought"), "bought", pa.array(1 - table["bought"].to_numpy())
    )
    one, other = (
        profiles(each, schema, AXES, positions, labels, IDS, entity="customer")
        for each in (table, turned)
    )
    assert one == other
    assert "bought" not in json.dumps(one)


def test_it_is_plain_data_and_repeats() -> None:
    assert json.loads(json.dumps(made(), allow_nan=False)) == made()


def test_empty_segments_odd_types_and_gaps() -> None:
    """Numbers as text, infinite values, a category of codes, and a segment without customers."""
    table, _, positions, labels = shop()
    spend = table["spend"].to_numpy().copy()
    spend[:5] = np.inf
    columns = {
        **{name: table[name] for name in table.column_names},
        "orders": table["orders"].cast(pa.string()),
        "spend": pa.array(spend),
        "device": pa.array(np.arange(3_000) % 3 + 1.0),
        "void": pa.nulls(3_000, pa.string()),
    }
    odd = pa.table(columns)
    schema = infer(odd, entity="customer", targets=["bought"])
    found = profiles(odd, schema, AXES, positions, labels, (*IDS, "S4"), revenue=spend)
    empty = found[3]
    assert (empty["size"], empty["examples"], empty["categories"]) == (0, [], [])
    assert {each["median"] for each in empty["medians"]} == {None}
    assert [axis["deviation"] for axis in empty["axes"]] == [0, 0]
    assert empty["medians"][0]["said"] == "spend unknown"
    told = {each["column"]: each for each in found[0]["medians"]}
    assert told["spend"]["missing"] > 0
    assert told["orders"]["median"] == 6
    json.dumps(found, allow_nan=False)
