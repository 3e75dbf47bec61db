"""What reaches or names a person: e-mail, telephone, name with postcode, found by content."""

__all__ = ["MOST_SHARING", "Contact", "Same", "contacts", "same_person"]

import re
import unicodedata
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.duplicates.keys import alikeness
from patron.audit.frame import Frame
from patron.audit.operations import group_rows, is_text, plain
from patron.audit.operations.near import Column
from patron.audit.operations.rows import folded
from patron.schema import Role
from patron.schema.look import words

READ = 2_000
MOSTLY = 0.8
FEWEST_DISTINCT = 50
MOST_SHARING = 5
"""A contact that more customers share is a placeholder or a household's, and nobody's key."""
ALIKE = 0.3
ALMOST = 0.8
MOST_BESIDE = 3

_MAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
_PHONE = re.compile(r"\s*[+(]?[\d\s()./-]{7,22}\s*")
# What parts two words takes the dot of the first: two ways to read it would double with each word.
_NAME = re.compile(r"\s*[^\W\d_]+([ ,.'’-]+[^\W\d_]+){1,3}\.?\s*")
_ONE_NAME = re.compile(r"\s*[^\W\d_]+([ .'’-]+[^\W\d_]+)*\.?\s*")
_POSTCODE = re.compile(r"\s*(?=.*\d)[A-Za-z0-9][A-Za-z0-9 -]{2,8}[A-Za-z0-9]\s*")
_PHONE_WORDS = {"phone", "mobile", "tel", "telephone", "cell", "msisdn", "handy", "telefon"}
_NAME_WORDS = {"name", "surname", "forename", "lastname", "firstname", "vorname", "nachname"}
_PLACE_WORDS = {"postcode", "zip", "zipcode", "postal", "plz", "postleitzahl", "address", "street"}
_BIRTH_WORDS = {"birth", "birthdate", "birthday", "dob", "born"}


class Contact(NamedTuple):
    """Columns that together stand for a person, and what to call them."""

    columns: tuple[str, ...]
    kind: str


class Same(NamedTuple):
    """Pairs of rows of one person, by one contact.

    `key` : the columns to tell persons by, names included where households share the contact.
    `households` : pairs that share the contact under different names. `placeholders` : rows whose
    contact too many share.
    """

    first: np.ndarray
    second: np.ndarray
    key: tuple[str, ...]
    households: int
    placeholders: int


def contacts(frame: Frame) -> tuple[list[Contact], tuple[str, ...]]:
    """The contacts of the table, and the columns that hold names; judged by their values."""
    texts = {name: _read(frame, name) for name in _text_columns(frame)}
    mails = [name for name, seen in texts.items() if _share(seen, _MAIL.fullmatch) >= MOSTLY]
    phones = [name for name, seen in texts.items() if name not in mails and _is_phone(name, seen)]
    left = {name: seen for name, seen in texts.items() if name not in (*mails, *phones)}
    names = _names(left)
    found = [Contact((name,), "e-mail") for name in mails]
    found += [Contact((name,), "telephone") for name in phones]
    entity = frame.schema.names(Role.ENTITY)
    places = [n for n, seen in left.items() if n not in (*names, *entity) and _is_place(n, seen)]
    births = [n for n in frame.table.column_names if _BIRTH_WORDS & set(words(n))]
    beside = [(n, "postcode") for n in sorted(places, key=lambda n: not _says_place(n))]
    beside += [(n, "date of birth") for n in births]
    if names:
        found += [Contact((*names, n), f"name and {what}") for n, what in beside[:MOST_BESIDE]]
    return found, names


def same_person(
    frame: Frame,
    contact: Contact,
    names: tuple[str, ...],
    apart: np.ndarray,
    features: list[Column],
) -> Same:
    """The pairs of rows that share the contact, however it is spelt, less households and chance.

    `apart` [rows] whole numbers: rows with the same one are told apart already (D02 has them).
    """
    none = Same(*(np.zeros(0, dtype=np.int64),) * 2, contact.columns, 0, 0)
    table = frame.table
    key = pa.table({name: folded(table.column(name)) for name in contact.columns})
    for name in frame.schema.names(Role.AS_OF):
        key = key.append_column(f"{name} (as_of)", table.column(name))
    groups = group_rows(key, key.column_names)
    rows = np.flatnonzero(~np.any([key.column(n).is_null() for n in key.column_names], axis=0))
    first, second, placeholders = _pairs(rows, groups[rows])
    other = apart[first] != apart[second]
    first, second = first[other], second[other]
    if not len(first) or len(first) > len(rows) / 2:
        return none  # as many as that are orders of a customer, or households
    if len(contact.columns) > 1:
        chance = _by_chance(key, rows, len(contact.columns))
        if len(first) < 3 * chance + 10:
            return none
    asked = names if contact.kind in ("e-mail", "telephone") else ()
    agree = _names_agree(table, asked, first, second)
    if contact.kind == "telephone" and not asked:
        alike = alikeness(features, first, second, table.num_rows, frame.seed)
        if alike < ALIKE:
            return none  # without names, one number may be a household's
    households = int((~agree).sum())
    columns = contact.columns + (asked if households else ())
    return Same(first[agree], second[agree], columns, households, placeholders)


