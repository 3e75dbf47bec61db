"""Archetypes: customers are the blends that the truth says, and one month follows another."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.errors import UserError
from patron.schema import Role, infer
from patron.study import Study
from patron.worlds import World, make
from patron.worlds.archetypes import ARCHETYPES, archetypes

ROWS = 20_000
WINDOWS = {"orders": (30, 90, 365), "sessions": (30, 90)}


@cache
def shop(month: int = 0, mixing: float = 0.2) -> World:
    return archetypes(ROWS, seed=3, mixing=mixing, month=month)


def column(world: World, name: str) -> np.ndarray:
    table = world.table if name in world.table.column_names else world.truth
    return table[name].cast(pa.float64()).to_numpy()


def both_months(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A column of those who are in the shop of month 0 and of month 1."""
    ids = [shop(month).table["customer_id"].to_numpy() for month in (0, 1)]
    _, here, there = np.intersect1d(*ids, return_indices=True)
    return column(shop(0), name)[here], column(shop(1), name)[there]


def test_same_seed_same_world_and_another_seed_another() -> None:
    one, same, other = (archetypes(300, seed=seed, month=1) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert one.truth.equals(same.truth)
    assert not one.table.equals(other.table)
    assert make("archetypes", rows=300, seed=1).table.equals(archetypes(300, seed=1).table)


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_a_world_may_be_small(rows: int) -> None:
    world = archetypes(rows, seed=3, month=2)
    assert world.table.num_rows == world.truth.num_rows <= rows + 2


def test_shape_and_missingness_are_as_asked() -> None:
    table = shop().table
    assert table.num_columns == 38
    assert column(shop(), "purchased_next_30d").mean() == pytest.approx(0.18, abs=0.01)
    gaps = {"age": 0.09, "gender": 0.09, "income_band": 0.09}
    gaps |= dict.fromkeys(("email_open_rate", "email_click_rate", "push_click_rate"), 0.04)
    for name in table.column_names:
        missing = table[name].null_count / ROWS
        assert missing == pytest.approx(gaps.get(name, 0), abs=0.006), name
    assert len(pc.unique(table["customer_id"])) == ROWS


def test_every_column_gets_a_sensible_role() -> None:
    schema = infer(shop().table, entity="customer_id", targets=("purchased_next_30d",))
    assert len(schema.features) == 36
    roles = {each.name: each.role for each in schema.columns}
    assert roles["signup_date"] is Role.DATE
    assert roles["total_spend_365d"] is roles["avg_order_value"] is Role.MONEY
    assert all(role is Role.RATE for name, role in roles.items() if name.endswith("_rate"))
    counted = ("orders_", "sessions_", "app_opens_", "days_since_")
    assert all(role is Role.COUNT for name, role in roles.items() if name.startswith(counted))


def test_labels_follow_the_true_probability() -> None:
    p, y = (column(shop(), each) for each in ("true_purchase_probability", "purchased_next_30d"))
    # In each tenth by true probability, the share of buyers lies within four standard errors.
    for part in np.array_split(np.argsort(p), 10):
        error = np.sqrt((p[part] * (1 - p[part])).sum()) / len(part)
        assert abs(y[part].mean() - p[part].mean()) < 4 * error


@pytest.mark.parametrize("mixing", [0.0, 0.2, 0.5])
def test_customers_are_blends_of_archetypes(mixing: float) -> None:
    world = archetypes(5000, seed=1, mixing=mixing)
    weights = np.column_stack([column(world, f"weight_{each}") for each in ARCHETYPES])
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    main = np.array([list(ARCHETYPES).index(each) for each in world.truth["archetype"].to_pylist()])
    own = weights[np.arange(len(main)), main]
    assert own.min() >= 1 - mixing
    # Of what is shared out a fifth comes back to the main one.
    assert own.mean() == pytest.approx(1 - 0.8 * mixing, abs=0.01)
    shares = np.bincount(main) / len(main)
    assert shares == pytest.approx([share for share, _ in ARCHETYPES.values()], abs=0.03)


def test_archetypes_do_what_their_names_say() -> None:
    kind = shop().truth["archetype"].to_numpy()
    most = {
        "orders_365d": "devoted",
        "total_spend_365d": "devoted",
        "discount_usage_rate": "bargain_hunter",
        "coupons_collected_180d": "bargain_hunter",
        "days_since_last_visit": "lapsed",
        "days_since_last_purchase": "lapsed",
        "refund_rate": "returner",
        "support_tickets_180d": "returner",
    }
    for name, expected in most.items():
        values = column(shop(), name)
        means = {each: values[kind == each].mean() for each in ARCHETYPES}
        assert max(means, key=means.__getitem__) == expected, name
    visits, orders = column(shop(), "sessions_90d"), column(shop(), "orders_90d")
    assert visits[kind == "browser"].mean() > 1.5 * visits.mean()
    assert orders[kind == "browser"].mean() < 0.6 * orders.mean()


def test_columns_do_not_contradict_one_another() -> None:
    for month in (0, 1):
        world = shop(month)
        tenure, last = column(world, "tenure_days"), column(world, "days_since_last_purchase")
        for name, windows in WINDOWS.items():
            for short, long in pairwise(windows):
                few, many = (column(world, f"{name}_{days}d") for days in (short, long))
                assert (few <= many).all()
        assert (last <= tenure).all()
        assert (column(world, "days_since_last_visit") <= last).all()
        clear = last != 30  # a month is 30.4 days
        assert ((column(world, "orders_30d") > 0) == (last < 30))[clear].all()
        new = tenure <= 365
        assert (column(world, "orders_365d")[new] > 0).all()
        assert ((column(world, "total_spend_365d") > 0) == (last < 365)).all()
        as_of = np.datetime64("2025-09-01" if month == 0 else "2025-10-01")
        joined = world.table["signup_date"].to_numpy().astype("datetime64[D]")
        assert ((as_of - joined).astype(int) == tenure).all()


def test_the_label_of_a_month_is_what_the_next_month_has_seen() -> None:
    bought, orders = both_months("purchased_next_30d")[0], both_months("orders_30d")[1]
    assert ((orders > 0) == (bought == 1)).all()


def test_windows_of_two_months_overlap() -> None:
    year = both_months("orders_365d")
    coming = both_months("orders_30d")[1]
    gone = year[0] + coming - year[1]  # the month that fell out of the window
    assert (gone >= 0).all()
    long_here = both_months("tenure_days")[0] > 400
    assert gone[long_here].mean() == pytest.approx(coming[long_here].mean(), rel=0.1)
    quarter, month = both_months("sessions_90d"), both_months("sessions_30d")
    assert (quarter[1] >= month[0] + month[1]).all()
    last = both_months("days_since_last_purchase")
    quiet = coming == 0
    assert abs((last[1] - last[0])[quiet] - 365 / 12).max() <= 1
    # Who they are has not changed.
    for name in ("age", "loyalty_points"):
        assert np.nanmin(both_months(name)[1] - both_months(name)[0]) >= 0


def test_some_are_new_and_some_are_gone() -> None:
    before, now = (set(shop(month).table["customer_id"].to_pylist()) for month in (0, 1))
    assert len(now - before) / ROWS == pytest.approx(0.025, abs=0.002)
    assert 0.01 < len(before - now) / ROWS < 0.035
    ids = shop(1).table["customer_id"].to_pylist()
    new = np.array([each not in before for each in ids])
    assert column(shop(1), "tenure_days")[new].max() <= 31


def test_a_month_is_the_same_however_it_is_reached() -> None:
    """Playing on does not change what was."""
    ids, later = (shop(month).table["customer_id"].to_numpy() for month in (1, 2))
    _, here, there = np.intersect1d(ids, later, return_indices=True)
    bought = column(shop(1), "purchased_next_30d")[here]
    assert ((column(shop(2), "orders_30d")[there] > 0) == (bought == 1)).all()


def test_traits_wander() -> None:
    before, now = both_months("true_purchase_probability")
    change = np.log(now / before)
    assert 0.05 < change.std() < 0.3
    assert abs(change.mean()) < 0.02


def test_the_less_mixing_the_better_archetypes_are_told_apart() -> None:
    """By the nearest mean of four columns, as ranks."""

    def told_apart(mixing: float) -> float:
        world = archetypes(4000, seed=2, mixing=mixing)
        names = ("orders_365d", "sessions_90d", "discount_usage_rate", "refund_rate")
        ranks = np.column_stack([column(world, each).argsort().argsort() for each in names])
        kind = world.truth["archetype"].to_numpy()
        means = np.array([ranks[kind == each].mean(axis=0) for each in ARCHETYPES])
        nearest = np.linalg.norm(ranks[:, None] - means, axis=2).argmin(axis=1)
        return float((np.array(list(ARCHETYPES))[nearest] == kind).mean())

    pure, blended, muddled = (told_apart(mixing) for mixing in (0.0, 0.3, 0.9))
    assert pure > blended + 0.05 > muddled + 0.15


def test_the_study_is_ready(tmp_path: Path) -> None:
    archetypes(200).write(tmp_path)
    study = Study.load(tmp_path / "patron.toml")
    assert study.segments is not None
    assert study.purchase is not None
    assert str(study.table.as_of) == "2025-09-01"
    assert "as_of = 2026-01-01" in archetypes(50, month=4).study_text


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(UserError, match=r"mixing must lie between 0 and 1, got 1\.5"):
        archetypes(10, mixing=1.5)
    with pytest.raises(UserError, match="month must be 0 or more, got -1"):
        archetypes(10, month=-1)
