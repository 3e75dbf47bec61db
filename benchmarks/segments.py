"""Segments on worlds whose archetypes are known, on a continuum without any, and on real tables.

    python benchmarks/segments.py [worlds|months|continuum|real|floors ...]

Real tables are looked for where PATRON_DATA says; one that is not there is skipped, and said so.
`worlds` takes 240,000 customers each; every world is a process of its own, for its peak memory.
"""

import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import patron
from patron.metrics.clusters import agreement, silhouette
from patron.models.segment_fit import MOST_FITTED, k_means, polish, some
from patron.models.segment_months import line_up
from patron.models.segment_rules import find_rules
from patron.models.segments import Segments
from patron.schema import infer
from patron.worlds import make
from patron.worlds.archetypes import archetypes
from patron.worlds.base import World
from patron.worlds.continuum import continuum
from run import DATA, HERE, heading

ROWS = 240_000
TARGET = "purchased_next_30d"
WORLDS: dict[str, Callable[[], World]] = {
    "archetypes, mixing 0.15": lambda: archetypes(ROWS, mixing=0.15),
    "archetypes, mixing 0.3": lambda: archetypes(ROWS, mixing=0.3),
    "marketplace": lambda: make("marketplace"),
    "retailer": lambda: make("retailer"),
    "shop": lambda: make("shop"),
}
REAL = {
    "online_retail": "online_retail/online_retail_2010_2011.parquet",
    "cdnow": "cdnow/CDNOW_sample.txt",
    "postpilot_earlier_campaigns": "postpilot/earlier_campaigns.csv",
}
SEEDS = 20


def main() -> None:
    """Run the parts that the command line names, or all."""
    parts = {
        "worlds": worlds,
        "months": months,
        "continuum": false_structure,
        "real": real,
        "floors": floors,
    }
    for name in sys.argv[1:] or parts:
        parts[name]()


def worlds() -> None:
    """The gate, the rules and the times on worlds of 240,000 customers."""
    heading(f"Worlds of {ROWS:,} customers (shop: 180,000), one thread")
    for name, make_world in WORLDS.items():
        with tempfile.TemporaryDirectory() as folder:
            make_world().write(Path(folder))
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found = pool.submit(one_world, Path(folder)).result()
        print(f"\n{name}: {found.pop('because')}")
        for what, value in found.items():
            print(f"  {what:44} {value}")


def one_world(folder: Path) -> dict[str, Any]:
    """Everything on one world, in a process of its own."""
    table = pq.read_table(folder / "table.parquet")
    archetype = pq.read_table(folder / "truth.parquet", columns=["archetype"])["archetype"]
    schema = _schema(table)
    before = _peak()
    model, fit_all = _timed(lambda: Segments(schema=schema).fit(table))
    peak = _peak()
    placed, place = _timed(lambda: model.space_.place(table))
    found, assign = _timed(lambda: model.assign_placed(placed))
    k, n = len(model.ids_), table.num_rows

    def once() -> Any:
        rows = placed.positions[some(n, MOST_FITTED, 0)]
        return polish(placed.positions, k_means(rows, k, seed=0))

    _, fit_one = _timed(once)
    on_axes = list(model.space_.inputs)
    rules, of_rules = _timed(lambda: find_rules(table, on_axes, found.labels, k))
    scores = [rule.f1.value for rule in rules if rule is not None]
    answer: dict[str, Any] = {"because": model.because_, "kind, number": (model.kind_, k)}
    for each in model.judged_:
        mark = "chosen" if each is model.chosen_ else "" if each.fails else "eligible"
        answer[f"k = {each.k}: silhouette, null, lift, z, Jaccard, ARI"] = (
            f"{each.silhouette.value:.3f} {each.null_silhouette:.3f} {each.copula_lift.value:.3f} "
            f"{each.z:.1f} {each.jaccard_min.value:.2f} {each.ari_bootstrap.value:.2f} {mark}"
        )
    return answer | {
        "rules of at most 3 conditions: held-out F1": _list(scores),
        "mean F1; CPU s": f"{np.mean(scores):.3f}; {of_rules:.1f}",
        "adjusted Rand with the archetypes": f"{agreement(archetype.to_numpy(), found.labels):.2f}",
        "doubtful": f"{found.doubtful.mean():.3f}",
        "CPU s: choose K with all gates": f"{fit_all:.1f}",
        "CPU s: fit at the given K": f"{fit_one:.2f}",
        "CPU s: assign (place, nearest)": f"{place + assign:.2f}",
        "peak memory, MB (before the fit)": f"{peak:.0f} ({before:.0f})",
        "names": "; ".join(model.names_),
    }


