"""The one-page brief: what was asked, what was found, how good, how sure, what next.

Every sentence is computed from the results. A claim that the numbers do not support is not made:
the sentence that says so stands in its place.
"""

__all__ = ["Brief", "agreement", "audit_brief", "brief", "suspects", "told_by_ladder"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.report.goodness import best_tenth, calibrated, good, holdout, optimism
from patron.report.groups import kept_sentences, served_sentences
from patron.report.numbers import (
    between,
    counted,
    date,
    days,
    differ,
    known,
    of_100,
    short,
    these,
)
from patron.report.plots import honest_step, measure_name, suspected
from patron.report.segments_told import (
    comparison_told,
    segments_asked,
    segments_found,
    segments_headline,
    segments_next_steps,
    segments_sure,
)
from patron.report.spend_brief import (
    spend_asked,
    spend_good,
    spend_headline,
    spend_next_steps,
    spend_sure,
)
from patron.report.threshold import NOT_CAUSED, contact_step, worth_sentence
from patron.report.words import SEVERITIES

Results = Mapping[str, Any]
MOST_FINDINGS = 4
MOST_STEPS = 3


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
    return Brief(
        headline=_headline(results),
        caution=_caution(results),
        asked=_asked(results),
        found=_found(results),
        good=_good(results),
        sure=_sure(results),
        next_steps=_next_steps(results),
    )


def audit_brief(results: Results) -> tuple[str, list[str]]:
    """Headline and sentences of an audit without a model."""
    findings = results["findings"]
    applied = sum(finding["applied"] for finding in findings)
    told = _other_checks(results)
    if applied:
        fixes = "1 fix" if applied == 1 else f"{applied} fixes"
        told.append(f"A run applies {fixes} before a model sees the data.")
    if results["ladder"]:
        told += told_by_ladder(results["ladder"])
    told += [finding["meaning"] for finding in findings if finding["code"].startswith("C")]
    return _audit_headline(results), told


def told_by_ladder(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the columns promise as they come, what the fixes leave, and what suspects still add."""
    first, honest, measure = steps[0], honest_step(steps), measure_name(steps)
    told = [f"As they come, the columns promise a quick model {measure} {between(first)}."]
    if honest is not first:
        told.append(f"After the fixes, judged honestly, it is {between(honest)}.")
    left = suspected(steps)
    for step in left:
        told.append(f"Without the suspect {these(step['columns'])} it is {between(step)}.")
    if steps[-1]["kind"] == "final":
        still = ", which still uses what is suspected," if left else ""
        told.append(f"The final model{still} reaches {between(steps[-1])}.")
    return told


def suspects(
    results: Results,
) -> list[tuple[Mapping[str, Any], str, Mapping[str, Any] | None]]:
    """Suspected leaks that the model still uses: finding, column, and the ladder's step without."""
    if not results["purchase"] and not results["spend"]:
        return []
    used = {c["name"] for c in results["features"]["columns"] if c["used"]}
    return [
        (finding, column, _step_without(results["ladder"], column))
        for finding in results["findings"]
        if finding["code"].startswith("L") and not finding["applied"]
        if finding["severity"] != "note"  # worth knowing, and no suspicion
        for column in finding["columns"]
        if column in used
    ]


def agreement(inside: Mapping[str, Any] | None, outside: Mapping[str, Any]) -> str:
    """Whether the cross-validated figure and the holdout's agree, differ, or cannot be compared."""
    if inside is None or not known(inside["value"]) or not known(outside["value"]):
        return "cannot say"
    return {None: "cannot say", True: "differ", False: "agree"}[differ(inside, outside)]


def _headline(results: Results) -> str:
    purchase = results["purchase"]
    if not purchase:
        return _headline_without_purchase(results)
    best = best_tenth(purchase)
    if _is_chance(purchase):
        return "The score finds buyers no better than chance, as far as this holdout can tell"
    if best is None or best["low"] <= best["contacted"]:
        return "The score ranks better than chance; how many buyers a list reaches we cannot say"
    return (
        f"Contact the best-scored {of_100(best['contacted'])} customers, "
        f"and you reach {of_100(best['captured'])} buyers"
    )


def _headline_without_purchase(results: Results) -> str:
    if results["spend"]:
        return spend_headline(results["spend"])
    if results["segments"]:
        return segments_headline(results["segments"])
    return _audit_headline(results)


def _audit_headline(results: Results) -> str:
    faults = [_tally(results, severity) for severity in SEVERITIES[:2]]
    told = [words for words in faults if words]
    return f"The audit found {these(told)}" if told else "The audit found nothing serious"


def _good(results: Results) -> list[str]:
    purchase, spend = results["purchase"], results["spend"]
    told = [*good(purchase), *_in_money(purchase)] if purchase else []
    told += spend_good(spend, alone=not purchase) if spend else []
    return told + (comparison_told(results["comparison"]) if results["comparison"] else [])


def _in_money(purchase: Mapping[str, Any]) -> list[str]:
    told = worth_sentence(purchase)
    return [told, NOT_CAUSED] if told else []


def _is_chance(purchase: Mapping[str, Any]) -> bool:
    low = purchase["roc_auc"]["low"]
    return not known(low) or bool(low <= 0.5)


def _caution(results: Results) -> str:
    told = []
    for finding, column, without in suspects(results):
        made = "score" if results["purchase"] else "forecast"
        words = f"This {made} includes {column}, a suspected leak ({finding['code']})"
        if without:
            worth = without["worth"]["value"] if without["worth"] else None
            measure = measure_name([without])
            quick = f"; in a quick cross-check without it the {measure} is {without['value']:.3f}"
            words += quick + (f", {short(abs(worth), 2)} lower" if worth and worth < 0 else "")
        told.append(f"{words}.")
    if told:
        told.append("If it is known only afterwards, none of the figures below hold.")
    return " ".join(told)


def _tally(results: Results, severity: str) -> str:
    n = sum(finding["severity"] == severity for finding in results["findings"])
    name = "serious fault" if severity == "serious" else severity
    return f"{n} {name}{'' if n == 1 else 's'}" if n else ""


def _asked(results: Results) -> list[str]:
    table, purchase = results["table"], results["purchase"]
    row = "customer" if table["entities"] == table["rows"] else "row"
    where = (
        f"{counted(table['rows'], row)} and {counted(table['columns'], 'column')} "
        f"of {table['name']}"
    )
    if table["entities"] and row == "row":
        where = f"{counted(table['entities'], 'customer')} in {where}"
    spend, target = results["spend"], results["features"]["target"]
    segments = results["segments"]
    also = segments_asked() if segments else []
    if not purchase and spend:
        rests = f"The answer rests on {where}{_seen_at(table['as_of'])}."
        return [*spend_asked(spend, alone=True), *also, rests]
    if not purchase and segments:
        return [*segments_asked(), f"The answer rests on {where}."]
    if not purchase:
        because = results["purchase_because"]
        return [f"Whether {where} can be trusted. No model was trained, because {because}."]
    within = f" within {days(purchase['horizon_days'])}" if purchase["horizon_days"] else ""
    value = f"{target['name']}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{target['positive']}"
    told = [
        f"Which customers will buy{within}? A buyer is a customer with {value}.",
        *(spend_asked(spend, alone=False) if spend else []),
        *also,
        f"The answer rests on {where}{_seen_at(table['as_of'])}.",
    ]
    if target["counts"]["unlabelled"]:
        unlabelled = target["counts"]["unlabelled"]
        have = "has" if unlabelled == 1 else "have"
        told.append(f"{counted(unlabelled, 'row')} {have} no answer yet.")
    return told


def _seen_at(dates: list[str] | None) -> str:
    if not dates:
        return ""
    if len(dates) == 1:
        return f", seen at {date(dates[0])}"
    return f", seen at {len(dates)} dates from {date(min(dates))} to {date(max(dates))}"


def _found(results: Results) -> list[str]:
    worst_first = _by_severity(results)
    groups = segments_found(results["segments"]) if results["segments"] else []
    told = [
        f"{f['severity'].capitalize()} ({f['code']}): {f['meaning']} {_what_was_done(f)}".strip()
        for f in worst_first[:MOST_FINDINGS]
    ]
    if len(worst_first) > MOST_FINDINGS:
        more = len(worst_first) - MOST_FINDINGS
        told.append(f"{counted(more, 'more finding')} {'is' if more == 1 else 'are'} listed below.")
    kept = kept_sentences((results["purchase"] or results["spend"] or {}).get("kept"))
    return [*groups, *told, *kept, *_other_checks(results)]


def _other_checks(results: Results) -> list[str]:
    outcomes = [check["outcome"] for check in results["audit"]["checks"]]
    silent, unsaid = outcomes.count("silent"), outcomes.count("cannot say")
    if silent == len(outcomes):
        return [f"All {silent} checks found nothing."] if silent else []
    parts = []
    if silent:
        parts.append(f"{silent} found nothing")
    if unsaid:
        parts.append(f"{unsaid} cannot say, for reasons given below")
    return [f"Of {len(outcomes)} checks, {these(parts)}."] if parts else []


def _what_was_done(finding: Mapping[str, Any]) -> str:
    if finding["applied"]:
        return "The fix was applied before the model saw the data."
    return "The proposed fix was not applied." if finding["fix"] else ""


def _sure(results: Results) -> list[str]:
    purchase = results["purchase"]
    told = []
    if purchase:
        agree = agreement(purchase["cross_validated"]["roc_auc"], purchase["roc_auc"])
        told += [optimism(purchase, agree), calibrated(purchase), _of_one_time(purchase["split"])]
        told += served_sentences(purchase.get("groups"))
        buyers = holdout(purchase)[1]
        if buyers < 100:
            told.append(f"The holdout has only {buyers} buyers, so every interval here is wide.")
    if results["spend"]:
        told += spend_sure(results["spend"], alone=not purchase)
    else:
        told.append(f"What they will spend we cannot say, because {results['spend_because']}.")
    return told + (segments_sure(results["segments"]) if results["segments"] else [])


def _of_one_time(split: Mapping[str, Any]) -> str:
    if split["by"] != "time":
        return (
            "How the result holds at a later time we cannot say, because the holdout is from "
            "the same time as the training part."
        )
    dates = split["holdout_as_of"]
    held = f"one date, {date(dates[0])}" if len(dates) == 1 else f"{len(dates)} dates"
    return (
        "How much the result differs from one month to the next we cannot say, because the "
        f"intervals cover which customers came, and the holdout is of {held}."
    )


def _next_steps(results: Results) -> list[str]:
    open_ones = [f for f in _by_severity(results) if not f["applied"] and f["severity"] != "note"]
    told = [f"{f['next_step']} ({f['code']})" for f in open_ones[:MOST_STEPS]]
    purchase, bundle = results["purchase"], results["bundle"]
    groups = segments_next_steps(results["segments"]) if results["segments"] else []
    if not purchase and results["spend"]:
        return [*told, *spend_next_steps(results["spend"], bundle), *groups]
    if not purchase and groups:
        return [*told, *_scored(bundle), *groups]
    if not purchase:
        return told or ["Name a target in the Study and run it: patron run."]
    if agreement(purchase["cross_validated"]["roc_auc"], purchase["roc_auc"]) == "differ":
        told.append("Hold out another date, or train on more, before relying on the figures.")
    if _is_chance(purchase):
        return [*told, "Contact nobody by this score: it is no better than chance so far."]
    step = contact_step(purchase)
    return [*told, *_scored(bundle), *([step] if step else []), *groups]


def _scored(bundle: Mapping[str, Any] | None) -> list[str]:
    if not bundle:
        return []
    return [f"Score the customers: patron score {bundle['path']} TABLE --out SCORES."]


def _by_severity(results: Results) -> list[Mapping[str, Any]]:
    return sorted(results["findings"], key=lambda f: SEVERITIES.index(f["severity"]))


def _step_without(ladder: list[Mapping[str, Any]], column: str) -> Mapping[str, Any] | None:
    """The last step of the ladder that is about the column, if its figure is known."""
    named = [s for s in ladder if column in s["columns"]]
    return named[-1] if named and known(named[-1]["value"]) else None
