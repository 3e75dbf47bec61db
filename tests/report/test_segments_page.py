"""The page on segments: found, none found, one month or two, alone or beside models; harmless."""

import copy
import itertools
import json
import re

import pytest
from html_page import NEVER, Page, text_of, without

from patron.report import render
from patron.report.brief import brief
from patron.report.segments_page import segments_context
from patron.report.segments_tables import match_rows
from patron.report.segments_told import (
    answer,
    card_sure,
    months_told,
    most_valuable,
    rule_told,
    rules_cost,
    segments_sure,
)

EVIL = '<script>alert("x")</script>'


def as_tiers(segments):
    """No number of groups passes: three tiers along one axis, without rules."""
    made = copy.deepcopy(segments) | {
        "k": 3, "kind": "tiers", "structure": False, "sql": "", "zeros": [],
        "because": "No number of groups stands out from a continuum.",
    }  # fmt: skip
    made["segments"] = made["segments"][:3]
    for place, each in enumerate(made["segments"], 1):
        name = ("Top fifth by value", "Middle by value", "Lowest by value")[place - 1]
        each |= {"id": f"T{place}", "name": name, "suggested_name": name, "rule": None}
        each["sure"] = {"jaccard": None, "silhouette": None, "doubtful_share": None}
    for cell in made["map"]["cells"]:
        cell["segment"] = "T1"
    for found in made["evidence"]["candidates"]:
        found |= {"eligible": False, "chosen": False, "because": ["silhouette 0.18 < 0.20"]}
    return made | {"months": None, "months_because": "there is no earlier model"}


def as_eight(segments):
    """As many segments as there may be, with names as long as they may be."""
    made = copy.deepcopy(segments) | {"k": 8}
    for place in range(6, 9):
        more = copy.deepcopy(made["segments"][place - 6])
        made["segments"].append(more | {"id": f"S{place}", "name": f"{place} " + "W" * 38})
    return made


def refitted(segments):
    made = copy.deepcopy(segments)
    made["months"]["kept"] = False
    made["months"]["matches"][4] |= {"new": "S6", "old": None, "jaccard": 0.31}
    made["months"]["matches"][3] |= {"centres_agree": False}
    made["months"]["names"]["S6"] = "Newly found"
    return made


def unmeasured(segments):
    """All that may be missing is missing at once."""
    made = without(segments, "value", "low", "high") | {
        "left_out": [], "zeros": [], "map": None, "revenue_column": None,
        "revenue_because": "no money column says what a customer spent",
    }  # fmt: skip
    made["evidence"] |= {"rfm": None, "rfm_because": "there are no orders", "rules_only": None}
    made["evidence"] |= {"candidates": [], "null_silhouette": None, "rules_f1": None}
    for each in made["segments"]:
        each |= {"revenue_share": None, "rule": None}
        each["profile"] |= {"medians": [], "categories": [], "examples": []}
        each["sure"] = dict.fromkeys(each["sure"])
    for move in made["months"]["migration"]:
        move["revenue"] = None
    return made


VARIANTS = {
    "found": lambda segments: segments,
    "tiers": as_tiers,
    "eight": as_eight,
    "refitted": refitted,
    "unmeasured": unmeasured,
    "no month": lambda segments: segments | {"months": None, "months_because": "it is the first"},
    "exact": lambda segments: segments | {"kind": "rules"},
    "no intervals": lambda segments: without(segments, "low", "high"),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("beside", ["purchase", "nothing"])
def test_the_page_is_whole(results, audit_results, written, variant, beside):
    made = VARIANTS[variant](written["segments"])
    given = results if beside == "purchase" else audit_results
    given |= {"segments": made}
    if beside == "purchase":
        given["comparison"] = written["comparison"]
    before = json.dumps(given, sort_keys=True)
    page = render(given)
    found = Page(page)
    assert len(found.ids) == len(set(found.ids))
    assert set(found.links) <= set(found.ids)
    assert found.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(found.headings))
    assert not NEVER.search(text_of(page))
    assert not re.search(r"https?://|url\(|@import", page)
    assert "natural type" not in page
    assert len(page.encode()) < 600_000
    assert json.dumps(given, sort_keys=True) == before


@pytest.mark.parametrize("part", ["", "-cards", "-axes", "-evidence", "-months"])
def test_every_part_is_there_and_in_the_contents(results, segments, part):
    page = render(results | {"segments": segments})
    assert f'id="segments{part}"' in page
    assert f'href="#segments{part}"' in page


def test_without_segments_the_page_says_why_and_nothing_else(results):
    page = render(results)
    assert 'id="segments' not in page
    assert 'id="comparison' not in page
    assert "Who they are: not run, because the Study has no [segments] section." in page


