"""What several columns together tell of the target: cross-fitted trees, and a line."""

__all__ = ["joint_prediction", "linear_prediction"]

from typing import Any

import numpy as np

from patron.audit.scoring import FOLDS, Question, squarable

ROUNDS = 80
RIDGE_ROWS = 10.0
LEVELS_SHOWN = 12
_FOLDS = range(FOLDS)


def joint_prediction(
    matrix: np.ndarray,
    categorical: list[int],
    question: Question,
    folds: np.ndarray,
    *,
    seed: int,
    threads: int,
) -> np.ndarray:
    """What small boosted trees, cross-fitted, predict from the columns of `matrix` [rows]."""
    import lightgbm

    parameters: dict[str, Any] = {
        "objective": "binary" if question.measure == "AUC" else "regression",
        "num_leaves": 15,
        "learning_rate": 0.1,
        "min_data_in_leaf": max(5, min(50, len(matrix) // 100)),
        "cat_smooth": 20,
        "feature_fraction": 0.8,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "seed": seed,
        "verbosity": -1,
    }
    predicted = np.empty(len(matrix))
    for fold in _FOLDS:
        inside = folds != fold
        data = lightgbm.Dataset(
            matrix[inside], question.y[inside], categorical_feature=categorical, params=parameters
        )
        trees = lightgbm.train(parameters, data, num_boost_round=ROUNDS)
        predicted[~inside] = trees.predict(matrix[~inside], num_threads=threads)
    return predicted


def linear_prediction(
    matrix: np.ndarray, categorical: list[int], question: Question, folds: np.ndarray
) -> np.ndarray:
    """What a ridge regression, cross-fitted, predicts from the columns of `matrix` [rows].

    Numbers as they are, missing ones as the mean with an indicator; of a category, its commonest
    levels. Unlike trees, it suffers from values that are no values (999, a unit mixed in).
    """
    parts = []
    for place in range(matrix.shape[1]):
        column = matrix[:, place]
        known = np.isfinite(column)
        if place not in categorical:
            column = squarable(column)
        if place in categorical:
            parts += [column == level for level in range(LEVELS_SHOWN)]
        else:
            mean = column[known].mean() if known.any() else 0.0
            parts += [np.where(known, column, mean), ~known]
    wide = np.column_stack(parts).astype(np.float64)
    spread = wide.std(axis=0)
    wide = (wide - wide.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    predicted = np.empty(len(matrix))
    for fold in _FOLDS:
        x, y = wide[folds != fold], question.y[folds != fold]
        gram = x.T @ x + RIDGE_ROWS * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x.T @ (y - y.mean()))
        predicted[folds == fold] = wide[folds == fold] @ weights
    return predicted
