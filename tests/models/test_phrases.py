"""Words for columns: from names as people give them to what a reader expects."""

import pytest

from patron.models.phrases import number, phrase
from patron.schema import Role

COUNT, NUMBER, MONEY, RATE, FLAG = Role.COUNT, Role.NUMBER, Role.MONEY, Role.RATE, Role.FLAG


@pytest.mark.parametrize(
    ("name", "role", "value", "words"),
    [
        ("sessions_30d", COUNT, 12, "12 sessions in 30 days"),
        ("sessions_30d", COUNT, 1, "1 session in 30 days"),
        ("orders_365d", COUNT, 1, "1 order in 365 days"),
        ("orders_365d", COUNT, 0, "0 orders in 365 days"),
        ("support_tickets_180d", NUMBER, 4, "4 support tickets in 180 days"),
        ("distinct_categories", COUNT, 1, "1 distinct category"),
        ("loyalty_points", NUMBER, 12345, "12,300 loyalty points"),
        ("num_orders", COUNT, 5, "5 orders"),
        ("numberOfOrders", COUNT, 1, "1 order"),
        ("order_count", COUNT, 5, "order count 5"),
        ("order_days", COUNT, 5, "5 order days"),
        ("pages_per_session", NUMBER, 4.2512, "4.25 pages per session"),
        ("days_since_last_purchase", COUNT, 12, "12 days since last purchase"),
        ("days_since_last_purchase", COUNT, 1, "1 day since last purchase"),
        ("days_active_30d", COUNT, 5, "5 days active in 30 days"),
        ("coupons_used_180d", NUMBER, 1, "1 coupon used in 180 days"),
        ("categories_bought", COUNT, 3, "3 categories bought"),
        ("recency_days", NUMBER, 40, "recency 40 days"),
        ("recencyInDays", NUMBER, 1, "recency 1 day"),
        ("tenure_days", COUNT, 1237, "tenure 1,240 days"),
        ("mean_gap_days", NUMBER, 12.34, "mean gap 12.3 days"),
        ("avg_session_duration", NUMBER, 300, "average session duration 300"),
        ("household_size", NUMBER, 3, "household size 3"),
        ("status", NUMBER, 2, "status 2"),
        ("age", NUMBER, 41, "age 41"),
        ("birth_year", NUMBER, 1987, "birth year 1987"),
        ("total_spend_365d", MONEY, 1237.2, "total spend in 365 days 1,240"),
        ("totalSpend365d", MONEY, 1237.2, "total spend in 365 days 1,240"),
        ("TOTAL_SPEND_LAST_12_MONTHS", MONEY, 2e6, "total spend in 12 months 2,000,000"),
        ("spend_first_30d", MONEY, 9.5, "spend in the first 30 days 9.5"),
        ("avgOrderValue", MONEY, 19.99, "average order value 20"),
        ("AOV", MONEY, 19.2, "AOV 19.2"),
        ("sales_30d", MONEY, 500, "sales in 30 days 500"),
        ("cart_abandonment_rate", RATE, 0.35, "cart abandonment rate 35 %"),
        ("cart_abandonment_rate", RATE, 35, "cart abandonment rate 35"),
        ("cart_abandonment_rate", NUMBER, 0.35, "cart abandonment rate 0.35"),
        ("Orders30Days", COUNT, 3, "3 orders in 30 days"),
        ("L30D_visits", COUNT, 3, "3 visits in 30 days"),
        ("orders_7d_vs_90d", NUMBER, 0.5, "orders 7d vs 90d 0.5"),
        ("30d", NUMBER, 3, "30d 3"),
        ("V12", NUMBER, -0.00031, "V12 -0.00031"),
        ("größe_cm", NUMBER, 180, "größe cm 180"),
        ("orders {x}", NUMBER, 3, "orders x 3"),
        ("%", NUMBER, 3, "% 3"),
        ("", NUMBER, 3, "(no name) 3"),
    ],
)
def test_a_value_in_words(name: str, role: Role, value: float, words: str) -> None:
    assert phrase(name, role).of_number(value) == words


@pytest.mark.parametrize(
    ("name", "role", "words"),
    [
        ("age", NUMBER, "age unknown"),
        ("sessions_30d", COUNT, "sessions in 30 days unknown"),
        ("recency_days", NUMBER, "recency unknown"),
        ("has_app", FLAG, "has app unknown"),
        ("region", Role.CATEGORY, "region unknown"),
    ],
)
def test_what_is_missing_is_unknown(name: str, role: Role, words: str) -> None:
    assert phrase(name, role).unknown == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("has_app", "has app: yes"),
        ("is_member", "member: yes"),
        ("isGoldMember", "gold member: yes"),
        ("vip_flag", "vip: yes"),
        ("newsletter", "newsletter: yes"),
        ("is", "is: yes"),
    ],
)
def test_a_flag_in_words(name: str, words: str) -> None:
    assert phrase(name, FLAG).of("yes") == words


def test_numbers_have_three_digits_at_most() -> None:
    for value in (0.0123456, 1.23456, 12.3456, 123.456, 1234.56, 123456.7, 9.999e-7, 1.2345e20):
        written = number(value)
        assert len(written.partition("e")[0].replace(",", "").replace(".", "").strip("0")) <= 3
        assert float(written.replace(",", "")) == pytest.approx(value, rel=0.005)
        assert number(-value) == f"-{written}"
    assert number(0.0) == number(-0.0) == "0"
