"""Patron's purchase model against others with their defaults: the same rows, columns and split.

    python benchmarks/purchase.py [--tables bank cdnow retail] [--rivals lightgbm catboost ebm …]
                                  [--seeds 1] [--json FILE] [--python PATH] [--threads 2]

Tables: bank, cdnow and retail are real ones, looked for where PATRON_DATA says; marketplace,
retailer and shop are worlds of full size. Rivals: lightgbm, catboost, ebm, autogluon; each is
fitted by `rivals.py` in a process of its own, under the Python that --python names. What is not
there is skipped, and said so.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from patron.metrics import auc_difference, log_loss, log_loss_difference, roc_auc
from patron.study import Study
from prepared import Prepared, prepared
from rivals import PACKAGES
from run import DATA, HERE, PATRON, REAL, heading, study_at, timed

STUDIES = {"bank": "bank_marketing_all_fixes", "cdnow": "cdnow", "retail": "online_retail"}
WORLDS = ("marketplace", "retailer", "shop")
LEAKS = {"bank": ("duration",)}
"""Columns that no model of this comparison may see."""
MUST = 0.002
"""Patron is not to be behind any rival's ROC-AUC by more than this."""

Record = dict[str, Any]


def main() -> None:
    """Compare, print, and write what --json names after each split."""
    asked = arguments()
    os.environ.update({"OMP_NUM_THREADS": str(asked.threads)})
    rivals = [name for name in asked.rivals if installed(name, asked.python)]
    records: list[Record] = []
    for table in asked.tables:
        with tempfile.TemporaryDirectory() as folder:
            for record in compare(table, rivals, asked, Path(folder)):
                records.append(record)
                show(record)
                keep(records, asked)
    heading(f"Verdicts: is Patron behind no rival by more than {MUST}?")
    for told in verdicts(records):
        print(told["sentence"])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tables = (*STUDIES, *WORLDS)
    parser.add_argument("--tables", nargs="+", choices=tables, default=list(STUDIES))
    parser.add_argument("--rivals", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    parser.add_argument("--seeds", type=int, default=1, help="how many splits, seeds from 0")
    parser.add_argument("--json", type=Path, help="the file to write all figures to")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the rivals")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--time-limit", type=int, default=300, help="AutoGluon's, in seconds")
    return parser.parse_args()


def installed(rival: str, python: str) -> bool:
    """Whether the Python has the rival; says so where it has not."""
    done = subprocess.run([python, HERE / "rivals.py", rival, "--check"], capture_output=True)
    if done.returncode:
        print(f"{rival}: skipped, {done.stderr.decode().strip()}")
    return not done.returncode


def compare(
    table: str, rivals: list[str], asked: argparse.Namespace, folder: Path
) -> Iterator[Record]:
    """One record for each split of the table."""
    study, ceiling = study_of(table, folder)
    if study is None:
        return
    for seed in range(asked.seeds):
        record, rows = ours(table, study, seed, asked, folder / f"run_{seed}")
        record["ceiling"] = ceiling
        for name, values in (("train", rows.split.train), ("holdout", rows.split.holdout)):
            pq.write_table(rows.plain(values), folder / f"{name}.parquet")
        for rival in rivals:
            record["rivals"][rival] = against(rival, rows, seed, asked, folder)
        yield record
        if rows.split.by == "time" and asked.seeds > 1:
            print(f"{table}: split by time, which no seed changes; one split is all there is")
            return


def study_of(table: str, folder: Path) -> tuple[Path | None, Record | None]:
    """The table's Study, or None where its data are not there; and a world's ceiling."""
    if table in WORLDS:
        timed([*PATRON, "worlds", table, "--out", str(folder / "world"), "--quiet"])
        facts = json.loads((folder / "world" / "world.json").read_text())
        return folder / "world" / "patron.toml", facts.get("ceilings")
    name = STUDIES[table]
    if not (DATA / REAL[name]).exists():
        print(f"{table}: skipped, {DATA / REAL[name]} is not there (PATRON_DATA names the folder)")
        return None, None
    return study_at(name, folder), None


def ours(
    table: str, path: Path, seed: int, asked: argparse.Namespace, out: Path
) -> tuple[Record, Prepared]:
    """Run Patron; what it reached, and the rows that it was taught and tested on."""
    options = ["--out", str(out), "--quiet", "--seed", str(seed), "--threads", str(asked.threads)]
    seconds, cpu, memory = timed([*PATRON, "run", str(path), *options])
    study = Study.load(path).with_run(seed=seed, threads=asked.threads)
    rows = prepared(study, out, threads=asked.threads)
    leaked = set(LEAKS.get(table, ())) & set(rows.schema.features)
    if leaked:
        raise SystemExit(f"{table}: {', '.join(leaked)} reached the models and must not")
    results = json.loads((out / "results.json").read_text())
    fit = [
        each
        for each in results["timing"]["stages"]
        if each["stage"] in ("encode", "fit the models")
    ]
    record = {
        "table": table,
        "study": path.stem,
        "seed": seed,
        "split": rows.split.by,
        "train_rows": len(rows.split.train),
        "holdout_rows": len(rows.split.holdout),
        "columns": list(rows.schema.features),
        "versions": results["versions"],
        "patron": {
            **scores(rows, rows.ours),
            "title": results["purchase"]["model"]["title"],
            "fit_seconds": round(sum(each["seconds"] for each in fit), 3),
            "fit_cpu_seconds": round(sum(each["cpu_seconds"] for each in fit), 3),
            "predict_seconds": round(rows.seconds, 3),
            "run_seconds": round(seconds, 1),
            "run_cpu_seconds": round(cpu, 1),
            "run_memory_mb": round(memory),
        },
        "rivals": {},
    }
    return record, rows


