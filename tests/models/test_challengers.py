"""Challengers: LightGBM's text of their trees says what each library itself says.

The data have gaps, ties at the borders, a constant column, an empty one, and values from 1e-30 to
1e30. Scores are compared with the library's own margins, contributions with its own Shapley values.
"""

import json
import subprocess
import sys
from typing import Any

import lightgbm
import numpy as np
import pytest

from patron.errors import BundleError, PatronError, UserError
from patron.features.encode import Design
from patron.models.boosting import BoostedTrees
from patron.models.challengers import (
    CatBoostTrees,
    TrainedTrees,
    XGBoostTrees,
    from_catboost,
    from_xgboost,
)
from patron.models.learner import Folds, Learner, log_loss_of
from patron.models.trees import TreeEnsemble

ROWS, FRESH = 2000, 4000


def catboost() -> Any:
    return pytest.importorskip("catboost", reason="the extra `catboost` (over 400 MB) is optional")


def xgboost() -> Any:
    return pytest.importorskip("xgboost", reason="the extra `xgboost` is not installed")


CHALLENGERS = [
    pytest.param((CatBoostTrees, catboost), id="catboost"),
    pytest.param((XGBoostTrees, xgboost), id="xgboost"),
]


@pytest.fixture(params=CHALLENGERS)
def kind(request: pytest.FixtureRequest) -> Any:
    """A challenger's class, where its library is installed."""
    made, needed = request.param
    needed()
    return made


def odd(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Every oddity that a column can have; three columns have no gaps in training."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack(
        [
            rng.normal(size=rows),
            np.round(2 * rng.normal(size=rows)),  # ties, at 0 too
            np.full(rows, 7.0),
            rng.lognormal(10, 4, rows),
            rng.integers(0, 6, rows),
            np.full(rows, np.nan),
            rng.normal(size=rows) * 1e30,
            rng.uniform(0, 10, rows) * 1e-30,
        ]
    ).astype(np.float32)
    log_odds = matrix[:, 0] - 0.4 * matrix[:, 1] + (matrix[:, 4] == 2) + np.log(matrix[:, 3]) / 10
    log_odds += matrix[:, 6] / 1e30 - np.minimum(matrix[:, 7] * 1e30, 4)
    gone = rng.random(matrix.shape) < 0.1
    gone[:, [1, 2, 7]] = False
    matrix[gone] = np.nan
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    for array in (matrix, y):
        array.setflags(write=False)
    return matrix, y


def fresh(trees: TrainedTrees) -> np.ndarray:
    """New rows: gaps everywhere, some rows of nothing else, values at and beside each threshold."""
    matrix = odd(FRESH, seed=1)[0].copy()
    matrix[np.random.default_rng(2).random(matrix.shape) < 0.05] = np.nan
    matrix[:50] = np.nan
    for column, borders in thresholds(trees).items():
        for offset, side in ((100, -np.inf), (1400, np.inf)):
            with np.errstate(over="ignore"):  # CatBoost's border for gaps is the lowest number
                beside = np.nextafter(borders, np.float32(side))
            matrix[offset : offset + len(borders), column] = beside
        matrix[2700 : 2700 + len(borders), column] = borders
    # LightGBM reads what is nearer to 0 than 1e-35 as 0; no column is measured so finely.
    matrix[np.abs(matrix) < 1e-35] = 0
    return matrix


def thresholds(trees: TrainedTrees) -> dict[int, np.ndarray]:
    """The thresholds of each column, as LightGBM reads them back."""
    dump = lightgbm.Booster(model_str=trees.text()).trees_to_dataframe().dropna(subset="threshold")
    return {
        int(name[1:]): np.unique(each["threshold"].to_numpy(np.float32))[:1300]
        for name, each in dump.groupby("split_feature")
    }


def contributions(trees: TrainedTrees, matrix: np.ndarray) -> np.ndarray:
    """With the average in the last column, which `TreeEnsemble` leaves out."""
    answer: np.ndarray = lightgbm.Booster(model_str=trees.text()).predict(matrix, pred_contrib=True)
    return answer


