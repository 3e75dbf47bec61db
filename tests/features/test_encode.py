"""The encoder: one matrix, whichever way the rows come."""

import datetime as dt
import json
import math

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError
from patron.features.encode import Encoder
from patron.schema import Column, Role, Schema
from patron.worlds import make


def schema(**roles: Role) -> Schema:
    return Schema(tuple(Column(name, role, "test", "") for name, role in roles.items()))


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, Schema]:
    table = make("corner", rows=400, seed=2).table
    roles = {
        "string": Role.CATEGORY,
        "bool": Role.FLAG,
        "int64": Role.COUNT,
        "double": Role.NUMBER,
    }
    given = {"customer_id": Role.ENTITY, "purchased_next_30d": Role.TARGET}
    columns = {f.name: given.get(f.name, roles[str(f.type)]) for f in table.schema}
    return table, schema(**columns)


def test_batch_and_row_by_row_are_identical(world: tuple[pa.Table, Schema]) -> None:
    table, roles = world
    encoder = Encoder.fit(table, roles, table["purchased_next_30d"].to_numpy().astype(float))
    whole = encoder.transform(table).matrix
    rows = [encoder.transform(table.slice(place, 1)).matrix for place in range(table.num_rows)]
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, np.concatenate(rows))


def test_column_order_and_extra_columns_do_not_matter(world: tuple[pa.Table, Schema]) -> None:
    table, roles = world
    encoder = Encoder.fit(table, roles)
    turned = table.select(table.column_names[::-1]).append_column("extra", pa.nulls(400))
    first, second = encoder.transform(table), encoder.transform(turned)
    np.testing.assert_array_equal(first.matrix, second.matrix)
    assert first.names == second.names


def test_json_gives_the_same_encoder_back(world: tuple[pa.Table, Schema]) -> None:
    table, roles = world
    encoder = Encoder.fit(table, roles)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    np.testing.assert_array_equal(encoder.transform(table).matrix, again.transform(table).matrix)


def test_missing_stays_missing_and_unseen_becomes_other() -> None:
    train = pa.table({"colour": ["red", "red", "blue", None], "size": [1.0, None, 3.0, 4.0]})
    encoder = Encoder.fit(train, schema(colour=Role.CATEGORY, size=Role.NUMBER))
    design = encoder.transform(pa.table({"colour": ["blue", "green", None], "size": [None, 2, 3]}))
    assert design.names == ("size", "colour")
    assert design.levels == {"colour": ("red", "blue", "other")}
    assert math.isnan(design.matrix[0, 0])
    assert design.matrix[0, 1] == 1
    assert design.matrix[1, 1] == 2  # "other"
    assert math.isnan(design.matrix[2, 1])
    assert design.warnings == {("unseen category", "colour"): 1}


def test_missing_columns_and_unreadable_values_are_counted() -> None:
    train = pa.table({"size": [1.0, 2.0], "age": [30.0, 40.0]})
    encoder = Encoder.fit(train, schema(size=Role.NUMBER, age=Role.NUMBER))
    design = encoder.transform(pa.table({"size": ["1.5", "tall", None, "inf"]}))
    assert design.warnings == {("missing column", "age"): 4, ("unreadable value", "size"): 2}
    np.testing.assert_array_equal(design.matrix[:, 0], [1.5, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        [1, 0, None],
        [1.0, 0.0, None],
        ["yes", "No", None],
        [" T ", "f", None],
    ],
)
def test_flags_read_the_same_in_every_spelling(values: list[object]) -> None:
    encoder = Encoder.fit(pa.table({"member": values}), schema(member=Role.FLAG))
    column = encoder.transform(pa.table({"member": values})).matrix[:, 0]
    np.testing.assert_array_equal(column, [1, 0, np.nan])


def test_dates_count_back_from_the_rows_as_of() -> None:
    table = pa.table(
        {
            "as_of": [dt.date(2026, 3, 1), dt.date(2026, 4, 1)],
            "joined": [dt.date(2026, 2, 1), dt.date(2026, 4, 2)],
            "seen": ["2026-02-28T12:00:00", None],
        }
    )
    encoder = Encoder.fit(table, schema(as_of=Role.AS_OF, joined=Role.DATE, seen=Role.DATE))
    matrix = encoder.transform(table).matrix
    np.testing.assert_allclose(matrix, [[28, 0.5], [-1, np.nan]], atol=0.002)


def test_a_whole_float_is_the_same_category_as_the_integer() -> None:
    encoder = Encoder.fit(pa.table({"zip": [10, 20, 10]}), schema(zip=Role.CATEGORY))
    mixed = encoder.transform(pa.table({"zip": [20.0, 10.0, 10.5, None]})).matrix[:, 0]
    np.testing.assert_array_equal(mixed, [1, 0, 2, np.nan])


def test_an_indicator_only_where_the_gap_tells_something() -> None:
    rng = np.random.default_rng(1)
    gap = rng.random(4000) < 0.2
    values = np.where(gap, np.nan, rng.normal(size=4000))
    table = pa.table({"tells": pa.array(values, from_pandas=True)})
    told = (rng.random(4000) < np.where(gap, 0.4, 0.2)).astype(float)
    chance = (rng.random(4000) < 0.2).astype(float)
    roles = schema(tells=Role.NUMBER)
    assert Encoder.fit(table, roles, told).names == ("tells", "tells is missing")
    assert Encoder.fit(table, roles, chance).names == ("tells",)


def test_no_features_is_a_sentence() -> None:
    with pytest.raises(DataError, match="no column is left to predict from"):
        Encoder.fit(pa.table({"id": ["a"]}), schema(id=Role.ENTITY))


def test_without_its_as_of_a_date_is_missing_and_not_on_another_scale() -> None:
    train = pa.table({"as_of": [dt.date(2026, 3, 1)], "joined": [dt.date(2026, 2, 1)]})
    encoder = Encoder.fit(train, schema(as_of=Role.AS_OF, joined=Role.DATE))
    design = encoder.transform(train.select(["joined"]))
    assert math.isnan(design.matrix[0, 0])
    assert design.warnings == {("missing column", "as_of"): 1}


def test_one_instant_is_one_number_however_its_offset_is_written() -> None:
    texts = ["2026-03-01T00:00Z", "2026-03-01T05:00+05:00", "2026-02-28T19:00-05:00"]
    table = pa.table({"seen": texts})
    column = Encoder.fit(table, schema(seen=Role.DATE)).transform(table).matrix[:, 0]
    assert len(set(column)) == 1
