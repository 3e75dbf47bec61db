"""Supervised and unsupervised, compared on one study's numbers: the section `comparison`."""

__all__ = ["Held", "collect_comparison"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.metrics import auc_difference, roc_auc
from patron.report.numbers import count, days, percent

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

PRIOR = 20.0
"""A segment's share of buyers is drawn to that of all as by so many customers."""
TENTHS = 10
FEW = 0.02
"""Where the model marks a smaller share of a segment, nobody is contacted by default."""


@dataclass(frozen=True)
class Held:
    """The held-out rows, and what is known of all rows.

    Parameters
    ----------
    bought : 1, 0 or NaN [rows].
    train, held : row numbers of the split, those with a label.
    labels, floor : the segment and the RFM group of each row [rows]; RFM may be unknown.
    probability : of the purchase model [held].
    expected : what is expected to be spent [held], or None.
    unit, because : what the money of a cell is, and how it was worked out.
    groups : the customer of each held-out row, where one has several.
    """

    bought: Floats
    train: Labels
    held: Labels
    labels: Labels
    floor: Labels | None
    probability: Floats
    expected: Floats | None
    unit: str
    because: str
    groups: Labels | None = None


def collect_comparison(
    segments: Mapping[str, Any],
    purchase: Mapping[str, Any],
    data: Held,
    *,
    permuted: tuple[float, int] | None,
    columns: int,
    level: float,
) -> dict[str, Any]:
    """The section, as docs/results.md has it.

    Parameters
    ----------
    segments, purchase : the sections of the results; the AUC of RFM is added to the former.
    permuted : the share of customers who keep their segment when the target is permuted, and how
        many were segmented anew for that; None where that was not tried.
    columns : how many the purchase model reads.
    """
    y = data.bought[data.held]
    named: dict[str, Any] = {"level": level, "groups": data.groups}
    alone = _rates(data.labels, data)
    of_segments = roc_auc(y, alone, **named)
    of_model = roc_auc(y, data.probability, **named)
    ahead = auc_difference(y, data.probability, alone, **named)
    floor = segments["evidence"]["rfm"]
    if floor is not None and data.floor is not None:
        floor["purchase_auc"] = roc_auc(y, _rates(data.floor, data), **named).to_dict()
    target, horizon = purchase["target"], purchase["horizon_days"]
    evidence = segments["evidence"]
    cells = _cells(segments["segments"], data)
    return {
        "supervised": {
            "target": target,
            "model": purchase["model"]["title"],
            "roc_auc": purchase["roc_auc"],
            "f1": purchase["f1"],
            "rows": len(data.held),
        },
        "unsupervised": {
            "k": segments["k"],
            "kind": segments["kind"],
            "silhouette": evidence["silhouette"],
            "ari_bootstrap": evidence["ari_bootstrap"],
        },
        "aspects": _aspects(segments, purchase, data, columns, horizon),
        "permuted": None if permuted is None else _permuted(target, *permuted),
        "segments_auc": of_segments.to_dict(),
        "model_auc": of_model.to_dict(),
        "difference": ahead.to_dict(),
        "together": {
            "unit": data.unit,
            "because": data.because,
            "segments": [each["id"] for each in segments["segments"]],
            "deciles": list(range(1, TENTHS + 1)),
            "cells": cells,
        },
        "actions": _actions(segments["segments"], purchase, data),
    }


def _rates(labels: Labels, data: Held) -> Floats:
    """The training share of buyers of each held-out row's group: all that a group can predict."""
    y, own = data.bought[data.train], labels[data.train]
    width = int(labels.max()) + 1
    buyers = np.bincount(own, y, width)
    there = np.bincount(own, minlength=width)
    rates = (buyers + PRIOR * y.mean()) / (there + PRIOR)
    return np.asarray(rates[labels[data.held]])


def _cells(segments: Sequence[Mapping[str, Any]], data: Held) -> list[dict[str, Any]]:
    """Customers, buyers and expected money by segment and tenth of the probability, 10 the best."""
    order = np.argsort(np.argsort(data.probability, kind="stable"), kind="stable")
    tenth = order * TENTHS // max(len(order), 1)
    own = data.labels[data.held]
    worth = data.probability if data.expected is None else data.expected
    cell = own * TENTHS + tenth
    width = len(segments) * TENTHS
    customers = np.bincount(cell, minlength=width)
    buyers = np.bincount(cell, data.bought[data.held], width)
    money = np.bincount(cell, worth, width)
    return [
        {
            "segment": each["id"],
            "decile": decile + 1,
            "customers": int(customers[place * TENTHS + decile]),
            "buyers": int(buyers[place * TENTHS + decile]),
            "expected_revenue": float(money[place * TENTHS + decile]),
        }
        for place, each in enumerate(segments)
        for decile in range(TENTHS)
    ]


def _actions(
    segments: Sequence[Mapping[str, Any]], purchase: Mapping[str, Any], data: Held
) -> list[dict[str, Any]]:
    """Who of each segment gets its campaign: those whom the purchase model marks."""
    threshold = purchase["threshold"]["value"]
    marked = data.probability >= threshold
    own = data.labels[data.held]
    worth = data.probability if data.expected is None else data.expected
    told = []
    for place, each in enumerate(segments):
        inside = own == place
        chosen = inside & marked
        share = chosen.sum() / max(inside.sum(), 1)
        who = (
            f"whom the purchase model marks (probability from {threshold:.2f}): {percent(share)} "
            "of the segment"
        )
        if share < FEW:
            who = "nobody by default; to learn what a message does, a random tenth"
        told.append(
            {
                "segment": each["id"],
                "name": each["name"],
                "who": who,
                "campaign": each["profile"]["campaign"],
                "customers": int(chosen.sum()) if share >= FEW else 0,
                "expected_revenue": float(worth[chosen].sum()) if share >= FEW else 0.0,
            }
        )
    return told


def _permuted(target: str, same: float, rows: int) -> dict[str, Any]:
    kept = "all of them are" if same == 1 else f"{percent(same)} of them are"
    sentence = (
        f"With {target} shuffled among the customers, {count(rows)} customers were segmented anew: "
        f"{kept} in the same segment as with {target} as it is."
    )
    return {"refitted": rows, "same_segment": same, "sentence": sentence}


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _aspects(
    segments: Mapping[str, Any],
    purchase: Mapping[str, Any],
    data: Held,
    columns: int,
    horizon: int | None,
) -> list[dict[str, str]]:
    """What sets the two apart, one row an aspect, with this study's numbers."""
    evidence, target = segments["evidence"], purchase["target"]
    auc, f1 = purchase["roc_auc"]["value"], purchase["f1"]["value"]
    own, null = (_figure(v) for v in (evidence["silhouette"]["value"], evidence["null_silhouette"]))
    forming = sum(len(axis["columns"]) for axis in segments["axes"])
    within = f" within {days(horizon)}" if horizon else ""
    flagged = int((data.probability >= purchase["threshold"]["value"]).sum())
    buyers = int(data.bought[data.held].sum())
    base = data.bought[data.held].mean()
    parts = segments["kind"] if segments["kind"] == "tiers" else "segments"
    rates = [
        float(np.mean(data.bought[data.train][data.labels[data.train] == place]))
        for place in range(segments["k"])
        if (data.labels[data.train] == place).any()
    ]
    rules = evidence["rules_f1"]
    rows = [
        (
            "What goes in",
            f"{columns} columns, whichever help to tell buyers from others.",
            f"{forming} columns on {len(segments['axes'])} declared axes, fixed before any result "
            "was seen; the others describe.",
        ),
        (
            "Labels",
            f"Needed: {count(len(data.train))} customers whose {target} is known.",
            "Not needed, and never seen.",
        ),
        (
            "What comes out",
            f"For each customer a chance to buy{within}.",
            f"For each customer one of {segments['k']} {parts}, with a name"
            + (f", a rule (held-out F1 {rules:.2f} on average)" if rules is not None else "")
            + " and a flag where it is doubtful.",
        ),
        (
            "How it is judged",
            f"Against what happened: ROC-AUC {auc:.3f}, F1 {f1:.3f} on {count(len(data.held))} "
            "held-out rows.",
            f"Against one correlated continuum: silhouette {own}, there {null}; and by "
            f"whether bootstrap draws find the same (adjusted Rand "
            f"{evidence['ari_bootstrap']['value']:.2f}).",
        ),
        (
            "Why the figures cannot be compared",
            f"An AUC counts pairs put in the right order: {auc:.3f} of them, and 0.5 is chance. "
            "There is a right answer.",
            f"A silhouette compares distances: {own} of at most 1. There is no right answer, "
            f"and a cloud without groups has {null} here.",
        ),
        (
            "Cost of being wrong",
            f"A contact for nothing, or a buyer missed: {count(flagged)} are marked at the "
            f"threshold, {count(buyers)} bought. It shows{within or ' once the time is over'}.",
            "A message in the wrong tone. Nobody notices unless it is tested.",
        ),
        (
            "What it says of the other's question",
            f"Nothing of what customers are like: two with the same {percent(base)} chance may "
            "have nothing in common.",
            f"Shares of buyers from {percent(min(rates))} to {percent(max(rates))} by segment: "
            "coarse, where the model orders each customer.",
        ),
        (
            "When to use which",
            "To choose whom to contact, and how many.",
            "To explore, to plan, and to choose what to say, in which tone and picture.",
        ),
        (
            "How both work in production",
            "Daily: the probability orders each segment's customers.",
            "Daily in the same scoring; monthly, who moved. The segment chooses the message.",
        ),
    ]
    names = ("aspect", "supervised", "unsupervised")
    return [dict(zip(names, row, strict=True)) for row in rows]
