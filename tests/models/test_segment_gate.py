"""The gate: groups that are there are found, and one correlated continuum has none."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from patron.estimate import Estimate
from patron.metrics.clusters import agreement, silhouette
from patron.models import segment_gate
from patron.models.segment_fit import k_means, nearest_two
from patron.models.segment_gate import GATES, Judged, choose, judge
from patron.models.segment_null import Continuum

Positions = NDArray[np.float32]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked here shows in few draws."""
    for name, few in (("NULLS", 6), ("DRAWS", 6), ("_STARTS", 4)):
        monkeypatch.setattr(segment_gate, name, few)


def planted(k: int, rows: int = 3_000, seed: int = 0) -> tuple[Positions, NDArray[np.int64]]:
    """Groups of one spread, four spreads apart."""
    rng = np.random.default_rng(seed)
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    labels = rng.integers(0, k, rows)
    x = 4.0 * np.array(corners)[labels] + rng.normal(size=(rows, 3))
    return (x / 2).astype(np.float32), labels


def correlated(rows: int = 3_000, seed: int = 0) -> Positions:
    """One cloud whose columns go with and against each other."""
    rng = np.random.default_rng(seed)
    common, own = rng.normal(size=(rows, 1)), rng.normal(size=(rows, 3))
    return (0.8 * common * [1, 1, -1] + 0.6 * own).astype(np.float32)


def skewed(rows: int = 3_000, seed: int = 0) -> Positions:
    """The same cloud, of which most customers have the least on each axis."""
    return np.clip(np.exp(1.5 * correlated(rows, seed)) - 1, 0, 3.5).astype(np.float32)


@pytest.mark.parametrize("k", [3, 4, 5])
def test_planted_groups_are_found(k: int) -> None:
    x, labels = planted(k)
    judged = judge(x, (3, 4, 5, 6))
    chosen = choose(judged)
    assert chosen is not None
    assert chosen.k == k
    assert [each.k for each in judged] == [3, 4, 5, 6]
    assert agreement(nearest_two(x, chosen.centres)[0], labels) > 0.85
    assert chosen.smallest == pytest.approx(np.bincount(labels).min() / len(x), abs=0.02)
    assert chosen.jaccard.shape == (k,)
    assert chosen.jaccard.min() == pytest.approx(chosen.jaccard_min.value)


@pytest.mark.parametrize("cloud", [correlated, skewed])
@pytest.mark.parametrize("seed", [0, 1])
def test_one_correlated_continuum_has_no_groups(cloud: object, seed: int) -> None:
    x = cloud(seed=seed)  # type: ignore[operator]
    judged = judge(x, (3, 4, 5), seed=seed)
    assert choose(judged) is None
    # It is the lift that says so: silhouette and stability would not have.
    assert all(each.copula_lift.value < 0.015 for each in judged)
    assert any(
        each.silhouette.value >= GATES["silhouette"]
        and each.jaccard_min.value >= GATES["jaccard_min"]
        and each.ari_bootstrap.value >= GATES["ari_bootstrap"]
        for each in judged
    )


@pytest.mark.parametrize("cloud", [correlated, skewed])
def test_permuted_columns_would_have_claimed_structure(cloud: object) -> None:
    """The null that the gate does not use: against it, anything correlated looks like groups."""
    x = cloud()  # type: ignore[operator]
    rng = np.random.default_rng(0)

    def of_three(rows: Positions) -> float:
        labels = nearest_two(rows, k_means(rows, 3, seed=0, starts=4))[0]
        return silhouette(rows, labels).value

    permuted = [of_three(np.column_stack([rng.permutation(each) for each in x.T])) for _ in "12345"]
    lift = of_three(x) - np.mean(permuted)
    assert lift >= GATES["copula_lift"]
    assert lift / np.std(permuted, ddof=1) >= GATES["z"]
    one = Continuum(x, seed=0)
    drawn = [of_three(one.draw(3_000, seed=draw).astype(np.float32)) for draw in range(5)]
    assert of_three(x) - np.mean(drawn) < GATES["copula_lift"]


def test_the_continuum_has_the_margins_and_the_rank_correlations() -> None:
    x = skewed(8_000)
    drawn = Continuum(x, seed=0).draw(8_000, seed=1)
    for mine, theirs in zip(drawn.T, x.T, strict=True):
        assert set(mine) <= set(theirs.astype(np.float64))
        # Standard errors of a share of 8,000 rows are 0.6 points at most, of two of them 0.8.
        assert abs((mine == 0).mean() - (theirs == 0).mean()) < 0.025
    # Those of a rank correlation in 8,000 rows are 0.01, of the difference of two 0.016.
    np.testing.assert_allclose(spearmanr(drawn)[0], spearmanr(x)[0], atol=0.05)
    assert spearmanr(x)[0][0, 1] > 0.4


def test_the_continuum_of_a_constant_axis_is_constant() -> None:
    x = np.column_stack([correlated(500), np.full(500, 0.5, np.float32)])
    drawn = Continuum(x, seed=0).draw(300, seed=0)
    assert (drawn[:, 3] == 0.5).all()
    assert drawn[:, :3].std(axis=0).min() > 0.5


