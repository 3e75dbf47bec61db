"""How numbers are written, where the doctests do not look."""

import math

import pytest

from patron.report.numbers import differ, interval, of_100, percent, short, these


def estimate(value: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize("number", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash_and_never_nan(number):
    assert short(number) == percent(number) == "–"
    assert interval(estimate(number, None, None)) == "–"


def test_a_negative_number_has_a_true_minus_and_a_written_zero_has_none():
    assert interval(estimate(-0.0614, -0.0651, -0.0571)) == "−0.061 [−0.065, −0.057]"
    assert interval(estimate(0.0001, -0.0002, 0.0004)) == "0.000 [0.000, 0.000]"


def test_decimals_follow_the_width_of_the_interval_unless_they_are_fixed():
    wide = estimate(0.4837, 0.4612, 0.5058)
    assert interval(wide) == "0.48 [0.46, 0.51]"
    assert interval(wide, 3) == "0.484 [0.461, 0.506]"
    assert interval(estimate(3.129, 2.969, 3.289)) == "3.1 [3.0, 3.3]"


def test_nearly_all_is_not_rounded_up_to_all():
    assert of_100(0.9994) == "9,994 of 10,000"
    assert of_100(0.0) == "0 of 100"


def test_two_figures_differ_only_if_apart_by_more_than_both_errors_together():
    # half-intervals 0.03 and 0.04 add up to 0.05
    one = estimate(0.70, 0.67, 0.73)
    assert differ(one, estimate(0.749, 0.709, 0.789)) is False
    assert differ(one, estimate(0.751, 0.711, 0.791)) is True
    assert differ(estimate(0.751, 0.711, 0.791), one) is True


def test_figures_without_interval_cannot_be_compared():
    assert differ(estimate(0.7, None, None), estimate(0.9, 0.8, 1.0)) is None


def test_a_single_word_stands_alone():
    assert these(["only"]) == "only"
