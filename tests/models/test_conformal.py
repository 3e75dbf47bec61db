"""Conformal intervals: right coverage by whatever forecast, overall and by arm."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models.amounts import LogHurdle
from patron.models.conformal import FEWEST, LEVELS, Conformal

Floats = NDArray[np.float64]
LIMIT = 20_000.0
CLAIMED = (0.8, 0.9, 0.95)


def shop(rows: int, seed: int, *, narrow: float = 1.0) -> tuple[LogHurdle, Floats, NDArray]:
    """A forecast, what came, and the arm; `narrow` is the forecast's scale over the true one.

    Half of the customers may well spend nothing; a quarter surely spend something.
    """
    rng = np.random.default_rng(seed)
    positive = np.where(rng.random(rows) < 0.25, 0.99, rng.uniform(0.2, 0.9, rows))
    centre, scale = rng.normal(5, 1, rows), np.full(rows, 0.8)
    arms = rng.choice(["card", "none"], rows, p=[0.8, 0.2])
    scale = np.where(arms == "none", 1.3, scale)  # who got nothing is harder to know
    true = LogHurdle(positive, centre, scale, limit=LIMIT)
    wrong = LogHurdle(positive, centre, np.full(rows, 0.8) * narrow, limit=LIMIT)
    return wrong, true.sample(rng, 1)[0], arms


def covered(ends: tuple[Floats, Floats], y: Floats) -> NDArray[np.bool_]:
    return (ends[0] <= y) & (y <= ends[1])


@pytest.mark.parametrize("narrow", [1.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_they_cover_though_the_forecast_is_wrong(seed: int, narrow: float) -> None:
    learned, y, arms = shop(8_000, seed, narrow=narrow)
    conformal = Conformal.fit(learned, y, arms)
    fresh, came, own = shop(30_000, 100 + seed, narrow=narrow)
    for level in CLAIMED:
        inside = covered(conformal.interval(fresh, level, own), came)
        # 8,000 rows to learn from: a standard error of 0.5 points at 80 %, and of 1.2 for the arm
        # of 1,600 rows (by 30 seeds, about no bias: -0.03 and -0.1 points).
        assert abs(inside.mean() - level) < 0.02, level
        for arm, near in (("card", 0.02), ("none", 0.045)):
            assert abs(inside[own == arm].mean() - level) < near, (level, arm)
    if narrow == 0.5:
        plain = covered(fresh.interval(0.9), came)
        assert plain.mean() < 0.86  # the forecast at its word does not
        assert plain[own == "none"].mean() < 0.75


@pytest.mark.parametrize("seed", range(3))
def test_without_arms_they_cover_overall_alone(seed: int) -> None:
    """What the arms are for: pooled levels are too narrow for the arm that is harder to know."""
    learned, y, _ = shop(8_000, seed)
    conformal = Conformal.fit(learned, y)
    fresh, came, own = shop(30_000, 100 + seed)
    inside = covered(conformal.interval(fresh, 0.9), came)
    assert abs(inside.mean() - 0.9) < 0.02
    assert inside[own == "none"].mean() < 0.87 < 0.9 < inside[own == "card"].mean()


def test_between_the_calibrated_levels_they_cover_too() -> None:
    learned, y, arms = shop(10_000, 5, narrow=0.5)
    conformal = Conformal.fit(learned, y, arms)
    fresh, came, own = shop(30_000, 6, narrow=0.5)
    for level in (0.75, 0.83, 0.88, 0.96):
        inside = covered(conformal.interval(fresh, level, own), came)
        assert abs(inside.mean() - level) < 0.02, level


def test_wider_levels_hold_narrower_ones() -> None:
    learned, y, arms = shop(3_000, 7, narrow=0.6)
    conformal = Conformal.fit(learned, y, arms)
    fresh, _, own = shop(500, 8, narrow=0.6)
    one_sided = fresh.one_sided(0.95)
    low, high = conformal.interval(fresh, 0.95, own)
    for level in (0.5, 0.7, 0.8, 0.9, 0.93):
        inner = conformal.interval(fresh, level, own)
        same = one_sided == fresh.one_sided(level)  # the sides are another rule, by the level
        assert (inner[1][same] <= high[same] + 1e-9).all()
        assert (inner[0][same] >= low[same] - 1e-9).all()
        assert (inner[0] <= inner[1]).all()


@pytest.mark.parametrize("seed", range(2))
def test_an_arm_of_few_rows_takes_the_levels_of_all(seed: int) -> None:
    learned, y, _ = shop(4_000, seed, narrow=0.5)
    few = np.where(np.arange(4_000) < FEWEST - 1, "rare", "card")
    conformal = Conformal.fit(learned, y, few)
    fresh, _, _ = shop(200, seed + 50)
    pooled = Conformal.fit(learned, y).interval(fresh, 0.9)
    for arm in ("rare", "never seen"):
        asked = conformal.interval(fresh, 0.9, np.full(200, arm))
        np.testing.assert_array_equal(asked, pooled)
    own = conformal.interval(fresh, 0.9, np.full(200, "card"))
    assert not np.array_equal(own[1], pooled[1])


def test_too_few_rows_take_the_forecast_at_its_word() -> None:
    learned, y, arms = shop(FEWEST - 1, 0)
    conformal = Conformal.fit(learned, y, arms)
    fresh, _, own = shop(200, 1)
    for level in CLAIMED:
        np.testing.assert_array_equal(conformal.interval(fresh, level, own), fresh.interval(level))


def test_a_level_that_the_rows_cannot_reach_is_left_to_the_forecast() -> None:
    """The 99.5 % of 150 rows would be more than the greatest score of all."""
    learned, y, _ = shop(150, 2)
    sure = LogHurdle(np.full(150, 0.9), learned.centre, learned.scale, limit=LIMIT)
    conformal = Conformal.fit(sure, y)
    assert np.isnan(conformal.levels[""]["from 0"]).sum() > 0
    low, high = conformal.interval(sure, 0.995)
    np.testing.assert_array_equal((low, high), sure.interval(0.995))


def test_levels_are_those_of_the_definition() -> None:
    """One score after the other, in plain Python: the ceil((n + 1) x level)-th smallest."""
    learned, y, _ = shop(1_000, 9, narrow=0.7)
    sure = LogHurdle(np.full(1_000, 0.6), learned.centre, learned.scale, limit=LIMIT)
    conformal = Conformal.fit(sure, y)
    scores = sorted(
        0.0 if amount == 0 else float(sure.rows([row]).below([amount])[0])
        for row, amount in enumerate(y)
    )
    place = conformal.levels[""]["from 0"]
    assert place[3] == pytest.approx(scores[int(np.ceil(1_001 * 0.8)) - 1], abs=1e-8)
    assert place[5] == pytest.approx(scores[int(np.ceil(1_001 * 0.9)) - 1], abs=1e-8)
    # The guarantee of split conformal prediction, on these very rows.
    low, high = conformal.interval(sure, 0.9)
    assert covered((low, high), y).sum() >= np.ceil(1_001 * 0.9) - 1


def test_amounts_at_the_limit_are_held() -> None:
    """A third of the customers spend as much as is counted: their intervals end there."""
    rows = 2_000
    some = LogHurdle(np.full(rows, 0.99), np.full(rows, 9.5), np.full(rows, 0.8), limit=LIMIT)
    y = some.sample(np.random.default_rng(3), 1)[0]
    assert (y == LIMIT).mean() > 0.2
    conformal = Conformal.fit(some, y)
    low, high = conformal.interval(some, 0.9)
    assert high.max() == LIMIT
    assert covered((low, high), y).mean() > 0.89


def test_saved_and_loaded_is_the_same() -> None:
    learned, y, arms = shop(400, 4)
    conformal = Conformal.fit(learned, y, arms)
    again = Conformal.from_dict(json.loads(json.dumps(conformal.to_dict(), allow_nan=False)))
    fresh, _, own = shop(300, 5)
    for level in (0.3, 0.8, 0.94, 0.995):
        expected = conformal.interval(fresh, level, own)
        np.testing.assert_array_equal(again.interval(fresh, level, own), expected)
    assert again.levels.keys() == {"", "card", "none"}


def test_no_rows_are_no_intervals() -> None:
    learned, y, arms = shop(500, 4)
    conformal = Conformal.fit(learned, y, arms)
    low, high = conformal.interval(learned.rows(slice(0, 0)), 0.9, arms[:0])
    assert low.shape == high.shape == (0,)


def test_those_who_mostly_spend_nothing_do_not_narrow_the_ranges_of_others() -> None:
    """With a perfect forecast: a zero is inside any range from 0, and says nothing of the level."""
    rng = np.random.default_rng(12)
    rows = 20_000
    positive = np.where(rng.random(rows) < 0.7, 0.92, 0.25)
    law = LogHurdle(positive, np.full(rows, 4.0), np.full(rows, 0.8), limit=1e4)
    y = law.sample(rng, 1)[0]
    half = rows // 2
    levels = Conformal.fit(law.rows(slice(0, half)), y[:half])
    for level in (0.8, 0.9):
        low, high = levels.interval(law.rows(slice(half, None)), level)
        inside = (y[half:] >= low) & (y[half:] <= high)
        for share in (0.92, 0.25):
            assert abs(inside[positive[half:] == share].mean() - level) < 0.025


def test_weights_are_rows_that_count_more_often() -> None:
    learned, y, arms = shop(3_000, 10)
    times = np.random.default_rng(0).integers(1, 4, 3_000) * np.where(y > np.median(y), 3, 1)
    weighted = Conformal.fit(learned, y, arms, times.astype(np.float64))
    again = np.repeat(np.arange(3_000), times)
    repeated = Conformal.fit(learned.rows(again), y[again], arms[again])
    plain = Conformal.fit(learned, y, arms)
    for side in ("two-sided", "from 0"):
        ours, theirs, bare = (
            np.array(each.levels[""][side]) for each in (weighted, repeated, plain)
        )
        near = LEVELS.index(0.97)  # beyond, the n of the ceil((n + 1) x level) tells
        np.testing.assert_allclose(ours[:near], theirs[:near], atol=0.01)
        assert np.nanmax(np.abs(ours - bare)[:near]) > 0.02
    # Their unit is irrelevant, and equal ones are none.
    assert Conformal.fit(learned, y, arms, np.full(3_000, 0.3)).to_dict() == plain.to_dict()
    tens = Conformal.fit(learned, y, arms, times * 10.0).levels[""]["two-sided"]
    np.testing.assert_allclose(tens, weighted.levels[""]["two-sided"])


@pytest.mark.parametrize("seed", range(2))
def test_the_highest_level_of_a_run_is_calibrated(seed: int) -> None:
    learned, y, _ = shop(20_000, seed, narrow=0.9)
    conformal = Conformal.fit(learned, y)
    fresh, came, _ = shop(60_000, 100 + seed, narrow=0.9)
    # The forecast at its word misses seven times as many as it says.
    assert covered(fresh.interval(0.999), came).mean() < 0.993
    assert covered(conformal.interval(fresh, 0.999), came).mean() > 0.997
    between = covered(conformal.interval(fresh, 0.997), came).mean()
    assert 0.994 < between < 0.9995


def test_one_that_was_saved_with_fewer_levels_loads() -> None:
    learned, y, arms = shop(400, 4)
    fields = Conformal.fit(learned, y, arms).to_dict()
    old = {arm: {side: own[:12] for side, own in sides.items()} for arm, sides in fields.items()}
    now, then = Conformal.from_dict(fields), Conformal.from_dict(old)
    for level in (0.5, 0.9, 0.96):
        np.testing.assert_array_equal(then.interval(learned, level), now.interval(learned, level))
    np.testing.assert_array_equal(then.interval(learned, 0.999), learned.interval(0.999))
