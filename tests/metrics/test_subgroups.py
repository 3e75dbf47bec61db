"""Each label beside the others: the figures, their intervals, and when a label is flagged."""

import datetime
import json
import math

import numpy as np
import pytest
import sklearn.metrics
from scipy.stats import beta, binom, norm
from scipy.stats import t as student

from patron.errors import DataError
from patron.metrics import calibration_by, evaluate_groups, roc_auc
from patron.metrics.interval import exact_interval, wilson_interval

SEEDS = range(4)
FIELDS = {
    *("label", "n", "positives", "predicted", "observed", "miscalibration"),
    *("roc_auc", "auc_gap", "because", "flags"),
}


def labels_of(random, n, count):
    """Labels of very different size, which have nothing to do with the outcome."""
    weight = 1 / np.arange(1, count + 1)
    return random.choice(count, n, p=weight / weight.sum())


def by_label(table):
    return {each["label"]: each for each in table}


def structural_components(y, p):
    """DeLong's components, by comparing every pair."""
    wins = (p[y == 1][:, None] > p[y == 0]) + 0.5 * (p[y == 1][:, None] == p[y == 0])
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_agree_with_plain_means_and_scikit_learn(shop, seed):
    random = np.random.default_rng(seed)
    y, p, _ = shop(0.3).draw(random, 1500)
    labels = labels_of(random, 1500, 3)
    rates = calibration_by(y, p, labels)
    for label, got in by_label(evaluate_groups(y, p, labels)).items():
        at = labels == label
        assert set(got) == FIELDS
        assert {name: got[name] for name in rates[label]} == rates[label]
        assert (got["n"], got["positives"]) == (at.sum(), y[at].sum())
        assert got["predicted"] == pytest.approx(p[at].mean())
        assert got["observed"] == pytest.approx(y[at].mean())
        assert got["miscalibration"].value == pytest.approx((y - p)[at].mean())
        inside, outside = (sklearn.metrics.roc_auc_score(y[i], p[i]) for i in (at, ~at))
        assert got["roc_auc"] == roc_auc(y[at], p[at])
        assert got["roc_auc"].value == pytest.approx(inside)
        assert got["auc_gap"].value == pytest.approx(inside - outside)


def test_variances_of_independent_aucs_add(shop):
    random = np.random.default_rng(5)
    y, p, _ = shop(0.3).draw(random, 4000)
    labels = labels_of(random, 4000, 3)
    variance = 0.0
    for at in (labels == 1, labels != 1):
        _, of_positive, of_negative = structural_components(y[at], p[at])
        variance += np.var(of_positive, ddof=1) / of_positive.size
        variance += np.var(of_negative, ddof=1) / of_negative.size
    gap = by_label(evaluate_groups(y, p, labels))[1]["auc_gap"]
    # Student's quantile at some hundreds of degrees of freedom is within 1 % of the normal one.
    assert (gap.high - gap.low) / 2 == pytest.approx(1.96 * math.sqrt(variance), rel=0.01)
    assert gap.method == "DeLong, variances added"


def test_interval_of_miscalibration_agrees_with_a_written_out_one(shop):
    random = np.random.default_rng(6)
    y, p, _ = shop(0.3).draw(random, 400)
    got = calibration_by(y, p, np.zeros(400))[0.0]["miscalibration"]
    off = y - p - (y - p).mean()
    # Twice the squared variance over the variance of the variance; see `margin`.
    square, fourth = (off**2).sum(), (off**4).sum()
    freedom = 2 * square**2 / (fourth - square**2 / 400)
    reach = student.ppf(0.975, freedom) * math.sqrt(square) / 400
    share = y.mean()
    n = share * (1 - share) * (norm.ppf(0.975) / reach) ** 2
    low = beta.ppf(0.025, share * n, n - share * n + 1)
    high = beta.ppf(0.975, share * n + 1, n - share * n)
    assert got.low == pytest.approx(low - p.mean(), abs=1e-9)
    assert got.high == pytest.approx(high - p.mean(), abs=1e-9)


@pytest.mark.parametrize(("found", "n"), [(0, 10), (1, 30), (15, 40), (40, 40)])
def test_exact_interval_is_clopper_and_pearsons(found, n):
    low, high = exact_interval(found / n, n, 0.95)
    # At each end, what was found or more (or less) has a chance of 2.5 %.
    assert low == 0 if found == 0 else binom.sf(found - 1, n, low) == pytest.approx(0.025)
    assert high == 1 if found == n else binom.cdf(found, n, high) == pytest.approx(0.025)
    narrower = wilson_interval(found / n, n, 0.95)
    assert high - low > narrower[1] - narrower[0]


def test_a_label_without_a_positive_is_not_certain():
    # 50 rows at 2 %: nobody buys with a chance of 36 %, which is no sign of miscalibration.
    rates = calibration_by(np.zeros(50), np.full(50, 0.02), ["new"] * 50)["new"]
    assert rates["observed"] == 0
    assert rates["miscalibration"].low == -0.02
    assert rates["miscalibration"].high == pytest.approx(1 - 0.025 ** (1 / 50) - 0.02)


