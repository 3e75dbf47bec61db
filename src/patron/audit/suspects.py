"""Which columns tell more of the answer than honest ones do: apart from the rest, or beside it."""

__all__ = ["stand_apart", "tell_beside_the_rest"]

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from patron.audit.scoring import Question, learnt_means

# In squared strength, which adds up over columns that tell of the answer independently: what a
# column must tell beside the others, and as a share of what they tell together.
LEAST_TOLD = 0.4
LEAST_SHARE = 0.25
# Honest columns are traces of the same habits: they are related among rows of the same answer, and
# together they tell much less than the sum of each. Where they tell more than MOST_KEPT of that
# sum, or hardly anything, to be related to no other column is no sign; nor in few rows, where
# chance hides relations.
# LEAST_NEW is low because leaks, though unrelated, leave little for each other to add.
# Where an amount is nearly what the customer is like, honest columns are unrelated among rows of
# the same amount too; so there a suspect must also tell more than any of them.
MOST_RELATED = 0.2
LEAST_OF_STRONGEST = {"AUC": 0.5, "rank correlation": 1.0}
LEAST_NEW = 0.25
MOST_KEPT = 0.65
LEAST_HONEST = 0.5
# A column that is related to others is judged by what it adds, beside the next best.
TIMES_THE_NEXT = 4.0
ALIKE = 0.95
CANDIDATES = 12
FEWEST_ROWS = 1_000
SHRINK = 1e-3


