"""The worlds as tables: their truth, their shape, and what a shop's table looks like."""

import datetime as dt
import resource
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.errors import UserError
from patron.metrics import roc_auc
from patron.schema import Role, infer
from patron.study import Study
from patron.worlds import WORLDS, World, make

# Features, the share that orders, and which part of the rows lacks which column.
SHAPES = {
    "marketplace": (36, 0.18, {"age": 0.09, "email_open_rate": 0.04}),
    "retailer": (31, 0.18, {"email_open_rate": 0.09, "age": 0.04}),
    "shop": (35, 0.28, {"age": 0.08, "email_open_rate": 0.03}),
}
SIZES = {"marketplace": 240_000, "retailer": 240_000, "shop": 180_000}


def column(world: World, name: str) -> np.ndarray:
    return world.table[name].cast(pa.float64()).to_numpy()


def bought(world: World) -> np.ndarray:
    return column(world, "purchased_next_30d")


def chances(world: World) -> np.ndarray:
    return world.truth["true_purchase_probability"].to_numpy()


def test_labels_follow_the_true_probability(world: World) -> None:
    p, y = chances(world), bought(world)
    # In each tenth by true probability, the share of buyers lies within four standard errors.
    for part in np.array_split(np.argsort(p), 10):
        error = np.sqrt((p[part] * (1 - p[part])).sum()) / len(part)
        assert abs(y[part].mean() - p[part].mean()) < 4 * error


def test_spend_follows_its_true_expectation(world: World) -> None:
    as_of = tomllib.loads(world.study_text)["table"]["as_of"]
    orders = world.events["orders"]
    later = orders.filter(
        pc.greater_equal(orders["ordered_at"], dt.datetime(*as_of.timetuple()[:3]))
    )
    ids = world.truth["customer_id"].to_numpy()
    place = np.argsort(ids)[np.searchsorted(np.sort(ids), later["customer_id"].to_numpy())]
    spent = np.bincount(place, weights=later["amount"].to_numpy(), minlength=len(ids))
    expected = world.truth["true_expected_spend"].to_numpy()
    order = np.argsort(expected)
    fifths = np.searchsorted(expected[order].cumsum(), expected.sum() * np.arange(0.2, 0.9, 0.2))
    for part in np.split(order, fifths):  # parts of equal worth: many orders in each
        error = spent[part].std() / np.sqrt(len(part))
        assert abs(spent[part].mean() - expected[part].mean()) < 4 * error


def test_shape_and_missingness_are_as_asked(world: World) -> None:
    features, rate, gaps = SHAPES[world.name]
    assert world.table.num_columns == features + 2
    assert bought(world).mean() == pytest.approx(rate, abs=0.01)
    for name, share in gaps.items():
        assert world.table[name].null_count / world.table.num_rows == pytest.approx(share, abs=0.01)
    complete = set(world.table.column_names) - {
        *("age", "gender", "household_size", "income_band", "income_level"),
        *("email_open_rate", "email_click_rate", "push_click_rate", "emails_received_180d"),
    }
    assert all(world.table[name].null_count == 0 for name in complete)


def test_who_lacks_values_has_a_reason(world: World) -> None:
    unread = pc.is_null(world.table["email_open_rate"]).to_numpy()
    if world.name == "retailer":
        guests = pc.equal(world.table["account_type"], "guest").to_numpy()
        assert (pc.is_null(world.table["age"]).to_numpy() == guests).all()
        tenure = column(world, "tenure_days")  # an address has nothing to do with it
        error = tenure.std() / np.sqrt(unread.sum())
        assert abs(tenure[unread].mean() - tenure[~unread].mean()) < 4.5 * error
    else:
        assert column(world, "tenure_days")[unread].max() <= 60


def test_every_column_gets_a_sensible_role(world: World) -> None:
    schema = infer(world.table, entity="customer_id", targets=("purchased_next_30d",))
    assert len(schema.features) == SHAPES[world.name][0]
    roles = {each.name: each.role for each in schema.columns}
    assert [name for name, role in roles.items() if role is Role.DATE] == [
        {"marketplace": "signup_date", "retailer": "customer_since"}.get(
            world.name, "first_order_date"
        )
    ]
    assert all(role is Role.MONEY for name, role in roles.items() if "spend" in name)
    assert all(role is Role.RATE for name, role in roles.items() if name.endswith("_rate"))


