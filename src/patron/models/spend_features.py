"""Which derived features earn their place in a spend model: what each takes off the CRPS."""

__all__ = ["Made", "judge_features"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.features.derived import Derived, apply, candidates
from patron.features.prepare import Preparation
from patron.metrics import crps_difference
from patron.models.additive import signed_log
from patron.models.amounts import LogHurdle, Parts
from patron.models.cap import Cap
from patron.models.learner import Folds, Rows
from patron.models.smooth import frame_of
from patron.models.spend_data import SpendData, cross_fitted
from patron.models.spend_inputs import folds_within
from patron.models.two_part import TwoPart
from patron.schema import Schema

Floats = NDArray[np.float64]

MOST_ROWS = 10_000
MOST_JUDGED = 6
"""So many candidates are judged in full, those that a score test puts first."""


@dataclass(frozen=True)
class Made:
    """A derived feature, by how much it lowers the CRPS out of fold, and whether it is used."""

    derived: Derived
    gain: Estimate
    kept: bool

    def to_dict(self) -> dict[str, Any]:
        """The entry of `features_made`."""
        return {
            "name": self.derived.name,
            "formula": self.derived.formula,
            "because": self.derived.because,
            "gain": self.gain.to_dict(),
            "kept": self.kept,
        }


def judge_features(
    table: pa.Table,
    schema: Schema,
    y: Floats,
    cap: Cap,
    folds: Folds,
    *,
    groups: Rows | None = None,
    arm: str | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> list[Made]:
    """The most promising derived features with their gains, the best first.

    Candidates are ranked by score tests of whether, and how much, against two-part curves without
    them. Each of the first is then added to the curves on its own; kept is what lowers the
    out-of-fold CRPS (paired interval above 0) beside those kept before it. The choice flatters the
    gains a little: the holdout has no part in it.

    Parameters
    ----------
    table, y : rows to learn from, and their amounts.
    folds : pairs of row numbers (fit on, predict).
    """
    rng = np.random.default_rng(seed)
    if len(y) > MOST_ROWS:
        some = np.sort(rng.permutation(len(y))[:MOST_ROWS])
        table, folds, y = table.take(pa.array(some)), folds_within(folds, some, len(y)), y[some]
        groups = None if groups is None else groups[some]
    asked = candidates(schema, table)
    if not asked:
        return []
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        judge = _Judge(table, schema, y, cap, folds, arm)
        return _judged(judge, asked, {"level": level, "groups": groups})


def _judged(judge: "_Judge", asked: Sequence[Derived], options: dict[str, Any]) -> list[Made]:
    """The first of the candidates, each alone and then beside those kept before it."""
    base, unseen = judge.scores(())
    first = judge.promising(asked, unseen)[:MOST_JUDGED]
    alone = []
    for each in first:
        scores, _ = judge.scores((each,))
        alone.append((crps_difference(base, scores, **options), each, scores))
    alone.sort(key=lambda found: -found[0].value)
    made: list[Made] = []
    kept: list[Derived] = []
    for gain, each, own in alone:
        if gain.low > 0 and kept:
            own, _ = judge.scores((*kept, each))
            gain = crps_difference(base, own, **options)
        if gain.low > 0:
            kept.append(each)
            base = own
        made.append(Made(each, gain, gain.low > 0))
    return made


class _Judge:
    """Two-part curves on a table with some derived features."""

    def __init__(
        self,
        table: pa.Table,
        schema: Schema,
        y: Floats,
        cap: Cap,
        folds: Folds,
        arm: str | None,
    ) -> None:
        self.table, self.schema, self.folds, self.arm = table, schema, folds, arm
        self.y, self.capped = cap.cut(y)
        self.limit = cap.limit

    def scores(self, derived: Sequence[Derived]) -> tuple[Floats, Parts]:
        """The CRPS of each row out of fold, and the distributions."""
        prepared = Preparation.fit(self.table, self.schema, self.y, derived=derived, arm=self.arm)
        design = prepared.design(self.table)
        data = SpendData(design, self.y, np.ones(len(self.y)), self.capped, self.limit)
        scorers = TwoPart(pairs=False, shape=False).cross_fit(data, self.folds)
        unseen = cross_fitted(scorers, design, self.folds)
        if not derived:
            self.design = design
        return unseen.crps(self.y), unseen

    def promising(self, asked: Sequence[Derived], unseen: Parts) -> list[Derived]:
        """The candidates by how their part that the columns do not have moves with the residuals.

        Squared scores of both parts of the model, each in units of its variance.
        """
        whether, much = np.zeros(len(self.y)), np.zeros(len(self.y))
        for rows, part in unseen.parts:
            if isinstance(part, LogHurdle):
                spends = self.y[rows] > 0
                whether[rows] = spends - part.positive
                logs = np.log(np.where(spends, self.y[rows], 1.0))
                away = (logs - part.centre) / part.scale
                much[rows] = np.where(spends & ~self.capped[rows], away, 0.0)
        columns = frame_of(self.design).matrix(self.design)
        base, _ = np.linalg.qr(np.column_stack([np.ones(len(self.y)), columns]))
        table, _ = apply(self.table, Schema(()), asked)
        found = []
        for each in asked:
            values = signed_log(table[each.name].to_numpy())
            known = np.isfinite(values)
            if not known.any():
                continue
            z = np.where(known, values, values[known].mean())
            own = z - base @ (base.T @ z)
            if own.std() < 1e-3 * max(z.std(), 1e-12):
                continue
            score = sum(
                float(own @ residual) ** 2 / max(float(own**2 @ residual**2), 1e-12)
                for residual in (whether, much)
            )
            found.append((score, each))
        return [each for _, each in sorted(found, key=lambda pair: -pair[0])]
