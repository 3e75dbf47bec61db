"""Continuum: the columns of a shop, correlated, without groups and without reasons for zeros."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.study import Study
from patron.worlds import World, make
from patron.worlds.archetypes import archetypes
from patron.worlds.continuum import continuum

WORLD = continuum(20_000, seed=3)


def column(name: str, world: World = WORLD) -> np.ndarray:
    table = world.table if name in world.table.column_names else world.truth
    return table[name].cast(pa.float64()).to_numpy()


def test_same_seed_same_world_and_another_seed_another() -> None:
    one, same, other = (continuum(300, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert one.truth.equals(same.truth)
    assert not one.table.equals(other.table)
    assert make("continuum", rows=300, seed=1).table.equals(one.table)


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_a_world_may_be_small(rows: int) -> None:
    assert continuum(rows, seed=3).table.num_rows == rows


def test_columns_are_those_of_archetypes() -> None:
    assert WORLD.table.schema.equals(archetypes(300).table.schema)
    assert "archetype" not in WORLD.truth.column_names


def test_labels_follow_the_true_probability() -> None:
    p, y = column("true_purchase_probability"), column("purchased_next_30d")
    for part in np.array_split(np.argsort(p), 10):
        error = np.sqrt((p[part] * (1 - p[part])).sum()) / len(part)
        assert abs(y[part].mean() - p[part].mean()) < 4 * error


def test_few_counts_are_zero() -> None:
    counts = ("orders_90d", "orders_365d", "sessions_30d", "sessions_90d", "wishlist_events")
    for name in (*counts, "coupons_collected_180d", "support_tickets_180d", "app_opens_30d"):
        assert (column(name) == 0).mean() < 0.06, name
    assert (column("orders_365d") > 0).mean() > 0.999
    assert column("tenure_days").min() > 365  # nobody is too new for a window


def test_the_correlation_is_of_the_seed() -> None:
    names = ("orders_365d", "sessions_90d", "coupons_collected_180d", "refund_rate")

    def correlations(seed: int) -> np.ndarray:
        world = continuum(3000, seed=seed)
        ranks = [column(each, world).argsort().argsort() for each in names]
        return np.corrcoef(ranks)[np.triu_indices(len(names), 1)]

    found = np.array([correlations(seed) for seed in range(6)])
    assert found.std(axis=0).min() > 0.1
    assert abs(found).max() > 0.4


def test_no_direction_has_two_humps() -> None:
    """Logarithms of counts with small noise are near normal in all of many directions."""
    names = ("orders_365d", "total_spend_365d", "sessions_90d", "wishlist_events")
    names += ("coupons_collected_180d", "support_tickets_180d")
    logs = np.column_stack([np.log1p(column(each)) for each in names])
    logs = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    directions = np.random.default_rng(0).normal(size=(len(names), 300))
    seen = logs @ directions
    seen = (seen - seen.mean(axis=0)) / seen.std(axis=0)
    # Two humps have a kurtosis well below 3; two normal groups 3 sd apart, one of 2.1.
    assert (seen**4).mean(axis=0).min() > 2.7


def test_the_study_is_ready(tmp_path: Path) -> None:
    continuum(200).write(tmp_path)
    study = Study.load(tmp_path / "patron.toml")
    assert study.segments is not None
    assert study.purchase is not None
