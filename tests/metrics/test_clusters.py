"""How well groups hold together: against scikit-learn, and against arithmetic by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_samples

from patron.errors import DataError, Refusal
from patron.metrics import clusters
from patron.metrics.clusters import (
    agreement,
    davies_bouldin,
    jaccards,
    mean_of_draws,
    mean_of_rows,
    silhouette,
    silhouettes,
)


def cloud(
    rows: int = 400, axes: int = 4, groups: int = 5, seed: int = 0
) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    labels = np.append(np.arange(groups), rng.integers(0, groups, rows - groups))
    return rng.normal(size=(groups, axes))[labels] + rng.normal(size=(rows, axes)), labels


# Distances are worked out in single precision: what is asked of them is 1e-5.
@pytest.mark.parametrize("seed", range(3))
def test_silhouettes_are_those_of_scikit_learn(seed: int) -> None:
    x, labels = cloud(seed=seed)
    coarse = labels // 2
    for mine, theirs in zip(silhouettes(x, [labels, coarse]), (labels, coarse), strict=True):
        np.testing.assert_allclose(mine, silhouette_samples(x, theirs), atol=1e-5)


def test_far_from_the_origin_too() -> None:
    x, labels = cloud()
    np.testing.assert_allclose(
        silhouettes(x + 5_000, [labels])[0], silhouette_samples(x, labels), atol=1e-5
    )


@pytest.mark.parametrize("at_once", [1, 400, 401, 799, 40_000])
def test_the_pieces_that_distances_are_worked_out_in_do_not_show(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row at a time, pieces that end with the rows, and those that do not."""
    x, labels = cloud()
    whole = silhouettes(x, [labels])[0]
    monkeypatch.setattr(clusters, "_CELLS", at_once)
    np.testing.assert_allclose(silhouettes(x, [labels])[0], whole, atol=1e-6)


def test_rows_at_one_place_have_no_distance() -> None:
    x, labels = cloud(60)
    x, labels = np.repeat(x, 3, axis=0), np.repeat(labels, 3)
    np.testing.assert_allclose(
        silhouettes(x, [labels])[0], silhouette_samples(x, labels), atol=1e-4
    )


def test_a_row_alone_in_its_group_has_none() -> None:
    x, labels = cloud(50)
    labels[7] = 9
    mine = silhouettes(x, [labels])[0]
    assert mine[7] == 0
    np.testing.assert_allclose(mine, silhouette_samples(x, labels), atol=1e-5)


def test_where_all_rows_are_at_one_place_nothing_holds_together() -> None:
    assert silhouettes(np.ones((6, 2)), [[0, 0, 0, 1, 1, 1]])[0].tolist() == [0] * 6
    found = silhouette(np.ones((6, 2)), [0, 0, 0, 1, 1, 1])
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_labels_need_not_be_numbers_in_order() -> None:
    x, labels = cloud()
    names = np.array(["e", "b", "a", "d", "c"])[labels]
    np.testing.assert_array_equal(silhouettes(x, [names])[0], silhouettes(x, [labels])[0])


def test_a_grouping_has_two_groups_and_a_label_for_each_row() -> None:
    with pytest.raises(DataError, match="one group alone has no silhouette; two or more are neede"):
        silhouettes([[0.0], [1.0]], [[3, 3]])
    with pytest.raises(DataError, match=r"2 positions and 3 labels; there must be one for each\."):
        davies_bouldin([[0.0], [1.0]], [0, 1, 1])
    with pytest.raises(DataError, match="one group alone"):
        davies_bouldin(np.empty((0, 2)), [])


def test_the_mean_silhouette_has_the_interval_of_a_mean() -> None:
    from scipy.stats import t

    x, labels = cloud()
    each = silhouette_samples(x, labels)
    found = silhouette(x, labels, level=0.9)
    half = t.ppf(0.95, len(x) - 1) * each.std(ddof=1) / math.sqrt(len(x))
    assert found.value == pytest.approx(each.mean(), abs=1e-6)
    # Satterthwaite's degrees of freedom are not n - 1, which matters little with 400 rows.
    assert found.high - found.value == pytest.approx(half, rel=0.01)
    assert found.value - found.low == pytest.approx(half, rel=0.01)
    assert (found.n, found.level) == (400, 0.9)


