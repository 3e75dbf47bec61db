"""The path's part on segments: who the customers are, this month beside the last."""

__all__ = ["Earlier", "SegmentsRun", "learn_segments", "todays"]

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.bundle import Bundle, load_bundle
from patron.customers import Customers
from patron.errors import BundleError, Refusal, StudyError, TableError
from patron.estimate import Estimate
from patron.examine import State
from patron.models.segment_columns import revenue_column
from patron.models.segment_months import (
    Match,
    identities,
    line_up,
    match,
    migration,
    switched,
)
from patron.models.segment_names import name_segments
from patron.models.segment_parts import HOLD
from patron.models.segments import Assigned, Segments, deviations
from patron.progress import Progress
from patron.report.collect_segments import collect_segments
from patron.schema import Role
from patron.study import SegmentsSection, Study
from patron.tables import open_source

Labels = NDArray[np.intp]

TABLE = "segments.parquet"
"""Where a run leaves the customers' segments, for marketing and for the month after."""


@dataclass(frozen=True)
class SegmentsRun:
    """The segments for the bundle, and the section `segments` of the results.

    Parameters
    ----------
    labels : the segment of every row of the table that models learn from, today's as they are held.
    people : which of these rows are today's customers.
    exported : a row for each of today's customers: key, segment, where they stand.
    """

    model: Segments
    evidence: dict[str, Any]
    labels: Labels
    people: NDArray[np.intp]
    exported: pa.Table

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that form the axes."""
        return self.model.space_.inputs


@dataclass(frozen=True)
class Earlier:
    """An earlier run's segments, and who was in which."""

    bundle: Bundle
    model: Segments
    table: pa.Table

    def keys(self, now: pa.ChunkedArray, named: str) -> pa.ChunkedArray:
        """The customers of the earlier run, in the type that this month's keys have.

        Raises
        ------
        StudyError
            The earlier run knows no key, or its keys are of another kind.
        """
        name = self.bundle.schema.one(Role.ENTITY)
        if name is None or name not in self.table.column_names:
            raise StudyError(
                f"the earlier run has no column that says which customer a row is ({named}), so "
                "nobody can be found again. Run it again with [table] entity."
            )
        try:
            return self.table[name].cast(now.type)
        except pa.ArrowInvalid as error:
            raise StudyError(
                f'the customers of the earlier run ("{name}", {self.table[name].type}) cannot be '
                f"those of this month, whose keys are of type {now.type} ({named})."
            ) from error

    @classmethod
    def load(cls, folder: Path, named: str) -> "Earlier":
        """Read them from the folder of a run.

        Raises
        ------
        StudyError
            The folder is no run with segments.
        """
        try:
            bundle = load_bundle(folder / "bundle")
            table = open_source(str(folder / TABLE)).read()
        except (BundleError, TableError) as error:
            raise StudyError(
                f"{folder} is not a run with segments ({named}): {error} Name the folder that "
                "`patron run --out` wrote the month before, or leave [segments] previous out."
            ) from error
        if bundle.segments is None or "segment" not in table.column_names:
            raise StudyError(
                f"{folder} is a run without segments ({named}). Name one that has them, or leave "
                "[segments] previous out."
            )
        return cls(bundle, bundle.segments, table)


def todays(state: State) -> NDArray[np.intp]:
    """The rows of today's customers: those of the latest date, or all [people]."""
    as_of = state.schema.one(Role.AS_OF)
    if as_of is None:
        return np.arange(state.table.num_rows)
    days = state.table[as_of].cast(pa.timestamp("us")).cast(pa.date32(), safe=False)
    latest = pc.equal(days, pc.max(days)).to_numpy(zero_copy_only=False)
    return np.flatnonzero(latest)


