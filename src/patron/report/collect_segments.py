"""What was found on segments, as the section `segments` of the results."""

__all__ = ["collect_segments"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit import CannotSay
from patron.estimate import Estimate
from patron.features.encode import read_as
from patron.metrics import f1, proportion
from patron.metrics.clusters import davies_bouldin, mean_of_rows, silhouettes
from patron.models.rfm import Rfm, rfm
from patron.models.segment_axes import numeric_columns
from patron.models.segment_gate import GATES, HONEST, honest
from patron.models.segment_parts import Boxes
from patron.models.segment_profiles import profiles
from patron.models.segment_rules import case_when, find_rules
from patron.models.segment_zeros import zeros
from patron.models.segments import FEWEST, Assigned, Segments
from patron.report.collect_map import segment_map
from patron.schema import Role, Schema

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Mask = NDArray[np.bool_]
Positions = NDArray[np.float32]
Revenue = tuple[str | None, str, Floats | None]

OF_THE_FIT = ("jaccard_min", "ari_bootstrap", "candidates")
"""Evidence that was made when the segments were; a month that keeps them keeps it."""
OF_THE_MONTH = ("copula_lift", "null_silhouette", "z")
"""Evidence that a month judges again, where it keeps groups; of tiers there is none to judge."""
_OTHERWISE = "no rule"


def collect_segments(
    model: Segments,
    table: pa.Table,
    schema: Schema,
    found: Assigned,
    labels: Labels,
    *,
    revenue: Revenue,
    earlier: Mapping[str, Any] | None = None,
    months: dict[str, Any] | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """The section, as docs/results.md has it.

    Parameters
    ----------
    labels : the segments of the rows of `table`, as they are held.
    revenue : the column of what customers spent or None, why, and its values.
    earlier : the section of the run whose segments are kept, as its bundle has it.
    """
    name, why, worth = revenue
    positions = found.placed.positions
    rows = honest(len(positions), seed)
    judged = _judged(positions, labels, rows, table, schema, level)
    rules = _rules(model, table, schema, found, labels, seed=seed, level=level)
    floor = rfm(table, schema, model.axes_)
    entity = schema.one(Role.ENTITY)
    profiled = profiles(
        table, schema, model.axes_, positions, labels, model.ids_,
        revenue=worth, entity=entity, seed=seed,
    )  # fmt: skip
    rule_scores = [each["f1"]["value"] for each in rules if each]
    evidence: dict[str, Any] = {
        "silhouette": judged["silhouette"],
        "silhouette_all_features": judged["silhouette_all_features"],
        "davies_bouldin": judged["davies_bouldin"],
        **_of_the_gate(model, earlier, table, judged["silhouette"]),
        "rules_f1": sum(rule_scores) / len(rules) if rule_scores else None,
        "gates": dict(GATES),
        "rfm": _floor(floor, positions, rows, worth, level),
        "rfm_because": floor.because,
        "rules_only": earlier["evidence"]["rules_only"] if earlier else _cost(model, judged),
        "of_the_gate": _fitted_on(earlier),
    }
    return {
        "k": len(model.ids_),
        "kind": model.kind_,
        "structure": model.structure_ and _holds(evidence),
        "because": _because(model, earlier, evidence),
        "axes": _axes(model, found),
        "left_out": [{"column": each, "because": why} for each, why in model.left_out_],
        "evidence": evidence,
        "segments": [
            _segment(model, place, profiled[place], rules[place], labels, found, judged, earlier)
            for place in range(len(model.ids_))
        ],
        "revenue_column": name,
        "revenue_because": why,
        "sql": _sql(model, rules),
        "zeros": zeros(table, model.axes_, labels, model.ids_),
        "map": segment_map(model, positions, labels),
        "months": months,
        "months_because": None if months else "the Study names no earlier run: [segments] previous",
    }


def _fitted_on(earlier: Mapping[str, Any] | None) -> str | None:
    """The day of the fit that the gate's figures are of, where that was an earlier run."""
    if earlier is None:
        return None
    return str(earlier["evidence"].get("of_the_gate") or earlier["day"])


def _holds(evidence: Mapping[str, Any]) -> bool:
    """Whether these customers fall apart more than one continuum, whoever the groups are from."""
    figures = {
        "silhouette": evidence["silhouette"]["value"],
        "copula_lift": evidence["copula_lift"]["value"],
        "z": evidence["z"],
    }
    if evidence["of_the_gate"] is None:
        return True  # of this fit, which passed the whole gate
    return all(each is not None and each >= GATES[name] for name, each in figures.items())


def _because(
    model: Segments, earlier: Mapping[str, Any] | None, evidence: Mapping[str, Any]
) -> str:
    """Why so many, or why none; of an earlier run where its segments are kept."""
    told = model.because_
    if model.kind_ == "rules" and model.chosen_ is not None and model.chosen_.k != len(model.ids_):
        told += f" As rules on the axes they are {len(model.ids_)}."
    day = _fitted_on(earlier)
    if day is None:
        return told
    own, null = evidence["silhouette"]["value"], evidence["null_silhouette"]
    noun = "tiers" if model.kind_ == "tiers" else "groups"
    kept = f"The {len(model.ids_)} {noun} of {day} are kept."
    if model.kind_ == "tiers":
        return f"{kept} {told}"
    if own is None or null is None:
        return f"{kept} Whether this month's customers fall apart as well cannot be told."
    beside = f"a silhouette of {own:.2f}, where one continuum of them has {null:.2f}"
    if _holds(evidence):
        return f"{kept} This month's customers fall apart as well: {beside}."
    return (
        f"{kept} But this month's customers form no such groups beyond one correlated continuum: "
        f"{beside} ({GATES['silhouette']:.2f} and {GATES['copula_lift']:.2f} more are needed). Fit "
        "anew: [segments] refit = true."
    )


def _judged(
    positions: Positions,
    labels: Labels,
    rows: Labels,
    table: pa.Table,
    schema: Schema,
    level: float,
) -> dict[str, Any]:
    own = labels[rows]
    if len(np.unique(own)) < 2:
        nan = float("nan")
        nothing = Estimate(nan, nan, nan, level, len(own), "all are in one segment").to_dict()
        names = ("silhouette", "silhouette_all_features", "davies_bouldin")
        return {**dict.fromkeys(names, nothing), "of": {}}
    values = silhouettes(positions[rows], [own])[0]
    every = _all_features(table, schema, rows[: HONEST // 2])
    wide = silhouettes(every, [own[: len(every)]])[0] if every.shape[1] else values * np.nan
    return {
        "silhouette": mean_of_rows(values, level).to_dict(),
        "silhouette_all_features": mean_of_rows(wide, level).to_dict(),
        "davies_bouldin": davies_bouldin(positions[rows], own, level=level).to_dict(),
        "of": {int(each): float(values[own == each].mean()) for each in np.unique(own)},
    }


def _all_features(table: pa.Table, schema: Schema, rows: Labels) -> Floats:
    """All numeric features of some rows as scaled mid-ranks, gaps in the middle [rows, columns]."""
    from scipy.stats import rankdata

    numbers = numeric_columns(table.take(pa.array(rows)), schema)
    columns = []
    for values in numbers.values():
        ranks = rankdata(values, nan_policy="omit")
        spread = np.nanstd(ranks) if np.isfinite(ranks).any() else 0.0
        if spread > 0:
            columns.append(np.nan_to_num((ranks - np.nanmean(ranks)) / spread))
    return np.column_stack(columns) if columns else np.empty((len(rows), 0))


def _of_the_gate(
    model: Segments,
    earlier: Mapping[str, Any] | None,
    table: pa.Table,
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """The evidence on how many: of this fit; or of the earlier one, held against this month."""
    if earlier is not None:
        kept = {name: earlier["evidence"][name] for name in OF_THE_FIT}
        if model.kind_ == "tiers":
            return kept | {name: earlier["evidence"][name] for name in OF_THE_MONTH}
        if own["value"] is None or table.num_rows < FEWEST:
            unknown = {**own, "value": None, "low": None, "high": None}
            return kept | {"copula_lift": unknown, "null_silhouette": None, "z": None}
        null, lift, z = model.beside_continuum(table, Estimate.from_dict(own))
        return kept | {"copula_lift": lift.to_dict(), "null_silhouette": null, "z": z}
    best = max(model.judged_, key=lambda each: each.copula_lift.value)
    chosen = model.chosen_ or best
    return {
        "jaccard_min": chosen.jaccard_min.to_dict(),
        "ari_bootstrap": chosen.ari_bootstrap.to_dict(),
        "copula_lift": chosen.copula_lift.to_dict(),
        "null_silhouette": chosen.null_silhouette,
        "z": chosen.z,
        "candidates": [
            {**each.to_dict(), "chosen": each is model.chosen_} for each in model.judged_
        ],
    }


def _rules(
    model: Segments,
    table: pa.Table,
    schema: Schema,
    found: Assigned,
    labels: Labels,
    *,
    seed: int,
    level: float,
) -> list[dict[str, Any] | None]:
    """The rule of each segment: exact where segments are rules, else found and judged."""
    n = len(labels)
    if model.kind_ == "rules" and isinstance(model.parts_, Boxes):
        caught = found.labels
        return [
            {
                **rule,
                "conditions": [],
                **_exactly(caught == place, labels == place, level),
                "coverage": float((caught == place).sum() / n),
            }
            for place, rule in enumerate(model.parts_.leaves.rules())
        ]
    on_axes = [name for axis in model.axes_ for name in axis.names]
    names = [name for name in schema.features if schema[name].role != Role.DATE]
    columns = [name for name in on_axes if name in names]
    columns += [name for name in names if name not in on_axes]
    rules = find_rules(
        _as_numbers(table, schema, columns),
        columns,
        labels,
        len(model.ids_),
        seed=seed,
        level=level,
        preferred=on_axes,
    )
    return [None if rule is None else rule.to_dict() for rule in rules]


def _as_numbers(table: pa.Table, schema: Schema, columns: Sequence[str]) -> pa.Table:
    """The table with numbers that are written as text read as the axes read them."""
    roles = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)
    for name in columns:
        if schema[name].role in roles and pa.types.is_string(table[name].type):
            values, _ = read_as("double", table[name])
            table = table.set_column(table.column_names.index(name), name, values)
    return table


def _exactly(caught: Mask, inside: Mask, level: float) -> dict[str, Any]:
    """How well a box catches its segment: exactly, but for customers who are held outside of it."""
    if (caught == inside).all():
        exact = Estimate(1.0, 1.0, 1.0, level, len(caught), "exact: the rule is the segment")
        return dict.fromkeys(("precision", "recall", "f1"), exact.to_dict())
    both = int((caught & inside).sum())
    return {
        "precision": proportion(both, int(caught.sum()), level=level).to_dict(),
        "recall": proportion(both, int(inside.sum()), level=level).to_dict(),
        "f1": f1(inside.astype(float), caught.astype(float), threshold=0.5, level=level).to_dict(),
    }


def _sql(model: Segments, rules: Sequence[dict[str, Any] | None]) -> str:
    """One CASE WHEN of all rules."""
    from patron.models.segment_conditions import literal
    from patron.models.segment_rules import Rule

    if model.kind_ != "rules":
        found = [None if rule is None else Rule.from_dict(rule) for rule in rules]
        return case_when(found, model.names_, otherwise=_OTHERWISE)
    lines = [
        f"  WHEN {rule['sql']} THEN {literal(name)}"
        for rule, name in zip(rules, model.names_, strict=True)
        if rule
    ]
    return "\n".join(["CASE", *lines, f"  ELSE {literal(_OTHERWISE)}", "END"])


def _floor(
    floor: Rfm | CannotSay,
    positions: Positions,
    rows: Labels,
    worth: Floats | None,
    level: float,
) -> dict[str, Any] | None:
    """The classic quintile groups, judged in the same space."""
    if isinstance(floor, CannotSay):
        return None
    own = floor.labels[rows]
    values = silhouettes(positions[rows], [own])[0] if len(np.unique(own)) > 1 else None
    return {
        "segments": floor.table(worth),
        "silhouette": None if values is None else mean_of_rows(values, level).to_dict(),
        "purchase_auc": None,
    }


def _cost(model: Segments, judged: Mapping[str, Any]) -> dict[str, Any] | None:
    """What exact rules cost in silhouette against the centres that they were grown towards."""
    if model.kind_ != "rules" or model.chosen_ is None:
        return None
    own: float | None = judged["silhouette"]["value"]
    if own is None:
        return None
    return {
        "silhouette": judged["silhouette"],
        "cost": model.chosen_.silhouette.value - own,
    }


def _axes(model: Segments, found: Assigned) -> list[dict[str, Any]]:
    flagged = found.placed.flagged.mean(axis=0)
    return [
        {**axis.to_dict(), "flagged": float(share)}
        for axis, share in zip(model.axes_, flagged, strict=True)
    ]


def _segment(
    model: Segments,
    place: int,
    profile: Mapping[str, Any],
    rule: Mapping[str, Any] | None,
    labels: Labels,
    found: Assigned,
    judged: Mapping[str, Any],
    earlier: Mapping[str, Any] | None,
) -> dict[str, Any]:
    own = labels == place
    jaccard = None
    if model.chosen_ is not None and model.kind_ == "segments":
        jaccard = float(model.chosen_.jaccard[place])
    elif earlier is not None:
        jaccard = earlier["segments"][place]["sure"]["jaccard"]
    revenue = profile["revenue"]
    centre = found.placed.positions[own].mean(axis=0) if own.any() else np.zeros(len(model.axes_))
    return {
        "id": model.ids_[place],
        "name": model.names_[place],
        "suggested_name": model.suggested_[place],
        "size": profile["size"],
        "share": profile["share"],
        "revenue_share": revenue["share"] if revenue else None,
        "rule": rule,
        "profile": profile,
        "sure": {
            "jaccard": jaccard,
            "silhouette": judged["of"].get(place),
            "doubtful_share": float(found.doubtful[own].mean()) if own.any() else 0.0,
        },
        "centre": centre.astype(float).tolist(),
    }
