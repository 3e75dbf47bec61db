"""The real command in a process of its own, and one run that the tests share."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

COMMAND = (sys.executable, "-m", "patron")
ENDED = "patron: ended by {}; nothing was left half written.\n"
TARGET = "purchased_next_30d"


def environment(**more: str) -> dict[str, str]:
    """This process's, less what changes how a terminal looks."""
    dropped = ("NO_COLOR", "COLUMNS", "PYTHONIOENCODING", "FORCE_COLOR", "TTY_COMPATIBLE")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"OMP_NUM_THREADS": "1", "TERM": "xterm-256color"} | more


def patron(
    *words: object, cwd: Path, command: Sequence[str] = COMMAND, **more: str
) -> subprocess.CompletedProcess[str]:
    """`patron …` as a user calls it, in the folder `cwd`; `more` goes to the environment."""
    return subprocess.run(
        [*command, *map(str, words)],
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def done(*words: object, cwd: Path, **more: str) -> str:
    """What a command prints that must end with 0 and say nothing on stderr."""
    ended = patron(*words, cwd=cwd, **more)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, hidden ones too, with its bytes; folders with none."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small world in `shop`; to be read only."""
    folder = tmp_path_factory.mktemp("cli")
    done("worlds", "corner", "--rows", 1500, "--seed", 4, "--out", "shop", cwd=folder)
    return folder


@pytest.fixture(scope="session")
def shop(world: Path) -> Path:
    """The same folder with a run on the world in `out`; to be read only."""
    words = ("shop/patron.toml", "--out", "out", "--seed", 7, "--threads", 2)
    said = done("run", *words, cwd=world)
    (world / "run.txt").write_text(said)
    return world


@pytest.fixture
def bundle(shop: Path) -> Path:
    return shop / "out" / "bundle"


@pytest.fixture
def table(world: Path) -> Path:
    return world / "shop" / "table.parquet"


@pytest.fixture
def study(world: Path) -> Path:
    return world / "shop" / "patron.toml"


@pytest.fixture(scope="session")
def leaky(tmp_path_factory: pytest.TempPathFactory, world: Path) -> Path:
    """A folder with the Study of a narrow table, one column of which is the answer."""
    folder = tmp_path_factory.mktemp("leaky")
    columns = ["customer_id", "age", "sessions_30d", "orders_90d", TARGET]
    table = pq.read_table(world / "shop" / "table.parquet", columns=columns).slice(0, 600)
    pq.write_table(table.append_column("parcel_sent", table[TARGET]), folder / "table.parquet")
    (folder / "patron.toml").write_text((world / "shop" / "patron.toml").read_text())
    return folder
