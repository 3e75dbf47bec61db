"""What a run found, as the dict of docs/results.md."""

__all__ = ["collect_audit", "collect_data", "collect_purchase", "collect_run", "in_short"]

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron import __version__
from patron.bundle import Bundle, versions
from patron.customers import Customers
from patron.estimate import Estimate
from patron.examine import Examined
from patron.features.encode import Design, Encoder
from patron.metrics import (
    auc_difference,
    calibration_curve,
    confusion,
    evaluate,
    gains_curve,
    log_loss,
    log_loss_difference,
    precision_recall_curve,
    proportion,
    roc_auc,
    roc_curve,
    score_histogram,
)
from patron.models.calibrate import Calibrator
from patron.models.explain import effect, importances
from patron.models.learner import SplineLogistic
from patron.models.purchase import PurchaseModel
from patron.progress import Stopwatch
from patron.report.distributions import describe_columns
from patron.schema import BinaryTarget, Role
from patron.split import Split
from patron.study import Study

Floats = NDArray[np.float64]

LATER = ("spend", "campaign", "segments", "decision", "budget", "comparison")
"""Sections of the contract that no room fills yet."""

NOT_YET = "this version cannot do it yet"

EFFECTS_DRAWN = 12
"""Curves are drawn for this many columns; the importance of all is listed."""


