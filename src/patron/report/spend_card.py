"""The model card of spend: what the forecast is for, what it rests on, and where it may not go.

After Mitchell et al. (2019), "Model cards for model reporting". Every figure is from the results.
"""

__all__ = ["spend_card"]

from collections.abc import Iterable, Mapping
from typing import Any

from patron.report.card import found_in, missing_from
from patron.report.cash import cash, cash_between
from patron.report.numbers import (
    between,
    count,
    counted,
    days,
    known,
    of_100,
    percent,
    short,
    these,
)
from patron.report.plots import misses_allowed
from patron.report.spend_brief import total_sentence

Spend = Mapping[str, Any]

MATTERS = 0.03
"""A group whose ranges are off by less than this share of its customers is not named."""


def spend_card(spend: Spend, data: Mapping[str, Any]) -> dict[str, Any]:
    """The card, from the section `spend` and the sections of the data of docs/results.md."""
    parts = {
        "What it is for": _purpose(spend),
        "What it must not be used for": _not_for(spend),
        "What it learned from": _learned(spend, data),
        "How good it is": _evidence(spend),
        "Whom it serves less well": _groups(spend),
        "What is missing": missing_from(data, more="spend more or less"),
        "What was found in the data, and what was done": _found(spend, data),
        "Limits": _limits(spend),
    }
    return {
        "sections": [
            {"title": title, "sentences": [each for each in sentences if each]}
            for title, sentences in parts.items()
        ]
    }


def _purpose(spend: Spend) -> Iterable[str]:
    within = f" within {days(spend['horizon_days'])}" if spend["horizon_days"] else ""
    yield (
        f"It forecasts what each customer will spend{within} ({spend['target']}), as a "
        "distribution: the chance of nothing, and of each amount."
    )
    yield "The means add up: they are for the total of a list, and for the order of customers."
    yield "The median and the range say what to expect of one customer."


def _not_for(spend: Spend) -> Iterable[str]:
    yield (
        "It does not say what a contact adds: who spends anyway is forecast high, too. That needs "
        "a test with a control group."
    )
    yield (
        "Not for credit, limits, personal prices, insurance, employment, or anything else that "
        "decides over a person; it was made to plan, and to choose who gets a message."
    )
    yield "The mean is not what a customer will spend: most spend less, and a few much more."
    yield "What drives the forecast is a description of past customers, not of causes."
    if spend["split"]["by"] != "time":
        yield "Not for a promise about later months: it was not tested on a later time."


def _learned(spend: Spend, data: Mapping[str, Any]) -> Iterable[str]:
    table, model, shape = data["table"], spend["model"], spend["shape"]
    used, made = len(spend["effects"]), sum(each["kept"] for each in spend["features_made"])
    own = f", {made} of them made from others" if made else ""
    yield (
        f"{table['name']}: {counted(table['rows'], 'row')}, of which the model that was tested "
        f"learned from {count(model['learned_from'])}, with {counted(used, 'column')}{own}."
    )
    yield spend["split"]["description"]
    if shape["n"]:
        yield f"{of_100(shape['zeros'] / shape['n'])} customers spent nothing."
    yield f"The model: {model['title']}. {' '.join(model['why'][:1])}".strip()
    yield model["refit"]
    yield from model["pooled"]


def _evidence(spend: Spend) -> Iterable[str]:
    by_time = spend["split"]["by"] == "time"
    held = f"On {count(spend['split']['holdout_rows'])} rows " + (
        "of a later date" if by_time else "that it had not seen"
    )
    yield f"{held}: {_told('R²', spend['r2'])}; {_told('MAE of the median', spend['mae'], cash=1)}."
    yield total_sentence(spend["total"])
    tenth = spend["top_10_capture"]
    if known(tenth["value"]):
        yield f"The tenth forecast highest held {of_100(tenth['value'])} dollars that were spent."
    for each in spend["intervals"]["levels"]:
        yield _range(each)
    inside = spend["cross_validated"].get("r2")
    if inside and known(inside["value"]):
        yield f"By cross-validation on the training part: {_told('R²', inside)}."


def _told(name: str, estimate: Mapping[str, Any], *, cash: int = 0) -> str:
    if not known(estimate["value"]):
        return f"{name} cannot be told"
    return f"{name} {(cash_between if cash else between)(estimate)}"


def _range(level: Mapping[str, Any]) -> str:
    """What one level of the ranges promises, and what it held."""
    seen, said = level["coverage"], level["level"]
    if not known(seen["value"]):
        return f"Whether the ranges of {percent(said)} hold we cannot say."
    ends = ""
    if known(seen["low"]) and known(seen["high"]):
        ends = f", between {_points(seen['low'])} and {_points(seen['high'])}"
    return f"Ranges of {percent(said)} held {_points(seen['value'])} of 100 customers{ends}."


