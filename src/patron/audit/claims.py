"""C: what is left of a claimed score."""

__all__ = ["CHECKS", "Claim", "ClaimedScore", "parse_claim"]

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit import identifiers, leaks
from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.duplicates.disguised import customers, near_rows
from patron.audit.duplicates.flattery import few_groups, matrix_of, overlap, whole_groups
from patron.audit.duplicates.keys import customer_key
from patron.audit.frame import Frame
from patron.audit.jointly import joint_prediction, linear_prediction
from patron.audit.operations import group_rows, plain
from patron.audit.operations.near import grouped
from patron.audit.scoring import FOLDS, Question, assign_folds, squarable
from patron.audit.values.absurd import beyond_belief
from patron.errors import UserError, nearest
from patron.estimate import Estimate

MOST_ROWS = 20_000
LEAKS_SHOWN = 6
FEWEST_COPIES = 0.005
DRAWS = 200
LEVEL = 0.95
BETTER_MODEL = 0.05
"""A finer model than the quick ones here may still take this part of what they leave."""

_NAMES = {
    "accuracy": ("accuracy", "acc"),
    "roc_auc": ("auc", "roc_auc", "rocauc", "auroc"),
    "f1": ("f1", "f1score", "f1_score"),
    "r2": ("r2", "r^2", "r²", "rsquared", "r_squared"),
}
_OF_AMOUNTS = ("r2",)
_TRIVIAL = {
    "accuracy": "the commonest answer alone",
    "roc_auc": "one score for everybody",
    "f1": "yes for everybody",
    "r2": "the mean alone",
}
_SHOWN = {"accuracy": "accuracy", "roc_auc": "AUC", "f1": "F1", "r2": "R²"}
_NUMBER = re.compile(r"(?<![\w.^])([+-]?\d*[.,]?\d+)\s*(%?)\s*$")
_Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


class Claim(NamedTuple):
    """A score that somebody promises: accuracy, roc_auc, f1 or r2, and its value up to 1."""

    metric: str
    value: float

    def __str__(self) -> str:
        return f"{_SHOWN[self.metric]} {self.value:.3g}"


def parse_claim(text: str) -> Claim:
    """The claim that a text states.

    Raises
    ------
    UserError
        The metric is not known, or the value is not one that it can have.

    >>> parse_claim("accuracy 0.95"), parse_claim("R² = 95 %"), parse_claim("ROC AUC of .9")
    (Claim(metric='accuracy', value=0.95), Claim(metric='r2', value=0.95), Claim(metric='roc_auc',
    value=0.9))
    >>> parse_claim("acuracy 0.95")
    Traceback (most recent call last):
    ...
    patron.errors.UserError: --claim "acuracy 0.95": there is no metric 'acuracy'; did you mean
    'accuracy'? Known are accuracy, roc_auc (auc), f1 and r2, as in --claim "accuracy 0.95".
    """
    example = 'Known are accuracy, roc_auc (auc), f1 and r2, as in --claim "accuracy 0.95".'
    found = _NUMBER.search(text.strip())
    if not found:
        raise UserError(f'--claim "{text}" does not end with a number. {example}')
    said = text.strip()[: found.start()]
    word = re.sub(r"\b(of|is|at least|over|above)\b|[=:>≥]", " ", said.lower()).strip()
    joined = re.sub(r"[\s-]+", "_", word)
    metric = next(
        (m for m, names in _NAMES.items() if joined in names or joined.replace("_", "") in names),
        None,
    )
    if not word:
        raise UserError(f'--claim "{text}" names no metric. {example}')
    if metric is None:
        close = nearest(joined, [name for names in _NAMES.values() for name in names])
        hint = f"; did you mean '{close}'?" if close else "."
        raise UserError(f"--claim \"{text}\": there is no metric '{word}'{hint} {example}")
    value = float(found[1].replace(",", ".")) / (100 if found[2] else 1)
    if not 0 < value <= 1:
        raise UserError(
            f'--claim "{text}": {_SHOWN[metric]} lies above 0 and at most at 1, got {value:g}. '
            "Write 0.95 or 95%."
        )
    return Claim(metric, value)


