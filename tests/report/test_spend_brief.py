"""The brief on spend: each sentence from the numbers, and none that they do not support."""

import json
import re
from pathlib import Path

import pytest

from patron.report.brief import brief
from patron.report.spend_brief import (
    spend_good,
    spend_headline,
    spend_next_steps,
    spend_sure,
    total_sentence,
)


@pytest.fixture
def spend():
    return json.loads(Path(__file__).with_name("sample_spend.json").read_text("utf-8"))


@pytest.fixture
def alone(audit_results, spend):
    return audit_results | {"spend": spend, "bundle": {"path": "out/bundle"}}


def estimate(value, low, high):
    return {"value": value, "low": low, "high": high}


def test_the_headline_says_what_the_top_tenth_holds(alone):
    tenth = alone["spend"]["top_10_capture"]["value"]
    assert brief(alone).headline == (
        f"{100 * tenth:.0f} of 100 dollars come from the 10 of 100 customers forecast to spend most"
    )


@pytest.mark.parametrize(
    ("gini", "capture", "words"),
    [
        ((0.1, -0.02, 0.2), (0.2, 0.15, 0.25), "no better than chance"),
        ((0.1, None, None), (0.2, 0.15, 0.25), "no better than chance"),
        ((0.3, 0.2, 0.4), (0.2, 0.09, 0.3), "we cannot say"),
        ((0.3, 0.2, 0.4), (None, None, None), "we cannot say"),
    ],
)
def test_the_headline_claims_only_what_is_beyond_chance(spend, gini, capture, words):
    spend["normalized_gini"] |= estimate(*gini)
    spend["top_10_capture"] |= estimate(*capture)
    assert words in spend_headline(spend)


def test_by_chance_nobody_is_to_be_chosen(spend):
    spend["normalized_gini"]["low"] = -0.01
    told = spend_next_steps(spend, {"path": "out/bundle"})
    assert told == ["Choose nobody by this forecast: its order is no better than chance so far."]


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        (1_010_000, "they spent $1.01\xa0million, within it."),
        (1_310_000, "above it: do not plan a budget with this total."),
        (690_000, "they spent $690,000, below it"),
        (None, "between $900,000 and $1.1\xa0million."),
    ],
)
def test_the_total_is_held_against_what_was_spent(spend, observed, words):
    total = spend["total"] | {
        "expected": 1_000_000, "low": 900_000, "high": 1_100_000, "observed": observed
    }  # fmt: skip
    told = total_sentence(total)
    assert told.startswith("The forecast total of the 3,000 customers of the holdout is $1\xa0mil")
    assert words in told


@pytest.mark.parametrize(
    ("r2", "words"),
    [
        ((0.41, 0.35, 0.46), "41 of 100 parts are explained (R² 0.41, between 0.35 and 0.46)"),
        ((0.02, -0.03, 0.06), "we cannot say: R² is 0.02, between −0.03 and 0.06"),
        ((0.4, None, None), "its interval is missing"),
        ((None, None, None), "there are none"),
    ],
)
def test_what_is_explained_is_told_in_parts_of_100(spend, r2, words):
    spend["r2"] |= estimate(*r2)
    assert any(words in each for each in spend_good(spend, alone=True))


def test_the_top_spenders_are_held_against_the_best_order(spend):
    spend["top_10_capture"] |= estimate(0.48, 0.43, 0.53)
    best = spend["gains"]["oracle"][5]
    told = spend_good(spend, alone=True)[1]
    assert told == (
        "The 300 customers of the holdout with the highest forecasts held 48 of 100 dollars that "
        f"were spent, between 43 and 53; those who in fact spent most held {100 * best:.0f} of 100."
    )


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ((100, 90, 110), "% closer to what was spent (CRPS) than those of the best simple rule"),
        ((1, -9, 11), "Not closer than the least squares, within noise: the simple rule would do."),
        ((-20, -30, -10), "The least squares is closer, beyond noise."),
    ],
)
def test_the_best_simple_rule_is_beaten_only_beyond_noise(spend, ahead, words):
    floor = next(c for c in spend["candidates"] if c["name"] == "ols")
    floor["ahead"] |= estimate(*ahead)
    assert any(words in each for each in spend_good(spend, alone=True))


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        ((0.81, 0.79, 0.82), "for 81 of 100, as it should"),
        ((0.79, 0.785, 0.795), "as it should"),  # off by a point: beyond noise, and no matter
        ((0.6, 0.58, 0.62), "ranges are too narrow, so do not plan with them"),
        ((0.95, 0.94, 0.96), "ranges are too wide, so do not plan with them"),
        ((None, None, None), "we cannot say"),
    ],
)
def test_a_range_is_recommended_only_where_it_holds(spend, coverage, words):
    spend["intervals"]["levels"][0]["coverage"] |= estimate(*coverage)
    assert words in spend_sure(spend, alone=True)[0]


def test_a_list_is_called_safe_only_where_its_total_held(spend):
    assert spend_sure(spend, alone=True)[0].endswith("told closely, a list's total can.")
    spend["total"]["observed"] = 2 * spend["total"]["high"]
    assert spend_sure(spend, alone=True)[0].endswith("told closely.")
    spend["intervals"]["levels"][0]["median_width"]["value"] = 1.0
    assert spend_sure(spend, alone=True)[0].endswith("wider than $1.")


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ((0.36, 0.34, 0.38), "no sign of optimism"),
        ((0.6, 0.58, 0.62), "trust the lower one"),
        ((0.05, 0.03, 0.07), "easier than usual"),
        ((0.36, None, None), "we cannot say"),
    ],
)
def test_optimism_compares_inside_with_outside(spend, inside, words):
    spend["r2"] |= estimate(0.35, 0.28, 0.41)
    spend["cross_validated"]["r2"] |= estimate(*inside)
    assert any(words in each for each in spend_sure(spend, alone=True))


def test_what_cannot_be_said_has_a_reason(spend):
    spend["best_possible"] = None
    told = [*spend_good(spend, alone=True), *spend_sure(spend, alone=True)]
    cannot = [each for each in told if "we cannot say" in each]
    assert len(cannot) == 3  # the best possible, other seasons, what a contact adds
    assert all("because" in each for each in cannot)


def test_beside_purchase_it_is_short(results, spend):
    told, before = brief(results | {"spend": spend}), brief(results)
    assert told.headline == before.headline
    assert len(told.good) + len(told.sure) <= len(before.good) + len(before.sure) + 4
    assert any("What will each customer also spend" in each for each in told.asked)
    assert not any("What they will spend we cannot say" in each for each in told.sure)


def test_alone_it_answers_all_questions(alone):
    told = brief(alone)
    assert told.asked[0].startswith("What will each customer spend within 30 days (spend_30d)?")
    assert "patron score out/bundle TABLE --out SCORES" in told.next_steps[-2]
    words = " ".join([*told.asked, *told.found, *told.good, *told.sure, *told.next_steps])
    assert not re.search(r"\b(None|nan|inf)\b|–", words)


def test_a_suspect_is_a_caution_for_the_forecast_too(results, alone):
    ladder = [step | {"metric": "r2"} for step in results["ladder"]]
    caution = brief(alone | {"ladder": ladder}).caution
    assert caution.startswith("This forecast includes last_visit_seconds, a suspected leak (L01)")
    assert "without it the R² is" in caution
