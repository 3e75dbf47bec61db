"""What stands beside the model's figures: threshold and money, groups, costs, pairs, the card."""

import itertools
import re

import pytest
from html_page import NEVER, text_of

from patron.report import plots, render
from patron.report.brief import brief
from patron.report.groups import group_tables, kept_elsewhere, kept_sentences, served_sentences
from patron.report.plots.groups import observed
from patron.report.plots.labels import Box, Label, place
from patron.report.plots.tradeoffs import on_frontier
from patron.report.tables import calibration_rows, candidate_rows
from patron.report.threshold import (
    contact_step,
    flattered,
    money_rows,
    threshold_sentences,
    worth_sentence,
)
from patron.report.words import reading

KEYS = (
    "decision", "groups", "optimism", "optimism_because", "kept", "interactions", "card",
    "ece_by_chance", "learning_curve",
)  # fmt: skip


def without_ends(value):
    """The same dict, every interval unknown."""
    if isinstance(value, dict):
        ends = {"low": None, "high": None} if {"value", "low", "high"} <= value.keys() else {}
        return {key: without_ends(inner) for key, inner in value.items()} | ends
    return [without_ends(each) for each in value] if isinstance(value, list) else value


def first(svg):
    return svg.split("</svg>")[0]


# The page


@pytest.mark.parametrize("key", KEYS)
def test_the_page_renders_without_a_key(results, key):
    del results["purchase"][key]
    assert not NEVER.search(text_of(render(results)))


@pytest.mark.parametrize("key", KEYS)
def test_the_page_renders_where_a_key_is_empty(results, key):
    value = results["purchase"][key]
    results["purchase"][key] = [] if isinstance(value, list) else None
    assert not NEVER.search(text_of(render(results)))


def test_the_page_renders_as_it_did_before_there_were_these_keys(results):
    for key in KEYS:
        del results["purchase"][key]
    for each in results["purchase"]["candidates"]:
        del each["readability"], each["scoring_seconds"]
    del results["purchase"]["model"]["calibration"]["tried"]
    page = render(results)
    for section in ("groups", "optimism", "card", "pairs", "pic-frontier"):
        assert f'id="{section}"' not in page
    assert 'id="threshold"' in page


@pytest.mark.parametrize("key", [*KEYS, "candidates", "effects"])
def test_the_page_renders_where_intervals_are_missing(results, key):
    results["purchase"][key] = without_ends(results["purchase"][key])
    assert not NEVER.search(text_of(render(results)))


def test_contents_lead_to_what_is_there(results):
    sections = ("tried", "threshold", "groups", "optimism", "card")
    page = render(results)
    assert all(f'href="#{name}"' in page and f'id="{name}"' in page for name in sections)


def test_no_groups_is_said_with_its_reason(results):
    results["purchase"]["groups"] = []
    assert "served worse than others we cannot say, because no column" in text_of(render(results))


def test_a_split_that_is_not_by_time_says_why_there_is_no_comparison(results):
    results["purchase"] |= {"optimism": None, "optimism_because": "the split is not by time"}
    assert "we cannot say, because the split is not by time." in text_of(render(results))


# The threshold and money


def test_the_threshold_is_told_in_customers(results):
    purchase = results["purchase"]
    table = purchase["confusion"]
    flagged, n = table["true_positive"] + table["false_positive"], sum(table.values())
    told = " ".join(threshold_sentences(purchase))
    assert purchase["decision"]["sentence"] in told
    assert f"it flags {flagged:,} of {n:,} customers" in told
    assert f"F1 at it is {purchase['f1']['value']:.3f} [" in told


def test_tuning_on_the_holdout_is_said_to_flatter_only_where_it_does(results):
    purchase = results["purchase"]
    assert "not about F1" in flattered(purchase)[0]
    purchase["decision"]["rule"] = "f1"
    assert "0.004 too good to promise" in flattered(purchase)[0]
    purchase["decision"]["flattered"]["by"] = 0.0001
    assert flattered(purchase)[0].endswith("nothing is flattered.")
    purchase["decision"]["flattered"] = None
    assert flattered(purchase) == []


