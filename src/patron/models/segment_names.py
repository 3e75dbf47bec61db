"""Names of segments: from where they stand on the axes, in words that marketing can use."""

__all__ = ["LEAST", "Said", "name_segments", "said_of", "tier_names"]

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.models.phrases import phrase
from patron.models.segment_axes import Axis
from patron.schema import Role
from patron.schema.look import words

Floats = NDArray[np.float64]

LEAST = 0.5
"""Standard deviations from the mean of all customers, from which on an axis is worth a word."""
MOST_SAID = 3
STANDS_BACK = 0.6
"""A third axis is said where it deviates so many times as far as the second."""
TELLS_APART = 0.1
"""Standard deviations between two segments from which on one has more of an axis than another."""
AVERAGE = "average customers"

_MONEY = {"spend", "spending", "spent", "revenue", "amount", "monetary", "value", "sales", "paid"}
_MONEY |= {"aov", "ltv", "clv", "gmv", "turnover", "money", "profit", "margin", "price"}
_VISITS = {"session", "sessions", "visit", "visits", "view", "views", "pageviews", "page", "pages"}
_VISITS |= {"cart", "carts", "search", "searches", "app", "login", "logins", "browse", "browsing"}
_VISITS |= {"web", "website", "site", "wishlist", "duration"}
_RETURNS = {"return", "returns", "returned", "refund", "refunds", "refunded", "refunding"}


@dataclass(frozen=True)
class Said:
    """How high and low on an axis are said, each as ("high", "low").

    Parameters
    ----------
    before : an adjective: "lapsed customers".
    noun : who they are: "big spenders"; the stronger claim, taken where there is one.
    after : what follows the noun: "with many returns".
    more : beside a segment that is otherwise alike: "more active".
    """

    before: tuple[str, str] = ("", "")
    noun: tuple[str, str] = ("", "")
    after: tuple[str, str] = ("", "")
    more: tuple[str, str] = ("", "")


