"""From raw orders to a model by commands alone: text of fixed width without a header, and dates."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from .conftest import contents, done, patron

COLUMNS = "master_id,customer_id,day,cds,dollars"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Purchases of 240 customers in 15 months, as the CDNOW file has them; a third come often."""
    folder = tmp_path_factory.mktemp("orders")
    rng = np.random.default_rng(5)
    lines = []
    for customer in range(240):
        day = dt.date(1997, 1, 1) + dt.timedelta(int(rng.integers(0, 90)))
        pace = 25 if customer % 3 == 0 else 250
        while day < dt.date(1998, 4, 1):
            units = int(rng.poisson(1) + 1)
            paid = units * rng.uniform(9, 15)
            lines.append(
                f" {customer + 4:05d} {customer + 1:04d} {day:%Y%m%d} {units:2d} {paid:7.2f}"
            )
            day += dt.timedelta(int(rng.exponential(pace)) + 1)
    (folder / "sample.txt").write_text("\n".join(lines) + "\n")
    said = done(
        *("init", "sample.txt", "--columns", COLUMNS, "--date-format", "%Y%m%d"),
        *("--entity", "customer_id"),
        cwd=folder,
    )
    assert said == (
        "Wrote patron.toml. Read it, choose the as_of dates, then: patron audit patron.toml\n"
    )
    return folder


def test_without_dates_nothing_is_made_and_the_message_says_what_to_write(folder: Path) -> None:
    before = contents(folder)
    for words in (("features", "patron.toml", "--out", "c.csv"), ("audit", "patron.toml")):
        ended = patron(*words, cwd=folder)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert re.fullmatch(
            r"patron: \[events\] has no as_of, and no date is assumed\. The lines of sample\.txt "
            r"are of 1997-01-\d\d to 1998-03-\d\d; name one or more dates in between, such as "
            r'as_of = \["1997-\d\d-\d\d"\]\.\n',
            ended.stderr,
        )
    assert contents(folder) == before


def test_dates_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    words = ("features", folder / "patron.toml", "--as-of", "1997-07-01", "--as-of", "1997-09-01")
    said = done(*words, "--out", "c.csv", "--seed", 1, "--threads", 1, cwd=tmp_path)
    labelled = pyarrow.csv.read_csv(tmp_path / "c.csv")
    assert said.startswith(f"480 customers at a date, {labelled.num_columns} columns: c.csv\n")
    assert labelled.num_rows == 480  # all 240 had come by the first date
    done(*words, "--no-labels", "--out", "c.parquet", "--quiet", cwd=tmp_path)
    bare = pq.read_table(tmp_path / "c.parquet")
    assert set(labelled.column_names) - set(bare.column_names) == {
        "purchased_next_30d",
        "spend_next_30d",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--as-of", "1.7.1997"), '--as-of is a date such as 2011-11-01, not "1.7.1997".'),
        (("--as-of", "1990-01-01"), "Nobody ordered before as_of 1990-01-01"),
        (("--as-of", "1998-03-20"), "The labels of as_of 1998-03-20 need the days"),
    ],
    ids=["no date", "too early", "too late"],
)
def test_dates_that_cannot_be(folder: Path, tmp_path: Path, words: tuple[str, str], sentence: str):
    ended = patron("features", folder / "patron.toml", *words, "--out", "c.csv", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"patron: {sentence}")
    assert contents(tmp_path) == {}


def test_the_orders_are_not_replaced_by_what_is_made_of_them(folder: Path) -> None:
    ended = patron("features", "patron.toml", "--out", "sample.txt", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.endswith("--out sample.txt is the table that is read; name another file.\n")


def test_the_written_study_runs_once_its_dates_are_filled_in(folder: Path, tmp_path: Path) -> None:
    text = (folder / "patron.toml").read_text()
    (tmp_path / "sample.txt").write_bytes((folder / "sample.txt").read_bytes())
    filled = re.sub(r"(?m)^# (as_of = \[.*\])$", r"\1", text)
    assert filled != text
    (tmp_path / "patron.toml").write_text(filled)
    assert done("features", "patron.toml", "--out", "c.parquet", cwd=tmp_path).startswith(
        "1,440 customers at a date, "
    )
    assert done("run", "patron.toml", "--out", "out", "--quiet", cwd=tmp_path) == ""
    assert "out/report.html" in contents(tmp_path)
