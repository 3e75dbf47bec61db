"""Scales: ticks are round, inside the scale, and not too many."""

import itertools

import pytest

from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, wrap


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.653, 0.661), (-3, 17), (0, 48_000), (1e-6, 3e-6), (5, 5)]
)
def test_linear_ticks_lie_inside_and_evenly(low, high):
    ticks = Scale(low, high, 0, 1).ticks(5)
    assert 1 <= len(ticks) <= 7
    assert all(low - 1e-12 <= tick <= high + 1e-12 for tick in ticks)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(ticks)}
    assert len(steps) <= 1


@pytest.mark.parametrize(("low", "high"), [(1, 9e6), (0, 2_500), (0.4, 30), (3, 40), (100, 130)])
def test_log_ticks_lie_inside_and_are_few(low, high):
    ticks = Scale(low, high, 0, 1, "log").ticks(4)
    assert 1 < len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)


def test_log_scale_gives_each_decade_the_same_room_and_zero_a_place():
    scale = Scale(1, 100, 0, 200, "log")
    assert scale(10) == pytest.approx(100)
    from_zero = Scale(0, 100, 0, 200, "log")
    assert from_zero(0) == 0
    assert 0 < from_zero(1) < from_zero(10) < from_zero(100) == 200


def test_a_scale_without_width_puts_its_value_in_the_middle():
    assert Scale(3, 3, 0, 10)(3) == 5


def test_fit_holds_both_ends_and_zero_on_demand():
    low, high = fit(0.6531, 0.8612)
    assert low <= 0.6531 < 0.8612 <= high
    assert fit(0.2, 0.9, zero=True)[0] == 0
    low, high = fit(7, 7)
    assert low < 7 < high


def test_text_in_a_picture_is_escaped():
    sheet = Drawing(10, 10)
    sheet.text(0, 0, "<b>&", "tick")
    sheet.rect(0, 0, 1, 1, "bar", tip="<i>")
    svg = sheet.render('say "hi" <now>')
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg
    assert "<title>&lt;i&gt;</title>" in svg
    assert 'aria-label="say &quot;hi&quot; &lt;now&gt;"' in svg


def test_long_labels_wrap_and_then_end_in_an_ellipsis():
    lines = wrap("a blend of logistic regression with curves and boosted trees", 150, lines=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert wrap("short", 150) == ["short"]


@pytest.mark.parametrize("high", [0.43, 0.66, 0.71, 0.97, 12, 130, 4_100])
def test_a_fitted_axis_ends_on_its_own_ticks(high):
    domain = fit(0, high, zero=True)
    assert Scale(*domain, 0, 1).ticks(5)[-1] == domain[1] >= high
