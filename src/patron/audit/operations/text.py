"""Operations that mend how values are written: numbers and dates as text, spelling, units."""

__all__ = ["TEXT"]

from collections.abc import Mapping

from patron.audit.operations.base import Operation

TEXT: Mapping[str, Operation] = {}
