"""Parquet, Arrow and Excel files, and paths that lead nowhere."""

import datetime
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from patron.errors import TableError
from patron.tables import open_source, write_table

TABLE = pa.table({"id": [1, 2, 3], "name": ["a", None, "c"], "x": [0.5, 1.5, None]})


def message_of(path: Path | str) -> str:
    with pytest.raises(TableError) as caught:
        open_source(path).read()
    return str(caught.value)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather", "ipc", "csv", "csv.gz"])
def test_what_is_written_is_read(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"shop.{ending}"
    write_table(TABLE, path)
    source = open_source(path)
    assert source.read().equals(TABLE)
    assert source.read(["x", "id"]).equals(TABLE.select(["x", "id"]))
    assert [batch.num_rows for batch in source.batches(batch_rows=2)] == [2, 1]
    assert source.name == path.name


def test_feather_as_others_write_it(tmp_path: Path) -> None:
    pyarrow.feather.write_feather(TABLE, tmp_path / "shop.feather", compression="lz4")
    assert open_source(tmp_path / "shop.feather").read().equals(TABLE)


def test_an_arrow_stream(tmp_path: Path) -> None:
    path = tmp_path / "shop.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert open_source(path).read().equals(TABLE)


def test_parquet_knows_its_rows_and_reads_batch_by_batch(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table({"a": range(1_000)}), path, row_group_size=100)
    source = open_source(path)
    assert source.rows == 1_000
    values = [value for batch in source.batches(batch_rows=64) for value in batch[0].to_pylist()]
    assert values == list(range(1_000))


def test_a_folder_of_parquet_files_is_one_table_in_the_order_of_names(tmp_path: Path) -> None:
    for part in (2, 0, 1):
        write_table(pa.table({"a": [part]}), tmp_path / f"part-{part}.parquet")
    (tmp_path / "_SUCCESS").touch()
    source = open_source(tmp_path)
    assert source.read().to_pydict() == {"a": [0, 1, 2]}
    assert (source.rows, source.notes) == (3, ("3 files",))


def test_the_files_of_a_folder_need_the_same_columns(tmp_path: Path) -> None:
    write_table(pa.table({"a": [1], "b": [1]}), tmp_path / "0.parquet")
    write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
    assert message_of(tmp_path) == (
        f"{tmp_path}/1.parquet lacks the columns b that 0.parquet has; "
        "the files of a folder need the same columns"
    )


def test_a_folder_without_parquet_files(tmp_path: Path) -> None:
    assert message_of(tmp_path) == (
        f"{tmp_path} is a folder without Parquet files (*.parquet) in it; "
        "give a file, or a folder that holds Parquet files directly"
    )


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    write_table(TABLE, path)
    path.write_bytes(path.read_bytes()[:-20])
    assert message_of(path).startswith("shop.parquet is damaged or cannot be read: ")


def test_a_parquet_file_with_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table({"a": range(10_000)}), path, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[50:250] = b"\xff" * 200
    path.write_bytes(data)
    assert message_of(path).startswith("shop.parquet is damaged or cannot be read: ")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "xlsx"])
def test_nonsense(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"shop.{ending}"
    path.write_bytes(b"nonsense" * 10)
    assert message_of(path).startswith(f"shop.{ending} is damaged or ")


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").touch()
    assert message_of(tmp_path / "custmers.csv") == (
        f'{tmp_path}/custmers.csv does not exist; did you mean "customers.csv"?'
    )


def test_a_missing_folder(tmp_path: Path) -> None:
    assert message_of(tmp_path / "no" / "shop.csv") == (
        f"{tmp_path}/no/shop.csv does not exist: there is no folder {tmp_path}/no"
    )


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").touch()
    assert message_of(tmp_path / "shop.csv") == (
        f"{tmp_path}/shop.csv is empty (0 bytes); expected a table"
    )


def test_an_unknown_ending(tmp_path: Path) -> None:
    (tmp_path / "shop.sav").write_bytes(b"x")
    assert message_of(tmp_path / "shop.sav") == (
        "shop.sav cannot be read: its ending is none of .parquet, .csv, .tsv, .txt, .csv.gz, "
        ".tsv.gz, .txt.gz, .arrow, .feather, .ipc, .xlsx, .xls, .duckdb"
    )


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl", reason="writes the Excel files of these tests")
    book = openpyxl.Workbook()
    book.active.title = "Customers"
    for row in (
        ["id", "zip", "since", "seen", "spend", "vip", "note"],
        [1, "01234", datetime.date(2011, 5, 1), datetime.datetime(2011, 5, 1, 8, 30), 2, True, "a"],
        [2, "04321", None, datetime.datetime(2011, 5, 2), 0.5, False, None],
    ):
        book.active.append(row)
    book.create_sheet("Orders").append(["order"])
    book.create_sheet("Blank")
    book.save(tmp_path / "shop.xlsx")
    return tmp_path / "shop.xlsx"


def test_excel(workbook: Path) -> None:
    source = open_source(workbook)
    assert source.read().to_pydict() == {
        "id": [1, 2],
        "zip": ["01234", "04321"],
        "since": [datetime.date(2011, 5, 1), None],
        "seen": [datetime.datetime(2011, 5, 1, 8, 30), datetime.datetime(2011, 5, 2)],
        "spend": [2.0, 0.5],
        "vip": [True, False],
        "note": ["a", None],
    }
    assert source.notes[0] == 'sheet "Customers" of 3'
    assert (source.name, source.rows) == ("shop.xlsx", 2)
    assert open_source(workbook, sheet="Orders").schema.names == ["order"]


def test_a_sheet_that_does_not_exist(workbook: Path) -> None:
    with pytest.raises(TableError) as caught:
        open_source(workbook, sheet="Costumers")
    assert str(caught.value) == (
        'shop.xlsx has no sheet "Costumers"; did you mean "Customers"? '
        "Its sheets: Customers, Orders, Blank"
    )


def test_a_blank_sheet(workbook: Path) -> None:
    with pytest.raises(TableError, match='sheet "Blank" is empty; expected a header and rows'):
        open_source(workbook, sheet="Blank")


def test_excel_without_its_extra(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert message_of(workbook) == (
        "shop.xlsx: reading Excel files needs python-calamine; pip install 'patron[excel]'"
    )


def test_text_and_names_that_are_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table({"city": ["Oslo", "Rome"]}), path, store_schema=False)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"city", b"cit\xff"))
    assert message_of(path) == (
        "shop.parquet has a column whose name is no UTF-8 text; write the table again with "
        "another name"
    )
    offsets = pa.py_buffer(np.array([0, 2, 4], np.int32).tobytes())
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ab\xff\xfe")])
    with pytest.raises(TableError) as caught:
        open_source(pa.table({"city": broken})).read()
    assert str(caught.value) == (
        'column "city" holds bytes that are no UTF-8 text; write the table again with its text '
        "as UTF-8"
    )
