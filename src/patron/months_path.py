"""The path's part on the month before: whose segments are kept or matched, and who moved."""

__all__ = ["TABLE", "Earlier", "beside", "named_again"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.bundle import Bundle, load_bundle
from patron.errors import BundleError, DataError, StudyError, TableError
from patron.estimate import Estimate
from patron.models.segment_months import (
    Match,
    identities,
    line_up,
    match,
    migration,
    switched,
)
from patron.models.segment_names import name_segments
from patron.models.segment_parts import HOLD, HOLD_AT_A_CUT, Centres
from patron.models.segments import Assigned, Segments, deviations
from patron.schema import Role, Schema
from patron.tables import open_source

Labels = NDArray[np.intp]

TABLE = "segments.parquet"
"""Where a run leaves the customers' segments, for marketing and for the month after."""


@dataclass(frozen=True)
class Earlier:
    """An earlier run's segments, and who was in which."""

    bundle: Bundle
    model: Segments
    table: pa.Table

    def check_columns(self, schema: Schema, named: str) -> None:
        """A StudyError where this month has no such column as the axes read, or may not use it."""
        lacking = [name for name in self.model.space_.inputs if name not in schema.features]
        if not lacking:
            return
        name, more = lacking[0], f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        why = "the table has no such column"
        if name in schema:
            why = f"its role is {schema[name].role} now ({schema[name].because})"
        raise StudyError(
            f'the segments of the earlier run ({named}) read "{name}"{more}, and {why}. Mend that, '
            "by [roles] if the role is wrong, or leave [segments] previous out to begin anew."
        )

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
        except pa.ArrowException as error:
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
        if bundle.segments is None or bundle.evidence.get("segments") is None:
            raise StudyError(
                f"{folder} is a run without segments ({named}). Name one that has them, or leave "
                "[segments] previous out."
            )
        stood = {f"axis_{axis.name}" for axis in bundle.segments.axes_}
        there = {
            field.name
            for field in table.schema
            if field.name == "segment" or pa.types.is_floating(field.type)
        }
        if lacking := sorted({"segment", *stood} - there):
            raise StudyError(
                f"{folder / TABLE} has no column {lacking[0]} as the run wrote it ({named}): it "
                "was changed. Run the month before again, or leave [segments] previous out."
            )
        odd = set(table["segment"].unique().to_pylist()) - set(bundle.segments.ids_)
        if odd:
            raise StudyError(
                f"{folder / TABLE} has customers in segments that the run did not find ({named}): "
                "it was changed. Run the month before again, or leave [segments] previous out."
            )
        return cls(bundle, bundle.segments, table)

    @property
    def evidence(self) -> dict[str, Any]:
        """The section of its results, as the bundle has it, with the day of the run."""
        return {**self.bundle.evidence["segments"], "day": self.bundle.version[:10]}


def named_again(earlier: Segments, asked: Segments) -> Segments:
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


def beside(
    earlier: Earlier,
    model: Segments,
    found: Assigned,
    keys: tuple[pa.ChunkedArray, pa.ChunkedArray],
    worth: NDArray[np.float64] | None,
    *,
    kept: bool,
    level: float,
) -> tuple[Labels, dict[str, Any]]:
    """Today's labels beside those of the month before, and what moved.

    `keys` are the customers of the month before and of today.
    """
    try:
        was, now = line_up(*keys)
    except DataError as error:
        raise StudyError(
            f"{error} Segments are followed from month to month by customer: keep one row of each "
            "([[fixes]] in the Study; patron audit names the repeated ones), in both months."
        ) from error
    ids_before = np.array(earlier.table["segment"].to_pylist(), dtype=object)
    shared = (was >= 0) & (now >= 0)
    matches: list[dict[str, Any]] = []
    old_names = dict(zip(earlier.model.ids_, earlier.model.names_, strict=True))
    if not kept:
        matches = _matched(earlier, model, ids_before, was, now, found)
    place = {each: number for number, each in enumerate(model.ids_)}
    before = np.full(len(found.labels), -1)
    before[now[shared]] = [place.get(each, -1) for each in ids_before[was[shared]]]
    labels = model.hold(found.placed, before)
    ids_now = np.array(model.ids_, dtype=object)
    from_ids = [None if at < 0 else ids_before[at] for at in was]
    to_ids = [None if at < 0 else ids_now[labels[at]] for at in now]
    money = None
    if worth is not None:
        money = np.where(now >= 0, worth[np.maximum(now, 0)], 0.0)
    freed = [None if at < 0 else ids_now[found.labels[at]] for at in now]
    return labels, {
        "previous": {
            "version": earlier.bundle.version,
            "created": earlier.bundle.version[:10],
        },
        "kept": kept,
        "ratio": HOLD if isinstance(model.parts_, Centres) else None,
        "margin": None if isinstance(model.parts_, Centres) else HOLD_AT_A_CUT,
        "shared": int(shared.sum()),
        "customers": len(found.labels),
        "switched": _changed(from_ids, to_ids, level),
        "without_hysteresis": _changed(from_ids, freed, level),
        "migration": migration(from_ids, to_ids, money),
        "names": old_names | dict(zip(model.ids_, model.names_, strict=True)),
        "matches": matches,
    }


def _changed(before: list[str | None], now: list[str | None], level: float) -> dict[str, Any]:
    """The share of shared customers who are elsewhere now; nothing is known of it without any."""
    if any(one is not None and other is not None for one, other in zip(before, now, strict=True)):
        return switched(before, now, level=level).to_dict()
    return Estimate(np.nan, np.nan, np.nan, level, 0, "no customer of both months").to_dict()


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
    named = name_segments(rows[fresh], new.axes_, taken=old.names_) if fresh else ()
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
