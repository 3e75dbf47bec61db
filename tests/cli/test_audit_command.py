"""`patron audit`: a line a finding, one in full, the files that it writes, and what it refuses."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.audit import CHECKS
from patron.audit_path import AuditRun, audit
from patron.bundle import load_bundle
from patron.errors import DataError, StudyError, UserError
from patron.study import Study

from .conftest import TARGET, contents, done, patron

WHEN = datetime(2026, 11, 21, tzinfo=UTC)
FEW = 800


def shop(seed: int = 0) -> pa.Table:
    """Customers with an honest habit, a leak that cannot be legitimate, and a suspect."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 1, FEW)
    bought = (rng.random(FEW) < 1 - np.exp(-0.5 * rate)).astype(float)
    return pa.table(
        {
            "customer": [f"SECRET{row}" for row in rng.permutation(FEW)],
            "orders": rng.poisson(2 * rate),
            "visits": rng.poisson(3 * rate + 0.5),
            "age": rng.integers(18, 80, FEW),
            "parcel_sent": bought + 0.01 * rng.normal(size=FEW),
            "bought": bought,
        }
    )


def study_of(table: Any, **sections: Any) -> Study:
    given = {"path": table, "entity": "customer"}
    return Study(table=given, purchase={"target": "bought"}, run={"threads": 1}, **sections)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditRun, Path]:
    out = tmp_path_factory.mktemp("audit") / "out"
    ignore = [{"code": "D02", "because": "one row a customer, by the export"}]
    return audit(study_of(shop(), audit={"ignore": ignore}), out=out, created=WHEN), out


def test_the_terminal_has_one_line_a_finding_worst_first(leaky: Path) -> None:
    ended = patron("audit", "patron.toml", "--json", "found.json", cwd=leaky)
    assert (ended.returncode, ended.stderr) == (1, "")
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("table.parquet: 600 rows, 6 columns; 1 serious finding")
    assert lines[1].startswith("■ serious  L01  parcel_sent is practically the answer")
    assert lines[1].endswith(" [run fixes it]")
    assert any(re.fullmatch(r"\d+ checks found nothing: [A-Z0-9, ]+\.", line) for line in lines)
    assert lines[-1] == "The findings as JSON: found.json"
    data = json.loads((leaky / "found.json").read_text())
    serious = [(f["code"], f["columns"], f["applied"]) for f in data["findings"]][:1]
    assert serious == [("L01", ["parcel_sent"], True)]
    assert {each["code"] for each in data["checks"]} == {kind.code for kind in CHECKS}
    told = [line for line in lines if re.match(r"[■▲●] ", line)]
    assert len(told) == len(data["findings"])


def test_one_finding_is_explained_with_its_evidence(leaky: Path) -> None:
    said = patron("audit", "patron.toml", "--explain", "l01:parcel_sent", cwd=leaky)
    assert said.returncode == 1
    lines = said.stdout.splitlines()
    assert lines[0] == "■ serious  L01  A column that alone predicts nearly everything"
    assert lines[1] == "    Columns: parcel_sent"
    assert any(re.fullmatch(r"      alone +(0\.9\d+|1\.000) \[.+\]", line) for line in lines)
    assert any(line.startswith("    Next: Drop parcel_sent") for line in lines)
    assert "    Fix: drop column parcel_sent (patron run applies it)." in lines
    assert lines[-1] == "More: docs/checks/leaks.md#l01"


