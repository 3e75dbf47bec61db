"""Values that cannot be, or that are written in several ways."""

__all__ = [
    "absurd_value",
    "constant",
    "infinities",
    "mixed_dates",
    "mixed_units",
    "negative_counts",
    "numbers_as_text",
    "percent_in_shares",
    "recency_beyond_tenure",
    "spellings",
]

import numpy as np
import pyarrow as pa

from patron.schema import Role
from patron.schema.look import words
from patron.worlds.base import Planted
from patron.worlds.faults.draft import DAYS, NUMERIC, Draft, Floats, Truths, between


def percent_in_shares(draft: Draft, strength: float) -> list[Planted] | None:
    """Percentages mixed into a column of shares. Weakest: 2 in 100 rows. Strongest: 30."""
    name = draft.one(
        n
        for n in draft.free(Role.RATE, Role.NUMBER)
        if np.nanmin(draft.values(n)) >= 0
        and np.nanmax(draft.values(n)) <= 1
        and len(np.unique(draft.values(n))) > 10
    )
    if name is None:
        return None
    values = draft.values(name)
    hit = draft.some(between(strength, 0.02, 0.3)) & (values > 0.01)
    values[hit] = (100 * values[hit]).round(3)
    draft.put(name, values)
    says = f"{hit.sum():,} shares of {name} are percentages"
    return draft.fault("percent_in_shares", ("V01", "V04"), name, strength, says, hit)


def negative_counts(draft: Draft, strength: float) -> list[Planted] | None:
    """Counts below zero. Weakest: 2 in 100 rows. Strongest: 15."""
    name = draft.one(
        n
        for n in draft.free(Role.COUNT)
        if np.nanmin(draft.values(n)) >= 0 and (draft.values(n) > 0).mean() > 0.3
    )
    if name is None:
        return None
    values = draft.values(name)
    share = between(strength, 0.02, 0.15) / float((values > 0).mean())
    hit = draft.some(share) & (values > 0)
    values[hit] *= -1
    draft.put(name, values)
    says = f"{hit.sum():,} counts of {name} are below zero"
    return draft.fault("negative_counts", ("V01", "M01"), name, strength, says, hit)


def recency_beyond_tenure(draft: Draft, strength: float) -> list[Planted] | None:
    """A last event longer ago than the customer is one. Weakest: 2 in 100 rows. Strongest: 20."""
    names = [n for n in draft.free(*NUMERIC) if DAYS & set(words(n))]
    pairs = [
        (a, b)
        for a in names
        for b in names
        if a != b and np.all(draft.values(a) <= draft.values(b)) and draft.values(a).std() > 1
    ]
    if not pairs:
        return None
    recency, tenure = pairs[int(draft.rng.integers(len(pairs)))]
    draft.taken |= {recency, tenure}
    hit = draft.some(between(strength, 0.02, 0.2))
    values = draft.values(recency)
    beyond = 1 + np.floor(draft.rng.exponential(60 + 200 * strength, draft.rows))
    values[hit] = (draft.values(tenure) + beyond)[hit]
    draft.put(recency, values)
    says = f"{recency} is beyond {tenure} in {hit.sum():,} rows"
    columns = (recency, tenure)
    return draft.fault("recency_beyond_tenure", ("V01",), columns, strength, says, hit)


def numbers_as_text(draft: Draft, strength: float) -> list[Planted] | None:
    """Numbers written as text: decimal commas, thousands, currencies, percent signs.

    Weakest: 5 in 100 of them otherwise than the rest. Strongest: all of them.
    """
    rng = draft.rng

    def fits(name: str) -> bool:
        known = draft.values(name)
        known = known[np.isfinite(known)]
        return not np.array_equal(known, known.round())

    name = draft.one(n for n in draft.free(*NUMERIC) if fits(n))
    if name is None:
        return None
    values = draft.values(name)
    share = np.nanmax(values) <= 1 and np.nanmin(values) >= 0
    form = "percent" if share else str(rng.choice(["decimal comma", "thousands", "currency"]))
    hit = draft.some(between(strength, 0.05, 1.0) if strength < 0.7 else 1.1)
    texts = [
        None if np.isnan(v) else _written(v, form) if odd else f"{v:.10g}"
        for v, odd in zip(values, hit, strict=True)
    ]
    draft.put(name, pa.array(texts, pa.string()))
    says = f"{name} is text, {hit.sum():,} of it with {form}"
    return draft.fault("numbers_as_text", ("V02",), name, strength, says, hit)


def mixed_dates(draft: Draft, strength: float) -> list[Planted] | None:
    """Dates as text in two formats. Weakest: 5 in 100 in the second. Strongest: half."""
    name = draft.one(draft.free(Role.DATE))
    if name is None:
        return None
    form = str(draft.rng.choice(["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y"]))
    hit = draft.some(between(strength, 0.05, 0.5))
    days = draft.table[name].cast(pa.date32()).to_pylist()
    texts = [
        None if day is None else day.strftime(form) if odd else day.isoformat()
        for day, odd in zip(days, hit, strict=True)
    ]
    draft.put(name, pa.array(texts, pa.string()))
    says = f"{name} is text, {hit.sum():,} of its dates written as {form}"
    return draft.fault("mixed_dates", ("V02",), name, strength, says, hit)


