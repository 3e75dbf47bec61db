"""V05: columns that hold nothing are noted; flags and keys are not."""

import numpy as np
import pyarrow as pa

from patron.audit import CannotSay
from patron.audit.values.empty import EmptyColumns

from .conftest import MakeFrame


def test_each_kind_is_one_note(frame: MakeFrame) -> None:
    rare = pa.array(np.arange(1_000.0), mask=np.arange(1_000) >= 10)
    columns = {
        "a": pa.nulls(1_000, pa.float64()),
        "b": np.full(1_000, np.nan),
        "c": np.full(1_000, 7),
        "d": ["EUR"] * 1_000,
        "e": rare,
        "f": np.arange(1_000) % 2,
    }
    answer = EmptyColumns().run(frame(columns))
    assert isinstance(answer, list)
    shown = [
        (each.code, each.severity.value, each.evidence["kind"], each.columns) for each in answer
    ]
    assert shown == [
        ("V05", "note", "empty", ("a", "b")),
        ("V05", "note", "nearly empty", ("e",)),
        ("V05", "note", "constant", ("c", "d")),
    ]
    assert all(each.fix and each.fix.operation == "drop_column" for each in answer)


def test_silent_on_what_varies_late_and_on_one_date_for_all(frame: MakeFrame) -> None:
    late = np.r_[np.zeros(4_999), 1.0]
    only_yes = pa.array(np.ones(5_000), mask=np.arange(5_000) % 2 == 0)
    columns = {"late": late, "flag": only_yes, "day": ["2025-01-01"] * 5_000}
    assert EmptyColumns().run(frame(columns, day="as_of")) == []


def test_cannot_say_of_one_row(frame: MakeFrame) -> None:
    assert EmptyColumns().run(frame({"a": [1]})) == CannotSay(
        "with fewer than two rows every column is constant"
    )