def test_labels_may_be_words_numbers_days_or_missing():
    y, p = [0, 1] * 3, [0.5] * 6
    day = datetime.date(2024, 5, 1)
    for given, expected in (
        (["b", "a", None, "b", "a", None], ["b", "a", None]),
        ([2, 1, 2, 1, 2, 1], [2, 1]),
        ([np.nan, 1.0, np.nan, 1.0, 1.0, 1.0], [None, 1.0]),
        (np.array(["2024-05-01", "NaT"] * 3, dtype="datetime64[D]"), [day, None]),
    ):
        assert list(calibration_by(y, p, given)) == expected
    assert list(calibration_by(y, p, ["b", "a", None] * 2)) == ["b", "a", None]


def test_labels_must_be_one_for_each_row():
    with pytest.raises(DataError, match=r"one value for each of 3 rows, got shape \(2,\)"):
        evaluate_groups([0, 1, 0], [0.1, 0.2, 0.3], ["a", "b"])


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(DataError, match="probabilities between 0 and 1"):
        evaluate_groups([0, 1], [0.5, 3.0], ["a", "a"])


def test_with_few_of_a_class_the_ranking_cannot_be_judged(shop):
    y, p, _ = shop(0.3).draw(np.random.default_rng(7), 1000)
    labels = np.where(np.arange(1000) < 30, "few", "many")
    few = by_label(evaluate_groups(y, p, labels))
    positive = int(y[:30].sum())
    assert positive < 20
    assert few["few"]["roc_auc"] is None
    assert few["few"]["auc_gap"] is None
    assert few["few"]["flags"] == []
    assert few["few"]["because"] == (
        f"cannot say how well it ranks: the label has {positive} positive and {30 - positive} "
        "negative rows, and at least 20 of each are needed"
    )
    # The many are ranked well or badly, but not better or worse than the few.
    assert few["many"]["roc_auc"] is not None
    assert few["many"]["auc_gap"] is None
    assert "all others has" not in few["many"]["because"]
    assert "all others have" in few["many"]["because"]
    lower = by_label(evaluate_groups(y, p, labels, fewest=3))
    assert lower["few"]["because"] is None
    assert lower["few"]["auc_gap"] is not None


def test_one_label_has_no_others(shop):
    y, p, _ = shop(0.3).draw(np.random.default_rng(8), 300)
    (only,) = evaluate_groups(y, p, ["all"] * 300)
    assert only["roc_auc"] == roc_auc(y, p)
    assert only["auc_gap"] is None
    assert only["because"] == "cannot say whether it ranks worse: there is no other label"


def test_copies_of_rows_count_once_when_they_are_known(shop):
    random = np.random.default_rng(9)
    y, p, _ = shop(0.3).draw(random, 400)
    labels, copies = labels_of(random, 400, 2), np.repeat(np.arange(400), 5)
    once = by_label(evaluate_groups(y, p, labels))
    again = by_label(evaluate_groups(y[copies], p[copies], labels[copies], groups=copies))
    for label, got in again.items():
        for name in ("miscalibration", "auc_gap", "roc_auc"):
            wide, copied = once[label][name], got[name]
            assert copied.value == pytest.approx(wide.value)
            # The corrections for the number of entities differ in the third digit.
            assert copied.high - copied.low == pytest.approx(wide.high - wide.low, rel=0.01)
            assert "by entity" in copied.method
        assert got["positives"] == 5 * once[label]["positives"]


def test_one_entity_alone_has_a_wide_interval():
    y, p = np.r_[np.ones(5), np.tile([0, 1], 50)], np.full(105, 0.5)
    labels = np.r_[np.zeros(5), np.ones(100)]
    entities = np.r_[np.zeros(5), np.arange(1, 101)]
    rates = calibration_by(y, p, labels, groups=entities)[0.0]
    assert rates["miscalibration"].low < 0 < rates["miscalibration"].high


def test_a_separated_label_is_not_certain_of_its_lead(shop):
    y, p, _ = shop(0.3).draw(np.random.default_rng(10), 1000)
    at = np.arange(1000) < 100
    p[at] = np.where(y[at] == 1, 0.9, 0.1)
    gap = by_label(evaluate_groups(y, p, at))[True]["auc_gap"]
    assert by_label(evaluate_groups(y, p, at))[True]["roc_auc"].value == 1
    exact = 1 - 0.05 ** (1 / min(y[at].sum(), (1 - y[at]).sum()))
    assert gap.value - gap.low > exact


PLANTS = {
    "ranked worse": lambda random, y, p: random.permutation(p),
    "too high": lambda random, y, p: 1 - (1 - p) * 0.8,
    "too low": lambda random, y, p: p * 0.5,
}


