"""Leaks: columns that carry the answer, or something known only after it."""

__all__ = [
    "accounting_identity",
    "answer_in_a_category",
    "answer_with_noise",
    "changed_by_contact",
    "dates_after_snapshot",
    "missing_is_the_answer",
    "named_for_the_future",
    "only_buyers_value",
    "restated_later",
    "several_leaks",
]

import numpy as np
import pyarrow as pa

from patron.schema import Role
from patron.worlds.base import Planted
from patron.worlds.faults.draft import Draft, Floats, between

_TELLING = ("L01",)


def answer_with_noise(draft: Draft, strength: float) -> list[Planted] | None:
    """A number that is the answer with noise.

    Weakest: 1.6 standard deviations lie between the answers (an AUC of .87 alone), or a correlation
    of .85 with the logarithm of the amount. Strongest: no noise to speak of.
    """
    return _noisy(draft, strength, "answer_with_noise")


def several_leaks(draft: Draft, strength: float) -> list[Planted] | None:
    """Two to four leaks of graded strength, of which none is needed while the others are there.

    Each as `answer_with_noise`; the first has the strength, each further one is a bit weaker.
    """
    count = int(draft.rng.integers(2, 5))
    graded = [max(strength - 0.15 * number, 0.1) for number in range(count)]
    return [each for level in graded for each in _noisy(draft, level, "several_leaks")]


def answer_in_a_category(draft: Draft, strength: float) -> list[Planted] | None:
    """A category whose levels go with the answer; of an amount, with its sixths or its top.

    Weakest: the level is right for 86 of 100 rows. Strongest: for all.
    """
    rng, wrong = draft.rng, between(strength, 0.14, 0.0)
    levels = np.array(["A", "B", "C", "D", "E", "F"])[rng.permutation(6)]
    if not draft.binary and rng.random() < 0.5:
        sixth = np.searchsorted(np.quantile(draft.y, np.arange(1, 6) / 6), draft.y)
        place = np.where(draft.some(wrong), rng.integers(0, 6, draft.rows), sixth)
    else:
        told = draft.yes ^ draft.some(wrong)
        place = np.where(told, 0, 3) + rng.integers(0, 3, draft.rows)
    name = draft.add(levels[place])
    says = f"the levels of {name} tell the answer, wrongly in {wrong:.1%} of the rows"
    return draft.fault("answer_in_a_category", _TELLING, name, strength, says)


def missing_is_the_answer(draft: Draft, strength: float) -> list[Planted] | None:
    """A column that is filled for those with the answer alone.

    Weakest: filled for half of them and for 3 in 100 of the others. Strongest: for all and none.
    """
    filled = draft.yes & draft.some(between(strength, 0.5, 1.0))
    filled |= draft.some(between(strength, 0.03, 0.0))
    values = draft.rng.gamma(2.0, 3.0, draft.rows).round(1)
    if draft.rng.random() < 0.5:
        name = draft.add(pa.array(values, mask=~filled))
    else:
        words = np.array(["north", "south", "east"])[draft.rng.integers(0, 3, draft.rows)]
        name = draft.add(pa.array(words, mask=~filled))
    says = f"{name} is filled for those with the answer"
    codes = ("L01", "M05")
    return draft.fault("missing_is_the_answer", codes, name, strength, says)


def only_buyers_value(draft: Draft, strength: float) -> list[Planted] | None:
    """A value that only rows with the answer have.

    Weakest: 15 in 100 of them have it. Strongest: 90.
    """
    has = draft.yes & draft.some(between(strength, 0.15, 0.9))
    if draft.rng.random() < 0.5:
        name = draft.add(np.where(has, 1 + draft.rng.poisson(0.7, draft.rows), 0))
    else:
        levels = np.array(["bronze", "silver", "gold"])[draft.rng.integers(0, 3, draft.rows)]
        name = draft.add(np.where(has, "platinum", levels))
    says = f"a value of {name} is had by {has.sum():,} rows with the answer and by no others"
    return draft.fault("only_buyers_value", _TELLING, name, strength, says, has)


def accounting_identity(draft: Draft, strength: float) -> list[Planted] | None:
    """Columns that give the answer by arithmetic, though none of them is it.

    Amounts: a - b, a * b, or k * a. Of two answers: one count is above another. Weakest: with noise
    of a fifth of the amount's spread, or 5 in 100 rows wrong. Strongest: exact.
    """
    rng, rows = draft.rng, draft.rows
    if draft.binary:
        earlier = rng.negative_binomial(1.2, 0.12, rows)
        wrong = draft.some(between(strength, 0.05, 0.0))
        grown = np.where(draft.yes ^ wrong, 1 + rng.poisson(0.4, rows), 0)
        names = [draft.add(earlier), draft.add(earlier + grown)]
        says = f"the answer is whether {names[1]} is above {names[0]}"
    else:
        noise = between(strength, 0.2, 0.0)
        spread = float(np.std(np.minimum(draft.y, np.quantile(draft.y, 0.99))))
        form = rng.choice(["difference", "product", "multiple"])
        if form == "difference":
            part = rng.lognormal(1.0, 1.0, rows) * (spread + draft.y.mean())
            whole = part + draft.y + noise * spread * rng.normal(size=rows)
            names = [draft.add(whole.round(2)), draft.add(part.round(2))]
        elif form == "product":
            part = rng.lognormal(1.0, 1.0, rows).round(3) + 0.01
            names = [draft.add(part), draft.add(draft.y / part * rng.lognormal(0, noise, rows))]
        else:
            factor = rng.choice([0.19, 1.19, 0.5, 12.0])
            names = [draft.add((factor * draft.y * rng.lognormal(0, noise, rows)).round(2))]
        says = f"the answer is the {form} of {' and '.join(names)}"
    codes = ("L02", "L01")
    return draft.fault("accounting_identity", codes, names, strength, says)


