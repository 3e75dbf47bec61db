"""Operations on how values are written: what they make of a table, and of what they are not for."""

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from patron.audit import Fix, Ledger
from patron.audit.operations.reading import as_date, as_number
from patron.errors import StudyError


def applied(table: pa.Table, operation: str, *columns: str, **arguments: Any) -> tuple[Any, str]:
    mended, changes = Ledger((Fix(operation, columns, arguments),)).apply(table)
    return mended, changes[0].sentence


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1.234,50", 1234.5, 1234.5),
        ("1,234,567.8", 1234567.8, 1234567.8),
        ("1.234", 1.234, 1234.0),
        ("12,345", 12345.0, 12.345),
        ("0,123", 0.123, 0.123),
        ("$ 12", 12.0, 12.0),
        ("12,50 €", 12.5, 12.5),
        ("CHF 1'234.5", 1234.5, 1234.5),
        ("1\u00a0234,5", 1234.5, 1234.5),
        ("\u22125", -5.0, -5.0),
        ("(3.00)", -3.0, -3.0),
        ("12 %", 0.12, 0.12),
        ("1e5", 100_000.0, 100_000.0),
        ("12 34", None, None),
        ("1,2,3", None, None),
        ("C536379", None, None),
        ("+49 170 1234", None, None),
        ("2024-01-31", None, None),
        ("--5", None, None),
        ("", None, None),
    ],
)
def test_a_number_is_read_as_a_person_means_it(
    text: str, point: float | None, comma: float | None
) -> None:
    assert (as_number(text, "."), as_number(text, ",")) == (point, comma)


def test_the_first_format_that_fits_decides() -> None:
    day_first, month_first = ["%d/%m/%Y", "%m/%d/%Y"], ["%m/%d/%Y", "%d/%m/%Y"]
    assert as_date("05/03/2024", day_first) == datetime(2024, 3, 5)
    assert as_date("05/03/2024", month_first) == datetime(2024, 5, 3)
    assert as_date("25/03/2024", month_first) == datetime(2024, 3, 25)
    assert as_date("30/02/2024", day_first) is None


def test_parse_numbers_makes_a_column_of_numbers_and_counts_what_is_none() -> None:
    table = pa.table({"paid": ["1.234,50", "7,5", None, "later"], "n": [1, 2, 3, 4]})
    mended, sentence = applied(table, "parse_numbers", "paid", decimal=",")
    assert mended["paid"].type == pa.float64()
    assert mended["paid"].to_pylist() == [1234.5, 7.5, None, None]
    assert mended["n"].to_pylist() == [1, 2, 3, 4]
    assert sentence == "read 2 numbers of paid from text; 1 are none"


def test_parse_dates_gives_dates_or_moments() -> None:
    table = pa.table({"seen": pa.array(["2024-01-31", "31.01.2024", "soon"]).dictionary_encode()})
    mended, sentence = applied(table, "parse_dates", "seen", formats=["%Y-%m-%d", "%d.%m.%Y"])
    assert mended["seen"].to_pylist() == [date(2024, 1, 31), date(2024, 1, 31), None]
    assert sentence == "read 2 dates of seen from text; 1 are none"
    mended, _ = applied(table, "parse_dates", "seen", formats=["%Y-%m-%d", "%d.%m.%Y %H:%M"])
    assert mended["seen"].to_pylist() == [datetime(2024, 1, 31), None, None]


def test_normalise_text_changes_the_spellings_it_is_told_of_and_no_other() -> None:
    table = pa.table({"channel": ["web", "Web ", None, "WEB", "shop"]})
    mended, sentence = applied(table, "normalise_text", "channel", mapping={"Web ": "web"})
    assert mended["channel"].to_pylist() == ["web", "web", None, "WEB", "shop"]
    assert sentence == "set 1 spelling of channel to the commonest one"


def test_scale_where_by_a_group_by_a_date_and_by_the_value_itself() -> None:
    table = pa.table(
        {
            "paid": [100, 2, None, 300],
            "country": ["pl", "de", "pl", None],
            "since": [date(2024, 1, 1), date(2024, 2, 1), None, date(2024, 3, 1)],
        }
    )
    one, sentence = applied(
        table, "scale_where", "paid", factor=0.01, by="country", equals=["pl", "cz"]
    )
    assert one["paid"].to_pylist() == [1.0, 2.0, None, 300.0]
    assert sentence == "scaled 1 value of paid by 0.01 where country is pl or cz"
    two, _ = applied(table, "scale_where", "paid", factor=10, by="since", above="2024-01-15")
    assert two["paid"].to_pylist() == [100.0, 20.0, None, 3000.0]
    three, _ = applied(table, "scale_where", "paid", factor=0.01, above=50)
    assert three["paid"].to_pylist() == [1.0, 2.0, None, 3.0]


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("parse_numbers", {"decimal": ";"}, "decimal must be '.' or ',', got ';'"),
        (
            "parse_dates",
            {"formats": "%Y"},
            "formats must be a list such as ['%d/%m/%Y'], got '%Y'",
        ),
        (
            "normalise_text",
            {"mapping": "web"},
            "mapping must be a table such as {Web = 'web'}, got 'web'",
        ),
        ("scale_where", {"factor": "x", "above": 1}, "factor must be a number, got 'x'"),
        (
            "scale_where",
            {"factor": 0.1, "above": 1, "below": 2},
            "it needs exactly one of the arguments below, above and equals",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    operation: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as caught:
        applied(pa.table({"paid": ["1"]}), operation, "paid", **arguments)
    assert str(caught.value) == f"fixes: {operation}: {message}"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("parse_numbers", {}),
        ("parse_dates", {"formats": ["%Y"]}),
        ("normalise_text", {"mapping": {"a": "b"}}),
    ],
)
def test_what_already_is_no_text_stays(operation: str, arguments: dict[str, Any]) -> None:
    table = pa.table({"paid": [1, 2]})
    assert applied(table, operation, "paid", **arguments)[0].equals(table)


def test_a_batch_is_mended_as_the_whole_table_is() -> None:
    texts = [f"{row},5 €" for row in range(100)]
    table = pa.table({"paid": texts, "channel": ["Web ", "web"] * 50})
    fixes = (
        Fix("parse_numbers", ("paid",), {"decimal": ","}),
        Fix("normalise_text", ("channel",), {"mapping": {"Web ": "web"}}),
        Fix("scale_where", ("paid",), {"factor": 0.01, "above": 50}),
    )
    whole = Ledger(fixes).apply(table)[0]
    parts = [Ledger(fixes).apply(table.slice(at, 30), scoring=True)[0] for at in (0, 30, 60, 90)]
    assert pa.concat_tables(parts).equals(whole)
    assert Ledger.from_dict(Ledger(fixes).to_dict()) == Ledger(fixes)