def _groups(spend: Spend) -> Iterable[str]:
    """Tenths of the forecast and arms whose ranges are too narrow, or whose mean is off."""
    told = [*_narrow(spend, "by_decile"), *_narrow(spend, "by_arm"), *_off_means(spend)]
    yield from told
    arms = any(level.get("by_arm") for level in spend["intervals"]["levels"])
    if told:
        yield "Each is judged by its own interval, and of 20 right ones one misses by chance."
    else:
        yield (
            f"In none of the tenths of the forecast{' and the arms' if arms else ''} are ranges "
            "too narrow or means off, beyond noise and by enough to matter."
        )
    yield (
        "Ranges that hold more than they promise are not named: where most spend nothing, even a "
        "range of 0 does."
    )


def _narrow(spend: Spend, key: str) -> Iterable[str]:
    """One sentence a group, with the ranges that hold too few of it.

    Of ten tenths two may miss by chance (`misses_allowed`): with no more, none is named.
    """
    found: dict[Any, list[str]] = {}
    sizes: dict[Any, int] = {}
    for level in spend["intervals"]["levels"]:
        rows = [row for row in level.get(key) or () if _whole(row["coverage"])]
        off = [row for row in rows if not _holds(row["coverage"], level["level"])]
        if key == "by_decile" and len(off) <= misses_allowed(len(rows)):
            continue
        for row in off:
            seen, said = row["coverage"]["value"], level["level"]
            if said - seen >= MATTERS:
                told = f"of {percent(said)} held {_points(seen)} of 100"
                found.setdefault(row["label"], []).append(told)
                sizes[row["label"]] = row["n"]
    for label in sorted(found, key=lambda label: str(label).zfill(2)):
        n = counted(sizes[label], "customer")
        yield f"{_who(key, label)} ({n}): ranges {these(found[label])}: too narrow."


def _off_means(spend: Spend) -> Iterable[str]:
    rows = [row for row in spend["total"]["deciles"] if _whole(row["observed"])]
    off = [row for row in rows if not _holds(row["observed"], row["predicted"])]
    if len(off) <= misses_allowed(len(rows)):
        return
    for row in off:
        way = "low" if row["predicted"] < row["observed"]["low"] else "high"
        yield (
            f"{_who('by_decile', row['decile'])}: the mean is forecast too {way}, "
            f"{cash(row['predicted'])} where {cash_between(row['observed'])}, was spent."
        )


def _who(key: str, label: Any) -> str:
    if key == "by_arm":
        return f"Arm {'unknown' if label is None else label}"
    place = int(label)
    return f"Tenth {place} of the forecast" + {1: ", the lowest", 10: ", the highest"}.get(
        place, ""
    )


def _holds(estimate: Mapping[str, Any], promised: float) -> bool:
    return bool(estimate["low"] <= promised <= estimate["high"])


def _whole(estimate: Mapping[str, Any]) -> bool:
    return all(known(estimate[key]) for key in ("value", "low", "high"))


def _points(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _found(spend: Spend, data: Mapping[str, Any]) -> Iterable[str]:
    beyond, cap = spend["shape"]["beyond_belief"], spend["shape"]["cap"]
    if beyond:
        yield beyond["rule"]
    if cap["how"] != "none":
        yield f"The amounts end at a cap of {cash(cap['value'])}. {cap['because']}"
    found = list(found_in(data, spend.get("kept") or ()))
    yield from found or ["The audit found nothing serious, and nothing to be warned of."]


def _limits(spend: Spend) -> Iterable[str]:
    limit, top = spend["model"]["limit"], spend["shape"]["top_1_share"]
    if limit is not None:
        yield f"No amount above {cash(limit)} is forecast: the data say nothing beyond it."
    if known(top):
        yield (
            f"1 of 100 customers holds {percent(top)} of the spend: a total rests on few of them, "
            "and so do R² and every figure of money."
        )
    if spend["split"]["by"] == "time":
        yield (
            "What moves all customers at once (a new season, a new price) is in no interval: "
            "neither that of the total nor a customer's range."
        )
    else:
        yield "The holdout is from the same time as the training part; a later time may be harder."
    r2 = spend["r2"]
    if _whole(r2) and r2["high"] - r2["low"] > 0.2:
        yield (
            f"The holdout leaves R² open between {short(r2['low'], 2)} and {short(r2['high'], 2)}: "
            "do not choose between models by it."
        )
    yield "Columns that say the same share their importance: each may seem to matter little."
    yield "A customer unlike all that it learned from gets a forecast all the same."
