"""What only a terminal gets: progress, colour, lines that fit; and what a pipe gets instead."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .conftest import COMMAND, environment, patron


def on_terminal(*words: object, cwd: Path, columns: int = 80, **more: str) -> tuple[int, str]:
    """The exit code, and all that the command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text = b"".join(_read(ours)).decode()
    os.close(ours)
    return process.wait(timeout=120), text.replace("\r\n", "\n")


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(descriptor, 65_536)
        except OSError:  # Linux says so when the other side has closed
            return
        if not part:
            return
        yield part


def test_a_terminal_sees_each_stage_and_then_the_result_alone(leaky: Path) -> None:
    code, text = on_terminal("run", "patron.toml", "--out", "out", "--threads", 1, cwd=leaky)
    assert code == 0
    for stage in (
        "read the table",
        "audit",
        "fit the models",
        "cross-fit boosted trees",
        "evidence",
    ):
        assert f" {stage} " in text
    assert re.search(r"\d:\d\d:\d\d", text)
    result = text[text.index("Who will buy") :]
    assert "\033[1;31m■ serious\033[0m  L01" in result
    assert "\033[?25h" in text[: text.index("Who will buy")]  # the cursor is back


def test_a_pipe_sees_neither_progress_nor_colour(leaky: Path) -> None:
    ended = patron("audit", "patron.toml", cwd=leaky)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "\033" not in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) > 100  # no line is broken or cut


def test_a_terminal_gets_colour_and_lines_that_fit(leaky: Path) -> None:
    code, text = on_terminal("audit", "patron.toml", cwd=leaky, columns=60)
    assert code == 1
    result = text[text.index("table.parquet:") :].splitlines()
    [line] = [each for each in result if "L01" in each and "■" in each]
    assert line.startswith("\033[1;31m■ serious\033[0m  L01  parcel_sent is practically")
    assert line.endswith("… [run fixes it]")
    assert max(len(re.sub(r"\033\[[\d;]*m", "", each)) for each in result) <= 60


def test_what_is_explained_at_length_fits_as_well(leaky: Path) -> None:
    _, text = on_terminal("audit", "patron.toml", "--explain", "L01", cwd=leaky, columns=60)
    paragraph = [line for line in text.splitlines() if re.match(r" {4}\S", line)]
    assert len(paragraph) > 4
    assert max(map(len, paragraph)) <= 60


def test_no_colour_where_it_is_not_wanted(leaky: Path) -> None:
    _, text = on_terminal("audit", "patron.toml", cwd=leaky, NO_COLOR="1")
    assert "■ serious  L01" in text


def test_quiet_is_quiet_on_a_terminal_too(leaky: Path) -> None:
    assert on_terminal("audit", "patron.toml", "--quiet", cwd=leaky) == (1, "")


def test_a_reader_that_leaves_early_ends_it_quietly(leaky: Path) -> None:
    shell = '"$0" -m patron audit patron.toml --fail-on never | true; echo "${PIPESTATUS[0]}"'
    ended = subprocess.run(
        ["bash", "-c", shell, sys.executable],
        cwd=leaky,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_signs_that_an_old_terminal_does_not_have_are_no_fault(leaky: Path) -> None:
    ended = patron("audit", "patron.toml", cwd=leaky, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "? serious  L01" in ended.stdout


def test_a_table_with_brackets_in_its_name_is_shown_as_it_is(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": range(20)}), tmp_path / "[bold]x.parquet")
    (tmp_path / "s.toml").write_text('[table]\npath = "[bold]x.parquet"\n')
    ended = patron("audit", "s.toml", cwd=tmp_path)
    assert ended.stdout.startswith("[bold]x.parquet: 20 rows, 1 column; ")
