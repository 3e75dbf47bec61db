"""L01: fires on leaks, alone and in company; silent on honest columns; says when it cannot."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.leaks import TellingColumn


def named(answer):
    assert not isinstance(answer, CannotSay), answer
    return {found.columns[0]: found for found in answer}


def test_the_answer_with_a_little_noise_is_serious(honest, frame):
    columns, y = honest(0)
    columns["refund_total"] = y + 0.05 * np.random.default_rng(1).normal(size=len(y))
    found = named(TellingColumn().run(frame(columns, y)))
    assert list(found) == ["refund_total"]
    leak = found["refund_total"]
    assert leak.severity is Severity.SERIOUS
    assert leak.evidence["alone"] > 0.99
    assert leak.evidence["without"] < 0.85
    assert leak.evidence["next_best"] in {"orders_90d", "sessions_30d", "days_since_last_visit"}
    assert leak.fix.to_dict() == {
        "operation": "drop_column",
        "columns": ["refund_total"],
        "arguments": {},
        "because": "L01",
    }


def test_a_strong_suspect_is_a_warning_with_what_it_adds(honest, frame):
    columns, y = honest(0)
    # AUC of the answer with normal noise of .45: Phi(1 / (.45 * sqrt 2)) = .942
    columns["call_seconds"] = y + 0.45 * np.random.default_rng(1).normal(size=len(y))
    found = named(TellingColumn().run(frame(columns, y)))
    assert list(found) == ["call_seconds"]
    suspect = found["call_seconds"]
    assert suspect.severity is Severity.WARNING
    assert suspect.evidence["alone"] == pytest.approx(0.942, abs=0.02)
    assert suspect.evidence["adds"] == pytest.approx(
        suspect.evidence["with"] - suspect.evidence["without"]
    )
    assert suspect.evidence["adds"] > 0.1
    assert "check when call_seconds is known" in suspect.next_step


def test_four_leaks_do_not_hide_each_other(honest, frame):
    columns, y = honest(2)
    rng = np.random.default_rng(1)
    leaks = {
        f"leak_{i}": y + s * rng.normal(size=len(y)) for i, s in enumerate((0.05, 0.2, 0.3, 0.4))
    }
    found = named(TellingColumn().run(frame(columns | leaks, y)))
    assert set(found) == set(leaks)
    assert found["leak_0"].severity is Severity.SERIOUS
    assert all(each.evidence["without"] < 0.85 for each in found.values())


def test_missingness_that_is_the_answer_is_serious(honest, frame):
    columns, y = honest(3)
    rng = np.random.default_rng(1)
    hidden = (y == 0) & (rng.random(len(y)) < 0.98)
    columns["delivery_days"] = pa.array(rng.normal(size=len(y)), mask=hidden)
    leak = named(TellingColumn().run(frame(columns, y)))["delivery_days"]
    assert leak.severity is Severity.SERIOUS
    assert leak.evidence["missingness_alone"] > 0.95
    assert "missingness of delivery_days" in leak.meaning


def test_values_that_only_buyers_have_are_serious_though_half_of_them_lack_one(honest, frame):
    columns, y = honest(4)
    rng = np.random.default_rng(1)
    columns["invoice_total"] = pa.array(
        rng.normal(size=len(y)), mask=(y == 0) | (rng.random(len(y)) < 0.5)
    )
    leak = named(TellingColumn().run(frame(columns, y)))["invoice_total"]
    assert leak.severity is Severity.SERIOUS
    assert leak.evidence["all_positive_where"] == "present"
    assert leak.evidence["alone"] < 0.85


def test_days_that_only_buyers_have_are_told_as_a_date(honest, frame):
    columns, y = honest(5)
    rng = np.random.default_rng(3)
    seen = np.datetime64("2024-06-30") - rng.integers(0, 40, len(y))
    after = (y == 1) & (rng.random(len(y)) < 0.5)
    columns["last_seen"] = np.where(after, np.datetime64("2024-07-01"), seen).astype("M8[D]")
    leak = named(TellingColumn().run(frame(columns, y, last_seen="date")))["last_seen"]
    assert leak.evidence["all_positive_where"] == "2024-07-01"
    assert f"last_seen where it is 2024-07-01 ({after.sum():,} rows" in leak.meaning


def test_a_category_that_names_the_answer_is_serious(honest, frame):
    columns, y = honest(5)
    columns["status"] = np.where(y == 1, "customer", "prospect")
    assert named(TellingColumn().run(frame(columns, y)))["status"].severity is Severity.SERIOUS


def test_money_computed_from_the_spend_is_named_and_one_that_repeats_the_zeros_too(honest, frame):
    columns, y = honest(6)
    rng = np.random.default_rng(1)
    spend = np.where(y == 1, rng.lognormal(3, 1, len(y)), 0.0)
    columns["vat"] = spend * 0.2
    columns["visited"] = np.where(y == 1, 1.0, (rng.random(len(y)) < 0.1).astype(float))
    found = named(TellingColumn().run(frame(columns, spend)))
    assert set(found) == {"vat", "visited"}
    assert found["vat"].severity is Severity.SERIOUS
    assert found["visited"].evidence["tells"] == "bought above zero"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", [400, 3_000])
@pytest.mark.parametrize("power", [0.0, 0.7, 1.6])
def test_silent_on_noise_and_on_honest_shops_weak_and_strong(honest, frame, rows, power, seed):
    columns, y = honest(seed, rows, power)
    assert TellingColumn().run(frame(columns, y)) == []


@pytest.mark.parametrize("seed", range(5))
def test_silent_where_one_honest_column_is_simply_the_best(frame, seed):
    rng = np.random.default_rng(seed)
    x, others = rng.normal(size=4_000), rng.normal(size=(4_000, 6))
    signal = x + others[:, :4].sum(axis=1) * 0.4 + rng.logistic(size=4_000)
    columns = {"recency": np.exp(x)} | {f"habit_{i}": others[:, i] for i in range(6)}
    measured = frame(columns, (signal > np.quantile(signal, 0.8)).astype(float))
    alone = measured.alone("recency", measured.questions[0]).value
    assert 0.66 < alone < 0.76  # the best by far, as it was meant to be
    assert TellingColumn().run(measured) == []


@pytest.mark.truth
@pytest.mark.parametrize("seed", range(100))
def test_no_false_alarm_in_a_hundred_honest_tables(honest, frame, seed):
    rows, power = [(400, 0.0), (3_000, 0.0), (400, 1.0), (3_000, 1.0), (3_000, 1.6)][seed % 5]
    columns, y = honest(1_000 + seed, rows, power)
    assert TellingColumn().run(frame(columns, y)) == []


def many_traces(seed, rows=6_000):
    """A shop with ten traces of two habits, so that honest columns repeat each other."""
    rng = np.random.default_rng(seed)
    active, fond = rng.normal(size=rows), rng.normal(size=rows)
    columns = {f"visits_{i}": rng.poisson(np.exp(0.6 * active + 0.1 * i)) for i in range(5)}
    columns |= {f"offers_{i}": fond + (0.8 + 0.1 * i) * rng.normal(size=rows) for i in range(5)}
    reached = 1.1 * active + 0.8 * fond + rng.logistic(size=rows)
    return columns, (reached > np.quantile(reached, 0.8)).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_a_leak_no_stronger_than_the_best_honest_column_is_told_by_repeating_none(frame, seed):
    columns, y = many_traces(seed)
    assert TellingColumn().run(frame(columns, y)) == []
    # AUC of the answer with normal noise of .9: Phi(1 / (.9 * sqrt 2)) = .784
    leak = y + 0.9 * np.random.default_rng(100 + seed).normal(size=len(y))
    found = named(TellingColumn().run(frame(columns | {"grade": leak}, y)))
    assert list(found) == ["grade"]
    assert found["grade"].severity is Severity.WARNING
    assert found["grade"].evidence["alone"] == pytest.approx(0.784, abs=0.03)


def test_an_honest_count_that_ran_on_after_the_snapshot_adds_too_much(frame):
    columns, y = many_traces(4)
    later = np.random.default_rng(104).poisson(2.5 * y)
    columns["visits_2"] = columns["visits_2"] + later
    assert list(named(TellingColumn().run(frame(columns, y)))) == ["visits_2"]


def test_one_level_that_only_buyers_have_is_serious_however_few_they_are(honest, frame):
    columns, y = honest(7)
    rng = np.random.default_rng(1)
    levels = np.array(["bronze", "silver", "gold"])[rng.integers(0, 3, len(y))]
    columns["tier"] = np.where((y == 1) & (rng.random(len(y)) < 0.25), "platinum", levels)
    tier = named(TellingColumn().run(frame(columns, y)))["tier"]
    assert tier.severity is Severity.SERIOUS
    assert tier.evidence["all_positive_where"] == "'platinum'"
    assert tier.evidence["all_positive_rows"] == (columns["tier"] == "platinum").sum()
    assert tier.evidence["alone"] < 0.65


def test_a_count_that_is_above_zero_for_buyers_alone_is_serious(honest, frame):
    columns, y = honest(8)
    rng = np.random.default_rng(1)
    columns["calls"] = np.where(
        (y == 1) & (rng.random(len(y)) < 0.3), 1 + rng.poisson(1, len(y)), 0
    )
    calls = named(TellingColumn().run(frame(columns, y)))["calls"]
    assert calls.severity is Severity.SERIOUS
    assert calls.evidence["all_positive_where"] == "other than 0"


def test_small_levels_that_are_all_positive_by_chance_are_not_accused(honest, frame):
    columns, y = honest(9)
    columns["village"] = np.random.default_rng(1).integers(0, 600, len(y)).astype(str)
    by_chance = [y[columns["village"] == each].all() for each in np.unique(columns["village"])]
    assert sum(by_chance) > 0  # there are such levels
    assert TellingColumn().run(frame(columns, y)) == []


def amounts(seed, rows, kind):
    """Honest columns of a shop, and what its customers spend next."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 1, rows) * np.exp(-0.5 * rng.exponential(1, rows))
    value, orders = rng.lognormal(3, 0.6, rows), rng.poisson(6 * rate)
    columns = {
        "orders_365d": orders.astype(float),
        "spend_365d": (orders * value * rng.lognormal(0, 0.3, rows)).round(2),
        "average_order": (value * rng.lognormal(0, 0.2, rows)).round(2),
        "sessions_30d": rng.poisson(4 * rate + 0.5).astype(float),
        "days_since_visit": np.round(rng.exponential(1 / (rate + 0.02))),
        "region": rng.choice(["north", "south", "east"], rows),
    }
    columns |= {f"habit_{i}": rng.normal(size=rows) for i in range(6)}
    spend = {
        "noise": rng.lognormal(3, 1, rows) * (rng.random(rows) < 0.4),
        "weak": rng.poisson(3 * rate) * value * rng.lognormal(0, 1, rows),
        "strong": rng.poisson(20 * rate) * value * rng.lognormal(0, 0.2, rows),
        "never nothing": (rate + 0.2) * value * rng.lognormal(0, 0.4, rows),
    }
    return columns, spend[kind]


