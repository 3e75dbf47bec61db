"""Candidates: the readable one within noise, the better one where it is, and honest repeats."""

import numpy as np
import pytest

from patron.metrics import log_loss, roc_auc
from patron.models.additive import AdditiveModel
from patron.models.candidates import WORTH, Candidate, Seen, blend, choose, judged, why
from patron.models.learner import Folds, log_loss_of, logit

ROWS = 4000


def folds(rows: int, count: int = 5, seed: int = 0) -> Folds:
    number = np.random.default_rng(seed).permutation(rows) % count
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(count)]


def probability(raw: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-raw))


def answers(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Seen]:
    """True log-odds, answers drawn from them, and the rows as seen once."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-0.5, 1.5, rows)
    y = (rng.random(rows) < probability(truth)).astype(float)
    return truth, y, Seen.of(y, [folds(rows)], None)


def candidate(seen: Seen, raw: np.ndarray, name: str, readability: float) -> Candidate:
    scorer = AdditiveModel(0.0, [{"x": [-100.0, 100.0], "y": [-1.0 - readability, 1.0]}])
    return judged(
        seen,
        raw,
        0.95,
        name=name,
        title=f"{name} title",
        readability=readability,
        parts=((1.0, scorer),),
        fold_parts=(((1.0, scorer),),) * 5,
        seconds=1.0 + readability,
        cpu_seconds=2.0,
        scoring_seconds=0.5,
    )


def test_within_noise_the_readable_wins_and_the_sentence_says_so() -> None:
    truth, y, seen = answers(400)
    rng = np.random.default_rng(2)
    plain = candidate(seen, truth + 0.4 * rng.normal(size=400), "plain", 0)
    best = candidate(seen, truth, "best", 2)
    base = log_loss_of(np.full(400, logit(y.mean())), y)
    assert best.log_loss.value + WORTH * base < plain.log_loss.value  # worth it, were it certain
    assert choose([plain, best], seen, 0.95) is plain
    said = why(plain, [plain, best], seen, 0.95)
    assert said == (
        "Plain title came within the noise of the best, best title (out-of-fold log loss "
        f"{plain.log_loss.value:.4f} against {best.log_loss.value:.4f}), and is easier to read."
    )


def test_a_gain_that_is_certain_but_not_worth_it_leaves_the_readable() -> None:
    truth, y, seen = answers(200_000)
    plain = candidate(seen, 0.965 * truth, "plain", 0)
    best = candidate(seen, truth, "best", 2)
    lost = log_loss_of(0.965 * truth, y) - log_loss_of(truth, y)
    base = log_loss_of(np.full(len(y), logit(y.mean())), y)
    assert 0 < lost < WORTH * base
    assert choose([plain, best], seen, 0.95) is plain
    said = why(plain, [plain, best], seen, 0.95)
    assert said.startswith("Plain title lost next to nothing against the best, best title")


def test_a_real_gain_wins_and_the_sentence_says_so() -> None:
    truth, _, seen = answers(ROWS)
    plain = candidate(seen, 0.5 * truth, "plain", 0)
    best = candidate(seen, truth, "best", 2)
    assert choose([best, plain], seen, 0.95) is best
    assert why(best, [best, plain], seen, 0.95) == (
        f"Best title had the least out-of-fold log loss ({best.log_loss.value:.4f}, against "
        f"{plain.log_loss.value:.4f} of plain title)."
    )


def test_alone_it_wins_without_a_rival_in_the_sentence() -> None:
    truth, _, seen = answers(400)
    only = candidate(seen, truth, "only", 0)
    assert choose([only], seen, 0.95) is only
    assert "against" not in why(only, [only], seen, 0.95)


def test_of_three_the_most_readable_that_loses_nothing_wins() -> None:
    truth, _, seen = answers(ROWS)
    rng = np.random.default_rng(1)
    poor = candidate(seen, 0.3 * truth, "poor", 0)
    middle = candidate(seen, truth + 0.05 * rng.normal(size=ROWS), "middle", 1)
    best = candidate(seen, truth, "best", 2)
    assert choose([best, middle, poor], seen, 0.95) is middle


def test_the_blend_finds_the_weight_and_carries_its_parts() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(2, 20_000))
    y = (rng.random(20_000) < probability(0.7 * one + 0.3 * other)).astype(float)
    seen = Seen.of(y, [folds(20_000)], None)
    a, b = candidate(seen, one, "a", 0), candidate(seen, other, "b", 1)
    noise = candidate(seen, rng.normal(size=20_000) * 2, "noise", 2)
    mixed = blend([a, noise, b], seen, 0.95)
    assert mixed is not None
    assert [weight for weight, _ in mixed.parts] == pytest.approx([0.7, 0.3], abs=0.11)
    assert sum(weight for weight, _ in mixed.parts) == pytest.approx(1)
    share = mixed.parts[0][0]
    np.testing.assert_allclose(mixed.out_of_fold, share * one + (1 - share) * other)
    assert mixed.title == f"a title ({share:.0%}) with b title ({1 - share:.0%})"
    assert mixed.readability == 1.5
    assert (mixed.seconds, mixed.cpu_seconds, mixed.scoring_seconds) == (3.0, 4.0, 1.0)
    assert len(mixed.fold_parts) == 5
    assert all([weight for weight, _ in parts] == [share, 1 - share] for parts in mixed.fold_parts)
    matrix = np.array([[1.0], [2.0]], dtype=np.float32)
    by_hand = share * a.raw(matrix) + (1 - share) * b.raw(matrix)
    np.testing.assert_allclose(mixed.raw(matrix), by_hand)


def test_one_candidate_has_nothing_to_be_blended_with() -> None:
    truth, _, seen = answers(400)
    assert blend([candidate(seen, truth, "only", 0)], seen, 0.95) is None


def test_repeats_are_the_rows_once_more_in_the_same_order() -> None:
    y = np.array([0.0, 1, 1, 0, 1, 0])
    repeats = [folds(6, 3, seed) for seed in range(2)]
    seen = Seen.of(y, repeats, None)
    np.testing.assert_array_equal(seen.y, [*y, *y])
    assert seen.groups is not None
    np.testing.assert_array_equal(seen.groups, [*range(6), *range(6)])
    assert len(seen.folds) == 6
    for fit, predict in seen.folds:
        assert {*fit // 6} == {*predict // 6}  # one repeat
        assert sorted([*fit, *predict]) == list(range(fit[0] // 6 * 6, fit[0] // 6 * 6 + 6))
    once = Seen.of(y, repeats[:1], None)
    assert once.groups is None
    entities = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(Seen.of(y, repeats[:1], entities).groups, entities)
    np.testing.assert_array_equal(Seen.of(y, repeats, entities).groups, [*entities, *entities])


def test_the_same_predictions_three_times_are_no_more_evidence_than_once() -> None:
    truth, y, once = answers(500)
    thrice = Seen.of(y, [folds(500)] * 3, None)
    for metric in (log_loss, roc_auc):
        p = probability(truth)
        one, three = once.estimate(metric, p), thrice.estimate(metric, np.tile(p, 3))
        assert three.n == one.n == 500
        assert three.value == pytest.approx(one.value, abs=1e-9)
        width = three.high - three.low
        # By rows three times as many would be narrower by the root of three.
        assert width == pytest.approx(one.high - one.low, rel=0.02)
        assert three.method.endswith("by entity")


def test_repeats_cover_what_fresh_customers_would_show() -> None:
    """Log loss of three cross-fits in small worlds, against that of the folds' models on all.

    The target is the mean log loss of the very models, on the whole population: what an interval
    by rows claims to cover, given the models.
    """
    rng = np.random.default_rng(3)
    population = rng.normal(size=(20_000, 3))
    weights = np.array([1.0, -0.7, 0.0])
    p = probability(population @ weights - 0.5)
    rows, worlds, covered, naive = 250, 60, 0, 0
    for world in range(worlds):
        some = rng.integers(0, len(population), rows)
        x, y = population[some], (rng.random(rows) < p[some]).astype(float)
        repeats = [folds(rows, 5, seed=world * 3 + number) for number in range(3)]
        seen = Seen.of(y, repeats, None)
        raw, truth = np.empty(3 * rows), []
        for fit, predict in seen.folds:
            model = ridge(x[fit % rows], y[fit % rows])
            raw[predict] = score(model, x[predict % rows])
            everybody = score(model, population)
            truth.append(float(np.mean(np.logaddexp(0, everybody) - p * everybody)))
        found = seen.estimate(log_loss, probability(raw), level=0.95)
        covered += found.covers(float(np.mean(truth)))
        naive += log_loss(seen.y, probability(raw), level=0.95).covers(float(np.mean(truth)))
        assert found.n == rows
    # 95 % are claimed; of 60, at most 6 missed but once in thirty times.
    assert covered >= 0.9 * worlds
    assert naive < covered  # the rows three times over, taken for independent


def ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method, with a slight ridge."""
    columns = np.column_stack([np.ones(len(x)), x])
    weights = np.zeros(columns.shape[1])
    for _ in range(8):
        p = probability(columns @ weights)
        hessian = (columns.T * (p * (1 - p))) @ columns + np.eye(len(weights))
        weights = weights + np.linalg.solve(hessian, columns.T @ (y - p) - weights)
    return weights


def score(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    return weights[0] + x @ weights[1:]
