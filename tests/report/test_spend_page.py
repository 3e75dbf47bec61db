"""The page on spend: whole with and without [purchase], whatever part is missing, and harmless."""

import itertools
import json
import re
from pathlib import Path

import pytest
from html_page import NEVER, Page, text_of, without

from patron.report import render
from patron.report.spend_tables import (
    best_rows,
    made_rows,
    money_metric,
    range_rows,
    spend_candidate_rows,
    spend_metric_rows,
    worst_rows,
)
from patron.report.spend_told import (
    best_sentence,
    inline,
    one_holdout,
    ranges_told,
    shape_told,
    typeset,
)
from patron.report.words import MONEY

METRICS = sorted(MONEY)


@pytest.fixture
def spend():
    """3,000 held-out and 12,000 other rows of a zero-inflated log-normal with a cap of 50,000."""
    return json.loads(Path(__file__).with_name("sample_spend.json").read_text("utf-8"))


@pytest.fixture
def both(results, spend):
    return results | {"spend": spend}


@pytest.fixture
def alone(audit_results, results, spend):
    ladder = [step | {"metric": "r2"} for step in results["ladder"]]
    return audit_results | {"spend": spend, "ladder": ladder, "bundle": results["bundle"]}


@pytest.mark.parametrize("asked", ["both", "alone"])
def test_the_page_is_whole(request, asked):
    page = render(request.getfixturevalue(asked))
    found = Page(page)
    assert len(found.ids) == len(set(found.ids))
    assert set(found.links) <= set(found.ids)
    assert found.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(found.headings))
    assert not NEVER.search(text_of(page))
    assert not re.search(r"https?://|url\(|@import", page)
    assert len(page.encode()) < 600_000


@pytest.mark.parametrize(
    "part", ["", "-problem", "-evidence", "-ranges", "-checks", "-drivers", "-tried", "-worst"]
)
def test_every_part_is_there_and_most_are_in_the_contents(alone, part):
    page = render(alone)
    assert f'id="spend{part}"' in page
    if part not in ("-tried", "-worst"):
        assert f'href="#spend{part}"' in page


def test_alone_it_says_that_nobody_asked_who_buys(alone):
    page = render(alone)
    assert "Who will buy: not run, because the Study has no [purchase] section." in page
    assert 'id="evidence"' not in page
    assert "No model was trained" not in page


def test_without_spend_the_page_says_nothing_of_it(results):
    page = render(results)
    assert 'id="spend' not in page
    assert "What they will spend: not run, because the Study has no [spend] section." in page


EMPTY = {
    "horizon_days": None, "best_possible": None, "features_made": [], "effects": [], "worst": [],
    "framing": [], "cross_validated": {},
}  # fmt: skip


@pytest.mark.parametrize("key", EMPTY)
def test_a_part_that_is_empty_is_left_out(alone, key):
    alone["spend"][key] = EMPTY[key]
    page = render(alone)
    Page(page)
    assert not NEVER.search(text_of(page))


def test_all_that_may_be_empty_may_be_so_at_once(alone):
    spend = alone["spend"] | EMPTY
    shape = spend["shape"] | {
        "top_1_share": None, "gini": None, "lorenz": {"customers": [], "spend": []},
        "histogram_log": {"edges": [], "counts": []}, "beyond_belief": None,
        "mean_excess": {"threshold": [], "excess": [], "n": []},
        "cap": {"value": None, "how": "none", "rows": 0, "because": ""},
    }  # fmt: skip
    spend["model"]["limit"] = None
    for each in spend["intervals"]["levels"]:
        each["by_arm"] = None
    for each in spend["gains"].values():
        each[:] = [None] * len(each)
    spend["gains"]["contacted"] = list(range(51))
    bins = {"x": [], "median": [], "low": [], "high": [], "n": []}
    spread = {"fitted": [], "sd": [], "n": []}
    spend["residuals"] |= {
        "columns": [], "fitted": bins, "spread_raw": spread, "spread_log": spread
    }  # fmt: skip
    spend["zero"]["calibration"] = []
    page = render(alone | {"spend": spend | {"shape": shape}})
    Page(page)
    assert not NEVER.search(text_of(page))


@pytest.mark.parametrize("keys", [("low", "high"), ("value", "low", "high")])
@pytest.mark.parametrize("asked", ["both", "alone"])
def test_missing_numbers_are_never_printed(request, asked, keys):
    results = request.getfixturevalue(asked)
    level = results["spend"]["r2"]["level"]
    results["spend"] = without(results["spend"], *keys)
    assert level == results["spend"]["r2"]["level"]
    assert not NEVER.search(text_of(render(results)))


@pytest.mark.parametrize("name", METRICS)
def test_a_single_metric_without_value_is_a_dash(alone, name):
    alone["spend"][name] |= {"value": None, "low": None, "high": None}
    page = render(alone)
    assert not NEVER.search(text_of(page))
    assert '<td class="num"><b>–</b></td>' in page


def test_text_from_the_data_is_harmless(alone):
    evil = '<script>alert("x")</script>'
    spend = alone["spend"]
    spend["target"] = spend["effects"][0]["column"] = evil
    spend["effects"][2]["zero"]["labels"][0] = spend["residuals"]["columns"][0]["column"] = evil
    spend["features_made"][0] |= {"name": evil, "formula": evil, "because": evil}
    spend["framing"][0] |= {"title": evil, "formula": evil, "sentences": [evil]}
    spend["candidates"][1] |= {"title": evil, "reads_as": evil}
    spend["intervals"]["levels"][0]["by_arm"][0]["label"] = evil
    spend["worst"][0]["customer"] = spend["intervals"]["method"] = evil
    spend["shape"]["cap"]["because"] = spend["total"]["method"] = evil
    page = render(alone)
    Page(page)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10


