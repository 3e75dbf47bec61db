"""Text files: what is detected, what is kept, what the user can say."""

import datetime
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from patron.tables import Source, open_source

Text = Callable[..., Source]
DAY = datetime.date


@pytest.fixture
def text(tmp_path: Path) -> Text:
    """Write text, or bytes, to a file and open it."""

    def open_text(content: str | bytes, name: str = "shop.csv", **options: Any) -> Source:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_source(path, **options)

    return open_text


def columns(source: Source) -> dict[str, list[Any]]:
    return source.read().to_pydict()


def test_plain_csv(text: Text) -> None:
    source = text("id,name,spend,day,vip\n1,ann,2.50,2011-05-01,true\n2,,,,\n")
    assert columns(source) == {
        "id": [1, 2],
        "name": ["ann", None],
        "spend": [2.5, None],
        "day": [DAY(2011, 5, 1), None],
        "vip": [True, None],
    }
    assert source.schema.types == [
        pa.int64(),
        pa.string(),
        pa.float64(),
        pa.date32(),
        pa.bool_(),
    ]
    assert (source.name, source.rows, source.notes) == ("shop.csv", 2, ())


def test_semicolons_decimal_commas_and_local_dates_are_noted(text: Text) -> None:
    source = text("d;betrag;menge\n01.02.2011;1.234,50;3\n13.02.2011;-7,00;4\n")
    assert columns(source) == {
        "d": [DAY(2011, 2, 1), DAY(2011, 2, 13)],
        "betrag": [1234.5, -7.0],
        "menge": [3, 4],
    }
    assert source.notes == (
        'delimiter ";"',
        "dates as %d.%m.%Y in column d",
        "decimal comma in column betrag",
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param('a,b\n"1,234",x\n', 1234.0, id="between commas: thousands"),
        pytest.param("a;b\n1,234;x\n", 1.234, id="between semicolons: decimals"),
        pytest.param('a,b\n"1,5",x\n', 1.5, id="two digits are no thousands"),
        pytest.param("a;b\n1,234.5;x\n", 1234.5, id="with a point: thousands"),
        pytest.param('a\n"1,234.5"\n2345.5\n', 1234.5, id="thousands without a comma beside"),
        pytest.param("a;b\n1.200;2,5\n", 1200.0, id="a decimal comma elsewhere: thousands"),
        pytest.param("a;b\n1.200;x\n", 1.2, id="no comma at all: decimals"),
    ],
)
def test_commas_and_points_in_numbers(text: Text, content: str, expected: float) -> None:
    assert columns(text(content))["a"][0] == expected


def test_the_decimal_sign_can_be_given(text: Text) -> None:
    assert columns(text("a;b\n1.200;x\n", decimal=","))["a"] == [1200.0]
    assert columns(text('a,b\n"1,5",x\n', decimal="."))["a"] == ["1,5"]


def test_nothing_but_an_empty_field_is_null(text: Text) -> None:
    source = text('a,b,c\nNA,"",x\nNULL,,None\n')
    assert columns(source) == {"a": ["NA", "NULL"], "b": [None, None], "c": ["x", "None"]}


def test_blanks_are_null_in_numbers_and_dates_and_stay_in_text(text: Text) -> None:
    source = text("n,d,t\n 7 ,2011-05-01,a\n ,  , \n")
    assert columns(source) == {"n": [7, None], "d": [DAY(2011, 5, 1), None], "t": ["a", " "]}


def test_yes_and_no_stay_as_written(text: Text) -> None:
    assert columns(text("y\nyes\nno\n"))["y"] == ["yes", "no"]


def test_digits_that_a_number_would_change_stay_text(text: Text) -> None:
    source = text("zip,card,n\n01234,1234567890123456789,7\n99999,1,0\n")
    assert columns(source) == {
        "zip": ["01234", "99999"],
        "card": ["1234567890123456789", "1"],
        "n": [7, 0],
    }
    assert source.notes == (
        "kept as text: digits that begin with 0 or are too long in columns zip, card",
    )


def test_types_hold_for_the_whole_file_not_for_its_beginning(text: Text) -> None:
    # Longer than the sample: whole numbers turn to fractions, digits to words, nothing to dates.
    start = "1,1,,03/04/2011\n" * 3_000
    source = text(f"a,b,c,d\n{start}1.5,x,2011-05-01,25/12/2011\n")
    assert source.schema.types == [pa.float64(), pa.string(), pa.date32(), pa.date32()]
    assert source.read().slice(3_000).to_pylist() == [
        {"a": 1.5, "b": "x", "c": DAY(2011, 5, 1), "d": DAY(2011, 12, 25)}
    ]
    assert source.notes == ("dates as %d/%m/%Y in column d",)


