"""Pictures of evidence: each kind that docs/audit.md names, drawn where its numbers lie."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patron.audit_path import audit
from patron.report import plots, render
from patron.report.tables import evidence_rows, evidence_tables, picture_rows
from patron.study import Study
from patron.worlds import make

EVIL = '<script>alert("x")</script>'
SHARES = {
    "kind": "shares_by",
    "title": "Zero before 1 March 2025",
    "what": "zeros",
    "by": "signup_date",
    "edges": ["2024-09-01", "2024-12-01", "2025-03-01", "2025-06-01"],
    "share": [1.0, None, 0.25],
    "n": [410, 0, 402],
    "mark": "2025-03-01",
    "mark_name": "tracking began",
}
GROUPS = {
    "kind": "shares_by",
    "what": "rows that are also in training",
    "labels": ["test", "train"],
    "share": [0.2, 0.05],
    "n": [100, 400],
}
HISTOGRAM = {
    "kind": "histogram",
    "column": "days_since_visit",
    "edges": [0, 10, 20, 990, 1000],
    "counts": [40, 20, 0, 30],
    "mark": [999],
    "mark_name": "999",
}
LEVELS = {"kind": "histogram", "labels": ["web", "?"], "counts": [75, 25], "mark": ["?"]}
CURVE = {
    "kind": "curve",
    "x": [0.0, 0.5, 1.0],
    "y": [0.0, 0.9, 1.0],
    "reference": "diagonal",
    "share": True,
    "x_name": "customers",
    "y_name": "revenue",
}
RATES = {
    "kind": "curve",
    "x": ["2025-01-01", "2025-02-01", "2025-03-01"],
    "y": [0.1, None, 0.3],
    "low": [0.08, None, 0.25],
    "high": [0.12, None, 0.35],
    "reference": 0.2,
}
SCORES = {
    "kind": "scores",
    "measure": "accuracy",
    "rows": [{"label": "always no", "value": 0.82}, {"label": "honest", "value": 0.9, "low": 0.88}],
}
PAIRS = {
    "kind": "pairs",
    "columns": ["orders", "spend"],
    "pairs": [[["3", "10 to 20"], ["3", "20 to 30"]]],
    "names": ["a1b2c3"],
}
DRAWN = [SHARES, GROUPS, HISTOGRAM, LEVELS, CURVE, RATES, SCORES]


def finding(picture=None, **evidence):
    given = {"picture": picture} if picture else {}
    return {"title": "What the check found", "evidence": {**evidence, **given}}


def only(spec):
    [picture] = plots.evidence_pictures(finding(spec), 1)
    return picture, picture.svg.split("</svg>")[0]


def rects(svg, css):
    """(x, y, width, height) of the rectangles of a class."""
    pattern = rf'<rect class="{css}" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
    return [tuple(map(float, found)) for found in re.findall(pattern, svg)]


def test_every_kind_of_the_docs_is_drawn_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
    part = page.partition("## Pictures of evidence")[2].partition("\n## ")[0]
    kinds = set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE))
    assert kinds - {"kind"} == {spec["kind"] for spec in [*DRAWN, PAIRS]}


@pytest.mark.parametrize("spec", DRAWN, ids=lambda spec: spec["kind"])
def test_a_picture_has_a_title_and_a_sentence_for_those_who_cannot_see_it(spec):
    picture, svg = only(spec)
    assert picture.title == spec.get("title", "What the check found")
    assert f'aria-label="{picture.title}. ' in svg


def test_shares_lie_at_their_dates_as_high_as_they_are():
    picture, svg = only(SHARES)
    [first, last] = rects(svg, "model bar-fill")  # the empty bin has no bar
    assert first[3] == pytest.approx(4 * last[3], abs=0.2)
    across = 400 - 14 - 52
    assert first[2] == pytest.approx(across * 91 / 273, abs=1.5)  # 91 of 273 days
    line = float(re.search(r'<line class="alarm-line" x1="([\d.]+)"', svg)[1])
    assert line == pytest.approx(52 + across * 181 / 273, abs=0.2)
    assert "tracking began: 1 Mar 2025" in svg
    assert picture.subtitle == "Share of zeros by signup_date; below, how many rows lie there."


def test_the_marked_value_is_the_only_bar_in_colour():
    _, svg = only(HISTOGRAM)
    [marked] = rects(svg, "marked")
    plain = rects(svg, "bar")
    assert len(plain) == 3
    assert marked[3] == pytest.approx(0.75 * plain[0][3], abs=0.2)
    _, svg = only(LEVELS)
    [odd], [usual] = rects(svg, "marked"), rects(svg, "model bar-fill")
    assert odd[2] == pytest.approx(usual[2] / 3, abs=0.1)


def test_a_curve_leaves_out_what_is_not_known_and_names_its_reference():
    _, svg = only(RATES)
    assert svg.count('class="model dot"') == 2
    assert 'class="model band"' in svg
    assert ">0.2</text>" in svg
    _, svg = only(CURVE)
    assert 'class="model band"' not in svg
    assert 'class="ref"' in svg


def test_scores_that_a_check_measured_are_drawn_without_further_ado():
    measured = finding(
        measure="AUC", score_as_it_is=0.70, score_mended=0.74, cost=0.2, cost_to="a linear model"
    )
    [picture] = plots.evidence_pictures(measured, 3)
    assert picture.title == "Mended, a linear model gains 0.04 of AUC"
    assert picture.name == "finding-3-measured"
    leak = {"alone": 0.99, "with": 0.98, "with_low": 0.97, "with_high": 0.99, "without": 0.76}
    [picture] = plots.evidence_pictures(finding(measure="AUC", **leak), 1)
    assert picture.title == "Without it the honest columns reach AUC 0.760, with it 0.980"
    assert "0.980 [0.970, 0.990]" in picture.svg
    assert len(plots.evidence_pictures(finding(HISTOGRAM, measure="AUC", **leak), 1)) == 2
    assert plots.evidence_pictures(finding(rows=3), 1) == []
    nothing = finding(measure="AUC", score_as_it_is=0.70, score_mended=0.7004)
    assert plots.evidence_pictures(nothing, 1) == []


def test_rows_side_by_side_show_what_differs_in_bold(results):
    results["findings"][0]["evidence"] = {"picture": PAIRS, "pair_1": "told by the table"}
    page = render(results)
    table = page[page.index('<div class="scroll pairs"') :].partition("</table>")[0]
    assert re.findall(r"<td>(.*?)</td>", table) == [
        "3", "<b>10 to 20</b>", "3", "<b>20 to 30</b>",
    ]  # fmt: skip
    assert "<code>a1b2c3</code>" in table
    assert "told by the table" not in page
    same = {**PAIRS, "pairs": [[["3", "10 to 20"], ["the same", "the same"]]]}
    results["findings"][0]["evidence"]["picture"] = same
    table = render(results).partition('<div class="scroll pairs"')[2].partition("</table>")[0]
    assert re.findall(r"<td>(.*?)</td>", table) == ["3", "10 to 20", "the same", "the same"]


def test_a_list_of_like_dicts_is_a_table_of_its_own():
    evidence = {"rows": 3, "columns": [{"column": "spend", "top_1_share": 0.128}]}
    assert evidence_rows(evidence) == [("rows", "3")]
    assert evidence_tables(evidence) == [
        ("columns", ["column", "top 1 share"], [["spend", "12.8\xa0%"]])
    ]


@pytest.mark.parametrize("spec", [*DRAWN, PAIRS], ids=lambda spec: spec["kind"])
def test_text_from_the_data_is_harmless(results, spec):
    def evil(value):
        if isinstance(value, dict):
            return {k: v if k == "kind" else evil(v) for k, v in value.items()}
        if isinstance(value, list):
            return [evil(each) for each in value]
        dates = isinstance(value, str) and value.startswith("20")
        return EVIL if isinstance(value, str) and not dates and value != "diagonal" else value

    results["findings"][0]["evidence"]["picture"] = {**evil(spec), "title": EVIL}
    page = render(results)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_what_the_checks_give_is_drawn_and_told():
    """Every kind of fault at once: each finding's evidence is what this room understands."""
    world = make("corner", rows=1500, seed=2, faults="all")
    sections = tomllib.loads(world.study_text)
    sections["table"]["path"] = world.table
    found = audit(Study(**sections), created=datetime(2026, 11, 22, tzinfo=UTC)).results["findings"]
    drawn = [plots.evidence_pictures(each, place) for place, each in enumerate(found)]
    kinds = {each["evidence"].get("picture", {}).get("kind") for each in found}
    assert kinds <= {None, *(spec["kind"] for spec in [*DRAWN, PAIRS])}
    assert sum(map(len, drawn)) >= 5
    for each in found:
        plots.pairs(each)
        told = picture_rows(each["evidence"].get("picture"))
        assert all(isinstance(cell, str) for cell in told)
        assert all(value for _, value in evidence_rows(each["evidence"]))
