"""dict -> one HTML page that needs no network, no script, and no second file."""

__all__ = ["render", "render_audit"]

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from patron.report import numbers, plots
from patron.report.brief import audit_brief, brief
from patron.report.cash import cash
from patron.report.comparison_page import comparison_context
from patron.report.purchase_page import MOST_SMALL, purchase_context
from patron.report.segments_page import segments_context
from patron.report.spend_page import spend_context
from patron.report.tables import (
    besides,
    column_rows,
    evidence_rows,
    evidence_tables,
    settings,
)
from patron.report.words import SECTIONS, SEVERITIES

Results = Mapping[str, Any]


def render(results: Results) -> str:
    """The report of `docs/results.md`'s dict as one HTML page.

    Nothing is computed here that a reader could not check: the page shows the dict's numbers, and
    sentences that are derived from them. Every text from the data (column names, categories,
    notes) is escaped.
    """
    return _page("report.html", _context(results))


def render_audit(audit: Results) -> str:
    """The page of an `audit.json` (docs/results.md): the findings without a model."""
    results = {**audit, "audit": {"checks": audit["checks"], "apply": audit["apply"]}}
    return _page("audit_page.html", {**_audit_context(results), "brief": audit_brief(results)})


def _page(template: str, context: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("patron.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written = (
        numbers.count, numbers.counted, numbers.date, numbers.interval, numbers.money,
        numbers.of_100, numbers.percent, numbers.seconds, numbers.short, numbers.size,
        numbers.these, cash,
    )  # fmt: skip
    environment.filters |= {function.__name__: function for function in written}
    return environment.get_template(template).render(context)


def _audit_context(results: Results) -> dict[str, Any]:
    """What the section on the data and the audit needs."""
    worst_first = sorted(results["findings"], key=lambda f: SEVERITIES.index(f["severity"]))
    steps, checks = results["ladder"], results["audit"]["checks"]
    return {
        "results": results,
        "style": files("patron.report").joinpath("templates/report.css").read_text("utf-8"),
        "findings": [
            {
                **finding,
                "rows_of_evidence": evidence_rows(finding["evidence"]),
                "tables": evidence_tables(finding["evidence"]),
                "pictures": plots.evidence_pictures(finding, place),
                "pairs": plots.pairs(finding),
            }
            for place, finding in enumerate(worst_first, 1)
        ],
        "unanswered": [check for check in checks if check["outcome"] in ("cannot say", "ignored")],
        "silent": [check for check in checks if check["outcome"] == "silent"],
        "ladder": plots.ladder(steps) if len(steps) > 1 else None,
        "besides": besides,
        "ladder_measure": plots.measure_name(steps) if steps else None,
    }


def _context(results: Results) -> dict[str, Any]:
    purchase, spend, features = results["purchase"], results["spend"], results["features"]
    segments, comparison = results["segments"], results["comparison"]
    return {
        **_audit_context(results),
        "brief": brief(results),
        "settings": settings(results["study"]["sections"]),
        "unsaid": [
            (title, results[f"{key}_because"])
            for key, title in SECTIONS.items()
            if not results[key]
        ],
        "target": plots.target(features["target"]) if features["target"] else None,
        "features": _feature_pictures(results),
        "columns": column_rows(features["columns"]),
        "spend": spend_context(spend) if spend else None,
        "segments": segments_context(segments, comparison) if segments else None,
        "comparison": comparison_context(comparison, segments) if comparison else None,
        "kept": [],
        "cards": _cards(results),
        **(purchase_context(purchase) if purchase else {"pictures": {}}),
    }


def _cards(results: Results) -> list[dict[str, Any]]:
    """The model cards that the results have, by what the models predict."""
    cards = {name: (results[name] or {}).get("card") for name in ("purchase", "spend", "segments")}
    return [
        {"title": SECTIONS[name], "sections": made["sections"]}
        for name, made in cards.items()
        if made and made["sections"]
    ]


def _feature_pictures(results: Results) -> list[plots.Picture]:
    """Small pictures of the columns that matter most; without a model, of the first ones."""
    columns = {
        c["name"]: c
        for c in results["features"]["columns"]
        if c["used"] and c["distribution"] and sum(c["distribution"]["counts"])
    }
    base = None
    if results["features"]["target"]:
        counts = results["features"]["target"]["counts"]
        base = counts["positive"] / max(counts["positive"] + counts["negative"], 1)
    modelled = results["purchase"] or results["spend"] or {}
    order = [e["column"] for e in modelled.get("effects") or []]
    names = [name for name in order if name in columns] or list(columns)
    return [plots.feature(columns[name], base) for name in names[:MOST_SMALL]]
