"""Pictures on segments: titles that the numbers support, and marks where the data are."""

import importlib.util
import itertools
import json
import math
import re
from pathlib import Path

import pytest

from patron.report import plots

SEGMENTS = [f"s{place}" for place in range(1, 9)]


@pytest.fixture
def segments():
    written = json.loads(Path(__file__).with_name("sample_segments.json").read_text("utf-8"))
    return written["segments"]


@pytest.fixture(scope="module")
def contrast():
    """The themes and the contrast of `test_colours.py`."""
    place = Path(__file__).with_name("test_colours.py")
    spec = importlib.util.spec_from_file_location("colours", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first(picture):
    return picture.svg.split("</svg>")[0]


def rects(picture, css):
    shapes = r'x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"'
    found = re.findall(rf'<rect class="{css}" {shapes}', first(picture))
    return [tuple(map(float, each)) for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SEGMENTS)
def test_the_colours_of_segments_can_be_seen(contrast, theme, name):
    colours = contrast.themes()[theme]
    assert contrast.contrast(colours[name], colours["paper"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_two_segments_are_alike(contrast, theme):
    colours = contrast.themes()[theme]
    for one, other in itertools.combinations(SEGMENTS, 2):
        pairs = zip(*(bytes.fromhex(colours[each][1:]) for each in (one, other)), strict=True)
        assert sum(abs(a - b) for a, b in pairs) > 60, (one, other)


def test_a_segment_has_one_colour_and_the_ninth_none():
    found = plots.colours([{"id": f"S{place}"} for place in range(1, 11)])
    assert [found["S1"], found["S8"], found["S9"], found["S10"]] == ["s1", "s8", "s0", "s0"]


def test_shares_are_bars_of_customers_and_of_revenue(segments):
    picture = plots.segment_shares(segments)
    customers = [wide for _, _, wide, _ in rects(picture, "plain bar-fill")]
    for bars, key in ((customers, "share"), (None, "revenue_share")):
        shares = [row[key] for row in segments["segments"]]
        if bars is None:
            bars = [rects(picture, f"seg fill s{i}")[0][2] for i in range(1, 6)]
        assert bars == pytest.approx([bars[0] * share / shares[0] for share in shares], abs=0.2)
    assert picture.title.startswith("“Recent, frequent big spenders”: 17 of 100 customers bring")
    for row in segments["segments"]:
        row["revenue_share"] = None
    picture = plots.segment_shares(segments)
    assert picture.title == (
        "The largest, “Lapsed customers who hardly look any more”, has 27 of 100 customers"
    )
    assert not rects(picture, "seg fill s1")


def test_axes_go_to_the_side_that_they_lie_on(segments):
    segment = segments["segments"][0]
    for axis, far in zip(segment["profile"]["axes"], (1.5, -0.75, 0.2, 0.0, None), strict=True):
        axis["deviation"] = far
    picture = plots.segment_axes(segment, 1.5, "s3")
    assert picture.title == "High value, low recency"
    strong, weak = rects(picture, "seg fill s3"), rects(picture, "seg fill s3 weak")
    assert len(strong) == len(weak) == 2
    assert strong[0][0] == pytest.approx(strong[1][0] + strong[1][2], abs=0.2)
    assert strong[0][2] == pytest.approx(2 * strong[1][2], abs=0.2)
    assert "not known" in picture.svg
    for axis in segment["profile"]["axes"]:
        axis["deviation"] = 0.1
    assert plots.segment_axes(segment, 1.5, "s3").title == "Near the average on every axis"


def test_the_gate_names_the_chosen_or_that_none_passes(segments):
    evidence = segments["evidence"]
    picture = plots.segment_gate(evidence, "segment")
    assert picture.title == "With 5 groups the silhouette is 0.263; without any it would be 0.204"
    assert first(picture).count('class="model dot"') == 6
    assert first(picture).count('class="plain hollow"') == 6
    assert ">needed</text>" in picture.svg
    for found in evidence["candidates"]:
        found["chosen"] = False
    assert plots.segment_gate(evidence, "tier").title == (
        "No number of groups, of 6 that were tried, passes every gate"
    )
    assert plots.segment_gate(evidence | {"candidates": []}, "tier") is None


def test_the_map_has_a_square_a_cell_whose_area_is_its_customers(segments):
    picture = plots.segment_map(segments)
    cells = segments["map"]["cells"]
    drawn = re.findall(r'class="seg fill (s\d)"[^>]*><title>(S\d): ([\d,]+) c', first(picture))
    assert [(f"S{css[1]}", name, int(n.replace(",", ""))) for css, name, n in drawn] == [
        (cell["segment"], cell["segment"], cell["size"]) for cell in cells
    ]
    wide = [float(each) for each in re.findall(r'width="([\d.]+)"[^>]*><title>', first(picture))]
    sizes = [cell["size"] for cell in cells]
    most = max(range(len(sizes)), key=lambda i: sizes[i])
    for got, size in zip(wide, sizes, strict=True):
        if got > 3:  # the smallest are drawn larger than they are, to be seen
            assert got == pytest.approx(wide[most] * math.sqrt(size / sizes[most]), abs=0.2)
    for name in ("S1", "S5"):
        assert f">{name}</text>" in picture.svg


def test_the_map_names_the_two_farthest_apart(segments):
    segments["map"]["cells"] = [
        {"x": 2, "y": 2, "size": 90, "segment": "S1"},
        {"x": 9, "y": 3, "size": 20, "segment": "S2"},
        {"x": 3, "y": 3, "size": 50, "segment": "S3"},
    ]
    assert plots.segment_map(segments).title == (
        "Farthest apart: “Recent, frequent big spenders” and “Recent buyers who send much back”"
    )
    del segments["map"]["cells"][1:]
    assert "do not tell the segments apart" in plots.segment_map(segments).title
    segments["map"]["cells"] = []
    assert plots.segment_map(segments) is None


def moves(*rows):
    return [{"from": a, "to": b, "customers": n, "revenue": 1.0 * n} for a, b, n in rows]


def ribbons(picture, way):
    """The thickness of each ribbon at its left end, by the colour of where it comes from."""
    found = re.findall(rf'class="seg flow {way} (s\d)" d="M([^"]+)Z"', first(picture))
    ends = [(css, [tuple(map(float, p.split(","))) for p in d.split()]) for css, d in found]
    return [(css, round(points[-1][1] - points[0][1], 1)) for css, points in ends]


def test_a_ribbon_is_as_wide_as_its_customers_are_many(segments):
    segments["months"] |= {
        "migration": moves(
            ("S1", "S1", 600), ("S1", "S2", 100), ("S2", "S2", 250), ("new", "S1", 40),
            ("S2", "gone", 10), ("S2", "S1", 0),
        )
    }  # fmt: skip
    picture = plots.segment_flow(segments)
    assert sorted(ribbons(picture, "stay")) == [("s1", 240.0), ("s2", 100.0)]
    assert sorted(ribbons(picture, "move")) == [("s0", 16.0), ("s1", 40.0), ("s2", 4.0)]
    assert picture.title.endswith(
        "most moves: 100 from “Recent, frequent big spenders” to “Recent buyers who send much back”"
    )
    assert ">not there before</text>" in picture.svg
    assert ">700 customers</text>" in picture.svg


def test_bars_of_both_months_hold_all_their_ribbons(segments):
    picture = plots.segment_flow(segments)
    total = sum(move["customers"] for move in segments["months"]["migration"])
    for name in ("S1", "S4"):
        bars = rects(picture, f"seg fill s{name[1]}")
        sums = [
            sum(m["customers"] for m in segments["months"]["migration"] if m[end] == name)
            for end in ("from", "to")
        ]
        assert [bar[3] for bar in bars] == pytest.approx([400 * n / total for n in sums], abs=0.1)


def test_nobody_who_moves_is_told(segments):
    segments["months"] |= {"migration": moves(("S1", "S1", 600))}
    segments["months"]["switched"]["value"] = 0.0
    assert plots.segment_flow(segments).title == "100 of 100 customers stay; nobody moves"
    segments["months"]["migration"] = []
    assert plots.segment_flow(segments) is None
    assert plots.segment_flow(segments | {"months": None}) is None


def test_a_segment_that_is_gone_keeps_its_name_and_has_no_colour(segments):
    segments["months"] |= {"migration": moves(("S9", "S1", 60), ("S1", "S1", 60))}
    segments["months"]["names"]["S9"] = "Those of before"
    picture = plots.segment_flow(segments)
    assert ribbons(picture, "move") == [("s0", 200.0)]
    assert "S9 Those of before" in picture.svg


def test_every_picture_has_its_finding_as_alt_text_and_harmless_names(segments):
    segments["segments"][0]["name"] = segments["months"]["names"]["S1"] = '<b>"x'
    for picture in (
        plots.segment_shares(segments), plots.segment_map(segments), plots.segment_flow(segments),
    ):  # fmt: skip
        assert "<b>" not in picture.svg
        assert 'aria-label="' in picture.svg
