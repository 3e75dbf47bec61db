"""Intervals that the metrics share: from influence values, from shares, from weighted draws."""

__all__ = [
    "effective_rows",
    "exact_interval",
    "fisher_interval",
    "logit_interval",
    "margin",
    "positive_interval",
    "ratio_interval",
    "row_weights",
    "share_interval",
    "standard_error",
    "wilson_interval",
]

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from patron.metrics.inputs import Codes, Vector, entities, summed

Ends = tuple[float, float]

LARGEST_REACH = 300.0  # on the log scale; an end further out is as good as infinite


def standard_error(influence: Vector, groups: Codes | None) -> float:
    """The standard error of an estimate whose error is the mean of `influence`, row by row.

    Formula: sqrt(sum psi^2) / n. With `groups`, psi is first summed over the rows of an entity, and
    the result multiplied by sqrt(G / (G - 1)) for G entities.
    Assumes that rows (with `groups`: entities) are independent. Broken by rows of one entity that
    are passed without `groups`, and by one entity that carries most of the influence.
    Source: Huber (1967); Liang and Zeger (1986) for the clustered form.
    """
    sums, correction = _by_entity(influence, groups)
    return math.sqrt(float(sums @ sums) * correction) / influence.size


def margin(influence: Vector, groups: Codes | None, level: float) -> float:
    """Half the width of the interval: the standard error times a quantile of Student's t.

    A few rows often carry most of the influence (eight buyers among 400 customers, or one large
    entity), and then the standard error is itself uncertain. The degrees of freedom say how much:
    2 (sum psi^2)^2 / (sum psi^4 - (sum psi^2)^2 / n), which is twice the squared variance over the
    variance of the variance. About n for normal influence values, about 5 for eight rare ones.
    Source: Satterthwaite (1946), with the variance of a variance in its general form.
    """
    from scipy.special import stdtrit

    squares = _by_entity(influence, groups)[0] ** 2
    total = float(squares.sum())
    uncertain = float(squares @ squares) - total**2 / squares.size
    error = standard_error(influence, groups)
    if uncertain <= 1e-12 * total**2:
        return error * _critical(level)
    return error * float(stdtrit(2 * total**2 / uncertain, (1 + level) / 2))


def positive_interval(value: float, half_width: float) -> Ends:
    """The interval on the log scale, for a value above 0 with a long upper tail."""
    if value <= 0 or half_width == 0:
        return value, value
    factor = math.exp(min(half_width / value, LARGEST_REACH))
    return value / factor, value * factor


def logit_interval(value: float, half_width: float) -> Ends:
    """The interval on the logit scale, so that it stays between 0 and 1."""
    if not 0 < value < 1 or half_width == 0:
        return value, value
    centre = math.log(value / (1 - value))
    reach = half_width / (value * (1 - value))
    return _expit(centre - reach), _expit(centre + reach)


def fisher_interval(value: float, half_width: float) -> Ends:
    """The interval on the scale of Fisher's z = artanh, so that it stays between -1 and 1."""
    if not -1 < value < 1 or half_width == 0:
        return value, value
    centre, reach = math.atanh(value), half_width / (1 - value**2)
    return math.tanh(centre - reach), math.tanh(centre + reach)


def wilson_interval(share: float, n: float, level: float) -> Ends:
    """Wilson's (1927) score interval for a share seen in `n` independent rows.

    It stays between 0 and 1, has a width at 0 and at 1, and with n = 0 is the whole range.

    >>> low, high = wilson_interval(0.0, 20, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.161)
    """
    if n <= 0:
        return 0.0, 1.0
    z2 = _critical(level) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return min(share, max(0.0, centre - reach)), max(share, min(1.0, centre + reach))


def exact_interval(share: float, n: float, level: float) -> Ends:
    """Clopper and Pearson's (1934) interval for a share seen in `n` independent rows.

    Each end errs in at most (1 - level) / 2 of samples, however rare the successes and however high
    the level, where Wilson's may err several times as often. It is wider than Wilson's for that.

    >>> low, high = exact_interval(0.0, 20, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.168)
    """
    from scipy.special import betaincinv

    tail, found = (1 - level) / 2, share * n
    low = float(betaincinv(found, n - found + 1, tail)) if share > 0 else 0.0
    high = float(betaincinv(found + 1, n - found, 1 - tail)) if share < 1 else 1.0
    return min(low, share), max(high, share)


def share_interval(share: float, half_width: float, n: float, level: float) -> Ends:
    """Wilson's interval at the number of rows that would be as uncertain as `half_width` says.

    A share of 0 or 1 shows no uncertainty of its own; it rests on `n`.
    Source: Korn and Graubard (1998), who call that number the effective sample size.
    """
    return wilson_interval(share, effective_rows(share, half_width, n, level), level)


def effective_rows(share: float, half_width: float, n: float, level: float) -> float:
    """How many independent rows would leave a share as uncertain as `half_width` says; else `n`."""
    spread = share * (1 - share)
    if spread > 0 and half_width > 0:
        return spread * (_critical(level) / half_width) ** 2
    return n


def ratio_interval(part: Vector, whole: Vector, groups: Codes | None, level: float) -> Ends:
    """Wilson's interval for sum(part) / sum(whole), where both are 0/1 and part is within whole.

    With `groups` the effective number of rows takes the place of sum(whole), if it is smaller; a
    share of 0 or 1 then rests on the number of entities.
    """
    n = float(whole.sum())
    if n == 0:
        return 0.0, 1.0
    share = float(part.sum()) / n
    plain = wilson_interval(share, n, level)
    if groups is None:
        return plain
    half_width = margin((part - share * whole) * (whole.size / n), groups, level)
    clustered = share_interval(share, half_width, entities(whole, groups), level)
    return min(plain[0], clustered[0]), max(plain[1], clustered[1])


def row_weights(
    rows: int, groups: Codes | None, *, draws: int, size: int, seed: int
) -> Iterator[Vector]:
    """How often each row occurs in each draw of a bootstrap with about `size` rows.

    Whole entities are drawn, with replacement.
    """
    random = np.random.default_rng(seed)
    units = rows if groups is None else int(groups.max()) + 1
    drawn = max(1, round(units * size / rows))
    for _ in range(draws):
        picked = random.integers(units, size=drawn)
        weights = np.bincount(picked, minlength=units).astype(np.float64)
        yield weights if groups is None else weights[groups]


def _by_entity(influence: Vector, groups: Codes | None) -> tuple[Vector, float]:
    """The influence of each independent unit, and the correction of the sum of their squares."""
    if groups is None:
        return influence, 1.0
    sums = summed(groups, influence)
    return sums, sums.size / (sums.size - 1)


def _critical(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
