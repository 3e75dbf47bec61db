"""Bundles of every format are read, and score as the Patron did that wrote them (`write.py`)."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.bundle import FORMAT, load_bundle
from patron.errors import BundleError
from patron.score import Scores, score_table

HERE = Path(__file__).parent
FORMATS = range(1, FORMAT + 1)
NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
DATES = ("as_of", "signup_date")


def scores(number: int, rows: list[dict[str, Any]]) -> Scores:
    bundle = load_bundle(HERE / f"format_{number}" / "bundle")
    table = pa.Table.from_pylist(rows)
    for name in DATES:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.date32()))
    return score_table(bundle, table, scored_at=NOW, reasons=True)


@pytest.mark.parametrize("number", FORMATS)
def test_a_bundle_of_this_format_scores_as_it_did(number: int) -> None:
    kept = json.loads((HERE / f"format_{number}" / "scores.json").read_text())
    given = scores(number, kept["rows"])
    manifest = json.loads((HERE / f"format_{number}" / "bundle" / "manifest.json").read_text())
    assert manifest["format"] == number
    np.testing.assert_allclose(
        given.table["purchase_probability"].to_numpy(), kept["purchase_probability"], rtol=1e-9
    )
    for name in kept:
        if name.startswith("spend_"):
            np.testing.assert_allclose(given.table[name].to_numpy(), kept[name], rtol=1e-9)
        if name.startswith("segment"):
            assert given.table[name].to_pylist() == kept[name]
    for name in ("spend_expected", "segment"):
        assert (name in given.table.column_names) == (name in kept)


@pytest.mark.parametrize("number", FORMATS)
def test_its_reasons_are_those_of_this_patron(number: int) -> None:
    kept = json.loads((HERE / f"format_{number}" / "scores.json").read_text())
    told = scores(number, kept["rows"]).table["purchase_reasons"].to_pylist()
    assert all(len(row) <= 3 for row in told)
    assert any("sessions in 30 days: " in reason for row in told for reason in row)
    # Of the fourth nothing is known but the customer.
    assert all(" unknown" in reason for reason in told[3])


@pytest.mark.parametrize("number", FORMATS)
def test_no_folder_is_large(number: int) -> None:
    files = (HERE / f"format_{number}").rglob("*.*")
    assert sum(path.stat().st_size for path in files if path.is_file()) < 100_000


def rewritten(copy: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change a file of the bundle and make the manifest agree, as one with bad intent would."""
    content = json.loads((copy / name).read_text())
    change(content)
    (copy / name).write_text(json.dumps(content))
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((copy / name).read_bytes()).hexdigest()
    agreed = json.dumps(manifest["files"], sort_keys=True).encode()
    day = manifest["created"][:10]
    manifest["model_version"] = f"{day}-{hashlib.sha256(agreed).hexdigest()[:8]}"
    (copy / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "format_2" / "bundle", tmp_path / "bundle"))


def curve(model: Any) -> Any:
    return next(term for term in model["parts"][0]["terms"] if "x" in term)


def scored(model: Any) -> Any:
    return next(term for term in model["parts"][0]["terms"] if "scores" in term)


def steps(model: Any) -> Any:
    return next(term for term in model["parts"][1]["terms"] if len(term.get("cuts", [])) > 2)


def pair(model: Any) -> Any:
    pairs = model["parts"][1]["pairs"]
    return next(each for each in pairs if each["cuts"][0])