def stand_apart(
    strengths: Mapping[str, tuple[float, float]], *, floor: float, gap: float, step: float
) -> list[str]:
    """The names whose strength stands apart from the rest, strongest first.

    `strengths` gives the lower bound and the value of each. Counted from the weakest upwards, the
    first jump of `gap` or more parts the rest from those that stand apart, so that several of them
    cannot hide each other. At least half of the names are the rest. Whoever stands apart alone must
    reach `floor`; honest strong columns come in families, so each further one raises it by `step`.

    >>> alike = {"a": (0.1, 0.2), "b": (0.2, 0.3), "c": (0.3, 0.4), "d": (0.4, 0.5)}
    >>> stand_apart(alike | {"e": (1.9, 2.0), "f": (1.8, 1.9)}, floor=1.0, gap=0.4, step=0.1)
    ['e', 'f']
    """
    rising = sorted(strengths, key=lambda name: strengths[name][1])
    for place in range(max((len(rising) + 1) // 2, 1), len(rising)):
        low, below = strengths[rising[place]][0], strengths[rising[place - 1]][1]
        needed = floor + step * (len(rising) - place - 1)
        if low - below >= gap and low >= needed:
            return rising[place:][::-1]
    return []


def tell_beside_the_rest(
    codes: Mapping[str, np.ndarray], question: Question, folds: np.ndarray
) -> list[str]:
    """The names that tell much of the answer, and tell it *beside* what the others tell.

    An honest column is related to others also among rows of the same answer, because all are traces
    of what the customer is like. The answer with noise shares nothing with them but the answer; nor
    do several such with each other, so that they cannot hide behind one another. A column with the
    answer mixed in is related to others, but adds far more to them than the next best column does.
    Measured on the columns' cross-fitted means; a column's near copies are left out with it.
    """
    sums = _Sums.of(codes, question, folds)
    left, named = list(range(len(sums.names))), []
    while len(left) > 3 and sums.rows >= FEWEST_ROWS:
        strange = sums.strange(left)
        if not strange:
            break
        named += [sums.names[place] for place in strange]
        left = [place for place in left if place not in strange]
    return named


class _Added(NamedTuple):
    """Squared strength that a column adds to others, and whether it is surely worth a look."""

    value: float
    enough: bool


class _Sums:
    """Weighted moments of the columns' cross-fitted means, from which any subset can be fitted.

    `gram` [p, p], `tells` [p] and `spread` are of the standardised columns with each other, with
    the answer, and of the answer; `alike` [p, p] is the correlation given the answer; `rows` how
    many equally weighted rows the weighted ones are worth.
    """

    def __init__(self, names: list[str], columns: np.ndarray, question: Question) -> None:
        y = question.y
        weights = np.full(len(y), 1 / len(y))
        if question.measure == "AUC":  # both answers weigh the same: strengths ask for no base rate
            weights = np.where(y == 1, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1))
        columns = columns - weights @ columns
        y = y - weights @ y
        spread = np.sqrt(weights @ columns**2)
        varies = spread > 1e-9
        columns = columns[:, varies] / spread[varies]
        self.measure = question.measure
        self.names = [name for name, kept in zip(names, varies, strict=True) if kept]
        weighted = columns * weights[:, None]
        self.gram = weighted.T @ columns
        self.spread = float(weights @ y**2)
        self.tells = weighted.T @ y / self.spread**0.5
        within = self.gram - np.outer(self.tells, self.tells)
        scale = np.sqrt(np.maximum(np.diag(within), 1e-12))
        self.alike = within / np.outer(scale, scale)
        self.rows = 1 / float(weights @ weights)

    @classmethod
    def of(cls, codes: Mapping[str, np.ndarray], question: Question, folds: np.ndarray) -> "_Sums":
        columns = [learnt_means(each, question.y, folds) for each in codes.values()]
        matrix = np.column_stack(columns) if columns else np.zeros((len(folds), 0))
        return cls(list(codes), matrix, question)

    def explained(self, places: Sequence[int]) -> float:
        """The share of the answer's variance that these columns explain, less that by chance."""
        if not len(places):
            return 0.0
        gram = self.gram[np.ix_(places, places)] + SHRINK * np.eye(len(places))
        share = float(self.tells[places] @ np.linalg.solve(gram, self.tells[places]))
        freedom = max(self.rows - 1 - len(places), 1)
        return max(1 - (1 - share) * (self.rows - 1) / freedom, 0.0)

    def related(self, place: int, others: Sequence[int]) -> float:
        """How much of the column the others explain among rows of the same answer."""
        if not len(others):
            return 0.0
        gram = self.alike[np.ix_(others, others)] + SHRINK * np.eye(len(others))
        shared = self.alike[others, place]
        share = float(shared @ np.linalg.solve(gram, shared))
        return 1 - (1 - share) * (self.rows - 1) / max(self.rows - 1 - len(others), 1)

    def strange(self, left: list[int]) -> list[int]:
        """Those of the columns that tell more beside the rest than an honest one would."""
        alone = {j: _squared(max(self.tells[j], 0.0) ** 2) for j in left}
        most = sorted(left, key=lambda j: -alone[j])[:CANDIDATES]
        adds = {j: self._adds(j, left) for j in most}
        strangers = [
            j
            for j in most
            if self.related(j, self._unlike(j, left)) <= MOST_RELATED
            and adds[j].value >= LEAST_NEW * alone[j]
        ]
        honest = [i for i in left if i not in strangers]
        told = _squared(self.explained(honest))
        if told < LEAST_HONEST or told > MOST_KEPT * sum(alone[i] for i in honest):
            return []
        strongest = LEAST_OF_STRONGEST[self.measure] * max(alone[i] for i in honest)
        enough = max(LEAST_TOLD, LEAST_SHARE * told, strongest)
        strange = [j for j in strangers if alone[j] >= enough]
        if strange:
            return strange
        best = max(adds, key=lambda j: adds[j].value)
        others = sorted(adds[i].value for i in self._unlike(best, list(adds)))
        far = adds[best].value >= TIMES_THE_NEXT * (others[-2] if len(others) > 1 else 0.0)
        return [best] if far and adds[best].enough else []

    def _adds(self, place: int, left: list[int]) -> "_Added":
        """What the column adds to those that are no near copies of it."""
        rest = self._unlike(place, left)
        without, both = self.explained(rest), self.explained([*rest, place])
        told = _squared(without)
        slack = 4 * (max(both - without, 0) * (1 - both) / self.rows) ** 0.5
        sure = _squared(max(both - slack, 0)) - told
        return _Added(_squared(both) - told, sure >= max(LEAST_TOLD, LEAST_SHARE * told))

    def _unlike(self, place: int, left: list[int]) -> list[int]:
        """The columns that are no near copies of this one."""
        return [i for i in left if abs(self.alike[i, place]) < ALIKE]


def _squared(share: float) -> float:
    """The squared strength that goes with a share of variance explained, of two equal halves."""
    share = min(share, 0.9999)
    return 4 * share / (1 - share)
