"""Calibrators: log-odds that mean what they say, and the choice between them."""

__all__ = [
    "BetaCalibrator",
    "Calibrator",
    "ChosenCalibrator",
    "IsotonicCalibrator",
    "TriedCalibrator",
    "choose_calibrator",
]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.errors import BundleError, DataError
from patron.estimate import Estimate
from patron.metrics import log_loss, log_loss_difference

Floats = NDArray[np.float64]
Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]

# Where the data see no difference between two customers, a slope that moves no log-odds of the
# training rows by more than this keeps their order.
TILT = 1e-5
# A saving in log loss (nats) that is too little to matter, however certain.
SMALLEST_SAVING = 1e-5
# At 36 the probability is the last double but one below 1.
LARGEST_LOG_ODDS = 36.0


class Calibrator:
    """Calibrated log-odds = intercept + slope * log-odds; the probability follows from them.

    Logistic calibration (Platt 1999), fitted to out-of-fold log-odds. Like each calibrator of this
    module it keeps the order of the customers, so it changes no ranking metric, and answers within
    0 and 1. Slope 1 and intercept 0 leave the probabilities as they are.

    Assumes that the log-odds are off by a shift and a factor: too sure, too timid, or trained at
    another base rate. Broken by a distortion that differs between the two ends.
    """

    method: ClassVar[str] = "logistic"

    def __init__(self, slope: float = 1.0, intercept: float = 0.0) -> None:
        self.slope = slope
        self.intercept = intercept

    @classmethod
    def fit(cls, raw: Floats, y: Floats) -> "Calibrator":
        """Maximum likelihood by Newton's method; the targets are smoothed as Platt proposed."""
        middle = float(raw.mean())
        columns = np.stack([np.ones_like(raw), raw - middle])
        intercept, slope = _newton(columns, _smoothed(y), np.zeros((2, 2)))
        if slope <= 0:
            return cls(*_order_only(raw, y))
        return cls(float(slope), float(intercept - slope * middle))

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds [rows] of log-odds [rows]."""
        return self.intercept + self.slope * raw

    def __call__(self, raw: Floats) -> Floats:
        """The probabilities [rows] of log-odds [rows]."""
        return _sigmoid(self.log_odds(raw))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"method": self.method, "slope": self.slope, "intercept": self.intercept}

    @staticmethod
    def from_dict(fields: Mapping[str, Any]) -> "Calibrator":
        """The calibrator, of whichever method, that `to_dict` wrote."""
        given = dict(fields)
        method = given.pop("method", None)
        if method not in _METHODS:
            raise BundleError(
                f"the calibration method is {method!r}; it must be one of {', '.join(_METHODS)}."
            )
        return _METHODS[method](**given)


class BetaCalibrator(Calibrator):
    """Calibrated log-odds = c + a log(s) - b log(1 - s), s the probability before; a, b >= 0.

    Beta calibration: exact where the scores of buyers and of others each have a beta distribution.
    `a` is the slope on the log-odds scale among the unlikely, `b` among the likely; with a = b it
    is logistic calibration. A coefficient that would be negative is left out, so order is kept.

    Maximum likelihood, with a normal prior of standard deviation 1 on a - b, which is worth about
    ten rows. Where next to no row lies at one of the ends (few customers are likely buyers), it
    keeps that end to the slope of the other one, and not to a wild guess.
    Source: Kull, Silva Filho and Flach (2017).
    """

    method: ClassVar[str] = "beta"

    def __init__(self, a: float, b: float, c: float) -> None:
        self.a = a
        self.b = b
        self.c = c

    @classmethod
    def fit(cls, raw: Floats, y: Floats) -> "BetaCalibrator":
        """Penalised maximum likelihood; without the lower coefficient, while that is negative."""
        columns = np.stack([np.ones_like(raw), -_softplus(-raw), _softplus(raw)])
        middle = columns[1:].mean(axis=1)
        columns[1:] -= middle[:, None]
        penalty = np.array([[0.0, 0, 0], [0, 1, -1], [0, -1, 1]])
        target, kept = _smoothed(y), [0, 1, 2]
        while len(kept) > 1:
            weights = np.zeros(3)
            weights[kept] = _newton(columns[kept], target, penalty[np.ix_(kept, kept)])
            if (weights[1:] >= 0).all() and weights[1:].any():
                c, a, b = weights
                return cls(float(a), float(b), float(c - weights[1:] @ middle))
            kept.remove(min(kept[1:], key=lambda each: weights[each]))
        slope, intercept = _order_only(raw, y)
        return cls(slope, slope, intercept)

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds [rows] of log-odds [rows]."""
        return self.c - self.a * _softplus(-raw) + self.b * _softplus(raw)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"method": self.method, "a": self.a, "b": self.b, "c": self.c}


