"""Distributions of spend: each figure agrees with the distribution function, and it with draws."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import norm

from patron.models.amounts import AmountDistribution, LogHurdle, Parts, Shifted
from patron.models.tweedie import CompoundPoisson

Floats = NDArray[np.float64]
LIMIT = 1_000.0
LEVELS = np.array([0.01, 0.1, 0.35, 0.5, 0.8, 0.9, 0.975, 0.999])


def hurdle(rows: int = 40, seed: int = 0, *, errors: Floats | None = None) -> LogHurdle:
    """Customers of all sorts: many or few of them buy, some are near the limit and some far off."""
    rng = np.random.default_rng(seed)
    positive, centre = rng.uniform(0.02, 1.0, rows), rng.uniform(1.0, 7.5, rows)
    return LogHurdle(positive, centre, rng.uniform(0.2, 1.4, rows), limit=LIMIT, errors=errors)


def skewed(count: int = 300) -> Floats:
    """Quantiles of errors that are not normal: a long tail above."""
    shares = (np.arange(count) + 0.5) / count
    return (-np.log1p(-shares) - 1.0).astype(np.float64)


def shaped(rows: int = 40, seed: int = 0) -> LogHurdle:
    return hurdle(rows, seed, errors=skewed())


def tweedie(rows: int = 40, seed: int = 0) -> CompoundPoisson:
    """Far enough below the limit for its mean to be the plain one."""
    expected = np.random.default_rng(seed).uniform(2.0, 60.0, rows)
    return CompoundPoisson(expected, power=1.5, dispersion=12.0, limit=LIMIT)


def shifted(rows: int = 40, seed: int = 0) -> Shifted:
    """Points and errors that never reach below 0 or beyond the limit, so that the mean holds."""
    rng = np.random.default_rng(seed)
    errors = np.sort(rng.normal(0, 60, 400).clip(-150, 150))
    return Shifted(rng.uniform(170, 800, rows), errors - errors.mean(), limit=LIMIT)


def parts(rows: int = 40, seed: int = 0) -> Parts:
    """Rows of two kinds, in no order."""
    order = np.random.default_rng(seed).permutation(rows)
    cut = rows // 3
    return Parts(
        [
            (order[:cut], hurdle(cut, seed)),
            (order[cut:], shaped(rows - cut, seed + 1)),
        ]
    )


KINDS = (hurdle, shaped, tweedie, shifted, parts)
each_kind = pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
Make = Callable[..., AmountDistribution]


@each_kind
def test_the_distribution_function_rises_from_0_to_1(make: Make) -> None:
    some = make()
    grid = np.concatenate([[-5.0, 0.0], np.geomspace(1e-3, 2 * LIMIT, 300)])
    f = some.cdf(grid[None, :])
    assert f.shape == (len(some), len(grid))
    assert (np.diff(f, axis=1) >= -1e-12).all()
    assert (f[:, 0] == 0).all()  # nobody spends less than nothing
    np.testing.assert_allclose(f[:, 1], some.zero_probability, atol=1e-12)
    assert (f[:, grid >= LIMIT] == 1).all()  # nor more than the limit


@each_kind
def test_quantiles_invert_the_distribution_function(make: Make) -> None:
    """The least amount that a share q stays at or below, also where q falls on an atom."""
    some = make()
    found = some.quantile(LEVELS)
    assert found.shape == (len(some), len(LEVELS))
    # A hair above and below the amount: its jump, if it is an atom, lies between them.
    reached, short = (some.cdf(found * (1 + sign * 1e-6) + sign * 1e-6) for sign in (1, -1))
    assert (reached >= LEVELS - 1e-9).all()
    assert (short <= LEVELS + 1e-9).all()
    for place, share in enumerate(LEVELS):
        np.testing.assert_array_equal(some.quantile(share), found[:, place])
    own = np.tile(LEVELS, (len(some), 1))
    np.testing.assert_array_equal(some.quantile(own), found)


@each_kind
def test_a_quantile_is_exactly_0_where_nothing_is_as_likely(make: Make) -> None:
    some = make(seed=1)
    zero = some.zero_probability
    for share in (0.1, 0.5, 0.9):
        np.testing.assert_array_equal(some.quantile(share) == 0, zero >= share)
    # At the very edge: P(0) = q is enough for 0, a hair more of q is not.
    edge = LogHurdle(np.array([0.5]), np.array([3.0]), np.array([1.0]), limit=LIMIT)
    assert edge.quantile(0.5)[0] == 0
    assert edge.median[0] == 0
    assert edge.quantile(0.5 + 1e-9)[0] > 0


@each_kind
def test_below_leaves_out_the_atoms_alone(make: Make) -> None:
    some = make(seed=2)
    every = np.geomspace(1e-2, 0.999 * LIMIT, 50)[None, :]
    assert (some.below(every) <= some.cdf(every)).all()
    assert (some.below(np.zeros(len(some))) == 0).all()
    at_limit = np.full(len(some), LIMIT)
    jump = some.cdf(at_limit) - some.below(at_limit)
    left = 1 - some.cdf(at_limit * (1 - 1e-9))
    np.testing.assert_allclose(jump, left, atol=1e-6)


@pytest.mark.parametrize("make", [hurdle, shaped, parts])
def test_between_the_atoms_nothing_jumps(make: Make) -> None:
    every = np.geomspace(1e-2, 0.999 * LIMIT, 50)[None, :]
    some = make(seed=2)
    np.testing.assert_array_equal(some.below(every), some.cdf(every))


@each_kind
def test_the_mean_is_the_integral_of_what_lies_above(make: Make) -> None:
    some = make(seed=3)
    grid = np.concatenate([[0.0], np.geomspace(1e-4, LIMIT * (1 - 1e-12), 20_000)])
    integral = np.trapezoid(1 - some.cdf(grid[None, :]), grid, axis=1)
    # The 300 errors as seen are counted by the mean, and interpolated between by the function.
    np.testing.assert_allclose(some.mean, integral, rtol=0.02)
    assert np.abs(some.mean / integral - 1).mean() < 2e-3


@each_kind
def test_draws_have_the_mean_the_zeros_and_the_spread(make: Make) -> None:
    some = make(seed=4)
    draws = 4_000 if isinstance(some, CompoundPoisson) else 20_000  # it has no inverse of its own
    drawn = some.sample(np.random.default_rng(0), draws)
    assert drawn.shape == (draws, len(some))
    assert drawn.min() >= 0
    assert drawn.max() <= LIMIT
    # 40 rows: at four standard errors, one in 400 such tests fails for good draws. The mean of
    # the errors as seen differs by what `integral` allows above.
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - some.mean) < 4 * error + 0.01 * some.mean).all()
    zero = some.zero_probability
    error = np.sqrt(zero * (1 - zero) / len(drawn)) + 1e-4
    assert (np.abs((drawn == 0).mean(axis=0) - zero) < 4 * error).all()
    at = some.quantile(0.9)
    below = (drawn <= at).mean(axis=0)
    assert (np.abs(below - some.cdf(at)) < 0.03).all()


def test_the_limited_mean_agrees_with_an_integral() -> None:
    some = hurdle(30, seed=5)
    for place in range(len(some)):
        m, s = some.centre[place], some.scale[place]

        def weighted(e: float, m: float = m, s: float = s) -> float:
            return float(min(np.exp(m + s * e), LIMIT) * norm.pdf(e))

        edge = float(np.clip((np.log(LIMIT) - m) / s, -11, 11))
        whole = quad(weighted, -12, edge)[0] + quad(weighted, edge, 12)[0]
        assert some.mean[place] == pytest.approx(some.positive[place] * whole, rel=1e-6)


def test_without_the_limit_the_mean_would_be_far_off() -> None:
    """What the closed form is for: exp(m + s^2 / 2) promises what no customer can spend."""
    some = LogHurdle(np.ones(1), np.array([5.0]), np.array([2.5]), limit=LIMIT)
    plain = np.exp(5.0 + 2.5**2 / 2)
    assert plain > LIMIT  # more than the most that anybody spends
    assert some.mean[0] < 0.15 * plain
    drawn = some.sample(np.random.default_rng(0), 100_000)
    assert some.mean[0] == pytest.approx(drawn.mean(), rel=0.01)


@pytest.mark.parametrize("limit", [1_000.0, 50_000.0, 99.99, 3.3, 1e7])
def test_quantiles_reach_the_limit_itself(limit: float) -> None:
    """A rounding error short of it, no interval would hold the amounts that were cut off there."""
    some = LogHurdle(np.array([0.9]), np.array([np.log(limit)]), np.array([1.0]), limit=limit)
    assert some.quantile(0.9)[0] == limit
    assert some.interval(0.9)[1][0] == limit


def test_a_scale_beyond_belief_overflows_nothing() -> None:
    some = LogHurdle(np.ones(3), np.array([800.0, -900.0, 3.0]), np.full(3, 40.0), limit=LIMIT)
    assert np.isfinite(some.mean).all()
    assert (some.mean <= LIMIT).all()
    assert np.isfinite(some.quantile([0.01, 0.5, 0.99])).all()
    assert np.isfinite(some.crps(np.array([0.0, 1.0, LIMIT]))).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_of_errors_as_seen_is_duans_with_each_term_limited(seed: int) -> None:
    errors = np.sort(np.random.default_rng(seed).standard_t(4, 250))
    some = hurdle(20, seed, errors=errors)
    for place in range(len(some)):
        logs = some.centre[place] + some.scale[place] * errors
        smeared = np.mean(np.minimum(np.exp(np.minimum(logs, 50)), LIMIT))
        assert some.mean[place] == pytest.approx(some.positive[place] * smeared)
    # Duan's own smearing, without a limit, is another number for these customers.
    unlimited = np.exp(some.centre[:, None] + some.scale[:, None] * errors).mean(axis=1)
    assert (some.positive * unlimited > 1.05 * some.mean).any()


def test_normal_quantiles_as_errors_are_the_normal_distribution() -> None:
    errors = norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    seen, normal = hurdle(50, 6, errors=errors), hurdle(50, 6)
    np.testing.assert_allclose(seen.mean, normal.mean, rtol=5e-3)  # 4,000 quantiles end at 3.7
    y = np.geomspace(1, 900, 50)
    np.testing.assert_allclose(seen.cdf(y), normal.cdf(y), atol=1e-3)
    np.testing.assert_allclose(seen.crps(y), normal.crps(y), rtol=5e-3)


@each_kind
def test_crps_is_the_integral_of_the_squared_distance(make: Make) -> None:
    some = make(12, seed=7)
    rng = np.random.default_rng(7)
    y = np.concatenate([[0.0, 0.0, LIMIT], rng.uniform(0, 0.9 * LIMIT, 9)])
    grid = np.concatenate([[0.0], np.geomspace(1e-4, LIMIT * (1 - 1e-12), 40_000)])
    for place in range(len(some)):
        fine = np.union1d(grid, [y[place], np.nextafter(y[place], 0)])
        fine = fine[(fine >= 0) & (fine < LIMIT)]
        f = some.rows(slice(place, place + 1)).cdf(fine[None, :])[0]
        exact = np.trapezoid((f - (fine >= y[place])) ** 2, fine)
        # Points that are even on the log scale are about 5 % apart: at 800 that is 40, nearly as
        # wide as the errors of the points, which costs a little accuracy.
        near = 0.06 if isinstance(some, Shifted) else 0.005
        assert some.crps(y)[place] == pytest.approx(exact, rel=near, abs=0.02)


@pytest.mark.parametrize("make", [hurdle, shaped, tweedie])
def test_crps_has_its_energy_form(make: Make) -> None:
    """E|X - y| - E|X - X'| / 2, by draws: no integral, no grid."""
    some = make(12, seed=8)
    y = some.sample(np.random.default_rng(1), 1)[0]
    drawn = np.sort(some.sample(np.random.default_rng(2), 20_000), axis=0)
    n = len(drawn)
    to_y = np.abs(drawn - y).mean(axis=0)
    apart = 2 * ((2 * np.arange(1, n + 1) - n - 1) @ drawn) / n**2  # mean |X - X'|, from the ranks
    # 20,000 draws of amounts with a spread of their own size.
    np.testing.assert_allclose(some.crps(y), to_y - apart / 2, rtol=0.03, atol=0.5)


