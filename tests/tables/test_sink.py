"""Sinks: the target appears whole, or nothing does and an old one stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.errors import TableError
from patron.tables import open_sink, open_source, write_table

OLD = pa.table({"a": [1]})
NEW = pa.table({"a": [2, 3]})
TARGETS = ["t.parquet", "t.csv", "t.csv.gz", "t.arrow", "t.duckdb?table=scores"]


def write_all(place: str, *parts: pa.Table) -> None:
    with open_sink(place) as sink:
        for part in parts:
            sink.write(part)


def interrupted(place: str, error: type[BaseException]) -> None:
    with open_sink(place) as sink:
        sink.write(NEW)
        raise error


def test_parts_add_up(tmp_path: Path) -> None:
    with open_sink(tmp_path / "t.parquet") as sink:
        for batch in NEW.to_batches(max_chunksize=1):
            sink.write(batch)
        sink.write(OLD)
        assert list(tmp_path.glob("t.parquet")) == []
    assert sink.rows == 3
    assert open_source(tmp_path / "t.parquet").read().to_pydict() == {"a": [2, 3, 1]}


def test_parquet_is_written_with_zstd(tmp_path: Path) -> None:
    write_table(NEW, tmp_path / "t.parquet")
    column = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_replaced(target: str, tmp_path: Path) -> None:
    write_table(OLD, f"{tmp_path}/{target}")
    write_table(NEW, f"{tmp_path}/{target}")
    assert open_source(f"{tmp_path}/{target}").read().equals(NEW)
    assert [path.name for path in tmp_path.iterdir()] == [target.partition("?")[0]]


@pytest.mark.parametrize("old", [False, True], ids=["nothing before", "an old target"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("target", TARGETS)
def test_an_exception_leaves_what_was_there(
    target: str, error: type[BaseException], old: bool, tmp_path: Path
) -> None:
    place = f"{tmp_path}/{target}"
    if old:
        write_table(OLD, place)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(error):
        interrupted(place, error)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    if old:
        assert open_source(place).read().equals(OLD)


KILLED = """
import os, signal, sys
import pyarrow as pa
from patron.tables import open_sink
with open_sink(sys.argv[1]) as sink:
    for part in range(20):
        sink.write(pa.table({"a": range(part * 10_000, (part + 1) * 10_000)}))
        if part == 10:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("target", ["t.parquet", "t.csv", "t.duckdb?table=scores"])
def test_a_killed_process_leaves_the_old_target(target: str, tmp_path: Path) -> None:
    place = f"{tmp_path}/{target}"
    write_table(OLD, place)
    done = subprocess.run([sys.executable, "-c", KILLED, place], check=False)
    assert done.returncode == -signal.SIGKILL
    assert open_source(place).read().equals(OLD)
    # And the next run is not in the way of what the killed one left.
    write_table(NEW, place)
    assert open_source(place).read().equals(NEW)


FULL = """
import resource, signal, sys
import pyarrow as pa
from patron.errors import TableError
from patron.tables import write_table
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for target in sys.argv[1:]:
    try:
        write_table(pa.table({"a": [str(row * 7919) for row in range(200_000)]}), target)
    except TableError as error:
        print(error)
"""


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    targets = [f"{tmp_path}/{target}" for target in TARGETS if "?" not in target]
    command = [sys.executable, "-W", "error", "-c", FULL, *targets]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{target} could not be written: File too large" for target in targets
    ]
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_table_can_be_written_over_its_own_source(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(NEW, path)
    with open_sink(path) as sink:
        for batch in open_source(path).batches(batch_rows=1):
            sink.write(batch)
            sink.write(batch)
    assert open_source(path).read().to_pydict() == {"a": [2, 2, 3, 3]}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write_table(OLD, tmp_path / "real.parquet")
    (tmp_path / "link.parquet").symlink_to("real.parquet")
    write_table(NEW, tmp_path / "link.parquet")
    assert (tmp_path / "link.parquet").is_symlink()
    assert open_source(tmp_path / "real.parquet").read().equals(NEW)


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_table(OLD, tmp_path / "t.parquet")
    finally:
        os.umask(mask)
    assert (tmp_path / "t.parquet").stat().st_mode & 0o777 == 0o640


def test_parts_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        write_all(f"{tmp_path}/t.csv", OLD, pa.table({"a": ["x"]}))
    assert str(caught.value) == (
        f"{tmp_path}/t.csv is being written with the columns a (int64); "
        "the next part has a (string)"
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_written_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="nothing was given to write to"):
        write_all(f"{tmp_path}/t.csv")
    assert list(tmp_path.iterdir()) == []


def test_no_rows_are_a_table(tmp_path: Path) -> None:
    write_table(OLD.slice(0, 0), tmp_path / "t.parquet")
    assert open_source(tmp_path / "t.parquet").read().equals(OLD.slice(0, 0))


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    for target, message in {
        "t.sav": "t.sav cannot be written: its ending is none of .parquet, .csv, .csv.gz, "
        ".arrow, .feather, .ipc",
        "no/t.csv": f"the folder {tmp_path}/no does not exist; make it first, or give another",
        "t.duckdb": "t.duckdb: say which table to write, with ?table=NAME",
    }.items():
        with pytest.raises(TableError) as caught:
            write_table(OLD, f"{tmp_path}/{target}")
        assert str(caught.value) == message
