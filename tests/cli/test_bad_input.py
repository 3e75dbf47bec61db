"""Broken and odd tables, as the commands take them: a sentence or a finding, and no traceback.

What goes wrong with one text file stands in tests/tables/test_text_errors.py; here is what a user
sees of it, for each command, and that nothing is left half written.
"""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from patron.cli.commands import app
from patron.errors import UserError

from .conftest import contents, patron

ROWS = 400
STUDY = '[table]\npath = "{}"\nentity = "customer"\n[purchase]\ntarget = "bought"\n'
HTML = ("<script>alert(1)</script>", "age\"'><img src=x onerror=alert(2)>")

COMMANDS = {
    "init": ("init", "{}", "--out", "new.toml"),
    "audit": ("audit", "patron.toml", "--json", "audit.json"),
    "run": ("run", "patron.toml", "--out", "out"),
}


def good() -> pa.Table:
    rng = np.random.default_rng(0)
    visits = rng.poisson(3, ROWS)
    return pa.table(
        {
            "customer": [f"c{row}" for row in range(ROWS)],
            "visits": visits,
            "age": rng.integers(18, 80, ROWS),
            "bought": (rng.random(ROWS) < 1 / (1 + np.exp(2 - 0.5 * visits))).astype(int),
        }
    )


def as_csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pyarrow.csv.write_csv(table, out)
    return out.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, store_schema=False)
    return out.getvalue()


def broken_text() -> pa.Table:
    offsets, data = np.array([0, 2, 4, 6], np.int32), b"ab\xff\xfecd"
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data)]
    text = pa.Array.from_buffers(pa.string(), 3, buffers)
    return good().slice(0, 3).append_column("city", text)


# The file's name, what makes its content, and what every command says of it.
REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "an empty file": ("t.csv", lambda: b"", "is empty (0 bytes); expected a table"),
    "an empty parquet": ("t.parquet", lambda: b"", "is empty (0 bytes); expected a table"),
    "a header only": ("t.csv", lambda: as_csv(good().slice(0, 0)), "t.csv has no rows"),
    "columns without rows": (
        "t.parquet",
        lambda: as_parquet(good().slice(0, 0)),
        "t.parquet has no rows",
    ),
    "a name twice": (
        "t.csv",
        lambda: as_csv(good()).replace(b'"age"', b'"visits"', 1),
        "t.csv has columns of the same name: visits; rename them so that each name occurs once",
    ),
    "a name twice in parquet": (
        "t.parquet",
        lambda: as_parquet(
            pa.Table.from_arrays(good().columns, ["customer", "visits", "visits", "bought"])
        ),
        "t.parquet has columns of the same name: visits; rename them so that each name occurs once",
    ),
    "a ragged line": (
        "t.csv",
        lambda: as_csv(good()) + b'"c400",1,2\n',
        "t.csv, line 402: 3 fields where 4 were expected; mend that line, or put quotes round a "
        "field that contains the delimiter",
    ),
    "a NUL byte": (
        "t.csv",
        lambda: as_csv(good()).replace(b'"c300"', b'"c\x00300"'),
        "t.csv, line 302: a NUL byte; this is no text file, or a damaged one",
    ),
    "half a parquet": (
        "t.parquet",
        lambda: as_parquet(good())[:2_000],
        "t.parquet is damaged or cannot be read: Parquet magic bytes not found in footer.",
    ),
    "broken UTF-8 in parquet": (
        "t.parquet",
        lambda: as_parquet(broken_text()),
        'column "city" holds bytes that are no UTF-8 text; write the table again with its text '
        "as UTF-8",
    ),
    "broken UTF-8 in a name": (
        "t.parquet",
        lambda: as_parquet(good()).replace(b"visits", b"vis\xff\xfes"),
        "t.parquet has a column whose name is no UTF-8 text; write the table again with another "
        "name",
    ),
}


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: bytes, study: str = STUDY) -> None:
    Path(name).write_bytes(content)
    Path("patron.toml").write_text(study.format(name))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_a_sentence_with_nothing_written(case: str, command: str) -> None:
    name, content, sentence = REFUSED[case]
    write(name, content())
    before = contents(Path())
    with pytest.raises(UserError) as refused:  # which `main` prints, and ends with 2
        app([word.format(name) for word in COMMANDS[command]], standalone_mode=False)
    assert sentence in str(refused.value)
    assert contents(Path()) == before


def test_one_column() -> None:
    study = STUDY.replace('entity = "customer"\n', "")
    write("t.csv", b"bought\n" + b"1\n0\n" * 200, study)
    app(["init", "t.csv", "--out", "new.toml", "-q"], standalone_mode=False)
    assert app(["audit", "patron.toml", "-q"], standalone_mode=False) == 0
    with pytest.raises(UserError, match=r"^no column is left to predict from"):
        app(["run", "patron.toml", "--out", "out", "-q"], standalone_mode=False)
    assert not Path("out").exists()


def test_columns_that_are_all_missing_are_a_finding() -> None:
    table = good().select(["customer", "bought"])
    table = table.append_column("a", pa.nulls(ROWS)).append_column(
        "b", pa.nulls(ROWS, pa.float64())
    )
    write("t.parquet", as_parquet(table))
    words = ["audit", "patron.toml", "-q", "--json", "audit.json", "--fail-on", "never"]
    assert app(words, standalone_mode=False) == 0
    findings = json.loads(Path("audit.json").read_text())["findings"]
    assert [f["columns"] for f in findings if f["code"] == "V05"] == [["a", "b"]]
    with pytest.raises(UserError, match=r"^no column is left to predict from"):
        app(["run", "patron.toml", "--out", "out", "-q"], standalone_mode=False)


def test_bytes_that_are_no_utf_8_are_read_and_it_is_said(tmp_path: Path) -> None:
    write("t.csv", as_csv(good()).replace(b'"c17"', b'"M\xfcller17"'))
    ended = patron("audit", "patron.toml", "--fail-on", "never", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "  encoding latin-1 (not UTF-8)\n" in ended.stdout


def test_html_in_names_is_text_in_every_page(tmp_path: Path) -> None:
    write("t.parquet", as_parquet(good().rename_columns(["customer", *HTML, "bought"])))
    never = ("--fail-on", "never", "-q")
    for words in (("audit", "patron.toml", "--out", "found", *never), (*COMMANDS["run"], "-q")):
        ended = patron(*words, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
    for page in (Path("found/audit.html"), Path("out/report.html")):
        text = page.read_text()
        assert not any(name in text for name in HTML)
        assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in Path("out/report.html").read_text()


def test_very_many_columns_take_a_sensible_time() -> None:
    rng, table = np.random.default_rng(0), good().select(["customer", "bought"])
    wide = {f"c{n}": rng.poisson(2, ROWS) if n % 3 else rng.random(ROWS) for n in range(2_500)}
    for name, values in wide.items():
        table = table.append_column(name, pa.array(values))
    write("t.csv", as_csv(table.slice(0, 250)))
    before = time.process_time()
    app(["audit", "patron.toml", "-q", "--fail-on", "never"], standalone_mode=False)
    # About 10 s; it was a minute when the time to read them grew with their square.
    assert time.process_time() - before < 30
