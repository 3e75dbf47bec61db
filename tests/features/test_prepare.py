"""Preparation: seasons instead of dates, no names of campaigns, the arm as a column."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError
from patron.features.derived import Derived, Factor
from patron.features.prepare import Preparation
from patron.schema import Column, Role, Schema

DAYS = (dt.date(2024, 4, 2), dt.date(2024, 7, 2), dt.date(2025, 1, 8), dt.date(2025, 4, 1))
ROLES = {
    "sent_on": Role.AS_OF,
    "campaign_id": Role.CATEGORY,
    "arm": Role.FLAG,
    "spend": Role.MONEY,
    "orders": Role.COUNT,
    "region": Role.CATEGORY,
    "first_order": Role.DATE,
}


def mailing(rows: int = 400, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    which = rng.integers(0, len(DAYS), rows)
    known = [dt.timedelta(int(days)) for days in rng.integers(5, 900, rows)]
    first = [DAYS[w] - days for w, days in zip(which, known, strict=True)]
    return pa.table(
        {
            "sent_on": pa.array([DAYS[w] for w in which]),
            "campaign_id": [f"C{w}" for w in which],
            "arm": rng.integers(0, 2, rows),
            "spend": rng.lognormal(4, 1, rows),
            "orders": rng.poisson(3, rows),
            "region": rng.choice(["north", "south"], rows),
            "first_order": pa.array(first),
        }
    )


def roles(table: pa.Table, **changed: Role) -> Schema:
    known = ROLES | changed
    return Schema(
        tuple(
            Column(name, known[name], "the test says so", str(table.schema.field(name).type))
            for name in table.column_names
        )
    )


def levels(prepared: Preparation, table: pa.Table, name: str) -> list[str]:
    """The labels of the rows in a category's column of the design."""
    design = prepared.design(table)
    codes = design.matrix[:, design.names.index(name)]
    return ["missing" if np.isnan(c) else design.levels[name][int(c)] for c in codes]


@pytest.mark.parametrize("role", [Role.AS_OF, Role.DATE])
def test_the_date_of_a_campaign_becomes_its_month(role: Role) -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table, sent_on=role))
    assert prepared.seasons == ("sent_on",)
    names = prepared.design(table).names
    assert "month of sent_on" in names
    assert "sent_on" not in names  # days since 1970 would say which campaign it was
    months = [f"{day.month:02d}" for day in table["sent_on"].to_pylist()]
    assert levels(prepared, table, "month of sent_on") == months
    assert (
        "The season is the month of sent_on: learned are January, April, July; for the other 9 the "
        "average of those seen is taken."
    ) in prepared.notes


def test_the_same_season_of_another_year_is_known_and_a_new_one_is_other() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    later = table.slice(0, 3).set_column(
        0, "sent_on", pa.array([dt.date(2027, 7, 9), dt.date(2026, 1, 1), dt.date(2026, 10, 6)])
    )
    assert levels(prepared, later, "month of sent_on") == ["07", "01", "other"]
    assert prepared.design(later).warnings["unseen category", "month of sent_on"] == 1


def test_dates_as_text_and_as_moments_have_the_same_season() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    days = table["sent_on"].to_pylist()
    expected = prepared.design(table).matrix
    as_text = table.set_column(0, "sent_on", pa.array([day.isoformat() for day in days]))
    moments = [dt.datetime.combine(day, dt.time(8, 30)) for day in days]
    as_moments = table.set_column(0, "sent_on", pa.array(moments, pa.timestamp("us")))
    place = prepared.design(table).names.index("month of sent_on")
    for other in (as_text, as_moments):
        np.testing.assert_array_equal(prepared.design(other).matrix[:, place], expected[:, place])


def test_a_date_that_is_missing_has_no_season() -> None:
    table = mailing()
    days = [None if row % 7 == 0 else day for row, day in enumerate(table["sent_on"].to_pylist())]
    gaps = table.set_column(0, "sent_on", pa.array(days))
    prepared = Preparation.fit(gaps, roles(gaps))
    found = levels(prepared, gaps, "month of sent_on")
    assert {found[row] for row in range(0, 400, 7)} == {"missing"}
    whole = Preparation.fit(table, roles(table))
    gone = table.drop_columns(["sent_on"])
    assert set(levels(whole, gone, "month of sent_on")) == {"missing"}


