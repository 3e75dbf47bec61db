"""Metrics of a purchase or a spend model: each answers an Estimate, a number with its interval.

Those of a purchase take outcomes `y` (0/1) and a score or probability `p` of equal length; those of
spend take amounts `y` and what their names say (`mean`, `median`, scores, low and high ends). All
take

    level     the coverage that the interval claims (0.95)
    groups    the entity of each row, where one entity has several rows (at different dates); the
              interval then counts entities, not rows, as independent

The curves give the data of the report's pictures as plain lists.
"""

__all__ = [
    "METRICS",
    "MONEY_METRICS",
    "Metric",
    "MoneyMetric",
    "against",
    "auc_difference",
    "average_precision",
    "best_f1_threshold",
    "bias_total",
    "brier",
    "calibration_by",
    "calibration_curve",
    "capture_at",
    "confusion",
    "coverage",
    "coverage_by",
    "crps",
    "crps_difference",
    "deciles",
    "ece",
    "ece_noise",
    "evaluate",
    "evaluate_groups",
    "evaluate_money",
    "f1",
    "gains_curve",
    "lift_at",
    "log_loss",
    "log_loss_difference",
    "mae",
    "mae_difference",
    "median_width",
    "money_gains",
    "money_shape",
    "normalized_gini",
    "pit_histogram",
    "precision",
    "precision_recall_curve",
    "proportion",
    "quantile_residuals",
    "r2",
    "r2_difference",
    "r2_top",
    "r2_within_top",
    "recall",
    "rmse",
    "rmsle",
    "roc_auc",
    "roc_curve",
    "score_histogram",
    "spearman",
    "spread_by",
    "top_capture",
    "width",
    "worm",
]

from patron.metrics.catalogue import METRICS, Metric, evaluate
from patron.metrics.coverage import coverage, coverage_by, median_width, width
from patron.metrics.curves import (
    calibration_curve,
    gains_curve,
    precision_recall_curve,
    roc_curve,
    score_histogram,
)
from patron.metrics.money import (
    bias_total,
    crps,
    crps_difference,
    mae,
    mae_difference,
    r2,
    r2_difference,
    rmse,
    rmsle,
)
from patron.metrics.money_catalogue import MONEY_METRICS, MoneyMetric, evaluate_money
from patron.metrics.money_curves import deciles, money_gains, money_shape
from patron.metrics.money_ranking import (
    normalized_gini,
    r2_top,
    r2_within_top,
    spearman,
    top_capture,
)
from patron.metrics.probability import brier, ece, ece_noise, log_loss, log_loss_difference
from patron.metrics.ranking import (
    auc_difference,
    average_precision,
    capture_at,
    lift_at,
    roc_auc,
)
from patron.metrics.residuals import against, pit_histogram, quantile_residuals, spread_by, worm
from patron.metrics.subgroups import calibration_by, evaluate_groups
from patron.metrics.threshold import (
    best_f1_threshold,
    confusion,
    f1,
    precision,
    proportion,
    recall,
)
