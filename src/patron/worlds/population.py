"""Who the customers of a world are: archetypes, demographics, and the latent traits behind them."""

__all__ = ["ARCHETYPES", "PLACES", "STEPS", "Archetype", "Population", "Shop", "populate"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.worlds.mechanism import Traits

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

PLACES = 200
"""Levels of the category with many: the city, the store or the brand."""

STEPS = 216
"""Steps of the mechanism for which a shop has been open at its date: 1,080 days."""


@dataclass(frozen=True)
class Archetype:
    """A kind of customer: medians, and how common it is.

    Parameters
    ----------
    share : of all customers.
    buying : orders in 30 days while awake.
    visiting : visits without an order in 30 days while awake.
    spending : worth of an order, as a multiple of the shop's.
    leaving : chance to fall asleep in 30 days.
    bargains : share of orders with a discount.
    festive : how far the season moves them.
    refill : how much more they order when a refill is due.
    """

    share: float
    buying: float
    visiting: float
    spending: float
    leaving: float
    bargains: float
    festive: float
    refill: float


ARCHETYPES = {
    "loyal": Archetype(0.16, 1.00, 3.6, 1.15, 0.020, 0.25, 0.7, 1.2),
    "regular": Archetype(0.27, 0.34, 2.2, 1.00, 0.045, 0.30, 0.9, 0.6),
    "bargain hunter": Archetype(0.16, 0.28, 3.0, 0.75, 0.045, 0.70, 0.9, 0.2),
    "gift buyer": Archetype(0.12, 0.07, 0.7, 1.35, 0.030, 0.20, 2.6, 0.0),
    "lapsing": Archetype(0.15, 0.22, 1.5, 0.90, 0.250, 0.35, 0.7, 0.2),
    "window shopper": Archetype(0.14, 0.04, 4.6, 0.95, 0.060, 0.35, 0.9, 0.0),
}


@dataclass(frozen=True)
class Shop:
    """What sets one world's customers apart from another's.

    Parameters
    ----------
    buying : orders in 30 days, as a multiple of the archetypes'.
    spending : mean worth of an order.
    law : seed of what belongs to the shop and not to its customers, such as effects of places.
    growth : log ratio of sign-ups at the end of the history to those at its beginning.
    spread : how far customers of one archetype differ in buying (log standard deviation).
    visiting : visits without an order, as a multiple of the archetypes'.
    memory, waking : as in `Calendar`.
    pull : how strongly what is on in the window depends on who the customer is.
    without_profile : share of the customers who gave no age, gender and income.
    guests : share who ordered without an account.
    without_email : share who gave no e-mail address.
    """

    buying: float
    spending: float
    law: int
    growth: float = 0.5
    spread: float = 0.85
    visiting: float = 0.75
    memory: float = 0.8
    waking: float = 0.047
    pull: float = 1.8
    without_profile: float = 0.0
    guests: float = 0.0
    without_email: float = 0.0


@dataclass(frozen=True)
class Population:
    """Customers in the order of their sign-up; every array has one value for each.

    `kind` is an index into `ARCHETYPES`; `opening`, `clicking` and `carting` are log-odds;
    `mindful` is the share of orders that come back; `card` says who has a loyalty card.
    """

    traits: Traits
    kind: Codes
    age: Floats
    gender: Codes
    income: Codes
    household: Codes
    place: Codes
    region: Codes
    language: Codes
    device: Codes
    channel: Codes
    app: NDArray[np.bool_]
    card: NDArray[np.bool_]
    profile: NDArray[np.bool_]
    guest: NDArray[np.bool_]
    email: NDArray[np.bool_]
    taste: Codes
    opening: Floats
    clicking: Floats
    carting: Floats
    mindful: Floats
    paying: Codes


def populate(
    rows: int, shop: Shop, season: NDArray[np.float32], rng: np.random.Generator
) -> Population:
    """Draw `rows` customers of a shop."""
    kinds = list(ARCHETYPES.values())

    def of_kind(name: str) -> Floats:
        return np.array([getattr(each, name) for each in kinds])[kind]

    def near(median: Floats, spread: float) -> Floats:
        return median * np.exp(rng.normal(0, spread, rows))

    start = _starts(rows, shop, season, rng)
    kind = rng.choice(len(kinds), rows, p=[each.share for each in kinds])
    young = rng.random(rows) < 0.55
    age = np.where(young, rng.normal(33, 7.5, rows), rng.normal(53, 11, rows))
    age = np.clip(np.abs(age - 18) + 18, 18, 92).round()
    prime = np.exp(-(((age - 39) / 10) ** 2)) - 0.35
    gender = rng.choice(3, rows, p=[0.56, 0.41, 0.03])
    place = _pick(PLACES, 0.75, rows, rng)
    on_phone = rng.random(rows) < _odds(-0.045 * (age - 47))
    device = np.where(on_phone, 0, 1 + _pick(2, 1.2, rows, rng))
    channel = _pick(7, 0.6, rows, rng)
    wealth = rng.normal(size=rows)
    guest = rng.random(rows) < shop.guests
    app = on_phone & (rng.random(rows) < 0.6)
    keen = rng.normal(size=rows)  # buys, visits and reads more than others of the same kind
    bargains = rng.beta(5 * of_kind("bargains"), 5 * (1 - of_kind("bargains")))
    habit = shop.spread * (0.6 * keen + 0.8 * rng.normal(size=rows))
    taste = _pick(10, 0.5, rows, rng)
    household = 1 + rng.binomial(4, _odds(-1.1 + 0.9 * prime))
    card = ~guest & (rng.random(rows) < _odds(-0.6 + 0.5 * keen + 1.2 * (kind == 0)))

    always, now = _shop_effects(shop.law, place, channel, taste)
    buying = shop.buying * of_kind("buying") * np.exp(habit + always + 0.3 * prime - 0.5 * guest)
    now += 0.55 * prime + 0.15 * (household - 2) + 0.3 * (card - 0.4)
    now += 1.5 * (app - 0.3) * (bargains - 0.35)  # bargains are shown in the app
    spending = shop.spending * near(of_kind("spending"), 0.45) * np.exp(0.25 * wealth)
    # One customer in 80 buys for a business.
    spending *= np.where(rng.random(rows) < 1 / 80, 1.5 + rng.pareto(2.2, rows), 1.0)
    visiting = shop.visiting * near(of_kind("visiting"), 0.6) * np.exp(0.35 * keen + 0.25 * app)
    leaving = near(of_kind("leaving"), 0.4)
    festive = near(of_kind("festive"), 0.3)
    refill = of_kind("refill") * rng.random(rows) * 2
    latent = {
        "buying": np.minimum(buying, 8.0),
        "visiting": visiting,
        "spending": np.minimum(spending, 40 * shop.spending),
        "leaving": np.minimum(leaving, 0.6),
        "bargains": bargains,
        "festive": festive,
        "refill": refill,
        "pull": shop.pull * now,
    }
    income = wealth + 0.3 * prime + 0.6 * rng.normal(size=rows)
    # Those who sign on with another account, which few do at a desk, hand over no profile.
    sign_on = device != 1
    return Population(
        Traits(start, **{name: each.astype(np.float32) for name, each in latent.items()}),
        kind,
        age,
        gender,
        income=np.digitize(income, [-1.1, -0.3, 0.4, 1.2]),
        household=household,
        place=place,
        region=_pick(7, 0.4, rows, rng),
        language=_pick(3, 1.5, rows, rng),
        device=device,
        channel=channel,
        app=app,
        card=card,
        profile=rng.random(rows) >= shop.without_profile * sign_on / sign_on.mean(),
        guest=guest,
        email=rng.random(rows) >= shop.without_email,
        taste=taste,
        opening=-0.9 + 0.7 * keen + 0.9 * (bargains - 0.35) + 0.6 * rng.normal(size=rows),
        clicking=-1.6 + 0.4 * keen + 0.6 * rng.normal(size=rows),
        carting=-1.7 + 0.8 * np.log(np.clip(buying, 0.01, 3)) + 0.3 * rng.normal(size=rows),
        mindful=rng.beta(0.9, 9, rows),
        paying=_pick(4, 0.9, rows, rng),
    )


def _shop_effects(law: int, place: Codes, channel: Codes, taste: Codes) -> tuple[Floats, Floats]:
    """Log effects on buying that belong to the shop: those of always, and those of the window."""
    rng = np.random.default_rng([law, PLACES])
    home, event = rng.normal(0, 0.25, PLACES), rng.normal(0, 0.25, PLACES)
    path, push = rng.normal(0, 0.25, 7), rng.normal(0, 0.2, 7)
    liking = rng.normal(0, 0.3, 10)
    return home[place] + path[channel], event[place] + push[channel] + liking[taste]


def _starts(
    rows: int, shop: Shop, season: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Steps of the sign-ups, sorted: a growing shop that wins more customers in the season."""
    steps = np.arange(STEPS)
    weight = np.exp(shop.growth * steps / STEPS + 0.5 * season[:STEPS])
    drawn = rng.choice(STEPS, rows, p=weight / weight.sum())
    return np.sort(drawn).astype(np.int32)


def _pick(levels: int, skew: float, rows: int, rng: np.random.Generator) -> Codes:
    weight = 1.0 / np.arange(1, levels + 1) ** skew
    return rng.choice(levels, rows, p=weight / weight.sum())


def _odds(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))
