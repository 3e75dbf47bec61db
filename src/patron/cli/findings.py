"""What `patron audit` says: one line a finding, or one finding in full."""

__all__ = ["asked_for", "show_audit", "show_explained"]

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from patron.cli.terminal import SIGNS, coloured, printable, say, show_reading, some
from patron.errors import UserError, nearest

if TYPE_CHECKING:
    from patron.audit import Finding
    from patron.audit_path import AuditRun
    from patron.examine import Examined

WIDEST = 100
MOST_COLUMNS = 3
Asked = tuple[str, str | None]


def asked_for(explain: str) -> Asked:
    """CODE or CODE:column, as a code that exists and a column.

    Raises
    ------
    UserError
        There is no such check.
    """
    from patron.audit import known_code

    code, colon, column = explain.partition(":")
    return known_code(code.upper(), "--explain"), column if colon else None


def show_audit(run: "AuditRun") -> None:
    """How much was found; each finding in a line, worst first; then the other checks."""
    audit, examined = run.examined.audit, run.examined
    _show_head(run)
    for found in audit.findings:
        _show_line(found, examined)
    if audit.findings:
        say("One of them with its evidence: --explain CODE.")
    clean = [str(each["code"]) for each in audit.outcomes if each["outcome"] == "silent"]
    if clean:
        _say_wrapped(f"{some(len(clean), 'check')} found nothing: {', '.join(clean)}.")
    unsaid: dict[str, list[str]] = {}
    for each in audit.outcomes:
        if each["outcome"] == "cannot say":
            unsaid.setdefault(str(each["because"]), []).append(str(each["code"]))
        elif each["outcome"] == "ignored":
            _say_wrapped(f"{each['code']} is not asked: {each['because']}.")
    for because, codes in unsaid.items():
        _say_wrapped(f"{', '.join(codes)} cannot say, because {because}.")
    if run.results["ladder"]:
        from patron.report.brief import told_by_ladder

        for sentence in told_by_ladder(run.results["ladder"]):
            _say_wrapped(sentence)


def show_explained(run: "AuditRun", asked: Asked) -> None:
    """The findings of one check in full, or why it has none; perhaps for one column only."""
    code, column = asked
    findings = [found for found in run.examined.audit.findings if found.code == code]
    named = sorted({name for found in findings for name in found.columns})
    if column is not None and column not in named:
        guess = nearest(column, named)
        hint = f' The nearest is "{guess}".' if guess else ""
        there = f" It names {', '.join(named)}." if named else " It names no column."
        raise UserError(f'{code} says nothing of the column "{column}".{hint}{there}')
    for found in findings:
        if column is None or column in found.columns:
            _show_whole(found, run.examined)
    for each in run.examined.audit.outcomes:
        if each["code"] == code and each["outcome"] != "finding":
            because = f", because {each['because']}" if each["because"] else ""
            said = {"silent": "found nothing", "ignored": "is not asked"}
            what = said.get(str(each["outcome"]), str(each["outcome"]))
            say(f"{code} ({each['title']}) {what}{because}.")
    say(f"More: {_page(code)}")


def _show_head(run: "AuditRun") -> None:
    table = run.customers.table
    count = _counted(Counter(found.severity.value for found in run.examined.audit.findings))
    size = f"{some(table.num_rows, 'row')}, {some(table.num_columns, 'column')}"
    _say_wrapped(f"{run.customers.name}: {size}; {count}.")
    show_reading(run.customers.notes, run.customers.dropped)
    for source, change in run.examined.changes:
        if source == "study":
            say(f"  mended as [[fixes]] asks: {change.sentence}")


def _show_line(found: "Finding", examined: "Examined") -> None:
    """Sign, severity, code, what and where, and whether there is a fix; on a terminal one line."""
    severity = found.severity.value
    columns = list(found.columns[:MOST_COLUMNS])
    if len(found.columns) > MOST_COLUMNS:
        columns.append(f"{len(found.columns) - MOST_COLUMNS} more")
    told = found.in_short.rstrip(".")
    if found.columns and not any(name in told for name in found.columns):
        told = f"{', '.join(columns)}: {told}"
    told = printable(told)
    fix = f"[{_fix_state(found, examined)}]"
    sign, code = f"{SIGNS[severity]} {severity}", f"{'':<{7 - len(severity)}}  {found.code}  "
    if sys.stdout.isatty():
        room = _width() - len(sign + code + fix) - 1
        told = told if len(told) <= room else told[: max(room - 1, 8)].rstrip() + "…"
    say(f"{code}{told} {fix}", coloured(sign, severity))


def _fix_state(found: "Finding", examined: "Examined") -> str:
    if found.fix is None:
        return "no fix"
    return "run fixes it" if examined.was_applied(found) else "fix proposed"


def _show_whole(found: "Finding", examined: "Examined") -> None:
    from patron.report.numbers import these
    from patron.report.tables import evidence_rows, evidence_tables, picture_rows

    severity = found.severity.value
    head = coloured(f"{SIGNS[severity]} {severity}", severity)
    rows = "" if found.rows is None else f" ({some(found.rows, 'row')})"
    say(f"  {found.code}  {found.title}{rows}", head)
    if found.columns:
        _say_below(f"Columns: {', '.join(found.columns)}")
    _say_below(found.meaning)
    evidence = found.to_dict()["evidence"]
    lines = evidence_rows(evidence)
    widest = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        say(f"      {name:<{widest}}  {value}")
    for name, heads, table in evidence_tables(evidence):
        say(f"      {name}: {', '.join(heads)}")
        for row in table:
            say(f"        {'  '.join(row)}")
    for line in picture_rows(evidence.get("picture")):
        say(f"      {line}".rstrip())
    _say_below(f"Next: {found.next_step}")
    if found.fix is not None:
        named = these(found.fix.columns, at_most=6) if found.fix.columns else ""
        what = f"{found.fix.operation.replace('_', ' ')} {named}"
        given = ", ".join(f"{name} = {value}" for name, value in found.fix.arguments.items())
        applied = examined.was_applied(found)
        how = "patron run applies it" if applied else 'applied if [audit] apply = "all"'
        _say_below(f"Fix: {what.strip()}{f' with {given}' if given else ''} ({how}).")
    say("")


def _page(code: str) -> str:
    from patron.audit import PAGES

    return f"docs/checks/{PAGES[code[0]]}.md#{code.lower()}"


def _counted(severities: Mapping[str, int]) -> str:
    """How many findings of each severity, in words.

    >>> _counted({"serious": 1, "note": 2})
    '1 serious finding, 2 notes'
    >>> _counted({})
    'no findings'
    """
    names = {"serious": "serious finding", "warning": "warning", "note": "note"}
    parts = [some(severities[kind], name) for kind, name in names.items() if severities.get(kind)]
    return ", ".join(parts) or "no findings"


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _say_below(text: str) -> None:
    """A paragraph below a headline; on a terminal, as wide as that."""
    _say_wrapped(text, indent=" " * 4)


def _say_wrapped(text: str, indent: str = "") -> None:
    lines = [indent + text]
    if sys.stdout.isatty():
        wide = textwrap.TextWrapper(
            _width(), initial_indent=indent, subsequent_indent=indent or "  "
        )
        lines = wide.wrap(printable(text))
    for line in lines:
        say(line)
