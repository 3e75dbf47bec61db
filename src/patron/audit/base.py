"""What a check is, and what it may answer."""

__all__ = ["SERIOUS_COST", "CannotSay", "Check", "Evidence", "Finding", "Severity", "masked"]

import hashlib
import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from patron.audit.ledger import Fix

if TYPE_CHECKING:
    from patron.audit.frame import Frame

Evidence = dict[str, Any]
"""Plain data: numbers, words, lists and small dicts of them; `picture` as docs/audit.md has it."""

_SENTENCE_END = re.compile(r"(?<=[a-z0-9)%’'\"][.!?])\s+(?=[A-Z])")

SERIOUS_COST = 0.05
"""From this cost on (in units of `Question.strength`; an AUC of .800 that should be .809), a fault
spoils the honest score."""


class Severity(StrEnum):
    """How much a finding costs, worst first.

    `serious` is what cannot be legitimate, or spoils the honest score; its fix is applied unless
    the Study says otherwise. `warning` needs a person's eye. `note` is worth knowing.
    """

    SERIOUS = "serious"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst.

        >>> sorted(Severity, key=lambda severity: severity.rank)[0].value
        'serious'
        """
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the table.

    Parameters
    ----------
    code, title : of the check that found it.
    columns : the columns that it concerns; empty where it concerns whole rows.
    rows : how many rows are affected, or None where that is not a number of rows.
    evidence : plain data under stable names; never an entity's value (see `masked`).
    meaning : what it does to the model.
    next_step : what the reader should do.
    fix : what Patron proposes, or None where only a person can decide.
    """

    code: str
    title: str
    severity: Severity
    columns: tuple[str, ...]
    rows: int | None
    evidence: Evidence
    meaning: str
    next_step: str
    fix: Fix | None = None

    @property
    def in_short(self) -> str:
        """The finding in a sentence, with its main number: its picture's title, or the meaning."""
        picture = self.evidence.get("picture") or {}
        return str(picture.get("title") or _SENTENCE_END.split(self.meaning, maxsplit=1)[0])

    def to_dict(self) -> dict[str, Any]:
        """The finding as `results.json` keeps it."""
        return {
            "code": self.code,
            "title": self.title,
            "severity": self.severity.value,
            "columns": list(self.columns),
            "rows": self.rows,
            "evidence": _plain(self.evidence),
            "meaning": self.meaning,
            "next_step": self.next_step,
            "fix": self.fix.to_dict() if self.fix else None,
        }


@dataclass(frozen=True)
class CannotSay:
    """The check does not apply, or the data cannot tell; `because` completes the sentence."""

    because: str


class Check(ABC):
    """One thing that the audit looks for.

    A check reads the frame, changes nothing, and gives the same answer for the same seed.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    needs_target: ClassVar[bool] = False

    @abstractmethod
    def run(self, frame: "Frame") -> "list[Finding] | CannotSay":
        """The findings; an empty list means that the check looked and found nothing."""

    def finding(
        self,
        severity: Severity,
        columns: tuple[str, ...] = (),
        *,
        rows: int | None = None,
        evidence: Evidence,
        meaning: str,
        next_step: str,
        fix: Fix | None = None,
    ) -> Finding:
        """A Finding with this check's code and title."""
        return Finding(
            self.code, self.title, severity, columns, rows, evidence, meaning, next_step, fix
        )


def masked(value: object) -> str:
    """A short hash to compare an entity's values by, without showing them.

    >>> masked("anna@example.org") == masked("anna@example.org") != masked("bert@example.org")
    True
    >>> len(masked(17))
    6
    """
    return hashlib.sha256(str(value).encode()).hexdigest()[:6]


def _plain(value: Any) -> Any:
    """The value as JSON has it: no numpy, no tuple, None for what is no number."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
