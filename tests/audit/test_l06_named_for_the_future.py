"""L06: notes what was left out for its name; silent on columns that a person set aside."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import Frame, Severity
from patron.audit.leaks import NamedForTheFuture
from patron.schema import Role, infer

ROWS = 1_000


@pytest.fixture
def shop():
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < 0.3).astype(float)
    later = rng.normal(size=ROWS) + 1.5 * y  # AUC: Phi(1.5 / sqrt 2) = .856
    return pa.table({"habit": rng.normal(size=ROWS), "visits_next_30d": later, "bought": y}), y


def test_a_column_left_out_by_its_name_is_noted_with_what_it_tells(shop):
    table, y = shop
    frame = Frame(table, infer(table, targets=["bought"]), target=y, target_name="bought")
    [found] = NamedForTheFuture().run(frame)
    assert (found.columns, found.severity, found.fix) == (("visits_next_30d",), Severity.NOTE, None)
    assert found.evidence["alone"] == pytest.approx(0.856, abs=0.03)


def test_silent_on_a_column_that_a_person_set_aside(shop):
    table, y = shop
    schema = infer(table, targets=["bought"], overrides={"visits_next_30d": Role.FUTURE})
    assert NamedForTheFuture().run(Frame(table, schema, target=y)) == []


def test_without_a_target_it_cannot_say_what_the_column_tells(shop):
    table, _ = shop
    [found] = NamedForTheFuture().run(Frame(table, infer(table)))
    assert "alone" not in found.evidence
