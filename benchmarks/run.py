"""Runs Patron on real tables and on a world of 240,000 customers, and prints what came out.

    python benchmarks/run.py [real|world|start|api ...]

Real tables are looked for where PATRON_DATA says; one that is not there is skipped, and said so.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
DATA = Path(os.environ.get("PATRON_DATA", HERE.parent.parent / "shared" / "data"))
PATRON = [sys.executable, "-m", "patron"]
REAL = {
    "online_retail": "online_retail/online_retail_2010_2011.parquet",
    "bank_marketing": "bank_marketing/bank-full.csv",
    "bank_marketing_all_fixes": "bank_marketing/bank-full.csv",
    "cdnow": "cdnow/CDNOW_sample.txt",
}
CAMPAIGNS = "postpilot/campaigns.csv"


def main() -> None:
    """Run the parts that the command line names, or all."""
    parts = {"real": real, "world": world, "start": start, "api": api}
    for name in sys.argv[1:] or parts:
        parts[name]()


def real() -> None:
    """Each Study of `studies/`, with quick models of the usual kind on the same split beside it."""
    heading("Real tables: ROC-AUC on the holdout (cross-validated in brackets)")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in REAL.items():
            if not (DATA / path).exists():
                print(f"{name}: skipped, {DATA / path} is not there (PATRON_DATA names the folder)")
                continue
            show_real(name, study_at(name, Path(folder)), Path(folder) / "out" / name)
    campaigns()


def study_at(name: str, folder: Path) -> Path:
    """The Study with its table where PATRON_DATA says."""
    text = (HERE / "studies" / f"{name}.toml").read_text()
    path = folder / f"{name}.toml"
    path.write_text(text.replace("../../../shared/data", DATA.resolve().as_posix()))
    return path


def show_real(name: str, study: Path, out: Path) -> None:
    """Run one Study and print its figures beside those of its candidates and of quick models."""
    out.parent.mkdir(exist_ok=True)
    seconds, cpu, memory = timed([*PATRON, "run", str(study), "--out", str(out), "--quiet"])
    results = json.loads((out / "results.json").read_text())
    purchase = results["purchase"]
    split = purchase["split"]
    print(
        f"\n{name}: {split['train_rows']:,} rows to learn from, {split['holdout_rows']:,} held out"
    )
    print(f"  {seconds:.0f} s, {cpu:.0f} CPU s, {memory:.0f} MB")
    print(f"  {'Patron: ' + purchase['model']['title']:62} {interval(purchase['roc_auc'])}")
    for each in purchase["candidates"]:
        ahead = each["holdout"]["chosen_ahead"]
        outside = each["holdout"]["roc_auc"]["value"]
        inside = f"({each['roc_auc']['value']:.3f})"
        paired = f"Patron ahead by {interval(ahead)}" if not each["chosen"] else "(chosen)"
        print(f"    {each['title'][:60]:60} {outside:.3f} {inside} {paired}")
    for title, ahead, value in quick_models(study, out):
        print(f"    {title:60} {value:.3f}         Patron ahead by {interval(ahead.to_dict())}")
    for each in results["findings"]:
        fixed = "fixed" if each["applied"] else "not fixed"
        print(f"  {each['severity']}: {each['code']} {', '.join(each['columns'])}, {fixed}")
    for step in results["ladder"]:
        print(f"  ladder: {step['step']:58} {interval(step)}")


def quick_models(study_path: Path, out: Path) -> list[tuple[str, Any, float]]:
    """Boosted trees and a logistic regression on logs by the usual recipes, on the same split."""
    import lightgbm
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from patron.metrics import auc_difference, roc_auc
    from patron.study import Study
    from prepared import prepared

    rows = prepared(Study.load(study_path), out)
    y, design, ours = rows.y, rows.design, rows.ours
    train, held = rows.split.train, rows.split.holdout
    matrix = design.matrix
    plain = [place for place, name in enumerate(design.names) if name not in design.levels]
    coded = [place for place in range(matrix.shape[1]) if place not in plain]
    hot = [matrix[:, [p]] == np.arange(len(design.levels[design.names[p]])) for p in coded]
    logs = np.sign(matrix[:, plain]) * np.log1p(np.abs(matrix[:, plain]))
    wide = np.hstack([logs, *hot]).astype(np.float64)
    trees = lightgbm.LGBMClassifier(verbose=-1, random_state=0, n_jobs=1)
    trees.fit(matrix[train], y[train], categorical_feature=coded or "auto")
    logistic = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=2000)
    )
    logistic.fit(wide[train], y[train])
    rivals = {
        "beside it: LightGBM with its defaults": trees.booster_.predict(matrix[held]),
        "beside it: scikit-learn's logistic regression on logs": logistic.predict_proba(wide[held])[
            :, 1
        ],
    }
    return [
        (title, auc_difference(y[held], ours, p), roc_auc(y[held], p).value)
        for title, p in rivals.items()
    ]


def campaigns() -> None:
    """The roles that `patron init` infers for a table of direct-mail campaigns."""
    if not (DATA / CAMPAIGNS).exists():
        print(f"campaigns: skipped, {DATA / CAMPAIGNS} is not there")
        return
    from patron.study.propose import propose
    from patron.tables import open_source

    text = propose(
        open_source(DATA / CAMPAIGNS),
        entity="customer_id",
        spend="total_30d_post_campaign_spend",
        treatment="treatment_group",
    )
    heading("patron init campaigns.csv --spend … --treatment …")
    print(text)


def world() -> None:
    """240,000 customers x 36 columns: time and memory of run and score, distance from the best."""
    heading("A world of 240,000 customers x 36 columns")
    from patron.metrics import auc_difference, roc_auc

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = [*PATRON, "worlds", "corner", "--rows", "240000", "--seed", "3", "--out", name]
        print("worlds: {:.1f} s, {:.1f} CPU s, {:.0f} MB".format(*timed(make)))
        run = [*PATRON, "run", f"{folder / 'patron.toml'}", "--out", f"{folder / 'out'}", "--quiet"]
        print("run:    {:.1f} s, {:.1f} CPU s, {:.0f} MB".format(*timed(run)))
        for suffix in ("parquet", "csv"):
            score = [
                *PATRON,
                "score",
                f"{folder / 'out' / 'bundle'}",
                f"{folder / 'table.parquet'}",
            ]
            score += ["--out", f"{folder / 'scores'}.{suffix}", "--quiet"]
            figures = "{:.1f} s, {:.1f} CPU s, {:.0f} MB".format(*timed(score))
            print(f"score, Parquet to {suffix}: {figures}")
        ours, truth, y = fresh_scores(folder)
        print(f"240,000 fresh customers: ROC-AUC {roc_auc(y, ours):.4f}")
        print(f"best possible on them:   ROC-AUC {roc_auc(y, truth):.4f}")
        print(f"below the best possible by {auc_difference(y, truth, ours):.4f}")


def fresh_scores(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Our scores, the true probabilities and what happened, for customers of another seed."""
    from patron.bundle import load_bundle
    from patron.score import score_table
    from patron.worlds import make

    fresh = make("corner", rows=240_000, seed=4)
    bundle = load_bundle(folder / "out" / "bundle")
    scores = score_table(bundle, fresh.table, scored_at=datetime.now(UTC), threads=2).table
    return (
        scores["purchase_probability"].to_numpy(),
        fresh.truth["true_purchase_probability"].to_numpy(),
        fresh.table["purchased_next_30d"].to_numpy(),
    )


