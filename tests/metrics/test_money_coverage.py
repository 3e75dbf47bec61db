"""Intervals of figures of spend cover the truth as often as they claim, where its law is known.

The long tests are marked `truth`; a short one of the same kind runs always.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from patron import metrics

QUANTILES = np.arange(0.05, 1, 0.1)


@dataclass(frozen=True)
class Till:
    """Zero-inflated log-normal spend with a cap; who spends, and how much, both depend on x.

    P(Y > 0) = Phi(a + 0.8 x) and log Y = 4 + 0.8 x + sd e, with x and e standard normal.
    """

    zeros: float = 0.6
    sd: float = 1.2
    cap: float = 2000.0

    def draw(self, random, n, rows_each=1):
        """What `evaluate_money` takes, and entity codes.

        The rows of an entity are related in x, in e and in who spends; each by itself is like a row
        of the till without entities. The mean that is predicted is a little wrong.
        """
        codes = np.repeat(np.arange(n // rows_each), rows_each)
        shared = 0.6 if rows_each > 1 else 0.0
        x, e, spends = (
            np.sqrt(shared) * random.standard_normal(n // rows_each)[codes]
            + np.sqrt(1 - shared) * random.standard_normal(codes.size)
            for _ in range(3)
        )
        level, sd = 4 + 0.8 * x, self.sd
        some = ndtr(ndtri(1 - self.zeros) * np.sqrt(1.64) + 0.8 * x)
        y = np.where(spends < ndtri(some), np.minimum(np.exp(level + sd * e), self.cap), 0.0)

        def quantile(q):
            within = np.clip((q - 1 + some) / some, 1e-12, 1 - 1e-12)
            amount = np.minimum(np.exp(level + sd * ndtri(within)), self.cap)
            return np.where(q <= 1 - some, 0.0, amount)

        above = (np.log(self.cap) - level) / sd
        below_cap = np.exp(level + sd**2 / 2) * ndtr(above - sd)
        losses = [np.maximum(q * (y - a), (q - 1) * (y - a)) for q, a in self._at(quantile)]
        bounds = {
            c: (quantile((1 - c / 100) / 2), quantile((1 + c / 100) / 2)) for c in (80, 90, 95)
        }
        return codes, {
            "y": y,
            "mean": 1.1 * (some * (below_cap + self.cap * ndtr(-above))) ** 0.95,
            "median": quantile(0.5),
            "crps": 2 * np.mean(losses, axis=0),
            "zero_probability": 1 - some,
            "bounds": bounds,
        }

    def _at(self, quantile):
        return ((q, quantile(q)) for q in QUANTILES)

    @lru_cache  # noqa: B019  a handful of tills, each asked for several times
    def truth(self, rows):
        """The value of each metric, by a sample whose own error is small beside the intervals'."""
        _, given = self.draw(np.random.default_rng(99), rows)
        return {name: each.value for name, each in metrics.evaluate_money(**given).items()}


def misses(till, truth, *, n, rows_each=1, draws):
    """For each metric: truth below the interval, truth above it, and no interval given."""
    random = np.random.default_rng(1)
    counts = {name: [0, 0, 0] for name in metrics.MONEY_METRICS}
    for _ in range(draws):
        codes, given = till.draw(random, n, rows_each)
        groups = codes if rows_each > 1 else None
        for name, got in metrics.evaluate_money(**given, groups=groups).items():
            counts[name][0] += truth[name] < got.low
            counts[name][1] += truth[name] > got.high
            counts[name][2] += not got.has_interval
    return counts


@pytest.mark.parametrize("rows_each", [1, 4])
def test_intervals_cover_in_a_small_till(rows_each):
    # 100 samples at 93 %, which is what is claimed for 500 rows: fewer than 84 that cover happen
    # once in 1,000 tests of one figure; the samples are always the same.
    assert binom.cdf(83, 100, 0.93) < 1 / 1000
    till = Till()
    counts = misses(till, till.truth(400_000), n=500, rows_each=rows_each, draws=100)
    for name, (below, above, silent) in counts.items():
        assert 100 - below - above >= 84, name
        assert silent == 0, name


def test_entities_that_are_not_told_are_missed():
    # The same rows without `groups`: the intervals are too narrow, so the test above can fail.
    till, random, covered = Till(), np.random.default_rng(0), 0
    truth = till.truth(400_000)["rmsle"]
    for _ in range(100):
        _, given = till.draw(random, 600, rows_each=12)
        covered += metrics.rmsle(given["y"], given["mean"]).covers(truth)
    assert covered < 75


