"""Fixes as data, and the ledger that applies the same ones at training and at scoring."""

__all__ = ["OPERATIONS", "Change", "Fix", "Ledger", "rows_kept"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from patron.audit.operations import OPERATIONS
from patron.errors import StudyError, nearest


@dataclass(frozen=True)
class Fix:
    """A declared change of the table.

    Parameters
    ----------
    operation : one of `OPERATIONS`.
    columns : what it works on.
    arguments : as the operation needs them; plain values, as TOML and JSON have them.
    because : the code of the finding that proposed it, or the user's own words.

    >>> Fix("drop_colum", ("duration",))
    Traceback (most recent call last):
    ...
    patron.errors.StudyError: fixes: there is no operation 'drop_colum'; did you mean 'drop_column'?
    Allowed: drop_duplicate_rows, keep_latest, drop_near_duplicates, drop_rows_where_missing,
    parse_numbers, parse_dates, normalise_text, scale_where, null_value, null_words, null_below,
    null_above, null_where, null_infinite, fill_missing, drop_column
    """

    operation: str
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise StudyError(_unknown("operation", self.operation, OPERATIONS, "fixes"))
        if isinstance(self.columns, str):
            raise StudyError(f"fixes: {self.operation}: columns must be a list of names")
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "arguments", {k: _plain(v) for k, v in self.arguments.items()})
        known = OPERATIONS[self.operation]
        if known.needs_columns and not self.columns:
            raise StudyError(f"fixes: {self.operation} needs at least one column in `columns`")
        allowed = known.required + known.optional
        for name in self.arguments:
            if name not in allowed:
                where = f"fixes: {self.operation}"
                raise StudyError(_unknown("argument", name, allowed, where))
        for name in known.required:
            if name not in self.arguments:
                raise StudyError(f"fixes: {self.operation} needs the argument '{name}'")
        for name in ("values", "words", "ignore", "equals"):
            if not isinstance(self.arguments.get(name, []), list):
                raise StudyError(f"fixes: {self.operation}: '{name}' must be a list")
        if self.operation == "null_where":
            _one_condition(self.arguments)

    @property
    def everywhere(self) -> bool:
        """Whether this fix also runs at scoring."""
        return OPERATIONS[self.operation].everywhere

    @property
    def where(self) -> str:
        """How an error message names this fix."""
        return f"fixes: {self.operation}" + (f" ({self.because})" if self.because else "")

    def for_training(self, table: pa.Table, gone: set[str]) -> "list[Fix]":
        """This fix less the columns that are `gone`; a column that never was is an error."""
        reads = (*self.columns, *self.judges, *self.arguments.get("ignore", ()))
        absent = [name for name in reads if name not in table.column_names]
        if absent and not (self.everywhere and gone.issuperset(absent)):
            raise StudyError(_unknown("column", absent[0], table.column_names, self.where))
        if not absent:
            return [self]
        left = tuple(name for name in self.columns if name not in gone)
        return [replace(self, columns=left)] if left and gone.isdisjoint(self.judges) else []

    def for_scoring(self, table: pa.Table) -> "list[Fix]":
        """One fix for each of the columns that are there; none if it works at training only."""
        if not self.everywhere or not set(self.judges) <= set(table.column_names):
            return []
        present = [name for name in self.columns if name in table.column_names]
        present.sort(key=lambda name: name in self.judges)  # what decides is mended last
        return [replace(self, columns=(name,)) for name in present]

    @property
    def judges(self) -> tuple[str, ...]:
        """The columns that this fix reads to decide, and leaves as they are."""
        names = ("by", "exceeds", "within")
        return tuple(self.arguments[name] for name in names if name in self.arguments)

    def same_as(self, other: "Fix") -> bool:
        """Whether the other fix does the same, for whatever reason.

        Of one check's fixes for the same columns by the same other one, levels may be spelt as an
        earlier fix will leave them.
        """
        if (self.operation, self.columns) != (other.operation, other.columns):
            return False
        mine, theirs = dict(self.arguments), dict(other.arguments)
        if self.because == other.because and "equals" in mine and "equals" in theirs:
            mine["equals"] = theirs["equals"]
        return mine == theirs

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "operation": self.operation,
            "columns": list(self.columns),
            "arguments": dict(self.arguments),
            "because": self.because,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Fix":
        """The Fix that `to_dict` wrote, or that a `[[fixes]]` section holds."""
        allowed = ("operation", "columns", "arguments", "because")
        for name in fields:
            if name not in allowed:
                raise StudyError(_unknown("key", name, allowed, "fixes"))
        if "operation" not in fields:
            raise StudyError("fixes: each fix needs an `operation`")
        return cls(**fields)


