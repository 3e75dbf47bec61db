"""AdditiveModel: a sum of one curve a column, kept as plain arrays and scored in numpy."""

__all__ = ["AdditiveModel", "signed_log"]

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray


class AdditiveModel:
    """Log-odds = intercept + the sum of one term a column; a missing value adds nothing.

    Parameters
    ----------
    intercept : the log-odds of an average customer.
    terms : one for each column of the matrix, in its order: `{"x": knots, "y": values}` for a
        number (linear between the knots on the scale of the signed logarithm, flat beyond them),
        `{"scores": values by code}` for a category, `{}` for a column without effect.
    """

    kind: ClassVar[str] = "additive"

    def __init__(self, intercept: float, terms: list[dict[str, list[float]]]) -> None:
        self.intercept = intercept
        self.terms = terms

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.float64]:  # noqa: ARG002
        """Log-odds [rows] for an encoded matrix [rows, columns]."""
        total = np.full(len(matrix), self.intercept)
        for column, term in enumerate(self.terms):
            if term:
                total += _effect(term, matrix[:, column])
        return total

    def contributions(
        self,
        matrix: NDArray[np.float32],
        *,
        threads: int = 1,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """What each column adds to the log-odds [rows, columns]."""
        answer = np.zeros(matrix.shape)
        for column, term in enumerate(self.terms):
            if term:
                answer[:, column] = _effect(term, matrix[:, column])
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"kind": self.kind, "intercept": self.intercept, "terms": self.terms}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "AdditiveModel":
        """The model that `to_dict` wrote."""
        return cls(fields["intercept"], fields["terms"])


def signed_log(values: NDArray[Any]) -> NDArray[np.float64]:
    """sign(x) log(1 + |x|): the logarithm for large values, straight near 0, fit for any sign."""
    values = np.asarray(values, dtype=np.float64)
    return np.sign(values) * np.log1p(np.abs(values))


def _effect(term: dict[str, list[float]], values: NDArray[np.float32]) -> NDArray[np.float64]:
    missing = np.isnan(values)
    if "x" in term:
        effect = np.interp(signed_log(values), signed_log(np.asarray(term["x"])), term["y"])
    else:
        scores = np.asarray(term["scores"])
        effect = scores[np.where(missing, 0, values).astype(np.intp)]
    return np.where(missing, 0.0, effect)
