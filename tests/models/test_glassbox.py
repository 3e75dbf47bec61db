"""Explainable boosting: plain arrays that say what the library says, and pairs that are only pairs.

The scores of interpret-core's own `decision_function` are the independent implementation.
"""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from patron.errors import PatronError
from patron.features.encode import Design
from patron.models import glassbox
from patron.models.additive import AdditiveModel
from patron.models.glassbox import ExplainableBoosting
from patron.models.learner import Folds, log_loss_of

ROWS = 2500
LEVELS = ("a", "b", "c", "d", "other")


def folds(rows: int, count: int = 3) -> Folds:
    number = np.arange(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


def odd(rows: int, seed: int = 0) -> tuple[Design, np.ndarray]:
    """Gaps, ties, a constant and an empty column, an indicator, a category that misses a level."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack(
        [
            rng.normal(size=rows),
            np.round(2 * rng.normal(size=rows)),
            np.full(rows, 7.0),
            np.full(rows, np.nan),
            rng.lognormal(5, 3, rows),
            np.zeros(rows),
            rng.integers(0, 4, rows),
            rng.integers(0, 3, rows),
        ]
    ).astype(np.float32)
    log_odds = matrix[:, 0] * np.sign(matrix[:, 1]) + np.log(matrix[:, 4]) / 3 - 2
    log_odds += (matrix[:, 6] == 2) * np.where(matrix[:, 0] > 0, 1.0, -1.0)
    gone = rng.random(matrix.shape) < 0.1
    gone[:, [2, 5, 7]] = False
    matrix[gone] = np.nan
    matrix[:, 5] = np.isnan(matrix[:, 4])
    names = ("bell", "ties", "constant", "empty", "money", "money is missing", "kind", "whole")
    sources = (*names[:5], "money", *names[6:])
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    return Design(matrix, names, sources, {"kind": LEVELS, "whole": ("x", "y", "z", "other")}), y


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The library's own fitted machines, each with the columns that it was given."""
    seen: list[Any] = []
    plain = glassbox._as_plain

    def watched(machine: Any, design: Design, used: Any) -> AdditiveModel:
        seen.append((machine, used))
        return plain(machine, design, used)

    monkeypatch.setattr(glassbox, "_as_plain", watched)
    return seen


def fitted(design: Design, y: np.ndarray, kept: int, **options: Any) -> AdditiveModel:
    learner = ExplainableBoosting(**{"bags": 2, **options})
    learner.kept = kept
    return learner.fit(design, y)


@pytest.fixture(scope="module")
def pairs() -> AdditiveModel:
    return fitted(*odd(ROWS), kept=8)


@pytest.mark.parametrize("kept", [0, 8])
def test_the_plain_model_says_what_the_library_says(machines: list[Any], kept: int) -> None:
    """To the last digits, though purification moved much from the pairs to the curves."""
    design, y = odd(ROWS)
    model = fitted(design, y, kept)
    ((machine, used),) = machines
    assert len(model.pairs) == kept
    new = odd(3000, seed=1)[0].matrix.copy()
    new[np.random.default_rng(2).random(new.shape) < 0.05] = np.nan
    new[:20] = np.nan
    new[20:60, 6] = 4  # a level that training never saw
    for column in (0, 1, 4):  # values on each cut, and just beside it
        cuts = np.asarray(model.terms[column]["cuts"], dtype=np.float32)
        beside = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), -cuts]
        values = np.concatenate(beside)[:900]
        new[100 : 100 + len(values), column] = values
    new[1000:1010, 4], new[1010:1020, 0] = 1e30, -1e30
    with glassbox._quiet():
        own = machine.decision_function(new[:, used].astype(np.float64))
    np.testing.assert_allclose(model.raw(new), np.ravel(own), rtol=0, atol=1e-9)


