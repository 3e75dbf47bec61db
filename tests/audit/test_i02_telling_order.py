"""I02: fires on files sorted by the answer; silent where tenure explains the order."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity, identifiers
from patron.audit.identifiers import TellingOrder


def test_a_file_sorted_by_the_answer_is_a_warning_without_a_fix(honest, frame):
    columns, y = honest(0)
    order = np.argsort(-y, kind="stable")
    shuffled = {name: pa.array(values).take(pa.array(order)) for name, values in columns.items()}
    [found] = TellingOrder().run(frame(shuffled, y[order]))
    assert (found.columns, found.severity, found.fix) == ((), Severity.WARNING, None)
    assert found.evidence["alone"] > 0.98
    assert found.evidence["adds"] > 0.1


def test_identifiers_are_sought_once(honest, frame, monkeypatch):
    columns, y = honest(0)
    order = np.argsort(y, kind="stable")
    sought, asked = identifiers._identifiers, []
    monkeypatch.setattr(
        identifiers, "_identifiers", lambda made: asked.append(made) or sought(made)
    )
    made = frame({name: pa.array(values).take(order) for name, values in columns.items()}, y[order])
    [found] = TellingOrder().run(made)
    assert found.columns == ()
    assert len(asked) == 1


def test_ids_given_after_the_event_are_named_though_the_rows_are_shuffled(honest, frame):
    columns, y = honest(1)
    rng = np.random.default_rng(1)
    late = y * 600 + rng.permutation(len(y))  # buyers were numbered later
    columns["ticket"] = [f"T{int(i):06d}" for i in late]
    [found] = TellingOrder().run(frame(columns, y, ticket="identifier"))
    assert found.columns == ("ticket",)
    assert "The order of ticket" in found.meaning


@pytest.mark.parametrize("seed", range(3))
def test_silent_on_shuffled_rows_and_where_the_features_know_what_the_order_knows(
    honest, frame, seed
):
    columns, y = honest(seed)
    assert TellingOrder().run(frame(columns, y)) == []
    rng = np.random.default_rng(seed)
    tenure = np.sort(rng.integers(0, 2_000, len(y)))
    loyal = (tenure / 700 + rng.logistic(size=len(y)) > 2.5).astype(float)
    sorted_by_sign_up = frame({"tenure": tenure, "habit": rng.normal(size=len(y))}, loyal)
    question = sorted_by_sign_up.questions[0]
    rows = sorted_by_sign_up.sample_rows.astype(float)
    assert sorted_by_sign_up.order_alone(rows, question).low > 0.6
    assert TellingOrder().run(sorted_by_sign_up) == []


def test_silent_where_only_the_base_rate_differs_between_dates(frame):
    rng = np.random.default_rng(0)
    dates = np.repeat(["2024-11-01", "2024-12-01"], 1_500)
    y = (rng.random(3_000) < np.repeat([0.1, 0.5], 1_500)).astype(float)
    columns = {"as_of": dates, "habit": rng.normal(size=3_000)}
    assert TellingOrder().run(frame(columns, y, as_of="as_of")) == []
    assert len(TellingOrder().run(frame(columns, y, as_of="ignore"))) == 1


def test_cannot_say_with_few_labels(frame):
    answer = TellingOrder().run(frame({"habit": np.arange(50.0)}, np.tile([0.0, 1.0], 25)))
    assert answer == CannotSay("only 50 rows are labelled; at least 200 are needed")
