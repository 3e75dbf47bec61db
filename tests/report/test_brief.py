"""The brief: each sentence against numbers worked out here from the same dict."""

import re

import pytest

from patron.report.brief import brief, suspects
from patron.report.goodness import calibrated


def all_of(told):
    return " ".join([*told.asked, *told.found, *told.good, *told.sure, *told.next_steps])


def test_headline_says_what_the_best_tenth_holds(results):
    point = next(p for p in results["purchase"]["curves"]["gains"] if p["contacted"] == 0.1)
    expected = f"you reach {100 * point['captured']:.0f} of 100 buyers"
    assert brief(results).headline == f"Contact the best-scored 10 of 100 customers, and {expected}"


def test_one_of_a_kind_is_told_in_the_singular(results):
    results["table"] |= {"rows": 2, "columns": 1, "entities": 1}
    results["features"]["target"]["counts"]["unlabelled"] = 1
    told = " ".join(brief(results).asked)
    assert f"rests on 1 customer in 2 rows and 1 column of {results['table']['name']}" in told
    assert "1 row has no answer yet." in told


def test_headline_makes_no_claim_that_the_interval_does_not_support(results):
    for point in results["purchase"]["curves"]["gains"]:
        point["low"] = min(point["low"], point["contacted"])
    assert "how many buyers a list reaches we cannot say" in brief(results).headline
    results["purchase"]["roc_auc"] |= {"value": 0.51, "low": 0.48, "high": 0.54}
    told = brief(results)
    assert "no better than chance" in told.headline
    assert told.next_steps[-1].startswith("Contact nobody by this score")
    assert not any("patron score" in step for step in told.next_steps)


def test_few_buyers_are_no_proof_that_scores_are_chances(results):
    points = results["purchase"]["curves"]["calibration"]
    for point in points:
        point |= {"n": 20, "predicted": 0.02, "observed": 0.0, "low": 0.0, "high": 0.16}
    told = " ".join(brief(results).sure)
    assert "we cannot say, because the holdout has too few buyers" in told
    assert "Scores can be read as chances:" not in told


def test_a_wide_difference_to_a_floor_is_not_called_none(results):
    ahead = results["purchase"]["candidates"][3]["holdout"]["chosen_ahead"]
    ahead |= {"value": 0.02, "low": -0.03, "high": 0.07}
    assert any("cannot tell: it may be ahead by up to 0.07" in each for each in brief(results).good)


def test_good_counts_customers_and_buyers(results):
    table = results["purchase"]["confusion"]
    n = sum(table.values())
    buyers = table["true_positive"] + table["false_negative"]
    captured = next(
        p["captured"] for p in results["purchase"]["curves"]["gains"] if p["contacted"] == 0.1
    )
    assert (
        brief(results)
        .good[0]
        .startswith(
            f"Of the {n // 10} customers in the holdout with the highest scores, "
            f"{round(captured * buyers)} bought:"
        )
    )
    flagged = table["true_positive"] + table["false_positive"]
    assert (
        f"{flagged} customers are flagged: {table['true_positive']} of them bought"
        in (brief(results).good[1])
    )


def test_every_count_in_good_is_in_the_dict_or_derived_from_it(results):
    """Written-out whole numbers above 100 are counts of customers; none may be made up."""
    table = results["purchase"]["confusion"]
    n = sum(table.values())
    hits = next(p for p in results["purchase"]["curves"]["gains"] if p["contacted"] == 0.1)
    buyers = table["true_positive"] + table["false_negative"]
    known = {*table.values(), table["true_positive"] + table["false_positive"], n // 10, 100}
    known |= {round(hits["captured"] * buyers), 1000}  # money is told for each 1,000 customers
    ahead = results["purchase"]["decision"]["money"]["ahead"]
    known |= {round(1000 * ahead[end]) for end in ("value", "low", "high")}
    written = re.findall(r"(?<![\d.])\d[\d,]*(?![\d.]*\d)", " ".join(brief(results).good))
    counts = {int(number.replace(",", "")) for number in written}
    assert {c for c in counts if c > 100} <= known


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ((0.088, 0.084, 0.092), "Better than {rule} by 0.088, between 0.084 and 0.092."),
        ((0.002, -0.002, 0.006), "Not better than {rule}, within noise: the simple rule would do."),
        ((-0.02, -0.03, -0.01), "Worse than {rule} by 0.02, beyond noise."),
        ((0.088, None, None), "Whether it beats {rule} we cannot say"),
    ],
)
def test_the_floor_is_beaten_only_beyond_noise(results, ahead, words):
    floor = results["purchase"]["candidates"][3]["holdout"]
    floor["chosen_ahead"] |= dict(zip(("value", "low", "high"), ahead, strict=True))
    rule = f"the rule “best single column (recency_days)” ({floor['roc_auc']['value']:.3f})"
    sentence = next(s for s in brief(results).good if "best single column" in s)
    assert sentence.startswith(words.format(rule=rule))


