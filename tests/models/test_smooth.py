"""Curves whose bends the data pay for: they agree with independent fits, and find what is there."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from patron.features.encode import Design
from patron.models.additive import AdditiveModel, signed_log
from patron.models.learner import Folds
from patron.models.smooth import Frame, frame_of
from patron.models.smooth_fit import Fitted, censored_normal, log_variance, logistic
from patron.models.smooth_pairs import Part, choose_pairs, clearly
from patron.models.spend_data import SpendData
from patron.models.two_part_fit import HowMuch, Table, Whether

Floats = NDArray[np.float64]
NONE = np.zeros(0)


def design(columns: dict[str, Floats], levels: dict[str, tuple[str, ...]] | None = None) -> Design:
    matrix = np.column_stack(list(columns.values())).astype(np.float32)
    return Design(matrix, tuple(columns), tuple(columns), levels or {})


def blocks(frame: Frame) -> list[slice]:
    return [slice(b.where.start + 1, b.where.stop + 1) for b in frame.blocks]


def with_ones(frame: Frame, x: Design) -> Floats:
    return np.column_stack([np.ones(len(x)), frame.matrix(x)])


def fit_normal(x: Design, z: Floats) -> tuple[Frame, Fitted]:
    frame, rows = frame_of(x), len(z)
    none, one = np.zeros(rows, dtype=bool), np.ones(rows)
    return frame, censored_normal(with_ones(frame, x), z, none, one, blocks(frame))


def model(frame: Frame, fitted: Fitted) -> AdditiveModel:
    return AdditiveModel(float(fitted.weights[0]), frame.terms(fitted.weights[1:]))


def used(frame: Frame, fitted: Fitted, place: int) -> float:
    """The degrees of freedom of one column of the design."""
    mine = [u for b, u in zip(frame.blocks, fitted.used, strict=True) if b.source == (place,)]
    return float(sum(mine))


def folds(rows: int) -> Folds:
    number = np.arange(rows) % 5
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(5)]


@pytest.mark.parametrize("seed", range(5))
def test_a_straight_truth_comes_out_straight(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.lognormal(3, 1, 2_000)
    x = design({"a": a, "noise": rng.normal(size=2_000)})
    z = 0.8 * signed_log(a) + 0.5 * rng.normal(size=2_000)
    frame, fitted = fit_normal(x, z)
    # One for the line; what chance bends is worth less than one more, and a curve free to bend
    # would use ten.
    assert 0.9 < used(frame, fitted, 0) < 2.5
    at = np.quantile(a, np.linspace(0.02, 0.98, 30))
    drawn = model(frame, fitted).raw(design({"a": at, "noise": np.zeros(30)}).matrix)
    slope = np.diff(drawn) / np.diff(signed_log(at))
    # Standard error of the slope is 0.011; bends may add a little.
    np.testing.assert_allclose(slope.mean(), 0.8, atol=0.05)
    np.testing.assert_allclose(drawn, 0.8 * signed_log(at), atol=0.12)
    assert fitted.noise == pytest.approx(0.25, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_columns_of_noise_use_next_to_nothing(seed: int) -> None:
    rng = np.random.default_rng(10 + seed)
    columns = {f"n{k}": rng.normal(size=1_500) * 10.0**k for k in range(4)}
    columns |= {f"p{k}": rng.lognormal(2, 1, 1_500) for k in range(4)}
    columns |= {"flag": (rng.random(1_500) < 0.3).astype(float)}
    columns |= {"level": rng.integers(0, 8, 1_500).astype(float)}
    x = design(columns, {"level": tuple("abcdefgh")})
    frame, fitted = fit_normal(x, rng.normal(size=1_500))
    spent = [used(frame, fitted, place) for place in range(len(columns))]
    # There are about 100 weights. Chance lets each of about 25 blocks pay for a part of one.
    assert sum(spent) < 8
    assert np.median(spent) < 0.7
    away = model(frame, fitted).raw(x.matrix)
    assert away.std() < 0.12  # the noise has a spread of 1


@pytest.mark.parametrize("seed", range(4))
def test_the_first_days_of_a_recency_are_recovered(seed: int) -> None:
    """5 / (1 + days), where one row in a hundred lies within the first day."""
    rng = np.random.default_rng(20 + seed)
    days = rng.exponential(1.0, 8_000) * rng.lognormal(4.5, 0.8, 8_000)
    assert (days < 1).sum() < 200
    x = design({"days": days})
    frame, fitted = fit_normal(x, 5 / (1 + days) + 0.75 * rng.normal(size=8_000))
    at = np.array([0.02, 0.1, 0.25, 0.5, 0.75, 1.0, 2.0, 5.0, 30.0, 150.0])
    drawn = model(frame, fitted).raw(design({"days": at}).matrix)
    # A spline in the logarithm alone is off by half of the spike there. 50 to 150 rows a day with
    # a spread of 0.75 have standard errors of 0.1.
    np.testing.assert_allclose(drawn, 5 / (1 + at), atol=0.35)


def test_beyond_what_was_seen_curves_are_flat() -> None:
    rng = np.random.default_rng(0)
    a = rng.lognormal(3, 1, 2_000)
    frame, fitted = fit_normal(design({"a": a}), 0.8 * np.log(a) + 0.3 * rng.normal(size=2_000))
    ends = design({"a": np.array([a.min(), 0.0, -50.0, a.max(), 1e6, 1e30])})
    drawn = model(frame, fitted).raw(ends.matrix)
    np.testing.assert_allclose(drawn[:3], drawn[0], atol=1e-6)
    np.testing.assert_allclose(drawn[3:], drawn[3], atol=1e-6)


def test_curves_say_what_the_matrix_says() -> None:
    """The saved curves, straight between 160 points, against the columns that were fitted."""
    rng = np.random.default_rng(1)
    columns = {
        "days": rng.exponential(60, 3_000),
        "count": rng.poisson(3, 3_000).astype(float),
        "amount": rng.normal(0, 500, 3_000),
        "flag": (rng.random(3_000) < 0.5).astype(float),
        "level": rng.integers(0, 4, 3_000).astype(float),
    }
    columns["days"][rng.random(3_000) < 0.1] = np.nan
    columns["level"][rng.random(3_000) < 0.1] = np.nan
    x = design(columns, {"level": tuple("abcd")})
    z = np.nan_to_num(4 / (1 + columns["days"]), nan=0.2) + np.sin(columns["count"])
    frame, fitted = fit_normal(x, z + columns["flag"] + 0.3 * rng.normal(size=3_000))
    raw = model(frame, fitted).raw(x.matrix)
    exact = with_ones(frame, x) @ fitted.weights
    assert exact.std() > 0.5
    np.testing.assert_allclose(raw, exact, atol=0.02)


def test_odd_columns_have_no_curve_or_a_line() -> None:
    rows = 300
    rng = np.random.default_rng(2)
    some = {
        "constant": np.full(rows, 7.0),
        "missing": np.full(rows, np.nan),
        "two values": np.where(np.arange(rows) % 2, -3.0, 8.0),
        "three values": (np.arange(rows) % 3).astype(float),
        "huge": np.where(np.arange(rows) == 5, 1e30, rng.random(rows)),
    }
    x = design(some)
    frame, fitted = fit_normal(x, rng.normal(size=rows) + np.arange(rows) % 2)
    assert used(frame, fitted, 0) == used(frame, fitted, 1) == 0
    assert sum(block.source == (2,) for block in frame.blocks) == 1
    assert 0.8 < used(frame, fitted, 2) <= 1
    raw = model(frame, fitted).raw(x.matrix)
    assert np.isfinite(raw).all()
    assert raw[1::2].mean() - raw[::2].mean() == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_logistic_agrees_with_an_independent_fit(seed: int) -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    matrix = np.column_stack([np.ones(1_500), rng.normal(size=(1_500, 4))])
    p = 1 / (1 + np.exp(-matrix @ np.array([-1.0, 1.0, -0.5, 0.0, 0.3])))
    y = (rng.random(1_500) < p).astype(float)
    weight = rng.uniform(0.3, 3.0, 1_500)
    # Without blocks nothing is penalised but by a hair.
    ours = logistic(matrix, y, weight, [], penalties=NONE)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000)
    theirs.fit(matrix[:, 1:], y, sample_weight=weight)
    np.testing.assert_allclose(ours.weights[1:], theirs.coef_[0], atol=1e-4)
    assert ours.weights[0] == pytest.approx(theirs.intercept_[0], abs=1e-4)
    # And with one penalty for all, which is C = 1 / penalty.
    ridge = logistic(matrix, y, weight, [slice(1, 5)], penalties=np.array([20.0]))
    theirs = LogisticRegression(C=1 / 20, tol=1e-10, max_iter=2_000)
    theirs.fit(matrix[:, 1:], y, sample_weight=weight)
    np.testing.assert_allclose(ridge.weights[1:], theirs.coef_[0], atol=1e-4)


@pytest.mark.parametrize(("seed", "cap"), [(0, 1.5), (1, 0.8), (2, 3.0), (3, 9.0)])
def test_the_censored_fit_is_the_maximum_of_its_likelihood(seed: int, cap: float) -> None:
    """Against scipy's own search, with a twentieth to a third of the rows (or none) cut off."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([np.ones(1_200), rng.normal(size=(1_200, 3))])
    z = matrix @ np.array([0.5, 0.7, -0.4, 0.0]) + 0.8 * rng.normal(size=1_200)
    cut = z >= cap
    z = np.minimum(z, cap)

    def loss(parameters: Floats) -> float:
        away = (z - matrix @ parameters[:4]) / np.exp(parameters[4])
        whole = norm.logpdf(away) - parameters[4]
        return -float(np.where(cut, norm.logsf(away), whole).sum())

    theirs = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-5}).x
    one = np.ones(1_200)
    ours = censored_normal(matrix, z, cut, one, [], penalties=NONE)
    np.testing.assert_allclose(ours.weights, theirs[:4], atol=3e-3)
    # Ours divides by the rows less the weights, as least squares does.
    assert ours.noise * (1_200 - 4) / 1_200 == pytest.approx(np.exp(2 * theirs[4]), rel=5e-3)
    if cut.mean() > 0.1:  # to take the cut amounts at their word would be far off
        plain = censored_normal(matrix, z, np.zeros_like(cut), one, [], penalties=NONE)
        assert plain.weights[1] < ours.weights[1] - 0.05


