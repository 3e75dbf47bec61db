"""A random split flatters where customers come back; the same customers show by how much."""

import numpy as np

from patron.features.encode import Design
from patron.models.optimism import optimism


def panel(leak: bool, seed: int = 0) -> tuple[Design, np.ndarray, np.ndarray, np.ndarray]:
    """600 customers at six dates; with a leak, what a month did to everybody is in a column."""
    rng = np.random.default_rng(seed)
    customers, dates = 600, 6
    taste, month = rng.normal(size=customers), rng.normal(size=dates) * 1.5
    who, when = np.repeat(np.arange(customers), dates), np.tile(np.arange(dates), customers)
    told = rng.normal(size=len(who))
    # Each month another column value goes with buying: only the month itself can teach which.
    way = np.where(leak, month[when], 1.0) * told
    y = (rng.random(len(who)) < 1 / (1 + np.exp(1 - taste[who] * 0 - way))).astype(float)
    matrix = np.column_stack([told, when if leak else rng.normal(size=len(who))])
    names = ("told", "when")
    design = Design(matrix.astype(np.float32), names, names, {})
    return design, y, np.flatnonzero(when < dates - 1), np.flatnonzero(when == dates - 1)


def test_a_month_that_only_itself_can_teach_is_what_a_random_split_flatters() -> None:
    design, y, train, held = panel(leak=True, seed=3)
    found = optimism(design, y, train, held)
    assert found is not None
    assert found.rows == len(held)
    assert found.difference.low > 0
    assert "too much" in found.sentence


def test_where_months_are_alike_there_is_no_optimism() -> None:
    design, y, train, held = panel(leak=False)
    found = optimism(design, y, train, held)
    assert found is not None
    assert found.difference.covers(0.0)
    assert "no difference beyond noise" in found.sentence


def test_too_few_buyers_are_not_judged() -> None:
    design, y, train, held = panel(leak=False)
    y[held] = 0.0
    y[held[:19]] = 1.0
    assert optimism(design, y, train, held) is None
