"""Decision: from what probability on a customer counts as a buyer, and what that is worth."""

__all__ = ["Capacity", "Costs", "Fixed", "MostF1", "Rule", "Worth", "choose_threshold", "worth"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.metrics import best_f1_threshold
from patron.metrics.inputs import checked
from patron.metrics.interval import margin as half_width

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MostF1:
    """The threshold with the highest F1 on out-of-fold predictions."""

    name = "f1"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A threshold that somebody set."""

    threshold: float
    name = "fixed"


@dataclass(frozen=True, slots=True)
class Costs:
    """Contact whoever is expected to bring more than the contact costs: p x margin >= cost.

    Parameters
    ----------
    contact_cost : what one contact costs, in money.
    margin : what one purchase brings, in the same money, before the cost of the contact.
    """

    contact_cost: float
    margin: float
    name = "costs"


@dataclass(frozen=True, slots=True)
class Capacity:
    """So many contacts and no more: the customers with the highest scores.

    Parameters
    ----------
    customers : how many can be contacted.
    among : how many customers there are to choose from.
    """

    customers: int
    among: int
    name = "capacity"

    @property
    def share(self) -> float:
        """The share of customers that are contacted."""
        return min(self.customers / self.among, 1.0)


Rule = MostF1 | Fixed | Costs | Capacity


@dataclass(frozen=True, slots=True)
class Worth:
    """What a list brings, per customer of the table, in money; all on the same customers.

    Parameters
    ----------
    listed : of contacting who reaches the threshold: the mean of (bought x margin - cost).
    everybody : of contacting all. Contacting nobody brings 0.
    ahead : `listed` less the better of these two, paired.
    """

    listed: Estimate
    everybody: Estimate
    ahead: Estimate


def choose_threshold(
    rule: Rule,
    y: Floats,
    p: Floats,
    *,
    level: float = 0.95,
    groups: NDArray[np.intp] | None = None,
) -> Estimate:
    """The threshold that `rule` gives on out-of-fold probabilities.

    With costs it is contact_cost / margin, which is best for probabilities that are right (Elkan
    2001); with a capacity, the quantile of the probabilities that leaves this share above it, with
    the interval of a quantile from its rank.
    """
    n = len(y)
    if isinstance(rule, MostF1):
        return best_f1_threshold(y, p, level=level, groups=groups)
    if isinstance(rule, Fixed):
        return Estimate(rule.threshold, np.nan, np.nan, level, n, "set in the Study")
    if isinstance(rule, Costs):
        value = min(rule.contact_cost / rule.margin, 1.0)
        return Estimate(value, np.nan, np.nan, level, n, "contact cost / margin of a purchase")
    return _quantile(1 - rule.share, p, level, n if groups is None else len(np.unique(groups)))


def worth(
    y: Floats,
    p: Floats,
    *,
    threshold: float,
    contact_cost: float,
    margin: float,
    level: float = 0.95,
    groups: NDArray[np.intp] | None = None,
) -> Worth:
    """What contacting the customers with p >= threshold would have brought.

    It takes every purchase of a contacted customer as brought by the contact. Who would have bought
    anyway is not known here: that needs a test with a control group, and until there is one these
    figures only compare lists. Normal intervals of means over independent rows (entities).
    """
    rows = checked(y, p, groups)
    each = rows.y * margin - contact_cost
    listed = np.where(rows.p >= threshold, each, 0.0)
    other = each if each.mean() > 0 else np.zeros_like(each)

    def mean(values: Floats) -> Estimate:
        value = float(values.mean())
        reach = half_width(values - value, rows.groups, level) if np.ptp(values) > 0 else 0.0
        return Estimate(value, value - reach, value + reach, level, len(values), "mean of rows")

    return Worth(mean(listed), mean(each), mean(listed - other))


def _quantile(q: float, p: Floats, level: float, independent: int) -> Estimate:
    from statistics import NormalDist

    reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(q * (1 - q) / independent)
    low, value, high = np.quantile(p, np.clip([q - reach, q, q + reach], 0, 1), method="higher")
    return Estimate(float(value), float(low), float(high), level, len(p), "quantile, by its rank")