def collect_data(
    customers: Customers,
    examined: Examined,
    encoder: Encoder,
    study: Study,
    unreadable: Sequence[str] = (),
) -> dict[str, Any]:
    """The sections `table`, `audit`, `findings`, `fixes` and `features`."""
    state, target = examined.final, customers.target
    values = None if target is None else target.values[state.rows]
    used = {rule["name"] for rule in encoder.columns}
    sections = collect_audit(customers, examined, study)
    sections["table"]["notes"] += unreadable
    return {
        **sections,
        "features": {
            "columns": describe_columns(
                state.table, state.schema, values, used, level=study.run.level
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


def _target(target: BinaryTarget, rows: NDArray[np.intp]) -> dict[str, Any]:
    values = target.values[rows]
    counts = {
        "positive": int((values == 1).sum()),
        "negative": int((values == 0).sum()),
        "unlabelled": int(np.isnan(values).sum()),
    }
    answers = {"name": target.column, "positive": target.positive, "negative": target.negative}
    return {**answers, "because": target.because, "counts": counts}


def _split(split: Split) -> dict[str, Any]:
    """The part `purchase.split`."""
    return {
        "by": split.by,
        "description": split.description,
        "notes": list(split.notes),
        "holdout_as_of": list(split.held_dates) or None,
        "train_rows": len(split.train),
        "holdout_rows": len(split.holdout),
        "folds": len(split.folds),
    }


def collect_purchase(
    model: PurchaseModel,
    design: Design,
    customers: Customers,
    rows: NDArray[np.intp],
    split: Split,
    *,
    floors: Sequence[str] = (),
    truth: pa.Table | None = None,
    level: float,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """The section `purchase`; `design` is of the `rows` of the customers' table."""
    train, held = split.train, split.holdout
    groups, y = split.groups, customers.bought[rows]
    inside = None if groups is None else groups[train]
    outside = None if groups is None else groups[held]
    test, test_y = design.rows(held), y[held]
    p = model.predict_proba(test, threads=threads)
    threshold = model.threshold_.value
    options: dict[str, Any] = {"level": level, "seed": seed}
    reached = evaluate(test_y, p, threshold=threshold, groups=outside, **options)
    crossed = evaluate(y[train], model.out_of_fold_, threshold=threshold, groups=inside, **options)
    matters = importances(
        model, test, test_y, groups=outside, level=level, seed=seed, threads=threads
    )
    return {
        "target": customers.target_name,
        "horizon_days": customers.horizon_days,
        "positive_rate": proportion(int(y[held].sum()), len(held), level=level).to_dict(),
        "split": _split(split),
        "model": {
            "chosen": model.chosen_.name,
            "title": model.chosen_.title,
            "why": list(model.why()),
            "calibration": model.calibrator_.to_dict(),
        },
        **_plain(reached),
        "threshold": model.threshold_.to_dict(),
        "cross_validated": _plain(crossed),
        "confusion": confusion(test_y, p, threshold=threshold),
        "candidates": [
            *_models(model, design, y, split, level, threads),
            *_floors(design, p, y, split, floors, level, seed),
        ],
        "best_possible": None
        if truth is None
        else _best_possible(test_y, truth, rows[held], level),
        "curves": {
            "roc": roc_curve(test_y, p),
            "precision_recall": precision_recall_curve(test_y, p),
            "calibration": calibration_curve(test_y, p, level=level),
            "gains": gains_curve(test_y, p, level=level),
            "scores": score_histogram(test_y, p),
        },
        "effects": _effects(model, test, matters, seed, threads),
    }


def collect_run(
    study: Study,
    created: datetime,
    data: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    purchase: Mapping[str, Any],
    bundle: Bundle,
    watch: Stopwatch,
) -> dict[str, Any]:
    """All of `results.json`; sections that were not run are None, with the reason."""
    asked = study.sections()
    absent: dict[str, Any] = {}
    for name in LATER:
        absent[name] = None
        unasked = name in asked and not asked[name]
        absent[f"{name}_because"] = f"the Study has no [{name}]" if unasked else NOT_YET
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
        "purchase": dict(purchase),
        **absent,
        "bundle": {"path": "bundle", "version": bundle.version, "size_bytes": bundle.size_bytes},
        "timing": watch.to_dict(),
        "versions": versions(),
    }


def in_short(purchase: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What the bundle keeps of the results: enough to say what the model predicts, and how well."""
    left_out = ("candidates", "curves", "effects")
    return {
        **{name: value for name, value in purchase.items() if name not in left_out},
        "findings": [
            {key: found[key] for key in ("code", "title", "severity", "columns", "applied")}
            for found in data["findings"]
        ],
    }


def _models(
    model: PurchaseModel, design: Design, y: Floats, split: Split, level: float, threads: int
) -> list[dict[str, Any]]:
    held, ranked = split.holdout, sorted(model.candidates_, key=lambda each: each.log_loss.value)
    ours = model.predict_proba(design.rows(held), threads=threads)
    entries = []
    for candidate in ranked:
        entry = _entry(
            candidate.title,
            candidate.out_of_fold,
            candidate.raw(design.matrix[held], threads=threads),
            ours,
            y,
            split,
            level,
            floor=False,
        )
        cost = {
            "seconds": round(candidate.seconds, 2),
            "cpu_seconds": round(candidate.cpu_seconds, 2),
        }
        chosen = candidate is model.chosen_
        entries.append({"name": candidate.name, **entry, "chosen": chosen, **cost})
    return entries


def _floors(
    design: Design,
    ours: Floats,
    y: Floats,
    split: Split,
    named: Sequence[str],
    level: float,
    seed: int,
) -> list[dict[str, Any]]:
    """The best single column, the columns that the Study names, and the base rate."""
    train, held = split.train, split.holdout
    best = _best_single(design.rows(train), y[train])
    entries = []
    known = [column for column in named if column in design.sources]
    for column in dict.fromkeys((best, *known)):
        alone = design.only(column)
        learner = SplineLogistic(seed=seed)
        inside = learner.cross_fit(alone.rows(train), y[train], split.folds)
        outside = learner.fit(alone.rows(train), y[train]).raw(alone.matrix[held])
        title = f"best single column ({column})" if column == best else f"only {column}"
        entries.append(
            {"name": f"only {column}", **_entry(title, inside, outside, ours, y, split, level)}
        )
    rate = y[train].mean()
    flat = np.full(len(y), np.log(rate / (1 - rate)))
    base = _entry("base rate", flat[train], flat[held], ours, y, split, level)
    return [*entries, {"name": "base rate", **base}]


def _entry(
    title: str,
    inside: Floats,
    outside: Floats,
    ours: Floats,
    y: Floats,
    split: Split,
    level: float,
    *,
    floor: bool = True,
) -> dict[str, Any]:
    """One row of the candidates' table, from log-odds out of fold and on the holdout.

    `ours` are the chosen model's probabilities on the holdout: how far it is ahead is paired.
    """
    plain, train, held = Calibrator(), split.train, split.holdout
    groups = (None, None) if split.groups is None else (split.groups[train], split.groups[held])
    p, q = plain(inside), plain(outside)
    base = np.full(len(train), y[train].mean())
    gain = log_loss_difference(y[train], base, p, level=level, groups=groups[0])
    return {
        "title": title,
        "chosen": False,
        "floor": floor,
        "roc_auc": roc_auc(y[train], p, level=level, groups=groups[0]).to_dict(),
        "log_loss": log_loss(y[train], p, level=level, groups=groups[0]).to_dict(),
        "log_loss_gain": gain.to_dict(),
        "seconds": None,
        "cpu_seconds": None,
        "holdout": {
            "roc_auc": roc_auc(y[held], q, level=level, groups=groups[1]).to_dict(),
            "log_loss": log_loss(y[held], q, level=level, groups=groups[1]).to_dict(),
            "chosen_ahead": auc_difference(
                y[held], ours, q, level=level, groups=groups[1]
            ).to_dict(),
        },
    }


def _best_single(design: Design, y: Floats, most_rows: int = 20_000) -> str:
    """The column that ranks best alone, by its values or its categories' shares of buyers."""
    from scipy.stats import rankdata

    some = np.random.default_rng(0).permutation(len(y))[:most_rows]
    design, y = design.rows(np.sort(some)), y[np.sort(some)]
    reach = {}
    for place, name in enumerate(design.names):
        values = design.matrix[:, place].astype(np.float64)
        if name in design.levels:
            codes = np.where(np.isnan(values), len(design.levels[name]), values).astype(np.intp)
            hits, rows = np.bincount(codes, weights=y), np.bincount(codes)
            values = ((hits + y.mean() * 20) / (rows + 20))[codes]
        if np.isnan(values).all():
            continue
        ranks = rankdata(np.nan_to_num(values, nan=float(np.nanmedian(values))))
        positive = y.sum()
        above = ranks[y == 1].sum() - positive * (positive + 1) / 2
        reach[design.sources[place]] = abs(above / (positive * (len(y) - positive)) - 0.5)
    return max(reach, key=lambda name: reach[name])


def _best_possible(
    y: Floats, truth: pa.Table, rows: NDArray[np.intp], level: float
) -> dict[str, Any]:
    p = truth["true_purchase_probability"].to_numpy()[rows]
    return {
        "roc_auc": roc_auc(y, p, level=level).to_dict(),
        "log_loss": log_loss(y, p, level=level).to_dict(),
    }


def _effects(
    model: PurchaseModel, test: Design, matters: Mapping[str, Estimate], seed: int, threads: int
) -> list[dict[str, Any]]:
    entries = []
    for place, (column, importance) in enumerate(matters.items()):
        drawn = None
        if place < EFFECTS_DRAWN:
            drawn = effect(model, test, column, seed=seed, threads=threads)
        entries.append({"column": column, "importance": importance.to_dict(), **(drawn or {})})
    return entries


def _plain(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: estimate.to_dict() for name, estimate in estimates.items()}
