"""D04: customers in two parts of the table, or in two files."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Frame, Ledger
from patron.audit.duplicates import ExactDuplicates, Overlap, RepeatedEntities, SamePerson

PARTS = [("train", "test"), ("Training set", "Holdout"), ("fold 1", "fold 2")]


def parted(honest, words, copies, rows=1_200):
    """A shop in two parts, the first `copies` rows of the one also in the other."""
    columns, y = honest(1, rows)
    rng = np.random.default_rng(1)
    columns = {name: pa.array(values).to_pylist() for name, values in columns.items()}
    columns["customer"] = [f"K{i}" for i in range(rows)]
    columns["spend"] = np.round(rng.lognormal(3, 1, rows), 2).tolist()
    columns = {name: values + values[:copies] for name, values in columns.items()}
    columns["set"] = [words[i >= 800] for i in range(rows)] + [words[1]] * copies
    return columns, np.r_[y, y[:copies]]


@pytest.mark.parametrize("words", PARTS)
def test_customers_in_both_parts_are_named_once(frame, honest, words):
    columns, y = parted(honest, words, 60)
    measured = frame(columns, y, customer="entity")
    [found] = Overlap().run(measured)
    assert (found.columns, found.rows) == (("set",), 120)
    assert found.evidence["rows_with_a_twin_in_another_part"] == {words[0]: 60, words[1]: 60}
    assert Ledger((found.fix,)).apply(measured.table)[0].num_rows == 1_200
    for other in (ExactDuplicates, RepeatedEntities, SamePerson):
        assert other().run(measured) == []


def test_customers_under_another_key_are_told_by_their_values(frame, honest):
    columns, y = parted(honest, ("train", "test"), 60)
    columns["customer"][1_200:] = [f"N{i}" for i in range(60)]
    columns["spend"][1_200:] = [value * 1.01 for value in columns["spend"][1_200:]]
    measured = frame(columns, y, customer="entity")
    [found] = Overlap().run(measured)
    assert found.evidence["pairs_nearly_equal"] == 60
    assert found.evidence["pairs_of_one_customer"] == 0
    assert found.fix.operation == "drop_near_duplicates"
    assert Ledger((found.fix,)).apply(measured.table)[0].num_rows == 1_200
    assert SamePerson().run(measured) == []


def test_silent_where_the_parts_share_nobody(frame, honest):
    columns, y = parted(honest, ("train", "valid"), 0)
    assert Overlap().run(frame(columns, y, customer="entity")) == []


def test_customers_of_another_table_are_named(frame, honest):
    columns, y = parted(honest, ("a", "b"), 0)
    del columns["set"]
    measured = frame(columns, y, customer="entity")
    other = measured.table.slice(0, 30)
    renamed = other.set_column(
        other.column_names.index("customer"), "customer", pa.array([f"N{i}" for i in range(30)])
    )
    fresh = measured.table.slice(1_000, 200)
    against = {"last_year.csv": other, "other_keys.csv": renamed}
    first = measured.table.slice(0, 1_000)
    whole = Frame(first, measured.schema, others={**against, "fresh.csv": fresh})
    by_name, by_values = Overlap().run(whole)
    assert (by_name.evidence["other"], by_name.evidence["rows_of_one_customer"]) == (
        "last_year.csv",
        30,
    )
    assert by_name.columns == ("customer",)
    assert by_values.evidence["rows_of_one_customer"] == 0
    assert by_values.evidence["rows_nearly_equal"] == 30
    assert "30 rows of other_keys.csv (100.0%) are customers of this table" in by_values.meaning


def test_cannot_say_without_parts_and_without_other_tables(frame, honest):
    columns, y = honest(0, 300)
    columns["plan"] = ["trial", "paid", "free"] * 100
    assert Overlap().run(frame(columns, y)) == CannotSay(
        "no column parts the table into training and test rows, and no other table is given"
    )
