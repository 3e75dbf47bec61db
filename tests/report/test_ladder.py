"""The ladder's picture: what is promised and what holds, every kind of step, both measures."""

import re

import pytest

from patron.report import plots, render
from patron.report.brief import told_by_ladder


def estimate(value, half):
    return {"value": value, "low": value - half, "high": value + half}


def step(kind, value, worth=None, half=0.01, **more):
    paired = None if worth is None else estimate(worth, 0.004)
    named = {"step": f"the {kind} step", "kind": kind, "columns": [], "metric": "r2"}
    return {**named, **estimate(value, half), "worth": paired, **more}


@pytest.fixture
def week():
    """A first week: a leak, a split that was too kind, what was tried, and the model."""
    return [
        step("start", 0.92),
        step("applied", 0.70, -0.22),
        step("proposed", 0.69, -0.01, columns=["call"]),
        step("split", 0.67, -0.03),
        step("features", 0.74, 0.07),
        step("tried", -80.0, -80.7, train_value=0.99),
        step("final", 0.76, 0.02),
    ]


def drawn(picture):
    return picture.svg.split("</svg>")[0]


def test_the_title_sets_the_promise_against_what_holds(week):
    assert plots.ladder(week).title == (
        "As they come, the columns promise R² 0.920; the fixes leave 0.670, "
        "and 0.690 without the suspect call"
    )
    assert plots.honest_step(week)["kind"] == "split"
    week[2]["worth"] = estimate(-0.001, 0.004)
    assert plots.ladder(week).title == (
        "As they come, the columns promise R² 0.920; the fixes leave 0.670"
    )


def test_the_page_tells_the_same_in_sentences(week):
    assert told_by_ladder(week) == [
        "As they come, the columns promise a quick model R² 0.92, between 0.91 and 0.93.",
        "After the fixes, judged honestly, it is 0.67, between 0.66 and 0.68.",
        "Without the suspect call it is 0.69, between 0.68 and 0.70.",
        "The final model, which still uses what is suspected, reaches 0.76, between 0.75 and 0.77.",
    ]
    assert told_by_ladder(week[:1]) == told_by_ladder(week)[:1]


def test_where_mending_helps_nothing_was_promised(week):
    week[0] |= {"value": 0.60, "low": 0.59, "high": 0.61}
    assert plots.ladder(week).title == "As they come, the columns reach R² 0.600; mended, 0.670"


def test_the_last_step_that_is_no_aside_is_the_one_in_use(week):
    strong = re.findall(r'class="label strong halo"[^>]*>([^<]+)', drawn(plots.ladder(week)))
    assert " ".join(strong) == "the final step (used)"
    strong = re.findall(r'class="label strong halo"[^>]*>([^<]+)', drawn(plots.ladder(week[:3])))
    assert " ".join(strong) == "the applied step (used)"


def test_a_model_far_off_the_scale_keeps_its_figure_and_spoils_no_axis(week):
    svg = drawn(plots.ladder(week))
    assert "−80.0" in svg
    assert 'class="plain hollow"' in svg  # what it reached on the rows it learned from
    ticks = [float(tick.replace("−", "-")) for tick in re.findall(r">(−?[\d.]+)</text>", svg)]
    assert min(tick for tick in ticks if tick > -79) >= 0


def test_steps_within_noise_claim_nothing(week):
    quiet = [step("start", 0.70), step("applied", 0.701, 0.001)]
    assert plots.ladder(quiet).title == "No fix and no suspect moves the result beyond noise"
    moved = [step("start", 0.70), step("applied", 0.705, 0.005)]
    assert plots.ladder(moved).title == (
        "The step that matters most, “the applied step”: R² 0.005 higher"
    )


def test_a_suspect_that_stays_is_in_the_title_though_nothing_was_mended():
    steps = [step("start", 0.70), step("proposed", 0.63, -0.07, columns=["call"])]
    assert plots.ladder(steps).title == (
        "As they come, the columns promise R² 0.700; 0.630 without the suspect call"
    )


def test_the_page_names_the_measure_and_what_was_tried(results, week):
    page = render({**results, "ladder": week})
    assert '<th scope="col" class="num">R²</th>' in page
    assert "(0.99 on the rows it learned from)" in page


def test_what_a_step_says_besides_stands_below_it(results, week):
    more = {"r2_top_20": estimate(0.82, 0.02), "top_20_capture": estimate(0.73, 0.01)}
    page = render({**results, "ladder": [*week[:-1], {**week[-1], "more": more}]})
    assert "R² among the top 20 of 100: 0.82 [0.80, 0.84]; of these 73 of 100 are found" in page
