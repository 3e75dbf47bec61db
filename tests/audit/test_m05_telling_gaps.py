"""M05: gaps that depend on the target; silent where values tell the same, or chance does."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Fix, Severity
from patron.audit.missing import TellingMissing


def test_gaps_that_buyers_have_more_often_are_a_warning(honest, frame):
    columns, y = honest(0)
    lost = np.random.default_rng(1).random(2_000) < np.where(y == 1, 0.35, 0.04)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    [found] = TellingMissing().run(frame(columns, y))
    assert (found.severity, found.columns) == (Severity.WARNING, ("habit_3",))
    assert found.rows == lost.sum()
    # Without other columns the odds among the gaps would be .35 / .04 * .96 / .65 = 13.
    assert 3 < found.evidence["odds_ratio"] < 13
    assert found.evidence["difference_low"] > 0.25
    assert found.fix == Fix("drop_column", ("habit_3",), because="M05")


def test_a_weaker_tie_is_a_note(honest, frame):
    columns, y = honest(0, rows=6_000)
    lost = np.random.default_rng(1).random(6_000) < np.where(y == 1, 0.14, 0.08)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    [found] = TellingMissing().run(frame(columns, y))
    assert (found.severity, found.fix) == (Severity.NOTE, None)


def test_columns_with_the_same_gaps_are_one_finding(honest, frame):
    columns, y = honest(0)
    lost = np.random.default_rng(1).random(2_000) < np.where(y == 1, 0.04, 0.4)
    for name in ("habit_3", "habit_4"):
        columns[name] = pa.array(columns[name], mask=lost)
    [found] = TellingMissing().run(frame(columns, y))
    assert found.columns == ("habit_3", "habit_4")
    assert found.evidence["odds_ratio"] < 1 / 3


def test_for_an_amount_the_zeros_and_the_size_are_asked(honest, frame):
    columns, y = honest(0)
    rng = np.random.default_rng(1)
    spend = np.where(y == 1, rng.lognormal(3, 1, 2_000), 0.0)
    lost = rng.random(2_000) < np.where(spend > 0, 0.4, 0.03)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    [found] = TellingMissing().run(frame(columns, spend))
    assert found.evidence["tells"] == "bought above zero"


@pytest.mark.parametrize(("lost", "word"), [((0.3, 0.05), "lower"), ((0.05, 0.3), "higher")])
def test_the_size_of_an_amount_has_no_odds(honest, frame, lost, word):
    columns, _ = honest(0)
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3, 1, 2_000)
    gone = rng.random(2_000) < np.where(spend < np.median(spend), *lost)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=gone)
    [found] = TellingMissing().run(frame(columns, spend))
    assert (found.evidence["tells"], found.evidence["measure"]) == ("bought", "rank correlation")
    assert "odds_ratio" not in found.evidence
    assert f"bought is {word} than the other columns lead one to expect (" in found.meaning
    apart = abs(found.evidence["difference"])
    assert f"({apart:.2f} standard deviations of what they leave open, in ranks)" in found.meaning


def test_of_an_amount_a_gap_may_depend_on_who_has_most(honest, frame):
    columns, _ = honest(0)
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3, 1, 2_000)
    lost = rng.random(2_000) < np.where(spend > np.quantile(spend, 0.8), 0.02, 0.3)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    [found] = TellingMissing().run(frame(columns, spend))
    assert found.severity is Severity.WARNING
    assert found.evidence["tells"] == "the top fifth of bought"


def test_a_leak_beside_it_does_not_hide_a_telling_gap(honest, frame):
    columns, y = honest(0)
    rng = np.random.default_rng(1)
    lost = rng.random(2_000) < np.where(y == 1, 0.35, 0.04)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    columns["refunded"] = y + 0.02 * rng.normal(size=2_000)
    [found] = TellingMissing().run(frame(columns, y))
    assert (found.severity, found.columns) == (Severity.WARNING, ("habit_3",))


@pytest.mark.parametrize("seed", range(3))
def test_silent_where_gaps_fall_on_anybody_or_on_what_a_column_tells(honest, frame, seed):
    columns, y = honest(seed, power=1.6)
    quiet = columns["orders_90d"] == 0  # tells of the answer, and is itself a column
    lost = np.random.default_rng(1).random(2_000) < np.where(quiet, 0.3, 0.02)
    columns["habit_3"] = pa.array(columns["habit_3"], mask=lost)
    assert TellingMissing().run(frame(columns, y)) == []


def test_gaps_that_make_the_answer_certain_are_left_to_l01(honest, frame):
    columns, y = honest(0)
    columns["refund"] = pa.array(np.random.default_rng(1).normal(size=2_000), mask=y == 0)
    assert TellingMissing().run(frame(columns, y)) == []


def test_cannot_say_with_few_rows(frame):
    answer = TellingMissing().run(frame({"age": [1.0, None] * 50}, np.tile([0.0, 1.0], 50)))
    assert answer == CannotSay("only 100 rows are labelled; at least 200 are needed")
