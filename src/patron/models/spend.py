"""SpendModel: what a customer will spend, as a distribution, chosen by evidence."""

__all__ = ["SpendModel"]

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import DataError, PatronError, UserError, nearest
from patron.features.encode import Design, Encoder
from patron.features.prepare import Preparation
from patron.metrics import crps as crps_of
from patron.models.cap import find_cap, set_cap
from patron.models.conformal import Conformal
from patron.models.forecast import Forecast
from patron.models.learner import Folds, Rows
from patron.models.spend_candidates import SpendCandidate, choose, why
from patron.models.spend_data import SpendData, SpendLearner, SpendScorer, cross_fitted
from patron.models.spend_inputs import (
    as_table,
    check_folds,
    check_parameters,
    draw_folds,
    folds_within,
    read_groups,
    read_weights,
    roles_of,
)
from patron.models.spend_lines import LeastSquares, PlainMean, PointScorer, WeightedRidge
from patron.models.spend_target import check_amounts, read_amounts
from patron.models.spend_trees import (
    HurdleTrees,
    HurdleTreesScorer,
    TweedieTrees,
    TweedieTreesScorer,
)
from patron.models.two_part import TwoPart, TwoPartCurves
from patron.progress import Progress, silent
from patron.schema import Schema

if TYPE_CHECKING:
    from patron.features.derived import Derived

Floats = NDArray[np.float64]

LEARNERS = ("mean", "ols", "ridge", "two_part", "hurdle_trees", "tweedie_trees")
"""What is tried by default, the most readable first."""

_KINDS = (TwoPartCurves, HurdleTreesScorer, TweedieTreesScorer, PointScorer)
_SCORERS: dict[str, type[SpendScorer]] = {scorer.kind: scorer for scorer in _KINDS}

ROWS_TO_SCORE = 60_000
"""Candidates are compared, and intervals calibrated, on at most so many rows."""
BOOTSTRAP = 200


