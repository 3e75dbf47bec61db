"""Axes from names, roles and correlations, and those that the user names."""

import datetime as dt
import re
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import Refusal, StudyError
from patron.features.catalogue import FEATURES
from patron.models.segment_axes import DIMENSIONS, Axis, Declared, declare, numeric_columns
from patron.models.segment_space import SegmentSpace
from patron.models.spend_inputs import roles_of
from patron.schema import Column, Role, Schema
from patron.worlds import make

ROWS = 400


def schema(**roles: Role) -> Schema:
    return Schema(tuple(Column(name, role, "by hand", "double") for name, role in roles.items()))


def told(declared: Declared) -> dict[str, list[str]]:
    """By axis its columns, with a minus where more of it is less of the axis."""
    return {
        axis.name: [("-" if column.sign < 0 else "") + column.name for column in axis.columns]
        for axis in declared.axes
    }


@cache
def of_world(name: str) -> dict[str, list[str]]:
    table = make(name, rows=1_500).table
    return told(declare(table, roles_of(table)))


def noise(*names: str, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=ROWS) for name in names}


def shop() -> tuple[pa.Table, Schema]:
    """Orders and spend go together; the others do not."""
    columns = noise("orders", "spend", "days_since_last_purchase", "visits", "discount_share")
    columns["spend"] += 2 * columns["orders"]
    roles = {
        "orders": Role.COUNT,
        "spend": Role.MONEY,
        "days_since_last_purchase": Role.COUNT,
        "visits": Role.COUNT,
        "discount_share": Role.RATE,
    }
    return pa.table(columns), schema(**roles)


@pytest.mark.parametrize("name", ["marketplace", "retailer", "shop"])
def test_the_columns_of_the_worlds_form_five_axes(name: str) -> None:
    found = of_world(name)
    assert list(found) == list(DIMENSIONS)
    assert {"orders_90d", "orders_365d", "total_spend_365d"} <= set(found["value"])
    assert found["recency"] == ["-days_since_last_visit", "-days_since_last_purchase"]
    assert {"email_open_rate", "email_click_rate"} <= set(found["engagement"])
    assert "discount_usage_rate" in found["discount"]
    assert {"refund_rate", "return_rate"} & set(found["returns"])


@pytest.mark.parametrize("name", ["marketplace", "retailer", "shop"])
def test_who_they_are_and_how_long_forms_no_axis(name: str) -> None:
    table = make(name, rows=1_500).table
    declared = declare(table, roles_of(table))
    left = dict(declared.left_out)
    assert left["age"] == "says who they are, not what they do"
    assert left["tenure_days"] == "says how long they have been customers"
    assert left["acquisition_channel"] == "a category describes, and has no more or less"
    assert not set(left) & {column for axis in declared.axes for column in axis.names}


def test_every_column_is_on_one_axis_or_left_out_with_its_reason() -> None:
    table = make("marketplace", rows=1_500).table
    roles = roles_of(table)
    declared = declare(table, roles)
    places = [column for axis in declared.axes for column in axis.names]
    places += [name for name, _ in declared.left_out]
    assert sorted(places) == sorted(roles.features)
    assert all(because for _, because in declared.left_out)
    assert all(column.because for axis in declared.axes for column in axis.columns)


def test_the_features_that_are_made_of_orders() -> None:
    columns = noise(*(feature.name for feature in FEATURES))
    roles = schema(**{feature.name: feature.role for feature in FEATURES})
    found = told(declare(pa.table(columns), roles))
    assert set(found["recency"]) == {"-recency_days", "-recency_over_gap", "-quiet_share"}
    assert {"orders", "order_days", "order_lines", "units", "spend"} <= set(found["value"])
    assert {"average_order_value", "orders_365d", "spend_365d"} <= set(found["value"])
    assert "-mean_gap_days" in found["value"]
    placed = {column.lstrip("-") for columns in found.values() for column in columns}
    assert not placed & {"tenure_days", "spend_trend", "weekend_share", "gap_variation"}


