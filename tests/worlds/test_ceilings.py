"""The ceilings that stand beside the worlds: what they say, and that they can be measured again.

`make truth` measures them anew, by the recipe below, and compares. After a change of a world,
`PATRON_RENEW_CEILINGS=1 make truth` writes what was measured into `ceilings.json`.
"""

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron import worlds
from patron.estimate import Estimate
from patron.metrics import best_f1_threshold, f1, log_loss, roc_auc
from patron.tables import write_text
from patron.worlds import WORLDS, World
from patron.worlds.ceilings import recorded

RECORD = Path(worlds.__file__).with_name("ceilings.json")
PAGE = Path(__file__).parents[2] / "docs" / "worlds.md"
START, END = "<!-- ceilings:start -->\n", "<!-- ceilings:end -->"
AUC = {"marketplace": (0.85, 0.88), "retailer": (0.85, 0.88), "shop": (0.88, 0.90)}
F1 = {"marketplace": 0.55, "retailer": 0.55, "shop": 0.68}

METRICS = ("roc_auc", "log_loss", "f1")

PART_ROWS, PARTS, FRESH = 250_000, 8, 2  # 2,000,000 rows, of which 1,500,000 to learn from
FIRST_SEED = 7_000
ROUNDS = 350
LIGHTGBM = {
    "objective": "binary",
    "num_leaves": 63,
    "learning_rate": 0.06,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.5,
    "cat_smooth": 50,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 0,
    "verbose": -1,
}
RECIPE = (
    f"{PARTS} parts of {PART_ROWS:,} rows, seeds from {FIRST_SEED}; LightGBM, {ROUNDS} rounds, "
    f"learned from {PARTS - FRESH} parts, judged on the others; tests/worlds/test_ceilings.py"
)


@pytest.mark.parametrize("name", AUC)
def test_a_world_carries_its_ceilings(name: str) -> None:
    ceilings = WORLDS[name](200, seed=0).facts["ceilings"]
    low, high = AUC[name]
    observable, latent = ceilings["observable"], ceilings["latent"]
    assert low < observable["roc_auc"]["low"] < observable["roc_auc"]["high"] < high
    assert observable["f1"]["low"] > F1[name]
    # Nobody can know more than the latent state tells.
    assert latent["roc_auc"]["low"] > observable["roc_auc"]["high"]
    assert latent["log_loss"]["high"] < observable["log_loss"]["low"]
    assert ceilings["rows"] >= 2_000_000
    assert ceilings["recipe"] == RECIPE
    assert dt.date.fromisoformat(ceilings["measured"])


def test_the_page_has_the_ceilings_on_record() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    assert START + table_of(record["worlds"]) + END in PAGE.read_text("utf-8")


@pytest.mark.truth
@pytest.mark.parametrize("name", AUC)
def test_the_ceilings_are_those_on_record(name: str, evidence: Callable[..., None]) -> None:
    measured = measure(name)
    if os.environ.get("PATRON_RENEW_CEILINGS"):
        renew(name, measured)
    known = recorded(name)
    assert known is not None
    for of in ("latent", "observable"):
        figures = measured[of]["roc_auc"]
        note = f"{figures['n']:,} fresh rows; {figures['low']:.4f} to {figures['high']:.4f}"
        evidence(f"best ROC-AUC on {name}, {of}", figures["value"], note)
        # The same rows and almost the same model: apart only by versions of libraries.
        for metric, figure in measured[of].items():
            assert figure["value"] == pytest.approx(known[of][metric]["value"], abs=0.003)


def measure(name: str) -> dict[str, Any]:
    """Both ceilings of a world, by the recipe."""
    import lightgbm

    train = [read(WORLDS[name](PART_ROWS, seed=FIRST_SEED + i)) for i in range(PARTS - FRESH)]
    categories = train[0][3]
    data = lightgbm.Dataset(
        np.concatenate([part[0] for part in train]),
        np.concatenate([part[1] for part in train]),
        categorical_feature=categories,
    )
    del train
    model = lightgbm.train(LIGHTGBM, data, ROUNDS)
    fresh = [read(WORLDS[name](PART_ROWS, seed=FIRST_SEED + PARTS - 1 - i)) for i in range(FRESH)]
    told = np.concatenate([model.predict(part[0], num_threads=1) for part in fresh])
    bought, true = (np.concatenate([part[i] for part in fresh]) for i in (1, 2))
    return {
        "recipe": RECIPE,
        "rows": PARTS * PART_ROWS,
        "measured": str(dt.datetime.now(dt.UTC).date()),
        "versions": {"lightgbm": lightgbm.__version__, "numpy": np.__version__},
        "latent": scores(bought, true),
        "observable": scores(bought, told),
    }


def scores(bought: np.ndarray, told: np.ndarray) -> dict[str, Any]:
    best = best_f1_threshold(bought, told).value
    estimates = {
        "roc_auc": roc_auc(bought, told),
        "log_loss": log_loss(bought, told),
        "f1": f1(bought, told, threshold=best),
    }
    return {name: estimate.to_dict() for name, estimate in estimates.items()}


def read(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """The features as numbers, the target, its true probability, and which are categories."""
    names = world.table.column_names[1:-1]
    columns = [numbers(world.table[name].combine_chunks()) for name in names]
    categories = [i for i, n in enumerate(names) if pa.types.is_string(world.table[n].type)]
    target = world.table["purchased_next_30d"].to_numpy().astype(float)
    true = world.truth["true_purchase_probability"].to_numpy()
    return np.column_stack(columns), target, true, categories


def numbers(column: pa.Array) -> np.ndarray:
    if pa.types.is_string(column.type):  # codes in the order of the alphabet: the same in each part
        levels = sorted(column.unique().drop_null().to_pylist())
        column = pa.compute.index_in(column, pa.array(levels))
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    return column.cast(pa.float32()).to_numpy(zero_copy_only=False)


def renew(name: str, measured: dict[str, Any]) -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    record["worlds"][name] = measured
    write_text(RECORD, json.dumps(record, indent=1) + "\n")
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    write_text(PAGE, before + START + table_of(record["worlds"]) + END + rest.partition(END)[2])


def table_of(measured: dict[str, Any]) -> str:
    lines = ["| world | ceiling | ROC-AUC | log loss | F1 | measured |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, of in sorted(measured.items()):
        for ceiling in ("observable", "latent"):
            figures = {each: Estimate.from_dict(of[ceiling][each]) for each in of[ceiling]}
            shown = " | ".join(format(figures[each], ".4f") for each in METRICS)
            lines.append(f"| `{name}` | {ceiling} | {shown} | {of['measured']} |")
    return "\n".join(lines) + "\n"
