"""Segments: who the customers are, and only if there are groups beyond one correlated continuum."""

__all__ = ["FEWEST", "Assigned", "Segments", "deviations"]

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import Refusal, UserError
from patron.estimate import Estimate
from patron.models.segment_axes import Axis, declare
from patron.models.segment_fit import MOST_FITTED, k_means, nearest_two, polish, some
from patron.models.segment_gate import (
    NULLS,
    Judged,
    beside_continuum,
    choose,
    judge,
    why,
)
from patron.models.segment_names import name_segments, tier_names
from patron.models.segment_null import Continuum
from patron.models.segment_parts import HOLD, STILL, Boxes, Centres, Parts, main_first, tiers
from patron.models.segment_space import Placed, SegmentSpace, check_finite
from patron.models.segment_tree import LeafSegments
from patron.models.spend_inputs import as_table, roles_of
from patron.progress import Progress, silent
from patron.schema import Schema

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

FEWEST = 500
"""With fewer customers, groups cannot be told from chance."""
KS = (3, 4, 5, 6, 7, 8)
"""The numbers of groups that are tried."""
DEPTH = 3
"""Cuts on the way to a leaf, where segments are rules."""

_PARTS: dict[str, Any] = {each.kind: each for each in (Centres, Boxes)}


@dataclass(frozen=True)
class Assigned:
    """The segments of some customers.

    Parameters
    ----------
    labels : index into `Segments.ids_` [rows].
    doubtful : where another segment is nearly as near, or nothing is known of the customer on most
        of the axes [rows].
    placed : where the customers stand.
    """

    labels: Labels
    doubtful: NDArray[np.bool_]
    placed: Placed

    @property
    def warnings(self) -> Counter[tuple[str, str]]:
        """How often each rule for the unexpected was used, by (what happened, column)."""
        return self.placed.warnings


