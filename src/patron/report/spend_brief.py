"""Sentences of the brief on spend: the total, the top spenders, what is explained, how sure."""

__all__ = [
    "spend_asked",
    "spend_good",
    "spend_headline",
    "spend_next_steps",
    "spend_sure",
    "total_sentence",
]

from collections.abc import Mapping
from typing import Any

from patron.report.cash import cash, cash_between, rounded
from patron.report.numbers import count, days, differ, known, of_100, percent, short

Spend = Mapping[str, Any]
LITTLE = 0.005
NEAR = 0.02
"""A range that holds its promise to within this share of customers may be planned with."""


def spend_headline(spend: Spend) -> str:
    """What a list of the highest forecasts holds, if that is beyond chance."""
    tenth = spend["top_10_capture"]
    if _no_order(spend):
        return (
            "The forecast finds top spenders no better than chance, as far as this holdout can tell"
        )
    if not known(tenth["low"]) or tenth["low"] <= 0.1:
        return "The forecast orders customers; how much of the spend a list holds we cannot say"
    return (
        f"{of_100(tenth['value'])} dollars come from the 10 of 100 customers forecast to spend most"
    )


def spend_asked(spend: Spend, *, alone: bool) -> list[str]:
    """The question, in one sentence."""
    within = f" within {days(spend['horizon_days'])}" if spend["horizon_days"] else ""
    also = "" if alone else " also"
    return [
        f"What will each customer{also} spend{within} ({spend['target']})? The answer is not one "
        "amount but the chance of each."
    ]


def spend_good(spend: Spend, *, alone: bool) -> list[str]:
    """The total, the top spenders, what is explained; more of it where nothing else was asked."""
    told = [total_sentence(spend["total"]), _top(spend, alone=alone), _explained(spend)]
    if alone:
        told += [_against_mean(spend), _against_best(spend)]
    return [sentence for sentence in told if sentence]


def spend_sure(spend: Spend, *, alone: bool) -> list[str]:
    """What a customer's range is worth, and what the figures do not say."""
    told = [_range(spend)]
    if alone:
        told += [
            _optimism(spend),
            _later(spend),
            "What a contact adds to anybody's spend we cannot say, because the model learned who "
            "spends, not what makes them.",
        ]
    return [sentence for sentence in told if sentence]


def spend_next_steps(spend: Spend, bundle: Mapping[str, Any] | None) -> list[str]:
    """Score, and how to use the amounts; nothing where the order is that of chance."""
    if _no_order(spend):
        return ["Choose nobody by this forecast: its order is no better than chance so far."]
    told = []
    if bundle:
        told.append(f"Score the customers: patron score {bundle['path']} TABLE --out SCORES.")
    told.append(
        "Add up spend_expected for a total, order by it for a list, and tell one customer's spend "
        "by spend_low and spend_high: the median may be 0 where the mean is not."
    )
    return told


def total_sentence(total: Mapping[str, Any]) -> str:
    """The forecast total with its interval, beside what was spent."""
    expected, low, high, seen = (total[key] for key in ("expected", "low", "high", "observed"))
    if not known(expected):
        return ""
    who = f"the {count(total['n'])} customers of the holdout"
    if not known(low) or not known(high):
        told = f"The forecast total of {who} is {cash(expected)}; its interval is missing."
        return told + (f" They spent {cash(seen)}." if known(seen) else "")
    said = cash_between({"value": expected, "low": low, "high": high})
    told = f"The forecast total of {who} is {said}"
    if not known(seen):
        return f"{told}."
    spent = cash(rounded(seen, low, high)[0])
    if low <= seen <= high:
        return f"{told}; they spent {spent}, within it."
    way = "above" if seen > high else "below"
    return f"{told}; they spent {spent}, {way} it: do not plan a budget with this total."


def _top(spend: Spend, *, alone: bool) -> str:
    tenth, n = spend["top_10_capture"], spend["split"]["holdout_rows"]
    if not known(tenth["value"]):
        return "How well the top spenders are found we cannot say, because nothing was spent."
    reach = ""
    if known(tenth["low"]) and known(tenth["high"]):
        reach = f", between {100 * tenth['low']:.0f} and {100 * tenth['high']:.0f}"
    told = (
        f"The {count(round(n / 10))} customers of the holdout with the highest forecasts held "
        f"{of_100(tenth['value'])} dollars that were spent{reach}"
    )
    best = _oracle(spend, 0.1)
    if alone and best is not None:
        told += f"; those who in fact spent most held {of_100(best)}"
    return f"{told}."


def _explained(spend: Spend) -> str:
    r2 = spend["r2"]
    if not known(r2["value"]):
        return "How much of the differences is explained we cannot say, because there are none."
    if not known(r2["low"]) or not known(r2["high"]):
        return f"R² is {r2['value']:.2f}; its interval is missing."
    if r2["low"] <= 0:
        return (
            f"Whether the forecast is closer than the plain average we cannot say: R² is "
            f"{_two(r2['value'])}, between {_two(r2['low'])} and {_two(r2['high'])}."
        )
    return (
        f"Of the differences between customers' spend, {of_100(r2['value'])} parts are explained "
        f"(R² {_two(r2['value'])}, between {_two(r2['low'])} and {_two(r2['high'])}); the rest is "
        "chance, or not in the columns."
    )


