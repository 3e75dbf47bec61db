"""Faults of the target and of the sample: who is labelled, and what a label means when."""

__all__ = ["base_rate_drift", "labels_by_group"]

import numpy as np

from patron.schema import Role
from patron.worlds.base import Planted
from patron.worlds.faults.draft import NUMERIC, Draft, Truths, between


def labels_by_group(draft: Draft, strength: float) -> list[Planted] | None:
    """The target is known for some customers only: those of some levels, or with much of something.

    Weakest: 30 in 100 of the others have none. Strongest: 90.
    """
    groups = {name: _others(draft, name) for name in draft.free(Role.CATEGORY, *NUMERIC)}
    name = draft.one(name for name, rows in groups.items() if 0.1 < rows.mean() < 0.6)
    if name is None:
        return None
    lost = groups[name] & draft.some(between(strength, 0.3, 0.9))
    draft.empty(draft.target, lost)
    says = f"{lost.sum():,} rows are unlabelled, all of them by {name}"
    return draft.fault("labels_by_group", ("T04",), (draft.target, name), strength, says, lost)


def base_rate_drift(draft: Draft, strength: float) -> list[Planted] | None:
    """From one date on, answers are lost: the base rate falls.

    Weakest: 3 in 10 of them. Strongest: 8.
    """
    if draft.as_of is None:
        return None
    dates = draft.values(draft.as_of)
    distinct = np.unique(dates)
    if len(distinct) < 3:
        return None
    start = distinct[int(draft.rng.integers(1, len(distinct)))]
    lost = (dates >= start) & draft.yes & draft.some(between(strength, 0.3, 0.8))
    draft.y = np.where(lost, 0.0, draft.y)
    draft.put(draft.target, draft.y)
    says = f"{lost.sum():,} answers are lost from one date on"
    codes = ("T02",)
    return draft.fault("base_rate_drift", codes, (draft.target, draft.as_of), strength, says, lost)


def _others(draft: Draft, name: str) -> Truths:
    """The rows of half of a category's levels, or with the lower half of a number."""
    if name in draft.schema.names(Role.CATEGORY):
        texts = draft.texts(name)
        levels = sorted({text for text in texts if text is not None})
        return np.isin(texts, draft.rng.permutation(levels)[: len(levels) // 2])
    values = draft.values(name)
    return np.asarray(values < np.nanquantile(values, 0.5))