def test_the_continuum_has_the_gaps_of_the_columns_but_not_where_they_are() -> None:
    x = correlated(8_000).astype(np.float64)
    x[x[:, 0] > 0.8, 1:] = np.nan  # two columns that are missing together, for a reason
    drawn = Continuum(x, seed=0).draw(8_000, seed=1)
    gone = np.isnan(drawn)
    assert (gone[:, 1] == gone[:, 2]).all()
    assert abs(gone[:, 1].mean() - np.isnan(x[:, 1]).mean()) < 0.02
    assert not gone[:, 0].any()
    # Who lacks them stands no higher: the standard error of the mean of some 1,700 is 0.024.
    assert abs(drawn[gone[:, 1], 0].mean() - drawn[:, 0].mean()) < 0.1


def test_the_same_seed_gives_the_same_evidence() -> None:
    x = planted(3, 1_000)[0]
    first, again = (judge(x, (3, 4), seed=5) for _ in "12")
    assert [each.to_dict() for each in first] == [each.to_dict() for each in again]
    assert (first[0].centres == again[0].centres).all()
    assert judge(x, (3,), seed=5)[0].to_dict() == first[0].to_dict()


def test_progress_is_told_piece_by_piece() -> None:
    pieces: list[int] = []
    judge(planted(3, 600)[0], (3, 4), advance=pieces.append)
    assert pieces == [1] * (segment_gate.NULLS + 2)


def test_silhouettes_are_of_rows_that_nothing_was_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segment_gate, "MOST_FITTED", 1_000)
    monkeypatch.setattr(segment_gate, "HONEST", 500)
    fitted = segment_gate.some(3_000, 1_000, 0)
    honest = segment_gate.honest(3_000, 0)
    assert len(honest) == 500
    assert not set(honest) & set(fitted)
    assert judge(planted(3)[0], (3,))[0].silhouette.n == 500
    # With too few rows for both, all of them are judged on.
    assert judge(planted(3, 700)[0], (3,))[0].silhouette.n == 500


def test_groups_of_a_few_places_are_judged_without_a_warning() -> None:
    """Warnings are errors here: k-means warns where there are fewer places than groups."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (2_000, 2)).astype(np.float32)
    judged = judge(x, (3, 4, 5))
    assert judged[2].smallest == 0
    assert not judged[2].eligible


def known(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01, 0.95, 1_000, "by hand")


PASSES = Judged(
    k=4,
    centres=np.zeros((4, 2)),
    silhouette=known(0.20),
    null_silhouette=0.18,
    copula_lift=known(0.02),
    z=3.0,
    jaccard=np.full(4, 0.75),
    jaccard_min=known(0.75),
    ari_bootstrap=known(0.80),
    smallest=0.05,
)


def test_a_gate_is_passed_at_its_figure() -> None:
    assert PASSES.eligible
    assert PASSES.fails == ()
    assert choose([PASSES]) is PASSES


@pytest.mark.parametrize(
    ("figure", "value", "told"),
    [
        ("silhouette", 0.184, "silhouette 0.184, below 0.20"),
        ("silhouette", 0.19996, "silhouette 0.19996, below 0.20"),
        ("copula_lift", 0.004, "a silhouette above that of one continuum by 0.004, below 0.02"),
        ("copula_lift", -0.07, "a silhouette above that of one continuum by -0.070, below 0.02"),
        ("z", 1.26, "above that of one continuum by 1.3 standard deviations, below 3"),
        ("z", 2.97, "above that of one continuum by 2.97 standard deviations, below 3"),
        ("jaccard_min", 0.61, "a group of which a bootstrap draw finds 0.61 again, below 0.75"),
        ("ari_bootstrap", 0.7, "agreement of bootstrap draws 0.70, below 0.80"),
        ("ari_bootstrap", 0.797, "agreement of bootstrap draws 0.797, below 0.80"),
        ("smallest", 0.03, "the smallest group is 0.030 of the customers, below 0.05"),
        ("z", float("nan"), "above that of one continuum by nan standard deviations, below 3"),
    ],
)
def test_each_gate_has_its_phrase(figure: str, value: float, told: str) -> None:
    given = known(value) if isinstance(getattr(PASSES, figure), Estimate) else value
    short = replace(PASSES, **{figure: given})
    assert short.fails == (told,)
    assert not short.eligible
    assert choose([short]) is None
    assert short.to_dict()["because"] == [told]
    assert re.search(r"\d$", told)


def stable(k: int, lift: float, jaccard: float) -> Judged:
    return replace(PASSES, k=k, copula_lift=known(lift), jaccard_min=known(jaccard))


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([stable(3, 0.050, 0.95), stable(4, 0.060, 0.85)], 3),  # within 0.015, and more stable
        ([stable(3, 0.044, 0.95), stable(4, 0.060, 0.85)], 4),  # more stable, but 0.016 lower
        ([stable(3, 0.050, 0.86), stable(4, 0.060, 0.85)], 3),  # by however little
        ([stable(3, 0.050, 0.95), stable(4, 0.090, 0.74)], 3),  # the better one is not eligible
        ([stable(3, 0.050, 0.95), stable(4, 0.055, 0.80), stable(5, 0.064, 0.90)], 3),
    ],
)
def test_the_most_stable_of_the_best_is_taken(judged: list[Judged], expected: int) -> None:
    for order in (judged, judged[::-1]):
        chosen = choose(order)
        assert chosen is not None
        assert chosen.k == expected


def test_the_lift_has_the_interval_of_both() -> None:
    judged = judge(planted(3)[0], (3,))[0]
    assert judged.copula_lift.value == pytest.approx(
        judged.silhouette.value - judged.null_silhouette
    )
    wide = judged.copula_lift.high - judged.copula_lift.low
    assert wide > judged.silhouette.high - judged.silhouette.low > 0
    assert judged.copula_lift.method == "6 draws from a Gaussian copula"
