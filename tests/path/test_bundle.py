"""Bundles: what is saved is what scores, and what was touched is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from patron.bundle import FORMAT, load_bundle
from patron.errors import BundleError
from patron.pipeline import Run
from patron.score import score_table
from patron.worlds import World

from .conftest import CREATED


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def test_loaded_scores_are_those_of_the_model_that_was_saved(done: Run, world: World) -> None:
    table = world.table.slice(0, 500)
    again = load_bundle(done.folder / "bundle")
    one, two = (score_table(b, table, scored_at=CREATED).table for b in (done.bundle, again))
    assert one.equals(two)


def test_all_files_are_json_or_trees_in_text_or_the_card(bundle_folder: Path) -> None:
    for path in bundle_folder.iterdir():
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.name != "model_card.md":
            assert path.read_text().startswith("tree\n")


def test_inputs_come_entity_first_and_have_types(done: Run, world: World) -> None:
    inputs = done.bundle.inputs
    assert inputs[0].name == "customer_id"
    assert {column.name for column in inputs} == set(world.table.column_names) - {
        "purchased_next_30d"
    }
    assert all(column.dtype for column in inputs)


def test_every_touched_file_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    names = {path.name for path in bundle_folder.iterdir()} - {"manifest.json"}
    assert len(names) >= 6
    for name in names:
        copy = Path(shutil.copytree(bundle_folder, tmp_path / name))
        (copy / name).write_text((copy / name).read_text() + " ")
        with pytest.raises(BundleError, match=f"{name} was changed after the bundle was written"):
            load_bundle(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "encoder.json").unlink()
    with pytest.raises(BundleError, match=r"encoder\.json cannot be read"):
        load_bundle(copy)


def change_manifest(folder: Path, **fields: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | fields))


def test_a_newer_format_is_refused_with_what_to_do(copy: Path) -> None:
    change_manifest(copy, format=FORMAT + 1, patron_version="9.0")
    with pytest.raises(BundleError, match=r"format 5; this Patron .* reads formats up to 4.*9\.0"):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model_version": "2020-01-01-00000000"}, "manifest.json was changed"),
        ({"files": ["a"]}, "is not the manifest of a Patron bundle"),
        ({"files": {"../secret": "00"}}, "names a file outside the bundle"),
        ({"format": "one"}, "is not the manifest of a Patron bundle"),
    ],
)
def test_a_touched_manifest_is_refused(copy: Path, fields: dict[str, object], message: str) -> None:
    change_manifest(copy, **fields)
    with pytest.raises(BundleError, match=message):
        load_bundle(copy)


def test_what_is_no_bundle_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not exist"):
        load_bundle(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"has no manifest\.json"):
        load_bundle(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="is a file"):
        load_bundle(tmp_path / "file")
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read"):
        load_bundle(tmp_path)


def test_the_evidence_in_the_bundle_is_that_of_the_results(done: Run) -> None:
    evidence = load_bundle(done.folder / "bundle").evidence
    assert evidence["roc_auc"] == done.results["purchase"]["roc_auc"]
    assert np.isfinite(evidence["threshold"]["value"])
    assert "candidates" not in evidence
