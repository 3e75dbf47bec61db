"""Campaigns: what could be done with a segment, suggested by where it stands on the axes."""

__all__ = ["TO_BE_TESTED", "campaign"]

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from patron.models.phrases import phrase
from patron.models.segment_axes import Axis
from patron.models.segment_names import LEAST, said_of
from patron.schema import Role

TO_BE_TESTED = (
    "This is a suggestion from the axes, no measured effect: try it against a part of the segment "
    "that is left alone."
)

_UP, _DOWN, _ANY = (1,), (-1,), (-1, 0, 1)

# What stands on value, recency and engagement; the first line that fits. 1 is high, -1 is low.
_MAIN = (
    (_UP, _DOWN, _ANY, "win them back first, in person if that pays: they bought more than most"),
    (_UP, _ANY, _DOWN, "keep them by service and news on what they buy: they rarely look or open"),
    (_UP, _ANY, _ANY, "thank and keep them: early access, loyalty benefits, asking their advice"),
    (_DOWN, _ANY, _UP, "help them decide: what they looked at, proof from buyers, free delivery"),
    (_DOWN, _DOWN, _ANY, "spend little on them: one cheap reminder with a reason to return"),
    (_DOWN, _UP, _ANY, "bring about the next order: what goes with the last one, soon after it"),
    (_DOWN, _ANY, _ANY, "show easy, low-priced ways to a next order, and keep contacts cheap"),
    (_ANY, _DOWN, _UP, "ask what is missing: they still look, though they were not here lately"),
    (_ANY, _DOWN, _ANY, "remind them while they remember: what is new since they were last here"),
    (_ANY, _UP, _ANY, "use the moment: what goes with what they just bought or looked at"),
    (_ANY, _ANY, _UP, "tell them more, new arrivals first: they look and open"),
    (_ANY, _ANY, _DOWN, "write less often and try another channel: they hardly look or open"),
)  # fmt: skip

_AT_A_DISCOUNT = "they buy at a discount, so tie it to a larger basket instead of a lower price"
_OFFER = "make it an offer, as they buy at a discount"
_FULL_PRICE = "they pay the full price, so lead with what is new and not with offers"
_CHOOSE = "help them choose (sizes, pictures, advice) before they are sold more"
_SETTLE = "settle what went wrong before they are sold more"
_BOTH = "settle what went wrong and help them choose before they are sold more"


def campaign(deviations: ArrayLike, axes: Sequence[Axis]) -> str:
    """What to do with a segment, in two sentences; the second says that it is to be tested.

    Parameters
    ----------
    deviations : of one segment from all customers, in standard deviations [axes].

    >>> value = Axis("value", "how much they buy", (), "")
    >>> recency = Axis("recency", "how lately they were here", (), "")
    >>> print(campaign([1.2, -0.9], [value, recency]).partition(". ")[0])
    Win them back first, in person if that pays: they bought more than most
    """
    row = np.asarray(deviations, dtype=np.float64)
    stands = {axis.name: _level(float(d)) for axis, d in zip(axes, row, strict=True)}
    three = [stands.pop(name, 0) for name in ("value", "recency", "engagement")]
    told = []
    if any(three):
        told += [
            text
            for *levels, text in _MAIN
            if all(own in allowed for own, allowed in zip(three, levels, strict=True))
        ][:1]
    discount, returns = stands.pop("discount", 0), stands.pop("returns", 0)
    if discount == 1:
        told.append(_OFFER if told and three[0] == -1 else _AT_A_DISCOUNT)
    if discount == -1 and three[0] != -1:
        told.append(_FULL_PRICE)
    if returns == 1:
        what = next(said_of(axis).more[0] for axis in axes if axis.name == "returns")
        told.append(_CHOOSE if what == "more returns" else _BOTH if " or " in what else _SETTLE)
    own = [
        f"{'high' if level > 0 else 'low'} {phrase(name, Role.CATEGORY).label}"
        for name, level in stands.items()
        if level
    ]
    if own:
        told.append(f"take account of their {' and '.join(own)}")
    if not told:
        told = ["treat them as everybody: nothing sets them apart on these axes"]
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}. {TO_BE_TESTED}"


def _level(deviation: float) -> int:
    return 0 if abs(deviation) < LEAST else int(np.sign(deviation))
