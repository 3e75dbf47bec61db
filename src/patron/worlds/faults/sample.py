"""Faults of the target and of the sample: who is labelled, and what a label means when."""

__all__ = ["base_rate_drift", "labels_by_group"]

import numpy as np

from patron.schema import Role
from patron.worlds.base import Planted
from patron.worlds.faults.draft import NUMERIC, Draft, between


def labels_by_group(draft: Draft, strength: float) -> list[Planted] | None:
    """The target is known for some customers only: those of some levels, or with much of something.

    Weakest: 30 in 100 of the others have none. Strongest: 95.
    """
    rng = draft.rng
    name = draft.one(draft.free(Role.CATEGORY, *NUMERIC))
    if name is None:
        return None
    if name in draft.schema.names(Role.CATEGORY):
        texts = draft.texts(name)
        levels = sorted({text for text in texts if text is not None})
        chosen = rng.permutation(levels)[: max(len(levels) // 2, 1)]
        others = np.isin(texts, chosen)
    else:
        values = draft.values(name)
        others = values < np.nanquantile(values, 0.6)
    if not 0.1 < others.mean() < 0.9:
        return None
    lost = others & draft.some(between(strength, 0.3, 0.95))
    draft.empty(draft.target, lost)
    says = f"{lost.sum():,} rows are unlabelled, all of them by {name}"
    return draft.fault("labels_by_group", ("T04",), (draft.target, name), strength, says, lost)


def base_rate_drift(draft: Draft, strength: float) -> list[Planted] | None:
    """From one date on, answers are lost: the base rate falls.

    Weakest: a quarter of them. Strongest: 80 in 100.
    """
    if draft.as_of is None:
        return None
    dates = draft.values(draft.as_of)
    distinct = np.unique(dates)
    if len(distinct) < 3:
        return None
    start = distinct[int(draft.rng.integers(1, len(distinct)))]
    lost = (dates >= start) & draft.yes & draft.some(between(strength, 0.25, 0.8))
    draft.y = np.where(lost, 0.0, draft.y)
    draft.put(draft.target, draft.y)
    says = f"{lost.sum():,} answers are lost from one date on"
    codes = ("T02",)
    return draft.fault("base_rate_drift", codes, (draft.target, draft.as_of), strength, says, lost)
