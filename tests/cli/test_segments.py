"""What `patron run` and `patron score` say of segments."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from patron.cli.segments import show_no_segments, show_segments

from .conftest import done, patron

SAMPLE = json.loads((Path(__file__).parents[1] / "report" / "sample_segments.json").read_text())
STUDY = """
[table]
path = "shop/table.parquet"
entity = "customer_id"

[segments]
k = 4
"""


@pytest.fixture
def segments() -> dict[str, Any]:
    return copy.deepcopy(SAMPLE["segments"])


def said(capsys: pytest.CaptureFixture[str], segments: dict[str, Any]) -> list[str]:
    show_segments(segments, Path("out/segments.parquet"))
    return capsys.readouterr().out.splitlines()


def test_the_answer_comes_first_and_the_table_last(capsys, segments) -> None:
    lines = said(capsys, segments)
    customers = sum(each["size"] for each in segments["segments"])
    assert lines[0] == (
        f"Who they are: 5 segments beyond one correlated continuum, among {customers:,} customers:"
    )
    lift, jaccard = (segments["evidence"][name] for name in ("copula_lift", "jaccard_min"))
    assert lines[2].startswith(f"  above one continuum (lift)   {lift['value']:.3f} [")
    assert lines[3].startswith(f"  found again (least Jaccard)  {jaccard['value']:.3f} [")
    assert lines[-2:] == [
        "  (in brackets the interval, 95 %)",
        "  who is in which: out/segments.parquet",
    ]


def test_each_segment_has_a_line_with_its_rule(capsys, segments) -> None:
    segments["segments"][1] |= {"rule": None}
    lines = said(capsys, segments)
    for each in segments["segments"]:
        (line,) = (line for line in lines if line.startswith(f"  {each['id']} "))
        assert f"{each['share']:.1%}" in line
        assert f"{each['revenue_share']:.1%} of revenue" in line
        assert each["name"] in line
        assert line.endswith(each["rule"]["text"] if each["rule"] else "  no rule")


def test_tiers_are_no_segments(capsys, segments) -> None:
    segments |= {"kind": "tiers", "structure": False, "because": "No groups: 3 to 8 were tried."}
    for each in segments["segments"]:
        each["revenue_share"] = None
    lines = said(capsys, segments)
    assert "no segments beyond one correlated continuum; 5 tiers instead" in lines[0]
    assert lines[1] == "  No groups: 3 to 8 were tried."
    assert not [line for line in lines if "Jaccard" in line or "of revenue" in line]


def test_who_changed_since_the_last_run_is_said(capsys, segments) -> None:
    changed = segments["months"]["switched"]["value"]
    assert [line for line in said(capsys, segments) if f"  {changed:.3f} [" in line]
    segments["months"] |= {"shared": 0}
    assert [line for line in said(capsys, segments) if "no customer of the run of" in line]
    segments["months"] = None
    assert not [line for line in said(capsys, segments) if " run " in line]


def test_why_there_are_none_is_said(capsys) -> None:
    show_no_segments("no segments: 400 customers are too few.")
    assert capsys.readouterr().out == "Who they are: no segments: 400 customers are too few.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    done("worlds", "archetypes", "--rows", 700, "--seed", 1, "--out", "shop", cwd=folder)
    (folder / "patron.toml").write_text(STUDY)
    return folder


def test_run_and_score_tell_of_segments(folder: Path) -> None:
    told = done("run", "patron.toml", "--out", "out", "--threads", 1, "--quiet", cwd=folder)
    assert told == ""
    told = done("score", "out/bundle", "shop/table.parquet", "--out", "s.csv", cwd=folder)
    assert told.startswith("700 rows scored, ")
    assert " with a doubtful segment: s.csv\n" in told
    head = (folder / "s.csv").read_text().splitlines()[0].replace('"', "")
    assert head.startswith("customer_id,segment,segment_name,segment_doubtful,")


def test_too_few_customers_end_it_with_1(folder: Path) -> None:
    (folder / "few").mkdir(exist_ok=True)
    done("worlds", "archetypes", "--rows", 300, "--out", "few/shop", cwd=folder)
    (folder / "few" / "patron.toml").write_text(STUDY)
    ended = patron("run", "few/patron.toml", "--out", "few/out", cwd=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("patron: no segments: 300 customers are too few")
    assert not (folder / "few" / "out").exists()
