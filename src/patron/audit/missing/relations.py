"""What the other columns of a row say about one of its values: the evidence of this family."""

__all__ = ["Likeness", "Relations", "is_share", "likeness", "numbers", "ranks_of"]

from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from patron.audit.frame import Frame
from patron.schema import Role

MOST_ROWS, LEAST_ROWS, MOST_CELLS, MOST_COLUMNS = 12_000, 1_500, 450_000, 100
RARE = 0.005
LEVELS = 12
RIDGE = 3.0
FEWEST = 20
NEAR = 0.15
FAR = (1 / 3, 0.1, 0.03)
LEAST_POWER, LEAST_TOLD = 0.3, 0.08


class Likeness(NamedTuple):
    """How rows with one value compare with their neighbours in value, and with all others.

    Each figure is a share of rows whose other columns predict a value far from that one: `hit`
    among the rows that have it, `near` among those whose value is next to it, `all` among all.
    `weight` says where `hit` lies between `near` (0: an honest value) and `all` (1: the value
    says nothing of the row), `error` is its standard error.
    """

    hit: float
    near: float
    all: float
    weight: float
    error: float

    @property
    def surely(self) -> float:
        """The least weight that chance leaves likely."""
        return self.weight - 4 * self.error


class Relations:
    """Some rows of the table, and what its feature columns expect of each other there.

    Those of `of` are drawn from all rows, labelled or not. Expectations are linear in the ranks of
    the other columns, their squares and zeros, the commonest levels of categories, and the gaps of
    all these if `gaps`; they are cross-fitted on two halves.
    """

    def __init__(self, frame: Frame, rows: np.ndarray, *, gaps: bool = True) -> None:
        names = frame.features
        self.rows, self._gaps = rows, gaps
        self.judges = names[:: max(1, -(-len(names) // MOST_COLUMNS))]
        self.ordered = tuple(name for name in numbers(frame) if name in self.judges)
        self._coded = {name for name in names if not _has_order(frame, name)}
        self._values = {name: frame.values(name)[self.rows] for name in names}

    @classmethod
    def of(cls, frame: Frame) -> "Relations":
        """Those of the frame, made once."""
        return frame.once(cls._drawn)

    @classmethod
    def _drawn(cls, frame: Frame) -> "Relations":
        cells = MOST_CELLS // max(len(frame.features), 1)
        size = max(min(MOST_ROWS, cells), LEAST_ROWS)
        drawn = np.random.default_rng(frame.seed).permutation(frame.table.num_rows)[:size]
        return cls(frame, np.sort(drawn))

    def values(self, name: str) -> np.ndarray:
        """The column in the sampled rows; NaN where missing."""
        return self._values[name]

    def expected(self, apart: tuple[str, ...], y: np.ndarray, fit: np.ndarray) -> np.ndarray:
        """`y` as the columns except those `apart` predict it, learnt on the rows in `fit`."""
        matrix, owners = self._matrix
        kept = np.flatnonzero(~np.isin(owners, apart))
        half = np.arange(len(y)) % 2 == 0
        predicted = np.empty((2, len(y)))
        for side, inside in enumerate((half, ~half)):
            part, answer = matrix[fit & inside], y[fit & inside].astype(np.float32)
            rows = max(len(answer), 1)
            middle, level = part.sum(axis=0) / rows, float(answer.sum()) / rows
            gram = (part.T @ part - rows * np.outer(middle, middle))[np.ix_(kept, kept)]
            moment = (part.T @ answer - rows * level * middle)[kept]
            weights = np.zeros(matrix.shape[1], dtype=np.float32)
            weights[kept] = np.linalg.solve(gram + RIDGE * np.eye(len(kept)), moment)
            predicted[side] = matrix @ weights + (level - float(middle @ weights))
        crossed = np.where(half, predicted[1], predicted[0])
        return np.where(fit, crossed, predicted.mean(axis=0))

    def strongest(self, apart: tuple[str, ...], y: np.ndarray, fit: np.ndarray) -> float:
        """The largest correlation, in the rows in `fit`, of `y` with a column not `apart`."""
        matrix, owners = self._matrix
        kept = ~np.isin(owners, apart)
        if not kept.any() or fit.sum() < 2:
            return 0.0
        answer = np.where(fit, y - y[fit].mean(), 0.0).astype(np.float32)
        spread = float(answer[fit].std()) * self._spreads
        with np.errstate(divide="ignore", invalid="ignore"):
            correlation = np.abs(answer @ matrix) / fit.sum() / spread
        return float(np.nanmax(correlation[kept]))

    def apart(self, names: tuple[str, ...], hit: np.ndarray) -> float:
        """How far the rows in `hit` differ from the others in any column but `names`.

        The largest difference of means in standard errors, less what the largest of so many
        columns reaches by chance.
        """
        matrix, owners = self._matrix
        part = matrix[:, ~np.isin(owners, names)]
        if not part.shape[1] or not 0 < hit.sum() < len(hit):
            return 0.0
        gap = part[hit].mean(axis=0) - part[~hit].mean(axis=0)
        error = part.std(axis=0) * (1 / hit.sum() + 1 / (~hit).sum()) ** 0.5
        return float((np.abs(gap) / error).max() - (2 * np.log(part.shape[1])) ** 0.5 + 1)

    @cached_property
    def _spreads(self) -> np.ndarray:
        spreads: np.ndarray = self._matrix[0].std(axis=0)
        return spreads

    @cached_property
    def _matrix(self) -> tuple[np.ndarray, np.ndarray]:
        parts: list[np.ndarray] = [np.zeros((len(self.rows), 0), dtype=np.float32)]
        owners: list[str] = []
        for name in self.judges:
            values = self.values(name)
            known = np.isfinite(values)
            if name in self._coded:
                columns = [values == level for level in range(LEVELS)]
            else:
                ranks = ranks_of(values)
                columns = [ranks, ranks**2, values == 0]
            part = np.column_stack(columns).astype(np.float32)
            part[~known] = part[known].mean(axis=0) if known.any() else 0.0
            if self._gaps:
                part = np.column_stack([part, ~known]).astype(np.float32)
            part = part[:, part.std(axis=0) > RARE**0.5 / 2]
            parts.append(part)
            owners += [name] * part.shape[1]
        return np.column_stack(parts).astype(np.float32), np.array(owners, dtype=object)


def likeness(
    relations: Relations,
    name: str,
    value: float,
    values: np.ndarray,
    among: np.ndarray | None = None,
) -> Likeness | None:
    """Whether the rows with one of the column's `values` are like their neighbours in value.

    Compared are the rows in `among` (all, if not given). None where there are too few rows to tell,
    or the other columns do not tell the values apart. "Far" is the third of the expectations
    farthest from the value, or fewer, whichever tells most.
    """
    fit = np.isfinite(values) & (values != value)
    everywhere = np.ones(len(values), dtype=bool)
    among = everywhere if among is None else among
    hit, rest = (values == value) & among, fit & among
    if hit.sum() < FEWEST or rest.sum() < 10 * FEWEST:
        return None
    place = float((values[fit] < value).mean()) - 0.5
    ranks = ranks_of(np.where(fit, values, np.nan))
    if relations.strongest((name,), ranks, fit) < max(LEAST_TOLD, 4 / fit.sum() ** 0.5):
        return None
    expected = relations.expected((name,), ranks, fit)
    distance = np.abs(ranks - place)
    near = rest & (distance <= np.quantile(distance[fit], NEAR))
    answers = []
    for share in FAR:
        far = _far(expected, rest, place, share)
        of_hit, of_near, of_all = (
            float(far[rows].sum()) / max(rows.sum(), 1) for rows in (hit, near, rest)
        )
        power = of_all - of_near
        if near.sum() < FEWEST or power < LEAST_POWER * of_all:
            continue
        spread = of_hit * (1 - of_hit) / hit.sum() + of_near * (1 - of_near) / near.sum()
        spread += 1 / hit.sum() ** 2 + 1 / near.sum() ** 2  # of a share of nothing
        weight, error = (of_hit - of_near) / power, float(spread**0.5) / power
        answers.append(Likeness(of_hit, of_near, of_all, weight, error))
    return max(answers, key=lambda each: each.weight / each.error, default=None)


def _far(expected: np.ndarray, fit: np.ndarray, place: float, share: float) -> np.ndarray:
    """Where the expectation is among that share of all that is farthest from the place."""
    if place < -0.15:
        return expected > np.quantile(expected[fit], 1 - share)
    if place > 0.15:
        return expected < np.quantile(expected[fit], share)
    low, high = np.quantile(expected[fit], (share / 2, 1 - share / 2))
    return (expected < low) | (expected > high)


def numbers(frame: Frame) -> tuple[str, ...]:
    """The features that measure or count something."""
    roles = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)
    return tuple(
        name
        for name in frame.features
        if frame.schema[name].role in roles and _counts(frame.table.schema.field(name).type)
    )


def is_share(values: np.ndarray) -> bool:
    """Whether the values are parts of a whole: between 0 and 1, or and 100, and not whole."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() < 0 or (known % 1 == 0).all():
        return False
    return bool(known.max() <= 1 or known.max() == 100)


def ranks_of(values: np.ndarray) -> np.ndarray:
    """Ranks from -0.5 to 0.5, equal values sharing theirs; 0 where missing."""
    known = np.isfinite(values)
    ranks = np.zeros(len(values))
    if known.any():
        _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - counts / 2
        ranks[known] = middle[inverse] / known.sum() - 0.5
    return ranks


def _counts(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _has_order(frame: Frame, name: str) -> bool:
    kind = frame.table.schema.field(name).type
    return pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
