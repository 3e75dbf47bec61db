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


def test_copied_customers_are_counted(frame):
    table = copied(copied(customers(), 50), 10)  # ten rows are there three times
    [found] = ExactDuplicates().run(frame(columns_of(table), customer="entity"))
    assert found.rows == found.evidence["extra_rows"] == 60
    # 40 pairs and 10 triples; a row of a pair meets its twin in training in 80 %, of a triple 96 %.
    twins = (40 * 2 * 0.8 + 10 * 3 * 0.96) / 1_060
    assert found.evidence["holdout_with_twin"] == pytest.approx(twins)
    assert found.fix.operation == "drop_duplicate_rows"


@pytest.mark.parametrize(("copies", "severity"), [(600, Severity.SERIOUS), (20, Severity.WARNING)])
def test_severity_follows_what_the_copies_add_to_a_random_split(frame, honest, copies, severity):
    columns, y = honest(3, 1_500)
    columns["customer"] = np.arange(1_500)
    table = copied(pa.table(columns), copies)
    [found] = ExactDuplicates().run(
        frame(columns_of(table), np.r_[y, y[:copies]], customer="entity")
    )
    assert found.severity is severity
    evidence = found.evidence
    if severity is Severity.SERIOUS:
        assert evidence["flattery"] > 0.1
        assert evidence["score_random_split"] > evidence["score_copies_together"] + 0.02
        assert f"{evidence['score_copies_together']:.3f} if copies are kept" in found.meaning
    else:
        assert "adds nothing sure to the score" in found.meaning


def test_without_a_target_it_is_a_warning(frame):
    [found] = ExactDuplicates().run(frame(columns_of(copied(customers(), 300)), customer="entity"))
    assert found.severity is Severity.WARNING
    assert "score_random_split" not in found.evidence


def test_nothing_is_measured_on_copies_of_a_few_rows(frame):
    columns = {"customer": np.arange(600) % 40, "visits": (np.arange(600) % 40) / 2}
    [found] = ExactDuplicates().run(frame(columns, np.arange(600) % 40 % 2, customer="entity"))
    assert (found.rows, found.severity) == (560, Severity.WARNING)
    assert "score_random_split" not in found.evidence


def test_an_identifier_names_rows_where_no_entity_does(frame):
    rng = np.random.default_rng(0)
    coarse = {"invoice": np.arange(4_000) // 3, "size": rng.integers(0, 3, 4_000)}
    table = copied(pa.table(coarse), 5)
    frames = [frame(columns_of(table), invoice=role) for role in ("identifier", "number")]
    [found] = ExactDuplicates().run(frames[0])
    assert found.rows > 5  # two lines of one size in one invoice count as well
    assert isinstance(ExactDuplicates().run(frames[1]), CannotSay)


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
