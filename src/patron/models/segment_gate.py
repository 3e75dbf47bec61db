"""The gate: whether there are groups beyond one correlated continuum, and how many.

Every number of groups is judged alike, on figures that were fixed before any was seen; a figure
that flatters correlated data without groups (a silhouette, a stability) does not suffice.
"""

__all__ = ["GATES", "Judged", "beside_continuum", "choose", "honest", "judge", "why"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.metrics.clusters import (
    agreement,
    jaccards,
    mean_of_draws,
    mean_of_rows,
    silhouettes,
)
from patron.models.segment_fit import MOST_FITTED, k_means, nearest_two, polish, some
from patron.models.segment_null import Continuum

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Positions = NDArray[np.float32]

GATES = {
    "silhouette": 0.20,
    "copula_lift": 0.02,
    "z": 3.0,
    "jaccard_min": 0.75,
    "ari_bootstrap": 0.80,
    "smallest": 0.05,
}
"""What a number of groups has to reach, by the name of the figure."""

WITHIN = 0.015
"""Of those eligible whose lift is so near the best, the most stable is taken."""

HONEST = 20_000
"""Rows that silhouettes are judged on: apart from those learned from, where there are enough."""
DRAWS = 20
NULLS = 12
_DRAWN = 20_000  # rows of a bootstrap draw, and of a draw from the continuum
_JUDGED = 10_000  # rows of a draw from the continuum that its silhouette is judged on
_STARTS = 10


@dataclass(frozen=True)
class Judged:
    """A number of groups with the evidence for and against it.

    Parameters
    ----------
    centres : [k, axes].
    silhouette : in the declared space, on the honest sample.
    null_silhouette : the mean of the same over draws from one correlated continuum.
    copula_lift : the one less the other; the interval is that of both together.
    z : the lift in standard deviations of the draws.
    jaccard : how much of each group comes back in a bootstrap draw, on average [k].
    jaccard_min : of the group that comes back least.
    ari_bootstrap : the mean adjusted Rand index of the draws and the whole.
    smallest : the share of the smallest group.
    """

    k: int
    centres: Floats
    silhouette: Estimate
    null_silhouette: float
    copula_lift: Estimate
    z: float
    jaccard: Floats
    jaccard_min: Estimate
    ari_bootstrap: Estimate
    smallest: float

    @property
    def fails(self) -> tuple[str, ...]:
        """The gates that are not passed, each as a phrase with its figures; empty if eligible."""
        figures = {
            "silhouette": self.silhouette.value,
            "copula_lift": self.copula_lift.value,
            "z": self.z,
            "jaccard_min": self.jaccard_min.value,
            "ari_bootstrap": self.ari_bootstrap.value,
            "smallest": self.smallest,
        }
        return tuple(
            _SAID[name].format(_shown(figure, least, name), least)
            for name, least in GATES.items()
            if not (figure := figures[name]) >= least
        )

    @property
    def eligible(self) -> bool:
        """Whether every gate is passed."""
        return not self.fails

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the results."""
        return {
            "k": self.k,
            "silhouette": self.silhouette.to_dict(),
            "null_silhouette": self.null_silhouette,
            "copula_lift": self.copula_lift.value,
            "z": self.z,
            "jaccard_min": self.jaccard_min.value,
            "ari_bootstrap": self.ari_bootstrap.value,
            "smallest": self.smallest,
            "eligible": self.eligible,
            "because": list(self.fails),
        }


_SAID = {
    "silhouette": "silhouette {}, below {:.2f}",
    "copula_lift": "a silhouette above that of one continuum by {}, below {:.2f}",
    "z": "above that of one continuum by {} standard deviations, below {:.0f}",
    "jaccard_min": "a group of which a bootstrap draw finds {} again, below {:.2f}",
    "ari_bootstrap": "agreement of bootstrap draws {}, below {:.2f}",
    "smallest": "the smallest group is {} of the customers, below {:.2f}",
}
_DECIMALS = {"z": 1, "jaccard_min": 2, "ari_bootstrap": 2}


def _shown(figure: float, least: float, name: str) -> str:
    """A figure that is below `least`, with decimals enough to see that it is."""
    decimals = _DECIMALS.get(name, 3)
    while float(shown := f"{figure:.{decimals}f}") >= least:
        decimals += 1
    return shown


def judge(
    positions: Positions,
    ks: Sequence[int],
    *,
    seed: int = 0,
    level: float = 0.95,
    warm: Floats | None = None,
    continuum: Callable[[int, int], Positions] | None = None,
    advance: Callable[[int], None] | None = None,
) -> list[Judged]:
    """The evidence on each number of groups; the same seed gives the same.

    Parameters
    ----------
    positions : [n, axes], in the declared space.
    warm : the centres of an earlier fit, as one more start for their number of groups.
    continuum : gives so many rows of one continuum for a seed [rows, axes]; without it, that of
        the axes themselves.
    advance : called with 1 after each piece of work; there are `NULLS` plus one for each of `ks`.
    """
    told = advance or (lambda _: None)
    n = len(positions)
    fitted = some(n, MOST_FITTED, seed)
    learned, judged = positions[fitted], positions[honest(n, seed)]
    found: dict[int, Floats] = {}
    for k in ks:
        start = warm if warm is not None and len(warm) == k else None
        centres = k_means(learned, k, seed=seed, warm=start)
        found[k] = polish(positions, centres)
    groupings = [nearest_two(judged, found[k])[0] for k in ks]
    observed = _silhouettes(judged, groupings)
    drawn_from = continuum or _of_axes(learned, seed)
    nulls = _null_silhouettes(drawn_from, len(learned), ks, seed=seed, told=told)
    answers = []
    drawn = min(_DRAWN, len(learned))
    for place, k in enumerate(ks):
        own = mean_of_rows(observed[place], level)
        null, lift, z = _against(own, nulls[:, place])
        jaccard, ari = _stability(learned, found[k], seed=seed)
        told(1)
        sizes = np.bincount(nearest_two(positions, found[k])[0], minlength=k) / n
        worst = int(jaccard.mean(axis=0).argmin())
        answers.append(
            Judged(
                k=k,
                centres=found[k],
                silhouette=own,
                null_silhouette=null,
                copula_lift=lift,
                z=z,
                jaccard=jaccard.mean(axis=0),
                jaccard_min=mean_of_draws(jaccard[:, worst], drawn, level=level),
                ari_bootstrap=mean_of_draws(ari, drawn, level=level),
                smallest=float(sizes.min()),
            )
        )
    return answers


def choose(judged: Sequence[Judged]) -> Judged | None:
    """Of the eligible ones within `WITHIN` of the best lift the most stable; None without any.

    Stable is whose least stable group comes back most.
    """
    eligible = [each for each in judged if each.eligible]
    if not eligible:
        return None
    best = max(each.copula_lift.value for each in eligible)
    near = [each for each in eligible if each.copula_lift.value >= best - WITHIN]
    return max(near, key=lambda each: (each.jaccard_min.value, each.ari_bootstrap.value))


def why(judged: Sequence[Judged], chosen: Judged | None) -> str:
    """Why so many, or why none."""
    if chosen is None:
        best = max(judged, key=lambda each: each.copula_lift.value)
        ks = [each.k for each in judged]
        tried = f"{ks[0]} groups were" if len(ks) == 1 else f"{min(ks)} to {max(ks)} groups were"
        return (
            f"No groups beyond one correlated continuum: {tried} tried and none passed. Nearest to "
            f"it are {best.k}, which fall short: {'; '.join(best.fails)}."
        )
    passed = [each.k for each in judged if each.eligible]
    also = [str(k) for k in passed if k != chosen.k]
    others = f" {', '.join(also)} passed too." if also else ""
    return (
        f"{chosen.k} groups beyond one correlated continuum: their silhouette is "
        f"{chosen.silhouette.value:.2f}, where one continuum with the same margins and "
        f"correlations has {chosen.null_silhouette:.2f}, and a bootstrap draw finds "
        f"{chosen.jaccard_min.value:.2f} of the least stable again.{others}"
    )


def beside_continuum(
    own: Estimate, continuum: Callable[[int, int], Positions], n: int, k: int, *, seed: int
) -> tuple[float, Estimate, float]:
    """The mean silhouette of `k` groups of one continuum, and a given one's lift and z over it.

    For groups that are there already, and are held against the customers of another month.

    Parameters
    ----------
    own : the silhouette of the groups.
    continuum : gives so many rows of one continuum for a seed [rows, axes].
    n : how many customers there are.
    """
    drawn = _null_silhouettes(continuum, min(n, MOST_FITTED), [k], seed=seed, told=lambda _: None)
    return _against(own, drawn[:, 0])


def _against(own: Estimate, drawn: Floats) -> tuple[float, Estimate, float]:
    """The mean of the draws, and the lift and z of a silhouette over them."""
    mean = float(drawn.mean())
    return mean, _lift(own, drawn), float((own.value - mean) / max(drawn.std(ddof=1), 1e-9))


def honest(n: int, seed: int) -> Labels:
    """Rows that silhouettes are judged on: apart from those that centres are learned from.

    Where there are too few for that, some of all.
    """
    fitted = some(n, MOST_FITTED, seed)
    if n >= len(fitted) + HONEST:
        return some(n, HONEST, seed + 1, apart_from=fitted)
    return some(n, HONEST, seed + 1)


def _silhouettes(positions: Positions, groupings: Sequence[Labels]) -> list[Floats]:
    """Silhouettes of the rows; nothing holds together where there is one group only."""
    real = [labels for labels in groupings if len(np.unique(labels)) > 1]
    done = iter(silhouettes(positions, real) if real else [])
    return [
        next(done) if len(np.unique(labels)) > 1 else np.zeros(len(labels)) for labels in groupings
    ]


def _of_axes(learned: Positions, seed: int) -> Callable[[int, int], Positions]:
    """One continuum of the axes themselves."""
    continuum = Continuum(learned, seed=seed)
    return lambda rows, draw: continuum.draw(rows, seed=draw).astype(np.float32)


def _null_silhouettes(
    continuum: Callable[[int, int], Positions],
    n: int,
    ks: Sequence[int],
    *,
    seed: int,
    told: Callable[[int], None],
) -> Floats:
    """The silhouettes of k-means on draws from one correlated continuum [draws, ks]."""
    rows = min(_DRAWN, n)
    apart = n >= _DRAWN + _JUDGED
    values = np.empty((NULLS, len(ks)))
    for draw in range(NULLS):
        drawn = continuum(rows + _JUDGED if apart else rows, seed + 1_000 + draw)
        tested = drawn[rows:] if apart else drawn[:_JUDGED]
        centres = [k_means(drawn[:rows], k, seed=seed + draw, starts=_STARTS) for k in ks]
        groupings = [nearest_two(tested, each)[0] for each in centres]
        values[draw] = [each.mean() for each in _silhouettes(tested, groupings)]
        told(1)
    return values


def _stability(learned: Positions, centres: Floats, *, seed: int) -> tuple[Floats, Floats]:
    """Jaccard overlaps [draws, k] and adjusted Rand indices [draws] of bootstrap fits.

    Each draw is clustered from fresh starts, and all rows are given to its centres.
    """
    rows = learned[:_DRAWN]
    whole = nearest_two(rows, centres)[0]
    overlaps, indices = np.zeros((DRAWS, len(centres))), np.empty(DRAWS)
    present = np.unique(whole)
    rng = np.random.default_rng([seed, len(centres)])
    for draw in range(DRAWS):
        drawn = rows[rng.integers(0, len(rows), len(rows))]
        own = k_means(drawn, len(centres), seed=seed + draw, starts=_STARTS)
        again = nearest_two(rows, own)[0]
        overlaps[draw, present] = jaccards(whole, again)
        indices[draw] = agreement(whole, again)
    return overlaps, indices


def _lift(own: Estimate, drawn: Floats) -> Estimate:
    """The silhouette above that of one continuum, with the interval of both."""
    of_nulls = mean_of_draws(drawn, own.n, level=own.level)
    value = own.value - of_nulls.value
    half = float(np.hypot(own.high - own.value, of_nulls.high - of_nulls.value))
    method = f"{len(drawn)} draws from a Gaussian copula"
    return Estimate(value, value - half, value + half, own.level, own.n, method)
