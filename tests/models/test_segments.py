"""Segments as one estimator: what a fit keeps, what it refuses, and what never reaches it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from patron.errors import DataError, Refusal, StudyError, UserError
from patron.metrics.clusters import agreement
from patron.models import segment_gate
from patron.models.segment_parts import Boxes, Centres
from patron.models.segments import Segments, deviations
from patron.schema import Column, Role, Schema

ROLES = {
    "customer": Role.ENTITY,
    "orders": Role.COUNT,
    "spend": Role.MONEY,
    "visits": Role.COUNT,
    "discount_share": Role.RATE,
    "region": Role.CATEGORY,
    "age": Role.NUMBER,
    "bought": Role.TARGET,
}
ROWS = 1_500
CENTRES = [[1.2, 1.0, -1.0], [-0.2, -1.2, 1.2], [-1.2, 1.0, -0.2], [0.2, -1.2, -1.2]]


@pytest.fixture(scope="module", autouse=True)
def few_draws() -> Iterator[None]:
    """The gate has its own tests; here it is in the way."""
    with pytest.MonkeyPatch.context() as patch:
        for name, few in (("NULLS", 4), ("DRAWS", 4), ("_STARTS", 2)):
            patch.setattr(segment_gate, name, few)
        patch.setattr("patron.models.segments.NULLS", 4)
        patch.setattr("patron.models.segments.KS", (3, 4, 5))
        yield


def schema(table: pa.Table) -> Schema:
    return Schema(
        tuple(
            Column(name, ROLES.get(name, Role.NUMBER), "by hand", "double")
            for name in table.column_names
        )
    )


def shop(apart: float = 1.0, rows: int = ROWS, seed: int = 0) -> tuple[pa.Table, NDArray[Any]]:
    """Customers of four kinds, and the kind of each; with `apart` 0 there are no kinds."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, rows)
    value, visits, discount = apart * np.array(CENTRES)[kinds].T + rng.normal(size=(3, rows)) * (
        0.35 if apart else 1.0
    )
    gaps = rng.random((2, rows)) < 0.05
    return pa.table(
        {
            "customer": np.arange(rows),
            "orders": value + 0.1 * rng.normal(size=rows),
            "spend": pa.array(np.exp(value), mask=gaps[0]),
            "visits": pa.array(np.exp(visits), mask=gaps[1]),
            "discount_share": 1 / (1 + np.exp(-discount)),
            "region": rng.choice(["north", "south"], rows).tolist(),
            "age": rng.normal(40, 10, rows),
            "bought": (rng.random(rows) < 1 / (1 + np.exp(-value))).astype(float),
        }
    ), kinds


TABLE, KINDS = shop()


def fit(table: pa.Table = TABLE, **parameters: Any) -> Segments:
    return Segments(schema=schema(table), **parameters).fit(table)


@pytest.fixture(scope="module")
def found(few_draws: None) -> Segments:
    return fit()


@pytest.fixture(scope="module")
def flat(few_draws: None) -> tuple[Segments, pa.Table]:
    """No kinds, and a third of the customers have no orders."""
    table = shop(apart=0)[0]
    spend = table["spend"].combine_chunks().fill_null(1.0).to_numpy()
    table = table.set_column(1, "orders", pa.array(np.where(spend < 0.65, 0.0, spend.round(2))))
    table = table.set_column(2, "spend", table["orders"])
    return fit(table), table


@pytest.fixture(scope="module")
def ruled(few_draws: None) -> Segments:
    return fit(rules_only=True)


def reloaded(segments: Segments) -> Segments:
    return Segments.from_dict(json.loads(json.dumps(segments.to_dict(), allow_nan=False)))


def test_the_kinds_are_found(found: Segments) -> None:
    assert (found.kind_, found.structure_, found.ids_) == (
        "segments",
        True,
        ("S1", "S2", "S3", "S4"),
    )
    assert [axis.name for axis in found.axes_] == ["value", "engagement", "discount"]
    labels = found.assign(TABLE).labels
    assert labels.dtype == np.intp
    assert agreement(labels, KINDS) > 0.9
    assert found.predict(TABLE).tolist() == [found.ids_[label] for label in labels]