class SpendModel:
    """Estimates the distribution of what a customer will spend, given what is known at as_of.

    `fit` cross-fits each learner on the rows it is given. The one with the least continuous ranked
    probability score (CRPS; Gneiting and Raftery 2007) is the best; the most readable one that is
    not worse beyond noise (paired interval) is chosen. Its intervals are calibrated on the same
    out-of-fold forecasts (`patron.models.conformal`).

    Parameters
    ----------
    learners : names of what is tried (`LEARNERS`), or one, or learners; None for all of them.
    cap : amounts from here on are only known to be at least that; None looks for a pile at the top.
    top_share, top_weight : of the ridge: errors on the top share of spenders count so many times.
    arm : the column that says who was contacted, or how; None takes the one with the role of a
        treatment, or the one that is named so.
    schema : the roles of the columns of X, where X is a table; None infers them.
    derived : features to make of the table first (`patron.features.derived`).
    seed, threads, level : of random numbers, of fits at once, and of intervals.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2))
    >>> y = np.where(rng.random(600) < 0.5, 0, np.exp(3 + X[:, 0] + 0.5 * rng.normal(size=600)))
    >>> model = SpendModel(learners=["mean", "two_part"]).fit(X, y)
    >>> model.chosen_.name
    'two_part'
    >>> forecast = model.predict_distribution(X[:3])
    >>> forecast.quantile(0.4).tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        *,
        learners: "str | Sequence[str] | Sequence[SpendLearner] | None" = None,
        cap: float | None = None,
        top_share: float = 0.2,
        top_weight: float = 2.0,
        arm: str | None = None,
        schema: Schema | None = None,
        derived: "Sequence[Derived]" = (),
        seed: int = 0,
        threads: int = 1,
        level: float = 0.95,
    ) -> None:
        self.learners = learners
        self.cap = cap
        self.top_share = top_share
        self.top_weight = top_weight
        self.arm = arm
        self.schema = schema
        self.derived = derived
        self.seed = seed
        self.threads = threads
        self.level = level

    def fit(
        self,
        X: Any,
        y: Any,
        weights: Any = None,
        *,
        folds: Folds | None = None,
        groups: Any = None,
        progress: Progress | None = None,
    ) -> "SpendModel":
        """Learn from rows; sets `chosen_`, `candidates_`, `cap_`, `beyond_`, `notes_` and more.

        Parameters
        ----------
        X : a table (pyarrow, pandas, polars), a matrix [n, p] of numbers, or an encoded `Design`.
        y : what each customer spent [n], 0 or more, in any one currency.
        weights : how often each row counts [n], above 0.
        folds : pairs of row numbers (fit on, predict), each row predicted once; None draws five,
            with whole groups, or one for each group where there are fewer.
        groups : the customer of each row [n], as text or numbers, where one has several rows.

        Raises
        ------
        DataError
            y has negative, missing or infinite amounts or text, or does not fit to X; groups or
            weights do not.
        Refusal
            Next to nobody spends, or all spend the same, or all rows are of one group; or all who
            spend are in one fold.
        UserError
            A parameter breaks its rule.
        """
        from threadpoolctl import threadpool_limits

        progress = progress or silent()
        self._check_parameters()
        amounts = read_amounts(y)
        table = None if isinstance(X, Design) else as_table(X)
        n = len(X) if table is None else table.num_rows
        if n != len(amounts):
            raise DataError(f"X has {n:,} rows and y has {len(amounts):,}; they must be the same.")
        self.beyond_ = check_amounts(amounts, cap=self.cap)
        counts, own = read_weights(weights, n), read_groups(groups, n)
        kept = np.arange(n) if self.beyond_ is None else np.delete(np.arange(n), self.beyond_.rows)
        self.preparation_ = None
        if table is None:
            design = X.rows(kept)
            arms = None
        else:
            table = table.take(pa.array(kept))
            self.preparation_ = self._prepared(table, amounts[kept])
            design = self.preparation_.design(table)
            arms = self.preparation_.arms(design)
        seen = amounts[kept]
        self.cap_ = find_cap(seen) if self.cap is None else set_cap(seen, self.cap)
        cut, capped = self.cap_.cut(seen)
        data = SpendData(design, cut, counts[kept], capped, self.cap_.limit)
        own = None if own is None else own[kept]
        pairs = draw_folds(seen, own, self.seed) if folds is None else folds_within(folds, kept, n)
        check_folds(seen, pairs)
        with threadpool_limits(1, "blas"):
            self._choose(data, pairs, own, progress)
            self._calibrate(arms)
        self.learned_from_ = kept
        self.notes_ = self._notes()
        return self

    def predict(self, X: Any, *, threads: int = 1) -> Floats:
        """The expected spend of each row [n]: the mean of its distribution, limited by the cap."""
        return self.predict_distribution(X, threads=threads).mean

    def predict_distribution(self, X: Any, *, threads: int = 1) -> Forecast:
        """The distribution of each row's spend."""
        self._check_fitted()
        arms = None
        if isinstance(X, Design):
            design = X
        else:
            table = as_table(X)
            if self.preparation_ is None:
                raise UserError("this model was fitted to an encoded design; predict from one.")
            design = self.preparation_.design(table)
            arms = self.preparation_.arms(design)
        distribution = self.scorer_.distribution(design.matrix, threads=threads)
        unexpected = self._unexpected(design)
        return Forecast(distribution, self.conformal_, arms, self.level_errors_, unexpected)

    @property
    def encoder(self) -> Encoder:
        """The encoder of the table that the model was fitted to."""
        self._check_fitted()
        if self.preparation_ is None:
            raise UserError("this model was fitted to an encoded design, and has no encoder.")
        return self.preparation_.encoder

    def why(self) -> tuple[str, ...]:
        """Why this candidate was chosen, in sentences made from the figures."""
        self._check_fitted()
        judged = {"level": self.level, "groups": self.compared_groups_}
        return why(self.chosen_, self.candidates_, **judged)

    def to_dict(self) -> dict[str, Any]:
        """What scoring needs, as plain data for JSON."""
        self._check_fitted()
        return {
            "scorer": self.scorer_.to_dict(),
            "conformal": self.conformal_.to_dict(),
            "level_errors": self.level_errors_.tolist(),
            "preparation": None if self.preparation_ is None else self.preparation_.to_dict(),
            "level": self.level,
            "notes": list(self.notes_),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "SpendModel":
        """A model that scores as the one whose `to_dict` this is; it knows no candidates."""
        model = cls(level=fields["level"])
        scorer = fields["scorer"]
        model.scorer_ = _SCORERS[scorer["kind"]].from_dict(scorer)
        model.conformal_ = Conformal.from_dict(fields["conformal"])
        model.level_errors_ = np.array(fields["level_errors"])
        prepared = fields["preparation"]
        model.preparation_ = None if prepared is None else Preparation.from_dict(prepared)
        model.notes_ = tuple(fields["notes"])
        return model

    def _unexpected(self, design: Design) -> dict[tuple[str, str], int]:
        """What was unexpected in the table; what was made of it is not named."""
        prepared = self.preparation_
        known = {*prepared.inputs, *prepared.months} if prepared else set(design.names)
        return {key: count for key, count in design.warnings.items() if key[1] in known}

    def _prepared(self, table: pa.Table, y: Floats) -> Preparation:
        schema = self.schema or roles_of(table)
        if self.arm is not None and self.arm not in table.column_names:
            close = nearest(self.arm, table.column_names)
            raise UserError(
                f'X has no column "{self.arm}", which is named as the arm.'
                + (f' The nearest is "{close}".' if close else "")
            )
        return Preparation.fit(table, schema, y, derived=self.derived, arm=self.arm)

    def _choose(
        self, data: SpendData, folds: Folds, groups: Rows | None, progress: Progress
    ) -> None:
        compared = self._compared(len(data))
        place = np.full(len(data), -1)
        place[compared] = np.arange(len(compared))
        asked = [(fit, predict[place[predict] >= 0]) for fit, predict in folds]
        shown = [(fit, place[predict]) for fit, predict in asked]
        some = data.design.rows(compared)
        counts = data.weights[compared] / data.weights[compared].mean()
        self.compared_groups_ = None if groups is None else groups[compared]
        self.compared_amounts_ = data.y[compared]
        self.compared_weights_ = counts
        self.compared_ = compared
        self.candidates_ = []
        for learner in self._learners():
            with progress.stage(f"cross-fit {learner.title}"):
                wall, cpu = time.perf_counter(), time.process_time()
                scorers = learner.cross_fit(data, asked)
                scorer = learner.fit(data)
                spent = time.perf_counter() - wall, time.process_time() - cpu
                unseen = cross_fitted(scorers, some, shown)
                scores = unseen.crps(self.compared_amounts_) * counts
                start = time.thread_time()
                _ = scorer.distribution(some.matrix[:20_000]).mean
                scoring = (time.thread_time() - start) * 100_000 / min(len(some), 20_000)
            self.candidates_.append(
                SpendCandidate(
                    learner.name,
                    learner.title,
                    learner.reads_as,
                    learner.readability,
                    learner.floor,
                    scorer,
                    unseen,
                    scores,
                    crps_of(scores, level=self.level, groups=self.compared_groups_),
                    *spent,
                    scoring,
                )
            )
        judged = {"level": self.level, "groups": self.compared_groups_}
        self.chosen_ = choose(self.candidates_, **judged)
        self.scorer_ = self.chosen_.scorer

    def _calibrate(self, arms: NDArray[np.str_] | None) -> None:
        own = None if arms is None else arms[self.compared_]
        counts = self.compared_weights_
        self.compared_arms_ = own
        unseen = self.chosen_.unseen
        self.conformal_ = Conformal.fit(unseen, self.compared_amounts_, own, counts)
        rng = np.random.default_rng(self.seed)
        unit = np.arange(len(counts)) if self.compared_groups_ is None else self.compared_groups_
        _, unit = np.unique(unit, return_inverse=True)
        drawn = rng.poisson(1.0, (BOOTSTRAP, int(unit.max()) + 1)).astype(np.float32)
        observed = drawn @ np.bincount(unit, self.compared_amounts_ * counts)
        expected = drawn @ np.bincount(unit, unseen.mean * counts)
        ratio = observed / np.maximum(expected, 1e-12)
        self.level_errors_ = ratio / ratio.mean()

    def _compared(self, n: int) -> Rows:
        if n <= ROWS_TO_SCORE:
            return np.arange(n)
        return np.sort(np.random.default_rng(self.seed).permutation(n)[:ROWS_TO_SCORE])

    def _learners(self) -> "list[SpendLearner]":
        made: dict[str, SpendLearner] = {
            "mean": PlainMean(),
            "ols": LeastSquares(),
            "ridge": WeightedRidge(top_share=self.top_share, top_weight=self.top_weight),
            "two_part": TwoPart(seed=self.seed),
            "hurdle_trees": HurdleTrees(seed=self.seed, threads=self.threads),
            "tweedie_trees": TweedieTrees(seed=self.seed, threads=self.threads),
        }
        asked = LEARNERS if self.learners is None else self.learners
        if isinstance(asked, str):
            asked = (asked,)
        if not asked:
            raise UserError("learners is empty; name at least one, or leave it out.")
        found = []
        for each in asked:
            if not isinstance(each, str):
                found.append(each)
                continue
            if each not in made:
                raise UserError(f'there is no learner "{each}". Learners: {", ".join(LEARNERS)}.')
            found.append(made[each])
        return sorted(found, key=lambda learner: learner.readability)

    def _check_parameters(self) -> None:
        self._learners()
        check_parameters(
            cap=self.cap,
            top_share=self.top_share,
            top_weight=self.top_weight,
            level=self.level,
            threads=self.threads,
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [self.cap_.because]
        if self.beyond_ is not None:
            notes.append(self.beyond_.sentence)
        if self.preparation_ is not None:
            notes.extend(self.preparation_.notes)
        return tuple(notes)

    def _check_fitted(self) -> None:
        if not hasattr(self, "scorer_"):
            raise PatronError("this SpendModel is not fitted yet; call fit first.")
