"""dict -> sentences and rows on the threshold: who is flagged, and what that is worth in money."""

__all__ = [
    "NOT_CAUSED",
    "contact_step",
    "flattered",
    "money_rows",
    "threshold_sentences",
    "worth_sentence",
]

from collections.abc import Mapping
from typing import Any

from patron.report.numbers import (
    beyond_zero,
    count,
    interval,
    known,
    money,
    money_interval,
    of_100,
    short,
)

Purchase = Mapping[str, Any]
CROWD = 1000
NOT_CAUSED = (
    "This counts every purchase as owed to the contact. How many would have bought without it we "
    "cannot say, because the model learned who buys, not whom a contact moves."
)


def threshold_sentences(purchase: Purchase) -> list[str]:
    """The rule, how many it flags, and how good that is."""
    decision = purchase.get("decision") or {}
    told = [decision["sentence"]] if decision.get("sentence") else []
    flagged, n = decision.get("flagged"), sum(purchase["confusion"].values())
    if flagged and known(flagged["value"]):
        told.append(
            f"On the holdout it flags {count(round(flagged['value'] * n))} of {count(n)} customers "
            f"({of_100(flagged['value'])})."
        )
    if decision.get("capacity"):
        room = decision["capacity"]
        told.append(
            f"There is room for {count(room['customers'])} of {count(room['among'])} customers."
        )
    told.append(
        f"The threshold is {interval(purchase['threshold'])}; F1 at it is "
        f"{interval(purchase['f1'], 3)}."
    )
    return [*told, *flattered(purchase)]


def flattered(purchase: Purchase) -> list[str]:
    """What the F1 would have shown if the threshold had been tuned on the holdout itself.

    That flatters only a threshold that is chosen by F1; another rule gives up F1 for its own end.
    """
    found = (purchase.get("decision") or {}).get("flattered")
    if not found or not known(found["f1"]) or not known(found["by"]):
        return []
    if purchase["decision"].get("rule") != "f1":
        return [
            f"The rule is not about F1: tuned for it on the holdout itself, the threshold would be "
            f"{short(found['threshold'], 2)} and F1 {found['f1']:.3f}."
        ]
    start = "Had the threshold been tuned on the holdout itself"
    if round(found["by"], 3) <= 0:
        return [f"{start}, F1 would have been the same ({found['f1']:.3f}): nothing is flattered."]
    return [
        f"{start} ({short(found['threshold'], 2)}), F1 would have read {found['f1']:.3f}: "
        f"{found['by']:.3f} too good to promise. The figure above was not tuned there."
    ]


def money_rows(purchase: Purchase) -> list[dict[str, str]]:
    """What the list, everybody and nobody bring on the holdout, and for each 1,000 customers."""
    found = (purchase.get("decision") or {}).get("money")
    if not found:
        return []
    table, cost, margin = purchase["confusion"], found["contact_cost"], found["margin"]
    hit, false = table["true_positive"], table["false_positive"]
    everybody = sum(table.values())
    choices = (
        ("the list: from the threshold on", hit + false, hit, found["listed"]),
        ("everybody", everybody, hit + table["false_negative"], found["everybody"]),
        ("nobody", 0, 0, None),
    )
    return [
        {
            "who": who,
            "contacts": count(contacts),
            "cost": money(contacts * cost),
            "buyers": count(buyers),
            "margin": money(buyers * margin),
            "left": money(buyers * margin - contacts * cost),
            "crowd": money_interval(_of_crowd(each)) if each else money(0.0),
        }
        for who, contacts, buyers, each in choices
    ]


def worth_sentence(purchase: Purchase) -> str:
    """Whether the list brings more than contacting everybody or nobody; "" without costs."""
    decision = purchase.get("decision") or {}
    found = decision.get("money")
    if not found:
        return ""
    flagged, ahead = decision["flagged"]["value"], found["ahead"]
    if flagged in (0, 1):
        who = "no customer" if flagged == 0 else "every customer"
        return f"At these costs {who} of the holdout is worth a contact."
    better = "the better of contacting everybody and contacting nobody"
    if not known(ahead["low"]) or not known(ahead["high"]):
        return f"Whether the list brings more than {better} we cannot say: an interval is missing."
    each = _of_crowd(ahead)
    low, high = money(each["low"]), money(each["high"])
    if not beyond_zero(ahead):
        return (
            f"Whether the list brings more than {better} we cannot say: the difference lies "
            f"between {low} and {high} for each {CROWD:,} customers."
        )
    if ahead["value"] < 0:
        return (
            f"The list brings {money(-each['value'])} less for each {CROWD:,} customers than "
            f"{better}, beyond noise."
        )
    return (
        f"For each {CROWD:,} customers the list brings {money(each['value'])} more than {better}, "
        f"between {low} and {high}."
    )


def contact_step(purchase: Purchase) -> str:
    """What to do with the threshold; "" where it flags nobody."""
    table = purchase["confusion"]
    flagged = table["true_positive"] + table["false_positive"]
    if not flagged:
        return ""
    share = of_100(flagged / sum(table.values()))
    from_on = f"from the score {short(purchase['threshold']['value'], 2)} on: {share} customers"
    rule = (purchase.get("decision") or {}).get("rule")
    if rule == "costs":
        return f"Contact {from_on}. There a contact pays for itself, if the purchase is owed to it."
    if rule == "capacity":
        return f"Contact {from_on}, as many as there is room for."
    return (
        f"If a contact is cheap, contact {from_on}. If it is dear, take the list from the top down."
    )


def _of_crowd(estimate: Mapping[str, Any]) -> dict[str, Any]:
    """Money for each 1,000 customers, from money for each."""
    return {
        end: CROWD * estimate[end] if known(estimate[end]) else None
        for end in ("value", "low", "high")
    }
