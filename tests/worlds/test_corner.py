"""The corner shop: its truth is what it says."""

import numpy as np
import pytest

from patron.errors import UserError
from patron.worlds import make


def test_same_seed_same_world_and_another_seed_another() -> None:
    one, same, other = (make("corner", rows=500, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert not one.table.equals(other.table)


def test_labels_follow_the_true_probability() -> None:
    world = make("corner", rows=60_000, seed=4)
    p = world.truth["true_purchase_probability"].to_numpy()
    y = world.table["purchased_next_30d"].to_numpy()
    # In each tenth by true probability, the share of buyers lies within four standard errors.
    for part in np.array_split(np.argsort(p), 10):
        error = np.sqrt((p[part] * (1 - p[part])).sum()) / len(part)
        assert abs(y[part].mean() - p[part].mean()) < 4 * error


def test_the_truth_is_a_function_of_the_observed_columns() -> None:
    from patron.worlds.corner import _log_odds

    world = make("corner", rows=3000, seed=5)
    columns = {
        name: world.table[name].to_pandas().to_numpy() for name in world.table.column_names[1:-1]
    }
    again = 1 / (1 + np.exp(-_log_odds(columns)))
    np.testing.assert_allclose(again, world.truth["true_purchase_probability"].to_numpy())


def test_shape_and_missingness_are_those_of_the_docstring() -> None:
    world = make("corner", rows=40_000, seed=6)
    assert world.table.num_columns == 38
    assert 0.17 < world.table["purchased_next_30d"].to_numpy().mean() < 0.20
    assert world.table["age"].null_count / 40_000 == pytest.approx(0.09, abs=0.01)
    # Untracked customers are mostly the new ones.
    tenure = world.table["tenure_days"].to_numpy()
    untracked = world.table["email_open_rate"].is_null().to_numpy()
    assert untracked[tenure < 60].mean() > 20 * untracked[tenure >= 60].mean()


def test_an_unknown_world_names_the_nearest() -> None:
    with pytest.raises(UserError, match="The nearest is 'corner'"):
        make("cornr")
