"""Pictures on spend: titles that the numbers support, and marks where the data are."""

import json
import math
import re
from pathlib import Path

import pytest

from patron.report import plots


@pytest.fixture
def spend():
    return json.loads(Path(__file__).with_name("sample_spend.json").read_text("utf-8"))


def first(picture):
    return picture.svg.split("</svg>")[0]


def marks(picture, css):
    found = re.findall(rf'class="{css}" cx="([\d.]+)" cy="([\d.]+)"', first(picture))
    return [(float(x), float(y)) for x, y in found]


def test_zeros_and_the_averages_are_the_title(spend):
    shape = spend["shape"] | {"n": 100, "zeros": 61, "mean": 38.4, "median": 0}
    title = "61 of 100 customers spent nothing: the average is $38.40, the median $0"
    assert plots.spend_raw(shape, "spend").title == title
    assert plots.spend_raw(shape | {"zeros": 0}, "spend").title == (
        "The average is $38.40, the median $0"
    )


def test_the_middle_half_is_that_of_the_histogram(spend):
    found = {"edges": [0.0, 1.0, 2.0, 3.0], "counts": [25, 50, 25]}
    title = plots.spend_log(spend["shape"] | {"histogram_log": found}, "spend").title
    assert title == "Of those who spend, half spend between $10 and $100"


def test_the_lorenz_curve_tells_what_the_top_tenth_holds(spend):
    curve = {"customers": [0.0, 0.8, 1.0], "spend": [0.0, 0.2, 1.0]}
    picture = plots.lorenz(spend["shape"] | {"lorenz": curve, "top_1_share": 0.05})
    assert picture.title == (
        "The top 10 of 100 customers hold 40 of 100 dollars, the top 1 of them 5 of 100"
    )
    [(x, y)] = marks(picture, "model dot")
    assert x == pytest.approx(46 + 0.9 * 400, abs=0.1)
    assert y == pytest.approx(334 - 0.6 * 302, abs=0.1)


@pytest.mark.parametrize(
    ("excess", "words"),
    [([10, 11, 12], "light"), ([10, 20, 40], "heavy"), ([10, 40, 5], "then it ends")],
)
def test_the_tail_is_heavy_where_the_excess_grows(spend, excess, words):
    found = {"threshold": [0, 1, 2, 3, 4], "excess": [9, *excess, 900], "n": [99, 99, 60, 30, 29]}
    assert words in plots.mean_excess(spend["shape"] | {"mean_excess": found}).title


def test_candidates_are_told_by_their_paired_difference(spend):
    tried = spend["candidates"]
    assert plots.spend_candidates(tried).title == (
        "The two-part spline model was chosen; as close, within noise: boosted trees (hurdle)"
    )
    tried[1]["ahead"] |= {"value": 3.0, "low": 1.0, "high": 5.0}
    assert plots.spend_candidates(tried).title == (
        "The two-part spline model is the closest of 6, beyond noise"
    )
    tried[1]["ahead"] |= {"value": -3.0, "low": -5.0, "high": -1.0}
    assert (
        plots.spend_candidates(tried).title
    ) == "Boosted trees (hurdle) is closer than the chosen model, by $3"
    tried[4]["ahead"] |= {"low": -1.0}
    tried[1]["ahead"] |= {"high": 1.0}
    assert "no closer than the least squares" in plots.spend_candidates(tried).title
    assert plots.spend_candidates(tried[:1]) is None


def test_what_is_far_off_is_an_arrow_and_does_not_squeeze_the_others(spend):
    picture = plots.spend_candidates(spend["candidates"])
    assert first(picture).count('class="plain-arrow"') == 3
    assert picture.subtitle.endswith("Arrows: beyond the scale.")


def row(decile, predicted, value, low, high, n=100):
    return {
        "decile": decile, "n": n, "predicted": predicted, "total_predicted": predicted * n,
        "total_observed": value * n, "observed": {"value": value, "low": low, "high": high},
    }  # fmt: skip


def test_tenths_are_missed_only_beyond_what_chance_gives():
    rows = [row(k, 10.0 * k, 10.0 * k, 9.0 * k, 11.0 * k) for k in range(1, 11)]
    for each in rows[:2]:
        each["predicted"] *= 2
    assert plots.deciles_missed(rows) == (0, 2, 10)
    title = plots.spend_deciles({"deciles": rows}).title
    assert title == "Forecast and spend agree within noise in 8 of 10 tenths"
    rows[2]["predicted"] *= 2
    assert plots.spend_deciles({"deciles": rows}).title == (
        "Forecasts are too high in 3 of 10 tenths, beyond noise"
    )


def test_the_farthest_tenth_is_named(spend):
    rows = [row(k, 10.0, 10.0, 9.0, 11.0) for k in range(1, 10)] + [row(10, 10.0, 13.0, 9.0, 17.0)]
    picture = plots.total_by_decile({"deciles": rows})
    told = "Farthest off is tenth 10: 30\xa0% more spent than forecast, within noise"
    assert picture.title == told
    assert len(marks(picture, "model dot")) == 10


@pytest.mark.parametrize(
    ("observed", "words"),
    [(100, "agrees with the $100"), (150, "above the interval"), (50, "below the interval")],
)
def test_the_total_is_judged_by_its_interval(spend, observed, words):
    total = spend["total"] | {"expected": 100, "low": 90, "high": 110, "observed": observed}
    assert words in plots.spend_total(total).title


