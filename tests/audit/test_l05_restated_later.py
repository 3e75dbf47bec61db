"""L05: fires on overwritten snapshots; silent where values move honestly; says when it cannot."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.leaks import RestatedLater

PEOPLE, DATES = 1_000, 3
ROLES = {
    "customer": "entity",
    "as_of": "as_of",
    "orders": "count",
    "spend": "money",
    "visits_30d": "count",
    "score": "number",
}


def panel(seed):
    """Three snapshots of each customer: totals that grow with orders, and visits drawn anew."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.0, 1.5, PEOPLE)
    new = rng.poisson(rate[:, None] * np.ones(DATES + 1))
    orders = np.cumsum(new, axis=1)
    spend = np.cumsum(new * rng.lognormal(3, 1, (PEOPLE, DATES + 1)), axis=1)
    shape = (PEOPLE, DATES)
    dates = np.broadcast_to(20_000 + 90 * np.arange(DATES), shape)
    columns = {
        "customer": np.repeat(np.arange(PEOPLE), DATES),
        "as_of": pa.array(dates.ravel().astype(np.int32)).cast(pa.date32()),
        "orders": orders[:, :DATES].ravel().astype(float),
        "spend": spend[:, :DATES].ravel().round(2),
        "visits_30d": rng.poisson(3 * rate[:, None] + 1, shape).ravel().astype(float),
        "score": rng.normal(size=shape).ravel(),
        "age": np.repeat(rng.integers(18, 80, PEOPLE), DATES).astype(float),
    }
    bought = (new[:, 1:] > 0).ravel().astype(float)
    return columns, bought, rng


def restate(values, who):
    """The last value in all snapshots of these customers."""
    by_person = values.reshape(PEOPLE, DATES).copy()
    by_person[who] = by_person[who, -1:]
    return by_person.ravel()


@pytest.mark.parametrize("column", ["spend", "visits_30d", "score"])
def test_a_measure_that_stands_still_for_half_of_the_customers_is_a_warning(column, frame):
    columns, y, rng = panel(0)
    columns[column] = restate(columns[column], rng.random(PEOPLE) < 0.5)
    [found] = RestatedLater().run(frame(columns, y, **ROLES))
    assert (found.columns, found.severity) == ((column,), Severity.WARNING)
    assert found.evidence["still_where_others_moved"] == pytest.approx(0.5, abs=0.12)
    assert found.fix.operation == "drop_column"


def test_a_measure_named_for_a_window_that_never_moves_is_a_warning(frame):
    columns, y, _ = panel(1)
    columns["visits_30d"] = restate(columns["visits_30d"], np.ones(PEOPLE, dtype=bool))
    [found] = RestatedLater().run(frame(columns, y, **ROLES))
    assert (found.columns, found.evidence["still"]) == (("visits_30d",), 1.0)


def test_earlier_values_that_have_seen_the_answer_tell_it_better_than_the_last(frame):
    columns, y, rng = panel(2)
    last = np.tile([False, False, True], PEOPLE)
    seen = rng.normal(size=len(y)) + np.where(last, 0.0, 1.5 * y)
    found = {
        each.columns for each in RestatedLater().run(frame(columns | {"seen": seen}, y, **ROLES))
    }
    assert found == {("seen",)}


@pytest.mark.parametrize("seed", range(3))
def test_silent_where_values_move_or_stand_still_honestly(frame, seed):
    columns, y, _ = panel(seed)
    assert RestatedLater().run(frame(columns, y, **ROLES)) == []


def test_a_total_that_sometimes_falls_back_is_noted(frame):
    columns, y, rng = panel(3)
    corrected = rng.random(len(y)) < 0.004
    columns["orders"] = columns["orders"] - 3 * corrected * (columns["orders"] > 3)
    notes = RestatedLater().run(frame(columns, y, **ROLES))
    assert [(each.columns, each.severity) for each in notes] == [(("orders",), Severity.NOTE)]


def test_cannot_say_without_several_snapshots(frame):
    columns, y, _ = panel(4)
    for lacks, said in (
        ({"as_of": "ignore"}, "an as_of"),
        ({"customer": "ignore"}, "an entity"),
        ({"as_of": "ignore", "customer": "ignore"}, "an entity and an as_of"),
    ):
        without = RestatedLater().run(frame(columns, y, **{**ROLES, **lacks}))
        assert without == CannotSay(f"without {said} no row is another's earlier snapshot")
    columns["customer"] = np.arange(len(y))
    assert RestatedLater().run(frame(columns, y, **ROLES)) == CannotSay(
        "each entity has one snapshot, so no value was seen to change later"
    )
    columns["customer"][1] = 0
    assert RestatedLater().run(frame(columns, y, **ROLES)) == CannotSay(
        "rows with a later snapshot of the same entity are needed: at least 200, and there are 1"
    )
