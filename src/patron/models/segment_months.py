"""Segments from month to month: who stays, which segment is which, and who moved where."""

__all__ = [
    "GONE",
    "NEW",
    "Match",
    "check_places",
    "hold",
    "identities",
    "line_up",
    "match",
    "migration",
    "switched",
]

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from patron.errors import DataError
from patron.estimate import Estimate
from patron.metrics import proportion

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

NEW, GONE = "new", "gone"
"""Where customers come from who were not there before, and where those go who are not there now."""


def hold(distances: ArrayLike, before: ArrayLike, ratio: float = 0.85) -> Labels:
    """The segment of each customer [n]: the old one, unless another is clearly nearer.

    A customer moves to the nearest centre if its distance is at most `ratio` of the distance to the
    centre of the old segment. Who was not known goes to the nearest. With 1 everybody does.

    Parameters
    ----------
    distances : to the centres [n, k].
    before : the old segment's place [n]; -1 where it is not known.

    Raises
    ------
    DataError
        `distances` are not [n, k], or `before` is not [n] of places from -1 to k - 1.

    >>> hold([[1.0, 0.9], [1.0, 0.8], [1.0, 0.9]], [0, 0, -1]).tolist()
    [0, 1, 1]
    """
    away, old = np.asarray(distances), np.asarray(before)
    if away.ndim != 2 or not away.shape[1]:
        raise DataError(f"distances must be a row for each customer, got shape {away.shape}.")
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio must be above 0 and at most 1, got {ratio}")
    check_places("before", old, len(away), away.shape[1], lowest=-1)
    nearest = np.asarray(away.argmin(axis=1), np.intp)
    rows = np.arange(len(away))
    least, own = away[rows, nearest], away[rows, np.maximum(old, 0)]
    moves = (old < 0) | ((least < own) & (least <= ratio * own))
    return np.where(moves, nearest, old).astype(np.intp)


@dataclass(frozen=True)
class Match:
    """Which old segment a new one continues.

    Parameters
    ----------
    new : its place.
    old : the place of the old one; None where it is a new segment.
    jaccard : shared customers in both over those in either, of the pair that was compared; 0 where
        no old segment was left for this one.
    centres_agree : whether pairing by centres alone puts the same two together.
    """

    new: int
    old: int | None
    jaccard: float
    centres_agree: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def match(
    old: ArrayLike,
    new: ArrayLike,
    k_old: int,
    k_new: int,
    old_centres: ArrayLike,
    new_centres: ArrayLike,
    *,
    least: float = 0.5,
) -> tuple[Match, ...]:
    """Pair new segments with old ones by the customers that they share.

    The pairing has the greatest sum of Jaccard indices (Kuhn 1955). A pair whose index is below
    `least` is none: the new segment has an identity of its own. The centres are paired too, for the
    least sum of distances, as a cross-check: where the two disagree, customers moved as a group.

    Parameters
    ----------
    old, new : the segments of the customers of both months [n], from 0.
    k_old, k_new : how many segments there were and are.
    old_centres, new_centres : [k_old, axes] and [k_new, axes], in one space.
    least : Jaccard index that a pair needs, above 0.

    Raises
    ------
    DataError
        The labels are not places of segments, or the centres are not in one space.

    >>> centres = [[0.0], [5.0]]
    >>> match([0, 0, 1, 1], [1, 1, 0, 0], 2, 2, centres, centres[::-1])[0]
    Match(new=0, old=1, jaccard=1.0, centres_agree=True)
    """
    was, now = np.asarray(old), np.asarray(new)
    check_places("old", was, len(now), k_old)
    check_places("new", now, len(was), k_new)
    before, after = np.asarray(old_centres, np.float64), np.asarray(new_centres, np.float64)
    if before.shape != (k_old, *after.shape[1:]) or after.shape != (k_new, *before.shape[1:]):
        raise DataError(
            f"centres must be [{k_old}, axes] and [{k_new}, axes], got shapes {before.shape} and "
            f"{after.shape}."
        )
    both = np.zeros((k_new, k_old))
    np.add.at(both, (now.astype(np.intp), was.astype(np.intp)), 1)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    jaccard = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    apart = np.linalg.norm(after[:, None, :] - before[None, :, :], axis=2)
    pairs, by_centres = _paired(-jaccard), _paired(apart)
    return tuple(_matched(each, pairs, by_centres, jaccard, least) for each in range(k_new))


def identities(
    matches: Sequence[Match], old_ids: Sequence[str], used: Collection[str] = ()
) -> tuple[str, ...]:
    """The ids of the new segments: those of the old ones that they continue, or new ones.

    An id is never given again: new ones go on after the highest of `old_ids` and `used`.

    >>> found = (Match(0, 1, 0.9, True), Match(1, None, 0.2, False))
    >>> identities(found, ["S1", "S2"], used=["S3"])
    ('S2', 'S4')
    """
    numbers = [re.fullmatch(r"S(\d+)", each) for each in (*old_ids, *used)]
    highest = max((int(each[1]) for each in numbers if each), default=0)
    ids = []
    for each in matches:
        highest += each.old is None
        ids.append(f"S{highest}" if each.old is None else old_ids[each.old])
    return tuple(ids)