def test_text_from_the_data_is_harmless(results, written):
    segments = refitted(written["segments"])
    first = segments["segments"][0]
    first |= {"name": EVIL, "suggested_name": EVIL + "2"}
    first["rule"] |= {"text": EVIL, "sql": EVIL}
    profile = first["profile"]
    profile["campaign"] = profile["categories"][0]["level"] = profile["axes"][0]["title"] = EVIL
    profile["medians"][0]["column"] = profile["examples"][0]["customer"] = EVIL
    profile["medians"][1]["unit"] = EVIL
    segments["axes"][0] |= {"title": EVIL, "because": EVIL}
    segments["axes"][0]["columns"][0] |= {"name": EVIL, "because": EVIL}
    segments["left_out"][0] |= {"column": EVIL, "because": EVIL}
    segments["zeros"][0]["sentence"] = segments["sql"] = segments["because"] = EVIL
    segments["evidence"]["rfm"]["segments"][0]["name"] = EVIL
    segments["evidence"]["candidates"][0]["because"] = [EVIL]
    segments["months"]["names"]["S1"] = segments["months"]["previous"]["version"] = EVIL
    page = render(results | {"segments": segments})
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 20
    Page(page)


def test_groups_are_told_with_the_silhouette_of_customers_without_any(segments):
    assert answer(segments) == [
        "There are 5 groups beyond one correlated continuum.",
        "Their silhouette is 0.263, between 0.259 and 0.267; with the same margins and "
        "correlations but no groups it would be 0.204.",
    ]
    assert answer(segments | {"kind": "rules"})[-1] == (
        "Here exact rules on the axes draw the lines. Exact rules cost 0.032 of silhouette."
    )


def test_no_groups_are_told_as_tiers_or_as_kept_ones_that_no_longer_hold(segments):
    told = answer(as_tiers(segments))
    assert told[0].startswith("We find no groups beyond one correlated continuum")
    assert told[1] == "Tiers along one axis stand in the place of segments."
    kept = segments["evidence"] | {"of_the_gate": "2026-01-31"}
    told = answer(segments | {"structure": False, "evidence": kept})
    assert told[1].startswith("The 5 segments of 31 January 2026 are kept, but the customers")


def test_the_most_valuable_has_most_revenue_for_its_size(segments):
    for each, share, revenue in zip(
        segments["segments"], (0.5, 0.1, 0.2, 0.1, 0.1), (0.6, 0.3, 0.1, 0.0, 0.0), strict=True
    ):
        each |= {"share": share, "revenue_share": revenue}
    assert most_valuable(segments) == (
        "The most valuable segment is “Recent buyers who send much back”: 10 of 100 customers, "
        "who bring 30 of 100 dollars."
    )
    for each in segments["segments"]:
        each["revenue_share"] = None
    segments["revenue_because"] = "no column holds money."
    assert most_valuable(segments) == (
        "Which segment is worth most we cannot say, because no column holds money."
    )


def test_the_brief_of_segments_alone(audit_results, results, segments):
    given = audit_results | {"segments": segments, "bundle": results["bundle"]}
    told = brief(given)
    assert told.headline == "Customers form 5 groups beyond one correlated continuum"
    assert told.asked[0] == ("Which groups do customers form, found without looking at any answer?")
    assert told.found[:3] == [*answer(segments), most_valuable(segments)]
    assert any("patron score" in step for step in told.next_steps)
    assert told.next_steps[-1].startswith("Try what each segment suggests on some")
    told = brief(given | {"segments": as_tiers(segments)})
    assert told.headline == "No groups beyond one correlated continuum: customers differ by degree"
    assert told.next_steps[-1].startswith("Try what each tier suggests")


def test_the_brief_beside_a_model_keeps_its_headline(results, written):
    alone, both = brief(results), brief(results | written)
    assert both.headline == alone.headline
    assert [s for s in both.good if s not in alone.good] == [
        "Segments alone would rank buyers with a ROC-AUC of 0.731, the purchase model with 0.853: "
        "choose whom to contact by the model, and what to say by the segment."
    ]
    assert both.asked[1] == "Which groups do customers form, found without looking at any answer?"
    assert both.sure[-2:] == segments_sure(written["segments"])


def test_how_sure_has_a_reason_where_it_cannot_be_said(segments):
    stable, switched = segments_sure(segments)
    assert stable.startswith("Resamples of the customers give the same groups (adjusted Rand 0.952")
    share = segments["months"]["switched"]["value"]
    assert f"{100 * share:.0f} of 100 changed their segment" in switched
    first = segments | {"months": None, "months_because": "there is no earlier model"}
    assert segments_sure(first)[-1] == (
        "Whether they stay the same next month we cannot say, because there is no earlier model."
    )
    assert len(segments_sure(as_tiers(segments))) == 1  # nothing is said of stable groups


