"""Every command as its user meets it: the result first, then where it is, and the exit code."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron import __version__
from patron.worlds import WORLDS

from .conftest import COMMAND, ENDED, TARGET, contents, done, environment, patron

COMMANDS = ("init", "audit", "features", "run", "score", "serve", "worlds", "demo")
NUMBER = r"\d+\.\d+ \[\d+\.\d+, \d+\.\d+\]"


def test_the_help_lists_the_commands_in_whole_sentences(tmp_path: Path) -> None:
    listed = re.findall(r"^  ([a-z]+) +(.+)$", done("--help", cwd=tmp_path), re.MULTILINE)
    assert tuple(name for name, _ in listed) == COMMANDS
    assert all(text.endswith(".") and not text.endswith("...") for _, text in listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_the_common_options(
    command: str, tmp_path: Path
) -> None:
    help_text = done(command, "--help", cwd=tmp_path)
    for option in ("--quiet", "--threads", "--seed"):
        assert f" {option} " in help_text


def test_the_version(tmp_path: Path) -> None:
    assert done("--version", cwd=tmp_path) == f"patron {__version__}\n"


def test_without_a_command_the_help_goes_to_stderr_and_the_exit_code_is_2(tmp_path: Path) -> None:
    ended = patron(cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip() == done("--help", cwd=tmp_path).strip()


def test_worlds_writes_table_truth_and_study_and_names_the_next_command(tmp_path: Path) -> None:
    words = ("worlds", "corner", "--rows", 300, "--out", "shop")
    said = done(*words, cwd=tmp_path)
    table = pq.read_table(tmp_path / "shop" / "table.parquet")
    rate = np.mean(table[TARGET].to_numpy().astype(float))
    assert said == (
        f"300 customers, {table.num_columns} columns, {100 * rate:.1f} % buyers: shop\n"
        "Next: patron audit shop/patron.toml\n"
    )
    first = contents(tmp_path)
    files = ("table.parquet", "truth.parquet", "patron.toml", "world.json")
    assert set(first) == {"shop", *(f"shop/{name}" for name in files)}
    done(*words, "--quiet", cwd=tmp_path)
    assert contents(tmp_path) == first
    done(*words, "--seed", 1, "--threads", 2, cwd=tmp_path)
    assert contents(tmp_path)["shop/table.parquet"] != first["shop/table.parquet"]


def test_worlds_plants_faults_and_says_only_how_many(tmp_path: Path) -> None:
    kinds = "answer_with_noise,constant"
    words = ("worlds", "corner", "--rows", 600, "--out", "shop", "--faults")
    said = done(*words, kinds, cwd=tmp_path)
    assert "  2 faults planted; world.json says what and where\n" in said
    about = json.loads((tmp_path / "shop" / "world.json").read_text())
    assert sorted(fault["kind"] for fault in about["faults"]) == kinds.split(",")
    assert not any(fault["says"] in said for fault in about["faults"])
    ended = patron(*words, "answer_with_nois", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        "patron: there is no fault 'answer_with_nois'. The nearest is 'answer_with_noise'. Faults: "
    )


def test_the_help_names_every_world(tmp_path: Path) -> None:
    help_text = " ".join(done("worlds", "--help", cwd=tmp_path).split())
    assert [name for name in WORLDS if f" {name}" not in help_text] == []


def test_init_writes_a_study_that_audit_takes(table: Path, tmp_path: Path) -> None:
    common = ("--seed", 1, "--threads", 1)
    said = done("init", table, "--purchase", TARGET, "--out", "mine.toml", *common, cwd=tmp_path)
    assert said == ("Wrote mine.toml. Read it, correct the roles, then: patron audit mine.toml\n")
    text = (tmp_path / "mine.toml").read_text()
    assert f'path = "{os.path.relpath(table, tmp_path)}"' in text
    assert done("audit", "mine.toml", cwd=tmp_path).startswith(
        "table.parquet: 1,500 rows, 38 columns; "
    )


def test_init_is_quiet_and_writes_patron_toml_where_nothing_is_said(
    table: Path, tmp_path: Path
) -> None:
    assert done("init", table, "--quiet", cwd=tmp_path) == ""
    assert set(contents(tmp_path)) == {"patron.toml"}


def test_the_gate_decides_the_exit_code(leaky: Path) -> None:
    assert done("audit", "patron.toml", "--fail-on", "never", "--quiet", cwd=leaky) == ""


def test_no_customer_is_named_anywhere(leaky: Path, shop: Path, tmp_path: Path) -> None:
    table = pq.read_table(shop / "shop" / "table.parquet")
    twice = pa.concat_tables([table, table.slice(0, 40)])  # so that the finding is on entities
    pq.write_table(twice, tmp_path / "table.parquet")
    (tmp_path / "patron.toml").write_text((shop / "shop" / "patron.toml").read_text())
    ended = patron("audit", "patron.toml", "--json", "found.json", cwd=tmp_path)
    assert "D0" in ended.stdout
    said = ended.stdout + ended.stderr + (tmp_path / "found.json").read_text()
    report = (shop / "out" / "report.html").read_text() + (shop / "run.txt").read_text()
    customers = set(table["customer_id"].to_pylist())
    assert not customers & set(re.findall(r"C\d{9}", said + report))


def test_run_says_how_good_and_what_to_open(shop: Path) -> None:
    lines = (shop / "run.txt").read_text().splitlines()
    assert lines[0] == f"Who will buy ({TARGET}), tested on 300 held-out rows:"
    assert re.fullmatch(rf"  ranks customers \(ROC-AUC\) +{NUMBER}", lines[1])
    assert "  (in brackets the interval, 95 %)" in lines
    assert lines[-1] == "Open out/report.html; the model is in out/bundle."
    purchase = json.loads((shop / "out" / "results.json").read_text())["purchase"]
    assert f"{purchase['roc_auc']['value']:.3f}" in lines[1]
    assert set(contents(shop / "out")) >= {"report.html", "results.json", "bundle/manifest.json"}
    assert not [name for name in contents(shop) if name.startswith(".")]


def test_run_takes_seed_and_threads(shop: Path) -> None:
    results = json.loads((shop / "out" / "results.json").read_text())
    run = results["study"]["sections"]["run"]
    assert (run["seed"], run["threads"]) == (7, 2)


@pytest.mark.parametrize("out", ["scores.parquet", "scores.csv", "scores.duckdb?table=scores"])
def test_score_says_how_many_and_where(bundle: Path, table: Path, tmp_path: Path, out: str) -> None:
    ended = patron("score", bundle, table, "--out", out, "--threads", 1, cwd=tmp_path)
    assert ended.returncode == 0
    version = json.loads((bundle / "manifest.json").read_text())["model_version"]
    assert re.fullmatch(
        rf"1,500 rows scored, \d+ above the threshold: {re.escape(out)}\nModel {version}\.\n",
        ended.stdout,
    )
    assert all(line.startswith("patron: ") for line in ended.stderr.splitlines())
    assert set(contents(tmp_path)) == {out.partition("?")[0]}


def test_score_with_reasons_is_quiet_and_takes_a_seed(
    bundle: Path, table: Path, tmp_path: Path
) -> None:
    words = ("score", bundle, table, "--out", "s.parquet", "--reasons", "--seed", 1, "--quiet")
    assert done(*words, cwd=tmp_path) == ""
    scores = pq.read_table(tmp_path / "s.parquet")
    assert scores.column_names[0] == "customer_id"
    assert all("points" in text for text in scores["purchase_reasons"].to_pylist() if text)


def test_serve_tells_where_and_ends_on_ctrl_c(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    words = [str(bundle), "--port", "0", "--token-file", "token", "--threads", "2", "--seed", "1"]
    server = subprocess.Popen(
        [*COMMAND, "serve", *words],
        cwd=tmp_path,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        line = server.stdout.readline()
        assert re.fullmatch(
            r"Patron listens on http://127\.0\.0\.1:\d+ \(Ctrl-C ends it\)\.\n", line
        )
        with urllib.request.urlopen(line.split()[3] + "/health", timeout=20) as answer:
            assert json.load(answer) == {"status": "ok"}
        server.send_signal(signal.SIGINT)
        assert server.communicate(timeout=20) == ("", ENDED.format("Ctrl-C"))
        assert server.returncode == 130
    finally:
        server.kill()


def test_a_fault_of_ours_is_3_and_says_so(tmp_path: Path) -> None:
    broken = "import patron.worlds as w; w.make = None; from patron.cli import main; main()"
    ended = patron(
        "worlds", "corner", "--out", "shop", cwd=tmp_path, command=(COMMAND[0], "-c", broken)
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith("patron: this is a fault of Patron, not of yours.\nTraceback")
    assert contents(tmp_path) == {}


def test_demo_takes_the_whole_path_and_says_what_to_open(tmp_path: Path) -> None:
    smaller = (
        "import patron.worlds as w; corner = w.WORLDS['corner']; "
        "w.WORLDS['corner'] = lambda *, seed: corner(600, seed=seed); "
        "from patron.cli import main; main()"
    )
    ended = patron("demo", cwd=tmp_path, command=(COMMAND[0], "-c", smaller))
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert re.fullmatch(rf"  the best possible ROC-AUC +{NUMBER}", lines[2])
    assert lines[-2:] == [
        "Open patron-demo/run/report.html; the model is in patron-demo/run/bundle.",
        "Scores of 600 customers: patron-demo/scores.parquet",
    ]
    assert {path.name for path in (tmp_path / "patron-demo").iterdir()} == {
        *("shop", "run", "scores.parquet")
    }
