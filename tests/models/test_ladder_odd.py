"""The ladder of tables that leave little to tell: it says less, and says no nonsense."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.customers import load_customers
from patron.examine import examine
from patron.models.ladder import ladder
from patron.study import Study

ROWS = 300


def climbed(columns: dict[str, Any], **sections: Any) -> list[dict[str, Any]]:
    numbers = np.random.default_rng(4).normal(size=(ROWS, 2))
    table = pa.table({"a": numbers[:, 0], "b": numbers[:, 1], **columns})
    study = Study(table={"path": table, **sections.pop("table", {})}, **sections)
    customers = load_customers(study)
    return ladder(examine(customers, study), customers, study)


def test_an_infinite_amount_is_left_out() -> None:
    spend = np.random.default_rng(5).lognormal(3, 1, ROWS)
    spend[7] = np.inf
    steps = climbed({"y": spend}, spend={"target": "y"})
    assert {step["n"] for step in steps} == {ROWS - 1}
    assert all(np.isfinite(step["value"]) for step in steps)


def test_gifts_of_one_size_have_no_spread_within_the_top() -> None:
    given = np.where(np.random.default_rng(6).random(ROWS) < 0.5, 10.0, 0.0)
    steps = climbed({"y": given}, spend={"target": "y"})
    assert set(steps[-1]["more"]) == {"r2_top_20", "top_20_capture"}


def test_where_nothing_tells_customers_apart_each_row_counts_as_one() -> None:
    bought = (np.random.default_rng(7).random(ROWS) < 0.4).astype(float)
    named = {"y": bought, "customer": pa.nulls(ROWS, pa.string())}
    steps = climbed(named, purchase={"target": "y"}, table={"entity": "customer"})
    assert [step["kind"] for step in steps] == ["start"]
    assert steps[0]["low"] < steps[0]["value"] < steps[0]["high"]


@pytest.mark.parametrize("size", [1e9, 1e60, 1e200, 1.7e308])
def test_an_amount_beyond_belief_is_left_out_and_said(size: float) -> None:
    spend = np.random.default_rng(5).lognormal(3, 1, ROWS)
    spend[7] = size
    steps = climbed({"y": spend}, spend={"target": "y"})
    assert steps[0]["step"].endswith("(amounts beyond belief left out: 1)")
    assert {step["n"] for step in steps} == {ROWS - 1}
    assert all(-1 < step["low"] <= step["value"] < 1 for step in steps)


def test_amounts_too_few_to_say_which_is_absurd_give_a_score_or_none() -> None:
    spend = np.zeros(ROWS)
    spend[:60] = np.random.default_rng(5).lognormal(3, 1, 60)
    spend[7] = 1e300
    for step in climbed({"y": spend}, spend={"target": "y"}):
        assert np.isfinite([step["low"], step["value"], step["high"]]).all()