@pytest.mark.parametrize(
    ("name", "role", "expected"),
    [
        ("orders_365d", Role.COUNT, "+value"),
        ("avg_days_between_orders", Role.NUMBER, "+value"),
        ("days_since_last_order", Role.COUNT, "-recency"),
        ("DaysSinceLastVisit", Role.NUMBER, "-recency"),
        ("weeks_ago", Role.NUMBER, "-recency"),
        ("last_order", Role.DATE, "-recency"),
        ("last_order_date", Role.DATE, "-recency"),
        ("recent_purchase", Role.DATE, "-recency"),
        ("last_seen_at", Role.DATE, "-recency"),
        ("last_order_day", Role.NUMBER, "+recency"),
        ("last_order_value", Role.MONEY, "+value"),
        ("spend_last_day", Role.MONEY, "+value"),
        ("discount_on_last_order", Role.RATE, "+discount"),
        ("days_since_last_return", Role.COUNT, "-returns"),
        ("last_return_date", Role.DATE, "-returns"),
        ("visits_90d", Role.COUNT, "+engagement"),
        ("email_unsubscribes", Role.COUNT, "-engagement"),
        ("cart_abandonment_rate", Role.RATE, "-engagement"),
        ("coupon_orders", Role.COUNT, "+discount"),
        ("refunded_amount", Role.MONEY, "+returns"),
        ("nps", Role.NUMBER, "-returns"),
        ("first_order_date", Role.DATE, "a date that does not say when they were last here"),
        ("signup_date", Role.DATE, "a date that does not say when they were last here"),
        ("customer_since", Role.DATE, "a date that does not say when they were last here"),
        ("years_customer_since", Role.NUMBER, "says how long they have been customers"),
        ("member_since", Role.NUMBER, "says how long they have been customers"),
        ("days_since_signup", Role.COUNT, "says how long they have been customers"),
        ("days_since_first_order", Role.COUNT, "says how long they have been customers"),
        ("income", Role.MONEY, "says who they are, not what they do"),
        ("spend_trend", Role.RATE, "says how or when they do it, not how much"),
        ("x17", Role.NUMBER, "neither its name nor its correlations say an axis"),
    ],
)
def test_what_a_name_says(name: str, role: Role, expected: str) -> None:
    """Beside two columns on two other axes, with which it has nothing to do."""
    day = dt.date(2025, 1, 1)
    rng = np.random.default_rng(1)
    values: object = rng.normal(size=ROWS)
    if role == Role.DATE:
        values = [day - dt.timedelta(int(days)) for days in rng.integers(0, 900, ROWS)]
    columns = {**noise("sales", "logins"), name: values, "today": [day] * ROWS}
    roles = schema(sales=Role.MONEY, logins=Role.COUNT, **{name: role}, today=Role.AS_OF)
    declared = declare(pa.table(columns), roles)
    if expected[0] in "+-":
        sign = expected[0].replace("+", "")
        assert sign + name in told(declared)[expected[1:]]
    else:
        assert dict(declared.left_out)[name] == expected


def test_dates_count_only_where_the_rows_have_a_date() -> None:
    table, roles = shop()
    last = pa.array([dt.date(2025, 1, 1 + row % 28) for row in range(ROWS)])
    table = table.append_column("last_visit_date", last)
    dated = Schema((*roles.columns, Column("last_visit_date", Role.DATE, "by hand", "date32")))
    left = dict(declare(table, dated).left_out)
    assert left["last_visit_date"] == "a date, and the rows have no date to count its days to"
    table = table.append_column("as_of", pa.array([dt.date(2025, 2, 1)] * ROWS))
    whole = Schema((*dated.columns, Column("as_of", Role.AS_OF, "by hand", "date32")))
    assert told(declare(table, whole))["recency"] == [
        "-days_since_last_purchase",
        "-last_visit_date",
    ]
    # Counted back: the first of January is 31 days before.
    assert numeric_columns(table, whole)["last_visit_date"][:2].tolist() == [31, 30]


