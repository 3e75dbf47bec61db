"""Fits of penalised blocks: who spends at all, how much (cut off at a cap), and how it spreads."""

__all__ = ["Fitted", "censored_normal", "log_variance", "logistic"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.models.smooth import CONVERGED, Penalised

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 25
PENALTY_ROUNDS = 60
STILL = 1e-6


@dataclass(frozen=True)
class Fitted:
    """Weights of a matrix's columns, the first of them the intercept, and how they came about.

    Parameters
    ----------
    weights, inverse : and the inverse of the penalised information, in units of `noise`.
    penalties : of the blocks.
    noise : the variance about the curves; 1 where the likelihood has none.
    used : degrees of freedom of each block.
    """

    weights: Floats
    inverse: Floats
    penalties: Floats
    noise: float
    used: Floats


def logistic(
    matrix: Floats,
    y: Floats,
    weight: Floats,
    blocks: Sequence[slice],
    *,
    penalties: Floats | None = None,
    start: Floats | None = None,
    rounds: int = ROUNDS,
    steps: int = PENALTY_ROUNDS,
) -> Fitted:
    """P(y = 1) by penalised maximum likelihood; `penalties` None lets the data settle them.

    Newton's method; the penalties move between its steps (Breslow and Clayton 1993).
    """
    model = Penalised(blocks, matrix.shape[1])
    free = penalties is None
    if penalties is not None:
        model.penalties = penalties.copy()
    weights = np.zeros(matrix.shape[1]) if start is None else start.copy()
    if start is None:
        share = float(np.clip(weight @ y / weight.sum(), 1e-6, 1 - 1e-6))
        weights[0] = np.log(share / (1 - share))
    inverse = np.empty((0, 0))
    for _ in range(rounds):
        eta = np.clip(matrix @ weights, -30, 30)
        p = 1 / (1 + np.exp(-eta))
        curve = np.maximum(weight * p * (1 - p), 1e-10)
        gram = (matrix * curve[:, None]).T @ matrix
        right = matrix.T @ (curve * eta + weight * (y - p))
        before = weights
        weights, inverse = _settle(model, gram, right, noise=1.0, steps=steps if free else 0)
        # Newton's steps: where one moves so little, what is left is about its square.
        if float(np.abs(weights - before).max()) < STILL**0.5:
            break
    return Fitted(weights, inverse, model.penalties, 1.0, model.used(inverse))


def censored_normal(
    matrix: Floats,
    z: Floats,
    censored: Flags,
    weight: Floats,
    blocks: Sequence[slice],
    *,
    penalties: Floats | None = None,
    rounds: int = ROUNDS,
    steps: int = PENALTY_ROUNDS,
    precision: Floats | None = None,
    start: Fitted | None = None,
) -> Fitted:
    """Normal z about curves, where `censored` values are only known to be at least z (Tobin 1958).

    Each round takes a quadratic of the likelihood: whole rows count once, censored ones by how
    steep the chance of passing z is there. `weight` is how often a row counts, which says nothing
    of its variance: that is `noise` / `precision`, which is 1 by default.
    """
    precise = np.ones(len(z)) if precision is None else precision
    total = weight * precise
    model = Penalised(blocks, matrix.shape[1])
    free = penalties is None
    if penalties is not None:
        model.penalties = penalties.copy()
    seen, cut = ~censored, np.flatnonzero(censored)
    gram_seen = (matrix[seen] * total[seen, None]).T @ matrix[seen]
    right_seen = matrix[seen].T @ (total[seen] * z[seen])
    squares, count = float(total[seen] @ z[seen] ** 2), float(weight.sum())
    if start is None:
        weights, noise = np.zeros(matrix.shape[1]), float(np.var(z)) or 1.0
        weights[0] = float(np.average(z, weights=weight))
    else:
        weights, noise = start.weights.copy(), start.noise
    inverse = np.empty((0, 0))
    for _ in range(rounds):
        gram, right, extra = gram_seen, right_seen, 0.0
        if len(cut):
            spread = np.sqrt(noise / precise[cut])
            at = matrix[cut] @ weights
            away = (z[cut] - at) / spread
            hazard = _hazard(away)
            steep = np.maximum(hazard * (hazard - away), 1e-6)
            counts = steep * total[cut]
            gram = gram + (matrix[cut] * counts[:, None]).T @ matrix[cut]
            right = right + matrix[cut].T @ (counts * (at + spread * hazard / steep))
            extra = noise * float(weight[cut] @ (1 + away * hazard))
        before = weights, noise

        def spread_of(weights: Floats, freedom: float, extra: float = extra) -> float:
            off = squares - 2 * weights @ right_seen + weights @ gram_seen @ weights
            return max(float(off + extra) / max(count - freedom, 1.0), 1e-8)

        for _ in range(steps if free else 1):
            weights, inverse = model.solve(gram, right)
            moved = 0.0
            if free:
                moved = model.update(weights, inverse, gram, noise)
            else:
                model.freedom = float(np.sum(inverse * gram))
            noise = spread_of(weights, model.freedom)
            if moved < CONVERGED**0.5:
                break
        if free:  # by the penalties as they are now
            weights, inverse = model.solve(gram, right)
        still = STILL ** (0.5 if free else 0.75)
        if float(np.abs(weights - before[0]).max()) < still and (
            abs(noise / before[1] - 1) < still
        ):
            break
        if not len(cut) and not free:
            break
    return Fitted(weights, inverse, model.penalties, noise, model.used(inverse))


def log_variance(
    matrix: Floats,
    squares: Floats,
    weight: Floats,
    blocks: Sequence[slice],
    *,
    penalties: Floats | None = None,
) -> Fitted:
    """log of the variance as curves, from squared residuals (Smyth 1989): a gamma regression.

    The information of each row is a half, whatever its variance.
    """
    model = Penalised(blocks, matrix.shape[1])
    free = penalties is None
    if penalties is not None:
        model.penalties = penalties.copy()
    weights = np.zeros(matrix.shape[1])
    weights[0] = np.log(max(float(np.average(squares, weights=weight)), 1e-12))
    gram = (matrix * (weight / 2)[:, None]).T @ matrix
    inverse = np.empty((0, 0))
    for _ in range(ROUNDS):
        eta = matrix @ weights
        surprise = np.clip(squares * np.exp(-eta) - 1, None, 20.0)
        right = gram @ weights + matrix.T @ (weight / 2 * surprise)
        before = weights
        weights, inverse = _settle(
            model, gram, right, noise=1.0, steps=PENALTY_ROUNDS if free else 0
        )
        if float(np.abs(weights - before).max()) < STILL**0.5:
            break
    return Fitted(weights, inverse, model.penalties, 1.0, model.used(inverse))


def _settle(
    model: Penalised, gram: Floats, right: Floats, *, noise: float, steps: int
) -> tuple[Floats, Floats]:
    """The weights of a quadratic likelihood, with the penalties moved to where it is likeliest."""
    weights, inverse = model.solve(gram, right)
    for _ in range(steps):
        moved = model.update(weights, inverse, gram, noise)
        weights, inverse = model.solve(gram, right)
        if moved < CONVERGED**0.5:
            break
    return weights, inverse


def _hazard(away: Floats) -> Floats:
    """The normal density over what lies above (the inverse Mills ratio)."""
    from scipy.special import log_ndtr

    return np.exp(-(away**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-away))
