"""The path with [segments]: results, the customers' table, month to month, and what is refused."""

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.bundle import load_bundle
from patron.errors import Refusal, StudyError, TableError
from patron.models.segment_gate import GATES
from patron.models.segments import Segments
from patron.pipeline import Run, run
from patron.score import score_table
from patron.study import Study
from patron.worlds.archetypes import archetypes
from patron.worlds.continuum import continuum

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)
TARGET = "purchased_next_30d"


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Fewer draws and numbers of groups: what is judged, not how well, is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patron.models.segment_gate.NULLS", 3)
        patch.setattr("patron.models.segment_gate.DRAWS", 3)
        patch.setattr("patron.models.segments.NULLS", 3)
        patch.setattr("patron.models.segments.KS", (4, 5))
        yield


def study_of(rows: pa.Table, segments: Any = (), **sections: Any) -> Study:
    given = {"table": {"path": rows, "entity": "customer_id"}, "run": {"threads": 1}, **sections}
    return Study(segments=dict(segments), **given)


def ran(study: Study, out: Path, created: dt.datetime = CREATED) -> Run:
    return run(study, out, created=created)


@pytest.fixture(scope="module")
def now() -> pa.Table:
    return archetypes(3000, seed=1).table


@pytest.fixture(scope="module")
def later() -> pa.Table:
    return archetypes(3000, seed=1, month=1).table