def start() -> None:
    """How long the package and the command take to start."""
    heading("Start, median of 7")
    for title, command in {
        "import patron": [sys.executable, "-c", "import patron"],
        "patron --help": [*PATRON, "--help"],
        "import numpy, for comparison": [sys.executable, "-c", "import numpy"],
    }.items():
        figures = [timed(command) for _ in range(7)]
        wall, cpu = (statistics.median(each[place] for each in figures) for place in (0, 1))
        print(f"{title:30} {wall:.3f} s, {cpu:.3f} CPU s")


def api() -> None:
    """One client, one row at a time, over HTTP on this machine."""
    heading("API: one row, one client, keep-alive, 1,000 requests")
    import http.client
    import threading

    from patron.bundle import load_bundle
    from patron.pipeline import run
    from patron.serve import create_app, run_server
    from patron.study import Study
    from patron.worlds import make

    with tempfile.TemporaryDirectory() as name:
        made = make("corner", rows=20_000, seed=1)
        made.write(Path(name))
        run(Study.load(Path(name) / "patron.toml"), Path(name) / "out", created=datetime.now(UTC))
        app = create_app(load_bundle(Path(name) / "out" / "bundle"))
    ready: list[str] = []
    server = threading.Thread(
        target=run_server, args=(app,), kwargs={"port": 0, "on_start": ready.append}, daemon=True
    )
    server.start()
    while not ready:
        time.sleep(0.01)
    host = ready[0].removeprefix("http://").rstrip("/")
    row = made.table.drop_columns(["purchased_next_30d"]).slice(0, 1).to_pylist()
    for reasons in (False, True):
        body = json.dumps({"rows": row, "reasons": reasons})
        client = http.client.HTTPConnection(host)
        taken = []
        for _ in range(1000):
            began = time.perf_counter()
            client.request("POST", "/v1/predict", body, {"Content-Type": "application/json"})
            answer = client.getresponse()
            answer.read()
            taken.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                raise SystemExit(f"the API answered {answer.status}")
        p50, p99 = np.quantile(taken, [0.5, 0.99])
        print(f"reasons {reasons!s:5}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def timed(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory (10^6 bytes) of a command that must succeed."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def interval(estimate: dict[str, Any]) -> str:
    """An Estimate as it stands in results.json, in three digits."""
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def heading(text: str) -> None:
    """A title with a line under it."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


if __name__ == "__main__":
    main()
