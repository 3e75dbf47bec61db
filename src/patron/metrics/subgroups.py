"""Whether the model is as good for each segment, month or region as it is over all."""

__all__ = ["calibration_by", "evaluate_groups"]

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patron.estimate import Estimate
from patron.metrics.inputs import Codes, Rows, Vector, checked, entities, positions
from patron.metrics.interval import effective_rows, exact_interval, margin
from patron.metrics.ranking import auc_with_influence, roc_auc

# With fewer entities of a class than this, DeLong's interval covers too little (docs/metrics.md).
FEWEST = 20
# What is certain need not matter. Less than 0.02 of AUC is about what separates two fair models of
# the same customers, and no reason to treat a label apart.
AUC_GAP = 0.02
# A mean probability that is off by a tenth of the observed share puts the expected number of buyers
# off by a tenth, which a budget notices; one that is off by 2 points is seen on a chart of shares.
# Either is enough to matter.
RELATIVE_MISCALIBRATION = 0.10
ABSOLUTE_MISCALIBRATION = 0.02


def calibration_by(
    y: ArrayLike,
    p: ArrayLike,
    labels: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> dict[Any, dict[str, Any]]:
    """Mean probability and share of positives among the rows of each label, as labels first appear.

    Each label has `n`, `predicted` (the mean of p), `observed` (the share of positives) and
    `miscalibration`, an Estimate of the mean of (true probability - p): above 0, p is too low.
    Range: -1 to 1. A missing label is None.
    Interval: Clopper and Pearson's for the observed share, at the number of rows that would be as
    uncertain as the mean of y - p is, less `predicted`. So it has a width where no row is positive,
    it may be trusted at the high levels that many labels call for, and what p explains of the
    spread of y does not widen it. With few positives it covers more than it claims.
    Assumes that rows (entities) are independent, and that p and the labels were fixed before the
    outcomes were seen. Broken by labels that the outcome has shaped ("repeat buyers"). Errors that
    cancel within a label are not seen.
    Source: Korn and Graubard (1998).

    >>> rates = calibration_by([1, 0, 0, 1], [0.5, 0.5, 0.25, 0.25], ["new", "new", "old", "old"])
    >>> rates["old"]["miscalibration"].value
    0.25
    """
    rows = checked(y, p, groups, probabilities=True)
    return {label: _rates(rows.at(at), level) for label, at in positions(labels, rows)}


def evaluate_groups(
    y: ArrayLike,
    p: ArrayLike,
    labels: ArrayLike,
    *,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    fewest: int = FEWEST,
) -> list[dict[str, Any]]:
    """How well the rows of each label are ranked and calibrated, the worst label first.

    Each dict has `label`, `positives`, what `calibration_by` gives, and besides

        roc_auc   within the label; None with fewer than `fewest` entities of either class
        auc_gap   it less the AUC of all other rows, range -1 to 1; None as well where the others
                  are too few
        because   the reason of a None, else None
        flags     "ranked worse", "too high" (p is), "too low"; empty when nothing is wrong, or too
                  little is known

    A flag needs two things. The difference matters (`AUC_GAP`, `RELATIVE_MISCALIBRATION`,
    `ABSOLUTE_MISCALIBRATION`), and its interval excludes zero at a level that Bonferroni corrects
    for the number of differences in the table: 1 - (1 - level) / number. So of models that are as
    good everywhere, at most 1 - level get any flag. The intervals that are given are not corrected.
    The order: what is flagged first, then by the largest difference that is beyond noise, then by
    the largest difference, each in units of the difference that matters.

    The interval of `auc_gap` comes from DeLong's components of both AUCs: without `groups` the
    label and the others are independent and their variances add. With `groups` the components are
    summed over each entity, whichever labels its rows have (a customer in several months).
    Assumes what `calibration_by` does. Costs labels x rows: for tens of labels, not for thousands.
    Broken by reading every gap as a fault of the model: where customers are alike there is less to
    rank by, and the true probabilities have a lower AUC there, too.
    Source: DeLong, DeLong and Clarke-Pearson (1988); Obuchowski (1997); Dunn (1961).
    """
    rows = checked(y, p, groups, probabilities=True)
    parts = [(label, rows.at(at), at) for label, at in positions(labels, rows)]
    gaps = [_gap(rows, at, fewest) for _, _, at in parts]
    number = len(parts) + sum(isinstance(gap, _Gap) for gap in gaps)
    corrected = 1 - (1 - level) / number
    found = []
    for (label, part, _), gap in zip(parts, gaps, strict=True):
        rates = _rates(part, level)
        order, flags = _verdict(
            rates,
            _rates(part, corrected)["miscalibration"],
            gap.at(corrected) if isinstance(gap, _Gap) else None,
        )
        few = _too_few(part, fewest, "the label has")
        fields = {
            "label": label,
            "positives": part.positive,
            **rates,
            "roc_auc": None if few else roc_auc(part.y, part.p, level=level, groups=part.groups),
            "auc_gap": gap.at(level) if isinstance(gap, _Gap) else None,
            "because": None if isinstance(gap, _Gap) else gap,
            "flags": flags,
        }
        found.append((order, fields))
    return [fields for _, fields in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class _Gap:
    """An AUC less another, with the influence of each row on it.

    An AUC of 0 or 1 shows no uncertainty of its own; `exact` holds those, with their rows.
    """

    value: float
    influence: Vector
    groups: Codes | None
    exact: tuple[Rows, ...]

    def at(self, level: float) -> Estimate:
        reach = margin(self.influence, self.groups, level)
        for rows in self.exact:
            auc = roc_auc(rows.y, rows.p, level=level, groups=rows.groups)
            reach = math.hypot(reach, auc.high - auc.low)
        ends = max(-1.0, self.value - reach), min(1.0, self.value + reach)
        method = "DeLong, variances added" if self.groups is None else "DeLong, by entity"
        return Estimate(self.value, *ends, level, self.influence.size, method)


def _gap(rows: Rows, at: Codes, fewest: int) -> _Gap | str:
    """The AUC at these rows less that of all others, or why it cannot be said."""
    n = rows.y.size
    others = np.delete(np.arange(n), at)
    influence, aucs, exact = np.empty(n), [], []
    for where, sign, what in ((at, 1, "the label has"), (others, -1, "all others have")):
        if where.size == 0:
            return "cannot say whether it ranks worse: there is no other label"
        part = rows.at(where)
        if few := _too_few(part, fewest, what):
            return few
        auc, of_rows = auc_with_influence(part)
        influence[where] = sign * of_rows * (n / where.size)
        aucs.append(auc)
        exact += [part] if auc in (0, 1) else []
    return _Gap(aucs[0] - aucs[1], influence, rows.groups, tuple(exact))


def _too_few(part: Rows, fewest: int, what: str) -> str | None:
    """Why the ranking of these rows cannot be judged, or None where it can."""
    positive, negative = (entities(of, part.groups) for of in (part.y, 1 - part.y))
    if min(positive, negative) >= fewest:
        return None
    whose = "" if part.groups is None else " entities"
    return (
        f"cannot say how well it ranks: {what} {positive} positive and {negative} negative"
        f"{whose or ' rows'}, and at least {fewest} of each are needed"
    )


def _verdict(
    rates: dict[str, Any], miscalibration: Estimate, gap: Estimate | None
) -> tuple[tuple[bool, float, float], list[str]]:
    """The place in the order, and the flags; the two Estimates are at the corrected level."""
    tolerated = min(
        ABSOLUTE_MISCALIBRATION, RELATIVE_MISCALIBRATION * (rates["observed"] or rates["predicted"])
    )
    off = sure_off = worse = sure_worse = 0.0
    if tolerated > 0:
        off = abs(miscalibration.value) / tolerated
        sure_off = max(miscalibration.low, -miscalibration.high, 0.0) / tolerated
    if gap is not None:
        worse, sure_worse = -gap.value / AUC_GAP, max(-gap.high, 0.0) / AUC_GAP
    flags = []
    if sure_worse > 0 and worse > 1:
        flags.append("ranked worse")
    if sure_off > 0 and off > 1:
        flags.append("too high" if miscalibration.value < 0 else "too low")
    return (not flags, -max(sure_off, sure_worse), -max(off, worse)), flags


def _rates(part: Rows, level: float) -> dict[str, Any]:
    """`n`, `predicted`, `observed` and `miscalibration` of these rows."""
    n, units = part.y.size, entities(np.ones(part.y.size), part.groups)
    predicted, observed = float(part.p.mean()), float(part.y.mean())
    value = observed - predicted
    # One entity has no spread; its interval rests on that one.
    half_width = margin(part.y - part.p - value, part.groups, level) if units > 1 else 0.0
    rows = effective_rows(observed, half_width, units, level)
    low, high = exact_interval(observed, rows, level)
    method = part.described("mean of y - p, exact at effective rows")
    estimate = Estimate(value, low - predicted, high - predicted, level, n, method)
    return {"n": n, "predicted": predicted, "observed": observed, "miscalibration": estimate}
