"""How well one column alone tells the target: cross-fitted, on a sample."""

__all__ = [
    "FOLDS",
    "Question",
    "assign_folds",
    "auc",
    "bins_of",
    "codes_in",
    "learnt_means",
    "numbers_of",
    "single_score",
    "squarable",
]

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from patron.estimate import Estimate

FOLDS = 4
MOST_LEVELS = 255
PRIOR_ROWS = 5.0
LARGE = 1e30
LEVEL = 0.95
_NORMAL = NormalDist()


@dataclass(frozen=True, eq=False)
class Question:
    """What a column is asked to tell: which rows are positive, or which have more of the target.

    `y` is 0 and 1 (`measure` is "AUC"), or the target's ranks scaled to 0..1 (`measure` is "rank
    correlation", Spearman's). Ranks, because money has a tail that would drown everything else.
    `about` completes "tells …".
    """

    y: np.ndarray
    about: str
    measure: str

    def score(self, predicted: np.ndarray, folds: np.ndarray) -> Estimate:
        """The measure, as the mean over the folds, so that no fold's level helps another."""
        value = float(np.mean(self.by_fold(predicted, folds)))
        low, high = self._interval(value)
        n = len(self.y)
        return Estimate(value, min(low, value), max(high, value), LEVEL, n, f"{FOLDS}-fold")

    def by_fold(self, predicted: np.ndarray, folds: np.ndarray) -> list[float]:
        """The measure in each fold."""
        one = auc if self.measure == "AUC" else _spearman
        return [one(self.y[folds == k], predicted[folds == k]) for k in _FOLDS]

    def strength(self, value: float) -> float:
        """The measure as a distance between low and high answers, in standard deviations.

        The same scale for both measures, and one on which .98 and .99 are far apart. For an AUC it
        is d' of two normals; for a correlation the d' that has it as its point-biserial one.
        """
        if self.measure == "AUC":
            return 2**0.5 * _NORMAL.inv_cdf(min(max(value, 1e-4), 1 - 1e-4))
        value = min(max(value, -0.9999), 0.9999)
        return 2 * value / (1 - value**2) ** 0.5

    def squared_strength(self, value: float) -> float:
        """The strength squared, which adds up over columns that tell the answer independently."""
        return max(self.strength(value), 0.0) ** 2

    def _interval(self, value: float) -> tuple[float, float]:
        z = _NORMAL.inv_cdf(0.5 + LEVEL / 2)
        n = len(self.y)
        if self.measure == "AUC":  # Hanley and McNeil, 1982
            positive = float(self.y.sum())
            q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
            spread = (positive - 1) * (q1 - value**2) + (n - positive - 1) * (q2 - value**2)
            half = z * (max(value * (1 - value) + spread, 0) / (positive * (n - positive))) ** 0.5
            return max(value - half, 0.0), min(value + half, 1.0)
        middle = np.arctanh(min(max(value, -0.999999), 0.999999))
        half = z * 1.03 / max(n - 3, 1) ** 0.5
        return float(np.tanh(middle - half)), float(np.tanh(middle + half))


_FOLDS = range(FOLDS)


def assign_folds(groups: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A fold for each row: rows of one group share it, and the folds see alike targets."""
    _, group = np.unique(groups, return_inverse=True)
    highest = np.full(group.max(initial=-1) + 1, -np.inf)
    np.maximum.at(highest, group, y)
    shuffled = rng.permutation(len(highest))
    in_order = shuffled[np.argsort(highest[shuffled], kind="stable")]
    fold = np.empty(len(highest), dtype=np.int64)
    fold[in_order] = np.arange(len(highest)) % FOLDS
    return fold[group]


def numbers_of(column: pa.ChunkedArray) -> tuple[np.ndarray, bool]:
    """The column as float64 with NaN where missing, and whether those are codes of categories."""
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        column = column.cast(whole).cast(pa.float64(), safe=False)
    elif pa.types.is_integer(kind):
        column = column.cast(pa.float64(), safe=False)
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan), False
    else:
        return _category_codes(column), True
    values = np.array(column.to_numpy(), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values, False


def squarable(values: np.ndarray) -> np.ndarray:
    """Numbers whose squares, and sums of them, do not overflow: as they are, or all made smaller.

    For what knows no unit, such as R² or a line on scaled columns. Missing stays missing.
    """
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0))
    return values / largest if largest > LARGE else values


def bins_of(values: np.ndarray) -> np.ndarray:
    """The upper ends of bins of about equally many of these values, ascending.

    The bins look at the values alone, never at the target. A value that fills a bin has it alone.
    """
    known = values[np.isfinite(values)]
    levels = np.unique(known)
    most = int(np.clip(len(values) / 25, 8, 64))
    if len(levels) > max(most, MOST_LEVELS):
        levels = np.unique(np.quantile(known, np.linspace(0, 1, most + 1)[1:], method="lower"))
    return levels


def codes_in(bins: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Small whole numbers: 0 where missing, else the bin; beyond the last bin comes one more."""
    codes = np.searchsorted(bins, values) + 1
    codes[~np.isfinite(values)] = 0
    return codes


def learnt_means(codes: np.ndarray, y: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """For each row the mean answer of its code, less that of all: learnt on the other folds.

    Drawn towards the mean of all, so that a code of few rows says little.
    """
    width = int(codes.max(initial=0)) + 1
    cell = folds * width + codes
    counts = np.bincount(cell, minlength=FOLDS * width).reshape(FOLDS, width)
    sums = np.bincount(cell, y, FOLDS * width).reshape(FOLDS, width)
    others_count, others_sum = counts.sum(0) - counts, sums.sum(0) - sums
    mean = others_sum.sum(1, keepdims=True) / others_count.sum(1, keepdims=True)
    learnt = (others_sum + PRIOR_ROWS * mean) / (others_count + PRIOR_ROWS) - mean
    return learnt[folds, codes]


def single_score(codes: np.ndarray, question: Question, folds: np.ndarray) -> Estimate:
    """How well one column alone, given as codes, tells the answer."""
    return question.score(learnt_means(codes, question.y, folds), folds)


def _category_codes(column: pa.ChunkedArray) -> np.ndarray:
    """Codes by falling frequency; the rare tail shares the last one."""
    if not pa.types.is_dictionary(column.type):
        if pa.types.is_nested(column.type):
            column = pa.chunked_array([pa.array(map(str, column.to_pylist()), pa.string())])
        column = column.dictionary_encode()
    indices = column.combine_chunks().indices
    raw = np.array(indices.to_numpy(zero_copy_only=False), dtype=np.float64)
    known = np.isfinite(raw)
    counts = np.bincount(raw[known].astype(np.int64))
    place = np.empty(len(counts))
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    raw[known] = np.minimum(place[raw[known].astype(np.int64)], MOST_LEVELS - 1)
    return raw


def auc(y: np.ndarray, predicted: np.ndarray) -> float:
    """The area under the ROC curve of `predicted` for `y` of 0 and 1."""
    positive = y.sum()
    negative = len(y) - positive
    if not positive or not negative:
        return 0.5
    rank_sum = _ranks(predicted)[y == 1].sum()
    return float((rank_sum - positive * (positive + 1) / 2) / (positive * negative))


def _spearman(y: np.ndarray, predicted: np.ndarray) -> float:
    a, b = _ranks(y), _ranks(predicted)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]
