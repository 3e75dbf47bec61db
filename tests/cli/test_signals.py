"""A command that is ended from outside leaves the old output or the new one, and nothing else."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import COMMAND, ENDED, contents, done, environment


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop on which the models take seconds."""
    folder = tmp_path_factory.mktemp("big")
    done("worlds", "corner", "--rows", 20_000, "--out", "shop", cwd=folder)
    return folder / "shop"


def end(
    words: list[str], cwd: Path, number: signal.Signals, when: Callable[[], bool]
) -> tuple[int, str, str, float]:
    """Start `patron`, send it a signal when it is time; exit code, outputs, seconds to the end."""
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        latest = time.monotonic() + 60
        while not when():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < latest
            time.sleep(0.02)
        process.send_signal(number)
        sent = time.monotonic()
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err, time.monotonic() - sent
    finally:
        process.kill()


def hidden(folder: Path, seconds: float = 0.0) -> Callable[[], bool]:
    """Whether a command is at work on something hidden in `folder`, and has been so long."""
    since: list[float] = []

    def at_work() -> bool:
        if not since and any(path.name.startswith(".") for path in folder.iterdir()):
            since.append(time.monotonic())
        return bool(since) and time.monotonic() >= since[0] + seconds

    return at_work


@pytest.mark.parametrize(
    ("number", "name", "code", "seconds"),
    [
        (signal.SIGINT, "Ctrl-C", 130, 2.5),  # while the models are fitted
        (signal.SIGTERM, "SIGTERM", 143, 0.0),  # while the table is read
        (signal.SIGHUP, "SIGHUP", 129, 0.0),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_a_run_that_is_ended_leaves_the_old_output(
    big: Path,
    shop: Path,
    tmp_path: Path,
    number: signal.Signals,
    name: str,
    code: int,
    seconds: float,
) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "old")  # a link is followed, and stays
    (tmp_path / "old" / "bundle").mkdir(parents=True)
    for file in ("report.html", "results.json"):
        (tmp_path / "old" / file).write_text("the old one")
    before = contents(tmp_path)
    words = ["run", str(big / "patron.toml"), "--out", "out"]
    ended, out, err, wait = end(words, tmp_path, number, hidden(tmp_path, seconds))
    assert (ended, out, err) == (code, "", ENDED.format(name))
    assert contents(tmp_path) == before
    assert wait < 10


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_scoring_that_is_ended_leaves_the_old_scores(
    big: Path, bundle: Path, tmp_path: Path, number: signal.Signals, name: str, code: int
) -> None:
    (tmp_path / "scores.csv").write_text("the old scores")
    before = contents(tmp_path)
    # With reasons, so that it takes a while.
    table = str(big / "table.parquet")
    words = ["score", str(bundle), table, "--out", "scores.csv", "--reasons", "--threads", "1"]
    ended, out, err, _ = end(words, tmp_path, number, hidden(tmp_path))
    assert (ended, out, err) == (code, "", ENDED.format(name))
    assert contents(tmp_path) == before


def test_a_server_that_is_terminated_says_so(bundle: Path, tmp_path: Path) -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)

    def listens() -> bool:
        try:
            return b"listens" in os.read(read, 1000)
        except BlockingIOError:
            return False

    script = f'exec "$0" -u -m patron serve {bundle} --port 0 >&{write}'
    process = subprocess.Popen(
        ["bash", "-c", script, COMMAND[0]],
        env=environment(),
        pass_fds=[write],
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    try:
        latest = time.monotonic() + 60
        while not listens():
            assert time.monotonic() < latest
            time.sleep(0.02)
        process.terminate()
        assert process.communicate(timeout=20)[1] == ENDED.format("SIGTERM")
        assert process.returncode == 143
    finally:
        process.kill()
        os.close(read)


def test_what_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    """As `nohup` does: the terminal may be closed while the work goes on."""
    work = '"$0" -m patron worlds corner --rows 100 --out shop'
    script = f'trap "" HUP; {work} & sleep 0.3; kill -HUP $!; wait $!'
    subprocess.run(["bash", "-c", script, COMMAND[0]], cwd=tmp_path, check=True, timeout=60)
    assert "shop/patron.toml" in contents(tmp_path)