def test_crps_of_a_certain_forecast_is_the_absolute_error() -> None:
    sure = Shifted(np.array([100.0, 100.0, 40.0]), np.zeros(1), limit=LIMIT)
    y = np.array([100.0, 250.0, 0.0])
    # The jump lies within one step of the grid, a twentieth of the amount.
    np.testing.assert_allclose(sure.crps(y), [0, 150, 40], atol=5)


def test_crps_beyond_the_limit_counts_the_distance() -> None:
    """A capped forecast is not excused for an amount above its cap."""
    some = hurdle(1, seed=9)
    at, beyond = some.crps([LIMIT])[0], some.crps([LIMIT + 500])[0]
    assert beyond - at == pytest.approx(500)


@pytest.mark.parametrize("seed", range(3))
def test_the_true_distribution_has_the_least_crps(seed: int) -> None:
    """A proper score: what is too narrow, too wide or too low pays for it."""
    true = hurdle(4_000, seed)
    y = true.sample(np.random.default_rng(seed), 1)[0]
    best = true.crps(y)
    for wrong in (
        LogHurdle(true.positive, true.centre, true.scale / 2, limit=LIMIT),
        LogHurdle(true.positive, true.centre, true.scale * 2, limit=LIMIT),
        LogHurdle(true.positive, true.centre - 0.4, true.scale, limit=LIMIT),
        LogHurdle(true.positive * 0.7, true.centre, true.scale, limit=LIMIT),
    ):
        worse = wrong.crps(y) - best
        assert worse.mean() > 2 * worse.std() / np.sqrt(len(worse))