@pytest.fixture(scope="module")
def first(now: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return ran(study_of(now), tmp_path_factory.mktemp("first") / "out")


@pytest.fixture(scope="module")
def kept(first: Run, later: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Run:
    asked = {"previous": str(first.folder), "names": {"S2": "Hunters"}}
    return ran(study_of(later, asked), tmp_path_factory.mktemp("kept") / "out", LATER)


@pytest.fixture(scope="module")
def refitted(kept: Run, later: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Run:
    asked = {"previous": str(kept.folder), "refit": True}
    return ran(study_of(later, asked), tmp_path_factory.mktemp("refitted") / "out", LATER)


def section(done: Run) -> dict[str, Any]:
    return json.loads((done.folder / "results.json").read_text())["segments"]


def exported(done: Run) -> pa.Table:
    return pq.read_table(done.folder / "segments.parquet")


def whereabouts(done: Run) -> dict[str, str]:
    table = exported(done)
    return dict(zip(table["customer_id"].to_pylist(), table["segment"].to_pylist(), strict=True))


def test_the_results_say_who_the_customers_are(first: Run) -> None:
    found = json.loads((first.folder / "results.json").read_text())
    segments = found["segments"]
    assert (segments["kind"], segments["structure"], segments["k"]) == ("segments", True, 5)
    assert [each["id"] for each in segments["segments"]] == ["S1", "S2", "S3", "S4", "S5"]
    assert sum(each["size"] for each in segments["segments"]) == 3000
    assert sum(each["share"] for each in segments["segments"]) == pytest.approx(1)
    assert sum(each["revenue_share"] for each in segments["segments"]) == pytest.approx(1)
    assert all(each["rule"]["f1"]["value"] > 0.6 for each in segments["segments"])
    evidence = segments["evidence"]
    assert evidence["silhouette"]["low"] < evidence["silhouette"]["value"] - 0.002
    assert [each["k"] for each in evidence["candidates"] if each["chosen"]] == [5]
    assert evidence["rfm"]["segments"]
    assert (segments["months"], found["comparison"]) == (None, None)
    assert "previous" in segments["months_because"]
    assert "it needs [purchase] and [segments]" in found["comparison_because"]
    assert found["purchase_because"] == "the Study has no [purchase]"
    used = {each["name"] for each in found["features"]["columns"] if each["used"]}
    assert used == {c["name"] for axis in segments["axes"] for c in axis["columns"]}


def test_each_customer_has_a_row_with_segment_and_place(first: Run, now: pa.Table) -> None:
    table = exported(first)
    axes = [f"axis_{axis['name']}" for axis in section(first)["axes"]]
    columns = ["customer_id", "segment", "segment_name", "segment_doubtful", *axes]
    assert table.column_names == columns
    assert table["customer_id"].equals(now["customer_id"])
    scores = score_table(load_bundle(first.folder / "bundle"), now, scored_at=LATER).table
    for name in ("segment", "segment_name", "segment_doubtful"):
        assert scores[name].to_pylist() == table[name].to_pylist()
    sizes = {each["id"]: each["size"] for each in section(first)["segments"]}
    assert Counter(table["segment"].to_pylist()) == sizes


def test_no_customer_is_named_in_what_is_shown(first: Run, now: pa.Table) -> None:
    shown = (first.folder / "results.json").read_text() + (first.folder / "report.html").read_text()
    assert not [name for name in now["customer_id"].to_pylist() if str(name) in shown]


def test_a_continuum_gets_tiers_that_are_called_so(tmp_path: Path) -> None:
    done = ran(study_of(continuum(2000, seed=2).table), tmp_path / "out")
    found = section(done)
    assert (found["kind"], found["structure"]) == ("tiers", False)
    assert found["because"].startswith("No groups beyond one correlated continuum")
    assert [each["id"] for each in found["segments"]] == ["T1", "T2", "T3", "T4"]
    assert "by value" in found["segments"][0]["name"]
    assert set(exported(done)["segment"].to_pylist()) == {"T1", "T2", "T3", "T4"}


def test_exact_rules_are_said_to_be_exact(now: pa.Table, tmp_path: Path) -> None:
    done = ran(study_of(now, {"rules_only": True, "k": 4}), tmp_path / "out")
    found = section(done)
    assert found["kind"] == "rules"
    assert all(each["rule"]["f1"]["value"] == 1 for each in found["segments"])
    assert found["evidence"]["rules_only"]["cost"] > 0
    again = {"rules_only": True, "k": 4, "previous": str(done.folder), "refit": True}
    months = section(ran(study_of(now, again), tmp_path / "again"))["months"]
    assert [(each["new"], each["old"]) for each in months["matches"]] == [
        (f"S{number}", f"S{number}") for number in range(1, 5)
    ]


def test_a_later_month_keeps_segments_and_their_names(first: Run, kept: Run) -> None:
    before, after = section(first), section(kept)
    months = after["months"]
    assert months["kept"] is True
    assert months["previous"] == {"version": first.bundle.version, "created": "2026-01-31"}
    assert months["matches"] == []
    assert [each["id"] for each in after["segments"]] == ["S1", "S2", "S3", "S4", "S5"]
    assert after["axes"][0]["columns"] == before["axes"][0]["columns"]
    named = {each["id"]: each["name"] for each in before["segments"]} | {"S2": "Hunters"}
    assert {each["id"]: each["name"] for each in after["segments"]} == named == months["names"]
    for name in ("candidates", "jaccard_min", "ari_bootstrap"):
        assert after["evidence"][name] == before["evidence"][name]
    assert after["segments"][0]["sure"]["jaccard"] == before["segments"][0]["sure"]["jaccard"]


def test_kept_segments_are_held_against_the_customers_of_the_month(kept: Run) -> None:
    """They are the same shop's: they fall apart in the same way, told of this month."""
    found = section(kept)
    assert found["structure"] is True
    assert found["evidence"]["of_the_gate"] == "2026-01-31"
    assert found["evidence"]["copula_lift"]["n"] == 3010  # of this month's customers
    assert found["because"].startswith(
        "The 5 groups of 2026-01-31 are kept. This month's customers fall apart as well: a "
    )


def test_kept_segments_claim_nothing_of_customers_without_groups(
    first: Run, tmp_path: Path
) -> None:
    one_cloud = continuum(2_000, seed=1).table
    done = ran(study_of(one_cloud, {"previous": str(first.folder)}), tmp_path / "out", LATER)
    found = section(done)
    assert (found["kind"], found["structure"]) == ("segments", False)
    assert "But this month's customers form no such groups beyond" in found["because"]
    assert "Customers form 5 groups" not in (done.folder / "report.html").read_text()


def test_numbers_written_as_text_make_rules_of_numbers(now: pa.Table, tmp_path: Path) -> None:
    name = "total_spend_365d"
    place = now.column_names.index(name)
    rows = now.set_column(place, name, now[name].cast(pa.string()))
    study = study_of(rows, {"axes": {"value": [name], "recency": ["-days_since_last_visit"]}})
    found = section(ran(study, tmp_path / "out"))
    used = [c for s in found["segments"] if s["rule"] for c in s["rule"]["conditions"]]
    assert any(c["column"] == name for c in used)
    assert all(c["operator"] in ("<=", ">") for c in used if c["column"] == name)


def test_holding_on_lowers_the_switching(first: Run, kept: Run) -> None:
    months = section(kept)["months"]
    assert months["switched"]["value"] < 0.8 * months["without_hysteresis"]["value"]
    was, is_now = whereabouts(first), whereabouts(kept)
    shared = was.keys() & is_now.keys()
    moved = sum(was[who] != is_now[who] for who in shared)
    assert months["shared"] == len(shared) < 3000
    assert months["switched"]["value"] == pytest.approx(moved / len(shared))


def test_the_migration_accounts_for_everybody(kept: Run) -> None:
    found = section(kept)
    rows = found["months"]["migration"]
    before = sum(row["customers"] for row in rows if row["from"] != "new")
    assert before == 3000
    for each in found["segments"]:
        into = sum(row["customers"] for row in rows if row["to"] == each["id"])
        assert into == each["size"]
    assert {row["from"] for row in rows} == {"new", "S1", "S2", "S3", "S4", "S5"}
    assert sum(row["customers"] for row in rows if row["to"] == "gone") > 0


def test_a_month_without_a_customer_of_the_last_one(first: Run, tmp_path: Path) -> None:
    others = archetypes(600, seed=1).table
    others = others.set_column(0, "customer_id", pa.array([f"N{row}" for row in range(600)]))
    done = ran(study_of(others, {"previous": str(first.folder)}), tmp_path / "out")
    months = section(done)["months"]
    assert months["shared"] == 0
    assert months["switched"]["value"] is None
    assert months["without_hysteresis"]["value"] is None
    assert {row["from"] for row in months["migration"] if row["to"] != "gone"} == {"new"}


def test_a_refit_finds_the_old_segments_again(kept: Run, refitted: Run) -> None:
    """The axes and rulers are kept, the same customers are there: the ids must be, too."""
    found = section(refitted)
    months = found["months"]
    assert months["kept"] is False
    # Who was in a segment that goes on moves only if that is clear, as where centres are kept.
    assert months["switched"]["value"] < months["without_hysteresis"]["value"]
    old = {each["id"]: each["name"] for each in section(kept)["segments"]}
    matched = [each for each in months["matches"] if each["old"]]
    assert len(matched) >= 4
    for each in matched:
        assert each["new"] == each["old"]
        assert each["jaccard"] >= 0.5
        assert months["names"][each["new"]] == old[each["old"]]
    names = {each["id"]: each["name"] for each in found["segments"]}
    assert names["S2"] == "Hunters"  # given two runs ago, and not in this Study
    fresh = names.keys() - old.keys()
    assert not fresh & {"S1", "S2", "S3", "S4", "S5"}
    assert load_bundle(refitted.folder / "bundle").segments.names_ == tuple(names.values())


def test_what_follows_tiers_gets_no_id_twice(
    first: Run, now: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments, then a month without structure, then segments: they are other segments."""
    asked = {"previous": str(first.folder), "refit": True}
    monkeypatch.setitem(GATES, "silhouette", 0.9)
    between = ran(study_of(now, asked), tmp_path / "between")
    found = section(between)
    assert (found["kind"], found["months"]["matches"]) == ("tiers", [])
    monkeypatch.undo()
    asked = {"previous": str(between.folder), "refit": True}
    after = section(ran(study_of(now, asked), tmp_path / "after"))
    assert [each["id"] for each in after["segments"]] == ["S6", "S7", "S8", "S9", "S10"]


def test_only_customers_of_the_latest_date_are_segmented(
    now: pa.Table, later: pa.Table, first: Run, tmp_path: Path
) -> None:
    dated = [
        table.append_column("as_of", pa.array([day] * len(table)))
        for table, day in ((now, dt.date(2025, 9, 1)), (later, dt.date(2025, 10, 1)))
    ]
    table = pa.concat_tables(dated)
    table = table.select(["as_of", *table.column_names[:-1]])  # the date stands before the key
    keys = {"path": table, "entity": "customer_id", "as_of": "as_of"}
    done = ran(study_of(table, {"k": 5}, table=keys), tmp_path / "one")
    assert exported(done).num_rows == len(later)
    assert exported(done).column_names[:2] == ["as_of", "customer_id"]
    asked = {"previous": str(done.folder)}
    months = section(ran(study_of(table, asked, table=keys), tmp_path / "two"))["months"]
    assert months["shared"] == len(later)
    assert months["switched"]["value"] == 0


def test_what_the_study_says_in_vain_is_told(first: Run, later: pa.Table, tmp_path: Path) -> None:
    asked = {"previous": str(first.folder), "k": 4, "names": {"S9": "Nobody"}}
    done = ran(study_of(later, asked), tmp_path / "out", LATER)
    notes = json.loads((done.folder / "results.json").read_text())["table"]["notes"]
    assert "[segments] k was not read: it is kept from the earlier run." in notes
    assert any(
        note.startswith("[segments] names gives a name to S9, and there are") for note in notes
    )


@pytest.fixture(scope="module")
def both(now: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Run:
    purchase = {"target": TARGET, "learners": ["logistic"], "effort": "quick", "horizon_days": 30}
    return ran(study_of(now, purchase=purchase), tmp_path_factory.mktemp("both") / "out")


def test_the_label_has_no_part_in_the_segments(both: Run, first: Run) -> None:
    found = json.loads((both.folder / "results.json").read_text())
    assert found["comparison"]["permuted"]["same_segment"] == 1.0
    assert found["comparison"]["permuted"]["refitted"] == 3000
    alone = section(first)["segments"]
    assert [each["size"] for each in found["segments"]["segments"]] == [x["size"] for x in alone]
    forming = {c["name"] for axis in found["segments"]["axes"] for c in axis["columns"]}
    assert TARGET not in forming


def test_segments_are_held_beside_the_purchase_model(both: Run, now: pa.Table) -> None:
    found = json.loads((both.folder / "results.json").read_text())
    compared, held = found["comparison"], found["purchase"]["split"]["holdout_rows"]
    assert compared["model_auc"]["value"] == pytest.approx(found["purchase"]["roc_auc"]["value"])
    assert 0.5 < compared["segments_auc"]["value"] < compared["model_auc"]["value"]
    assert compared["difference"]["value"] == pytest.approx(
        compared["model_auc"]["value"] - compared["segments_auc"]["value"]
    )
    cells = compared["together"]["cells"]
    assert sum(cell["customers"] for cell in cells) == held == compared["supervised"]["rows"]
    tenths = [sum(c["customers"] for c in cells if c["decile"] == d) for d in range(1, 11)]
    assert max(tenths) - min(tenths) <= 1
    assert compared["together"]["unit"] == "expected revenue in 30 days"
    assert [each["segment"] for each in compared["actions"]] == compared["together"]["segments"]
    assert found["segments"]["evidence"]["rfm"]["purchase_auc"]["value"] > 0.5
    scores = score_table(both.bundle, now.slice(0, 20), scored_at=LATER).table
    assert {"purchase_probability", "segment", "segment_doubtful"} <= set(scores.column_names)


def test_an_earlier_run_that_is_none_is_a_sentence(
    now: pa.Table, first: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(StudyError, match=r"is not a run with segments \(named by \[segments\] pre"):
        ran(study_of(now, {"previous": str(tmp_path / "nowhere")}), out)
    with pytest.raises(StudyError, match="refit without previous"):
        ran(study_of(now, {"refit": True}), out)
    keyless = {"path": now.drop_columns("customer_id")}
    asked = {"previous": str(first.folder)}
    with pytest.raises(StudyError, match=r"which customer a row is.*Set \[table\] entity"):
        ran(study_of(now, asked, table=keyless), out)
    before = ran(study_of(now, {"k": 5}, table=keyless), tmp_path / "keyless")
    with pytest.raises(StudyError, match="the earlier run has no column that says which customer"):
        ran(study_of(now, {"previous": str(before.folder)}), out)
    assert not out.exists()


def test_a_changed_table_of_the_month_before_is_a_sentence(
    now: pa.Table, first: Run, tmp_path: Path
) -> None:
    """Neither a column that is gone nor a segment that was never found counts as a move."""
    folder = tmp_path / "before"
    shutil.copytree(first.folder, folder)
    table = exported(first)
    other = pa.array(["X9", *table["segment"].to_pylist()[1:]])
    place = table.column_names.index("segment")
    for changed, told in (
        (table.set_column(place, "segment", other), "customers in segments that the run did not"),
        (table.drop_columns("axis_value"), "has no column axis_value as the run wrote it"),
    ):
        pq.write_table(changed, folder / "segments.parquet")
        with pytest.raises(StudyError, match=told):
            ran(study_of(now, {"previous": str(folder)}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_keys_of_another_kind_are_a_sentence(now: pa.Table, first: Run, tmp_path: Path) -> None:
    numbered = now.set_column(0, "customer_id", pa.array(np.arange(len(now))))
    with pytest.raises(StudyError, match="whose keys are of type int64"):
        ran(study_of(numbered, {"previous": str(first.folder)}), tmp_path / "out")


@pytest.mark.parametrize("refit", [False, True])
def test_a_month_without_a_column_of_the_axes_is_a_sentence(
    first: Run, later: pa.Table, tmp_path: Path, refit: bool
) -> None:
    asked = {"previous": str(first.folder), "refit": refit}
    with pytest.raises(StudyError, match=r'read "refund_rate", and the table has no such column'):
        ran(study_of(later.drop_columns("refund_rate"), asked), tmp_path / "out")
    empty = pa.nulls(len(later), pa.float64())
    place = later.column_names.index("refund_rate")
    with pytest.raises(StudyError, match=r'read "refund_rate", and its role is ignore now \('):
        ran(study_of(later.set_column(place, "refund_rate", empty), asked), tmp_path / "out")


def test_one_name_for_two_segments_is_a_sentence(
    first: Run, later: pa.Table, tmp_path: Path
) -> None:
    asked = {"previous": str(first.folder), "names": {"S1": "Regulars", "S2": "Regulars"}}
    with pytest.raises(StudyError, match=r'two segments are called "Regulars" \(named by \[segm'):
        ran(study_of(later, asked), tmp_path / "out")


def test_a_customer_twice_in_a_month_is_a_sentence(
    now: pa.Table, first: Run, tmp_path: Path
) -> None:
    keys = now["customer_id"].to_pylist()
    twice = now.set_column(0, "customer_id", pa.array([keys[1], *keys[1:]]))
    with pytest.raises(StudyError, match=r"keys are not unique in this month\. Segments are"):
        ran(study_of(twice, {"previous": str(first.folder)}), tmp_path / "out")


def test_too_few_customers_are_refused_alone(now: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="400 customers are too few") as refused:
        ran(study_of(now.slice(0, 400)), tmp_path / "out")
    assert refused.value.exit_code == 1
    assert not (tmp_path / "out").exists()


def test_a_refusal_says_that_only_the_latest_date_counts(now: pa.Table, tmp_path: Path) -> None:
    days = [dt.date(2025, 9, 1)] * 700 + [dt.date(2025, 10, 1)] * 300
    table = now.slice(0, 1000).append_column("as_of", pa.array(days))
    keys = {"path": table, "entity": "customer_id", "as_of": "as_of"}
    with pytest.raises(Refusal, match=r"Only rows of the latest date of as_of .*: 300 of 1,000\."):
        ran(study_of(table, table=keys), tmp_path / "out")


def test_beside_a_purchase_model_a_refusal_is_a_reason(now: pa.Table, tmp_path: Path) -> None:
    purchase = {"target": TARGET, "learners": ["logistic"], "effort": "quick"}
    done = ran(study_of(now.slice(0, 400), purchase=purchase), tmp_path / "out")
    found = done.results
    assert (found["segments"], found["comparison"]) == (None, None)
    assert "400 customers are too few" in found["segments_because"]
    assert "400 customers are too few" in found["comparison_because"]
    assert not (done.folder / "segments.parquet").exists()
    assert done.bundle.segments is None


def test_a_run_is_written_over_and_other_folders_are_not(
    now: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(now.slice(0, 600), {"k": 3})
    ran(study, tmp_path / "out")
    kept = (tmp_path / "out" / "results.json").read_bytes()
    done = ran(study, tmp_path / "out", LATER)
    assert (tmp_path / "out" / "results.json").read_bytes() != kept
    (done.folder / "mine.txt").write_text("notes")
    monkeypatch.setattr(Segments, "fit", None)  # it is told before anything is worked out
    with pytest.raises(TableError, match="was not written by this command"):
        ran(study, tmp_path / "out")
    assert (done.folder / "mine.txt").read_text() == "notes"