@dataclass(frozen=True)
class Change:
    """What one fix did to a table.

    `kept_rows` are the positions, in the table as it was before this fix, of the rows that stayed;
    None where all stayed.
    """

    fix: Fix
    rows_changed: int
    rows_dropped: int
    sentence: str
    kept_rows: np.ndarray | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `results.json`."""
        return {
            **self.fix.to_dict(),
            "rows_changed": self.rows_changed,
            "rows_dropped": self.rows_dropped,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Ledger:
    """Fixes in the order in which they run."""

    fixes: tuple[Fix, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "fixes", tuple(self.fixes))

    def apply(self, table: pa.Table, *, scoring: bool = False) -> tuple[pa.Table, list[Change]]:
        """The table with every fix applied, and what each did.

        At scoring, fixes that need the whole table, and fixes of columns that are not there or
        came in another type, are skipped and not listed.
        """
        changes: list[Change] = []
        gone: set[str] = set()  # dropped by an earlier fix: there is nothing left to mend
        for fix in self.fixes:
            parts = fix.for_scoring(table) if scoring else fix.for_training(table, gone)
            for part in parts:
                try:
                    effect = OPERATIONS[fix.operation].apply(table, part.columns, **part.arguments)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    if scoring:
                        continue
                    raise StudyError(f"{fix.where}: {error}") from error
                dropped = table.num_rows - effect.table.num_rows
                changes.append(Change(part, effect.changed, dropped, effect.sentence, effect.kept))
                table = effect.table
                if part.operation == "drop_column":
                    gone.update(part.columns)
        return table, changes

    @property
    def touches(self) -> tuple[str, ...]:
        """The columns whose values decide, at scoring too, what a fix does."""
        fixes = (fix for fix in self.fixes if fix.everywhere and fix.operation != "drop_column")
        return tuple(dict.fromkeys(name for fix in fixes for name in (*fix.columns, *fix.judges)))

    @property
    def fills(self) -> tuple[str, ...]:
        """The columns whose gaps a fix fills, those of an absent column too."""
        fixes = (fix for fix in self.fixes if fix.operation == "fill_missing")
        return tuple(dict.fromkeys(name for fix in fixes for name in fix.columns))

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that decide, at scoring too, in which rows a fix works."""
        fixes = (fix for fix in self.fixes if fix.everywhere)
        return tuple(dict.fromkeys(name for fix in fixes for name in fix.judges))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"fixes": [fix.to_dict() for fix in self.fixes]}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Ledger":
        """The Ledger that `to_dict` wrote."""
        return cls(tuple(Fix.from_dict(fix) for fix in fields["fixes"]))


def rows_kept(changes: Iterable[Change], rows: int) -> np.ndarray:
    """Positions, in the first table of `rows` rows, of the rows that are left after `changes`.

    A vector that stood beside the first table follows it by `vector[rows_kept(changes, rows)]`.
    """
    kept = np.arange(rows)
    for change in changes:
        if change.kept_rows is not None:
            kept = kept[change.kept_rows]
    return kept


def _one_condition(arguments: Mapping[str, Any]) -> None:
    """Refuse a null_where that has not exactly one condition."""
    given = [name for name in ("below", "above", "equals", "exceeds") if name in arguments]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise StudyError(
            "fixes: null_where needs exactly one of the arguments below, above, equals and "
            f"exceeds, got {got}"
        )
    if given == ["exceeds"] and "by" in arguments:
        raise StudyError(
            "fixes: null_where: 'exceeds' names the column to compare with; leave 'by' out"
        )
    if given != ["exceeds"] and "by" not in arguments:
        raise StudyError(
            f"fixes: null_where: '{given[0]}' needs the argument 'by', the column that it judges"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _unknown(kind: str, word: str, allowed: Iterable[str], where: str) -> str:
    known = list(allowed)
    close = nearest(word, known)
    hint = f"; did you mean '{close}'?" if close else "."
    return f"{where}: there is no {kind} '{word}'{hint} Allowed: {', '.join(known) or 'none'}"
