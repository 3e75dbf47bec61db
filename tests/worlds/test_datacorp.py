"""Datacorp: its truth is what it says, and its faults are the ones it lists."""

import numpy as np
import pytest

from patron.worlds import World, make
from patron.worlds.datacorp import datacorp


@pytest.fixture(scope="module")
def faulty() -> World:
    return datacorp(5000, seed=3)


@pytest.fixture(scope="module")
def clean() -> World:
    return datacorp(5000, seed=3, faults=False)


def column(world: World, name: str) -> np.ndarray:
    return world.table[name].to_numpy().astype(float)


def planted(world: World, kind: str) -> np.ndarray:
    (fault,) = [fault for fault in world.faults if fault.kind == kind]
    return fault.rows


def test_the_same_seed_is_the_same_world_and_it_has_47_columns(faulty: World) -> None:
    assert datacorp(5000, seed=3).table.equals(faulty.table)
    assert not datacorp(5000, seed=4).table.equals(faulty.table)
    assert make("datacorp").table.shape == (10_000, 47)


def test_spending_is_drawn_about_what_is_expected(clean: World) -> None:
    expected = clean.truth["true_expected_spend"].to_numpy()
    spent = column(clean, "spending")
    gone = expected == 0
    assert not spent[gone].any()
    # In each fifth by expected spending the mean lies within four standard errors of it.
    for part in np.array_split(np.argsort(expected[~gone]), 5):
        told, came = expected[~gone][part], spent[~gone][part]
        assert abs((came - told).mean()) < 4 * (came - told).std() / len(part) ** 0.5


def test_the_clean_table_has_the_same_customers_without_faults(faulty: World, clean: World) -> None:
    assert clean.faults == ()
    assert clean.table.num_rows == 4000
    later = {"lifetime_value", "points_after_holidays"}
    assert set(faulty.table.column_names) - set(clean.table.column_names) == later
    once = ~planted(faulty, "jittered_customers")
    assert sorted(column(faulty, "spending")[once]) == sorted(column(clean, "spending"))
    ids = column(clean, "customer_id")
    assert abs(np.corrcoef(ids, np.log1p(column(clean, "spending")))[0, 1]) < 0.06


def test_zeros_and_99_stand_where_the_clean_table_has_nothing(faulty: World, clean: World) -> None:
    untracked = planted(faulty, "zeros_before_tracking")
    for name in ("email_opens_90d", "email_clicks_90d"):
        assert not column(faulty, name)[untracked].any()
    assert (column(faulty, "nps_score") == 99).sum() == planted(faulty, "sentinel_number").sum()
    before = faulty.table["signup_date"].to_numpy() < np.datetime64("2024-01-01")
    np.testing.assert_array_equal(untracked, before)
    once = ~planted(faulty, "jittered_customers")
    assert clean.table["email_opens_90d"].null_count == untracked[once].sum()
    assert clean.table["nps_score"].null_count == planted(faulty, "sentinel_number")[once].sum()


def test_the_lifetime_value_holds_the_answer_where_it_was_refreshed(faulty: World) -> None:
    refreshed = planted(faulty, "future_sum") & ~planted(faulty, "jittered_customers")
    in_it = column(faulty, "lifetime_value") - column(faulty, "spend_total")
    spent = column(faulty, "spending")
    np.testing.assert_allclose(in_it[refreshed], spent[refreshed], atol=0.011)
    assert 0.88 < planted(faulty, "future_sum").mean() < 0.93


def test_ids_were_given_in_an_order_that_tells(faulty: World) -> None:
    order = np.argsort(np.argsort(column(faulty, "customer_id")))
    spent = np.argsort(np.argsort(column(faulty, "spending")))
    assert np.corrcoef(order, spent)[0, 1] > 0.5
    assert abs(np.corrcoef(order, np.arange(5000))[0, 1]) < 0.06  # the rows are not sorted by them


def test_repeated_customers_are_nearly_equal_rows_under_other_ids(faulty: World) -> None:
    copies = planted(faulty, "jittered_customers")
    assert copies.sum() == 1000
    assert len(set(faulty.table["customer_id"].to_pylist())) == 5000
    names = ("signup_date", "city", "favourite_brand", "orders_total", "sessions_365d", "age")
    keys = list(zip(*(faulty.table[name].to_pylist() for name in names), strict=True))
    place = {key: row for row, key in enumerate(keys) if not copies[row]}
    pairs = [(row, place[keys[row]]) for row in np.flatnonzero(copies)]
    one, other = (
        column(faulty, "avg_order_value")[list(rows)] for rows in zip(*pairs, strict=True)
    )
    away = np.abs(np.log(one / other))
    assert 0.005 < away.mean() < 0.015
    assert away.max() < 0.06


def test_nobody_is_younger_than_18_at_sign_up_nor_last_seen_before_it(clean: World) -> None:
    tenure, age = column(clean, "tenure_days"), column(clean, "age")
    known = ~np.isnan(age)
    assert (age[known] + 0.5 >= 18 + tenure[known] / 365).all()
    assert (column(clean, "days_since_last_purchase") <= tenure).all()
    assert (column(clean, "orders_90d") <= column(clean, "orders_365d")).all()
    assert (column(clean, "orders_365d") <= column(clean, "orders_total")).all()
