"""The one-page brief: what was asked, what was found, how good, how sure, what next.

Every sentence is computed from the results. A claim that the numbers do not support is not made:
the sentence that says so stands in its place.
"""

__all__ = ["Brief", "agreement", "brief", "floors", "suspects"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patron.report.numbers import between, count, date, days, differ, known, of_100, short, these
from patron.report.plots import calibration_misses, misses_allowed
from patron.report.words import SEVERITIES

Results = Mapping[str, Any]
MOST_FINDINGS = 4


@dataclass(frozen=True, slots=True)
class Brief:
    """The headline, what to be careful about, and the sentences under each question."""

    headline: str
    caution: str
    asked: list[str]
    found: list[str]
    good: list[str]
    sure: list[str]
    next_steps: list[str]


def brief(results: Results) -> Brief:
    """All sentences of the brief."""
    purchase = results["purchase"]
    return Brief(
        headline=_headline(results),
        caution=" ".join(_suspicions(results)),
        asked=_asked(results),
        found=_found(results),
        good=_good(purchase) if purchase else [],
        sure=_sure(results),
        next_steps=_next_steps(results),
    )


def suspects(results: Results) -> list[tuple[Mapping[str, Any], str, Mapping[str, Any] | None]]:
    """Suspected leaks that the model still uses: the finding, the column, the ladder's step without it."""
    if not results["purchase"]:
        return []
    used = {c["name"] for c in results["features"]["columns"] if c["used"]}
    return [
        (finding, column, _step_without(results["ladder"], column))
        for finding in results["findings"]
        if finding["code"].startswith("L") and not finding["applied"]
        for column in finding["columns"]
        if column in used
    ]


def floors(purchase: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The simple rules that a model has to beat, without the base rate (its AUC is 0.5 for anybody)."""
    return [
        c
        for c in purchase["candidates"]
        if c.get("floor", c["title"].startswith("best single column"))
        and not c["title"].startswith("base rate")
    ]


def agreement(inside: Mapping[str, Any] | None, outside: Mapping[str, Any]) -> str:
    """Whether the cross-validated figure and the holdout's agree, in one word or two."""
    if inside is None or not known(inside["value"]) or not known(outside["value"]):
        return "cannot say"
    apart = differ(inside, outside)
    return "cannot say" if apart is None else "differ" if apart else "agree"


def _headline(results: Results) -> str:
    purchase = results["purchase"]
    if not purchase:
        return _audit_headline(results)
    best = _best_tenth(purchase)
    if best is None or best["low"] <= 0.1:
        return "The score finds buyers no better than chance, as far as this holdout can tell"
    return (
        f"Contact the best-scored {of_100(best['contacted'])} customers, "
        f"and you reach {of_100(best['captured'])} buyers"
    )


def _audit_headline(results: Results) -> str:
    worst = [_tally(results, severity) for severity in SEVERITIES[:2]]
    told = [words for words in worst if words]
    return f"The audit found {these(told)}" if told else "The audit found nothing serious"


def _tally(results: Results, severity: str) -> str:
    n = sum(finding["severity"] == severity for finding in results["findings"])
    one, many = {
        "serious": ("serious fault", "serious faults"),
        "warning": ("warning", "warnings"),
        "note": ("note", "notes"),
    }[severity]
    return f"{n} {one if n == 1 else many}" if n else ""


def _asked(results: Results) -> list[str]:
    table, purchase = results["table"], results["purchase"]
    where = f"{count(table['rows'])} rows and {count(table['columns'])} columns of {table['name']}"
    if table["entities"] and table["entities"] != table["rows"]:
        where = f"{count(table['entities'])} customers in {where}"
    if not purchase:
        return [
            f"Whether {where} can be trusted. No model was asked for: {results['purchase_because']}."
        ]
    target = results["features"]["target"]
    within = f" within {days(purchase['horizon_days'])}" if purchase["horizon_days"] else ""
    told = [
        f"Which customers will buy{within}? A buyer is a customer with {target['name']} = {target['positive']}.",
        f"The answer rests on {where}{_seen_at(table['as_of'])}.",
    ]
    if target["counts"]["unlabelled"]:
        told.append(
            f"{count(target['counts']['unlabelled'])} rows have no answer yet and teach nothing."
        )
    return told


def _seen_at(dates: list[str] | None) -> str:
    if not dates:
        return ""
    if len(dates) == 1:
        return f", seen at {date(dates[0])}"
    return f", seen at {len(dates)} dates from {date(min(dates))} to {date(max(dates))}"


def _found(results: Results) -> list[str]:
    ranked = sorted(results["findings"], key=lambda f: SEVERITIES.index(f["severity"]))
    told = [
        f"{f['severity'].capitalize()} ({f['code']}): {f['meaning']} {_what_was_done(f)}".strip()
        for f in ranked[:MOST_FINDINGS]
    ]
    if len(ranked) > MOST_FINDINGS:
        told.append(f"{len(ranked) - MOST_FINDINGS} more findings are listed below.")
    outcomes = [check["outcome"] for check in results["audit"]["checks"]]
    silent, unsaid = outcomes.count("silent"), outcomes.count("cannot say")
    if not ranked:
        told.append(f"None of the {len(outcomes)} checks found a fault.")
    elif silent:
        told.append(f"{silent} of {len(outcomes)} checks found nothing.")
    if unsaid:
        told.append(f"{unsaid} of {len(outcomes)} checks cannot say; the reasons are below.")
    return told


def _what_was_done(finding: Mapping[str, Any]) -> str:
    if finding["applied"]:
        return "The fix was applied before the model saw the data."
    return "The proposed fix was not applied." if finding["fix"] else ""


def _good(purchase: Mapping[str, Any]) -> list[str]:
    told = []
    n, buyers = _holdout(purchase)
    best = _best_tenth(purchase)
    if best:
        reached, hits = round(best["contacted"] * n), round(best["captured"] * buyers)
        low, high = (100 * best[end] * buyers / reached for end in ("low", "high"))
        told.append(
            f"Of the {count(reached)} customers in the holdout with the highest scores, {count(hits)} bought: "
            f"{of_100(hits / reached)}, between {low:.0f} and {min(high, 100):.0f}. Of all its customers, {of_100(buyers / n)} did."
        )
    told.append(f"How well it ranks customers (ROC-AUC): {between(purchase['roc_auc'])}.")
    table = purchase["confusion"]
    flagged = table["true_positive"] + table["false_positive"]
    if flagged:
        told.append(
            f"From the threshold {short(purchase['threshold']['value'], 2)} on, {count(flagged)} customers are flagged: "
            f"{count(table['true_positive'])} of them bought, and {count(table['false_negative'])} buyers are missed."
        )
    chosen = next(c for c in purchase["candidates"] if c["chosen"])
    told += [_against_floor(chosen, floor) for floor in floors(purchase)]
    told.append(_against_best(purchase))
    return told


def _against_floor(chosen: Mapping[str, Any], floor: Mapping[str, Any]) -> str:
    ours, theirs = chosen["holdout"]["roc_auc"], floor["holdout"]["roc_auc"]
    gap = ours["value"] - theirs["value"]
    apart = differ(ours, theirs)
    if apart is None:
        return f"Against the {floor['title']} ({short(theirs['value'])}) we cannot say: an interval is missing."
    if not apart:
        return f"Not better than the {floor['title']} ({short(theirs['value'])}), within noise: the simple rule would do."
    way = "Better" if gap > 0 else "Worse"
    return f"{way} than the {floor['title']} by {short(abs(gap), 2)}, beyond noise."


def _against_best(purchase: Mapping[str, Any]) -> str:
    best = purchase.get("best_possible")
    if not best or not known(best["roc_auc"]["value"]):
        return "How well any model could do here we cannot say: the true chances of real customers are not known."
    short_of = best["roc_auc"]["value"] - purchase["roc_auc"]["value"]
    return (
        f"The best possible here is {short(best['roc_auc']['value'])}, because this shop is simulated and its true chances "
        f"are known; the model is {short(max(short_of, 0.0), 2)} short of it."
    )


def _sure(results: Results) -> list[str]:
    purchase = results["purchase"]
    told = []
    if purchase:
        told += [_optimism(purchase), _calibrated(purchase), _of_one_time(results)]
        _, buyers = _holdout(purchase)
        if buyers < 100:
            told.append(
                f"The holdout has only {buyers} buyers: every interval here is wide for that reason."
            )
    if not results["spend"]:
        told.append(f"What they will spend we cannot say, because {results['spend_because']}.")
    return told


def _optimism(purchase: Mapping[str, Any]) -> str:
    inside, outside = purchase["cross_validated"]["roc_auc"], purchase["roc_auc"]
    gap = short(abs(inside["value"] - outside["value"]), 2)
    pair = f"Cross-validated ({short(inside['value'])}) and holdout ({short(outside['value'])})"
    match agreement(inside, outside):
        case "agree":
            return f"{pair} agree within noise: no sign of optimism."
        case "differ" if inside["value"] > outside["value"]:
            return f"{pair} differ by {gap}, beyond noise: trust the lower one, the training part flatters the model."
        case "differ":
            return f"{pair} differ by {gap}, beyond noise: the holdout was easier, later dates may not be."
        case _:
            return f"{pair}: whether they agree we cannot say, an interval is missing."


def _calibrated(purchase: Mapping[str, Any]) -> str:
    points = [p for p in purchase["curves"]["calibration"] if known(p["observed"])]
    if not points:
        return "Whether scores can be read as chances we cannot say: the holdout is too small to form groups."
    below, above = calibration_misses(points)
    within = len(points) - below - above
    if below + above <= misses_allowed(len(points)):
        return f"Scores can be read as chances: in {within} of {len(points)} groups they agree with what happened."
    way = "high" if above >= below else "low"
    return (
        f"Scores are not chances: they are too {way} in {max(above, below)} of {len(points)} groups. "
        "Use them as an order only."
    )


def _of_one_time(results: Results) -> str:
    split = results["purchase"]["split"]
    if split["by"] != "time":
        return "How the result holds at a later time we cannot say: the holdout is from the same time as the training part."
    dates = split.get("holdout_as_of")
    when = f"one date ({date(dates[0])})" if dates and len(dates) == 1 else "one stretch of time"
    return (
        f"The holdout is {when}: the intervals cover which customers came, not how one month differs from the next. "
        "For that we cannot say."
    )


def _suspicions(results: Results) -> list[str]:
    told = []
    for finding, column, without in suspects(results):
        words = f"This score includes {column}, a suspected leak ({finding['code']})"
        if without and known(without["value"]):
            words += f"; without it the ROC-AUC is {short(without['value'])}"
        told.append(f"{words}.")
    return told


def _next_steps(results: Results) -> list[str]:
    ranked = sorted(results["findings"], key=lambda f: SEVERITIES.index(f["severity"]))
    open_ones = [f for f in ranked if not f["applied"] and f["severity"] != "note"]
    told = [f"{f['next_step']} ({f['code']})" for f in open_ones[:3]]
    purchase, bundle = results["purchase"], results["bundle"]
    if not purchase:
        return told or ["Name a target in the Study and run it: patron run."]
    if agreement(purchase["cross_validated"]["roc_auc"], purchase["roc_auc"]) == "differ":
        told.append("Train on more dates, or hold out another one, before relying on the figures.")
    if bundle:
        told.append(f"Score the customers: patron score {bundle['path']} TABLE --out SCORES.")
    table = purchase["confusion"]
    n, _ = _holdout(purchase)
    flagged = table["true_positive"] + table["false_positive"]
    if flagged:
        told.append(
            f"If a contact is cheap, contact from the score {short(purchase['threshold']['value'], 2)} on: "
            f"{of_100(flagged / n)} customers. If it is dear, take the list from the top down."
        )
    return told


def _holdout(purchase: Mapping[str, Any]) -> tuple[int, int]:
    """Customers and buyers in the holdout."""
    table = purchase["confusion"]
    return sum(table.values()), table["true_positive"] + table["false_negative"]


def _best_tenth(purchase: Mapping[str, Any]) -> Mapping[str, Any] | None:
    points = [p for p in purchase["curves"]["gains"] if 0 < p["contacted"] < 1 and known(p["low"])]
    return min(points, key=lambda p: abs(p["contacted"] - 0.1), default=None)


def _step_without(ladder: list[Mapping[str, Any]], column: str) -> Mapping[str, Any] | None:
    named = [
        step
        for step in ladder[1:]
        if column in step["step"].replace(",", " ").replace("`", " ").split()
    ]
    return named[-1] if named and math.isfinite(named[-1]["value"]) else None