@pytest.mark.parametrize("depth", [1, 4, 6])
@pytest.mark.parametrize("nan_mode", ["Min", "Max"])
def test_catboosts_trees_say_what_catboost_says(nan_mode: str, depth: int) -> None:
    library = catboost()
    matrix, y = odd(ROWS, seed=0)
    options = {"loss_function": "Logloss", "iterations": 120, "nan_mode": nan_mode, "depth": depth}
    quiet = {"logging_level": "Silent", "allow_writing_files": False, "thread_count": 1}
    model = library.CatBoost({**options, **quiet, "boost_from_average": True})
    model.fit(library.Pool(matrix, y))
    trees = from_catboost(model)
    new = fresh(trees)
    raw = trees.ensemble().raw(new)
    margin = model.predict(new, prediction_type="RawFormulaVal")
    np.testing.assert_allclose(raw, margin, rtol=0, atol=1e-9)
    own = model.get_feature_importance(library.Pool(new), type="ShapValues")
    # Weights are whole counts of 1e-8 of a tree; a leaf that no row reached has one, not none.
    np.testing.assert_allclose(contributions(trees, new), own, rtol=0, atol=1e-4)


@pytest.mark.parametrize("depth", [1, 4, 6])
def test_xgboosts_trees_say_what_xgboost_says(depth: int) -> None:
    library = xgboost()
    matrix, y = odd(ROWS, seed=0)
    options = {"objective": "binary:logistic", "max_depth": depth, "learning_rate": 0.1}
    draws = {"subsample": 0.8, "colsample_bynode": 0.5, "nthread": 1, "verbosity": 0}
    booster = library.train({**options, **draws}, library.DMatrix(matrix, y), 120)
    trees = from_xgboost(booster)
    new = fresh(trees)
    data = library.DMatrix(new)
    # XGBoost adds in 32 bits; we in 64.
    raw = trees.ensemble().raw(new)
    np.testing.assert_allclose(raw, booster.predict(data, output_margin=True), rtol=0, atol=1e-5)
    own = booster.predict(data, pred_contribs=True)
    np.testing.assert_allclose(contributions(trees, new), own, rtol=0, atol=1e-4)


def test_a_tie_at_a_threshold_goes_where_xgboost_sends_it() -> None:
    """XGBoost asks `<`, LightGBM `<=`: with codes, every row of the level sits on the threshold."""
    library = xgboost()
    codes = np.repeat(np.arange(8, dtype=np.float32), 100)[:, None]
    y = (codes[:, 0] >= 3).astype(float) * (np.arange(800) % 10 > 0)
    data = library.DMatrix(codes, y)
    booster = library.train({"objective": "binary:logistic", "max_depth": 1}, data, 1)
    raw = from_xgboost(booster).ensemble().raw(codes)
    assert len(np.unique(raw)) == 2
    np.testing.assert_allclose(raw, booster.predict(data, output_margin=True), atol=1e-6)
    assert raw[codes[:, 0] == 3].max() > raw[codes[:, 0] == 2].max()