def test_a_column_that_says_nothing_joins_what_it_goes_with() -> None:
    table, roles = shop()
    visits = table["visits"].to_numpy()
    table = table.append_column("q7", pa.array(-visits + 0.1 * table["spend"].to_numpy()))
    declared = declare(table, Schema((*roles.columns, *schema(q7=Role.NUMBER).columns)))
    assert told(declared)["engagement"] == ["visits", "-q7"]
    because = declared.axes[2].columns[1].because
    assert re.fullmatch(r"goes with engagement \(rank correlation -0\.9\d\)", because)


def test_a_column_that_falls_where_the_others_rise_is_turned_round() -> None:
    columns = noise("orders", "spend", "units", "visits")
    for name in ("orders", "spend", "units"):
        columns[name] += 2 * columns["visits"]
    columns["units"] *= -1
    roles = schema(orders=Role.COUNT, spend=Role.MONEY, units=Role.COUNT, visits=Role.COUNT)
    declared = declare(pa.table(columns), roles)
    assert told(declared)["value"] == ["orders", "spend", "-units"]
    because = declared.axes[0].columns[2].because
    assert because.startswith(
        'its name says "units"; turned round, as it falls where the others rise (-0.'
    )


def test_of_two_columns_nobody_knows_which_to_turn() -> None:
    columns = noise("orders", "visits")
    columns["spend"] = -columns["orders"]
    roles = schema(orders=Role.COUNT, visits=Role.COUNT, spend=Role.MONEY)
    assert told(declare(pa.table(columns), roles))["value"] == ["orders", "spend"]


