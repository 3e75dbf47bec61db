"""M: values that are missing in disguise, and what missing values say."""

__all__ = ["CHECKS"]

from patron.audit.base import Check

CHECKS: tuple[type[Check], ...] = ()
