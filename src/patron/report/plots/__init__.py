"""dict -> pictures: each with the finding as its title, computed from the same numbers."""

__all__ = [
    "Picture",
    "buyers_of_100",
    "calibration",
    "calibration_misses",
    "candidates",
    "effect",
    "effect_reach",
    "feature",
    "gains",
    "importance",
    "ladder",
    "misses_allowed",
    "precision_recall",
    "roc",
    "scores",
    "sparkline",
    "target",
]

from patron.report.plots.base import Picture
from patron.report.plots.columns import (
    buyers_of_100,
    effect,
    effect_reach,
    feature,
    sparkline,
    target,
)
from patron.report.plots.curves import (
    calibration,
    calibration_misses,
    gains,
    misses_allowed,
    precision_recall,
    roc,
    scores,
)
from patron.report.plots.ranked import candidates, importance, ladder