def months() -> None:
    """Who moves in a month, with and without hysteresis, in drifting worlds."""
    heading("A month later: share of the customers of both months who are in another segment")
    for mixing in (0.15, 0.3):
        first, second = (archetypes(ROWS, mixing=mixing, month=month) for month in (0, 1))
        schema = _schema(first.table)
        model = Segments(schema=schema).fit(first.table)
        was, now = line_up(first.table["customer_id"], second.table["customer_id"])
        both = (was >= 0) & (now >= 0)
        old = model.assign(first.table).labels
        placed = model.space_.place(second.table)
        before = np.full(second.table.num_rows, -1)
        before[now[both]] = old[was[both]]
        known = before >= 0
        held = model.hold(placed, before)
        free = model.assign_placed(placed).labels
        print(
            f"mixing {mixing}: {model.kind_}, {len(model.ids_)}; held "
            f"{(held[known] != before[known]).mean():.4f}, free "
            f"{(free[known] != before[known]).mean():.4f} of {known.sum():,}"
        )


def false_structure() -> None:
    """How often segments are claimed where there are none."""
    heading(f"The continuum, {SEEDS} seeds of 60,000 customers: segments claimed")
    claimed, lifts = 0, []
    for seed in range(SEEDS):
        table = continuum(60_000, seed=seed).table
        model = Segments(schema=_schema(table)).fit(table)
        claimed += model.structure_
        lifts.append(max(each.copula_lift.value for each in model.judged_))
    print(f"{claimed} of {SEEDS}; largest lift by seed {_list(lifts)}")


def real() -> None:
    """Whole runs on real tables, with segments alone."""
    heading("Real tables")
    for name, path in REAL.items():
        if not (DATA / path).exists():
            print(f"{name}: skipped, {DATA / path} is not there (PATRON_DATA names the folder)")
            continue
        sections = tomllib.loads((HERE / "studies" / f"{name}.toml").read_text())
        source = sections.get("events") or sections["table"]
        source["path"] = str(DATA / path)
        kept = {key: sections[key] for key in ("table", "events", "roles") if key in sections}
        study = patron.Study(**kept, segments={}, run={"threads": 1})
        with tempfile.TemporaryDirectory() as folder:
            created = datetime.now(UTC)
            done, cpu = _timed(
                lambda study=study, folder=folder, created=created: patron.run(
                    study, Path(folder) / "out", created=created
                )
            )
        _show(name, done.results["segments"], cpu)


def floors() -> None:
    """What others give on the first world: k-means and a mixture on all scaled columns, and RFM."""
    heading("Floors on archetypes, mixing 0.15: silhouettes in their own space and in the axes'")
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    table = archetypes(60_000, mixing=0.15).table
    schema = _schema(table)
    model = Segments(schema=schema).fit(table)
    positions = model.space_.place(table).positions
    numeric = [name for name in schema.features if _is_number(table[name].type)]
    raw = np.column_stack([table[name].to_numpy().astype(float) for name in numeric])
    raw = np.where(np.isnan(raw), np.nanmedian(raw, axis=0), raw)
    scaled = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    k = len(model.ids_)
    by = {
        "Patron": model.assign(table).labels,
        f"k-means on {len(numeric)} scaled columns": KMeans(k, n_init=10, random_state=0)
        .fit(scaled)
        .labels_,
        "Gaussian mixture on the axes": GaussianMixture(k, random_state=0).fit_predict(positions),
    }
    for name, labels in by.items():
        own = silhouette(scaled, labels, most=10_000)
        axes = silhouette(positions, labels, most=10_000)
        print(f"  {name:40} all columns {own.value:.3f}, axes {axes.value:.3f}")


def _show(name: str, found: dict[str, Any], cpu: float) -> None:
    evidence = found["evidence"]
    size = sum(each["size"] for each in found["segments"])
    print(f"\n{name}: {size:,} customers, {cpu:.0f} CPU s. {found['because']}")
    for each in evidence["candidates"]:
        print(
            f"  k {each['k']}: silhouette {each['silhouette']['value']:.3f} "
            f"null {each['null_silhouette']:.3f} lift {each['copula_lift']:.3f} z {each['z']:.1f} "
            f"Jaccard {each['jaccard_min']:.2f} ARI {each['ari_bootstrap']:.2f} "
            f"{'chosen' if each['chosen'] else 'eligible' if each['eligible'] else ''}"
        )
    for each in found["segments"]:
        rule = each["rule"]
        told = "no rule" if rule is None else f"{rule['text']} (F1 {rule['f1']['value']:.2f})"
        print(f"  {each['id']} {each['name']}: {each['share']:.3f} of them; {told}")
    for each in found["zeros"]:
        print(f"  {each['sentence']}")
    floor = evidence["rfm"]
    if floor:
        print(
            f"  RFM: silhouette {json.dumps(floor['silhouette'] and floor['silhouette']['value'])}"
        )


def _schema(table: pa.Table) -> Any:
    return infer(table, entity="customer_id", targets=[TARGET])


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def _peak() -> float:
    """The most memory of this process so far, MB; that of its parent does not count (Linux)."""
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def _list(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    main()
