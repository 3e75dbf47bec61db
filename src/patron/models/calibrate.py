"""Calibrator: log-odds that mean what they say."""

__all__ = ["Calibrator"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Calibrator:
    """Probability = 1 / (1 + exp(-(intercept + slope * log-odds))).

    Logistic calibration (Platt 1999), fitted to out-of-fold log-odds. It keeps the order of the
    customers, so it changes no ranking metric. Slope 1 and intercept 0 leave the probabilities as
    they are.
    """

    def __init__(self, slope: float = 1.0, intercept: float = 0.0) -> None:
        self.slope = slope
        self.intercept = intercept

    @classmethod
    def fit(cls, raw: Floats, y: Floats) -> "Calibrator":
        """Maximum likelihood by Newton's method; the targets are smoothed as Platt proposed."""
        positive, negative = y.sum(), len(y) - y.sum()
        smooth = np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
        basis = np.column_stack([np.ones_like(raw), raw])

        def loss(weights: Floats) -> float:
            log_odds = basis @ weights
            return float(np.sum(np.logaddexp(0, log_odds) - smooth * log_odds))

        weights = np.zeros(2)
        for _ in range(50):
            p = _sigmoid(basis @ weights)
            curvature = (basis * (p * (1 - p))[:, None]).T @ basis + 1e-9 * np.eye(2)
            step = np.linalg.solve(curvature, basis.T @ (smooth - p))
            while loss(weights + step) > loss(weights) and np.abs(step).max() > 1e-10:
                step = step / 2  # a full step can overshoot where the log-odds are large
            weights = weights + step
            if np.abs(step).max() < 1e-10:
                break
        if weights[1] > 0:
            return cls(float(weights[1]), float(weights[0]))
        # It ranks no better than chance. Turned round it would be chance, too: all get the rate,
        # with just enough slope to keep the order.
        rate = float(smooth.mean())
        slope = min(1e-3, 1e-3 / max(1.0, float(np.abs(raw - raw.mean()).max())))
        return cls(slope, float(np.log(rate / (1 - rate)) - slope * raw.mean()))

    def __call__(self, raw: Floats) -> Floats:
        """The probabilities [rows] of log-odds [rows]."""
        return _sigmoid(self.intercept + self.slope * raw)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"method": "logistic", "slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Calibrator":
        """The Calibrator that `to_dict` wrote."""
        return cls(fields["slope"], fields["intercept"])


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))