def test_a_date_that_could_be_two_days_is_said(text: Text) -> None:
    content = "d\n01/02/2011\n03/04/2011\n"
    source = text(content)
    assert columns(source)["d"] == [DAY(2011, 2, 1), DAY(2011, 4, 3)]
    assert source.notes == (
        "dates as %d/%m/%Y (%m/%d/%Y fits as well; date_format decides) in column d",
    )
    assert columns(text(content, date_format="%m/%d/%Y"))["d"] == [DAY(2011, 1, 2), DAY(2011, 3, 4)]


def test_times_of_day(text: Text) -> None:
    moment = datetime.datetime(2010, 12, 13, 8, 26)
    source = text(
        "iso,local,zone\n"
        "2010-12-13 08:26,12/13/2010 8:26,2010-12-13T10:26:00+02:00\n"
        "2010-12-13T08:26:00,12/13/2010 8:26,2010-12-13 08:26:00Z\n"
    )
    assert columns(source) == {"iso": [moment] * 2, "local": [moment] * 2, "zone": [moment] * 2}
    assert source.notes == (
        "dates as %m/%d/%Y %H:%M in column local",
        "times moved to UTC in column zone",
    )


def test_a_day_that_does_not_exist_is_kept_as_written(text: Text) -> None:
    content = "d,t,z\n2011-02-30,2011-02-30 10:00,2011-02-30 10:00Z\n"
    assert text(content).read().to_pylist() == [
        {"d": "2011-02-30", "t": "2011-02-30 10:00", "z": "2011-02-30 10:00Z"}
    ]


def test_years_of_two_digits_are_not_taken_for_antiquity(text: Text) -> None:
    assert columns(text("d\n05/03/11\n"))["d"] == ["05/03/11"]
    assert columns(text("d\n05/03/11\n", date_format="%d/%m/%y"))["d"] == [DAY(2011, 3, 5)]


def test_a_date_format_that_fits_nothing_is_said(text: Text) -> None:
    assert text("d\n05/03/11\n", date_format="%Y%m%d").notes == ("no column has dates as %Y%m%d",)


def test_quotes_hold_delimiters_and_line_ends(text: Text) -> None:
    source = text('a,b\n1,"x, y"\n2,"two\nlines"\n3,"say ""hi"""\n')
    assert columns(source)["b"] == ["x, y", "two\nlines", 'say "hi"']


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param("a,b\ncafé,1\n".encode("latin-1"), "latin-1", id="latin-1"),
        pytest.param("a,b\n5 €,1\n".encode("cp1252"), "cp1252", id="cp1252"),
        pytest.param("a,b\ncafé,1\n".encode("utf-16"), "utf-16", id="utf-16"),
    ],
)
def test_other_encodings_are_detected_and_said(text: Text, content: bytes, encoding: str) -> None:
    source = text(content)
    assert columns(source)["a"] == [content.decode(encoding).split("\n")[1][:-2]]
    assert source.notes == (f"encoding {encoding} (not UTF-8)",)