def _against_mean(spend: Spend) -> str:
    """By the paired difference of the whole distribution."""
    floors = [
        c
        for c in spend["candidates"]
        if c["floor"] and not c["chosen"] and known(c["crps"]["value"])
    ]
    floor = min(floors, key=lambda c: c["crps"]["value"], default=None)
    if floor is None or not floor["ahead"] or not known(floor["ahead"]["low"]):
        return ""
    title, ahead = floor["title"], floor["ahead"]
    if ahead["low"] <= 0 <= ahead["high"]:
        return f"Not closer than the {title}, within noise: the simple rule would do."
    if ahead["value"] < 0:
        return f"The {title} is closer, beyond noise."
    share = ahead["value"] / floor["crps"]["value"]
    if share < LITTLE:
        return (
            f"Its distributions are hardly closer to what was spent than those of the best simple "
            f"rule ({title}): by {percent(share)} (CRPS), though that is beyond noise."
        )
    return (
        f"Its distributions are {percent(round(share, 2))} closer to what was spent (CRPS) than "
        f"those of the best simple rule ({title})."
    )


def _against_best(spend: Spend) -> str:
    best = (spend.get("best_possible") or {}).get("r2")
    if not best or not known(best["value"]):
        return (
            "How well any model could do here we cannot say, because the true distributions of "
            "real customers are not known."
        )
    start = (
        f"The best possible R² here is {_two(best['value'])}, known because this shop is simulated"
    )
    if not known(spend["r2"]["value"]) or best["value"] <= 0:
        return f"{start}."
    lost = best["value"] - spend["r2"]["value"]
    if lost <= 0.005:
        return f"{start}: on this holdout the model reaches it."
    return f"{start}: the model is {short(lost, 2)} short of it."


def _range(spend: Spend) -> str:
    """What a customer's range promises, and whether it held."""
    levels = spend["intervals"]["levels"]
    if not levels:
        return ""
    each = min(levels, key=lambda found: abs(found["level"] - 0.8))
    seen, said = each["coverage"], each["level"]
    if not known(seen["value"]):
        return "Whether customers' ranges hold we cannot say, because none could be judged."
    nothing = 1 - (spend["zero"]["rate"]["value"] or 0.0)
    if nothing >= said:
        return (
            f"{of_100(nothing)} customers spent nothing, so that a range of {percent(said)} is 0 "
            "for nearly everybody: go by the chance to spend anything, not by ranges."
        )
    start = f"A customer's range of {percent(said)} held what was spent for {of_100(seen['value'])}"
    off = abs(seen["value"] - said)
    within = known(seen["low"]) and known(seen["high"]) and seen["low"] <= said <= seen["high"]
    if within or off <= NEAR:
        told = f"{start}, as it should"
    else:
        way = "narrow" if seen["value"] < said else "wide"
        return f"{start}: ranges are too {way}, so do not plan with them."
    width, mean = each["median_width"], spend["shape"]["mean"]
    if not width or not known(width["value"]):
        return f"{told}."
    told += f"; half of these ranges are wider than {cash(width['value'])}"
    if not known(mean) or width["value"] < mean / 2:
        return f"{told}."
    total = ", a list's total can" if _total_holds(spend["total"]) else ""
    return f"{told}: one customer's spend cannot be told closely{total}."


def _total_holds(total: Mapping[str, Any]) -> bool:
    """Whether the total is told to within a quarter, and what was spent lies in its interval."""
    low, high, expected, seen = (total[k] for k in ("low", "high", "expected", "observed"))
    if not all(map(known, (low, high, expected, seen))):
        return False
    return bool(low <= seen <= high and high - low <= expected / 2)


def _optimism(spend: Spend) -> str:
    inside, outside = spend["cross_validated"].get("r2"), spend["r2"]
    if not inside or not known(inside["value"]) or not known(outside["value"]):
        return ""
    pair = (
        f"Cross-validated R² ({_two(inside['value'])}) and the holdout's ({_two(outside['value'])})"
    )
    apart = differ(inside, outside)
    if apart is None:
        return f"{pair}: whether they agree we cannot say, because an interval is missing."
    if not apart:
        return f"{pair} agree within noise: no sign of optimism."
    if inside["value"] > outside["value"]:
        return f"{pair} differ beyond noise: trust the lower one."
    return f"{pair} differ beyond noise: the holdout was easier than usual."


def _later(spend: Spend) -> str:
    if spend["split"]["by"] != "time":
        return (
            "How the result holds at a later time we cannot say, because the holdout is from "
            "the same time as the training part."
        )
    unseen = spend["model"].get("unseen")
    if unseen:
        return unseen[0]
    return (
        "How much a season or a campaign differs from the next we cannot say, because the "
        "intervals cover which customers came, not which dates."
    )


def _no_order(spend: Spend) -> bool:
    low = spend["normalized_gini"]["low"]
    return not known(low) or bool(low <= 0)


def _oracle(spend: Spend, share: float) -> float | None:
    """What the best possible order would have held at a share of the customers."""
    gains = spend["gains"]
    points = [p for p in zip(gains["contacted"], gains["oracle"], strict=True) if known(p[1])]
    near = min(points, key=lambda p: abs(p[0] - share), default=None)
    return near[1] if near and abs(near[0] - share) < 0.011 else None


def _two(value: float) -> str:
    """Two decimals, with a true minus sign."""
    written = f"{value:.2f}"
    return (written if written.strip("-0.") else written.lstrip("-")).replace("-", "−")
