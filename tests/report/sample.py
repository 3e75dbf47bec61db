"""A results dict as the pipeline would write it, from a small simulated shop, for tests.

Curves, counts and metrics come from the same simulated scores, so they agree with each other; what
is not computed stands in `sample_fixed.json` and, for the model's evidence, `sample_evidence.json`.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

LEVEL = 0.95
Z = 1.959964


def estimate(value: float, half: float, n: int, method: str = "DeLong") -> dict[str, Any]:
    return {
        "value": value,
        "low": value - half,
        "high": value + half,
        "level": LEVEL,
        "n": n,
        "method": method,
    }


def share(hits: float, n: float) -> dict[str, Any]:
    """A share with its Wilson interval, as the audit and the features write it."""
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    p = hits / n
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return {
        "value": p,
        "low": max(0.0, centre - half),
        "high": min(1.0, centre + half),
        "n": int(n),
    }


def sample(seed: int = 7, rows: int = 24_000) -> dict[str, Any]:
    """The whole dict; every test takes a fresh one and may change it."""
    rng = np.random.default_rng(seed)
    shop = _shop(rng, rows)
    logit = (
        -1.9
        - 0.9 * (np.log1p(shop["recency_days"]) - 3.6)
        + 0.35 * (shop["orders_90d"] - 1.5)
        + 0.45 * (np.log1p(shop["spend_365d"]) - 4.5)
        + 0.5 * (shop["channel"] == "e-mail")
        - 0.6 * (shop["channel"] == "marketplace")
    )
    truth = 1 / (1 + np.exp(-logit))
    bought = rng.random(rows) < truth
    score = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.25, rows))))
    holdout = slice(0, rows // 5)
    y, p = bought[holdout], score[holdout]
    purchase = _purchase(y, p, truth[holdout], rows, shop, bought)
    return _written("sample_fixed") | {
        "ladder": _ladder(roc_auc(y, p) + 0.003),
        "features": _features(shop, bought),
        "purchase": purchase | _written("sample_evidence") | {"decision": _decision(purchase)},
    }


def _written(name: str) -> dict[str, Any]:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))


def _decision(purchase: dict[str, Any]) -> dict[str, Any]:
    """A threshold from costs; what a list brings follows from the confusion."""
    table, cost, margin = purchase["confusion"], 3.2, 10.0
    n = sum(table.values())
    flagged = table["true_positive"] + table["false_positive"]
    buyers = table["true_positive"] + table["false_negative"]
    listed = (table["true_positive"] * margin - flagged * cost) / n
    everybody = buyers / n * margin - cost
    return {
        "rule": "costs",
        "sentence": "A contact pays for itself from a probability of 3.20 / 10.00 = 0.32 on.",
        "flagged": share(flagged, n) | {"level": LEVEL, "method": "Wilson"},
        "money": {
            "contact_cost": cost,
            "margin": margin,
            "listed": estimate(listed, 0.05, n),
            "everybody": estimate(everybody, 0.12, n),
            "ahead": estimate(listed - max(everybody, 0.0), 0.09, n, "paired"),
            "customers": n,
        },
        "capacity": None,
        "flattered": {"threshold": 0.298, "f1": purchase["f1"]["value"] + 0.004, "by": 0.004},
    }


def audit_only() -> dict[str, Any]:
    """Only the audit ran: no target, no model, no bundle."""
    results = sample()
    for column in results["features"]["columns"]:
        column["rates"] = None
    results["features"]["target"] = None
    because = "the Study has no [purchase] section"
    return results | {"purchase": None, "purchase_because": because, "ladder": [], "bundle": None}


def _shop(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    opens = rng.binomial(20, 0.3, rows).astype(float)
    opens[rng.random(rows) < 0.31] = np.nan
    return {
        "recency_days": np.floor(rng.gamma(1.3, 45, rows)).clip(0, 365),
        "orders_90d": rng.poisson(1.5, rows).astype(float),
        "spend_365d": np.round(np.exp(rng.normal(4.6, 1.1, rows)), 2),
        "tenure_days": np.floor(rng.uniform(30, 1500, rows)),
        "return_share": np.round(rng.beta(1.2, 9, rows), 3),
        "email_opens_90d": opens,
        "channel": rng.choice(
            ["shop", "e-mail", "search", "marketplace"], rows, p=[0.38, 0.24, 0.22, 0.16]
        ),
        "country": rng.choice(
            ["GB", "DE", "FR", "NL", "IE", "other"], rows, p=[0.5, 0.16, 0.12, 0.1, 0.07, 0.05]
        ),
        "newsletter": rng.choice(["no", "yes"], rows, p=[0.45, 0.55]),
        "last_visit_seconds": np.round(rng.gamma(2.0, 90, rows)),
    }


def _features(shop: dict[str, Any], bought: np.ndarray) -> dict[str, Any]:
    roles = {
        "spend_365d": "money",
        "orders_90d": "count",
        "return_share": "rate",
        "newsletter": "flag",
    }
    columns = []
    for name, values in shop.items():
        text = values.dtype.kind == "U"
        missing = np.zeros(len(values), bool) if text else np.isnan(values)
        distribution, bins = (
            _category(values) if text else _numeric(values, log=name == "spend_365d")
        )
        k = len(distribution["counts"])
        columns.append(
            {
                "name": name,
                "role": roles.get(name, "category" if text else "number"),
                "because": "few distinct texts" if text else "numbers with many values",
                "used": True,
                "missing_share": float(missing.mean()),
                "distinct": len(np.unique(values[~missing])),
                "distribution": distribution,
                "rates": [share(bought[bins == b].sum(), (bins == b).sum()) for b in range(k)],
            }
        )
    for name, role, because in (
        ("customer_id", "entity", "named by [table] entity"),
        ("as_of", "as_of", "named by [table] as_of"),
        ("bought_30d", "target", "named by [purchase] target"),
        ("basket_token", "identifier", "nearly every value is unique"),
    ):
        columns.append(
            {
                "name": name,
                "role": role,
                "because": because,
                "used": False,
                "missing_share": 0.0,
                "distinct": 24_000,
                "distribution": None,
                "rates": None,
            }
        )
    return {
        "columns": columns,
        "target": {
            "name": "bought_30d",
            "positive": "1",
            "negative": "0",
            "counts": {
                "positive": int(bought.sum()),
                "negative": int((~bought).sum()),
                "unlabelled": 0,
            },
        },
        "made_from": None,
    }


def _numeric(values: np.ndarray, *, log: bool) -> tuple[dict[str, Any], np.ndarray]:
    seen = values[~np.isnan(values)]
    low, high = np.quantile(seen, [0.002, 0.998])
    edges = (
        np.geomspace(low, high, 13)
        if log
        else np.linspace(low, high, min(13, int(high - low) + 2) if high > 2 else 13)
    )
    bins = np.where(
        np.isnan(values),
        -1,
        np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2),
    )
    counts = [int((bins == b).sum()) for b in range(len(edges) - 1)]
    return {"kind": "numeric", "edges": edges.tolist(), "counts": counts, "log": log}, bins


def _category(values: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    labels, bins = np.unique(values, return_inverse=True)
    counts = [int((bins == b).sum()) for b in range(len(labels))]
    return {"kind": "category", "labels": labels.tolist(), "counts": counts}, bins


def _purchase(
    y: np.ndarray,
    p: np.ndarray,
    truth: np.ndarray,
    rows: int,
    shop: dict[str, Any],
    bought: np.ndarray,
) -> dict[str, Any]:
    n = len(y)
    threshold = 0.32
    flagged = p >= threshold
    hit, false, missed = (
        int((flagged & y).sum()),
        int((flagged & ~y).sum()),
        int((~flagged & y).sum()),
    )
    precision, recall = hit / (hit + false), hit / (hit + missed)
    auc, best = roc_auc(y, p), roc_auc(y, truth)
    loss = log_loss(y, p)
    holdout = {
        "roc_auc": estimate(auc, 0.0094, n),
        "average_precision": estimate(_average_precision(y, p), 0.021, n, "bootstrap, 200 draws"),
        "log_loss": estimate(loss, 0.009, n, "mean and its standard error"),
        "brier": estimate(float(np.mean((p - y) ** 2)), 0.0041, n, "mean and its standard error"),
        "ece": estimate(0.0131, 0.0048, n, "bootstrap, 200 draws"),
        "f1": estimate(
            2 * precision * recall / (precision + recall), 0.017, n, "bootstrap, 200 draws"
        ),
        "precision": estimate(precision, 0.023, n, "Wilson"),
        "recall": estimate(recall, 0.021, n, "Wilson"),
        "threshold": {
            "value": threshold,
            "low": 0.29,
            "high": 0.36,
            "level": LEVEL,
            "n": rows - n,
            "method": "folds",
        },
        "lift_at_10": estimate(
            float(y[np.argsort(-p)][: n // 10].mean() / y.mean()), 0.16, n, "bootstrap, 200 draws"
        ),
    }
    cross_validated = {
        name: estimate(e["value"] + 0.003, (e["high"] - e["low"]) / 4, rows - n, e["method"])
        for name, e in holdout.items()
    }
    return {
        "target": "bought_30d",
        "horizon_days": 30,
        "positive_rate": share(int(y.sum()), n) | {"level": LEVEL, "method": "Wilson"},
        "split": {
            "by": "time",
            "description": "Trained on 4 dates from 2026-06-01; held out: the date 2026-10-01.",
            "notes": [],
            "holdout_as_of": ["2026-10-01"],
            "train_rows": rows - n,
            "holdout_rows": n,
            "folds": 5,
        },
        "model": {
            "chosen": "boosted",
            "title": "boosted trees",
            "why": [
                "Boosted trees had the lowest cross-validated log loss of four candidates.",
                "They beat the logistic regression by 0.011 [0.007, 0.015] in log loss.",
            ],
            "calibration": {
                "method": "isotonic",
                "folds": 5,
                "because": "Isotonic calibration saves 0.002 of log loss, beyond noise.",
                "tried": [
                    {
                        "method": "logistic",
                        "log_loss": estimate(loss + 0.002, 0.0045, rows - n),
                        "difference": None,
                    },
                    {
                        "method": "isotonic",
                        "log_loss": estimate(loss, 0.0045, rows - n),
                        "difference": estimate(-0.002, 0.0009, rows - n, "paired"),
                    },
                ],
            },
        },
        **holdout,
        "cross_validated": cross_validated,
        "confusion": {
            "true_positive": hit,
            "false_positive": false,
            "false_negative": missed,
            "true_negative": n - hit - false - missed,
        },
        "candidates": _candidates(auc, loss, n, rows - n),
        "best_possible": {
            "roc_auc": estimate(best, 0.0093, n),
            "log_loss": estimate(log_loss(y, truth), 0.009, n),
        },
        "curves": _curves(y, p),
        "effects": _effects(shop, rows),
    }


def roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    ranks = np.argsort(np.argsort(p)) + 1
    positive = int(y.sum())
    return float(
        (ranks[y].sum() - positive * (positive + 1) / 2) / (positive * (len(y) - positive))
    )


def log_loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-np.mean(np.where(y, np.log(p), np.log1p(-p))))


def _average_precision(y: np.ndarray, p: np.ndarray) -> float:
    hits = y[np.argsort(-p)]
    return float((np.cumsum(hits) / np.arange(1, len(y) + 1))[hits].mean())


def _curves(y: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    n, positives = len(y), int(y.sum())
    hits = np.cumsum(y[np.argsort(-p)])
    at = np.unique(np.linspace(1, n, 120).astype(int))
    true, false = hits[at - 1] / positives, (at - hits[at - 1]) / (n - positives)
    tenth = np.array_split(np.argsort(p), 10)
    edges = np.linspace(0, 1, 41)
    gains = [{"contacted": 0.0, "captured": 0.0, "low": 0.0, "high": 0.0}]
    for step in np.linspace(0.02, 1, 50):
        captured = hits[round(step * n) - 1] / positives
        half = Z * math.sqrt(captured * (1 - captured) / positives)
        gains.append(
            {
                "contacted": float(step),
                "captured": float(captured),
                "low": max(0.0, captured - half),
                "high": min(1.0, captured + half),
            }
        )
    calibration = []
    for rows in tenth:
        observed = share(y[rows].sum(), len(rows))
        observed["observed"] = observed.pop("value")
        calibration.append({"predicted": float(p[rows].mean()), **observed})
    return {
        "roc": {"x": [0.0, *false.tolist()], "y": [0.0, *true.tolist()]},
        "precision_recall": {"x": true.tolist(), "y": (hits[at - 1] / at).tolist()},
        "calibration": calibration,
        "gains": gains,
        "scores": {
            "edges": edges.tolist(),
            "positive": np.histogram(p[y], edges)[0].tolist(),
            "negative": np.histogram(p[~y], edges)[0].tolist(),
        },
    }


def _candidates(auc: float, loss: float, n: int, train: int) -> list[dict[str, Any]]:
    rows = []
    for name, title, worse, seconds, readability, scoring in (
        ("boosted", "boosted trees", 0.0, 8.1, 2, 0.52),
        ("additive", "additive model", 0.0015, 14.9, 1, 0.09),
        ("logistic", "logistic regression", 0.009, 0.7, 0, 0.05),
        ("best_column", "best single column (recency_days)", 0.088, None, None, None),
        ("base_rate", "base rate", auc - 0.5, None, None, None),
    ):
        spread = 0.0 if name == "base_rate" else 1.0
        rows.append(
            {
                "name": name,
                "title": title,
                "chosen": name == "boosted",
                "floor": name in ("best_column", "base_rate"),
                "roc_auc": estimate(auc + 0.003 * spread - worse, 0.0047 * spread, train),
                "log_loss": estimate(
                    loss - 0.002 + worse * 0.6, 0.0045, train, "mean and its standard error"
                ),
                "readability": readability,
                "log_loss_gain": estimate((auc - 0.5 - worse) * 0.6, 0.002, train, "paired"),
                "seconds": seconds,
                "cpu_seconds": seconds and seconds * 1.9,
                "scoring_seconds": scoring,
                "holdout": {
                    "chosen_ahead": estimate(worse, 0.004 * (name != "boosted"), n, "paired"),
                    "roc_auc": estimate(auc - worse, 0.0094 * spread, n),
                    "log_loss": estimate(
                        loss + worse * 0.6, 0.009, n, "mean and its standard error"
                    ),
                },
            }
        )
    return rows


def _effects(shop: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    def numeric(column: str, importance: float, half: float, slope: Any) -> dict[str, Any]:
        values = shop[column][~np.isnan(shop[column])]
        x = np.unique(np.quantile(values, np.linspace(0.01, 0.99, 24)))
        effect = slope(x)
        band = 0.4 + 0.02 * np.abs(effect)
        n = np.histogram(values, [-np.inf, *((x[1:] + x[:-1]) / 2), np.inf])[0]
        return {
            "column": column,
            "importance": estimate(importance, half, rows // 5, "5 shuffles"),
            "kind": "numeric",
            "x": x.tolist(),
            "effect": (effect - np.average(effect, weights=n)).tolist(),
            "low": (effect - np.average(effect, weights=n) - band).tolist(),
            "high": (effect - np.average(effect, weights=n) + band).tolist(),
            "n": n.tolist(),
        }

    channel = ["e-mail", "marketplace", "search", "shop"]
    return [
        numeric("recency_days", 0.0921, 0.006, lambda x: -11.0 * np.log1p(x)),
        numeric("spend_365d", 0.0402, 0.004, lambda x: 5.2 * np.log1p(x)),
        numeric("orders_90d", 0.0263, 0.003, lambda x: 4.1 * x),
        {
            "column": "channel",
            "importance": estimate(0.0188, 0.003, rows // 5, "5 shuffles"),
            "kind": "category",
            "labels": channel,
            "effect": [6.9, -7.4, 0.4, -0.6],
            "low": [6.1, -8.3, -0.2, -1.1],
            "high": [7.7, -6.5, 1.0, -0.1],
            "n": [int((shop["channel"] == c).sum()) for c in channel],
        },
        numeric("tenure_days", 0.0011, 0.0016, lambda x: 0.0002 * x),
        numeric("return_share", 0.0004, 0.0012, lambda x: -1.5 * x),
    ]


def _ladder(auc: float) -> list[dict[str, Any]]:
    def step(
        name: str, kind: str, columns: list[str], value: float, worth: float | None
    ) -> dict[str, Any]:
        paired = (
            None if worth is None else {"value": worth, "low": worth - 0.004, "high": worth + 0.004}
        )
        return {
            "step": name,
            "kind": kind,
            "columns": columns,
            "metric": "roc_auc",
            "value": value,
            "low": value - 0.0047,
            "high": value + 0.0047,
            "worth": paired,
        }

    return [
        step("all columns as they come", "start", [], auc + 0.059, None),
        step("after leaving out row_id (L02)", "applied", ["row_id"], auc, -0.059),
        step("without last_visit_seconds", "proposed", ["last_visit_seconds"], auc - 0.061, -0.061),
    ]
