"""How good the probabilities themselves are: log loss, Brier score, calibration error."""

__all__ = ["brier", "ece", "ece_noise", "equal_mass_bins", "log_loss", "log_loss_difference"]

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.estimate import Estimate
from patron.metrics.inputs import Codes, Rows, Vector, checked, summed
from patron.metrics.interval import margin, positive_interval

Matrix = NDArray[np.float64]

BINS = 15
SMALLEST_PROBABILITY = 1e-15
NOISE_DRAWS = 4000


def log_loss(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The mean of -log(the probability that was given to what happened), in nats.

    Range: 0 upwards; the share of positives r, said of every row, scores -r log r - (1-r) log(1-r).
    Probabilities are moved into [1e-15, 1 - 1e-15], so that one certain error costs 34.5 and not
    infinity. A proper score: only the true probabilities have the lowest expectation.
    Interval: on the log scale, from the losses. Assumes that rows (entities) are independent.
    Broken by near-certain forecasts that are wrong once in thousands of rows: the few rows that
    decide the value may not be in the sample.

    >>> round(log_loss([0, 1], [0.5, 0.5]).value, 4)
    0.6931
    """
    return _mean_loss(_log_losses, y, p, level, groups)


def brier(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None
) -> Estimate:
    """The mean squared distance between probability and outcome.

    Range: 0 to 1; the share of positives r, said of every row, scores r (1 - r). A proper score.
    Interval: on the log scale, from the squared distances. Assumes that rows (entities) are
    independent. Source: Brier (1950).

    >>> brier([0, 1], [0.5, 1.0]).value
    0.125
    """
    return _mean_loss(_squares, y, p, level, groups)


def log_loss_difference(
    y: ArrayLike,
    p_a: ArrayLike,
    p_b: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Estimate:
    """Log loss of `p_a` less log loss of `p_b`, on the same rows; below 0, a is better.

    Range: unbounded. Interval: from the row-wise differences, which are steadier than the losses.
    Assumes that both forecasts were fixed before these rows were seen.
    Source: Diebold and Mariano (1995), without serial correlation.
    """
    a = checked(y, p_a, groups, probabilities=True)
    b = checked(y, p_b, groups, probabilities=True)
    differences = _log_losses(a) - _log_losses(b)
    value = float(differences.mean())
    reach = margin(differences - value, a.groups, level)
    return Estimate(
        value, value - reach, value + reach, level, a.y.size, a.described("paired differences")
    )


def ece(
    y: ArrayLike,
    p: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """Expected calibration error: how far the share of positives is from the mean forecast.

    Rows are sorted by forecast into 15 bins of equal size (rows with an equal forecast stay
    together); value = sum over bins of |sum of (y - p)| / n. Range: 0 to 1.

    The value is the usual plug-in, and it is too high: the true probabilities score above zero, by
    `ece_noise`, which the method names. The interval is for the same sum without that noise, with
    the true probabilities in the place of y. With e the errors that chance adds to the bins' sums,

        |d + e| <= |d| + |e|           so   low = value - quantile of sum |e| / n, not below 0
        |d + e| >= sign(d) (d + e)     so  high = value + quantile of sum sign(d) e / n

    and both hold for any true errors d. Either end errs in at most 1 - level of samples, and where
    one is tight the other is loose, so that together they cover about the level: 0 is covered 95 %
    of the time by calibrated forecasts. The covariance of e is taken once from the residuals of
    the bins and once rescaled to the variance p (1 - p) that the forecasts imply; the wider counts.
    Assumes that rows (entities) are independent, and forecasts fixed before these rows were seen.
    Broken by fewer than about 30 positives with overconfident forecasts (covers 91 to 95 %).
    Says nothing of errors that cancel within a bin.
    Source: Naeini, Cooper and Hauskrecht (2015) for the value; Kumar, Liang and Ma (2019) for its
    bias.
    """
    rows = checked(y, p, groups, probabilities=True)
    n = rows.y.size
    bins = equal_mass_bins(rows.p, BINS)
    sums = summed(bins, rows.y - rows.p)
    value = float(np.abs(sums).sum()) / n
    low, high, chance = value, value, 0.0
    for covariance in _covariances(rows, bins, sums):
        noise = _noise(covariance, seed) / n
        ahead = math.sqrt(max(0.0, float(np.sign(sums) @ covariance @ np.sign(sums)))) / n
        low = min(low, max(0.0, value - float(np.quantile(noise, level))))
        high = max(high, min(1.0, value + NormalDist().inv_cdf(level) * ahead))
        chance = max(chance, float(noise.mean()))
    method = rows.described(f"{sums.size} equal-mass bins")
    return Estimate(
        value, low, high, level, n, f"{method}; {chance:.2g} is expected by chance alone"
    )


def ece_noise(p: ArrayLike, *, level: float = 0.95, seed: int = 0) -> Estimate:
    """What `ece` would say of these forecasts if they were the true probabilities.

    The value is its mean, and the interval holds `level` of such samples. Normal errors of the
    bins' sums with variance sum p (1 - p); rows independent.
    """
    forecast = checked(np.zeros(np.shape(p)), p, probabilities=True).p
    implied = summed(equal_mass_bins(forecast, BINS), forecast * (1 - forecast))
    noise = _noise(np.diag(implied), seed) / forecast.size
    low, high = np.quantile(noise, [(1 - level) / 2, (1 + level) / 2])
    method = f"{NOISE_DRAWS} draws of calibrated outcomes"
    return Estimate(float(noise.mean()), float(low), float(high), level, forecast.size, method)


def equal_mass_bins(p: Vector, count: int) -> Codes:
    """The bin of each row, 0, 1, … by rising forecast; rows with an equal forecast share one."""
    cuts = np.unique(np.sort(p)[np.arange(1, count) * p.size // count])
    return np.unique(np.searchsorted(cuts, p, side="right"), return_inverse=True)[1]


def _log_losses(rows: Rows) -> Vector:
    of_outcome = np.where(rows.y == 1, rows.p, 1 - rows.p)
    return -np.log(np.clip(of_outcome, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def _squares(rows: Rows) -> Vector:
    return (rows.y - rows.p) ** 2


def _mean_loss(
    losses_of: Callable[[Rows], Vector],
    y: ArrayLike,
    p: ArrayLike,
    level: float,
    groups: ArrayLike | None,
) -> Estimate:
    rows = checked(y, p, groups, probabilities=True)
    losses = losses_of(rows)
    value = float(losses.mean())
    ends = positive_interval(value, margin(losses - value, rows.groups, level))
    return Estimate(value, *ends, level, rows.y.size, rows.described("mean of row losses"))


def _covariances(rows: Rows, bins: Codes, sums: Vector) -> tuple[Matrix, Matrix]:
    """The covariance of the bins' sums: as observed, and rescaled to what the forecasts imply."""
    count = sums.size
    residuals = rows.y - rows.p - (sums / np.bincount(bins))[bins]
    by_row = summed(bins, residuals**2)
    observed = np.diag(by_row)
    if rows.groups is not None:
        units = int(rows.groups.max()) + 1
        cells = summed(rows.groups * count + bins, residuals, units * count).reshape(units, count)
        observed = cells.T @ cells * (units / (units - 1))
    implied = summed(bins, rows.p * (1 - rows.p))
    scale = np.sqrt(np.divide(implied, by_row, out=np.zeros(count), where=by_row > 0))
    return observed, observed * np.outer(scale, scale)


def _noise(covariance: Matrix, seed: int) -> Vector:
    """Draws of the sum of absolute normal errors with this covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(seed).standard_normal((NOISE_DRAWS, values.size))
    return np.abs(normal @ root.T).sum(axis=1)
