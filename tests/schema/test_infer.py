"""Roles are told from values first, and from names where values leave it open."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import StudyError
from patron.schema import Column, Role, Schema, infer
from patron.schema.look import SAMPLE_ROWS, sample_rows

ROWS = 1_000
RNG = np.random.default_rng(7)


def role_of(values: object, name: str = "x") -> tuple[str, str]:
    column = infer(pa.table({name: values}))[name]
    return str(column.role), column.because


def integers(low: int, high: int) -> np.ndarray:
    return RNG.integers(low, high, ROWS)


def texts(distinct: int, form: str = "town {}") -> list[str]:
    return [form.format(i % distinct) for i in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "values", "role", "because"),
    [
        # what has nothing to say
        ("x", pa.nulls(ROWS, pa.string()), "ignore", "all missing"),
        ("x", ["same"] * ROWS, "ignore", "constant"),
        # two values
        ("x", [True, False] * 500, "flag", "two values"),
        ("x", [0, 1] * 500, "flag", "two values"),
        ("x", [0.0, 1.0] * 500, "flag", "two values"),
        ("x", ["yes", "no"] * 500, "flag", "two values as text"),
        ("x", ["Y", "N"] * 500, "flag", "two values as text"),
        ("x", ["t", "f"] * 500, "flag", "two values as text"),
        ("x", ["0", "1"] * 500, "flag", "two values as text"),
        ("x", [1, None] * 500, "flag", "one value or missing"),
        ("x", ["red", "blue"] * 500, "category", "2 distinct texts"),
        ("x", ["red", None] * 500, "category", "one text or missing"),
        ("x", ["yes", "no", "unknown", "no"] * 250, "category", "3 distinct texts"),
        # dates
        ("x", [date(2025, 1, 1) + timedelta(i) for i in range(ROWS)], "date", "dates"),
        ("x", [datetime(2025, 1, 1, i % 24) for i in range(ROWS)], "date", "dates"),
        ("x", ["2025-01-31", "2025-02-28 10:00"] * 500, "date", "dates as text"),
        ("x", [19970101, 19971231] * 500, "date", "dates as whole numbers"),
        # identifiers
        ("x", [f"C{i:05}" for i in range(ROWS)], "identifier", "near-unique text"),
        ("x", [f"{i:05}" for i in range(ROWS)], "identifier", "near-unique text"),
        ("customer_row", range(0, 2 * ROWS, 2), "identifier", "near-unique; name says row"),
        ("x", range(ROWS), "identifier", "whole numbers, each once, without a gap"),
        ("invoice_no", [f"A-{i // 3}" for i in range(ROWS)], "identifier", None),
        ("CustomerID", [i % 50 for i in range(ROWS)], "identifier", None),
        ("email", [f"a{i // 2}@b.org" for i in range(ROWS)], "identifier", None),
        # categories
        ("campaign_id", ["A", "B", "C", "D"] * 250, "category", "4 distinct texts"),
        ("campaign_id", integers(1, 4), "category", "3 distinct codes; name says id"),
        ("store_no", integers(1, 30), "category", "29 distinct codes; name says store"),
        ("zip_code", integers(10_115, 10_140), "category", "25 distinct codes; name says code"),
        ("postcode", integers(1, 100), "category", "99 distinct codes; name says postcode"),
        ("region_code", integers(1, 9), "category", "8 distinct codes; name says code"),
        ("store", integers(1, 30), "category", "29 distinct codes; name says store"),
        ("city", texts(600), "category", "600 distinct texts"),
        # numbers
        ("x", integers(-50, 50), "number", None),
        ("x", integers(18, 96), "number", "whole numbers, 78 distinct"),
        ("store_visits", integers(0, 30), "count", "whole numbers from 0; name says visits"),
        ("orders", integers(0, 30), "count", "whole numbers from 0; name says orders"),
        ("n_returns", integers(0, 30), "count", "whole numbers from 0; name says n"),
        ("days_since_last_spend", integers(0, 90), "count", "whole numbers from 0; name says days"),
        ("days_since_last", RNG.uniform(0, 90, ROWS), "number", "numbers, 1,000 distinct"),
        ("open_rate", RNG.uniform(0, 1, ROWS), "rate", "between 0 and 1; name says rate"),
        ("affinity", RNG.uniform(0, 1, ROWS), "number", "between 0 and 1"),
        ("open_rate", RNG.uniform(0, 9, ROWS), "number", "numbers, 1,000 distinct"),
        ("price_sensitivity", RNG.uniform(0, 1, ROWS), "number", "between 0 and 1"),
        ("avg_order_value", RNG.uniform(5, 90, ROWS), "money", "numbers; name says value"),
        ("balance", integers(-80, 9_000), "money", "whole numbers; name says balance"),
        ("x", RNG.uniform(5, 900, ROWS).round(2), "money", "numbers from 0 with two decimals"),
        ("x", [f"{v:.3f}" for v in RNG.uniform(5, 90, ROWS)], "number", None),
        # text
        ("x", [f"a note on visit {i // 2}" for i in range(ROWS)], "text", "text, 50 % distinct"),
        ("x", [f"a note on visit {i}" for i in range(ROWS)], "text", "text, 100 % distinct"),
        # known only later
        ("total_30d_post_campaign_spend", RNG.uniform(0, 9, ROWS), "future", None),
        ("next_order_days", integers(0, 30), "future", None),
        ("future_value", integers(0, 30), "future", None),
        ("spend_after_mail", integers(0, 30), "future", None),
        ("post_code", integers(1, 30), "category", "29 distinct codes; name says code"),
    ],
)
def test_role_and_reason(name: str, values: object, role: str, because: str | None) -> None:
    found = role_of(values, name)
    assert found[0] == role, found
    if because:
        assert found[1] == because


def test_numbers_with_leading_zeros_are_no_numbers() -> None:
    assert role_of([f"{i % 40:04}" for i in range(ROWS)])[0] == "category"


def test_what_is_named_stands_above_overrides_and_values() -> None:
    table = pa.table(
        {
            "who": [f"C{i}" for i in range(ROWS)],
            "day": [date(2025, 1, 1)] * ROWS,
            "changed": [datetime(2025, 1, 1)] * ROWS,
            "bought": [0, 1] * 500,
            "paid": RNG.uniform(0, 9, ROWS),
            "mailed": [0, 1] * 500,
            "age": integers(18, 90),
        }
    )
    schema = infer(
        table,
        entity="who",
        as_of="day",
        updated="changed",
        targets=["bought", "paid"],
        treatment="mailed",
        overrides={"bought": Role.FLAG, "age": Role.CATEGORY},
    )
    assert [str(column.role) for column in schema.columns] == [
        *("entity", "as_of", "updated", "target", "target", "treatment", "category")
    ]
    assert schema["age"].because == "set in [roles]"
    assert schema.features == ("age",)
    assert schema["who"].dtype == "string"
    assert schema["age"].dtype == "int64"


def test_a_named_column_that_is_not_there() -> None:
    table = pa.table({"age": [1], "spending": [2.0]})
    with pytest.raises(StudyError) as error:
        infer(table, targets=["spnding"], overrides={"agee": Role.COUNT})
    assert str(error.value) == (
        'The table has no column "spnding". The nearest is "spending". '
        "Columns: age, spending (2 in all; patron init shows them).\n"
        'The table has no column "agee". The nearest is "age". '
        "Columns: age, spending (2 in all; patron init shows them)."
    )


@pytest.mark.parametrize("name", ["", "#", "_", "post", "£ größe"])
def test_any_name_will_do(name: str) -> None:
    assert role_of(integers(-50, 50), name)[0] == "number"


def test_a_table_without_rows() -> None:
    assert role_of(pa.array([], pa.float64())) == ("ignore", "all missing")


class TestMoreRowsThanTheSample:
    rows = 3 * SAMPLE_ROWS

    def test_repeats_are_counted_in_the_whole_table(self) -> None:
        # Each customer has two rows: half of the values differ, although a third of the rows,
        # drawn at random, holds mostly different ones.
        names = pa.array([f"C{i // 2}" for i in range(self.rows)])
        assert role_of(names) == ("category", "150,000 distinct texts")

    def test_a_rare_third_value_is_seen(self) -> None:
        values = ["yes", "no"] * (self.rows // 2)
        not_drawn = set(range(self.rows)) - set(sample_rows(self.rows).tolist())
        values[not_drawn.pop()] = "unknown"
        assert role_of(values) == ("category", "3 distinct texts")

    def test_alternating_rows_are_not_constant(self) -> None:
        assert role_of([0, 1] * (self.rows // 2)) == ("flag", "two values")

    def test_a_count_of_the_sample_says_so(self) -> None:
        values = pa.array(np.arange(self.rows) % 40 + 18)
        assert role_of(values) == ("number", "whole numbers, 40 distinct in 100,000 rows")


def test_schema_survives_json() -> None:
    schema = Schema((Column("age", Role.NUMBER, "whole numbers", "int64"),))
    assert Schema.from_dict(schema.to_dict()) == schema
    assert schema.one(Role.ENTITY) is None
    assert "age" in schema
    assert schema.without(["age"]).columns == ()


def test_a_name_that_repeats_with_its_customer_still_identifies() -> None:
    """400 customers at six dates: each e-mail stands six times, and is a person all the same."""
    ids = [f"c{number:03d}" for number in range(400)] * 6
    mails = [f"{each}@example.org" for each in ids]
    regions = [f"region {number % 12}" for number in range(2400)]
    table = pa.table({"id": ids, "mail": mails, "region": regions})
    schema = infer(table, entity="id")
    assert schema["mail"].role is Role.IDENTIFIER
    assert schema["region"].role is Role.CATEGORY


@pytest.mark.parametrize(
    ("values", "role"),
    [
        (pa.array([Decimal(f"{n}.50") for n in range(40)]), Role.NUMBER),
        (pa.array(["x", "y"] * 20).dictionary_encode(), Role.CATEGORY),
        (pa.array(["x", "y"] * 20, pa.string_view()), Role.CATEGORY),
        (pa.array(["x", "y"] * 20, pa.large_string()), Role.CATEGORY),
        (pa.nulls(40), Role.IGNORE),
        (pa.array([[1], None] * 20), Role.IGNORE),
        (pa.array([b"x", b"y"] * 20), Role.IGNORE),
        (pa.array([1, 2] * 20, pa.duration("s")), Role.IGNORE),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_tables_in_memory_of_any_type(values: pa.Array, role: Role) -> None:
    assert infer(pa.table({"column": values}))["column"].role is role


def test_what_reaches_or_names_a_person_is_never_a_category() -> None:
    """However often it repeats: levels of a category are printed."""
    again = [n % 30 for n in range(600)]
    columns = {
        "contact": [f"c{n}@mail.example" for n in again],
        "last_name": [f"Name{chr(97 + n)}" for n in again],
        "phone": [f"+49 151 {n}" for n in again],
        "product_name": [f"Thing {chr(97 + n)}" for n in again],
    }
    roles = {column.name: column.role for column in infer(pa.table(columns)).columns}
    assert roles.pop("product_name") is Role.CATEGORY
    assert set(roles.values()) == {Role.IDENTIFIER}
