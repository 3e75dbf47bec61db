"""What the commands say on the terminal: the result first, then where it is."""

__all__ = ["say", "show_audit", "show_reading", "show_run", "warn"]

import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patron.audit import Finding
    from patron.customers import Customers
    from patron.examine import Examined
    from patron.pipeline import Run

_SIGNS = {"serious": "■", "warning": "▲", "note": "●"}
_COLOURS = {"serious": "\033[1;31m", "warning": "\033[33m", "note": "\033[36m"}
_ANSWERS = {"cannot say": "cannot say, because", "ignored": "is not asked:"}
_PLAIN = "\033[0m"
_WIDEST = 100


def say(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """One line on what the user should know, apart from the result."""
    sys.stderr.write(f"patron: {text}\n")


def show_audit(customers: "Customers", examined: "Examined") -> None:
    """How much was found; each finding, worst first; then the other checks."""
    table, audit = customers.table, examined.audit
    count = _counted(Counter(found.severity.value for found in audit.findings))
    say(f"{customers.name}: {table.num_rows:,} rows, {table.num_columns} columns; {count}.")
    show_reading(customers.notes, customers.dropped)
    for source, change in examined.changes:
        if source == "study":
            say(f"  mended as [[fixes]] asks: {change.sentence}")
    for found in audit.findings:
        say("")
        _show_finding(found, applied=examined.was_applied(found))
    if audit.findings:
        say("")
    clean = [str(each["code"]) for each in audit.outcomes if each["outcome"] == "silent"]
    if clean:
        say(f"{_some(len(clean), 'check')} found nothing: {', '.join(clean)}.")
    for each in audit.outcomes:
        if each["outcome"] in ("cannot say", "ignored"):
            say(f"{each['code']} {_ANSWERS[each['outcome']]} {each['because']}.")


def show_reading(notes: Iterable[str], dropped: Iterable[Mapping[str, Any]]) -> None:
    """What was detected on reading, and which lines were left out."""
    for note in notes:
        say(f"  {note.rstrip('.')}")
    for rule in dropped:
        if rule["rows"]:
            say(f"  left out {rule['rows']:,} lines: {rule['rule']}")


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
    best = purchase["best_possible"]
    if best is not None:
        say(f"  the best possible ROC-AUC    {Estimate.from_dict(best['roc_auc'])}")
    say(f"  best F1                      {figure('f1')} at {purchase['threshold']['value']:.3f}")
    say(f"  lift in the best 10 of 100   {figure('lift_at_10', '.2f')}")
    say(f"  calibration error            {figure('ece', '.4f')}")
    say(f"  model                        {purchase['model']['title']}")
    say(f"  (in brackets the interval, {100 * purchase['roc_auc']['level']:.3g} %)")
    for found in results["findings"]:
        fixed = "fixed" if found["applied"] else "not fixed"
        sign, severity = _SIGNS[found["severity"]], found["severity"]
        head = _coloured(f"{sign} {severity}", severity)
        say(f"{head}  {found['code']}  {_headline(found['title'], found['columns'])} ({fixed})")
    say(f"Open {done.folder / 'report.html'}; the model is in {done.folder / 'bundle'}.")


def _show_finding(found: "Finding", *, applied: bool) -> None:
    severity = found.severity.value
    head = _coloured(f"{_SIGNS[severity]} {severity:<7}", severity)
    say(f"{head}  {found.code}  {_headline(found.title, found.columns)}")
    _say_below(found.meaning)
    _say_below(f"Next: {found.next_step}")
    if found.fix is not None:
        what = " ".join([found.fix.operation.replace("_", " "), ", ".join(found.fix.columns)])
        how = "patron run applies it" if applied else 'applied if [audit] apply = "all"'
        _say_below(f"Fix: {what.strip()} ({how}).")


def _headline(title: str, columns: Iterable[str]) -> str:
    return ": ".join(part for part in (title, ", ".join(columns)) if part)


def _counted(severities: Mapping[str, int]) -> str:
    """How many findings of each severity, in words.

    >>> _counted({"serious": 1, "note": 2})
    '1 serious finding, 2 notes'
    >>> _counted({})
    'no findings'
    """
    names = {"serious": "serious finding", "warning": "warning", "note": "note"}
    parts = [_some(severities[kind], name) for kind, name in names.items() if severities.get(kind)]
    return ", ".join(parts) or "no findings"


def _some(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _say_below(text: str) -> None:
    """A paragraph below a headline; on a terminal, as wide as that."""
    indent = " " * 4
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        say(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent))
    else:
        say(indent + text)


def _coloured(text: str, severity: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"{_COLOURS[severity]}{text}{_PLAIN}"