class Segments:
    """Groups of customers on declared business axes, or tiers where there are no groups.

    Numeric columns are gathered into axes by name, role and correlation before anything is
    clustered (`patron.models.segment_axes`); customers stand on them by rank
    (`patron.models.segment_space`); k-means is tried for 3 to 8 groups, and each number of groups
    has to pass a gate (`patron.models.segment_gate`): a silhouette of 0.20, 0.02 more and three
    standard deviations more than one correlated continuum with the same margins has, groups that
    come back in bootstrap draws (Hennig 2007), and none too small. If none passes, there are tiers
    along the main axis, called tiers. No target is ever seen.

    Assumes that rows are customers, one each, and that ranks are what matters. Broken by columns
    that say one thing on several axes, and by an axis of one column with a large tie: whoever is in
    the tie can look like a group. `patron.models.segment_zeros` says which do.

    Parameters
    ----------
    axes : columns by axis name, or a list of inferred axes and columns; empty infers all.
    k : the number of groups to judge; None tries 3 to 8.
    rules_only : make the leaves of a tree of depth 3 on the axes the segments, as many as there
        are groups and 8 at most, so that rules are exact.
    names : names of the user by id ("S1").
    schema : the roles of the columns; None infers them.
    seed, threads : of the starts and draws; what the clustering may use.
    level : of the intervals.

    Attributes
    ----------
    kind_ : "segments", "rules" or "tiers".
    ids_, names_ : of each segment; an id stays with its segment from month to month.
    judged_ : the evidence on each number of groups; chosen_ the one taken, or None.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> apart = rng.integers(0, 3, 900) * 6
    >>> table = {"orders": rng.normal(apart), "visits": rng.normal(apart % 12)}
    >>> found = Segments(schema=None).fit(pa.table(table))
    >>> found.kind_, found.ids_
    ('segments', ('S1', 'S2', 'S3'))
    """

    space_: SegmentSpace
    left_out_: tuple[tuple[str, str], ...]

    def __init__(
        self,
        *,
        axes: Mapping[str, Sequence[str]] | Sequence[str] = (),
        k: int | None = None,
        rules_only: bool = False,
        names: Mapping[str, str] | None = None,
        schema: Schema | None = None,
        seed: int = 0,
        level: float = 0.95,
        threads: int = 1,
    ) -> None:
        self.axes = axes
        self.k = k
        self.rules_only = rules_only
        self.names = names
        self.schema = schema
        self.seed = seed
        self.level = level
        self.threads = threads

    def fit(
        self, X: Any, *, before: "Segments | None" = None, progress: Progress | None = None
    ) -> "Segments":
        """Declare the axes, judge each number of groups, and settle on one or on tiers.

        Parameters
        ----------
        X : a table (pyarrow, pandas, polars) or a matrix [n, p] of numbers, one row a customer.
        before : an earlier fit: its axes and rulers are kept, and its centres are one more start.

        Raises
        ------
        DataError
            A column of an axis has infinite values.
        Refusal
            There are fewer than 500 customers, or fewer than two columns that can form an axis.
        StudyError, UserError
            An axis names what is not there; a parameter breaks its rule.
        """
        from threadpoolctl import threadpool_limits

        self._check_parameters()
        table = as_table(X)
        n = table.num_rows
        if n < FEWEST:
            raise Refusal(
                f"no segments: {n:,} customers are too few to tell groups from chance; "
                f"{FEWEST:,} are the least."
            )
        if before is not None:
            before._check_fitted()
        schema = self.schema or roles_of(table)
        progress = progress or silent()
        if before is None:
            self._measure(table, schema)
        else:
            self.space_, self.left_out_ = before.space_, before.left_out_
        check_finite(table, self.space_.inputs)
        positions = self.space_.place(table).positions
        if not (positions.std(axis=0) > STILL).any():
            raise Refusal("no segments: all customers stand alike on every axis.")
        warm = before.parts_.centres if before and isinstance(before.parts_, Centres) else None
        ks = KS if self.k is None else (self.k,)
        with (
            threadpool_limits(self.threads),
            progress.stage("segments: judge how many", NULLS + len(ks)) as stage,
        ):
            chance: dict[str, Any] = {"seed": self.seed, "level": self.level}
            self.judged_ = judge(
                positions,
                ks,
                warm=warm,
                continuum=self._continuum(table),
                advance=stage.advance,
                **chance,
            )
        self.chosen_: Judged | None = choose(self.judged_)
        self._part(positions)
        return self

    def assign(self, X: Any) -> Assigned:
        """The segment of each row, whether it is doubtful, and where the row stands."""
        self._check_fitted()
        return self.assign_placed(self.space_.place(_table(X)))

    def assign_placed(self, placed: Placed) -> Assigned:
        """The same from where customers stand."""
        labels, doubtful = self.parts_.assign(placed.positions)
        blind = placed.flagged.mean(axis=1) > 0.5
        return Assigned(labels, doubtful | blind, placed)

    def predict(self, X: Any) -> NDArray[np.str_]:
        """The id of each row's segment [n]."""
        labels = self.assign(X).labels
        return np.array(self.ids_)[labels]

    def hold(self, placed: Placed, before: Labels, ratio: float = HOLD) -> Labels:
        """The segments of a later month: who was in `before` (-1: unknown) moves only if clear."""
        self._check_fitted()
        return self.parts_.hold(placed.positions, before, ratio)

    def again(self, X: Any) -> Labels:
        """The labels [n] of a fresh fit to X with as many parts, nothing judged: for a check."""
        self._check_fitted()
        table = _table(X)
        fresh = Segments(axes=self.axes, k=self.k, schema=self.schema, seed=self.seed)
        fresh._measure(table, self.schema or roles_of(table))
        positions = fresh.space_.place(table).positions
        if self.kind_ == "tiers":
            return fresh._tiers(positions)[0].assign(positions)[0]
        learned = positions[some(len(positions), MOST_FITTED, self.seed)]
        centres = polish(positions, k_means(learned, len(self.parts_), seed=self.seed))
        parts = fresh._leaves(positions, centres) if self.kind_ == "rules" else Centres(centres)
        return parts.assign(positions)[0]

    def beside_continuum(self, X: Any, own: Estimate) -> tuple[float, Estimate, float]:
        """The silhouette of so many groups of one continuum of X; the lift and z of `own` over it.

        For segments that are kept: whether the customers of another month fall apart as well.
        """
        from threadpoolctl import threadpool_limits

        self._check_fitted()
        table = _table(X)
        with threadpool_limits(self.threads):
            continuum = self._continuum(table)
            n, k = table.num_rows, len(self.parts_)
            return beside_continuum(own, continuum, n, k, seed=self.seed)

    @property
    def axes_(self) -> tuple[Axis, ...]:
        """The declared axes."""
        self._check_fitted()
        return self.space_.axes

    @property
    def structure_(self) -> bool:
        """Whether there are groups beyond one correlated continuum."""
        return self.kind_ != "tiers"

    def renamed(self, ids: Sequence[str], names: Sequence[str]) -> "Segments":
        """The same segments under these ids and names, those of the user above all."""
        self._check_fitted()
        self.ids_ = tuple(ids)
        self.used_ = tuple(dict.fromkeys((*getattr(self, "used_", ()), *ids)))
        given = dict(self.names or {})
        self.suggested_ = tuple(names)
        self.names_ = tuple(given.get(i, name) for i, name in zip(ids, names, strict=True))
        return self

    def to_dict(self) -> dict[str, Any]:
        """What assignment needs, as plain data for JSON."""
        self._check_fitted()
        return {
            "kind": self.kind_,
            "space": self.space_.to_dict(),
            "left_out": [list(each) for each in self.left_out_],
            "parts": self.parts_.to_dict(),
            "ids": list(self.ids_),
            "names": list(self.names_),
            "suggested": list(self.suggested_),
            "used": list(self.used_),
            "because": self.because_,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Segments":
        """Segments that assign as those whose `to_dict` this is; they know no evidence."""
        made = cls()
        made.kind_ = fields["kind"]
        made.space_ = SegmentSpace.from_dict(fields["space"])
        made.left_out_ = tuple((name, because) for name, because in fields["left_out"])
        made.parts_ = _PARTS[fields["parts"]["kind"]].from_dict(fields["parts"])
        made.ids_, made.names_ = tuple(fields["ids"]), tuple(fields["names"])
        made.suggested_ = tuple(fields["suggested"])
        made.used_ = tuple(fields["used"])
        made.because_ = fields["because"]
        made.judged_, made.chosen_ = [], None
        if not len(made.parts_) == len(made.ids_) == len(made.names_):
            raise ValueError("the segments and their names do not fit each other")
        if made.kind_ not in ("segments", "rules", "tiers"):
            raise ValueError(f"there is no kind of segments {made.kind_!r}")
        return made

    def _measure(self, table: pa.Table, schema: Schema) -> None:
        """Declare the axes and learn their rulers."""
        declared = declare(table, schema, self.axes, seed=self.seed)
        self.space_ = SegmentSpace.fit(table, schema, declared.axes)
        self.left_out_ = declared.left_out

    def _continuum(self, table: pa.Table) -> Callable[[int, int], NDArray[np.float32]]:
        """One continuum of the columns, as it stands on the axes."""
        rows = some(table.num_rows, MOST_FITTED, self.seed)
        columns, _ = self.space_.read(table.take(pa.array(rows)))
        continuum = Continuum(columns, seed=self.seed)
        return lambda n, draw: self.space_.positions_of(continuum.draw(n, seed=draw))

    def _part(self, positions: NDArray[np.float32]) -> None:
        """Settle the parts of the space, their ids and names, and the reason."""
        axes, chosen = self.space_.axes, self.chosen_
        self.parts_: Parts
        if chosen is None:
            self.kind_ = "tiers"
            self.parts_, main, shares = self._tiers(positions)
            suggested = tier_names(axes[main], shares)
        else:
            self.kind_ = "rules" if self.rules_only else "segments"
            self.parts_ = Centres(chosen.centres)
            if self.rules_only:
                self.parts_ = self._leaves(positions, chosen.centres)
            labels = self.parts_.assign(positions)[0]
            given = tuple((self.names or {}).values())
            suggested = name_segments(deviations(positions, labels, len(self.parts_)), axes, given)
        letter = "T" if self.kind_ == "tiers" else "S"
        ids = [f"{letter}{number}" for number in range(1, len(self.parts_) + 1)]
        self.because_ = why(self.judged_, chosen)
        self.used_ = ()  # none is left of an earlier fit of this object
        self.renamed(ids, suggested)

    def _tiers(self, positions: NDArray[np.float32]) -> tuple[Boxes, int, tuple[float, ...]]:
        """Tiers along the main axis on which customers differ, that axis, and the tiers' shares."""
        names = tuple(axis.name for axis in self.space_.axes)
        for main in main_first(positions, names):
            boxes, shares = tiers(positions, main, names, self.k)
            if len(boxes) > 1:  # else nearly all stand at one place of it
                break
        return boxes, main, shares

    def _leaves(self, positions: NDArray[np.float32], centres: Floats) -> Boxes:
        """The leaves of a tree that is grown towards the groups of the centres."""
        rows = positions[some(len(positions), MOST_FITTED, self.seed)]
        names = tuple(axis.name for axis in self.space_.axes)
        grown = {"depth": DEPTH, "leaves": min(len(centres), 2**DEPTH)}
        return Boxes(LeafSegments.fit(rows, nearest_two(rows, centres)[0], names, **grown))

    def _check_parameters(self) -> None:
        if isinstance(self.axes, str):
            raise UserError(
                f"axes must be columns by axis name or a list of names, got {self.axes!r}."
            )
        if self.k is not None and not (isinstance(self.k, Integral) and 2 <= self.k <= 20):
            raise UserError(f"k must be a whole number from 2 to 20, got {self.k!r}.")
        if self.names is not None and not isinstance(self.names, Mapping):
            raise UserError(
                f"names must be names by id ({{'S1': 'Regulars'}}), got {self.names!r}."
            )
        given = [name.casefold() for name in (self.names or {}).values()]
        if len(set(given)) < len(given):
            raise UserError("names gives two segments the same name; they must differ.")
        columns = self.axes.values() if isinstance(self.axes, Mapping) else [self.axes]
        for each in columns:
            if isinstance(each, str) or not all(isinstance(name, str) for name in each):
                raise UserError(f"axes must hold lists of columns' names, got {each!r}.")
        if not 0 < self.level < 1:
            raise UserError(f"level must lie between 0 and 1, got {self.level!r}.")
        for what, number, least in (("seed", self.seed, 0), ("threads", self.threads, 1)):
            if not isinstance(number, Integral) or number < least:
                raise UserError(f"{what} must be a whole number from {least}, got {number!r}.")

    def _check_fitted(self) -> None:
        if not hasattr(self, "space_"):
            raise UserError("these segments were not fitted; call fit(X) first.")


def deviations(positions: NDArray[np.float32], labels: Labels, k: int) -> Floats:
    """How far each segment's mean is from that of all, in standard deviations [k, axes]."""
    counts = np.maximum(np.bincount(labels, minlength=k), 1)
    columns = positions.T.astype(np.float64)
    means = np.column_stack([np.bincount(labels, column, k) / counts for column in columns])
    spread = columns.std(axis=1)
    apart = np.where(spread > STILL, means - columns.mean(axis=1), 0.0)
    return np.asarray(apart / np.where(spread > STILL, spread, 1.0))


def _table(X: Any) -> pa.Table:
    return X if isinstance(X, pa.Table) else as_table(X)
