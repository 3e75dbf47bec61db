"""The path, whole: what it leaves, and that its figures are honest."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError, StudyError, TableError
from patron.pipeline import Run, run
from patron.study import Study
from patron.worlds import World, make

from .conftest import CREATED

METRICS = [
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "ece",
    "f1",
    "precision",
    "recall",
    "lift_at_10",
    "threshold",
]


def test_a_run_leaves_report_results_and_bundle_and_nothing_else(done: Run) -> None:
    left = {path.name for path in done.folder.iterdir()}
    assert left == {"report.html", "results.json", "bundle"}
    assert {path.name for path in done.folder.parent.iterdir()} == {
        "table.parquet",
        "truth.parquet",
        "world.json",
        "patron.toml",
        "out",
    }
    assert "</html>" in (done.folder / "report.html").read_text()


def test_results_have_every_section_of_the_contract(done: Run) -> None:
    results = json.loads((done.folder / "results.json").read_text())
    sections = [
        "format",
        "patron_version",
        "created",
        "study",
        "table",
        "findings",
        "fixes",
        "ladder",
        "features",
        "purchase",
        "spend",
        "campaign",
        "segments",
        "decision",
        "budget",
        "comparison",
        "timing",
    ]
    assert set(sections) <= set(results)
    assert results["format"] == 1
    for name in sections:
        assert results[name] is not None or results[f"{name}_because"]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_its_interval(done: Run, name: str) -> None:
    estimate = done.results["purchase"][name]
    assert set(estimate) == {"value", "low", "high", "level", "n", "method"}
    assert estimate["low"] <= estimate["high"]
    assert estimate["level"] == 0.95
    if name != "ece":  # its interval is of the error beyond chance
        assert estimate["low"] <= estimate["value"] <= estimate["high"]


def test_holdout_and_cross_validated_figures_stand_side_by_side(done: Run) -> None:
    purchase = done.results["purchase"]
    assert purchase["roc_auc"]["n"] == purchase["split"]["holdout_rows"] == 600
    assert purchase["cross_validated"]["roc_auc"]["n"] == 2400


def test_no_model_beats_the_truth_and_ours_comes_near(done: Run) -> None:
    purchase = done.results["purchase"]
    best, ours = purchase["best_possible"]["roc_auc"]["value"], purchase["roc_auc"]["value"]
    # On the same 600 customers; the standard error of the paired difference is about 0.008.
    assert best - 0.045 < ours < best + 0.02
    assert purchase["best_possible"]["log_loss"]["value"] < purchase["log_loss"]["value"] + 0.01


def test_the_floors_stand_below(done: Run) -> None:
    by_name = {each["name"]: each for each in done.results["purchase"]["candidates"]}
    assert by_name["base rate"]["roc_auc"]["value"] == 0.5
    single = next(value for name, value in by_name.items() if name.startswith("only "))
    chosen = next(each for each in by_name.values() if each["chosen"])
    assert 0.6 < single["roc_auc"]["value"] < chosen["roc_auc"]["value"]


def test_same_seed_same_answer(done: Run, world: World, tmp_path: Path) -> None:
    world.write(tmp_path)
    again = run(
        Study.load(tmp_path / "patron.toml"), tmp_path / "out", created=CREATED, truth=world.truth
    )
    assert again.bundle.version == done.bundle.version
    assert again.results["purchase"]["roc_auc"] == done.results["purchase"]["roc_auc"]


def test_rerun_replaces_the_old_output_and_spares_other_folders(
    world: World, tmp_path: Path
) -> None:
    small = World("corner", world.table.slice(0, 600), world.truth, world.study_text)
    small.write(tmp_path)
    study = Study.load(tmp_path / "patron.toml").with_effort("quick")
    first = run(study, tmp_path / "out", created=CREATED)
    second = run(study.with_run(seed=5), tmp_path / "out", created=CREATED)
    assert first.bundle.version != second.bundle.version
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(TableError, match="mine"):
        run(study, tmp_path / "mine", created=CREATED)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_a_failing_run_keeps_the_old_output(done: Run, tmp_path: Path) -> None:
    shutil.copytree(done.folder, tmp_path / "out")
    table = pa.table({"id": ["a"] * 20, "bought": [0, 1] * 10, "x": range(20)})
    study = Study(table={"path": table, "entity": None}, purchase={"target": "bought"})
    with pytest.raises(DataError, match="at least 10 of each kind"):
        run(study, tmp_path / "out", created=CREATED)
    assert (tmp_path / "out" / "results.json").read_bytes() == (
        done.folder / "results.json"
    ).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_study_in_python_over_a_table_in_memory(tmp_path: Path) -> None:
    world = make("corner", rows=1500, seed=3)
    study = Study(
        table={"path": world.table, "entity": "customer_id"},
        purchase={"target": "purchased_next_30d", "effort": "quick", "threshold": 0.25},
    )
    done = run(study, tmp_path / "out", created=CREATED)
    assert done.results["purchase"]["threshold"]["value"] == 0.25
    assert done.results["study"]["path"] is None


def test_without_purchase_is_a_sentence(tmp_path: Path) -> None:
    study = Study(table={"path": pa.table({"x": [1]})})
    with pytest.raises(StudyError, match=r"has neither \[purchase\] nor \[spend\]"):
        run(study, tmp_path / "out", created=CREATED)
    assert not (tmp_path / "out").exists()


def leaky(rows: int = 1500) -> pa.Table:
    """A world with one column that is the answer, almost."""
    world = make("corner", rows=rows, seed=8).table
    rng = np.random.default_rng(8)
    answer = world["purchased_next_30d"].to_numpy() + rng.normal(0, 0.05, rows)
    return world.append_column("answer", pa.array(answer))


def serious(done: Run) -> list[dict[str, Any]]:
    return [found for found in done.results["findings"] if found["severity"] == "serious"]


def test_a_serious_leak_is_fixed_and_the_ladder_says_what_it_was_worth(tmp_path: Path) -> None:
    study = Study(
        table={"path": leaky(), "entity": "customer_id"},
        purchase={"target": "purchased_next_30d", "effort": "quick"},
    )
    done = run(study, tmp_path / "out", created=CREATED)
    (finding,) = serious(done)
    assert (finding["code"], finding["columns"], finding["applied"]) == ("L01", ["answer"], True)
    first, fixed, *_, last = done.results["ladder"]
    assert [first["kind"], fixed["kind"], last["kind"]] == ["start", "applied", "final"]
    assert first["value"] > 0.99
    assert fixed["value"] < 0.9
    assert fixed["worth"]["value"] == pytest.approx(fixed["value"] - first["value"], abs=1e-6)
    inside = done.results["purchase"]["cross_validated"]["roc_auc"]
    assert {key: last[key] for key in inside} == pytest.approx(inside)
    assert "answer" not in done.bundle.features
    assert done.results["fixes"][0]["source"] == "audit"


def test_a_fix_written_in_the_study_is_applied_and_not_accused_again(tmp_path: Path) -> None:
    study = Study(
        table={"path": leaky(), "entity": "customer_id"},
        purchase={"target": "purchased_next_30d", "effort": "quick"},
        fixes=[{"operation": "drop_column", "columns": ["answer"], "because": "known later"}],
    )
    done = run(study, tmp_path / "out", created=CREATED)
    assert serious(done) == []
    assert done.results["fixes"][0]["source"] == "study"
    assert [each["step"] for each in done.results["ladder"][:2]] == [
        "all columns as they come",
        "dropped the column answer",
    ]


def test_apply_none_keeps_the_leak_and_says_so(tmp_path: Path) -> None:
    study = Study(
        table={"path": leaky(), "entity": "customer_id"},
        purchase={"target": "purchased_next_30d", "effort": "quick"},
        audit={"apply": "none"},
    )
    done = run(study, tmp_path / "out", created=CREATED)
    assert serious(done)[0]["applied"] is False
    assert done.results["purchase"]["roc_auc"]["value"] > 0.99
    (proposed,) = [s for s in done.results["ladder"] if s["columns"] == ["answer"]]
    assert proposed["step"] == "without answer (proposed, not applied)"
    assert proposed["kind"] == "proposed"


def test_floors_that_are_no_features_and_columns_of_one_value_do_no_harm(tmp_path: Path) -> None:
    table = leaky().append_column("seen", pa.array([1.0, None, 1.0] * 500))
    study = Study(
        table={"path": table, "entity": "customer_id"},
        purchase={"target": "purchased_next_30d", "effort": "quick", "floors": ["answer", "seen"]},
    )
    names = [
        each["name"]
        for each in run(study, tmp_path / "out", created=CREATED).results["purchase"]["candidates"]
    ]
    assert "only seen" in names
    assert "only answer" not in names  # the audit's fix dropped it


def test_the_only_column_may_be_a_suspect(tmp_path: Path) -> None:
    y = np.random.default_rng(0).integers(0, 2, 1500)
    table = pa.table({"same": y, "y": y})
    study = Study(
        table={"path": table}, purchase={"target": "y", "effort": "quick"}, audit={"apply": "none"}
    )
    done = run(study, tmp_path / "out", created=CREATED)
    assert serious(done)[0]["code"] == "L01"
    assert [step["kind"] for step in done.results["ladder"]] == ["start", "final"]


def test_values_that_cannot_be_read_stop_the_run_or_are_counted(tmp_path: Path) -> None:
    world = make("corner", rows=1500, seed=8).table
    for unreadable, message in ((1200, '1,200 of the 1,500 values of "paid"'), (20, None)):
        paid = pa.array(["0,53"] * unreadable + ["1.5"] * (1500 - unreadable))
        study = Study(
            table={"path": world.append_column("paid", paid), "entity": "customer_id"},
            purchase={"target": "purchased_next_30d", "effort": "quick"},
            roles={"paid": "number"},
        )
        if message:
            with pytest.raises(DataError, match=message):
                run(study, tmp_path / "out", created=CREATED)
        else:
            done = run(study, tmp_path / "out", created=CREATED)
            noted = "paid: 20 values could not be read and count as missing"
            assert noted in done.results["table"]["notes"]


def test_a_table_of_several_dates_says_how_far_its_target_looks(tmp_path: Path) -> None:
    world = make("corner", rows=2000, seed=8).table
    months = [f"2025-{month:02d}-01" for month in (1, 2, 3, 4)] * 500
    table = world.append_column("day", pa.array(months))
    asked = {"path": table, "entity": "customer_id", "as_of": "day"}
    for days, told in ((None, "we cannot say"), (45, "were left out of training")):
        study = Study(
            table=asked,
            purchase={"target": "purchased_next_30d", "effort": "quick", "horizon_days": days},
        )
        done = run(study, tmp_path / "out", created=CREATED)
        assert any(told in note for note in done.results["purchase"]["split"]["notes"])
    assert done.results["purchase"]["horizon_days"] == 45
