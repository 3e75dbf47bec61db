"""Bars: progress of long work on a terminal."""

__all__ = ["shown"]

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from patron.cli.ending import check
from patron.cli.terminal import printable
from patron.progress import Progress, Stage, silent


def shown(quiet: bool) -> Progress:
    """Progress on the terminal; silent if asked for, or if nobody looks."""
    return _Endable(silent() if quiet or not sys.stderr.isatty() else _Bars())


class _Endable:
    """Each step is a chance to end."""

    def __init__(self, shown: Progress) -> None:
        self.shown = shown

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        check()
        with self.shown.stage(name, total) as stage:
            yield _EndableStage(stage)
            check()


@dataclass(frozen=True)
class _EndableStage:
    shown: Stage

    def advance(self, steps: int) -> None:
        self.shown.advance(steps)
        check()


class _Bars:
    """A line for each open stage: its name, how far it is, how fast, and how long it has taken.

    A line goes when its stage ends: what stays on the terminal is the result.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.lines = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        if not self.lines.tasks:
            self.lines.start()
        line = self.lines.add_task(printable(name), total=total, rate="")
        try:
            yield _Steps(self.lines, line)
        finally:
            if len(self.lines.tasks) == 1:
                self.lines.stop()
            self.lines.remove_task(line)


class _Steps:
    def __init__(self, lines: Any, line: Any) -> None:
        self.lines = lines
        self.line = line

    def advance(self, steps: int) -> None:
        self.lines.advance(self.line, steps)
        speed = next(task.speed for task in self.lines.tasks if task.id == self.line)
        self.lines.update(self.line, rate=f"{speed:,.0f} a second" if speed and speed > 10 else "")