def against(
    rival: str, rows: Prepared, seed: int, asked: argparse.Namespace, folder: Path
) -> Record:
    """Fit a rival in a process of its own; what it reached, and how far Patron is ahead."""
    out = folder / f"{rival}.npy"
    command = [asked.python, HERE / "rivals.py", rival]
    command += [folder / "train.parquet", folder / "holdout.parquet", out, "--seed", str(seed)]
    command += ["--threads", str(asked.threads), "--time-limit", str(asked.time_limit)]
    done = subprocess.run([str(each) for each in command], capture_output=True, cwd=folder)
    if done.returncode:
        return {"failed": done.stderr.decode(errors="replace").strip()[-2000:]}
    theirs = np.load(out)
    paired = {"groups": rows.held_groups}
    return {
        **scores(rows, theirs),
        "ahead": auc_difference(rows.held_y, rows.ours, theirs, **paired).to_dict(),
        "log_loss_less": log_loss_difference(rows.held_y, theirs, rows.ours, **paired).to_dict(),
        **json.loads(out.with_suffix(".json").read_text()),
    }


def scores(rows: Prepared, p: np.ndarray) -> Record:
    """ROC-AUC and log loss on the holdout."""
    paired = {"groups": rows.held_groups}
    return {
        "roc_auc": roc_auc(rows.held_y, p, **paired).to_dict(),
        "log_loss": log_loss(rows.held_y, p, **paired).to_dict(),
    }


def show(record: Record) -> None:
    """Print one table with one split."""
    patron = record["patron"]
    print(
        f"\n{record['table']} ({record['study']}, seed {record['seed']}, split by "
        f"{record['split']}): {record['train_rows']:,} rows to learn from, "
        f"{record['holdout_rows']:,} held out, {len(record['columns'])} columns"
    )
    print(
        f"  {'':24} {'ROC-AUC':23} {'log loss':9} {'Patron ahead by':27} "
        f"{'fit s':>7} {'CPU s':>7} {'predict s':>9}"
    )
    line(f"Patron: {patron['title']}", patron)
    for name, rival in record["rivals"].items():
        if "failed" in rival:
            print(f"  {name:24} failed: {rival['failed'].splitlines()[-1]}")
        else:
            line(name, rival)
    print(
        f"  Patron's whole run, audit and report included: {patron['run_seconds']:.0f} s, "
        f"{patron['run_cpu_seconds']:.0f} CPU s, {patron['run_memory_mb']} MB"
    )
    for what, ceiling in (record["ceiling"] or {}).items():
        if isinstance(ceiling, dict) and "roc_auc" in ceiling:
            print(
                f"  {'best possible, ' + what:24} {interval(ceiling['roc_auc']):23} "
                f"{ceiling['log_loss']['value']:.4f}"
            )
    sys.stdout.flush()


def line(title: str, model: Record) -> None:
    """Print one model."""
    ahead = interval(model["ahead"], "+") if "ahead" in model else ""
    print(
        f"  {title[:24]:24} {interval(model['roc_auc']):23} {model['log_loss']['value']:<9.4f} "
        f"{ahead:27} {model['fit_seconds']:7.1f} {model['fit_cpu_seconds']:7.1f} "
        f"{model['predict_seconds']:9.2f}"
    )


def interval(estimate: Record, sign: str = "") -> str:
    """An Estimate in four digits."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if low is None or math.isnan(low):
        return f"{value:{sign}.4f}"
    return f"{value:{sign}.4f} [{low:{sign}.4f}, {high:{sign}.4f}]"


def verdicts(records: list[Record]) -> list[Record]:
    """One verdict a table: the best rival, and whether Patron is close enough to all of them.

    Over several splits the differences are averaged, and so are the ends of their intervals: the
    holdouts overlap, and an average of them is not known better than one by more than we can say.
    """
    told = []
    for table in dict.fromkeys(record["table"] for record in records):
        splits = [record for record in records if record["table"] == table]
        ahead = {
            name: mean_of([each["rivals"][name]["ahead"] for each in splits])
            for name in splits[0]["rivals"]
            if all("ahead" in each["rivals"][name] for each in splits)
        }
        if not ahead:
            continue
        best = min(ahead, key=lambda name: ahead[name]["value"])
        met = ahead[best]["value"] >= -MUST
        average = f", mean of {len(splits)} splits" if len(splits) > 1 else ""
        sentence = (
            f"{table}: best rival {best}, Patron ahead by {interval(ahead[best], '+')}{average}: "
            f"{'met' if met else 'MISSED'}"
        )
        told.append(
            {
                "table": table,
                "splits": len(splits),
                "best_rival": best,
                "ahead": ahead,
                "met": met,
                "sentence": sentence,
            }
        )
    return told


def mean_of(estimates: list[Record]) -> Record:
    """The mean of Estimates and of their ends, and how far the values lie apart."""
    mean = {
        name: float(np.mean([each[name] for each in estimates]))
        for name in ("value", "low", "high")
    }
    return {**mean, "spread": float(np.std([each["value"] for each in estimates]))}


def keep(records: list[Record], asked: argparse.Namespace) -> None:
    """Write all figures so far, so that a run that is stopped leaves what it had."""
    if asked.json is None:
        return
    written = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "threads": asked.threads,
        "must": MUST,
        "splits": records,
        "verdicts": verdicts(records),
    }
    asked.json.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
