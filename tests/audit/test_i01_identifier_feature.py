"""I01: names identifiers among the features; leaves measurements alone; says when it cannot."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Frame, Severity
from patron.audit.identifiers import IdentifierFeature
from patron.schema import Role, infer

ROWS = 2_000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_running_number_is_serious_in_whatever_order_it_stands(frame, rng):
    [found] = IdentifierFeature().run(frame({"row_id": rng.permutation(ROWS) + 7_000}))
    assert found.columns == ("row_id",)
    assert found.severity is Severity.SERIOUS
    assert found.evidence["kind"] == "a running number"
    assert found.fix.to_dict()["operation"] == "drop_column"


def test_numbers_that_grow_down_the_file_are_a_running_number_despite_gaps(frame, rng):
    growing = np.cumsum(rng.integers(1, 40, ROWS))
    [found] = IdentifierFeature().run(frame({"order_no": growing.astype(float)}))
    assert found.evidence["kind"] == "a running number"


def test_drawn_numbers_and_near_unique_text_are_warnings(frame, rng):
    drawn = rng.choice(10**9, ROWS, replace=False)
    found = IdentifierFeature().run(frame({"token": drawn, "mail": [f"c{i}@x" for i in drawn]}))
    assert [(each.columns, each.severity.value) for each in found] == [
        (("token",), "warning"),
        (("mail",), "warning"),
    ]
    assert found[1].evidence["kind"] == "near-unique text"


def test_text_whose_order_predicts_is_serious_and_speaks_of_sign_up(frame, rng):
    y = (np.arange(ROWS) + rng.normal(0, 600, ROWS) > ROWS / 2).astype(float)
    names = [f"C{i:05d}" for i in range(ROWS)]
    [found] = IdentifierFeature().run(frame({"customer": names}, y))
    assert found.severity is Severity.SERIOUS
    assert found.evidence["order_alone"] > 0.8
    assert "sign-up" in found.meaning


def test_one_row_for_each_date_still_makes_it_an_identifier(frame):
    customers = np.repeat(np.arange(500), 4)
    columns = {"customer": customers, "loyalty_no": customers * 3 + 90_000}
    [found] = IdentifierFeature().run(frame(columns, customer="entity"))
    assert found.columns == ("loyalty_no",)


def test_copies_of_rows_do_not_hide_a_drawn_number(frame, rng):
    customer, date = np.repeat(np.arange(1_000), 2), np.tile([19_000, 19_030], 1_000)
    drawn, again = rng.choice(10**9, ROWS, replace=False), rng.integers(0, ROWS, 500)
    rows = np.append(np.arange(ROWS), again)
    dates = pa.array(date[rows].astype(np.int32)).cast(pa.date32())
    columns = {"customer": customer[rows], "as_of": dates, "token": drawn[rows]}
    [found] = IdentifierFeature().run(frame(columns, customer="entity", as_of="as_of"))
    assert found.columns == ("token",)


def test_measurements_are_no_identifiers_however_unique(frame, rng):
    columns = {
        "spend": rng.lognormal(4, 1, ROWS),
        "spend_in_cents": np.round(100 * rng.lognormal(6, 1.5, ROWS)).astype(np.int64),
        "tenure_days": rng.integers(0, 3_000, ROWS),
        "lifetime_cents": np.sort(np.round(100 * rng.lognormal(6, 1.5, ROWS))),
        "first_seen": pa.array(np.arange(ROWS) * 86_400, pa.timestamp("s")),
        "city": rng.choice([f"city {i}" for i in range(300)], ROWS),
        "always_the_same": np.ones(ROWS),
    }
    assert IdentifierFeature().run(frame(columns, first_seen="date", spend="money")) == []


def test_what_inference_left_out_is_noted_and_what_a_person_set_aside_is_not(rng):
    y = (rng.random(ROWS) < 0.3).astype(float)
    table = pa.table({"row_id": np.arange(ROWS), "habit": rng.normal(size=ROWS), "bought": y})
    inferred = infer(table, targets=["bought"])
    [found] = IdentifierFeature().run(Frame(table, inferred, target=y, target_name="bought"))
    assert (found.columns, found.severity, found.fix) == (("row_id",), Severity.NOTE, None)
    assert found.evidence["order_alone"] == pytest.approx(0.5, abs=0.05)
    by_hand = infer(table, targets=["bought"], overrides={"row_id": Role.IDENTIFIER})
    assert IdentifierFeature().run(Frame(table, by_hand, target=y)) == []


def test_a_number_drawn_for_each_row_of_a_customer_is_one_too(frame, rng):
    columns = {
        "customer": np.repeat(np.arange(ROWS), 2),
        "token": rng.permutation(10**6)[: 2 * ROWS],
    }
    [found] = IdentifierFeature().run(frame(columns, customer="entity"))
    assert found.evidence["kind"] == "a number drawn for each row"


def test_cannot_say_of_a_handful_of_rows(frame):
    answer = IdentifierFeature().run(frame({"row_id": np.arange(40)}))
    assert answer == CannotSay(
        "the table has 40 rows; below 100 any measurement may be unique by chance"
    )
