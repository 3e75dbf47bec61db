"""Errors as they were seen: their quantiles, with those that a cap hides counted rightly."""

__all__ = ["MOST_ERRORS", "seen_errors"]

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ERRORS = 400
"""Quantiles that are kept."""


def seen_errors(away: Floats, cut: NDArray[np.bool_], weights: Floats) -> Floats:
    """At most `MOST_ERRORS` quantiles of errors, evenly spaced in probability.

    Those in `cut` are only known to be at least what they seem; their weight goes to the errors
    above them, evenly (Kaplan and Meier 1958). What lies above all of them is taken as the greatest
    error that was seen.
    """
    order = np.argsort(away, kind="stable")
    away, cut, weights = away[order], cut[order], weights[order]
    left = np.cumsum(weights[::-1])[::-1]
    survive = np.cumprod(np.where(cut, 1.0, 1 - weights / left))
    below = 1 - survive[~cut]
    seen = away[~cut]
    if not len(seen):
        return np.zeros(1)
    count = min(MOST_ERRORS, len(seen))
    shares = (np.arange(count) + 0.5) / count
    return np.asarray(np.interp(shares, below - np.diff(below, prepend=0.0) / 2, seen))