def test_the_reason_is_told_with_its_figures(found: Segments) -> None:
    assert re.fullmatch(
        r"4 groups beyond one correlated continuum: their silhouette is 0\.\d\d, where one "
        r"continuum with the same margins and correlations has 0\.\d\d, and a bootstrap draw finds "
        r"[01]\.\d\d of the least stable again\.( 3, 5 passed too\.)",
        found.because_,
    )
    assert [each.k for each in found.judged_] == [3, 4, 5]
    assert found.chosen_ is found.judged_[1]


def test_names_differ_and_come_from_the_axes(found: Segments) -> None:
    assert len(set(found.names_)) == 4
    assert found.names_ == found.suggested_
    assert not any("natural" in name.lower() for name in found.names_)


def test_what_describes_forms_no_axis(found: Segments) -> None:
    assert dict(found.left_out_) == {
        "region": "a category describes, and has no more or less",
        "age": "says who they are, not what they do",
    }
    assert found.space_.inputs == ("orders", "spend", "visits", "discount_share")


@pytest.mark.parametrize("which", ["found", "flat", "ruled"])
def test_a_row_alone_is_assigned_as_in_the_batch(which: str, request: Any) -> None:
    made = request.getfixturevalue(which)
    segments, table = made if which == "flat" else (made, TABLE)
    whole = segments.assign(table)
    for row in range(0, ROWS, 37):
        one = segments.assign(table.slice(row, 1))
        assert one.labels.tolist() == [whole.labels[row]]
        assert one.doubtful.tolist() == [whole.doubtful[row]]
        np.testing.assert_array_equal(one.placed.positions[0], whole.placed.positions[row])


