"""Rules of segments: at most three conditions on raw columns, and how well they catch whom."""

__all__ = ["Condition", "Rule", "case_when", "find_rules"]

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from patron.errors import DataError
from patron.estimate import Estimate
from patron.metrics import f1, proportion
from patron.models.segment_conditions import Condition, literal
from patron.models.segment_search import Bins, best_conditions
from patron.schema import no_such_column

FEWEST = 20
"""With fewer customers of a segment in either half, its rule cannot be judged."""


@dataclass(frozen=True)
class Rule:
    """Conditions that must all be met, and how well they catch a segment.

    The estimates are of rows that the search did not see, and their intervals Wilson's. They hold
    for customers like those of the table; a new month may differ.

    Parameters
    ----------
    conditions : one to three.
    precision : the share of the segment among those that the rule catches.
    recall : the share of the segment that it catches.
    f1 : the harmonic mean of the two.
    coverage : the share of all customers that it catches.
    """

    conditions: tuple[Condition, ...]
    precision: Estimate
    recall: Estimate
    f1: Estimate
    coverage: float

    @property
    def text(self) -> str:
        """The rule as a person reads it."""
        return " and ".join(condition.text for condition in self.conditions)

    @property
    def sql(self) -> str:
        """The rule for a WHERE; a missing value fails its condition."""
        return " AND ".join(condition.sql for condition in self.conditions)

    def matches(self, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows [n] the rule catches."""
        return _all(self.conditions, table)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the text and the SQL."""
        return {
            "text": self.text,
            "sql": self.sql,
            "conditions": [condition.to_dict() for condition in self.conditions],
            "precision": self.precision.to_dict(),
            "recall": self.recall.to_dict(),
            "f1": self.f1.to_dict(),
            "coverage": self.coverage,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Rule":
        """The Rule that `to_dict` wrote."""
        return cls(
            tuple(Condition(**condition) for condition in fields["conditions"]),
            Estimate.from_dict(fields["precision"]),
            Estimate.from_dict(fields["recall"]),
            Estimate.from_dict(fields["f1"]),
            fields["coverage"],
        )


def find_rules(
    table: pa.Table,
    columns: Sequence[str],
    labels: ArrayLike,
    k: int,
    *,
    seed: int = 0,
    level: float = 0.95,
    most: int = 30_000,
    preferred: Collection[str] = (),
) -> tuple[Rule | None, ...]:
    """The best rule for each of `k` segments: found on one half of a sample, judged on the other.

    A rule has one to three conditions on raw columns. The search is a beam by F1 whose thresholds
    are round from the start; a further condition, a further digit and a category must each bring a
    little of F1. Infinite values are numbers like others; a missing value meets no condition but
    "is missing". Columns of dates and lists make no conditions.

    None stands where there is no rule to tell: fewer than 20 customers of a segment in a half, one
    segment of all customers, or a rule that is no better than to take everybody.

    Parameters
    ----------
    columns : the columns that may be used.
    labels : the segment of each row, 0 to k - 1; less than 0 for none.
    seed, most : of the sample, and the most rows of each half.
    level : of the intervals.
    preferred : columns that are used before others; the rest must bring more.

    Raises DataError where a column does not exist, or none can make a condition.

    Source: beam search over conjunctions as in CN2, Clark and Niblett (1989).
    """
    segment = np.asarray(labels)
    if segment.shape != (table.num_rows,):
        raise ValueError(f"labels must be {table.num_rows} numbers, got shape {segment.shape}")
    if len(segment) and segment.max() >= k:
        raise ValueError(f"labels must lie below k = {k}, got {segment.max()}")
    for name in columns:
        if name not in table.column_names:
            raise DataError(no_such_column(name, table.column_names, named="named for the rules"))
    if table.num_rows < 2 * FEWEST:
        return (None,) * k
    rows = np.random.default_rng(seed).permutation(table.num_rows)[: 2 * most]
    halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    chosen = list(dict.fromkeys(columns))
    seen, unseen = (table.select(chosen).take(pa.array(half)) for half in halves)
    bins = Bins.of(seen, chosen, preferred)
    if not bins.names:
        raise DataError(
            "No column can make a condition of a rule: "
            f"{', '.join(chosen[:8]) or 'none is given'}. Numbers, flags and categories that are "
            "not the same in all rows can."
        )
    found: list[Rule | None] = []
    for each in range(k):
        inside, judged = (segment[half] == each for half in halves)
        conditions: tuple[Condition, ...] = ()
        if min(inside.sum(), judged.sum()) >= FEWEST and not inside.all():
            conditions = best_conditions(bins, inside)
        rule = _judged(conditions, unseen, judged, level) if conditions else None
        everybody = 2 * judged.mean() / (1 + judged.mean())
        found.append(rule if rule is not None and rule.f1.value > everybody else None)
    return tuple(found)


def case_when(
    rules: Sequence[Rule | None], names: Sequence[str], *, otherwise: str = "no rule"
) -> str:
    """One SQL expression that gives each row the name of the first rule that catches it.

    The most precise rule comes first; segments without a rule are left out.

    >>> case_when([None], ["Browsers"], otherwise="others")
    "'others'"
    """
    pairs = [(r, name) for r, name in zip(rules, names, strict=True) if r is not None]
    if not pairs:
        return literal(otherwise)
    pairs.sort(key=lambda pair: -_or_zero(pair[0].precision.value))
    lines = [f"  WHEN {rule.sql} THEN {literal(name)}" for rule, name in pairs]
    return "\n".join(["CASE", *lines, f"  ELSE {literal(otherwise)}", "END"])


def _judged(
    conditions: tuple[Condition, ...], table: pa.Table, inside: NDArray[np.bool_], level: float
) -> Rule:
    """The rule, with how well it does on rows that it was not made from."""
    caught = _all(conditions, table)
    hits = int((caught & inside).sum())
    return Rule(
        conditions,
        proportion(hits, int(caught.sum()), level=level),
        proportion(hits, int(inside.sum()), level=level),
        f1(inside, caught, threshold=0.5, level=level),
        float(caught.mean()),
    )


def _all(conditions: Sequence[Condition], table: pa.Table) -> NDArray[np.bool_]:
    met: NDArray[np.bool_] = np.ones(table.num_rows, dtype=bool)
    for condition in conditions:
        met &= condition.matches(table)
    return met


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
