"""Challengers: CatBoost and XGBoost as learners; what they learn becomes LightGBM's native text.

Both libraries are optional and only ever train. Their trees are translated once, so that scores and
exact contributions come from `patron.models.trees.TreeEnsemble`, like those of the house's own
trees: a machine that scores needs neither library, and no bundle holds a pickle or a binary.
"""

__all__ = [
    "CatBoostTrees",
    "TrainedTrees",
    "XGBoostTrees",
    "from_catboost",
    "from_xgboost",
]

import importlib
import json
import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError, UserError
from patron.models.boosting import MOST_ROUNDS, PATIENCE, TreeLearner, Valid
from patron.models.learner import CrossFitted, logit
from patron.models.tree_text import Leaf, Node, joined, tree_text
from patron.models.trees import TreeEnsemble

if TYPE_CHECKING:
    from patron.features.encode import Design
    from patron.models.learner import Folds

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainedTrees:
    """Trees as trained, in the order of the rounds.

    Parameters
    ----------
    trees : one tree a round; a leaf's value is log-odds.
    bias : the log-odds before the first round.
    columns : how many columns the matrix had.
    best_rounds : the rounds with the least log loss on the rows held back; all, where none were.
    """

    trees: tuple[Node, ...]
    bias: float
    columns: int
    best_rounds: int

    def text(self, rounds: int | None = None) -> str:
        """The first `rounds` trees (by default the best) as LightGBM's native text."""
        trees = self.trees[: self.best_rounds if rounds is None else rounds]
        return tree_text(trees, self.bias, self.columns)

    def ensemble(self, rounds: int | None = None) -> TreeEnsemble:
        """The first `rounds` trees (by default the best) as a scorer."""
        return TreeEnsemble(self.text(rounds))


class _Challenger(TreeLearner):
    """What the two libraries share: categories as shares, and cases that no library is needed for.

    Parameters
    ----------
    depth : the most splits between a tree's root and a leaf.
    """

    def __init__(
        self,
        *,
        depth: int = 3,
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        super().__init__(monotone=monotone, seed=seed, threads=threads)
        self.depth = depth
        self.instead = True

    def cross_fit(
        self, design: "Design", y: Floats, folds: "Folds", *, again: bool = False
    ) -> CrossFitted:
        """Out-of-fold log-odds; settles the number of rounds."""
        _library(self.name)  # that it is not installed is said here, not by a thread
        return super().cross_fit(design, y, folds, again=again)

    def train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid = None,
        *,
        rounds: int | None = None,
        bounds: Sequence[int] = (),
        categories: Sequence[int] = (),  # noqa: ARG002
    ) -> TrainedTrees:
        """See `TreeLearner.train`; every column is taken for a number."""
        if rounds is None and valid is None:
            raise PatronError(f"{self.title}: without rows to stop on, rounds must be given.")
        rate = float(np.mean(y))
        if not 0 < rate < 1 or not _varies(matrix):  # everybody is the average
            return TrainedTrees((), logit(rate), matrix.shape[1], 1)
        most = MOST_ROUNDS if rounds is None else rounds
        return self._train(matrix, y, valid, rounds=most, bounds=list(bounds))

    @abstractmethod
    def _train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid,
        *,
        rounds: int,
        bounds: list[int],
    ) -> TrainedTrees:
        """`train`, where there is something to learn."""


