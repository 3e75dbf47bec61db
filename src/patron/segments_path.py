"""The path's part on segments: who the customers are, this month beside the last."""

__all__ = ["SegmentsRun", "learn_segments", "todays"]

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.customers import Customers
from patron.errors import Refusal, StudyError
from patron.examine import State
from patron.features.encode import check_readable
from patron.models.segment_axes import numeric_columns
from patron.models.segment_columns import revenue_column
from patron.models.segments import Assigned, Segments
from patron.months_path import Earlier, beside, named_again
from patron.progress import Progress
from patron.report.collect_segments import collect_segments
from patron.schema import Role, Schema
from patron.study import SegmentsSection, Study

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class SegmentsRun:
    """The segments for the bundle, and the section `segments` of the results.

    Parameters
    ----------
    labels : the segment of every row of the table that models learn from, today's as they are held.
    people : which of these rows are today's customers.
    exported : a row for each of today's customers: key, segment, where they stand.
    notes : sentences on keys of the Study that had no part, and values that could not be read.
    """

    model: Segments
    evidence: dict[str, Any]
    labels: Labels
    people: NDArray[np.intp]
    exported: pa.Table
    notes: tuple[str, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that form the axes."""
        return self.model.space_.inputs


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
    if earlier is not None:
        earlier.check_columns(state.schema, study.where("segments.previous"))
    kept = earlier is not None and not asked.refit
    if earlier is not None and kept:
        model = named_again(earlier.model, model)
    else:
        with _only_todays(state, len(people)):
            model.fit(table, before=earlier.model if earlier else None, progress=progress)
    found = model.assign(table)
    revenue, because = revenue_column(table, state.schema, model.axes_)
    worth = None
    if revenue is not None:
        only = Schema((state.schema[revenue],))
        worth = numeric_columns(table, only)[revenue].astype(np.float64)
    months: dict[str, Any] | None = None
    labels = found.labels
    if earlier is not None:
        now = table[_entity(state, customers)]
        keys = earlier.keys(now, study.where("segments.previous")), now
        labels, months = beside(
            earlier, model, found, keys, worth, kept=kept, level=study.run.level
        )
    _check_names(model.names_, study.where("segments.names"))
    evidence = collect_segments(
        model,
        table,
        state.schema,
        found,
        labels,
        revenue=(revenue, because, worth),
        earlier=earlier.evidence if earlier and kept else None,
        months=months,
        seed=study.run.seed,
        level=study.run.level,
    )
    every = labels
    if len(people) < state.table.num_rows:
        every = model.assign(state.table).labels
        every[people] = labels
    exported = _exported(model, table, state, found, labels)
    notes = (*_without_part(asked, model, kept=kept), *check_readable(found.warnings, table))
    return SegmentsRun(model, evidence, every, people, exported, notes)


def _without_part(asked: SegmentsSection, model: Segments, *, kept: bool) -> Iterator[str]:
    """What the Study says of segments that had no part in this run."""
    if unknown := [each for each in asked.names if each not in model.ids_]:
        yield (
            f"[segments] names gives a name to {', '.join(unknown)}, and there are "
            f"{', '.join(model.ids_)}: not used."
        )
    given = {"axes": asked.axes, "k": asked.k, "rules_only": asked.rules_only}
    held = ("axes", "k", "rules_only") if kept else ("axes",) if asked.previous else ()
    for name in held:
        if given[name]:
            yield f"[segments] {name} was not read: it is kept from the earlier run."


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


def _check_names(names: tuple[str, ...], named: str) -> None:
    folded = [name.casefold() for name in names]
    twice = [name for name in names if folded.count(name.casefold()) > 1]
    if twice:
        raise StudyError(
            f'two segments are called "{twice[0]}" ({named}); give each a name of its own.'
        )


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