@pytest.mark.parametrize("seed", range(3))
def test_intervals_hold_what_they_claim_under_the_truth(seed: int) -> None:
    true = hurdle(8_000, seed)
    y = true.sample(np.random.default_rng(seed + 10), 1)[0]
    zero = true.zero_probability
    for level in (0.8, 0.9, 0.95):
        low, high = true.interval(level)
        sided = zero >= (1 - level) / 2
        # The rule: from 0 where 0 is likelier than the lower tail, else with equal tails.
        np.testing.assert_array_equal(true.one_sided(level), sided)
        assert (low[sided] == 0).all()
        assert (low[~sided] > 0).all()
        np.testing.assert_array_equal(high[sided], true.quantile(level)[sided])
        np.testing.assert_array_equal(high[~sided], true.quantile((1 + level) / 2)[~sided])
        # Atoms (0 alone has the level, or the upper end is the limit) may make it hold more.
        claimed = true.cdf(high) - true.below(low)
        assert (claimed > level - 1e-9).all()
        free = (high > 0) & (high < LIMIT)
        assert free.sum() > 1_000
        np.testing.assert_allclose(claimed[free], level, atol=1e-9)
        inside = (low <= y) & (y <= high)
        error = np.sqrt((claimed * (1 - claimed)).sum())
        assert abs((inside - claimed).sum()) < 4 * error


