"""Names of segments: words that marketing would use, all different, and true of the deviations."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_names import LEAST, name_segments, said_of, tier_names


def axis(name: str, *columns: str) -> Axis:
    return Axis(name, name, tuple(AxisColumn(each, 1, "by hand") for each in columns), "by hand")


AXES = (
    axis("value", "total_spend_365d", "orders_365d"),
    axis("recency", "days_since_last_purchase"),
    axis("engagement", "sessions_30d", "email_open_rate"),
    axis("discount", "discount_usage_rate"),
    axis("returns", "refund_rate"),
)


def name(*row: float, axes: Sequence[Axis] = AXES) -> str:
    return name_segments([row], axes)[0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ((1.2, 0.9, 0.8, 0.0, 0.0), "Recent, active big spenders"),
        ((-0.8, -1.1, -0.9, -0.6, -0.6), "Lapsed, quiet small spenders"),
        ((0.2, -1.2, -0.1, 1.4, 0.0), "Lapsed bargain seekers"),
        ((-0.9, 0.1, 1.1, 0.0, 0.0), "Browsers who buy little"),
        ((-0.9, -0.8, 1.1, 0.0, 0.0), "Lapsed browsers who buy little"),
        ((-0.9, 0.1, 1.1, 0.8, 0.0), "Browsers who buy little, at a discount"),
        ((1.1, -1.2, 0.0, 0.0, 0.0), "Lapsed big spenders"),
        ((0.9, 0.0, 0.0, 1.8, 0.0), "Big-spending bargain seekers"),
        ((1.0, 0.0, 0.0, -0.9, 0.0), "Big spenders at full price"),
        ((-0.6, 0.0, 0.0, 0.7, 0.0), "Bargain seekers who spend little"),
        ((0.0, 0.0, 0.0, -0.7, 0.0), "Full-price buyers"),
        ((0.9, 0.8, 0.0, 0.0, 2.5), "Recent big spenders with many returns"),
        ((0.6, 0.0, 0.0, -0.6, 1.3), "Big spenders at full price with many returns"),
        ((-0.7, 0.0, 0.0, 1.1, 1.0), "Bargain seekers who spend little, with many returns"),
        ((0.0, 0.9, -0.8, 0.0, 0.0), "Recent but quiet customers"),
        ((0.0, -0.9, 0.8, 0.0, 0.0), "Lapsed but active customers"),
        ((0.1, -0.2, 0.3, -0.4, 0.49), "Average customers"),
    ],
)
def test_what_marketing_would_say(row: tuple[float, ...], told: str) -> None:
    assert name(*row) == told


def test_half_a_standard_deviation_earns_a_word() -> None:
    assert name(LEAST, 0, 0, 0, 0) == "Big spenders"
    assert name(LEAST - 0.01, 0, 0, 0, 0) == "Average customers"


def test_no_more_than_three_axes_are_said() -> None:
    assert name(2.0, 1.9, 1.8, 0.0, 1.7) == "Recent, active big spenders"
    # The third is far behind the second.
    assert name(2.0, 1.9, 0.6, 0.0, 0.0) == "Recent big spenders"


@pytest.mark.parametrize("column", ["discount", "returns"])
def test_who_buys_nothing_is_no_full_price_buyer(column: str) -> None:
    """No order, no discount and no return: it is not their habit that is low."""
    low = {"discount": (0, 0, 0, -2.0, 0), "returns": (0, 0, 0, 0, -2.0)}[column]
    told = name(*(np.add(low, (-0.5, 0, 0, 0, 0))))
    assert told == "Small spenders"
    assert name(*low) != "Average customers"


def test_the_words_are_true_of_what_the_axis_holds() -> None:
    orders = axis("value", "orders_365d", "distinct_categories")
    letters = axis("engagement", "email_open_rate", "push_click_rate")
    service = axis("returns", "support_tickets_180d", "complaints")
    axes = (orders, letters, service)
    assert name(1.0, 1.0, 0.0, axes=axes) == "Responsive frequent buyers"
    assert name(-1.0, 1.0, 0.0, axes=axes) == "Responsive rare buyers"  # nobody was seen to browse
    assert name(0.0, -1.0, 1.5, axes=axes) == "Unresponsive customers with many complaints"
    both = axis("returns", "refund_rate", "support_tickets_180d")
    assert name(0.0, 1.5, axes=(orders, both)) == "Customers with returns or complaints"


def test_axes_of_the_user() -> None:
    axes = (axis("loyalty_points"), axis("Risk"), axis("visits_90d"))
    assert name(1.0, 0, 0, axes=axes) == "Customers with high loyalty points"
    assert name(-1.0, 0.9, 0, axes=axes) == "Customers with low loyalty points and high risk"
    assert name(0, 0, 0.8, axes=axes) == "Customers with high visits in 90 days"
    mixed = (*AXES, axis("risk"))
    assert (
        name(1.0, 0, 0, 0, 1.0, 0.9, axes=mixed) == "Big spenders with many returns and high risk"
    )


def test_names_are_different() -> None:
    told = name_segments([[-0.9, -0.9, -0.2, 0, 0], [-0.9, -0.9, -0.4, 0, 0]], AXES)
    assert told == ("Lapsed small spenders, more active", "Lapsed small spenders, less active")


def test_a_further_axis_tells_alike_segments_apart_before_a_comparison() -> None:
    rows = [[2.0, 1.9, 1.8, 0.0, 1.7], [2.0, 1.9, 1.8, 0.0, 0.0]]
    assert name_segments(rows, AXES) == (
        "Recent, active big spenders with many returns",
        "Recent, active big spenders",
    )


def test_what_sets_two_segments_most_apart_is_said_of_one_of_them() -> None:
    """0.47 earns no word and buying little silences -0.85, yet that is how these two differ."""
    rows = [[-0.69, -0.82, -0.68, -0.85, -0.3], [-0.69, -0.72, -0.48, 0.47, -0.2]]
    assert name_segments(rows, AXES) == (
        "Lapsed, quiet small spenders",
        "Lapsed small spenders, more at a discount",
    )


def test_four_segments_of_one_name() -> None:
    rows = [[-0.9, 0.0, e, d, 0] for e in (-0.4, 0.4) for d in (0.1, 0.3)]
    assert name_segments(rows, AXES) == (
        "Small spenders, less active, less at a discount",
        "Small spenders, less active, more at a discount",
        "Small spenders, more active, less at a discount",
        "Small spenders, more active, more at a discount",
    )


def test_the_same_deviations_are_numbered() -> None:
    assert name_segments(np.zeros((3, 5)), AXES) == (
        "Average customers",
        "Average customers (2)",
        "Average customers (3)",
    )


def test_taken_names_are_left() -> None:
    taken = {"lapsed SMALL spenders", "Lapsed small spenders (2)"}
    assert name_segments([[-1, -1, 0, 0, 0]], AXES, taken) == ("Lapsed small spenders (3)",)


@pytest.mark.parametrize("seed", range(30))
def test_any_deviations_give_different_readable_names(seed: int) -> None:
    """No name twice, none said to be a natural type, no stray blanks, and a plain length."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(8, 5)) * rng.uniform(0.1, 2)
    told = name_segments(rows, AXES)
    assert len({each.casefold() for each in told}) == 8
    for each in told:
        assert re.fullmatch(r"[A-Z][a-z\-]+( but|,)?( [a-z\-(),0-9]+)*", each), each
        assert "natural" not in each
        assert len(each) <= 90