def test_the_copy_made_for_another_encoding_is_removed(
    text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    source = text("a\ncafé\n".encode("latin-1"))
    assert len(list(folder.iterdir())) == 1
    assert columns(source)["a"] == ["café"]
    del source
    assert list(folder.iterdir()) == []


def test_a_byte_order_mark_is_no_part_of_the_first_name(text: Text) -> None:
    source = text(b'\xef\xbb\xbf"a",b\n1,2\n')
    assert source.schema.names == ["a", "b"]
    assert source.notes == ()


def test_gzip_and_tabs(text: Text) -> None:
    source = text(gzip.compress(b"a\tb\n1\tx y\n"), "shop.tsv.gz")
    assert columns(source) == {"a": [1], "b": ["x y"]}
    assert source.notes == ("delimiter tab",)


def test_line_ends_of_two_kinds(text: Text) -> None:
    source = text(b"a,b\r\n1,2\n3,4\r\n")
    assert columns(source) == {"a": [1, 3], "b": [2, 4]}
    assert source.notes == ("line ends of two kinds",)


def test_signs_that_mean_patterns_elsewhere_are_part_of_a_file_name(text: Text) -> None:
    assert columns(text("a\n1\n", "w[1]*?'x.csv"))["a"] == [1]


def test_without_a_header_columns_are_numbered_or_named(text: Text) -> None:
    source = text("1,2\n3,4\n")
    assert source.schema.names == ["column1", "column2"]
    assert source.notes == ("no header: columns named column1, column2",)
    assert columns(text("1,2\n3,4\n", columns=["x", "y"])) == {"x": [1, 3], "y": [2, 4]}
    # Words could be a header, so naming the columns says that there is none.
    assert columns(text("ann,rome\nbob,oslo\n", columns=["n", "c"]))["n"] == ["ann", "bob"]
    assert columns(text("ann,rome\nbob,oslo\n"))["ann"] == ["bob"]
    assert columns(text("a,b\nc,d\n", header=False))["column1"] == ["a", "c"]
    assert columns(text("a,b\n1,2\n", header=True, columns=["x", "y"])) == {"x": [1], "y": [2]}


def test_lines_above_the_header_are_skipped_and_said(text: Text) -> None:
    source = text("Report of the shop\n\na,b,c\n1,2,3\n4,5,6\n")
    assert columns(source)["c"] == [3, 6]
    assert source.notes == ("the first 2 lines are skipped",)


def test_a_header_alone_is_a_table_without_rows(text: Text) -> None:
    source = text("a,b\n")
    assert (source.rows, source.read().num_rows, source.schema.names) == (0, 0, ["a", "b"])


def test_columns_without_a_name_get_one(text: Text) -> None:
    source = text(",x\n0,5\n1,6\n")
    assert columns(source) == {"column1": [0, 1], "x": [5, 6]}
    assert source.notes == ("a column without a name is called column1",)


def test_names_that_differ_in_case_only(text: Text) -> None:
    assert columns(text("ID,id\n1,2\n")) == {"ID": [1], "id": [2]}


ALIGNED = " 00004 0001 19970101  2   29.33\n 00021 0002 19970112 10    9.99\n"


def test_fields_set_apart_by_blanks(text: Text) -> None:
    names = ["id", "sample", "date", "units", "money"]
    source = text(ALIGNED, "orders.txt", columns=names, date_format="%Y%m%d", types={"id": "text"})
    assert columns(source) == {
        "id": ["00004", "00021"],
        "sample": ["0001", "0002"],
        "date": [DAY(1997, 1, 1), DAY(1997, 1, 12)],
        "units": [2, 10],
        "money": [29.33, 9.99],
    }
    assert source.notes[0] == "fields set apart by blanks"


def test_fields_set_apart_by_blanks_with_a_header(text: Text) -> None:
    source = text("id   spend\n1     2.5\n22    3\n", "orders.txt")
    assert columns(source) == {"id": [1, 22], "spend": [2.5, 3.0]}


def test_fixed_width_with_empty_fields(text: Text) -> None:
    fields = [
        {"name": "id", "start": 1, "width": 3},
        {"name": "city", "start": 4, "width": 8},
        {"name": "units", "start": 12, "width": 2},
    ]
    source = text("007New York 2\n008        11\n009Oslo\n", "orders.txt", columns=fields)
    assert columns(source) == {
        "id": ["007", "008", "009"],
        "city": ["New York", None, "Oslo"],
        "units": [2, 11, None],
    }


def test_types_can_be_given(text: Text) -> None:
    source = text(
        "zip,n,d\n01234,5,20110501\n04321,6,20110502\n",
        types={"zip": "number", "n": "text", "d": "date"},
        date_format="%Y%m%d",
    )
    assert columns(source) == {
        "zip": [1234, 4321],
        "n": ["5", "6"],
        "d": [DAY(2011, 5, 1), DAY(2011, 5, 2)],
    }


def test_rows_keep_their_order_over_many_batches(text: Text) -> None:
    source = text("a,b\n" + "".join(f"{row},x{row % 7}\n" for row in range(150_000)))
    seen = [value for batch in source.batches(["a"], 10_000) for value in batch[0].to_pylist()]
    assert seen == list(range(150_000))
    assert source.rows == 150_000


def test_very_many_columns_are_read_as_few_are(text: Text) -> None:
    cells = {
        "whole": ("7", pa.int64()),
        "number": ("1.5", pa.float64()),
        "comma": ('"2,5"', pa.float64()),
        "day": ("2011-05-01", pa.date32()),
        "flag": ("true", pa.bool_()),
        "zip": ("01234", pa.string()),
        "word": ("web", pa.string()),
        "empty": ("", pa.string()),
    }
    names = [f"{kind}_{copy}" for copy in range(90) for kind in cells]
    row = ";".join(cells[name.split("_")[0]][0] for name in names)
    lines = [";".join(names), *[row] * 300]
    lines[250] = lines[250].replace("7;", "7.25;", 1)  # far behind the rows that are looked at
    source = text("\n".join(lines) + "\n")
    assert source.rows == 300
    kinds = {field.name: field.type for field in source.schema}
    assert kinds.pop("whole_0") == pa.float64()
    assert kinds == {name: cells[name.split("_")[0]][1] for name in names[1:]}
