"""Text files that cannot be read: the sentence says what, where and what to do."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from patron.errors import TableError
from patron.tables import open_source

CASES: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "too few fields": (
        b"a,b,c\n1,2,3\n4,5\n6,7,8\n",
        {},
        "shop.csv, line 3: 2 fields where 3 were expected; mend that line, or put quotes round a "
        "field that contains the delimiter",
    ),
    "too many fields": (
        b"a;b\n1;2\n3;4;5\n",
        {},
        "shop.csv, line 3: 3 fields where 2 were expected; mend that line, or put quotes round a "
        "field that contains the delimiter",
    ),
    "ragged far down": (
        b"a,b,c\n" + b"1,2,3\n" * 60_000 + b"1,2\n",
        {},
        "shop.csv, line 60002: 2 fields where 3 were expected; mend that line, or put quotes "
        "round a field that contains the delimiter",
    ),
    "a header that is too short": (
        b"a,b\n1,2,3\n4,5,6\n",
        {},
        "shop.csv, line 2: 3 fields where 2 were expected; mend that line, or put quotes round a "
        "field that contains the delimiter",
    ),
    "an open quote": (
        b'a,b\n1,"x\n2,y\n3,z\n',
        {},
        "shop.csv, line 2: a quote is opened and not closed properly; mend that line",
    ),
    "a NUL byte": (
        b"a,b\n1,2\n3,\x004\n",
        {},
        "shop.csv, line 3: a NUL byte; this is no text file, or a damaged one",
    ),
    "names twice": (
        b"a,b,a\n1,2,3\n",
        {},
        "shop.csv has columns of the same name: a; rename them so that each name occurs once",
    ),
    "only blanks": (b"\n \n", {}, "shop.csv is empty; expected a header and rows"),
    "not the encoding insisted on": (
        b"a,b\n1,x\n2,caf\xe9\n",
        {"encoding": "utf-8"},
        "shop.csv is not UTF-8: line 3 holds other bytes (it looks like latin-1); "
        'leave the encoding out, or give encoding = "latin-1"',
    ),
    "not another encoding insisted on": (
        b"a,b\n1,caf\x81\n",
        {"encoding": "cp1252"},
        "shop.csv is not cp1252; leave the encoding out",
    ),
    "no such encoding": (
        b"a\n1\n",
        {"encoding": "utf-9"},
        'shop.csv: the encoding "utf-9" is not known; expected for example utf-8, latin-1 or '
        "cp1252",
    ),
    "no such option": (
        b"a\n1\n",
        {"seperator": ";"},
        'shop.csv: there is no format option "seperator". The options: delimiter, decimal, '
        "encoding, date_format, header, columns, types, sheet",
    ),
    "a delimiter of two characters": (
        b"a\n1\n",
        {"delimiter": ";;"},
        'shop.csv: delimiter is ";;"; expected one character, or "whitespace"',
    ),
    "a wrong decimal sign": (
        b"a\n1\n",
        {"decimal": "comma"},
        'shop.csv: decimal is "comma"; expected "." or ","',
    ),
    "a type that does not exist": (
        b"a\n1\n",
        {"types": {"a": "int"}},
        'shop.csv: types says "int" of column "a"; expected text, number or date',
    ),
    "a type for no column": (
        b"age,b\n1,2\n",
        {"types": {"aeg": "text"}},
        'types: shop.csv has no column "aeg"; did you mean "age"? Its 2 columns: age, b',
    ),
    "a type that does not hold": (
        b"a,b\n1,x\n2,7\n3,secret\n",
        {"types": {"b": "number"}},
        'shop.csv: types says that column "b" is a number, but 2 of 3 rows hold something else, '
        "the first is row 1",
    ),
    "dates in several ways": (
        b"d\n2011-05-01\n13/05/2011\n",
        {"types": {"d": "date"}},
        'shop.csv: types says that column "d" is a date, but its values are written in several '
        "ways",
    ),
    "a format that strptime does not know": (
        b"a\n1\n",
        {"date_format": "%Q"},
        "shop.csv: date_format is not understood; expected for example %d/%m/%Y",
    ),
    "a header that is no bool": (
        b"a\n1\n",
        {"header": "no"},
        "shop.csv: header is 'no'; expected true or false",
    ),
    "names that are no text": (
        b"1\n2\n",
        {"columns": [1]},
        "shop.csv: columns needs a list of names, or of {name, start, width}",
    ),
    "too few names": (
        b"1,2,3\n4,5,6\n",
        {"columns": ["a", "b"]},
        "shop.csv has 3 fields a line; columns gives 2 names: a, b",
    ),
    "ragged between blanks": (
        b" a 1\n\n b 2 3\n",
        {"delimiter": "whitespace"},
        "shop.csv, line 3: 3 fields where 2 were expected; for columns of fixed width give "
        "columns = [{name, start, width}, \u2026]",
    ),
    "fixed width without a width": (
        b"abc\n",
        {"columns": [{"name": "a", "start": 1}]},
        "shop.csv: a column of fixed width needs name, start (the first character is 1) and "
        "width; got name = a, start = 1",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str, tmp_path: Path) -> None:
    content, options, message = CASES[case]
    path = tmp_path / "shop.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        open_source(path, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"a,b\n1,2\n" * 1000)[:40], b"a,b\n1,2\n"],
    ids=["truncated", "not gzip"],
)
def test_damaged_gzip(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv.gz"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"^shop\.csv\.gz cannot be read: "):
        open_source(path)
