"""D: rows that say the same thing twice."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.duplicates.repeats import ExactDuplicates, RepeatedEntities

CHECKS: tuple[type[Check], ...] = (ExactDuplicates, RepeatedEntities)