def line_up(before: Any, now: Any) -> tuple[Labels, Labels]:
    """Where the customers of two months are: places in `before` and in `now`, -1 where absent.

    The customers of now come first, in their order; those who are gone after them.

    Parameters
    ----------
    before, now : the customers' keys, each once: Arrow arrays or sequences of one type.

    Raises
    ------
    DataError
        A key is missing or there twice, or the two are of different types.

    >>> [places.tolist() for places in line_up(["a", "b"], ["b", "c"])]
    [[1, -1, 0], [0, 1, -1]]
    """
    old, new = _keys("the month before", before), _keys("this month", now)
    if len(old) and len(new) and old.type != new.type:
        raise DataError(
            f"customers cannot be lined up: their keys are {old.type} in the month before and "
            f"{new.type} now."
        )
    if not len(old) or not len(new):
        place, still = np.full(len(new), -1), np.zeros(len(old), dtype=bool)
    else:
        place = pc.index_in(new, value_set=old).fill_null(-1).to_numpy()
        still = np.zeros(len(old), dtype=bool)
        still[place[place >= 0]] = True
    gone = np.flatnonzero(~still)
    there = np.arange(len(new))
    return (
        np.concatenate([place, gone]).astype(np.intp),
        np.concatenate([there, np.full(len(gone), -1)]).astype(np.intp),
    )


def migration(
    before: Sequence[str | None],
    now: Sequence[str | None],
    revenue: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """How many customers went from which segment to which, and what they spend.

    Parameters
    ----------
    before, now : the ids of the customers' segments [n], None for who was not or is not there.
    revenue : of each customer [n]; what is not known counts as 0. Without it there is none.

    Returns
    -------
    `{"from", "to", "customers", "revenue"}` of each pair that occurs, by `from` and `to`; those who
    were not there come from "new", those who are not there any more go to "gone".

    >>> migration(["S1", "S1", None], ["S1", None, "S2"])[0]
    {'from': 'S1', 'to': 'S1', 'customers': 1, 'revenue': None}
    """
    _check_lengths(before, now)
    known = [pair for pair in zip(before, now, strict=True) if pair != (None, None)]
    counts = Counter(known)
    money: dict[tuple[str | None, str | None], float] = {}
    if revenue is not None:
        amounts = np.nan_to_num(np.asarray(revenue, np.float64), posinf=0, neginf=0)
        _check_lengths(before, amounts)
        for pair, amount in zip(zip(before, now, strict=True), amounts.tolist(), strict=True):
            money[pair] = money.get(pair, 0.0) + amount
    return [
        {
            "from": NEW if pair[0] is None else pair[0],
            "to": GONE if pair[1] is None else pair[1],
            "customers": counts[pair],
            "revenue": None if revenue is None else money[pair],
        }
        for pair in sorted(counts, key=lambda pair: (_natural(pair[0]), _natural(pair[1])))
    ]


def switched(
    before: Sequence[str | None], now: Sequence[str | None], *, level: float = 0.95
) -> Estimate:
    """The share of the customers of both months who are in another segment now.

    With Wilson's interval: for customers who move independently of one another.

    Parameters
    ----------
    before, now : as in `migration`.

    >>> print(switched(["S1", "S1", "S2", None], ["S1", "S2", "S2", "S1"]))
    0.333 [0.061, 0.792]
    """
    _check_lengths(before, now)
    shared = [
        was != is_now
        for was, is_now in zip(before, now, strict=True)
        if was is not None and is_now is not None
    ]
    return proportion(sum(shared), len(shared), level=level)


def _paired(cost: Floats) -> dict[int, int]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _matched(
    new: int, pairs: dict[int, int], by_centres: dict[int, int], jaccard: Floats, least: float
) -> Match:
    if new not in pairs:
        return Match(new, None, 0.0, new not in by_centres)
    old = pairs[new]
    shared = float(jaccard[new, old])
    return Match(new, old if shared >= least else None, shared, by_centres.get(new) == old)


def _keys(when: str, keys: Any) -> pa.Array:
    array = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else pa.array(keys)
    if array.null_count:
        raise DataError(f"customers cannot be lined up: {array.null_count} have no key in {when}.")
    twice = len(array) - len(array.unique())
    if twice:
        raise DataError(f"customers cannot be lined up: {twice} keys are not unique in {when}.")
    return array


def _natural(segment: str | None) -> tuple[Any, ...]:
    """Sorts "S2" before "S10", and who is not there behind all."""
    if segment is None:
        return (1,)
    parts = re.split(r"(\d+)", segment)
    return 0, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def check_places(name: str, places: NDArray[Any], n: int, k: int, lowest: int = 0) -> None:
    """A DataError unless `places` are n whole numbers from `lowest` to k - 1."""
    if places.shape != (n,):
        raise DataError(f"{name} must have one segment for each of {n:,} customers.")
    if n and not np.issubdtype(places.dtype, np.integer):
        raise DataError(f"{name} must be whole numbers, got {places.dtype}.")
    if n and (places.min() < lowest or places.max() >= k):
        raise DataError(
            f"{name} must lie from {lowest} to {k - 1}, got {places.min()} to {places.max()}."
        )


def _check_lengths(one: Any, other: Any) -> None:
    if len(one) != len(other):
        raise DataError(
            f"there must be one entry for each customer, got {len(one):,} and {len(other):,}."
        )
