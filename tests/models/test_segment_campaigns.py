"""Campaigns: a plain suggestion for any segment, never said to be an effect."""

import itertools

import numpy as np
import pytest

from patron.models.segment_axes import Axis, AxisColumn
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
        ((0, 0, 0, 1.7, 0), "They buy at a discount"),
        ((0, 0, 0, 0, 1.7), "Help them choose"),
        ((0.4, -0.4, 0, 0, -2), "Treat them as everybody"),
    ],
)
def test_what_fits_the_segment(row: tuple[float, ...], start: str) -> None:
    assert told(*row).startswith(start)


def test_discounts_and_returns_are_added() -> None:
    text = told(1.2, 0.9, 0.8, 1.9, 2.5)
    assert text.startswith("Thank and keep them")
    assert "; they buy at a discount" in text
    assert "; help them choose" in text


def test_who_buys_little_is_not_said_to_pay_the_full_price() -> None:
    assert "full price" not in told(-0.9, 0, 0, -0.9, 0)
    assert "they pay the full price" in told(0.9, 0, 0, -0.9, 0)


def test_who_bought_little_gets_an_offer() -> None:
    assert told(-0.9, -0.9, 0, 1.2, 0).endswith("; make it an offer, as they buy at a discount.")


def test_returns_and_complaints_are_different_matters() -> None:
    def of(*columns: str) -> str:
        read = tuple(AxisColumn(each, 1, "by hand") for each in columns)
        return campaign([1.5], [Axis("returns", "returns", read, "by hand")])

    assert of("refund_rate").startswith("Help them choose")
    assert of("support_tickets_180d").startswith("Settle what went wrong before")
    assert of("refund_rate", "support_tickets_180d").startswith("Settle what went wrong and help")


def test_axes_of_the_user() -> None:
    assert told(0.9, -0.8, names=("loyalty_points", "risk")) == (
        "Take account of their high loyalty points and low risk."
    )
    assert told(1.2, 0.8, names=("value", "risk")).endswith("; take account of their high risk.")


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
