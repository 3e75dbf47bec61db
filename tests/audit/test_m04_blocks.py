"""M04: columns that are missing together are described; lone gaps are not."""

import numpy as np
import pyarrow as pa

from patron.audit import CannotSay, Severity
from patron.audit.missing import MissingBlocks


def test_the_profile_that_guests_lack_is_a_note_that_says_whose(frame):
    rng = np.random.default_rng(0)
    channel = rng.choice(["web", "guest", "app"], 2_000, p=[0.6, 0.1, 0.3])
    guest = channel == "guest"
    columns = {
        "channel": channel,
        "age": pa.array(rng.integers(18, 90, 2_000), mask=guest),
        "gender": pa.array(rng.choice(["f", "m"], 2_000), mask=guest),
        "orders": rng.poisson(2, 2_000),
    }
    [found] = MissingBlocks().run(frame(columns))
    assert (found.severity, found.columns) == (Severity.NOTE, ("age", "gender"))
    assert found.rows == guest.sum()
    assert found.evidence["where"] == "channel is guest"
    assert (found.evidence["share_there"], found.evidence["share_elsewhere"]) == (1.0, 0.0)
    assert found.fix is None


def test_blocks_are_told_apart_and_nearly_equal_gaps_belong_together(frame):
    rng = np.random.default_rng(0)
    one, two = rng.random(2_000) < 0.1, rng.random(2_000) < 0.2
    nearly = one & (rng.random(2_000) < 0.97)
    columns = {
        name: pa.array(rng.normal(size=2_000), mask=mask)
        for name, mask in {"a": one, "b": two, "c": nearly, "d": two}.items()
    }
    found = MissingBlocks().run(frame(columns))
    assert [each.columns for each in found] == [("a", "c"), ("b", "d")]
    assert "No other column tells which rows they are" in found[0].meaning


def test_silent_on_gaps_of_one_column_each(honest, frame):
    columns, y = honest(0)
    columns["habit_2"] = pa.array(
        columns["habit_2"], mask=np.random.default_rng(5).random(2_000) < 0.1
    )
    assert MissingBlocks().run(frame(columns, y)) == []


def test_cannot_say_of_one_column(frame):
    answer = MissingBlocks().run(frame({"age": [1.0, None] * 200}))
    assert answer == CannotSay("there are no two features that could be missing together")
