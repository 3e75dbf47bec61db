"""Rows of the tables on segments: gates, evidence beside RFM, medians, axes, who moved where."""

import pytest

from patron.report.segments_tables import (
    amount,
    axis_rows,
    category_rows,
    evidence_rows,
    gate_rows,
    median_table,
    migration_table,
    needed,
    zero_rows,
)

NBSP = "\N{NO-BREAK SPACE}"


def test_every_number_of_groups_has_its_gates(segments):
    evidence = segments["evidence"]
    assert needed(evidence["gates"]) == [
        "≥ 0.20",
        "≥ 0.02",
        "≥ 3",
        "≥ 0.75",
        "≥ 0.80",
        f"≥ 5{NBSP}%",
    ]
    rows = {row["k"]: row for row in gate_rows(evidence)}
    failing = {k: [cell["fails"] for cell in row["cells"]] for k, row in rows.items()}
    assert failing["3"] == [True, True, True, False, False, False]
    assert failing["5"] == [False] * 6
    assert failing["8"] == [False, False, False, True, True, True]
    assert [k for k, row in rows.items() if row["chosen"]] == ["5"]
    assert rows["8"]["because"] == "fails 3 of 6 gates"
    assert rows["4"]["because"] == "eligible, with less lift than 5"
    assert rows["5"]["because"] == ""
    assert rows["5"]["cells"][0]["text"] == "0.263 [0.259, 0.267]"


def test_rfm_and_exact_rules_stand_in_the_same_table(segments, written):
    auc = written["comparison"]["segments_auc"]
    rows = {row["term"]: row for row in evidence_rows(segments, auc)}
    silhouette = rows["silhouette, declared axes"]
    assert [silhouette[key] for key in ("own", "rfm", "rules", "needed")] == [
        "0.263 [0.259, 0.267]", "0.061 [0.057, 0.065]", "0.231 [0.227, 0.235]", "≥ 0.20",
    ]  # fmt: skip
    assert rows["ROC-AUC"]["own"].startswith("0.73")
    assert rows["ROC-AUC"]["rfm"].startswith("0.68")
    segments["evidence"] |= {"rfm": None, "davies_bouldin": None}
    terms = [row["term"] for row in evidence_rows(segments)]
    assert "ROC-AUC" not in terms
    assert "Davies–Bouldin" not in terms


def test_medians_and_typical_customers_are_in_their_own_units():
    spend = {"column": "spend", "role": "money", "unit": "money", "median": 12.5, "all": 900.4}
    share = {"column": "share", "role": "rate", "unit": "share", "median": 0.31, "all": None}
    table = median_table(
        {
            "medians": [
                spend | {"missing": 0.2, "said": "spend 12.5"},
                share | {"missing": 0.0, "said": "share 31 %"},
            ],
            "examples": [
                {"customer": "ab12", "values": {"spend": 3, "other": 1}},
                {"customer": None, "values": {"spend": None}},
            ],
        }
    )
    assert table["heads"] == ["ab12", "no. 2"]
    assert table["rows"] == [
        {
            "column": "spend",
            "said": "",
            "here": "$12.50",
            "all": "$900",
            "missing": f"20{NBSP}%",
            "examples": ["$3", "–"],
        },
        {
            "column": "share",
            "said": "share 31 %",
            "here": f"31{NBSP}%",
            "all": "–",
            "missing": "",
            "examples": ["–", "–"],
        },
    ]


@pytest.mark.parametrize(
    ("value", "role", "unit", "words"),
    [
        (12345.6, "count", "count", "12,346"),
        (1, "number", "days", "1 day"),
        (2.5, "number", "minutes", "2.5 minutes"),
        (0.2, "rate", "", "0.2"),
        (float("nan"), "money", "money", "–"),
    ],
)
def test_a_number_is_written_in_its_unit(value, role, unit, words):
    assert amount(value, role, unit) == words


def test_where_both_medians_are_zero_the_shares_above_are_told(segments):
    profile = segments["segments"][1]["profile"]
    row = next(r for r in median_table(profile)["rows"] if r["column"] == "tickets_365d")
    assert (row["here"], row["all"]) == (f"41{NBSP}% above 0", f"13{NBSP}% above 0")
    profile["medians"][-1] |= {"all": 1.0}
    row = next(r for r in median_table(profile)["rows"] if r["column"] == "tickets_365d")
    assert (row["here"], row["all"]) == ("0", "1")


def test_what_was_measured_of_groups_is_not_said_of_tiers(segments):
    rows = evidence_rows(segments | {"kind": "tiers"})
    assert {row["needed"] for row in rows} == {""}
    assert not {"lift", "smallest Jaccard", "adjusted Rand"} & {row["term"] for row in rows}


def test_columns_of_axes_are_those_that_typical_customers_show():
    columns = ("on_axis", "shown", "age")
    medians = [
        {"column": name, "role": "count", "unit": "count", "median": 1, "all": 1}
        for name in columns
    ]
    profile = {"medians": medians, "examples": [{"customer": "ab", "values": {"shown": 1}}]}
    table = median_table(profile, {"on_axis", "shown"})
    assert [row["column"] for row in table["rows"]] == ["shown", "age"]
    table = median_table(profile | {"examples": []}, {"on_axis", "shown"})
    assert [row["column"] for row in table["rows"]] == list(columns)


def test_categories_have_the_interval_of_their_index(segments):
    found = segments["segments"][0]["profile"]["categories"][0]
    assert category_rows([found])[0]["index"] == "170"
    assert category_rows([found])[0]["range"] == "[163, 177]"
    assert category_rows([found | {"low": None}])[0]["range"] == ""


def test_zeros_are_told_once_a_segment(segments):
    [row] = zero_rows(segments["zeros"])
    assert row["first"].startswith("62 % of S4 never ordered")
    assert len(row["each"]) == 1
    assert zero_rows([]) == []


def test_axes_name_their_columns_with_their_signs(segments):
    recency = axis_rows(segments["axes"])[1]
    assert (recency["name"], recency["title"]) == ("recency", "how lately they were here")
    assert {column["way"] for column in recency["columns"]} == {"the more, the lower"}
    assert axis_rows(segments["axes"])[3]["flagged"] == f"11.8{NBSP}%"


def test_the_migration_table_has_who_came_and_who_went(segments):
    months = segments["months"] | {
        "migration": [
            {"from": "S1", "to": "S1", "customers": 900, "revenue": 1200.0},
            {"from": "S1", "to": "gone", "customers": 5, "revenue": None},
            {"from": "new", "to": "S2", "customers": 7, "revenue": 0.0},
        ]
    }
    table = migration_table(months)
    assert [head["id"] for head in table["heads"]] == ["S1", "S2", "gone"]
    assert [row["id"] for row in table["rows"]] == ["S1", "new"]
    assert [cell["customers"] for cell in table["rows"][0]["cells"]] == ["900", "–", "5"]
    assert [cell["stays"] for cell in table["rows"][0]["cells"]] == [True, False, False]
    assert [cell["revenue"] for cell in table["rows"][0]["cells"]] == ["$1,200", "", ""]
    assert table["rows"][1]["name"] == "not there before"
