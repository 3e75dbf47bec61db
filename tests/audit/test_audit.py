"""The frame of the audit: registry, order, ignoring, proposals, and what every check promises."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import (
    CHECKS,
    PAGES,
    CannotSay,
    Check,
    Finding,
    Fix,
    Frame,
    Severity,
    done_by,
    fixes_to_apply,
    run_audit,
)
from patron.errors import StudyError
from patron.schema import Role, infer


@pytest.fixture
def faulty(honest, schema):
    """A leak, a suspect, a running number, and copies: table, schema and target."""
    columns, y = honest(0)
    rng = np.random.default_rng(1)
    columns["customer"] = [f"c{i}" for i in rng.permutation(len(y))]
    columns["row_id"] = rng.permutation(len(y))
    columns["refund"] = y + 0.05 * rng.normal(size=len(y))
    columns["call"] = y + 0.45 * rng.normal(size=len(y))
    table = pa.table(columns)
    table = pa.concat_tables([table, table.slice(0, 100)])
    return table, schema(table, customer="entity"), np.r_[y, y[:100]]


def audited(faulty, **options):
    table, schema, target = faulty
    return run_audit(table, schema, target=target, target_name="bought", **options)


def outcomes(audit):
    return {each["code"]: each["outcome"] for each in audit.outcomes}


def test_findings_come_worst_first_and_every_check_has_an_outcome(faulty):
    audit = audited(faulty)
    severities = [found.severity.rank for found in audit.findings]
    assert severities == sorted(severities)
    worse = audit.at_least(Severity.WARNING)
    assert {(found.code, found.columns) for found in worse} >= {
        ("L01", ("refund",)),
        ("L01", ("call",)),
        ("I01", ("row_id",)),
        ("D01", ()),
    }
    assert [each["code"] for each in audit.outcomes] == [kind.code for kind in CHECKS]
    expected = {"L01": "finding", "I01": "finding", "I02": "silent", "D01": "finding"}
    assert outcomes(audit).items() >= expected.items()
    assert all(found.severity is Severity.SERIOUS for found in audit.at_least(Severity.SERIOUS))
    assert len(worse) > len(audit.at_least(Severity.SERIOUS)) >= 2


def test_without_a_target_the_checks_that_need_one_say_so(faulty):
    table, schema, _ = faulty
    said = {each["code"]: each for each in run_audit(table, schema).outcomes}
    assert said["L01"]["outcome"] == said["I02"]["outcome"] == "cannot say"
    assert said["L01"]["because"] == "no target is named"
    assert said["I01"]["outcome"] == "finding"


def test_the_same_seed_gives_the_same_audit_and_the_table_is_left_as_it_was(faulty):
    table, _, target = faulty
    before, beside = table.slice(0), target.copy()
    assert json.dumps(audited(faulty, seed=3).to_dict()) == json.dumps(
        audited(faulty, seed=3).to_dict()
    )
    assert table.equals(before)
    assert np.array_equal(target, beside)


def test_a_check_is_ignored_by_its_code_or_for_one_column(faulty):
    audit = audited(faulty, ignore={"L01:call": "known before the call ends", "D01": ""})
    said = [(each["code"], each["outcome"], each["because"]) for each in audit.outcomes]
    assert said[:2] == [
        ("L01", "finding", None),
        ("L01", "ignored", "the Study ignores it for call: known before the call ends"),
    ]
    assert ("D01", "ignored", "the Study ignores this check") in said
    found = {(each.code, each.columns) for each in audit.findings}
    assert ("L01", ("refund",)) in found
    assert not {("L01", ("call",)), ("D01", ())} & found


def test_a_check_all_of_whose_findings_are_ignored_is_not_called_silent(faulty):
    audit = audited(faulty, ignore=["L01:call", "L01:refund"])
    assert [each["outcome"] for each in audit.outcomes if each["code"] == "L01"] == ["ignored"] * 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("X99", "[audit] ignore: there is no check 'X99'. The checks are L01, "),
        ("L0", "[audit] ignore: there is no check 'L0'; did you mean 'L01'? The checks are L01, "),
        (
            "L01:cal",
            "[audit] ignore: 'L01:cal' names no column of the table; did you mean 'call'?",
        ),
    ],
)
def test_unknown_codes_and_columns_are_refused(faulty, entry, message):
    with pytest.raises(StudyError) as raised:
        audited(faulty, ignore=[entry])
    assert str(raised.value).startswith(message)


def test_proposed_fixes_by_severity_each_once_and_rows_before_columns():
    def finding(severity, fix):
        return Finding("X01", "", severity, (), None, {}, "", "", fix)

    leak, copies = Fix("drop_column", ("a",), because="L01"), Fix("drop_duplicate_rows")
    again, suspect = Fix("drop_column", ("a",), because="I01"), Fix("drop_column", ("b",))
    findings = [
        finding(Severity.SERIOUS, leak),
        finding(Severity.SERIOUS, again),
        finding(Severity.SERIOUS, None),
        finding(Severity.SERIOUS, copies),
        finding(Severity.WARNING, suspect),
    ]
    assert fixes_to_apply(findings) == [copies, leak]
    assert fixes_to_apply(findings, "all") == [copies, leak, suspect]
    assert fixes_to_apply(findings, "none") == []
    both = Fix("drop_column", ("b", "c"), because="L02")
    findings.insert(0, finding(Severity.SERIOUS, both))
    assert fixes_to_apply(findings, "all") == [copies, both, leak]  # b goes with c already
    assert done_by(suspect, [both])
    assert not done_by(both, [suspect])
    with pytest.raises(StudyError, match=r"must be serious, all or none, got 'some'"):
        fixes_to_apply(findings, "some")


def test_findings_are_plain_json_and_show_no_customer(faulty):
    text = json.dumps(audited(faulty).to_dict(), allow_nan=False)
    assert not any(f'"{name}"' in text for name in faulty[0]["customer"].to_pylist())


@pytest.mark.parametrize("kind", CHECKS, ids=lambda kind: kind.code)
@pytest.mark.parametrize(
    "columns",
    [
        {"only": pa.array([], pa.float64())},
        {"empty": pa.nulls(500), "nan": np.full(500, np.nan), "flat": np.ones(500)},
        {
            "<b>": [[1]] * 500,
            "when": pa.array([None, 1] * 250, pa.duration("s")),
            "span": pa.array([(1, 2, 3), None] * 250, pa.month_day_nano_interval()),
        },
        {"huge": np.r_[np.full(499, 1e300), np.inf], "half": np.arange(500) % 2 == 0},
    ],
    ids=["no rows", "nothing in the columns", "odd types", "infinities"],
)
def test_every_check_answers_whatever_the_table_holds(kind, columns, schema):
    table = pa.table(columns)
    target = (np.arange(table.num_rows) % 3 == 0).astype(float)
    answer = kind().run(Frame(table, schema(table), target=target))
    assert isinstance(answer, (list, CannotSay))


def test_evidence_becomes_plain_json():
    evidence = {
        "n": np.int64(3),
        "gap": np.nan,
        "picture": {"edges": np.array([0.5, 1.0]), "share": (0.1, None), "ok": np.bool_(True)},
    }
    found = Finding("X01", "", Severity.NOTE, (), None, evidence, "", "")
    assert json.dumps(found.to_dict()["evidence"], allow_nan=False) == (
        '{"n": 3, "gap": null, "picture": {"edges": [0.5, 1.0], "share": [0.1, null], "ok": true}}'
    )


def test_every_family_of_checks_has_its_page():
    docs = Path(__file__).parents[2] / "docs" / "checks"
    assert {kind.code[0] for kind in CHECKS} <= PAGES.keys()
    assert {path.stem for path in docs.glob("*.md")} == set(PAGES.values())


def test_every_check_has_its_own_code_and_title():
    assert len({kind.code for kind in CHECKS}) == len({kind.title for kind in CHECKS})
    assert all(issubclass(kind, Check) and not kind.title.endswith(".") for kind in CHECKS)


def test_the_ledger_loads_nothing_heavy():
    heavy = "{'lightgbm', 'sklearn', 'pandas', 'scipy', 'duckdb'}"
    code = f"import sys, patron.audit.ledger; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_levels_in_a_fix_are_spelt_as_the_fixes_before_leave_them():
    def finding(fix):
        return Finding("X01", "", Severity.WARNING, (), None, {}, "", "", fix)

    gap = Fix("null_where", ("a",), {"values": [0], "by": "b", "equals": ["Web", "WEB ", "shop"]})
    spelling = Fix("normalise_text", ("b",), {"mapping": {"Web": "web", "WEB ": "web"}})
    other = Fix("normalise_text", ("c",), {"mapping": {"shop": "Shop"}})
    first, second, third = fixes_to_apply([finding(f) for f in (gap, other, spelling)], "all")
    assert (first, second) == (other, spelling)
    assert third.arguments["equals"] == ["web", "shop"]
    assert fixes_to_apply([finding(gap)], "all") == [gap]


def test_no_finding_shows_who_a_customer_is(schema):
    """Contacts in every way that they come: repeated, misspelt, with words for missing."""
    draw, people, dates = np.random.default_rng(0), 300, 3
    who = np.tile(np.arange(people), dates)
    mails = [f"anna.q{n}@mail.example" for n in who]
    for row in range(0, len(who), 9):
        mails[row] = mails[row].replace("anna", "Anna")
    for row in range(0, len(who), 8):
        mails[row] = "N/A"
    phones = [f"+49 151 {1_000_000 + n}" for n in who]
    phones[3:9] = ["Carla Jones"] * 3 + ["bert@mail.example"] * 3
    names = [f"Kim Quill{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in who]
    names[5] = names[5].upper()
    paid = draw.gamma(2, 20, len(who))
    paid[np.array(mails) == "anna.q7@mail.example"] *= -1
    paid[who == 7] = -np.abs(paid[who == 7])
    columns = {
        "customer_id": [f"C{n:04d}" for n in who],
        "as_of": pa.array(np.repeat([19_000, 19_030, 19_060], people).astype(np.int32)),
        "email": mails,
        "phone": phones,
        "full_name": names,
        "paid": paid,
        "visits": draw.poisson(3, len(who)),
    }
    table = pa.table(columns)
    table = table.set_column(1, "as_of", table["as_of"].cast(pa.date32()))
    roles = infer(table, entity="customer_id", as_of="as_of")
    assert {roles[name].role for name in ("email", "phone", "full_name")} == {Role.IDENTIFIER}
    bought = (draw.random(len(who)) < 0.3).astype(float)
    audit = run_audit(table, roles, target=bought, target_name="bought")
    assert {"M02", "D02"} & {found.code for found in audit.findings}
    text = json.dumps(audit.to_dict(), ensure_ascii=False).lower()
    for sign in ("@mail.example", "quill", "carla", "151 ", "c0007"):
        assert sign not in text
