"""C: what is left of a claimed score."""

__all__ = ["CHECKS"]

from patron.audit.base import Check

CHECKS: tuple[type[Check], ...] = ()
