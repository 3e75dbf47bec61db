"""Which derived features earn their place: what each adds to a line, measured on rows unseen."""

__all__ = ["Gain", "choose"]

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.estimate import Estimate
from patron.features.derived import Derived, apply
from patron.features.encode import Design, Encoder
from patron.models.reference import Sums, Widener
from patron.schema import Role, Schema

Floats = NDArray[np.float64]

FOLDS = 3
MOST = 8
"""Past so many features, one more tells only what those before it told."""

MOST_COLUMNS = 300
"""The line that they are added to has the strongest numbers of a wide table."""

PENALTY = 10.0


@dataclass(frozen=True)
class Gain:
    """A derived feature, and the R² that it adds to those chosen before it."""

    derived: Derived
    r2: Estimate

    def to_dict(self) -> dict[str, Any]:
        """The entry of the ladder's `features`."""
        return {
            "name": self.derived.name,
            "formula": self.derived.formula,
            "columns": list(self.derived.columns),
            "because": self.derived.because,
            "gain": self.r2.to_dict(),
        }


def choose(
    table: pa.Table,
    schema: Schema,
    y: Floats,
    candidates: Sequence[Derived],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> list[Gain]:
    """The candidates that add to a line over the numbers of `table`, the best first.

    One at a time, the candidate is taken whose addition lowers the cross-fitted squared error most,
    as long as the interval of what it gains (over rows, paired) lies above zero. `y` is 0 and 1, or
    an amount. The gains of the chosen are a little flattered by the choice; whoever needs an
    honest figure calls this inside the training part, and scores what comes of it outside.
    """
    numbers = Schema(tuple(c for c in schema.columns if c.role is not Role.CATEGORY))
    if not candidates or not numbers.features:
        return []
    full, roles = apply(table, numbers, candidates)
    names = {each.name for each in candidates}
    base = _encoded(table, numbers)
    extra = _encoded(full, Schema(tuple(c for c in roles.columns if c.name in names)))
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    parts = [_Part.of(base, extra, y, fold == k) for k in range(FOLDS)]
    z = NormalDist().inv_cdf((1 + level) / 2)
    chosen: list[int] = []
    gains: list[Gain] = []
    left = list(range(len(candidates)))
    while left and len(gains) < MOST:
        saved = np.concatenate([part.saved(chosen, left) for part in parts]) / y.var()
        gain, reach = saved.mean(axis=0), z * saved.std(axis=0) / len(y) ** 0.5
        best = int(np.argmax(gain - reach))
        low, high = gain[best] - reach[best], gain[best] + reach[best]
        if low <= 0:
            break
        r2 = Estimate(gain[best], low, high, level, len(y), f"paired, {FOLDS}-fold")
        gains.append(Gain(candidates[left[best]], r2))
        chosen.append(left.pop(best))
    return gains


@dataclass(frozen=True)
class _Part:
    """A fold: sums over the rows that teach, and the centred columns and answers of the others.

    The columns are those of the table, then one for each candidate.
    """

    sums: Sums
    columns: Floats
    answers: Floats
    base: int

    @classmethod
    def of(cls, base: Design, extra: Design, y: Floats, test: NDArray[np.bool_]) -> "_Part":
        wideners = [
            Widener.of(design.rows(~test), y[~test], MOST_COLUMNS) for design in (base, extra)
        ]

        def columns(rows: NDArray[np.bool_]) -> Floats:
            pairs = zip(wideners, (base, extra), strict=True)
            return np.concatenate([widener(design.rows(rows)) for widener, design in pairs], axis=1)

        sums = Sums.of(columns(~test), y[~test])
        return cls(sums, columns(test) - sums.centre, y[test] - sums.base, len(wideners[0].kept))

    def saved(self, chosen: list[int], left: list[int]) -> Floats:
        """How much squared error each candidate `left` saves, on top of those chosen [rows, left].

        The line with one column more follows from the line without it: the column's part that the
        others do not explain gets the weight that fits what is left of the answers.
        """
        have = [*range(self.base), *(self.base + place for place in chosen)]
        ask = [self.base + place for place in left]
        products = self.sums.products
        cross = products[np.ix_(have, ask)]
        matrix = products[np.ix_(have, have)] + PENALTY * np.eye(len(have))
        solved = np.linalg.solve(matrix, np.column_stack([self.sums.moments[have], cross]))
        weights, explained = solved[:, 0], solved[:, 1:]
        own = products[ask, ask] + PENALTY - (cross * explained).sum(axis=0)
        weight = (self.sums.moments[ask] - weights @ cross) / own
        error = self.answers - self.columns[:, have] @ weights
        unexplained = self.columns[:, ask] - self.columns[:, have] @ explained
        return np.asarray(error[:, None] ** 2 - (error[:, None] - unexplained * weight) ** 2)


def _encoded(table: pa.Table, schema: Schema) -> Design:
    return Encoder.fit(table, schema).transform(table)
