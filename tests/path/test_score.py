"""Scores: the same for a batch, a row, a file and the API; rules for the unexpected are counted."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from patron.audit import Fix, Ledger
from patron.errors import DataError, TableError
from patron.models.phrases import phrase
from patron.pipeline import Run
from patron.score import score_source, score_table
from patron.serve import create_app
from patron.worlds import World, make

NOW = dt.datetime(2026, 2, 1, 6, 30, tzinfo=dt.UTC)


def probabilities(table: pa.Table) -> np.ndarray:
    return table["purchase_probability"].to_numpy()


def test_row_by_row_is_the_batch(done: Run, world: World) -> None:
    table = world.table.slice(0, 150)
    batch = score_table(done.bundle, table, scored_at=NOW, reasons=True).table
    rows = [
        score_table(done.bundle, table.slice(place, 1), scored_at=NOW, reasons=True).table
        for place in range(150)
    ]
    assert pa.concat_tables(rows).combine_chunks().equals(batch.combine_chunks())


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_is_the_batch(done: Run, world: World, tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / f"out.{suffix}"
    pq.write_table(world.table, source)
    summary = score_source(done.bundle, source, target, scored_at=NOW, threads=2)
    read = pq.read_table if suffix == "parquet" else pyarrow.csv.read_csv
    written = read(target)
    whole = score_table(done.bundle, world.table, scored_at=NOW).table
    np.testing.assert_allclose(probabilities(written), probabilities(whole), atol=1e-12)
    assert written["customer_id"].to_pylist() == world.table["customer_id"].to_pylist()
    assert summary.rows == 3000
    assert summary.positive == sum(whole["purchase_decision"].to_pylist())
    assert summary.warnings == ()


def test_the_api_is_the_batch(done: Run, world: World) -> None:
    rows = world.table.slice(0, 40).drop_columns(["purchased_next_30d"])
    client = create_app(done.bundle).test_client()
    answer = client.post("/v1/predict", json={"rows": rows.to_pylist(), "reasons": True})
    assert answer.status_code == 200
    batch = score_table(done.bundle, rows, scored_at=NOW, reasons=True).table
    got = answer.get_json()
    assert got["warnings"] == []
    np.testing.assert_allclose(
        [each["purchase_probability"] for each in got["predictions"]],
        probabilities(batch),
        atol=1e-6,
    )
    assert [each["purchase_reasons"] for each in got["predictions"]] == batch[
        "purchase_reasons"
    ].to_pylist()


def test_columns_are_those_of_the_contract(done: Run, world: World) -> None:
    scores = score_table(done.bundle, world.table, scored_at=NOW, reasons=True).table
    assert scores.column_names == [
        "customer_id",
        "purchase_probability",
        "purchase_decision",
        "purchase_reasons",
        "model_version",
        "scored_at",
    ]
    threshold = done.bundle.purchase.threshold_.value
    decided = np.array(scores["purchase_decision"].to_pylist())
    np.testing.assert_array_equal(decided, probabilities(scores) >= threshold)


def test_scores_of_fresh_customers_are_calibrated(done: Run) -> None:
    fresh = make("corner", rows=8000, seed=12)
    p = probabilities(score_table(done.bundle, fresh.table, scored_at=NOW).table)
    truth = fresh.truth["true_purchase_probability"].to_numpy()
    # The mean is known to about 0.008 from 2,400 training rows.
    assert p.mean() == pytest.approx(truth.mean(), abs=0.025)
    assert np.corrcoef(p, truth)[0, 1] > 0.9


def test_reasons_tell_values_with_points_of_the_right_sign(done: Run, world: World) -> None:
    scores = score_table(done.bundle, world.table, scored_at=NOW, reasons=True).table
    told = scores["purchase_reasons"].to_pylist()
    assert max(len(row) for row in told) == 3
    columns = [phrase(column.name, column.role) for column in done.bundle.inputs]
    for reason in {each for row in told for each in row}:
        fact, size = re.fullmatch(r"(.+)[:,] ([+-][\d.]+) points?", reason).groups()
        assert abs(float(size)) >= 0.5
        assert any(
            fact.startswith((f"{column.label} ", f"{column.label}: "))
            or fact == column.of(fact.split()[0])
            for column in columns
        ), reason
    idle = [r for row in told for r in row if r.startswith("0 sessions in 30 days: ")]
    assert idle
    assert all(": -" in reason for reason in idle)


def test_points_add_up_to_the_probability_less_the_base(done: Run, world: World) -> None:
    scores = score_table(done.bundle, world.table, scored_at=NOW, reasons=True)
    points = done.bundle.purchase.points(done.bundle.encoder.transform(world.table))
    base = scores.base_probability
    assert base is not None
    np.testing.assert_allclose(
        points.sum(axis=1) / 100, probabilities(scores.table) - base, atol=1e-9
    )
    assert score_table(done.bundle, world.table, scored_at=NOW).base_probability is None


def test_reasons_come_in_parts_as_they_would_at_once(
    done: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score_table(done.bundle, world.table, scored_at=NOW, reasons=True).table
    monkeypatch.setattr("patron.score.MOST_POINTS", 10_000)
    parts = score_table(done.bundle, world.table, scored_at=NOW, reasons=True).table
    assert parts["purchase_reasons"].to_pylist() == whole["purchase_reasons"].to_pylist()
    nothing = score_table(done.bundle, world.table.slice(0, 0), scored_at=NOW, reasons=True).table
    assert nothing.schema == whole.schema


def test_reasons_tell_values_as_fixes_left_them(done: Run, world: World) -> None:
    fix = Fix("null_above", ("sessions_30d",), {"limit": 3})
    bundle = replace(done.bundle, ledger=Ledger((fix,)))
    scores = score_table(bundle, world.table, scored_at=NOW, reasons=True).table
    facts = [
        each.partition(":")[0] for row in scores["purchase_reasons"].to_pylist() for each in row
    ]
    counts = {fact.split()[0] for fact in facts if re.search("sessions? in 30 days", fact)}
    assert "0" in counts
    assert counts <= {"0", "1", "2", "3", "sessions"}  # the last one where it is unknown


def test_an_absent_column_has_no_value_in_the_reasons(done: Run, world: World) -> None:
    table = world.table.drop_columns(["sessions_30d"])
    scores = score_table(done.bundle, table, scored_at=NOW, reasons=True).table
    told = [reason for row in scores["purchase_reasons"].to_pylist() for reason in row]
    assert told
    assert not any(re.match(r"\d+ sessions? in 30 days", reason) for reason in told)


def test_the_unexpected_is_counted_not_hidden(done: Run, world: World) -> None:
    table = world.table.drop_columns(["age"]).slice(0, 100)
    place = table.column_names.index("region")
    table = table.set_column(place, "region", pa.array(["Atlantis"] * 100))
    place = table.column_names.index("tenure_days")
    table = table.set_column(place, "tenure_days", pa.array(["long"] * 100))
    warnings = score_table(done.bundle, table, scored_at=NOW).warnings
    assert len(warnings) == 3
    assert "the column age is not in the table: missing for 100 rows" in warnings
    assert "region has a value that was not learned in 100 rows: 'other' there" in warnings
    assert "tenure_days could not be read in 100 rows: missing there" in warnings


def test_a_foreign_table_is_refused_and_nothing_is_written(done: Run, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="has none of the 36 columns"):
        score_source(done.bundle, tmp_path / "in.parquet", tmp_path / "out.parquet", scored_at=NOW)
    assert not (tmp_path / "out.parquet").exists()


def test_a_table_without_the_customer_is_refused(done: Run, world: World, tmp_path: Path) -> None:
    pq.write_table(world.table.drop_columns(["customer_id"]), tmp_path / "in.parquet")
    with pytest.raises(TableError, match="customer_id"):
        score_source(done.bundle, tmp_path / "in.parquet", tmp_path / "out.parquet", scored_at=NOW)
    assert not (tmp_path / "out.parquet").exists()


def test_no_rows_is_a_sentence(done: Run, world: World, tmp_path: Path) -> None:
    pq.write_table(world.table.slice(0, 0), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="has no rows to score"):
        score_source(done.bundle, tmp_path / "in.parquet", tmp_path / "out.parquet", scored_at=NOW)
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("kind", ["pandas", "polars", "large strings"])
def test_frames_and_wide_types_score_as_the_arrow_table(done: Run, world: World, kind: str) -> None:
    table = world.table.slice(0, 60)
    if kind == "pandas":
        given: object = table.to_pandas()
    elif kind == "polars":
        given = pytest.importorskip("polars").from_arrow(table)
    else:
        wide = [pa.large_string() if pa.types.is_string(t) else t for t in table.schema.types]
        given = table.cast(pa.schema(list(zip(table.column_names, wide, strict=True))))
    scores = score_table(done.bundle, given, scored_at=NOW)
    plain = score_table(done.bundle, table, scored_at=NOW)
    np.testing.assert_array_equal(probabilities(scores.table), probabilities(plain.table))
    assert scores.warnings == ()


def test_fixes_work_whatever_type_a_batch_has(done: Run, world: World) -> None:
    """Whole numbers, numbers as text and dates as text are mended as those of training were."""
    fixes = (
        Fix("null_above", ("tenure_days",), {"limit": 400}),
        Fix("null_where", ("age",), {"by": "tenure_days", "above": 300.5}),
        Fix("fill_missing", ("age", "orders_365d"), {"value": 40}),
    )
    bundle = replace(done.bundle, ledger=Ledger(fixes))
    table = world.table.slice(0, 200)
    expected = score_table(bundle, table, scored_at=NOW)
    assert not np.array_equal(
        probabilities(expected.table),
        probabilities(score_table(done.bundle, table, scored_at=NOW).table),
    )
    for name in ("tenure_days", "age"):
        for kind in (pa.string(), pa.float64()):
            place = table.column_names.index(name)
            other = table.set_column(place, name, table[name].cast(kind))
            scores = score_table(bundle, other, scored_at=NOW)
            np.testing.assert_array_equal(
                probabilities(scores.table), probabilities(expected.table)
            )
            assert scores.counts == expected.counts
    lacking = score_table(bundle, table.drop_columns(["orders_365d"]), scored_at=NOW)
    place = table.column_names.index("orders_365d")
    filled = table.set_column(place, "orders_365d", pa.array([40.0] * 200))
    np.testing.assert_array_equal(
        probabilities(lacking.table),
        probabilities(score_table(bundle, filled, scored_at=NOW).table),
    )
    assert lacking.counts["missing column", "orders_365d"] == 200