def test_money_adds_up(results):
    purchase = results["purchase"]
    listed, everybody, nobody = money_rows(purchase)
    n, found = sum(purchase["confusion"].values()), purchase["decision"]["money"]
    assert listed["left"] == f"${found['listed']['value'] * n:,.0f}"
    assert everybody["contacts"] == f"{n:,}"
    assert nobody["left"] == "$0.00"
    assert listed["crowd"].startswith(f"${1000 * found['listed']['value']:,.0f} [$")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ((0.12, 0.05, 0.19), "the list brings $120 more than the better of contacting everybody"),
        ((-0.12, -0.19, -0.05), "The list brings $120 less for each 1,000 customers"),
        ((0.02, -0.05, 0.09), "we cannot say: the difference lies between −$50.00 and $90.00"),
        ((0.12, None, None), "we cannot say: an interval is missing"),
    ],
)
def test_money_is_claimed_only_beyond_noise(results, ahead, words):
    money = results["purchase"]["decision"]["money"]
    money["ahead"] |= dict(zip(("value", "low", "high"), ahead, strict=True))
    assert words in worth_sentence(results["purchase"])
    assert any(words in sentence for sentence in brief(results).good)


@pytest.mark.parametrize(("share", "who"), [(0, "no customer"), (1, "every customer")])
def test_a_list_of_nobody_or_everybody_is_no_choice(results, share, who):
    results["purchase"]["decision"]["flagged"]["value"] = share
    assert f"{who} of the holdout is worth a contact" in worth_sentence(results["purchase"])


def test_money_never_stands_without_what_it_takes_for_granted(results):
    told = brief(results).good
    assert told[-1].startswith("This counts every purchase as owed to the contact.")
    results["purchase"]["decision"]["money"] = None
    assert not any("$" in sentence or "owed" in sentence for sentence in brief(results).good)


@pytest.mark.parametrize(
    ("rule", "words"),
    [("costs", "pays for itself"), ("capacity", "room for"), ("f1", "If a contact is cheap")],
)
def test_the_next_step_follows_the_rule(results, rule, words):
    results["purchase"]["decision"]["rule"] = rule
    assert words in contact_step(results["purchase"])
    assert brief(results).next_steps[-1] == contact_step(results["purchase"])


# Groups


def test_a_flagged_group_is_named_with_its_figures(results):
    told = served_sentences(results["purchase"]["groups"])
    assert told[0] == (
        "For customers with country “IE” the score is too high: it says 33.1\xa0% on average, "
        "and 27.4\xa0% bought."
    )
    assert told[1].startswith("For new customers (tenure_days: under 90 days) the score is too")
    assert told[2].startswith("In September 2026 the score is too low")
    assert told[3].startswith(
        "It ranks worse than elsewhere among customers with country “other” (ROC-AUC 0.690) and "
        "new customers"
    )
    assert told == [sentence for sentence in brief(results).sure if sentence in told]


def test_groups_without_a_flag_make_one_sentence(results):
    groups = results["purchase"]["groups"][2:3]
    assert served_sentences(groups) == [
        "No group of customers is found to be served worse (by email_opens_90d)."
    ]
    groups = results["purchase"]["groups"][:1]
    assert served_sentences([*groups, *groups]) == served_sentences(groups)  # told once
    assert served_sentences([]) == served_sentences(None) == []


def test_a_group_is_a_row_with_its_reason_or_its_flags(results):
    country, *_, months = group_tables(results["purchase"]["groups"])
    assert country["rows"][0]["flags"] == ["too high"]
    assert country["rows"][3]["auc"] == "–"
    assert country["rows"][3]["because"].startswith("the label has 12 positives")
    assert [row["label"] for row in months["rows"]] == ["September 2026", "June 2026", "July 2026"]


def test_the_observed_share_has_the_interval_of_its_distance(results):
    row = results["purchase"]["groups"][0]["rows"][0]
    bought = observed(row)
    assert bought["low"] == pytest.approx(row["observed"] - 0.048)
    assert bought["high"] == pytest.approx(row["observed"] + 0.048)


def test_the_picture_of_groups_marks_what_is_flagged_by_icon_and_word(results):
    purchase = results["purchase"]
    picture = plots.group(purchase["groups"][0], purchase["roc_auc"], 1)
    assert picture.title == ("By country, the score is too high for “IE”; “other” is ranked worse")
    svg = first(picture.svg)
    assert svg.count('class="flag-name"') == 2
    assert "▲ too high" in svg
    assert svg.count('class="flagged dot"') == 1  # the ranking of one label
    assert "too few to judge" in svg
    assert "1 of 4: too few buyers or others" in picture.subtitle
    calm = plots.group(purchase["groups"][2], purchase["roc_auc"], 1)
    assert calm.title == "By what is missing (email_opens_90d), nobody is found to be served worse"


def test_months_are_drawn_in_their_order_and_beside_the_cross_validated_figure(results):
    months = plots.group(results["purchase"]["groups"][3], results["purchase"]["roc_auc"], 1)
    places = [months.svg.index(f">{name} 2026<") for name in ("June", "July", "September")]
    assert places == sorted(places)
    inside = results["purchase"]["cross_validated"]["roc_auc"]["value"]
    assert f"all: {inside:.3f}" in render(results)


