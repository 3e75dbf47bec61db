"""D: rows that say the same thing twice."""

__all__ = ["CHECKS", "ExactDuplicates", "Overlap", "RepeatedEntities", "SamePerson"]

from patron.audit.base import Check
from patron.audit.duplicates.disguised import SamePerson
from patron.audit.duplicates.overlap import Overlap
from patron.audit.duplicates.repeats import ExactDuplicates, RepeatedEntities

CHECKS: tuple[type[Check], ...] = (ExactDuplicates, RepeatedEntities, SamePerson, Overlap)
