"""A shop whose purchase probabilities are known, so that every metric's true value is, too."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import brentq


@dataclass(frozen=True)
class Shop:
    """logit p = a + slope * x, x standard normal; `a` gives the wanted share of positives."""

    rate: float
    slope: float = 1.5

    def __post_init__(self):
        grid = np.linspace(-8, 8, 20_001)
        mass = np.exp(-(grid**2) / 2)
        mass /= mass.sum()

        def excess(a):
            return (mass / (1 + np.exp(-(a + self.slope * grid)))).sum() - self.rate

        intercept = brentq(excess, -30, 30)
        object.__setattr__(self, "_a", intercept)
        object.__setattr__(self, "_mass", mass)
        object.__setattr__(self, "_p", 1 / (1 + np.exp(-(intercept + self.slope * grid))))

    def draw(self, random, n, rows_each=1):
        """y, p and entity codes.

        Rows of an entity have related x, and in half of the entities one roll of the die decides
        all of their outcomes; each row by itself is like a row of the shop without entities.
        """
        entities = n // rows_each
        codes = np.repeat(np.arange(entities), rows_each)
        n = codes.size
        shared = 0.8 if rows_each > 1 else 0.0
        x = shared * random.standard_normal(entities)[codes]
        x += np.sqrt(1 - shared**2) * random.standard_normal(n)
        p = 1 / (1 + np.exp(-(self._a + self.slope * x)))
        roll = random.random(n)
        if rows_each > 1:
            one_roll = (random.random(entities) < 0.5)[codes]
            roll = np.where(one_roll, random.random(entities)[codes], roll)
        return (roll < p).astype(float), p, codes

    def truth(self, threshold):
        """The true value of each metric of p, by sums over a fine grid of x."""
        p, mass = self._p, self._mass
        buys, passes = mass * p, mass * (1 - p)
        above = mass[::-1].cumsum()[::-1]
        buys_above = buys[::-1].cumsum()[::-1]
        called = p >= threshold
        hits = buys[called].sum()
        best = int(np.argmax(2 * buys_above / (above + self.rate)))
        return {
            "roc_auc": (buys * (passes.cumsum() - passes / 2)).sum() / self.rate / (1 - self.rate),
            "average_precision": (buys * buys_above / above).sum() / self.rate,
            "log_loss": -(buys * np.log(p) + passes * np.log(1 - p)).sum(),
            "brier": (mass * p * (1 - p)).sum(),
            "ece": 0.0,
            "f1": 2 * hits / (mass[called].sum() + self.rate),
            "precision": hits / mass[called].sum(),
            "recall": hits / self.rate,
            "lift_at_10": float(np.interp(0.1, above[::-1], buys_above[::-1])) / self.rate / 0.1,
            "threshold": float(p[best]),
        }


@pytest.fixture
def shop():
    """`shop(rate, slope)` makes a Shop."""
    return Shop
