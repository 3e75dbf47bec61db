"""D: rows that say the same thing twice."""

__all__ = ["ExactDuplicates", "RepeatedEntities"]

import numpy as np
import pyarrow as pa

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity, masked
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import group_rows
from patron.schema import Role

HOLDOUT = 0.2
SERIOUS_OVERLAP = 0.01
PAIRS_SHOWN = 5
NAMES_SHOWN = 6


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
        table, entity = frame.table, frame.schema.names(Role.ENTITY)
        groups = group_rows(table, table.column_names)
        repeated = _in_company(groups)
        extra = int(repeated.sum()) - len(np.unique(groups[repeated]))
        if not extra:
            return []
        evidence: Evidence = {
            "extra_rows": extra,
            "share": extra / table.num_rows,
            "holdout_with_twin": _overlap(groups),
        }
        if not _mostly_named(table, entity, repeated):
            pairs = _pairs(groups)
            expected = _pairs_by_chance(table)
            if expected is None or pairs < 3 * expected + 10:
                repeat = f"{extra:,} rows repeat" if extra > 1 else "1 row repeats"
                chance = (
                    "with so few columns rows may well be equal by chance"
                    if expected is None
                    else f"as coarse as the columns are, about {expected:,.0f} of {pairs:,} equal "
                    "pairs are expected by chance"
                )
                return CannotSay(
                    f"{repeat} another, but no column identifies a row, and {chance}; "
                    "name the entity column"
                )
            evidence |= {"equal_pairs": pairs, "expected_pairs_by_chance": expected}
        return [
            self.finding(
                _severity(groups),
                rows=extra,
                evidence=evidence,
                meaning=(
                    f"{extra:,} rows are copies of another row in every column. A random split "
                    f"puts a copy into training for {_overlap(groups):.1%} of the holdout, so the "
                    "model is tested on rows that it has seen, and copied customers count twice."
                ),
                next_step="Drop the copies, and look for the join or the upload that made them.",
                fix=Fix("drop_duplicate_rows", because=self.code),
            )
        ]


class RepeatedEntities(Check):
    """D02: the same entity several times at one date, with values that differ."""

    code = "D02"
    title = "The same entity several times"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A finding if some entities repeat; not if nearly all do, as in a table of orders."""
        table, schema = frame.table, frame.schema
        entity = schema.names(Role.ENTITY)
        if not entity:
            return CannotSay("no column has the role entity")
        key = entity + schema.names(Role.AS_OF)
        rows = np.flatnonzero(_named(table, entity))
        distinct = group_rows(table, table.column_names)[rows]
        rows = rows[np.sort(np.unique(distinct, return_index=True)[1])]  # D01 has the exact copies
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
        extra = int(repeated.sum()) - several
        updated = schema.one(Role.UPDATED)
        overlap = _overlap(groups)
        by = f"by {updated}" if updated else "by the order of the rows, for want of an update time"
        return [
            self.finding(
                _severity(groups) if updated else Severity.WARNING,
                key,
                rows=extra,
                evidence={
                    "entities": several,
                    "extra_rows": extra,
                    "share": extra / table.num_rows,
                    "holdout_with_twin": overlap,
                    **_sample_pairs(table, rows[repeated], groups[repeated], key),
                },
                meaning=(
                    f"{several:,} entities have more than one row, with values that differ. One "
                    f"row each is wrong or old; in a random split {overlap:.1%} of the holdout "
                    "has another version of itself in training."
                ),
                next_step=(
                    f"Keep the latest record of each ({by})"
                    + ("." if updated else "; name the updated column if there is one.")
                ),
                fix=Fix("keep_latest", key, {"by": updated} if updated else {}, self.code),
            )
        ]


def _in_company(groups: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return counts[inverse] > 1


def _overlap(groups: np.ndarray) -> float:
    """The share of a random holdout's rows that have an equal row in training."""
    counts = np.unique(groups, return_counts=True)[1]
    return float((counts * (1 - HOLDOUT ** (counts - 1.0))).sum() / len(groups))


def _severity(groups: np.ndarray) -> Severity:
    return Severity.SERIOUS if _overlap(groups) >= SERIOUS_OVERLAP else Severity.WARNING


def _named(table: pa.Table, entity: tuple[str, ...]) -> np.ndarray:
    named = np.ones(table.num_rows, dtype=bool)
    for name in entity:
        named &= table.column(name).is_valid().to_numpy()
    return named


def _mostly_named(table: pa.Table, entity: tuple[str, ...], repeated: np.ndarray) -> bool:
    return bool(entity) and bool(_named(table, entity)[repeated].mean() > 0.5)


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


def _sample_pairs(
    table: pa.Table, rows: np.ndarray, groups: np.ndarray, key: tuple[str, ...]
) -> Evidence:
    """Which columns differ between the records of the first few entities, by a hashed name."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(groups[order]) != 0))
    firsts = rows[order[starts]]
    evidence: Evidence = {}
    for place in np.argsort(firsts, kind="stable")[:PAIRS_SHOWN]:
        pair = rows[order[starts[place] : starts[place] + 2]]
        one, two = (table.slice(int(row), 1).to_pylist()[0] for row in pair)
        differing = [name for name in one if one[name] != two[name]]
        shown = masked("|".join(str(one[name]) for name in key))
        names = ", ".join(differing[:NAMES_SHOWN])
        more = f" and {len(differing) - NAMES_SHOWN} more" if differing[NAMES_SHOWN:] else ""
        evidence[f"pair_{len(evidence) + 1}"] = f"{shown}: {names}{more} differ"
    return evidence