class ClaimedScore(Check):
    """C01: whether the honest columns reach a score that somebody promises, and what else would.

    Measured with two quick models (boosted trees and a line; the better counts), cross-fitted on
    labelled rows in the table's proportion, the copies of a customer kept together.
    """

    code = "C01"
    title = "A claimed score"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding: a note if the claim is supported, else a warning."""
        if frame.claim is None:
            return CannotSay('no score is claimed; ask with --claim "accuracy 0.95"')
        claim = parse_claim(frame.claim)
        if frame.too_few:
            return CannotSay(frame.too_few)
        name = frame.target_name or "the target"
        if (claim.metric in _OF_AMOUNTS) != (frame.target_kind == "numeric"):
            amount = frame.target_kind == "numeric"
            is_a = "an amount" if amount else "yes or no"
            could = "r2" if amount else "accuracy, roc_auc or f1"
            return CannotSay(
                f"{_SHOWN[claim.metric]} cannot be asked of {name}, which is {is_a}; "
                f"{could} could be claimed"
            )
        trial = _Trial(frame, claim.metric)
        if few_groups(trial.groups) or len(np.unique(frame.folds)) < FOLDS:
            return CannotSay("the rows belong to too few customers, counting copies as one")
        return [self._judged(frame, claim, trial)]

    def _judged(self, frame: Frame, claim: Claim, trial: "_Trial") -> Finding:
        parts = _parts(frame)
        blamed = tuple(dict.fromkeys(name for part in parts for name in part))
        honest = tuple(name for name in frame.features if name not in blamed)
        core = trial.estimate(honest)
        trivial = trial.trivial()
        leaking = {_in_words(part): trial.value(part) for part in parts[:LEAKS_SHOWN]}
        copies = trial.of_copies()
        naive = trial.value((*frame.features, *blamed), together=False)
        most = max([naive, *leaking.values(), *([] if copies is None else [copies])])
        if trivial >= claim.value:
            verdict = "reached without a model"
        elif core.value >= claim.value:
            verdict = "reached by the honest columns"
        elif _stretched(core.high) >= claim.value:
            verdict = "just beyond the honest columns"
        elif _stretched(most) >= claim.value:
            verdict = "reached only by leaks"
        else:
            verdict = "not by these columns"
        supported = verdict in ("reached without a model", "reached by the honest columns")
        rows: list[dict[str, Any]] = [{"label": trial.trivial_name, "value": trivial}]
        rows += [{"label": f"{name} alone", "value": value} for name, value in leaking.items()]
        if copies is not None:
            rows.append({"label": "copies of customers alone", "value": copies})
        rows.append({"label": "every column, rows split at random", "value": naive})
        rows.append(
            {"label": "the honest columns", "value": core.value, "low": core.low, "high": core.high}
        )
        evidence: Evidence = {
            "claimed": claim.value,
            "metric": claim.metric,
            "verdict": verdict,
            "trivial": trivial,
            "honest": core.value,
            "honest_low": core.low,
            "honest_high": core.high,
            "everything_random_split": naive,
            "leaks_alone": leaking,
            **({} if copies is None else {"copies_alone": copies}),
            "picture": {
                "kind": "scores",
                "title": f"{claim} is {_TITLES.get(verdict, verdict)}; the honest ones reach "
                f"{core.value:.3f}",
                "measure": _SHOWN[claim.metric],
                "rows": rows,
            },
        }
        return self.finding(
            Severity.NOTE if supported else Severity.WARNING,
            evidence=evidence,
            meaning=_MEANING[verdict].format(
                claim=claim,
                core=f"{core:.3f}",
                naive=f"{naive:.3f}",
                trivial=f"{trial.trivial_name} {trivial:.3f}",
                leaks=", ".join(f"{n} alone {v:.3f}" for n, v in leaking.items()) or "none named",
            ),
            next_step=(
                f"Ask for the lift over {trial.trivial_name}, not for this score."
                if verdict == "reached without a model"
                else "Hold the final model's interval against the claim."
                if supported
                else "Ask how the score was measured: with which columns, and were copies of a "
                "customer, or later dates, on both sides of the split?"
            ),
        )


_MEANING = {
    "reached without a model": (
        "{claim} is reached without a model: {trivial}. It says nothing of what was learnt; the "
        "honest columns reach {core}."
    ),
    "reached by the honest columns": (
        "{claim} is within reach: the honest columns give {core}, against {trivial}."
    ),
    "just beyond the honest columns": (
        "{claim} is not shown: quick models on the honest columns give {core}. A finer model may "
        "come near it; with every column and a random split they give {naive}."
    ),
    "reached only by leaks": (
        "{claim} is reached only by leaks, identifiers or copies: with every column and rows split "
        "at random {naive} ({leaks}). The honest columns, copies kept together, give {core}; "
        "{trivial}."
    ),
    "not by these columns": (
        "{claim} is not to be had from these columns: the honest ones give {core}, and even with "
        "every column and a random split it is {naive} ({leaks}); {trivial}."
    ),
}


_TITLES = {"not by these columns": "not reached by these columns"}


class _Trial:
    """Labelled rows in the table's proportion, and what columns score on them.

    Two ways to part them into folds: whole customers together, and each row by chance.
    """

    def __init__(self, frame: Frame, metric: str) -> None:
        target = frame.target
        if target is None:
            raise ValueError("a claim is judged by a target")
        self.frame = frame
        self.metric = _METRICS[metric]
        self.trivial_name = _TRIVIAL[metric]
        groups = _customers_and_copies(frame)
        self.rng = np.random.default_rng(frame.seed)
        labelled = np.flatnonzero(~np.isnan(target) & ~beyond_belief(target))
        self.rows = whole_groups(labelled, groups, MOST_ROWS, self.rng)
        self.y = squarable(target[self.rows])
        self.groups = groups[self.rows]
        self.together = assign_folds(self.groups, self.y, self.rng)
        self.apart = assign_folds(np.arange(len(self.rows)), self.y, self.rng)

    def trivial(self) -> float:
        """The score of one answer for all."""
        return self._score(np.full(len(self.y), self.y.mean()), self.together)

    def value(self, names: tuple[str, ...], *, together: bool = True) -> float:
        """The better of both models on the columns; "" is the order of the rows."""
        folds = self.together if together else self.apart
        return max(self._score(each, folds) for each in self._predictions(names, folds))

    def estimate(self, names: tuple[str, ...]) -> Estimate:
        """The same with whole customers together, and with a bootstrap interval over rows."""
        folds = self.together
        predictions = self._predictions(names, folds)
        best = max(predictions, key=lambda each: self._score(each, folds))
        value = self._score(best, folds)
        draws = []
        for _ in range(DRAWS):
            rows = self.rng.integers(0, len(self.y), len(self.y))
            draws.append(self.metric(self.y[rows], best[rows], folds[rows]))
        low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        method = f"bootstrap, {DRAWS} draws"
        ends = min(float(low), value), max(float(high), value)
        return Estimate(value, *ends, LEVEL, len(self.y), method)

    def of_copies(self) -> float | None:
        """The score of answering with the other rows of the same customer; None without copies."""
        if overlap(self.groups) < FEWEST_COPIES:
            return None
        _, group = np.unique(self.groups, return_inverse=True)
        counts, sums = np.bincount(group)[group], np.bincount(group, self.y)[group]
        others = (sums - self.y) / np.maximum(counts - 1, 1)
        return self._score(np.where(counts > 1, others, self.y.mean()), self.apart)

    def _score(self, predicted: np.ndarray, folds: np.ndarray) -> float:
        return self.metric(self.y, predicted, folds)

    def _predictions(self, names: tuple[str, ...], folds: np.ndarray) -> list[np.ndarray]:
        features = tuple(dict.fromkeys(name for name in names if name in self.frame.features))
        matrix, places = matrix_of(self.frame, features, self.rows)
        orders = [_order(self.frame, n)[self.rows] for n in names if n not in features]
        matrix = np.column_stack([matrix, *orders])
        question = Question(
            self.y, "", "AUC" if self.metric is not _METRICS["r2"] else "rank correlation"
        )
        trees = joint_prediction(
            matrix,
            places,
            question,
            folds,
            seed=self.frame.seed,
            threads=self.frame.threads,
        )
        if np.ptp(np.nan_to_num(matrix)) == 0:
            return [trees]
        line = linear_prediction(matrix, places, question, folds)
        means = np.array([self.y[folds != fold].mean() for fold in range(FOLDS)])
        return [trees, line + means[folds]]


def _stretched(score: float) -> float:
    """What a finer model might reach where the quick ones reach `score`."""
    return score + BETTER_MODEL * (1 - score)


def _in_words(part: tuple[str, ...]) -> str:
    """
    >>> _in_words(("paid", "refunded")), _in_words(("",))
    ('paid, refunded', 'the order of the rows')
    """
    return ", ".join(name or "the order of the rows" for name in part)


def _parts(frame: Frame) -> list[tuple[str, ...]]:
    """The columns of each leak, and of each identifier or order that tells; "" is the row order."""
    parts = list(frame.hidden)
    of_order: list[type[Check]] = [identifiers.IdentifierFeature, identifiers.TellingOrder]
    for kind in (*leaks.CHECKS, *of_order):  # I03 tells of gaps, not of the answer
        answer = kind().run(frame)
        for found in [] if isinstance(answer, CannotSay) else answer:
            if found.severity is not Severity.NOTE:
                parts.append(found.columns or ("",))
    return list(dict.fromkeys(parts))


def _order(frame: Frame, name: str) -> np.ndarray:
    """The place of each row in the order of an identifier, or of the rows themselves."""
    if not name:
        return np.arange(frame.table.num_rows, dtype=np.float64)
    column = plain(frame.table.column(name)).combine_chunks()
    if pa.types.is_nested(column.type):
        return np.zeros(frame.table.num_rows)
    ranks: np.ndarray = pc.rank(column, tiebreaker="dense").to_numpy().astype(np.float64)
    return ranks


def _customers_and_copies(frame: Frame) -> np.ndarray:
    """A number for each row, the same for rows of one customer, equal rows, nearly equal rows."""
    rows = frame.table.num_rows
    key = customer_key(frame)
    whose = group_rows(frame.table, frame.table.column_names)
    near = near_rows(frame)
    first, second = [near.first], [near.second]
    for groups in (whose, *([customers(frame, key)] if key.columns else [])):
        order = np.argsort(groups, kind="stable")
        same = groups[order[1:]] == groups[order[:-1]]
        first.append(order[:-1][same])
        second.append(order[1:][same])
    return grouped(rows, np.concatenate(first), np.concatenate(second))


def _accuracy(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> float:
    return float(((p >= 0.5) == (y > 0.5)).mean())


def _roc_auc(y: np.ndarray, p: np.ndarray, folds: np.ndarray) -> float:
    return float(np.mean(Question(y, "", "AUC").by_fold(p, folds)))


def _f1(y: np.ndarray, p: np.ndarray, folds: np.ndarray) -> float:
    """With the threshold that is best on the other folds."""
    chosen = np.zeros(len(y), dtype=bool)
    for fold in range(FOLDS):
        inside = folds == fold
        order = np.argsort(-p[~inside], kind="stable")
        hits = np.cumsum(y[~inside][order])
        scores = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
        chosen[inside] = p[inside] >= p[~inside][order][int(np.argmax(scores))]
    return float(2 * y[chosen].sum() / max(chosen.sum() + y.sum(), 1))


def _r2(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> float:
    spread = float(((y - y.mean()) ** 2).sum())
    return 1 - float(((y - p) ** 2).sum()) / spread if spread else 0.0


_METRICS: dict[str, _Metric] = {
    "accuracy": _accuracy,
    "roc_auc": _roc_auc,
    "f1": _f1,
    "r2": _r2,
}

CHECKS: tuple[type[Check], ...] = (ClaimedScore,)
