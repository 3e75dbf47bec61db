"""D04: what is in two parts, or in two files, that should have no customer in common."""

__all__ = ["Overlap"]

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.duplicates.disguised import compared, customers, near_rows
from patron.audit.duplicates.flattery import flattery
from patron.audit.duplicates.keys import customer_key, part_column
from patron.audit.duplicates.show import pairs_picture
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import group_rows, plain
from patron.audit.operations.base import counted
from patron.audit.operations.near import grouped, near_pairs, prepared
from patron.schema import Role

FEWEST = 5


class Overlap(Check):
    """D04: rows of one part of the table, or of another file, that are in the other part as well.

    Parts are told by a column whose values are names of parts (train, test, holdout, fold 1).
    """

    code = "D04"
    title = "The same customers in two parts"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A finding for the column of parts, and one for each other table."""
        part = part_column(frame)
        if part is None and not frame.others:
            return CannotSay(
                "no column parts the table into training and test rows, and no other table is given"
            )
        found = [self._between_parts(frame, part)] if part else []
        found += [self._between_tables(frame, name, other) for name, other in frame.others.items()]
        return [each for each in found if each]

    def _between_parts(self, frame: Frame, part: str) -> Finding | None:
        table, key = frame.table, customer_key(frame)
        parts = group_rows(table, [part])
        whose = customers(frame, key)
        by_name = _neighbours(whose, parts)
        near = near_rows(frame)
        crossing = (parts[near.first] != parts[near.second]) & (
            whose[near.first] != whose[near.second]
        )
        by_likeness = near.first[crossing], near.second[crossing]
        if len(by_likeness[0]) < FEWEST:
            by_likeness = by_likeness[0][:0], by_likeness[1][:0]
        first, second = (np.concatenate(each) for each in zip(by_name, by_likeness, strict=True))
        if not len(first):
            return None
        groups = grouped(table.num_rows, first, second)
        flattered = flattery(frame, groups)
        seen = pc.value_counts(table.column(part).take(pa.array(np.union1d(first, second))))
        shared = {str(each["values"]): each["counts"].as_py() for each in seen}
        evidence: Evidence = {
            "pairs_of_one_customer": len(by_name[0]),
            "pairs_nearly_equal": len(by_likeness[0]),
            "rows_with_a_twin_in_another_part": shared,
            **flattered.evidence,
        }
        columns = prepared(table, compared(frame))
        rows = len(np.union1d(first, second))
        title = f"{rows:,} rows have a twin in another part of {part}"
        evidence |= pairs_picture(frame, columns, first, second, key.columns, title)
        as_of, updated = frame.schema.names(Role.AS_OF), frame.schema.one(Role.UPDATED)
        latest = {"by": updated} if updated else {}
        if len(by_name[0]) >= len(by_likeness[0]):
            fix = Fix("keep_latest", key.columns + as_of, latest, self.code)
        else:
            arguments = {"tolerance": near.tolerance, **latest}
            if as_of:
                arguments["within"] = as_of[0]
            fix = Fix("drop_near_duplicates", compared(frame), arguments, self.code)
        return self.finding(
            flattered.severity,
            (part,),
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{title}: the same customer by name, or a nearly equal row. A score on the test "
                f"rows of {part} is partly a score on rows that were learnt.{key.sentence} "
                f"{flattered.sentence}"
            ),
            next_step=(
                f"Keep each customer in one part only, part the table anew, and give {part} the "
                "role ignore: a model must not learn from it."
            ),
            fix=fix,
        )

    def _between_tables(self, frame: Frame, name: str, other: pa.Table) -> Finding | None:
        table, key = frame.table, customer_key(frame)
        shared = _shared(table, other, key.columns)
        named = int(shared.sum())
        alike = _alike(table, other, compared(frame))
        rows = len(np.union1d(np.flatnonzero(shared), alike))
        if not named and len(alike) < FEWEST:
            return None
        share = rows / max(other.num_rows, 1)
        evidence: Evidence = {
            "other": name,
            "other_rows": other.num_rows,
            "rows_of_one_customer": named,
            "rows_nearly_equal": len(alike),
            "share_of_other": share,
        }
        return self.finding(
            Severity.WARNING,
            key.columns if named else (),
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{counted(rows, 'row')} of {name} ({share:.1%}) are customers of this table as "
                "well, by name or by nearly equal values. What is learnt here and tested there is "
                f"partly tested on itself.{key.sentence}"
            ),
            next_step=(
                f"Take these rows out of {name}, unless it is a later date of the same customers "
                "and meant to be."
            ),
        )


def _neighbours(whose: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows of one customer that lie in different parts."""
    order = np.lexsort((parts, whose))
    one, other = order[:-1], order[1:]
    crossing = (whose[one] == whose[other]) & (parts[one] != parts[other])
    return one[crossing], other[crossing]


def _shared(table: pa.Table, other: pa.Table, key: tuple[str, ...]) -> np.ndarray:
    """Which rows of `other` name a customer of `table`."""
    if not key or not set(key) <= set(other.column_names):
        return np.zeros(other.num_rows, dtype=bool)
    both = _stacked(table, other, key)
    if both is None:
        return np.zeros(other.num_rows, dtype=bool)
    groups = group_rows(both, key)
    known = ~np.any([both.column(name).is_null() for name in key], axis=0)
    here, there = groups[: table.num_rows], groups[table.num_rows :]
    shared: np.ndarray = np.isin(there, here[known[: table.num_rows]]) & known[table.num_rows :]
    return shared


def _alike(table: pa.Table, other: pa.Table, names: tuple[str, ...]) -> np.ndarray:
    """The rows of `other` that are nearly equal to one of `table`."""
    common = tuple(name for name in names if name in other.column_names)
    both = _stacked(table, other, common)
    if both is None:
        return np.zeros(0, dtype=np.int64)
    pairs = near_pairs(prepared(both, both.column_names), both.num_rows)
    crossing = (pairs.first < table.num_rows) & (pairs.second >= table.num_rows)
    rows: np.ndarray = np.unique(pairs.second[crossing]) - table.num_rows
    return rows


def _stacked(table: pa.Table, other: pa.Table, names: tuple[str, ...]) -> pa.Table | None:
    """Both tables, one below the other, in the columns that have the same type in both."""
    parts = []
    for each in (table, other):
        columns = {name: plain(each.column(name)) for name in names}
        parts.append(pa.table(columns))
    same = [n for n in names if parts[0].schema.field(n).type == parts[1].schema.field(n).type]
    return pa.concat_tables([part.select(same) for part in parts]) if same else None
