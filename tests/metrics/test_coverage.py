"""Intervals cover the truth as often as they claim, in shops whose truth is known.

The long tests are marked `truth`; a short one of the same kind runs always.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from patron import metrics
from patron.metrics.probability import equal_mass_bins

THRESHOLD = {0.3: 0.4, 0.02: 0.08}


def misses(shop, *, n, rows_each=1, draws, seed=0):
    """For each metric: how often the truth lay below the interval, and how often above it."""
    random, rate = np.random.default_rng(seed), shop.rate
    truth = shop.truth(THRESHOLD[rate])
    counts = {name: [0, 0] for name in metrics.METRICS}
    done = 0
    while done < draws:
        y, p, groups = shop.draw(random, n, rows_each)
        if y.sum() < 2:
            continue  # the interval is not given then; happens below once in 300 samples
        done += 1
        known = groups if rows_each > 1 else None
        for name, got in metrics.evaluate(y, p, threshold=THRESHOLD[rate], groups=known).items():
            counts[name][0] += truth[name] < got.low
            counts[name][1] += truth[name] > got.high
    return counts


def test_intervals_cover_in_a_small_shop(shop):
    # 200 samples at 95 %: fewer than 176 that cover happen once in 20,000 such tests.
    assert binom.cdf(175, 200, 0.95) < 1 / 20_000
    for name, (below, above) in misses(shop(0.3), n=400, draws=200).items():
        assert 200 - below - above >= 176, name


def test_intervals_cover_with_entities(shop):
    for name, (below, above) in misses(shop(0.3), n=600, rows_each=4, draws=200).items():
        assert 200 - below - above >= 176, name


def test_entities_that_are_not_told_are_missed(shop):
    # The same rows without `groups`: the intervals are too narrow, so the test above can fail.
    random, world = np.random.default_rng(0), shop(0.3)
    truth, covered = world.truth(0.4)["brier"], 0
    for _ in range(200):
        y, p, _ = world.draw(random, 600, rows_each=12)
        covered += metrics.brier(y, p).covers(truth)
    assert covered < 170


# What is asked of each shop: the lowest coverage of a claimed 95 %. In 2,000 samples a coverage of
# exactly 95 % shows as 93.5 to 96.5 % in all but two of 1,000 cases. Where a docstring says what
# breaks an interval, the figure that it gives is asked for. Wilson's interval and the one of `ece`
# may cover more than they claim; the others may not exceed 98 %.
SHOPS = {
    "30 %, n = 400": ({"rate": 0.3}, {"n": 400}, {}),
    "30 %, n = 4,000": ({"rate": 0.3}, {"n": 4000}, {}),
    "30 %, steep, n = 1,000": ({"rate": 0.3, "slope": 4.0}, {"n": 1000}, {}),
    "30 %, 500 entities of 6 rows": ({"rate": 0.3}, {"n": 3000, "rows_each": 6}, {}),
    "2 %, n = 400": (
        {"rate": 0.02},
        {"n": 400},
        {"roc_auc": 0.89, "average_precision": 0.89},
    ),
    "2 %, steep, n = 1,000": ({"rate": 0.02, "slope": 4.0}, {"n": 1000}, {"roc_auc": 0.89}),
    "2 %, n = 2,000": ({"rate": 0.02}, {"n": 2000}, {}),
    "2 %, 500 entities of 6 rows": (
        {"rate": 0.02},
        {"n": 3000, "rows_each": 6},
        {"roc_auc": 0.91, "average_precision": 0.91},
    ),
}
CAUTIOUS = {"ece", "f1", "precision", "recall", "lift_at_10"}


@pytest.mark.truth
@pytest.mark.parametrize("name", SHOPS)
def test_coverage(shop, evidence, name):
    world, sample, lower = SHOPS[name]
    draws = 2000
    for metric, (below, above) in misses(shop(**world), **sample, draws=draws).items():
        covered = 1 - (below + above) / draws
        note = f"{draws:,} samples; truth below {below / draws:.1%}, above {above / draws:.1%}"
        evidence(f"coverage of {metric} at 95 %, {name}", covered, note)
        assert covered >= lower.get(metric, 0.93), metric
        assert metric in CAUTIOUS or covered <= 0.98, metric


def distorted(kind, p):
    logit = np.log(p / (1 - p))
    changed = {
        "overconfident": 1.7 * logit,
        "timid": 0.6 * logit,
        "too high": logit + 0.5,
        "slightly too high": logit + 0.1,
        "too low at the top": np.where(p > np.quantile(p, 0.93), logit - 0.7, logit),
    }
    return 1 / (1 + np.exp(-changed[kind]))


@pytest.mark.truth
@pytest.mark.parametrize(
    "kind", ["overconfident", "timid", "too high", "slightly too high", "too low at the top"]
)
@pytest.mark.parametrize(
    ("rate", "n", "rows_each"),
    [(0.3, 400, 1), (0.3, 4000, 1), (0.02, 1000, 1), (0.02, 4000, 1), (0.3, 3000, 6)],
)
def test_ece_covers_the_true_binned_error(shop, evidence, kind, rate, n, rows_each):
    random, world, draws, covered = np.random.default_rng(0), shop(rate), 1000, 0
    for _ in range(draws):
        y, true, groups = world.draw(random, n, rows_each)
        p = distorted(kind, true)
        off = np.bincount(equal_mass_bins(p, 15), weights=true - p)
        known = groups if rows_each > 1 else None
        covered += metrics.ece(y, p, groups=known).covers(np.abs(off).sum() / p.size)
    name = f"coverage of ece, {kind}, {rate:.0%}, n = {n:,}, {rows_each} rows each"
    evidence(name, covered / draws, f"{draws:,} samples")
    # Both ends are bounds, so that it may cover more than it claims, and a little less
    # only with few positives and overconfident forecasts.
    assert covered / draws >= (0.92 if rate < 0.1 else 0.93)


@pytest.mark.truth
@pytest.mark.parametrize(
    ("rate", "n", "rows_each"), [(0.3, 400, 1), (0.02, 4000, 1), (0.3, 600, 4)]
)
def test_paired_differences_cover(shop, evidence, rate, n, rows_each):
    # The truth by a sample of 4 million rows, whose own error is a fortieth of the interval's.
    random, world = np.random.default_rng(0), shop(rate)

    def forecasts(true):
        noise = np.random.default_rng(true.size).standard_normal(true.size)
        noisy = 1 / (1 + np.exp(-np.log(true / (1 - true)) - 0.7 * noise))
        return true, noisy

    y, true, _ = world.draw(random, 4_000_000)
    pairs = {"auc": metrics.auc_difference, "log_loss": metrics.log_loss_difference}
    truth = {name: of(y, *forecasts(true)).value for name, of in pairs.items()}
    covered, draws = dict.fromkeys(pairs, 0), 1000
    for _ in range(draws):
        y, true, groups = world.draw(random, n, rows_each)
        noisy = 1 / (1 + np.exp(-np.log(true / (1 - true)) - 0.7 * random.standard_normal(y.size)))
        known = groups if rows_each > 1 else None
        for name, of in pairs.items():
            covered[name] += of(y, true, noisy, groups=known).covers(truth[name])
    for name, count in covered.items():
        title = f"coverage of {name} difference, {rate:.0%}, n = {n:,}, {rows_each} rows each"
        evidence(title, count / draws, f"{draws:,} samples")
        assert 0.925 <= count / draws <= 0.98, name


@pytest.mark.truth
@pytest.mark.parametrize(
    ("rate", "slope", "n", "rows_each"),
    [
        (0.3, 1.5, 400, 1),
        (0.3, 1.5, 4000, 1),
        (0.3, 0.5, 2000, 1),
        (0.02, 1.5, 4000, 1),
        (0.3, 1.5, 3000, 6),
        (0.3, 1.5, 60_000, 1),
    ],
)
def test_best_threshold_covers(shop, evidence, rate, slope, n, rows_each):
    random, world = np.random.default_rng(0), shop(rate, slope)
    truth, covered = world.truth(0.5)["threshold"], 0
    draws = 400 if n < 10_000 else 100
    for _ in range(draws):
        y, p, groups = world.draw(random, n, rows_each)
        known = groups if rows_each > 1 else None
        covered += metrics.best_f1_threshold(y, p, groups=known).covers(truth)
    title = f"coverage of threshold, {rate:.0%}, slope {slope}, n = {n:,}, {rows_each} rows each"
    evidence(title, covered / draws, f"{draws} samples")
    # 400 samples at 95 %: below 91.5 % once in 1,000 tests.
    assert covered / draws >= 0.915


@pytest.mark.truth
def test_separated_classes_cover(shop, evidence):
    # A steep shop, 8 rows of each class: the AUC is about 0.98, and many samples are separated.
    random, draws, covered, separated = np.random.default_rng(0), 2000, 0, 0
    truth = 0.5 * math.erfc(-2.0 / math.sqrt(2))  # normal scores, 2 sqrt(2) apart
    for _ in range(draws):
        score = random.standard_normal(16) + np.repeat([0, 2 * math.sqrt(2)], 8)
        got = metrics.roc_auc(np.repeat([0, 1], 8), score)
        separated += got.value == 1
        covered += got.covers(truth)
    evidence("coverage of roc_auc, 8 and 8 rows, AUC 0.977", covered / draws, f"{draws:,} samples")
    assert separated > 0.2 * draws
    assert covered / draws >= 0.93
