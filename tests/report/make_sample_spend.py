"""The recipe of `sample_spend.json`: `python tests/report/make_sample_spend.py` writes it again.

A zero-inflated log-normal world with a cap of 50,000. The model is the truth with small errors, so
its figures are plausible; curves, tables and metrics come from the same 3,000 held-out rows.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

CAP, LEVEL, DRAWS, SIGMA = 50_000.0, 0.95, 200, 0.8
GRID = np.linspace(0.0025, 0.9975, 200)
rng = np.random.default_rng(11)
weights = rng.poisson(1.0, (DRAWS, 3000)).astype(float)


class Mixture:
    """Mass at zero, then a log-normal that is cut off at the cap."""

    def __init__(self, p: np.ndarray, mu: np.ndarray, sigma: float) -> None:
        self.p, self.mu, self.s = p, mu, sigma
        z = (math.log(CAP) - mu) / sigma
        whole = np.exp(mu + sigma**2 / 2)
        self.mean = p * (whole * norm.cdf(z - sigma) + CAP * norm.sf(z))

    def quantile(self, q: np.ndarray | float) -> np.ndarray:
        inside = (np.asarray(q) - (1 - self.p[:, None])) / self.p[:, None]
        with np.errstate(invalid="ignore"):
            z = norm.ppf(np.clip(inside, 0, 1 - 1e-12))
        amount = np.minimum(np.exp(self.mu[:, None] + self.s * z), CAP)
        return np.where(inside <= 0, 0.0, amount)

    def crps(self, y: np.ndarray) -> np.ndarray:
        gap = y[:, None] - self.quantile(GRID)
        return 2 * np.where(gap > 0, GRID * gap, (GRID - 1) * gap).mean(axis=1)

    def below(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = (np.log(np.maximum(y, 1e-9)) - self.mu) / self.s
        upto = 1 - self.p + self.p * np.where(y > 0, norm.cdf(z), 0)
        under = np.where(y > 0, upto, 0.0)
        return under, np.where(y >= CAP, 1.0, upto)


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(each) for each in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value


def estimate(value: float, draws: np.ndarray, n: int, method: str = "") -> dict[str, Any]:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    method = method or f"bootstrap, {DRAWS} draws"
    return {"value": value, "low": low, "high": high, "level": LEVEL, "n": n, "method": method}


def of_mean(values: np.ndarray, method: str = "mean and its standard error") -> dict[str, Any]:
    n = len(values)
    value, half = float(values.mean()), 1.96 * float(values.std()) / math.sqrt(n)
    ends = {"low": value - half, "high": value + half}
    return {"value": value, **ends, "level": LEVEL, "n": n, "method": method}


def wilson(hits: float, n: int) -> dict[str, Any]:
    p, z = hits / n, 1.96
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    ends = {"low": max(0.0, centre - half), "high": min(1.0, centre + half)}
    return {"value": p, **ends, "level": LEVEL, "n": n, "method": "Wilson"}


def capture(y: np.ndarray, mean: np.ndarray, share: float, w: np.ndarray) -> float:
    order = np.argsort(-mean, kind="stable")
    taken = np.cumsum(w[order]) <= share * w.sum()
    return float((w * y)[order][taken].sum() / (w * y).sum())


def gini(y: np.ndarray, by: np.ndarray, w: np.ndarray) -> float:
    order = np.argsort(by, kind="stable")
    part, spend = np.cumsum(w[order]) / w.sum(), np.cumsum((w * y)[order]) / (w * y).sum()
    return float(1 - 2 * np.trapezoid(spend, part))


def r2(y: np.ndarray, mean: np.ndarray, w: np.ndarray, among: np.ndarray | None = None) -> float:
    k = w if among is None else w * among
    centre = (k * y).sum() / k.sum()
    return float(1 - (k * (y - mean) ** 2).sum() / (k * (y - centre) ** 2).sum())


def metrics(y: np.ndarray, d: Mixture, bounds: dict[int, Any]) -> dict[str, Any]:
    n = len(y)
    median = d.quantile(np.array([0.5]))[:, 0]
    top = (y >= np.sort(y)[-n // 5]).astype(float)

    def r2_top(w: np.ndarray) -> float:
        centre = (w * y).sum() / w.sum()
        k = w * top
        return float(1 - (k * (y - d.mean) ** 2).sum() / (k * (y - centre) ** 2).sum())

    auc = _auc(y > 0, d.p)
    made = {
        "r2": lambda w: r2(y, d.mean, w),
        "mae": lambda w: np.average(np.abs(y - median), weights=w),
        "rmse": lambda w: math.sqrt(np.average((y - d.mean) ** 2, weights=w)),
        "rmsle": lambda w: math.sqrt(np.average((np.log1p(y) - np.log1p(d.mean)) ** 2, weights=w)),
        "normalized_gini": lambda w: gini(y, d.mean, w) / gini(y, y, w),
        "top_10_capture": lambda w: capture(y, d.mean, 0.1, w),
        "top_20_capture": lambda w: capture(y, d.mean, 0.2, w),
        "r2_top_20": r2_top,
        "r2_within_top_20": lambda w: r2(y, d.mean, w, top),
        "bias_total": lambda w: (w * d.mean).sum() / (w * y).sum() - 1,
    }
    w = weights[:, :n] if n <= 3000 else rng.poisson(1.0, (60, n)).astype(float)
    found = {k: estimate(float(f(np.ones(n))), [f(each) for each in w], n) for k, f in made.items()}
    ranks = [np.argsort(np.argsort(v)) for v in (y + rng.random(n) * 1e-6, d.mean)]
    rho = float(np.corrcoef(*ranks)[0, 1])
    half = 1.96 * (1 - rho**2) / math.sqrt(n)
    found["spearman"] = {
        **found["r2"], "value": rho, "low": rho - half, "high": rho + half, "method": "Fisher",
    }  # fmt: skip
    found["crps"] = of_mean(d.crps(y))
    for level, (low, high) in bounds.items():
        found[f"coverage_{level}"] = wilson(float(((y >= low) & (y <= high)).sum()), n)
        found[f"width_{level}"] = of_mean(high - low)
    found["zero_roc_auc"] = {
        **found["r2"], "value": auc, "low": auc - 0.016, "high": auc + 0.016, "method": "DeLong",
    }  # fmt: skip
    found["zero_brier"] = of_mean((d.p - (y > 0)) ** 2)
    return found


def _auc(hit: np.ndarray, score: np.ndarray) -> float:
    ranks = np.argsort(np.argsort(score)) + 1
    k = hit.sum()
    return float((ranks[hit].sum() - k * (k + 1) / 2) / (k * (len(hit) - k)))


def intervals(d: Mixture) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for level in (80, 90, 95):
        a = (1 - level / 100) / 2
        one_sided = 1 - d.p >= a
        q = np.where(one_sided, level / 100, 1 - a)
        high = d.quantile(q[:, None])[:, 0]
        found[level] = (np.where(one_sided, 0.0, d.quantile(np.array([a]))[:, 0]), high)
    return found


def world(n: int) -> tuple[dict[str, np.ndarray], Mixture, Mixture, np.ndarray]:
    x = {
        "days_since_last_order": np.floor(rng.gamma(1.1, 70, n)).clip(0, 720),
        "orders_365d": rng.poisson(2.4, n).astype(float),
        "spend_365d": np.round(np.exp(rng.normal(7.6, 1.2, n)), 2),
        "tenure_days": np.floor(rng.uniform(20, 3000, n)),
        "season": rng.choice(["spring", "summer", "autumn", "winter"], n),
        "arm": rng.choice(["postcard", "no postcard"], n),
    }
    lift = {"spring": 0.0, "summer": -0.3, "autumn": 0.15, "winter": 0.55}
    season = np.array([lift[s] for s in x["season"]])
    rise = 3.4 / (1 + x["days_since_last_order"] / 12)
    odds = -2.3 + rise + 0.32 * x["orders_365d"] + 0.5 * season + 0.25 * (x["arm"] == "postcard")
    mu = 6.7 + 0.8 * (np.log(x["spend_365d"]) - 7.6) + 0.3 * rise + season
    p = 1 / (1 + np.exp(-odds))
    truth = Mixture(p, mu, SIGMA)
    noisy = 1 / (1 + np.exp(-(odds * 0.97 + rng.normal(0, 0.14, n))))
    model = Mixture(noisy, mu + rng.normal(0.0, 0.12, n), SIGMA * 1.01)
    amount = np.minimum(np.exp(mu + SIGMA * rng.normal(size=n)), CAP)
    return x, truth, model, np.where(rng.random(n) < p, np.round(amount, 2), 0.0)


def shape(y: np.ndarray) -> dict[str, Any]:
    positive, ordered = y[y > 0], np.sort(y)
    part = np.linspace(0, 1, 51)
    total = np.concatenate([[0.0], np.cumsum(ordered)]) / y.sum()
    raw_edges = np.linspace(0, CAP, 41)
    log_edges = np.linspace(math.floor(np.log10(positive.min()) * 4) / 4, math.log10(CAP), 31)
    levels = np.concatenate([[0.0], np.quantile(positive, np.linspace(0.05, 0.995, 22))])
    quantiles = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
    return {
        "n": len(y), "zeros": int((y == 0).sum()), "mean": y.mean(), "median": np.median(y),
        "max": y.max(), "quantiles": {str(q): np.quantile(y, q) for q in quantiles},
        "histogram_raw": {"edges": raw_edges, "counts": np.histogram(y, raw_edges)[0]},
        "histogram_log": {
            "edges": log_edges, "counts": np.histogram(np.log10(positive), log_edges)[0],
        },
        "lorenz": {"customers": part, "spend": np.interp(part * len(y), range(len(y) + 1), total)},
        "mean_excess": {
            "threshold": levels, "excess": [(y[y > t] - t).mean() for t in levels],
            "n": [int((y > t).sum()) for t in levels],
        },
        "top_1_share": ordered[-len(y) // 100 :].sum() / y.sum(), "gini": gini(y, y, np.ones(len(y))),
        "cap": {
            "value": CAP, "how": "found", "rows": int((y >= CAP).sum()),
            "because": "many rows stand at the very highest amount, and hardly any just below it",
        },
        "beyond_belief": None,
    }  # fmt: skip


def against(r: np.ndarray, x: np.ndarray, bins: int = 20) -> dict[str, Any]:
    parts = np.array_split(np.argsort(x, kind="stable"), bins)
    edges = [(np.median(x[i]), *np.quantile(r[i], [0.5, 0.1, 0.9]), len(i)) for i in parts]
    names = ("x", "median", "low", "high", "n")
    return dict(zip(names, map(list, zip(*edges, strict=True)), strict=True))


def spread_by(y: np.ndarray, fitted: np.ndarray) -> dict[str, Any]:
    parts = np.array_split(np.argsort(fitted, kind="stable"), 10)
    return {
        "fitted": [fitted[i].mean() for i in parts],
        "sd": [(y[i] - fitted[i]).std() for i in parts],
        "n": [len(i) for i in parts],
    }


def residuals(y: np.ndarray, d: Mixture, x: dict[str, np.ndarray]) -> dict[str, Any]:
    under, upto = d.below(y)
    u = (under + rng.random(len(y)) * (upto - under)).clip(1e-6, 1 - 1e-6)
    r, n = norm.ppf(u), len(u)
    expected = n / 20
    half = 3.02 * math.sqrt(expected * 0.95)  # all 20 at once
    at = (np.arange(n) + 0.5) / n
    z, sorted_r = norm.ppf(at), np.sort(r)
    keep = np.unique(np.linspace(0, n - 1, 60).astype(int))
    band = 1.96 * np.sqrt(at * (1 - at) / n) / norm.pdf(z)
    spent = y > 0
    log_fit = d.mu[spent]
    columns = ("days_since_last_order", "spend_365d", "orders_365d", "tenure_days")
    return {
        "pit": {
            "edges": np.linspace(0, 1, 21), "counts": np.histogram(u, 20, (0, 1))[0],
            "low": math.ceil(expected - half), "high": math.floor(expected + half),
        },
        "worm": {
            "normal": z[keep], "deviation": (sorted_r - z)[keep], "low": -band[keep], "high": band[keep],
        },
        "fitted": against(r, d.mean),
        "columns": [{"column": name, **against(r, x[name], 12)} for name in columns],
        "spread_raw": spread_by(y, d.mean),
        "spread_log": spread_by(np.log(y[spent]), log_fit),
    }  # fmt: skip


def coverage_by(y: np.ndarray, low: np.ndarray, high: np.ndarray, labels: np.ndarray) -> list[Any]:
    rows = []
    for label in sorted(set(labels), key=lambda v: (isinstance(v, str), v)):
        i = labels == label
        inside = float(((y >= low) & (y <= high))[i].sum())
        label = label if isinstance(label, str) else int(label)
        found = wilson(inside, int(i.sum()))
        width = (high - low)[i].mean()
        rows.append({"label": label, "n": int(i.sum()), "coverage": found, "width": width})
    return rows


def main() -> None:
    x, truth, model, y = world(15_000)
    all_y = y
    held = np.arange(3000)
    train = np.arange(3000, 15_000)

    def part(d: Mixture, rows: np.ndarray) -> Mixture:
        return Mixture(d.p[rows], d.mu[rows], d.s)

    learnt, best, inside = part(model, held), part(truth, held), part(model, train)
    y, y_in = all_y[held], all_y[train]
    bounds = intervals(learnt)
    outside = metrics(y, learnt, bounds)
    tenth = np.empty(3000, int)
    tenth[np.argsort(learnt.mean, kind="stable")] = np.arange(3000) * 10 // 3000 + 1
    arm = x["arm"][held].astype(object)
    draws = np.array(
        [
            np.where(rng.random(3000) < learnt.p, np.minimum(
                np.exp(learnt.mu + learnt.s * rng.normal(size=3000)), CAP), 0).sum()
            for _ in range(400)
        ]
    )  # fmt: skip
    low, high = np.quantile(draws, [0.025, 0.975])
    order, ideal = np.argsort(-learnt.mean), np.argsort(-y)
    at = np.linspace(0, 1, 51)

    def caught(by: np.ndarray) -> np.ndarray:
        return np.interp(at * 3000, range(3001), np.concatenate([[0], np.cumsum(y[by])]) / y.sum())

    calibration = []
    for i in np.array_split(np.argsort(learnt.p), 10):
        seen = wilson(float((y[i] > 0).sum()), len(i))
        calibration.append(
            {"predicted": learnt.p[i].mean(), "observed": seen["value"], "low": seen["low"],
             "high": seen["high"], "n": len(i)}
        )  # fmt: skip
    reference = learnt.crps(y)
    worst = np.argsort(-np.abs(y - learnt.mean))[:20]
    median = learnt.quantile(np.array([0.5]))[:, 0]
    spend = {
        "target": "spend_30d",
        "horizon_days": 30,
        "split": {
            "by": "time",
            "description": "Trained on 4 dates from 2026-06-01; held out: the date 2026-10-01.",
            "notes": [], "holdout_as_of": ["2026-10-01"], "train_rows": 12_000,
            "holdout_rows": 3000, "folds": 5, "repeats": 1,
        },
        "shape": shape(all_y),
        "model": {
            "chosen": "two_part", "title": "two-part spline model",
            "why": [
                "The two-part spline model has the lowest cross-fitted CRPS of 4 candidates.",
                "Boosted trees (hurdle) are no better within noise, and harder to read.",
            ],
            "learned_from": 12_000, "refit": "The bundle's model was fitted again to all 15,000 rows.",
            "limit": CAP, "residuals": "normal", "scale": "constant", "log_sd": SIGMA,
            "pooled": ["Seasons are pooled: one that was never seen gets the average of those seen."],
        },
        **outside,
        "cross_validated": metrics(y_in, inside, intervals(inside)),
        "candidates": _candidates(reference, outside, y),
        "intervals": {
            "method": "Distributional conformal intervals on cross-fitted predictive values, by arm.",
            "levels": [
                {
                    "level": level / 100, "coverage": outside[f"coverage_{level}"],
                    "width": outside[f"width_{level}"], "median_width": estimate(
                        float(np.median(b - a)), [float(np.median((b - a)[rng.integers(0, 3000, 3000)]))
                                                  for _ in range(100)], 3000),
                    "one_sided_share": float((a == 0).mean()),
                    "by_decile": coverage_by(y, a, b, tenth), "by_arm": coverage_by(y, a, b, arm),
                }
                for level, (a, b) in bounds.items()
            ],
        },
        "total": {
            "n": 3000, "expected": learnt.mean.sum(), "low": low, "high": high, "level": LEVEL,
            "observed": y.sum(), "method": "4000 simulated totals, with the error of the model's mean.",
            "deciles": [
                {
                    "decile": k, "n": int((tenth == k).sum()),
                    "predicted": learnt.mean[tenth == k].mean(), "observed": of_mean(y[tenth == k]),
                    "total_predicted": learnt.mean[tenth == k].sum(),
                    "total_observed": y[tenth == k].sum(),
                }
                for k in range(1, 11)
            ],
        },
        "gains": {"contacted": at, "captured": caught(order), "oracle": caught(ideal)},
        "zero": {
            "rate": wilson(float((y > 0).sum()), 3000), "roc_auc": outside["zero_roc_auc"],
            "brier": outside["zero_brier"], "calibration": calibration,
        },
        "residuals": residuals(y, learnt, {k: v[held] for k, v in x.items()}),
        "worst": [
            {
                "customer": hashlib.sha256(f"c{i}".encode()).hexdigest()[:8], "observed": y[i],
                "expected": learnt.mean[i], "median": median[i], "low": bounds[90][0][i],
                "high": bounds[90][1][i], "zero_probability": 1 - learnt.p[i],
                "error": y[i] - learnt.mean[i], "as_of": "2026-10-01",
            }
            for i in worst
        ],
        "framing": _framing(),
        "features_made": _made(),
        "effects": _effects(x),
        "best_possible": {
            k: v for k, v in metrics(y, best, intervals(best)).items()
            if k in ("r2", "mae", "rmse", "crps", "normalized_gini", "top_10_capture")
        },
    }  # fmt: skip
    file = Path(__file__).with_name("sample_spend.json")
    file.write_text(json.dumps(rounded(spend), indent=1, ensure_ascii=False) + "\n", "utf-8")


def _candidates(crps: np.ndarray, outside: dict[str, Any], y: np.ndarray) -> list[dict[str, Any]]:
    def moved(e: dict[str, Any], by: float) -> dict[str, Any]:
        return {**e, **{end: e[end] + by for end in ("value", "low", "high")}, "n": 12_000}

    base, mean_crps = crps.mean(), float(np.abs(y - y.mean()).mean())
    rows = []
    for name, title, worse, half, r2, mae, bias, cpu, scoring, read, words in (
        ("two_part", "two-part spline model", 0, 0, 0, 0, 0.004, 1.4, 0.3, 0, "one curve a column, for the chance and for the amount"),
        ("hurdle", "boosted trees (hurdle)", 0.8, 3.1, -0.012, 6, -0.011, 21.5, 1.1, 2, "trees: reasons, but no whole picture"),
        ("tweedie", "boosted trees (Tweedie)", 14.2, 4.4, -0.021, 24, 0.018, 17.2, 1.0, 2, "trees: reasons, but no whole picture"),
        ("ridge", "ridge with business weights", 96.0, 9.0, -0.09, 88, 0.031, 0.6, 0.1, 0, "one slope a column"),
        ("ols", "least squares", 265.0, 14.0, -0.13, 290, 0.0, 0.1, 0.05, None, "a simple rule"),
        ("mean", "plain mean", mean_crps - base, 22.0, -outside["r2"]["value"], 610, 0.0, 0.0, 0.01, None, "a simple rule"),
    ):  # fmt: skip  # noqa: E501
        e = outside
        held = {
            "crps": moved(e["crps"], worse * 1.05), "r2": moved(e["r2"], r2),
            "mae": moved(e["mae"], mae), "bias_total": moved(e["bias_total"], bias),
        }  # fmt: skip
        ahead = {
            "value": worse, "low": worse - half, "high": worse + half, "level": LEVEL, "n": 12_000,
            "method": "paired",
        }  # fmt: skip
        rows.append(
            {
                "name": name, "title": title, "chosen": name == "two_part",
                "floor": name in ("ols", "mean"), "readability": read,
                "crps": moved(e["crps"], worse + 3), "ahead": ahead, "r2": moved(e["r2"], r2 + 0.01),
                "mae": moved(e["mae"], mae + 2), "bias_total": moved(e["bias_total"], bias / 2),
                "cpu_seconds": cpu, "scoring_seconds": scoring, "reads_as": words, "holdout": held,
            }
        )  # fmt: skip
    return rows


def _framing() -> list[dict[str, Any]]:
    return [
        {"title": title, "formula": formula, "sentences": sentences}
        for title, formula, sentences in (
            ("Target", "y_i = spend of customer i, y_i >= 0",
             ["y_i is the column spend_30d; 0 where nothing was bought, and never above the cap."]),
            ("Window", "y_i = sum over [t, t + 30 days) of amounts; x_i is known before t",
             ["What is known on the date itself counts as after it."]),
            ("Distribution", "P(y_i = 0) = 1 - p(x_i)\nlog y_i | y_i > 0 ~ N(mu(x_i), sigma^2)\n"
             "y_i = min(exp(mu(x_i) + sigma*e_i), c)",
             ["A mass at zero, and a log-normal amount that is cut off at the cap c."]),
            ("Loss", "CRPS(F, y) = integral of (F(z) - 1{y <= z})^2 dz",
             ["It rewards the whole distribution, in money; for a point forecast it is the absolute error."]),
            ("Mean and median", "E[y_i | x_i] = p(x_i) E[min(e^{mu + sigma*e}, c)]",
             ["The mean is the limited expected value: no forecast is above the cap.",
              "The median is exactly 0 where p(x_i) is below one half."]),
            ("What is not identified", None,
             ["What customers at the cap would have spent without it: the data end there.",
              "What a customer would have spent without the postcard."]),
            ("Why this model", None,
             ["Two parts, because who buys and how much follow different columns."]),
            ("Accuracy against readability", None,
             ["Boosted trees would gain nothing beyond noise, and cannot be read whole."]),
        )
    ]  # fmt: skip


def _made() -> list[dict[str, Any]]:
    def gain(value: float, half: float) -> dict[str, Any]:
        ends = {"low": value - half, "high": value + half}
        return {"value": value, **ends, "level": LEVEL, "n": 12_000, "method": "paired"}

    return [
        {"name": "spend_per_order", "formula": "spend_365d / (orders_365d + 1)",
         "because": "large baskets repeat", "gain": gain(6.2, 2.1), "kept": True},
        {"name": "recency_weighted_spend", "formula": "spend_365d / (1 + days_since_last_order / 30)",
         "because": "recent money says more than old money", "gain": gain(3.4, 1.9), "kept": True},
        {"name": "orders_per_year", "formula": "365 * orders_365d / tenure_days",
         "because": "new customers had less time to order", "gain": gain(0.2, 0.9), "kept": False},
    ]  # fmt: skip


def _effects(x: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    def at(name: str, q: int = 24) -> np.ndarray:
        return np.unique(np.quantile(x[name], np.linspace(0.01, 0.99, q)))

    def number(name: str, zero: Any, amount: Any, importance: float) -> dict[str, Any]:
        xs = at(name)
        odds, factor = zero(xs), amount(xs)
        return {
            "column": name, "kind": "number", "zero": {"x": xs, "y": odds - odds.mean()},
            "amount": {"x": xs, "y": np.exp(factor - factor.mean())}, "importance": importance,
        }  # fmt: skip

    seasons = ["autumn", "spring", "summer", "winter"]
    return [
        number("days_since_last_order", lambda v: 3.4 / (1 + v / 12), lambda v: 1.0 / (1 + v / 12),
               218.0),
        number("spend_365d", lambda v: 0.02 * np.log(v), lambda v: 0.8 * np.log(v), 196.0),
        {"column": "season", "kind": "category",
         "zero": {"labels": seasons, "y": [0.03, -0.05, -0.2, 0.23]},
         "amount": {"labels": seasons, "y": [1.05, 0.9, 0.67, 1.57]}, "importance": 61.0},
        number("orders_365d", lambda v: 0.32 * v, lambda v: 0 * v, 40.0),
        number("tenure_days", lambda v: 0 * v + 0.0001 * v, lambda v: 0.00001 * v, 0.6),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
