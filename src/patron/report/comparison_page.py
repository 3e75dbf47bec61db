"""dict -> what the page needs on supervised and unsupervised: both by this study's figures."""

__all__ = ["comparison_context"]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report import plots
from patron.report.cash import cash
from patron.report.numbers import count, counted, interval, known, of_100
from patron.report.segments_told import comparison_told, held_for

Comparison = Mapping[str, Any]


def comparison_context(
    comparison: Comparison, segments: Mapping[str, Any] | None
) -> dict[str, Any]:
    """All that the template `comparison.html` names under `comparison`.

    `segments` gives names and colours; without it segments go by their ids.
    """
    together = comparison["together"]
    rows = segments["segments"] if segments else []
    if not rows and together:
        rows = [{"id": name, "name": ""} for name in together["segments"]]
    pictures = [plots.segment_auc(comparison), plots.segment_deciles(together, rows)]
    return {
        "found": comparison,
        "told": comparison_told(comparison),
        "heads": _heads(comparison),
        "permuted": _permuted(comparison["permuted"]),
        "together": held_for(together) if together else "",
        "actions": _actions(
            comparison["actions"], rows, money=not together or plots.in_money(together)
        ),
        "worth": _worth(together),
        "pictures": {picture.name: picture for picture in pictures if picture},
    }


def _heads(comparison: Comparison) -> list[dict[str, str]]:
    """What stands on either side, with the figure that it is known by."""
    model, groups = comparison["supervised"], comparison["unsupervised"]
    noun = "tier" if groups["kind"] == "tiers" else "segment"
    return [
        {
            "title": "Supervised: the purchase model",
            "told": f"{model['model']} for {model['target']}",
            "figure": f"ROC-AUC {interval(model['roc_auc'])}, F1 {interval(model['f1'])}",
        },
        {
            "title": f"Unsupervised: {counted(groups['k'], noun)}",
            "told": "k-means on declared axes" if groups["kind"] == "segments" else groups["kind"],
            "figure": f"silhouette {interval(groups['silhouette'])}, adjusted Rand "
            f"{interval(groups['ari_bootstrap'])}",
        },
    ]


def _permuted(found: Mapping[str, Any] | None) -> str:
    """That the label is no input, shown: what shuffling it changes."""
    if not found:
        return "Whether shuffling the answer changes the segments was not tried."
    if found.get("sentence"):
        return str(found["sentence"])
    if not known(found["same_segment"]):
        return "Whether shuffling the answer changes the segments we cannot say."
    return (
        f"With the answer shuffled, {count(found['refitted'])} customers were segmented anew: "
        f"{of_100(found['same_segment'])} are in the same segment as before."
    )


def _shared_end(texts: Sequence[str]) -> str:
    """The sentences that all texts end with: the caption says so once.

    >>> _shared_end(["Thank them. To be tested.", "Remind them. To be tested."])
    ' To be tested.'
    """
    parts = [text.split(". ") for text in texts]
    same = 0
    while len(texts) > 1 and all(len(p) > same + 1 for p in parts):
        if len({p[-1 - same] for p in parts}) > 1:
            break
        same += 1
    return " " + ". ".join(parts[0][-same:]) if same else ""


def _worth(together: Mapping[str, Any] | None) -> str:
    """What the last column of the actions holds."""
    unit = str(together["unit"]) if together else "expected revenue"
    return unit[:1].upper() + unit[1:]


def _actions(
    actions: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], *, money: bool
) -> list[dict[str, Any]]:
    css = plots.colours(rows)
    end = _shared_end([str(each["campaign"]) for each in actions])
    return [
        {
            "id": str(each["segment"]),
            "css": css.get(str(each["segment"]), "s0"),
            "name": each["name"],
            "who": each["who"],
            "campaign": str(each["campaign"]).removesuffix(end),
            "customers": count(each["customers"]),
            "revenue": (cash if money else count)(each["expected_revenue"]),
        }
        for each in actions
    ]
