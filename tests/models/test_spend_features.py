"""Derived features in a spend model: kept where they say what curves cannot, dropped elsewhere."""

import numpy as np
import pyarrow as pa
import pytest

from patron.models.cap import find_cap
from patron.models.spend_features import MOST_JUDGED, judge_features
from patron.schema import infer

ROWS = 3_000


def shop(seed: int, *, product: bool) -> tuple[pa.Table, np.ndarray]:
    """Customers whose spend follows a product of two columns, or the two as a sum of curves."""
    rng = np.random.default_rng(seed)
    money = rng.lognormal(5, 0.5, ROWS)
    days = rng.uniform(0, 400, ROWS)
    table = pa.table(
        {
            "lifetime_spend": money,
            "days_since_last_purchase": days,
            "orders": rng.poisson(4, ROWS) + 1,
            "web_visits": rng.poisson(5, ROWS),
        }
    )
    fading = money * np.exp(-days / 90)
    centre = 3 + (fading / 100 if product else 0.5 * np.log(money) - days / 300)
    y = np.exp(centre + 0.4 * rng.normal(size=ROWS)) * (rng.random(ROWS) < 0.6)
    return table, y


def judged(table: pa.Table, y: np.ndarray) -> list:
    place = np.arange(ROWS) % 3
    folds = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(3)]
    return judge_features(table, infer(table), y, find_cap(y), folds)


@pytest.mark.parametrize("seed", range(2))
def test_a_product_that_curves_cannot_say_is_kept(seed: int) -> None:
    made = judged(*shop(seed, product=True))
    assert len(made) <= MOST_JUDGED
    kept = [each for each in made if each.kept]
    assert kept
    assert set(kept[0].derived.columns) >= {"lifetime_spend", "days_since_last_purchase"}
    # What it is worth is not a trifle, and it is the first.
    assert kept[0].gain.low > 0
    assert kept[0] is made[0]


@pytest.mark.parametrize("seed", range(2))
def test_where_curves_say_all_none_is_worth_much(seed: int) -> None:
    table, y = shop(seed, product=False)
    made = judged(table, y)
    assert sum(each.kept for each in made) <= 1, "of six that say nothing new, by chance"
    assert all(abs(each.gain.value) < 0.02 * y.mean() for each in made)


def test_the_entry_says_what_and_why() -> None:
    first = judged(*shop(0, product=True))[0].to_dict()
    assert set(first) == {"name", "formula", "because", "gain", "kept"}
    assert first["because"]
    assert first["gain"]["method"]


def test_columns_that_give_no_candidates_give_none() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=ROWS), "z": rng.normal(size=ROWS)})
    assert judged(table, np.exp(rng.normal(size=ROWS))) == []
