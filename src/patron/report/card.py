"""The model card: what a purchase model is for, what it rests on, and what it must not be used for.

After Mitchell et al. (2019), "Model cards for model reporting". Every figure is from the results.
"""

__all__ = ["card", "card_markdown", "found_in", "missing_from"]

from collections.abc import Iterable, Mapping
from typing import Any

from patron.report.goodness import calibrated
from patron.report.numbers import between, count, counted, days, percent, these

Card = dict[str, Any]

FLAGS = {
    "ranked worse": "buyers are told from others less well than elsewhere",
    "too high": "the scores are too high",
    "too low": "the scores are too low",
}


def card(purchase: Mapping[str, Any], data: Mapping[str, Any]) -> Card:
    """The card, from the section `purchase` and the sections of the data of docs/results.md."""
    parts = {
        "What it is for": _purpose(purchase),
        "What it must not be used for": _not_for(purchase),
        "What it learned from": _learned(purchase, data),
        "How good it is": _evidence(purchase),
        "Whom it serves less well": _groups(purchase["groups"]),
        "What is missing": _missing(data, purchase["groups"]),
        "What was found in the data, and what was done": _found(data, purchase["kept"]),
        "Limits": _limits(purchase),
    }
    return {
        "sections": [
            {"title": title, "sentences": list(sentences)} for title, sentences in parts.items()
        ]
    }


def card_markdown(made: Card, *, title: str, depth: int = 1) -> str:
    """The card as a Markdown page, or as a part of one under a heading of the given depth."""
    lines = [f"{'#' * depth} {title}"]
    for section in made["sections"]:
        lines += ["", f"{'#' * (depth + 1)} {section['title']}", ""]
        lines += [f"- {sentence}" for sentence in section["sentences"]]
    return "\n".join(lines) + "\n"


def missing_from(data: Mapping[str, Any], *, more: str) -> Iterable[str]:
    """What is missing in the columns that are used; `more` says who buys more or less often."""
    gaps = [
        f"{column['name']} ({percent(column['missing_share'])})"
        for column in data["features"]["columns"]
        if column["used"] and column["missing_share"] >= 0.005
    ]
    if not gaps:
        yield "Next to nothing is missing in the columns that it uses."
        return
    yield f"Missing at least once in 200 rows: {these(gaps, at_most=6)}."
    yield f"What is missing is not filled in: where such customers {more}, that itself counts."


def found_in(data: Mapping[str, Any], kept: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """What the audit found, with what was done; what the user passed over, with the reason."""
    for finding in data["findings"]:
        if finding["severity"] != "note":
            done = "mended before the model saw the data" if finding["applied"] else "left as it is"
            columns = f" ({these(finding['columns'])})" if finding["columns"] else ""
            yield f"{finding['code']}{columns}: {finding['title']}; {done}."
    for each in kept:
        what = each["column"] or "all columns"
        yield f"{each['code']} is passed over for {what}, because: {each['because']}."


def _purpose(purchase: Mapping[str, Any]) -> Iterable[str]:
    within = f" within {days(purchase['horizon_days'])}" if purchase["horizon_days"] else ""
    yield f"It gives each customer the probability of a purchase{within} ({purchase['target']})."
    yield "It is for choosing whom to write to, and for planning with the buyers to be expected."
    yield purchase["decision"]["sentence"]


def _not_for(purchase: Mapping[str, Any]) -> Iterable[str]:
    yield (
        "It does not say whom a contact changes: who buys anyway scores high, too. That needs a "
        "test with a control group."
    )
    yield (
        "Not for prices, credit, insurance, employment, or anything else that decides over a "
        "person; it was made to choose who gets a message."
    )
    yield "What drives the score is a description of past customers, not of causes."
    if purchase["split"]["by"] != "time":
        yield "Not for a promise about later months: it was not tested on a later time."


def _learned(purchase: Mapping[str, Any], data: Mapping[str, Any]) -> Iterable[str]:
    table, split, model = data["table"], purchase["split"], purchase["model"]
    used = sum(column["used"] for column in data["features"]["columns"])
    yield (
        f"{table['name']}: {counted(table['rows'], 'row')}, of which the model learned from "
        f"{count(model['learned_from'])}, with {counted(used, 'column')}."
    )
    yield split["description"]
    yield f"The model: {model['title']}. {model['why'][0]}"
    bounds = [f"{name} ({way})" for name, way in model["monotone"].items()]
    if bounds:
        yield f"Along these columns it may only rise or fall: {these(bounds)}."
    yield purchase["learning_curve"]["sentence"]


def _evidence(purchase: Mapping[str, Any]) -> Iterable[str]:
    held = count(purchase["split"]["holdout_rows"])
    yield (
        f"On {held} {_unseen(purchase)}, of whom "
        f"{percent(purchase['positive_rate']['value'])} bought: ROC-AUC "
        f"{between(purchase['roc_auc'])}."
    )
    yield f"F1 at the threshold: {between(purchase['f1'])}."
    chance = purchase["ece_by_chance"]["value"]
    yield (
        f"Calibration error {purchase['ece']['value']:.4f}, of which chance alone explains about "
        f"{chance:.4f}. {calibrated(purchase)}"
    )
    if purchase["optimism"]:
        yield purchase["optimism"]["sentence"]


def _unseen(purchase: Mapping[str, Any]) -> str:
    by_time = purchase["split"]["by"] == "time"
    return "customers of a later date" if by_time else "customers it had not seen"


def _groups(groups: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    told: list[tuple[str, str]] = []
    seen: set[tuple[int, int]] = set()
    for group in groups:
        for row in group["rows"]:
            same = row["n"], row["positives"]  # the same customers under another name
            if row["flags"] and same not in seen:
                seen.add(same)
                where = f"{group['by']}, {row['label']}"
                told += [(flag, f"{where}: {_flag(flag, row)}.") for flag in row["flags"]]
    yield from (sentence for _, sentence in told)
    if any(flag == "ranked worse" for flag, _ in told):
        yield (
            "Where customers are alike there is less to rank by: that buyers are told apart less "
            "well need not be a fault of the model."
        )
    if not told:
        yield (
            "In none of the groups that were looked at is it worse, beyond noise and by enough to "
            "matter, than over all."
        )


def _flag(flag: str, row: Mapping[str, Any]) -> str:
    if flag == "ranked worse":
        auc = f" (ROC-AUC {between(row['roc_auc'])})" if row["roc_auc"] else ""
        return f"{FLAGS[flag]}{auc}"
    return (
        f"{FLAGS[flag]}: on average {percent(row['predicted'])}, and {percent(row['observed'])} "
        f"of {counted(row['n'], 'customer')} bought"
    )


def _missing(data: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    yield from missing_from(data, more="buy more or less often")
    shown = [group["by"] for group in groups if group["kind"] == "gap"]
    if shown:
        yield f"Judged on their own are the customers without {these(shown)}."


def _found(data: Mapping[str, Any], kept: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    found = list(found_in(data, kept))
    return found or ["Nothing serious, and nothing to be warned of."]


def _limits(purchase: Mapping[str, Any]) -> Iterable[str]:
    if purchase["split"]["by"] == "time":
        yield "How much one month differs from the next is not in the intervals."
    else:
        yield "The holdout is from the same time as the training part; a later time may be harder."
    yield "Columns that say the same share their importance: each may seem to matter little."
    yield "A customer unlike all that it learned from gets a score all the same; watch the inputs."
