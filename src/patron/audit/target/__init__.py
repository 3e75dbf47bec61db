"""T: the target, and how the rows that have one were chosen."""

__all__ = ["CHECKS"]

from patron.audit.base import Check

CHECKS: tuple[type[Check], ...] = ()
