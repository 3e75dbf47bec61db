"""D02: the same customer twice with other values, and what is no such thing."""

import json

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.base import masked
from patron.audit.duplicates import RepeatedEntities


@pytest.fixture
def columns():
    """A thousand customers, fifty of them a second time with another age and a later update."""
    rng = np.random.default_rng(0)
    name = np.r_[np.arange(1_000), np.arange(50)]
    age = np.r_[rng.integers(18, 80, 1_000), np.full(50, 99)]
    updated = np.r_[np.full(1_000, "2024-01-01"), np.full(50, "2024-02-01")]
    return {"customer": [f"c{i}" for i in name], "age": age, "changed": updated}


def test_the_same_customer_twice_keeps_the_latest(frame, columns):
    measured = frame(columns, customer="entity", changed="updated")
    [found] = RepeatedEntities().run(measured)
    assert (found.columns, found.rows, found.evidence["entities"]) == (("customer",), 50, 50)
    kept, _ = Ledger([found.fix]).apply(measured.table)
    assert kept.num_rows == 1_000
    assert sum(age == 99 for age in kept["age"].to_pylist()) == 50


def test_the_pairs_are_shown_hashed(frame, columns):
    [found] = RepeatedEntities().run(frame(columns, customer="entity", changed="updated"))
    assert found.evidence["pair_1"] == f"{masked('c0')}: age, changed differ"
    assert "pair_5" in found.evidence
    assert "pair_6" not in found.evidence
    assert '"c0' not in json.dumps(found.to_dict())


def versions(honest, copies):
    """A shop whose first customers are there a second time with another region."""
    columns, y = honest(3, 1_500)
    columns = {name: pa.array(values).to_pylist() for name, values in columns.items()}
    columns = {name: values + values[:copies] for name, values in columns.items()}
    columns["region"][1_500:] = ["moved"] * copies
    columns["customer"] = [*range(1_500), *range(copies)]
    columns["changed"] = [1] * 1_500 + [2] * copies
    return columns, np.r_[y, y[:copies]]


@pytest.mark.parametrize(
    ("copies", "changed", "severity"),
    [
        (600, "updated", Severity.SERIOUS),
        (20, "updated", Severity.WARNING),
        (600, "ignore", Severity.WARNING),  # nothing says which record is the latest
    ],
)
def test_severity_follows_what_the_versions_add_to_a_random_split(
    frame, honest, copies, changed, severity
):
    columns, y = versions(honest, copies)
    [found] = RepeatedEntities().run(frame(columns, y, customer="entity", changed=changed))
    assert found.severity is severity
    assert (found.evidence["flattery"] > 0.1) is (copies == 600)


def test_an_identifier_stands_in_for_an_entity_that_nobody_named(frame, honest):
    columns, y = versions(honest, 60)
    [found] = RepeatedEntities().run(frame(columns, y, customer="identifier", changed="ignore"))
    assert (found.columns, found.rows) == (("customer",), 60)
    assert "customer is nearly unique and stands in for it" in found.meaning
    # The same numbers given to rows that have nothing in common name nobody.
    drawn = np.random.default_rng(0).permutation(len(y))
    columns["customer"] = [columns["customer"][row] for row in drawn]
    alone = RepeatedEntities().run(frame(columns, y, customer="identifier", changed="ignore"))
    assert alone == []


def test_the_picture_shows_differences_and_no_value(frame, honest):
    columns, y = versions(honest, 60)
    [found] = RepeatedEntities().run(frame(columns, y, customer="entity", changed="updated"))
    picture = found.evidence["picture"]
    place = picture["columns"].index("region")
    assert [words[place] for words in picture["pairs"][0]] == ["a", "b"]
    assert picture["names"][0] == masked(0)
    words = {word for pair in picture["pairs"] for record in pair for word in record}
    assert all(w in ("a", "b", "the same", "missing") or "fifth" in w or "%" in w for w in words)


def test_records_that_differ_in_the_answer_alone_are_told(frame, honest):
    columns, y = honest(3, 1_500)
    columns = {name: pa.array(values).to_pylist() for name, values in columns.items()}
    columns = {name: values + values[:60] for name, values in columns.items()}
    columns["customer"] = [*range(1_500), *range(60)]
    twice = np.r_[y, 1 - y[:60]]
    twice[[20, 1_540]] = np.nan  # what is not known contradicts nothing
    [found] = RepeatedEntities().run(
        frame(columns | {"bought": twice}, twice, customer="entity", bought="target")
    )
    assert (found.evidence["entities"], found.evidence["with_another_answer"]) == (60, 58)
    assert "58 of the 60 contradict themselves in bought" in found.meaning
    assert found.evidence["pair_1"] == f"{masked(0)}: bought differs"
    picture = found.evidence["picture"]
    assert picture["title"] == "60 customers have several records, 58 of them with another answer"
    assert picture["columns"][0] == "bought"
    assert [words[0] for words in picture["pairs"][0]] == ["a", "b"]


def test_the_pairs_that_contradict_in_the_answer_come_first(frame, honest):
    columns, y = versions(honest, 60)
    y[1_550:1_552] = 1 - y[50:52]
    [found] = RepeatedEntities().run(frame(columns, y, customer="entity", changed="updated"))
    assert "2 of the 60 contradict themselves in bought" in found.meaning
    names = found.evidence["picture"]["names"]
    assert names == [masked(row) for row in (50, 51, 0, 1, 2)]
    assert found.evidence["pair_1"].startswith(f"{masked(50)}: bought, ")


def test_one_customer_alone_is_told_in_the_singular(frame, honest):
    columns, y = versions(honest, 1)
    [found] = RepeatedEntities().run(frame(columns, y, customer="entity", changed="updated"))
    assert found.in_short == "1 customer has several records"
    assert found.evidence["with_another_answer"] == 0


def test_without_an_update_time_it_is_a_warning(frame, columns):
    [found] = RepeatedEntities().run(frame(columns, customer="entity", changed="ignore"))
    assert found.severity is Severity.WARNING
    assert "for want of an update time" in found.next_step
    assert found.fix.arguments == {}


def test_silent_on_one_row_a_customer_on_exact_copies_and_on_several_dates(frame, columns):
    once = {name: values[:1_000] for name, values in columns.items()}
    assert RepeatedEntities().run(frame(once, customer="entity")) == []
    copies = {name: [*values[:1_000], *values[:30]] for name, values in columns.items()}
    assert RepeatedEntities().run(frame(copies, customer="entity")) == []
    assert RepeatedEntities().run(frame(columns, customer="entity", changed="as_of")) == []


def test_customers_without_a_name_are_not_the_same_customer(frame):
    columns = {"customer": [None] * 20 + [f"c{i}" for i in range(80)], "age": list(range(100))}
    assert RepeatedEntities().run(frame(columns, customer="entity")) == []


def test_cannot_say_without_an_entity_or_of_a_table_of_orders(frame):
    assert RepeatedEntities().run(frame({"age": [1, 2]})) == CannotSay(
        "no column has the role entity"
    )
    orders = {"customer": np.arange(400) % 100, "amount": np.arange(400)}
    answer = RepeatedEntities().run(frame(orders, customer="entity"))
    assert answer == CannotSay(
        "100 of 100 values of customer have several rows; the rows look like orders or snapshots. "
        "If they are snapshots, name the as_of column"
    )