class IsotonicCalibrator(Calibrator):
    """Calibrated log-odds = a rising line through knots, whatever its form, plus a slight tilt.

    The share of buyers that rises with the score and is most likely (pool adjacent violators): it
    is level within blocks of scores, whose ends are the knots, and straight between them. The tilt
    keeps the order of customers within a block; see `TILT`. The two end blocks are shrunk by
    Laplace's rule, as if each had two more rows with the overall share of buyers, so that no
    probability is 0 or 1.

    Lines from centre to centre of the blocks would follow a smooth curve closer (by about a third
    of the error), but blur a step, which the other methods cannot follow at all.
    Assumes only that a higher score means no lower chance, and pays for that with noise: under
    about a hundred buyers it is often worse than a wrong method with few parameters.
    Source: Zadrozny and Elkan (2002); Barlow et al. (1972).
    """

    method: ClassVar[str] = "isotonic"

    def __init__(self, knots: Sequence[float], values: Sequence[float], tilt: float) -> None:
        self.knots = np.asarray(knots, dtype=np.float64)
        self.values = np.asarray(values, dtype=np.float64)
        self.tilt = tilt

    @classmethod
    def fit(cls, raw: Floats, y: Floats) -> "IsotonicCalibrator":
        """Pool adjacent violators over the distinct scores."""
        from scipy.optimize import isotonic_regression

        scores, level = np.unique(raw, return_inverse=True)
        bought = np.bincount(level, weights=y)
        rows = np.bincount(level).astype(np.float64)
        share = float(_smoothed(y).mean())
        for end in (0, -1):
            bought[end] += 2 * share
            rows[end] += 2
        found = isotonic_regression(bought / rows, weights=rows)
        first, last = found.blocks[:-1], found.blocks[1:] - 1
        at = np.unique(np.r_[first, last])
        tilt = TILT / max(1.0, float(np.ptp(scores)))
        values = _logit(found.x[at]) - tilt * scores.mean()
        return cls(scores[at], values, tilt)

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds [rows] of log-odds [rows]."""
        return np.interp(raw, self.knots, self.values) + self.tilt * raw

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "method": self.method,
            "knots": self.knots.tolist(),
            "values": self.values.tolist(),
            "tilt": self.tilt,
        }


@dataclass(frozen=True)
class TriedCalibrator:
    """What one method was worth, cross-fitted.

    `difference` is its log loss less that of the simplest method, on the same rows (None for the
    simplest itself); below 0 it is better.
    """

    method: str
    log_loss: Estimate
    difference: Estimate | None


@dataclass(frozen=True)
class ChosenCalibrator:
    """The method that `choose_calibrator` chose, with its evidence.

    Parameters
    ----------
    calibrator : fitted on all rows.
    probabilities : of each row, by a fit on the other folds.
    tried : every method, the simplest first.
    because : the reason, one sentence.
    """

    calibrator: Calibrator
    probabilities: Floats
    tried: tuple[TriedCalibrator, ...]
    because: str


def choose_calibrator(
    raw: Floats,
    y: Floats,
    folds: Folds,
    *,
    groups: NDArray[np.intp] | None = None,
    level: float = 0.95,
) -> ChosenCalibrator:
    """The simplest calibrator that no other beats beyond noise, out of fold.

    Each method is fitted on the fit rows of each fold and judged on its predict rows. From the
    simplest on (logistic, beta, isotonic), the next takes the place of the one chosen so far only
    if the interval of the paired difference of their log losses lies below zero, and the difference
    is not a mere trace (`SMALLEST_SAVING`).

    Assumes that rows (entities, with `groups`) are independent, and that no entity is in two folds.
    The interval takes the fitted curves as given; that the folds share fit rows is left out.

    Parameters
    ----------
    raw : out-of-fold log-odds [rows].
    y : 1 where the customer bought, 0 where not [rows].
    folds : pairs of row numbers (fit on, predict); each row is predicted once.
    groups : the entity of each row, where an entity has several.
    level : of the intervals, and so of what counts as noise.
    """
    out = {name: _cross_fitted(kind, raw, y, folds) for name, kind in _METHODS.items()}
    tried: list[TriedCalibrator] = []
    chosen = Calibrator.method
    for method, p in out.items():
        loss = log_loss(y, p, level=level, groups=groups)
        simplest, best = (
            log_loss_difference(y, p, out[other], level=level, groups=groups)
            for other in (Calibrator.method, chosen)
        )
        tried.append(TriedCalibrator(method, loss, simplest if len(tried) else None))
        if best.high < 0 and best.value < -SMALLEST_SAVING:
            chosen = method
    calibrator = _METHODS[chosen].fit(raw, y)
    return ChosenCalibrator(calibrator, out[chosen], tuple(tried), _because(chosen, tried))


def _cross_fitted(kind: type[Calibrator], raw: Floats, y: Floats, folds: Folds) -> Floats:
    p = np.full(len(y), np.nan)
    for fit, predict in folds:
        p[predict] = kind.fit(raw[fit], y[fit])(raw[predict])
    if missing := int(np.isnan(p).sum()):
        raise DataError(
            f"{missing} of {len(y)} rows have no calibrated probability; each needs log-odds and "
            "must be predicted in one of the folds."
        )
    return p


def _because(chosen: str, tried: Sequence[TriedCalibrator]) -> str:
    """Why `chosen` was chosen, from the figures."""
    of = {each.method: each for each in tried}
    best = min(tried, key=lambda each: each.log_loss.value)
    simplest, loss = tried[0].method, of[chosen].log_loss.value
    if chosen == simplest == best.method:
        return (
            f"{chosen.capitalize()} calibration, the simplest, had the least cross-fitted log loss "
            f"({loss:.4f})."
        )
    if chosen == simplest:
        saved = of[best.method].difference
        certain = saved is not None and saved.high < 0
        return (
            f"{chosen.capitalize()} calibration is the simplest, and what {best.method} "
            "calibration saves in cross-fitted log loss "
            f"({loss - best.log_loss.value:.2g} of {loss:.4f}) is "
            f"{'too little to matter' if certain else 'within noise'}."
        )
    return (
        f"{chosen.capitalize()} calibration has a cross-fitted log loss of {loss:.4f}, against "
        f"{of[simplest].log_loss.value:.4f} of {simplest} calibration, and that is beyond noise."
    )


def _smoothed(y: Floats) -> Floats:
    """Platt's targets: each class as if it had one more row on either side."""
    positive, negative = y.sum(), len(y) - y.sum()
    return np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))


