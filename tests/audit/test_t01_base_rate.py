"""T01: the base rate with its interval, or an amount's zeros and tail; serious where too few."""

import numpy as np
import pytest

from patron.audit import CannotSay, Finding
from patron.audit.target.base_rate import BaseRate

from .conftest import MakeFrame


def found(frame: MakeFrame, y: np.ndarray) -> Finding:
    answer = BaseRate().run(frame({"a": np.arange(len(y)), "bought": y}, y, bought="target"))
    assert isinstance(answer, list)
    (one,) = answer
    return one


def test_a_note_with_wilsons_interval(frame: MakeFrame) -> None:
    one = found(frame, np.r_[np.ones(300), np.zeros(700), np.full(50, np.nan)])
    assert (one.code, one.severity.value, one.columns, one.rows) == (
        "T01",
        "note",
        ("bought",),
        1_000,
    )
    assert one.evidence["base_rate"] == 0.3
    # Wilson's limits are where (share - x)^2 = z^2 x (1 - x) / n.
    z2, n = 1.959964**2, 1_000
    low, high = sorted(np.roots([1 + z2 / n, -(2 * 0.3 + z2 / n), 0.3**2]))
    assert one.evidence["base_rate_low"] == pytest.approx(low)
    assert one.evidence["base_rate_high"] == pytest.approx(high)


@pytest.mark.parametrize(
    ("positive", "severity"), [(99, "serious"), (100, "warning"), (199, "warning"), (200, "note")]
)
def test_too_few_of_the_rarer_answer(positive: int, severity: str, frame: MakeFrame) -> None:
    y = np.r_[np.ones(positive), np.zeros(5_000)]
    few, swapped = found(frame, y), found(frame, 1 - y)
    assert few.severity.value == swapped.severity.value == severity
    for one, answer in ((few, "positive"), (swapped, "negative")):
        width = f"within ±{one.evidence['auc_known_to_within']:.2f}"
        # What is wrong stands in the one line that a finding has.
        only = f"bought is {answer} in only {positive:,} of {len(y):,} labelled rows: tested on"
        assert one.in_short.startswith(only) is (severity != "note")
        assert (width in one.in_short) is (severity != "note")
        assert width in one.meaning


def test_the_interval_of_an_auc_is_what_a_simulation_gives(frame: MakeFrame) -> None:
    said = found(frame, np.r_[np.ones(250), np.zeros(2_500)]).evidence["auc_known_to_within"]
    draw = np.random.default_rng(0)
    scores = []
    for _ in range(400):  # Hanley and McNeil's case: two exponentials, an AUC of 4 / (4 + 1)
        yes, no = draw.exponential(4, 50), draw.exponential(1, 500)
        scores.append((yes[:, None] > no).mean())
    assert said == pytest.approx(1.96 * np.std(scores), rel=0.15)


def test_an_amount_has_zeros_and_a_tail(frame: MakeFrame) -> None:
    draw = np.random.default_rng(0)
    spend = np.where(draw.random(20_000) < 0.4, 0, draw.pareto(1.5, 20_000) + 1)
    one = found(frame, spend)
    assert one.severity.value == "note"
    assert one.evidence["share_of_zeros"] == pytest.approx(0.4, abs=0.02)
    assert one.evidence["tail_index"] == pytest.approx(1.5, abs=0.2)  # Hill's, of a Pareto tail
    assert "a few customers decide" in one.meaning


def test_few_amounts_above_zero_are_serious(frame: MakeFrame) -> None:
    one = found(frame, np.r_[np.zeros(900), np.arange(2.0, 92.0)])
    assert one.severity.value == "serious"
    assert one.in_short == (
        "bought is above zero in only 90 of 990 labelled rows: hardly any promise can be tested."
    )


def test_cannot_say_where_no_row_is_labelled(frame: MakeFrame) -> None:
    empty = frame({"a": [1.0, 2.0]}, np.full(2, np.nan))
    assert BaseRate().run(empty) == CannotSay("no row is labelled")
