"""Patron's spend model on real campaigns and orders, on a world whose truth is known, and its time.

    python benchmarks/spend.py [folds|world|real|time ...]

Real tables are looked for where PATRON_DATA says; one that is not there is skipped, and said so.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from patron.metrics import evaluate_money
from patron.models.amounts import LogHurdle
from patron.models.spend import SpendModel
from patron.worlds.postcards import postcards
from run import DATA, PATRON, heading, interval, study_at, timed

TARGET = "total_30d_post_campaign_spend"
CAMPAIGNS = ("campaigns", "earlier_campaigns")
STUDIES = {
    "postpilot_campaigns": "postpilot/campaigns.csv",
    "postpilot_earlier_campaigns": "postpilot/earlier_campaigns.csv",
    "online_retail_spend": "online_retail/online_retail_2010_2011.parquet",
    "hillstrom": "hillstrom/hillstrom_half.csv",
}
DRAWS = 5
ROWS = 12_000


def main() -> None:
    """Run the parts that the command line names, or all."""
    parts = {"folds": folds, "world": world, "real": real, "time": times}
    for name in sys.argv[1:] or parts:
        parts[name]()


def folds() -> None:
    """Every candidate on the real campaigns, five-fold."""
    heading("Direct mail, cross-validated in five folds")
    for name in CAMPAIGNS:
        table = campaign(name)
        if table is None:
            continue
        y = table[TARGET].to_numpy()
        model = SpendModel().fit(table.drop_columns([TARGET]), y)
        print(f"\n{name}: {len(y):,} rows; {model.cap_.because}")
        print(f"  {'':28} {'CRPS':>8} {'R2':>7} {'MAE':>8} {'Gini':>6} {'top 10':>7} {'bias':>7}")
        for each in sorted(model.candidates_, key=lambda found: found.crps.value):
            found = figures(y, each.unseen)
            chosen = "(chosen)" if each is model.chosen_ else f"{each.cpu_seconds:.1f} CPU s"
            print(
                f"  {each.title:28} {each.crps.value:8.1f} {found['r2']:7.3f} {found['mae']:8.1f} "
                f"{found['normalized_gini']:6.3f} {found['top_10_capture']:7.3f} "
                f"{found['bias_total']:+7.3f}  {chosen}"
            )


def world() -> None:
    """Later draws of the world `postcards` beside an oracle that knows the truth."""
    heading(f"World postcards: shares of the oracle's figures, {DRAWS} draws of {ROWS:,} rows")
    shares: list[dict[str, float]] = []
    for seed in range(DRAWS):
        before, after = postcards(ROWS, seed=seed), postcards(ROWS, seed=100 + seed, later=True)
        model = SpendModel(learners=["two_part"])
        model.fit(before.table.drop_columns([TARGET]), before.table[TARGET].to_numpy())
        X, y = after.table.drop_columns([TARGET]), after.table[TARGET].to_numpy()
        forecast = model.predict_distribution(X)
        truth = {name: after.truth[f"true_{name}"].to_numpy() for name in LAW}
        oracle = LogHurdle(
            1 - truth["zero_probability"],
            truth["log_mean"],
            truth["log_sd"],
            limit=float(after.facts["cap"]),
        )
        ours, best = figures(y, forecast.distribution), figures(y, oracle)
        share = {name: ours[name] / best[name] for name in RATIOS}
        share["bias_total"] = float(forecast.mean.sum() / oracle.mean.sum() - 1)
        for level in (0.8, 0.9, 0.95):
            low, high = forecast.interval(level)
            share[f"coverage_{100 * level:.0f}"] = float(((y >= low) & (y <= high)).mean())
        shares.append(share)
    for name in shares[0]:
        values = np.array([share[name] for share in shares])
        print(f"  {name:16} {values.mean():.4f}  (of {values.min():.4f} to {values.max():.4f})")


def real() -> None:
    """Whole runs of the Studies, as a user makes them."""
    heading("Whole runs: on the holdout, cross-validated in brackets")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in STUDIES.items():
            if not (DATA / path).exists():
                print(f"{name}: skipped, {DATA / path} is not there (PATRON_DATA names the folder)")
                continue
            show(name, study_at(name, Path(folder)), Path(folder) / "out" / name)


def show(name: str, study: Path, out: Path) -> None:
    """Run one Study and print its figures and its candidates."""
    out.parent.mkdir(exist_ok=True)
    seconds, cpu, memory = timed([*PATRON, "run", str(study), "--out", str(out), "--quiet"])
    spend = json.loads((out / "results.json").read_text())["spend"]
    split, total = spend["split"], spend["total"]
    print(f"\n{name}: {split['train_rows']:,} rows, {split['holdout_rows']:,} held out")
    print(
        f"  {seconds:.0f} s, {cpu:.0f} CPU s, {memory:.0f} MB; {spend['shape']['cap']['because']}"
    )
    for metric in METRICS:
        inside = spend["cross_validated"][metric]["value"]
        print(f"  {metric:18} {interval(spend[metric])} ({inside:.3f})")
    print(
        f"  total              {total['expected']:,.0f} [{total['low']:,.0f}, {total['high']:,.0f}]"
        f" expected, {total['observed']:,.0f} came"
    )
    for each in spend["candidates"]:
        held = each["holdout"]
        ahead = "(chosen)" if each["chosen"] else f"CRPS above by {interval(each['ahead'])}"
        print(
            f"    {each['title']:28} CRPS {held['crps']['value']:.4g} ({each['crps']['value']:.4g})"
            f" R2 {held['r2']['value']:.3f} ({each['r2']['value']:.3f}) {ahead}"
        )
    for each in spend["features_made"]:
        kept = "kept" if each["kept"] else "dropped"
        print(f"    made: {each['name']:40} CRPS lower by {interval(each['gain'])}, {kept}")


def times() -> None:
    """CPU seconds to fit and to predict 12,000 rows."""
    heading("CPU seconds, 12,000 rows")
    before = postcards(ROWS, seed=0).table
    X, y = before.drop_columns([TARGET]), before[TARGET].to_numpy()
    SpendModel().fit(X.slice(0, 1000), y[:1000])  # imports are not part of a fit
    for title, options in (("all candidates", {}), ("two-part curves", {"learners": ["two_part"]})):
        start = time.process_time()
        model = SpendModel(**options).fit(X, y)
        fitted = time.process_time()
        forecast = model.predict_distribution(X)
        _ = forecast.mean, forecast.median, forecast.interval(0.9)
        done = time.process_time()
        print(f"  {title:18} fit {fitted - start:.2f}, predict {done - fitted:.2f}")


def campaign(name: str) -> pa.Table | None:
    """A table of campaigns, or None with a word where it is not there."""
    path = DATA / "postpilot" / f"{name}.csv"
    if not path.exists():
        print(f"{name}: skipped, {path} is not there (PATRON_DATA names the folder)")
        return None
    return pyarrow.csv.read_csv(path)


def figures(y: np.ndarray, distribution: Any) -> dict[str, float]:
    """The plain values of the metrics."""
    found = evaluate_money(
        y,
        mean=distribution.mean,
        median=distribution.median,
        crps=distribution.crps(y),
        zero_probability=distribution.zero_probability,
        bounds={90: distribution.interval(0.9)},
    )
    return {name: estimate.value for name, estimate in found.items()}


LAW = ("zero_probability", "log_mean", "log_sd")
RATIOS = ("r2", "normalized_gini", "top_10_capture", "rmse", "mae", "crps")
METRICS = (
    *("r2", "mae", "crps", "normalized_gini", "top_10_capture", "bias_total"),
    *("coverage_80", "coverage_90", "coverage_95", "zero_roc_auc"),
)

if __name__ == "__main__":
    main()