def test_pairs_hold_nothing_that_one_column_could_say(
    machines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = []
    purified = glassbox._purified

    def watched(scores: np.ndarray, weights: np.ndarray) -> Any:
        answer = purified(scores, weights)
        tables.append((scores, weights, *answer))
        return answer

    monkeypatch.setattr(glassbox, "_purified", watched)
    model = fitted(*odd(ROWS), kept=8)
    assert len(tables) == len(model.pairs) == 8
    for scores, weights, table, rows, columns in tables:
        for axis in (0, 1):
            total = weights.sum(axis=axis)
            mean = (table * weights).sum(axis=axis)[total > 0] / total[total > 0]
            # 30 rounds of centring; a table of scores is of the order of 0.1.
            np.testing.assert_allclose(mean, 0, atol=1e-6)
        np.testing.assert_allclose(table + rows[:, None] + columns, scores, rtol=0, atol=1e-12)
    assert max(np.abs(scores - table).max() for scores, _, table, *_ in tables) > 1e-3


def test_the_strongest_pair_comes_first(pairs: AdditiveModel) -> None:
    design, _ = odd(ROWS)
    silent = [glassbox._silent(term) for term in pairs.terms]
    strength = [
        np.abs(AdditiveModel(0.0, silent, [pair]).raw(design.matrix)).mean() for pair in pairs.pairs
    ]
    assert pairs.pairs[0]["columns"] == [0, 1]  # the truth's first product
    # Weights are of the library's bags, so nearly equal pairs may change places.
    assert all(a > 0.8 * b for a, b in pairwise(strength))


def test_contributions_and_the_base_are_the_score(pairs: AdditiveModel) -> None:
    matrix = odd(1000, seed=1)[0].matrix
    parts = pairs.contributions(matrix)
    np.testing.assert_allclose(parts.sum(axis=1) + pairs.base, pairs.raw(matrix), atol=1e-12)
    # The constant column, and the indicator, which the value for what is missing stands for.
    assert not parts[:, 5].any()
    assert np.ptp(parts[:, 2]) < 0.1


def test_each_row_is_scored_on_its_own(pairs: AdditiveModel) -> None:
    matrix = odd(1000, seed=1)[0].matrix
    order = np.random.default_rng(0).permutation(1000)
    np.testing.assert_array_equal(pairs.raw(matrix)[order], pairs.raw(matrix[order]))
    np.testing.assert_array_equal(pairs.raw(matrix[:1]), pairs.raw(matrix)[:1])
    assert len(pairs.raw(matrix[:0])) == 0


def test_chunks_change_no_score(pairs: AdditiveModel, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = odd(1000, seed=1)[0].matrix
    whole, parts = pairs.raw(matrix), pairs.contributions(matrix)
    monkeypatch.setattr("patron.models.additive.CHUNK", 77)
    np.testing.assert_array_equal(pairs.raw(matrix), whole)
    np.testing.assert_array_equal(pairs.contributions(matrix), parts)


def test_saved_and_loaded_scores_are_identical(pairs: AdditiveModel) -> None:
    matrix = odd(1000, seed=1)[0].matrix
    again = AdditiveModel.from_dict(json.loads(json.dumps(pairs.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.raw(matrix), pairs.raw(matrix))
    np.testing.assert_array_equal(again.contributions(matrix), pairs.contributions(matrix))


def test_a_pair_whose_cuts_its_columns_lack_is_refused(pairs: AdditiveModel) -> None:
    numbers = next(pair for pair in pairs.pairs if pair["cuts"][0])
    wrong = {**numbers, "cuts": [[0.123456], numbers["cuts"][1]]}
    with pytest.raises(ValueError, match="cuts that its column's own term has not"):
        AdditiveModel(0.0, pairs.terms, [wrong])


def crossed(rows: int, seed: int, product: float) -> tuple[Design, np.ndarray, np.ndarray]:
    """A bend in the first column, a product of the next two, and two columns without effect."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 5)).astype(np.float32)
    bent, a, b = matrix[:, :3].T.astype(float)
    truth = 1.5 * np.minimum(bent, 0) + product * np.sign(a) * np.sign(b)
    names = ("bent", "a", "b", "noise", "more noise")
    y = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(float)
    return Design(matrix, names, names, {}), y, truth


def test_a_planted_pair_and_a_planted_bend_are_found() -> None:
    design, y, _ = crossed(5000, 0, product=1.5)
    learner = ExplainableBoosting(bags=2, fold_bags=1)
    learner.cross_fit(design, y, folds(5000))
    assert learner.kept is not None
    assert learner.kept >= 5  # the least number above none that is tried
    model = learner.fit(design, y)
    assert model.pairs[0]["columns"] == [1, 2]
    fresh, _, truth = crossed(4000, 1, product=1.5)
    # The truth has a SD of 1.8; without the pair the error is at least 1.5.
    assert np.sqrt(np.mean((model.raw(fresh.matrix) - truth) ** 2)) < 0.6
    curve = AdditiveModel(0.0, model.terms).contributions(fresh.matrix)[:, 0]
    bent = fresh.matrix[:, 0].astype(float)
    slopes = [np.polyfit(bent[part], curve[part], 1)[0] for part in (bent < 0, bent > 0)]
    # By the data of each half a slope's standard error is about 0.08; boosting draws it to 0.
    assert slopes[0] == pytest.approx(1.5, abs=0.35)
    assert slopes[1] == pytest.approx(0, abs=0.25)


def test_where_columns_add_up_no_pairs_are_kept() -> None:
    design, y, _ = crossed(5000, 0, product=0.0)
    learner = ExplainableBoosting(bags=1, fold_bags=1)
    crossfit = learner.cross_fit(design, y, folds(5000))
    assert learner.kept == 0
    assert learner.fit(design, y).pairs == []
    assert [model.pairs for model in crossfit.scorers] == [[], [], []]


def test_out_of_fold_is_what_the_models_of_the_folds_say() -> None:
    design, y, _ = crossed(3000, 0, product=1.5)
    learner = ExplainableBoosting(fold_bags=1)
    crossfit = learner.cross_fit(design, y, folds(3000))
    for scorer, (_, predict) in zip(crossfit.scorers, folds(3000), strict=True):
        own = scorer.raw(design.matrix[predict])
        np.testing.assert_allclose(own, crossfit.raw[predict], rtol=0, atol=1e-12)
    kept = learner.kept
    again = learner.cross_fit(design, y, folds(3000, count=4), again=True)
    assert learner.kept == kept
    assert log_loss_of(again.raw, y) == pytest.approx(log_loss_of(crossfit.raw, y), abs=0.02)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_monotone_column_only_rises_or_only_falls(sign: int) -> None:
    """Against the data, too: the log-odds rise with the column and the model may not."""
    design, y, _ = crossed(2500, 0, product=1.5)
    model = fitted(design, y, 5, monotone={"bent": sign, "a": sign})
    assert [0, 1] not in [pair["columns"] for pair in model.pairs]
    assert not {0, 1} & {column for pair in model.pairs for column in pair["columns"]}
    for column in (0, 1):
        assert (sign * np.diff(model.terms[column]["steps"]) >= -1e-12).all()
    some = np.repeat(design.matrix[:50, None], 41, axis=1)
    some[:, :, 0] = np.linspace(-4, 4, 41)
    raw = model.raw(some.reshape(-1, 5)).reshape(50, 41)
    assert (sign * np.diff(raw, axis=1) >= -1e-12).all()


def test_hundreds_of_columns_are_fitted_without_pairs() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(1200, 400)).astype(np.float32)
    y = (rng.random(1200) < 1 / (1 + np.exp(-2 * matrix[:, 0]))).astype(float)
    names = tuple(f"c{place}" for place in range(400))
    design = Design(matrix, names, names, {})
    learner = ExplainableBoosting(fold_bags=1, rate=0.1)
    raw = learner.cross_fit(design, y, folds(1200, count=2)).raw
    assert learner.kept == 0
    assert np.corrcoef(raw, matrix[:, 0])[0, 1] > 0.4


@pytest.mark.parametrize("values", [np.full((300, 2), 3.0), np.full((300, 2), np.nan)])
def test_nothing_to_learn_is_the_average(values: np.ndarray) -> None:
    y = (np.arange(300) % 4 == 0).astype(float)
    design = Design(values.astype(np.float32), ("a", "b"), ("a", "b"), {})
    learner = ExplainableBoosting(fold_bags=1, bags=1)
    raw = learner.cross_fit(design, y, folds(300)).raw
    model = learner.fit(design, y)
    assert np.ptp(model.raw(design.matrix)) < 1e-9
    assert 1 / (1 + np.exp(-model.raw(design.matrix)[0])) == pytest.approx(0.25, abs=0.01)
    assert np.ptp(raw) < 0.2


def test_fit_comes_after_cross_fit() -> None:
    with pytest.raises(PatronError, match="cross_fit settles how to fit explainable boosting"):
        ExplainableBoosting().fit(*odd(300))
