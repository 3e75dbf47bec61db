"""V01: values that a column's kind rules out; honest tails, refunds and soft orders stay."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Finding, Ledger
from patron.audit.values.impossible import ImpossibleValues

from .conftest import MakeFrame

ROWS = 2_000
SOME = np.arange(ROWS) % 25 == 3  # 80 rows


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def found(frame: MakeFrame, columns: dict[str, Any], **roles: str) -> list[Finding]:
    answer = ImpossibleValues().run(frame(columns, **roles))
    assert isinstance(answer, list)
    return answer


def test_shares_above_1(frame: MakeFrame) -> None:
    shares = rng().beta(2, 5, ROWS)
    shares[SOME] = 1.2 + rng().random(SOME.sum())
    (one,) = found(frame, {"open_rate": shares})
    assert (one.code, one.severity.value, one.columns, one.rows) == (
        "V01",
        "warning",
        ("open_rate",),
        80,
    )
    assert one.fix is not None
    assert (one.fix.operation, one.fix.arguments) == ("null_above", {"limit": 1})
    assert "above 1 in 80 rows" in one.meaning


def test_percentages_among_shares_of_few_things(frame: MakeFrame) -> None:
    """They leave no edge at 1, but lie as the others do; ratios do not.

    As the customers differ otherwise, V04 takes the part for customers of another kind.
    """
    sent = rng().integers(1, 30, ROWS)
    shares = np.round(rng().binomial(sent, 0.2) / sent, 3)
    odd = np.arange(ROWS) % 6 == 1
    percent = np.where(odd, np.round(100 * shares, 1), shares)
    visits = rng().poisson(np.where(odd, 9, 5)).astype(float)
    (one,) = found(frame, {"click_rate": percent, "visits": visits})
    assert one.fix is not None
    assert (one.fix.operation, one.fix.arguments) == ("scale_where", {"factor": 0.01, "above": 1})
    mended = Ledger((one.fix,)).apply(pa.table({"click_rate": percent}))[0]["click_rate"].to_numpy()
    assert np.abs(mended - shares).max() < 0.01
    ratios = rng().integers(0, 6, ROWS) / rng().integers(1, 6, ROWS)
    assert found(frame, {"view_rate": ratios}) == []


def test_an_edge_at_1_needs_no_name(frame: MakeFrame) -> None:
    shares = rng().beta(5, 2, ROWS)  # many of them near 1
    shares[SOME] = rng().uniform(3, 9, SOME.sum())
    assert [each.rows for each in found(frame, {"x7": shares})] == [80]


def test_shares_that_pile_up_at_1_end_there(frame: MakeFrame) -> None:
    shares = rng().beta(0.6, 0.6, ROWS).round(2)  # many of exactly 1, and many just below
    shares[SOME] = rng().uniform(1.01, 1.5, SOME.sum()).round(2)
    assert [each.rows for each in found(frame, {"open_rate": shares})] == [80]


def test_counts_below_0(frame: MakeFrame) -> None:
    counts = rng().geometric(0.3, ROWS).astype(float)
    counts[SOME] *= -1
    (one,) = found(frame, {"x7": counts})  # a sign turned round tells without a name
    assert one.rows == 80
    assert one.evidence["distance_from_the_positive_ones"] < 0.2
    assert "with the sign turned round" in one.meaning
    assert one.fix is not None
    assert (one.fix.operation, one.fix.arguments) == ("null_below", {"limit": 0})


def test_negative_amounts_that_another_column_marks(frame: MakeFrame) -> None:
    quantity = rng().geometric(0.2, ROWS)
    quantity[SOME] *= -1
    invoice = [f"{'C' if odd else ''}{536_365 + n}" for n, odd in enumerate(SOME)]
    (one,) = found(frame, {"quantity": quantity, "invoice": invoice}, invoice="identifier")
    assert one.evidence["where"] == "invoice begins with 'C'"
    assert one.fix is None
    assert "cancellations or returns" in one.meaning


def test_ages_beyond_120(frame: MakeFrame) -> None:
    ages = rng().normal(45, 14, ROWS).clip(18, 95).round()
    ages[:7] = [140, 151, 187, 203, 122, 199, 130]
    (one,) = found(frame, {"age": ages})
    assert (one.rows, one.evidence["highest"]) == (7, 203)


def test_dates_before_1900(frame: MakeFrame) -> None:
    born = [date(1950, 1, 1) + timedelta(days=9 * n) for n in range(ROWS)]
    born[:4] = [date(1066, 10, 14), date(1492, 10, 12), date(1789, 7, 14), date(1815, 6, 18)]
    (one,) = found(frame, {"born": pa.array(born)}, born="date")
    assert one.fix is not None
    assert (one.rows, one.fix.arguments) == (4, {"limit": "1900-01-01"})


def recency_and_tenure(seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    tenure = draw.gamma(1.4, 400, ROWS).round() + 1
    return np.minimum(draw.exponential(120, ROWS), tenure).round(), tenure


def test_a_recency_beyond_the_tenure(frame: MakeFrame) -> None:
    recency, tenure = recency_and_tenure()
    recency[SOME] = tenure[SOME] + 2 + rng().exponential(90, SOME.sum()).round()
    (one,) = found(frame, {"days_since_purchase": recency, "tenure_days": tenure})
    assert (one.columns, one.rows) == (("days_since_purchase", "tenure_days"), 80)
    assert one.fix is not None
    assert one.fix.to_dict() == {
        "operation": "null_where",
        "columns": ["days_since_purchase"],
        "arguments": {"exceeds": "tenure_days"},
        "because": "V01",
    }


@pytest.mark.parametrize("text", [False, True])
def test_a_tenure_is_held_against_a_date_by_the_day_of_the_row(
    text: bool, frame: MakeFrame
) -> None:
    recency, tenure = recency_and_tenure()
    recency[SOME] = tenure[SOME] + 2 + rng().exponential(90, SOME.sum()).round()
    day = np.full(ROWS, np.datetime64("2025-01-01"))
    columns = {
        "as_of": day.astype(str) if text else pa.array(day),
        "signup_date": pa.array(day - tenure.astype("timedelta64[D]")),
        "days_since_purchase": recency,
    }
    (one,) = found(frame, columns, as_of="as_of", signup_date="date", days_since_purchase="count")
    assert (one.columns, one.rows) == (("days_since_purchase", "signup_date"), 80)


def test_numbers_that_are_text_are_left_to_v02(frame: MakeFrame) -> None:
    recency, tenure = recency_and_tenure()
    recency[SOME] = tenure[SOME] + 90
    columns = {"days_since_purchase": recency.astype(str), "tenure_days": tenure}
    assert found(frame, columns, days_since_purchase="count") == []


def test_an_end_before_its_start(frame: MakeFrame) -> None:
    draw, today = rng(), date(2025, 1, 1)
    start = [today - timedelta(days=int(n)) for n in draw.integers(30, 900, ROWS)]
    end = [day + timedelta(days=int(draw.integers(0, (today - day).days + 1))) for day in start]
    wrong = [s - timedelta(days=40 + n % 300) if SOME[n] else e for n, (s, e) in
             enumerate(zip(start, end, strict=True))]  # fmt: skip
    columns = {"first_order": pa.array(start), "last_order": pa.array(wrong)}
    (one,) = found(frame, columns, first_order="date", last_order="date")
    assert set(one.columns) == {"first_order", "last_order"}
    assert one.rows == 80
    assert one.fix is not None
    table = pa.table(columns)
    left = Ledger((one.fix,)).apply(table)[0]
    assert left["first_order"].null_count + left["last_order"].null_count == 80


@pytest.mark.parametrize("seed", range(4))
def test_silent_on_a_healthy_shop(seed: int, frame: MakeFrame) -> None:
    draw = np.random.default_rng(seed)
    recency, tenure = recency_and_tenure(seed)
    rate = draw.gamma(0.8, 1, ROWS)
    columns = {
        "open_rate": draw.beta(0.4, 0.8, ROWS).round(3),  # many of exactly 0 and 1
        "orders_per_month": draw.gamma(1.2, 0.35, ROWS),  # mostly below 1, and honestly above
        "orders": draw.poisson(rate),
        "net_revenue": draw.normal(40, 30, ROWS).round(2),
        "sessions_change": draw.normal(3, 2, ROWS).round(),
        "age": draw.normal(44, 15, ROWS).clip(16, 97).round(),
        "days_since_purchase": recency,
        "tenure_days": tenure,
        # Two times that often come in one order, and are capped at the same tenure.
        "days_since_visit": np.minimum(draw.exponential(80, ROWS), tenure).round(),
        "days_since_opened_mail": np.minimum(draw.exponential(200, ROWS), tenure).round(),
        # Who came before he signed up: a few, all of them new.
        "days_since_first_visit": draw.exponential(15, ROWS).round() + np.where(tenure > 20, 0, 3),
        "signed_up": pa.array([date(2025, 1, 1) - timedelta(days=int(n)) for n in tenure]),
    }
    assert found(frame, columns, signed_up="date", net_revenue="money") == []


@pytest.mark.parametrize(("name", "value"), [("orders", -1), ("age", 999), ("days_since", 9_999)])
def test_one_value_that_stands_for_something_is_left_to_m01(
    name: str, value: int, frame: MakeFrame
) -> None:
    values = rng().integers(18, 80, ROWS)
    values[SOME] = value
    assert found(frame, {name: values, "tenure_days": rng().integers(100, 900, ROWS)}) == []


def test_a_code_among_shares_is_left_to_m01(frame: MakeFrame) -> None:
    shares = rng().beta(2, 5, ROWS)
    shares[SOME] = 99
    assert found(frame, {"open_rate": shares}) == []


def test_cannot_say_of_few_rows(frame: MakeFrame) -> None:
    assert ImpossibleValues().run(frame({"orders": [-1.0] * 99})) == CannotSay(
        "the table has 99 rows; 100 are needed"
    )


def test_a_measure_that_thins_out_across_1_is_no_share(frame: MakeFrame) -> None:
    """A coefficient of variation: mostly below 1, falling towards it, and going on beyond."""
    variation = rng().gamma(6, 0.09, ROWS)
    assert 0.9 < (variation < 1).mean() < 0.995
    assert found(frame, {"gap_variation": variation}) == []
