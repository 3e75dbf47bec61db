"""V02: numbers and dates as text are read; codes, postcodes and words are left alone."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Finding, Ledger
from patron.audit.values.written import WrittenAsText
from patron.schema import infer

from .conftest import Honest, MakeFrame

ROWS = 400
RNG = np.random.default_rng(5)
AMOUNTS = RNG.lognormal(4, 1, ROWS).round(2)
DAYS = [date(2023, 1, 1) + timedelta(days=int(n)) for n in RNG.integers(0, 700, ROWS)]


def found(values: Any, frame: MakeFrame, **columns: Any) -> list[Finding]:
    made = frame({"x": pa.array(values), **columns})
    roles = {column.name: column.role.value for column in infer(made.table).columns}
    answer = WrittenAsText().run(frame({"x": pa.array(values), **columns}, **roles))
    assert isinstance(answer, list)
    return answer


@pytest.mark.parametrize(
    ("texts", "decimal", "forms"),
    [
        ([f"{v:.2f}".replace(".", ",") for v in AMOUNTS], ",", {"a decimal comma": 1.0}),
        ([f"${v:,.2f}" for v in AMOUNTS], ".", {"with a currency": 1.0}),
        ([f"{v:.1f} %" for v in AMOUNTS], ".", {"with %": 1.0}),
        ([f"{v:.2f}" for v in AMOUNTS], ".", {"a decimal point": 1.0}),
    ],
    ids=["comma", "currency", "percent", "plain"],
)
def test_numbers_are_found_however_they_are_written(
    texts: list[str], decimal: str, forms: dict[str, float], frame: MakeFrame
) -> None:
    (one,) = found(texts, frame)
    assert (one.code, one.severity.value, one.columns, one.rows) == ("V02", "warning", ("x",), ROWS)
    assert one.evidence["forms"]["x"].items() >= forms.items()
    assert one.fix is not None
    assert (one.fix.operation, one.fix.arguments) == ("parse_numbers", {"decimal": decimal})


def test_a_few_with_commas_among_points_are_read_as_the_same_amounts(frame: MakeFrame) -> None:
    odd = np.arange(ROWS) % 20 == 0
    texts = [
        f"{v:,.2f}".translate(str.maketrans(",.", ".,")) if comma else f"{v:.10g}"
        for v, comma in zip(AMOUNTS, odd, strict=True)
    ]
    (one,) = found(texts, frame)
    assert 0.03 < one.evidence["forms"]["x"]["a decimal comma"] < 0.08
    assert one.fix is not None
    read = Ledger((one.fix,)).apply(pa.table({"x": texts}))[0]["x"].to_numpy()
    np.testing.assert_allclose(read, AMOUNTS)


def test_counts_as_text_are_numbers_and_codes_are_not(frame: MakeFrame) -> None:
    counts = RNG.geometric(0.08, ROWS).astype(str)
    (one,) = found(counts, frame)
    assert one.evidence["forms"] == {"x": {"whole numbers": 1.0}}
    codes = RNG.permutation(np.repeat(RNG.permutation(np.arange(100, 140)), 10)).astype(str)
    assert found(codes, frame) == []
    assert found(RNG.integers(100_000, 999_999, ROWS).astype(str), frame) == []


@pytest.mark.parametrize(
    "texts",
    [
        [f"{n:05d}" for n in RNG.integers(1_000, 99_999, ROWS)],
        [f"SKU {n}" for n in RNG.integers(1, 40, ROWS)],
        [f"+49 170 {n}" for n in RNG.integers(100_000, 999_999, ROWS)],
        ["18-25", "26-35", "36-50", "over 50"] * (ROWS // 4),
        ["web", "shop"] * (ROWS // 2),
        [f"{v:.2f}" for v in AMOUNTS[:-40]] + ["N/A"] * 40,  # plain numbers: M02 has the words
    ],
    ids=["postcodes", "labels", "phones", "ranges", "words", "words for missing"],
)
def test_what_is_no_number_stays_text(texts: list[str], frame: MakeFrame) -> None:
    assert found(texts, frame) == []


def test_dates_in_two_formats(frame: MakeFrame) -> None:
    texts = [d.isoformat() if row % 4 else d.strftime("%d.%m.%Y") for row, d in enumerate(DAYS)]
    (one,) = found(texts, frame)
    assert one.fix is not None
    assert one.fix.operation == "parse_dates"
    assert one.fix.arguments == {"formats": ["%Y-%m-%d", "%d.%m.%Y"]}
    assert Ledger((one.fix,)).apply(pa.table({"x": texts}))[0]["x"].to_pylist() == DAYS
    assert one.evidence["forms"] == {"x": {"%Y-%m-%d": 0.75, "%d.%m.%Y": 0.25}}


def test_day_and_month_that_may_be_confused_are_said(frame: MakeFrame) -> None:
    texts = [d.strftime("%m/%d/%Y" if row % 4 else "%d/%m/%Y") for row, d in enumerate(DAYS)]
    (one,) = found(texts, frame)
    assert one.fix is not None
    assert one.fix.arguments == {"formats": ["%m/%d/%Y", "%d/%m/%Y"]}
    either = sum(d.day <= 12 for d in DAYS) / ROWS  # 3 May or 5 March
    assert one.evidence["forms"]["x"]["day and month may be confused"] == pytest.approx(either)
    assert "day and month can be exchanged" in one.next_step


def test_columns_that_are_written_alike_are_one_finding(frame: MakeFrame) -> None:
    texts = [f"{v:.2f}".replace(".", ",") for v in AMOUNTS]
    (one,) = found(texts, frame, y=pa.array(texts[::-1]), z=pa.array(["a", "b"] * (ROWS // 2)))
    assert one.columns == ("x", "y")


def test_serious_where_the_numbers_surely_tell(honest: Honest, frame: MakeFrame) -> None:
    columns, y = honest(3, power=1.6)
    finely = columns["orders_90d"] + RNG.random(2_000)  # each amount once: no category to learn
    text = pa.array([f"{v:.4f} €" for v in finely])
    kept = {name: columns[name] for name in ("habit_0", "habit_2", "region")}
    answer = WrittenAsText().run(frame({**kept, "paid": text}, y, paid="identifier"))
    assert isinstance(answer, list)
    assert answer[0].severity.value == "serious"
    assert answer[0].evidence["score_mended"] > answer[0].evidence["score_as_it_is"]


def test_a_role_that_the_user_set_is_kept(frame: MakeFrame) -> None:
    made = frame({"x": pa.array([f"{v:.2f}" for v in AMOUNTS])}, x="category")
    column = made.schema.columns[0]
    object.__setattr__(column, "because", "set in [roles]")
    assert WrittenAsText().run(made) == []


def test_cannot_say_of_a_handful_of_rows(frame: MakeFrame) -> None:
    assert WrittenAsText().run(frame({"x": ["1,5"] * 19})) == CannotSay(
        "the table has 19 rows; 20 are needed"
    )


def test_amounts_in_several_currencies_are_named_and_have_no_fix(frame: MakeFrame) -> None:
    paid = [f"{n % 90}.{n % 100:02d} {('EUR', 'USD', '$')[n % 3]}" for n in range(600)]
    cost = pa.array([f"€ {n}.5" for n in range(600)])
    both = {each.columns: each for each in found(paid, frame, cost=cost)}
    assert both["x",].evidence["currencies"] == ["EUR", "USD"]
    assert both["x",].fix is None
    assert "The amounts are in EUR and USD" in both["x",].meaning
    assert both["cost",].fix is not None
