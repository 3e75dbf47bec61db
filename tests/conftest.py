"""What all tests share: the record of evidence that `make truth` writes into the docs."""

import datetime as dt
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

START, END = "<!-- evidence:start -->", "<!-- evidence:end -->"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--evidence", metavar="FILE", help="write the tests' figures into FILE")


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    target = config.getoption("--evidence")
    if target and not hasattr(config, "workerinput"):  # with xdist, only the process that collects
        config.pluginmanager.register(_Writer(Path(target)))


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a figure: `evidence("coverage of roc_auc, n = 400", 0.951, "2,000 draws")`."""

    def record(name: str, figure: object, note: str = "") -> None:
        text = format(figure, ".4g") if isinstance(figure, float) else str(figure)
        request.node.user_properties.append(("evidence", (name, text, note)))

    return record


class _Writer:
    """Collects the figures of the tests and writes them when all of them passed."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.rows: list[tuple[str, str, str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            rows: list[Any] = [row for key, row in report.user_properties if key == "evidence"]
            self.rows += [(*row, report.nodeid) for row in rows]

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self.rows:
            before, after = _around(self.target)
            self.target.write_text(f"{before}{START}\n{self._section()}{END}{after}", "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(f"{len(self.rows)} figures of evidence for {self.target}")

    def _section(self) -> str:
        today = dt.datetime.now(dt.UTC).date()
        command = shlex.join(["pytest", *sys.argv[1:]])
        lines = [f"Written on {today} by `{command}`.", ""]
        lines += ["| what | figure | how | test |", "| --- | ---: | --- | --- |"]
        lines += [
            f"| {name} | {figure} | {note} | `{test}` |"
            for name, figure, note, test in sorted(self.rows, key=lambda row: (row[3], row[0]))
        ]
        return "\n".join(lines) + "\n"


def _around(target: Path) -> tuple[str, str]:
    """The text of `target` before and after the section; all of it where there is none yet."""
    text = target.read_text("utf-8") if target.exists() else "# Evidence\n\n"
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return (before, after) if start and end else (text, "\n")
