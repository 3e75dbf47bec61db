"""T04: rows without an answer are noted; a column that tells who has none is a warning."""

from datetime import date

import numpy as np
import pyarrow as pa

from patron.audit import CannotSay, Finding, Frame, run_audit
from patron.audit.target.unlabelled import Unlabelled

from .conftest import Honest, MakeFrame


def found(made: Frame) -> list[Finding]:
    answer = Unlabelled().run(made)
    assert isinstance(answer, list)
    return answer


def test_labels_of_some_regions_only(honest: Honest, frame: MakeFrame) -> None:
    columns, y = honest(0)
    gone = (columns["region"] == "north") & (np.random.default_rng(0).random(2_000) < 0.6)
    y[gone] = np.nan
    (one,) = found(frame({**columns, "bought": y}, y, bought="target"))
    assert (one.code, one.severity.value) == ("T04", "warning")
    assert (one.columns, one.rows) == (("bought", "region"), int(gone.sum()))
    # The AUC of a column that is north for all unlabelled rows, and for some of the labelled.
    north = (columns["region"] == "north")[~gone].mean()
    assert abs(one.evidence["alone"] - (1 - north / 2)) < 0.01
    assert "the labelled rows are other customers" in one.meaning.lower()
    auc = f"{one.evidence['alone']:.2f}"
    assert one.in_short == (
        f"{gone.sum():,} of 2,000 rows have no answer, and region tells which (AUC {auc})"
    )


def test_only_the_contacted_have_an_answer(honest: Honest, frame: MakeFrame) -> None:
    columns, y = honest(0)
    sent = (np.arange(2_000) % 3 == 0).astype(float)
    y[sent == 0] = np.nan
    (one,) = found(frame({**columns, "sent": sent}, y, sent="treatment"))
    assert one.columns == ("sent",)
    assert one.evidence["alone"] > 0.99


def test_a_last_date_whose_window_is_open_is_a_note(honest: Honest, frame: MakeFrame) -> None:
    columns, y = honest(0)
    day = np.array([date(2024, 1 + n % 4, 1) for n in range(2_000)])
    y[day == date(2024, 4, 1)] = np.nan
    (one,) = found(frame({**columns, "day": pa.array(day)}, y, day="as_of"))
    assert (one.severity.value, one.columns, one.rows) == ("note", ("day",), 500)
    assert "window is not over" in one.next_step


def test_missing_by_chance_is_a_note(honest: Honest, frame: MakeFrame) -> None:
    for seed in range(3):
        columns, y = honest(seed)
        y[np.random.default_rng(seed).random(2_000) < 0.3] = np.nan
        (one,) = found(frame(columns, y))
        assert one.severity.value == "note"
        assert "rows have no answer, and no column surely tells which (at best" in one.in_short


def test_silent_where_every_row_has_an_answer(honest: Honest, frame: MakeFrame) -> None:
    assert found(frame(*honest(0))) == []


def test_cannot_say_without_a_target(frame: MakeFrame) -> None:
    assert Unlabelled().run(frame({"a": [1.0]})) == CannotSay("no target is named")
    made = frame({"a": [1.0]})
    outcomes = {each["code"]: each for each in run_audit(made.table, made.schema).outcomes}
    assert outcomes["T04"]["because"] == "no target is named"
