"""V06: infinite values and values beyond belief; the best customers are neither."""

from typing import Any

import numpy as np
import pytest

from patron.audit import CannotSay, Finding
from patron.audit.values.absurd import AbsurdValues

from .conftest import Honest, MakeFrame


def found(frame: MakeFrame, columns: dict[str, Any], y: Any = None, **roles: str) -> list[Finding]:
    answer = AbsurdValues().run(frame(columns, y, **roles))
    assert isinstance(answer, list)
    return answer


def test_infinite_values_are_one_finding(frame: MakeFrame) -> None:
    a, b = np.arange(500.0), np.arange(500.0)
    a[:7], b[:3] = np.inf, -np.inf
    (one,) = found(frame, {"a": a, "b": b, "c": np.arange(500.0)})
    assert (one.code, one.severity.value, one.columns, one.rows) == (
        "V06",
        "warning",
        ("a", "b"),
        7,
    )
    assert one.evidence["values"] == {"a": 7, "b": 3}
    assert one.fix is not None
    assert one.fix.operation == "null_infinite"


def test_a_value_that_holds_most_of_the_total(frame: MakeFrame) -> None:
    spend = np.random.default_rng(0).lognormal(4, 1, 2_000)
    total = spend[1:].sum()
    spend[0] = 3 * total
    (one,) = found(frame, {"spend": spend})
    assert (one.rows, one.evidence["kind"]) == (1, "absurd")
    assert one.evidence["share_of_total"] == pytest.approx(0.75)
    assert one.fix is not None
    assert one.fix.operation == "null_above"
    assert spend[1:].max() < one.fix.arguments["limit"] < spend[0]


def test_a_value_far_below_the_rest(frame: MakeFrame) -> None:
    points = -np.random.default_rng(0).gamma(2, 10, 2_000)
    points[5] = -1e200
    (one,) = found(frame, {"points": points})
    assert one.fix is not None
    assert one.fix.operation == "null_below"


def test_up_to_1_in_100_far_beyond(frame: MakeFrame) -> None:
    draw = np.random.default_rng(0)
    spend = draw.lognormal(4, 1, 2_000)
    spend[:12] = draw.uniform(1e8, 1e10, 12)
    assert [each.rows for each in found(frame, {"spend": spend})] == [12]
    assert found(frame, {"spend": spend.astype(str)}, spend="money") == []  # V02's


def test_serious_where_a_line_loses_its_column(honest: Honest, frame: MakeFrame) -> None:
    columns, y = honest(1, power=1.6)
    columns["orders_90d"][3] = 1e9
    answer = found(frame, {name: columns[name] for name in ("orders_90d", "habit_0")}, y)
    assert [each.severity.value for each in answer] == ["serious"]
    assert answer[0].evidence["cost_to"] == "a linear model"


def test_an_absurd_amount_to_predict_has_no_fix(frame: MakeFrame) -> None:
    spend = np.random.default_rng(0).lognormal(4, 1, 500)
    spend[0] = 1e12
    (one,) = found(frame, {"spend": spend, "a": np.arange(500.0)}, spend, spend="target")
    assert one.fix is None


@pytest.mark.parametrize("seed", range(5))
def test_silent_on_heavy_tails_and_wholesale(seed: int, frame: MakeFrame) -> None:
    draw = np.random.default_rng(seed)
    quantity = draw.geometric(0.2, 20_000).astype(float)
    quantity[:2] = 80_995, 74_215  # real orders of a wholesaler
    quantity[2:200] = draw.lognormal(7, 1, 198)
    columns = {
        "spend": draw.pareto(1.2, 20_000) * 50,
        "quantity": quantity,
        "rare": np.where(draw.random(20_000) < 0.01, draw.lognormal(5, 1.5, 20_000), 0),
    }
    assert found(frame, columns) == []


def test_cannot_say_of_few_rows(frame: MakeFrame) -> None:
    assert AbsurdValues().run(frame({"a": [1.0] * 98 + [1e9]})) == CannotSay(
        "among 99 rows no value is absurd; 100 are needed"
    )


@pytest.mark.parametrize("size", [1e60, 1e200, 1.7e308])
def test_no_size_is_too_much_to_say_it(frame: MakeFrame, size: float) -> None:
    spend = np.random.default_rng(0).lognormal(4, 1, 2_000)
    spend[0] = size
    above, below = found(frame, {"spend": spend, "owed": -spend})
    for each in (above, below):
        assert each.fix is not None
        assert np.isfinite(each.fix.arguments["limit"])
        assert "1 value is more than a million times the next" in each.meaning


def test_a_line_for_amounts_is_spoilt_where_ranks_do_not_see_it(frame: MakeFrame) -> None:
    draw = np.random.default_rng(0)
    orders = draw.poisson(4, 2_000).astype(float)
    spend = 20 * orders + draw.gamma(2, 5, 2_000)
    before = found(frame, {"orders": orders.copy()}, spend)
    orders[7] = 4_000_000
    (one,) = found(frame, {"orders": orders}, spend)
    assert before == []
    assert one.severity.value == "serious"
    assert one.evidence["r2_of_a_line"] < 0.5 < 0.9 < one.evidence["r2_mended"]
    (seldom,) = found(frame, {"orders": orders}, (spend > 100).astype(float))
    assert "r2_mended" not in seldom.evidence
