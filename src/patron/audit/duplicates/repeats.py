"""D01, D02: exact copies of rows, and several records of one customer."""

__all__ = ["ExactDuplicates", "RepeatedEntities"]

import numpy as np
import pyarrow as pa

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.duplicates.flattery import flattery
from patron.audit.duplicates.keys import (
    Key,
    alikeness,
    customer_key,
    named_rows,
    part_column,
)
from patron.audit.duplicates.show import pairs_picture
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import group_rows
from patron.audit.operations.base import counted
from patron.audit.operations.near import Column, prepared
from patron.schema import Role

ALIKE = 0.3
"""Records that share a key which nobody named are one customer's only if they are this alike."""


class ExactDuplicates(Check):
    """D01: rows that are equal in every column.

    Where most of the equal rows name an entity, they are duplicates. Where they do not, rows may
    be equal because the columns are coarse, and the check compares: among pairs of rows that agree
    on everything but one column and the finest one, how many agree on the finest by chance?
    """

    code = "D01"
    title = "Exact duplicate rows"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A finding if rows repeat, and repeat more than coarse columns explain."""
        table, key = frame.table, frame.schema.names(Role.ENTITY)
        groups = group_rows(table, table.column_names)
        repeated = _in_company(groups)
        extra = int(repeated.sum()) - len(np.unique(groups[repeated]))
        if not extra:
            return []
        evidence: Evidence = {"extra_rows": extra, "share": extra / table.num_rows}
        if not _mostly_named(table, key or _finest_identifier(frame), repeated):
            pairs = _pairs(groups)
            expected = _pairs_by_chance(table)
            if expected is None or pairs < 3 * expected + 10:
                return CannotSay(_coarse(extra, pairs, expected))
            evidence |= {"equal_pairs": pairs, "expected_pairs_by_chance": expected}
        flattered = flattery(frame, groups)
        copies = "is a copy" if extra == 1 else "are copies"
        return [
            self.finding(
                flattered.severity,
                rows=extra,
                evidence=evidence | flattered.evidence,
                meaning=(
                    f"{counted(extra, 'row')} {copies} of another row in every column. "
                    f"{flattered.sentence} Copied rows also count twice."
                ),
                next_step="Drop the copies, and look for the join or the upload that made them.",
                fix=Fix("drop_duplicate_rows", because=self.code),
            )
        ]


class RepeatedEntities(Check):
    """D02: the same entity several times at one date, with values that differ.

    Where no entity is named, an identifier that is nearly unique stands in for it, if the records
    that share one are alike.
    """

    code = "D02"
    title = "The same entity several times"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A finding if some entities repeat; not if nearly all do, as in a table of orders."""
        table, schema = frame.table, frame.schema
        named = customer_key(frame)
        if not named.columns:
            return CannotSay("no column has the role entity")
        key = named.columns + schema.names(Role.AS_OF)
        rows = _different_records(frame, named)
        groups = group_rows(table.select(key).take(pa.array(rows)), key)
        repeated = _in_company(groups)
        if not repeated.any():
            return []
        entities, several = len(np.unique(groups)), len(np.unique(groups[repeated]))
        if several > entities / 2:
            return CannotSay(
                f"{several:,} of {entities:,} values of {', '.join(key)} have several rows; the "
                "rows look like orders or snapshots. If they are snapshots, name the as_of column"
            )
        first, second = _first_pairs(rows[repeated], groups[repeated])
        features = prepared(table, schema.features)
        if named.stands_in:
            alike = alikeness(features, first, second, table.num_rows, frame.seed)
            if alike < ALIKE:
                return []
        return [self._found(frame, named, rows, groups, (first, second))]

    def _found(
        self,
        frame: Frame,
        named: Key,
        rows: np.ndarray,
        groups: np.ndarray,
        pairs: tuple[np.ndarray, np.ndarray],
    ) -> Finding:
        table, schema = frame.table, frame.schema
        key = named.columns + schema.names(Role.AS_OF)
        repeated = _in_company(groups)
        several = len(np.unique(groups[repeated]))
        extra = int(repeated.sum()) - several
        whole = -1 - np.arange(table.num_rows)
        whole[rows] = groups
        flattered = flattery(frame, whole)
        updated = schema.one(Role.UPDATED)
        by = f"by {updated}" if updated else "by the order of the rows, for want of an update time"
        columns = prepared(
            table, [c.name for c in schema.columns if c.name not in key and c.role != Role.TARGET]
        )
        title = (
            f"{counted(several, 'customer')} {'has' if several == 1 else 'have'} several records"
        )
        has = "entity has" if several == 1 else "entities have"
        against = _contradicting(frame, rows, groups)
        if against:
            columns = [_answer(frame), *columns]
            pairs = _answers_first(frame, *pairs)
            title += f", {against:,} of them with another answer"
        return self.finding(
            flattered.severity if updated else Severity.WARNING,
            key,
            rows=extra,
            evidence={
                "entities": several,
                "extra_rows": extra,
                "share": extra / table.num_rows,
                **({} if frame.target is None else {"with_another_answer": against}),
                **flattered.evidence,
                **pairs_picture(frame, columns, *pairs, key, title),
            },
            meaning=(
                f"{several:,} {has} more than one row, with values that differ. One row each is "
                f"wrong or old.{_told_against(frame, against, several)}{named.sentence} "
                f"{flattered.sentence}"
            ),
            next_step=(
                f"Keep the latest record of each ({by})"
                + ("." if updated else "; name the updated column if there is one.")
            ),
            fix=Fix("keep_latest", key, {"by": updated} if updated else {}, self.code),
        )


