"""T: the target, and the sample that it was measured on."""

__all__ = ["CHECKS"]

from patron.audit.base import Check
from patron.audit.target.base_rate import BaseRate
from patron.audit.target.drift import DriftingRate
from patron.audit.target.segments import SegmentRates
from patron.audit.target.unlabelled import Unlabelled

CHECKS: tuple[type[Check], ...] = (BaseRate, DriftingRate, SegmentRates, Unlabelled)