@pytest.mark.parametrize("which", ["found", "flat", "ruled"])
def test_it_is_the_same_after_json(which: str, request: Any) -> None:
    made = request.getfixturevalue(which)
    segments, table = made if which == "flat" else (made, TABLE)
    again = reloaded(segments)
    for mine, theirs in (
        (again.assign(table).labels, segments.assign(table).labels),
        (again.assign(table).doubtful, segments.assign(table).doubtful),
        (again.predict(table), segments.predict(table)),
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert again.to_dict() == segments.to_dict()
    assert (again.kind_, again.because_) == (segments.kind_, segments.because_)
    assert again.axes_ == segments.axes_
    assert again.left_out_ == segments.left_out_


def test_the_order_of_columns_is_irrelevant(found: Segments) -> None:
    turned = TABLE.select(TABLE.column_names[::-1])
    np.testing.assert_array_equal(found.predict(turned), found.predict(TABLE))
    again = Segments(schema=schema(turned)).fit(turned)
    assert agreement(again.predict(turned), found.predict(TABLE)) == 1
    assert sorted(again.names_) == sorted(found.names_)


def test_the_same_seed_gives_the_same_answer(found: Segments) -> None:
    assert fit().to_dict() == found.to_dict()


def test_another_seed_finds_the_same_groups(found: Segments) -> None:
    assert agreement(fit(seed=7).predict(TABLE), found.predict(TABLE)) > 0.98


def test_a_second_fit_of_one_object_is_a_fresh_fit(found: Segments) -> None:
    again = Segments(schema=schema(TABLE))
    again.fit(shop(apart=0, seed=4)[0])
    assert again.kind_ == "tiers"
    assert again.fit(TABLE).to_dict() == found.to_dict()


def test_the_target_is_never_seen(found: Segments) -> None:
    """Permuted, turned round or gone, it changes nothing: neither the groups nor the evidence."""
    place = TABLE.column_names.index("bought")
    order = np.random.default_rng(0).permutation(ROWS)
    permuted = TABLE.set_column(place, "bought", TABLE["bought"].take(pa.array(order)))
    perfect = TABLE.set_column(place, "bought", pa.array((KINDS == 0).astype(float)))
    for table in (permuted, perfect, TABLE.drop_columns(["bought"])):
        again = fit(table)
        assert again.to_dict() == found.to_dict()
        assert [each.to_dict() for each in again.judged_] == [
            each.to_dict() for each in found.judged_
        ]
    assert "bought" not in json.dumps(found.to_dict())


def test_a_fresh_fit_with_as_many_parts_is_the_same(found: Segments) -> None:
    np.testing.assert_array_equal(found.again(TABLE), found.assign(TABLE).labels)


def test_a_fresh_fit_cuts_anew(flat: tuple[Segments, pa.Table], ruled: Segments) -> None:
    """Cuts of the fit alone would keep the shares that the first table gave them."""
    segments, table = flat
    np.testing.assert_array_equal(segments.again(table), segments.assign(table).labels)
    richer = table.filter(pc.greater(table["spend"], 1.0))
    kept, anew = (
        np.bincount(labels, minlength=4)[0] / richer.num_rows
        for labels in (segments.assign(richer).labels, segments.again(richer))
    )
    assert abs(anew - 0.10) < 0.03 < kept - 0.10
    np.testing.assert_array_equal(ruled.again(TABLE), ruled.assign(TABLE).labels)
    part = TABLE.slice(0, 700)
    assert (ruled.again(part) != ruled.assign(part).labels).any()


def test_without_groups_there_are_tiers_along_value(flat: tuple[Segments, pa.Table]) -> None:
    segments, table = flat
    assert (segments.kind_, segments.structure_, segments.chosen_) == ("tiers", False, None)
    assert segments.ids_ == ("T1", "T2", "T3", "T4")
    assert segments.names_[0] == "Top tenth by value"
    assert segments.because_.startswith(
        "No groups beyond one correlated continuum: 3 to 5 groups were tried and none passed. "
        "Nearest to it are "
    )
    labels = segments.assign(table).labels
    orders = table["orders"].to_numpy()
    assert [orders[labels == tier].min() > orders[labels == tier + 1].max() for tier in range(3)]
    # Two decimals of a cut move less than 1 % of the customers.
    np.testing.assert_allclose(np.bincount(labels) / ROWS, [0.1, 0.2, 0.3, 0.4], atol=0.01)
    assert len(set(labels[orders == 0])) == 1


def test_tiers_with_large_ties_are_fewer_and_say_their_true_size() -> None:
    table = shop(apart=0, seed=1)[0]
    few = np.where(np.arange(ROWS) < 120, np.arange(ROWS), 0.0)  # 8 of 100 have orders at all
    table = table.set_column(1, "orders", pa.array(few)).drop_columns(["spend"])
    segments = fit(table)
    labels = segments.assign(table).labels
    assert segments.kind_ == "tiers"
    assert np.bincount(labels).tolist() == [(few > 0).sum(), (few == 0).sum()]
    assert segments.names_ == ("Top 8 % by value", "Bottom 92 % by value")


def test_where_nearly_all_have_no_value_tiers_lie_along_another_axis() -> None:
    table = shop(apart=0, seed=1)[0]
    few = np.where(np.arange(ROWS) < 30, np.arange(ROWS), 0.0)
    segments = fit(table.set_column(1, "orders", pa.array(few)).drop_columns(["spend"]))
    assert segments.kind_ == "tiers"
    assert len(segments.ids_) == 4
    assert not any(name.endswith("value") for name in segments.names_)


def test_without_a_value_axis_tiers_lie_along_what_goes_with_all() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=ROWS)
    table = pa.table(
        {
            "visits": common + 0.4 * rng.normal(size=ROWS),
            "discount_share": 0.8 * common + 0.6 * rng.normal(size=ROWS),
            "returns": 0.4 * common + rng.normal(size=ROWS),
        }
    )
    segments = fit(table)
    assert segments.kind_ == "tiers"
    assert all(name.endswith("engagement") for name in segments.names_)