def test_no_more_rows_are_used_than_asked_for() -> None:
    x, labels = cloud()
    assert silhouette(x, labels, most=100) == silhouette(x[:100], labels[:100])


def test_the_interval_of_a_mean_covers() -> None:
    rng = np.random.default_rng(0)
    draws = [mean_of_rows(rng.exponential(size=200), 0.9) for _ in range(600)]
    # Three standard errors of 90 % in 600 draws are 0.037; skewness costs about 0.01.
    assert 0.85 < np.mean([each.covers(1.0) for each in draws]) < 0.94


@pytest.mark.parametrize("seed", range(3))
def test_davies_and_bouldin_as_scikit_learn_has_it(seed: int) -> None:
    x, labels = cloud(seed=seed)
    found = davies_bouldin(x, labels)
    assert found.value == pytest.approx(davies_bouldin_score(x, labels), rel=1e-9)
    assert math.isnan(found.low)
    assert found.method == "no interval"


def test_davies_and_bouldin_of_a_lone_row() -> None:
    # Spreads 0 and 1, centres 4 apart: (0 + 1) / 4.
    assert davies_bouldin([[0.0], [3.0], [5.0]], [0, 1, 1]).value == 0.25


def test_groups_at_one_place_are_not_apart_at_all() -> None:
    assert davies_bouldin(np.ones((4, 2)), [0, 0, 1, 1]).value == math.inf
    assert davies_bouldin([[-1.0], [1.0], [-2.0], [2.0]], [0, 0, 1, 1]).value == math.inf


@pytest.mark.parametrize("seed", range(5))
def test_the_adjusted_rand_index_as_scikit_learn_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, 300)
    b = np.where(rng.random(300) < 0.6, a, rng.integers(0, 6, 300))
    assert agreement(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert agreement(a, b) == pytest.approx(agreement(b, a), abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0, 0, 0], [1, 1, 1], 1),  # one group is one group
        ([0, 1, 2], [2, 0, 1], 1),  # all alone, twice
        ([0, 0, 0, 0], [0, 1, 2, 3], 0),  # one group against all alone
        ([5], [9], 1),
    ],
)
def test_agreement_at_the_edges(a: list[int], b: list[int], expected: float) -> None:
    assert agreement(a, b) == expected == adjusted_rand_score(a, b)


def test_chance_does_not_agree() -> None:
    rng = np.random.default_rng(0)
    drawn = [agreement(rng.integers(0, 3, 500), rng.integers(0, 5, 500)) for _ in range(50)]
    # The standard deviation of one is about 0.003.
    assert abs(np.mean(drawn)) < 0.002


def test_jaccards_by_hand() -> None:
    a = [0, 0, 0, 0, 1, 1, 1, 2]
    b = [0, 0, 0, 1, 1, 1, 2, 2]
    # Group 0: {0,1,2,3} and {0,1,2}: 3 of 4. Group 1: {4,5,6} and {3,4,5}: 2 of 4. Group 2: {7}
    # and {6,7}: 1 of 2.
    assert jaccards(a, b).tolist() == [0.75, 0.5, 0.5]
    assert jaccards(a, a).tolist() == [1, 1, 1]
    assert jaccards(a, [4] * 8).tolist() == [0.5, 0.375, 0.125]


def test_two_groupings_are_of_the_same_rows() -> None:
    for compare in (agreement, jaccards):
        with pytest.raises(DataError, match="two groupings of the same rows are needed"):
            compare([0, 1], [0, 1, 1])
        with pytest.raises(DataError, match="two groupings of the same rows are needed"):
            compare([], [])


def test_the_mean_of_draws_by_hand() -> None:
    found = mean_of_draws([0.5, 0.6, 0.7], 5_000, level=0.95)
    # t(0.975, 2) = 4.302653, the standard deviation is 0.1: 4.302653 * 0.1 / sqrt(3) = 0.248414.
    ends = [found.value, found.low, found.high]
    assert ends == pytest.approx([0.6, 0.351586, 0.848414], abs=1e-6)
    assert mean_of_draws([0.8, 0.9, 1.0], 5_000).high == 1.0  # no figure of the kind is above 1
    assert (found.n, found.method) == (5_000, "3 bootstrap draws")
    with pytest.raises(Refusal, match="a mean of draws needs two or more of them"):
        mean_of_draws([0.8], 5_000)
