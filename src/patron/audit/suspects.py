"""Which columns tell more of the answer than honest ones do: apart from the rest, or beside it."""

__all__ = ["stand_apart", "tell_beside_the_rest"]

from collections.abc import Mapping, Sequence

import numpy as np

from patron.audit.scoring import Question, learnt_means

# In squared strength, which adds up over columns that tell of the answer independently.
LEAST_ADDED = 0.4
LEAST_ADDED_BY_A_RELATIVE = 0.5
# Honest columns are traces of the same habits: together they tell much less than the sum of each.
# From MOST_KEPT on (a share of that sum) they do not, and none can stand out by repeating nothing.
MOST_KEPT = 0.65
LEAST_NEW = 0.6
TIMES_THE_NEXT = 4.0
ALIKE = 0.8
CANDIDATES = 12
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
    """The names that tell of the answer nearly all that they tell *beside* the other columns.

    An honest column shares with others what it tells, because all are traces of what the customer
    is like. The answer with noise shares nothing with them but the answer. Measured with an
    additive model of the columns' cross-fitted means: squared strengths add up where columns are
    independent given the answer. The strongest such column is set aside and the rest is asked
    again, so that weaker ones come to light; a column and its near copies are left out together.
    """
    sums = _Sums.of(codes, question, folds)
    left, named = list(range(len(sums.names))), []
    while len(left) > 3:
        place = sums.strangest(left)
        if place is None:
            break
        named.append(sums.names[place])
        left.remove(place)
    return named


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

    def strangest(self, left: list[int]) -> int | None:
        """The column that tells most beside the rest, if that is more than an honest one would."""
        alone = {j: _squared(max(self.tells[j], 0.0) ** 2) for j in left}
        candidates = sorted(left, key=lambda j: -alone[j])[:CANDIDATES]
        added, sure = {}, {}
        for j in candidates:
            rest = [i for i in left if abs(self.alike[i, j]) < ALIKE]
            without, both = self.explained(rest), self.explained([*rest, j])
            added[j] = _squared(both) - _squared(without)
            slack = 2 * 2 * (max(both - without, 0) * (1 - both) / self.rows) ** 0.5
            sure[j] = _squared(max(both - slack, 0)) - _squared(without)
        whole = _squared(self.explained(left))
        for j in sorted(candidates, key=lambda j: -added[j]):
            others = sorted(added[i] for i in candidates if abs(self.alike[i, j]) < ALIKE)
            next_best = others[-2] if len(others) > 1 else 0.0
            kept = max(whole - added[j], 0) / max(sum(alone.values()) - alone[j], 1e-9)
            stranger = sure[j] >= LEAST_ADDED and added[j] >= LEAST_NEW * alone[j]
            relative = sure[j] >= max(LEAST_ADDED_BY_A_RELATIVE, TIMES_THE_NEXT * next_best)
            if kept <= MOST_KEPT and (stranger or relative):
                return j
        return None


def _squared(share: float) -> float:
    """The squared strength that goes with a share of variance explained, of two equal halves."""
    share = min(share, 0.9999)
    return 4 * share / (1 - share)