def _newton(columns: Floats, target: Floats, penalty: Floats) -> Floats:
    """The weights [k] of `columns` [k, rows], the first all 1, that make the loss least.

    That is the log loss of all rows + weights' penalty weights / 2.
    """

    def at(weights: Floats) -> tuple[float, Floats]:
        log_odds = weights @ columns
        loss = np.sum(_softplus(log_odds)) - target @ log_odds
        return float(loss + weights @ penalty @ weights / 2), _sigmoid(log_odds)

    weights = np.zeros(len(columns))
    weights[0] = _logit(target.mean())
    loss, p = at(weights)
    for _ in range(50):
        curvature = (columns * (p * (1 - p))) @ columns.T + penalty + 1e-9 * np.eye(len(columns))
        step = np.linalg.solve(curvature, columns @ (target - p) - penalty @ weights)
        next_loss, next_p = at(weights + step)
        while next_loss > loss and np.abs(step).max() > 1e-10:
            step = step / 2  # a full step can overshoot where the log-odds are large
            next_loss, next_p = at(weights + step)
        weights, loss, p = weights + step, next_loss, next_p
        if np.abs(step).max() < 1e-10:
            break
    return weights


def _order_only(raw: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept for scores that rank no better than chance: all get the share of buyers.

    Turned round, such scores would be chance, too. Just enough slope is left to keep the order.
    """
    away = float(np.abs(raw - raw.mean()).max())
    slope = TILT / max(1.0, away)
    return slope, float(_logit(_smoothed(y).mean()) - slope * raw.mean())


def _sigmoid(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -700, LARGEST_LOG_ODDS)))


def _softplus(x: Floats) -> Floats:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _logit(p: Any) -> Any:
    return np.log(p / (1 - p))


# The simplest first: the order in which `choose_calibrator` tries them.
_METHODS: Mapping[str, type[Calibrator]] = {
    kind.method: kind for kind in (Calibrator, BetaCalibrator, IsotonicCalibrator)
}
