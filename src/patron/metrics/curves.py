"""The data of the pictures, as plain dicts of lists with at most about 200 points."""

__all__ = [
    "calibration_curve",
    "gains_curve",
    "precision_recall_curve",
    "roc_curve",
    "score_histogram",
]

import numpy as np
from numpy.typing import ArrayLike

from patron.metrics.inputs import Codes, Vector, checked, ranked
from patron.metrics.interval import ratio_interval
from patron.metrics.probability import BINS, equal_mass_bins
from patron.metrics.ranking import captured

POINTS = 200
GAINS_STEPS = 50
HISTOGRAM_BINS = 40


def roc_curve(y: ArrayLike, p: ArrayLike) -> dict[str, list[float]]:
    """False positive rate (x) and true positive rate (y), from (0, 0) to (1, 1)."""
    rows = checked(y, p, both_classes=True)
    at = ranked(rows)
    x = np.r_[0.0, (at.reached - at.caught) / rows.negative]
    true = np.r_[0.0, at.caught / rows.positive]
    keep = _evenly(x + true)
    return {"x": x[keep].tolist(), "y": true[keep].tolist()}


def precision_recall_curve(y: ArrayLike, p: ArrayLike) -> dict[str, list[float]]:
    """Recall (x) and precision (y), from the highest score down to recall 1."""
    rows = checked(y, p, both_classes=True)
    at = ranked(rows)
    x, held = at.caught / rows.positive, at.caught / at.reached
    keep = _evenly(x + at.reached / rows.y.size)
    return {"x": x[keep].tolist(), "y": held[keep].tolist()}


def calibration_curve(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> list[dict[str, float]]:
    """Mean forecast and share of positives, with Wilson's interval, in bins of equal size.

    The bins are those of `ece`.
    """
    rows = checked(y, p, groups, probabilities=True)
    bins = equal_mass_bins(rows.p, BINS)
    points = []
    for each in range(int(bins.max()) + 1):
        inside = (bins == each).astype(np.float64)
        n = int(inside.sum())
        low, high = ratio_interval(rows.y * inside, inside, rows.groups, level)
        predicted, observed = float(rows.p @ inside) / n, float(rows.y @ inside) / n
        points.append(
            {"predicted": predicted, "observed": observed, "low": low, "high": high, "n": n}
        )
    return points


def gains_curve(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> list[dict[str, float]]:
    """The share of positives captured by contacting the top 0, 2, … 100 %; see `capture_at`."""
    rows = checked(y, p, groups, both_classes=True)
    at = ranked(rows)
    points = [{"contacted": 0.0, "captured": 0.0, "low": 0.0, "high": 0.0}]
    for step in range(1, GAINS_STEPS + 1):
        share = step / GAINS_STEPS
        value, low, high = captured(rows, at, share, level)
        points.append({"contacted": share, "captured": value, "low": low, "high": high})
    return points


def score_histogram(y: ArrayLike, p: ArrayLike) -> dict[str, list[float]]:
    """Counts of positive and negative rows by probability, from 0 to the highest one."""
    rows = checked(y, p, probabilities=True)
    top = float(rows.p.max()) or 1.0
    edges = np.linspace(0.0, top, HISTOGRAM_BINS + 1)
    positive = np.histogram(rows.p[rows.y == 1], edges)[0]
    negative = np.histogram(rows.p[rows.y == 0], edges)[0]
    return {"edges": edges.tolist(), "positive": positive.tolist(), "negative": negative.tolist()}


def _evenly(along: Vector) -> Codes:
    """The positions of at most 200 points, evenly spread on the rising values of `along`."""
    if along.size <= POINTS:
        return np.arange(along.size)
    wanted = np.linspace(along[0], along[-1], POINTS)
    return np.unique(np.minimum(np.searchsorted(along, wanted), along.size - 1))
