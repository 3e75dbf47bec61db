"""The ladder: the score of the first model that anybody would make, and what is left of it."""

__all__ = ["honest_step", "ladder", "measure_name", "suspected"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.numbers import beyond_zero, differ, interval, known, short, these
from patron.report.plots.base import Picture, picture
from patron.report.plots.ranked import Row, ranked

Step = Mapping[str, Any]
ASIDES = ("proposed", "tried")
_MEASURES = {"roc_auc": "ROC-AUC", "r2": "R²"}


def ladder(steps: Sequence[Step]) -> Picture:
    """What each fix, each suspect and each further step is worth, from top to bottom."""
    main = [step for step in steps if step["kind"] not in ASIDES]
    ends = [end for step in steps if step["kind"] != "tried" for end in _ends(step)]
    lowest = 2 * min(ends, default=0.0) - max(ends, default=1.0)
    measure = measure_name(steps)
    asides = [step["kind"] for step in steps if step["kind"] in ASIDES]
    told = f"{measure} after each step from top to bottom, cross-validated, with intervals."
    if "proposed" in asides:
        told += " Diamonds: as if a suspect that stays were dropped."
    if "tried" in asides:
        told += " Diamonds with a hollow mark: models tried and rejected, and, hollow, their score "
        told += "on the rows that they learned from."
    return picture(
        "ladder",
        _title(steps, measure),
        told,
        lambda width: ranked(
            [_row(step, step is main[-1], lowest) for step in steps], width, axis=measure
        ),
    )


def suspected(steps: Sequence[Step]) -> list[Step]:
    """The asides without which the score is lower, beyond noise: suspects that are still in use."""
    proposed = [step for step in steps if step["kind"] == "proposed"]
    return [s for s in proposed if beyond_zero(s["worth"]) and s["worth"]["value"] < 0]


def honest_step(steps: Sequence[Step]) -> Step:
    """Where the fixes and an honest split end: before derived features and the final model."""
    return next(s for s in reversed(steps) if s["kind"] in ("start", "applied", "split"))


def measure_name(steps: Sequence[Step]) -> str:
    """What the ladder measures, as a reader knows it."""
    metric = str(steps[0]["metric"])
    return _MEASURES.get(metric, metric)


def _row(step: Step, used: bool, lowest: float) -> Row:
    train = step.get("train_value")
    second = {"value": train, "low": None, "high": None} if known(train) else None
    words = interval(step, 3)
    if known(step["value"]) and step["value"] < lowest:  # off the scale: the figure says how far
        step = {**step, "value": lowest, "low": None, "high": None}
    elif known(step["low"]):
        step = {**step, "low": max(step["low"], lowest)}
    return Row(
        step["step"] + (" (used)" if used else ""),
        step,
        second,
        css="model" if used else "plain",
        shape="diamond" if step["kind"] in ASIDES else "circle",
        words=words,
    )


def _title(steps: Sequence[Step], measure: str) -> str:
    first, honest = steps[0], honest_step(steps)
    moved = [s for s in steps if s["worth"] and beyond_zero(s["worth"]) and s["kind"] != "tried"]
    apart = known(first["value"]) and known(honest["value"]) and differ(first, honest)
    low = min(suspected(steps), key=lambda s: s["value"], default=None)
    if apart and first["value"] < honest["value"]:
        come, left = (f"{step['value']:.3f}" for step in (first, honest))
        return f"As they come, the columns reach {measure} {come}; mended, {left}"
    if apart or low:
        told = f"As they come, the columns promise {measure} {first['value']:.3f}"
        told += f"; the fixes leave {honest['value']:.3f}" if apart else ""
        suspect = f"{low['value']:.3f} without the suspect {these(low['columns'])}" if low else ""
        return told + (", and " if apart and low else "; " if low else "") + suspect
    if moved:
        most = max(moved, key=lambda s: abs(s["worth"]["value"]))
        way = "lower" if most["worth"]["value"] < 0 else "higher"
        worth = short(abs(most["worth"]["value"]), 2)
        return f"The step that matters most, “{most['step']}”: {measure} {worth} {way}"
    return "No fix and no suspect moves the result beyond noise"


def _ends(step: Step) -> list[float]:
    return [step[end] for end in ("value", "low", "high") if known(step[end])]
