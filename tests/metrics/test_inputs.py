import numpy as np
import pytest

from patron.errors import DataError, Refusal
from patron.metrics import brier, lift_at, log_loss, roc_auc
from patron.metrics.inputs import checked, entities, ranked


def test_lengths_that_differ_are_named():
    with pytest.raises(DataError, match=r"differ in length: 3 and 2 rows; give one forecast"):
        roc_auc([0, 1, 1], [0.1, 0.2])


def test_missing_values_are_counted():
    with pytest.raises(DataError, match=r"1 of 3 outcomes are missing or infinite; leave those"):
        brier([0, 1, np.nan], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match=r"2 of 3 forecasts are missing or infinite"):
        roc_auc([0, 1, 1], [np.nan, 0.2, np.inf])


def test_outcomes_other_than_0_and_1_are_counted():
    with pytest.raises(DataError, match=r"outcomes must be 0 or 1; 2 of 4 rows are neither"):
        roc_auc([0, 1, 2, 0.5], [0.1, 0.2, 0.3, 0.4])


def test_a_score_is_no_probability():
    with pytest.raises(DataError, match=r"2 of 3 rows are outside; a score without that scale"):
        log_loss([0, 1, 1], [-0.1, 0.2, 7.0])
    assert roc_auc([0, 1, 1], [-0.1, 0.2, 7.0]).value == 1.0


@pytest.mark.parametrize(("y", "word"), [([1, 1], "positive"), ([0, 0], "negative")])
def test_one_class_alone_cannot_be_ranked(y, word):
    with pytest.raises(Refusal, match=rf"no ranking can be judged: all 2 rows are {word}"):
        roc_auc(y, [0.1, 0.2])
    assert brier(y, [0.5, 0.5]).value == 0.25


def test_no_rows_is_refused():
    with pytest.raises(Refusal, match="there are no rows with a known outcome"):
        brier([], [])


def test_a_table_is_not_a_vector():
    with pytest.raises(DataError, match=r"forecasts must be one column, got an array of shape \(2"):
        brier([0, 1], [[0.1, 0.9], [0.2, 0.8]])


def test_groups_must_match_and_must_be_several():
    with pytest.raises(DataError, match=r"groups must have one code for each of 2 rows, got \(3,"):
        brier([0, 1], [0.5, 0.5], groups=[0, 1, 1])
    with pytest.raises(Refusal, match="all rows belong to one entity"):
        brier([0, 1], [0.5, 0.5], groups=[7, 7])


def test_a_share_outside_of_its_range_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match=r"share must lie above 0 and at most 1, got 10"):
        lift_at([0, 1], [0.1, 0.2], share=10)


def test_bool_and_float32_are_taken_and_nothing_is_changed():
    y, p = np.array([False, True, True]), np.array([0.1, 0.9, 0.4], dtype=np.float32)
    before = y.copy(), p.copy()
    rows = checked(y, p, [5, 9, 5])
    assert rows.y.tolist() == [0.0, 1.0, 1.0]
    assert rows.groups.tolist() == [0, 1, 0]
    assert entities(rows.y, rows.groups) == 2
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(p, before[1])


def test_levels_gather_equal_scores_from_the_top():
    at = ranked(checked([1, 0, 1, 0], [0.5, 0.5, 0.9, 0.1]))
    assert at.values.tolist() == [0.9, 0.5, 0.1]
    assert at.caught.tolist() == [1, 2, 2]
    assert at.reached.tolist() == [1, 3, 4]
    assert at.codes.tolist() == [1, 1, 0, 2]
