"""What stands beside a purchase model's figures: decision, groups, optimism, what was kept."""

__all__ = ["collect_decision", "collect_groups", "collect_kept", "collect_optimism", "months"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.examine import Examined
from patron.features.encode import Design
from patron.metrics import best_f1_threshold, evaluate_groups, f1, proportion
from patron.models.decision import Capacity, Costs, Fixed, Rule, worth
from patron.models.optimism import optimism
from patron.report.served import groupings
from patron.report.tested import Tested
from patron.schema import Schema
from patron.split import Split
from patron.study import Study

Floats = NDArray[np.float64]


def collect_decision(tested: Tested) -> dict[str, Any]:
    """The part `purchase.decision`: the rule, what it flags, and what it brings."""
    model, y, p = tested.model, tested.y, tested.p
    rule, threshold = model.rule, model.threshold_.value
    flagged = int((p >= threshold).sum())
    money = None
    if isinstance(rule, Costs):
        brings = worth(
            y,
            p,
            threshold=threshold,
            contact_cost=rule.contact_cost,
            margin=rule.margin,
            **tested.judged,
        )
        money = {
            "contact_cost": rule.contact_cost,
            "margin": rule.margin,
            "listed": brings.listed.to_dict(),
            "everybody": brings.everybody.to_dict(),
            "ahead": brings.ahead.to_dict(),
            "customers": len(y),
        }
    of = {"customers": rule.customers, "among": rule.among} if isinstance(rule, Capacity) else None
    return {
        "rule": rule.name,
        "sentence": _rule_in_words(rule, threshold),
        "flagged": proportion(flagged, len(y), level=tested.level).to_dict(),
        "money": money,
        "capacity": of,
        "flattered": _flattered(tested),
    }


def _rule_in_words(rule: Rule, threshold: float) -> str:
    if isinstance(rule, Fixed):
        return f"The threshold {threshold:.3g} is the one that the Study sets."
    if isinstance(rule, Costs):
        pays = (
            f"{rule.contact_cost:,.2f} / {rule.margin:,.2f} = {rule.contact_cost / rule.margin:.3g}"
        )
        if rule.contact_cost >= rule.margin:
            return f"A contact never pays for itself: its cost over the margin is {pays}."
        return (
            f"A contact pays for itself from a probability of {pays} on: its cost over the margin."
        )
    if isinstance(rule, Capacity):
        return (
            f"{rule.customers:,} of {rule.among:,} customers can be contacted: those with a "
            f"probability of {threshold:.3g} or more."
        )
    return f"From {threshold:.3g} on, F1 was highest on predictions for customers not yet seen."


def _flattered(tested: Tested) -> dict[str, float] | None:
    """What a threshold tuned on the holdout itself would have shown."""
    if not 0 < tested.y.sum() < len(tested.y):
        return None
    tuned = best_f1_threshold(tested.y, tested.p, level=tested.level).value
    ours, best = (
        f1(tested.y, tested.p, threshold=at, level=tested.level).value
        for at in (tested.model.threshold_.value, tuned)
    )
    ours = 0.0 if np.isnan(ours) else ours
    return {"threshold": tuned, "f1": best, "by": best - ours}


def collect_groups(
    tested: Tested, table: pa.Table, schema: Schema, asked: pa.Table, by_month: Sequence[Any]
) -> list[dict[str, Any]]:
    """The part `purchase.groups`: `table` holds the held-out rows; `by_month` is from `months`.

    `asked` are the columns that the Study asks for, of the same rows, as they came: a fix may have
    dropped them.
    """
    answer = []
    for each in groupings(table, schema, tested.design, asked):
        inside = each.labels != ""
        answer.append(
            {
                "by": each.by,
                "kind": each.kind,
                "because": each.because,
                "rows": _judged(
                    tested.y[inside],
                    tested.p[inside],
                    each.labels[inside],
                    None if tested.groups is None else tested.groups[inside],
                    tested.level,
                ),
            }
        )
    return answer + list(by_month)


def months(
    tested: Tested, dates: pa.ChunkedArray, train: NDArray[np.intp], y: Floats, groups: Any
) -> list[dict[str, Any]]:
    """By month of as_of, out of fold: whether probabilities hold from one month to the next."""
    p = tested.model.out_of_fold_
    known = ~np.isnan(p)
    rows = train[known]
    text = pc.strftime(dates.take(pa.array(rows)).cast(pa.timestamp("us"), safe=False), "%Y-%m")
    labels = text.to_numpy(zero_copy_only=False).astype(np.str_)
    if len(np.unique(labels)) < 2:
        return []
    codes = None if groups is None else groups[rows]
    found = _judged(y[rows], p[known], labels, codes, tested.level)
    because = "out of fold, on the training part: whether the scores hold from month to month"
    return [{"by": "month", "kind": "month", "because": because, "rows": found}]


def _judged(y: Floats, p: Floats, labels: Any, groups: Any, level: float) -> list[dict[str, Any]]:
    found = evaluate_groups(y, p, labels, level=level, groups=groups)
    return [
        {
            **{name: _as_dict(value) for name, value in each.items()},
            "label": str(each["label"]),
            "flags": list(each["flags"]),
        }
        for each in found
    ]


def _as_dict(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Estimate) else value


def collect_optimism(
    design: Design, y: Floats, split: Split, *, level: float, seed: int, threads: int
) -> dict[str, Any]:
    """The parts `purchase.optimism` and `purchase.optimism_because`."""
    if split.by != "time":
        because = "the split is not by time: there is nothing to compare a random split with"
        return {"optimism": None, "optimism_because": because}
    found = optimism(
        design,
        y,
        split.train,
        split.holdout,
        groups=split.groups,
        level=level,
        seed=seed,
        threads=threads,
    )
    if found is None:
        because = "too few of those who are held out bought, or did not"
        return {"optimism": None, "optimism_because": because}
    return {
        "optimism": {
            "random": found.random.to_dict(),
            "time": found.time.to_dict(),
            "difference": found.difference.to_dict(),
            "rows": found.rows,
            "sentence": found.sentence,
        },
        "optimism_because": None,
    }


def collect_kept(examined: Examined, study: Study, used: Sequence[str]) -> list[dict[str, Any]]:
    """The part `purchase.kept`: columns that the model uses against a finding, and why."""
    titles = {each["code"]: each["title"] for each in examined.audit.outcomes}
    passed: Mapping[tuple[Any, Any], str] = {
        (entry.code, entry.column): entry.because for entry in study.audit.ignore
    }
    hit = {
        (each["code"], name)
        for each in examined.audit.outcomes
        for name in used
        if each["outcome"] == "ignored" and _is_about(each["because"] or "", name)
    }
    return [
        {
            "code": code,
            "column": column,
            "because": because or "the Study gives no reason",
            "title": titles.get(code, code),
        }
        for (code, column), because in passed.items()
        if column is None or (code, column) in hit
    ]


def _is_about(because: str, column: str) -> bool:
    said = f"the Study ignores it for {column}"
    return because == said or because.startswith(f"{said}: ")
