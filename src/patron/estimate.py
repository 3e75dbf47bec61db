"""Estimate: a number with its interval."""

__all__ = ["Estimate", "signed"]

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, the interval that it may be trusted to, and how the interval was made.

    Parameters
    ----------
    value : the point estimate.
    low, high : the ends of the interval; NaN where no interval can be given.
    level : the coverage that the interval claims, between 0 and 1.
    n : how many rows the number rests on.
    method : how the interval was made ("DeLong", "bootstrap, 200 draws").

    >>> print(Estimate(0.8614, 0.8531, 0.8697, 0.95, 4000, "DeLong"))
    0.861 [0.853, 0.870]
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high})")

    @property
    def has_interval(self) -> bool:
        """Whether both ends of the interval are known."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def covers(self, truth: float) -> bool:
        """Whether `truth` lies in the interval."""
        return self.low <= truth <= self.high

    def to_dict(self) -> dict[str, Any]:
        """The six fields, as `results.json` keeps them; what is not finite becomes None."""
        return {key: _finite_or_none(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Estimate":
        """The Estimate that `to_dict` wrote."""
        number = {key: _or_nan(fields[key]) for key in ("value", "low", "high")}
        return cls(**number, level=fields["level"], n=fields["n"], method=fields["method"])

    def __str__(self) -> str:
        return format(self, ".3f")

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        if not self.has_interval:
            return format(self.value, spec)
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def signed(number: float, digits: int) -> str:
    """A change as text has it, with a true minus sign; what is written as zero has none.

    >>> signed(0.0213, 3), signed(-0.0213, 3), signed(-0.0001, 3)
    ('+0.021', '−0.021', '0.000')
    """
    written = f"{number:+.{digits}f}"
    return written[1:] if not float(written) else written.replace("-", "−")


def _finite_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
