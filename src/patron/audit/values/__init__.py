"""V: values that cannot be, or that are written in more than one way."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.values.spellings import Spellings
from patron.audit.values.written import WrittenAsText

CHECKS: tuple[type[Check], ...] = (WrittenAsText, Spellings)
