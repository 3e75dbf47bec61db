import math

import numpy as np
import pytest

from patron.metrics import METRICS, evaluate


def sample(n=4000, rate_only=False):
    random = np.random.default_rng(0)
    p = random.beta(1, 3, n)
    y = (random.random(n) < p).astype(float)
    return y, np.full(n, y.mean()) if rate_only else p


def test_evaluate_answers_every_metric_within_its_declared_range():
    y, p = sample()
    got = evaluate(y, p, threshold=0.3)
    assert list(got) == list(METRICS)
    for name, estimate in got.items():
        metric = METRICS[name]
        assert metric.name == name
        assert metric.low <= estimate.low <= estimate.value <= estimate.high <= metric.high


def test_references_are_what_somebody_without_a_model_scores():
    # The base rate for everyone, and everyone called a buyer: scored by the metrics themselves.
    y, p = sample(rate_only=True)
    got = evaluate(y, p, threshold=0.0)
    for name, metric in METRICS.items():
        if metric.reference is not None:
            assert got[name].value == pytest.approx(metric.reference(y.mean()), abs=1e-9), name


def test_a_model_beats_the_reference_in_the_declared_direction():
    y, p = sample()
    got = evaluate(y, p, threshold=0.3)
    for name in ("roc_auc", "average_precision", "log_loss", "brier", "f1", "lift_at_10"):
        gain = got[name].value - METRICS[name].reference(y.mean())
        assert gain > 0 if METRICS[name].greater_is_better else gain < 0, name


def test_log_loss_has_no_upper_end():
    assert METRICS["log_loss"].high == math.inf
    assert METRICS["log_loss"].reference(0.0) == 0


def test_evaluate_hands_level_and_groups_on():
    y, p = sample(n=500)
    groups = np.arange(500) // 5
    narrow = evaluate(y, p, threshold=0.3, level=0.8, groups=groups)
    wide = evaluate(y, p, threshold=0.3, level=0.99, groups=groups)
    for name in METRICS:
        assert wide[name].low <= narrow[name].low <= narrow[name].high <= wide[name].high
        assert "by entity" in wide[name].method
        assert wide[name].level == 0.99
