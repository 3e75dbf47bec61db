"""PurchaseModel: the probability that a customer buys, chosen by evidence and calibrated."""

__all__ = ["Candidate", "PurchaseModel"]

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.estimate import Estimate
from patron.features.encode import Design
from patron.metrics import best_f1_threshold, log_loss, log_loss_difference, roc_auc
from patron.models.additive import AdditiveModel
from patron.models.calibrate import Calibrator
from patron.models.trees import TreeEnsemble
from patron.progress import Progress, silent

if TYPE_CHECKING:
    from patron.models.learner import Folds, Learner, Scorer

Floats = NDArray[np.float64]
_SCORERS = {scorer.kind: scorer for scorer in (AdditiveModel, TreeEnsemble)}


@dataclass(frozen=True)
class Candidate:
    """One way to predict, with what it was worth out of fold and what it cost."""

    name: str
    title: str
    parts: tuple[tuple[float, "Scorer"], ...]
    out_of_fold: Floats
    roc_auc: Estimate
    log_loss: Estimate
    seconds: float
    cpu_seconds: float

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """Log-odds [rows] of an encoded matrix."""
        return _weighted(self.parts, matrix, threads)


class PurchaseModel:
    """Estimates P(the customer buys within the horizon | what is known at as_of).

    `fit` cross-fits each learner on the training rows and blends them; the candidate with the least
    out-of-fold log loss wins, and within noise (the 95 % interval of the paired difference includes
    zero) the simplest does. Its out-of-fold log-odds are calibrated, and the threshold for the
    decision "will buy" maximises F1 on them. The holdout plays no part.

    Parameters
    ----------
    learners : the candidates, the most readable first; None for logistic regression and boosted
        trees.
    threshold : a fixed threshold between 0 and 1, or None to maximise F1.
    seed, threads, level : of the random numbers, of LightGBM, and of the intervals.
    """

    def __init__(
        self,
        *,
        learners: "Sequence[Learner] | None" = None,
        threshold: float | None = None,
        seed: int = 0,
        threads: int = 1,
        level: float = 0.95,
    ) -> None:
        self.learners = learners
        self.threshold = threshold
        self.seed = seed
        self.threads = threads
        self.level = level

    def fit(
        self,
        design: Design,
        y: Floats,
        folds: "Folds",
        *,
        groups: NDArray[np.intp] | None = None,
        progress: Progress | None = None,
    ) -> "PurchaseModel":
        """Choose, calibrate and fit on training rows.

        Parameters
        ----------
        design : encoded rows [n, p].
        y : 1 where the customer bought, 0 where not [n].
        folds : pairs of row numbers (fit on, predict); each row is predicted once.
        groups : the entity of each row, where an entity has several; makes the intervals robust.
        """
        progress = progress or silent()
        candidates: list[Candidate] = []
        for learner in self._learners():
            with progress.stage(f"fit {learner.title}"):
                candidates.append(self._candidate(learner, design, y, folds, groups))
        if len(candidates) > 1:
            candidates.append(self._blend(candidates, y, groups))
        chosen = self._choose(candidates, y, groups)
        self.candidates_ = candidates
        self.chosen_ = chosen
        self.calibrator_ = Calibrator.fit(chosen.out_of_fold, y)
        self.out_of_fold_ = self._cross_calibrated(chosen.out_of_fold, y, folds)
        self.parts_ = chosen.parts
        self.threshold_ = self._threshold(y, groups)
        return self

    def predict_proba(self, design: Design, *, threads: int = 1) -> Floats:
        """The probability of a purchase [rows]."""
        self._check_fitted()
        return self.calibrator_(_weighted(self.parts_, design.matrix, threads))

    def contributions(self, design: Design, *, threads: int = 1) -> Floats:
        """What each column of the design adds to the calibrated log-odds [rows, columns]."""
        self._check_fitted()
        total = sum(
            weight * scorer.contributions(design.matrix, threads=threads)
            for weight, scorer in self.parts_
        )
        return np.asarray(self.calibrator_.slope * total)

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
        ranked = sorted(self.candidates_, key=lambda each: each.log_loss.value)
        best, chosen = ranked[0], self.chosen_
        if chosen is best:
            second = ranked[1] if len(ranked) > 1 else None
            beside = f", against {second.log_loss.value:.4f} of {second.title}" if second else ""
            first = (
                f"{_capital(chosen.title)} had the least out-of-fold log loss "
                f"({best.log_loss.value:.4f}{beside})."
            )
        else:
            first = (
                f"{_capital(chosen.title)} came within the noise of the best, {best.title} "
                f"(out-of-fold log loss {chosen.log_loss.value:.4f} against "
                f"{best.log_loss.value:.4f}), and is simpler."
            )
        second_sentence = (
            f"It ranks customers with an out-of-fold ROC-AUC of {chosen.roc_auc:.3f}, "
            "and its probabilities were calibrated on predictions for customers it had not seen."
        )
        return first, second_sentence

    def _learners(self) -> "Sequence[Learner]":
        if self.learners is not None:
            return self.learners
        from patron.models.learner import BoostedTrees, SplineLogistic

        return (
            SplineLogistic(seed=self.seed, threads=self.threads),
            BoostedTrees(seed=self.seed, threads=self.threads),
        )

    def _candidate(
        self, learner: "Learner", design: Design, y: Floats, folds: "Folds", groups: Any
    ) -> Candidate:
        wall, cpu = time.perf_counter(), time.process_time()
        raw = learner.cross_fit(design, y, folds)
        scorer = learner.fit(design, y)
        seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        return self._judged(
            learner.name, learner.title, ((1.0, scorer),), raw, y, groups, seconds, cpu_seconds
        )

    def _blend(self, candidates: list[Candidate], y: Floats, groups: Any) -> Candidate:
        """The average of the log-odds of the first and the last candidate, with the best weight."""
        first, last = candidates[0], candidates[-1]
        weights = np.linspace(0.1, 0.9, 9)
        mixed = [w * first.out_of_fold + (1 - w) * last.out_of_fold for w in weights]
        losses = [np.mean(np.logaddexp(0, raw) - y * raw) for raw in mixed]
        best = int(np.argmin(losses))
        share = float(round(weights[best], 1))
        parts = (
            *((share * weight, scorer) for weight, scorer in first.parts),
            *(((1 - share) * weight, scorer) for weight, scorer in last.parts),
        )
        return self._judged(
            "blend",
            f"{first.title} ({share:.0%}) with {last.title} ({1 - share:.0%})",
            parts,
            mixed[best],
            y,
            groups,
            first.seconds + last.seconds,
            first.cpu_seconds + last.cpu_seconds,
        )

    def _judged(
        self,
        name: str,
        title: str,
        parts: tuple[tuple[float, "Scorer"], ...],
        raw: Floats,
        y: Floats,
        groups: Any,
        seconds: float,
        cpu_seconds: float,
    ) -> Candidate:
        p = Calibrator()(raw)
        return Candidate(
            name,
            title,
            parts,
            raw,
            roc_auc(y, p, level=self.level, groups=groups),
            log_loss(y, p, level=self.level, groups=groups),
            seconds,
            cpu_seconds,
        )

    def _choose(self, candidates: list[Candidate], y: Floats, groups: Any) -> Candidate:
        best = min(candidates, key=lambda candidate: candidate.log_loss.value)
        plain = Calibrator()
        for candidate in candidates:  # the most readable first
            worse = log_loss_difference(
                y,
                plain(candidate.out_of_fold),
                plain(best.out_of_fold),
                level=self.level,
                groups=groups,
            )
            if candidate is best or worse.covers(0.0):
                return candidate
        return best

    def _cross_calibrated(self, raw: Floats, y: Floats, folds: "Folds") -> Floats:
        answer = np.full(len(y), np.nan)
        for fit, predict in folds:
            answer[predict] = Calibrator.fit(raw[fit], y[fit])(raw[predict])
        return answer

    def _threshold(self, y: Floats, groups: Any) -> Estimate:
        if self.threshold is not None:
            return Estimate(self.threshold, np.nan, np.nan, self.level, len(y), "set in the Study")
        return best_f1_threshold(y, self.out_of_fold_, level=self.level, groups=groups)

    def _check_fitted(self) -> None:
        if not hasattr(self, "parts_"):
            raise PatronError("this PurchaseModel is not fitted yet; call fit first.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _weighted(
    parts: "Sequence[tuple[float, Scorer]]", matrix: NDArray[np.float32], threads: int
) -> Floats:
    total = np.zeros(len(matrix))
    for weight, scorer in parts:
        total += weight * scorer.raw(matrix, threads=threads)
    return total