def test_a_silent_check_is_explained_too(leaky: Path) -> None:
    said = done("audit", "patron.toml", "--explain", "D02", "--fail-on", "never", cwd=leaky)
    assert said == (
        "D02 (The same entity several times) found nothing.\nMore: docs/checks/duplicates.md#d02\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--explain", "L0"), "patron: --explain: there is no check 'L0'; did you mean 'L01'? "),
        (
            ("--explain", "L01:parcel"),
            'patron: L01 says nothing of the column "parcel". The nearest is "parcel_sent". '
            "It names parcel_sent.\n",
        ),
        (
            ("--claim", "acuracy 0.95"),
            "patron: --claim \"acuracy 0.95\": there is no metric 'acuracy'; did you mean",
        ),
        (("--against", "nothing.csv"), "patron: nothing.csv does not exist"),
        (("--out", "."), "patron: --out . is the folder that you are in"),
    ],
)
def test_what_does_not_exist_is_refused(leaky: Path, words: tuple[str, ...], message: str) -> None:
    before = contents(leaky)
    ended = patron("audit", "patron.toml", *words, cwd=leaky)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(message)
    assert contents(leaky) == before


def test_the_folder_has_the_page_and_the_same_findings_as_json(
    written: tuple[AuditRun, Path],
) -> None:
    run, out = written
    assert set(contents(out)) == {"audit.html", "audit.json"}
    data = json.loads((out / "audit.json").read_text())
    assert data == json.loads(json.dumps(run.results))
    assert data["created"] == "2026-11-21T00:00:00+00:00"
    assert [step["kind"] for step in data["ladder"]][:2] == ["start", "applied"]
    page = (out / "audit.html").read_text()
    assert "parcel_sent is practically the answer" in page
    assert "As they come, the columns promise" in page
    assert "the Study ignores this check: one row a customer, by the export" in page
    assert "SECRET" not in page + json.dumps(data)


def test_an_audit_replaces_its_own_folder_and_no_other(tmp_path: Path) -> None:
    study = study_of(shop().drop_columns(["parcel_sent"]))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(UserError, match="mine"):
        audit(study, out=tmp_path / "mine", created=WHEN)
    assert set(contents(tmp_path / "mine")) == {"notes.txt"}


def test_without_a_folder_no_ladder_is_climbed(tmp_path: Path) -> None:
    run = audit(study_of(shop().select(["customer", "age", "bought"])), created=WHEN)
    assert run.results["ladder"] == []
    assert contents(tmp_path) == {}


def test_the_gate_counts_from_its_severity_on(written: tuple[AuditRun, Path]) -> None:
    run, _ = written
    assert run.fails("serious")
    assert run.fails("warning")
    assert not run.fails("never")


def test_further_tables_are_read_with_the_columns_that_both_have(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, Any] = {}

    def run_audit(*_: Any, others: dict[str, pa.Table], claim: str, **__: Any) -> Any:
        seen.update(others=others, claim=claim)
        raise StudyError("seen enough")

    monkeypatch.setattr("patron.examine.run_audit", run_audit)
    (tmp_path / "table.csv").write_text("customer;age;bought\nA;1,5;0\nB;2,5;1\n")
    (tmp_path / "test.csv").write_text("customer;extra;age\nC;9;3,5\n")
    (tmp_path / "other").mkdir()
    pq.write_table(pa.table({"customer": ["D"]}), tmp_path / "other" / "test.parquet")
    study = Study(
        table={"path": tmp_path / "table.csv", "format": {"decimal": ","}},
        purchase={"target": "bought"},
    )
    against = [tmp_path / "test.csv", tmp_path / "other" / "test.parquet"]
    with pytest.raises(StudyError, match="seen enough"):
        audit(study, against=against, claim="auc 0.9", created=WHEN)
    assert seen["claim"] == "auc 0.9"
    assert {name: table.to_pylist() for name, table in seen["others"].items()} == {
        "test.csv": [{"customer": "C", "age": 3.5}],
        "test.parquet": [{"customer": "D"}],
    }
    with pytest.raises(DataError, match=r"none of the columns of table\.csv"):
        audit(study, against=[pa.table({"x": [1]})], created=WHEN)