def name_segments(
    deviations: ArrayLike, axes: Sequence[Axis], taken: Collection[str] = ()
) -> tuple[str, ...]:
    """A name for each segment, all different and none of them `taken`.

    Said are the two or three axes on which a segment's mean deviates most from the mean of all
    customers, where that is half a standard deviation or more. Low on discounts or returns is not
    said of those who buy little: who buys nothing returns nothing. Where two segments would have
    the same name, the axis on which they differ most is added.

    Parameters
    ----------
    deviations : the segment's mean less that of all customers, in standard deviations of the axis
        over all customers [segments, axes].
    taken : names that are in use.

    >>> value = Axis("value", "how much they buy", (), "")
    >>> recency = Axis("recency", "how lately they were here", (), "")
    >>> name_segments([[1.2, 0.9], [-0.7, -1.3], [0.1, -0.2]], [value, recency])
    ('Recent frequent buyers', 'Lapsed rare buyers', 'Average customers')
    """
    table = np.asarray(deviations, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(axes) or not np.isfinite(table).all():
        raise ValueError(
            f"deviations must be finite, one row a segment and one column for each of the "
            f"{len(axes)} axes; got the shape {table.shape}"
        )
    said = [said_of(axis) for axis in axes]
    told = [_told(row, axes, MOST_SAID) for row in table]
    found = [_named(row, axes, said, places) for row, places in zip(table, told, strict=True)]
    for i, name in enumerate(list(found)):
        if found.count(name) > 1:
            told[i] = _told(table[i], axes, len(axes))
    found = [_named(row, axes, said, places) for row, places in zip(table, told, strict=True)]
    if len(set(found)) == len(found):
        found = [name + more for name, more in zip(found, _unsaid(table, told, said), strict=True)]
    for name in sorted({name for name in found if found.count(name) > 1}):
        places = [i for i, each in enumerate(found) if each == name]
        for place, more in zip(places, _apart(table[places], said), strict=True):
            found[place] = name + more
    return _unique(found, taken)


def tier_names(axis: Axis, shares: Sequence[float]) -> tuple[str, ...]:
    """Names of tiers along one axis, the top one first, by the share of customers in each.

    >>> tier_names(Axis("value", "how much they buy", (), ""), [0.1, 0.2, 0.3, 0.4])
    ('Top tenth by value', 'Next fifth by value', 'Next 30 % by value', 'Bottom 40 % by value')
    >>> tier_names(Axis("value", "how much they buy", (), ""), [1 / 3] * 3)
    ('Top third by value', 'Next third by value', 'Bottom third by value')
    """
    if len(shares) == 1:
        return ("All customers",)
    by, last = f"by {_plain(axis.name)}", len(shares) - 1
    ends = np.concatenate([[0.0], np.cumsum(shares)])
    middle = [_share(share) for share in shares[1:last]]
    alike = len(set(middle)) < len(middle)
    names = [f"Top {_share(shares[0])} {by}"]
    for place, share in enumerate(middle, start=1):
        low, high = (f"{100 * end:.0f}" for end in ends[place : place + 2])
        names.append(f"Top {low} to {high} % {by}" if alike else f"Next {share} {by}")
    names.append(f"Bottom {_share(shares[last])} {by}")
    return _unique(names, ())


def said_of(axis: Axis) -> Said:
    """The words for an axis: those of its dimension as its columns allow, or "high" and its name.

    What an axis holds decides: an engagement of e-mails alone makes nobody a browser.
    """
    of_columns = {word for column in axis.columns for word in words(column.name)}
    if axis.name == "value":
        spends = bool(of_columns & _MONEY)
        return Said(
            noun=("big spenders", "small spenders")
            if spends
            else ("frequent buyers", "rare buyers"),
            before=("big-spending", "small-spending") if spends else ("frequent", "rare"),
            after=("", "who spend little" if spends else "who buy little"),
            more=("spending more", "spending less") if spends else ("buying more", "buying less"),
        )
    if axis.name == "recency":
        return Said(before=("recent", "lapsed"), more=("here more lately", "longer away"))
    if axis.name == "engagement":
        if of_columns and not of_columns & _VISITS:
            return Said(
                before=("responsive", "unresponsive"), more=("more responsive", "less responsive")
            )
        return Said(
            noun=("browsers", ""), before=("active", "quiet"), more=("more active", "less active")
        )
    if axis.name == "discount":
        return Said(
            noun=("bargain seekers", "full-price buyers"),
            after=("at a discount", "at full price"),
            more=("more at a discount", "less at a discount"),
        )
    if axis.name == "returns":
        return _said_of_returns(axis)
    name = _plain(axis.name)
    return Said(
        after=(f"with high {name}", f"with low {name}"), more=(f"higher {name}", f"lower {name}")
    )


def _said_of_returns(axis: Axis) -> Said:
    """Returns, complaints or both, as the columns are."""
    back = [bool(_RETURNS & set(words(column.name))) for column in axis.columns]
    if all(back):
        what, many = "returns", "many returns"
    elif any(back):
        what, many = "returns or complaints", "returns or complaints"
    else:
        what, many = "complaints", "many complaints"
    return Said(after=(f"with {many}", f"with few {what}"), more=(f"more {what}", f"fewer {what}"))


def _plain(name: str) -> str:
    """The name of an axis as words.

    >>> _plain("loyalty_points"), _plain("orders_90d"), _plain("NPS")
    ('loyalty points', 'orders in 90 days', 'NPS')
    """
    return phrase(name, Role.CATEGORY).label


def _told(row: Floats, axes: Sequence[Axis], most: int) -> list[int]:
    """The places of the `most` largest deviations of one segment that are worth a word."""
    place = {axis.name: i for i, axis in enumerate(axes)}
    buys_little = "value" in place and row[place["value"]] <= -LEAST
    hollow = {place.get(name) for name in ("discount", "returns") if buys_little}
    order = [i for i in np.argsort(-np.abs(row), kind="stable").tolist() if abs(row[i]) >= LEAST]
    order = [i for i in order if i not in hollow or row[i] > 0][:most]
    if len(order) == MOST_SAID == most and abs(row[order[2]]) < STANDS_BACK * abs(row[order[1]]):
        return order[:2]
    return order


def _named(row: Floats, axes: Sequence[Axis], said: Sequence[Said], order: Sequence[int]) -> str:
    """The name that says the axes at the places `order`."""
    place = {axis.name: i for i, axis in enumerate(axes)}
    high = {axes[i].name: bool(row[i] > 0) for i in order}
    noun, used = _noun(high, {axes[i].name: said[i] for i in order})
    front = [name for name in ("recency", "engagement") if name in high and name not in used]
    before = [said[place[name]].before[not high[name]] for name in front]
    mixed = len(front) == 2 and high[front[0]] != high[front[1]]
    after = [
        said[i].after[not high[axes[i].name]]
        for i in order
        if axes[i].name not in used and axes[i].name not in front
    ]
    front_said = (" but " if mixed else ", ").join(before)
    name = f"{front_said} {noun}".strip()
    if clauses := _joined(sorted(after, key=lambda clause: clause.startswith("with "))):
        name += f"{',' if ' who ' in noun else ''} {clauses}"
    return name[:1].upper() + name[1:]


def _noun(high: dict[str, bool], said: dict[str, Said]) -> tuple[str, tuple[str, ...]]:
    """Who they are, and the axes that this says."""
    value, discount, engagement = (high.get(n) for n in ("value", "discount", "engagement"))
    if value and discount:
        noun = f"{said['value'].before[0]} {said['discount'].noun[0]}"
        return noun, ("value", "discount")
    if value:
        return said["value"].noun[0], ("value",)
    if value is False and engagement and said["engagement"].noun[0]:
        tail = "who buy little, at a discount" if discount else "who buy little"
        return f"{said['engagement'].noun[0]} {tail}", ("value", "engagement", "discount")
    if discount:
        tail = f" {said['value'].after[1]}" if value is False else ""
        return f"{said['discount'].noun[0]}{tail}", ("value", "discount")
    if value is False:
        return said["value"].noun[1], ("value",)
    if discount is False:
        return said["discount"].noun[1], ("discount",)
    return ("customers" if high else AVERAGE), ()


def _joined(after: Sequence[str]) -> str:
    """Clauses in a row: "at full price with many returns and high loyalty"."""
    told = ""
    for clause in filter(None, after):
        bare = clause.removeprefix("with ")
        told += f" and {bare}" if "with " in told and bare != clause else f" {clause}"
    return told.strip()


def _apart(rows: Floats, said: Sequence[Said], times: int = 2) -> list[str]:
    """What tells segments of one name apart, ", more …" or ", less …"; nothing if they are alike.

    They are split at the widest gap on the axis where they lie furthest apart, and once again on
    another axis.
    """
    spread = np.ptp(rows, axis=0) if len(rows) else np.zeros(1)
    axis = int(np.argmax(spread))
    if not times or spread[axis] < TELLS_APART:
        return [""] * len(rows)
    order = np.argsort(rows[:, axis], kind="stable")
    cut = int(np.argmax(np.diff(rows[order, axis]))) + 1
    rest = rows.copy()
    rest[:, axis] = 0.0
    answer = [""] * len(rows)
    for part, more in ((order[:cut], said[axis].more[1]), (order[cut:], said[axis].more[0])):
        for place, again in zip(part.tolist(), _apart(rest[part], said, times - 1), strict=True):
            answer[place] = f", {more}{again}"
    return answer


def _unsaid(table: Floats, told: Sequence[Sequence[int]], said: Sequence[Said]) -> list[str]:
    """What to add where two segments differ most on an axis that neither name says, ", more …".

    It is added to the one that has more of it, and to each segment once at most.
    """
    answer = [""] * len(table)
    for i, one in enumerate(table):
        for j, other in enumerate(table):
            gap = one - other
            widest = int(np.argmax(np.abs(gap)))
            if gap[widest] >= LEAST and widest not in (*told[i], *told[j]):
                answer[i] = f", {said[widest].more[0]}"
    return answer


def _unique(names: Sequence[str], taken: Collection[str]) -> tuple[str, ...]:
    """The names, with a number added where one is in use."""
    used = {name.casefold() for name in taken}
    answer = []
    for name in names:
        number, told = 1, name
        while told.casefold() in used:
            number += 1
            told = f"{name} ({number})"
        used.add(told.casefold())
        answer.append(told)
    return tuple(answer)


_FRACTIONS = {"tenth": 1 / 10, "fifth": 1 / 5, "quarter": 1 / 4, "third": 1 / 3, "half": 1 / 2}


def _share(share: float) -> str:
    """A share of customers as a word where it is one, else in per cent.

    >>> _share(0.102), _share(0.3), _share(0.004), _share(0.248)
    ('tenth', '30 %', '0.4 %', 'quarter')
    """
    for word, size in _FRACTIONS.items():
        if abs(share - size) <= 0.005:
            return word
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"
