"""Forecast: the distributions of a list of customers, and of their total."""

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models.amounts import LogHurdle, Shifted
from patron.models.conformal import Conformal
from patron.models.forecast import Forecast

Floats = NDArray[np.float64]
SURE = np.ones(500)
LIMIT = 5_000.0


def customers(rows: int = 300, seed: int = 0) -> LogHurdle:
    rng = np.random.default_rng(seed)
    positive, centre = rng.uniform(0.1, 0.9, rows), rng.normal(4, 1, rows)
    return LogHurdle(positive, centre, np.full(rows, 0.9), limit=LIMIT)


def forecast(rows: int = 300, seed: int = 0, *, level_errors: Floats = SURE) -> Forecast:
    arms = np.where(np.arange(rows) % 4 == 0, "no", "yes")
    some = customers(rows, seed)
    learned = customers(2_000, seed + 1)
    y = learned.sample(np.random.default_rng(seed), 1)[0]
    own = np.where(np.arange(2_000) % 4 == 0, "no", "yes")
    return Forecast(some, Conformal.fit(learned, y, own), arms, level_errors)


def test_it_says_what_its_distribution_says() -> None:
    some, known = forecast(), customers()
    y = np.geomspace(1, 900, 300)
    assert len(some) == 300
    np.testing.assert_array_equal(some.mean, known.mean)
    np.testing.assert_array_equal(some.median, known.quantile(0.5))
    np.testing.assert_array_equal(some.zero_probability, known.zero_probability)
    np.testing.assert_array_equal(some.cdf(y), known.cdf(y))
    np.testing.assert_array_equal(some.quantile([0.2, 0.9]), known.quantile([0.2, 0.9]))
    np.testing.assert_array_equal(some.crps(y), known.crps(y))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95, np.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match=f"level must lie between 0 and 1, got {level}"):
        forecast().interval(level)


def test_rows_keep_their_arms() -> None:
    some = forecast()
    which = np.arange(300)[::-1][:100]
    part = some.rows(which)
    assert part.arms is not None
    assert part.arms.tolist() == [("no" if row % 4 == 0 else "yes") for row in which]
    for mine, whole in zip(part.interval(0.9), some.interval(0.9), strict=True):
        np.testing.assert_array_equal(mine, whole[which])


def test_the_total_of_known_distributions_covers() -> None:
    """The law is known, and no model is off as a whole: what is left is the customers' luck."""
    some = forecast(200, seed=3)
    told = some.total(level=0.9)
    assert told.value == pytest.approx(some.mean.sum())
    totals = customers(200, seed=3).sample(np.random.default_rng(9), 4_000).sum(axis=1)
    inside = ((told.low <= totals) & (totals <= told.high)).mean()
    # 1,000 draws have ends that are a point off either way.
    assert inside == pytest.approx(0.9, abs=0.025)
    assert (told.level, told.n) == (0.9, 200)
    assert told.method == "simulation, 1,000 draws"


def test_an_error_of_the_whole_level_widens_the_total() -> None:
    """The luck of many customers averages out; what the model is off as a whole stays."""
    errors = np.random.default_rng(0).normal(1, 0.05, 500)
    few, many = (
        [forecast(rows, level_errors=each).total() for each in (SURE, errors)]
        for rows in (400, 8_000)
    )
    for sure, unsure in (few, many):
        luck, both = ((each.high - each.low) / each.value for each in (sure, unsure))
        assert both == pytest.approx(np.hypot(luck, 2 * 1.96 * 0.05), rel=0.15)
    assert many[0].high / many[0].value < few[0].high / few[0].value


def test_a_total_is_the_sum_of_the_means_even_of_a_point_forecast() -> None:
    """A line's mean may be below 0, where no draw is."""
    errors = np.sort(np.random.default_rng(1).exponential(100, 400)) - 100
    points = Shifted(np.linspace(-20, 80, 500), errors, limit=LIMIT)
    told = Forecast(points, Conformal({"": {"two-sided": [], "from 0": []}}), None, SURE).total()
    assert told.value == pytest.approx(points.mean.sum())
    assert 0 <= told.low < told.value < told.high


def test_the_same_seed_gives_the_same_total() -> None:
    some = forecast()
    assert some.total(seed=1) == some.total(seed=1)
    assert some.total(seed=1) != some.total(seed=2)


def test_more_customers_than_are_drawn_at_once() -> None:
    """The draws come in parts of 4,000 customers; the total is of all."""
    some = forecast(9_001)
    told = some.total(level=0.99)
    spread = np.sqrt(customers(9_001).sample(np.random.default_rng(0), 200).var(axis=0).sum())
    assert told.value == pytest.approx(some.mean.sum())
    assert told.high - told.low == pytest.approx(2 * 2.576 * spread, rel=0.15)


def test_nobody_has_no_total() -> None:
    nobody = forecast().rows(slice(0, 0))
    told = nobody.total()
    assert (told.value, told.low, told.high, told.n) == (0, 0, 0, 0)
    assert nobody.mean.shape == nobody.interval(0.9)[0].shape == (0,)
