"""M06: zeros in place of missing values; silent on the zeros that shops honestly have."""

import numpy as np
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.missing import AverageZeros
from patron.worlds import make


def shop(seed=0, rows=6_000):
    """Orders and what goes with them; zeros as they arise."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.9, 2, rows)
    orders = rng.poisson(rate).astype(float)
    value = rng.lognormal(3.5, 0.4, rows).round(2)
    return {
        "orders": orders,
        "spend": (orders * value).round(2),
        "visits": rng.poisson(3 * rate + 0.5).astype(float),
        "age": rng.integers(18, 90, rows).astype(float),
        "return_share": rng.binomial(orders.astype(int), 0.15) / np.maximum(orders, 1),
    }, rng


def named(answer):
    assert not isinstance(answer, CannotSay), answer
    return {found.columns[0]: found for found in answer}


def test_false_zeros_among_honest_ones_are_counted_and_told_by_another_column(frame):
    columns, rng = shop()
    hit = (columns["orders"] > 0) & (rng.random(6_000) < 0.08)
    columns["orders"][hit] = 0
    made = frame(columns)
    found = named(AverageZeros().run(made))
    assert list(found) == ["orders"]
    share = hit.sum() / (columns["orders"] == 0).sum()
    assert found["orders"].evidence["share_of_zeros_that_are_false"] == pytest.approx(
        share, abs=0.06
    )
    assert found["orders"].rows == pytest.approx(hit.sum(), rel=0.25)
    assert found["orders"].fix.operation == "null_where"
    after, _ = Ledger((found["orders"].fix,)).apply(made.table)
    gone = after["orders"].is_null().to_numpy(zero_copy_only=False)
    assert (gone & hit).sum() >= 0.3 * hit.sum()
    assert (gone & hit).sum() >= 0.8 * gone.sum()


def test_where_nearly_all_zeros_are_false_all_are_nulled(frame):
    columns, rng = shop()
    columns["visits"] += 3
    columns["visits"][rng.random(6_000) < 0.05] = 0
    found = named(AverageZeros().run(frame(columns)))["visits"]
    assert found.severity is Severity.WARNING
    assert found.fix.to_dict() == {
        "operation": "null_value",
        "columns": ["visits"],
        "arguments": {"values": [0]},
        "because": "M06",
    }
    like = [found.evidence[f"expected_high_among_{who}_share"] for who in ("zeros", "all")]
    assert like[0] == pytest.approx(like[1], abs=0.1)
    assert found.evidence["expected_high_among_low_values_share"] < 0.1


def test_zeros_out_of_the_blue_are_named_though_nothing_predicts_the_column(frame):
    columns, rng = shop()
    columns["age"][rng.random(6_000) < 0.04] = 0
    found = named(AverageZeros().run(frame(columns)))["age"]
    assert "no other column tells which rows they are" in found.meaning


def test_false_zeros_of_a_share_stay_where_honest_ones_would_be_rare(frame):
    columns, rng = shop()
    fond, sent = rng.normal(size=6_000), columns["visits"].astype(int) + 2
    columns["clicks"] = rng.poisson(np.exp(1 + fond)).astype(float)
    open_rate = rng.binomial(sent, 1 / (1 + np.exp(-2 * fond))) / sent
    columns["open_rate"] = open_rate.copy()
    assert AverageZeros().run(frame(columns)) == []
    hit = rng.random(6_000) < 0.15
    columns["open_rate"][hit] = 0
    [found] = AverageZeros().run(frame(columns))
    assert found.columns == ("open_rate",)
    assert found.evidence["share_of_zeros_where_least_expected"] == pytest.approx(0.15, abs=0.05)
    false = (hit & (open_rate > 0)).sum() / (columns["open_rate"] == 0).sum()
    assert found.evidence["share_of_zeros_that_are_false"] == pytest.approx(false, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_silent_on_honest_zeros(frame, seed):
    columns, rng = shop(seed)
    rows = len(columns["orders"])
    member = rng.random(rows) < 0.6
    columns["member"] = member.astype(float)
    columns["points"] = np.where(member, columns["spend"] * rng.uniform(0.5, 1.5, rows), 0).round()
    columns["tickets"] = rng.poisson(0.3, rows).astype(float)
    columns["balance"] = rng.normal(0, 100, rows).round()
    assert AverageZeros().run(frame(columns, member="flag")) == []


@pytest.mark.parametrize("seed", range(2))
def test_silent_on_the_corner_shop(frame, seed):
    table = make("corner", rows=3_000, seed=seed).table
    columns = {name: table[name] for name in table.column_names[1:-1]}
    assert AverageZeros().run(frame(columns)) == []


def test_cannot_say_with_few_rows(frame):
    answer = AverageZeros().run(frame({"orders": np.arange(300.0) % 7}))
    assert answer == CannotSay(
        "300 rows are too few to compare zeros with low values; at least 500 are needed"
    )
