"""What copies add to a score when a random split puts them on both sides."""

__all__ = ["Flattery", "few_groups", "flattery", "matrix_of", "overlap", "whole_groups"]

from typing import NamedTuple

import numpy as np

from patron.audit.base import SERIOUS_COST, Evidence, Severity
from patron.audit.frame import Frame
from patron.audit.jointly import joint_prediction
from patron.audit.scoring import FOLDS, assign_folds, numbers_of

HOLDOUT = 0.2
MOST_ROWS = 10_000
FEWEST_GROUPS = 100
LARGEST = 1e100  # the square of a larger number is none
FEWEST = 0.01
"""Below this share of the holdout with a twin in training no score is flattered notably."""


class Flattery(NamedTuple):
    """The score of one model, judged with copies apart (a random split) and kept together.

    `strength` is the difference in units of `Question.strength`; `sure`: it is above zero by two
    standard errors, over the quarters of the rows. `twins` is the share of a random holdout with a
    copy in training.
    """

    twins: float
    measure: str | None = None
    apart: float = 0.0
    together: float = 0.0
    strength: float = 0.0
    sure: bool = False

    @property
    def severity(self) -> Severity:
        """Serious where the score is surely flattered."""
        serious = self.sure and self.strength >= SERIOUS_COST
        return Severity.SERIOUS if serious else Severity.WARNING

    @property
    def evidence(self) -> Evidence:
        """As a finding's evidence tells it."""
        found: Evidence = {"holdout_with_twin": self.twins}
        if self.measure:
            found |= {
                "measure": self.measure,
                "score_random_split": self.apart,
                "score_copies_together": self.together,
                "flattery": self.strength,
            }
        return found

    @property
    def sentence(self) -> str:
        """What the copies do, for a finding's meaning."""
        said = f"A random split puts a copy into training for {self.twins:.1%} of the holdout"
        if not self.measure:
            return f"{said}, so the model is tested on what it has seen."
        scores = f"{self.apart:.3f} ({self.measure}), and {self.together:.3f}"
        if not self.sure:
            return f"{said}. That adds nothing sure to the score: {scores} with copies on one side."
        return f"{said}: trees then score {scores} if copies are kept on one side."


def overlap(groups: np.ndarray) -> float:
    """The share of a random holdout's rows that have a row of their group in training."""
    if not len(groups):
        return 0.0
    counts = np.unique(groups, return_counts=True)[1]
    return float((counts * (1 - HOLDOUT ** (counts - 1.0))).sum() / len(groups))


def flattery(frame: Frame, groups: np.ndarray) -> Flattery:
    """What the copies that share a number in `groups` [rows of the table] add to a random split.

    Boosted trees on the honest core, cross-fitted twice on whole groups of labelled rows, in the
    table's proportion. Not measured where the rows cannot tell, or where copies are too rare.
    """
    twins = overlap(groups)
    if frame.too_few or frame.target is None or twins < FEWEST:
        return Flattery(twins)
    labelled = np.flatnonzero(np.isfinite(frame.target))
    if few_groups(groups[labelled]) or len(np.unique(frame.folds)) < FOLDS:
        return Flattery(twins)
    question = frame.questions[0]
    names = frame.core(question)
    rng = np.random.default_rng(frame.seed)
    rows = whole_groups(labelled, groups, MOST_ROWS, rng)
    sampled = frame.resampled(rows)
    asked = next(each for each in sampled.questions if each.about == question.about)
    together = assign_folds(groups[rows], asked.y, rng)
    twin = _has_twin(groups[rows])
    apart = np.where(twin, assign_folds(np.arange(len(rows)), asked.y, rng), together)
    matrix, places = matrix_of(frame, names, rows)
    honest, random = (
        joint_prediction(matrix, places, asked, folds, seed=frame.seed, threads=frame.threads)
        for folds in (together, apart)
    )
    # Rows without a copy keep their honest prediction: that two models differ is not flattery.
    flattered = np.where(twin, random, honest)
    scores = [np.array(asked.by_fold(each, together)) for each in (flattered, honest)]
    steps = np.array([asked.strength(a) - asked.strength(b) for a, b in zip(*scores, strict=True)])
    # Two standard errors of the mean of four are one standard deviation.
    sure = bool(steps.mean() > steps.std(ddof=1))
    random_split, kept_together = (float(each.mean()) for each in scores)
    gain = float(steps.mean())
    return Flattery(twins, asked.measure, random_split, kept_together, gain, sure)


def few_groups(groups: np.ndarray) -> bool:
    """Whether the groups are too few to be kept together in folds."""
    return len(np.unique(groups)) < FEWEST_GROUPS


def whole_groups(
    rows: np.ndarray, groups: np.ndarray, most: int, rng: np.random.Generator
) -> np.ndarray:
    """Of `rows` those of groups drawn at random, ascending; about `most`, or all."""
    if len(rows) <= most:
        return rows
    _, group = np.unique(groups[rows], return_inverse=True)
    place = rng.permutation(group.max(initial=-1) + 1)[group]
    drawn: np.ndarray = np.sort(rows[place <= np.partition(place, most - 1)[most - 1]])
    return drawn


def matrix_of(
    frame: Frame, names: tuple[str, ...], rows: np.ndarray
) -> tuple[np.ndarray, list[int]]:
    """The columns at these rows as numbers, and the places of those that hold codes."""
    columns = [np.clip(frame.values(name)[rows], -LARGEST, LARGEST) for name in names]
    first = frame.table.slice(0, 1)
    places = [p for p, name in enumerate(names) if numbers_of(first.column(name))[1]]
    return np.column_stack(columns) if columns else np.zeros((len(rows), 1)), places


def _has_twin(groups: np.ndarray) -> np.ndarray:
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    several: np.ndarray = counts[group] > 1
    return several
