"""dict -> pictures: each with the finding as its title, computed from the same numbers."""

__all__ = [
    "Picture",
    "axis_label",
    "buyers_of_100",
    "calibration",
    "calibration_misses",
    "candidates",
    "colours",
    "deciles_missed",
    "effect",
    "effect_reach",
    "effect_reaches",
    "evidence_pictures",
    "feature",
    "frontier",
    "gains",
    "group",
    "heat_reach",
    "honest_step",
    "importance",
    "in_money",
    "interaction",
    "ladder",
    "learning_curve",
    "lorenz",
    "mean_excess",
    "measure_name",
    "misses_allowed",
    "money_gains",
    "pairs",
    "pit",
    "precision_recall",
    "residual_fit",
    "residual_small",
    "roc",
    "scores",
    "segment_auc",
    "segment_axes",
    "segment_deciles",
    "segment_flow",
    "segment_gate",
    "segment_map",
    "segment_shares",
    "sparkline",
    "spend_candidates",
    "spend_coverage",
    "spend_deciles",
    "spend_effect",
    "spend_log",
    "spend_of_100",
    "spend_raw",
    "spend_total",
    "spend_zero",
    "split_optimism",
    "spread_log",
    "spread_raw",
    "suspected",
    "target",
    "total_by_decile",
    "worm",
]

from patron.report.plots.base import Picture
from patron.report.plots.chances import calibration, calibration_misses, misses_allowed, scores
from patron.report.plots.columns import feature, sparkline, target
from patron.report.plots.crowd import buyers_of_100, spend_of_100
from patron.report.plots.curves import gains, precision_recall, roc
from patron.report.plots.effects import effect, effect_reach
from patron.report.plots.evidence import evidence_pictures, pairs
from patron.report.plots.groups import group
from patron.report.plots.heat import heat_reach, interaction
from patron.report.plots.ladder import honest_step, ladder, measure_name, suspected
from patron.report.plots.ranked import candidates, importance
from patron.report.plots.segments import (
    axis_label,
    colours,
    segment_axes,
    segment_gate,
    segment_shares,
)
from patron.report.plots.segments_deciles import in_money, segment_auc, segment_deciles
from patron.report.plots.segments_flow import segment_flow
from patron.report.plots.segments_map import segment_map
from patron.report.plots.spend import lorenz, mean_excess, spend_log, spend_raw
from patron.report.plots.spend_checks import (
    pit,
    residual_fit,
    residual_small,
    spread_log,
    spread_raw,
    worm,
)
from patron.report.plots.spend_models import effect_reaches, spend_candidates, spend_effect
from patron.report.plots.spend_ranges import spend_coverage
from patron.report.plots.spend_totals import (
    deciles_missed,
    money_gains,
    spend_deciles,
    spend_total,
    spend_zero,
    total_by_decile,
)
from patron.report.plots.tradeoffs import frontier, learning_curve, split_optimism
