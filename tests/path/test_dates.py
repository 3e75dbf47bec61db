"""One date for all rows: the Study gives it at training, the caller at scoring."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.errors import DataError, StudyError, UserError
from patron.pipeline import run
from patron.score import score_source
from patron.study import Study

from .conftest import CREATED

TRAINED = dt.date(2026, 1, 1)


def shop(as_of: dt.date, rows: int = 1500) -> pa.Table:
    """Customers who buy the more often the fewer days ago they joined."""
    rng = np.random.default_rng(5)
    days = rng.integers(1, 400, rows)
    bought = rng.random(rows) < 0.8 * np.exp(-days / 100)
    joined = [as_of - dt.timedelta(days=int(day)) for day in days]
    ids = [f"c{row}" for row in range(rows)]
    return pa.table({"id": ids, "joined": joined, "x": rng.normal(size=rows), "bought": bought})


def study(table: pa.Table) -> Study:
    return Study(
        table={"path": table, "entity": "id", "as_of": TRAINED}, purchase={"target": "bought"}
    )


def test_months_later_the_same_age_gets_the_same_score(tmp_path: Path) -> None:
    done = run(study(shop(TRAINED)), tmp_path / "out", created=CREATED)
    assert done.results["table"]["as_of"] == ["2026-01-01"]
    later = dt.date(2026, 6, 1)
    scores = {}
    for day in (TRAINED, later):
        pq.write_table(shop(day), tmp_path / "in.parquet")
        target = tmp_path / f"{day}.parquet"
        score_source(done.bundle, tmp_path / "in.parquet", target, scored_at=CREATED, as_of=day)
        scores[day] = pq.read_table(target)
    first, second = (scores[day]["purchase_probability"].to_numpy() for day in (TRAINED, later))
    np.testing.assert_array_equal(first, second)
    assert first.std() > 0.1
    assert set(scores[later]["as_of"].to_pylist()) == {later}


def test_without_a_date_the_score_says_what_it_lacks(tmp_path: Path) -> None:
    done = run(study(shop(TRAINED)), tmp_path / "out", created=CREATED)
    pq.write_table(shop(TRAINED), tmp_path / "in.parquet")
    summary = score_source(
        done.bundle, tmp_path / "in.parquet", tmp_path / "s.parquet", scored_at=CREATED
    )
    assert summary.warnings == (
        "the rows have no date, since the column as_of is not in the table: missing for 1,500 "
        "rows; `patron score --as-of` gives one to all",
    )


def test_a_date_beside_a_column_of_that_name_is_refused(tmp_path: Path) -> None:
    table = shop(TRAINED).append_column("as_of", pa.nulls(1500, pa.date32()))
    with pytest.raises(StudyError, match='has a column "as_of", and the Study gives one date'):
        run(study(table), tmp_path / "out", created=CREATED)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([2024] * 1500, 'column "day" holds int64, not dates'),
        (["2024-02"] * 1500, 'column "day" holds string, not dates'),
        ([dt.date(2024, 1, 1)] * 1499 + [None], 'column "day" has no date in 1 rows'),
    ],
)
def test_what_is_no_date_is_a_sentence_before_any_work(
    days: list[object], message: str, tmp_path: Path
) -> None:
    table = shop(TRAINED).append_column("day", pa.array(days))
    asked = Study(
        table={"path": table, "entity": "id", "as_of": "day"}, purchase={"target": "bought"}
    )
    with pytest.raises(DataError, match=message):
        run(asked, tmp_path / "out", created=CREATED)


def test_a_date_given_beside_the_tables_own_is_refused(tmp_path: Path) -> None:
    done = run(study(shop(TRAINED)), tmp_path / "out", created=CREATED)
    dated = shop(TRAINED).append_column("as_of", pa.array([TRAINED] * 1500))
    pq.write_table(dated, tmp_path / "in.parquet")
    with pytest.raises(UserError, match=r"it has a column as_of\. Leave it out"):
        score_source(
            done.bundle,
            tmp_path / "in.parquet",
            tmp_path / "s.parquet",
            scored_at=CREATED,
            as_of=TRAINED,
        )
