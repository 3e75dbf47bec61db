"""The audit as one function: from a Study to findings, `audit.json` and `audit.html`."""

__all__ = ["AuditRun", "as_json", "audit", "is_audit"]

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron import __version__
from patron.audit import Finding, Severity, fixes_to_apply
from patron.audit.claims import parse_claim
from patron.customers import Customers, load_customers
from patron.errors import DataError
from patron.examine import Examined, examine
from patron.models.ladder import ladder
from patron.progress import Progress, silent
from patron.report import render_audit
from patron.report.collect import collect_audit
from patron.study import Study
from patron.study.fixes import with_fixes
from patron.tables import new_folder, open_source, write_text

FILES = ("audit.json", "audit.html")


@dataclass(frozen=True)
class AuditRun:
    """What an audit found.

    Parameters
    ----------
    customers, examined : the table as it came, and what the audit said of it.
    results : `audit.json`, as docs/results.md has it.
    """

    customers: Customers
    examined: Examined
    results: dict[str, Any]

    def fails(self, gate: str) -> bool:
        """Whether there are findings from the severity `gate` on; "never" is never."""
        return gate != "never" and bool(self.examined.audit.at_least(Severity(gate)))

    def study_with_fixes(self, study: Study, text: str) -> tuple[str, int]:
        """The Study's own `text` with the proposed fixes that it lacks, and how many those are.

        Each stands under its finding, in the order in which a run would apply them.
        """
        findings = self.examined.audit.findings
        fixes = fixes_to_apply(findings, "all")
        told = [
            (_comment(next(f for f in findings if f.fix and f.fix.same_as(fix))), fix.to_dict())
            for fix in fixes
        ]
        new = with_fixes(study, text, told)
        return new, len(tomllib.loads(new.removeprefix("\ufeff")).get("fixes", ())) - len(
            study.fixes
        )


def audit(
    study: Study,
    *,
    out: str | Path | None = None,
    against: Iterable[Any] = (),
    claim: str | None = None,
    created: datetime,
    progress: Progress | None = None,
) -> AuditRun:
    """Audit the Study's table; with `out`, climb the ladder and write audit.json and audit.html.

    Parameters
    ----------
    against : further tables (paths, URLs or tables in memory) that should share no customer with
        the Study's.
    claim : a score that somebody promises, such as "accuracy 0.95".
    created : the moment that the results are dated by.

    Raises
    ------
    UserError
        The Study, a table, the claim or `out` does not allow it; nothing is written then.
    """
    progress = progress or silent()
    if claim is not None:
        parse_claim(claim)  # a mistake in it is said before the work, not after
    with progress.stage("read the table"):
        customers = load_customers(study)
        others = _others(study, customers, against)
    examined = examine(customers, study, others=others, claim=claim, progress=progress)
    results = _results(study, customers, examined, created, tuple(others), claim)
    if out is not None:
        with progress.stage("ladder"):
            results["ladder"] = ladder(examined, customers, study)
        with new_folder(out, replaces=_is_audit) as folder:
            write_text(folder / "audit.json", as_json(results))
            write_text(folder / "audit.html", render_audit(results))
    return AuditRun(customers, examined, results)


def as_json(results: dict[str, Any]) -> str:
    """The text of an audit.json."""
    return json.dumps(results, indent=1, allow_nan=False, default=str) + "\n"


def is_audit(file: Path) -> bool:
    """Whether an audit wrote this file, as far as its content tells."""
    try:
        with file.open("rb") as opened:
            if opened.read(1) != b"{":  # a table may be large
                return False
        written = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(written, dict) and {"findings", "checks", "apply"} <= written.keys()


def _results(
    study: Study,
    customers: Customers,
    examined: Examined,
    created: datetime,
    against: tuple[str, ...],
    claim: str | None,
) -> dict[str, Any]:
    sections = collect_audit(customers, examined, study)
    return {
        "format": 1,
        "patron_version": __version__,
        "created": created.isoformat(timespec="seconds"),
        "study": {"path": study.path.name if study.path else None, "seed": study.run.seed},
        "table": sections["table"],
        "against": list(against),
        "claim": claim,
        "findings": sections["findings"],
        "checks": sections["audit"]["checks"],
        "apply": sections["audit"]["apply"],
        "fixes": sections["fixes"],
        "ladder": [],
    }


def _others(study: Study, customers: Customers, against: Iterable[Any]) -> dict[str, pa.Table]:
    """The further tables by name, with the columns that the customers' table has as well."""
    section, path = (
        (study.table, study.table_path) if study.table else (study.events, study.events_path)
    )
    others: dict[str, pa.Table] = {}
    for source in against:
        alike = Path(str(path)).suffix == Path(str(source)).suffix
        opened = open_source(source, **(section.format.options() if section and alike else {}))
        shared = [name for name in opened.schema.names if name in customers.table.column_names]
        name, whole = opened.name, customers.name
        if name == whole and isinstance(source, str | Path) and "://" not in str(source):
            name, whole = str(source), str(path)
        if not shared:
            raise DataError(
                f"{name} has none of the columns of {whole}; name a table that is made like it, "
                "such as the test set of the same model."
            )
        name = name if name not in others else f"{name} ({len(others) + 1})"
        others[name] = opened.read(shared)
    return others


def _comment(finding: Finding) -> str:
    """What stands over a written fix: the finding in a line, its evidence, and what to weigh."""
    columns = f": {', '.join(finding.columns)}" if finding.columns else ""
    lines = [f"{finding.code} ({finding.severity}): {finding.title}{columns}"]
    lines += [finding.in_short]
    if finding.severity is not Severity.SERIOUS:
        lines += [f"Look before you keep it: {finding.next_step}"]
    return "\n".join(lines)


def _is_audit(folder: Path) -> bool:
    """Whether all that the folder holds was written by an audit, as far as it tells."""
    names = {each.name for each in folder.iterdir()}
    return names <= set(FILES) and is_audit(folder / "audit.json")
