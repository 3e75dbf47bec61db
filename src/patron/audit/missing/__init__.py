"""M: values that are missing in disguise, and what missing values say."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.missing.blocks import MissingBlocks
from patron.audit.missing.sentinels import Sentinels
from patron.audit.missing.telling import TellingMissing
from patron.audit.missing.tracking import ZerosBeforeTracking
from patron.audit.missing.words import WordsForMissing
from patron.audit.missing.zeros import AverageZeros

CHECKS: tuple[type[Check], ...] = (
    Sentinels,
    WordsForMissing,
    ZerosBeforeTracking,
    MissingBlocks,
    TellingMissing,
    AverageZeros,
)