def learn_segments(
    customers: Customers,
    state: State,
    study: Study,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> SegmentsRun:
    """Find segments among today's customers, or keep those of an earlier run.

    Nothing of a target is read: the table's column of it has a role that forms no axis.

    Raises
    ------
    DataError, Refusal, StudyError
        The table does not allow it, or the Study names what is not there.
    """
    asked = study.segments or SegmentsSection()
    earlier = _earlier(study, asked)
    people = todays(state)
    table = state.table.take(pa.array(people))
    model = Segments(
        axes=asked.axes,
        k=asked.k,
        rules_only=asked.rules_only,
        names=asked.names,
        schema=state.schema,
        seed=study.run.seed,
        level=study.run.level,
        threads=threads,
    )
    kept = earlier is not None and not asked.refit
    if earlier is not None and kept:
        model = _named_again(earlier.model, model)
    else:
        with _only_todays(state, len(people)):
            model.fit(table, before=earlier.model if earlier else None, progress=progress)
    found = model.assign(table)
    revenue, because = revenue_column(table, state.schema, model.axes_)
    worth = None
    if revenue is not None:
        worth = table[revenue].cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    months: dict[str, Any] | None = None
    labels = found.labels
    if earlier is not None:
        now = table[_entity(state, customers)]
        keys = earlier.keys(now, study.where("segments.previous")), now
        labels, months = _months(earlier, model, found, keys, worth, kept=kept)
    evidence = collect_segments(
        model,
        table,
        state.schema,
        found,
        labels,
        revenue=(revenue, because, worth),
        earlier=earlier.bundle.evidence.get("segments") if earlier and kept else None,
        months=months,
        seed=study.run.seed,
        level=study.run.level,
    )
    every = labels
    if len(people) < state.table.num_rows:
        every = model.assign(state.table).labels
        every[people] = labels
    exported = _exported(model, table, state, found, labels)
    return SegmentsRun(model, evidence, every, people, exported)


def _earlier(study: Study, asked: SegmentsSection) -> Earlier | None:
    if asked.previous is None:
        if asked.refit:
            raise StudyError(
                f"[segments] refit without previous ({study.where('segments.refit')}): there is "
                "nothing to start from. Name the folder of the earlier run, or leave refit out."
            )
        return None
    return Earlier.load(study.folder / asked.previous, study.where("segments.previous"))


@contextmanager
def _only_todays(state: State, people: int) -> Iterator[None]:
    """A Refusal says as well that rows of earlier dates do not count, where there are any."""
    try:
        yield
    except Refusal as refusal:
        rows = state.table.num_rows
        if people == rows:
            raise
        raise Refusal(
            f"{refusal} Only rows of the latest date of {state.schema.one(Role.AS_OF)} are today's "
            f"customers: {people:,} of {rows:,}."
        ) from refusal


def _entity(state: State, customers: Customers) -> str:
    entity = state.schema.one(Role.ENTITY)
    if entity is None:
        raise StudyError(
            f"{customers.name} has no column that says which customer a row is, so nobody can be "
            "found again in the month before. Set [table] entity."
        )
    return entity


def _named_again(earlier: Segments, asked: Segments) -> Segments:
    """The earlier segments as they are, under the names that the Study gives now."""
    earlier.names, earlier.seed, earlier.schema = asked.names, asked.seed, asked.schema
    earlier.axes = {
        axis.name: [("-" if each.sign < 0 else "") + each.name for each in axis.columns]
        for axis in earlier.axes_
    }
    named = dict(zip(earlier.ids_, earlier.names_, strict=True)) | dict(asked.names or {})
    suggested = earlier.suggested_
    earlier.renamed(earlier.ids_, [named[each] for each in earlier.ids_])
    earlier.suggested_ = suggested
    return earlier


def _months(
    earlier: Earlier,
    model: Segments,
    found: Assigned,
    keys: tuple[pa.ChunkedArray, pa.ChunkedArray],
    worth: NDArray[np.float64] | None,
    *,
    kept: bool,
) -> tuple[Labels, dict[str, Any]]:
    """Today's labels beside those of the month before, and what moved.

    `keys` are the customers of the month before and of today.
    """
    was, now = line_up(*keys)
    ids_before = np.array(earlier.table["segment"].to_pylist(), dtype=object)
    shared = (was >= 0) & (now >= 0)
    matches: list[dict[str, Any]] = []
    labels, free = found.labels, None
    old_names = dict(zip(earlier.model.ids_, earlier.model.names_, strict=True))
    if kept:
        place = {each: number for number, each in enumerate(model.ids_)}
        before = np.full(len(found.labels), -1)
        before[now[shared]] = [place.get(each, -1) for each in ids_before[was[shared]]]
        labels = model.hold(found.placed, before)
        free = model.hold(found.placed, before, 1.0)
    else:
        matches = _matched(earlier, model, ids_before, was, now, found)
    ids_now = np.array(model.ids_, dtype=object)
    from_ids = [None if at < 0 else ids_before[at] for at in was]
    to_ids = [None if at < 0 else ids_now[labels[at]] for at in now]
    money = None
    if worth is not None:
        money = np.where(now >= 0, worth[np.maximum(now, 0)], 0.0)
    without = None
    if free is not None:
        freed = [None if at < 0 else ids_now[free[at]] for at in now]
        without = _changed(from_ids, freed)
    return labels, {
        "previous": {
            "version": earlier.bundle.version,
            "created": earlier.bundle.version[:10],
        },
        "kept": kept,
        "ratio": HOLD,
        "shared": int(shared.sum()),
        "switched": _changed(from_ids, to_ids),
        "without_hysteresis": without,
        "migration": migration(from_ids, to_ids, money),
        "names": old_names | dict(zip(model.ids_, model.names_, strict=True)),
        "matches": matches,
    }


def _changed(before: list[str | None], now: list[str | None]) -> dict[str, Any]:
    """The share of shared customers who are elsewhere now; nothing is known of it without any."""
    if any(one is not None and other is not None for one, other in zip(before, now, strict=True)):
        return switched(before, now).to_dict()
    return Estimate(np.nan, np.nan, np.nan, 0.95, 0, "no customer of both months").to_dict()


def _matched(
    earlier: Earlier,
    new: Segments,
    ids_before: NDArray[Any],
    was: Labels,
    now: Labels,
    found: Assigned,
) -> list[dict[str, Any]]:
    """Give new segments the ids and names of the old ones that they continue.

    Tiers are cuts of an axis and keep their own ids; where either month has tiers, nothing is
    continued, and no id of a segment is given again.
    """
    old = earlier.model
    before = new.used_ = tuple(dict.fromkeys((*old.used_, *old.ids_)))
    if new.kind_ == "tiers":
        return []
    pairs = () if old.kind_ == "tiers" else _pairs(earlier, new, ids_before, was, now, found)
    fresh_only = [Match(each, None, 0.0, False) for each in range(len(new.ids_))]
    ids = identities(pairs or fresh_only, old.ids_, before)
    kept = {pair.new: old.names_[pair.old] for pair in pairs if pair.old is not None}
    rows = deviations(found.placed.positions, found.labels, len(new.ids_))
    fresh = [each for each in range(len(ids)) if each not in kept]
    named = name_segments(rows[fresh], new.axes_, taken=kept.values()) if fresh else ()
    names = kept | dict(zip(fresh, named, strict=True))
    new.renamed(ids, [names[each] for each in range(len(ids))])
    return [
        {
            "new": ids[pair.new],
            "old": None if pair.old is None else old.ids_[pair.old],
            "jaccard": pair.jaccard,
            "centres_agree": pair.centres_agree,
        }
        for pair in pairs
    ]


def _pairs(
    earlier: Earlier,
    new: Segments,
    ids_before: NDArray[Any],
    was: Labels,
    now: Labels,
    found: Assigned,
) -> tuple[Match, ...]:
    """Old and new segments, paired by shared customers; centres are the means of the members."""
    old = earlier.model
    place = {each: number for number, each in enumerate(old.ids_)}
    every = np.array([place.get(each, -1) for each in ids_before], np.intp)
    stood = [earlier.table[f"axis_{axis.name}"].to_numpy() for axis in new.axes_]
    known = (was >= 0) & (now >= 0)
    known[known] = every[was[known]] >= 0
    return match(
        every[was[known]],
        found.labels[now[known]],
        len(old.ids_),
        len(new.ids_),
        _centres(np.column_stack(stood)[every >= 0], every[every >= 0], len(old.ids_)),
        _centres(found.placed.positions, found.labels, len(new.ids_)),
    )


def _centres(positions: NDArray[Any], labels: Labels, k: int) -> NDArray[np.float64]:
    """The mean position of each segment [k, axes]; 0 for one without members."""
    counts = np.maximum(np.bincount(labels, minlength=k), 1)
    means = [np.bincount(labels, column, k) / counts for column in positions.T]
    return np.column_stack(means)


def _exported(
    model: Segments, table: pa.Table, state: State, found: Assigned, labels: Labels
) -> pa.Table:
    """A row for each of today's customers: key, segment, doubt, and where they stand."""
    keys = {name: table[name] for name in state.schema.names(Role.ENTITY, Role.AS_OF)}
    places = pa.array(labels)
    stands = {
        f"axis_{axis.name}": pa.array(found.placed.positions[:, place])
        for place, axis in enumerate(model.axes_)
    }
    return pa.table(
        {
            **keys,
            "segment": pa.array(model.ids_).take(places),
            "segment_name": pa.array(model.names_).take(places),
            "segment_doubtful": pa.array(found.doubtful),
            **stands,
        }
    )
