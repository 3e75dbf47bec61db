"""check_whole: whether a model that was read from files can score whatever the encoder gives."""

__all__ = ["check_whole", "check_whole_segments", "check_whole_spend"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from patron.features.encode import Design
from patron.models.additive import AdditiveModel
from patron.models.purchase import PurchaseModel
from patron.models.segment_parts import Boxes, Centres
from patron.models.segments import Segments
from patron.models.spend import SpendModel
from patron.models.two_part import TwoPartCurves


def check_whole(
    model: PurchaseModel, names: Sequence[str], levels: Mapping[str, Sequence[str]]
) -> None:
    """Refuse a model whose parts do not fit each other or the matrix.

    Parameters
    ----------
    names, levels : the columns of the encoder's matrix, and the labels of those with categories.

    Raises
    ------
    ValueError
        It says which part is wrong.
    """
    if not model.parts_:
        raise ValueError("the model has no parts")
    counts = [len(levels[name]) if name in levels else None for name in names]
    for _, scorer in model.parts_:
        if isinstance(scorer, AdditiveModel):
            _check_additive(scorer, counts)
    design = _odd_rows(names, levels, counts)
    chances = model.predict_proba(design)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("the model gives what is no probability")


def check_whole_spend(model: SpendModel) -> None:
    """Refuse a model of spend whose parts do not fit each other.

    Raises
    ------
    ValueError
        It says which part is wrong.
    """
    encoder = model.encoder
    names, levels = encoder.names, encoder.levels
    counts = [len(levels[name]) if name in levels else None for name in names]
    scorer = model.scorer_
    if isinstance(scorer, TwoPartCurves):
        for part in (scorer.positive, scorer.amount, scorer.spread):
            _check_additive(part, counts)
    forecast = model.predict_distribution(_odd_rows(names, levels, counts))
    low, high = forecast.interval(model.level)
    zero = forecast.zero_probability
    good = np.isfinite(forecast.mean) & (zero >= 0) & (zero <= 1) & (low <= high)
    if not good.all():
        raise ValueError("the model gives what is no distribution of spend")


def check_whole_segments(segments: Segments) -> None:
    """Refuse segments whose parts do not fit each other or the axes.

    Raises
    ------
    ValueError
        It says which part is wrong.
    """
    axes, ids, parts = len(segments.axes_), segments.ids_, segments.parts_
    if not axes or len(set(ids)) < len(ids):
        raise ValueError("the segments have no axes, or one id for two of them")
    if isinstance(parts, Centres):
        fits = parts.centres.ndim == 2 and parts.centres.shape[1] == axes
        if not fits or not _are_numbers(parts.centres):
            raise ValueError("the centres of the segments do not lie on their axes")
    odd = [[each] * len(segments.space_.inputs) for each in (np.nan, 0, 1e30, -1e30)]
    positions = segments.space_.positions_of(np.array(odd))
    if not _are_numbers(positions):
        raise ValueError("the axes of the segments give what is no position")
    if isinstance(parts, Boxes):
        at = positions[:, None]
        inside = ((at > parts.leaves.lower) & (at <= parts.leaves.upper)).all(axis=2)
        if not (inside.sum(axis=1) == 1).all():
            raise ValueError("the boxes of the segments do not part the axes")
    parts.assign(positions)


def _odd_rows(
    names: Sequence[str], levels: Mapping[str, Sequence[str]], counts: Sequence[int | None]
) -> Design:
    """A row of gaps, one of zeros, and one of the last codes beside a number beyond all others."""
    last = [1e30 if count is None else count - 1 for count in counts]
    matrix = np.array([[np.nan] * len(names), [0] * len(names), last], dtype=np.float32)
    return Design(matrix, tuple(names), tuple(names), {n: tuple(levels[n]) for n in levels})


def _check_additive(scorer: AdditiveModel, counts: Sequence[int | None]) -> None:
    if len(scorer.terms) != len(counts):
        raise ValueError(f"{len(scorer.terms)} terms for {len(counts)} columns")
    for column, (term, count) in enumerate(zip(scorer.terms, counts, strict=True)):
        if not _fits(term, count):
            raise ValueError(f"term {column} does not fit its column")
    for number, pair in enumerate(scorer.pairs):
        widths = [
            (counts[column] if cuts is None else len(cuts) + 1)
            for column, cuts in zip(pair["columns"], pair["cuts"], strict=True)
        ]
        shape = tuple(width + 1 for width in widths if width is not None)
        if np.shape(pair["values"]) != shape or not _are_numbers(pair["values"]):
            raise ValueError(f"the table of pair {number} does not fit its columns")
    for number, product in enumerate(scorer.products):
        factors = zip(product["columns"], (product["one"], product["other"]), strict=True)
        if not all(_fits(term, counts[column]) for column, term in factors):
            raise ValueError(f"product {number} does not fit its columns")


def _fits(term: Mapping[str, Any], count: int | None) -> bool:
    """Whether a term has as many values as its column asks for, and all are numbers."""
    if not all(map(_are_numbers, term.values())):
        return False
    if not term.keys() - {"missing"}:
        return True
    if count is not None:
        return len(term["scores"]) == count
    if "x" in term:
        return len(term["x"]) == len(term["y"]) > 0 and _rise(term["x"])
    return len(term["steps"]) == len(term["cuts"]) + 1 and _rise(term["cuts"])


def _are_numbers(values: Any) -> bool:
    return bool(np.isfinite(np.asarray(values, dtype=np.float64)).all())


def _rise(values: Sequence[float]) -> bool:
    return bool((np.diff(values) >= 0).all())