def test_rows_and_their_order() -> None:
    for make in KINDS:
        some = make(30, seed=11)
        mask = np.arange(30) % 3 == 0
        back = np.arange(30)[::-1]
        for which in (mask, np.flatnonzero(mask)[::-1], back, slice(5, 9)):
            part = some.rows(which)
            assert len(part) == len(some.mean[which])
            np.testing.assert_array_equal(part.mean, some.mean[which])
            np.testing.assert_array_equal(part.quantile(0.9), some.quantile(0.9)[which])
            np.testing.assert_array_equal(part.cdf(50.0), some.cdf(50.0)[which])


def test_parts_give_what_each_part_gives() -> None:
    rng = np.random.default_rng(12)
    order = rng.permutation(30)
    one, other = hurdle(12, 1), shifted(18, 2)
    whole = Parts([(order[:12], one), (order[12:], other)])
    y = rng.uniform(0, 900, 30)
    for rows, part in ((order[:12], one), (order[12:], other)):
        np.testing.assert_array_equal(whole.mean[rows], part.mean)
        np.testing.assert_array_equal(whole.zero_probability[rows], part.zero_probability)
        np.testing.assert_array_equal(whole.cdf(y)[rows], part.cdf(y[rows]))
        np.testing.assert_array_equal(whole.below(y)[rows], part.below(y[rows]))
        np.testing.assert_array_equal(whole.quantile(LEVELS)[rows], part.quantile(LEVELS))
        np.testing.assert_array_equal(whole.crps(y)[rows], part.crps(y[rows]))
        for level in (0.8, 0.95):
            ends, own = whole.interval(level), part.interval(level)
            np.testing.assert_array_equal(ends[0][rows], own[0])
            np.testing.assert_array_equal(ends[1][rows], own[1])


def test_parts_may_have_limits_of_their_own() -> None:
    some = [np.array([0.9]), np.array([8.0]), np.array([1.0])]
    low, high = LogHurdle(*some, limit=100.0), LogHurdle(*some, limit=5_000.0)
    whole = Parts([(np.array([1]), low), (np.array([0]), high)])
    assert whole.quantile(0.999).tolist() == [5_000.0, 100.0]
    np.testing.assert_array_equal(whole.cdf(100.0), [high.cdf(100.0)[0], 1.0])
    np.testing.assert_array_equal(whole.below(100.0), [high.cdf(100.0)[0], low.below(100.0)[0]])


def test_a_point_forecast_is_cut_off_at_0_and_stays_its_own_mean() -> None:
    some = Shifted(np.array([10.0, 100.0]), np.array([-50.0, -10.0, 0.0, 60.0]), limit=150.0)
    assert some.mean.tolist() == [10.0, 100.0]
    assert some.zero_probability.tolist() == [0.5, 0.0]  # at -40 and at 0, none at 50
    assert some.quantile([0.25, 0.5, 0.75, 1.0]).tolist() == [[0, 0, 10, 70], [50, 90, 100, 150]]
    assert some.cdf(95.0).tolist() == [1.0, 0.5]


@pytest.mark.parametrize("q", [-0.1, 1.1, np.nan, [0.5, 2.0]])
def test_a_share_that_is_none_is_refused(q: object) -> None:
    with pytest.raises(ValueError, match="shares from 0 to 1, got"):
        hurdle().quantile(q)


@each_kind
def test_no_rows_are_no_answers(make: Make) -> None:
    some = make().rows(slice(0, 0))
    assert len(some) == 0
    assert some.mean.shape == some.median.shape == some.crps(np.zeros(0)).shape == (0,)
    assert some.quantile([0.1, 0.9]).shape == (0, 2)
    assert some.cdf(np.zeros((1, 7))).shape == (0, 7)
