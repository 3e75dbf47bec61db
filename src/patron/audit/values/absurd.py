"""V06: infinite values, and values beyond belief."""

__all__ = ["AbsurdValues", "beyond_belief"]

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix, Ledger
from patron.audit.missing.weigh import weighed
from patron.audit.operations import plain
from patron.audit.scoring import numbers_of, squarable
from patron.audit.values.units import measures
from patron.schema import Role

Floats = NDArray[np.float64]

FEWEST = 100
FEW, MOST = 0.001, 0.01
GAP, FAR, BEYOND = 10.0, 100.0, 1_000.0
MOST_OF_TOTAL = 0.5
MANY_TIMES = 1_000_000
SPOILT = 0.05

_OUTCOMES = (Role.TARGET, Role.OUTCOME)


class AbsurdValues(Check):
    """V06: values that are infinite, or so far beyond the others that nobody can have them.

    Beyond belief are values with a gap below them: at most 1 in 100 that are 1,000 times what 99 in
    100 of the others have, or a few (1 in 1,000, or three) that are 100 times that and hold most of
    the column's total.
    Merely large values are not: they are the best customers, and O01 has them.
    """

    code = "V06"
    title = "Infinite and absurd values"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for all infinite values, and one for each column with absurd ones."""
        found = self._infinite(frame)
        if frame.table.num_rows < FEWEST:
            few = f"among {frame.table.num_rows} rows no value is absurd; {FEWEST} are needed"
            return found or CannotSay(few)
        for name in measures(frame, *_OUTCOMES):
            values = frame.values(name)
            for sign in (1.0, -1.0):
                absurd = _absurd(sign * values)
                if absurd:
                    found.append(self._beyond(frame, name, sign, absurd))
        return found

    def _infinite(self, frame: Frame) -> list[Finding]:
        counts: dict[str, int] = {}
        for name in measures(frame, *_OUTCOMES):
            column = plain(frame.table.column(name))
            if pa.types.is_floating(column.type):
                count = pc.sum(pc.is_inf(column)).as_py() or 0
                if count:
                    counts[name] = count
        if not counts:
            return []
        columns, names = tuple(counts), ", ".join(counts)
        rows = max(counts.values())
        return [
            self.finding(
                Severity.WARNING,
                columns,
                rows=rows,
                evidence={"kind": "infinite", "values": counts},
                meaning=(
                    f"{names}: {sum(counts.values()):,} values are infinite, most likely a "
                    "division by zero. No mean, and no line through the data, survives one."
                ),
                next_step="Set them to missing, and mend the division where the column is made.",
                fix=Fix("null_infinite", columns, because=self.code),
            )
        ]

    def _beyond(self, frame: Frame, name: str, sign: float, absurd: "_Absurd") -> Finding:
        limit = sign * float(f"{absurd.low**0.5 * absurd.next_best**0.5:.2g}")
        operation = "null_above" if sign > 0 else "null_below"
        fix, severity = None, Severity.WARNING
        evidence: Evidence = {
            "kind": "absurd",
            "values": absurd.values,
            "share_of_total": absurd.share,
            "smallest_of_them": sign * absurd.low,
            "next": sign * absurd.next_best,
            "times_what_99_in_100_have": absurd.times,
        }
        if frame.schema[name].role in _OUTCOMES:
            next_step = "Look up these rows, and mend or remove them where the table is made."
        else:
            fix = Fix(operation, (name,), {"limit": limit}, self.code)
            severity, cost = weighed(frame, fix)
            of_a_line = _r2_of_a_line(frame, fix)
            if of_a_line and of_a_line["r2_mended"] - of_a_line["r2_of_a_line"] >= SPOILT:
                severity = Severity.SERIOUS
            evidence |= cost | of_a_line
            next_step = "Look up these rows; if nobody can vouch for them, set them to missing."
        are = "1 value is" if absurd.values == 1 else f"{absurd.values} values are"
        times = absurd.low / absurd.next_best
        least = f"at least {times:,.0f}" if times < MANY_TIMES else "more than a million"
        return self.finding(
            severity,
            (name,),
            rows=absurd.values,
            evidence=evidence,
            meaning=(
                f"{name}: {are} {least} times the next, and "
                f"{'holds' if absurd.values == 1 else 'hold'} {absurd.share:.1%} of the column's "
                "total. A mean or a line follows that alone."
            ),
            next_step=next_step,
            fix=fix,
        )


def _r2_of_a_line(frame: Frame, fix: Fix) -> Evidence:
    """R² of a cross-fitted line for the amounts, with the column as it is and mended.

    Ranks, by which other costs of an amount are measured, hardly see that one answer is absurd.
    """
    if frame.target_kind != "numeric" or frame.too_few or frame.target is None:
        return {}
    rows = frame.sample_rows[~beyond_belief(frame.target)[frame.sample_rows]]
    inside = np.isin(frame.sample_rows, rows)
    y = squarable(frame.target[rows])
    names = [name for name in measures(frame) if name in frame.features]
    mended = Ledger((fix,)).apply(frame.table.select(fix.columns).take(pa.array(rows)))[0]
    scores = []
    for changed in ({}, {n: numbers_of(mended.column(n))[0] for n in fix.columns}):
        columns = [squarable(changed.get(n, frame.values(n)[rows])) for n in names]
        told = _least_squares(np.column_stack(columns), y, frame.folds[inside])
        with np.errstate(over="ignore"):
            score = 1 - ((y - told) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        scores.append(max(float(score), -1e6))
    return {"r2_of_a_line": scores[0], "r2_mended": scores[1]}


def _least_squares(columns: Floats, y: Floats, folds: NDArray[np.int64]) -> Floats:
    """What a newcomer's line, cross-fitted, predicts; missing is the mean of the rows it learns."""
    told = np.empty(len(y))
    for fold in np.unique(folds):
        fit = folds != fold
        known = np.isfinite(columns[fit])
        middle = np.where(known, columns[fit], 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        x = np.where(np.isfinite(columns), columns, middle) - middle
        x /= np.maximum(x[fit].std(axis=0), 1e-300)
        gram = x[fit].T @ x[fit] + 1e-3 * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x[fit].T @ (y[fit] - y[fit].mean()))
        told[~fit] = y[fit].mean() + x[~fit] @ weights
    return told


