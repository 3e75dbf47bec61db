"""The model card of segments: what they are for, what they rest on, and what they are not.

After Mitchell et al. (2019), "Model cards for model reporting". Every figure is from the results.
"""

__all__ = ["segments_card"]

from collections.abc import Iterable, Mapping
from typing import Any

from patron.report.card import found_in
from patron.report.numbers import (
    between,
    count,
    counted,
    date,
    known,
    of_100,
    percent,
    short,
    these,
)
from patron.report.segments_told import CONTINUUM, months_told, noun

Segments = Mapping[str, Any]

DOUBTFUL = 0.15
"""A segment with a larger share of doubtful members is named."""
STABLE = 0.85
"""A segment that a bootstrap draw finds less of is named."""
FLAGGED = 0.005
"""An axis of which a larger share of customers has no column is named."""


def segments_card(segments: Segments, data: Mapping[str, Any]) -> dict[str, Any]:
    """The card, from the section `segments` and the sections of the data of docs/results.md."""
    parts = {
        "What it is for": _purpose(segments),
        "What it must not be used for": _not_for(segments),
        "What it learned from": _learned(segments, data),
        "How good it is": _evidence(segments),
        "Whom it serves less well": _less_well(segments),
        "What is missing": _missing(segments, data),
        "What was found in the data, and what was done": _found(data),
        "Limits": _limits(segments),
    }
    return {
        "sections": [
            {"title": title, "sentences": list(sentences)} for title, sentences in parts.items()
        ]
    }


def _purpose(segments: Segments) -> Iterable[str]:
    axes = these((axis["title"] for axis in segments["axes"]), at_most=6)
    if segments["structure"]:
        yield f"It gives each customer one of {segments['k']} segments, told by {axes}."
    else:
        yield (
            f"It sorts customers into {counted(segments['k'], 'tier')}, because there are no "
            f"groups {CONTINUUM}."
        )
    yield (
        "It is for getting to know customers, for planning, and for choosing what to say to whom, "
        "in which tone and with which picture."
    )
    ruled = sum(each["rule"] is not None for each in segments["segments"])
    if ruled:
        who = "Each" if ruled == segments["k"] else f"{ruled} of {segments['k']}"
        yield f"{who} can be written as a rule, for tools that know no model."


def _not_for(segments: Segments) -> Iterable[str]:
    yield (
        "Not to choose whom to contact: who buys was never looked at. That is for a model of "
        "purchases, or for a test with a control group."
    )
    if segments["structure"]:
        yield (
            f"They are groups {CONTINUUM}, on these axes: not natural types of people. Other axes "
            "would give other groups."
        )
    else:
        yield "Tiers are cuts, not kinds: customers on both sides of one are alike."
    yield (
        "Not for prices, credit, insurance, employment, or anything else that decides over a "
        "person; it was made to choose words and pictures."
    )
    yield "A campaign that is suggested is to be tested: what it adds was not measured."


def _learned(segments: Segments, data: Mapping[str, Any]) -> Iterable[str]:
    customers = sum(each["size"] for each in segments["segments"])
    forming = sum(len(axis["columns"]) for axis in segments["axes"])
    yield (
        f"{data['table']['name']}: {counted(customers, 'customer')}, by "
        f"{counted(forming, 'column')} on {_axes(len(segments['axes']))} declared before any "
        "result was seen. No target is among them."
    )
    for axis in segments["axes"]:
        columns = these((_turned(column) for column in axis["columns"]), at_most=8)
        yield f"{axis['title'].capitalize()} ({axis['name']}): {columns}."
    left = len(segments["left_out"])
    if left:
        yield f"{counted(left, 'column').capitalize()} describe only, and form no axis."
    yield (
        "Customers stand on an axis by the mean of their ranks: who is ahead of whom counts, not "
        "by how much."
    )
    if segments["months"]:
        yield months_told(segments["months"], noun(segments))[0]


def _axes(number: int) -> str:
    return "one axis" if number == 1 else f"{number} axes"


def _turned(column: Mapping[str, Any]) -> str:
    return column["name"] + (" (less is more)" if column["sign"] < 0 else "")


