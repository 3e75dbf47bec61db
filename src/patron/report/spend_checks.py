"""What a spend model's ranges, residuals, misses and curves look like on the held-out rows."""

__all__ = ["collect_effects", "collect_intervals", "collect_residuals", "collect_worst"]

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.metrics import (
    against,
    coverage,
    coverage_by,
    median_width,
    pit_histogram,
    quantile_residuals,
    spread_by,
    width,
    worm,
)
from patron.models.forecast import Forecast

if TYPE_CHECKING:
    from patron.report.collect_spend import SpendTested

Floats = NDArray[np.float64]

MOST_WORST = 20
COLUMNS_DRAWN = 6
ROWS_FOR_EFFECTS = 300
ROWS_FOR_IMPORTANCE = 3_000
SHARES = (0.0, 0.003, 0.01, 0.02, 0.04, 0.07, *np.linspace(0.1, 0.9, 17).round(2), 0.95, 0.99, 1.0)
METHOD = (
    "The level of each interval is set so that, among rows that the model had not seen, it covers "
    "what it claims (distributional conformal prediction{by_arm})."
)


def collect_intervals(
    tested: "SpendTested", forecast: Forecast, levels: Sequence[float]
) -> dict[str, Any]:
    """The part `intervals`: coverage and width, over all, by decile of the forecast, and by arm."""
    y, mean = tested.y, forecast.mean
    order = np.argsort(np.argsort(mean, kind="stable"), kind="stable")  # 10 is the highest
    decile = np.array([f"{1 + 10 * place // len(y):02d}" for place in order])
    found = []
    for level in levels:
        low, high = forecast.interval(level)
        ends = y, low, high
        found.append(
            {
                "level": level,
                "coverage": coverage(*ends, **tested.judged).to_dict(),
                "width": width(low, high, **tested.judged).to_dict(),
                "median_width": median_width(low, high, **tested.judged).to_dict(),
                "one_sided_share": float(forecast.distribution.one_sided(level).mean()),
                "by_decile": coverage_by(*ends, decile, **tested.judged),
                "by_arm": None
                if forecast.arms is None
                else coverage_by(*ends, forecast.arms, **tested.judged),
            }
        )
    by_arm = "" if forecast.arms is None else ", for each arm on its own"
    return {"method": METHOD.format(by_arm=by_arm), "levels": found}


def collect_residuals(tested: "SpendTested", forecast: Forecast) -> dict[str, Any]:
    """The part `residuals`: randomised quantile residuals, and spreads before and after the log."""
    y, cut = tested.y, tested.y_cut
    u = quantile_residuals(forecast.distribution.below(cut), forecast.cdf(cut), seed=tested.seed)
    spends = y > 0
    sure = forecast.distribution.rows(spends)
    fitted = np.log(np.maximum(sure.mean / np.maximum(1 - sure.zero_probability, 1e-9), 1e-9))
    columns = []
    for name, _ in _ranked(tested)[:COLUMNS_DRAWN]:
        place = tested.design.names.index(name) if name in tested.design.names else None
        if place is None or name in tested.design.levels:
            continue
        values = tested.design.matrix[:, place].astype(np.float64)
        known = np.isfinite(values)
        if len(np.unique(values[known])) > 2:
            columns.append({"column": name, **against(u[known], values[known])})
    return {
        "pit": pit_histogram(u),
        "worm": worm(u),
        "fitted": against(u, forecast.mean),
        "columns": columns,
        "spread_raw": spread_by(y[spends], sure.mean),
        "spread_log": spread_by(np.log(y[spends]), fitted),
    }


