"""Lines of keys, and values as TOML writes them."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.study.tomltext import key_lines, write_key, write_value

TEXT = '''# a comment with [brackets] and key = 1

[table]
path = "a # not a comment.csv"   # = [x]
format.delimiter = ";"
format . decimal = ","

[ events . format ]
types = { "a.b" = "text", 'c"d' = "date" }
columns = [
  "one",  # first
  {name = "two", start = 3},
]
[roles]
"quoted \\"name\\"" = "number"
'literal' = "number"
"line\\nbreak" = "text"
[events.more]
text = """
[not.a.section]
key = 1
"""
other = \'\'\'
also = "not a key"
\'\'\'
day = 2025-01-31
[[fixes]]
operation = "drop"
[[fixes]]
columns = ["a",
  "b"]
[fixes.arguments]
deep.er = 1
'''


def test_every_key_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert key_lines(TEXT) == {
        "table": 3,
        "table.path": 4,
        "table.format.delimiter": 5,
        "table.format.decimal": 6,
        "events.format": 8,
        "events.format.types": 9,
        "events.format.types.a.b": 9,
        'events.format.types.c"d': 9,
        "events.format.columns": 10,
        "events.format.columns.1.name": 12,
        "events.format.columns.1.start": 12,
        "roles": 14,
        'roles.quoted "name"': 15,
        "roles.literal": 16,
        "roles.line\nbreak": 17,
        "events.more": 18,
        "events.more.text": 19,
        "events.more.other": 23,
        "events.more.day": 26,
        "fixes.0": 27,
        "fixes.0.operation": 28,
        "fixes.1": 29,
        "fixes.1.columns": 30,
        "fixes.1.arguments": 32,
        "fixes.1.arguments.deep.er": 33,
    }


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.text(st.characters(exclude_categories=["Cs"])),
        max_size=4,
    )
)
def test_any_name_and_text_survive_and_are_found(pairs: dict[str, str]) -> None:
    text = "[roles]\n" + "".join(f"{write_key(k)} = {write_value(v)}\n" for k, v in pairs.items())
    assert tomllib.loads(text) == {"roles": pairs}
    lines = key_lines(text)
    assert [lines[f"roles.{name}"] for name in pairs] == list(range(2, 2 + len(pairs)))


@pytest.mark.parametrize(
    "value", [True, 3, 0.5, date(2025, 1, 31), [1, 2], {"a b": ["x"], "c": {"d": False}}]
)
def test_values_are_read_back_as_they_were(value: object) -> None:
    assert tomllib.loads(f"key = {write_value(value)}") == {"key": value}