def test_no_column_alone_is_near_the_answer(world: World) -> None:
    """By the mean label of 40 bins of one half, judged on the other."""
    y = bought(world)
    half = np.arange(len(y)) % 2 == 0
    for name in world.table.column_names[1:-1]:
        values = world.table[name]
        if pa.types.is_string(values.type):
            codes = values.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy() + 1
        else:
            plain = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
            numbers = plain.cast(pa.float64()).to_numpy()
            cuts = np.unique(np.nanquantile(numbers, np.linspace(0, 1, 41)))
            codes = np.where(np.isnan(numbers), 0, np.searchsorted(cuts, numbers) + 1)
        counts = np.bincount(codes[half], minlength=codes.max() + 1)
        means = np.bincount(codes[half], y[half], codes.max() + 1) / np.maximum(counts, 1)
        assert roc_auc(y[~half], means[codes[~half]]).value < 0.81, name


def test_money_has_a_tail_and_counts_have_zeros(world: World) -> None:
    spend = np.sort(column(world, "total_spend_365d"))[::-1]
    assert 0.10 < spend[: len(spend) // 100].sum() / spend.sum() < 0.25
    assert 0.6 < spend[: len(spend) // 5].sum() / spend.sum() < 0.85
    assert 0.4 < (column(world, "orders_90d") == 0).mean() < 0.8


def test_the_season_shows(world: World) -> None:
    month = pc.strftime(world.events["orders"]["ordered_at"], format="%Y-%m").to_numpy()
    count = {each: (month == each).sum() for each in ("2024-02", "2024-12", "2025-02")}
    assert count["2024-12"] > 1.3 * count["2025-02"] > 1.3 * count["2024-02"]


def test_some_columns_matter_oddly_and_some_do_not(world: World) -> None:
    p, age = chances(world), column(world, "age")
    middle = p[(age > 33) & (age < 45)].mean()
    assert middle > 1.2 * p[age < 28].mean()
    assert middle > 1.2 * p[age > 55].mean()
    for name in {"language", "gender"} & set(world.table.column_names):
        counts = pc.value_counts(world.table[name].drop_null()).to_pylist()
        levels = sorted(counts, key=lambda each: -each["counts"])[:2]
        values = world.table[name].to_numpy()
        one, other = (p[values == level["values"]] for level in levels)
        error = np.sqrt(one.var() / len(one) + other.var() / len(other))
        assert abs(one.mean() - other.mean()) < 4 * error, name


def test_same_seed_same_world_and_another_seed_another(world: World) -> None:
    one, same, other = (make(world.name, rows=300, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert one.truth.equals(same.truth)
    assert all(one.events[name].equals(same.events[name]) for name in one.events)
    assert not one.table.equals(other.table)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("rows", [1, 2, 30])
def test_worlds_may_be_small(name: str, rows: int) -> None:
    world = make(name, rows=rows, seed=3)
    assert world.table.num_rows == world.truth.num_rows == rows


def test_the_study_is_ready(world: World, tmp_path: Path) -> None:
    make(world.name, rows=50).write(tmp_path)
    study = Study.load(tmp_path / "patron.toml")
    assert study.purchase is not None
    assert study.purchase.horizon_days == 30
    written = sorted(path.name for path in (tmp_path / "events").iterdir())
    assert written == [f"{name}.parquet" for name in sorted(world.events)]


def test_faults_are_planted_where_asked() -> None:
    world = make("retailer", rows=2_000, faults=["answer_with_noise"])
    assert [fault.kind for fault in world.faults] == ["answer_with_noise"]
    assert make("retailer", rows=200).faults == ()


def test_a_world_needs_a_row() -> None:
    with pytest.raises(UserError, match="a world has at least one row; 0 were asked for"):
        make("shop", rows=0)


@pytest.mark.truth
@pytest.mark.parametrize("name", SIZES)
def test_a_whole_world_takes_seconds(
    name: str, tmp_path: Path, evidence: Callable[..., None]
) -> None:
    start = resource.getrusage(resource.RUSAGE_SELF)
    world = WORLDS[name]()
    world.write(tmp_path)
    end = resource.getrusage(resource.RUSAGE_SELF)
    seconds = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    assert world.table.num_rows == SIZES[name]
    assert seconds < 30
    evidence(f"CPU seconds to make and write {name}", seconds, f"{SIZES[name]:,} customers")