@pytest.mark.parametrize(
    ("shift", "words"),
    [(0.003, "no sign of optimism"), (0.05, "trust the lower one"), (-0.05, "easier than usual")],
)
def test_optimism_compares_inside_with_outside(results, shift, words):
    inside = results["purchase"]["cross_validated"]["roc_auc"]
    value = results["purchase"]["roc_auc"]["value"] + shift
    inside |= {"value": value, "low": value - 0.005, "high": value + 0.005}
    sentence = brief(results).sure[0]
    assert words in sentence
    assert f"({value:.3f})" in sentence


def test_scores_that_are_too_high_are_not_called_chances(results):
    for point in results["purchase"]["curves"]["calibration"][:4]:
        point["predicted"] = point["high"] + 0.05
    assert calibrated(results["purchase"]) == (
        "Scores are not chances: they are too high in 4 of 10 groups. Use them as an order."
    )


def test_two_groups_of_ten_may_miss_by_chance(results):
    for point in results["purchase"]["curves"]["calibration"]:
        point["predicted"] = point["observed"]
    for point in results["purchase"]["curves"]["calibration"][:2]:
        point["predicted"] = point["high"] + 0.01
    assert calibrated(results["purchase"]).startswith(
        "Scores can be read as chances: in 8 of 10 groups"
    )


def test_a_suspect_that_is_still_used_is_named_with_the_score_without_it(results):
    without = results["ladder"][-1]["value"]
    assert brief(results).caution == (
        "This score includes last_visit_seconds, a suspected leak (L01); in a quick cross-check "
        f"without it the ROC-AUC is {without:.3f}, 0.061 lower. "
        "If it is known only afterwards, none of the figures below hold."
    )


def test_a_suspect_that_was_left_out_is_no_caution(results):
    results["findings"][0]["applied"] = True
    assert suspects(results) == []
    assert brief(results).caution == ""


def test_findings_stand_worst_first(results):
    told = brief(results).found
    assert [sentence.split()[0] for sentence in told[:3]] == ["Serious", "Warning", "Note"]
    assert told[0].endswith("The fix was applied before the model saw the data.")
    assert told[1].endswith("The proposed fix was not applied.")
    assert told[3].startswith("tenure_days is kept against ")
    assert told[4] == "Of 5 checks, 1 found nothing and 1 cannot say, for reasons given below."


def test_what_cannot_be_said_has_a_reason(results):
    results["purchase"]["best_possible"] = None
    told = brief(results)
    cannot = [s for s in [*told.good, *told.sure] if "we cannot say" in s]
    assert len(cannot) == 4  # the best possible, whom a contact moves, other months, spend
    assert all("because" in sentence for sentence in cannot)


def test_the_next_steps_name_the_open_finding_and_the_command(results):
    told = brief(results).next_steps
    assert told[0].endswith("(L01)")
    assert "patron score out/bundle TABLE --out SCORES" in told[1]


def test_only_an_audit(audit_results):
    told = brief(audit_results)
    assert told.headline == "The audit found 1 serious fault and 1 warning"
    assert told.good == []
    assert "No model was trained, because the Study has no [purchase] section." in told.asked[0]
    audit_results["findings"] = []
    assert brief(audit_results).headline == "The audit found nothing serious"


def test_no_sentence_prints_a_missing_number(results):
    results["purchase"]["best_possible"] = None
    results["purchase"]["horizon_days"] = None
    results["table"] |= {"entities": None, "as_of": None}
    words = all_of(brief(results))
    assert "None" not in words
    assert "nan" not in words.split()
    assert "–" not in words
