"""dict -> pictures: each with the finding as its title, computed from the same numbers."""

__all__ = [
    "Picture",
    "buyers_of_100",
    "calibration",
    "calibration_misses",
    "candidates",
    "effect",
    "effect_reach",
    "evidence_pictures",
    "feature",
    "frontier",
    "gains",
    "group",
    "heat_reach",
    "honest_step",
    "importance",
    "interaction",
    "ladder",
    "learning_curve",
    "measure_name",
    "misses_allowed",
    "pairs",
    "precision_recall",
    "roc",
    "scores",
    "sparkline",
    "split_optimism",
    "suspected",
    "target",
]

from patron.report.plots.base import Picture
from patron.report.plots.chances import calibration, calibration_misses, misses_allowed, scores
from patron.report.plots.columns import feature, sparkline, target
from patron.report.plots.crowd import buyers_of_100
from patron.report.plots.curves import gains, precision_recall, roc
from patron.report.plots.effects import effect, effect_reach
from patron.report.plots.evidence import evidence_pictures, pairs
from patron.report.plots.groups import group
from patron.report.plots.heat import heat_reach, interaction
from patron.report.plots.ladder import honest_step, ladder, measure_name, suspected
from patron.report.plots.ranked import candidates, importance
from patron.report.plots.tradeoffs import frontier, learning_curve, split_optimism
