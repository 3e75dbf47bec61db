"""How good the spend model is and what it does, as the section `spend` of docs/results.md."""

__all__ = ["SpendTested", "collect_spend"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.features.encode import Design
from patron.metrics import (
    bias_total,
    calibration_curve,
    crps,
    crps_difference,
    deciles,
    evaluate_money,
    mae,
    money_gains,
    money_shape,
    proportion,
    r2,
)
from patron.models.amounts import AmountDistribution, LogHurdle
from patron.models.conformal import Conformal
from patron.models.forecast import Forecast
from patron.models.spend import SpendModel
from patron.models.spend_candidates import SpendCandidate
from patron.models.spend_target import Beyond
from patron.models.two_part import TwoPartCurves
from patron.report.spend_checks import (
    collect_effects,
    collect_intervals,
    collect_residuals,
    collect_worst,
)
from patron.report.spend_framing import framing

Floats = NDArray[np.float64]
Bounds = dict[int, tuple[Floats, Floats]]

LEVELS = (0.8, 0.9, 0.95)
SPREAD_DRAWS = 200


@dataclass(frozen=True)
class SpendTested:
    """A spend model on the customers that were held out.

    Parameters
    ----------
    model : as it was chosen on the training part.
    table, design : the held-out rows, and as the model sees them.
    y : what they spent [n]; none beyond belief.
    groups : the customer of each row as a code, or None.
    names, dates : the customer and the date of each row for the table of misses, or None.
    everything : the amounts of all labelled rows, for the picture of the target.
    beyond : amounts beyond belief, which are in no figure.
    """

    model: SpendModel
    table: pa.Table
    design: Design
    y: Floats
    groups: NDArray[np.intp] | None
    names: Sequence[Any] | None
    dates: Sequence[Any] | None
    everything: Floats
    beyond: Beyond | None
    level: float
    seed: int
    threads: int

    @property
    def judged(self) -> dict[str, Any]:
        """What every metric is told."""
        return {"level": self.level, "groups": self.groups}

    @property
    def y_cut(self) -> Floats:
        """The amounts, those at the cap as the limit: how a distribution counts them."""
        start = self.model.cap_.start
        return self.y if start is None else np.where(self.y >= start, self.model.cap_.limit, self.y)


def collect_spend(
    tested: SpendTested,
    *,
    target: str,
    horizon_days: int | None,
    split: Mapping[str, Any],
    made: Sequence[Mapping[str, Any]],
    refit: str,
    truth: pa.Table | None = None,
    contacted: str | None = None,
) -> dict[str, Any]:
    """The section `spend`.

    Parameters
    ----------
    split : as in the section `purchase`.
    made : the derived features that were tried, as results.json has them.
    refit : what the bundle's model learned from, as a sentence.
    truth : a world's truth of the held-out rows.
    contacted : the column of the arm, where there is one.
    """
    model = tested.model
    forecast = model.predict_distribution(tested.table, threads=tested.threads)
    return {
        "target": target,
        "horizon_days": horizon_days,
        "split": dict(split),
        "shape": _shape(tested),
        "model": _model(tested, refit),
        **_plain(_evaluated(tested, forecast)),
        "cross_validated": _plain(_crossed(model)),
        "candidates": [
            _candidate(each, tested)
            for each in sorted(model.candidates_, key=lambda each: each.crps.value)
        ],
        "intervals": collect_intervals(tested, forecast, LEVELS),
        "total": _total(tested, forecast),
        "gains": money_gains(tested.y, forecast.mean),
        "zero": _zero(tested, forecast),
        "residuals": collect_residuals(tested, forecast),
        "worst": collect_worst(tested, forecast),
        "framing": framing(model, target=target, horizon_days=horizon_days, contacted=contacted),
        "features_made": list(made),
        "effects": collect_effects(tested),
        "best_possible": _best_possible(tested, truth),
    }


def _shape(tested: SpendTested) -> dict[str, Any]:
    cap, beyond = tested.model.cap_, tested.beyond
    return {
        **money_shape(tested.everything),
        "cap": {
            "value": None if cap.how == "none" else cap.limit,
            "how": cap.how,
            "rows": cap.rows,
            "because": cap.because,
        },
        "beyond_belief": None
        if beyond is None
        else {
            "rows": len(beyond.rows),
            "values": list(beyond.values),
            "share_of_total": beyond.share,
            "rule": beyond.sentence,
        },
    }


def _model(tested: SpendTested, refit: str) -> dict[str, Any]:
    model = tested.model
    scorer = model.scorer_
    curves = scorer if isinstance(scorer, TwoPartCurves) else None
    seasons = model.preparation_.notes if model.preparation_ is not None else ()
    unseen = _unseen_seasons(tested)
    return {
        "chosen": model.chosen_.name,
        "title": model.chosen_.title,
        "why": list(model.why()),
        "learned_from": len(model.learned_from_),
        "refit": refit,
        "limit": model.cap_.limit,
        "residuals": "normal" if curves is not None and curves.errors is None else "as seen",
        "scale": "varies" if curves is not None and any(curves.spread.terms) else "constant",
        "log_sd": None if curves is None else float(np.exp(curves.spread.intercept)),
        "unseen": unseen,
        "pooled": [*unseen, *seasons],
    }


def _unseen_seasons(tested: SpendTested) -> list[str]:
    """What is to be said where the holdout is of months that the model never saw."""
    prepared, rows = tested.model.preparation_, len(tested.y)
    told = []
    for month in prepared.months if prepared else ():
        unseen = tested.design.warnings.get(("unseen category", month), 0)
        if unseen:
            told.append(
                f"{unseen:,} of the {rows:,} held-out rows are of a month that the model never saw "
                f"({month}): they get the average of the months that it saw, and no interval here "
                "says how much a new season differs."
            )
    return told


def _evaluated(tested: SpendTested, forecast: Forecast) -> dict[str, Estimate]:
    bounds = {round(100 * level): forecast.interval(level) for level in LEVELS}
    return _metrics(tested.y, forecast.distribution, tested.y_cut, bounds, **tested.judged)


def _crossed(model: SpendModel) -> dict[str, Estimate]:
    """The same out of fold; the intervals of a fold are calibrated on the other folds."""
    unseen, y, arms = model.chosen_.unseen, model.compared_amounts_, model.compared_arms_
    bounds: Bounds = {}
    for level in LEVELS:
        low, high = np.empty(len(y)), np.empty(len(y))
        for rows, part in unseen.parts:
            rest = np.setdiff1d(np.arange(len(y)), rows)
            own = None if arms is None else arms[rows]
            others = None if arms is None else arms[rest]
            levels = Conformal.fit(unseen.rows(rest), y[rest], others)
            low[rows], high[rows] = levels.interval(part, level, own)
        bounds[round(100 * level)] = low, high
    return _metrics(y, unseen, y, bounds, level=model.level, groups=model.compared_groups_)


def _metrics(
    y: Floats,
    distribution: AmountDistribution,
    y_cut: Floats,
    bounds: Bounds,
    *,
    level: float,
    groups: NDArray[np.intp] | None,
) -> dict[str, Estimate]:
    return evaluate_money(
        y,
        mean=distribution.mean,
        median=distribution.median,
        crps=distribution.crps(y_cut),
        zero_probability=distribution.zero_probability,
        bounds=bounds,
        level=level,
        groups=groups,
    )


def _candidate(candidate: SpendCandidate, tested: SpendTested) -> dict[str, Any]:
    model = tested.model
    y, mean = model.compared_amounts_, candidate.unseen.mean
    inside: dict[str, Any] = {"level": tested.level, "groups": model.compared_groups_}
    held = candidate.scorer.distribution(tested.design.matrix, threads=tested.threads)
    ahead = crps_difference(candidate.scores, model.chosen_.scores, **inside)
    return {
        "name": candidate.name,
        "title": candidate.title,
        "chosen": candidate is model.chosen_,
        "floor": candidate.floor,
        "readability": candidate.readability,
        "reads_as": candidate.reads_as,
        "crps": candidate.crps.to_dict(),
        "ahead": ahead.to_dict(),
        "r2": r2(y, mean, **inside).to_dict(),
        "mae": mae(y, candidate.unseen.median, **inside).to_dict(),
        "bias_total": bias_total(y, mean, **inside).to_dict(),
        "seconds": round(candidate.seconds, 2),
        "cpu_seconds": round(candidate.cpu_seconds, 2),
        "scoring_seconds": round(candidate.scoring_seconds, 4),
        "holdout": {
            "crps": crps(held.crps(tested.y_cut), **tested.judged).to_dict(),
            "r2": r2(tested.y, held.mean, **tested.judged).to_dict(),
            "mae": mae(tested.y, held.median, **tested.judged).to_dict(),
            "bias_total": bias_total(tested.y, held.mean, **tested.judged).to_dict(),
        },
    }


def _total(tested: SpendTested, forecast: Forecast) -> dict[str, Any]:
    total = forecast.total(level=tested.level, seed=tested.seed)
    rng = np.random.default_rng(tested.seed)
    spread = np.empty(len(forecast))
    for start in range(0, len(forecast), 10_000):
        rows = slice(start, start + 10_000)
        spread[rows] = forecast.distribution.rows(rows).sample(rng, SPREAD_DRAWS).std(axis=0)
    return {
        "n": total.n,
        "expected": total.value,
        "low": total.low,
        "high": total.high,
        "level": total.level,
        "observed": float(tested.y.sum()),
        "method": total.method,
        "deciles": deciles(tested.y, forecast.mean, spread, **tested.judged),
    }


def _zero(tested: SpendTested, forecast: Forecast) -> dict[str, Any]:
    from patron.metrics import brier, roc_auc

    spends = (tested.y > 0).astype(np.float64)
    chance = 1 - forecast.zero_probability
    both = 0 < spends.sum() < len(spends)
    return {
        "rate": proportion(int(spends.sum()), len(spends), level=tested.level).to_dict(),
        "roc_auc": roc_auc(spends, chance, **tested.judged).to_dict() if both else None,
        "brier": brier(spends, chance, **tested.judged).to_dict(),
        "calibration": calibration_curve(spends, chance, **tested.judged) if both else [],
    }


def _best_possible(tested: SpendTested, truth: pa.Table | None) -> dict[str, Any] | None:
    """What the true distributions of a world reach on the same rows."""
    needed = {"true_zero_probability", "true_log_mean", "true_log_sd"}
    if truth is None or not needed <= set(truth.column_names):
        return None
    known = {name: truth[name].to_numpy().astype(np.float64) for name in needed}
    oracle = LogHurdle(
        1 - known["true_zero_probability"],
        known["true_log_mean"],
        known["true_log_sd"],
        limit=tested.model.cap_.limit,
    )
    bounds = {round(100 * level): oracle.interval(level) for level in LEVELS}
    return _plain(_metrics(tested.y, oracle, tested.y_cut, bounds, **tested.judged))


def _plain(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: estimate.to_dict() for name, estimate in estimates.items()}
