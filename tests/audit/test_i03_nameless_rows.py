"""I03: fires where the customer is missing; silent where all are named; needs an entity."""

import numpy as np
import pyarrow as pa

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.nameless import NamelessRows


def shop(nameless: int) -> dict[str, object]:
    keys = [None] * nameless + [f"c{i}" for i in range(400 - nameless)]
    return {"customer": pa.array(keys, pa.string()), "visits": np.arange(400) % 7}


def test_rows_without_a_customer_are_named_and_its_fix_leaves_the_others(frame):
    measured = frame(shop(100), customer="entity")
    (found,) = NamelessRows().run(measured)
    assert (found.severity, found.columns, found.rows) == (Severity.WARNING, ("customer",), 100)
    assert found.evidence["share"] == 0.25
    assert found.in_short == "customer is missing in 100 rows (25.0%): nothing says whose."
    left, _ = Ledger((found.fix,)).apply(measured.table)
    assert (left.num_rows, left["customer"].null_count) == (300, 0)


def test_one_row_is_told_in_the_singular(frame):
    (found,) = NamelessRows().run(frame(shop(1), customer="entity"))
    assert found.in_short.startswith("customer is missing in 1 row (0.2%)")


def test_silent_where_every_row_names_its_customer(frame):
    assert NamelessRows().run(frame(shop(0), customer="entity")) == []


def test_cannot_say_without_an_entity(frame):
    answer = NamelessRows().run(frame(shop(100)))
    assert answer == CannotSay("no column has the role entity")