def test_gains_are_marked_at_one_in_ten(spend):
    spend["top_10_capture"]["value"] = 0.5
    picture = plots.money_gains(spend)
    assert picture.title.endswith("held 50 of 100 dollars")
    [(x, y)] = marks(picture, "model dot")
    assert x == pytest.approx(46 + 0.1 * 400, abs=0.1)
    assert y == pytest.approx(334 - 0.5 * 302, abs=0.1)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([50] * 10, "fit: all 10 bars"),
        ([90, 50, 40, 40, 40, 40, 40, 40, 50, 90], "too narrow"),
        ([10, 40, 60, 70, 70, 70, 60, 60, 50, 10], "too wide"),
        ([20, 30, 40, 50, 50, 50, 60, 60, 70, 90], "too low"),
        ([90, 70, 60, 60, 50, 50, 50, 40, 30, 20], "too high"),
    ],
)
def test_the_shape_of_the_histogram_is_named(counts, words):
    edges = [k / 10 for k in range(11)]
    picture = plots.pit({"edges": edges, "counts": counts, "low": 35, "high": 65})
    assert words in picture.title
    assert ('class="outside"' in picture.svg) == ("fit" not in words)


def worm(deviation):
    normal = [-2 + k / 10 for k in range(41)]
    return {
        "normal": normal, "deviation": [deviation(x) for x in normal], "low": [-0.1] * 41,
        "high": [0.1] * 41,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("deviation", "words"),
    [
        (lambda x: 0.0, "as they should be: 41 of 41"),
        (lambda x: 0.3 * (x > 1), "at the upper end, from 1.1 on"),
        (lambda x: 0.3 * (x < -1), "at the lower end, up to −1.1"),
        (lambda x: 0.2 * x * (abs(x) > 1.05), "at both ends"),
        (lambda x: 0.3 * (abs(x) < 0.45), "in the middle: 9 of 41"),
    ],
)
def test_the_worm_leaves_the_band_where_it_does(deviation, words):
    assert words in plots.worm(worm(deviation)).title


def bins(median=0.0, wide=1.0, at=3):
    spread = [1.2816 * (wide if k == at else 1.0) for k in range(6)]
    middle = [median if k == at else 0.0 for k in range(6)]
    return {
        "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "median": middle, "n": [900] * 6,
        "low": [m - s for m, s in zip(middle, spread, strict=True)],
        "high": [m + s for m, s in zip(middle, spread, strict=True)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (bins(), "No pattern"),
        (bins(median=0.09), "No pattern"),  # beyond noise or not, too little to matter
        (bins(median=0.5), "too low at forecasts of $4"),
        (bins(median=-0.5), "too high at forecasts of $4"),
        (bins(wide=1.4), "too narrow at forecasts of $4"),
        (bins(wide=0.7), "too wide at forecasts of $4"),
    ],
)
def test_residuals_name_where_level_or_spread_is_off(found, words):
    assert words in plots.residual_fit(found).title


def test_few_customers_make_no_pattern():
    found = bins(median=0.5) | {"n": [30] * 6}
    assert plots.residual_fit(found).title.startswith("No pattern")


def test_the_logarithm_evens_the_spread_or_does_not(spend):
    raw = {"fitted": [10.0, 100.0], "sd": [2.0, 20.0], "n": [50, 50]}
    assert "spreads 10 times as wide" in plots.spread_raw(raw).title
    log = {"fitted": [2.0, 4.0], "sd": [1.0, 1.1], "n": [50, 50]}
    assert plots.spread_log(log).title == "On the log scale the spread is even"
    log["sd"] = [1.0, 2.0]
    assert plots.spread_log(log).title.endswith("still differs 2-fold")
    assert plots.spread_log({"fitted": [1.0], "sd": [None], "n": [1]}) is None


def test_coverage_is_drawn_for_all_arms_and_tenths_at_each_level(spend):
    levels = spend["intervals"]["levels"]
    picture = plots.spend_coverage(levels)
    drawn = first(picture).count(' dot"')
    assert drawn == 3 * (1 + 2 + 10)
    assert picture.title.startswith("Ranges hold what they promise")
    for each in levels:
        each["by_arm"] = None
    assert "By arm" not in plots.spend_coverage(levels).svg
    levels[0]["coverage"] |= {"value": 0.6, "low": 0.58, "high": 0.62}
    assert plots.spend_coverage(levels).title == (
        "Ranges are too narrow: those of 80\xa0% hold 60\xa0% of customers"
    )
    assert plots.spend_coverage([]) is None


def test_tenths_written_as_text_have_the_order_of_numbers(spend):
    levels = spend["intervals"]["levels"]
    for each in levels:
        for place, found in enumerate(each["by_decile"], 1):
            found["label"] = f"{place:02d}"
    names = re.findall(r">tenth ([^<]+)</text>", first(plots.spend_coverage(levels)))
    assert names == ["10 (highest)", *map(str, range(9, 1, -1)), "1 (lowest)"]


def test_an_effect_is_told_by_odds_and_by_factor():
    found = {
        "column": "a", "kind": "number", "importance": 1.0,
        "zero": {"x": [0.0, 1.0], "y": [0.0, math.log(8)]},
        "amount": {"x": [0.0, 1.0], "y": [0.5, 1.5]},
    }  # fmt: skip
    picture = plots.spend_effect(found, plots.effect_reaches([found]))
    assert picture.title == "Odds of spending up to 8 times as high, amounts up to 3 times as high"
    found |= {"zero": None, "amount": {"x": [0.0, 1.0], "y": [1.0, 1.01]}}
    picture = plots.spend_effect(found, plots.effect_reaches([found]))
    assert picture.title == "Hardly any difference between its values"


def test_every_picture_has_its_finding_as_alt_text(spend):
    for picture in (plots.spend_raw(spend["shape"], "s"), plots.spend_total(spend["total"])):
        assert f'aria-label="{picture.title}' in picture.svg
