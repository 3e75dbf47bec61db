"""AdditiveModel: a sum of terms of one or two columns, kept as plain arrays, scored in numpy."""

__all__ = ["AdditiveModel", "Pair", "signed_log"]

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Pair = dict[str, Any]

CHUNK = 32_768
"""Rows that are scored at once: their columns stay in the processor's cache."""


class AdditiveModel:
    """Log-odds = intercept + the sum of one term a column + the sum of terms of two columns.

    Parameters
    ----------
    intercept : the log-odds of an average customer.
    terms : one for each column of the matrix, in its order:
        `{"x": knots, "y": values}` for a number, linear between the knots on the scale of the
        signed logarithm and flat beyond them;
        `{"cuts": [k], "steps": [k + 1]}` for a number, constant between the cuts, a value at a
        cut above it;
        `{"scores": values by code}` for a category; `{}` for a column without effect.
        A missing value adds `"missing"`, which is 0 where the term does not say.
    pairs : terms of two columns, `{"columns": [i, j], "cuts": [cuts, cuts], "values": table}`; the
        table's first row and column are for missing values, the others for the values between the
        cuts, or, where `cuts` is None, for the codes of a category. The cuts are among the cuts of
        the column's own term.
    products : terms of two columns that are one function times another, `{"columns": [i, j],
        "one": term, "other": term}` with terms of `x` and `y`, or of `scores`.
    """

    kind: ClassVar[str] = "additive"

    def __init__(
        self,
        intercept: float,
        terms: Sequence[dict[str, Any]],
        pairs: Sequence[Pair] = (),
        products: Sequence[Pair] = (),
    ) -> None:
        self.intercept = intercept
        self.terms = list(terms)
        self.pairs = list(pairs)
        self.products = list(products)
        self._steps = {
            column: _Steps(term) for column, term in enumerate(self.terms) if "x" not in term
        }
        self._tables = [_Table(pair, self._steps) for pair in self.pairs]

    @property
    def base(self) -> float:
        """The log-odds where no column says anything."""
        return self.intercept

    def raw(self, matrix: Singles, *, threads: int = 1) -> Floats:  # noqa: ARG002
        """Log-odds [rows] for an encoded matrix [rows, columns]."""
        total = np.full(len(matrix), self.intercept)
        for start in range(0, len(matrix), CHUNK):
            part = total[start : start + CHUNK]
            for _, effect in self._effects(matrix[start : start + CHUNK]):
                part += effect
        return total

    def contributions(self, matrix: Singles, *, threads: int = 1) -> Floats:  # noqa: ARG002
        """What each column adds to the log-odds [rows, columns]; with `intercept`, all of `raw`.

        Each column of a pair has half of what the pair adds (its Shapley value).
        """
        answer = np.zeros(matrix.shape)
        for start in range(0, len(matrix), CHUNK):
            part = answer[start : start + CHUNK]
            for columns, effect in self._effects(matrix[start : start + CHUNK]):
                for column in columns:
                    part[:, column] += effect / len(columns)
        return answer

    def _effects(self, matrix: Singles) -> Any:
        """What each term adds: its columns, and the log-odds of each row."""
        columns = np.ascontiguousarray(matrix.T)
        places = {}
        for column, term in enumerate(self.terms):
            if "x" in term:
                yield (column,), _curve(term, columns[column])
            elif term:
                places[column] = self._steps[column].places(columns[column])
                yield (column,), self._steps[column].values[places[column]]
        for table in self._tables:
            yield table.columns, table.effect(places)
        for product in self.products:
            one, other = product["columns"]
            factors = (
                _factor(product["one"], columns[one]),
                _factor(product["other"], columns[other]),
            )
            yield (one, other), factors[0] * factors[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        products = {"products": self.products} if self.products else {}
        return {
            "kind": self.kind,
            "intercept": self.intercept,
            "terms": self.terms,
            "pairs": self.pairs,
            **products,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "AdditiveModel":
        """The model that `to_dict` wrote."""
        more = fields.get("pairs", ()), fields.get("products", ())
        return cls(fields["intercept"], fields["terms"], *more)


def signed_log(values: NDArray[Any]) -> Floats:
    """sign(x) log(1 + |x|): the logarithm for large values, straight near 0, fit for any sign."""
    values = np.asarray(values, dtype=np.float64)
    return np.sign(values) * np.log1p(np.abs(values))


class _Steps:
    """A term that is constant between cuts, or by code: place 0 is for what is missing."""

    def __init__(self, term: Mapping[str, Any]) -> None:
        heights = term.get("steps") or term.get("scores") or ()
        self.values = np.array([term.get("missing", 0.0), *heights])
        cuts = term.get("cuts")
        self.exact = None if cuts is None else np.asarray(cuts, dtype=np.float64)
        self.cuts = None if self.exact is None else _as_singles(self.exact)

    def places(self, values: Singles) -> NDArray[np.int16]:
        missing = np.isnan(values)
        if self.cuts is None:
            place = np.where(missing, -1, values).astype(np.int16)
        else:
            place = np.searchsorted(self.cuts, values, side="right").astype(np.int16)
            place[missing] = -1
        place += 1
        return place


class _Table:
    """A term of two columns, read at the places that the columns' own terms found."""

    def __init__(self, pair: Pair, steps: Mapping[int, _Steps]) -> None:
        self.columns: tuple[int, int] = tuple(pair["columns"])
        values = np.asarray(pair["values"], dtype=np.float64)
        self.width = values.shape[1]
        self.values = values.ravel()
        self.coarser = [
            _coarser(steps[column], cuts)
            for column, cuts in zip(self.columns, pair["cuts"], strict=True)
        ]

    def effect(self, places: Mapping[int, NDArray[np.int16]]) -> Floats:
        one, other = (
            places[column] if coarser is None else coarser[places[column]]
            for column, coarser in zip(self.columns, self.coarser, strict=True)
        )
        return self.values[one.astype(np.int32) * self.width + other]


def _coarser(steps: _Steps, cuts: Sequence[float] | None) -> NDArray[np.int16] | None:
    """The pair's place for each place of the column's own term; None where they are the same."""
    if cuts is None:
        return None
    if steps.exact is None or not np.isin(cuts, steps.exact).all():
        raise ValueError("a term of two columns has cuts that its column's own term has not")
    inner = np.searchsorted(np.asarray(cuts), steps.exact, side="right") + 1
    return np.array([0, 1, *inner], dtype=np.int16)


def _as_singles(cuts: Floats) -> Singles:
    """The least float32 at or above each cut: a float32 is above the one as above the other."""
    singles = cuts.astype(np.float32)
    below = singles.astype(np.float64) < cuts
    singles[below] = np.nextafter(singles[below], np.float32(np.inf))
    return singles


def _curve(term: Mapping[str, Any], values: Singles) -> Floats:
    effect = np.interp(signed_log(values), signed_log(np.asarray(term["x"])), term["y"])
    return np.where(np.isnan(values), term.get("missing", 0.0), effect)


def _factor(term: Mapping[str, Any], values: Singles) -> Floats:
    """A term of a product: it holds what is missing for 0."""
    if "x" in term:
        return _curve(term, values)
    steps = _Steps(term)
    return np.asarray(steps.values[steps.places(values)])