CHANGES: dict[str, Callable[[Any], Any]] = {
    "no parts": lambda m: m["parts"].clear(),
    "an unknown kind": lambda m: m["parts"][0].update(kind="oracle"),
    "a weight in words": lambda m: m["parts"][0].update(weight="most"),
    "a part that is a list": lambda m: m.update(parts=[[1, 2]]),
    "a term less": lambda m: m["parts"][0]["terms"].pop(),
    "a term more": lambda m: m["parts"][1]["terms"].append({}),
    "a height less": lambda m: curve(m)["y"].pop(),
    "no heights": lambda m: curve(m).update(x=[], y=[]),
    "knots that fall": lambda m: curve(m)["x"].reverse(),
    "a height in words": lambda m: curve(m)["y"].__setitem__(0, "high"),
    "a height without end": lambda m: curve(m)["y"].__setitem__(0, float("inf")),
    "a score less": lambda m: scored(m)["scores"].pop(),
    "a step less": lambda m: steps(m)["steps"].pop(),
    "a step more": lambda m: steps(m)["steps"].append(0.1),
    "cuts that fall": lambda m: steps(m)["cuts"].reverse(),
    "a pair's cut that is not its column's": lambda m: pair(m)["cuts"][0].__setitem__(0, 0.12345),
    "a pair of a column that is not there": lambda m: pair(m)["columns"].__setitem__(0, 99),
    "a pair of one column": lambda m: pair(m)["columns"].pop(),
    "a pair's row less": lambda m: pair(m)["values"].pop(),
    "a pair's ragged table": lambda m: pair(m)["values"][0].pop(),
    "a pair without values": lambda m: pair(m).pop("values"),
    "shares of a column that is not there": lambda m: m["parts"][2]["shares"]["tables"].update(
        {"40": [0.1, 0.2]}
    ),
    "trees of more columns": lambda m: m["parts"][2].update(shares=None),
    "an unknown calibration": lambda m: m["calibration"].update(method="magic"),
    "a calibration without a number": lambda m: m["calibration"].pop("a"),
    "a calibration in words": lambda m: m["calibration"].update(a="one"),
    "knots of a calibration without values": lambda m: m.update(
        calibration={"method": "isotonic", "knots": [0.0, 1.0], "values": [0.0], "tilt": 0.0}
    ),
    "no threshold": lambda m: m.pop("threshold"),
    "a model that is a list": lambda m: m.update(parts=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_broken_model_is_refused_when_it_is_loaded(
    copy: Path, change: Callable[[Any], Any]
) -> None:
    load_bundle(copy)
    rewritten(copy, "purchase.json", change)
    with pytest.raises(BundleError):
        load_bundle(copy)


def centres(segments: Any) -> Any:
    return segments["parts"]["centres"]


def ruler(segments: Any) -> Any:
    return next(iter(segments["space"]["rulers"].values()))


SEGMENTS: dict[str, Callable[[Any], Any]] = {
    "a name less": lambda s: s["names"].pop(),
    "a centre less": lambda s: centres(s).pop(),
    "a centre of other axes": lambda s: centres(s)[0].pop(),
    "centres of an axis more": lambda s: [each.append(0.0) for each in centres(s)],
    "boxes that do not part": lambda s: s.update(
        parts={
            "kind": "boxes",
            "leaves": {
                "axes": [axis["name"] for axis in s["space"]["axes"]],
                "lower": [[None, None]] * 3,
                "upper": [[0.0, None]] * 3,
            },
        }
    ),
    "a centre in words": lambda s: centres(s)[0].__setitem__(0, "here"),
    "a centre without end": lambda s: centres(s)[0].__setitem__(0, float("nan")),
    "an unknown kind": lambda s: s.update(kind="clouds"),
    "parts of an unknown kind": lambda s: s["parts"].update(kind="clouds"),
    "no ruler of a column": lambda s: s["space"]["rulers"].popitem(),
    "a ruler's score less": lambda s: ruler(s)["scores"].pop(),
    "a ruler that falls": lambda s: ruler(s)["values"].reverse(),
    "no axes": lambda s: s["space"]["axes"].clear(),
    "no space": lambda s: s.pop("space"),
    "the same id twice": lambda s: s["ids"].__setitem__(0, s["ids"][1]),
}


@pytest.mark.parametrize("change", SEGMENTS.values(), ids=SEGMENTS)
def test_broken_segments_are_refused_when_they_are_loaded(
    tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    copy = Path(shutil.copytree(HERE / "format_4" / "bundle", tmp_path / "bundle"))
    load_bundle(copy)
    rewritten(copy, "segments.json", change)
    with pytest.raises(BundleError):
        load_bundle(copy)


def test_the_names_that_a_user_gave_are_kept() -> None:
    kept = load_bundle(HERE / "format_4" / "bundle").segments
    assert kept is not None
    assert (kept.kind_, kept.ids_, kept.names_[1]) == ("segments", ("S1", "S2", "S3"), "Regulars")


def test_a_model_that_predicts_from_what_no_model_may_see_is_refused(copy: Path) -> None:
    def leak(schema: Any) -> None:
        next(c for c in schema["columns"] if c["name"] == "age").update(role="future")

    rewritten(copy, "schema.json", leak)
    with pytest.raises(BundleError, match="age has no role that may reach a model"):
        load_bundle(copy)