def test_a_further_table_of_the_same_name_is_told_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    here, there = tmp_path / "table.parquet", tmp_path / "other" / "table.parquet"
    table = shop().select(["customer", "age", "bought"])
    pq.write_table(table, here)
    pq.write_table(pa.table({"x": [1]}), there)
    with pytest.raises(DataError, match=f"{there} has none of the columns of {here}; name a"):
        audit(study_of(str(here)), against=[there], created=WHEN)
    pq.write_table(table.slice(0, 50), there)
    found = audit(study_of(str(here)), against=[there], created=WHEN).examined.audit.findings
    [shared] = [each for each in found if each.code == "D04"]
    assert shared.in_short.startswith(f"50 rows of {there} ")


def test_fixes_are_written_once_under_their_finding_and_a_run_applies_them(
    tmp_path: Path,
) -> None:
    pq.write_table(shop(), tmp_path / "table.parquet")
    study = tmp_path / "patron.toml"
    head = '# my study\n[table]\npath = "table.parquet"\nentity = "customer"\n'
    study.write_text(head + '[purchase]\ntarget = "bought"\n')
    before = done("audit", study, "--write-fixes", "--fail-on", "never", cwd=tmp_path)
    assert "Proposed fixes written to" in before
    text = study.read_text()
    assert text.startswith(head)
    assert "# L01 (serious): A column that alone predicts nearly everything: parcel_sent\n" in text
    assert "# parcel_sent is practically the answer" in text
    again = done("audit", study, "--write-fixes", cwd=tmp_path)  # nothing serious is left
    assert again.endswith(f"No fix is proposed that {study} lacks; it stays as it is.\n")
    assert study.read_text() == text
    done("run", study, "--out", "out", "--threads", 1, cwd=tmp_path)
    fixes = json.loads((tmp_path / "out" / "results.json").read_text())["fixes"]
    assert ("drop_column", ["parcel_sent"], "study") in [
        (fix["operation"], fix["columns"], fix["source"]) for fix in fixes
    ]
    bundle = load_bundle(tmp_path / "out" / "bundle")
    asked = [fix.model_dump(mode="json") for fix in Study.load(study).fixes]
    assert [fix.to_dict() for fix in bundle.ledger.fixes][: len(asked)] == asked
    assert "parcel_sent" not in bundle.features


def test_control_characters_in_names_are_shown_escaped(tmp_path: Path) -> None:
    red, turned = "\x1b[31mred\nline", "\u202etxt"
    table = shop().rename_columns({"parcel_sent": red, "age": turned})
    pq.write_table(table, tmp_path / "table.parquet")
    study = tmp_path / "patron.toml"
    told = '[table]\npath = "table.parquet"\nentity = "customer"\n[purchase]\ntarget = "bought"\n'
    study.write_text(told)
    for words in ((), ("--explain", "L01"), ("--explain", "L01:nothing")):
        ended = patron("audit", study, *words, cwd=tmp_path)
        said = ended.stdout + ended.stderr
        assert r"\x1b[31mred" in said
        assert not set(said) & {"\x1b", "\u202e"}
    study.write_text(told.replace('"bought"', r'"bo\u001b[2Jught"'))
    ended = patron("audit", study, cwd=tmp_path)
    assert r'no column "bo\x1b[2Jught"' in ended.stderr
    assert not set(ended.stderr) & {"\x1b", "\u202e"}


def test_one_row_and_one_column_are_told_in_the_singular(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": [1.0]}), tmp_path / "table.parquet")
    (tmp_path / "patron.toml").write_text('[table]\npath = "table.parquet"\n')
    said = done("audit", "patron.toml", cwd=tmp_path)
    assert said.startswith("table.parquet: 1 row, 1 column; ")


def test_no_customer_is_named(leaky: Path) -> None:
    customers = set(pq.read_table(leaky / "table.parquet")["customer_id"].to_pylist())
    said = patron("audit", "patron.toml", "--explain", "L01", cwd=leaky).stdout
    assert TARGET in said
    assert not customers & set(re.findall(r"C\d{9}", said))
