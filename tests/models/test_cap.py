"""The cap: a pile at the top is found, and nothing that is not one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models.cap import Cap, find_cap, set_cap

Floats = NDArray[np.float64]


def amounts(rows: int, seed: int, *, mean: float = 6.0, sd: float = 1.2) -> Floats:
    """A heavy tail with a third of zeros; nobody is cut off."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(rows) < 1 / 3, 0.0, np.exp(mean + sd * rng.normal(size=rows)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.005, 0.02, 0.2])
def test_exact_ties_are_found(seed: int, share: float) -> None:
    y = amounts(4_000, seed)
    limit = float(np.quantile(y, 1 - share))
    cap = find_cap(np.minimum(y, limit))
    assert (cap.how, cap.limit, cap.start) == ("found", limit, limit)
    assert cap.rows == (y >= limit).sum()
    assert f"{cap.rows} amounts pile up" in cap.because


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [1e-7, 1e-5, 1e-4, 3e-4])
def test_a_pile_with_noise_on_it_is_found_whole(seed: int, noise: float) -> None:
    """A converted currency, or tax that was rounded, spreads the pile."""
    y = amounts(8_000, seed)
    limit = float(np.quantile(y, 0.99))
    at = y >= limit
    rng = np.random.default_rng(seed)
    seen = np.minimum(y, limit) * (1 + noise * rng.normal(size=8_000))
    cap = find_cap(seen)
    assert cap.how == "found"
    assert cap.limit == pytest.approx(limit, rel=5 * noise)  # the greatest of about 80
    assert cap.limit == seen.max()  # so that a forecast's interval can hold all of the pile
    # All that was cut off counts as such; of the others at most those who came as near.
    cut, capped = cap.cut(seen)
    assert capped[at].mean() > 0.97
    assert capped[~at].sum() <= 3 + 0.05 * at.sum()
    assert (cut[capped] == cap.limit).all()
    np.testing.assert_array_equal(cut[~capped], np.minimum(seen[~capped], cap.limit))
    assert cut.max() == cap.limit


@pytest.mark.parametrize("seed", range(20))
def test_a_tail_without_a_pile_has_none(seed: int) -> None:
    y = amounts(200 * (1 + seed), seed, sd=0.3 + 0.1 * seed)
    cap = find_cap(y)
    assert (cap.how, cap.limit, cap.start, cap.rows) == ("none", y.max(), None, 0)
    assert not cap.cut(y)[1].any()


@pytest.mark.parametrize("prices", [(9.99, 19.99, 49.99), (100.0,), (5.0, 10.0, 20.0, 50.0)])
def test_round_prices_everywhere_are_no_cap(prices: tuple[float, ...]) -> None:
    """Piles as high at many places below: the top one says nothing."""
    rng = np.random.default_rng(0)
    y = rng.choice(prices, 3_000) * rng.integers(1, 5, 3_000)
    assert find_cap(y).how == "none"
    y[rng.random(3_000) < 0.5] = 0
    assert find_cap(y).how == "none"


def test_a_cap_above_round_prices_is_found() -> None:
    """Round prices pile up, the cap much more: it holds everything that was above it."""
    rng = np.random.default_rng(1)
    y = np.round(np.exp(4 + rng.normal(size=5_000))) * 10
    limit = float(np.quantile(y, 0.95))
    cap = find_cap(np.minimum(y, limit))
    assert (cap.how, cap.limit) == ("found", limit)


@pytest.mark.parametrize("rows", range(1, 5))
def test_fewer_than_five_amounts_are_no_pile(rows: int) -> None:
    assert find_cap(np.full(rows, 80.0)).how == "none"
    assert find_cap(np.append(np.geomspace(1, 50, 400), np.full(rows, 80.0))).how == "none"


def test_nobody_spends_anything() -> None:
    for y in (np.zeros(0), np.zeros(9)):
        cap = find_cap(y)
        assert (cap.how, cap.limit, cap.start) == ("none", 0.0, None)
        assert cap.because == "Nobody spent anything."


def test_the_cap_that_the_user_names() -> None:
    y = np.array([0.0, 10.0, 99.0, 100.0, 100.5, 4_000.0])
    cap = set_cap(y, 100.0)
    assert (cap.how, cap.limit, cap.start, cap.rows) == ("set", 100.0, 100.0, 3)
    assert cap.because == "The cap of 100.00 is given; 3 amounts reach it."
    cut, capped = cap.cut(y)
    assert cut.tolist() == [0, 10, 99, 100, 100, 100]
    assert capped.tolist() == [False, False, False, True, True, True]
    assert set_cap(y, 1e6).because == "The cap of 1,000,000.00 is given; no amount reaches it."
    assert not set_cap(y, 1e6).cut(y)[1].any()


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0, 1e9, 1e150])
def test_the_unit_of_money_is_irrelevant(unit: float) -> None:
    y = amounts(3_000, 7)
    limit = float(np.quantile(y, 0.98))
    plain, other = find_cap(np.minimum(y, limit)), find_cap(np.minimum(y, limit) * unit)
    assert (other.how, other.rows) == (plain.how, plain.rows)
    assert other.limit == pytest.approx(plain.limit * unit)
    assert find_cap(y * unit).how == "none"


def test_without_a_pile_the_limit_is_the_most_that_was_seen() -> None:
    assert find_cap(np.array([0, 5.0, 2.0])) == Cap(
        5.0, None, 0, "none", "No pile at the top; no forecast goes beyond 5.00, the most that was "
        "seen.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "most", "pile", "given"),
    [
        (1e-6, "5e-06", "within 2e-09 round 9e-05", "3e-06"),
        (1e-3, "0.005", "within 2e-06 round 0.09", "0.003"),
        (0.1, "0.5", "within 0.0002 round 9.00", "0.3"),
        (1.0, "5.00", "within 0.002 round 90.00", "3.00"),
        (1e3, "5,000.00", "within 2.00 round 90,000.00", "3,000.00"),
        (1e20, "5e+20", "within 2e+17 round 9e+21", "3e+20"),
    ],
)
def test_amounts_are_told_with_the_digits_they_need(
    unit: float, most: str, pile: str, given: str
) -> None:
    plain = np.array([1.0, 2.0, 5.0]) * unit
    assert f"no forecast goes beyond {most}, the most" in find_cap(plain).because
    at = np.append(np.geomspace(1, 50, 400), np.linspace(89.999, 90.001, 21)) * unit
    assert f"21 amounts pile up {pile}: they are" in find_cap(at).because
    assert (
        set_cap(plain, 3.0 * unit).because == f"The cap of {given} is given; 1 amount reaches it."
    )
