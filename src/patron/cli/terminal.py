"""What the commands say on the terminal: the result first, then where it is."""

__all__ = [
    "SIGNS",
    "coloured",
    "printable",
    "say",
    "show_reading",
    "show_run",
    "some",
    "warn",
]

import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patron.pipeline import Run

SIGNS = {"serious": "■", "warning": "▲", "note": "●"}
_COLOURS = {"serious": "\033[1;31m", "warning": "\033[33m", "note": "\033[36m"}
_PLAIN = "\033[0m"


_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of writing, and could make a name look like another text."""


def printable(text: str, kept: str = "") -> str:
    """The text with control characters escaped: a name in a table may carry them.

    >>> print(printable("\x1b[31mred"), printable("two\\nlines"), printable("größer 'm²'"))
    \\x1b[31mred two\\nlines größer 'm²'
    """
    return "".join(
        letter.encode("unicode_escape").decode()
        if letter not in kept and (unicodedata.category(letter) == "Cc" or letter in _TURNS)
        else letter
        for letter in text
    )


def some(count: int, name: str) -> str:
    """A number with its noun.

    >>> some(1, "column"), some(2_000, "row")
    ('1 column', '2,000 rows')
    """
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def say(text: str, head: str = "") -> None:
    """One line of the result, after what stands in front of it in colour."""
    sys.stdout.write(f"{head}{printable(text)}\n")


def warn(text: str) -> None:
    """One line on what the user should know, apart from the result."""
    sys.stderr.write(f"patron: {printable(text)}\n")


def show_reading(notes: Iterable[str], dropped: Iterable[Mapping[str, Any]]) -> None:
    """What was detected on reading, and which lines were left out."""
    for note in notes:
        say(f"  {note.rstrip('.')}")
    for rule in dropped:
        if rule["rows"]:
            say(f"  left out {some(rule['rows'], 'line')}: {rule['rule']}")


def show_run(done: "Run") -> None:
    """The result first, then where it is."""
    from patron.cli.segments import show_no_segments, show_segments

    results = done.results
    if results["purchase"] is not None:
        _show_purchase(results["purchase"])
    if results["spend"] is not None:
        _show_spend(results["spend"])
    if results["segments"] is not None:
        show_segments(results["segments"], done.folder / "segments.parquet")
    elif results["study"]["sections"]["segments"] is not None:
        show_no_segments(results["segments_because"])
    for found in results["findings"]:
        if found["severity"] == "note":
            continue
        fixed = "fixed" if found["applied"] else "not fixed"
        sign, severity = SIGNS[found["severity"]], found["severity"]
        head = coloured(f"{sign} {severity}", severity)
        told = f"{found['code']}  {_headline(found['title'], found['columns'])} ({fixed})"
        say(f"  {told}", head)
    notes = sum(found["severity"] == "note" for found in results["findings"])
    if notes:
        say(f"  and {some(notes, 'note')} in the report")
    say(f"Open {done.folder / 'report.html'}; the model is in {done.folder / 'bundle'}.")


def _show_purchase(purchase: Mapping[str, Any]) -> None:
    from patron.estimate import Estimate

    def figure(name: str, spec: str = ".3f") -> str:
        return format(Estimate.from_dict(purchase[name]), spec)

    held = purchase["split"]["holdout_rows"]
    say(f"Who will buy ({purchase['target']}), tested on {held:,} held-out rows:")
    say(f"  ranks customers (ROC-AUC)    {figure('roc_auc')}")
    best = purchase["best_possible"]
    if best is not None:
        say(f"  the best possible ROC-AUC    {Estimate.from_dict(best['roc_auc'])}")
    what = "best F1" if purchase["decision"]["rule"] == "f1" else "F1     "
    say(f"  {what}                      {figure('f1')} at {purchase['threshold']['value']:.3f}")
    say(f"  lift in the best 10 of 100   {figure('lift_at_10', '.2f')}")
    chance = purchase["ece_by_chance"]["value"]
    say(f"  calibration error            {figure('ece', '.4f')}; by chance alone {chance:.4f}")
    say(f"  model                        {purchase['model']['title']}")
    say(f"  (in brackets the interval, {100 * purchase['roc_auc']['level']:.3g} %)")


def _show_spend(spend: Mapping[str, Any]) -> None:
    from patron.estimate import Estimate

    def figure(name: str, spec: str = ".3f") -> str:
        return format(Estimate.from_dict(spend[name]), spec)

    held, total = spend["split"]["holdout_rows"], spend["total"]
    spenders = spend["zero"]["rate"]["value"]
    say(f"What they will spend ({spend['target']}), tested on {held:,} held-out rows:")
    say(
        f"  all of them together         {total['expected']:,.0f} "
        f"[{total['low']:,.0f}, {total['high']:,.0f}] expected, {total['observed']:,.0f} came"
    )
    say(f"  who spends anything          {spenders:.1%}")
    say(f"  share explained (R²)         {figure('r2')}")
    if spend["best_possible"] is not None:
        best = Estimate.from_dict(spend["best_possible"]["r2"])
        say(f"  the best possible R²         {best}")
    say(f"  off by, median (MAE)         {figure('mae', ',.1f')}")
    say(f"  off by, distribution (CRPS)  {figure('crps', ',.1f')}")
    say(f"  spend in the best 10 of 100  {figure('top_10_capture')}")
    say(f"  95 % ranges cover            {figure('coverage_95')}")
    say(f"  model                        {spend['model']['title']}")
    say(f"  (in brackets the interval, {100 * spend['r2']['level']:.3g} %)")


def _headline(title: str, columns: Iterable[str]) -> str:
    return ": ".join(part for part in (title, ", ".join(columns)) if part)


def coloured(text: str, severity: str) -> str:
    """The text in the colour of a severity, on a terminal that wants colour."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"{_COLOURS[severity]}{text}{_PLAIN}"