def collect_worst(tested: "SpendTested", forecast: Forecast) -> list[dict[str, Any]]:
    """The part `worst`: the largest misses, customers by a short hash."""
    off = tested.y - forecast.mean
    rows = np.argsort(-np.abs(off), kind="stable")[:MOST_WORST]
    few = forecast.rows(rows)
    low, high = few.interval(tested.level)
    median, mean, zero = few.median, few.mean, few.zero_probability
    found = []
    for place, row in enumerate(rows.tolist()):
        name = row if tested.names is None else tested.names[row]
        found.append(
            {
                "customer": hashlib.sha256(str(name).encode()).hexdigest()[:8],
                "observed": float(tested.y[row]),
                "expected": float(mean[place]),
                "median": float(median[place]),
                "low": float(low[place]),
                "high": float(high[place]),
                "zero_probability": float(zero[place]),
                "error": float(off[row]),
                "as_of": None if tested.dates is None else str(tested.dates[row])[:10],
            }
        )
    return found


def collect_effects(tested: "SpendTested") -> list[dict[str, Any]]:
    """The part `effects`: each column's curve on whether and on how much, the weightiest first.

    Averages over customers with the column set to each value in turn (Friedman 2001, partial
    dependence): of the log-odds of spending, and of the log of what is expected of those who spend.
    """
    rng = np.random.default_rng(tested.seed)
    some = tested.design.rows(rng.permutation(len(tested.y))[:ROWS_FOR_EFFECTS])
    return [
        {"column": name, **_effect(tested, some, name), "importance": importance}
        for name, importance in _ranked(tested)
    ]


def _ranked(tested: "SpendTested") -> list[tuple[str, float]]:
    """The columns by how much worse the CRPS is when their values are shuffled."""
    rng = np.random.default_rng(tested.seed)
    rows = rng.permutation(len(tested.y))[:ROWS_FOR_IMPORTANCE]
    matrix, y = tested.design.matrix[rows], tested.y_cut[rows]
    scorer = tested.model.scorer_
    base = float(scorer.distribution(matrix, threads=tested.threads).crps(y).mean())
    found = {}
    for source in dict.fromkeys(tested.design.sources):
        places = [place for place, name in enumerate(tested.design.sources) if name == source]
        shuffled = matrix.copy()
        shuffled[:, places] = shuffled[rng.permutation(len(rows))][:, places]
        worse = scorer.distribution(shuffled, threads=tested.threads).crps(y).mean()
        found[source] = float(worse) - base
    return sorted(found.items(), key=lambda each: -each[1])


def _effect(tested: "SpendTested", some: Design, source: str) -> dict[str, Any]:
    places = [place for place, name in enumerate(some.sources) if name == source]
    place = places[0]
    levels = some.levels.get(some.names[place])
    if levels is not None:
        seen = tested.design.matrix[:, place]
        codes = np.unique(seen[np.isfinite(seen)])[:20].astype(np.intp)
        points: Floats = codes.astype(np.float64)
        where: dict[str, Any] = {"labels": [levels[code] for code in codes]}
        kind = "category"
    else:
        values = tested.design.matrix[:, place].astype(np.float64)
        known = values[np.isfinite(values)]
        points = np.unique(np.quantile(known, SHARES)) if len(known) else np.zeros(0)
        where, kind = {"x": points.tolist()}, "number"
    if not len(points):
        return {"kind": kind, "zero": None, "amount": None}
    matrix = np.tile(some.matrix, (len(points), 1))
    matrix[:, places] = 0  # its indicator of what is missing, too
    matrix[:, place] = np.repeat(points, len(some))
    spread = tested.model.scorer_.distribution(matrix, threads=tested.threads)
    positive = np.clip(1 - spread.zero_probability, 1e-9, 1 - 1e-9)
    odds = np.log(positive / (1 - positive)).reshape(len(points), -1).mean(axis=1)
    amount = np.log(np.maximum(spread.mean / positive, 1e-9)).reshape(len(points), -1).mean(axis=1)
    return {
        "kind": kind,
        "zero": {**where, "y": (odds - odds.mean()).tolist()},
        "amount": {**where, "y": np.exp(amount - amount.mean()).tolist()},
    }
