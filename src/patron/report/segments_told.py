"""Sentences on segments: whether there are any, who is worth most, how sure, month to month."""

__all__ = [
    "answer",
    "card_sure",
    "comparison_told",
    "held_for",
    "months_told",
    "most_valuable",
    "noun",
    "rule_told",
    "rules_cost",
    "segments_asked",
    "segments_found",
    "segments_headline",
    "segments_next_steps",
    "segments_sure",
]

from collections.abc import Mapping
from typing import Any

from patron.report.numbers import (
    between,
    beyond_zero,
    count,
    counted,
    date,
    known,
    of_100,
    percent,
)

Segments = Mapping[str, Any]
CONTINUUM = "beyond one correlated continuum"
_STABLE = (
    (0.85, "nearly always"),
    (0.75, "in most of them"),
    (0.6, "as a pattern, though who belongs to it varies"),
    (-1.0, "seldom: do not build on it"),
)


def noun(segments: Segments) -> str:
    """What the parts are called: tiers are no segments."""
    return "tier" if segments["kind"] == "tiers" else "segment"


def segments_headline(segments: Segments) -> str:
    """The answer in a line, for a study that asks for nothing else."""
    if segments["structure"]:
        return f"Customers form {counted(segments['k'], 'group')} {CONTINUUM}"
    return f"No groups {CONTINUUM}: customers differ by degree"


def answer(segments: Segments) -> list[str]:
    """Whether there are groups, how many and how sure; or that there are none, and what then."""
    if segments["structure"]:
        there_are = f"There are {counted(segments['k'], 'group')} {CONTINUUM}."
        return [there_are, *_measured(segments["evidence"]), *_exact(segments)]
    told = [f"We find no groups {CONTINUUM}: customers differ by degree, not in kind."]
    day = segments["evidence"].get("of_the_gate")
    if segments["kind"] == "tiers":
        told.append("Tiers along one axis stand in the place of segments.")
    elif day:
        told.append(
            f"The {counted(segments['k'], 'segment')} of {date(day)} are kept, but the customers "
            "of this month do not fall apart in that way: fit anew ([segments] refit = true)."
        )
    return told


def segments_asked() -> list[str]:
    """The question, in one sentence."""
    return ["Which groups do customers form, found without looking at any answer?"]


def segments_found(segments: Segments) -> list[str]:
    """How many groups there are, or none, and who is worth most."""
    return [*answer(segments)[:2], most_valuable(segments)]


def most_valuable(segments: Segments) -> str:
    """The part with the highest share of revenue for its size; or why that cannot be said."""
    every = [s for s in segments["segments"] if known(s["revenue_share"]) and s["share"] > 0]
    if not every:
        because = str(segments["revenue_because"]).rstrip(".")
        return f"Which {noun(segments)} is worth most we cannot say, because {because}."
    best = max(every, key=lambda s: s["revenue_share"] / s["share"])
    are = f"The most valuable {noun(segments)} is “{best['name']}”"
    return (
        f"{are}: {of_100(best['share'])} customers, who bring "
        f"{of_100(best['revenue_share'])} dollars."
    )


def segments_sure(segments: Segments) -> list[str]:
    """Whether resamples and another month find the same; nothing where there are no groups."""
    told = []
    rand, least = (segments["evidence"].get(key) for key in ("ari_bootstrap", "jaccard_min"))
    if segments["structure"] and rand and least and known(rand["value"]) and known(least["value"]):
        told.append(
            "Resamples of the customers give the same groups (adjusted Rand "
            f"{_between(rand)}); the least stable is found again at a Jaccard of {_between(least)}."
        )
    elif segments["structure"]:
        told.append("Whether other customers would give the same groups we cannot say.")
    months = segments["months"]
    if months:
        told.append(_switched(months, noun(segments)))
    elif segments["months_because"]:
        because = str(segments["months_because"]).rstrip(".")
        told.append(f"Whether they stay the same next month we cannot say, because {because}.")
    return told


def segments_next_steps(segments: Segments) -> list[str]:
    """What to do with them, and what is not known of it."""
    return [
        f"Try what each {noun(segments)} suggests on some of its customers and leave others alone: "
        "what a campaign adds is not measured here."
    ]


def months_told(months: Mapping[str, Any], name: str = "segment") -> list[str]:
    """Where the segments of this month come from, and how many customers changed."""
    before = months["previous"]
    model = f"model {before['version']} of {date(str(before['created']))}"
    if months["kept"]:
        how = (
            f"Axes, scale and borders are those of {model}; only the assignment is new. A customer "
            f"moves only if {_held(months)}."
        )
    else:
        how = (
            f"The segments were fitted anew, starting from those of {model}, and matched to them "
            "by the customers that both have. One whose customers agree by less than half "
            "(Jaccard) gets a name of its own. A customer leaves one that goes on only if "
            f"{_held(months)}."
        )
    return [how, *_strangers(months), _switched(months, name)]


def _held(months: Mapping[str, Any]) -> str:
    """What it takes to move."""
    if months["ratio"] is None:
        return f"the customer is more than {months['margin']:g} SD of an axis beyond the border"
    return f"the new centre is at most {months['ratio']:g} times as far as the old"


