"""Pictures: the finding in the title, computed; the data drawn where they belong."""

import math
import re

import pytest

from patron.report import plots


def marks(svg, css):
    """The (x, y) of circles of a class, in the first drawing of a picture."""
    first = svg.split("</svg>")[0]
    found = re.findall(rf'<circle class="{css}" cx="([\d.]+)" cy="([\d.]+)"', first)
    return [(float(x), float(y)) for x, y in found]


def test_gains_title_and_mark_are_the_curve_at_one_in_ten(results):
    purchase = results["purchase"]
    point = next(p for p in purchase["curves"]["gains"] if p["contacted"] == 0.1)
    picture = plots.gains(purchase)
    captured = f"{100 * point['captured']:.0f} of 100"
    assert picture.title == f"Contacting the best 10 of 100 customers finds {captured} buyers"
    [(x, y)] = marks(picture.svg, "model dot")
    # the panel runs from 46 to 446 across and from 384 up to 32
    assert x == pytest.approx(46 + 0.1 * 400, abs=0.1)
    assert y == pytest.approx(384 - point["captured"] * 352, abs=0.1)


def test_calibration_draws_each_group_at_its_forecast_and_its_share(results):
    points = results["purchase"]["curves"]["calibration"]
    svg = plots.calibration(results["purchase"]).svg
    drawn = marks(svg, "model dot")
    assert len(drawn) == len(points) == 10
    top = max(int(tick) for tick in re.findall(r">(\d+)\xa0%</text>", svg)) / 100
    for (x, y), point in zip(drawn, points, strict=True):
        assert x == pytest.approx(46 + point["predicted"] / top * 400, abs=0.1)
        assert y == pytest.approx(314 - point["observed"] / top * 282, abs=0.1)


def test_calibration_title_says_which_way_scores_err(results):
    purchase = results["purchase"]
    assert plots.calibration(purchase).title.startswith("Scores can be read as chances")
    for point in purchase["curves"]["calibration"]:
        point["predicted"] = point["low"] / 2
    assert plots.calibration(purchase).title.startswith("Scores are too low in 10 of 10 groups")
    purchase["curves"]["calibration"] = []
    assert plots.calibration(purchase).title.startswith("Too few customers")


@pytest.mark.parametrize("groups", [5, 10, 15, 20])
def test_misses_allowed_is_the_binomial_quantile(groups):
    def tail(k):
        """The chance of more than k misses, summed from the other end."""
        chances = (math.comb(groups, j) * 0.05**j * 0.95 ** (groups - j) for j in range(k + 1, 99))
        return sum(chances)

    allowed = plots.misses_allowed(groups)
    assert tail(allowed) <= 0.05
    assert allowed == 0 or tail(allowed - 1) > 0.05


def test_roc_claims_nothing_where_the_interval_reaches_a_half(results):
    area = results["purchase"]["roc_auc"]["value"]
    assert plots.roc(results["purchase"]).title == (
        f"A buyer scores higher than another customer in {100 * area:.0f} of 100 pairs"
    )
    results["purchase"]["roc_auc"]["low"] = 0.49
    assert plots.roc(results["purchase"]).title.startswith("Beyond noise, the score does not")


def test_precision_and_recall_come_from_the_confusion(results):
    table = results["purchase"]["confusion"]
    precision = table["true_positive"] / (table["true_positive"] + table["false_positive"])
    recall = table["true_positive"] / (table["true_positive"] + table["false_negative"])
    assert plots.precision_recall(results["purchase"]).title == (
        f"At the threshold, {100 * precision:.0f} of 100 flagged customers bought, "
        f"and {100 * recall:.0f} of 100 buyers were flagged"
    )
    table |= {"true_positive": 0, "false_positive": 0}
    assert plots.precision_recall(results["purchase"]).title.endswith("no customer is flagged")


def test_half_of_the_buyers_is_half_of_the_histogram(results):
    scores = results["purchase"]["curves"]["scores"]
    scores |= {"edges": [0.0, 0.2, 0.4, 0.6], "positive": [10, 20, 10], "negative": [30, 10, 0]}
    title = plots.scores(results["purchase"]).title
    assert "above 30\xa0%" in title  # 10 below 0.2, then half of the 20 up to 0.4
    assert "below 13.3\xa0%" in title  # 20 of the 30 in the first bin: 0.2 × 2/3


def ahead(candidate, value, half=0.004):
    candidate["holdout"]["chosen_ahead"] |= {
        "value": value, "low": value - half, "high": value + half
    }  # fmt: skip


def test_candidates_title_names_ties_and_floors(results):
    purchase = results["purchase"]
    title = plots.candidates(purchase).title
    assert title == "The chosen model and the additive model rank equally well, within noise"
    ahead(purchase["candidates"][1], 0.005)
    assert plots.candidates(purchase).title == "The chosen model ranks best of 5, beyond noise"
    ahead(purchase["candidates"][3], 0.002)
    assert "no better than the best single column" in plots.candidates(purchase).title


