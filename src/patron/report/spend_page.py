"""dict -> what the page's sections on spend need: pictures, rows, sentences."""

__all__ = ["MOST_EFFECTS", "spend_context"]

from collections.abc import Mapping
from typing import Any

from patron.report import plots
from patron.report.brief import agreement
from patron.report.spend_tables import (
    best_rows,
    made_rows,
    range_rows,
    spend_candidate_rows,
    spend_metric_rows,
    worst_rows,
)
from patron.report.spend_told import (
    best_sentence,
    inline,
    one_holdout,
    ranges_told,
    shape_told,
    typeset,
)

MOST_EFFECTS = 9
MOST_WORST = 20
Spend = Mapping[str, Any]


def spend_context(spend: Spend) -> dict[str, Any]:
    """All that the templates `spend*.html` name under `spend`.

    What a run did not compute is None, an empty list or "": its part of the page is left out.
    """
    effects = [e for e in spend["effects"] if e.get("zero") or e.get("amount")][:MOST_EFFECTS]
    reaches = plots.effect_reaches(effects)
    return {
        "found": spend,
        "level": spend["r2"]["level"],
        "crowd": plots.spend_of_100(spend),
        "pictures": {picture.name: picture for picture in _pictures(spend) if picture},
        "shape_told": shape_told(spend["shape"]),
        "framing": [
            {
                "title": each["title"],
                "formulas": [typeset(line) for line in (each["formula"] or "").splitlines()],
                "sentences": [inline(sentence) for sentence in each["sentences"]],
            }
            for each in spend["framing"]
        ],
        "candidates": spend_candidate_rows(spend["candidates"]),
        "metrics": spend_metric_rows(spend, agreement),
        "one_holdout": one_holdout(spend),
        "residuals": [plots.residual_small(c) for c in spend["residuals"]["columns"] if c["x"]],
        "ranges": range_rows(spend["intervals"]["levels"]),
        "ranges_told": ranges_told(spend["intervals"]),
        "worst": worst_rows(spend["worst"][:MOST_WORST]),
        "dated": any(each.get("as_of") for each in spend["worst"]),
        "made": made_rows(spend.get("features_made") or []),
        "effects": [plots.spend_effect(e, reaches) for e in effects],
        "best": best_rows(spend),
        "best_told": best_sentence(spend),
    }


def _pictures(spend: Spend) -> list[plots.Picture | None]:
    shape, total, residuals = spend["shape"], spend["total"], spend["residuals"]
    fitted = residuals["fitted"]
    return [
        plots.spend_raw(shape, spend["target"]),
        plots.spend_log(shape, spend["target"]),
        plots.lorenz(shape),
        plots.mean_excess(shape),
        plots.spend_candidates(spend["candidates"]),
        plots.spend_total(total),
        plots.spend_deciles(total) if total["deciles"] else None,
        plots.total_by_decile(total),
        plots.money_gains(spend),
        plots.spend_zero(spend),
        plots.pit(residuals["pit"]),
        plots.worm(residuals["worm"]) if residuals["worm"]["normal"] else None,
        plots.residual_fit(fitted) if fitted["x"] else None,
        plots.spread_raw(residuals["spread_raw"]),
        plots.spread_log(residuals["spread_log"]),
        plots.spend_coverage(spend["intervals"]["levels"]),
    ]
