"""Fixes that are written into a Study: nothing that stands there changes."""

import tomllib
from pathlib import Path

import pytest

from patron.errors import StudyError
from patron.study import Study
from patron.study.fixes import with_fixes

TEXT = '# mine\n[table]\npath = "a.csv"  # keep this\n\n[purchase]\ntarget = "bought"\n'
DROP = {
    "operation": "drop_column",
    "columns": ['odd "name"\n'],
    "arguments": {},
    "because": "L01",
}
KEEP = {
    "operation": "keep_latest",
    "columns": ["id"],
    "arguments": {"by": "updated"},
    "because": "D02",
}


def load(folder: Path, text: str) -> Study:
    (folder / "patron.toml").write_text(text)
    return Study.load(folder / "patron.toml")


def test_fixes_are_appended_and_load_as_they_were_proposed(tmp_path: Path) -> None:
    text = with_fixes(load(tmp_path, TEXT), TEXT, [("L01: a leak", DROP), ("D02: twice", KEEP)])
    assert text.startswith(TEXT)
    assert "# L01: a leak\n[[fixes]]" in text
    loaded = load(tmp_path, text)
    assert [fix.model_dump(mode="json") for fix in loaded.fixes] == [DROP, KEEP]
    assert "arguments" not in tomllib.loads(text)["fixes"][0]


def test_a_second_time_adds_nothing(tmp_path: Path) -> None:
    once = with_fixes(load(tmp_path, TEXT), TEXT, [("L01: a leak", DROP)])
    assert with_fixes(load(tmp_path, once), once, [("L01: a leak", DROP)]) == once


def test_fixes_as_a_list_are_left_to_their_owner(tmp_path: Path) -> None:
    text = 'fixes = [{operation = "drop_column", columns = ["x"]}]\n' + TEXT
    with pytest.raises(StudyError, match=r"as \[\[fixes\]\] sections"):
        with_fixes(load(tmp_path, text), text, [("L01: a leak", DROP)])
