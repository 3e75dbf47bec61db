"""dict -> rows of the page's tables, every cell already written as text."""

__all__ = [
    "besides",
    "calibration_rows",
    "candidate_rows",
    "column_rows",
    "evidence_rows",
    "evidence_tables",
    "metric_rows",
    "picture_rows",
    "settings",
]

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from patron.report.numbers import (
    MISSING,
    count,
    differ,
    interval,
    known,
    of_100,
    percent,
    seconds,
    short,
    these,
)
from patron.report.plots import sparkline
from patron.report.words import METRICS, reading

Row = dict[str, Any]


def metric_rows(
    purchase: Mapping[str, Any],
    agreement: Callable[[Mapping[str, Any] | None, Mapping[str, Any]], str],
) -> list[Row]:
    """One row a metric: cross-validated beside the holdout's, and whether they agree."""
    return [
        {
            "metric": metric,
            "inside": interval(purchase["cross_validated"].get(name)),
            "outside": interval(purchase[name]),
            "agreement": agreement(purchase["cross_validated"].get(name), purchase[name])
            if metric.better
            else MISSING,
            "method": purchase[name]["method"],
        }
        for name, metric in METRICS.items()
        if purchase.get(name)
    ]


def candidate_rows(candidates: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a candidate, in the order given (best first); best values and their ties marked."""
    best_auc = max(candidates, key=lambda c: c["roc_auc"]["value"])["roc_auc"]
    best_loss = min(candidates, key=lambda c: c["log_loss"]["value"])["log_loss"]
    return [
        {
            "title": c["title"],
            "chosen": c["chosen"],
            "auc": interval(c["roc_auc"], 3),
            "auc_best": c["roc_auc"] is best_auc or differ(c["roc_auc"], best_auc) is False,
            "loss": interval(c["log_loss"], 3),
            "loss_best": c["log_loss"] is best_loss or differ(c["log_loss"], best_loss) is False,
            "ahead": MISSING if c["chosen"] else interval(c["holdout"]["chosen_ahead"], 4),
            "auc_holdout": interval(c["holdout"]["roc_auc"], 3),
            "loss_holdout": interval(c["holdout"]["log_loss"], 3),
            "reading": reading(c.get("readability")),
            "cpu": seconds(c["cpu_seconds"]),
            "scoring": seconds(c.get("scoring_seconds")),
        }
        for c in candidates
    ]


def calibration_rows(calibration: Mapping[str, Any]) -> list[Row]:
    """One row a way of calibrating that was tried; the first is the simplest."""
    return [
        {
            "method": each["method"],
            "chosen": each["method"] == calibration["method"],
            "loss": interval(each["log_loss"], 4),
            "apart": interval(each["difference"], 5),
        }
        for each in calibration.get("tried") or ()
    ]


def column_rows(columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a column: role and reason, what is missing, how its values and the buyers spread."""
    return [
        {
            "name": c["name"],
            "role": str(c["role"]).replace("_", " "),
            "because": c["because"],
            "used": c["used"],
            "missing": percent(c["missing_share"]),
            "distinct": count(c["distinct"]),
            "spark": sparkline(c),
            "rates": _range(c["rates"]),
        }
        for c in columns
    ]


def evidence_rows(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A finding's evidence as names and numbers, in the order the check gave them.

    What is drawn (`picture`) is not among them, nor what is a table of its own.
    """
    ends = {f"{name}_{end}" for name in evidence for end in ("low", "high")}
    if (evidence.get("picture") or {}).get("kind") == "pairs":
        ends |= {name for name in evidence if name.startswith("pair_")}
    return [
        (name.replace("_", " "), _value(name, _with_interval(evidence, name)))
        for name in evidence
        if name not in ends and name != "picture" and not _is_table(evidence[name])
    ]


def evidence_tables(evidence: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """The lists of like dicts among a finding's evidence: name, heads and rows as text."""
    return [
        (
            name.replace("_", " "),
            [key.replace("_", " ") for key in table[0]],
            [[_value(key, row[key]) for key in table[0]] for row in table],
        )
        for name, table in evidence.items()
        if _is_table(table)
    ]


def _is_table(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or not value:
        return False
    return all(isinstance(row, Mapping) and row.keys() == value[0].keys() for row in value)


def picture_rows(picture: Mapping[str, Any] | None) -> list[str]:
    """A picture of evidence as lines of text, for a terminal."""
    if not picture:
        return []
    kind, lines = picture["kind"], [str(picture.get("title", ""))]
    if kind == "scores":
        lines += [
            f"{interval({'low': None, 'high': None, **row}, 3)}  {row['label']}"
            for row in picture["rows"]
        ]
    elif kind in ("shares_by", "histogram"):
        edges = picture.get("edges") or []
        bins = picture.get("labels") or [f"{_edge(a)} to {_edge(b)}" for a, b in pairwise(edges)]
        widest = max((len(str(name)) for name in bins), default=0)
        if kind == "shares_by":
            shown = zip(bins, picture["share"], picture["n"], strict=True)
            lines += [f"{b!s:<{widest}}  {percent(s):>7} of {count(n)}" for b, s, n in shown if n]
        else:
            counts = zip(bins, picture["counts"], strict=True)
            lines += [f"{b!s:<{widest}}  {count(n):>9} rows" for b, n in counts if n]
    elif kind == "pairs":
        lines.append("  ".join(picture["columns"]))
        for rows in picture["pairs"]:
            lines += ["  ".join(map(str, row)) for row in rows]
    return lines


def _edge(value: Any) -> str:
    return value if isinstance(value, str) else short(value)


def _with_interval(evidence: Mapping[str, Any], name: str) -> Any:
    """The value, joined with `<name>_low` and `<name>_high` where the check gave them."""
    if f"{name}_low" not in evidence or f"{name}_high" not in evidence:
        return evidence[name]
    return {
        "value": evidence[name],
        "low": evidence[f"{name}_low"],
        "high": evidence[f"{name}_high"],
    }


def besides(more: Mapping[str, Mapping[str, Any]]) -> str:
    """What a step of the ladder says of the customers who spend most.

    >>> besides({"r2_top_20": {"value": 0.824, "low": None, "high": None}})
    'R² among the top 20 of 100: 0.824'
    """
    told = []
    for name, estimate in more.items():
        if top := re.fullmatch(r"r2_top_(\d+)", name):
            told.append(f"R² among the top {top[1]} of 100: {interval(estimate)}")
        elif name.startswith("r2_within_top_"):
            told.append(f"R² within them: {interval(estimate)}")
        elif re.fullmatch(r"top_\d+_capture", name) and known(estimate["value"]):
            told.append(f"of these {of_100(estimate['value'])} are found")
    return "; ".join(told)


def settings(sections: Mapping[str, Any], inside: str = "") -> list[tuple[str, str]]:
    """The Study's keys and values, nested sections as dotted keys, without what is not set.

    >>> settings({"split": {"by": "time", "holdout": None}, "audit": {"ignore": ["L01"]}})
    [('split.by', 'time'), ('audit.ignore', 'L01')]
    >>> settings({"fixes": [{"operation": "drop_column", "columns": ["a", "b"]}]})
    [('fixes', 'operation drop_column, columns a b')]
    """
    rows: list[tuple[str, str]] = []
    for key, value in sections.items():
        if isinstance(value, Mapping):
            rows += settings(value, f"{inside}{key}.")
        elif isinstance(value, (list, tuple)):
            rows += [(inside + key, ", ".join(map(_setting, value)))] if value else []
        elif value is not None:
            rows.append((inside + key, str(value)))
    return rows


def _setting(value: Any) -> str:
    """An entry of a list in the Study; a table in a list shows its keys."""
    if not isinstance(value, Mapping):
        return str(value)
    kept = {key: inner for key, inner in value.items() if inner not in (None, "", [], {})}
    return ", ".join(
        f"{key} {' '.join(map(str, inner)) if isinstance(inner, list) else inner}"
        for key, inner in kept.items()
    )


def _value(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        if {"value", "low", "high"} <= value.keys():
            return interval(value)
        return (
            "; ".join(f"{key}: {_value(str(key), inner)}" for key, inner in value.items())
            or MISSING
        )
    if isinstance(value, (list, tuple)):
        return these([_value(name, inner) for inner in value], at_most=6) if value else MISSING
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if "share" in name and 0 <= value <= 1:
        return percent(value)
    return count(value) if isinstance(value, int) else short(value)


def _range(rates: Sequence[Mapping[str, Any]] | None) -> str:
    seen = [r["value"] for r in rates or [] if known(r["value"])]
    return f"{percent(min(seen))} to {percent(max(seen))}" if seen else MISSING
