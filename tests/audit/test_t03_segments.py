"""T03: segments where nobody or everybody says yes are noted; ordinary differences are not."""

import numpy as np

from patron.audit import CannotSay
from patron.audit.target.segments import SegmentRates

from .conftest import MakeFrame

Y = np.arange(2_000) % 5 == 0  # a base rate of 20 %


def test_segments_are_listed_with_the_most_different_first(frame: MakeFrame) -> None:
    y = Y.astype(float)
    region = np.array(["north", "south", "east", "west"])[np.arange(2_000) // 500]
    y[region == "east"] = 0
    y[region == "west"] = np.arange(500) % 2  # 50 %
    answer = SegmentRates().run(frame({"region": region}, y))
    assert isinstance(answer, list)
    (one,) = answer
    assert (one.code, one.severity.value, one.columns) == ("T03", "note", ("region",))
    segments = one.evidence["segments"]
    assert [(each["level"], each["rows"], each["share"]) for each in segments] == [
        ("east", 500, 0.0),
        ("west", 500, 0.5),
    ]
    assert "region east (0.0% of 500), region west (50.0% of 500)" in one.meaning


def test_silent_on_ordinary_differences_and_on_small_segments(frame: MakeFrame) -> None:
    y = Y.astype(float)
    region = np.where(np.arange(2_000) % 7 < 3, "north", "south")
    tiny = np.where(np.arange(2_000) < 60, "islands", "mainland")
    y[:60] = 0  # 60 rows: 12 positive ones expected
    assert SegmentRates().run(frame({"region": region, "tiny": tiny}, y)) == []


def test_cannot_say_of_an_amount_or_of_one_answer_or_without_segments(frame: MakeFrame) -> None:
    region = ["north", "south"] * 100
    amount = frame({"region": region}, np.arange(200.0))
    assert SegmentRates().run(amount) == CannotSay(
        "the target is an amount; segments are compared by their base rate"
    )
    assert SegmentRates().run(frame({"region": region}, np.ones(200))) == CannotSay(
        "every labelled row has the same target"
    )
    assert SegmentRates().run(frame({"a": np.arange(200)}, np.arange(200.0) % 2)) == CannotSay(
        "no column is a category or a flag"
    )
