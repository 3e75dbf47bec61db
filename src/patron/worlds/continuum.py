"""Continuum: correlated customers without any groups, so that none may be claimed."""

__all__ = ["continuum"]

import datetime as dt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.worlds.base import World
from patron.worlds.blend import TRAITS, Pace, People, play, study_text
from patron.worlds.blend_columns import columns, keys, profile

Floats = NDArray[np.float64]

PACE = Pace(orders=2.5, visits=5.0, wishes=1.5, app=5.0, coupons=1.5, tickets=0.8)
SPREAD = 0.6
"""Standard deviation of each trait: less than in `archetypes`, so that few rates are near 0."""
AS_OF = dt.date(2025, 9, 1)


def continuum(rows: int = 240_000, *, seed: int = 0) -> World:
    """The columns of `archetypes`, of customers whose traits are one multivariate normal.

    Their correlation is drawn with the seed; it may be strong. Everybody has been a customer for a
    year or more and orders often, so that few counts are 0 and none for a reason of its own: what
    zeros there are follow from the rates. About 87 of 100 order in the next month.

    >>> world = continuum(1000, seed=1)
    >>> world.table.num_columns, world.truth.column_names
    (38, ['customer_id', 'true_purchase_probability', 'true_expected_spend'])
    """
    rng = np.random.default_rng([seed, 62])
    size = len(TRAITS)
    mixed = np.eye(size) + 0.5 * rng.normal(size=(size, size))
    spread = np.linalg.norm(mixed, axis=1)
    mean = SPREAD * rng.normal(size=(rows, size)) @ (mixed / spread[:, None]).T
    tenure = 366 + np.minimum(rng.gamma(2.0, 400.0, rows), 3284)
    who, customer = profile(mean, rng), keys(rows, 0, rng)
    seen = play(People(mean, tenure), PACE, 0, seed=(seed, 62))
    table = pa.table(
        {
            "customer_id": customer,
            **columns(seen, who, AS_OF),
            "purchased_next_30d": pa.array((seen.ordered > 0).astype(np.int64)),
        }
    )
    truth = pa.table(
        {
            "customer_id": customer,
            "true_purchase_probability": -np.expm1(-seen.rate),
            "true_expected_spend": seen.rate * seen.worth,
        }
    )
    return World(
        "continuum",
        table,
        truth,
        study_text("Continuum: does anybody find segments where there are none?", AS_OF),
    )
