"""O: outliers that are customers."""

__all__ = ["CHECKS"]

from patron.audit.base import Check

CHECKS: tuple[type[Check], ...] = ()
