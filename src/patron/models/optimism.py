"""Optimism: what a random split would have promised on the customers of the held-out time."""

__all__ = ["Optimism", "optimism"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate, signed
from patron.features.encode import Design
from patron.metrics import auc_difference, roc_auc
from patron.models.calibrate import Calibrator
from patron.models.glassbox import ExplainableBoosting
from patron.models.learner import Folds, some_rows

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MOST_ROWS = 30_000
PAIRS = 10
FEWEST = 20


@dataclass(frozen=True)
class Optimism:
    """ROC-AUC of the same learner on the same held-out rows, after either split.

    Parameters
    ----------
    random : learned from rows drawn at random from all dates, the held-out date's among them.
    time : learned from earlier dates only.
    difference : the first less the second, paired.
    rows : how many rows were judged.
    """

    random: Estimate
    time: Estimate
    difference: Estimate
    rows: int

    @property
    def sentence(self) -> str:
        """What a random split would have flattered, in words."""
        by = self.difference
        if by.covers(0.0):
            ends = f"between {signed(by.low, 3)} and {signed(by.high, 3)}"
            how = f"no difference beyond noise ({ends})"
        else:
            low, high = sorted((abs(by.low), abs(by.high)))
            how = (
                f"{'too much' if by.value > 0 else 'too little'}, by {abs(by.value):.3f} (between "
                f"{low:.3f} and {high:.3f})"
            )
        return (
            f"Judged after a random split, the same customers would have shown a ROC-AUC of "
            f"{self.random.value:.3f}, against {self.time.value:.3f} when only the past was known: "
            f"{how}."
        )


def optimism(
    design: Design,
    y: Floats,
    train: Rows,
    held: Rows,
    *,
    groups: Rows | None = None,
    level: float = 0.95,
    seed: int = 0,
    threads: int = 1,
) -> Optimism | None:
    """How much better a random split would have looked than the split by time did.

    One quick learner (explainable boosting) predicts the held-out rows twice: from the training
    rows, and in a cross-fit of all rows in which each held-out row is predicted from about as many
    rows of all dates. What a random split lets through is the customer's own other dates, labels
    whose windows overlap, and what was the same for everybody in that month.

    Parameters
    ----------
    design, y : encoded rows and answers, of all labelled rows.
    train, held : row numbers of the split by time.
    groups : the entity of each row, where an entity has several.

    None where fewer than `FEWEST` of either answer are held out.
    """
    rng = np.random.default_rng(seed)
    past, test = (some_rows(rows, y[rows], MOST_ROWS, rng) for rows in (train, held))
    if min(y[test].sum(), len(test) - y[test].sum()) < FEWEST:
        return None
    every = np.concatenate([past, test])
    some, answers = design.rows(every), y[every]
    later = np.arange(len(past), len(every))
    by_time = [(np.arange(len(past)), later)]
    parts = int(np.clip(round(len(every) / len(test)), 2, 5))
    part = np.empty(len(every), dtype=np.intp)
    part[np.lexsort((rng.random(len(every)), answers))] = np.arange(len(every)) % parts
    at_random = [
        (np.flatnonzero(part != number), later[part[later] == number]) for number in range(parts)
    ]
    at_random = [(fit, predict) for fit, predict in at_random if len(predict)]
    plain, inside = Calibrator(), None if groups is None else groups[test]

    def learned(folds: Folds) -> Floats:
        learner = ExplainableBoosting(
            fold_bags=1, bins=64, pair_bins=16, rate=0.1, seed=seed, threads=threads
        )
        learner.kept = PAIRS  # nothing is chosen on the held rows
        return plain(learner.cross_fit(some, answers, folds, again=True).raw[later])

    random, time = learned(at_random), learned(by_time)
    truth = y[test]
    return Optimism(
        roc_auc(truth, random, level=level, groups=inside),
        roc_auc(truth, time, level=level, groups=inside),
        auc_difference(truth, random, time, level=level, groups=inside),
        len(test),
    )
