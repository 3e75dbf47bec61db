"""O01: the best customers are told before a rule of thumb takes them out."""

import numpy as np
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.outliers import CustomersNotOutliers


def test_the_top_share_is_counted_and_a_clip_is_priced(frame):
    # 990 customers with 10 each, 10 with 990 each: half of 19,800.
    spend = np.r_[np.full(990, 10.0), np.full(10, 990.0)]
    [found] = CustomersNotOutliers().run(frame({"spend": spend}, spend="money"))
    assert found.severity is Severity.NOTE
    assert (found.columns, found.rows, found.fix) == (("spend",), 10, None)
    evidence = found.evidence
    assert evidence["top_1_share"] == pytest.approx(9_900 / 19_800)
    assert evidence["top_20_share"] == pytest.approx((9_900 + 190 * 10) / 19_800)
    assert evidence["share_cut_by_clipping"] == pytest.approx(10 * 980 / 19_800)
    # Mean 19.8, variance (990 * 9.8^2 + 10 * 970.2^2) / 1000.
    deviation = ((990 * 9.8**2 + 10 * 970.2**2) / 1_000) ** 0.5
    assert evidence["largest_in_standard_deviations"] == pytest.approx(970.2 / deviation)
    assert "To drop them loses that share, to clip at 99 % cuts 49.5%" in found.meaning


def test_the_target_stands_in_front_and_what_clipping_costs_is_measured(frame):
    rng = np.random.default_rng(0)
    rate = rng.gamma(1, 1, 3_000)
    spend = rng.poisson(rate) * rng.lognormal(3, 1.2, 3_000)
    columns = {"past": rate * rng.lognormal(3, 1, 3_000), "visits": rng.poisson(5 * rate)}
    [found] = CustomersNotOutliers().run(frame(columns, spend, past="money", visits="count"))
    assert found.columns == ("bought", "past")
    evidence = found.evidence
    assert evidence["total_predicted"] == pytest.approx(1, abs=0.1)
    lost = evidence["total_predicted"] - evidence["total_predicted_clipped"]
    assert lost == pytest.approx(evidence["share_cut_by_clipping"], abs=0.05)
    assert 0.3 < evidence["top_20_found_clipped"] < 1
    assert f"{evidence['total_predicted_clipped']:.1%} of the total instead of" in found.meaning


def test_the_curve_rises_from_nothing_to_all(frame):
    spend = np.random.default_rng(1).pareto(1.5, 1_000)
    [found] = CustomersNotOutliers().run(frame({"spend": spend}, spend="money"))
    picture = found.evidence["picture"]
    assert (picture["x"][0], picture["y"][0]) == (0, 0)
    assert (picture["x"][-1], picture["y"][-1]) == pytest.approx((1, 1))
    assert np.all(np.diff(picture["y"]) >= 0)
    assert len(picture["x"]) <= 60
    at = picture["x"].index(0.01)
    assert picture["y"][at] == pytest.approx(found.evidence["top_1_share"])


def test_wholesale_quantities_that_are_booked_back_are_named(frame):
    rng = np.random.default_rng(0)
    quantity = rng.integers(1, 13, 5_000).astype(float)
    quantity[:25] = rng.integers(2_000, 9_000, 25)
    quantity[25:50] = -quantity[:25]
    [found] = CustomersNotOutliers().run(frame({"quantity": quantity}, quantity="count"))
    assert found.columns == ("quantity",)
    assert found.evidence["top_1_share"] > 0.7


def test_silent_on_tails_that_are_not_heavy_on_zeros_and_on_one_absurd_value(frame):
    rng = np.random.default_rng(0)
    columns = {
        "basket": rng.normal(50, 10, 5_000),
        "waiting": rng.exponential(5, 5_000),
        "tickets": rng.poisson(0.1, 5_000),  # the top 1 % have a tenth: most have none
        "absurd": np.r_[rng.normal(50, 10, 4_999), 1e9],
    }
    roles = {"basket": "money", "waiting": "money", "tickets": "count", "absurd": "money"}
    assert CustomersNotOutliers().run(frame(columns, **roles)) == []


def test_what_is_beyond_belief_is_set_aside_first(frame):
    rng = np.random.default_rng(0)
    calm = rng.exponential(50, 3_000)
    calm[:3] = 1e9, 1.1e9, 1.2e9  # V06's; three alike, so that none stands alone
    heavy = rng.pareto(1.5, 3_000)
    heavy[:3] = calm[:3]
    columns = {"calm": calm, "heavy": heavy}
    [found] = CustomersNotOutliers().run(frame(columns, calm="money", heavy="money"))
    assert found.columns == ("heavy",)
    [without] = CustomersNotOutliers().run(frame({"heavy": heavy[3:]}, heavy="money"))
    assert found.evidence["top_1_share"] == pytest.approx(without.evidence["top_1_share"])
    assert CustomersNotOutliers().run(frame({"calm": calm}, calm="money")) == []


def test_a_target_beyond_belief_does_not_decide_what_clipping_costs(frame):
    rng = np.random.default_rng(0)
    rate = rng.gamma(1, 1, 3_000)
    spend = rng.poisson(rate) * rng.lognormal(3, 1.2, 3_000)
    spend[:2] = 1e12, 1.2e12
    past = rate * rng.lognormal(3, 1, 3_000)
    [found] = CustomersNotOutliers().run(frame({"past": past}, spend, past="money"))
    assert found.columns[0] == "bought"
    assert found.evidence["top_1_share"] < 0.5
    assert found.evidence["total_predicted"] == pytest.approx(1, abs=0.2)


def test_cannot_say_without_amounts_or_of_a_short_table(frame):
    words = {"plan": ["a", "b"] * 200}
    assert CustomersNotOutliers().run(frame(words)) == CannotSay(
        "no column holds money, counts or other amounts"
    )
    short = {"spend": np.arange(50.0)}
    assert CustomersNotOutliers().run(frame(short, spend="money")) == CannotSay(
        "the table has fewer than 200 rows; its top 1 % is nobody"
    )
