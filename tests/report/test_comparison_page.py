"""Supervised and unsupervised beside each other: sentences, the table of tenths, what may lack."""

import re

import pytest

from patron.report import plots, render
from patron.report.comparison_page import comparison_context
from patron.report.plots.segments_deciles import _brief
from patron.report.segments_told import comparison_told

EVIL = '<script>alert("x")</script>'
NEVER = re.compile(r"\b(None|nan|NaN|inf)\b")


@pytest.fixture
def comparison(written):
    return written["comparison"]


def first(picture):
    return picture.svg.split("</svg>")[0]


def estimate(value, half):
    return {"value": value, "low": value - half, "high": value + half}


@pytest.mark.parametrize(
    ("segments", "model", "apart", "words"),
    [
        (0.73, 0.85, estimate(0.12, 0.01), "choose whom to contact by the model"),
        (0.84, 0.85, estimate(0.01, 0.02), "which is better these held-out rows cannot tell"),
        (0.85, 0.80, estimate(-0.05, 0.01), "the segments rank better, beyond noise"),
        (0.73, 0.85, None, "whether that is beyond noise we cannot say"),
    ],
)
def test_the_two_are_told_by_their_paired_difference(comparison, segments, model, apart, words):
    comparison |= {"segments_auc": estimate(segments, 0.01), "model_auc": estimate(model, 0.01)}
    [told] = comparison_told(comparison | {"difference": apart})
    assert told.startswith(f"Segments alone would rank buyers with a ROC-AUC of {segments:.3f}")
    assert words in told
    assert comparison_told(comparison | {"segments_auc": None}) == []


def test_both_stand_on_one_scale(comparison):
    picture = plots.segment_auc(comparison)
    assert picture.title == "Segments alone rank buyers at 0.73, the model at 0.85"
    assert "4,800 held-out customers; paired difference 0.122" in picture.subtitle
    places = [
        float(re.search(rf'class="{css} dot" cx="([\d.]+)"', first(picture)).group(1))
        for css in ("model", "plain")
    ]
    ticks = dict(re.findall(r'x="([\d.]+)"[^>]*>(0\.5|1\.0)<', first(picture)))
    low, high = sorted(map(float, ticks))
    assert places == pytest.approx(
        [low + (high - low) * (auc - 0.5) / 0.5 for auc in (0.853, 0.731)], abs=0.2
    )
    assert plots.segment_auc(comparison | {"model_auc": None}) is None


def test_the_table_of_tenths_names_the_cell_with_most(written):
    rows = written["segments"]["segments"]
    cells = [("S1", 10, 100, 40, 600.0), ("S1", 9, 19, 1, 50.0), ("S2", 9, 281, 9, 350.0)]
    keys = ("segment", "decile", "customers", "buyers", "expected_revenue")
    together = {
        "unit": "expected revenue", "because": "", "segments": ["S1", "S2"], "deciles": [9, 10],
        "cells": [dict(zip(keys, cell, strict=True)) for cell in cells],
    }  # fmt: skip
    picture = plots.segment_deciles(together, rows)
    assert picture.title == (
        "“Recent, frequent big spenders” in tenth 10: 25 of 100 customers, 60 of 100 expected "
        "dollars"
    )
    assert first(picture).count('class="few"') == 2  # too few, and no cell at all
    assert re.findall(r'class="heat up (shade-\d)"', first(picture)) == ["shade-5", "shade-4"]
    assert "$600 from 100 customers, 40 bought, $6 each" in picture.svg
    assert ">$600</text>" in picture.svg
    for cell in together["cells"]:
        cell["expected_revenue"] = 0.0
    assert plots.segment_deciles(together, rows).title == "No dollars are expected of anybody"
    assert plots.segment_deciles(None, rows) is None