def test_only_so_many_labels_are_drawn(results):
    group = results["purchase"]["groups"][0]
    group["rows"] = [{**group["rows"][2], "label": f"c{n}"} for n in range(40)]
    picture = plots.group(group, results["purchase"]["roc_auc"], 1)
    assert "The 12 of 40 that differ most." in picture.subtitle


# What was kept


def test_what_is_kept_stands_with_its_reason(results):
    kept = results["purchase"]["kept"]
    [sentence] = kept_sentences(kept)
    assert sentence == (
        "tenure_days is kept against “A column is newer than the date of the forecast” (L05). "
        "Reason: it is counted on the evening before."
    )
    assert sentence in brief(results).found
    assert "Kept against a finding" in render(results)
    kept[0]["column"] = None
    assert kept_sentences(kept)[0].startswith("The check “A column is newer")


def test_what_the_card_tells_is_not_told_twice(results):
    purchase = results["purchase"]
    assert kept_elsewhere(purchase["kept"], purchase["card"]["sections"]) == purchase["kept"]
    purchase["card"]["sections"][1]["sentences"] = ["L05 is passed over for tenure_days."]
    assert kept_elsewhere(purchase["kept"], purchase["card"]["sections"]) == []
    assert "Kept against a finding" not in render(results)


# What accuracy costs


def test_candidates_say_what_reading_them_takes(results):
    rows = candidate_rows(results["purchase"]["candidates"])
    assert [row["reading"] for row in rows] == [
        "trees: reasons, but no whole picture",
        "curves and tables of two columns",
        "one curve a column",
        "a simple rule",
        "a simple rule",
    ]
    assert rows[0]["cpu"] == "15.4 s"
    assert rows[0]["scoring"] == "0.52 s"
    assert rows[4]["cpu"] == "–"
    assert reading(1.5) == "two models at once, one with tables of two columns"


def test_the_frontier_holds_what_nothing_beats(results):
    shown = results["purchase"]["candidates"][:3]
    assert [c["name"] for c in on_frontier(shown)] == ["logistic", "additive", "boosted"]
    shown[1]["log_loss_gain"]["value"] = 0.0  # dearer than the first and worse
    assert [c["name"] for c in on_frontier(shown)] == ["logistic", "boosted"]


def test_the_frontier_says_what_the_chosen_gives_up(results):
    purchase = results["purchase"]
    assert plots.frontier(purchase).title == (
        "The chosen model, boosted trees, saves the most log loss of 3, at 10 times the least cost"
    )
    for each in purchase["candidates"]:
        each["chosen"] = each["name"] == "additive"
    best, second = (purchase["candidates"][i]["log_loss_gain"]["value"] for i in (0, 1))
    picture = plots.frontier(purchase)
    assert picture.title == (
        f"The chosen model, additive model, gives up {100 * (best - second) / best:.2g}\xa0% of "
        "the best gain; it can be read whole and scores 5.8 times as fast"
    )
    wide = first(picture.svg)
    assert wide.count('class="model dot"') == 1
    assert wide.count("dot") == 3
    assert "one curve a column" in wide


def test_a_single_candidate_has_no_frontier(results):
    results["purchase"]["candidates"] = results["purchase"]["candidates"][:1]
    assert plots.frontier(results["purchase"]) is None
    assert "pic-frontier" not in render(results)


def test_names_that_find_no_place_become_numbers_with_a_key(results):
    for each in results["purchase"]["candidates"][:3]:
        each["scoring_seconds"] = 0.5
        each["log_loss_gain"] |= {"value": 0.2, "low": 0.1, "high": 0.3}
    wide = first(plots.frontier(results["purchase"]).svg)
    assert ">1  boosted trees (chosen)<" in wide
    assert ">3</text>" in wide


def test_labels_do_not_meet():
    labels = [Label(100, 100 + 6 * i, 60, 30) for i in range(4)]
    taken = [Box(96, 80, 104, 140)]
    boxes = place(labels, taken, Box(0, 0, 400, 300))
    assert boxes is not None
    every = [*boxes, *taken]
    assert not any(a.meets(b) for i, a in enumerate(every) for b in every[i + 1 :])
    assert place(labels, taken, Box(0, 90, 400, 120)) is None


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("rising", "More rows would help: the last doubling added between 0.0022 and 0.0058"),
        ("flat", "More rows would hardly help: the last doubling added at most 0.0058"),
        ("cannot say", "Whether more rows would help we cannot say"),
    ],
)
def test_the_learning_curve_claims_what_its_doubling_supports(results, verdict, words):
    curve = results["purchase"]["learning_curve"] | {"verdict": verdict}
    picture = plots.learning_curve(curve)
    assert picture.title.startswith(words)
    drawn = re.findall(r'<circle class="model dot" cx="([\d.]+)"', first(picture.svg))
    apart = [float(b) - float(a) for a, b in itertools.pairwise(drawn)]
    assert apart == pytest.approx([apart[0]] * 3, abs=0.2)  # each doubling is as wide
    curve["doubling"] = None
    assert plots.learning_curve(curve).title.endswith("we cannot say")