def test_contributions_and_the_average_are_the_score(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(ROWS, seed=0)
    trees = kind(depth=6).train(matrix, y, rounds=80)
    new = fresh(trees)
    scorer, every = trees.ensemble(), contributions(trees, new)
    np.testing.assert_array_equal(scorer.contributions(new), every[:, :-1])
    np.testing.assert_allclose(every.sum(axis=1), scorer.raw(new), rtol=0, atol=1e-9)
    assert not every[:, [2, 5]].any()  # a constant column and an empty one


def test_the_first_rounds_are_a_model_of_their_own(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(ROWS, seed=0)
    learner = kind()
    long, short = (learner.train(matrix, y, rounds=rounds) for rounds in (60, 25))
    np.testing.assert_allclose(
        long.ensemble(25).raw(matrix), short.ensemble().raw(matrix), rtol=0, atol=1e-12
    )
    assert long.ensemble(25).rounds == 25
    bias = long.ensemble(0).raw(matrix)
    assert np.ptp(bias) == 0
    # Before the first round everybody has the average chance; the libraries keep it in 32 bits.
    np.testing.assert_allclose(1 / (1 + np.exp(-bias[0])), y.mean(), atol=1e-6)


def test_training_stops_where_the_rows_held_back_say(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(ROWS, seed=0)
    check, truth = odd(1000, seed=3)
    trees = kind().train(matrix, y, (check, truth))

    def loss(rounds: int) -> float:
        raw = trees.ensemble(rounds).raw(check)
        return float(np.mean(np.logaddexp(0, raw) - truth * raw))

    assert 1 < trees.best_rounds < len(trees.trees) < 2000
    others = {1, trees.best_rounds // 2, len(trees.trees)}
    others |= {trees.best_rounds + by for by in (-3, -2, -1, 1, 2, 3)}
    # The libraries add in 32 bits: other rounds may be as good to that precision.
    assert loss(trees.best_rounds) <= min(map(loss, others)) + 1e-6
    assert trees.text() == trees.text(trees.best_rounds)


def test_text_that_is_broken_is_a_sentence(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(400, seed=0)
    text = kind().train(matrix, y, rounds=5).text()
    wanting = "\n".join(line for line in text.splitlines() if not line.startswith("leaf_value"))
    with pytest.raises(BundleError, match="LightGBM cannot use these trees"):
        TreeEnsemble(wanting)


def test_the_scorer_survives_json(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(800, seed=0)
    scorer = kind().train(matrix, y, rounds=20).ensemble()
    again = TreeEnsemble.from_dict(json.loads(json.dumps(scorer.to_dict())))
    np.testing.assert_array_equal(again.raw(matrix), scorer.raw(matrix))


@pytest.mark.parametrize("learner", [CatBoostTrees(), XGBoostTrees()], ids=lambda each: each.name)
def test_nothing_to_learn_is_the_average_and_needs_no_library(
    learner: CatBoostTrees | XGBoostTrees, without_libraries: None
) -> None:
    matrix, y = odd(500, seed=0)
    flat = learner.train(matrix[:, [2, 5]], y, rounds=10).ensemble()
    np.testing.assert_allclose(1 / (1 + np.exp(-flat.raw(matrix[:, [2, 5]]))), y.mean())
    assert not flat.contributions(matrix[:, [2, 5]]).any()
    everybody = learner.train(matrix, np.ones(500), rounds=10).ensemble()
    assert np.ptp(everybody.raw(matrix)) == 0


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has neither library; None in `sys.modules` is a module that is not there."""
    monkeypatch.setitem(sys.modules, "catboost", None)
    monkeypatch.setitem(sys.modules, "xgboost", None)


@pytest.mark.parametrize("learner", [CatBoostTrees(), XGBoostTrees()], ids=lambda each: each.name)
def test_a_library_that_is_not_installed_is_named_with_the_cure(
    learner: CatBoostTrees | XGBoostTrees, without_libraries: None
) -> None:
    x, y, _ = design(300)
    with pytest.raises(UserError, match=rf"pip install 'patron\[{learner.name}\]'"):
        learner.cross_fit(x, y, folds(300))


@pytest.mark.parametrize("learner", [CatBoostTrees(), XGBoostTrees()], ids=lambda each: each.name)
def test_rounds_are_needed_where_no_rows_are_held_back(
    learner: CatBoostTrees | XGBoostTrees,
) -> None:
    matrix, y = odd(300, seed=0)
    with pytest.raises(PatronError, match="rounds must be given"):
        learner.train(matrix, y)


def test_scoring_needs_neither_library(kind: type[CatBoostTrees]) -> None:
    """The text alone, in a process in which importing either library (or a booster) fails."""
    matrix, y = odd(400, seed=0)
    scorer = kind().train(matrix, y, rounds=5).ensemble()
    program = (
        "import sys, numpy as np\n"
        "for name in ('catboost', 'xgboost'): sys.modules[name] = None\n"
        "from patron.models.trees import TreeEnsemble\n"
        "trees = TreeEnsemble(sys.stdin.read())\n"
        "print(repr(float(trees.raw(np.zeros((1, 8), np.float32))[0])))\n"
        "assert 'lightgbm' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=scorer.text, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == scorer.raw(np.zeros((1, 8), np.float32))[0]


def design(rows: int, seed: int = 0) -> tuple[Design, np.ndarray, np.ndarray]:
    """A bend in one number, a step in another, a column without effect; the log-odds."""
    rng = np.random.default_rng(seed)
    bent, flat, step = rng.uniform(0, 10, rows), rng.normal(size=rows), rng.normal(size=rows)
    log_odds = np.minimum(bent, 5) - 4 + 1.5 * (step > 0)
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    matrix = np.column_stack([bent, flat, step]).astype(np.float32)
    names = ("bent", "flat", "step")
    return Design(matrix, names, names, {}), y, log_odds


def folds(rows: int, count: int = 3) -> Folds:
    number = np.arange(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


def test_the_truth_is_recovered_within_noise(kind: type[CatBoostTrees]) -> None:
    x, y, _ = design(6000)
    learner: Learner = kind()
    learner.cross_fit(x, y, folds(6000))
    new, _, truth = design(4000, seed=1)
    error = learner.fit(x, y).raw(new.matrix) - truth
    # As for the house's own trees in test_learner.py; the truth's SD is 1.7.
    assert np.sqrt(np.mean(error**2)) < 0.45
    assert truth.std() > 1.5


def test_out_of_fold_predictions_do_not_know_their_own_answer(kind: type[CatBoostTrees]) -> None:
    """With answers drawn at random, what is out of fold must rank no better than chance."""
    x, _, _ = design(3000)
    y = (np.random.default_rng(9).random(3000) < 0.3).astype(float)
    raw = kind().cross_fit(x, y, folds(3000)).raw
    above = (raw[y == 1][:, None] > raw[y == 0][None]).mean()
    ties = (raw[y == 1][:, None] == raw[y == 0][None]).mean()
    # The standard error of a chance AUC with 900 and 2,100 rows is 0.0115; four of them.
    assert abs(above + ties / 2 - 0.5) < 0.046


def test_rows_in_no_fold_have_no_prediction(kind: type[CatBoostTrees]) -> None:
    x, y, _ = design(900)
    raw = kind().cross_fit(x, y, folds(900)[:2]).raw
    np.testing.assert_array_equal(np.isnan(raw), np.arange(900) % 3 == 2)


def test_threads_change_no_prediction(kind: type[CatBoostTrees]) -> None:
    x, y, _ = design(1500)
    one, two = (kind(threads=threads).cross_fit(x, y, folds(1500)).raw for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_the_seed_draws_the_rows(kind: type[CatBoostTrees]) -> None:
    matrix, y = odd(800, seed=0)
    texts = [kind(seed=seed).train(matrix, y, rounds=10).text() for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


def test_a_challenger_is_as_good_as_the_houses_own_trees(kind: type[CatBoostTrees]) -> None:
    """A wrong rate, a wrong direction of what is missing or too few rounds would show here."""
    matrix, y = odd(5000, seed=0)
    names = tuple(f"c{place}" for place in range(matrix.shape[1]))
    x = Design(matrix, names, names, {})

    def loss(learner: Learner) -> float:
        return log_loss_of(learner.cross_fit(x, y, folds(5000)).raw, y)

    # The average alone loses 0.69; the three differ by less than a hundredth of that.
    assert loss(kind()) < loss(BoostedTrees(leaves=(4,))) + 0.01


def test_nothing_is_printed_and_no_file_is_left(
    kind: type[CatBoostTrees], capfd: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    matrix, y = odd(400, seed=0)
    kind().train(matrix, y, (matrix, y), rounds=5)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
