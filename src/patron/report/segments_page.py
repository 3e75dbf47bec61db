"""dict -> what the page's sections on segments need: pictures, cards, rows, sentences."""

__all__ = ["segments_context"]

from collections.abc import Mapping
from typing import Any

from patron.report import plots
from patron.report.cash import cash
from patron.report.numbers import count, interval, known, percent
from patron.report.segments_tables import (
    GATES,
    axis_rows,
    category_rows,
    evidence_rows,
    gate_rows,
    match_rows,
    median_table,
    migration_table,
    needed,
    rfm_rows,
    zero_rows,
)
from patron.report.segments_told import (
    answer,
    card_sure,
    months_told,
    most_valuable,
    noun,
    rule_told,
    rules_cost,
)

Segments = Mapping[str, Any]
LEAST_REACH = 1.5
"""Bars of axes reach at least so many SD, so that small deviations look small."""


def segments_context(
    segments: Segments, comparison: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """All that the templates `segments*.html` name under `segments`.

    What a run did not compute is None, an empty list or "": its part of the page is left out, or
    says why it is not there. `comparison` adds how well segments alone rank buyers.
    """
    months, evidence = segments["months"], segments["evidence"]
    return {
        "found": segments,
        "noun": noun(segments),
        "answer": answer(segments),
        "most_valuable": most_valuable(segments),
        "pictures": {picture.name: picture for picture in _pictures(segments) if picture},
        "gate_names": list(GATES.values()),
        "needed": needed(evidence["gates"]),
        "gates": gate_rows(evidence),
        "cards": _cards(segments),
        "zeros": zero_rows(segments["zeros"]),
        "axes": [
            row | {"label": plots.axis_label(row["name"])} for row in axis_rows(segments["axes"])
        ],
        "evidence": evidence_rows(segments, (comparison or {}).get("segments_auc")),
        "rfm": rfm_rows(evidence.get("rfm")),
        "rules_only": evidence.get("rules_only"),
        "rules_cost": rules_cost(evidence.get("rules_only")),
        "months_told": months_told(months, noun(segments)) if months else [],
        "migration": migration_table(months) if months and months["migration"] else None,
        "matches": match_rows(months) if months and not months["kept"] else [],
    }


def _pictures(segments: Segments) -> list[plots.Picture | None]:
    return [
        plots.segment_gate(segments["evidence"], noun(segments)),
        plots.segment_shares(segments),
        plots.segment_map(segments),
        plots.segment_flow(segments),
    ]


def _cards(segments: Segments) -> list[dict[str, Any]]:
    """One card a segment; the bars of all reach equally far, so that cards compare."""
    far = [
        abs(axis["deviation"])
        for segment in segments["segments"]
        for axis in segment["profile"]["axes"]
        if known(axis["deviation"])
    ]
    reach, css = max([LEAST_REACH, *far]), plots.colours(segments["segments"])
    on_axes = {column["name"] for axis in segments["axes"] for column in axis["columns"]}
    return [
        {
            "id": str(segment["id"]),
            "css": css[str(segment["id"])],
            "name": segment["name"],
            "suggested": _suggested(segment),
            "size": count(segment["size"]),
            "share": percent(round(segment["share"], 3)),
            "revenue": percent(round(segment["revenue_share"], 3))
            if known(segment["revenue_share"])
            else "",
            "each": _each(segment["profile"].get("revenue")),
            "picture": plots.segment_axes(segment, reach, css[str(segment["id"])]),
            "campaign": segment["profile"]["campaign"],
            "rule": _rule(segment["rule"]),
            "rule_told": rule_told(segment, segments["kind"]),
            "medians": median_table(segment["profile"], on_axes),
            "categories": category_rows(segment["profile"]["categories"]),
            "sure": card_sure(segment, segments["kind"]),
        }
        for segment in segments["segments"]
    ]


def _each(revenue: Mapping[str, Any] | None) -> str:
    """What a customer of the segment brings on average."""
    return cash(revenue["each"]) if revenue and known(revenue["each"]) else ""


def _suggested(segment: Mapping[str, Any]) -> str:
    """The name that the axes suggest, where the user gave another."""
    suggested = segment.get("suggested_name") or ""
    return "" if suggested == segment["name"] else str(suggested)


def _rule(rule: Mapping[str, Any] | None) -> dict[str, str] | None:
    if rule is None:
        return None
    return {
        "text": str(rule["text"]),
        "sql": str(rule["sql"]),
        "precision": interval(rule["precision"]),
        "recall": interval(rule["recall"]),
        "f1": interval(rule["f1"]),
        "coverage": percent(rule["coverage"]),
    }
