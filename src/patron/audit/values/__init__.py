"""V: values that cannot be, or that are written in more than one way."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.values.absurd import AbsurdValues
from patron.audit.values.empty import EmptyColumns
from patron.audit.values.impossible import ImpossibleValues
from patron.audit.values.spellings import Spellings
from patron.audit.values.units import MixedUnits
from patron.audit.values.written import WrittenAsText

CHECKS: tuple[type[Check], ...] = (
    ImpossibleValues,
    WrittenAsText,
    Spellings,
    MixedUnits,
    EmptyColumns,
    AbsurdValues,
)
