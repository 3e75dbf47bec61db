"""Bad input: one sentence on stderr, exit code 2, no traceback, and nothing written or changed."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import COMMAND, contents, patron

ROWS = 300


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(*words: object, command: Sequence[str] = COMMAND) -> str:
    """What the command says on stderr; the folder is as it was."""
    here = Path()
    before = contents(here)
    ended = patron(*words, cwd=here, command=command)
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    assert ended.stderr.startswith("patron: ")
    assert ended.stderr.endswith((".\n", "?\n", ")\n"))
    assert "Traceback" not in ended.stderr
    assert contents(here) == before
    return ended.stderr.removeprefix("patron: ").removesuffix("\n")


def write_table(bought: Any, rows: int = ROWS) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "customer": [f"SECRET{row}" for row in range(rows)],
        "age": rng.integers(18, 80, rows),
        "visits": rng.poisson(3, rows),
        "bought": pa.array(bought),
    }
    pq.write_table(pa.table(columns), "table.parquet")


def write_study(*purchase: str, path: str = "table.parquet", entity: str = "customer") -> None:
    purchase = purchase or ('target = "bought"',)
    lines = ["[table]", f'path = "{path}"', f'entity = "{entity}"', "", "[purchase]", *purchase]
    Path("patron.toml").write_text("\n".join(lines) + "\n")


RUN = ("run", "patron.toml", "--out", "out")


def test_no_table() -> None:
    write_study()
    assert refused(*RUN) == f"{Path.cwd() / 'table.parquet'} does not exist."


def test_no_study() -> None:
    expected = "There is no file patron.toml. `patron init TABLE` writes a Study for a table."
    for words in (RUN, ("audit", "patron.toml"), ("features", "patron.toml", "--out", "f.csv")):
        assert refused(*words) == expected


def test_an_unknown_key_is_named_with_its_line_and_the_nearest() -> None:
    write_study('target = "bought"', 'treshold = "f1"')
    assert refused("audit", "patron.toml") == (
        'patron.toml, line 7: [purchase] has no key "treshold". The nearest is "threshold". '
        "Keys: target, threshold, effort, learners, monotone, groups, horizon_days, floors."
    )


def test_a_column_that_is_not_there_is_named_with_who_named_it_and_the_nearest() -> None:
    write_study('target = "bougt"')
    write_table(np.arange(ROWS) % 2)
    assert refused(*RUN) == (
        'table.parquet has no column "bougt" (named by [purchase] target in patron.toml, line 6). '
        'The nearest is "bought". '
        "Columns: customer, age, visits, bought (4 in all; patron init shows them)."
    )


TWO = "a purchase target has two, such as yes and no, or 1 and 0."
NAMED = "It is named by [purchase] target in patron.toml, line 6."


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            np.arange(ROWS) % 3,
            f"has 3 values (0: 100, 1: 100, 2: 100); {TWO} Merge or empty the others. {NAMED}",
        ),
        (np.ones(ROWS, int), f"has one value (1: 300); {TWO} {NAMED}"),
        (pa.nulls(ROWS, pa.int64()), f"has no value in 300 rows; {TWO} {NAMED}"),
    ],
    ids=["three values", "one value", "all missing"],
)
def test_a_target_without_two_values(values: Any, sentence: str) -> None:
    write_table(values)
    write_study()
    assert refused(*RUN) == f'table.parquet: target "bought" {sentence}'


def test_the_customer_as_the_target_is_refused_without_naming_one() -> None:
    write_table(np.arange(ROWS) % 2)
    write_study('target = "customer"')
    said = refused("audit", "patron.toml")
    assert said == (
        '"customer" is the entity of table.parquet, and cannot be the target as well (named by '
        "[purchase] target in patron.toml, line 6). Name the column that says what the customers "
        "did."
    )


def test_amounts_that_are_text_are_refused_without_showing_them() -> None:
    pq.write_table(pa.table({"paid": ["SECRET1", "SECRET2"]}), "table.parquet")
    Path("patron.toml").write_text('[table]\npath = "table.parquet"\n[spend]\ntarget = "paid"\n')
    assert refused("audit", "patron.toml") == (
        'table.parquet: 2 of the 2 values of the target "paid" are no amounts; numbers such as '
        "12.5 are expected. [table] format says how the file writes numbers. It is named by "
        "[spend] target in patron.toml, line 4."
    )


def test_twenty_rows() -> None:
    write_table(np.arange(20) % 2, rows=20)
    write_study()
    assert refused(*RUN) == (
        "the training part has 16 rows, 8 of them positive; a model and its test need at least 10 "
        "of each kind. Give more rows, or change [split] holdout."
    )


def write_latin_1() -> None:
    lines = (f"c{row},{'Köln' if row % 3 else 'Zürich'},{row % 2}" for row in range(ROWS))
    Path("table.csv").write_bytes("\n".join(["customer,city,bought", *lines]).encode("latin-1"))


def test_text_that_is_not_utf_8_is_read_and_it_is_said(tmp_path: Path) -> None:
    write_latin_1()
    write_study(path="table.csv")
    ended = patron("audit", "patron.toml", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "  encoding latin-1 (not UTF-8)\n" in ended.stdout


def test_text_that_is_not_utf_8_is_an_error_where_utf_8_is_insisted_on() -> None:
    write_latin_1()
    Path("patron.toml").write_text(
        '[table]\npath = "table.csv"\nformat = {encoding = "utf-8"}\n[purchase]\ntarget = "bought"'
    )
    assert refused(*RUN) == (
        "table.csv is not UTF-8: line 2 holds other bytes (it looks like latin-1); leave the "
        'encoding out, or give encoding = "latin-1".'
    )


@pytest.mark.parametrize("kept", [0, 0.5], ids=str)
def test_damaged_parquet(kept: float) -> None:
    write_table(np.arange(ROWS) % 2)
    write_study()
    path = Path("table.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    assert "table.parquet is " in refused(*RUN)


@pytest.fixture
def _good() -> None:
    write_table(np.arange(ROWS) % 2)
    write_study()


@pytest.mark.usefixtures("_good")
def test_a_folder_that_cannot_be_written_is_refused_before_any_work() -> None:
    Path("thesis").mkdir()
    Path("thesis", "chapter.txt").write_text("precious")
    assert "table.parquet is a file" in refused(*RUN[:-1], "table.parquet")
    assert "table.parquet is a file, not a folder" in refused(*RUN[:-1], "table.parquet/out")
    assert "is the folder that you are in" in refused(*RUN[:-1], ".")
    for words in (RUN[:-1], ("worlds", "corner", "--out")):
        assert refused(*words, "thesis") == (
            f"{Path('thesis').resolve()} is not empty, and what it holds was not written by this "
            "command; give another name, or remove it first."
        )


@pytest.mark.usefixtures("_good")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a file system that takes no files")
def test_a_file_system_that_takes_no_files_is_refused_to_root_too(
    bundle: Path, table: Path
) -> None:
    for words in (RUN[:-1], ("score", bundle, table, "--out"), ("audit", "patron.toml", "--json")):
        assert "could not be written" in refused(*words, "/proc/out.csv")


@pytest.mark.usefixtures("_good")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused() -> None:
    Path("locked").mkdir(mode=0o500)
    assert "is not writable" in refused(*RUN[:-1], "locked/out")


@pytest.mark.usefixtures("_good")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("init", "table.parquet"),
            "patron.toml exists. Name another file with --out, or move it away.",
        ),
        (("init", "table.parqet", "--out", "s.toml"), "table.parqet does not exist"),
        (
            ("init", "table.parquet", "--out", "s.toml", "--purchase", "bougt"),
            'table.parquet has no column "bougt" (named by --purchase). The nearest is "bought".',
        ),
        (
            ("worlds", "korner", "--out", "shop"),
            "there is no world 'korner'. The nearest is 'corner'. Worlds: archetypes, ",
        ),
        (
            ("worlds", "corner", "--rows", "0", "--out", "shop"),
            "a world has at least one row; 0 were asked for.",
        ),
        (
            ("audit", "patron.toml", "--fail-on", "anything"),
            '--fail-on is "serious", "warning" or "never", not "anything".',
        ),
        (("audit", "patron.toml", "--json", "nowhere/found.json"), "nowhere does not exist"),
        (("features", "patron.toml", "--out", "f.csv"), "patron.toml has no [events]"),
        (("score", "nowhere", "table.parquet", "--out", "s.csv"), "nowhere does not exist"),
        (("score", ".", "table.parquet", "--out", "s.csv"), "has no manifest.json"),
        (("serve", "table.parquet"), "table.parquet is a file; a bundle is a folder."),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("run", "patron.toml"), "Missing option '--out'"),
        ((*RUN, "--seed", "one"), "'--seed'"),
        ((*RUN, "--threads", "0"), "'--threads'"),
        ((*RUN, "--fast"), "--fast"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_wrong_call(words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(*words)


def test_a_tampered_bundle(bundle: Path, table: Path) -> None:
    name = "purchase.json"
    shutil.copytree(bundle, "bundle")
    Path("bundle", name).write_text(Path("bundle", name).read_text() + " ")
    sentence = (
        f"bundle: {name} was changed after the bundle was written (its SHA-256 is not the "
        "manifest's). Take an untouched copy, or run `patron run` again."
    )
    assert refused("score", "bundle", table, "--out", "scores.csv") == sentence
    assert refused("serve", "bundle", "--port", 0) == sentence


def test_a_bundle_of_a_later_format(bundle: Path, table: Path) -> None:
    shutil.copytree(bundle, "bundle")
    manifest = Path("bundle", "manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
    assert "has bundle format 99" in refused("score", "bundle", table, "--out", "scores.csv")


def test_a_table_with_no_column_of_the_model(bundle: Path) -> None:
    pq.write_table(pa.table({"customer_id": ["a"], "colour": ["red"]}), "other.parquet")
    assert refused("score", bundle, "other.parquet", "--out", "scores.csv").startswith(
        "other.parquet has none of the 36 columns that the model predicts from: age, gender, "
    )


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("scores.xlsx", "scores.xlsx cannot be written: its ending is none of .parquet, .csv"),
        ("scores", "scores cannot be written: its ending is none of .parquet, .csv"),
        ("nowhere/scores.csv", "nowhere does not exist"),
    ],
)
def test_scores_that_cannot_be_written(bundle: Path, table: Path, out: str, sentence: str) -> None:
    assert sentence in refused("score", bundle, table, "--out", out)


def test_scores_do_not_replace_the_table_they_are_made_from(bundle: Path, table: Path) -> None:
    shutil.copy(table, "customers.parquet")
    assert refused("score", bundle, "customers.parquet", "--out", "./customers.parquet") == (
        "--out ./customers.parquet is the table that is read; name another file."
    )


@pytest.mark.usefixtures("_good")
def test_the_findings_do_not_replace_what_the_audit_reads() -> None:
    shutil.copy("table.parquet", "test.parquet")
    Path("link.json").symlink_to("table.parquet")
    os.link("patron.toml", "hard.json")
    audit = ("audit", "patron.toml", "--against", "test.parquet", "--json")
    for out, what in (
        ("./table.parquet", "table"),
        ("link.json", "table"),
        ("patron.toml", "Study"),
        ("hard.json", "Study"),
        ("test.parquet", "table of --against"),
    ):
        expected = f"--json {Path(out)} is the {what} that is read; name another file."
        assert refused(*audit, out) == expected


@pytest.mark.usefixtures("_good")
def test_the_findings_replace_an_earlier_audit_and_no_other_file(tmp_path: Path) -> None:
    audit = ("audit", "patron.toml", "--json")
    others = {"thesis.tex": "precious", "a.json": "[1]", "b.json": '{"findings": []}', "c": "{"}
    for name, text in others.items():
        Path(name).write_text(text)
        assert refused(*audit, name) == (
            f"--json {name} exists, and no audit wrote it; name another file."
        )
    for seed in (1, 2):
        assert patron(*audit, "found.json", "--seed", seed, cwd=tmp_path).returncode == 0
        assert json.loads(Path("found.json").read_text())["study"]["seed"] == seed


@pytest.mark.usefixtures("_good")
def test_a_folder_is_replaced_only_if_it_has_what_its_command_always_writes() -> None:
    alike = {
        "audits/audit.json": ("audit", "patron.toml", "--out"),  # as other tools name theirs
        "results/bundle": RUN[:-1],
        "shop/patron.toml": ("worlds", "corner", "--rows", 300, "--out"),
        "market/table.parquet": ("worlds", "corner", "--rows", 300, "--out"),
    }
    for name, words in alike.items():
        Path(name).parent.mkdir()
        Path(name).write_text("precious")
        assert "was not written by this command" in refused(*words, Path(name).parent)


def test_a_server_without_a_token(bundle: Path) -> None:
    Path("empty").write_text("\n")
    assert "the token file empty is empty" in refused("serve", bundle, "--token-file", "empty")
    assert "the API has no token" in refused("serve", bundle, "--host", "0.0.0.0")


@pytest.mark.usefixtures("_good")
def test_a_full_disk(bundle: Path, table: Path) -> None:
    command = ("bash", "-c", 'ulimit -f 16; exec "$0" -m patron "$@"', sys.executable)  # 16 kB
    full = "could not be written: File too large."
    assert full in refused("score", bundle, table, "--out", "scores.csv", command=command)
    assert full in refused("worlds", "corner", "--out", "shop", command=command)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.usefixtures("_good")
def test_an_answer_that_cannot_be_written() -> None:
    command = ("bash", "-c", 'exec "$0" -m patron "$@" >/dev/full', sys.executable)
    assert refused("audit", "patron.toml", command=command) == (
        "the output could not be written: No space left on device."
    )
