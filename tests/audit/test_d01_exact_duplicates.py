"""D01: names copies; does not accuse coarse tables."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.duplicates import ExactDuplicates


def customers(rows=1_000, seed=0):
    rng = np.random.default_rng(seed)
    return pa.table({"customer": np.arange(rows), "spend": np.round(rng.lognormal(3, 1, rows), 4)})


def copied(table, rows):
    return pa.concat_tables([table, table.slice(0, rows)])


def columns_of(table):
    return {name: table.column(name) for name in table.column_names}


def test_copied_customers_are_serious_and_counted(frame):
    table = copied(copied(customers(), 50), 10)  # ten rows are there three times
    [found] = ExactDuplicates().run(frame(columns_of(table), customer="entity"))
    assert found.severity is Severity.SERIOUS
    assert found.rows == found.evidence["extra_rows"] == 60
    # 40 pairs and 10 triples; a row of a pair meets its twin in training in 80 %, of a triple 96 %.
    twins = (40 * 2 * 0.8 + 10 * 3 * 0.96) / 1_060
    assert found.evidence["holdout_with_twin"] == pytest.approx(twins)
    assert found.fix.operation == "drop_duplicate_rows"


def test_few_copies_are_a_warning(frame):
    [found] = ExactDuplicates().run(frame(columns_of(copied(customers(), 3)), customer="entity"))
    assert found.severity is Severity.WARNING


def test_copies_stand_out_without_an_entity_where_the_columns_are_fine(frame):
    table = copied(customers().append_column("visits", pa.array(np.arange(1_000) % 7)), 40)
    table = table.drop_columns(["customer"]).append_column("region", pa.array(["n", "s"] * 520))
    [found] = ExactDuplicates().run(frame(columns_of(table)))
    assert found.rows == 40
    assert found.evidence["expected_pairs_by_chance"] < 5


def test_silent_where_no_row_repeats(frame):
    assert ExactDuplicates().run(frame(columns_of(customers()), customer="entity")) == []


def test_missing_values_and_different_keys_make_no_duplicate(frame):
    columns = {"customer": [1, 2, 3, 3], "spend": [None, None, 5.0, None]}
    assert ExactDuplicates().run(frame(columns, customer="entity")) == []


@pytest.mark.parametrize("seed", range(5))
def test_cannot_say_of_a_coarse_table_without_an_entity(frame, seed):
    rng = np.random.default_rng(seed)
    history = np.where(rng.random(8_000) < 0.2, 29.99, np.round(rng.lognormal(5, 1, 8_000)))
    columns = {
        "recency": rng.integers(1, 13, 8_000),
        "history": history,
        "band": np.digitize(history, [50, 200, 500]),  # a function of history, as bands are
        "channel": rng.choice(["web", "phone"], 8_000),
        "region": rng.choice(["n", "s", "e"], 8_000),
    }
    answer = ExactDuplicates().run(frame(columns))
    assert isinstance(answer, CannotSay)
    assert "expected by chance; name the entity column" in answer.because


def test_cannot_say_of_two_columns(frame):
    answer = ExactDuplicates().run(frame({"a": [1, 1, 2], "b": ["x", "x", "y"]}))
    assert isinstance(answer, CannotSay)
    assert answer.because.startswith("1 row repeats another, but no column identifies a row")
