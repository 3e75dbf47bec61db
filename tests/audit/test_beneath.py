"""What shows only once other findings are mended is sought there, and counted as found."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import Severity, run_audit


@pytest.fixture
def hidden(honest, schema):
    """A leak by a difference of two columns, under one that tells nearly everything."""
    columns, y = honest(0, rows=3_000)
    rng = np.random.default_rng(1)
    columns["paid"] = 10 * rng.normal(size=3_000)
    columns["due"] = columns["paid"] - np.where(y == 1, 1, -1) * rng.gamma(4, 0.25, 3_000)
    columns["refund"] = y + 0.02 * rng.normal(size=3_000)
    table = pa.table(columns)
    return table, schema(table), y


def accused(audit):
    return {
        (found.code, name)
        for found in audit.findings
        if found.severity is not Severity.NOTE
        for name in found.columns
    }


def test_a_leak_under_a_leak_is_found_in_one_audit(hidden):
    table, roles, y = hidden
    audit = run_audit(table, roles, target=y, target_name="bought", claim="auc 0.95")
    assert ("L01", "refund") in accused(audit)
    assert {("L02", "paid"), ("L02", "due")} <= accused(audit)
    [claim] = [found for found in audit.findings if found.code == "C01"]
    assert claim.evidence["honest"] < 0.85  # neither leak is in the honest score
    by_code = {outcome["code"]: outcome["outcome"] for outcome in audit.outcomes}
    assert by_code["L02"] == "finding"


def test_what_is_ignored_stays_ignored_beneath(hidden):
    table, roles, y = hidden
    audit = run_audit(table, roles, target=y, target_name="bought", ignore=["L02"])
    assert not any(code == "L02" for code, _ in accused(audit))


def test_nothing_lies_beneath_a_healthy_table(honest, schema):
    columns, y = honest(0, rows=3_000)
    columns["code"] = [f"x{n}" for n in range(3_000)]  # I01 has a fix to try
    table = pa.table(columns)
    audit = run_audit(table, schema(table), target=y, target_name="bought")
    assert {code for code, _ in accused(audit)} == {"I01"}
