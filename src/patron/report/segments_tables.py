"""dict -> rows of the tables on segments, every cell already written as text."""

__all__ = [
    "amount",
    "axis_rows",
    "category_rows",
    "evidence_rows",
    "gate_rows",
    "match_rows",
    "median_table",
    "migration_table",
    "needed",
    "rfm_rows",
    "zero_rows",
]

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from patron.report.cash import cash
from patron.report.numbers import MISSING, count, counted, interval, known, percent, short

Row = dict[str, Any]
Found = Mapping[str, Any]
MOST_MEDIANS = 14
MOST_CATEGORIES = 5

GATES = {
    "silhouette": "Silhouette",
    "copula_lift": "Lift over a continuum",
    "z": "z of the lift",
    "jaccard_min": "Smallest Jaccard",
    "ari_bootstrap": "Adjusted Rand",
    "smallest": "Smallest group",
}
"""The gates that a number of groups has to pass, in the order of their columns."""

OF_GROUPS = ("null_silhouette", "copula_lift", "jaccard_min", "ari_bootstrap")
"""Measured of a number of groups, not of where every customer is put."""

MEASURES = (
    ("silhouette", "Nearer to their own than to the next", "silhouette, declared axes", "higher"),
    ("silhouette_all_features", "The same over all numeric columns", "silhouette", "higher"),
    ("null_silhouette", "The same without any groups", "Gaussian copula", ""),
    ("copula_lift", "Beyond a continuum alike in all else", "lift", "higher"),
    ("davies_bouldin", "Width of groups by their distance", "Davies–Bouldin", "lower"),
    ("jaccard_min", "The least stable, found again", "smallest Jaccard", "higher"),
    ("ari_bootstrap", "Resamples agree", "adjusted Rand", "higher"),
    ("rules_f1", "Written as rules, held out", "mean F1", "higher"),
    ("purchase_auc", "How well they alone would rank buyers", "ROC-AUC", "higher"),
)


def needed(gates: Found) -> list[str]:
    """What each gate asks for, in the order of the columns; – where it asks nothing."""
    return [
        MISSING if not known(gates.get(name)) else f"≥ {_least(name, gates[name])}"
        for name in GATES
    ]


def gate_rows(evidence: Found) -> list[Row]:
    """One row for each number of groups that was tried: figures, which fail, and the verdict."""
    rows = []
    for found in evidence["candidates"]:
        cells, failing = [], 0
        for name in GATES:
            value, least = _value(found.get(name)), evidence["gates"].get(name)
            fails = value is not None and known(least) and bool(value < least)
            failing += fails
            cells.append({"text": _gate(name, found.get(name)), "fails": fails})
        rows.append(
            {
                "k": str(found["k"]),
                "cells": cells,
                "null": _plain(found.get("null_silhouette")),
                "chosen": found["chosen"],
                "eligible": found["eligible"],
                "because": _verdict(found, failing),
            }
        )
    return rows


def evidence_rows(segments: Found, segments_auc: Found | None = None) -> list[Row]:
    """One row a measure: the segments beside RFM and beside exact rules; empty ones left out.

    Tiers pass no gate: what was measured of groups stands with the gates, not with them.
    """
    evidence = segments["evidence"]
    rfm, rules = evidence.get("rfm") or {}, evidence.get("rules_only") or {}
    own = {**evidence, "purchase_auc": segments_auc}
    gates: Found = evidence["gates"]
    if segments["kind"] == "tiers":
        own |= dict.fromkeys(OF_GROUPS)
        gates = {}
    rows = [
        {
            "plain": plain,
            "term": term,
            "better": better,
            "needed": _needed(name, gates),
            "own": _plain(own.get(name)),
            "rfm": _plain(rfm.get(name)),
            "rules": _plain(rules.get(name)),
        }
        for name, plain, term, better in MEASURES
    ]
    return [row for row in rows if {row["own"], row["rfm"], row["rules"]} != {MISSING}]


def axis_rows(axes: Sequence[Found]) -> list[Row]:
    """One row an axis: its columns with their signs and reasons, and who has none of them."""
    return [
        {
            "name": axis["name"],
            "title": axis["title"],
            "because": axis["because"],
            "columns": [
                {
                    "name": column["name"],
                    "way": "the more, the higher" if column["sign"] > 0 else "the more, the lower",
                    "because": column["because"],
                }
                for column in axis["columns"]
            ],
            "flagged": percent(axis["flagged"]),
        }
        for axis in axes
    ]


def median_table(profile: Found, on_axes: Collection[str] = ()) -> Row:
    """Medians here and of all, with three typical customers beside them.

    `heads` are the customers' short hashes, or numbers where nobody has a name. Where both medians
    are 0, the shares with more than 0 stand in their place. Of the columns `on_axes`, those that
    the customers have are shown, if there are any.
    """
    examples = profile["examples"]
    told = {name for each in examples for name in each["values"]}
    shown = [m for m in profile["medians"] if m["column"] in told or m["column"] not in on_axes]
    rows = []
    for found in (shown if told else profile["medians"])[:MOST_MEDIANS]:
        role, unit, missing = found["role"], found["unit"], found.get("missing")
        here, every = (amount(found[key], role, unit) for key in ("median", "all"))
        said = "" if role == "money" else str(found.get("said") or "")
        if _only_zeros(found):
            here, every = (percent(found[key]) for key in ("above_zero", "above_zero_all"))
            said, here, every = "", f"{here} above 0", f"{every} above 0"
        rows.append(
            {
                "column": found["column"],
                "said": said,
                "here": here,
                "all": every,
                "missing": percent(missing) if known(missing) and (missing or 0) > 0.005 else "",
                "examples": [
                    _any(each["values"].get(found["column"]), role, unit) for each in examples
                ],
            }
        )
    heads = [str(each["customer"] or f"no. {i}") for i, each in enumerate(examples, 1)]
    return {"heads": heads, "rows": rows}


