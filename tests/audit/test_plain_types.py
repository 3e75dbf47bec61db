"""Tables of other types than a Source gives are judged as it would read them."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import run_audit
from patron.errors import TableError

ROWS = 600


def shop():
    """Honest columns, a default date and a code for missing."""
    rng = np.random.default_rng(0)
    joined = np.datetime64("2024-01-01T12", "us") + rng.integers(0, 600, ROWS) * 86_400_000_000
    joined[:20] = np.datetime64("1900-01-01")
    spend = np.round(rng.gamma(2, 30, ROWS) * 4) / 4  # as exact in floats as in decimals
    spend[:40] = -999
    columns = {
        "joined": pa.array(joined),
        "spend": pa.array(spend),
        "visits": pa.array(rng.poisson(3, ROWS)),
        "region": pa.array(rng.choice(["north", "south", "South", "east"], ROWS)),
        "bought": pa.array((rng.random(ROWS) < 0.3).astype(float)),
    }
    return pa.table(columns), columns["bought"].to_numpy()


def audited(table, target, schema, **options):
    roles = schema(table, joined="date", bought="target", spend="money", region="category")
    return run_audit(table, roles, target=target, target_name="bought", **options)


def in_decimals(column):
    return pa.array([Decimal(f"{x:.2f}") for x in column.to_pylist()], pa.decimal128(12, 2))


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("joined", lambda c: c.cast(pa.timestamp("us", "UTC"))),
        (
            "joined",
            lambda c: c.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("ns", "Asia/Tokyo")),
        ),
        ("joined", lambda c: c.cast(pa.timestamp("ms"))),
        ("spend", in_decimals),
        ("visits", lambda c: c.cast(pa.uint8())),
        ("region", lambda c: c.combine_chunks().dictionary_encode()),
        ("region", lambda c: c.cast(pa.large_string())),
        ("bought", lambda c: c.cast(pa.float32())),
    ],
)
def test_a_foreign_type_changes_no_finding(name, foreign, schema):
    table, target = shop()
    place = table.column_names.index(name)
    other = table.set_column(place, name, foreign(table.column(name)))
    expected = audited(table, target, schema).to_dict()
    assert {"M01", "V03"} <= {found["code"] for found in expected["findings"]}
    assert audited(other, target, schema, others={"last year": other}).to_dict()["findings"]
    assert audited(other, target, schema).to_dict() == expected


def test_types_that_no_source_reads_stay_and_disturb_nothing(schema):
    table, target = shop()
    table = table.append_column("basket", pa.array([[1, 2]] * ROWS))
    table = table.append_column("took", pa.array([dt.timedelta(seconds=7)] * ROWS))
    assert audited(table, target, schema).findings


def test_numbers_beyond_64_bits_and_names_that_are_there_twice_are_refused(schema):
    table, target = shop()
    large = pa.array(np.full(ROWS, 2**64 - 1, dtype=np.uint64))
    with pytest.raises(TableError, match='column "points" holds values that do not fit int64'):
        audited(table.append_column("points", large), target, schema)
    with pytest.raises(TableError, match="the table has columns of the same name: spend"):
        audited(table.append_column("spend", large), target, schema)