def _evidence(segments: Segments) -> Iterable[str]:
    evidence = segments["evidence"]
    yield f"{segments['because'].rstrip('.')}."
    if _whole(evidence["silhouette"]):
        yield (
            f"Silhouette on {count(evidence['silhouette']['n'])} customers: "
            f"{between(evidence['silhouette'])}; over all numeric columns, and not only the axes, "
            f"{short(evidence['silhouette_all_features']['value'], 2)}."
        )
    if segments["structure"]:
        for name, told in (
            ("copula_lift", "Above the silhouette of one continuum alike in all else"),
            ("ari_bootstrap", "Agreement of other draws of the customers (adjusted Rand)"),
            ("jaccard_min", "The least stable segment, found again (Jaccard)"),
        ):
            if _whole(evidence[name]):
                yield f"{told}: {between(evidence[name])}."
    if evidence["rules_f1"] is not None:
        yield f"Written as rules: F1 {evidence['rules_f1']:.2f} on average, on rows held out."
    rfm = evidence["rfm"]
    if rfm and rfm["silhouette"] and known(rfm["silhouette"]["value"]):
        yield (
            f"The classic RFM groups beside it have a silhouette of "
            f"{short(rfm['silhouette']['value'], 2)} in the same space."
        )


def _less_well(segments: Segments) -> Iterable[str]:
    """Segments with many doubtful members, and those that other draws find less of."""
    told = []
    for each in segments["segments"]:
        sure, who = each["sure"], f"{each['id']} ({each['name']})"
        if known(sure["doubtful_share"]) and sure["doubtful_share"] > DOUBTFUL:
            told.append(f"{who}: {of_100(sure['doubtful_share'])} are doubtful.")
        if known(sure["jaccard"]) and sure["jaccard"] < STABLE:
            told.append(f"{who}: a bootstrap draw finds {sure['jaccard']:.2f} of it again.")
    yield from told
    doubtful = sum(each["size"] * each["sure"]["doubtful_share"] for each in segments["segments"])
    share = doubtful / max(sum(each["size"] for each in segments["segments"]), 1)
    why = "a cut is near" if segments["kind"] != "segments" else "a second centre is nearly as near"
    yield f"Of all customers {of_100(share)} are doubtful: {why}, or too little is known of them."
    if not told:
        yield (
            f"No {noun(segments)} stands out: none has more than {of_100(DOUBTFUL)} doubtful "
            "members, or is found again clearly less than the others."
        )


def _missing(segments: Segments, data: Mapping[str, Any]) -> Iterable[str]:
    forming = {column["name"] for axis in segments["axes"] for column in axis["columns"]}
    gaps = [
        f"{column['name']} ({percent(column['missing_share'])})"
        for column in data["features"]["columns"]
        if column["name"] in forming and column["missing_share"] >= FLAGGED
    ]
    if not gaps:
        yield "Next to nothing is missing in the columns of the axes."
        return
    yield f"Missing at least once in 200 rows: {these(gaps, at_most=6)}."
    yield "A missing value drops out of the mean of its axis."
    for axis in segments["axes"]:
        if known(axis["flagged"]) and axis["flagged"] >= FLAGGED:
            yield (
                f"Of {axis['title']} nothing is known for {of_100(axis['flagged'])} customers: "
                "they are put in the middle of that axis."
            )


def _found(data: Mapping[str, Any]) -> Iterable[str]:
    found = list(found_in(data, ()))
    return found or ["Nothing serious, and nothing to be warned of."]


def _limits(segments: Segments) -> Iterable[str]:
    months, name = segments["months"], noun(segments)
    if months and known(months["switched"]["value"]):
        yield (
            f"From the run of {date(str(months['previous']['created']))} to this one "
            f"{of_100(months['switched']['value'])} customers changed their {name}."
        )
    else:
        yield (
            "How many customers change from month to month we cannot say: there is no earlier run "
            "beside it."
        )
    zeros = [each["segment"] for each in segments["zeros"]]
    if zeros:
        made = these(dict.fromkeys(zeros), at_most=8)
        yield f"Zeros and gaps that come together by mechanism make {made}, more than degrees do."
    if segments["structure"]:
        yield (
            "A silhouette and stable draws alone prove no groups: a correlated cloud has them, "
            "too. What counts is how far they lie above such a cloud."
        )
        yield "Customers near a border could as well be in the next segment; the flag says who."
    else:
        yield "Where a tier ends is a convention. Another share of customers would do as well."
    yield "Axes and scale stay as they are until a refit; a shop that changes outgrows them."


def _whole(estimate: Mapping[str, Any] | None) -> bool:
    return estimate is not None and all(known(estimate[key]) for key in ("value", "low", "high"))