def test_rules_are_exact(ruled: Segments) -> None:
    """The boxes, read from the positions by hand, are the assignment."""
    assert (ruled.kind_, ruled.structure_) == ("rules", True)
    assert ruled.ids_ == ("S1", "S2", "S3", "S4")
    assert isinstance(ruled.parts_, Boxes)
    placed = ruled.assign(TABLE)
    lower, upper = ruled.parts_.leaves.lower, ruled.parts_.leaves.upper
    x = placed.placed.positions[:, None, :].astype(np.float64)
    inside = ((x > lower.astype(np.float32)) & (x <= upper.astype(np.float32))).all(axis=2)
    assert (inside.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(inside.argmax(axis=1), placed.labels)
    assert agreement(placed.labels, KINDS) > 0.8
    assert all(len(rule["text"].split(" and ")) <= 3 for rule in ruled.parts_.leaves.rules())


def test_a_number_of_groups_of_the_user_is_judged_alone() -> None:
    segments = fit(k=3)
    assert [each.k for each in segments.judged_] == [3]
    assert len(segments.ids_) == 3
    none = fit(shop(apart=0)[0], k=3)
    assert none.kind_ == "tiers"
    assert none.names_ == ("Top third by value", "Next third by value", "Bottom third by value")
    assert "3 groups were tried and none passed" in none.because_


def test_names_of_the_user_are_kept(found: Segments) -> None:
    given = {"S2": "Our regulars", "S9": "Nobody yet"}
    named = fit(names=given)
    assert named.names_[1] == "Our regulars"
    assert named.names_[0] == found.names_[0]
    assert named.suggested_ == found.suggested_
    assert reloaded(named).names_ == named.names_
    # And whatever the ids become, the name goes with the id.
    turned = named.renamed(("S2", "S1", "S9", "S5"), ("a", "b", "c", "d"))
    assert turned.names_ == ("Our regulars", "b", "Nobody yet", "d")
    assert set(turned.used_) == {"S1", "S2", "S3", "S4", "S5", "S9"}


def test_a_name_that_the_user_took_is_not_suggested_again(found: Segments) -> None:
    named = fit(names={"S1": found.names_[1]})
    assert len(set(named.names_)) == 4


def test_axes_of_the_user_form_the_space() -> None:
    asked = {"loyalty": ["orders", "visits"], "thrift": ["-discount_share"]}
    segments = fit(axes=asked, k=3)
    assert [axis.name for axis in segments.axes_] == ["loyalty", "thrift"]
    assert segments.axes_[1].columns[0].sign == -1
    assert dict(segments.left_out_)["spend"] == "not named in [segments] axes"
    with pytest.raises(StudyError, match="role is target; segments never see what happened"):
        fit(axes=["value", "bought"])


def test_doubtful_is_who_is_between_two_or_unknown_on_most_axes(found: Segments) -> None:
    assert isinstance(found.parts_, Centres)
    assigned = found.assign(TABLE)
    away = np.linalg.norm(
        assigned.placed.positions[:, None].astype(float) - found.parts_.centres, axis=2
    )
    near = np.sort(away, axis=1)
    np.testing.assert_array_equal(assigned.doubtful, near[:, 0] / near[:, 1] > 0.9)
    assert 0 < assigned.doubtful.mean() < 0.2
    clear = pa.table({"orders": [3.0], "spend": [20.0], "visits": [9.0], "discount_share": [0.1]})
    assert found.assign(clear).doubtful.tolist() == [False]
    blind = found.assign(clear.drop_columns(["visits", "discount_share"]))
    assert blind.placed.flagged.tolist() == [[False, True, True]]
    assert blind.doubtful.tolist() == [True]
    assert dict(blind.warnings) == {
        ("missing column", "visits"): 1,
        ("missing column", "discount_share"): 1,
    }


def test_next_month_keeps_the_ruler_and_holds(found: Segments) -> None:
    before = found.assign(TABLE)
    moved = before.placed.positions + np.float32(0.3) * np.random.default_rng(0).normal(
        size=before.placed.positions.shape
    ).astype(np.float32)
    later = type(before.placed)(moved, before.placed.flagged)
    held = found.hold(later, before.labels)
    free = found.assign_placed(later).labels
    stayed = held == before.labels
    assert (free[~stayed] == held[~stayed]).all()
    assert (held != before.labels).mean() < (free != before.labels).mean()
    np.testing.assert_array_equal(found.hold(later, np.full(ROWS, -1)), free)


def test_a_refit_keeps_the_axes_and_starts_from_the_old_centres(found: Segments) -> None:
    later = shop(seed=9)[0]
    again = Segments(schema=schema(later)).fit(later, before=found)
    assert again.space_ is found.space_
    assert isinstance(again.parts_, Centres)
    assert isinstance(found.parts_, Centres)
    # The same kinds in the same order: nobody has to match what did not move.
    np.testing.assert_allclose(again.parts_.centres, found.parts_.centres, atol=0.2)


def test_an_axis_that_is_the_same_for_all_next_month_is_no_error(found: Segments) -> None:
    later = TABLE.set_column(3, "visits", pa.array(np.ones(ROWS)))
    again = Segments(schema=schema(later)).fit(later, before=found)
    assert again.axes_ == found.axes_
    assert np.isfinite(again.assign(later).placed.positions).all()


def test_an_axis_that_is_the_same_for_all_has_no_deviations() -> None:
    """A mean of equal numbers need not be that number to the last digit."""
    positions = np.random.default_rng(0).normal(size=(1_000, 2)).astype(np.float32)
    positions[:, 1] = 0.1
    assert (deviations(positions, np.arange(1_000) % 3, 3)[:, 1] == 0).all()


def test_deviations_by_hand() -> None:
    positions = np.array([[0, 1], [0, 1], [2, 1], [2, 1]], np.float32)
    # The first axis has mean 1 and standard deviation 1; the second does not vary.
    expected = [[-1, 0], [1, 0], [-1, 0]]
    assert deviations(positions, np.array([0, 0, 1, 1]), 3)[:2].tolist() == expected[:2]


@pytest.mark.parametrize("rows", [0, 1, 499])
def test_too_few_customers_are_refused(rows: int) -> None:
    with pytest.raises(Refusal) as error:
        fit(TABLE.slice(0, rows))
    assert str(error.value) == (
        f"no segments: {rows} customers are too few to tell groups from chance; 500 are the least."
    )


def test_five_hundred_are_enough() -> None:
    assert fit(TABLE.slice(0, 500)).kind_ in ("segments", "tiers")


def test_infinite_values_are_an_error() -> None:
    values = TABLE["orders"].to_numpy().copy()
    values[:3] = np.inf, -np.inf, np.inf
    with pytest.raises(DataError) as error:
        fit(TABLE.set_column(1, "orders", pa.array(values)))
    assert str(error.value) == (
        'column "orders": 3 of 1,500 values are infinite; numbers are expected. Set them to '
        "missing, or give the column the role ignore."
    )


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (["region", "bought"], "no column of numbers says how customers differ"),
        (["orders", "age", "region"], "only orders says how customers differ"),
        (["customer", "age"], "no column of numbers says how customers differ"),
    ],
)
def test_too_few_columns_are_refused(kept: list[str], told: str) -> None:
    with pytest.raises(
        Refusal, match=f"^no segments: {told}, and groups need two such columns or more"
    ):
        fit(TABLE.select(kept))


