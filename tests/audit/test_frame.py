"""The frame keeps what checks share: made once, and for this frame alone."""

import numpy as np

from patron.audit.missing.relations import Relations


def test_what_checks_share_is_made_once_for_each_frame(honest, frame):
    columns, y = honest(0, rows=400)
    one, other = frame(columns, y), frame(columns, y)
    asked = []

    def rows(made):
        asked.append(made)
        return made.table.num_rows

    assert [one.once(rows), one.once(rows), other.once(rows)] == [400] * 3
    assert asked == [one, other]
    again = one.resampled(np.arange(100))
    assert again.once(rows) == 400
    assert asked[2] is again  # it measures on other rows, and may find otherwise


def test_an_answer_of_nothing_is_kept_too(honest, frame):
    made = frame(*honest(0, rows=400))
    asked = []
    assert made.once(asked.append) is made.once(asked.append) is None
    assert len(asked) == 1


def test_relations_are_those_of_their_frame(honest, frame):
    columns, y = honest(0, rows=400)
    one, other = frame(columns, y), frame(columns, y)
    assert Relations.of(one) is Relations.of(one)
    assert Relations.of(one) is not Relations.of(other)
