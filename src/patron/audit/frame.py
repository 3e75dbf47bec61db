"""What a check sees: the table, its roles, the target, and measurements that checks share."""

__all__ = ["Cost", "Frame"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.certain import Certain, find_certain
from patron.audit.jointly import joint_prediction, linear_prediction
from patron.audit.operations import group_rows, is_text, plain
from patron.audit.operations.reading import are_numbers
from patron.audit.scoring import (
    Question,
    assign_folds,
    bins_of,
    codes_in,
    numbers_of,
    single_score,
)
from patron.audit.suspects import stand_apart, tell_beside_the_rest
from patron.estimate import Estimate
from patron.schema import Role, Schema

MOST_ROWS, LEAST_ROWS, MOST_CELLS = 20_000, 2_000, 8_000_000
MOST_KEPT = 25_000_000
MOST_JOINED, MOST_TEXTS = 200, 200
LEAST_ZERO = 0.05
FEWEST_ROWS = 200
FEWEST_OF_A_CLASS = 30

_T = TypeVar("_T")


class _Bar(NamedTuple):
    """When a column alone tells too much, in units of `Question.strength` (see `stand_apart`)."""

    floor: float
    gap: float
    step: float


# A strength of 1.0 is an AUC of .76; 2.7 is a rank correlation of .80, since last year's spend
# honestly tells a lot of this year's. docs/audit.md says how these were chosen.
BARS = {"AUC": _Bar(1.0, 0.4, 0.15), "rank correlation": _Bar(2.7, 0.8, 0.4)}


class Cost(NamedTuple):
    """What a fault costs: the honest score as the columns are, and as they would be without it.

    `strength` is the difference in units of `Question.strength`, for the model that suffers most
    (`model`: "boosted trees" or "a linear model"); `sure`: it has one sign in all folds.
    """

    strength: float
    before: float
    after: float
    measure: str
    model: str
    sure: bool

    @property
    def evidence(self) -> dict[str, float | str]:
        """The cost as a finding's evidence tells it."""
        return {
            "measure": self.measure,
            "score_as_it_is": self.before,
            "score_mended": self.after,
            "cost": self.strength,
            "cost_to": self.model,
        }


@dataclass(frozen=True, eq=False)
class Frame:
    """A table as the checks see it.

    Parameters
    ----------
    table, schema : the table as it came, and the role of each of its columns.
    target : float64 beside the table (0 and 1, or real values; NaN where unlabelled), or None.
    target_name : what to call the target in sentences.
    label_days : the days from as_of to the end of the target's window, or None.
    others : further tables that should share no customer with this one, by name.
    claim : a score that somebody promises, or None.
    seed, threads : of the sample and of the trees.
    hidden : the columns of each leak that shows only once others are mended, where it was asked.

    What is expensive is measured once, when the first check asks, on a sample of the labelled rows.
    The sample takes more of the rarer class than the table has; no AUC depends on that share.
    """

    table: pa.Table
    schema: Schema
    target: np.ndarray | None = None
    target_name: str | None = None
    label_days: int | None = None
    others: Mapping[str, pa.Table] = field(default_factory=dict)
    claim: str | None = None
    seed: int = 0
    threads: int = 1
    hidden: tuple[tuple[str, ...], ...] = ()
    _alone: dict[tuple[str, str, bool], Estimate] = field(default_factory=dict, init=False)
    _joint: dict[tuple[str, tuple[str, ...]], Estimate] = field(default_factory=dict, init=False)
    _as_is: dict[tuple[str, tuple[str, ...], str], list[float]] = field(
        default_factory=dict, init=False
    )
    _whole: dict[str, np.ndarray] = field(default_factory=dict, init=False)
    _is_category: dict[str, bool] = field(default_factory=dict, init=False)
    _numbers: dict[str, np.ndarray] = field(default_factory=dict, init=False)
    _codes: dict[str, np.ndarray] = field(default_factory=dict, init=False)
    _suspects: dict[str, list[str]] = field(default_factory=dict, init=False)
    _made: dict[Any, Any] = field(default_factory=dict, init=False)

    def once(self, make: Callable[["Frame"], _T]) -> _T:
        """What `make` says of this frame: asked the first time, kept for all who ask again."""
        if make not in self._made:
            self._made[make] = make(self)
        made: _T = self._made[make]
        return made

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The columns that may reach a model and that hold anything at all."""
        return tuple(name for name in self.schema.features if not self.missing(name).all())

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The features that part customers: categories and flags, less numbers that are text."""
        names = self.schema.names(Role.CATEGORY, Role.FLAG)
        return tuple(n for n in names if n in self.features and not self._is_a_number(n))

    def missing(self, name: str) -> np.ndarray:
        """Where the column is missing, as truth values for the table's rows; NaN is missing."""
        missing: np.ndarray = self.table.column(name).is_null(nan_is_null=True).to_numpy()
        return missing

    @cached_property
    def target_kind(self) -> str | None:
        """ "binary", "numeric", or None where there is no target."""
        if self.target is None:
            return None
        known = self.target[np.isfinite(self.target)]
        return "binary" if np.isin(known, (0.0, 1.0)).all() else "numeric"

    @cached_property
    def too_few(self) -> str | None:
        """Why the labelled rows cannot tell how well a column predicts; None where they can."""
        if self.target is None:
            return "no target is named"
        known = self.target[np.isfinite(self.target)]
        if len(known) < FEWEST_ROWS:
            return f"only {len(known)} rows are labelled; at least {FEWEST_ROWS} are needed"
        counts = np.unique(known, return_counts=True)[1]
        if len(counts) == 1:
            return "every labelled row has the same target"
        if self.target_kind == "binary" and counts.min() < FEWEST_OF_A_CLASS:
            return (
                f"only {counts.min()} rows are of the rarer class; "
                f"at least {FEWEST_OF_A_CLASS} are needed"
            )
        return None

    @cached_property
    def sample_rows(self) -> np.ndarray:
        """Positions of the sampled labelled rows, ascending."""
        target = self._known_target()
        rng = np.random.default_rng(self.seed)
        parts = [np.flatnonzero(np.isfinite(target))]
        if self.target_kind == "binary":
            parts = [np.flatnonzero(target == value) for value in (0.0, 1.0)]
        cells = MOST_CELLS // max(len(self.features), 1)
        share = min(max(cells, LEAST_ROWS), MOST_ROWS) // len(parts)
        spare = sum(max(share - len(part), 0) for part in parts)
        taken = [rng.permutation(part)[: share + spare] for part in parts]
        return np.sort(np.concatenate(taken))

    @cached_property
    def sample(self) -> pa.Table:
        """The sampled rows."""
        return self.table.take(pa.array(self.sample_rows))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked of a column: one question; two where a numeric target is often zero."""
        y = self._known_target()[self.sample_rows]
        name = self.target_name or "the target"
        if self.target_kind == "binary":
            return (Question(y, name, "AUC"),)
        ranks = np.searchsorted(np.sort(y), y, side="left") + np.searchsorted(
            np.sort(y), y, side="right"
        )
        amount = Question(ranks / (2 * len(y)), name, "rank correlation")
        above = (y > 0).astype(np.float64)
        if (y == 0).mean() < LEAST_ZERO or above.sum() < FEWEST_OF_A_CLASS:
            return (amount,)
        return Question(above, f"{name} above zero", "AUC"), amount

    @cached_property
    def top_fifth(self) -> Question | None:
        """Which rows have most of an amount; None where the target is 0 and 1."""
        y = self._known_target()[self.sample_rows]
        above = (y > np.quantile(y, 0.8)).astype(np.float64)
        if self.target_kind == "binary" or above.sum() < FEWEST_OF_A_CLASS:
            return None
        return Question(above, f"the top fifth of {self.target_name or 'the target'}", "AUC")

    @cached_property
    def folds(self) -> np.ndarray:
        """The fold of each sampled row; the rows of one entity share theirs."""
        entity = self.schema.names(Role.ENTITY)
        groups = group_rows(self.sample, entity) if entity else np.arange(len(self.sample_rows))
        for name in entity:
            missing = self.sample.column(name).is_null().to_numpy()
            groups[missing] = -1 - np.flatnonzero(missing)
        return assign_folds(groups, self.questions[0].y, np.random.default_rng(self.seed))

    def alone(self, name: str, question: Question, *, missing: bool = False) -> Estimate:
        """How well the column alone, or its missingness alone, tells the answer."""
        key = (name, question.about, missing)
        if key not in self._alone:
            codes = self.codes(name)
            asked = (codes == 0).astype(np.int64) if missing else codes
            self._alone[key] = single_score(asked, question, self.folds)
        return self._alone[key]

    def suspects(self, question: Question) -> list[str]:
        """The features that tell more than the other columns would lead one to expect.

        Removed together, they leave the honest core, on which each can be measured.
        """
        key = question.about
        if key not in self._suspects:
            strengths = {}
            for name in self.features:
                score = self.alone(name, question)
                strengths[name] = question.strength(score.low), question.strength(score.value)
            apart = stand_apart(strengths, **BARS[question.measure]._asdict())
            certain = [name for name in self.features if self.certain(name, question)]
            named = dict.fromkeys(apart + certain)
            rest = [name for name in self.features if name not in named]
            rest.sort(key=lambda name: -strengths[name][1])
            codes = {name: self.codes(name) for name in rest[:MOST_JOINED]}
            beside = tell_beside_the_rest(codes, question, self.folds)
            self._suspects[key] = [*named, *beside]
        return self._suspects[key]

    def certain(self, name: str, question: Question) -> Certain | None:
        """Where the column makes the answer certain, as no honest one does."""
        return find_certain(self, name, question)

    def is_category(self, name: str) -> bool:
        """Whether `values` are codes of categories."""
        return self._sampled(name)[1]

    def core(self, question: Question) -> tuple[str, ...]:
        """The features less the suspects; of very many, those that tell most alone."""
        suspects = set(self.suspects(question))
        honest = [name for name in self.features if name not in suspects]
        strongest = sorted(honest, key=lambda name: -self.alone(name, question).value)[:MOST_JOINED]
        kept = set(strongest)
        return tuple(name for name in honest if name in kept)

    def order_alone(self, order: np.ndarray, question: Question) -> Estimate:
        """How well an order of the sampled rows, given as numbers, tells the answer."""
        return single_score(codes_in(bins_of(order), order), question, self.folds)

    def joint(
        self, names: tuple[str, ...], question: Question, *, order: np.ndarray | None = None
    ) -> Estimate:
        """How well the columns together, and an order of the sampled rows, tell the answer."""
        key = (question.about, names)
        if order is None and key in self._joint:
            return self._joint[key]
        predicted = self._by_trees(names, question, {} if order is None else {"": order})
        score = question.score(predicted, self.folds)
        if order is None:
            self._joint[key] = score
        return score

    def cost(
        self,
        mended: Mapping[str, np.ndarray],
        question: Question | None = None,
        names: tuple[str, ...] | None = None,
    ) -> Cost:
        """What the honest score gains if the columns in `mended` get these values.

        `mended` gives numbers for the sampled rows (NaN where missing). Measured with boosted trees
        and with a linear model on the columns `names` (default: the honest core), cross-fitted.
        """
        question = question or self.questions[0]
        names = self.core(question) if names is None else names
        names = tuple(dict.fromkeys((*names, *mended)))
        costs = []
        for model, predict in _MODELS.items():
            key = (question.about, names, model)
            if key not in self._as_is:
                raw = predict(self, names, question, {})
                self._as_is[key] = question.by_fold(raw, self.folds)
            before = self._as_is[key]
            after = question.by_fold(predict(self, names, question, mended), self.folds)
            strength = question.strength
            steps = [strength(b) - strength(a) for a, b in zip(before, after, strict=True)]
            costs.append(
                Cost(
                    float(np.mean(steps)),
                    float(np.mean(before)),
                    float(np.mean(after)),
                    question.measure,
                    model,
                    sure=min(steps) > 0 or max(steps) < 0,
                )
            )
        return max(costs, key=lambda cost: cost.strength)

    def resampled(self, rows: np.ndarray, folds: np.ndarray | None = None) -> "Frame":
        """This frame, measuring on the labelled rows at these positions, and in these folds."""
        other = replace(self)
        other._whole.update(self._whole)
        other._is_category.update(self._is_category)
        other.__dict__["sample_rows"] = rows
        if folds is not None:
            other.__dict__["folds"] = folds
        return other

    def values(self, name: str) -> np.ndarray:
        """The whole column as float64: NaN where missing or infinite, a category as its code."""
        if name not in self._whole:
            if len(self._whole) * self.table.num_rows > MOST_KEPT:
                self._whole.clear()
            self._whole[name], self._is_category[name] = numbers_of(self.table.column(name))
        return self._whole[name]

    def forget(self) -> None:
        """Let go of whole columns; they are read again when a check asks."""
        self._whole.clear()

    def _is_a_number(self, name: str) -> bool:
        texts = pc.unique(plain(self.table.column(name)).drop_null())
        return is_text(texts.type) and are_numbers(texts[:MOST_TEXTS].to_pylist())

    def _by_trees(
        self, names: tuple[str, ...], question: Question, mended: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        matrix, categorical = self._matrix(names, mended)
        return joint_prediction(
            matrix, categorical, question, self.folds, seed=self.seed, threads=self.threads
        )

    def _by_a_line(
        self, names: tuple[str, ...], question: Question, mended: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        matrix, categorical = self._matrix(names, mended)
        return linear_prediction(matrix, categorical, question, self.folds)

    def _matrix(
        self, names: tuple[str, ...], mended: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, list[int]]:
        """The columns, with those in `mended` in place of, or behind, the ones that are there."""
        every = (*names, *(name for name in mended if name not in names))
        columns = [mended[n] if n in mended else self._sampled(n)[0] for n in every]
        matrix = np.column_stack(columns) if columns else np.zeros((len(self.sample_rows), 1))
        places = [p for p, n in enumerate(every) if n not in mended and self._sampled(n)[1]]
        return matrix, places

    def codes(self, name: str) -> np.ndarray:
        """The column in the sample as small whole numbers: 0 where missing, else its bin."""
        if name not in self._codes:
            values = self._sampled(name)[0]
            self._codes[name] = codes_in(bins_of(values), values)
        return self._codes[name]

    def _sampled(self, name: str) -> tuple[np.ndarray, bool]:
        """The column in the sample as float64, and whether those are codes of categories."""
        if name not in self._numbers:
            self._numbers[name] = self.values(name)[self.sample_rows]
        return self._numbers[name], self._is_category[name]

    def _known_target(self) -> np.ndarray:
        if self.target is None:
            raise ValueError("a check that declares needs_target = False asked for the target")
        return self.target


_MODELS = {"boosted trees": Frame._by_trees, "a linear model": Frame._by_a_line}
