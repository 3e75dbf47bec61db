"""Trees through the C library: the same answers as LightGBM's own package."""

import lightgbm
import numpy as np
import pytest

from patron.errors import BundleError
from patron.models.trees import TreeEnsemble


@pytest.fixture(scope="module")
def trained() -> tuple[lightgbm.Booster, np.ndarray]:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(800, 5)).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 4] = rng.integers(0, 6, 800)
    y = (np.nan_to_num(matrix[:, 0]) + (matrix[:, 4] == 2) + rng.normal(size=800) > 0).astype(float)
    data = lightgbm.Dataset(matrix, y, categorical_feature=[4])
    options = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 7}
    return lightgbm.train(options, data, 25), matrix


def test_raw_scores_are_those_of_the_package(
    trained: tuple[lightgbm.Booster, np.ndarray],
) -> None:
    booster, matrix = trained
    ours = TreeEnsemble(booster.model_to_string()).raw(matrix)
    np.testing.assert_allclose(ours, booster.predict(matrix, raw_score=True), atol=1e-12)


def test_contributions_add_up_to_the_score(
    trained: tuple[lightgbm.Booster, np.ndarray],
) -> None:
    booster, matrix = trained
    trees = TreeEnsemble(booster.model_to_string())
    base = booster.predict(matrix, pred_contrib=True)[:, -1]
    np.testing.assert_allclose(
        trees.contributions(matrix).sum(axis=1) + base, trees.raw(matrix), atol=1e-9
    )


def test_threads_and_row_by_row_change_nothing(
    trained: tuple[lightgbm.Booster, np.ndarray],
) -> None:
    booster, matrix = trained
    trees = TreeEnsemble(booster.model_to_string())
    whole = trees.raw(matrix, threads=2)
    rows = [trees.raw(matrix[place : place + 1])[0] for place in range(len(matrix))]
    np.testing.assert_array_equal(whole, rows)


def test_saved_and_loaded_is_the_same(trained: tuple[lightgbm.Booster, np.ndarray]) -> None:
    booster, matrix = trained
    trees = TreeEnsemble(booster.model_to_string())
    again = TreeEnsemble.from_dict(trees.to_dict())
    np.testing.assert_array_equal(trees.raw(matrix), again.raw(matrix))
    assert again.rounds == 25


def test_no_rows_is_no_scores(trained: tuple[lightgbm.Booster, np.ndarray]) -> None:
    trees = TreeEnsemble(trained[0].model_to_string())
    assert trees.raw(np.empty((0, 5), dtype=np.float32)).shape == (0,)


def test_text_that_is_no_model_is_a_sentence() -> None:
    with pytest.raises(BundleError, match="LightGBM cannot use these trees"):
        TreeEnsemble("not a model")