def _text_columns(frame: Frame) -> list[str]:
    wanted = []
    for column in frame.schema.columns:
        kind = plain(frame.table.column(column.name).slice(0, 0)).type
        if is_text(kind) and column.role not in (Role.AS_OF, Role.TARGET, Role.UPDATED, Role.DATE):
            wanted.append(column.name)
    return wanted


def _read(frame: Frame, name: str) -> list[str]:
    """Some values; none where the column has too few different ones to stand for persons."""
    column = plain(frame.table.column(name))
    first = column.slice(0, READ).drop_null()
    if pc.count_distinct(first).as_py() < min(FEWEST_DISTINCT, len(column) / 2):
        return []
    step = max(len(column) // READ, 1)
    read: list[str] = column.take(pa.array(np.arange(0, len(column), step))).drop_null().to_pylist()
    return read


def _share(seen: list[str], matches: Callable[[str], object]) -> float:
    return sum(bool(matches(text)) for text in seen) / len(seen) if seen else 0.0


def _is_phone(name: str, seen: list[str]) -> bool:
    """Mostly 7 to 15 digits, written as telephone numbers are, and seldom the same."""

    def digits(text: str) -> bool:
        return bool(_PHONE.fullmatch(text)) and 7 <= sum(map(str.isdigit, text)) <= 15

    if _share(seen, digits) < MOSTLY or len(set(seen)) < len(seen) / 2:
        return False
    written = _share(seen, re.compile(r"\s*(\+|0|\()|.*\d[ /-]\d").match)
    return written >= MOSTLY or bool(_PHONE_WORDS & set(words(name)))


def _names(left: dict[str, list[str]]) -> tuple[str, ...]:
    """The columns of names: one with whole names, or those of first and last names."""
    whole = [
        name
        for name, seen in left.items()
        if _share(seen, _NAME.fullmatch) >= MOSTLY and len(set(seen)) >= 0.3 * len(seen)
    ]
    if whole:
        return (whole[0],)
    parts = [
        name
        for name, seen in left.items()
        if _NAME_WORDS & set(words(name)) and _share(seen, _ONE_NAME.fullmatch) >= MOSTLY
    ]
    return tuple(parts) if len(parts) == 2 else ()


def _is_place(name: str, seen: list[str]) -> bool:
    """Mostly written as postcodes are, or an address by the column's name."""
    return bool(seen) and (_says_place(name) or _share(seen, _POSTCODE.fullmatch) >= 0.95)


def _says_place(name: str) -> bool:
    return bool(_PLACE_WORDS & set(words(name)))


def _pairs(rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """All neighbours in each small group, in the table's order, and the rows of large groups."""
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.lexsort((rows, group))
    order = order[(counts[group[order]] > 1) & (counts[group[order]] <= MOST_SHARING)]
    next_to = group[order[1:]] == group[order[:-1]]
    first, second = rows[order[:-1][next_to]], rows[order[1:][next_to]]
    place = np.argsort(first, kind="stable")
    return first[place], second[place], int(counts[counts > MOST_SHARING].sum())


def _by_chance(key: pa.Table, rows: np.ndarray, columns: int) -> float:
    """How many pairs would share all columns if the last had nothing to do with the others."""
    taken = key.take(pa.array(rows))
    names = taken.column_names
    shares = []
    for part in (names[: columns - 1], [names[columns - 1]]):
        counts = np.unique(group_rows(taken, part), return_counts=True)[1].astype(np.float64)
        shares.append((counts * (counts - 1)).sum() / 2)
    return float(shares[0] * shares[1] / max(len(rows) * (len(rows) - 1) / 2, 1))


def _names_agree(
    table: pa.Table, names: tuple[str, ...], first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Whether two rows may bear the name of one person: alike word by word, or abbreviated."""
    agree = np.ones(len(first), dtype=bool)
    for name in names:
        column = table.column(name)
        ones, others = (column.take(pa.array(rows)).to_pylist() for rows in (first, second))
        agree &= [
            _alike(_name_words(one), _name_words(other))
            for one, other in zip(ones, others, strict=True)
        ]
    return agree


def _name_words(name: str | None) -> list[str]:
    plain_letters = unicodedata.normalize("NFKD", name or "").lower()
    return re.findall(r"[^\W\d_]+", re.sub(r"[\u0300-\u036f]", "", plain_letters))


def _alike(one: list[str], other: list[str]) -> bool:
    """Whether each word of the shorter name is a word of the longer, its initial, or nearly one.

    The same family name is not enough: the first names must agree as well.
    """
    short, long = sorted((one, other), key=len)

    def matches(word: str, known: str) -> bool:
        if 1 in (len(word), len(known)):
            return word[0] == known[0]
        return word == known or SequenceMatcher(None, word, known).ratio() >= ALMOST

    return all(any(matches(word, known) for known in long) for word in short)
