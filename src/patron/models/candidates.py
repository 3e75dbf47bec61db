"""Candidates: each way to predict with its evidence, their blend, and the choice between them."""

__all__ = ["Candidate", "Seen", "blend", "choose", "judged", "weighted", "why"]

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.metrics import log_loss, log_loss_difference, roc_auc
from patron.models.calibrate import Calibrator
from patron.models.learner import log_loss_of, logit

if TYPE_CHECKING:
    from patron.models.learner import Folds, Scorer

Floats = NDArray[np.float64]
Parts = tuple[tuple[float, "Scorer"], ...]

WORTH = 2e-3
"""A gain below this share of the base rate's log loss is not worth a model that is less readable,
however certain it is: it moves no list that a person would notice."""


@dataclass(frozen=True)
class Seen:
    """The rows as cross-fitting saw them: all of them once a repeat, one repeat after the other.

    Parameters
    ----------
    y : the answers [repeats x rows].
    groups : the entity of each, or with several repeats its row: they are not independent.
    folds : pairs of places in `y` (fit on, predict).
    repeats : how many times the rows were cross-fitted.
    """

    y: Floats
    groups: NDArray[np.intp] | None
    folds: "Folds"
    repeats: int

    @classmethod
    def of(cls, y: Floats, repeats: "Sequence[Folds]", groups: NDArray[np.intp] | None) -> "Seen":
        """The rows for one list of folds a repeat."""
        n, count = len(y), len(repeats)
        folds = [
            (fit + number * n, predict + number * n)
            for number, pairs in enumerate(repeats)
            for fit, predict in pairs
        ]
        same = np.arange(n) if groups is None and count > 1 else groups
        return cls(np.tile(y, count), None if same is None else np.tile(same, count), folds, count)

    def estimate(self, metric: Any, *values: Floats, **options: Any) -> Estimate:
        """A metric of `values` [repeats x rows] against the answers; its n counts rows once."""
        found = metric(self.y, *values, groups=self.groups, **options)
        return replace(found, n=found.n // self.repeats)


@dataclass(frozen=True)
class Candidate:
    """One way to predict, with what it was worth out of fold and what it cost.

    Parameters
    ----------
    readability : 0 for one curve a column, 1 with tables of two columns, 2 and more for trees.
    parts : scorers with their weights; the log-odds are the weighted sum.
    fold_parts : the same for the models of the folds of the first repeat.
    out_of_fold : log-odds, in the order of `Seen`.
    seconds, cpu_seconds : of cross-fitting and fitting.
    scoring_seconds : CPU seconds to score 100,000 rows on one thread.
    """

    name: str
    title: str
    readability: float
    parts: Parts
    fold_parts: tuple[Parts, ...]
    out_of_fold: Floats
    roc_auc: Estimate
    log_loss: Estimate
    seconds: float
    cpu_seconds: float
    scoring_seconds: float

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """Log-odds [rows] of an encoded matrix."""
        return weighted(self.parts, matrix, threads)


def weighted(parts: Parts, matrix: NDArray[np.float32], threads: int) -> Floats:
    """The weighted sum of the scorers' log-odds [rows]."""
    total = np.zeros(len(matrix))
    for weight, scorer in parts:
        total += weight * scorer.raw(matrix, threads=threads)
    return total


def judged(seen: Seen, raw: Floats, level: float, **fields: Any) -> Candidate:
    """A candidate with its evidence: from its out-of-fold log-odds as they are."""
    p = Calibrator()(raw)
    return Candidate(
        out_of_fold=raw,
        roc_auc=seen.estimate(roc_auc, p, level=level),
        log_loss=seen.estimate(log_loss, p, level=level),
        **fields,
    )


def blend(candidates: Sequence[Candidate], seen: Seen, level: float) -> Candidate | None:
    """The best average of two candidates' log-odds, by log loss; None with fewer than two.

    The weight is one number chosen on all out-of-fold predictions; what that flatters is of the
    order of one part in the number of buyers.
    """
    tries = [
        (
            log_loss_of(share * one.out_of_fold + (1 - share) * other.out_of_fold, seen.y),
            share,
            pair,
        )
        for pair in combinations(candidates, 2)
        for one, other in (pair,)
        for share in np.linspace(0.1, 0.9, 9).round(1)
    ]
    if not tries:
        return None
    _, share, (one, other) = min(tries, key=lambda each: each[0])
    share = float(share)

    def mixed(a: Parts, b: Parts) -> Parts:
        return (
            *((share * weight, scorer) for weight, scorer in a),
            *(((1 - share) * weight, scorer) for weight, scorer in b),
        )

    return judged(
        seen,
        share * one.out_of_fold + (1 - share) * other.out_of_fold,
        level,
        name="blend",
        title=f"{one.title} ({share:.0%}) with {other.title} ({1 - share:.0%})",
        readability=max(one.readability, other.readability) + 0.5,
        parts=mixed(one.parts, other.parts),
        fold_parts=tuple(map(mixed, one.fold_parts, other.fold_parts)),
        seconds=one.seconds + other.seconds,
        cpu_seconds=one.cpu_seconds + other.cpu_seconds,
        scoring_seconds=one.scoring_seconds + other.scoring_seconds,
    )


def choose(candidates: Sequence[Candidate], seen: Seen, level: float) -> Candidate:
    """The most readable candidate that loses nothing, beyond noise and worth a thought.

    By the paired difference of out-of-fold log loss from the best: its interval includes zero, or
    it is less than `WORTH` of the base rate's log loss.
    """
    best = min(candidates, key=lambda candidate: candidate.log_loss.value)
    base = log_loss_of(np.full(len(seen.y), logit(float(seen.y.mean()))), seen.y)
    for candidate in sorted(candidates, key=lambda each: each.readability):
        if candidate is best:
            break
        worse = _worse(candidate, best, seen, level)
        if worse.covers(0.0) or worse.value <= WORTH * base:
            return candidate
    return best


def why(chosen: Candidate, candidates: Sequence[Candidate], seen: Seen, level: float) -> str:
    """Why this candidate was chosen, in a sentence made from the figures."""
    ranked = sorted(candidates, key=lambda each: each.log_loss.value)
    best, loss = ranked[0], chosen.log_loss.value
    if chosen is not best:
        certain = not _worse(chosen, best, seen, level).covers(0.0)
        how = "lost next to nothing against" if certain else "came within the noise of"
        return (
            f"{_capital(chosen.title)} {how} the best, {best.title} (out-of-fold log loss "
            f"{loss:.4f} against {best.log_loss.value:.4f}), and is easier to read."
        )
    beside = f", against {ranked[1].log_loss.value:.4f} of {ranked[1].title}" if ranked[1:] else ""
    return f"{_capital(chosen.title)} had the least out-of-fold log loss ({loss:.4f}{beside})."


def _worse(candidate: Candidate, best: Candidate, seen: Seen, level: float) -> Estimate:
    plain = Calibrator()
    pair = plain(candidate.out_of_fold), plain(best.out_of_fold)
    return seen.estimate(log_loss_difference, *pair, level=level)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