def test_a_better_rival_is_said_to_be_better(results):
    ahead(results["purchase"]["candidates"][2], -0.03)
    title = plots.candidates(results["purchase"]).title
    assert title.startswith("On the holdout the logistic regression ranks better than the chosen")
    assert title.endswith(", by 0.03")


def test_importance_greys_what_is_not_beyond_noise(results):
    picture = plots.importance(results["purchase"]["effects"])
    assert picture.title == "recency_days matters most: shuffling it costs 0.092 of ROC-AUC"
    first = picture.svg.split("</svg>")[0]
    assert first.count('class="model bar-fill"') == 4
    assert first.count('class="plain bar-fill"') == 2


def test_bars_start_at_zero(results):
    picture = plots.importance(results["purchase"]["effects"])
    starts = re.findall(r'class="model bar-fill" x="([\d.]+)"', picture.svg.split("</svg>")[0])
    assert len(set(starts)) == 1


def column(results, name):
    return next(c for c in results["features"]["columns"] if c["name"] == name)


def rates(*shares):
    return [{"value": p, "low": p - 0.02, "high": p + 0.02, "n": 500} for p in shares]


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.40, 0.30, 0.20, 0.10), "Fewer buyers as it grows: 40 of 100 at 0 to 1"),
        ((0.10, 0.20, 0.30, 0.40), "More buyers as it grows: 10 of 100 at 0 to 1"),
        ((0.40, 0.10, 0.10, 0.30), "Most buyers at 0 to 1: 40 of 100; fewest at 1 to 2"),
        ((0.20, 0.21, 0.22, 0.21), "No difference in buyers beyond noise"),
    ],
)
def test_a_feature_title_claims_only_what_the_intervals_support(results, shares, words):
    shown = column(results, "tenure_days")
    shown["distribution"] = {
        "kind": "numeric", "edges": [0, 1, 2, 3, 4], "counts": [500] * 4, "log": False
    }  # fmt: skip
    shown["rates"] = rates(*shares)
    assert plots.feature(shown, 0.2).title.startswith(words)


def test_bins_without_customers_are_left_out(results):
    shown = column(results, "tenure_days")
    empty = {"value": None, "low": None, "high": None, "n": 0}
    shown["rates"][3] = empty
    drawn = marks(plots.feature(shown, 0.2).svg, "buyers dot")
    assert len(drawn) == len(shown["rates"]) - 1


def test_a_flag_of_numbers_is_drawn_as_two_rows(results):
    shown = column(results, "tenure_days")
    shown["distribution"] = {
        "kind": "numeric", "edges": [-0.5, 0.5, 1.5], "counts": [70, 30], "log": False
    }  # fmt: skip
    shown["rates"] = rates(0.1, 0.3)
    picture = plots.feature(shown, 0.2)
    assert picture.title == "Most buyers at 1: 30 of 100; fewest at 0: 10 of 100"
    assert picture.svg.count('class="bar"') == 2


def test_effects_share_one_scale(results):
    effects = results["purchase"]["effects"]
    low, high = plots.effect_reach(effects)
    every = [y for e in effects for y in e["effect"]]
    assert low <= min(every) < max(every) <= high
    apart = max(effects[0]["effect"]) - min(effects[0]["effect"])
    assert plots.effect(effects[0], (low, high)).title.endswith(f"{apart:.0f} points apart")


def test_an_effect_whose_importance_is_noise_makes_no_claim(results):
    effects = results["purchase"]["effects"]
    title = plots.effect(effects[-1], plots.effect_reach(effects)).title
    assert title == "It does not matter beyond noise"


def test_target_counts_what_has_no_answer(results):
    counts = results["features"]["target"]["counts"]
    counts |= {"positive": 180, "negative": 820, "unlabelled": 250}
    assert plots.target(results["features"]["target"]).title == (
        "18 of 100 customers are buyers; 250 have no answer yet"
    )


def test_the_crowd_is_the_holdout(results):
    table = results["purchase"]["confusion"]
    base = (table["true_positive"] + table["false_negative"]) / sum(table.values())
    (_, share, dots), (_, best, _), (_, rest, _) = plots.buyers_of_100(results["purchase"])
    assert share == base
    assert dots.count('class="buyers solid"') == round(100 * base)
    assert best == pytest.approx(base * results["purchase"]["lift_at_10"]["value"], rel=1e-6)
    half = next(p for p in results["purchase"]["curves"]["gains"] if p["contacted"] == 0.5)
    assert rest == pytest.approx(base * (1 - half["captured"]) / 0.5)