def factors(constant: bool = False) -> tuple[pa.Table, Schema]:
    """f1 to f20, five factors with four columns each; every fourth column falls with its factor."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(ROWS, 5))
    columns = {}
    for number in range(20):
        values = hidden[:, number % 5] + 0.4 * rng.normal(size=ROWS)
        columns[f"f{number + 1}"] = -values if number >= 15 else values
    if constant:  # but for one customer, whom a sample need not see
        columns["f21"] = np.where(np.arange(ROWS) == 0, 1.0, 0.0)
    return pa.table(columns), schema(**dict.fromkeys(columns, Role.NUMBER))


def test_columns_without_names_are_grouped_by_correlation() -> None:
    declared = declare(*factors())
    assert told(declared) == {
        f"f{first}": [f"f{first}", f"f{first + 5}", f"f{first + 10}", f"-f{first + 15}"]
        for first in range(1, 6)
    }
    assert declared.left_out == ()
    assert declared.axes[0].title == "f1 and what goes with it"
    assert [each.because for each in declared.axes[0].columns[:2]] == [
        "its name says no axis",
        "goes with f1",
    ]


def test_a_column_that_is_constant_in_the_sample_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patron.models.segment_axes.MOST_ROWS", 100)
    seed = next(
        seed for seed in range(9) if 0 not in np.random.default_rng(seed).permutation(ROWS)[:100]
    )
    table, roles = factors(constant=True)
    found = told(declare(table, roles, seed=seed))
    assert sorted(map(len, found.values())) == [4] * 5


def test_axes_of_the_user() -> None:
    table, roles = shop()
    asked = {"loyalty": ["orders", "- days_since_last_purchase"], "value": ["spend"]}
    declared = declare(table, roles, asked)
    assert told(declared) == {
        "loyalty": ["orders", "-days_since_last_purchase"],
        "value": ["spend"],
    }
    assert [axis.title for axis in declared.axes] == ["loyalty", "how much they buy"]
    assert {axis.because for axis in declared.axes} == {"named in [segments] axes"}
    assert dict(declared.left_out) == {
        "visits": "not named in [segments] axes",
        "discount_share": "not named in [segments] axes",
    }


def test_a_column_whose_name_begins_with_a_minus_is_itself() -> None:
    columns = noise("-spend", "spend")
    roles = schema(**dict.fromkeys(columns, Role.NUMBER))
    declared = declare(pa.table(columns), roles, {"value": ["-spend", "spend"]})
    assert [(each.name, each.sign) for each in declared.axes[0].columns] == [
        ("-spend", 1),
        ("spend", 1),
    ]


def test_a_list_of_axes_and_columns() -> None:
    declared = declare(*shop(), ["value", "-visits"])
    assert told(declared) == {"value": ["orders", "spend"], "visits": ["-visits"]}
    left = dict(declared.left_out)
    assert left["discount_share"] == "on no axis named in [segments]"


def test_what_describes_can_be_asked_for() -> None:
    table, roles = shop()
    table = table.append_column("age", pa.array(noise("age", seed=3)["age"]))
    roles = Schema((*roles.columns, *schema(age=Role.NUMBER).columns))
    declared = declare(table, roles, ["value", "age"])
    assert told(declared)["age"] == ["age"]
    assert "age" not in dict(declared.left_out)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"value": ["orders", "spnd"]},
            'The table has no column "spnd" (named by [segments] axes). The nearest is "spend". '
            "Columns: orders, spend, days_since_last_purchase, visits, discount_share, bought, "
            "later, next_spend, … (11 in all; patron init shows them). The axes are value, "
            "recency, engagement, discount, returns.",
        ),
        (
            ["loyalty", "value"],
            'The table has no column "loyalty" (named by [segments] axes). Columns: orders, '
            "spend, days_since_last_purchase, visits, discount_share, bought, later, next_spend, … "
            "(11 in all; patron init shows them). The axes are value, recency, engagement, "
            "discount, returns.",
        ),
        (
            ["value", "returns"],
            '[segments] axes names the axis "returns", but no column says it. Axes found: value, '
            "recency, engagement, discount.",
        ),
        (
            ["value", "-recency"],
            '[segments] axes names "-recency", but recency is an inferred axis and only columns '
            "are turned round. Leave the minus out, or name its columns.",
        ),
        (
            {"value": ["orders", "-orders"], "other": ["spend"]},
            "[segments] axes names a column of value twice.",
        ),
        (
            {"value": ["orders"], "other": ["spend", "orders"]},
            "[segments] axes names orders on two axes; name it on one.",
        ),
        (
            ["value", "orders"],
            "[segments] axes names orders on two axes; name it on one.",
        ),
        (
            {"value": [], "other": ["orders", "spend"]},
            "[segments] axes names no column of value; an axis has one or more.",
        ),
        *(
            (
                {"value": ["orders", name]},
                f"[segments] axes names {name}, whose role is {role}; segments never see what "
                "happened afterwards. Leave it out.",
            )
            for name, role in (
                ("bought", "target"),
                ("later", "outcome"),
                ("next_spend", "future"),
                ("offer", "treatment"),
            )
        ),
        *(
            (
                {"value": ["orders", f"-{name}"]},
                f"[segments] axes names {name}, which cannot be an axis: its role is {role}, or it "
                "is the same for all. Name columns of numbers or of yes and no that differ between "
                "customers; of a category, make a column of yes and no for each level that "
                "matters.",
            )
            for name, role in (("city", "category"), ("flat", "number"))
        ),
    ],
)
def test_what_is_asked_for_wrongly_is_told(asked: object, told: str) -> None:
    table, roles = shop()
    others = {
        "bought": Role.TARGET,
        "later": Role.OUTCOME,
        "next_spend": Role.FUTURE,
        "offer": Role.TREATMENT,
        "city": Role.CATEGORY,
        "flat": Role.NUMBER,
    }
    for name in others:
        values = noise(name)[name] if name not in ("city", "flat") else np.ones(ROWS)
        table = table.append_column(name, pa.array(values))
    whole = Schema((*roles.columns, *schema(**others).columns))
    with pytest.raises(StudyError) as error:
        declare(table, whole, asked)  # type: ignore[arg-type]
    assert str(error.value) == told


@pytest.mark.parametrize("role", [Role.TARGET, Role.OUTCOME, Role.FUTURE, Role.TREATMENT])
def test_what_happened_afterwards_forms_no_axis(role: Role) -> None:
    table, roles = shop()
    later = Schema(
        tuple(
            Column(each.name, role if each.name == "visits" else each.role, "by hand", "double")
            for each in roles.columns
        )
    )
    declared = declare(table, later)
    assert "engagement" not in told(declared)
    assert "visits" not in dict(declared.left_out)
    assert "visits" not in numeric_columns(table, later)


def test_categories_alone_are_refused() -> None:
    table = pa.table({"region": ["n", "s"] * 200, "member": [True, False] * 200})
    roles = schema(region=Role.CATEGORY, member=Role.FLAG)
    with pytest.raises(Refusal) as error:
        declare(table, roles)
    assert str(error.value) == (
        "no segments: no column of numbers says how customers differ, and groups need two such "
        "columns or more. region: a category describes, and has no more or less; member: a "
        "category describes, and has no more or less. Name columns in [segments] axes, or correct "
        "their roles in [roles]."
    )


def test_one_column_is_refused() -> None:
    columns = noise("orders", "age") | {"spend": np.full(ROWS, np.nan), "units": np.ones(ROWS)}
    roles = schema(orders=Role.COUNT, age=Role.NUMBER, spend=Role.MONEY, units=Role.COUNT)
    with pytest.raises(Refusal) as error:
        declare(pa.table(columns), roles)
    assert str(error.value) == (
        "no segments: only orders says how customers differ, and groups need two such columns or "
        "more. spend: known for 0 of 400 customers only; units: the same for all; age: says "
        "who they are, not what they do. Name columns in [segments] axes, or correct their roles "
        "in [roles]."
    )


def test_a_table_of_one_column_is_refused() -> None:
    with pytest.raises(
        Refusal, match=r"two such columns or more\. Name columns in \[segments\] axes, or"
    ):
        declare(pa.table(noise("orders")), schema(orders=Role.COUNT))


def test_a_flag_forms_an_axis_where_it_is_asked_for() -> None:
    columns = noise("orders", "visits") | {"member": np.arange(ROWS) % 3 == 0}
    table = pa.table(columns)
    roles = schema(orders=Role.COUNT, visits=Role.COUNT, member=Role.FLAG)
    assert "member" not in {name for axis in declare(table, roles).axes for name in axis.names}
    found = declare(table, roles, {"value": ["orders"], "club": ["member"]})
    placed = SegmentSpace.fit(table, roles, found.axes).place(table)
    assert len(np.unique(placed.positions[:, 1])) == 2
    assert (placed.positions[::3, 1] > 0).all()


def test_columns_that_are_all_the_same_are_refused() -> None:
    columns = {f"orders_{days}d": np.full(ROWS, float(days)) for days in range(1, 9)}
    roles = schema(**dict.fromkeys(columns, Role.COUNT))
    with pytest.raises(Refusal, match=r"no column of numbers says .*orders_6d: the same for al"):
        declare(pa.table(columns), roles)
    with pytest.raises(StudyError, match="or it is the same for all"):
        declare(pa.table(columns), roles, {"value": ["orders_1d", "orders_2d"]})


def test_the_order_of_the_columns_does_not_decide_who_is_on_an_axis() -> None:
    table = make("shop", rows=1_500).table
    roles = roles_of(table)
    turned = declare(table, Schema(tuple(reversed(roles.columns))))
    assert {name: set(columns) for name, columns in told(turned).items()} == {
        name: set(columns) for name, columns in of_world("shop").items()
    }


def test_an_axis_survives_json() -> None:
    for axis in declare(*shop()).axes:
        assert Axis.from_dict(axis.to_dict()) == axis
