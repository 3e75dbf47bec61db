"""Rows that say the same thing twice."""

__all__ = [
    "contact_spellings",
    "contaminated_split",
    "exact_copies",
    "jittered_customers",
    "versions",
]

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.schema import Role
from patron.schema.look import words
from patron.worlds.base import Planted
from patron.worlds.faults.draft import DAYS, NUMERIC, Draft, Truths, between

_FIRST = ("anna", "bert", "carla", "david", "elif", "frank", "grete", "hana", "ivo", "jana", "kim")
_LAST = ("adler", "berg", "cohn", "dorn", "eder", "falk", "gross", "huber", "jansen", "klein")
_HOSTS = ("mail.example", "post.example", "box.example", "web.example")


def exact_copies(draft: Draft, strength: float) -> list[Planted] | None:
    """Rows that stand in the table two to four times.

    Weakest: 2 in 100 rows are repeated. Strongest: 25.
    """
    rows = np.flatnonzero(draft.some(between(strength, 0.02, 0.25)))
    times = draft.rng.choice([1, 1, 1, 2, 3], len(rows))
    copies = _append(draft, np.repeat(rows, times))
    says = f"{copies.sum():,} rows are copies of others"
    return draft.fault("exact_copies", ("D01",), (), strength, says, copies)


def versions(draft: Draft, strength: float) -> list[Planted] | None:
    """Customers with an earlier record beside the present one, often with the time of each.

    Weakest: 2 in 100 rows have one. Strongest: 20.
    """
    if draft.entity is None:
        return None
    rng = draft.rng
    rows = np.flatnonzero(draft.some(between(strength, 0.02, 0.2)))
    old = _append(draft, rows)
    for name in rng.permutation(draft.free(Role.COUNT, Role.MONEY))[:6]:
        values = draft.values(name)
        grown = old & draft.some(0.6)
        values[grown] = np.floor(values[grown] * rng.uniform(0.4, 0.9))
        draft.put(name, values)
    if rng.random() < 0.6:
        day = np.floor(rng.uniform(19_000, 19_030, draft.rows)) - 40 * old
        name = draft.add(day, "row_changed_on", dtype=pa.date32())
        draft.say("table", f'updated = "{name}"')
    says = f"{old.sum():,} rows are earlier records of customers who have a later one"
    return draft.fault("versions", ("D02",), (), strength, says, old)


def jittered_customers(draft: Draft, strength: float) -> list[Planted] | None:
    """Customers once more under another key, with slightly other numbers.

    What counts days stays as it is, and no number leaves its column's range. Weakest: 3 in 100
    rows, numbers off by up to 5 %. Strongest: 20, off by up to 0.1 %.
    """
    if draft.entity is None:
        return None
    copies = _append(draft, np.flatnonzero(draft.some(between(strength, 0.03, 0.2))))
    _new_keys(draft, copies)
    off = between(strength, 0.05, 0.001)
    for name in draft.free(*NUMERIC):
        if not DAYS & set(words(name)):
            values = draft.values(name)
            known = values[np.isfinite(values)]
            moved = values * (1 + draft.rng.uniform(-off, off, draft.rows))
            if np.array_equal(known, known.round()):
                moved = moved.round()
            values[copies] = np.clip(moved, known.min(), known.max())[copies]
            draft.put(name, values)
    says = f"{copies.sum():,} customers stand under another key, their numbers off by {off:.1%}"
    return draft.fault("jittered_customers", ("D03",), (), strength, says, copies)


def contact_spellings(draft: Draft, strength: float) -> list[Planted] | None:
    """Persons with a second account, their e-mail, phone and name in another spelling there.

    Everybody gets an e-mail, a phone and a name; the second account is that of a customer with the
    same answer. Weakest: 3 in 100 customers. Strongest: 20.
    """
    if draft.entity is None:
        return None
    rng = draft.rng
    _, first_row, who = np.unique(draft.texts(draft.entity), return_index=True, return_inverse=True)
    count = len(first_row)
    alike = np.lexsort((rng.random(count), draft.y[first_row]))
    pairs = alike[: count // 2 * 2].reshape(-1, 2)
    pairs = pairs[rng.random(len(pairs)) < 2 * between(strength, 0.03, 0.2)]
    first, last = rng.choice(_FIRST, count), rng.choice(_LAST, count)
    number, host = rng.choice(10 * count, count, replace=False), rng.choice(_HOSTS, count)
    contacts = {
        "e_mail": [f"{a}.{b}{n}@{h}" for a, b, n, h in zip(first, last, number, host, strict=True)],
        "phone": [f"+49 30 {n:07d}" for n in rng.choice(10**7, count, replace=False)],
        "full_name": [f"{a.title()} {b.title()}" for a, b in zip(first, last, strict=True)],
    }
    respell = {"e_mail": _respelt_mail, "phone": _respelt_phone, "full_name": str.upper}
    for name, texts in contacts.items():
        if name != "phone" or rng.random() < 0.5:  # else each account has a phone of its own
            for person, account in pairs:
                texts[account] = respell[name](texts[person])
        draft.add(np.array(texts, dtype=object)[who], name)
    seconds = np.isin(who, pairs[:, 1])
    says = f"{len(pairs):,} persons have a second account, their e-mail spelt otherwise"
    return draft.fault("contact_spellings", ("D03",), list(contacts), strength, says, seconds)


def contaminated_split(draft: Draft, strength: float) -> list[Planted] | None:
    """A column that parts the rows into train and test, and test rows that are in train as well.

    Weakest: 3 in 100 of the test rows. Strongest: 40.
    """
    test = draft.some(0.25)
    words = ("train", "test") if draft.rng.random() < 0.5 else ("training", "holdout")
    name = draft.add(np.where(test, words[1], words[0]), draft.rng.choice(["part", "split", "set"]))
    rows = np.flatnonzero(test & draft.some(between(strength, 0.03, 0.4)))
    copies = _append(draft, rows)
    parts = draft.texts(name)
    parts[copies] = words[0]
    draft.put(name, list(parts))
    says = f"{copies.sum():,} rows of {name} {words[1]} stand in {words[0]} as well"
    return draft.fault("contaminated_split", ("D04",), name, strength, says, copies)


def _append(draft: Draft, rows: NDArray[np.intp]) -> Truths:
    """Add these rows again, at the end or anywhere; where they are now."""
    before = draft.rows
    every = np.append(np.arange(before), rows)
    order = np.arange(len(every))
    if draft.rng.random() < 0.5:
        order = draft.rng.permutation(order)
    if draft.as_of:  # files by date stay in the order of their dates
        order = order[np.argsort(draft.values(draft.as_of)[every[order]], kind="stable")]
    draft.take(every[order])
    return np.asarray(order >= before)


def _new_keys(draft: Draft, copies: Truths) -> None:
    """Other keys of the same look: the digits are those of numbers that nobody has."""
    entity = str(draft.entity)
    keys = draft.texts(entity)
    used = set(keys)
    for row in np.flatnonzero(copies):
        key = keys[row]
        while key in used:
            key = "".join(str(draft.rng.integers(10)) if c.isdigit() else c for c in key)
            key = key if key != keys[row] else f"{key}2"
        keys[row] = key
        used.add(key)
    draft.put(entity, pa.array(list(keys)).cast(draft.table.schema.field(entity).type))


def _respelt_mail(text: str) -> str:
    user, _, host = text.partition("@")
    return f"{user.replace('.', '')}+shop@{host}" if len(user) % 2 else f" {text.upper()}"


def _respelt_phone(text: str) -> str:
    return text.replace("+49 ", "0").replace(" ", "-")