def beyond_belief(values: Floats) -> NDArray[np.bool_]:
    """Which of the values V06 names, of those above zero and of those below."""
    named = ~np.isfinite(values) & ~np.isnan(values)
    for sign in (1.0, -1.0):
        absurd = _absurd(np.where(np.isfinite(values), sign * values, np.nan))
        if absurd:
            named |= sign * values >= absurd.low
    return named


class _Absurd(NamedTuple):
    """How many values are absurd, the least of them, the next below, and how far off they are."""

    values: int
    low: float
    next_best: float
    share: float
    times: float


def _absurd(values: Floats) -> _Absurd | None:
    """The values at the upper end that are beyond belief; those below zero do not count."""
    values = values[values > 0]
    if len(values) < FEWEST:
        return None
    most = max(3, int(MOST * len(values)))
    top = np.sort(np.partition(values, len(values) - most - 1)[-most - 1 :])
    with np.errstate(over="ignore"):
        gaps = top[1:] / top[:-1]
    place = int(np.argmax(gaps))
    if gaps[place] < GAP:
        return None
    rest = values[values <= top[place]]
    absurd = top[place + 1 :]
    scale = absurd[-1]  # so that no sum overflows
    total = float((absurd / scale).sum() + (rest / scale).sum())
    share = float((absurd / scale).sum()) / total
    times = float(absurd[0] / np.quantile(rest, 0.99))
    few = len(absurd) <= max(3, FEW * len(values))
    if times < (FAR if few and share >= MOST_OF_TOTAL else BEYOND):
        return None
    return _Absurd(len(absurd), float(absurd[0]), float(top[place]), share, times)
