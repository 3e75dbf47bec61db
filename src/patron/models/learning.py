"""LearningCurve: how well a model ranks by how many rows it learned from."""

__all__ = ["LearningCurve", "learning_curve"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate, signed
from patron.features.encode import Design
from patron.metrics import auc_difference, roc_auc
from patron.models.calibrate import Calibrator
from patron.models.learner import some_rows

if TYPE_CHECKING:
    from patron.models.learner import Learner

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FLAT = 0.002
"""A gain of ROC-AUC that is surely below this is worth no effort to get more rows."""

FEWEST = 400
MOST_TEST_ROWS = 50_000


@dataclass(frozen=True)
class LearningCurve:
    """ROC-AUC against rows, for one quick learner.

    Parameters
    ----------
    learner : its title.
    points : rows learned from, and the ROC-AUC on the same unseen rows.
    doubling : what the last doubling of the rows brought, paired; None with fewer than two points.
    """

    learner: str
    points: tuple[tuple[int, Estimate], ...]
    doubling: Estimate | None

    @property
    def verdict(self) -> str:
        """Whether more rows would help: "flat", "rising" or "cannot say"."""
        if self.doubling is None:
            return "cannot say"
        if self.doubling.high < FLAT:
            return "flat"
        return "rising" if self.doubling.low > 0 else "cannot say"

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.doubling is None:
            return "Whether more rows would help we cannot say, because there are too few to halve."
        last, gain = self.points[-1][0], self.doubling
        half = self.points[-2][0]
        brought = (
            f"from {half:,} to {last:,} rows the ROC-AUC of {self.learner} changed by "
            f"{signed(gain.value, 4)} (between {signed(gain.low, 4)} and {signed(gain.high, 4)})"
        )
        if self.verdict == "flat":
            return f"More rows would bring next to nothing: {brought}."
        if self.verdict == "rising":
            return f"More rows would help: {brought}, and the curve is not flat yet."
        return f"Whether more rows would help we cannot say: {brought}."


def learning_curve(
    learner: "Learner",
    design: Design,
    y: Floats,
    fold: tuple[Rows, Rows],
    *,
    groups: NDArray[np.intp] | None = None,
    most_rows: int | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> LearningCurve:
    """The curve of `learner` on nested random parts of the rows, each twice as large as the last.

    All points are judged on the same unseen rows, so that their differences are paired and the
    luck of the test cancels. What one draw of the training rows brings by luck is not in the
    intervals. `learner` should stop by itself: it is fitted to each part anew.

    Parameters
    ----------
    design, y : encoded rows [n, p] and their answers [n].
    fold : row numbers to learn from, and to judge on.
    groups : the entity of each row, where an entity has several.
    most_rows : the largest part.
    """
    rng = np.random.default_rng(seed)
    fit = rng.permutation(fold[0])[:most_rows]
    test = some_rows(np.sort(fold[1]), y[np.sort(fold[1])], MOST_TEST_ROWS, rng)
    sizes = _sizes(len(fit), y[fit])
    inside = None if groups is None else groups[test]
    plain, scores = Calibrator(), []
    for size in sizes:
        part = np.sort(fit[:size])
        raw = learner.cross_fit(
            _both(design, part, test), _answers(y, part, test), _halves(part, test)
        ).raw
        scores.append(plain(raw[len(part) :]))
    points = tuple(
        (size, roc_auc(y[test], p, level=level, groups=inside))
        for size, p in zip(sizes, scores, strict=True)
    )
    doubling = None
    if len(scores) > 1:
        doubling = auc_difference(y[test], scores[-1], scores[-2], level=level, groups=inside)
    return LearningCurve(learner.title, points, doubling)


def _sizes(rows: int, y: Floats, most: int = 5) -> Sequence[int]:
    """Each half of the next, down to what still has rows and buyers to learn from."""
    rarer = float(min(y.mean(), 1 - y.mean()))
    sizes = [rows >> halvings for halvings in range(most)]
    return [n for n in reversed(sizes) if (n >= FEWEST and n * rarer >= 20) or n == rows]


def _both(design: Design, part: Rows, test: Rows) -> Design:
    return design.rows(np.concatenate([part, test]))


def _answers(y: Floats, part: Rows, test: Rows) -> Floats:
    return np.concatenate([y[part], y[test]])


def _halves(part: Rows, test: Rows) -> list[tuple[Rows, Rows]]:
    n = len(part)
    return [(np.arange(n), np.arange(n, n + len(test)))]
