"""V: values that cannot be, or that are written in more than one way."""

__all__ = ["CHECKS"]

from patron.audit.base import Check

CHECKS: tuple[type[Check], ...] = ()
