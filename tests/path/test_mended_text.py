"""Texts and units as they come are mended alike at training, scoring and serving."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.pipeline import Run, run
from patron.schema import Role
from patron.score import score_source, score_table
from patron.serve import create_app
from patron.study import Study
from patron.worlds import make

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
ROWS = 1_000
COLUMNS = ("customer_id", "sessions_30d", "total_spend_365d", "average_order_value", "region")
TARGET = "purchased_next_30d"

STUDY = """
[table]
path = "table.parquet"
entity = "customer_id"
[roles]
source = "ignore"
[audit]
apply = "all"
[purchase]
target = "purchased_next_30d"
[run]
threads = 1
"""
BY_HAND = """
[[fixes]]
operation = "scale_where"
columns = ["average_order_value"]
arguments = {factor = 0.01, by = "source", equals = ["legacy"]}
"""


def clean() -> pa.Table:
    table = make("corner", rows=ROWS, seed=5).table
    since = [
        dt.date(2025, 1, 1) - dt.timedelta(days=int(n)) for n in table["tenure_days"].to_numpy()
    ]
    source = ["legacy" if row % 5 == 0 else "shop" for row in range(ROWS)]
    kept = table.select([*COLUMNS, TARGET])
    return kept.append_column("since", pa.array(since)).append_column("source", pa.array(source))


def as_it_comes(table: pa.Table) -> pa.Table:
    def put(table: pa.Table, name: str, written: Callable[[int, Any], Any]) -> pa.Table:
        values = [written(row, value) for row, value in enumerate(table[name].to_pylist())]
        return table.set_column(table.column_names.index(name), name, pa.array(values))

    def euros(row: int, value: float) -> str:
        return f"{value:,.2f} €".translate(str.maketrans(",.", ".,"))

    table = put(table, "total_spend_365d", euros)
    table = put(table, "since", lambda row, day: day.strftime("%d.%m.%Y") if row % 3 else str(day))
    table = put(table, "region", lambda row, name: f"{name.upper()} " if row % 9 == 0 else name)
    return put(table, "average_order_value", lambda row, v: v if row % 5 else round(100 * v, 2))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A run on the clean table, and one on the same table as it comes."""
    made = []
    for name, table, study in (
        ("clean", clean(), STUDY.replace("all", "none")),
        ("raw", as_it_comes(clean()), STUDY + BY_HAND),
    ):
        folder = tmp_path_factory.mktemp(name)
        pq.write_table(table, folder / "table.parquet")
        (folder / "patron.toml").write_text(study)
        made.append(run(Study.load(folder / "patron.toml"), folder / "out", created=CREATED))
    return made[0], made[1]


def scored(done: Run, table: pa.Table) -> np.ndarray:
    scores = score_table(done.bundle, table, scored_at=CREATED)
    assert scores.warnings == ()
    return scores.table["purchase_probability"].to_numpy()


def test_the_model_is_that_of_the_clean_table(runs: tuple[Run, Run]) -> None:
    whole, mended = runs
    operations = [fix.operation for fix in mended.bundle.ledger.fixes]
    assert operations == ["scale_where", "parse_numbers", "parse_dates", "normalise_text"]
    np.testing.assert_array_equal(
        scored(mended, as_it_comes(clean())), scored(whole, clean())
    )  # fmt: skip


def test_roles_follow_the_values_and_inputs_describe_the_raw_table(runs: tuple[Run, Run]) -> None:
    bundle = runs[1].bundle
    inputs = {column.name: (column.role, column.dtype) for column in bundle.inputs}
    assert inputs["total_spend_365d"] == (Role.MONEY, "string")
    assert inputs["since"] == (Role.DATE, "string")
    assert inputs["source"] == (Role.IGNORE, "string")  # no feature, but a fix reads it
    assert "source" not in bundle.features


def test_a_file_and_the_api_say_what_the_batch_says(runs: tuple[Run, Run], tmp_path: Path) -> None:
    done, table = runs[1], as_it_comes(clean()).slice(0, 30).drop_columns([TARGET])
    batch = scored(done, table)
    pq.write_table(table, tmp_path / "in.parquet")
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    assert score_source(done.bundle, source, target, scored_at=CREATED).warnings == ()
    written = pq.read_table(target)["purchase_probability"].to_numpy()
    answer = create_app(done.bundle).test_client().post(
        "/v1/predict", json={"rows": table.to_pylist()}
    )  # fmt: skip
    assert answer.status_code == 200, answer.get_json()
    served = [each["purchase_probability"] for each in answer.get_json()["predictions"]]
    np.testing.assert_allclose(written, batch, atol=1e-12)
    np.testing.assert_allclose(served, batch, atol=1e-6)


def test_a_table_without_what_a_fix_reads_is_warned_of(runs: tuple[Run, Run]) -> None:
    table = as_it_comes(clean()).drop_columns(["source"])
    scores = score_table(runs[1].bundle, table, scored_at=CREATED)
    assert scores.warnings == ("the column source is not in the table: missing for 1,000 rows",)