def test_a_card_says_who_how_many_and_what_a_user_named_them(segments):
    segments["segments"][0]["name"] = "Our best"
    card, other = segments_context(segments)["cards"][:2]
    assert (card["id"], card["name"], card["css"]) == ("S1", "Our best", "s1")
    assert card["suggested"] == "Recent, frequent big spenders"
    assert other["suggested"] == ""
    assert card["size"] == f"{segments['segments'][0]['size']:,}"
    assert card["rule"]["text"] == "spend_365d > 250 and days_since_last_purchase <= 60"
    assert card["rule_told"] == (
        "82 of 100 customers that it catches are of this segment; of all who are, it catches "
        "86 of 100."
    )
    assert card["categories"][0]["level"] == "e-mail"
    each = segments["segments"][0]["profile"]["revenue"]["each"]
    assert card["each"] == f"${each:,.0f}"
    assert len(card["medians"]["heads"]) == 3


def test_tiers_have_no_rules_and_say_so(segments):
    tiers = as_tiers(segments)
    context = segments_context(tiers)
    assert {card["rule"] for card in context["cards"]} == {None}
    assert rule_told(tiers["segments"][0], "tiers") == (
        "No rule on raw columns: a tier is a cut of one axis."
    )
    assert "too few of these customers" in rule_told({"rule": None}, "segments")
    page = text_of(render_alone(tiers))
    assert "Each tier, by itself" in page
    assert "CASE WHEN" not in page
    assert "No zero or missing value makes a tier here." in page


def render_alone(segments):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("patron.report"), autoescape=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    from patron.report import numbers

    environment.filters |= {"counted": numbers.counted}
    parts = ("segments", "segments_cards", "segments_axes", "segments_evidence", "segments_months")
    context = {"segments": segments_context(segments)}
    return "".join(environment.get_template(f"{part}.html").render(context) for part in parts)


def test_an_exact_rule_is_called_exact(segments):
    one = {"value": 1.0, "low": 1.0, "high": 1.0}
    rule = segments["segments"][0]["rule"] | {"precision": one, "recall": one}
    assert rule_told({"rule": rule}, "rules") == "The rule is exact: it defines the segment."
    assert rules_cost({"cost": -0.001}) == "Exact rules cost nothing in silhouette here."
    assert rules_cost(None) == ""


@pytest.mark.parametrize(
    ("jaccard", "words"),
    [(0.9, "nearly always"), (0.8, "in most of them"), (0.65, "who belongs to it varies"),
     (0.3, "seldom")],
)  # fmt: skip
def test_a_card_says_how_often_it_is_found_again(jaccard, words):
    sure = {"jaccard": jaccard, "silhouette": -0.004, "doubtful_share": 0.04}
    told = card_sure({"sure": sure}, "segments")
    assert words in told
    assert "Silhouette of its members 0.00." in told
    assert told.endswith("4 of 100 are doubtful: another centre is nearly as near.")
    assert card_sure({"sure": dict.fromkeys(sure)}, "tiers") == "How sure it is we cannot say."


def test_a_refit_shows_which_segment_continues_which(segments):
    assert segments_context(segments)["matches"] == []
    made = refitted(segments)
    rows = match_rows(made["months"])
    assert rows[3]["centres"] == "disagree"
    assert rows[4] == {
        "new": "S6 Newly found", "old": "none", "jaccard": "0.310", "centres": "agree",
    }  # fmt: skip
    assert months_told(made["months"])[0].startswith("The segments were fitted anew")
    assert "at most 0.85 times as far" in months_told(segments["months"])[0]


def test_months_without_a_customer_in_common(results, segments):
    segments["months"] |= {"shared": 0, "switched": None, "without_hysteresis": None}
    segments["months"]["migration"] = [
        {"from": "S1", "to": "gone", "customers": 5, "revenue": None},
        {"from": "new", "to": "S2", "customers": 7, "revenue": None},
    ]
    page = text_of(render(results | {"segments": segments}))
    assert "Who changed their segment we cannot say, because no customer is in both" in page
    assert "No customer is in both months" in page
    assert not NEVER.search(page)


def test_without_an_earlier_month_the_reason_is_given(results, segments):
    first = segments | {"months": None, "months_because": "there is no earlier model"}
    page = text_of(render(results | {"segments": first}))
    assert "Who stays and who moves we cannot say, because there is no earlier model." in page
