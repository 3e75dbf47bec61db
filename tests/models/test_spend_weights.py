"""Weights of a spend model: a row that counts k times does what k rows of its customer do."""

import numpy as np
import pytest
from numpy.typing import NDArray

from patron.models import smooth_pairs, two_part
from patron.models.forecast import Forecast
from patron.models.spend import LEARNERS, SpendModel

Floats = NDArray[np.float64]
ROWS = 1_200


def shop(rows: int, seed: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Columns, amounts, and how often each row counts: more where much is spent."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    spends = rng.random(rows) < 1 / (1 + np.exp(-0.2 - 0.7 * x[:, 0]))
    y = np.where(spends, np.exp(3.5 + 0.5 * x[:, 0] + 0.6 * rng.normal(size=rows)), 0.0)
    return x, y, np.where(y > 35, 4, 1) + (rng.random(rows) < 0.3)


def covered(forecast: Forecast, y: Floats, times: NDArray[np.intp]) -> float:
    low, high = forecast.interval(0.8)
    return float(np.average((low <= y) & (y <= high), weights=times))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_weight_of_k_is_k_rows(name: str) -> None:
    x, y, times = shop(ROWS, 0)
    again = np.repeat(np.arange(ROWS), times)
    weighted = SpendModel(learners=[name]).fit(x, y, times)
    repeated = SpendModel(learners=[name]).fit(x[again], y[again], groups=again)
    fresh, came, count = shop(6_000, 1)
    ours, theirs = (each.predict_distribution(fresh) for each in (weighted, repeated))
    assert covered(ours, came, count) == pytest.approx(0.8, abs=0.03)
    assert covered(ours, came, count) == pytest.approx(covered(theirs, came, count), abs=0.03)
    assert np.average(ours.zero_probability, weights=count) == pytest.approx(
        np.average(theirs.zero_probability, weights=count), abs=0.02
    )
    assert ours.mean.mean() == pytest.approx(theirs.mean.mean(), rel=0.04)
    mine, other = weighted.chosen_.crps, repeated.chosen_.crps
    assert mine.value == pytest.approx(other.value, rel=0.05)
    assert mine.high - mine.low == pytest.approx(other.high - other.low, rel=0.35)
    assert weighted.level_errors_.std() == pytest.approx(repeated.level_errors_.std(), rel=0.3)


def test_weights_decide_who_is_chosen() -> None:
    """Half of the rows follow the column, half do not; the best is best for those that count."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1_000, 1))
    other = np.arange(1_000) % 2 == 0
    y = np.exp(3 + np.where(other, 0, 1) * x[:, 0] + 0.3 * rng.normal(size=1_000))
    folds = [(np.flatnonzero(np.arange(1_000) % 4 >= 2), np.flatnonzero(np.arange(1_000) % 4 < 2))]
    folds.append((folds[0][1], folds[0][0]))
    found = {}
    for told, weights in (("all", np.ones(1_000)), ("others", np.where(other, 200.0, 1.0))):
        model = SpendModel(learners=["mean", "two_part"]).fit(x, y, weights, folds=folds)
        mean, curves = model.candidates_
        scores = [each.unseen.crps(y) for each in (mean, curves)]
        for each, own in zip((mean, curves), scores, strict=True):
            assert each.crps.value == pytest.approx(np.average(own, weights=weights))
        found[told] = model.why()
        gain = 1 - curves.crps.value / mean.crps.value
        if model.chosen_.name == "two_part":
            assert found[told][1].startswith(f"That is {gain:.1%} below the plain mean's")
    assert found["all"][0].startswith("Two-part curves had the least")
    assert found["others"][0].startswith("The plain mean")


def test_gains_of_products_spread_and_shape_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each decision is made by how often the rows count that it is about."""
    x, y, times = shop(ROWS, 3)
    y = y * np.exp(0.5 * x[:, 0] * x[:, 1] * (y > 0))
    asked: list[Floats] = []

    def clearly(gain: Floats, counts: Floats) -> bool:
        assert gain.shape == counts.shape
        asked.append(counts)
        return True

    monkeypatch.setattr(smooth_pairs, "clearly", clearly)
    monkeypatch.setattr(two_part, "clearly", clearly)
    SpendModel(learners=["two_part"]).fit(x, y, times)
    *_, product, spread, shape = asked
    for counts in (product, spread, shape):
        # Rows of 1, 2, 4 and 5: the amounts, in another order for the shape of their errors.
        assert sorted(counts / counts.sum()) == pytest.approx(
            sorted(times[y > 0] / times[y > 0].sum())
        )
