"""Direct mail: spend is drawn from the stated law of the table, and features know only the past."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import kstest, norm

from patron.worlds import World, make
from patron.worlds.postcards import CAMPAIGNS, CAP, LATER, WINDOW, postcards

WORLD = postcards(60_000, seed=4)
SPEND = "total_30d_post_campaign_spend"
AT_CAP = 0.999 * CAP  # the currency moves a value by less


def column(name: str, world: World = WORLD) -> np.ndarray:
    table = world.table if name in world.table.column_names else world.truth
    values = table[name]
    if pa.types.is_string(values.type) or pa.types.is_date(values.type):
        return values.to_numpy()
    return values.cast(pa.float64()).to_numpy()


def season(world: World) -> np.ndarray:
    by_month = {1: -0.3, 4: 0.0, 7: -0.15, 10: 0.35}
    return np.array([by_month[day.month] for day in world.table["campaign_date"].to_pylist()])


def law(world: World, postcard: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(y > 0), the log mean and the pull, of nothing but the table; the docstring's formulas."""
    days, rate = column("days_since_last_purchase", world), column("email_open_rate", world)
    a = np.log(column("lifetime_spend", world) / 1_000)
    visits = np.log(1 + column("web_visits_30d", world))
    brand, discount = column("brand_affinity", world), column("discount_share", world)
    mail = np.nan_to_num(0.8 * (rate - 0.4), nan=-0.3)
    openness = 2 * np.nan_to_num(rate - 0.4, nan=0) + 1.5 * (discount - 0.4)
    openness = openness.round(6)
    pull = np.where(openness > 0.1, openness - 0.1, np.minimum(openness + 0.75, 0))
    pull *= np.minimum(1, np.maximum(0, 2 - days / 120))
    z = 0.25 + 0.3 * a + 1.2 * brand + 0.3 * visits + mail - 0.004 * np.minimum(days, 300)
    z += season(world) + 2 * pull * postcard
    m = 5.6 + 0.35 * a + 0.8 * brand - 0.8 * discount + 0.15 * visits
    m += 5.5 / (days + 1) + season(world) + 0.6 * pull * postcard
    return 1 / (1 + np.exp(-z)), m, pull


