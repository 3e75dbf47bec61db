"""One correlated continuum: customers with the same margins and correlations, and no groups.

A Gaussian copula has the margins of the columns, ties and zeros included, and their rank
correlations, and is otherwise one cloud. Groups are there to the extent that the data fall apart
more than it does. (Columns permuted one by one have no correlations either; against that, anything
correlated looks like groups.) Zeros that come together because one brings about the other, such as
no orders, no returns and no discounts, are more than a correlation, and so count as groups.
"""

__all__ = ["Continuum"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_ROWS = 20_000
_ROUNDS = 5


class Continuum:
    """A Gaussian copula with the margins and the rank correlations of some rows.

    Ties make a latent correlation look smaller than it is, so it is settled in a few rounds: drawn
    rows must have the rank correlations of the data. Which values are missing together is drawn
    from the rows, apart from the values.
    Source: Nelsen (2006), for copulas; Spearman's rho of a Gaussian copula is 6/pi asin(r/2).

    Parameters
    ----------
    columns : [n, columns]; NaN where a value is missing.
    """

    def __init__(self, columns: Floats, *, seed: int) -> None:
        values = np.asarray(columns, np.float64)
        self._gone = np.isnan(values)
        self._margins = [
            np.sort(column[~gone]) for column, gone in zip(values.T, self._gone.T, strict=True)
        ]
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(values))[:_ROWS]
        aim = _rank_correlation(values[rows])
        noise = rng.standard_normal((min(_ROWS, max(len(values), 2_000)), len(aim)))
        gone = self._gone[rng.integers(0, len(values), len(noise))]
        latent = 2 * np.sin(np.pi * aim / 6)
        for _ in range(_ROUNDS):
            seen = _rank_correlation(self._with(latent, noise, gone))
            latent = np.clip(latent + aim - seen, -0.995, 0.995)
            np.fill_diagonal(latent, 1.0)
        self._latent = latent

    def draw(self, rows: int, *, seed: int) -> Floats:
        """So many rows of the continuum [rows, columns]."""
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((rows, len(self._latent)))
        return self._with(self._latent, noise, self._gone[rng.integers(0, len(self._gone), rows)])

    def _with(self, latent: Floats, noise: Floats, gone: NDArray[np.bool_]) -> Floats:
        from scipy.special import ndtr

        places = ndtr(noise @ np.linalg.cholesky(_possible(latent)).T)
        drawn = np.empty_like(places)
        for j, margin in enumerate(self._margins):
            if not len(margin):  # missing in every row, as `gone` says
                continue
            at = np.minimum((places[:, j] * len(margin)).astype(np.intp), len(margin) - 1)
            drawn[:, j] = margin[at]
        drawn[gone] = np.nan
        return drawn


def _possible(correlation: Floats) -> Floats:
    """The nearest correlation matrix by its eigenvalues, all of them above 0."""
    values, vectors = np.linalg.eigh(correlation)
    made = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(made))
    return np.asarray(made / np.outer(scale, scale))


def _rank_correlation(rows: Floats) -> Floats:
    """Spearman's, of each pair the rows where both are known; 0 where they say nothing."""
    from scipy.stats import rankdata

    known = ~np.isnan(rows)
    ranks = np.zeros(rows.shape)
    for j, there in enumerate(known.T):
        rank = rankdata(rows[there, j])
        ranks[there, j] = rank - rank.mean() if len(rank) else 0.0
    both = known.astype(np.float64)
    spread = (ranks**2).T @ both
    scale = np.sqrt(spread * spread.T)
    found = np.divide(ranks.T @ ranks, scale, out=np.zeros_like(scale), where=scale > 0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)
