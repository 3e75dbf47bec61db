"""L04: fires on what a contact changed; silent where arms are alike; cannot say of chosen ones."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.leaks import ChangedByContact

ROWS = 4_000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def campaign(rng):
    columns = {f"habit_{i}": rng.normal(size=ROWS) for i in range(6)}
    columns["orders"] = rng.poisson(2.0, ROWS).astype(float)
    columns["region"] = rng.choice(["north", "south", "east"], ROWS)
    columns["arm"] = rng.choice(["men", "women", "none"], ROWS)
    return columns


def test_a_column_that_one_arm_has_more_of_is_a_warning(campaign, rng, frame):
    sent = campaign["arm"] == "men"
    campaign["visited"] = (rng.random(ROWS) < np.where(sent, 0.2, 0.1)).astype(float)
    [found] = ChangedByContact().run(frame(campaign, arm="treatment"))
    assert (found.columns, found.severity) == (("visited",), Severity.WARNING)
    assert found.evidence["shift"] > 5
    assert found.evidence["balanced_features"] == 8
    assert found.fix.operation == "drop_column"


@pytest.mark.parametrize("seed", range(5))
def test_silent_where_chance_made_the_arms(frame, seed):
    rng = np.random.default_rng(seed)
    columns = {f"habit_{i}": rng.normal(size=ROWS) for i in range(30)}
    columns |= {f"count_{i}": rng.poisson(0.3, ROWS).astype(float) for i in range(10)}
    columns["sent"] = (rng.random(ROWS) < 5 / 6).astype(float)
    assert ChangedByContact().run(frame(columns, sent="treatment")) == []


def test_arms_are_compared_within_their_date(campaign, rng, frame):
    late = rng.random(ROWS) < 0.5
    campaign["as_of"] = pa.array(np.where(late, 20_000, 19_900).astype(np.int32)).cast(pa.date32())
    campaign["tenure"] = rng.normal(size=ROWS) + 2.0 * late  # everybody is older by then
    campaign["arm"] = np.where(rng.random(ROWS) < np.where(late, 0.9, 0.4), "sent", "none")
    assert ChangedByContact().run(frame(campaign, arm="treatment", as_of="as_of")) == []
    [found] = ChangedByContact().run(frame(campaign, arm="treatment", as_of="ignore"))
    assert found.columns == ("tenure",)


def test_many_dates_written_as_text_are_compared_with_their_neighbours(campaign, rng, frame):
    weeks = np.sort(rng.choice(40, ROWS, p=rng.dirichlet(np.full(40, 5.0))))
    first = np.datetime64("2024-01-01")
    campaign["as_of"] = [str(first + 7 * int(week)) for week in weeks]
    campaign["tenure"] = rng.normal(size=ROWS) + weeks / 10  # everybody grows older
    campaign["arm"] = np.where(rng.random(ROWS) < 0.1 + 0.02 * weeks, "sent", "none")
    assert ChangedByContact().run(frame(campaign, arm="treatment", as_of="as_of")) == []


def test_cannot_say_where_the_contacted_were_chosen(campaign, frame):
    chosen = sum(campaign[f"habit_{i}"] for i in range(4)) > 0
    campaign["arm"] = np.where(chosen, "sent", "none")
    assert ChangedByContact().run(frame(campaign, arm="treatment")) == CannotSay(
        "the arms of arm differ in 4 of 8 features: the contact was not given by chance, and the "
        "data cannot tell who was chosen from what was changed"
    )


def test_cannot_say_without_a_treatment_or_with_one_arm(campaign, frame):
    del campaign["arm"]
    assert ChangedByContact().run(frame(campaign)) == CannotSay("no column has the role treatment")
    campaign["arm"] = ["sent"] * ROWS
    assert ChangedByContact().run(frame(campaign, arm="treatment")) == CannotSay(
        "arm has fewer than two arms of 50 rows or more, or fewer than 500 rows in them"
    )


def test_a_feature_that_is_named_as_a_treatment_is_noted(campaign, frame):
    campaign["treatment_group"] = campaign.pop("arm")
    [found] = ChangedByContact().run(frame(campaign))
    assert (found.columns, found.severity) == (("treatment_group",), Severity.NOTE)
    assert '[campaign] treatment = "treatment_group"' in found.next_step
