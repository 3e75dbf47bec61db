"""V04: a part in another unit is found by group, by date or by its gap; big customers are not."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Finding, Ledger
from patron.audit.values.units import MixedUnits

from .conftest import MakeFrame

ROWS = 3_000


def shop(seed: int = 1) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    worth = draw.normal(0, 0.6, ROWS)
    since = [date(2023, 1, 1) + timedelta(days=int(n)) for n in draw.integers(0, 700, ROWS)]
    return {
        "basket": np.exp(3.5 + worth + draw.normal(0, 0.4, ROWS)).round(2),
        "spend": np.exp(5.5 + 1.5 * worth + draw.normal(0, 0.5, ROWS)).round(2),
        "visits": draw.poisson(np.exp(1 + worth)).astype(float),
        "minutes": draw.gamma(3, 2, ROWS).round(1) + 0.1,
        "country": draw.choice(["de", "at", "pl", "cz"], ROWS, p=[0.5, 0.25, 0.15, 0.1]),
        "since": pa.array(since),
    }


def found(frame: MakeFrame, columns: dict[str, Any]) -> list[Finding]:
    answer = MixedUnits().run(frame(columns, since="date"))
    assert isinstance(answer, list)
    return answer


def test_a_country_in_cents(frame: MakeFrame) -> None:
    columns = shop()
    whole = columns["basket"].copy()
    cents = np.isin(columns["country"], ["pl", "cz"])
    columns["basket"] = np.where(cents, 100 * whole, whole)
    columns["spend"] = np.where(cents, 100 * columns["spend"], columns["spend"])
    (one,) = found(frame, columns)
    assert (one.code, one.severity.value, one.columns) == ("V04", "warning", ("basket", "spend"))
    assert one.rows == cents.sum()
    assert one.evidence["unit"] == 100
    assert one.evidence["typical_ratio"] == pytest.approx(100, rel=0.15)
    assert one.fix is not None
    assert one.fix.arguments == {"factor": 0.01, "by": "country", "equals": ["cz", "pl"]}
    mended = Ledger((one.fix,)).apply(pa.table(columns))[0]["basket"].to_numpy()
    np.testing.assert_allclose(mended, whole)


def test_thousandths_since_a_day(frame: MakeFrame) -> None:
    columns = shop()
    days = np.array(columns["since"].to_pylist())
    columns["basket"] = np.where(
        days > date(2024, 8, 31), columns["basket"] / 1_000, columns["basket"]
    )
    (one,) = found(frame, columns)
    last = max(day for day in days if day <= date(2024, 8, 31)).isoformat()
    assert one.fix is not None
    assert one.fix.arguments == {"factor": 1_000.0, "by": "since", "above": last}


@pytest.mark.parametrize("unit", [60, 100, 1_000])
@pytest.mark.parametrize("share", [0.03, 0.3])
def test_a_unit_that_nothing_else_tells(unit: int, share: float, frame: MakeFrame) -> None:
    columns = shop()
    whole = columns["minutes"].copy()
    odd = np.random.default_rng(2).random(ROWS) < share
    columns["minutes"] = np.where(odd, unit * whole, whole)
    (one,) = found(frame, columns)
    assert (one.columns, one.evidence["unit"]) == (("minutes",), unit)
    assert one.fix is not None
    mended = Ledger((one.fix,)).apply(pa.table(columns))[0]["minutes"].to_numpy()
    assert np.isclose(mended, whole).mean() > 0.985


def test_percent_among_shares(frame: MakeFrame) -> None:
    draw = np.random.default_rng(4)
    shares = draw.beta(2, 6, ROWS)
    odd = draw.random(ROWS) < 0.1
    (one,) = found(frame, shop() | {"x": np.where(odd, 100 * shares, shares)})
    assert (one.columns, one.evidence["unit"]) == (("x",), 100)


@pytest.mark.parametrize("seed", range(5))
def test_silent_on_wholesale_and_on_heavy_tails(seed: int, frame: MakeFrame) -> None:
    columns = shop(seed)
    draw = np.random.default_rng(seed)
    wholesale = draw.random(ROWS) < 0.05
    # A hundred times in money, and customers of another kind in all else.
    for name in ("basket", "spend", "visits"):
        columns[name] = np.where(wholesale, draw.uniform(60, 140, ROWS), 1) * columns[name]
    columns["pareto"] = draw.pareto(0.9, ROWS)
    columns["zeros"] = draw.poisson(0.3, ROWS) * draw.gamma(2, 30, ROWS)
    columns["luxury"] = np.where(columns["country"] == "at", 4.2, 1) * draw.lognormal(3, 0.7, ROWS)
    assert found(frame, columns) == []


@pytest.mark.parametrize("times", [40, 60, 100])
def test_silent_on_a_level_of_wholesalers(times: int, frame: MakeFrame) -> None:
    columns, draw = shop(), np.random.default_rng(times)
    firm = draw.random(ROWS) < 0.06
    columns["kind"] = np.where(firm, "firm", "person")
    # They spend as much more as euros are cents, but each as he likes, and they come more often.
    columns["spend"] = np.where(firm, times * 250 * draw.lognormal(0, 0.3, ROWS), columns["spend"])
    columns["visits"] = np.where(firm, 3, 1) * (columns["visits"] + firm)
    assert found(frame, columns) == []


def test_cannot_say_of_few_rows(frame: MakeFrame) -> None:
    assert MixedUnits().run(frame({"x": [1.0] * 199})) == CannotSay(
        "the table has 199 rows; 200 are needed"
    )


def test_thousandfold_since_a_day_though_newer_customers_are_of_another_kind(
    frame: MakeFrame,
) -> None:
    columns = shop()
    days = np.array([(day - date(2023, 1, 1)).days for day in columns["since"].to_pylist()])
    drifting = columns["minutes"] * np.exp(days / 1_500)
    columns["minutes"] = np.where(days > 500, 1_000 * drifting, drifting).round(1)
    (one,) = found(frame, columns)
    assert one.columns == ("minutes",)
    assert one.rows == (days > 500).sum()
    assert one.fix is not None
    assert one.fix.arguments == {"factor": 0.001, "by": "since", "above": "2024-05-15"}


def test_a_small_group_that_simply_has_more_is_no_unit(frame: MakeFrame) -> None:
    """Gold customers: those with the most orders, about seven times as many as the others."""
    columns = shop()
    orders = 1 + np.random.default_rng(2).geometric(0.45, ROWS)
    columns["orders"] = orders.astype(float)
    columns["tier"] = np.where(orders >= 8, "gold", "basic")
    assert found(frame, columns) == []


def test_numbers_that_are_text_part_nobody(frame: MakeFrame) -> None:
    columns = shop()
    columns["rate"] = np.where(columns["country"] == "cz", "100 %", "0.5 %")
    columns["basket"] = np.where(
        columns["country"] == "cz", 30 * columns["basket"], columns["basket"]
    )
    del columns["country"]
    assert not any(each.fix and "by" in each.fix.arguments for each in found(frame, columns))
    columns["rate"] = np.where(columns["rate"] == "100 %", "all", "some")  # levels, which may
    assert [each.fix.arguments["by"] for each in found(frame, columns) if each.fix] == ["rate"]
