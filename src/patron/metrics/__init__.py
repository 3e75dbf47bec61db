"""Metrics of a purchase model: each answers an Estimate, a number with its interval.

Every metric takes outcomes `y` (0/1), a score or probability `p` of equal length, and

    level     the coverage that the interval claims (0.95)
    groups    the entity of each row, where one entity has several rows (at different dates); the
              interval then counts entities, not rows, as independent

The curves give the data of the report's pictures as plain lists.
"""

__all__ = [
    "METRICS",
    "Metric",
    "auc_difference",
    "average_precision",
    "best_f1_threshold",
    "brier",
    "calibration_by",
    "calibration_curve",
    "capture_at",
    "confusion",
    "ece",
    "ece_noise",
    "evaluate",
    "evaluate_groups",
    "f1",
    "gains_curve",
    "lift_at",
    "log_loss",
    "log_loss_difference",
    "precision",
    "precision_recall_curve",
    "proportion",
    "recall",
    "roc_auc",
    "roc_curve",
    "score_histogram",
]

from patron.metrics.catalogue import METRICS, Metric, evaluate
from patron.metrics.curves import (
    calibration_curve,
    gains_curve,
    precision_recall_curve,
    roc_curve,
    score_histogram,
)
from patron.metrics.probability import brier, ece, ece_noise, log_loss, log_loss_difference
from patron.metrics.ranking import (
    auc_difference,
    average_precision,
    capture_at,
    lift_at,
    roc_auc,
)
from patron.metrics.subgroups import calibration_by, evaluate_groups
from patron.metrics.threshold import (
    best_f1_threshold,
    confusion,
    f1,
    precision,
    proportion,
    recall,
)