def test_columns_that_are_all_the_same_are_refused() -> None:
    table = pa.table({name: np.full(600, 3.0) for name in ("orders", "spend", "visits")})
    with pytest.raises(Refusal, match=r"no column of numbers says .* orders: the same for all"):
        fit(table)


def test_columns_that_cancel_each_other_are_refused() -> None:
    values = np.random.default_rng(0).normal(size=600)
    table = pa.table({"orders": values, "spend": -values})
    with pytest.raises(Refusal, match=r"^no segments: all customers stand alike on every axis\."):
        fit(table, axes={"value": ["orders", "spend"]})


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"k": 1}, "k must be a whole number from 2 to 20, got 1."),
        ({"k": 21}, "k must be a whole number from 2 to 20, got 21."),
        ({"k": 3.5}, "k must be a whole number from 2 to 20, got 3.5."),
        (
            {"names": {"S1": "Fans", "S2": "Fans"}},
            "names gives two segments the same name; they must differ.",
        ),
        (
            {"axes": "value"},
            "axes must be columns by axis name or a list of names, got 'value'.",
        ),
    ],
)
def test_parameters_that_break_their_rule_are_told(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(told)}$"):
        fit(**parameters)


def test_what_is_not_fitted_says_so() -> None:
    fresh = Segments()
    for use in (
        lambda: fresh.assign(TABLE),
        lambda: fresh.predict(TABLE),
        lambda: fresh.axes_,
        lambda: fresh.to_dict(),
        lambda: fresh.again(TABLE),
        lambda: fresh.renamed((), ()),
    ):
        with pytest.raises(
            UserError, match=r"^these segments were not fitted; call fit\(X\) first"
        ):
            use()


def test_parts_that_do_not_fit_are_refused(found: Segments) -> None:
    whole = found.to_dict()
    with pytest.raises(ValueError, match="the segments and their names do not fit each other"):
        Segments.from_dict(whole | {"names": ["one"]})
    with pytest.raises(ValueError, match="there is no kind of segments 'types'"):
        Segments.from_dict(whole | {"kind": "types"})


def test_other_tables_and_a_matrix_will_do(found: Segments) -> None:
    import pandas as pd

    frame = pd.DataFrame({name: TABLE[name].to_numpy() for name in ("orders", "discount_share")})
    assert found.assign(frame).labels.shape == (ROWS,)
    matrix = np.column_stack([frame["orders"], frame["discount_share"]])
    segments = Segments().fit(matrix)
    assert segments.predict(matrix).shape == (ROWS,)
    assert len(segments.axes_) == 2
