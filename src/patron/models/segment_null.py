"""One correlated continuum: what the axes would look like with the same margins and no groups.

A Gaussian copula has the margins of the data, ties and zeros included, and their rank correlations,
and is otherwise one cloud. Groups are there to the extent that the data fall apart more than it
does. (Columns permuted one by one have no correlations either; against that, anything correlated
looks like groups.)
"""

__all__ = ["Continuum"]

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.float32]

_ROWS = 20_000
_ROUNDS = 6


class Continuum:
    """A Gaussian copula with the margins and the rank correlations of some rows.

    Ties make a latent correlation look smaller than it is, so it is settled in a few rounds: drawn
    rows must have the rank correlations of the data.
    Source: Nelsen (2006), for copulas; Spearman's rho of a Gaussian copula is 6/pi asin(r/2).

    Parameters
    ----------
    positions : float [n, axes].
    """

    def __init__(self, positions: Positions, *, seed: int) -> None:
        self._margins = np.sort(np.asarray(positions, np.float64), axis=0)
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(positions))[:_ROWS]
        aim = _rank_correlation(np.asarray(positions, np.float64)[rows])
        noise = rng.standard_normal((min(_ROWS, max(len(positions), 2_000)), len(aim)))
        latent = 2 * np.sin(np.pi * aim / 6)
        for _ in range(_ROUNDS):
            seen = _rank_correlation(self._with(latent, noise))
            latent = np.clip(latent + aim - seen, -0.995, 0.995)
            np.fill_diagonal(latent, 1.0)
        self._latent = latent

    def draw(self, rows: int, *, seed: int) -> Positions:
        """So many rows of the continuum [rows, axes]."""
        noise = np.random.default_rng(seed).standard_normal((rows, len(self._latent)))
        return self._with(self._latent, noise).astype(np.float32)

    def _with(self, latent: Floats, noise: Floats) -> Floats:
        from scipy.special import ndtr

        places = ndtr(noise @ np.linalg.cholesky(_possible(latent)).T)
        n = len(self._margins)
        at = np.minimum((places * n).astype(np.intp), n - 1)
        return np.asarray(np.take_along_axis(self._margins, at, axis=0))


def _possible(correlation: Floats) -> Floats:
    """The nearest correlation matrix by its eigenvalues, all of them above 0."""
    values, vectors = np.linalg.eigh(correlation)
    made = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(made))
    return np.asarray(made / np.outer(scale, scale))


def _rank_correlation(rows: Floats) -> Floats:
    from scipy.stats import rankdata

    ranks = rankdata(rows, axis=0)
    ranks -= ranks.mean(axis=0)
    spread = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(spread > 0, spread, 1.0)
    found = ranks.T @ ranks
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)