KINDS = ["noise", "weak", "strong", "never nothing"]


@pytest.mark.parametrize("rows", [400, 3_000])
@pytest.mark.parametrize("kind", KINDS)
def test_silent_on_honest_amounts(frame, rows, kind):
    columns, spend = amounts(0, rows, kind)
    assert TellingColumn().run(frame(columns, spend)) == []


@pytest.mark.truth
@pytest.mark.parametrize("seed", range(100))
def test_no_false_alarm_in_a_hundred_tables_with_honest_amounts(frame, seed):
    columns, spend = amounts(1_000 + seed, [400, 3_000][seed % 2], KINDS[seed // 2 % 4])
    assert TellingColumn().run(frame(columns, spend)) == []


def test_a_category_of_who_spent_most_is_named_though_it_orders_nobody(frame):
    columns, spend = amounts(3, 3_000, "never nothing")
    most = spend > np.quantile(spend, 0.8)
    wrong = np.random.default_rng(3).random(len(spend)) < 0.04
    columns["grade"] = np.where(most ^ wrong, "A", "B")
    found = named(TellingColumn().run(frame(columns, spend)))
    assert list(found) == ["grade"]
    assert found["grade"].evidence["tells"] == "the top fifth of bought"
    # right for 96 of 100 of either answer: AUC (0.96 + 0.96) / 2
    assert found["grade"].evidence["alone"] == pytest.approx(0.96, abs=0.01)


def test_the_most_loyal_customers_of_a_strong_shop_are_no_leak(frame):
    rng = np.random.default_rng(0)
    active = rng.normal(size=8_000)
    columns = {f"orders_{i}": rng.poisson(np.exp(active + 0.2 * i)).astype(float) for i in range(5)}
    y = (8 * active - 8 + rng.logistic(size=8_000) > 0).astype(float)
    columns["orders_4"] = np.minimum(columns["orders_4"], 20)
    often = columns["orders_4"] == 20
    assert often.sum() >= 61  # and still all of them buy
    assert y[often].all()
    assert TellingColumn().run(frame(columns, y)) == []


def test_columns_that_are_no_features_are_not_accused(honest, frame):
    columns, y = honest(0)
    columns["spend_next_month"] = y * 30
    assert TellingColumn().run(frame(columns, y, spend_next_month="future")) == []


@pytest.mark.parametrize(
    ("target", "because"),
    [
        (np.tile([0.0, 1.0], 50), "only 100 rows are labelled; at least 200 are needed"),
        (np.zeros(300), "every labelled row has the same target"),
        (
            np.r_[np.ones(12), np.zeros(288)],
            "only 12 rows are of the rarer class; at least 30 are needed",
        ),
    ],
    ids=["few rows", "one class", "few of a class"],
)
def test_says_why_it_cannot(frame, target, because):
    columns = {"habit": np.arange(len(target), dtype=float)}
    assert TellingColumn().run(frame(columns, target)) == CannotSay(because)


def test_a_table_of_one_column_is_judged_by_that_column(frame):
    y = np.tile([0.0, 1.0], 500)
    found = named(TellingColumn().run(frame({"answer": y * 2 + 1}, y)))
    assert found["answer"].severity is Severity.SERIOUS
    noise = np.random.default_rng(0).normal(size=1_000)
    assert TellingColumn().run(frame({"noise": noise}, y)) == []