class CatBoostTrees(_Challenger):
    """Boosted symmetric trees, one question a level (CatBoost; Prokhorenkova et al. 2018).

    Estimates the log-odds of y = 1 by minimising log loss. Categories are their codes here: of
    CatBoost only the trees are used, not its own encoding of categories, which scoring would need.
    """

    name: ClassVar[str] = "catboost"
    title: ClassVar[str] = "CatBoost trees"

    def __init__(
        self,
        *,
        depth: int = 4,
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        super().__init__(depth=depth, monotone=monotone, seed=seed, threads=threads)

    def _train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid,
        *,
        rounds: int,
        bounds: list[int],
    ) -> TrainedTrees:
        catboost = _library(self.name)
        rows = _rows(y, valid)
        parameters: dict[str, Any] = {
            "loss_function": "Logloss",
            "iterations": rounds,
            "learning_rate": float(np.clip(0.1 * np.sqrt(rows / 100_000), 0.03, 0.1)),
            "depth": self.depth,
            "l2_leaf_reg": 5.0,
            "bootstrap_type": "Bernoulli",
            "subsample": 0.8,
            "leaf_estimation_iterations": 1,
            "border_count": 127,
            "boosting_type": "Plain",
            "boost_from_average": True,
            "random_seed": self.seed,
            "thread_count": 1,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        if bounds:
            parameters["monotone_constraints"] = bounds
        if valid is not None:
            parameters |= {"od_type": "Iter", "od_wait": PATIENCE, "use_best_model": False}
        model = catboost.CatBoost(parameters)
        checks = None if valid is None else catboost.Pool(*valid)
        model.fit(catboost.Pool(matrix, y), eval_set=checks)
        best = None if valid is None else model.get_best_iteration() + 1
        return from_catboost(model, best)


class XGBoostTrees(_Challenger):
    """Boosted trees with second-order gains (XGBoost; Chen and Guestrin 2016).

    Estimates the log-odds of y = 1 by minimising log loss. A leaf needs the weight that some rows
    of average rate would have.
    """

    name: ClassVar[str] = "xgboost"
    title: ClassVar[str] = "XGBoost trees"

    def _train(
        self,
        matrix: Matrix,
        y: Floats,
        valid: Valid,
        *,
        rounds: int,
        bounds: list[int],
    ) -> TrainedTrees:
        xgboost = _library(self.name)
        rows, rate = _rows(y, valid), float(np.mean(y))
        parameters: dict[str, Any] = {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "base_score": rate,
            "tree_method": "hist",
            "learning_rate": float(np.clip(0.1 * np.sqrt(rows / 100_000), 0.03, 0.1)),
            "max_depth": self.depth,
            "min_child_weight": float(np.clip(rows / 500, 10, 100)) * rate * (1 - rate),
            "lambda": 5.0,
            "subsample": 0.8,
            "colsample_bynode": 0.5,
            "max_bin": 128,
            "seed": self.seed,
            "nthread": 1,
            "verbosity": 0,
        }
        if bounds:
            parameters["monotone_constraints"] = tuple(bounds)
        options: dict[str, Any] = {}
        if valid is not None:
            checks = xgboost.DMatrix(*valid, nthread=1)
            options = {"evals": [(checks, "valid")], "early_stopping_rounds": PATIENCE}
        booster = xgboost.train(
            parameters,
            xgboost.DMatrix(matrix, y, nthread=1),
            rounds,
            verbose_eval=False,
            **options,
        )
        return from_xgboost(booster, None if valid is None else booster.best_iteration + 1)


def from_catboost(model: Any, best_rounds: int | None = None) -> TrainedTrees:
    """The symmetric trees of a trained `catboost.CatBoost` with one output and no categories.

    A row's leaf is a number with one bit for each split: set where the value is above the border.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        fields = json.loads(path.read_text(encoding="utf-8"))
    features = fields["features_info"]["float_features"]
    columns = {feature["feature_index"]: feature["flat_feature_index"] for feature in features}
    # What is missing is above every border (AsTrue) or above none: a comparison with NaN is false.
    left = {each["feature_index"]: each["nan_value_treatment"] != "AsTrue" for each in features}
    scale, (bias,) = fields["scale_and_bias"]
    trees = []
    for tree in fields["oblivious_trees"]:
        splits = [
            (columns[place], _float32(split["border"]), left[place])
            for split in tree["splits"] or ()
            for place in (split["float_feature_index"],)
        ]
        leaves = zip(tree["leaf_values"], tree["leaf_weights"], strict=True)
        trees.append(_expanded(splits, [Leaf(scale * value, weight) for value, weight in leaves]))
    width = 1 + max(columns.values())
    return TrainedTrees(tuple(trees), bias, width, best_rounds or len(trees))


def from_xgboost(booster: Any, best_rounds: int | None = None) -> TrainedTrees:
    """The trees of a trained `xgboost.Booster` for binary:logistic without categories.

    XGBoost goes left below a threshold of 32 bits, LightGBM at or below one: the number before it.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    fields = learner["learner_model_param"]
    rate = float(fields["base_score"].strip("[]"))  # since 3.1 a list of one
    trees = tuple(_from_arrays(each) for each in learner["gradient_booster"]["model"]["trees"])
    return TrainedTrees(trees, logit(rate), int(fields["num_feature"]), best_rounds or len(trees))


def _expanded(splits: Sequence[tuple[int, float, bool]], leaves: Sequence[Leaf]) -> Node:
    """A symmetric tree as a binary one; the last split is the root, as in CatBoost's own SHAP."""

    def node(level: int, bits: int, bounds: Mapping[int, tuple[float, float]]) -> Node:
        if level < 0:
            return leaves[bits]
        column, border, missing_left = splits[level]
        above, most = bounds.get(column, (-np.inf, np.inf))  # the row is known to lie between them
        right = bits | 1 << level
        if border <= above:
            return node(level - 1, right, bounds)
        if border >= most:
            return node(level - 1, bits, bounds)
        return joined(
            column,
            border,
            missing_left,
            node(level - 1, bits, {**bounds, column: (above, border)}),
            node(level - 1, right, {**bounds, column: (border, most)}),
        )

    return node(len(splits) - 1, 0, {})


def _from_arrays(tree: Mapping[str, Any]) -> Node:
    """A tree of XGBoost's JSON: one array for each property, by node; a leaf has no children."""

    def node(place: int) -> Node:
        condition = tree["split_conditions"][place]
        left = tree["left_children"][place]
        if left < 0:
            return Leaf(_float32(condition), tree["sum_hessian"][place])
        return joined(
            tree["split_indices"][place],
            float(np.nextafter(np.float32(condition), np.float32(-np.inf))),
            bool(tree["default_left"][place]),
            node(left),
            node(tree["right_children"][place]),
        )

    return node(0)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is not installed; pip install 'patron[{name}]', or train without it."
        ) from error


def _rows(y: Floats, valid: Valid) -> int:
    """All rows at hand: trainings on folds and on everything must learn at the same rate."""
    return len(y) + (0 if valid is None else len(valid[1]))


def _float32(value: float) -> float:
    return float(np.float32(value))


def _varies(matrix: Matrix) -> bool:
    """Whether any column has two different values (missing is one)."""
    first = matrix[:1]
    return bool(((matrix != first) & ~(np.isnan(matrix) & np.isnan(first))).any())
