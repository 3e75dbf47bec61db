"""In-memory tables, and the plain types that every Source promises."""

import datetime
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from patron.errors import TableError
from patron.tables import open_source

DAY = datetime.date(2011, 5, 1)
MOMENT = datetime.datetime(2011, 5, 1, 10, 30, 0, 250_000)

FOREIGN = {
    "small": (pa.array([1, None], pa.int8()), pa.int64(), 1),
    "unsigned": (pa.array([1, None], pa.uint32()), pa.int64(), 1),
    "half": (pa.array([1.5, None], pa.float32()), pa.float64(), 1.5),
    "decimal": (pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)), pa.float64(), 1.25),
    "large": (pa.array(["a", None], pa.large_string()), pa.string(), "a"),
    "view": (pa.array(["a", None], pa.string_view()), pa.string(), "a"),
    "dictionary": (pa.array(["a", None]).dictionary_encode(), pa.string(), "a"),
    "codes": (pa.array([7, None], pa.int16()).dictionary_encode(), pa.int64(), 7),
    "date64": (pa.array([DAY, None], pa.date64()), pa.date32(), DAY),
    "nano": (pa.array([MOMENT, None], pa.timestamp("ns")), pa.timestamp("us"), MOMENT),
    "clock": (pa.array([datetime.time(9), None]), pa.string(), "09:00:00.000000"),
    "nothing": (pa.nulls(2), pa.string(), None),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_types_become_plain(name: str) -> None:
    array, expected, first = FOREIGN[name]
    source = open_source(pa.table({name: array}))
    assert source.schema.field(0).type == expected
    assert source.read().column(0).to_pylist() == [first, None]


def test_times_with_a_zone_are_moved_to_utc() -> None:
    # 10:30 in Vienna is 08:30 UTC in May.
    array = pa.array([MOMENT]).cast(pa.timestamp("us")).cast(pa.timestamp("us"))
    array = pa.compute.assume_timezone(array, "Europe/Vienna")
    assert open_source(pa.table({"t": array})).read().column(0).to_pylist() == [
        MOMENT - datetime.timedelta(hours=2)
    ]


def test_nan_is_null_and_infinity_stays() -> None:
    table = pa.table({"x": [1.0, float("nan"), float("inf"), None]})
    assert open_source(table).read().column(0).to_pylist() == [1.0, None, float("inf"), None]


def test_columns_without_a_plain_type_are_left_out_and_named() -> None:
    source = open_source(pa.table({"a": [1], "tags": [["x", "y"]]}))
    assert source.schema.names == ["a"]
    assert source.notes == ('column "tags" is left out: its type is list<item: string>',)


def test_whole_numbers_beyond_64_bits_are_refused_without_showing_them() -> None:
    source = open_source(pa.table({"id": pa.array([2**63], pa.uint64())}))
    with pytest.raises(TableError) as caught:
        source.read()
    assert str(caught.value) == ('column "id" holds values that do not fit int64; store it as text')


def test_batches_are_bounded_and_in_order() -> None:
    source = open_source(pa.table({"a": list(range(10)), "b": list("abcdefghij")}))
    batches = list(source.batches(["b"], batch_rows=4))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert "".join(pa.Table.from_batches(batches).column("b").to_pylist()) == "abcdefghij"
    assert source.rows == 10


def test_an_empty_table_gives_one_empty_batch() -> None:
    source = open_source(pa.table({"a": pa.array([], pa.int32())}))
    (batch,) = source.batches()
    assert batch.num_rows == 0
    assert batch.schema == pa.schema({"a": pa.int64()})


def test_asked_columns_come_in_the_order_asked() -> None:
    source = open_source(pa.table({"a": [1], "b": [2], "c": [3]}))
    assert source.read(["c", "a"]).to_pylist() == [{"c": 3, "a": 1}]


def test_a_column_that_does_not_exist_is_named_with_the_nearest() -> None:
    source = open_source(pa.table({"age": [1], "spending": [2]}))
    with pytest.raises(TableError) as caught:
        source.batches(["spnding"])
    assert str(caught.value) == (
        'the Arrow table has no column "spnding"; did you mean "spending"? '
        "Its 2 columns: age, spending"
    )


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(TableError, match="columns of the same name: a; rename them"):
        open_source(table)


def test_pandas_with_categories_and_missing_values() -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["x", None]), "n": [1.5, float("nan")]})
    assert open_source(frame).read().to_pylist() == [{"c": "x", "n": 1.5}, {"c": None, "n": None}]


def test_a_named_index_of_pandas_is_a_column_and_an_unnamed_one_is_not() -> None:
    frame = pd.DataFrame({"id": [7, 8], "x": [1, 2]})
    assert open_source(frame.set_index("id")).schema.names == ["id", "x"]
    assert open_source(frame[frame.x > 1]).read().to_pylist() == [{"id": 8, "x": 2}]


def test_a_column_of_mixed_objects_is_refused_without_its_values() -> None:
    with pytest.raises(TableError) as caught:
        open_source(pd.DataFrame({"code": [1, "secret"]}))
    assert str(caught.value) == (
        "the DataFrame cannot be used as a table: "
        "Conversion failed for column code with type object"
    )


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_polars(lazy: bool) -> None:
    frame = pl.DataFrame({"c": ["x", None], "d": [DAY, None]}).with_columns(
        k=pl.col("c").cast(pl.Categorical)
    )
    source = open_source(frame.lazy() if lazy else frame)
    assert source.schema.types == [pa.string(), pa.date32(), pa.string()]
    assert source.read().to_pylist()[0] == {"c": "x", "d": DAY, "k": "x"}


def test_a_reader_streams_once_and_says_so() -> None:
    table = pa.table({"a": [1, 2, 3]})
    source = open_source(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()))
    assert source.rows is None
    assert source.read().num_rows == 3
    with pytest.raises(TableError, match=r"can be read once; pass a table: reader\.read_all\(\)"):
        source.read()


def test_a_source_passes_through() -> None:
    source = open_source(pa.table({"a": [1]}))
    assert open_source(source) is source


def test_anything_else_is_no_table() -> None:
    with pytest.raises(TableError) as caught:
        open_source(3)
    assert str(caught.value) == (
        "an object of type int is no table; "
        "give a path, a URL, or a pandas, polars or pyarrow table"
    )


def test_format_options_are_for_text_files() -> None:
    with pytest.raises(TableError, match="delimiter: format options are for text and Excel files"):
        open_source(pa.table({"a": [1]}), delimiter=";")
