"""What a check sees: the table, its roles, the target, and measurements that checks share."""

__all__ = ["Frame"]

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from patron.audit.operations import group_rows
from patron.audit.scoring import (
    Question,
    assign_folds,
    codes_of,
    joint_score,
    numbers_of,
    single_score,
)
from patron.estimate import Estimate
from patron.schema import Role, Schema

MOST_ROWS = 20_000
FEWEST_ROWS = 200
FEWEST_OF_A_CLASS = 30


@dataclass(frozen=True, eq=False)
class Frame:
    """A table as the checks see it.

    Parameters
    ----------
    table, schema : the table as it came, and the role of each of its columns.
    target : float64 beside the table (0 and 1, or real values; NaN where unlabelled), or None.
    target_name : what to call the target in sentences.
    seed, threads : of the sample and of the trees.

    What is expensive is measured once, when the first check asks, on a sample of the labelled rows.
    The sample takes more of the rarer class than the table has; no AUC depends on that share.
    """

    table: pa.Table
    schema: Schema
    target: np.ndarray | None = None
    target_name: str | None = None
    seed: int = 0
    threads: int = 1
    _alone: dict[tuple[str, str, bool], Estimate] = field(default_factory=dict, repr=False)
    _joint: dict[tuple[str, tuple[str, ...]], Estimate] = field(default_factory=dict, repr=False)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The columns that may reach a model and that hold anything at all."""
        rows = self.table.num_rows
        named = [name for name in self.schema.features if name in self.table.column_names]
        return tuple(name for name in named if self.table.column(name).null_count < rows)

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
        share = MOST_ROWS // len(parts)
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
        asked = [Question(ranks / (2 * len(y)), name, "rank correlation")]
        above = (y > 0).astype(np.float64)
        zeros, positive = (y == 0).sum(), int(above.sum())
        if zeros >= 0.2 * len(y) and positive >= FEWEST_OF_A_CLASS:
            asked.append(Question(above, f"{name} above zero", "AUC"))
        return tuple(asked)

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
            codes = self._codes[name]
            asked = (codes == 0).astype(np.int64) if missing else codes
            self._alone[key] = single_score(asked, question, self.folds)
        return self._alone[key]

    def order_alone(self, order: np.ndarray, question: Question) -> Estimate:
        """How well an order of the table's rows (any numbers, one a row) tells the answer."""
        return single_score(codes_of(order[self.sample_rows]), question, self.folds)

    def joint(
        self, names: tuple[str, ...], question: Question, *, order: np.ndarray | None = None
    ) -> Estimate:
        """How well the columns together, with an order of the rows if given, tell the answer."""
        key = (question.about, names)
        if order is None and key in self._joint:
            return self._joint[key]
        columns = [self._numbers[name][0] for name in names]
        categorical = [place for place, name in enumerate(names) if self._numbers[name][1]]
        if order is not None:
            columns.append(order[self.sample_rows].astype(np.float64))
        score = joint_score(
            np.column_stack(columns) if columns else np.zeros((len(self.sample_rows), 1)),
            categorical,
            question,
            self.folds,
            seed=self.seed,
            threads=self.threads,
        )
        if order is None:
            self._joint[key] = score
        return score

    @cached_property
    def _numbers(self) -> dict[str, tuple[np.ndarray, bool]]:
        return {name: numbers_of(self.sample.column(name)) for name in self.features}

    @cached_property
    def _codes(self) -> dict[str, np.ndarray]:
        return {name: codes_of(values) for name, (values, _) in self._numbers.items()}

    def _known_target(self) -> np.ndarray:
        if self.target is None:
            raise ValueError("a check that declares needs_target = False asked for the target")
        return self.target