@pytest.mark.parametrize("seed", range(10))
def test_names_follow_their_segments(seed: int) -> None:
    """The order in which segments come does not change what any of them is called."""
    rows = np.random.default_rng(seed).normal(size=(6, 5))
    order = np.random.default_rng(seed + 1).permutation(6)
    told = name_segments(rows, AXES)
    assert [told[i] for i in order] == list(name_segments(rows[order], AXES))


def test_what_is_no_deviation_is_refused() -> None:
    message = "one row a segment and one column for each of the 5 axes; got the shape "
    with pytest.raises(ValueError, match=re.escape(message + "(1, 2)")):
        name_segments([[0.0, 1.0]], AXES)
    with pytest.raises(ValueError, match="finite"):
        name_segments([[0.0, 1.0, np.nan, 0.0, 0.0]], AXES)


def test_tiers() -> None:
    value = AXES[0]
    assert tier_names(value, [0.25, 0.5, 0.25]) == (
        "Top quarter by value",
        "Next half by value",
        "Bottom quarter by value",
    )
    assert tier_names(value, [0.2] * 5) == (
        "Top fifth by value",
        "Top 20 to 40 % by value",
        "Top 40 to 60 % by value",
        "Top 60 to 80 % by value",
        "Bottom fifth by value",
    )
    assert tier_names(value, [0.13, 0.87]) == ("Top 13 % by value", "Bottom 87 % by value")
    assert tier_names(value, [1.0]) == ("All customers",)


def test_every_word_has_its_opposite() -> None:
    for each in (*AXES, axis("loyalty")):
        said = said_of(each)
        assert all(said.more)
        assert all(said.before) or any(said.after) or all(said.noun)
