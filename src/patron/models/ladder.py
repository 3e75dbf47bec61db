"""The ladder: what the score would have been before each fix, and what each fix was worth."""

__all__ = ["ladder"]

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.examine import State
from patron.features.encode import Encoder
from patron.metrics import auc_difference, roc_auc
from patron.models.learner import BoostedTrees


def ladder(
    states: Sequence[State],
    target: NDArray[np.float64],
    *,
    groups: NDArray[np.intp] | None = None,
    level: float = 0.95,
    seed: int = 0,
    most_rows: int = 20_000,
) -> list[dict[str, Any]]:
    """The cross-fitted ROC-AUC of quick trees in each state, and the difference to its forerunner.

    `target` and `groups` stand beside the first table. All states use the same customers and the
    same folds, as far as a fix has not dropped them, so that a difference is not one of luck.
    """
    if groups is not None and len(np.unique(groups)) == len(groups):
        groups = None
    rng = np.random.default_rng(seed)
    labelled = np.flatnonzero(~np.isnan(target))
    fold = _folds(labelled, target, groups, rng)
    chosen = np.zeros(len(target), dtype=bool)
    chosen[rng.permutation(labelled)[:most_rows]] = True
    scores: list[NDArray[np.float64]] = []
    answer = []
    for state in states:
        place = np.flatnonzero(chosen[state.rows])
        row = state.rows[place]
        table = state.table.take(place)
        encoder = Encoder.fit(table, state.schema, target[row])
        pairs = [(np.flatnonzero(fold[row] != k), np.flatnonzero(fold[row] == k)) for k in range(3)]
        trees = BoostedTrees(leaves=(8,), seed=seed)
        raw = np.full(len(target), np.nan)
        raw[row] = trees.cross_fit(encoder.transform(table), target[row], pairs)
        here = None if groups is None else groups[row]
        reached = roc_auc(target[row], raw[row], level=level, groups=here)
        worth = None
        if state.after is not None:
            worth = _worth(target, scores[state.after], raw, groups, level).to_dict()
        scores.append(raw)
        named = {"step": state.step, "kind": state.kind, "columns": list(state.columns)}
        answer.append({**named, "metric": "roc_auc", **reached.to_dict(), "worth": worth})
    return answer


def _folds(
    labelled: NDArray[np.intp],
    target: NDArray[np.float64],
    groups: NDArray[np.intp] | None,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """A fold from 0 to 2 for each row: stratified by the target, or whole entities together."""
    fold = np.zeros(len(target), dtype=np.intp)
    if groups is not None:
        return rng.integers(0, 3, groups.max() + 1)[groups]
    order = labelled[np.lexsort((rng.random(len(labelled)), target[labelled]))]
    fold[order] = np.arange(len(order)) % 3
    return fold


def _worth(
    target: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    groups: NDArray[np.intp] | None,
    level: float,
) -> Estimate:
    both = ~np.isnan(before) & ~np.isnan(after)
    here = None if groups is None else groups[both]
    kept = both.sum() == (~np.isnan(before)).sum()
    if kept:
        return auc_difference(target[both], after[both], before[both], level=level, groups=here)
    # Rows were dropped: the figures are of different customers, their errors nearly independent.
    one, two = (~np.isnan(scores) for scores in (before, after))
    old, new = (
        roc_auc(target[one], before[one], level=level),
        roc_auc(target[two], after[two], level=level),
    )
    reach = math.hypot(old.high - old.low, new.high - new.low) / 2
    value = new.value - old.value
    return Estimate(value, value - reach, value + reach, level, new.n, "two samples")
