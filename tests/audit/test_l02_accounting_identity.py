"""L02: fires where the answer follows by arithmetic; silent on honest columns; cannot say."""

import numpy as np
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.leaks import AccountingIdentity
from patron.audit.leaks.arithmetic import telling_pairs

ROWS = 3_000


def shop(seed):
    """Spend, and honest columns that tell something of it."""
    rng = np.random.default_rng(seed)
    rate, value = rng.gamma(0.8, 1, ROWS), rng.lognormal(3, 0.6, ROWS)
    columns = {
        "orders_365d": rng.poisson(6 * rate).astype(float),
        "average_order": value.round(2),
        "spend_365d": (rng.poisson(6 * rate) * value).round(2),
        "visits": rng.poisson(4 * rate + 0.5).astype(float),
        "age": rng.integers(18, 80, ROWS).astype(float),
    }
    spend = (rng.poisson(3 * rate) * value * rng.lognormal(0, 0.3, ROWS)).round(2)
    return columns, spend, rng


def parts_of(answer):
    assert not isinstance(answer, CannotSay), answer
    return {column for found in answer for column in found.columns}


def test_the_difference_of_two_columns_is_serious_and_told_as_a_formula(frame):
    columns, spend, rng = shop(0)
    columns["balance_before"] = rng.lognormal(8, 1, ROWS)
    columns["balance_after"] = columns["balance_before"] - spend
    [found] = AccountingIdentity().run(frame(columns, spend))
    assert set(found.columns) == {"balance_before", "balance_after"}
    assert found.severity is Severity.SERIOUS
    assert (found.fix.operation, found.fix.columns) == ("drop_column", ("balance_after",))
    assert found.evidence["error"] < 0.001
    assert found.evidence["formula"] in (
        "1 × balance_before - 1 × balance_after",
        "-1 × balance_after + 1 × balance_before",
    )


def test_the_sum_of_three_parts_with_noise(frame):
    columns, spend, rng = shop(1)
    share = rng.dirichlet((1, 1, 1), ROWS)
    for place, name in enumerate(("web", "store", "phone")):
        columns[name] = spend * share[:, place] * rng.lognormal(0, 0.05, ROWS)
    [found] = AccountingIdentity().run(frame(columns, spend))
    assert set(found.columns) == set(found.fix.columns) == {"web", "store", "phone"}


def test_one_identity_does_not_hide_another(frame):
    columns, spend, rng = shop(5)
    before = columns["spend_365d"]
    columns["lifetime"] = before + spend
    columns["limit"] = rng.lognormal(8, 1, ROWS)
    columns["left_of_limit"] = columns["limit"] - spend * rng.lognormal(0, 0.1, ROWS)
    found = AccountingIdentity().run(frame(columns, spend))
    assert [set(each.columns) for each in found] == [
        {"lifetime", "spend_365d"},
        {"limit", "left_of_limit"},
    ]
    assert found[0].fix.columns == ("lifetime",)  # what was spent before is honest


def test_a_product_and_a_ratio(frame):
    columns, spend, rng = shop(2)
    columns["units"] = 1.0 + rng.poisson(3, ROWS)
    product = columns | {"unit_price": spend / columns["units"]}
    assert parts_of(AccountingIdentity().run(frame(product, spend))) == {"units", "unit_price"}
    ratio = columns | {"gross": spend * columns["units"]}
    assert parts_of(AccountingIdentity().run(frame(ratio, spend))) == {"units", "gross"}


def test_whether_a_later_count_is_above_an_earlier_one(honest, frame):
    columns, y = honest(3)
    rng = np.random.default_rng(3)
    columns["orders_before"] = rng.negative_binomial(1.2, 0.12, len(y)).astype(float)
    columns["orders_after"] = columns["orders_before"] + y * (1 + rng.poisson(0.4, len(y)))
    measured = frame(columns, y)
    [found] = AccountingIdentity().run(measured)
    assert set(found.columns) == {"orders_before", "orders_after"}
    assert found.severity is Severity.SERIOUS
    assert found.evidence["difference"] > 0.99
    assert found.evidence["alone"] < 0.7


@pytest.mark.parametrize("seed", range(3))
def test_silent_on_honest_tables(honest, frame, seed):
    columns, spend, _ = shop(seed)
    assert AccountingIdentity().run(frame(columns, spend)) == []
    columns, y = honest(seed, 3_000, 1.6)
    assert AccountingIdentity().run(frame(columns, y)) == []


@pytest.mark.parametrize("gift", [1.0, 10.0])
def test_answers_in_turns_or_of_one_amount_follow_from_nothing(frame, gift):
    columns, _, _ = shop(0)
    y = np.tile([gift, 0.0], ROWS // 2)  # every other row: halves by position would part them
    assert AccountingIdentity().run(frame(columns, y)) == []


def test_a_lone_positive_row_tells_no_pair():
    y = np.zeros(400)
    y[17] = 1
    assert telling_pairs(np.random.default_rng(0).normal(size=(400, 3)), y) == []


def test_leaks_that_l01_names_one_by_one_are_not_named_again(honest, frame):
    columns, y = honest(4)
    rng = np.random.default_rng(4)
    columns |= {f"leak_{i}": y + 0.3 * rng.normal(size=len(y)) for i in range(2)}
    assert AccountingIdentity().run(frame(columns, y)) == []


def test_cannot_say_with_few_labels_or_without_numbers(frame):
    answer = AccountingIdentity().run(frame({"a": np.arange(50.0)}, np.tile([0.0, 1.0], 25)))
    assert answer == CannotSay("only 50 rows are labelled; at least 200 are needed")
    words = {"region": np.tile(["north", "south"], 300)}
    answer = AccountingIdentity().run(frame(words, np.tile([0.0, 1.0, 1.0], 200)))
    assert answer == CannotSay("no feature holds numbers")
