"""T02: a step of the base rate is a warning, a season at most a note."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Finding, Frame
from patron.audit.target.drift import DriftingRate

from .conftest import MakeFrame

DAYS = [date(2024, month, 1) for month in range(1, 9)]


def asked(frame: MakeFrame, rates: list[float], each: int = 2_000, amount: bool = False) -> Frame:
    yes = [np.arange(each) < round(rate * each) for rate in rates]
    y = np.concatenate(yes).astype(float) * (np.pi if amount else 1.0)
    days = pa.array([day for day in DAYS[: len(rates)] for _ in range(each)])
    columns: dict[str, Any] = {"day": days, "a": np.arange(len(y)), "bought": y}
    return frame(columns, y, day="as_of", bought="target")


def found(made: Frame) -> list[Finding]:
    answer = DriftingRate().run(made)
    assert isinstance(answer, list)
    return answer


@pytest.mark.parametrize("amount", [False, True])
def test_answers_lost_from_a_date_on(amount: bool, frame: MakeFrame) -> None:
    rates = [0.20, 0.21, 0.19, 0.20, 0.10, 0.11]
    (one,) = found(asked(frame, rates, amount=amount))
    assert (one.code, one.severity.value) == ("T02", "warning")
    assert (one.columns, one.rows) == (("bought", "day"), 4_000)
    assert one.evidence["from"] == "2024-05-01"
    assert one.evidence["share_before"] == pytest.approx(0.20)
    assert one.evidence["share_from_then_on"] == pytest.approx(0.105)
    assert one.evidence["picture"]["share"] == pytest.approx(rates)
    assert one.evidence["picture"]["mark"] == "2024-05-01"
    assert "still to come or were lost" in one.next_step


def test_a_rise_is_split_by_time(frame: MakeFrame) -> None:
    (one,) = found(asked(frame, [0.10, 0.11, 0.20, 0.21]))
    assert one.severity.value == "warning"
    assert one.next_step == "Split by time, and judge the model on the latest dates."


def test_dates_written_as_text_come_in_their_order_however_many_rows_they_have(
    frame: MakeFrame,
) -> None:
    rates, each = [0.1, 0.1, 0.1, 0.3, 0.3, 0.3], [300, 900, 500, 800, 400, 700]
    yes = [np.arange(rows) < round(rate * rows) for rate, rows in zip(rates, each, strict=True)]
    y = np.concatenate(yes).astype(float)
    days = np.repeat([str(day) for day in DAYS[:6]], each)
    (one,) = found(frame({"day": days, "bought": y}, y, day="as_of", bought="target"))
    assert one.evidence["picture"]["labels"] == [str(day) for day in DAYS[:6]]
    assert one.evidence["from"] == "2024-04-01"
    assert one.evidence["picture"]["share"] == pytest.approx(rates)


def test_times_of_one_day_are_one_date_and_quarters_keep_their_names(frame: MakeFrame) -> None:
    made = asked(frame, [0.10, 0.11, 0.20, 0.21])
    y, rows = made.target, made.table.num_rows
    seconds = made.table["day"].cast(pa.timestamp("s")).cast(pa.int64()).to_numpy()
    times = pa.array(seconds + np.arange(rows) % 80_000, pa.timestamp("s"))
    (one,) = found(frame({"day": times, "bought": y}, y, day="as_of", bought="target"))
    assert one.evidence["picture"]["labels"] == [str(day) for day in DAYS[:4]]
    quarters = np.repeat(["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"], rows // 4)
    (one,) = found(frame({"day": quarters, "bought": y}, y, day="as_of", bought="target"))
    assert one.evidence["from"] == "2024-Q3"


def test_a_season_is_a_note(frame: MakeFrame) -> None:
    (one,) = found(asked(frame, [0.30, 0.27, 0.34, 0.36, 0.28, 0.31, 0.35, 0.27]))
    assert one.severity.value == "note"
    assert "from" not in one.evidence


def test_silent_where_the_dates_are_alike(frame: MakeFrame) -> None:
    assert found(asked(frame, [0.20, 0.21, 0.19, 0.20])) == []
    # Few rows: 12 and 8 of 60 are no step.
    assert found(asked(frame, [0.20, 0.13], each=60)) == []


def test_cannot_say_without_dates_or_with_one(frame: MakeFrame) -> None:
    y = np.arange(100.0) % 2
    undated = frame({"a": np.arange(100)}, y)
    assert DriftingRate().run(undated) == CannotSay("no column has the role as_of")
    assert DriftingRate().run(asked(frame, [0.2])) == CannotSay(
        "fewer than two dates have 50 labelled rows"
    )
