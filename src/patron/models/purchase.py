"""PurchaseModel: the probability that a customer buys, chosen by evidence and calibrated."""

__all__ = ["PurchaseModel"]

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError, UserError
from patron.estimate import Estimate
from patron.features.encode import Design
from patron.models.additive import AdditiveModel
from patron.models.calibrate import Calibrator, choose_calibrator
from patron.models.candidates import Candidate, Seen, blend, choose, judged, weighted, why
from patron.models.decision import MostF1, Rule, choose_threshold
from patron.models.effort import EFFORTS, curve_learner, learners_for
from patron.models.learner import at_once
from patron.models.trees import TreeEnsemble
from patron.progress import Progress, silent

if TYPE_CHECKING:
    from patron.models.learner import CrossFitted, Folds, Learner, Scorer
    from patron.models.learning import LearningCurve

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
_SCORERS = {scorer.kind: scorer for scorer in (AdditiveModel, TreeEnsemble)}

ROWS_TO_TIME = 20_000


class PurchaseModel:
    """Estimates P(the customer buys within the horizon | what is known at as_of).

    `fit` cross-fits each learner on the training rows, and blends the best two; the candidate with
    the least out-of-fold log loss wins, and within noise the most readable does. Its out-of-fold
    log-odds are calibrated, and the threshold for the decision "will buy" follows from the
    calibrated probabilities. The holdout plays no part.

    Parameters
    ----------
    learners : the candidates; or their names ("logistic", "glass_box", "trees", "catboost",
        "xgboost"); None for the first three.
    rule : how the threshold is chosen (`patron.models.decision`).
    effort : "quick", "normal" or "thorough" (`patron.models.effort`).
    monotone : +1 or -1 for columns along which the probability may only rise or fall.
    seed, threads, level : of the random numbers, of the fits at once, and of the intervals.
    """

    def __init__(
        self,
        *,
        learners: "Sequence[Learner] | Sequence[str] | None" = None,
        rule: Rule | None = None,
        effort: str = "normal",
        monotone: Mapping[str, int] | None = None,
        seed: int = 0,
        threads: int = 1,
        level: float = 0.95,
    ) -> None:
        self.learners = learners
        self.rule = rule or MostF1()
        self.effort = effort
        self.monotone = dict(monotone or {})
        self.seed = seed
        self.threads = threads
        self.level = level

    def fit(
        self,
        design: Design,
        y: Floats,
        folds: "Folds",
        *,
        groups: Rows | None = None,
        repeats: "Sequence[Folds]" = (),
        progress: Progress | None = None,
    ) -> "PurchaseModel":
        """Choose, calibrate and fit on training rows.

        Sets `candidates_`, `chosen_`, `seen_` (the rows as they were cross-fitted),
        `probabilities_` (out of fold, calibrated out of fold, in the order of `seen_`),
        `out_of_fold_` (the same [n], NaN for rows that the model did not learn from),
        `calibration_`, `threshold_`, `curve_` (the learning curve) and `learned_from_` (row
        numbers, or None for all).

        Parameters
        ----------
        design : encoded rows [n, p].
        y : 1 where the customer bought, 0 where not [n].
        folds : pairs of row numbers (fit on, predict); each row is predicted once.
        groups : the entity of each row, where an entity has several; makes the intervals robust.
        repeats : further folds of the same rows, for steadier evidence on few rows.
        """
        progress = progress or silent()
        rows = len(y)
        with progress.stage("learning curve"):
            self.curve_ = self._curve(design, y, folds, groups)
        self.learned_from_ = self._sample(rows, groups)
        if self.learned_from_ is not None:
            kept = self.learned_from_
            design, y = design.rows(kept), y[kept]
            groups = None if groups is None else groups[kept]
            folds, repeats = _within(folds, kept, rows), ()
        seen = Seen.of(y, (folds, *repeats), groups)
        crossed: list[_CrossFit] = []
        for learner in self._learners(len(y)):
            with progress.stage(f"cross-fit {learner.title}"):
                crossed.append(_CrossFit.of(learner, design, y, (folds, *repeats)))
        with progress.stage("fit to all rows"):
            fits = at_once(lambda each: _Fit.of(each.learner, design, y), crossed, self.threads)
        candidates = [self._candidate(*pair, seen) for pair in zip(crossed, fits, strict=True)]
        mixed = blend(candidates, seen, self.level)
        self.candidates_ = candidates if mixed is None else [*candidates, mixed]
        self.chosen_ = chosen = choose(self.candidates_, seen, self.level)
        self.seen_ = seen
        options: dict[str, Any] = {"groups": seen.groups, "level": self.level}
        self.calibration_ = choose_calibrator(chosen.out_of_fold, seen.y, seen.folds, **options)
        self.calibrator_ = self.calibration_.calibrator
        self.probabilities_ = self.calibration_.probabilities
        self.out_of_fold_ = np.full(rows, np.nan)
        where = slice(None) if self.learned_from_ is None else self.learned_from_
        self.out_of_fold_[where] = self.probabilities_[: len(y)]
        self.parts_ = chosen.parts
        found = choose_threshold(self.rule, seen.y, self.probabilities_, **options)
        self.threshold_ = replace(found, n=found.n // seen.repeats)
        return self

    def predict_proba(self, design: Design, *, threads: int = 1) -> Floats:
        """The probability of a purchase [rows]."""
        self._check_fitted()
        return self.calibrator_(weighted(self.parts_, design.matrix, threads))

    @property
    def base_probability(self) -> float:
        """The probability where no column says anything: what `points` are counted from."""
        self._check_fitted()
        return float(self.calibrator_(np.array([self._base]))[0])

    def contributions(self, design: Design, *, threads: int = 1) -> Floats:
        """What each column of the design adds to the log-odds before calibration [rows, columns].

        With the log-odds of nobody in particular they add up to the row's log-odds. A curve's part
        is its height, a table of two columns gives half to each, and trees give exact Shapley
        values (`patron.models.trees`).
        """
        self._check_fitted()
        answer = np.zeros(design.matrix.shape)
        for weight, scorer in self.parts_:
            answer += weight * scorer.contributions(design.matrix, threads=threads)
        return answer

    def points(self, design: Design, *, threads: int = 1) -> Floats:
        """What each column adds to the probability, in percentage points [rows, columns].

        They add up exactly: 100 x (the row's probability - `base_probability`). A column has the
        share of that difference that it has in the log-odds, which is its Aumann-Shapley value: the
        average slope of the probability on the straight way from nobody in particular to the row,
        times the column's part (Sundararajan et al. 2017, for a sum under one link).
        """
        parts = self.contributions(design, threads=threads)
        way = parts.sum(axis=1)
        before, after = self.base_probability, self.calibrator_(self._base + way)
        step = 1e-4
        ends = self.calibrator_(self._base + np.array([-step, step]))
        slope = float(ends[1] - ends[0]) / (2 * step)
        still = np.abs(way) < 1e-6
        rate = np.where(still, slope, (after - before) / np.where(still, 1.0, way))
        return 100 * parts * rate[:, None]

    def to_dict(self) -> dict[str, Any]:
        """What scoring needs, as plain data for JSON."""
        self._check_fitted()
        return {
            "parts": [{"weight": weight, **scorer.to_dict()} for weight, scorer in self.parts_],
            "calibration": self.calibrator_.to_dict(),
            "threshold": self.threshold_.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "PurchaseModel":
        """A model that scores as the one whose `to_dict` this is; it knows no candidates."""
        model = cls()
        parts: list[tuple[float, Scorer]] = [
            (part["weight"], _SCORERS[part["kind"]].from_dict(part)) for part in fields["parts"]
        ]
        model.parts_ = tuple(parts)
        model.calibrator_ = Calibrator.from_dict(fields["calibration"])
        model.threshold_ = Estimate.from_dict(fields["threshold"])
        return model

    def why(self) -> tuple[str, str]:
        """Why this candidate was chosen, in two sentences made from the figures."""
        return (
            why(self.chosen_, self.candidates_, self.seen_, self.level),
            f"It ranks customers with an out-of-fold ROC-AUC of {self.chosen_.roc_auc:.3f}, "
            "and its probabilities were calibrated on predictions for customers it had not seen.",
        )

    @property
    def _base(self) -> float:
        return sum(weight * scorer.base for weight, scorer in self.parts_)

    def _learners(self, rows: int) -> "Sequence[Learner]":
        names = None if self.learners is None else [x for x in self.learners if isinstance(x, str)]
        if names or self.learners is None:
            return learners_for(
                EFFORTS[self.effort],
                rows,
                names=names,
                monotone=self.monotone,
                seed=self.seed,
                threads=self.threads,
            )
        if not self.learners:
            raise UserError("learners is empty; name at least one, or leave it out.")
        given = [learner for learner in self.learners if not isinstance(learner, str)]
        return sorted(given, key=lambda learner: learner.readability)

    def _curve(
        self, design: Design, y: Floats, folds: "Folds", groups: Rows | None
    ) -> "LearningCurve":
        from patron.models.learning import learning_curve

        learner = curve_learner(len(y), seed=self.seed)
        most = EFFORTS[self.effort].most_rows
        options: dict[str, Any] = {"level": self.level, "seed": self.seed, "most_rows": most}
        return learning_curve(learner, design, y, folds[0], groups=groups, **options)

    def _sample(self, rows: int, groups: Rows | None) -> Rows | None:
        """The rows to learn from where more would bring nothing: whole entities, at random."""
        most = EFFORTS[self.effort].most_rows
        if most is None or rows <= most or self.curve_.verdict != "flat":
            return None
        rng = np.random.default_rng(self.seed)
        unit = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
        order = rng.permutation(int(unit.max()) + 1)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        taken = rank[unit] < len(order) * most / rows
        return np.flatnonzero(taken)

    def _candidate(self, crossed: "_CrossFit", fit: "_Fit", seen: Seen) -> Candidate:
        learner = crossed.learner
        return judged(
            seen,
            crossed.raw,
            self.level,
            name=learner.name,
            title=learner.title,
            readability=learner.readability,
            parts=((1.0, fit.scorer),),
            fold_parts=tuple(((1.0, each),) for each in crossed.scorers),
            seconds=crossed.seconds + fit.seconds,
            cpu_seconds=crossed.cpu_seconds + fit.cpu_seconds,
            scoring_seconds=fit.scoring_seconds,
        )

    def _check_fitted(self) -> None:
        if not hasattr(self, "parts_"):
            raise PatronError("this PurchaseModel is not fitted yet; call fit first.")


@dataclass(frozen=True)
class _CrossFit:
    """A learner's out-of-fold log-odds, the models of the first folds, and what it took."""

    learner: "Learner"
    raw: Floats
    scorers: "tuple[Scorer, ...]"
    seconds: float
    cpu_seconds: float

    @classmethod
    def of(
        cls, learner: "Learner", design: Design, y: Floats, repeats: "Sequence[Folds]"
    ) -> "_CrossFit":
        wall, cpu = time.perf_counter(), time.process_time()
        fitted: list[CrossFitted] = [
            learner.cross_fit(design, y, folds, again=number > 0)
            for number, folds in enumerate(repeats)
        ]
        seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        raw = np.concatenate([each.raw for each in fitted])
        return cls(learner, raw, fitted[0].scorers, seconds, cpu_seconds)


@dataclass(frozen=True)
class _Fit:
    """A learner's model of all rows, and what it took; it runs on one thread, beside others."""

    scorer: "Scorer"
    seconds: float
    cpu_seconds: float
    scoring_seconds: float

    @classmethod
    def of(cls, learner: "Learner", design: Design, y: Floats) -> "_Fit":
        wall, cpu = time.perf_counter(), time.thread_time()
        scorer = learner.fit(design, y)
        seconds, cpu_seconds = time.perf_counter() - wall, time.thread_time() - cpu
        some = design.matrix[:ROWS_TO_TIME]
        start = time.thread_time()
        scorer.raw(some)
        scoring = (time.thread_time() - start) * 100_000 / len(some)
        return cls(scorer, seconds, cpu_seconds, scoring)


def _within(folds: "Folds", kept: Rows, rows: int) -> "Folds":
    """The folds in the numbering of the rows `kept`."""
    place = np.full(rows, -1)
    place[kept] = np.arange(len(kept))
    moved = [tuple(place[part][place[part] >= 0] for part in pair) for pair in folds]
    return [(fit, predict) for fit, predict in moved]
