"""What a run found, as the dict of docs/results.md."""

__all__ = ["collect_audit", "collect_data", "collect_run", "in_short"]

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron import __version__
from patron.bundle import Bundle, versions
from patron.customers import Customers
from patron.examine import Examined
from patron.metrics import MONEY_METRICS
from patron.progress import Stopwatch
from patron.report.distributions import describe_columns
from patron.schema import BinaryTarget, Role
from patron.study import Study

LATER = ("campaign", "decision", "budget")
"""Sections of the contract that no room fills yet."""

SPEND_KEPT = ("target", "horizon_days", "split", "model", "total", "cross_validated")

MODELS = ("purchase", "spend", "segments", "comparison")
"""Sections that a run fills, each where the Study asks for it."""

NOT_YET = "this version cannot do it yet"


def collect_data(
    customers: Customers,
    examined: Examined,
    used: Collection[str],
    study: Study,
    unreadable: Sequence[str] = (),
) -> dict[str, Any]:
    """The sections `table`, `audit`, `findings`, `fixes` and `features`.

    `used` are the columns that a model predicts from.
    """
    state, target = examined.final, customers.target or _spenders(customers)
    values = None if target is None else target.values[state.rows]
    sections = collect_audit(customers, examined, study)
    sections["table"]["notes"] += unreadable
    return {
        **sections,
        "features": {
            "columns": describe_columns(
                state.table, state.schema, values, set(used), level=study.run.level
            ),
            "target": None if target is None else _target(target, state.rows),
            "made_from": customers.made_from,
        },
    }


def collect_audit(customers: Customers, examined: Examined, study: Study) -> dict[str, Any]:
    """The sections `table`, `audit`, `findings` and `fixes`."""
    state = examined.final
    entity, as_of = (state.schema.one(role) for role in (Role.ENTITY, Role.AS_OF))
    dates = (
        None if as_of is None else sorted(str(d) for d in pc.unique(state.table[as_of]).to_pylist())
    )
    return {
        "table": {
            "name": customers.name,
            "rows": customers.table.num_rows,
            "columns": customers.table.num_columns,
            "entities": None if entity is None else pc.count_distinct(state.table[entity]).as_py(),
            "as_of": dates,
            "notes": list(customers.notes),
            "dropped_lines": list(customers.dropped),
        },
        "audit": {
            "checks": [dict(each) for each in examined.audit.outcomes],
            "apply": study.audit.apply,
        },
        "findings": examined.findings(),
        "fixes": examined.fixes(),
    }


def _segments_in_short(segments: Mapping[str, Any]) -> dict[str, Any]:
    """What a later month needs to say of segments that it keeps, and the API of them."""
    kept = ("k", "kind", "structure", "because", "evidence", "revenue_column")
    own = ("id", "name", "size", "share", "revenue_share", "sure")
    return {
        **{name: segments[name] for name in kept},
        "segments": [{name: each[name] for name in own} for each in segments["segments"]],
    }


def _spenders(customers: Customers) -> BinaryTarget | None:
    """Who spends anything, where that is all that is known of who buys."""
    amounts, name = customers.amounts, customers.spend_name
    if amounts is None or name is None:
        return None
    spends = np.where(np.isnan(amounts), np.nan, amounts > 0)
    return BinaryTarget(spends, "above 0", "0", name, "who spends anything counts as a buyer")


def _target(target: BinaryTarget, rows: NDArray[np.intp]) -> dict[str, Any]:
    values = target.values[rows]
    counts = {
        "positive": int((values == 1).sum()),
        "negative": int((values == 0).sum()),
        "unlabelled": int(np.isnan(values).sum()),
    }
    answers = {"name": target.column, "positive": target.positive, "negative": target.negative}
    return {**answers, "because": target.because, "counts": counts}


def collect_run(
    study: Study,
    created: datetime,
    data: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    evidence: Mapping[str, Mapping[str, Any] | None],
    bundle: Bundle,
    watch: Stopwatch,
    *,
    none_because: str = "",
) -> dict[str, Any]:
    """All of `results.json`; sections that were not run are None, with the reason.

    `none_because` is why there are no segments although the Study asks for them.
    """
    asked = study.sections()
    absent: dict[str, Any] = {}
    for name in LATER:
        absent[name] = None
        unasked = name in asked and not asked[name]
        absent[f"{name}_because"] = f"the Study has no [{name}]" if unasked else NOT_YET
    for name in MODELS:
        if evidence[name] is None:
            absent[f"{name}_because"] = f"the Study has no [{name}]"
    if none_because:
        absent["segments_because"] = none_because
    if evidence["comparison"] is None:
        absent["comparison_because"] = _not_compared(asked, none_because)
    return {
        "format": 1,
        "patron_version": __version__,
        "created": created.isoformat(timespec="seconds"),
        "study": {
            "path": study.path.name if study.path else None,
            "sections": asked,
            "seed": study.run.seed,
            "threads": study.run.threads,
            "level": study.run.level,
        },
        **data,
        "ladder": list(steps),
        **{name: evidence[name] for name in MODELS},
        **absent,
        "bundle": {"path": "bundle", "version": bundle.version, "size_bytes": bundle.size_bytes},
        "timing": watch.to_dict(),
        "versions": versions(),
    }


def _not_compared(asked: Mapping[str, Any], none_because: str) -> str:
    lacking = [f"[{name}]" for name in ("purchase", "segments") if asked.get(name) is None]
    if lacking:
        return (
            f"it needs [purchase] and [segments], and the Study has no {' and no '.join(lacking)}"
        )
    return none_because or NOT_YET


def in_short(
    evidence: Mapping[str, Mapping[str, Any] | None], data: Mapping[str, Any]
) -> dict[str, Any]:
    """What the bundle keeps of the results: enough to say what the model predicts, and how well.

    The purchase model's figures stand at the top, those on spend under `spend`.
    """
    left_out = ("candidates", "curves", "effects", "interactions", "groups", "card")
    purchase, spend = evidence["purchase"] or {}, evidence["spend"]
    short: dict[str, Any] = {
        name: value for name, value in purchase.items() if name not in left_out
    }
    if spend is not None:
        short["spend"] = {name: value for name, value in spend.items() if name in SPEND_KEPT}
        short["spend"] |= {name: spend[name] for name in MONEY_METRICS if name in spend}
    if evidence["segments"] is not None:
        short["segments"] = _segments_in_short(evidence["segments"])
    short["findings"] = [
        {key: found[key] for key in ("code", "title", "severity", "columns", "applied")}
        for found in data["findings"]
    ]
    return short
