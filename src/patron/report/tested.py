"""Tested: a purchase model on the customers that were held out."""

__all__ = ["Tested"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.purchase import PurchaseModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tested:
    """The model on the holdout.

    Parameters
    ----------
    design, y, groups : the held-out rows, their answers, and the entity of each or None.
    p : the model's probabilities.
    level, seed, threads : of the intervals, of the random numbers, of scoring.
    """

    model: PurchaseModel
    design: Design
    y: Floats
    groups: NDArray[np.intp] | None
    p: Floats
    level: float
    seed: int
    threads: int

    @property
    def judged(self) -> dict[str, Any]:
        """What every metric is told."""
        return {"level": self.level, "groups": self.groups}
