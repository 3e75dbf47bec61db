"""Archetypes: customers who are blends of five kinds, so that there are groups to be found."""

__all__ = ["ARCHETYPES", "archetypes"]

import datetime as dt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import UserError
from patron.worlds.base import World
from patron.worlds.blend import DAYS, Pace, People, play, study_text
from patron.worlds.blend_columns import columns, keys, profile

Floats = NDArray[np.float64]

ARCHETYPES = {
    "devoted": (0.20, (1.6, 0.5, 1.2, 0.7, -0.8, -0.3)),
    "bargain_hunter": (0.22, (0.0, -0.6, 0.8, 0.9, 1.8, -0.3)),
    "lapsed": (0.24, (-1.9, -0.1, -2.6, -1.1, -0.3, -0.3)),
    "browser": (0.20, (-1.0, -0.2, 1.2, 0.4, -0.6, -0.4)),
    "returner": (0.14, (0.8, 0.5, -0.5, -0.5, -0.6, 2.0)),
}
"""By name, the share of customers and the traits, in the order of `TRAITS`."""

PACE = Pace(orders=0.155, visits=2.5, wishes=0.5, app=2.5, coupons=0.5, tickets=0.15)
SPREAD = 0.33
"""Standard deviation of a customer's traits round the blend."""
CONCENTRATION = 0.5
OPENED = dt.date(2025, 9, 1)
NEW = 0.025
"""Customers who join in a month, of those of month 0."""


def archetypes(rows: int = 240_000, *, seed: int = 0, mixing: float = 0.2, month: int = 0) -> World:
    """A shop of `rows` customers with 36 columns; about 18 of 100 order in the next month.

    A customer's traits are `weights @ centres + noise`, where the weights are `1 - mixing` on one
    archetype and `mixing` times a Dirichlet (0.5) over all five. Columns are counted from months
    of Poisson counts at rates that the traits set (`patron.worlds.blend`).

    Parameters
    ----------
    rows : customers in month 0.
    mixing : how much of a customer is shared out over the archetypes, from 0 to 1.
    month : 0, or how many months later the same shop is seen. The traits have wandered, windows
        overlap, a few customers in a hundred are new and a few are gone.

    Raises
    ------
    UserError
        `mixing` is not from 0 to 1, or `month` below 0.

    >>> world = archetypes(1000, seed=1)
    >>> world.table.num_columns, world.truth.column_names[1:4]
    (38, ['true_purchase_probability', 'true_expected_spend', 'archetype'])
    """
    if not 0 <= mixing <= 1:
        raise UserError(f"mixing must lie between 0 and 1, got {mixing}.")
    if month < 0:
        raise UserError(f"month must be 0 or more, got {month}.")
    as_of = _later(OPENED, month)
    cohorts = [rows, *[round(NEW * rows)] * month]
    parts = [
        _cohort(count, 10 * rows * number, seed, mixing, month, number, as_of)
        for number, count in enumerate(cohorts)
        if count
    ]
    table, truth = (pa.concat_tables([part[i] for part in parts]) for i in (0, 1))
    facts = {"mixing": mixing, "month": month}
    study = study_text(
        f"Archetypes: who are the customers, and who of them orders within 30 days of {as_of}?",
        as_of,
    )
    return World("archetypes", table.combine_chunks(), truth.combine_chunks(), study, facts=facts)


def _cohort(
    count: int, key: int, seed: int, mixing: float, month: int, number: int, as_of: dt.date
) -> tuple[pa.Table, pa.Table]:
    """Table and truth of those who were there in month 0, or who joined in month `number`."""
    rng = np.random.default_rng([seed, 61, number])
    weights, main = _weights(count, mixing, rng)
    centres = np.array([centre for _, centre in ARCHETYPES.values()])
    mean = weights @ centres + SPREAD * rng.normal(size=(count, centres.shape[1]))
    if number == 0:
        tenure = np.minimum(1 + rng.exponential(DAYS / NEW, count), 3650)
    else:
        tenure = DAYS * (rng.random(count) - number)
    who = profile(mean, rng)
    customer = keys(count, key, rng)
    seen = play(People(mean, tenure), PACE, month, seed=(seed, 61, number))
    table = pa.table(
        {
            "customer_id": customer,
            **columns(seen, who, as_of),
            "purchased_next_30d": pa.array((seen.ordered > 0).astype(np.int64)),
        }
    )
    names = np.array(list(ARCHETYPES))
    truth = pa.table(
        {
            "customer_id": customer,
            "true_purchase_probability": -np.expm1(-seen.rate),
            "true_expected_spend": seen.rate * seen.worth,
            "archetype": names[main],
            **{f"weight_{name}": weights[:, place] for place, name in enumerate(names)},
        }
    )
    return table.filter(pa.array(seen.here)), truth.filter(pa.array(seen.here))


def _weights(
    rows: int, mixing: float, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """The blend of each customer [n, 5], and which archetype is the main one [n]."""
    kinds = len(ARCHETYPES)
    shares = np.array([share for share, _ in ARCHETYPES.values()])
    main = rng.choice(kinds, rows, p=shares / shares.sum())
    weights = mixing * rng.dirichlet(np.full(kinds, CONCENTRATION), rows)
    weights[np.arange(rows), main] += 1 - mixing
    return weights, main


def _later(date: dt.date, months: int) -> dt.date:
    years, place = divmod(date.month - 1 + months, 12)
    return date.replace(year=date.year + years, month=place + 1)