def test_the_campaigns_name_is_left_out_as_it_says_no_more_than_its_date() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    assert "campaign_id" not in prepared.design(table).names
    assert "campaign_id" not in prepared.inputs
    assert (
        "campaign_id says no more than sent_on, and a new one would say nothing; it is left out."
    ) in prepared.notes


def test_a_category_that_says_more_than_the_date_stays() -> None:
    table = mailing()
    halves = [f"{name}-{row % 2}" for row, name in enumerate(table["campaign_id"].to_pylist())]
    table = table.set_column(1, "campaign_id", pa.array(halves))
    prepared = Preparation.fit(table, roles(table))
    assert "campaign_id" in prepared.design(table).names


def test_one_month_is_no_season() -> None:
    table = mailing()
    two = [dt.date(2024, 4, 2 + row % 2) for row in range(400)]
    table = table.set_column(0, "sent_on", pa.array(two))
    prepared = Preparation.fit(table, roles(table, sent_on=Role.DATE))
    assert prepared.seasons == ()
    assert "sent_on" not in prepared.design(table).names
    assert "All rows of sent_on are of one month: no season can be learned." in prepared.notes


def test_a_customers_own_date_stays_one() -> None:
    """Many different days, each of few rows: not a campaign's."""
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    design = prepared.design(table)
    days = np.array(
        [
            (sent - first).days
            for sent, first in zip(
                table["sent_on"].to_pylist(), table["first_order"].to_pylist(), strict=True
            )
        ]
    )
    np.testing.assert_array_equal(design.matrix[:, design.names.index("first_order")], days)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pa.array([0, 1] * 200), ["0", "1"]),
        (pa.array([0.0, 1.0] * 200), ["0", "1"]),
        (pa.array([False, True] * 200), ["false", "true"]),
        (pa.array(["none", "card"] * 200), ["card", "none"]),
    ],
    ids=["integer", "float", "flag", "text"],
)
def test_the_arm_is_a_column_whatever_its_type(values: pa.Array, labels: list[str]) -> None:
    table = mailing().set_column(2, "arm", values)
    prepared = Preparation.fit(table, roles(table))
    assert prepared.arm == "arm"
    design = prepared.design(table)
    assert sorted(design.levels["arm"]) == sorted([*labels, "other"])
    arms = prepared.arms(prepared.design(table))
    assert arms is not None
    assert len(set(arms)) == 2
    assert (arms == arms[0]).tolist() == [row % 2 == 0 for row in range(400)]


def test_an_arm_of_floats_is_the_arm_of_integers() -> None:
    """A CSV with one gap turns 0 and 1 into 0.0 and 1.0 between training and scoring."""
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    floats = table.set_column(2, "arm", table["arm"].cast(pa.float64()))
    np.testing.assert_array_equal(
        prepared.arms(prepared.design(floats)), prepared.arms(prepared.design(table))
    )
    np.testing.assert_array_equal(prepared.design(floats).matrix, prepared.design(table).matrix)


def test_which_column_is_the_arm() -> None:
    table = mailing().append_column("card", pa.array([0, 1] * 200))
    table = table.rename_columns(
        ["treated" if name == "arm" else name for name in table.column_names]
    )
    known = {"treated": Role.FLAG, "card": Role.FLAG}
    # By its name, unless it is named otherwise, or a role says so.
    assert Preparation.fit(table, roles(table, **known)).arm == "treated"
    assert Preparation.fit(table, roles(table, **known), arm="card").arm == "card"
    by_role = known | {"card": Role.TREATMENT}
    assert Preparation.fit(table, roles(table, **by_role)).arm == "card"


def test_two_columns_that_are_named_like_an_arm_are_none() -> None:
    table = mailing().append_column("treatment", pa.array([0, 1] * 200))
    prepared = Preparation.fit(table, roles(table, treatment=Role.FLAG))
    assert prepared.arm is None
    assert prepared.arms(prepared.design(table)) is None


def test_without_its_arm_a_row_is_of_none() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    arms = prepared.arms(prepared.design(table.drop_columns(["arm"])))
    assert set(arms) == {""}