def test_without_amounts_cells_hold_expected_buyers(results, written):
    together = written["comparison"]["together"]
    together |= {"unit": "expected buyers", "because": "the sum of the probabilities"}
    picture = plots.segment_deciles(together, written["segments"]["segments"])
    assert picture.title.endswith("expected buyers")
    assert "$" not in first(picture)
    context = comparison_context(written["comparison"], written["segments"])
    assert context["worth"] == "Expected buyers"
    assert not any("$" in row["revenue"] for row in context["actions"])
    assert ">Expected buyers</th>" in render(results | written)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(12_345.0, "$12k"), (1_250.0, "$1.2k"), (2_000.0, "$2k"), (999_600.0, "$1m"), (87.2, "$87")],
)
def test_amounts_are_short_where_room_is(amount, words):
    assert _brief(amount) == words


def test_actions_name_who_gets_what(written):
    context = comparison_context(written["comparison"], written["segments"])
    best = context["actions"][0]
    assert (best["id"], best["css"]) == ("S1", "s1")
    assert best["who"] == "the best three tenths by the purchase model"
    assert best["campaign"].startswith("Thank them")
    told = written["comparison"]["actions"][0]
    assert best["customers"] == f"{told['customers']:,}"


def test_what_all_campaigns_end_with_is_not_told_in_each(written):
    actions = written["comparison"]["actions"]
    for place, each in enumerate(actions):
        each["campaign"] = f"Do {place}. Then stop. A suggestion, no measured effect."
    told = [row["campaign"] for row in comparison_context(written["comparison"], None)["actions"]]
    assert told == [f"Do {place}." for place in range(len(actions))]
    actions[0]["campaign"] = "Nothing."
    told = [row["campaign"] for row in comparison_context(written["comparison"], None)["actions"]]
    assert told[0] == "Nothing."
    assert told[1].endswith("no measured effect.")


def test_heads_have_the_figure_that_each_side_is_known_by(comparison):
    one, other = comparison_context(comparison, None)["heads"]
    assert one["told"] == "boosted trees for bought_30d"
    assert one["figure"].startswith("ROC-AUC 0.853 [0.844, 0.862], F1 0.56")
    assert other["title"] == "Unsupervised: 5 segments"
    comparison["unsupervised"] |= {"kind": "tiers", "k": 4}
    assert comparison_context(comparison, None)["heads"][1]["title"] == "Unsupervised: 4 tiers"


def test_what_shuffling_the_answer_changes(comparison):
    said = comparison_context(comparison, None)["permuted"]
    assert said == comparison["permuted"]["sentence"]
    comparison["permuted"] |= {"sentence": "", "same_segment": 1.0}
    assert comparison_context(comparison, None)["permuted"].endswith(
        "100 of 100 are in the same segment as before."
    )
    comparison["permuted"] = None
    assert "was not tried" in comparison_context(comparison, None)["permuted"]


def test_the_page_shows_both_and_what_may_lack_is_said(results, written):
    page = render(results | written)
    assert 'href="#comparison"' in page
    assert "Supervised and unsupervised, compared" in page
    assert "Why the two figures cannot be compared" in page
    lacking = written["comparison"] | {
        "together": None, "actions": [], "permuted": None, "segments_auc": None,
        "difference": None,
    }  # fmt: skip
    page = render(results | written | {"comparison": lacking})
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    assert "we cannot say: nothing was expected of the customers" in text
    assert "Who gets which campaign" not in text
    assert not NEVER.search(text)


def test_without_segments_the_ids_stand_for_them(results, written):
    page = render(results | {"comparison": written["comparison"]})
    assert "S1" in page
    assert 'id="comparison"' in page
    assert 'id="segments"' not in page


def test_text_from_the_data_is_harmless(results, written):
    found = written["comparison"]
    found["supervised"] |= {"target": EVIL, "model": EVIL}
    found["aspects"][0] |= {"aspect": EVIL, "supervised": EVIL, "unsupervised": EVIL}
    found["permuted"]["sentence"] = found["together"]["because"] = EVIL
    found["actions"][0] |= {"name": EVIL, "who": EVIL, "campaign": EVIL}
    written["segments"]["segments"][0]["name"] = EVIL
    page = render(results | written)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10
