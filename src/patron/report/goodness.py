"""Sentences of the brief on how good the model is, and how sure that is."""

__all__ = ["best_tenth", "calibrated", "good", "holdout", "optimism"]

from collections.abc import Mapping
from typing import Any

from patron.report.numbers import between, beyond_zero, count, known, of_100, short
from patron.report.plots import calibration_misses, misses_allowed
from patron.report.words import is_floor

Purchase = Mapping[str, Any]

NEGLIGIBLE = 0.01
"""A gain of less ROC-AUC than this changes no list that a person would notice."""

FEWEST_BUYERS = 10
"""With fewer expected buyers a group, on average, groups agree with scores twice too high."""


def good(purchase: Purchase) -> list[str]:
    """What the scores find, in customers; how they rank; against the floors and the best."""
    floors = [c for c in purchase["candidates"] if is_floor(c) and c["title"] != "base rate"]
    return [
        *_in_customers(purchase),
        f"How well it ranks customers (ROC-AUC): {between(purchase['roc_auc'])}.",
        *(_against_floor(floor) for floor in floors),
        _against_best(purchase),
    ]


def holdout(purchase: Purchase) -> tuple[int, int]:
    """Customers and buyers in the holdout."""
    table = purchase["confusion"]
    return sum(table.values()), table["true_positive"] + table["false_negative"]


def best_tenth(purchase: Purchase) -> Mapping[str, Any] | None:
    """The point of the gains curve nearest to one customer in ten; None without an interval."""
    points = [p for p in purchase["curves"]["gains"] if 0 < p["contacted"] < 1 and known(p["low"])]
    return min(points, key=lambda p: abs(p["contacted"] - 0.1), default=None)


def optimism(purchase: Purchase, agree: str) -> str:
    """Whether the cross-validated figure promised more than the holdout held."""
    inside, outside = purchase["cross_validated"]["roc_auc"], purchase["roc_auc"]
    gap = short(abs(inside["value"] - outside["value"]), 2)
    pair = (
        f"Cross-validated ROC-AUC ({inside['value']:.3f}) "
        f"and the holdout's ({outside['value']:.3f})"
    )
    if agree == "agree":
        return f"{pair} agree within noise: no sign of optimism."
    if agree == "cannot say":
        return f"{pair}: whether they agree we cannot say, because an interval is missing."
    if inside["value"] > outside["value"]:
        return f"{pair} differ by {gap}, beyond noise: trust the lower one."
    return f"{pair} differ by {gap}, beyond noise: the holdout was easier than usual."


def calibrated(purchase: Purchase) -> str:
    """Whether a score may be read as a chance."""
    points = [p for p in purchase["curves"]["calibration"] if known(p["observed"])]
    groups = len(points)
    if not points:
        return (
            "Whether scores can be read as chances we cannot say, "
            "because the holdout is too small to form groups."
        )
    expected = [point["n"] * point["predicted"] for point in points]
    if sum(expected) < FEWEST_BUYERS * groups:
        seen = sum(point["n"] * point["observed"] for point in points)
        return (
            "Whether scores can be read as chances we cannot say, because the holdout has too "
            f"few buyers; in all, {count(round(seen))} bought where "
            f"{count(round(sum(expected)))} were expected."
        )
    below, above = calibration_misses(points)
    if below + above <= misses_allowed(groups):
        return (
            f"Scores can be read as chances: in {groups - below - above} of {groups} groups "
            "they agree with what happened."
        )
    way = "high" if above >= below else "low"
    return (
        f"Scores are not chances: they are too {way} in {max(above, below)} of {groups} groups. "
        "Use them as an order."
    )


def _in_customers(purchase: Purchase) -> list[str]:
    told = []
    n, buyers = holdout(purchase)
    best = best_tenth(purchase)
    if best:
        reached, hits = round(best["contacted"] * n), round(best["captured"] * buyers)
        low, high = (min(100 * best[end] * buyers / reached, 100) for end in ("low", "high"))
        told.append(
            f"Of the {count(reached)} customers in the holdout with the highest scores, "
            f"{count(hits)} bought: {of_100(hits / reached)}, between {low:.0f} and {high:.0f}. "
            f"Of all its customers, {of_100(buyers / n)} did."
        )
    table = purchase["confusion"]
    flagged = table["true_positive"] + table["false_positive"]
    if flagged:
        told.append(
            f"From the threshold {short(purchase['threshold']['value'], 2)} on, {count(flagged)} "
            f"customers are flagged: {count(table['true_positive'])} of them bought, "
            f"and {count(table['false_negative'])} buyers are missed."
        )
    return told


def _against_floor(floor: Mapping[str, Any]) -> str:
    """By the paired difference on the holdout: both are judged on the same customers."""
    ahead = floor["holdout"]["chosen_ahead"]
    rule = f"the rule “{floor['title']}” ({floor['holdout']['roc_auc']['value']:.3f})"
    if not known(ahead["low"]) or not known(ahead["high"]):
        return f"Whether it beats {rule} we cannot say, because an interval is missing."
    if not beyond_zero(ahead):
        if ahead["high"] < NEGLIGIBLE:
            return f"Not better than {rule}, within noise: the simple rule would do."
        return (
            f"Whether it beats {rule} this holdout cannot tell: it may be ahead by up to "
            f"{short(ahead['high'], 2)}."
        )
    if ahead["value"] < 0:
        return f"Worse than {rule} by {short(-ahead['value'], 2)}, beyond noise."
    return f"Better than {rule} by {between(ahead)}."


def _against_best(purchase: Purchase) -> str:
    best = purchase.get("best_possible")
    if not best or not known(best["roc_auc"]["value"]):
        return (
            "How well any model could do here we cannot say, "
            "because the true chances of real customers are not known."
        )
    top = best["roc_auc"]["value"]
    short_of = top - purchase["roc_auc"]["value"]
    reached = (
        f"the model is {short(short_of, 2)} short of it"
        if short_of > 0
        else "on this holdout the model reaches it"
    )
    return (
        f"The best possible ROC-AUC here is {top:.3f}, known because this shop is simulated: "
        f"{reached}."
    )
