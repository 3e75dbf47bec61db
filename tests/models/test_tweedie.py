"""Tweedie: the table of its distribution function agrees with draws, and with itself in between."""

import numpy as np
import pytest
from scipy.special import gammainc, gammaln

from patron.models.tweedie import CompoundPoisson


def test_a_poisson_number_of_gamma_amounts_is_what_it_says() -> None:
    """Against draws of the mechanism itself (Jorgensen 1997), by mean, zeros and cdf."""
    rng = np.random.default_rng(13)
    expected = np.array([3.0, 30.0, 300.0])
    for power, dispersion in ((1.2, 20.0), (1.5, 8.0), (1.8, 4.0)):
        some = CompoundPoisson(expected, power=power, dispersion=dispersion, limit=1e6)
        rate = expected ** (2 - power) / (dispersion * (2 - power))
        shape = (2 - power) / (power - 1)
        scale = dispersion * (power - 1) * expected ** (power - 1)
        count = rng.poisson(rate, (100_000, 3))
        drawn = np.where(count, rng.gamma(np.maximum(count, 1) * shape, scale), 0.0)
        np.testing.assert_allclose(drawn.var(axis=0), dispersion * expected**power, rtol=0.1)
        np.testing.assert_allclose(some.zero_probability, np.exp(-rate), atol=2e-3)
        for y in (1.0, 10.0, 100.0, 1_000.0):
            np.testing.assert_allclose(some.cdf(y), (drawn <= y).mean(axis=0), atol=0.006)
        np.testing.assert_array_equal(some.mean, expected)


@pytest.mark.parametrize(("power", "dispersion"), [(1.2, 30.0), (1.5, 8.0), (1.8, 3.0)])
def test_the_table_agrees_with_the_sum_it_stands_for(power: float, dispersion: float) -> None:
    """P(Y <= y) = sum over k of Poisson(k) x P(a gamma of k shapes <= y), row by row."""
    expected = np.random.default_rng(1).lognormal(3, 1.2, 60)
    some = CompoundPoisson(expected, power=power, dispersion=dispersion, limit=1e6)
    rate = expected ** (2 - power) / (dispersion * (2 - power))
    shape = (2 - power) / (power - 1)
    scale = dispersion * (power - 1) * expected ** (power - 1)
    k = np.arange(1, 400)
    chance = np.exp(k * np.log(rate[:, None]) - rate[:, None] - gammaln(k + 1))
    for y in (0.0, 0.5, 5.0, 40.0, 200.0):
        exact = np.exp(-rate) + (chance * gammainc(k * shape, y / scale[:, None])).sum(axis=1)
        np.testing.assert_allclose(some.cdf(y), exact, atol=2e-3)


def test_some_rows_by_themselves_read_the_same_table() -> None:
    """A chunk of rows must not get a coarser or finer table than all of them."""
    expected = np.random.default_rng(2).lognormal(3, 1, 50)
    some = CompoundPoisson(expected, power=1.5, dispersion=9.0, limit=1e4)
    whole = some.cdf(30.0)
    for place in (0, 17, 49):
        np.testing.assert_array_equal(some.rows([place]).cdf(30.0), whole[[place]])


def test_customers_who_are_all_alike_have_a_distribution() -> None:
    some = CompoundPoisson(np.full(3, 20.0), power=1.4, dispersion=9.0, limit=1e4)
    zero = np.exp(-(20.0**0.6) / (9.0 * 0.6))
    np.testing.assert_allclose(some.zero_probability, zero, rtol=1e-6)
    assert (some.quantile(0.9) > 20).all()
    assert some.quantile(zero * 0.99).tolist() == [0, 0, 0]


def test_a_mean_above_the_limit_is_cut_off_like_the_rest() -> None:
    some = CompoundPoisson(np.array([5.0, 500.0]), power=1.5, dispersion=9.0, limit=100.0)
    assert some.mean.tolist() == [5.0, 100.0]
    assert some.quantile(0.999).max() == 100.0
    assert some.cdf(100.0).tolist() == [1.0, 1.0]
