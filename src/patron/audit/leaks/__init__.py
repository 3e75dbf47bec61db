"""L: columns that carry the answer."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.leaks.telling import TellingColumn

CHECKS: tuple[type[Check], ...] = (TellingColumn,)
