"""The card of spend: every part is told, groups only beyond noise, and both cards on one page."""

import copy
import json
import re
from pathlib import Path

import pytest

from patron.report import render
from patron.report.cards import add_cards
from patron.report.spend_card import spend_card

SAMPLE = json.loads(Path(__file__).with_name("sample_spend.json").read_text("utf-8"))
TITLES = [
    "What it is for",
    "What it must not be used for",
    "What it learned from",
    "How good it is",
    "Whom it serves less well",
    "What is missing",
    "What was found in the data, and what was done",
    "Limits",
]


@pytest.fixture
def spend():
    return copy.deepcopy(SAMPLE)


def part(card, title):
    (found,) = (each["sentences"] for each in card["sections"] if each["title"] == title)
    return found


def whom(spend, results):
    return part(spend_card(spend, results), "Whom it serves less well")


def cover(row, share, reach=0.02):
    ends = {"value": share, "low": share - reach, "high": min(share + reach, 1.0)}
    row["coverage"] = {**row["coverage"], **ends}


def test_all_parts_are_told_in_the_order_of_the_other_card(spend, results):
    card = spend_card(spend, results)
    assert [each["title"] for each in card["sections"]] == TITLES
    told = [sentence for each in card["sections"] for sentence in each["sentences"]]
    assert all(each["sentences"] for each in card["sections"])
    assert not [each for each in told if re.search(r"\b(None|nan|inf)\b", each)]


def test_its_figures_are_those_of_the_results(spend, results):
    card = spend_card(spend, results)
    good = part(card, "How good it is")
    assert good[0].startswith("On 3,000 rows of a later date: R² 0.35, between 0.28 and 0.41;")
    assert "Ranges of 80 % held 80.8 of 100 customers".replace("80 %", "80\xa0%") in "".join(good)
    assert f"{SAMPLE['total']['n']:,} customers of the holdout" in "".join(good)
    (learned, *_) = part(card, "What it learned from")
    assert "learned from 12,000, with 5 columns, 2 of them made from others" in learned


def test_groups_within_noise_are_not_named(spend, results):
    none, note = whom(spend, results)
    assert none.startswith("In none of the tenths of the forecast and the arms are ranges too")
    assert note.startswith("Ranges that hold more than they promise are not named")
    for row in spend["intervals"]["levels"][0]["by_decile"][:2]:
        cover(row, 0.7)  # two of ten may miss by chance
    assert whom(spend, results) == [none, note]
    for level in spend["intervals"]["levels"]:
        level["by_arm"] = None
    assert "and the arms" not in whom(spend, results)[0]


def test_tenths_whose_ranges_are_too_narrow_are_named_once(spend, results):
    for level in spend["intervals"]["levels"][:2]:
        for row in level["by_decile"][-3:]:
            cover(row, level["level"] - 0.1)
    told = whom(spend, results)
    assert [each.split(" (")[0] for each in told[:3]] == [
        "Tenth 8 of the forecast",
        "Tenth 9 of the forecast",
        "Tenth 10 of the forecast, the highest",
    ]
    assert (
        told[2]
        .replace("\xa0", " ")
        .endswith("ranges of 80 % held 70 of 100 and of 90 % held 80 of 100: too narrow.")
    )
    assert (
        told[3] == "Each is judged by its own interval, and of 20 right ones one misses by chance."
    )


def test_an_arm_is_named_on_its_own_if_that_matters(spend, results):
    arms = spend["intervals"]["levels"][0]["by_arm"]
    cover(arms[0], 0.78, reach=0.01)  # beyond noise, and next to nothing
    assert "In none" in whom(spend, results)[0]
    cover(arms[0], 0.7)
    assert whom(spend, results)[0].startswith("Arm no postcard (1,497 customers): ranges of 80")
    cover(arms[0], 0.95)  # wide: where most spend nothing no range can be narrower
    assert "In none" in whom(spend, results)[0]


def test_tenths_whose_mean_is_off_are_named(spend, results):
    for row in spend["total"]["deciles"][:4]:
        row["predicted"] = row["observed"]["high"] * 2
    told = whom(spend, results)
    assert sum("the mean is forecast too high" in each for each in told) == 4
    assert told[0].startswith("Tenth 1 of the forecast, the lowest: the mean is")


def test_what_cannot_be_told_is_said(spend, results):
    for name in ("r2", "mae", "top_10_capture"):
        spend[name] |= {"value": None, "low": None, "high": None}
    for level in spend["intervals"]["levels"]:
        level["coverage"] |= {"value": None, "low": None, "high": None}
    good = part(spend_card(spend, results), "How good it is")
    assert "R² cannot be told; MAE of the median cannot be told." in good[0]
    assert sum("hold we cannot say." in each for each in good) == 3


def test_it_says_what_was_found_and_passed_over(spend, results):
    spend["kept"] = [{"code": "L05", "column": "tenure", "because": "known before", "title": "x"}]
    spend["shape"]["beyond_belief"] = {"rule": "1 row holds 99 % of the total; it is left out."}
    results["findings"] = [
        {"severity": "serious", "applied": True, "code": "M01", "title": "Codes", "columns": ["a"]}
    ]
    assert part(spend_card(spend, results), TITLES[6]) == [
        "1 row holds 99 % of the total; it is left out.",
        f"The amounts end at a cap of $50,000. {spend['shape']['cap']['because']}",
        "M01 (a): Codes; mended before the model saw the data.",
        "L05 is passed over for tenure, because: known before.",
    ]
    spend["split"]["by"] = "entity"
    told = spend_card(spend, results)
    assert "Not for a promise about later months" in part(told, TITLES[1])[-1]
    assert any("same time as the training part" in each for each in part(told, "Limits"))


def test_the_bundle_gets_one_card_or_both_under_headings(spend, results):
    alone = add_cards({"purchase": None, "spend": spend}, results)
    assert alone.startswith("# Model card: spend_30d\n\n## What it is for\n\n- It forecasts")
    assert spend["card"] == spend_card(spend, results)
    bought = results["purchase"]
    bought["model"] |= {"learned_from": 40_000, "monotone": {}}
    both = add_cards({"purchase": bought, "spend": spend}, results)
    heads = [line for line in both.splitlines() if re.match("##? ", line)]
    target = bought["target"]
    assert heads == [
        "# Model cards",
        f"## Who will buy: {target}",
        "## What they will spend: spend_30d",
    ]
    assert both.count("### Limits\n") == 2
    assert [[each["title"] for each in made["card"]["sections"]] for made in (bought, spend)] == [
        TITLES,
        TITLES,
    ]


def test_the_page_shows_the_cards_that_there_are(spend, results):
    add_cards({"purchase": None, "spend": spend}, results)
    both = render({**results, "spend": spend})
    assert "<h3>Who will buy</h3>\n<h4>What it is for</h4>" in both
    assert "<h3>What they will spend</h3>\n<h4>What it is for</h4>" in both
    assert both.index('id="spend"') < both.index('id="card"') < both.index('id="method"')
    alone = {"spend": spend, "purchase": None, "purchase_because": "the Study has no [purchase]"}
    page = render({**results, **alone, "ladder": []})
    assert page.count('href="#card"') == page.count('<section id="card">') == 1
    assert "<h3>What it is for</h3>" in page
    spend["card"] = None
    assert 'id="card"' not in render({**results, **alone, "ladder": []})
