"""Campaigns: a plain suggestion for any segment, never said to be an effect."""

import itertools

import numpy as np
import pytest

from patron.models.segment_axes import Axis
from patron.models.segment_campaigns import TO_BE_TESTED, campaign

NAMES = ("value", "recency", "engagement", "discount", "returns")


def axis(name: str) -> Axis:
    return Axis(name, name, (), "by hand")


def told(*row: float, names: tuple[str, ...] = NAMES) -> str:
    text = campaign(row, [axis(name) for name in names])
    assert text.endswith(f". {TO_BE_TESTED}")
    return text.removesuffix(f" {TO_BE_TESTED}")


@pytest.mark.parametrize(
    ("row", "start"),
    [
        ((1.2, 0.9, 0.8, 0, 0), "Thank and keep them"),
        ((1.2, -0.9, 0, 0, 0), "Win them back first"),
        ((1.2, 0, -0.9, 0, 0), "Keep them by service"),
        ((-0.9, 0, 1.1, 0, 0), "Help them decide"),
        ((-0.9, -1.2, -0.9, 0, 0), "Spend little on them"),
        ((-0.9, 0.9, 0, 0, 0), "Bring about the next order"),
        ((0, -0.7, 0, 0, 0), "Remind them"),
        ((0, 0, -0.7, 0, 0), "Write less often"),
        ((0, 0, 0, 1.7, 0), "Offers move them"),
        ((0, 0, 0, 0, 1.7), "Help them choose"),
        ((0.4, -0.4, 0, 0, -2), "Treat them as everybody"),
    ],
)
def test_what_fits_the_segment(row: tuple[float, ...], start: str) -> None:
    assert told(*row).startswith(start)


def test_discounts_and_returns_are_added() -> None:
    text = told(1.2, 0.9, 0.8, 1.9, 2.5)
    assert text.startswith("Thank and keep them")
    assert "; offers move them" in text
    assert "; help them choose" in text


def test_who_buys_little_is_not_said_to_need_no_discount() -> None:
    assert "discount" not in told(-0.9, 0, 0, -0.9, 0)
    assert "they need no discount" in told(0.9, 0, 0, -0.9, 0)


def test_axes_of_the_user() -> None:
    assert told(0.9, -0.8, names=("loyalty_points", "risk")) == (
        "Speak to their high loyalty points and low risk."
    )
    assert told(1.2, 0.8, names=("value", "risk")).endswith("; speak to their high risk.")


def test_every_segment_gets_one_sentence_of_its_own() -> None:
    """All 243 places on the five axes: one sentence, without the words of a measured effect."""
    for row in itertools.product((-1.0, 0.0, 1.0), repeat=5):
        text = told(*row)
        assert text.count(". ") == 0
        assert text[0].isupper()
        assert "!" not in text
        assert len(text) < 250
    assert "no measured effect" in TO_BE_TESTED


def test_one_deviation_for_each_axis() -> None:
    with pytest.raises(ValueError, match="argument"):
        campaign(np.zeros(4), [axis(name) for name in NAMES])
