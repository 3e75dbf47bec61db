"""What drives a model: curves with bands that hold the truth, and the pairs that were planted."""

import numpy as np
import pytest

from patron.features.encode import Design
from patron.models.boosting import BoostedTrees
from patron.models.explain import effect, importances, interactions
from patron.models.glassbox import ExplainableBoosting
from patron.models.learner import Folds, Learner
from patron.models.learning import LearningCurve
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel

NAMES = ("bent", "level", "idle")


@pytest.fixture(autouse=True)
def _without_a_learning_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PurchaseModel, "_curve", lambda *_: LearningCurve("none", (), None))


def truth(matrix: np.ndarray, crossed: float = 0.0) -> np.ndarray:
    bent, level, _ = matrix.astype(float).T
    steps = np.array([-1.0, 0.0, 1.0])[level.astype(int)]
    return 1 / (1 + np.exp(-(np.sin(bent) + steps - 1 + crossed * bent * steps)))


def fitted(
    *learners: Learner, rows: int = 3000, seed: int = 0, crossed: float = 0.0
) -> tuple[PurchaseModel, Design, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = np.column_stack(
        [rng.normal(size=rows), rng.integers(0, 3, rows), rng.normal(size=rows)]
    ).astype(np.float32)
    y = (rng.random(rows) < truth(matrix, crossed)).astype(float)
    design = Design(matrix, NAMES, NAMES, {"level": ("low", "middle", "high", "other")})
    number = np.arange(rows) % 5
    folds: Folds = [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(5)]
    return PurchaseModel(learners=learners).fit(design, y, folds), design, y


def true_curve(design: Design, column: int, grid: list[float]) -> np.ndarray:
    sample = design.rows(np.sort(np.random.default_rng(0).permutation(len(design))[:1000])).matrix
    answer = []
    for value in grid:
        changed = sample.copy()
        changed[:, column] = value
        answer.append(100 * (truth(changed).mean() - truth(sample).mean()))
    return np.array(answer)


def test_bands_hold_the_true_curve() -> None:
    held = []
    for seed in range(8):
        model, design, _ = fitted(SplineLogistic(penalties=(1.0,)), seed=seed)
        for column, name in ((0, "bent"), (1, "level"), (2, "idle")):
            drawn = effect(model, design, name)
            assert drawn is not None
            codes = [design.levels["level"].index(each) for each in drawn.get("labels", ())]
            true = true_curve(design, column, drawn.get("x", codes))
            held += list((np.array(drawn["low"]) <= true) & (true <= np.array(drawn["high"])))
    # About 95 % of some 230 points, which come in 24 curves; a band of half the width holds 70 %.
    assert np.mean(held) > 0.88


def test_a_band_is_narrower_where_more_is_known() -> None:
    widths = []
    for rows in (1000, 16_000):
        model, design, _ = fitted(SplineLogistic(penalties=(1.0,)), rows=rows)
        drawn = effect(model, design, "bent")
        assert drawn is not None
        widths.append(np.mean(np.array(drawn["high"]) - np.array(drawn["low"])))
    # Sixteen times the rows: a quarter of the width, give or take what five folds leave open.
    assert widths[1] < 0.5 * widths[0]


@pytest.mark.parametrize("beside", [(), (BoostedTrees(leaves=(12,)),)], ids=["glass", "trees"])
def test_a_planted_pair_is_found(beside: tuple[Learner, ...]) -> None:
    model, design, _ = fitted(ExplainableBoosting(bags=1, fold_bags=1), *beside, crossed=1.5)
    if beside:  # trees have no list of pairs of their own to look at
        model.chosen_ = next(each for each in model.candidates_ if each.name == "trees")
        model.parts_ = model.chosen_.parts
    first = interactions(model, design)[0]
    assert set(first["columns"]) == {"bent", "level"}
    assert first["strength"]["low"] > 0
    table, n = np.array(first["effect"]), np.array(first["n"])
    assert table.shape == n.shape == (len(first["y"]["labels"]), len(first["x"]["labels"]))
    # It is what both say beyond each alone: rows and columns have a mean of zero over customers.
    np.testing.assert_allclose((table * n).sum(axis=0), 0, atol=0.05 * n.sum(axis=0).max())
    assert np.abs(table).max() > 10


def test_without_pairs_none_are_drawn() -> None:
    model, design, _ = fitted(SplineLogistic(penalties=(1.0,)))
    assert interactions(model, design) == []


def test_what_matters_is_ranked_with_intervals() -> None:
    model, design, y = fitted(SplineLogistic(penalties=(1.0,)))
    found = importances(model, design, y)
    assert list(found)[-1] == "idle"
    assert found["level"].low > 0
    assert found["idle"].covers(0.0)
