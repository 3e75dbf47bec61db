"""What a model predicts, from what, and how well: for `/v1/model` and the page."""

__all__ = ["describe", "measured", "metrics_of", "segment_metrics_of", "spend_metrics_of"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from patron.report.numbers import days, interval, known, percent
from patron.report.segments_tables import MEASURES, OF_GROUPS
from patron.report.spend_brief import total_sentence
from patron.report.spend_tables import money_metric
from patron.report.words import METRICS, MONEY, SECTIONS
from patron.serve.describe_segments import describe_segments
from patron.serve.inputs import Input

if TYPE_CHECKING:
    from patron.bundle import Bundle

Evidence = Mapping[str, Any]

LEFT_TO_THE_REPORT = {"r2_top_20", "r2_within_top_20", "rmsle", "spearman", "zero_brier"}
"""Metrics of spend that the page leaves out: they are read beside others, or by specialists."""


def describe(bundle: "Bundle", inputs: tuple[Input, ...]) -> dict[str, Any]:
    """The body of `/v1/model`.

    What stands at the top of `predicts` is of purchases, without them of spend, without both of
    segments; `spend` and `segments` are there wherever there are such.
    """
    return {
        "model_version": bundle.version,
        "predicts": _predicts(bundle),
        "inputs": [each.to_dict() for each in inputs],
        "evidence": bundle.evidence,
    }


def metrics_of(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """The metrics of purchases in the evidence, each an Estimate as a dict, in the report's order.

    >>> list(metrics_of({"f1": {"value": 0.4}, "roc_auc": {"value": 0.8}, "target": "bought"}))
    ['roc_auc', 'f1']
    """
    return {name: evidence[name] for name in METRICS if evidence.get(name)}


def spend_metrics_of(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """The metrics of spend in the evidence, in the same form."""
    spend = evidence.get("spend") or {}
    return {name: spend[name] for name in MONEY if spend.get(name)}


def segment_metrics_of(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """The measures of segments in the evidence, in the same form; of tiers those that they have."""
    segments = evidence.get("segments") or {}
    found = segments.get("evidence") or {}
    left_out = OF_GROUPS if segments.get("kind") == "tiers" else ()
    names = [name for name, *_ in MEASURES if name not in left_out]
    return {name: found[name] for name in names if isinstance(found.get(name), Mapping)}


def measured(bundle: "Bundle") -> list[dict[str, Any]]:
    """For the page: each model with its figures as text, by what it predicts.

    `unseen` says whether there is an answer that the figures were held against.
    """
    evidence, models = bundle.evidence, []
    if bundle.purchase is not None:
        found = metrics_of(evidence)
        rows = [_row(METRICS[name], interval(each), each) for name, each in found.items()]
        note = "The threshold was chosen before, on training rows." if "threshold" in found else ""
        models.append(_model("purchase", note, rows))
    if bundle.spend is not None:
        rows = [
            _row(MONEY[name], money_metric(name, each), each)
            for name, each in spend_metrics_of(evidence).items()
            if name not in LEFT_TO_THE_REPORT and name not in _of_other_ranges(bundle.spend.level)
        ]
        spend = evidence.get("spend") or {}
        told = [total_sentence(spend["total"])] if spend.get("total") else []
        note = " ".join([*told, (spend.get("model") or {}).get("refit", "")]).strip()
        models.append(_model("spend", note, rows))
    if bundle.segments is not None:
        named = {name: (plain, term) for name, plain, term, _ in MEASURES}
        rows = [
            {**_written(*named[name], interval(each, 2)), "n": each["n"]}
            for name, each in segment_metrics_of(evidence).items()
            if known(each["value"])
        ]
        told = (evidence.get("segments") or {}).get("because", "")
        models.append(_model("segments", f"{told} {_NO_ANSWER}".strip(), rows))
    return models


_NO_ANSWER = (
    "There is no right answer to hold segments against: the figures say how well they hold "
    "together, and whether other draws of the customers give the same."
)


def _model(name: str, note: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": SECTIONS[name], "note": note, "rows": rows, "unseen": name != "segments"}


def _of_other_ranges(level: float) -> set[str]:
    """Metrics of ranges at other levels than that of the scores, if that one was measured."""
    kept = round(100 * level)
    measured_at = {80, 90, 95}
    others = measured_at - {kept} if kept in measured_at else set()
    return {f"{name}_{each}" for name in ("coverage", "width") for each in others}


def _row(metric: Any, value: str, estimate: Mapping[str, Any]) -> dict[str, Any]:
    return {**_written(metric.plain, metric.term, value), "n": estimate["n"]}


def _written(plain: str, term: str, value: str) -> dict[str, Any]:
    value = value.replace(", ", ",\N{NO-BREAK SPACE}")  # on a phone a line ends before the range
    return {"plain": plain, "term": term, "value": value}


def _predicts(bundle: "Bundle") -> dict[str, Any]:
    evidence, told = bundle.evidence, {}
    if bundle.segments is not None:
        segments = describe_segments(bundle.segments, evidence.get("segments") or {})
        told = _told({}, segments["sentence"]) | {"segments": segments}
    if bundle.spend is not None:
        spend, level = evidence.get("spend") or {}, bundle.spend.level
        own = _told(spend, _spend_sentence(spend.get("target"), spend.get("horizon_days"), level))
        told |= {**own, "spend": {**own, "level": level}}
    if bundle.purchase is not None:
        told |= _told(evidence, _sentence(evidence.get("target"), evidence.get("horizon_days")))
    return told


def _told(evidence: Evidence, sentence: str) -> dict[str, Any]:
    kept = {name: evidence.get(name) for name in ("target", "horizon_days")}
    return {**kept, "sentence": sentence}


def _sentence(target: str | None, horizon: int | None) -> str:
    """What the probability is of.

    >>> _sentence("purchased", 30)
    'The probability that "purchased" comes true for a customer within 30 days.'
    """
    return f'The probability that "{target}" comes true for a customer{_within(horizon)}.'


def _spend_sentence(target: str | None, horizon: int | None, level: float) -> str:
    """What is told of a customer's spend.

    >>> _spend_sentence("paid", 30, 0.95)  # doctest: +NORMALIZE_WHITESPACE
    'What a customer will spend ("paid") within 30 days: the mean, the median, the range that holds
    it in 95\\xa0% of cases, and the probability of nothing.'
    """
    return (
        f'What a customer will spend ("{target}"){_within(horizon)}: the mean, the median, the '
        f"range that holds it in {percent(level)} of cases, and the probability of nothing."
    )


def _within(horizon: int | None) -> str:
    return f" within {days(horizon)}" if horizon else ""
