"""Direct mail: its truth is what it says, and its features know only what came before."""

import numpy as np
import pyarrow.compute as pc
import pytest

from patron.worlds.postcards import CAMPAIGNS, WINDOW, postcards

WORLD = postcards(60_000, seed=4)
SPEND = "total_30d_post_campaign_spend"


def column(name: str) -> np.ndarray:
    return WORLD.table[name].to_numpy()


def test_same_seed_same_world_and_another_seed_another() -> None:
    one, same, other = (postcards(800, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert not one.table.equals(other.table)


def test_shape_is_that_of_a_mailing() -> None:
    assert len(pc.unique(WORLD.table["campaign_id"])) == len(CAMPAIGNS)
    assert column("postcard").mean() == pytest.approx(5 / 6, abs=0.01)
    spend = column(SPEND)
    assert 0.4 < (spend == 0).mean() < 0.9
    # A heavy tail: the top hundredth holds more than a tenth of all that was spent.
    assert np.sort(spend)[-600:].sum() > 0.1 * spend.sum()
    keys = WORLD.table["customer_id"].to_pylist()
    assert len(set(keys)) < 0.7 * len(keys)  # customers come again
    pairs = set(zip(keys, WORLD.table["campaign_id"].to_pylist(), strict=True))
    assert len(pairs) == len(keys)  # once in a campaign


def test_spend_follows_the_true_expectation() -> None:
    expected, spend = WORLD.truth["true_expected_spend"].to_numpy(), column(SPEND)
    # In each sixth by expectation, the mean lies within four standard errors.
    for part in np.array_split(np.argsort(expected), 6):
        error = spend[part].std() / len(part) ** 0.5
        assert abs(spend[part].mean() - expected[part].mean()) < 4 * error


def test_the_effect_is_the_difference_between_the_arms() -> None:
    effect, spend = WORLD.truth["true_effect"].to_numpy(), column(SPEND)
    treated = column("postcard") == 1
    for part in (effect == 0, effect > 0, effect < 0):
        assert part.mean() > 0.03
        one, other = spend[part & treated], spend[part & ~treated]
        error = np.hypot(one.std() / len(one) ** 0.5, other.std() / len(other) ** 0.5)
        assert abs(one.mean() - other.mean() - effect[part].mean()) < 4 * error
    untreated = WORLD.truth["true_expected_spend_untreated"].to_numpy()
    expected = WORLD.truth["true_expected_spend"].to_numpy()
    np.testing.assert_allclose(expected, untreated + np.where(treated, effect, 0))


def test_a_postcard_goes_to_whom_chance_chose() -> None:
    treated = column("postcard") == 1
    for name in ("orders_365d", "lifetime_spend", "web_visits_30d", "brand_affinity"):
        values = column(name).astype(float)
        apart = values[treated].mean() - values[~treated].mean()
        assert abs(apart) < 4 * values.std() * (1 / treated.sum() + 1 / (~treated).sum()) ** 0.5


def test_features_and_labels_can_be_made_from_the_orders_again() -> None:
    world = postcards(400, seed=9)
    bought: dict[str, list] = {}
    for order in world.events["orders"].to_pylist():
        bought.setdefault(order["customer_id"], []).append((order["ordered_on"], order["amount"]))
    for row in world.table.to_pylist():
        date = row["campaign_date"]
        before = [(day, amount) for day, amount in bought[row["customer_id"]] if day < date]
        assert row["lifetime_spend"] == pytest.approx(sum(amount for _, amount in before), abs=0.01)
        assert row["days_since_last_purchase"] == (date - max(before)[0]).days
        assert row["tenure_days"] == (date - min(before)[0]).days
        assert row["orders_365d"] == sum((date - day).days <= 365 for day, _ in before)
        window = [
            amount for day, amount in bought[row["customer_id"]] if 0 <= (day - date).days < WINDOW
        ]
        assert row[SPEND] == pytest.approx(sum(window), abs=0.01)
