"""The spend problem as mathematics: what is asked, by which loss, and what the data cannot tell."""

__all__ = ["framing"]

from typing import Any

from patron.metrics import crps_difference
from patron.models.spend import SpendModel
from patron.models.two_part import TwoPartCurves


def framing(
    model: SpendModel, *, target: str, horizon_days: int | None, contacted: str | None
) -> list[dict[str, Any]]:
    """Titles with a formula (plain text, `_` and `^` for indices) and sentences."""
    return [
        _target(model, target),
        _window(horizon_days),
        _distribution(model),
        _entry(
            "Loss",
            "CRPS(F, y) = integral (F(z) - 1{y <= z})^2 dz",
            "It judges the whole distribution, in money: a forecast that is sure and wrong pays, "
            "and so does one that is vague. For a certain forecast it is the absolute error.",
            "R² and RMSE reward the mean, MAE rewards the median: no one number is best for both.",
        ),
        _entry(
            "Mean and median",
            "E[y_i | x_i] = p(x_i) E[min(e^{z}, c) | z]",
            "The mean adds up over customers and is limited by c; without that limit a small error "
            "in the spread becomes a large one in the mean.",
            "The median is exactly 0 where fewer than half of such customers spend anything.",
        ),
        _not_identified(model, contacted),
        _entry("Why this model", None, *model.why()),
        _tradeoff(model),
    ]


def _entry(title: str, formula: str | None, *sentences: str) -> dict[str, Any]:
    return {"title": title, "formula": formula, "sentences": list(sentences)}


def _target(model: SpendModel, target: str) -> dict[str, Any]:
    return _entry(
        "Target",
        "y_i = spend of customer i, y_i >= 0",
        f"y_i is the column {target}; 0 where nothing was bought.",
        model.cap_.because,
    )


def _window(horizon_days: int | None) -> dict[str, Any]:
    if horizon_days is None:
        return _entry(
            "Window",
            "x_i is known before t, y_i is spent from t on",
            "How many days the column covers is not said in the Study ([spend] horizon_days).",
        )
    return _entry(
        "Window",
        f"y_i = sum over [t, t + {horizon_days} days) of amounts; x_i is known before t",
        "t is the date of the row.",
    )


def _distribution(model: SpendModel) -> dict[str, Any]:
    scorer = model.scorer_
    if isinstance(scorer, TwoPartCurves):
        errors = (
            "e_i ~ N(0, 1)" if scorer.errors is None else "e_i as seen on rows not learned from"
        )
        varies = any(scorer.spread.terms)
        spread = "sigma(x_i)" if varies else "sigma"
        pairs = scorer.positive.products or scorer.amount.products
        products = " Products of two columns joined where they lowered the loss out of fold."
        return _entry(
            "Distribution",
            "P(y_i > 0) = p(x_i), log(p / (1 - p)) = a + f_1(x_{i1}) + f_2(x_{i2}) + …\n"
            f"y_i | y_i > 0 = min(e^{{z}}, c), z = mu(x_i) + {spread}*e_i, {errors}\n"
            "mu(x_i) = b + g_1(x_{i1}) + g_2(x_{i2}) + …",
            "A mass at zero, and a log amount that is cut off at c. Amounts at the cap count as c "
            "or more (a censored likelihood).",
            "Each curve is a line and bends, whose penalties are those that make the data "
            f"likeliest.{products if pairs else ''}",
        )
    return _entry(
        "Distribution",
        "F_i(z) = P(y_i <= z | x_i)",
        f"Chosen: {model.chosen_.title}; {model.chosen_.reads_as}.",
    )


def _not_identified(model: SpendModel, contacted: str | None) -> dict[str, Any]:
    told = []
    if model.cap_.how != "none":
        told.append("What customers at the cap would have spent without it: the data end there.")
    else:
        told.append(
            f"Amounts above the most that was seen ({model.cap_.limit:,.2f}): no forecast goes "
            "beyond it."
        )
    if contacted is None:
        told.append("What a contact changes: that needs a column of who was contacted, by chance.")
    else:
        told.append(
            f"{contacted} is a column like any other here. What it changes, and for whom, is a "
            "question of the [campaign]: this forecast alone does not answer it."
        )
    told.append("What moves everybody at once and was never seen: a new season, a new price.")
    return _entry("What is not identified", None, *told)


def _tradeoff(model: SpendModel) -> dict[str, Any]:
    """What readability costs, or saves: the best trees beside what is chosen."""
    trees = [each for each in model.candidates_ if each.readability >= 2]
    title = "Accuracy against readability"
    chosen = model.chosen_
    if not trees:
        return _entry(title, None, "No candidate that cannot be read was tried.")
    best = min(trees, key=lambda each: each.crps.value)
    if best is chosen:
        readable = [each for each in model.candidates_ if each.readability < 2 and not each.floor]
        if not readable:
            return _entry(title, None, "Nothing that can be read was tried beside the trees.")
        other = min(readable, key=lambda each: each.crps.value)
        off = crps_difference(
            other.scores, chosen.scores, level=model.level, groups=model.compared_groups_
        )
        return _entry(
            title,
            None,
            f"{_capital(other.title)} can be read ({other.reads_as}), and would cost "
            f"{_share(off, chosen)} of the CRPS.",
        )
    off = crps_difference(
        best.scores, chosen.scores, level=model.level, groups=model.compared_groups_
    )
    if off.low > 0:
        said = f"{_capital(best.title)} are worse: their CRPS is {_share(off, chosen)} higher."
    elif off.high < 0:
        said = (
            f"{_capital(best.title)} would lower the CRPS by {_share(off, chosen)}, and cannot be "
            "read."
        )
    else:
        said = f"{_capital(best.title)} are no better beyond noise, and cannot be read whole."
    return _entry(title, None, f"{_capital(chosen.title)}: {chosen.reads_as}.", said)


def _share(off: Any, chosen: Any) -> str:
    low, high = sorted((abs(off.low), abs(off.high)))
    base = chosen.crps.value / 100
    return f"{abs(off.value) / base:.1f} % (between {low / base:.1f} and {high / base:.1f})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
