"""`import patron` and `patron --help` are quick, and load nothing that they do not need."""

import resource
import statistics
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

LIMIT_SECONDS = 0.3
PATRON = Path(sysconfig.get_path("scripts")) / "patron"
COMMANDS = {
    "import patron": [sys.executable, "-c", "import patron"],
    "patron --help": [str(PATRON), "--help"],
}
HEAVY = (
    "duckdb",
    "flask",
    "ibis",
    "jinja2",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "sklearn",
    "waitress",
)


def cpu_seconds(command: list[str]) -> float:
    """User and system seconds of one run; the wall clock would measure the machine's other work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("name", COMMANDS)
def test_it_starts_quickly(name: str) -> None:
    seconds = statistics.median(cpu_seconds(COMMANDS[name]) for _ in range(5))
    assert seconds < LIMIT_SECONDS


@pytest.mark.parametrize("name", COMMANDS)
def test_it_loads_nothing_heavy(name: str) -> None:
    """`-X importtime` names on stderr every module that is imported."""
    command = [sys.executable, "-X", "importtime", *COMMANDS[name][-2:]]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in run.stderr.splitlines()}
    assert "patron" in loaded
    assert loaded.isdisjoint(HEAVY), sorted(loaded.intersection(HEAVY))