def test_doses_are_arms_of_their_own() -> None:
    table = mailing()
    doses = pa.array(np.array([0.05, 0.1, 0.15])[np.arange(len(table)) % 3])
    table = table.set_column(table.column_names.index("arm"), "arm", doses)
    prepared = Preparation.fit(table, roles(table), arm="arm")
    assert set(prepared.arms(prepared.design(table))) == {"0.05", "0.1", "0.15"}


def test_a_date_of_many_days_stays_a_date() -> None:
    """When a customer signed up, by month, is no campaign: it is known as a date."""
    table = mailing().drop_columns(["sent_on", "campaign_id"])
    months = np.arange("2022-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]")
    signed = pa.array(months[np.arange(len(table)) % 24])
    table = table.set_column(table.column_names.index("first_order"), "first_order", signed)
    prepared = Preparation.fit(table, roles(table))
    assert prepared.seasons == ()
    assert "first_order" in prepared.design(table).names


def test_dates_that_cannot_be_read_are_counted() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    (date,) = prepared.seasons
    place = table.column_names.index(date)
    texts = [
        str(day)[:10] if row % 4 else "soon" for row, day in enumerate(table[date].to_pylist())
    ]
    design = prepared.design(table.set_column(place, date, pa.array(texts)))
    assert design.warnings["unreadable value", date] == len(range(0, len(table), 4))


def test_derived_features_are_made_where_their_columns_are() -> None:
    table = mailing()
    pace = Derived("spend per order", (Factor("times", "spend"), Factor("over", "orders")), "why")
    prepared = Preparation.fit(table, roles(table), derived=[pace])
    design = prepared.design(table)
    made = design.matrix[:, design.names.index("spend per order")]
    spend, orders = (table[name].to_numpy() for name in ("spend", "orders"))
    np.testing.assert_allclose(made, spend / np.maximum(orders, 1), rtol=1e-5)
    gone = prepared.design(table.drop_columns(["orders"]))
    assert np.isnan(gone.matrix[:, gone.names.index("spend per order")]).all()


def test_inputs_are_the_tables_columns() -> None:
    table = mailing()
    pace = Derived("spend per order", (Factor("times", "spend"), Factor("over", "orders")), "why")
    prepared = Preparation.fit(table, roles(table), derived=[pace])
    expected = {"arm", "spend", "orders", "region", "first_order", "sent_on"}
    assert set(prepared.inputs) == expected
    assert len(prepared.inputs) == len(expected)


def test_a_batch_is_as_good_as_a_table() -> None:
    table = mailing()
    prepared = Preparation.fit(table, roles(table))
    batch = table.combine_chunks().to_batches()[0]
    np.testing.assert_array_equal(prepared.design(batch).matrix, prepared.design(table).matrix)


def test_a_row_by_itself_is_the_row_among_others() -> None:
    table = mailing(80)
    prepared = Preparation.fit(table, roles(table))
    rows = [prepared.design(table.slice(row, 1)).matrix for row in range(80)]
    np.testing.assert_array_equal(np.concatenate(rows), prepared.design(table).matrix)
    assert prepared.design(table.slice(0, 0)).matrix.shape == (0, rows[0].shape[1])


def test_saved_and_loaded_is_the_same() -> None:
    table = mailing()
    pace = Derived("spend per order", (Factor("times", "spend"), Factor("over", "orders")), "why")
    target = table["spend"].to_numpy()
    prepared = Preparation.fit(table, roles(table), target, derived=[pace])
    again = Preparation.from_dict(json.loads(json.dumps(prepared.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.design(table).matrix, prepared.design(table).matrix)
    np.testing.assert_array_equal(
        again.arms(again.design(table)), prepared.arms(prepared.design(table))
    )
    assert again.to_dict() == prepared.to_dict()
    assert (again.inputs, again.notes) == (prepared.inputs, prepared.notes)


def test_no_feature_is_a_sentence() -> None:
    table = mailing().select(["sent_on", "campaign_id"])
    same_month = table.set_column(0, "sent_on", pa.array([dt.date(2024, 4, 2)] * 400))
    same_name = same_month.set_column(1, "campaign_id", pa.array(["C0"] * 400))
    with pytest.raises(DataError, match="no column is left to predict from"):
        Preparation.fit(same_name, roles(same_name))
