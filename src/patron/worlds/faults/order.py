"""Identifiers and the order of rows: what names a row, and what tells it by accident."""

__all__ = ["near_unique_id", "running_number", "sorted_file"]

import numpy as np

from patron.worlds.base import Planted
from patron.worlds.faults.draft import Draft, Floats, between


def running_number(draft: Draft, strength: float) -> list[Planted] | None:
    """A number that runs on, given later to those with the answer.

    Weakest: its order has an AUC of .70. Strongest: of .99.
    """
    place = np.argsort(np.argsort(_order(draft, strength)))
    if draft.rng.random() < 0.5:  # numbers that others got leave gaps
        place = np.cumsum(draft.rng.integers(1, 4, draft.rows))[place]
    start = int(draft.rng.integers(1, 90_000))
    name = draft.add(start + place, str(draft.rng.choice(["crm_points", "file_no", "record_id"])))
    says = f"{name} runs on and is higher for those with the answer"
    return draft.fault("running_number", ("I01", "I02", "L01"), name, strength, says)


def near_unique_id(draft: Draft, strength: float) -> list[Planted] | None:
    """A column that names each row and says nothing; harmless, and useless to a model."""
    numbers = draft.rng.choice(90 * draft.rows, draft.rows, replace=False) + 100_000
    form = draft.rng.choice(["number", "code", "running"])
    if form == "code":
        name = draft.add(np.array([f"{number * 7919 % 2**40:010x}" for number in numbers]))
    else:
        name = draft.add(numbers if form == "number" else np.argsort(numbers) + 5_001)
    says = f"{name} names each row"
    return draft.fault("near_unique_id", ("I01",), name, strength, says)


def sorted_file(draft: Draft, strength: float) -> list[Planted] | None:
    """The rows stand in an order that tells the answer, within their date where they have one.

    Weakest: the order has an AUC of .70. Strongest: of .99.
    """
    order = _order(draft, strength)
    if draft.rng.random() < 0.5:
        order = -order
    dates = draft.values(draft.as_of) if draft.as_of else np.zeros(draft.rows)
    draft.take(np.lexsort((order, dates)))
    says = "the order of the rows tells the answer"
    return draft.fault("sorted_file", ("I02",), (), strength, says)


def _order(draft: Draft, strength: float) -> Floats:
    """Numbers that tell the answer: normal ones, apart by what the strength says."""
    apart = between(strength, 0.75, 3.3)
    told = draft.yes.astype(float)
    if not draft.binary:  # two groups of equal spread, and the amounts' order inside them
        told = told + 0.1 * draft.scaled
    return apart * told + draft.rng.normal(size=draft.rows)