def test_same_seed_same_world_and_another_seed_another() -> None:
    one, same, other = (postcards(800, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert one.truth.equals(same.truth)
    assert one.events["orders"].equals(same.events["orders"])
    assert not one.table.equals(other.table)
    assert make("postcards", rows=800, seed=1).table.equals(one.table)


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_a_world_may_be_small(rows: int) -> None:
    world = postcards(rows, seed=3)
    assert world.table.num_rows == world.truth.num_rows == rows


def test_shape_is_that_of_a_mailing() -> None:
    assert len(pc.unique(WORLD.table["campaign_id"])) == len(CAMPAIGNS)
    assert column("postcard").mean() == pytest.approx(5 / 6, abs=0.01)
    keys = WORLD.table["customer_id"].to_pylist()
    assert len(set(keys)) < 0.7 * len(keys)  # customers come again
    pairs = set(zip(keys, WORLD.table["campaign_id"].to_pylist(), strict=True))
    assert len(pairs) == len(keys)  # once in a campaign
    gaps = {"age": 0.1, "email_open_rate": 0.12}
    for name in WORLD.table.column_names:
        missing = WORLD.table[name].null_count / WORLD.table.num_rows
        assert missing == pytest.approx(gaps.get(name, 0), abs=0.01), name


def test_many_spend_nothing_and_some_very_much() -> None:
    spend = column(SPEND)
    assert 0.30 < (spend == 0).mean() < 0.40
    assert 400 < np.median(spend[spend > 0]) < 800
    assert 900 < spend.mean() < 1_200
    assert np.sort(spend)[-600:].sum() > 0.3 * spend.sum()  # the top hundredth
    np.testing.assert_array_equal(spend, spend.round(2))


def test_values_pile_up_at_the_cap() -> None:
    spend = column(SPEND)
    assert WORLD.facts["cap"] == CAP
    assert 0.002 < (spend > AT_CAP).mean() < 0.005
    assert spend.max() < CAP * 1.001
    # The last thousandth before the top holds more than the whole fifth below it.
    assert (spend > AT_CAP).sum() > 2 * ((spend > 0.8 * CAP) & (spend <= AT_CAP)).sum()
    assert len(np.unique(spend[spend > AT_CAP])) > 0.8 * (spend > AT_CAP).sum()


def test_the_last_day_is_a_spike() -> None:
    days, spend = column("days_since_last_purchase"), column(SPEND)
    assert 0.003 < (days < 1).mean() < 0.015
    assert 0.15 < spend[days < 1].sum() / spend.sum() < 0.35
    hours = [spend[(days >= low) & (days < high)].mean() for low, high in ((0, 0.5), (0.5, 1))]
    assert hours[0] > 1.3 * hours[1] > 2 * spend[(days > 2) & (days < 3)].mean()


def test_seasons_recur() -> None:
    """What is left of log spend without the season has one level a month, in whatever year."""
    _, m, _ = law(WORLD, column("postcard"))
    spend, dates = column(SPEND), WORLD.table["campaign_date"].to_pylist()
    free = (spend > 0) & (m < np.log(CAP) - 4 * 0.75)  # the cap does not reach these
    left = np.log(np.maximum(spend, 0.01)) - (m - season(WORLD))
    levels = {}
    for day in sorted(set(dates)):
        part = left[free & (np.array(dates) == day)]
        levels[day] = part.mean()
        assert abs(part.mean() - season(WORLD)[dates.index(day)]) < 4 * 0.75 / len(part) ** 0.5
    first, *_, last = levels
    assert (first.month, first.year + 1) == (last.month, last.year)
    assert max(levels.values()) - min(levels.values()) > 0.5


@pytest.mark.parametrize("later", [False, True])
def test_the_truth_is_a_function_of_the_table(later: bool) -> None:
    world = postcards(4_000, seed=5, later=later)
    postcard = column("postcard", world)
    chance, m, pull = law(world, postcard)
    np.testing.assert_allclose(column("true_zero_probability", world), 1 - chance)
    np.testing.assert_allclose(column("true_log_mean", world), m)
    assert set(column("true_log_sd", world)) == {0.75}
    lost = column("days_since_last_purchase", world) >= 240
    named = np.select(
        [lost, pull > 0, pull < 0],
        ["lost cause", "persuadable", "do not disturb"],
        "sure thing",
    )
    np.testing.assert_array_equal(column("archetype", world), named)
    assert not {name for name in world.table.column_names if "true" in name or "arche" in name}
    # The limited mean, by the average over a fine grid of quantiles.
    e = norm.ppf((np.arange(20_000) + 0.5) / 20_000)

    def mean(arm: np.ndarray) -> np.ndarray:
        chance, m, _ = (part[::20] for part in law(world, arm))
        amounts = np.minimum(np.exp(m[:, None] + 0.75 * e), 50_000)
        return chance * amounts.mean(axis=1)

    without, with_one = mean(0 * postcard), mean(0 * postcard + 1)
    for name, expected in (
        ("true_expected_spend", np.where(postcard[::20] == 1, with_one, without)),
        ("true_expected_spend_untreated", without),
    ):
        np.testing.assert_allclose(column(name, world)[::20], expected, rtol=1e-3)
    effect = column("true_effect", world)
    np.testing.assert_allclose(effect[::20], with_one - without, rtol=2e-3, atol=0.1)
    assert (effect[pull == 0] == 0).all()


@pytest.mark.parametrize("later", [False, True])
def test_spend_has_the_true_distribution(later: bool) -> None:
    """Where y lies in its true distribution is uniform, overall and wherever one looks."""
    world = postcards(20_000, seed=6, later=later)
    y, zero = column(SPEND, world), column("true_zero_probability", world)
    mean, sd = column("true_log_mean", world), column("true_log_sd", world)
    draw = np.random.default_rng(0).random(len(y))  # within an atom, by chance

    def below(value: np.ndarray) -> np.ndarray:
        return zero + (1 - zero) * norm.cdf((np.log(value) - mean) / sd)

    at_cap = below(np.full(len(y), CAP))
    place = np.where(y == 0, draw * zero, below(np.maximum(y, 0.01)))
    place = np.where(y > AT_CAP, at_cap + draw * (1 - at_cap), place)
    looks = {
        "all": np.ones(len(y), bool),
        "recent": column("days_since_last_purchase", world) < 3,
        "no postcard": column("postcard", world) == 0,
        "persuadable": column("archetype", world) == "persuadable",
        "no mail": np.isnan(column("email_open_rate", world)),
        "rich": column("lifetime_spend", world) > 3_000,
    }
    for name, rows in looks.items():
        assert rows.sum() > 300, name
        assert kstest(place[rows], "uniform").pvalue > 0.002, name
    assert kstest(place + 0.03, "uniform").pvalue < 1e-6  # and the test would notice


def test_spend_follows_the_true_expectation() -> None:
    expected, spend = column("true_expected_spend"), column(SPEND)
    # In each tenth by expectation, and overall, the mean lies within four standard errors.
    order = np.argsort(expected)
    for part in (order, *np.array_split(order, 10)):
        error = spend[part].std() / len(part) ** 0.5
        assert abs(spend[part].mean() - expected[part].mean()) < 4 * error
    explained = 1 - ((spend - expected) ** 2).sum() / ((spend - spend.mean()) ** 2).sum()
    assert 0.6 < explained < 0.75


def test_the_effect_is_the_difference_between_the_arms() -> None:
    effect, spend = column("true_effect"), column(SPEND)
    treated, archetype = column("postcard") == 1, column("archetype")
    signs = {"sure thing": 0, "persuadable": 1, "do not disturb": -1, "lost cause": 0}
    for name, sign in signs.items():
        part = archetype == name
        assert part.mean() > 0.1
        assert (np.sign(effect[part]) == sign).all()
        one, other = spend[part & treated], spend[part & ~treated]
        error = np.hypot(one.std() / len(one) ** 0.5, other.std() / len(other) ** 0.5)
        assert abs(one.mean() - other.mean() - effect[part].mean()) < 4 * error
    untreated = column("true_expected_spend_untreated")
    expected = column("true_expected_spend")
    np.testing.assert_allclose(expected, untreated + np.where(treated, effect, 0))
    assert 0.03 < effect.mean() / untreated.mean() < 0.15


def test_a_postcard_goes_to_whom_chance_chose() -> None:
    treated = column("postcard") == 1
    for name in ("orders_365d", "lifetime_spend", "web_visits_30d", "brand_affinity"):
        values = column(name)
        apart = values[treated].mean() - values[~treated].mean()
        assert abs(apart) < 4 * values.std() * (1 / treated.sum() + 1 / (~treated).sum()) ** 0.5


def test_a_later_set_is_the_same_shop_with_new_campaigns() -> None:
    # That its law is the same is tested above, with `later`.
    now, after = postcards(3_000, seed=1), postcards(3_000, seed=1, later=True)
    assert now.table.schema == after.table.schema
    assert set(pc.unique(after.table["campaign_id"]).to_pylist()) == set(LATER)
    assert not set(CAMPAIGNS) & set(LATER)
    both = (set(world.table["customer_id"].to_pylist()) for world in (now, after))
    assert not set.intersection(*both)
    last_before = pc.max(now.table["campaign_date"]).as_py() + dt.timedelta(WINDOW)
    assert pc.min(after.table["campaign_date"]).as_py() > last_before
    months = {dt.date.fromisoformat(day).month for day in (*CAMPAIGNS.values(), *LATER.values())}
    assert months == {dt.date.fromisoformat(day).month for day in CAMPAIGNS.values()}
    assert after.facts == {"cap": CAP, "later": True}
    assert after.study_text == now.study_text


@pytest.mark.parametrize("later", [False, True])
def test_features_and_labels_can_be_made_from_the_orders_again(later: bool) -> None:
    world = postcards(400, seed=9, later=later)
    bought: dict[str, list] = {}
    for order in world.events["orders"].to_pylist():
        bought.setdefault(order["customer_id"], []).append((order["ordered_at"], order["amount"]))
    again = 0
    for row in world.table.to_pylist():
        date = dt.datetime.combine(row["campaign_date"], dt.time())
        mine = bought[row["customer_id"]]
        before = [(time, amount) for time, amount in mine if time < date]
        spent = sum(amount for _, amount in before)
        assert row["lifetime_spend"] == pytest.approx(spent, abs=0.01)
        assert row["average_order_value"] == pytest.approx(spent / len(before), abs=0.01)
        since = (date - max(before)[0]).total_seconds() / 86_400
        assert row["days_since_last_purchase"] == pytest.approx(since, abs=0.00006)
        assert row["first_order_date"] == min(before)[0].date()
        assert row["tenure_days"] == (date.date() - min(before)[0].date()).days
        assert row["orders_365d"] == sum(date - time <= dt.timedelta(365) for time, _ in before)
        window = [amount for time, amount in mine if date <= time < date + dt.timedelta(WINDOW)]
        assert window == ([row[SPEND]] if row[SPEND] > 0 else [])
        again += spent > 0 and any((date - time).days > 100 for time, _ in before)
    assert again > 100