def _strangers(months: Mapping[str, Any]) -> list[str]:
    """A word where most of today's customers were not there before."""
    shared, customers = months["shared"], months.get("customers")
    if not customers or shared >= customers / 2:
        return []
    return [
        f"Only {count(shared)} of today's {count(customers)} customers were there in the month "
        "before: look whether it is the same shop, and whether customers are named alike."
    ]


def rule_told(segment: Mapping[str, Any], kind: str) -> str:
    """What a rule catches and what it misses, on customers that it was not made from."""
    rule = segment["rule"]
    if rule is None:
        if kind == "tiers":
            return "No rule on raw columns: a tier is a cut of one axis."
        return "No rule: there are too few of these customers to judge one."
    precision, recall = rule["precision"], rule["recall"]
    if not known(precision["value"]) or not known(recall["value"]):
        return "How good the rule is we cannot say."
    if precision["value"] >= 1 and recall["value"] >= 1:
        return "The rule is exact: it defines the segment."
    return (
        f"{of_100(precision['value'])} customers that it catches are of this {_one(kind)}; of all "
        f"who are, it catches {of_100(recall['value'])}."
    )


def rules_cost(rules: Mapping[str, Any] | None) -> str:
    """What exact rules cost in silhouette; "" where that is not known."""
    if not rules or not known(rules["cost"]):
        return ""
    if rules["cost"] <= 0:
        return "Exact rules cost nothing in silhouette here."
    return f"Exact rules cost {rules['cost']:.3f} of silhouette."


def card_sure(segment: Mapping[str, Any], kind: str) -> str:
    """Whether the segment is found again, and how many of its members are doubtful."""
    sure = segment["sure"]
    told = []
    if known(sure["jaccard"]):
        words = next(words for least, words in _STABLE if sure["jaccard"] >= least)
        told.append(f"Resamples find it again {words} (Jaccard {sure['jaccard']:.2f}).")
    if known(sure["silhouette"]):
        told.append(f"Silhouette of its members {_two(sure['silhouette'])}.")
    if known(sure["doubtful_share"]):
        why = "the border is near" if kind == "tiers" else "another centre is nearly as near"
        told.append(f"{of_100(sure['doubtful_share'])} are doubtful: {why}.")
    return " ".join(told) or "How sure it is we cannot say."


def comparison_told(comparison: Mapping[str, Any]) -> list[str]:
    """How well segments alone would rank buyers, beside the purchase model; paired."""
    alone, model, apart = (comparison[key] for key in ("segments_auc", "model_auc", "difference"))
    if not alone or not model or not known(alone["value"]) or not known(model["value"]):
        return []
    start = (
        f"Segments alone would rank buyers with a ROC-AUC of {alone['value']:.3f}, the purchase "
        f"model with {model['value']:.3f}"
    )
    if not apart or not known(apart["low"]) or not known(apart["high"]):
        return [f"{start}; whether that is beyond noise we cannot say."]
    if not beyond_zero(apart):
        return [f"{start}: which is better these held-out rows cannot tell."]
    if model["value"] < alone["value"]:
        return [f"{start}: the segments rank better, beyond noise. Look at the model again."]
    return [f"{start}: choose whom to contact by the model, and what to say by the segment."]


def held_for(together: Mapping[str, Any]) -> str:
    """What a cell of the table of segments and tenths holds."""
    because = str(together["because"]).rstrip(".")
    return f"{str(together['unit']).capitalize()}: {because}." if because else ""


def _measured(evidence: Mapping[str, Any]) -> list[str]:
    """The silhouette beside that of customers without groups."""
    silhouette, null = evidence["silhouette"], evidence.get("null_silhouette")
    if not silhouette or not known(silhouette["value"]):
        return []
    told = f"Their silhouette is {_between(silhouette)}"
    if known(null):
        told += f"; with the same margins and correlations but no groups it would be {null:.3f}"
    return [f"{told}."]


def _between(estimate: Mapping[str, Any]) -> str:
    """An estimate as text has it; alone where its interval is narrower than its last digit."""
    low, high = estimate["low"], estimate["high"]
    if known(low) and known(high) and f"{low:.3f}" == f"{high:.3f}":
        return f"{estimate['value']:.3f}"
    return between(estimate)


def _exact(segments: Segments) -> list[str]:
    """What it costs that rules are exact, where segments are made of rules."""
    if segments["kind"] != "rules":
        return []
    cost = rules_cost(segments["evidence"].get("rules_only"))
    return [f"Here exact rules on the axes draw the lines. {cost}".strip()]


def _switched(months: Mapping[str, Any], name: str) -> str:
    switched, loose = months["switched"], months.get("without_hysteresis")
    if not switched or not known(switched["value"]):
        return f"Who changed their {name} we cannot say, because no customer is in both months."
    told = (
        f"Of the {count(months['shared'])} customers known in both months, "
        f"{of_100(switched['value'])} changed their {name}"
    )
    if known(switched["low"]) and known(switched["high"]):
        told += f", between {percent(switched['low'])} and {percent(switched['high'])}"
    if loose and known(loose["value"]):
        told += (
            f"; without holding on to the old one (hysteresis) it would be {of_100(loose['value'])}"
        )
    return f"{told}."


def _one(kind: str) -> str:
    return "tier" if kind == "tiers" else "segment"


def _two(value: float) -> str:
    written = f"{value:.2f}"
    return (written if written.strip("-0.") else written.lstrip("-")).replace("-", "−")
