"""Explainable boosting: one curve a column and a few tables of two columns, all of it readable."""

__all__ = ["ExplainableBoosting"]

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.features.encode import Design
from patron.models.additive import AdditiveModel, Pair
from patron.models.learner import (
    CrossFitted,
    Folds,
    Rows,
    at_once,
    log_loss_of,
    logit,
    not_cross_fitted,
)

Floats = NDArray[np.float64]

PAIRS_WORTH = 2e-4
"""Pairs that save less than this share of the base rate's log loss are left out."""

MOST_COLUMNS = 300
"""With more columns than these the search for pairs, which grows with their square, is left out."""

WIDE = {"smoothing_rounds": 20, "early_stopping_rounds": 20}
"""Of so many columns, too: the library's own 75 rounds of random cuts teach it mostly noise."""


class ExplainableBoosting:
    """Boosting of one column at a time, then of pairs of columns (interpret-core).

    Log-odds = intercept + the sum of f_j(x_j) + the sum of f_jk(x_j, x_k). Each f is piecewise
    constant, learnt by many tiny steps that go round the columns (Lou et al. 2012), the pairs are
    those that explain most of what the columns alone leave (FAST; Lou et al. 2013), and several
    fits to parts of the rows (bags) are averaged; a bag stops where its other rows are predicted
    best. Pairs are purified: whatever is a matter of one column is moved to that column's curve
    (Lengerich et al. 2020). What is missing has a value of its own, as a category has.

    Parameters
    ----------
    bags : how many fits are averaged.
    fold_bags : the same in cross-fitting.
    pairs : how many terms of two columns.
    bins : at most so many steps in a column's curve; `pair_bins` in each direction of a pair.
    rate : the learning rate.
    monotone : +1 or -1 for columns (by name) whose curve may only rise or fall; they are in no
        pair.
    """

    name: ClassVar[str] = "glass_box"
    title: ClassVar[str] = "explainable boosting"
    readability: ClassVar[float] = 1

    def __init__(
        self,
        *,
        bags: int = 4,
        fold_bags: int = 2,
        pairs: int = 30,
        bins: int = 256,
        pair_bins: int = 32,
        rate: float = 0.04,
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.bags = bags
        self.fold_bags = fold_bags
        self.pairs = pairs
        self.bins = bins
        self.pair_bins = pair_bins
        self.rate = rate
        self.monotone = dict(monotone or {})
        self.seed = seed
        self.threads = threads
        self.kept: int | None = None

    def cross_fit(
        self, design: Design, y: Floats, folds: Folds, *, again: bool = False
    ) -> CrossFitted:
        """Out-of-fold log-odds; settles how many pairs are kept: the fewest that lose nothing."""
        counts = [self.kept] if again and self.kept is not None else self._counts(design)
        raw = {count: np.full(len(y), np.nan) for count in counts}

        def one(fold: tuple[Rows, Rows]) -> AdditiveModel:
            fit, predict = fold
            model = self._fit(design.rows(fit), y[fit], self.fold_bags, max(raw))
            for count, values in _with_first_pairs(model, design.matrix[predict], raw):
                raw[count][predict] = values
            return model

        with _quiet():
            models = at_once(one, folds, self.threads)
        kept = self.kept = _fewest(raw, y)
        scorers = (AdditiveModel(m.intercept, m.terms, m.pairs[:kept]) for m in models)
        return CrossFitted(raw[kept], tuple(scorers))

    def fit(self, design: Design, y: Floats) -> AdditiveModel:
        """The model of all rows, with as many pairs as `cross_fit` settled."""
        if self.kept is None:
            raise not_cross_fitted(self)
        with _quiet():
            return self._fit(design, y, self.bags, self.kept)

    def _counts(self, design: Design) -> list[int]:
        """How many pairs are tried."""
        used = len(_own_columns(design))
        most = 0 if used > MOST_COLUMNS else min(self.pairs, used * (used - 1) // 2)
        return sorted({0, most, *(count for count in (5, 10, 20) if count < most)})

    def _fit(self, design: Design, y: Floats, bags: int, pairs: int) -> AdditiveModel:
        from interpret.glassbox import ExplainableBoostingClassifier

        used = [place for place in _own_columns(design) if _varies(design.matrix[:, place])]
        if not used:  # everybody is the average
            return AdditiveModel(logit(float(y.mean())), [{} for _ in design.names])
        names = [design.names[place] for place in used]
        types = ["nominal" if name in design.levels else "continuous" for name in names]
        bound = [self.monotone.get(name, 0) for name in names]
        alone = [place for place, sign in enumerate(bound) if sign]
        machine = ExplainableBoostingClassifier(
            feature_names=[f"c{place}" for place in used],
            feature_types=types,
            max_bins=self.bins,
            max_interaction_bins=self.pair_bins,
            interactions=pairs,
            exclude=[(a, b) for a in alone for b in range(len(used)) if a != b],
            outer_bags=bags,
            learning_rate=self.rate,
            **(WIDE if len(used) > MOST_COLUMNS else {}),
            monotone_constraints=bound if alone else None,
            n_jobs=1,
            random_state=self.seed,
        )
        machine.fit(design.matrix[:, used].astype(np.float64), y)
        return _as_plain(machine, design, used)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's warnings that its own pictures leave out what is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _with_first_pairs(
    model: AdditiveModel, matrix: NDArray[np.float32], counts: Iterable[int]
) -> Iterator[tuple[int, Floats]]:
    """The log-odds [rows] with the first so many pairs only, for each of the rising `counts`."""
    total, done = AdditiveModel(model.intercept, model.terms).raw(matrix), 0
    silent = [_silent(term) for term in model.terms]
    for count in counts:
        if model.pairs[done:count]:
            total = total + AdditiveModel(0.0, silent, model.pairs[done:count]).raw(matrix)
        done = count
        yield count, total


def _silent(term: Mapping[str, Any]) -> dict[str, Any]:
    """The term with its places but without its heights."""
    flat: dict[str, Any] = {
        key: [0.0] * len(term[key]) for key in ("steps", "scores") if key in term
    }
    return flat | ({"cuts": term["cuts"]} if "cuts" in term else {})


def _fewest(raw: Mapping[int, Floats], y: Floats) -> int:
    """The fewest pairs that lose next to nothing, out of fold, against the best number of them."""
    losses = {count: log_loss_of(values, y) for count, values in raw.items()}
    base = log_loss_of(np.full(len(y), logit(float(y.mean()))), y)
    best = min(losses.values())
    return min(count for count, loss in losses.items() if loss <= best + PAIRS_WORTH * base)


def _own_columns(design: Design) -> list[int]:
    """The columns without the indicators of what is missing: that has a value in each term."""
    return [
        place
        for place, (name, source) in enumerate(zip(design.names, design.sources, strict=True))
        if name == source
    ]


def _varies(values: NDArray[np.float32]) -> bool:
    """Whether there are two different values (missing is one)."""
    missing = np.isnan(values)
    return not missing.all() and bool((values != values[~missing][0]).any())


class _Axis(NamedTuple):
    """Where the values of a column lie along one axis of a machine's table of scores.

    There, place 0 is for what is missing and the last for a category that was not learnt.
    """

    column: int
    cuts: Floats | None
    places: list[int]

    @classmethod
    def of(cls, machine: Any, feature: int, column: int, design: Design, depth: int) -> "_Axis":
        """The axis of a feature in terms of `depth` columns."""
        every = machine.bins_[feature]
        bins = every[min(depth, len(every)) - 1]
        labels = design.levels.get(design.names[column])
        if labels is None:
            cuts = np.asarray(bins, dtype=np.float64)
            return cls(column, cuts, list(range(len(cuts) + 2)))
        return cls(column, None, [0, *(bins.get(str(code), -1) for code in range(len(labels)))])


def _as_plain(machine: Any, design: Design, used: Sequence[int]) -> AdditiveModel:
    """The fitted machine as plain arrays, its pairs purified and the strongest first."""
    pieces: dict[int, list[tuple[_Axis, Floats]]] = {place: [] for place in used}
    found: list[tuple[float, Pair]] = []
    parts = zip(machine.term_features_, machine.term_scores_, machine.bin_weights_, strict=True)
    for features, scores, weights in parts:
        axes = [_Axis.of(machine, each, used[each], design, len(features)) for each in features]
        if len(axes) == 1:
            pieces[axes[0].column].append((axes[0], scores))
            continue
        table, *moved = _purified(scores, weights)
        for axis, shift in zip(axes, moved, strict=True):
            pieces[axis.column].append((axis, shift))
        pair = {
            "columns": [axis.column for axis in axes],
            "cuts": [None if axis.cuts is None else axis.cuts.tolist() for axis in axes],
            "values": table[np.ix_(*(axis.places for axis in axes))].tolist(),
        }
        found.append((float(np.abs(table * weights).sum() / weights.sum()), pair))
    found.sort(key=lambda each: -each[0])
    terms = [
        _joined(pieces[place]) if place in pieces else {} for place in range(len(design.names))
    ]
    intercept = float(np.ravel(machine.intercept_)[0])
    return AdditiveModel(intercept, terms, [pair for _, pair in found])


def _purified(scores: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """The table without what depends on its row or its column alone, and these two parts.

    Means are weighted by how many customers are in a cell; rows and columns are centred in turn.
    """
    table = scores.copy()
    moved = [np.zeros(size) for size in table.shape]
    for _ in range(30):
        for axis in (0, 1):
            here = weights.sum(axis=1 - axis)
            mean = (table * weights).sum(axis=1 - axis) / np.where(here > 0, here, 1)
            table -= mean[:, None] if axis == 0 else mean[None]
            moved[axis] += mean
    return table, moved[0], moved[1]


def _joined(pieces: Sequence[tuple[_Axis, Floats]]) -> dict[str, Any]:
    """The sum of a column's own curve and what was moved to it, as a term."""
    missing = float(sum(scores[0] for _, scores in pieces))
    numbers = [(axis.cuts, scores) for axis, scores in pieces if axis.cuts is not None]
    if not numbers:
        by_code = sum(scores[axis.places[1:]] for axis, scores in pieces)
        return {"scores": np.asarray(by_code).tolist(), "missing": missing}
    cuts = np.unique(np.concatenate([own for own, _ in numbers]))
    heights = np.zeros(len(cuts) + 1)
    for own, scores in numbers:
        inner = np.searchsorted(own, cuts, side="right") + 1
        heights += scores[np.concatenate([[1], inner])]
    return {"cuts": cuts.tolist(), "steps": heights.tolist(), "missing": missing}
