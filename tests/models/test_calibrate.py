"""Calibration: what is distorted is put right."""

import numpy as np
import pytest

from patron.models.calibrate import Calibrator


@pytest.mark.parametrize("seed", range(3))
def test_a_known_distortion_is_undone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1, 40_000)
    y = (rng.random(40_000) < 1 / (1 + np.exp(-truth))).astype(float)
    distorted = (truth - 0.7) / 0.5  # overconfident by two, and shifted
    found = Calibrator.fit(distorted, y)
    # Standard errors with 40,000 rows are about 0.01.
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.intercept == pytest.approx(0.7, abs=0.06)


def test_it_agrees_with_an_independent_fit() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    raw = rng.normal(size=5000)
    y = (rng.random(5000) < 1 / (1 + np.exp(-raw))).astype(float)
    ours = Calibrator.fit(raw, y)
    theirs = LogisticRegression(C=1e6).fit(raw[:, None], y)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], abs=2e-3)  # our targets are smoothed
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=2e-3)


def test_order_is_kept_even_where_the_model_ranks_backwards() -> None:
    rng = np.random.default_rng(4)
    raw = rng.normal(size=2000)
    y = (rng.random(2000) < 1 / (1 + np.exp(raw))).astype(float)
    p = Calibrator.fit(raw, y)(np.sort(raw))
    assert (np.diff(p) >= 0).all()
    assert 0 < p.min() <= p.max() < 1


@pytest.mark.parametrize("seed", range(6))
def test_scores_without_signal_become_the_base_rate(seed: int) -> None:
    """A slope at or below zero must not leave an intercept that was meant for it."""
    rng = np.random.default_rng(seed)
    y = (rng.random(5000) < 0.24).astype(float)
    backwards = -1.15 + 0.02 * rng.normal(size=5000) - 0.1 * (y - 0.24)
    found = Calibrator.fit(backwards, y)
    assert found(backwards).mean() == pytest.approx(y.mean(), abs=0.005)
    assert (np.diff(found(np.sort(backwards))) >= 0).all()