def test_the_dict_is_not_changed(both):
    before = json.dumps(both, sort_keys=True)
    render(both)
    assert json.dumps(both, sort_keys=True) == before


# Tables


def test_metrics_have_their_unit_and_what_they_reward(spend):
    spend["mae"] |= {"value": 1234.4, "low": 1200.2, "high": 1300.0}
    spend["top_10_capture"] |= {"value": 0.4839, "low": 0.4267, "high": 0.5342}
    rows = {row["metric"].term: row for row in spend_metric_rows(spend, lambda a, b: "agree")}
    assert len(rows) == len({m.term for m in MONEY.values()})
    assert rows["MAE"]["outside"] == "$1,234 [$1,200, $1,300]"
    assert rows["MAE"]["metric"].rewards == "the median"
    assert rows["top-10 % capture"]["outside"] == "48.4\xa0% [42.7, 53.4]"
    assert money_metric("r2", None) == "–"


def test_bold_are_the_chosen_and_what_ties_with_it_in_pairs(spend):
    rows = spend_candidate_rows(spend["candidates"])
    assert [row["best"] for row in rows] == [True, True, False, False, False, False]
    assert [row["chosen"] for row in rows] == [True, *[False] * 5]
    assert rows[0]["ahead"] == "–"
    assert rows[1]["ahead"] == "$0.80 [−$2.30, $3.90]"


def test_ranges_tell_what_they_hold_and_how_wide_they_are(spend):
    each = spend["intervals"]["levels"][0]
    [row, *_] = range_rows(spend["intervals"]["levels"])
    assert row["level"] == "80\xa0%"
    assert row["coverage"].startswith(f"{100 * each['coverage']['value']:.1f}")
    assert row["median"].startswith(f"${each['median_width']['value']:.0f} [")


def test_the_worst_misses_are_signed(spend):
    worst = [{**spend["worst"][0], "error": -12.5, "observed": 0, "as_of": None}]
    [row] = worst_rows(worst)
    assert (row["error"], row["observed"], row["as_of"]) == ("−$12.50", "$0", "")


def test_made_features_say_whether_they_were_kept(spend):
    assert [row["kept"] for row in made_rows(spend["features_made"])] == [True, True, False]


def test_the_model_is_held_against_the_truth(spend):
    spend["r2"]["value"], spend["best_possible"]["r2"]["value"] = 0.57, 0.6
    rows = {row["metric"].term: row for row in best_rows(spend)}
    assert rows["R²"]["ratio"] == "0.950"
    assert "The model reaches 95\xa0% of it." in best_sentence(spend)
    spend["best_possible"] = None
    assert best_rows(spend) == []
    assert best_sentence(spend) == ""


# Sentences


def test_the_cap_and_what_is_beyond_belief_are_named(spend):
    shape = spend["shape"]
    shape["beyond_belief"] = {
        "rows": 1, "values": [1e9], "share_of_total": 0.983, "rule": "It is left out.",
    }  # fmt: skip
    cap, beyond = shape_told(shape)
    assert cap.startswith("The amounts end at a cap of $50,000, found in the data. Many rows ")
    assert beyond == (
        "Beyond belief: 1 row ($1\xa0billion) holds 98.3\xa0% of the total. It is left out."
    )
    shape["cap"] |= {"how": "set", "because": "1 amount stands at the cap.", "rows": 1}
    assert "set by the Study. 1 amount stands at the cap. What" in shape_told(shape)[0]


def test_one_holdout_is_told_by_the_width_of_its_interval(spend):
    spend["r2"] |= {"value": 0.4, "low": 0.3, "high": 0.5}
    told = one_holdout(spend)
    assert "leaves R² between 0.3 and 0.5" in told
    assert "differ by less than about 0.14 cannot be told apart" in told
    spend["r2"]["low"] = None
    assert one_holdout(spend) == ""


def test_ranges_from_zero_are_explained_only_where_there_are_any(spend):
    intervals = spend["intervals"]
    assert "the range of 80\xa0% begins at 0" in ranges_told(intervals)[1]
    for each in intervals["levels"]:
        each["one_sided_share"] = 0.0
    assert ranges_told(intervals) == [intervals["method"]]


@pytest.mark.parametrize(
    ("formula", "html"),
    [
        ("P(y_i = 0) = 1 - p", "P(<i>y</i><sub><i>i</i></sub> = 0) = 1 − <i>p</i>"),
        ("sigma^2 <= {a}", "<i>σ</i><sup>2</sup> ≤ {<i>a</i>}"),
        ("e^{x_{i}} z", "<i>e</i><sup><i>x</i><sub><i>i</i></sub></sup> <i>z</i>"),
        ("x^{a + {b}", "<i>x</i><sup><i>a</i> + {<i>b</i>}</sup>"),
        ("x_", "<i>x</i><sub></sub>"),
        ("<b> & log", "&lt;<i>b</i>&gt; &amp; log"),
        ("} }", "} }"),
    ],
)
def test_formulas_are_set_and_always_balanced(formula, html):
    assert typeset(formula) == html


def test_only_indices_are_set_in_sentences():
    assert inline("where p(x_i) > 0 in my_i") == (
        "where p(<i>x</i><sub><i>i</i></sub>) &gt; 0 in my_i"
    )