def test_a_weight_of_two_is_a_row_twice() -> None:
    rng = np.random.default_rng(5)
    x = design({"a": rng.lognormal(2, 1, 800), "b": rng.normal(size=800)})
    frame = frame_of(x)
    matrix, where = with_ones(frame, x), blocks(frame)
    z = np.log(x.matrix[:, 0].astype(float)) + 0.6 * rng.normal(size=800)
    cut = z > 3.5
    z = np.minimum(z, 3.5)
    twice = np.repeat(np.arange(800), np.where(np.arange(800) % 3 == 0, 2, 1))
    weight, one = np.bincount(twice).astype(float), np.ones(len(twice))
    fixed = np.full(len(where), 3.0)
    p, q = (
        logistic(m, (v > 2).astype(float), w, where, penalties=fixed).weights
        for m, v, w in ((matrix, z, weight), (matrix[twice], z[twice], one))
    )
    np.testing.assert_allclose(p, q, atol=1e-9)
    one_fit, other = (
        censored_normal(m, v, c, w, where, penalties=fixed)
        for m, v, c, w in ((matrix, z, cut, weight), (matrix[twice], z[twice], cut[twice], one))
    )
    np.testing.assert_allclose(one_fit.weights, other.weights, atol=1e-4)
    assert one_fit.noise == pytest.approx(other.noise, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_spread_that_varies_is_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=4_000), rng.normal(size=4_000)
    x = design({"a": a, "b": b})
    frame = frame_of(x)
    sd = np.exp(-0.5 + 0.4 * signed_log(a))
    squares = (sd * rng.normal(size=4_000)) ** 2
    one = np.ones(4_000)
    fitted = log_variance(with_ones(frame, x), squares, one, blocks(frame))
    found = model(frame, fitted).raw(x.matrix) / 2
    # log sd: 4,000 squares of information 1/2 each have a standard error of 0.02 for the level.
    assert np.abs(found - np.log(sd)).mean() < 0.06
    assert used(frame, fitted, 0) > 0.9
    assert used(frame, fitted, 1) < 2.5


