"""How good the purchase model is and what it does, as the section `purchase` of docs/results.md."""

__all__ = ["collect_purchase", "split_part"]

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.customers import Customers
from patron.estimate import Estimate
from patron.examine import Examined, State
from patron.features.encode import Design
from patron.metrics import (
    auc_difference,
    calibration_curve,
    confusion,
    ece_noise,
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
from patron.models.candidates import Candidate
from patron.models.explain import effect, importances, interactions
from patron.models.learner import logit
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel
from patron.report.collect_evidence import (
    collect_decision,
    collect_groups,
    collect_kept,
    collect_optimism,
    months,
)
from patron.report.tested import Tested
from patron.schema import Role
from patron.split import Split
from patron.study import Study

Floats = NDArray[np.float64]

EFFECTS_DRAWN = 12
"""Curves are drawn for this many columns; the importance of all is listed."""


def collect_purchase(
    model: PurchaseModel,
    design: Design,
    customers: Customers,
    examined: Examined,
    split: Split,
    study: Study,
    *,
    truth: pa.Table | None = None,
    level: float,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """The section `purchase`; `design` is of the rows of the examined customers."""
    state, held = examined.final, split.holdout
    rows, y = state.rows, customers.bought[state.rows]
    asked = study.purchase
    floors, by = (asked.floors, asked.groups) if asked else ((), ())
    test = design.rows(held)
    tested = Tested(
        model,
        test,
        y[held],
        None if split.groups is None else split.groups[held],
        model.predict_proba(test, threads=threads),
        level,
        seed,
        threads,
    )
    p, threshold, seen = tested.p, model.threshold_.value, model.seen_
    reached = evaluate(tested.y, p, threshold=threshold, seed=seed, **tested.judged)
    crossed = evaluate(
        seen.y,
        model.probabilities_,
        threshold=threshold,
        seed=seed,
        groups=seen.groups,
        level=level,
    )
    crossed = {name: replace(each, n=each.n // seen.repeats) for name, each in crossed.items()}
    return {
        "target": customers.target_name,
        "horizon_days": customers.horizon_days,
        "positive_rate": proportion(int(tested.y.sum()), len(held), level=level).to_dict(),
        "split": split_part(split),
        "model": _model(model, study),
        **_plain(reached),
        "ece_by_chance": ece_noise(p, level=level, seed=seed).to_dict(),
        "threshold": model.threshold_.to_dict(),
        "cross_validated": _plain(crossed),
        "confusion": confusion(tested.y, p, threshold=threshold),
        "candidates": [
            *(_candidate(each, tested) for each in _ranked(model)),
            *_floors(design, y, split, floors, tested),
        ],
        "learning_curve": _learning_curve(model),
        "decision": collect_decision(tested),
        "groups": collect_groups(
            tested,
            state.table.take(pa.array(held)),
            state.schema,
            customers.table.select(list(by)).take(pa.array(rows[held])),
            _months(tested, state, split, y),
        ),
        **collect_optimism(design, y, split, level=level, seed=seed, threads=threads),
        "kept": collect_kept(examined, study, list(dict.fromkeys(design.sources))),
        "best_possible": _best_possible(tested, truth, rows[held]),
        "curves": {
            "roc": roc_curve(tested.y, p),
            "precision_recall": precision_recall_curve(tested.y, p),
            "calibration": calibration_curve(tested.y, p, **tested.judged),
            "gains": gains_curve(tested.y, p, **tested.judged),
            "scores": score_histogram(tested.y, p),
        },
        "effects": _effects(tested),
        "interactions": interactions(model, test, seed=seed, threads=threads),
    }


def _months(tested: Tested, state: State, split: Split, y: Floats) -> list[dict[str, Any]]:
    as_of = state.schema.one(Role.AS_OF)
    if as_of is None:
        return []
    return months(tested, state.table[as_of], split.train, y, split.groups)


def _model(model: PurchaseModel, study: Study) -> dict[str, Any]:
    """The part `purchase.model`."""
    calibration, sample = model.calibration_, model.learned_from_
    return {
        "chosen": model.chosen_.name,
        "title": model.chosen_.title,
        "why": list(model.why()),
        "effort": model.effort,
        "monotone": dict(study.purchase.monotone) if study.purchase else {},
        "learned_from": len(model.out_of_fold_) if sample is None else len(sample),
        "base_probability": model.base_probability,
        "calibration": {
            **model.calibrator_.to_dict(),
            "because": calibration.because,
            "tried": [
                {
                    "method": each.method,
                    "log_loss": each.log_loss.to_dict(),
                    "difference": None if each.difference is None else each.difference.to_dict(),
                }
                for each in calibration.tried
            ],
        },
    }


def split_part(split: Split) -> dict[str, Any]:
    """The part `split` of the sections `purchase` and `spend`."""
    return {
        "by": split.by,
        "description": split.description,
        "notes": list(split.notes),
        "holdout_as_of": list(split.held_dates) or None,
        "train_rows": len(split.train),
        "holdout_rows": len(split.holdout),
        "folds": len(split.folds),
        "repeats": 1 + len(split.repeats),
    }


def _learning_curve(model: PurchaseModel) -> dict[str, Any]:
    curve = model.curve_
    return {
        "learner": curve.learner,
        "points": [{"rows": rows, "roc_auc": auc.to_dict()} for rows, auc in curve.points],
        "doubling": None if curve.doubling is None else curve.doubling.to_dict(),
        "verdict": curve.verdict,
        "sentence": curve.sentence,
    }


def _ranked(model: PurchaseModel) -> list[Candidate]:
    return sorted(model.candidates_, key=lambda each: each.log_loss.value)


def _candidate(candidate: Candidate, tested: Tested) -> dict[str, Any]:
    model, seen = tested.model, tested.model.seen_
    plain, base = Calibrator(), np.full(len(seen.y), seen.y.mean())
    options = {"level": tested.level}
    gain = seen.estimate(log_loss_difference, base, plain(candidate.out_of_fold), **options)
    return {
        "name": candidate.name,
        "title": candidate.title,
        "chosen": candidate is model.chosen_,
        "floor": False,
        "readability": candidate.readability,
        "roc_auc": candidate.roc_auc.to_dict(),
        "log_loss": candidate.log_loss.to_dict(),
        "log_loss_gain": gain.to_dict(),
        "seconds": round(candidate.seconds, 2),
        "cpu_seconds": round(candidate.cpu_seconds, 2),
        "scoring_seconds": round(candidate.scoring_seconds, 4),
        "holdout": _on_holdout(candidate.raw(tested.design.matrix, threads=tested.threads), tested),
    }


def _floors(
    design: Design, y: Floats, split: Split, named: Sequence[str], tested: Tested
) -> list[dict[str, Any]]:
    """The best single column, the columns that the Study names, and the base rate."""
    train, learned_from = split.train, tested.model.learned_from_
    answers = y[train]
    options: dict[str, Any] = {
        "level": tested.level,
        "groups": None if split.groups is None else split.groups[train],
    }

    def floor(name: str, title: str, inside: Floats, outside: Floats) -> dict[str, Any]:
        """A simple rule, from its log-odds out of fold and on the holdout."""
        p, base = Calibrator()(inside), np.full(len(answers), answers.mean())
        return {
            "name": name,
            "title": title,
            "chosen": False,
            "floor": True,
            "readability": None,
            "roc_auc": roc_auc(answers, p, **options).to_dict(),
            "log_loss": log_loss(answers, p, **options).to_dict(),
            "log_loss_gain": log_loss_difference(answers, base, p, **options).to_dict(),
            "seconds": None,
            "cpu_seconds": None,
            "scoring_seconds": None,
            "holdout": _on_holdout(outside, tested),
        }

    taught = train if learned_from is None else train[learned_from]
    best = _best_single(design.rows(taught), y[taught])
    known = [column for column in named if column in design.sources]
    found = []
    for column in dict.fromkeys((best, *known)):
        alone = design.only(column)
        learner = SplineLogistic(seed=tested.seed)
        inside = learner.cross_fit(alone.rows(train), answers, split.folds).raw
        outside = learner.fit(alone.rows(taught), y[taught]).raw(alone.matrix[split.holdout])
        title = f"best single column ({column})" if column == best else f"only {column}"
        found.append(floor(f"only {column}", title, inside, outside))
    flat = np.full(len(y), logit(float(y[taught].mean())))
    return [*found, floor("base rate", "base rate", flat[train], flat[split.holdout])]


def _on_holdout(raw: Floats, tested: Tested) -> dict[str, Any]:
    """From log-odds as they are; how far the chosen model is ahead is paired."""
    q = Calibrator()(raw)
    return {
        "roc_auc": roc_auc(tested.y, q, **tested.judged).to_dict(),
        "log_loss": log_loss(tested.y, q, **tested.judged).to_dict(),
        "chosen_ahead": auc_difference(tested.y, tested.p, q, **tested.judged).to_dict(),
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
    return max(reach, key=lambda name: reach[name]) if reach else design.sources[0]


def _best_possible(
    tested: Tested, truth: pa.Table | None, rows: NDArray[np.intp]
) -> dict[str, Any] | None:
    """What the true probabilities of a world reach on the same customers."""
    if truth is None:
        return None
    p = truth["true_purchase_probability"].to_numpy()[rows]
    return {
        "roc_auc": roc_auc(tested.y, p, **tested.judged).to_dict(),
        "log_loss": log_loss(tested.y, p, **tested.judged).to_dict(),
    }


def _effects(tested: Tested) -> list[dict[str, Any]]:
    model = tested.model
    chance: dict[str, Any] = {"seed": tested.seed, "threads": tested.threads}
    matters = importances(model, tested.design, tested.y, **tested.judged, **chance)
    entries = []
    for place, (column, importance) in enumerate(matters.items()):
        drawn = None
        if place < EFFECTS_DRAWN:
            drawn = effect(model, tested.design, column, **chance)
        entries.append({"column": column, "importance": importance.to_dict(), **(drawn or {})})
    return entries


def _plain(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: estimate.to_dict() for name, estimate in estimates.items()}
