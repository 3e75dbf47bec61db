"""The card of segments: every part is told, whom it serves less well, and its place in the page."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from patron.report import render
from patron.report.cards import add_cards
from patron.report.segments_card import segments_card

from .test_spend_card import TITLES, part

SAMPLE = json.loads(Path(__file__).with_name("sample_segments.json").read_text("utf-8"))


@pytest.fixture
def segments() -> dict[str, Any]:
    return copy.deepcopy(SAMPLE["segments"])


@pytest.fixture
def tiers(segments: dict[str, Any]) -> dict[str, Any]:
    because = "No groups beyond one correlated continuum: 3 to 8 groups were tried and none passed"
    segments |= {"kind": "tiers", "structure": False, "because": because, "months": None}
    for each in segments["segments"]:
        each["sure"] |= {"jaccard": None}
    return segments


def texts(card: dict[str, Any]) -> list[str]:
    return [sentence for each in card["sections"] for sentence in each["sentences"]]


def test_all_parts_are_told_in_the_order_of_the_other_cards(segments, results) -> None:
    card = segments_card(segments, results)
    assert [each["title"] for each in card["sections"]] == TITLES
    assert all(each["sentences"] for each in card["sections"])
    told = texts(card)
    assert not [each for each in told if re.search(r"\b(None|nan|inf)\b", each)]
    assert all(each.endswith(".") and ".." not in each for each in told)


def test_it_says_what_segments_are_and_are_not(segments, results) -> None:
    card = segments_card(segments, results)
    assert "one of 5 segments, told by how much they buy" in part(card, "What it is for")[0]
    not_for = " ".join(part(card, "What it must not be used for"))
    assert "who buys was never looked at" in not_for
    assert "not natural types of people" in not_for
    assert "to be tested" in not_for


def test_its_figures_are_those_of_the_results(segments, results) -> None:
    card = segments_card(segments, results)
    good = " ".join(part(card, "How good it is"))
    assert good.startswith(segments["because"])
    for name in ("silhouette", "copula_lift", "ari_bootstrap", "jaccard_min"):
        assert f"{segments['evidence'][name]['value']:.3f}"[:4] in good
    assert f"F1 {segments['evidence']['rules_f1']:.2f} on average" in good
    (learned, *more) = part(card, "What it learned from")
    size = sum(each["size"] for each in segments["segments"])
    assert f"{size:,} customers" in learned
    assert "No target is among them." in learned
    assert any("days_since_last_purchase (less is more)" in each for each in more)


def test_segments_with_many_doubtful_members_or_unstable_ones_are_named(segments, results) -> None:
    for each in segments["segments"]:
        each["sure"] |= {"doubtful_share": 0.1, "jaccard": 0.95}
    told = part(segments_card(segments, results), "Whom it serves less well")
    assert told[0].startswith("Of all customers 10 of 100 are doubtful")
    assert told[1].startswith("No segment stands out")
    segments["segments"][2]["sure"] |= {"doubtful_share": 0.3, "jaccard": 0.8}
    third = segments["segments"][2]
    told = part(segments_card(segments, results), "Whom it serves less well")
    assert told[:2] == [
        f"{third['id']} ({third['name']}): 30 of 100 are doubtful.",
        f"{third['id']} ({third['name']}): a bootstrap draw finds 0.80 of it again.",
    ]
    assert len(told) == 3


def test_an_axis_of_which_nothing_is_known_is_named(segments, results) -> None:
    column = segments["axes"][0]["columns"][0]["name"]
    for each in results["features"]["columns"]:
        each["missing_share"] = 0.0
    results["features"]["columns"][0] |= {"name": column, "missing_share": 0.25, "used": True}
    segments["axes"][0]["flagged"] = 0.2
    told = part(segments_card(segments, results), "What is missing")
    assert told[0] == f"Missing at least once in 200 rows: {column} (25\xa0%)."
    assert told[2].startswith("Of how much they buy nothing is known for 20 of 100 customers")
    results["features"]["columns"][0]["missing_share"] = 0.0
    assert part(segments_card(segments, results), "What is missing") == [
        "Next to nothing is missing in the columns of the axes."
    ]


def test_month_to_month_is_told_or_not_known(segments, results) -> None:
    share = round(100 * segments["months"]["switched"]["value"])
    assert f"{share} of 100 customers changed their segment" in part(
        segments_card(segments, results), "Limits"
    )[0].replace("\xa0", " ")
    segments["months"] = None
    assert part(segments_card(segments, results), "Limits")[0].startswith(
        "How many customers change from month to month we cannot say"
    )


def test_tiers_are_cuts_and_no_kinds(tiers, results) -> None:
    card = segments_card(tiers, results)
    assert part(card, "What it is for")[0] == (
        "It sorts customers into 5 tiers, because there are no groups beyond one correlated "
        "continuum."
    )
    told = texts(card)
    assert "Tiers are cuts, not kinds: customers on both sides of one are alike." in told
    assert not [each for each in told if "adjusted Rand" in each or "natural types" in each]
    assert any(each.startswith("Where a tier ends is a convention.") for each in told)
    assert not [each for each in told if re.search(r"\b(None|nan)\b", each)]


def test_what_cannot_be_told_is_left_out(segments, results) -> None:
    for name in ("silhouette", "copula_lift", "ari_bootstrap", "jaccard_min"):
        segments["evidence"][name] |= {"value": None, "low": None, "high": None}
    segments["evidence"] |= {"rfm": None, "rules_f1": None}
    assert part(segments_card(segments, results), "How good it is") == [segments["because"]]


def test_the_bundle_gets_the_card_alone_or_beside_others(segments, results) -> None:
    alone = add_cards({"purchase": None, "spend": None, "segments": segments}, results)
    assert alone.startswith("# Model card: Who they are\n\n## What it is for\n\n- It gives each")
    assert segments["card"] == segments_card(segments, results)
    bought = results["purchase"]
    bought["model"] |= {"learned_from": 40_000, "monotone": {}}
    both = add_cards({"purchase": bought, "spend": None, "segments": segments}, results)
    heads = [line for line in both.splitlines() if re.match("##? ", line)]
    assert heads == [
        "# Model cards",
        f"## Who will buy: {bought['target']}",
        "## Who they are",
    ]


def test_the_page_shows_it_beside_the_other_cards(segments, results) -> None:
    bought = results["purchase"]
    bought["model"] |= {"learned_from": 40_000, "monotone": {}}
    add_cards({"purchase": bought, "spend": None, "segments": segments}, results)
    page = render({**results, "segments": segments})
    assert "<h3>Who they are</h3>\n<h4>What it is for</h4>" in page
    segments["card"] = None
    assert "<h3>Who they are</h3>\n<h4>What it is for</h4>" not in render(
        {**results, "segments": segments}
    )