def test_calibration_names_the_noise_beside_the_error(results):
    told = plots.calibration(results["purchase"]).subtitle
    assert "Calibration error (ECE) 0.0131; scores that are the true chances would show" in told
    assert "0.0118 [0.0081, 0.0162]: no more than noise." in told
    results["purchase"]["ece"]["value"] = 0.03
    assert plots.calibration(results["purchase"]).subtitle.endswith(": more than noise.")


def test_the_ways_of_calibrating_are_rows(results):
    logistic, isotonic = calibration_rows(results["purchase"]["model"]["calibration"])
    assert (logistic["chosen"], isotonic["chosen"]) == (False, True)
    assert logistic["apart"] == "–"
    assert isotonic["apart"] == "−0.00200 [−0.00290, −0.00110]"


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ((0.015, 0.011, 0.019), "would have promised 0.015 more ROC-AUC than the later time"),
        ((-0.015, -0.019, -0.011), "After a random split the ROC-AUC would have been 0.015 lower"),
        ((0.001, -0.003, 0.005), "agree within noise"),
        ((0.015, None, None), "we cannot say: an interval is missing"),
    ],
)
def test_a_random_split_flatters_only_beyond_noise(results, difference, words):
    found = results["purchase"]["optimism"]
    found["difference"] |= dict(zip(("value", "low", "high"), difference, strict=True))
    assert words in plots.split_optimism(found).title


# Effects and pairs


def test_an_effect_is_drawn_with_its_band(results):
    effects = results["purchase"]["effects"]
    reach = plots.effect_reach(effects)
    assert 'class="model band"' in plots.effect(effects[0], reach).svg
    del effects[0]["low"]
    assert 'class="model band"' not in plots.effect(effects[0], reach).svg


def test_values_within_each_others_bands_are_not_called_different(results):
    channel = results["purchase"]["effects"][3]
    reach = plots.effect_reach([channel])
    assert plots.effect(channel, reach).title.startswith("Highest chance at e-mail")
    channel |= {"low": [-9.0] * 4, "high": [9.0] * 4}
    assert plots.effect(channel, reach).title == "No difference between its values beyond noise"


def test_one_wide_band_does_not_flatten_all_curves(results):
    effects = results["purchase"]["effects"]
    usual = plots.effect_reach(effects)
    effects[3]["high"] = [500.0] * 4
    low, high = plots.effect_reach(effects)
    assert high - low <= 1.6 * (usual[1] - usual[0])


def test_a_heat_map_colours_only_cells_of_enough_customers(results):
    pairs = results["purchase"]["interactions"]
    assert plots.heat_reach(pairs) == 2.4  # not the 9.9 of seven customers
    picture = plots.interaction(pairs[0], 2.4, 1)
    assert picture.title == (
        "orders_90d 2 to 9 with channel e-mail: 2.4 points more than the two say alone"
    )
    svg = first(picture.svg)
    assert svg.count('class="few"') == 1
    assert "9.9" not in svg
    assert 'class="heat up shade-5"' in svg
    assert 'class="heat down shade-3"' in svg
    assert "+2.4 points, 140 customers" in svg


def test_a_pair_within_noise_makes_no_claim(results):
    pairs = results["purchase"]["interactions"]
    assert plots.interaction(pairs[1], 2.4, 2).title == (
        "country and newsletter together say no more than each alone, beyond noise"
    )
    pairs[0]["n"] = [[3, 3, 3], [3, 3, 3]]
    assert plots.interaction(pairs[0], 0.0, 1).title.endswith("no cell has enough customers")


def test_long_labels_of_a_heat_map_stand_upright_where_there_is_no_room(results):
    pair = results["purchase"]["interactions"][0]
    pair["x"]["labels"] = [f"uninterrupted{n}" for n in range(7)]
    pair |= {"effect": [[0.1] * 7] * 2, "n": [[50] * 7] * 2}
    assert plots.interaction(pair, 1.0, 1).svg.count("rotate(-90") == 14  # wide and narrow
