"""dict -> rows and sentences on whom the model serves how well, and on what was kept."""

__all__ = ["group_tables", "kept_elsewhere", "kept_sentences", "month", "served_sentences"]

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from patron.report.numbers import count, counted, interval, percent, these

Group = Mapping[str, Any]
Row = Mapping[str, Any]
MOST_TOLD = 3


def group_tables(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """For each property its rows, worst first, as text."""
    return [
        {
            "by": found["by"],
            "because": found["because"],
            "rows": [
                {
                    "label": _label(row, found["kind"]),
                    "n": count(row["n"]),
                    "positives": count(row["positives"]),
                    "predicted": percent(row["predicted"]),
                    "observed": percent(row["observed"]),
                    "apart": interval(row["miscalibration"], 3),
                    "auc": interval(row["roc_auc"], 3),
                    "gap": interval(row["auc_gap"], 3),
                    "because": row["because"] or "",
                    "flags": list(row["flags"]),
                }
                for row in found["rows"]
            ],
        }
        for found in groups
    ]


def served_sentences(groups: Sequence[Group] | None) -> list[str]:
    """For the brief: each flagged group with its figures; or that none was found."""
    if not groups:
        return []
    flagged = list(_flagged(groups))
    if not flagged:
        names = these([str(found["by"]) for found in groups], at_most=5)
        return [f"No group of customers is found to be served worse (by {names})."]
    wrong = [each for each in flagged if each[2] != "ranked worse"]
    told = [_miscalibrated(*each) for each in wrong[:MOST_TOLD]]
    if len(wrong) > MOST_TOLD:
        more = len(wrong) - MOST_TOLD
        told.append(f"{counted(more, 'such warning')} more in “Who is served how well”.")
    worse = [(found, row) for found, row, flag in flagged if flag == "ranked worse"]
    return [*told, _ranked_worse(worse)] if worse else told


def _flagged(groups: Sequence[Group]) -> Iterator[tuple[Group, Row, str]]:
    """Each warning once: customers without a value may be those of one order, by another name."""
    seen = set()
    for found in groups:
        for row in found["rows"]:
            for flag in row["flags"]:
                if (row["n"], row["positives"], flag) not in seen:
                    seen.add((row["n"], row["positives"], flag))
                    yield found, row, flag


def kept_sentences(kept: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Columns that the model uses although a finding is against them, with the user's reason."""
    told = []
    for each in kept or ():
        because = str(each["because"]).strip().rstrip(".")
        reason = f"“{each['title']}” ({each['code']})"
        if each["column"] is None:
            told.append(f"The check {reason} is passed over. Reason: {because}.")
        else:
            told.append(f"{each['column']} is kept against {reason}. Reason: {because}.")
    return told


def kept_elsewhere(
    kept: Sequence[Mapping[str, Any]] | None, card: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """What was kept and is not told by a sentence of the card already."""
    told = [sentence for section in card for sentence in section["sentences"]]
    return [
        each
        for each in kept or ()
        if not any(
            each["code"] in sentence and (each["column"] or "all columns") in sentence
            for sentence in told
        )
    ]


def month(label: str) -> str:
    """A month in words; what is no month stays as it is.

    >>> month("2025-06"), month("all")
    ('June 2025', 'all')
    """
    try:
        return f"{dt.date.fromisoformat(f'{label}-01'):%B %Y}"
    except ValueError:
        return label


def _label(row: Row, kind: str) -> str:
    return month(str(row["label"])) if kind == "month" else str(row["label"])


def _miscalibrated(found: Group, row: Row, flag: str) -> str:
    where = f"In {_who(found, row)}" if found["kind"] == "month" else f"For {_who(found, row)}"
    return (
        f"{where} the score is {flag}: it says {percent(row['predicted'])} on average, and "
        f"{percent(row['observed'])} bought."
    )


def _ranked_worse(groups: Sequence[tuple[Group, Row]]) -> str:
    """One sentence for all: a lower ROC-AUC within a group need not be a fault."""
    names = [
        _who(found, row) + (f" (ROC-AUC {row['roc_auc']['value']:.3f})" if row["roc_auc"] else "")
        for found, row in groups
    ]
    return (
        f"It ranks worse than elsewhere among {these(names, at_most=MOST_TOLD)}. Where customers "
        "are alike there is less to rank by, so that need not be a fault."
    )


def _who(found: Group, row: Row) -> str:
    """The customers of a group, as a sentence has them."""
    label, by = _label(row, found["kind"]), str(found["by"])
    if found["kind"] == "month":
        return label
    if found["kind"] == "gap":
        return f"customers with {label} {by}"
    if found["kind"] == "stage" and label.startswith("new"):
        return f"new customers ({by}{label.removeprefix('new')})"
    return f"customers with {by} “{label}”"