@pytest.mark.parametrize("flag", PLANTS)
@pytest.mark.parametrize("rate", [0.3, 0.05])
def test_a_label_that_is_planted_badly_is_flagged_and_comes_first(shop, flag, rate):
    random = np.random.default_rng(11)
    y, p, _ = shop(rate).draw(random, 8000)
    labels = labels_of(random, 8000, 5)
    at = labels == 2
    p[at] = PLANTS[flag](random, y[at], p[at])
    first, *others = evaluate_groups(y, p, labels)
    assert first["label"] == 2
    assert first["flags"] == [flag]
    assert [each["flags"] for each in others] == [[]] * 4
    json.dumps([first["flags"], first["because"], first["n"], first["predicted"]])


def test_what_is_certain_but_small_is_not_flagged(shop):
    random = np.random.default_rng(12)
    y, p, _ = shop(0.3).draw(random, 200_000)
    labels = np.arange(200_000) % 2
    p = np.where(labels == 0, np.clip(p + 0.012, 0, 1), p)
    (first, second) = evaluate_groups(y, p, labels)
    assert first["label"] == 0
    assert first["miscalibration"].high < 0
    assert first["flags"] == second["flags"] == []


def test_more_labels_ask_for_more_evidence(shop):
    """A label that is flagged beside one other is not flagged beside 60, at the same figures."""
    random = np.random.default_rng(13)
    y, p, _ = shop(0.3).draw(random, 6200)
    labels = np.repeat(np.arange(62), 100)
    first = labels == 0
    for shift in np.linspace(0, 0.3, 61):
        shifted = np.where(first, np.clip(p + shift, 0, 1), p)
        two = by_label(evaluate_groups(y, shifted, first))[True]
        if two["flags"]:
            break
    assert two["flags"] == ["too high"]
    many = by_label(evaluate_groups(y, shifted, labels))[0]
    assert many["miscalibration"] == two["miscalibration"]
    assert many["flags"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_changes_nothing(shop, seed):
    random = np.random.default_rng(seed)
    y, p, _ = shop(0.2).draw(random, 900)
    labels, order = labels_of(random, 900, 4), random.permutation(900)
    given = evaluate_groups(y, p, labels)
    shuffled = evaluate_groups(y[order], p[order], labels[order])
    assert [each["label"] for each in given] == [each["label"] for each in shuffled]
    for a, b in zip(given, shuffled, strict=True):
        assert a["miscalibration"].low == pytest.approx(b["miscalibration"].low)
        assert a["flags"] == b["flags"]


def replicate(shop, *, rate, n, count, draws, rows_each=1):
    """How many tables have a flag, and how often the intervals cover, with true probabilities."""
    random, world = np.random.default_rng(0), shop(rate)
    flagged, covered, asked = 0, {"miscalibration": 0, "auc_gap": 0}, 0
    judged = 0
    for _ in range(draws):
        y, p, entities = world.draw(random, n, rows_each)
        groups = entities if rows_each > 1 else None
        table = evaluate_groups(y, p, labels_of(random, y.size, count), groups=groups)
        flagged += any(each["flags"] for each in table)
        asked += len(table)
        covered["miscalibration"] += sum(each["miscalibration"].covers(0) for each in table)
        gaps = [each["auc_gap"] for each in table if each["auc_gap"]]
        judged += len(gaps)
        covered["auc_gap"] += sum(gap.covers(0) for gap in gaps)
    return flagged, covered["miscalibration"] / asked, covered["auc_gap"] / max(judged, 1)


def test_true_probabilities_are_rarely_flagged_and_intervals_cover(shop):
    # 100 tables at 5 %: more than 13 with a flag happen once in 2,000 such tests.
    assert binom.sf(13, 100, 0.05) < 1 / 2000
    flagged, miscalibration, gap = replicate(shop, rate=0.2, n=1500, count=6, draws=100)
    assert flagged <= 13
    assert miscalibration > 0.92
    assert gap > 0.92


@pytest.mark.truth
@pytest.mark.parametrize(
    ("rate", "n", "count", "rows_each"),
    [
        (0.3, 600, 6, 1),
        (0.2, 2000, 8, 1),
        (0.05, 5000, 12, 1),
        (0.02, 2000, 20, 1),
        (0.02, 300, 20, 1),
        (0.2, 3000, 8, 6),
        (0.03, 3000, 8, 6),
    ],
)
def test_at_most_one_table_in_twenty_has_a_false_flag(shop, rate, n, count, rows_each):
    # 2,000 tables at 5 %: more than 131 with a flag happen once in 1,000 such tests.
    assert binom.sf(131, 2000, 0.05) < 1 / 1000
    flagged, miscalibration, gap = replicate(
        shop, rate=rate, n=n, count=count, rows_each=rows_each, draws=2000
    )
    assert flagged <= 131
    assert miscalibration > 0.94
    assert gap == 0 or gap > 0.925
