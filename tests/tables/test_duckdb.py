"""Tables in DuckDB files, and how a place in a database is written."""

import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from patron.errors import TableError
from patron.tables import open_sink, open_source, write_table
from patron.tables.duck import duck
from patron.tables.place import parse_place


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            """
            CREATE TABLE customers AS SELECT * FROM (VALUES
                (1::TINYINT, 'a', 2.50::DECIMAL(9,2), TIMESTAMPTZ '2011-05-01 10:00:00+02',
                 'vip'::ENUM('vip', 'new'), 7::HUGEINT, [1, 2]),
                (2, NULL, NULL, NULL, NULL, NULL, NULL)
            ) AS t(id, "na""me", spend, seen, kind, big, tags);
            CREATE SCHEMA crm;
            CREATE TABLE crm.orders AS SELECT 1 AS "order";
            CREATE VIEW buyers AS SELECT id FROM customers;
            """
        )
    return path


def message_of(place: str) -> str:
    with pytest.raises(TableError) as caught:
        open_source(place)
    return str(caught.value)


def test_a_table_with_all_kinds_of_types(shop: Path) -> None:
    source = open_source(f"{shop}?table=customers")
    assert source.read().to_pylist()[0] == {
        "id": 1,
        'na"me': "a",
        "spend": 2.5,
        "seen": datetime.datetime(2011, 5, 1, 8),
        "kind": "vip",
        "big": 7.0,
    }
    assert source.read(['na"me']).column(0).to_pylist() == ["a", None]
    assert (source.name, source.rows) == ("customers in shop.duckdb", 2)
    assert source.notes == ('column "tags" is left out: its type is list<l: int32>',)


def test_schemas_views_urls_and_queries(shop: Path) -> None:
    assert open_source(f"{shop}?table=crm.orders").read().to_pydict() == {"order": [1]}
    assert open_source(f"{shop}?table=buyers").read().to_pydict() == {"id": [1, 2]}
    assert open_source(f"duckdb://{shop}?table=orders").read().num_rows == 1
    source = open_source(f"{shop}?query=SELECT id + 1 AS n FROM customers WHERE id > 1;")
    assert source.read().to_pydict() == {"n": [3]}
    assert (source.name, source.rows) == ("the query in shop.duckdb", None)


def test_the_only_table_is_taken(tmp_path: Path) -> None:
    write_table(pa.table({"a": [1]}), f"{tmp_path}/one.duckdb?table=scores")
    source = open_source(tmp_path / "one.duckdb")
    assert source.read().to_pydict() == {"a": [1]}
    assert source.name == "scores in one.duckdb"


def test_which_table(shop: Path) -> None:
    assert message_of(f"{shop}") == (
        "shop.duckdb: say which table with ?table=NAME; its 3 tables: buyers, customers, orders"
    )
    assert message_of(f"{shop}?table=custmers") == (
        'shop.duckdb has no table "custmers"; did you mean "customers"? '
        "Its tables: buyers, customers, orders"
    )
    assert message_of(f"{shop}?tabel=customers") == (
        "shop.duckdb?tabel=customers: expected ?table=NAME or ?query=SELECT …"
    )
    assert message_of(f"{shop}?table=a&query=SELECT 1") == (
        "shop.duckdb: both table and query are given; give one of them"
    )


def test_what_cannot_be_read(shop: Path) -> None:
    assert message_of(f"{shop}?query=SELECT nothing").startswith("the query in shop.duckdb: ")
    assert message_of(f"{shop.parent}/shpo.duckdb?table=a") == (
        f'{shop.parent}/shpo.duckdb does not exist; did you mean "shop.duckdb"?'
    )
    shop.write_bytes(b"nonsense" * 1_000)
    assert message_of(f"{shop}?table=a").startswith("a in shop.duckdb: IO Error: ")


def test_a_table_of_a_schema_is_written_beside_others(shop: Path) -> None:
    with open_sink(f"{shop}?table=crm.orders") as sink:
        sink.write(pa.table({"a": [1]}))
        sink.write(pa.table({"a": [2]}))
    assert open_source(f"{shop}?table=crm.orders").read().to_pydict() == {"a": [1, 2]}
    assert open_source(f"{shop}?table=customers").rows == 2


def test_a_file_can_be_read_and_written_at_once(shop: Path) -> None:
    source = open_source(f"{shop}?table=customers")
    with open_sink(f"{shop}?table=scores") as sink:
        for batch in source.batches(["id"], batch_rows=1):
            sink.write(batch)
    assert open_source(f"{shop}?table=scores").read().to_pydict() == {"id": [1, 2]}


def test_connections_print_no_progress() -> None:
    with duck() as connection:
        (setting,) = connection.sql("SELECT current_setting('enable_progress_bar')").fetchall()
    assert setting == (False,)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("Query interrupted", KeyboardInterrupt), ("something else", RuntimeError)],
)
def test_ctrl_c_in_a_query_is_a_keyboard_interrupt(
    said: str, expected: type[BaseException]
) -> None:
    # DuckDB catches the signal itself and raises RuntimeError("Query interrupted").
    with pytest.raises(expected), duck():
        raise RuntimeError(said)


@pytest.mark.parametrize(
    ("text", "address", "table", "query"),
    [
        ("a b.duckdb?table=t%20u", "a b.duckdb", "t u", None),
        ("duckdb:///x%20y.duckdb?query=SELECT 1+1", "/x y.duckdb", None, "SELECT 1+1"),
        ("shop.duckdb?query=SELECT 6 & 3", "shop.duckdb", None, "SELECT 6 & 3"),
        ("postgresql://h/d?table=a.b&user=me", "postgresql://h/d?user=me", "a.b", None),
        ("postgres://h/d?table=t", "postgres://h/d", "t", None),
    ],
)
def test_places(text: str, address: str, table: str | None, query: str | None) -> None:
    place = parse_place(text)
    assert place is not None
    assert (place.address, place.table, place.query) == (address, table, query)


def test_a_path_to_a_file_is_no_place() -> None:
    assert parse_place("shop.csv") is None