def spellings(draft: Draft, strength: float) -> list[Planted] | None:
    """Levels of a category with other capitals or blanks, or the longest one less a letter.

    Weakest: 3 in 100 rows. Strongest: 40. Of the letter, a tenth to a third of the level.
    """
    rng = draft.rng
    name = draft.one(
        n for n in draft.free(Role.CATEGORY) if pa.types.is_string(draft.table[n].type)
    )
    if name is None:
        return None
    texts = draft.texts(name)
    known = np.array([text is not None for text in texts])
    longest = max((str(text) for text in texts[known]), key=len)
    held = texts == longest
    if rng.random() < 0.25 and len(longest) >= 7 and held.mean() > 0.2:
        hit = held & draft.some(between(strength, 0.1, 0.33))
        place = int(rng.integers(2, len(longest) - 2))
        texts[hit] = longest[:place] + longest[place + 1 :]
        how = "lack a letter"
    else:
        hit = known & draft.some(between(strength, 0.03, 0.4))
        texts[hit] = [_respelt(text, int(rng.integers(4))) for text in texts[hit]]
        how = "have other capitals or blanks"
    draft.put(name, pa.array(list(texts), pa.string()))
    says = f"{hit.sum():,} levels of {name} {how}"
    return draft.fault("spellings", ("V03",), name, strength, says, hit)


def mixed_units(draft: Draft, strength: float) -> list[Planted] | None:
    """Part of a column in another unit: cents, thousands, seconds in place of minutes.

    One group, one period, or anywhere. Weakest: 3 in 100 rows. Strongest: 30.
    """
    rng = draft.rng

    def fits(name: str) -> bool:
        known = draft.values(name)
        known = known[np.isfinite(known)]
        low, high = np.quantile(known, (0.02, 0.98)) if len(known) else (0.0, 0.0)
        return bool(low > 0 and high > 1 and high / low < 60 and len(np.unique(known)) > 20)

    name = draft.one(n for n in draft.free(Role.MONEY, Role.NUMBER) if fits(n))
    if name is None:
        return None
    share, factor = between(strength, 0.03, 0.3), float(rng.choice([100, 1000, 100, 60]))
    form = rng.choice(["group", "period", "anywhere"])
    hit, where = draft.some(share), "anywhere"
    if form == "group":
        hit, where = _one_level(draft, name, share, hit)
    elif form == "period" and (clock := draft.as_of or draft.one(draft.free(Role.DATE))):
        days = draft.values(clock)
        start = np.quantile(days, 1 - share) if len(np.unique(days)) > 1 else np.inf
        hit, where = (
            (days >= start, f"from a day of {clock} on") if start < np.inf else (hit, where)
        )
    values = draft.values(name)
    values[hit] *= factor
    draft.put(name, values.round(2))
    says = f"{name} is {factor:g} times too large in {hit.sum():,} rows, {where}"
    return draft.fault("mixed_units", ("V04", "V06"), name, strength, says, hit)


def constant(draft: Draft, strength: float) -> list[Planted] | None:
    """A column with one value, or with one value in nearly every row; harmless."""
    form = draft.rng.choice(["number", "text", "empty"])
    none = pa.nulls(draft.rows, pa.float64())
    every = {"number": np.full(draft.rows, 1), "text": np.full(draft.rows, "EUR"), "empty": none}
    name = draft.add(every[form])
    says = f"{name} has no two values"
    return draft.fault("constant", ("V05",), name, strength, says)


def infinities(draft: Draft, strength: float) -> list[Planted] | None:
    """Infinite values, as after a division by zero. Weakest: 5 in 1,000 rows. Strongest: 50."""
    name = draft.one(n for n in draft.free(*NUMERIC) if pa.types.is_floating(draft.table[n].type))
    if name is None:
        return None
    hit = draft.some(between(strength, 0.005, 0.05))
    values = draft.values(name)
    values[hit] = np.inf
    gaps = draft.table[name].is_null().to_numpy() & ~hit
    draft.put(name, pa.array(values, mask=gaps))
    says = f"{hit.sum():,} values of {name} are infinite"
    return draft.fault("infinities", ("V06",), name, strength, says, hit)


def absurd_value(draft: Draft, strength: float) -> list[Planted] | None:
    """One to three values that hold most of the total. Weakest: 60 in 100 of it. Strongest: all."""
    name = draft.one(draft.free(Role.MONEY, Role.COUNT))
    if name is None:
        return None
    rows = draft.rng.choice(draft.rows, int(draft.rng.integers(1, 4)), replace=False)
    values = draft.values(name)
    values[rows] = np.floor(np.nansum(values) * between(strength, 1.5, 900.0) / len(rows))
    draft.put(name, values)
    hit = np.isin(np.arange(draft.rows), rows)
    says = f"{len(rows)} values of {name} hold most of its total"
    return draft.fault("absurd_value", ("V06",), name, strength, says, hit)


def _written(value: float, form: str) -> str:
    if form == "percent":
        return f"{100 * value:.4g} %"
    if form == "currency":
        return f"€{value:.2f}"
    if form == "thousands":
        return f"{value:,.2f}"
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _respelt(text: str, how: int) -> str:
    ways = (text.upper(), f" {text}", f"{text} ", text.lower())
    return ways[how] if ways[how] != text else f"{text.swapcase()}"


def _one_level(draft: Draft, name: str, share: float, instead: Truths) -> tuple[Truths, str]:
    """The rows of the level of a category that comes nearest to `share` of them."""
    best: tuple[float, Truths, str] = (1.0, instead, "anywhere")
    for by in draft.free(Role.CATEGORY):
        levels, codes = np.unique(draft.texts(by).astype(str), return_inverse=True)
        shares: Floats = np.bincount(codes) / draft.rows
        place = int(np.argmin(np.abs(shares - share)))
        if by != name and abs(shares[place] - share) < best[0]:
            best = abs(shares[place] - share), codes == place, f"where {by} is {levels[place]}"
    return (best[1], best[2]) if best[0] < 0.5 * share + 0.02 else (instead, "anywhere")