def dates_after_snapshot(draft: Draft, strength: float) -> list[Planted] | None:
    """A date of last activity that runs on after the row's date for those with the answer.

    Weakest: for 15 in 100 of them. Strongest: for all.
    """
    if draft.as_of is None:
        return None
    rng, snapshot = draft.rng, draft.values(draft.as_of)
    after = draft.yes & draft.some(between(strength, 0.15, 1.0))
    if rng.random() < 0.5:  # some of the others come by as well
        after |= draft.some(0.02)
    last = snapshot - 1 - np.floor(rng.exponential(60, draft.rows))
    last[after] = snapshot[after] + rng.integers(0, 30, int(after.sum()))
    name = draft.add(last, dtype=pa.date32())
    says = f"{name} lies after {draft.as_of} in {after.sum():,} rows"
    codes = ("L03", "L01")
    return draft.fault("dates_after_snapshot", codes, name, strength, says, after)


def changed_by_contact(draft: Draft, strength: float) -> list[Planted] | None:
    """A count or a number that a contact has raised, so it was measured after the contact.

    Weakest: by a quarter of its spread. Strongest: by one and a half.
    """
    treatment = draft.schema.one(Role.TREATMENT)
    if treatment is None:
        return None
    treated = draft.values(treatment) > 0
    shift = between(strength, 0.25, 1.5)
    noise = draft.rng.normal(size=draft.rows) + 0.3 * draft.scaled
    level = noise / noise.std() + shift * treated
    if draft.rng.random() < 0.5:
        name = draft.add(np.maximum(np.round(3 + 2 * level), 0))
    else:
        name = draft.add((40 + 8 * level).round(2))
    says = f"{name} is higher by {shift:.2f} standard deviations for who was contacted"
    codes = ("L04", "L01")
    return draft.fault("changed_by_contact", codes, name, strength, says)


def restated_later(draft: Draft, strength: float) -> list[Planted] | None:
    """A measure that has its last value in the customer's earlier rows already.

    Weakest: for 40 in 100 of the customers. Strongest: for all.
    """
    if draft.as_of is None or draft.entity is None:
        return None
    _, who = np.unique(draft.texts(draft.entity), return_inverse=True)
    order = np.lexsort((draft.values(draft.as_of), who))
    last = np.empty(who.max() + 1, dtype=np.int64)
    last[who[order]] = order  # of several assignments the last one stays
    earlier = last[who] != np.arange(draft.rows)
    if earlier.mean() < 0.15:
        return None

    def moves(name: str) -> bool:
        values = draft.values(name)
        return bool((values != values[last[who]])[earlier].mean() > 0.5)

    name = draft.one(n for n in draft.free(Role.COUNT, Role.MONEY) if moves(n))
    if name is None:
        return None
    restated = draft.rng.random(len(last)) < between(strength, 0.4, 1.0)
    hit = earlier & restated[who]
    values = draft.values(name)
    values[hit] = values[last[who]][hit]
    draft.put(name, values)
    says = f"{name} has the customer's last value in {hit.sum():,} earlier rows"
    codes = ("L05", "L01")
    return draft.fault("restated_later", codes, name, strength, says, hit)


def named_for_the_future(draft: Draft, strength: float) -> list[Planted] | None:
    """A column whose name says that it is known later; it may be noise, or tell the answer.

    Weakest: noise. Strongest: nearly the answer.
    """
    told = strength * draft.scaled + between(strength, 1.0, 0.1) * draft.rng.normal(size=draft.rows)
    form = draft.rng.choice(["{}_next_{}d", "post_{}_{}d", "{}_after_{}d"])
    what = draft.rng.choice(["visits", "revenue", "contacts"])
    name = draft.add(told.round(3), form.format(what, draft.rng.choice([14, 30, 60])))
    codes = ("L06", "L01")
    says = f"{name} is named for the future"
    return draft.fault("named_for_the_future", codes, name, strength, says)


def _noisy(draft: Draft, strength: float, kind: str) -> list[Planted]:
    rng, rows = draft.rng, draft.rows
    if draft.binary:
        apart = 1.6 / max(1 - strength, 0.02) ** 0.7
        told = draft.yes + rng.normal(size=rows) / apart
    else:
        told = draft.scaled + between(strength, 0.6, 0.02) * rng.normal(size=rows)
    told = (told - told.mean()) / told.std()
    form = rng.choice(["as it is", "falling", "curved", "rounded", "with gaps"])
    values: Floats = 50 + 20 * (-told if form == "falling" else told)
    if form == "curved":
        values = np.exp(told)
    elif form == "with gaps":
        values[draft.some(0.1)] = np.nan
    name = draft.add(values.round(0 if form == "rounded" else 3))
    says = f"{name} is the answer with noise, {form}"
    return draft.fault(kind, _TELLING, name, strength, says)