def table_of(x: Design, y: Floats) -> Table:
    data = SpendData(x, y, np.ones(len(y)), np.zeros(len(y), dtype=bool), float(y.max()))
    return Table.of(data, frame_of(x))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("crossed", [True, False])
def test_products_join_where_there_is_one(seed: int, crossed: bool) -> None:
    rng = np.random.default_rng(30 + seed)
    rows = 2_500
    columns = {name: rng.normal(size=rows) for name in "abcd"}
    columns["arm"] = rng.integers(0, 2, rows).astype(float)
    x = design(columns, {"arm": ("no", "yes")})
    a, b, arm = columns["a"], columns["b"], columns["arm"]
    log_odds = 0.3 + 0.7 * a + (1.2 * b * (arm - 0.5) if crossed else 0)
    logs = 3 + 0.5 * a + 0.4 * b + (0.4 * a * b if crossed else 0) + 0.6 * rng.normal(size=rows)
    y = np.where(rng.random(rows) < 1 / (1 + np.exp(-log_odds)), np.exp(logs), 0.0)
    table = table_of(x, y)
    where, spends = blocks(table.frame), y > 0
    whether = logistic(table.matrix, spends.astype(float), table.weights, where)
    some = np.flatnonzero(spends)
    amount = censored_normal(
        table.matrix[some], table.logs[some], table.capped[some], table.weights[some], where
    )
    chosen = [
        choose_pairs(table.matrix, Part.of(table.frame, fit, 0.02), likelihood, asked, folds(rows))
        for fit, likelihood, asked in (
            (whether, Whether(table), np.arange(rows)),
            (amount, HowMuch(table), some),
        )
    ]
    if crossed:
        assert [set(pair) for pair in chosen[0].pairs] == [{1, 4}]
        assert [set(pair) for pair in chosen[1].pairs] == [{0, 1}]
    else:
        # Chance tries one in 20 tables, and then has to convince out of fold too.
        assert chosen[0].pairs == chosen[1].pairs == ()


