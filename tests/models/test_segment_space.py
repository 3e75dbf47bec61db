"""The declared space: mid-ranks on a fixed grid, means of what is known; the same next month."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import rankdata

from patron.models.segment_axes import Axis, AxisColumn
from patron.models.segment_space import CLIP, KNOTS, SegmentSpace
from patron.schema import Column, Role, Schema

NAN = float("nan")


def axis(name: str, *columns: str) -> Axis:
    made = tuple(AxisColumn(c.lstrip("-"), -1 if c[0] == "-" else 1, "by hand") for c in columns)
    return Axis(name, name, made, "by hand")


def schema(**roles: Role) -> Schema:
    return Schema(tuple(Column(name, role, "by hand", "double") for name, role in roles.items()))


def space(table: pa.Table, *axes: Axis, **roles: Role) -> SegmentSpace:
    names = dict.fromkeys(table.column_names, Role.NUMBER)
    return SegmentSpace.fit(table, schema(**(names | roles)), axes)


def scores(values: list[float]) -> np.ndarray:
    """Where the values of one column stand among themselves."""
    table = pa.table({"a": values})
    return space(table, axis("x", "a")).place(table).positions[:, 0]


def test_mid_ranks_by_hand() -> None:
    # Of ten: 0 five times (mid-rank 3), 1 three times (7), 2 twice (9.5). Mean 5.5, variance
    # (5 * 2.5^2 + 3 * 1.5^2 + 2 * 4^2) / 10 = 7.
    expected = np.array([-2.5] * 5 + [1.5] * 3 + [4.0] * 2) / np.sqrt(7)
    found = scores([0.0] * 5 + [1.0] * 3 + [2.0] * 2)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("rows", [50, KNOTS, 5 * KNOTS])
def test_positions_are_scaled_mid_ranks(rows: int) -> None:
    """Also with more values than the grid has knots, for it is even in ranks."""
    rng = np.random.default_rng(0)
    values = np.exp(2 * rng.normal(size=rows)).astype(np.float32)
    values[: rows // 5] = 0
    ranks = rankdata(values)
    expected = (ranks - ranks.mean()) / ranks.std()
    # A line from knot to knot spans a thousandth of the ranks: sqrt(12) / 1,000.
    np.testing.assert_allclose(scores(values.tolist()), expected, atol=3.5e-3)


def test_only_the_order_counts() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=300)
    np.testing.assert_array_equal(scores(values.tolist()), scores(np.exp(3 * values).tolist()))


def test_a_sign_turns_a_column_round_and_an_axis_is_the_mean() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=200), "b": rng.exponential(size=200)})
    alone = space(table, axis("a", "a"), axis("b", "-b")).place(table).positions
    both = space(table, axis("x", "a", "-b")).place(table).positions[:, 0]
    np.testing.assert_allclose(both, alone.mean(axis=1), atol=1e-6)
    assert np.corrcoef(alone[:, 1], table["b"].to_numpy())[0, 1] < -0.5


def test_what_is_missing_drops_out_of_the_mean() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=200), rng.normal(size=200)
    b[:20] = NAN
    table = pa.table({"a": a, "b": pa.array(b, from_pandas=True)})
    placed = space(table, axis("x", "a", "b")).place(table)
    alone = space(table, axis("x", "a")).place(table).positions[:, 0]
    np.testing.assert_allclose(placed.positions[:20, 0], alone[:20], atol=1e-6)
    assert not placed.flagged.any()


def test_who_has_nothing_on_an_axis_stands_at_its_median_and_is_flagged() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.exponential(size=201), rng.normal(size=201)
    a[:10] = NAN
    table = pa.table({"a": pa.array(a, from_pandas=True), "b": b})
    placed = space(table, axis("x", "a"), axis("y", "b")).place(table)
    assert placed.flagged[:, 0].tolist() == [True] * 10 + [False] * 191
    assert not placed.flagged[:, 1].any()
    assert (placed.positions[:10, 0] == np.median(placed.positions[10:, 0])).all()


def test_positions_are_clipped() -> None:
    # One of 1,000 is not 0: its score is 31.6.
    found = scores([0.0] * 999 + [1.0])
    assert found[-1] == CLIP
    assert found[0] == pytest.approx(-1 / np.sqrt(999))
    assert -scores([1.0] * 999 + [0.0])[-1] == CLIP


def test_next_month_is_measured_by_this_months_ruler() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=3_000), "b": rng.poisson(2, 3_000).astype(float)})
    frozen = space(table, axis("x", "a"), axis("y", "b"))
    before = frozen.place(table).positions
    later = pa.table({"a": table["a"].to_numpy() + 1, "b": table["b"]})
    after = frozen.place(later).positions
    assert after[:, 0].mean() > 0.5 > abs(before[:, 0].mean())
    np.testing.assert_array_equal(after[:, 1], before[:, 1])
    np.testing.assert_array_equal(frozen.place(table).positions, before)


def test_beyond_what_was_seen_is_the_end_of_the_grid() -> None:
    table = pa.table({"a": [0.0, 1.0, 2.0, 4.0]})
    frozen = space(table, axis("x", "a"))
    low, high = frozen.place(table).positions[[0, 3], 0]
    far = frozen.place(pa.table({"a": [-50.0, 3.0, 1e9]})).positions[:, 0]
    assert (far[0], far[2]) == (low, high)
    assert frozen.place(table).positions[2, 0] < far[1] < high


def test_a_row_stands_where_it_stands_in_the_batch() -> None:
    rng = np.random.default_rng(0)
    gaps = rng.random((2, 400)) < 0.2
    table = pa.table(
        {
            "a": pa.array(rng.normal(size=400), mask=gaps[0]),
            "b": pa.array(rng.poisson(1, 400), mask=gaps[1]),
        }
    )
    frozen = space(table, axis("x", "a", "b"), axis("y", "b"))
    whole = frozen.place(table)
    for row in range(0, 400, 7):
        one = frozen.place(table.slice(row, 1))
        assert (one.positions == whole.positions[row]).all()
        assert (one.flagged == whole.flagged[row]).all()
    nobody = frozen.place(table.slice(0, 0))
    assert nobody.positions.shape == nobody.flagged.shape == (0, 2)


def test_a_missing_column_is_missing_values_and_is_counted() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=50), "b": rng.normal(size=50)})
    frozen = space(table, axis("x", "a"), axis("y", "b"))
    placed = frozen.place(table.drop_columns(["b"]))
    assert placed.flagged.tolist() == [[False, True]] * 50
    median = np.median(frozen.place(table).positions[:, 1])
    np.testing.assert_allclose(placed.positions[:, 1], median, atol=1e-7)
    assert dict(placed.warnings) == {("missing column", "b"): 50}
    assert frozen.inputs == ("a", "b")


def test_what_cannot_be_read_is_missing_and_counted() -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]})
    frozen = space(table, axis("x", "a"), axis("y", "b"))
    odd = pa.table({"a": ["2", "many", None], "b": [1.0, float("inf"), 3.0]})
    placed = frozen.place(odd)
    assert placed.flagged.tolist() == [[False, False], [True, True], [True, False]]
    assert placed.positions[0, 0] == 0
    assert dict(placed.warnings) == {("unreadable value", "a"): 1, ("unreadable value", "b"): 1}


def test_dates_count_back_from_the_rows_own_date() -> None:
    days = [dt.date(2025, 1, day) for day in (1, 10, 20, 30)]
    table = pa.table({"last": days, "today": [dt.date(2025, 2, 1)] * 4, "b": [1.0, 2, 3, 4]})
    made = space(table, axis("x", "-last"), axis("y", "b"), last=Role.DATE, today=Role.AS_OF)
    placed = made.place(table)
    np.testing.assert_allclose(placed.positions[:, 0], placed.positions[:, 1], atol=1e-6)
    later = table.set_column(1, "today", pa.array([dt.date(2025, 2, 10)] * 4))
    # Nine days on, the second stood where the first stood: 31 days after.
    assert made.place(later).positions[1, 0] == placed.positions[0, 0]
    assert made.inputs == ("last", "b")


def test_it_survives_json() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=3_000), "b": rng.poisson(2, 3_000)})
    made = space(table, axis("x", "a"), axis("y", "-b", "a"))
    again = SegmentSpace.from_dict(json.loads(json.dumps(made.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.place(table).positions, made.place(table).positions)
    assert again.to_dict() == made.to_dict()
    assert again.axes == made.axes


def test_parts_that_do_not_fit_are_refused() -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]})
    whole = json.dumps(space(table, axis("x", "a"), axis("y", "b")).to_dict())
    breaches = {
        "do not fit each other": [
            lambda fields: fields["rulers"].pop("a"),
            lambda fields: fields["medians"].pop(),
            lambda fields: fields["medians"].__setitem__(0, float("inf")),
            lambda fields: fields["axes"][0]["columns"][0].update(name="c"),
        ],
        "a ruler of the segments is broken": [
            lambda fields: fields["rulers"]["a"]["values"].reverse(),
            lambda fields: fields["rulers"]["a"]["scores"].pop(),
            lambda fields: fields["rulers"]["a"].update(values=[], scores=[]),
            lambda fields: fields["rulers"]["a"]["scores"].__setitem__(1, float("nan")),
        ],
    }
    for told, ways in breaches.items():
        for break_it in ways:
            fields = json.loads(whole)
            break_it(fields)
            with pytest.raises(ValueError, match=told):
                SegmentSpace.from_dict(fields)