def category_rows(categories: Sequence[Found]) -> list[Row]:
    """The levels that stand out, by index: 100 is like everybody."""
    return [
        {
            "column": found["column"],
            "level": str(found["level"]),
            "share": percent(found["share"]),
            "all": percent(found["all"]),
            "index": count(found["index"]),
            "range": f"[{count(found['low'])}, {count(found['high'])}]"
            if known(found.get("low")) and known(found.get("high"))
            else "",
        }
        for found in categories[:MOST_CATEGORIES]
    ]


def rfm_rows(rfm: Found | None) -> list[Row]:
    """The classic segments: size, share, revenue."""
    return [
        {
            "name": found["name"],
            "size": count(found["size"]),
            "share": percent(found["share"]),
            "revenue": percent(found["revenue_share"]),
        }
        for found in (rfm or {}).get("segments", [])
    ]


def zero_rows(zeros: Sequence[Found]) -> list[Row]:
    """One row a segment: the sentence on all its zeros, then those on each column."""
    rows: dict[str, list[str]] = {}
    for found in zeros:
        rows.setdefault(str(found["segment"]), []).append(str(found["sentence"]))
    return [{"segment": name, "first": told[0], "each": told[1:]} for name, told in rows.items()]


def migration_table(months: Found) -> Row:
    """From (down) and to (across): customers and their revenue; who stays is marked."""
    moves = {(str(m["from"]), str(m["to"])): m for m in months["migration"]}
    down, across = _ends([a for a, _ in moves], "new"), _ends([b for _, b in moves], "gone")
    rows = []
    for start in down:
        cells = []
        for end in across:
            found = moves.get((start, end))
            cells.append(
                {
                    "customers": count(found["customers"]) if found else MISSING,
                    "revenue": cash(found["revenue"]) if found and known(found["revenue"]) else "",
                    "stays": start == end,
                }
            )
        rows.append({"id": start, "name": _named(start, months), "cells": cells})
    return {"heads": [{"id": end, "name": _named(end, months)} for end in across], "rows": rows}


def match_rows(months: Found) -> list[Row]:
    """Which new segment continues which old one, and whether their centres say the same."""
    return [
        {
            "new": f"{each['new']} {_named(str(each['new']), months)}",
            "old": f"{each['old']} {_named(str(each['old']), months)}" if each["old"] else "none",
            "jaccard": _plain(each["jaccard"]),
            "centres": {True: "agree", False: "disagree"}.get(each["centres_agree"], MISSING),
        }
        for each in months.get("matches") or []
    ]


def amount(value: float | None, role: str | None, unit: str | None) -> str:
    """A number of a column in that column's own unit.

    >>> amount(12.5, "money", "money"), amount(0.31, "rate", "share"), amount(30, "number", "days")
    ('$12.50', '31\\xa0%', '30 days')
    """
    if value is None or not known(value):
        return MISSING
    if role == "money" or unit == "money":
        return cash(value)
    if unit == "share":
        return percent(value)
    words = "" if unit in (None, "", "count") else f" {unit}"
    return short(value) + (words.removesuffix("s") if value == 1 else words)


def _any(value: Any, role: str | None, unit: str | None) -> str:
    """A value of a customer: a number in its unit, or a text as it is."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return amount(value, role, unit) if isinstance(value, int | float) else str(value)


def _only_zeros(found: Found) -> bool:
    """Whether both medians are 0 and the shares above it are known."""
    shares = known(found.get("above_zero")) and known(found.get("above_zero_all"))
    return shares and found["median"] == 0 and found["all"] == 0


def _verdict(found: Found, failing: int) -> str:
    """Why not, where its figures do not say so: these are marked."""
    if failing:
        return f"fails {failing} of {counted(len(GATES), 'gate')}"
    if found["chosen"]:
        return ""
    reasons = "; ".join(map(str, found["because"]))
    return reasons or ("passes every gate" if found["eligible"] else "does not pass")


def _gate(name: str, found: Found | float | None) -> str:
    value = _value(found)
    if value is None:
        return MISSING
    if name == "smallest":
        return percent(value)
    return f"{value:.1f}".replace("-", "−") if name == "z" else _plain(found)


def _needed(name: str, gates: Found) -> str:
    return f"≥ {_least(name, gates[name])}" if name in GATES and known(gates.get(name)) else ""


def _least(name: str, value: float) -> str:
    if name == "smallest":
        return percent(value)
    return short(value) if name == "z" else f"{value:.2f}"


def _plain(found: Found | float | None) -> str:
    """An estimate with its interval, or a number alone."""
    if isinstance(found, Mapping):
        return interval(found)
    return MISSING if not known(found) else interval({"value": found, "low": None, "high": None})


def _value(found: Found | float | None) -> float | None:
    value = found["value"] if isinstance(found, Mapping) else found
    return value if known(value) else None


def _ends(found: Sequence[str], last: str) -> list[str]:
    return sorted(set(found), key=lambda name: (name == last, len(name), name))


def _named(name: str, months: Found) -> str:
    words = {"new": "not there before", "gone": "no longer there"}
    return words.get(name) or str(months["names"].get(name, ""))