def test_a_product_says_the_same_when_it_is_saved() -> None:
    """`AdditiveModel.products` against the matrix's own columns, missing values among them."""
    rng = np.random.default_rng(40)
    a, b = rng.lognormal(2, 1, 2_000), rng.normal(size=2_000)
    a[rng.random(2_000) < 0.1] = np.nan
    level = rng.integers(0, 3, 2_000).astype(float)
    x = design({"a": a, "b": b, "level": level}, {"level": tuple("abc")})
    y = np.exp(1 + 0.3 * np.nan_to_num(np.log(a)) + 0.2 * b + 0.4 * rng.normal(size=2_000))
    table = table_of(x, y)
    every, where = np.arange(2_000), blocks(table.frame)
    first = censored_normal(table.matrix, table.logs, table.capped, table.weights, where)
    part = Part.of(table.frame, first, 0.0).with_pairs(table.matrix, [(0, 1), (2, 1)])
    fitted = HowMuch(table).fit(part.columns(table.matrix), every, part, part.blocks)
    saved = part.model(table.frame, fitted)
    assert len(saved.products) == 2
    exact = part.columns(table.matrix) @ fitted.weights
    again = AdditiveModel.from_dict(saved.to_dict())
    np.testing.assert_allclose(saved.raw(x.matrix), exact, atol=0.02)
    np.testing.assert_array_equal(again.raw(x.matrix), saved.raw(x.matrix))
    added = saved.contributions(x.matrix).sum(axis=1) + saved.intercept
    np.testing.assert_allclose(added, saved.raw(x.matrix), atol=1e-12)


def test_a_gain_is_clear_by_what_the_rows_count() -> None:
    gain = np.random.default_rng(0).normal(0.2, 1, 1_000)
    times = np.where(gain > 0, 1.0, 4.0)
    assert clearly(gain, np.ones(1_000))
    assert clearly(gain, np.full(1_000, 7.0))
    assert not clearly(gain, times)
    assert not clearly(np.zeros(1_000), np.ones(1_000))
    assert not clearly(gain[:0], gain[:0])
