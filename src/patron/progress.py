"""Progress of long work, and a stopwatch for its stages."""

__all__ = ["Progress", "Stage", "Stopwatch", "silent"]

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Stage(Protocol):
    """One piece of long work."""

    def advance(self, steps: int) -> None:
        """Say that `steps` more (rows, folds, columns) are done."""


class Progress(Protocol):
    """Shows how long work goes on; the command line has one, tests and servers are silent."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Open the stage `name`; `total` is how many steps it will take, if that is known."""


class _Silence:
    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:  # noqa: ARG002
        yield self

    def advance(self, steps: int) -> None:
        pass


def silent() -> Progress:
    """The progress that shows nothing."""
    return _Silence()


@dataclass
class Stopwatch:
    """Wall and CPU seconds of each stage, passed on to the progress that is shown.

    CPU seconds are those of this process and of the children that it has waited for.
    """

    shown: Progress = field(default_factory=silent)
    stages: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Open a stage, time it, and show it."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        with self.shown.stage(name, total) as stage:
            yield stage
        self.stages.append(
            {
                "stage": name,
                "seconds": round(time.perf_counter() - wall, 3),
                "cpu_seconds": round(_cpu_seconds() - cpu, 3),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The `timing` section of the results; memory in megabytes (10^6 bytes)."""
        return {
            "stages": self.stages,
            "seconds": round(sum(stage["seconds"] for stage in self.stages), 3),
            "cpu_seconds": round(sum(stage["cpu_seconds"] for stage in self.stages), 3),
            "peak_memory_mb": round(_peak_bytes() / 1e6, 1),
        }


def _cpu_seconds() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
