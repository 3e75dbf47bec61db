"""Tables in PostgreSQL, on a server that the tests start."""

import datetime
import signal
import subprocess
import sys
from collections.abc import Callable

import pyarrow as pa
import pytest

from patron.errors import TableError
from patron.tables import open_sink, open_source, write_table

pytestmark = pytest.mark.database
Postgres = Callable[[str], str]

OLD = pa.table({"a": [1]})
NEW = pa.table(
    {
        "id": [1, 2],
        "name": ["a", None],
        "x": [0.5, None],
        "flag": [True, None],
        "day": [datetime.date(2011, 5, 1), None],
        "at": pa.array([datetime.datetime(2011, 5, 1, 10), None], pa.timestamp("us")),
    }
)


def execute(postgres: Postgres, *statements: str) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(postgres("").rstrip("&")) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def interrupted(place: str, error: type[BaseException]) -> None:
    with open_sink(place) as sink:
        sink.write(NEW)
        raise error


def message_of(place: str) -> str:
    with pytest.raises(TableError) as caught:
        open_source(place)
    return str(caught.value)


def test_what_is_written_is_read_and_replaced(postgres: Postgres) -> None:
    place = postgres("table=scores")
    write_table(OLD, place)
    with open_sink(place) as sink:
        for batch in NEW.to_batches(max_chunksize=1):
            sink.write(batch)
    source = open_source(place)
    assert source.read().equals(NEW)
    assert source.read(["x", "id"]).equals(NEW.select(["x", "id"]))
    assert [batch.num_rows for batch in source.batches(batch_rows=1)] == [1, 1]
    assert source.name == "scores in postgresql:///postgres"


def test_types_of_the_server_become_plain(postgres: Postgres) -> None:
    execute(
        postgres,
        "DROP TABLE IF EXISTS odd",
        """CREATE TABLE odd AS SELECT 1::smallint AS small, 12.25::numeric(9,2) AS price,
           12.50::money AS paid, timestamptz '2011-05-01 10:00+02' AS seen, 'ab'::char(4) AS code,
           '00000000-0000-0000-0000-00000000000a'::uuid AS id, '{"k":1}'::jsonb AS extra,
           array[1,2] AS tags""",
    )
    source = open_source(postgres("table=odd"))
    assert source.read().to_pylist() == [
        {
            "small": 1,
            "price": 12.25,
            "paid": 12.5,
            "seen": datetime.datetime(2011, 5, 1, 8),
            "code": "ab",
            "id": "00000000-0000-0000-0000-00000000000a",
            "extra": '{"k": 1}',
        }
    ]
    assert source.notes == ('column "tags" is left out: its type is list<item: int32>',)


def test_a_query_and_names_that_need_quotes(postgres: Postgres) -> None:
    execute(
        postgres,
        'DROP SCHEMA IF EXISTS "My Shop" CASCADE',
        'CREATE SCHEMA "My Shop"',
        'CREATE TABLE "My Shop"."Select" AS SELECT 7 AS "a ""b"""',
    )
    place = postgres("table=My%20Shop.Select")
    assert open_source(place).read().to_pydict() == {'a "b"': [7]}
    query = postgres('query=SELECT "a ""b""" + 1 AS n FROM "My Shop"."Select" WHERE 5 & 4 = 4;')
    assert open_source(query).read().to_pydict() == {"n": [8]}
    write_table(OLD, place)
    assert open_source(place).read().equals(OLD)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_exception_leaves_the_old_table(postgres: Postgres, error: type[BaseException]) -> None:
    place = postgres("table=kept")
    write_table(OLD, place)
    with pytest.raises(error):
        interrupted(place, error)
    assert open_source(place).read().equals(OLD)
    count = "query=SELECT count(*) AS n FROM pg_class WHERE relname LIKE 'patron_new_%25'"
    assert open_source(postgres(count)).read().to_pydict() == {"n": [0]}


KILLED = """
import os, signal, sys
import pyarrow as pa
from patron.tables import open_sink
with open_sink(sys.argv[1]) as sink:
    sink.write(pa.table({"a": [5]}))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_the_old_table(postgres: Postgres) -> None:
    place = postgres("table=killed")
    write_table(OLD, place)
    done = subprocess.run([sys.executable, "-c", KILLED, place], check=False)
    assert done.returncode == -signal.SIGKILL
    assert open_source(place).read().equals(OLD)


def test_a_table_that_others_build_on_is_not_dropped(postgres: Postgres) -> None:
    write_table(OLD, postgres("table=base"))
    execute(postgres, "CREATE OR REPLACE VIEW upon AS SELECT a FROM base")
    with pytest.raises(TableError, match=r"base in postgresql:///postgres: .*depend"):
        write_table(NEW, postgres("table=base"))
    assert open_source(postgres("table=upon")).read().equals(OLD)


def test_which_table(postgres: Postgres) -> None:
    write_table(OLD, postgres("table=customers"))
    assert message_of(postgres("table=custmers")).startswith(
        'postgresql:///postgres has no table "custmers"; did you mean "customers"? Its tables: '
    )
    assert message_of(postgres("query=SELECT nothing")).startswith(
        "the query in postgresql:///postgres: "
    )


@pytest.mark.parametrize(
    "tail", ["", "&wrong=1"], ids=["no server", "an address that the driver quotes"]
)
def test_the_password_is_never_shown(tail: str) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="needs adbc-driver-postgresql")
    with pytest.raises(TableError) as caught:
        open_source(f"postgresql://me:s3cr%20et@127.0.0.1:1/shop?table=t&connect_timeout=2{tail}")
    message = str(caught.value)
    assert message.startswith("t in postgresql://127.0.0.1/shop: ")
    assert "s3cr" not in message
    assert caught.value.__suppress_context__


def test_postgresql_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    assert message_of("postgresql://h/d?table=t") == (
        "t in postgresql://h/d: PostgreSQL needs adbc-driver-postgresql; "
        "pip install 'patron[postgres]'"
    )
