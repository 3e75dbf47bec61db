"""Effort: how much is tried for a purchase model, by the size of the table."""

__all__ = ["EFFORTS", "EXTRA_LEARNERS", "LEARNERS", "Effort", "curve_learner", "learners_for"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from patron.errors import UserError

if TYPE_CHECKING:
    from patron.models.learner import Learner

LEARNERS = ("logistic", "glass_box", "trees")
"""What is tried by default, the most readable first."""

EXTRA_LEARNERS = ("catboost", "xgboost")
"""What is tried where the Study names it; each needs a package of its own."""

MANY_ROWS = 100_000
"""From so many rows on, averaging more fits brings less than it costs."""


FEW_ROWS = 10_000
"""Below so many rows, fine steps and many pairs of columns find mostly noise, at a cost."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What an effort stands for.

    Parameters
    ----------
    name : "quick", "normal" or "thorough".
    most_rows : a larger table is learned from a sample of so many rows, if the learning curve is
        flat there; None never samples.
    repeats : how many times a table of few rows is cross-fitted (`patron.split.FEW_ROWS`).
    bags, pairs : of explainable boosting, on a table of few rows.
    leaves : the sizes of trees that are tried.
    """

    name: str
    most_rows: int | None
    repeats: int
    bags: int
    pairs: int
    leaves: tuple[int, ...]


class _Efforts(dict[str, Effort]):
    """By name; a name that is not there is the user's mistake."""

    def __missing__(self, name: str) -> Effort:
        raise UserError(f'there is no effort "{name}". Efforts: {", ".join(self)}.')


EFFORTS: Mapping[str, Effort] = _Efforts(
    (effort.name, effort)
    for effort in (
        Effort("quick", 50_000, repeats=1, bags=1, pairs=10, leaves=(6,)),
        Effort("normal", 300_000, repeats=3, bags=4, pairs=30, leaves=(4, 12)),
        Effort("thorough", None, repeats=5, bags=8, pairs=60, leaves=(3, 6, 12, 31)),
    )
)


def learners_for(
    effort: Effort,
    rows: int,
    *,
    names: Sequence[str] | None = None,
    monotone: Mapping[str, int] | None = None,
    seed: int = 0,
    threads: int = 1,
) -> "tuple[Learner, ...]":
    """The candidates, the most readable first.

    Raises
    ------
    UserError
        A name is not that of a learner.
    """
    from patron.models.boosting import BoostedTrees
    from patron.models.challengers import CatBoostTrees, XGBoostTrees
    from patron.models.glassbox import ExplainableBoosting
    from patron.models.logistic import SplineLogistic

    common: dict[str, Any] = {"monotone": monotone, "seed": seed, "threads": threads}
    bags = max(1, effort.bags // 2) if rows >= MANY_ROWS else effort.bags
    leaves = effort.leaves
    if effort.name == "normal" and rows < MANY_ROWS:
        leaves = (*leaves, 31)
    every: dict[str, Learner] = {
        "logistic": SplineLogistic(**common),
        "glass_box": ExplainableBoosting(
            bags=bags,
            fold_bags=max(1, bags // 2),
            **_steps(rows, effort.pairs),
            **common,
        ),
        "trees": BoostedTrees(leaves=leaves, **common),
        "catboost": CatBoostTrees(**common),
        "xgboost": XGBoostTrees(**common),
    }
    asked = LEARNERS if names is None else tuple(names)
    for name in asked:
        if name not in every:
            raise UserError(f'there is no learner "{name}". Learners: {", ".join(every)}.')
    return tuple(learner for name, learner in every.items() if name in asked)


def curve_learner(rows: int, *, seed: int = 0) -> "Learner":
    """What a learning curve is drawn with: explainable boosting, quickly."""
    from patron.models.glassbox import ExplainableBoosting

    steps = _steps(rows, 10)
    return ExplainableBoosting(fold_bags=1, seed=seed, **steps | {"rate": 2 * steps["rate"]})


def _steps(rows: int, pairs: int) -> dict[str, Any]:
    """How fine the curves of explainable boosting are, and of how many pairs at most."""
    if rows < FEW_ROWS:
        return {"pairs": min(pairs, 10), "bins": 64, "pair_bins": 16, "rate": 0.1}
    return {"pairs": pairs, "bins": 256, "pair_bins": 32, "rate": 0.04}
