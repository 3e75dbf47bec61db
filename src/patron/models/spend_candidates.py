"""Candidates for a spend model: each with what it was worth on rows not seen, and the choice."""

__all__ = ["SpendCandidate", "choose", "why"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.metrics import crps_difference
from patron.models.amounts import Parts
from patron.models.spend_data import SpendScorer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpendCandidate:
    """One way to forecast spend, with what it was worth on rows it had not seen.

    Parameters
    ----------
    unseen : the cross-fitted distributions of the compared rows.
    scores : the CRPS of each [n], times how often it counts (1 on average).
    crps : their mean.
    seconds, cpu_seconds : of cross-fitting and fitting.
    scoring_seconds : CPU seconds for 100,000 rows on one thread.
    """

    name: str
    title: str
    reads_as: str
    readability: float
    floor: bool
    scorer: SpendScorer
    unseen: Parts
    scores: Floats
    crps: Estimate
    seconds: float
    cpu_seconds: float
    scoring_seconds: float


def choose(candidates: Sequence[SpendCandidate], **judged: Any) -> SpendCandidate:
    """The most readable candidate whose CRPS is not above the least one's beyond noise, paired.

    `judged` are the level of the interval, and the groups of rows that belong together.
    """
    best = min(candidates, key=lambda each: each.crps.value)
    return next(
        each
        for each in sorted(candidates, key=lambda each: each.readability)
        if each is best or not crps_difference(each.scores, best.scores, **judged).low > 0
    )


def why(
    chosen: SpendCandidate, candidates: Sequence[SpendCandidate], **judged: Any
) -> tuple[str, ...]:
    """Why this candidate was chosen, in sentences made from the figures."""
    ranked = sorted(candidates, key=lambda each: each.crps.value)
    best = ranked[0]
    title = chosen.title[:1].upper() + chosen.title[1:]
    if chosen is not best:
        first = (
            f"{title} came within the noise of the best, {best.title} (out-of-fold CRPS "
            f"{chosen.crps.value:.4g} against {best.crps.value:.4g}), and is easier to read."
        )
    else:
        beside = f", against {ranked[1].crps.value:.4g} of {ranked[1].title}" if ranked[1:] else ""
        first = f"{title} had the least out-of-fold CRPS ({chosen.crps.value:.4g}{beside})."
    mean = next((each for each in candidates if each.name == "mean"), None)
    if mean is None or mean is chosen:
        return (first,)
    gain = crps_difference(mean.scores, chosen.scores, **judged)
    share = gain.value / mean.crps.value
    sure = "" if gain.low > 0 else ", which may be chance"
    return (first, f"That is {share:.1%} below the plain mean's{sure}.")