# Tills as a shop has them: a cap, or a light tail. 200 samples of a coverage of 95 % show 91.5 % or
# more in all but 14 of 1,000 cases, and 90 % or more in all but one; 300 comparisons are made.
TILLS = {
    "60 % zeros": Till(),
    "90 % zeros": Till(zeros=0.9),
    "60 % zeros, no cap in reach": Till(sd=1.5, cap=1e5),
}
SAMPLES = [(500, 1), (2000, 1), (10_000, 1), (500, 4), (2000, 4), (10_000, 4)]
# What a heavy tail breaks, as the docstrings say: the largest amounts are not in the sample.
HEAVY = {
    **dict.fromkeys(("mae", "crps", "bias_total", "top_10_capture"), 0.83),
    **dict.fromkeys(("r2", "r2_top_20", "r2_within_top_20"), 0.82),
    "rmse": 0.62,
}


@pytest.mark.truth
@pytest.mark.parametrize(("n", "rows_each"), SAMPLES)
@pytest.mark.parametrize("name", TILLS)
def test_coverage(evidence, name, n, rows_each):
    draws, till = 200, TILLS[name]
    truth = till.truth(3_000_000)
    for metric, counts in misses(till, truth, n=n, rows_each=rows_each, draws=draws).items():
        below, above, silent = (each / draws for each in counts)
        covered = (1 - below - above - silent) / (1 - silent)
        note = (
            f"{draws} samples; truth below {below:.1%}, above {above:.1%}, not given {silent:.1%}"
        )
        title = f"coverage of {metric} at 95 %, {name}, n = {n:,}, {rows_each} rows each"
        evidence(title, covered, note)
        lowest = HEAVY.get(metric, 0.89) if till.sd == 1.5 else 0.89
        assert covered >= lowest, metric


@pytest.mark.truth
@pytest.mark.parametrize(("n", "rows_each"), [(500, 1), (2000, 1), (500, 4)])
def test_paired_differences_cover(evidence, n, rows_each):
    till, draws = Till(), 400

    def pairs(given, groups=None):
        y, mean = given["y"], given["mean"]
        rival = 0.5 * mean + 0.5 * given["median"] + 20
        return {
            "r2": metrics.r2_difference(y, mean, rival, groups=groups),
            "mae": metrics.mae_difference(y, given["median"], 0.9 * rival, groups=groups),
            "crps": metrics.crps_difference(
                given["crps"], 0.8 * np.abs(y - given["median"]), groups=groups
            ),
        }

    random = np.random.default_rng(0)
    truth = {key: each.value for key, each in pairs(till.draw(random, 3_000_000)[1]).items()}
    covered = dict.fromkeys(truth, 0)
    for _ in range(draws):
        codes, given = till.draw(random, n, rows_each)
        for key, each in pairs(given, codes if rows_each > 1 else None).items():
            covered[key] += each.covers(truth[key])
    for key, count in covered.items():
        title = f"coverage of {key} difference of spend, n = {n:,}, {rows_each} rows each"
        evidence(title, count / draws, f"{draws} samples")
        assert count / draws >= 0.91, key


@pytest.mark.truth
@pytest.mark.parametrize(("n", "rows_each"), [(500, 1), (2000, 1), (2000, 4)])
@pytest.mark.parametrize("name", TILLS)
def test_deciles_cover_their_true_means(evidence, name, n, rows_each):
    # The order by the wrong mean is the order by the true one, which the formula below restores.
    till, random, draws, covered, given_at_all = TILLS[name], np.random.default_rng(1), 200, 0, 0
    for _ in range(draws):
        codes, given = till.draw(random, n, rows_each)
        true = (given["mean"] / 1.1) ** (1 / 0.95)
        for row in metrics.deciles(given["y"], true, groups=codes if rows_each > 1 else None):
            low, high = row["observed"]["low"], row["observed"]["high"]
            if low is not None:
                given_at_all += 1
                covered += low <= row["predicted"] <= high
    title = f"coverage of spend by decile at 95 %, {name}, n = {n:,}, {rows_each} rows each"
    note = f"{draws} samples; interval given in {given_at_all / draws / 10:.0%}"
    evidence(title, covered / given_at_all, note)
    # 2,000 deciles of 200 samples; where spend is rare the interval may cover more than it claims.
    assert covered / given_at_all >= (0.9 if till.sd == 1.5 else 0.935)
