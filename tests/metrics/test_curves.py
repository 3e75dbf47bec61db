import numpy as np
import pytest
import sklearn.metrics

from patron.metrics import (
    calibration_curve,
    capture_at,
    gains_curve,
    precision_recall_curve,
    roc_auc,
    roc_curve,
    score_histogram,
)


def sample(seed=0, n=5000, decimals=None):
    random = np.random.default_rng(seed)
    p = random.beta(1, 3, n)
    y = (random.random(n) < p).astype(float)
    return y, p if decimals is None else p.round(decimals)


@pytest.mark.parametrize("decimals", [None, 1])
def test_roc_curve_keeps_its_ends_and_its_area(decimals):
    y, p = sample(decimals=decimals)
    curve = roc_curve(y, p)
    assert (curve["x"][0], curve["y"][0], curve["x"][-1], curve["y"][-1]) == (0, 0, 1, 1)
    assert len(curve["x"]) == len(curve["y"]) <= 200
    assert (np.diff(curve["x"]) >= 0).all()
    area = np.trapezoid(curve["y"], curve["x"])
    assert area == pytest.approx(roc_auc(y, p).value, abs=0.001)  # thinned to 200 of 5,000 points


@pytest.mark.parametrize("decimals", [None, 1])
def test_points_of_the_curves_are_those_of_scikit_learn(decimals):
    y, p = sample(n=150, decimals=decimals)
    false, true, _ = sklearn.metrics.roc_curve(y, p, drop_intermediate=False)
    curve = roc_curve(y, p)
    np.testing.assert_allclose([curve["x"], curve["y"]], [false, true], atol=1e-12)
    held, found, _ = sklearn.metrics.precision_recall_curve(y, p)
    curve = precision_recall_curve(y, p)
    # scikit-learn runs from recall 1 down, and ends in an invented point (recall 0, precision 1).
    np.testing.assert_allclose([curve["x"], curve["y"]], [found[-2::-1], held[-2::-1]], atol=1e-12)


def test_precision_recall_curve_is_thinned():
    curve = precision_recall_curve(*sample())
    assert len(curve["x"]) <= 200
    assert curve["x"][-1] == 1


def test_calibration_curve_covers_calibrated_forecasts():
    y, p = sample()
    points = calibration_curve(y, p)
    assert set(points[0]) == {"predicted", "observed", "low", "high", "n"}
    assert sum(point["n"] for point in points) == 5000
    assert len(points) == 15
    rising = [point["predicted"] for point in points]
    assert rising == sorted(rising)
    covered = sum(point["low"] <= point["predicted"] <= point["high"] for point in points)
    assert covered >= 12  # 15 intervals of 95 %: fewer than 12 happen once in 20,000 samples
    assert sum(point["observed"] * point["n"] for point in points) == pytest.approx(y.sum())


def test_calibration_curve_merges_ties():
    y, p = sample(decimals=1)
    points = calibration_curve(y, p)
    tops = np.unique(p)
    assert len(points) <= tops.size
    assert calibration_curve([0, 1, 1], [0.3] * 3)[0]["observed"] == pytest.approx(2 / 3)


def test_gains_curve_agrees_with_capture():
    y, p = sample()
    points = gains_curve(y, p)
    assert points[0] == {"contacted": 0, "captured": 0, "low": 0, "high": 0}
    assert points[-1] == {"contacted": 1, "captured": 1, "low": 1, "high": 1}
    assert all(point["low"] <= point["captured"] <= point["high"] for point in points)
    expected = capture_at(y, p, share=0.2)
    fifth = points[10]
    assert fifth["contacted"] == 0.2
    assert (fifth["low"], fifth["captured"], fifth["high"]) == pytest.approx(
        (expected.low, expected.value, expected.high)
    )


def test_curves_with_entities_are_wider():
    y, p = sample(n=500)
    twice = np.repeat(np.arange(500), 4)
    plain = calibration_curve(np.repeat(y, 4), np.repeat(p, 4))
    grouped = calibration_curve(np.repeat(y, 4), np.repeat(p, 4), groups=twice)
    middle = len(plain) // 2
    width = [curve[middle]["high"] - curve[middle]["low"] for curve in (plain, grouped)]
    assert width[1] == pytest.approx(2 * width[0], rel=0.2)


def test_histogram_counts_every_row_once():
    y, p = sample(n=1000)
    counted = score_histogram(y, p)
    assert len(counted["edges"]) == 41
    assert sum(counted["positive"]) == y.sum()
    assert sum(counted["negative"]) == 1000 - y.sum()
    assert (counted["edges"][0], counted["edges"][-1]) == (0, p.max())
    assert sum(score_histogram([0, 1], [0.0, 0.0])["positive"]) == 1
