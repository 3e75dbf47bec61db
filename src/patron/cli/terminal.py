"""What the commands show: progress while they work, then the result, then where it is."""

__all__ = ["say", "show_audit", "show_run", "shown", "warn"]

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from patron.progress import Progress, Stage, silent

if TYPE_CHECKING:
    from patron.customers import Customers
    from patron.examine import Examined
    from patron.pipeline import Run

_STYLES = {"serious": "bold red", "warning": "yellow", "note": "dim"}


def say(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """One line on what the user should know, apart from the result."""
    sys.stderr.write(f"patron: {text}\n")


def shown(quiet: bool) -> Progress:
    """Progress on the terminal; silent if asked for, or if nobody looks."""
    return silent() if quiet or not sys.stderr.isatty() else _Bars()


class _Bars:
    """A line a stage: its name, how far it is, how fast, and how long it took."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True)
        self.depth = 0

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        if self.depth:  # within another stage: its line goes on
            yield _Steps(None)
            return
        columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}")]
        if total:
            columns += [BarColumn(), TextColumn("{task.fields[rate]}")]
        columns.append(TimeElapsedColumn())
        self.depth += 1
        try:
            with Progress(*columns, console=self.console, transient=True) as bars:
                yield _Steps(bars, bars.add_task(name, total=total, rate=""))
        finally:
            self.depth -= 1


class _Steps:
    def __init__(self, bars: Any, task: Any = None) -> None:
        self.bars = bars
        self.task = task

    def advance(self, steps: int) -> None:
        if self.bars is not None:
            self.bars.advance(self.task, steps)
            speed = self.bars.tasks[0].speed
            self.bars.update(self.task, rate=f"{speed:,.0f} a second" if speed else "")


def show_audit(customers: "Customers", examined: "Examined") -> None:
    """The findings, worst first, one line each with its next step."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    table = customers.table
    console.print(f"{customers.name}: {table.num_rows:,} rows, {table.num_columns} columns.")
    for _, change in examined.changes:
        console.print(f"fixed: {change.sentence}")
    for found in examined.audit.findings:
        style = _STYLES[found.severity]
        head = f"{found.severity.value.upper():8}{found.code}  {found.title}"
        where = f" ({', '.join(found.columns)})" if found.columns else ""
        console.print(Text(head + where, style=style))
        console.print(Text(f"            {found.meaning}"))
        console.print(Text(f"            Next: {found.next_step}"))
    silent_checks = [each for each in examined.audit.outcomes if each["outcome"] == "silent"]
    if not examined.audit.findings:
        console.print(f"{len(silent_checks)} checks found nothing.")
    for outcome in examined.audit.outcomes:
        if outcome["outcome"] == "cannot say":
            console.print(Text(f"{outcome['code']} cannot say: {outcome['because']}", style="dim"))


def show_run(done: "Run") -> None:
    """The result first, then where it is."""
    from patron.estimate import Estimate

    results = done.results
    purchase = results["purchase"]

    def figure(name: str, spec: str = ".3f") -> str:
        return format(Estimate.from_dict(purchase[name]), spec)

    held = purchase["split"]["holdout_rows"]
    say(f"Who will buy ({purchase['target']}), tested on {held:,} held-out rows:")
    say(f"  ranks customers (ROC-AUC)    {figure('roc_auc')}")
    say(f"  best F1                      {figure('f1')} at {purchase['threshold']['value']:.3f}")
    say(f"  lift in the best 10 of 100   {figure('lift_at_10', '.2f')}")
    say(f"  calibration error            {figure('ece', '.4f')}")
    best = purchase["best_possible"]
    if best is not None:
        say(f"  the best possible ROC-AUC    {Estimate.from_dict(best['roc_auc'])}")
    say(f"  model: {purchase['model']['title']}")
    for found in results["findings"]:
        columns = f" ({', '.join(found['columns'])})" if found["columns"] else ""
        fixed = "fixed" if found["applied"] else "not fixed"
        say(f"  {found['severity']}: {found['code']} {found['title']}{columns}, {fixed}")
    say(f"Open {done.folder / 'report.html'}; the model is in {done.folder / 'bundle'}.")
