"""dict -> what the page's sections on the purchase model need: pictures, rows, sentences."""

__all__ = ["MOST_SMALL", "purchase_context"]

from collections.abc import Mapping
from typing import Any

from patron.report import plots
from patron.report.brief import agreement
from patron.report.groups import group_tables, kept_elsewhere, kept_sentences
from patron.report.tables import calibration_rows, candidate_rows, metric_rows
from patron.report.threshold import NOT_CAUSED, money_rows, threshold_sentences, worth_sentence

MOST_SMALL = 9
Purchase = Mapping[str, Any]


def purchase_context(purchase: Purchase) -> dict[str, Any]:
    """All names of the templates from `evidence.html` to `drivers.html`, and `kept`.

    What a run did not compute is None, an empty list or "": its part of the page is left out.
    """
    effects = purchase["effects"]
    card = (purchase.get("card") or {}).get("sections") or []
    shown = [e for e in effects if e.get("kind")][:MOST_SMALL]
    return {
        "pictures": {picture.name: picture for picture in _pictures(purchase) if picture},
        "buyers_of_100": plots.buyers_of_100(purchase),
        "effects": [plots.effect(e, plots.effect_reach(shown)) for e in shown],
        "banded": any(e.get("low") for e in shown),
        "interactions": _interactions(purchase),
        "metrics": metric_rows(purchase, agreement),
        "candidates": candidate_rows(purchase["candidates"]),
        "learning": purchase.get("learning_curve"),
        "calibrations": calibration_rows(purchase["model"]["calibration"]),
        "threshold_told": threshold_sentences(purchase),
        "money_rows": money_rows(purchase),
        "money_told": [worth_sentence(purchase), NOT_CAUSED],
        "groups": _groups(purchase),
        "has_optimism": bool(purchase.get("optimism") or purchase.get("optimism_because")),
        "kept": kept_sentences(kept_elsewhere(purchase.get("kept"), card)),
    }


def _pictures(purchase: Purchase) -> list[plots.Picture | None]:
    curve, optimism = purchase.get("learning_curve"), purchase.get("optimism")
    return [
        plots.gains(purchase),
        plots.calibration(purchase),
        plots.roc(purchase),
        plots.precision_recall(purchase),
        plots.scores(purchase),
        plots.candidates(purchase),
        plots.frontier(purchase),
        plots.learning_curve(curve) if curve else None,
        plots.split_optimism(optimism) if optimism else None,
        plots.importance(purchase["effects"]) if purchase["effects"] else None,
    ]


def _interactions(purchase: Purchase) -> list[plots.Picture]:
    pairs = purchase.get("interactions") or []
    reach = plots.heat_reach(pairs)
    return [plots.interaction(found, reach, place) for place, found in enumerate(pairs, 1)]


def _groups(purchase: Purchase) -> list[dict[str, Any]] | None:
    """Each property's picture and rows; None where groups were not asked about at all."""
    groups = purchase.get("groups")
    if groups is None:
        return None
    tables = group_tables(groups)
    return [
        {**table, "picture": plots.group(found, _judge(purchase, found), place)}
        for place, (found, table) in enumerate(zip(groups, tables, strict=True), 1)
    ]


def _judge(purchase: Purchase, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ROC-AUC of all: months are of the training part, the others of the holdout."""
    inside: Mapping[str, Any] | None = purchase["cross_validated"].get("roc_auc")
    return inside if found["kind"] == "month" and inside else purchase["roc_auc"]