def _different_records(frame: Frame, named: Key) -> np.ndarray:
    """The rows that name a customer, less exact copies: D01 has those, D04 those between parts."""
    rows = np.flatnonzero(named_rows(frame.table, named.columns))
    part = part_column(frame)
    names = [name for name in frame.table.column_names if name != part]
    distinct = group_rows(frame.table, names)[rows]
    kept: np.ndarray = rows[np.sort(np.unique(distinct, return_index=True)[1])]
    return kept


def _contradicting(frame: Frame, rows: np.ndarray, groups: np.ndarray) -> int:
    """How many groups of the rows have two known answers that differ."""
    if frame.target is None:
        return 0
    known = np.isfinite(frame.target[rows])
    answers, group = frame.target[rows][known], groups[known]
    order = np.lexsort((answers, group))
    unlike = (np.diff(group[order]) == 0) & (np.diff(answers[order]) != 0)
    return len(np.unique(group[order][1:][unlike]))


def _told_against(frame: Frame, against: int, several: int) -> str:
    if not against:
        return ""
    contradict = "contradicts itself" if against == 1 else "contradict themselves"
    name = frame.target_name or "the target"
    return (
        f" {against:,} of the {several:,} {contradict} in {name}: their rows have different "
        "answers, and at most one is right."
    )


def _answer(frame: Frame) -> Column:
    """The target as a column to compare rows by."""
    values = np.empty(0) if frame.target is None else frame.target
    return Column(
        frame.target_name or "the target", values, frame.target_kind == "binary", False, 1.0
    )


def _answers_first(
    frame: Frame, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs, those with different answers in front."""
    values = _answer(frame).values
    same = ~(np.abs(values[first] - values[second]) > 0)
    order = np.argsort(same, kind="stable")
    return first[order], second[order]


def _coarse(extra: int, pairs: int, expected: float | None) -> str:
    repeat = f"{extra:,} rows repeat" if extra > 1 else "1 row repeats"
    chance = (
        "with so few columns rows may well be equal by chance"
        if expected is None
        else f"as coarse as the columns are, about {expected:,.0f} of {pairs:,} equal "
        "pairs are expected by chance"
    )
    return f"{repeat} another, but no column identifies a row, and {chance}; name the entity column"


def _in_company(groups: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return counts[inverse] > 1


def _first_pairs(rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two rows of each group that has several, in the table's order."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(groups[order]) != 0))
    starts = starts[np.argsort(rows[order[starts]], kind="stable")]
    return rows[order[starts]], rows[order[starts + 1]]


def _finest_identifier(frame: Frame) -> tuple[str, ...]:
    """Where no entity is named, the identifier with most values: of persons, orders or rows."""
    names = frame.schema.names(Role.IDENTIFIER)
    counts = {name: len(np.unique(group_rows(frame.table, [name]))) for name in names}
    return (max(names, key=lambda name: counts[name]),) if names else ()


def _mostly_named(table: pa.Table, key: tuple[str, ...], repeated: np.ndarray) -> bool:
    return bool(key) and bool(named_rows(table, key)[repeated].mean() > 0.5)


def _pairs(groups: np.ndarray) -> int:
    counts = np.unique(groups, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _pairs_by_chance(table: pa.Table) -> float | None:
    """How many pairs of rows would be equal if nobody had copied any.

    Let `fine` be the column with most values. Among pairs that agree on all columns but `fine` and
    another one, and *disagree* on that other one, none is a copy; the share of them that agrees on
    `fine` is chance alone. The greatest such share over the other columns is then applied to the
    pairs that agree on all but `fine`. None where the table has too few columns for that.
    """
    distinct = {name: len(np.unique(group_rows(table, [name]))) for name in table.column_names}
    names = [name for name, count in distinct.items() if count > 1]
    if len(names) < 3:
        return None
    fine = max(names, key=lambda name: distinct[name])
    others = [name for name in names if name != fine]
    shares = []
    for other in sorted(others, key=lambda name: distinct[name])[:8]:
        rest = [name for name in others if name != other]
        near = _pairs(group_rows(table, rest)) - _pairs(group_rows(table, others))
        agree = _pairs(group_rows(table, [*rest, fine])) - _pairs(group_rows(table, names))
        if near >= 100:
            shares.append(agree / near)
    if not shares:
        return 0.0
    share = max(shares)
    differing = _pairs(group_rows(table, others)) - _pairs(group_rows(table, names))
    return differing * share / (1 - share) if share < 1 else None
