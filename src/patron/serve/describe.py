"""What a model predicts, from what, and how well: for `/v1/model` and the page."""

__all__ = ["describe", "metrics_of"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from patron.report.numbers import days
from patron.report.words import METRICS
from patron.serve.inputs import Input

if TYPE_CHECKING:
    from patron.bundle import Bundle


def describe(bundle: "Bundle", inputs: tuple[Input, ...]) -> dict[str, Any]:
    """The body of `/v1/model`."""
    target, horizon = bundle.evidence.get("target"), bundle.evidence.get("horizon_days")
    return {
        "model_version": bundle.version,
        "predicts": {
            "target": target,
            "horizon_days": horizon,
            "sentence": _sentence(target, horizon),
        },
        "inputs": [each.to_dict() for each in inputs],
        "evidence": bundle.evidence,
    }


def metrics_of(evidence: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics in the evidence, each an Estimate as a dict, in the order of the report."""
    return {name: evidence[name] for name in METRICS if evidence.get(name)}


def _sentence(target: str | None, horizon: int | None) -> str:
    """What the probability is of.

    >>> _sentence("purchased", 30)
    'The probability that "purchased" comes true for a customer within 30 days.'
    """
    within = f" within {days(horizon)}" if horizon else ""
    return f'The probability that "{target}" comes true for a customer{within}.'
