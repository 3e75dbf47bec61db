"""Fits one model of others with its defaults, and writes its probabilities for held-out rows.

    python benchmarks/rivals.py NAME TRAIN.parquet HOLDOUT.parquet OUT.npy
                                [--seed 0] [--threads 2] [--time-limit 300]

NAME: lightgbm, catboost, ebm or autogluon. Beside OUT.npy it writes OUT.json: seconds, CPU seconds,
versions. It needs nothing of Patron, so that it may run under another Python than Patron's: one
with the rival's own versions of libraries. The last column of both tables is the label.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = {
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "ebm": "interpret-core",
    "autogluon": "autogluon.tabular",
}
"""The package that each rival is."""

Fitted = tuple[Callable[[Any], Any], dict[str, Any]]
"""A function from held-out features to probabilities, and what there is to tell of the model."""


def main() -> None:
    """Fit, predict, write."""
    asked = arguments()
    try:
        versions = {name: version(name) for name in (PACKAGES[asked.name], "pandas", "numpy")}
    except PackageNotFoundError as error:
        raise SystemExit(f"{error.name} is not installed for {sys.executable}") from None
    if asked.check:
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(asked.threads)
    import numpy as np
    import pandas as pd

    train, held = (pd.read_parquet(path) for path in (asked.train, asked.holdout))
    label = train.columns[-1]
    y, features, unseen = train[label], train.drop(columns=label), held.drop(columns=label)
    for name in categories(features):
        unseen[name] = unseen[name].astype(features[name].dtype)
    rival = {"lightgbm": lightgbm, "catboost": catboost, "ebm": ebm, "autogluon": autogluon}
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), cpu_seconds()
        predict, about = rival[asked.name](features, y.astype(int), asked, folder)
        fit_seconds, fit_cpu = time.perf_counter() - began, cpu_seconds() - cpu
        began = time.perf_counter()
        probabilities = np.asarray(predict(unseen), dtype=np.float64)
        predict_seconds = time.perf_counter() - began
    np.save(asked.out, probabilities)
    told = {
        "fit_seconds": round(fit_seconds, 3),
        "fit_cpu_seconds": round(fit_cpu, 3),
        "predict_seconds": round(predict_seconds, 3),
        "versions": versions,
        "about": about,
    }
    asked.out.with_suffix(".json").write_text(json.dumps(told, indent=1, default=str))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=PACKAGES)
    for name in ("train", "holdout", "out"):
        parser.add_argument(name, type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--time-limit", type=int, default=300, help="seconds; AutoGluon's alone")
    parser.add_argument("--check", action="store_true", help="only say whether it is installed")
    return parser.parse_args()


def lightgbm(x: Any, y: Any, asked: argparse.Namespace, _: str) -> Fitted:
    """LightGBM; categories are pandas categories."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(random_state=asked.seed, n_jobs=asked.threads, verbose=-1)
    model.fit(x, y)
    return lambda held: model.predict_proba(held)[:, 1], {}


def catboost(x: Any, y: Any, asked: argparse.Namespace, folder: str) -> Fitted:
    """CatBoost; categories are text, and "missing" where they are missing."""
    from catboost import CatBoostClassifier

    names = categories(x)
    model = CatBoostClassifier(
        verbose=0,
        random_seed=asked.seed,
        thread_count=asked.threads,
        cat_features=names,
        train_dir=folder,
    )
    model.fit(as_text(x, names, "missing"), y)
    about = {"learning_rate": model.learning_rate_, "trees": model.tree_count_}
    return lambda held: model.predict_proba(as_text(held, names, "missing"))[:, 1], about


def ebm(x: Any, y: Any, asked: argparse.Namespace, _: str) -> Fitted:
    """The Explainable Boosting Machine of interpret-core; categories are text, gaps are gaps."""
    from interpret.glassbox import ExplainableBoostingClassifier
    from joblib.externals.loky import get_reusable_executor

    names = categories(x)
    model = ExplainableBoostingClassifier(random_state=asked.seed, n_jobs=asked.threads)
    model.fit(as_text(x, names), y)
    get_reusable_executor().shutdown(wait=True)  # CPU seconds of its processes count from here
    about = {"pairs": [name for name in model.term_names_ if " & " in name]}
    return lambda held: model.predict_proba(as_text(held, names))[:, 1], about


def autogluon(x: Any, y: Any, asked: argparse.Namespace, folder: str) -> Fitted:
    """AutoGluon's medium quality, told to mind the ranking, within the time limit."""
    from autogluon.tabular import TabularPredictor

    label = "label of the row"
    predictor = TabularPredictor(
        label, problem_type="binary", eval_metric="roc_auc", path=folder, verbosity=1
    )
    predictor.fit(
        x.assign(**{label: y}),
        presets="medium_quality",
        time_limit=asked.time_limit,
        num_cpus=asked.threads,
    )
    board = predictor.leaderboard(silent=True)
    best = predictor.model_best
    weights = {}
    if "WeightedEnsemble" in best:
        weights = predictor.info()["model_info"][best]["children_info"]
        weights = next(iter(weights.values()), {}).get("model_weights", {})
    about = {
        "best": best,
        "weights": weights,
        "validation_roc_auc": dict(zip(board["model"], board["score_val"], strict=True)),
    }
    return lambda held: predictor.predict_proba(held, as_multiclass=True)[1], about


def categories(table: Any) -> list[str]:
    """The names of the columns of categories."""
    return list(table.select_dtypes("category").columns)


def as_text(table: Any, names: list[str], missing: str | None = None) -> Any:
    """The table with the columns `names` as text, and `missing` where a value is missing."""
    columns = {name: table[name].astype(object) for name in names}
    return table.assign(
        **{name: each.where(each.notna(), missing) for name, each in columns.items()}
    )


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


if __name__ == "__main__":
    main()
