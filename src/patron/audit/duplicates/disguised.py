"""D03: the same person under another key."""

__all__ = ["SamePerson", "compared", "customers", "near_rows"]

from typing import Any

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding
from patron.audit.duplicates.flattery import flattery
from patron.audit.duplicates.keys import Key, customer_key, named_rows, part_column
from patron.audit.duplicates.persons import MOST_SHARING, Contact, Same, contacts, same_person
from patron.audit.duplicates.show import pairs_picture
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.operations import group_rows
from patron.audit.operations.base import counted
from patron.audit.operations.near import NearPairs, grouped, near_pairs, prepared
from patron.schema import Role

FEWEST_ROWS = 50
FEWEST_PAIRS, RARE = 5, 2_000  # fewer than one pair in so many rows is left alone
MOSTLY = 0.8
FEW_OF_MUCH = 0.25


def near_rows(frame: Frame) -> NearPairs:
    """Pairs of rows at one as_of that are nearly equal in the features; exact ones included."""
    as_of = frame.schema.names(Role.AS_OF)
    within = group_rows(frame.table, as_of) if as_of else None
    columns = prepared(frame.table, compared(frame))
    return near_pairs(columns, frame.table.num_rows, within=within)


def compared(frame: Frame) -> tuple[str, ...]:
    """The columns that rows are compared by: the features, less one that parts the table."""
    part = part_column(frame)
    return tuple(name for name in frame.features if name != part)


def customers(frame: Frame, key: Key) -> np.ndarray:
    """A number for the customer of each row; rows without a name are customers of their own."""
    columns = key.columns + frame.schema.names(Role.AS_OF)
    if not key.columns:
        return np.arange(frame.table.num_rows)
    customers = group_rows(frame.table, columns)
    lacking = ~named_rows(frame.table, key.columns)
    customers[lacking] = -1 - np.flatnonzero(lacking)
    return customers


class SamePerson(Check):
    """D03: rows of one person under several keys.

    By contact (an e-mail, a telephone number, a name with a postcode, however spelt), and by rows
    that are nearly equal although nothing but copying explains it.
    """

    code = "D03"
    title = "The same person under another key"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each contact, and one for what is nearly equal beside that."""
        rows = frame.table.num_rows
        if rows < FEWEST_ROWS:
            return CannotSay(f"the table has {rows} rows; below {FEWEST_ROWS} likeness is no proof")
        key = customer_key(frame)
        apart = customers(frame, key)
        for columns in [key.columns] if key.columns else _identifiers(frame):
            named = named_rows(frame.table, columns)
            if _is_orders(customers(frame, Key(columns))[named]):
                return CannotSay(
                    f"most values of {', '.join(columns)} have several rows; the rows look like "
                    "orders or snapshots"
                )
        found, known = self._by_contact(frame, key, apart)
        pairs = self._nearly_equal(frame, key, apart, known)
        if not len(pairs.first):
            return found
        if found or not _only_who_says_little(frame, pairs):
            return [*found, self._of_likeness(frame, key, pairs)]
        return CannotSay(
            f"{counted(_extra(frame, pairs), 'row')} nearly equal another, but hardly any of them "
            "among the rows of which most is known: customers who did little look alike"
        )

    def _by_contact(
        self, frame: Frame, key: Key, apart: np.ndarray
    ) -> tuple[list[Finding], np.ndarray]:
        """The findings by contact, and a number for each row that persons share."""
        persons = np.arange(frame.table.num_rows)
        first = second = np.zeros(0, dtype=np.int64)
        kinds, names = contacts(frame)
        features = prepared(frame.table, frame.features) if kinds else []
        found = []
        for contact in kinds:
            same = same_person(frame, contact, names, apart, features)
            new = persons[same.first] != persons[same.second]
            if new.sum() > (1 - MOSTLY) * len(new):
                found.append(self._of_contact(frame, key, contact, same))
                first = np.concatenate([first, same.first])
                second = np.concatenate([second, same.second])
                persons = grouped(len(persons), first, second)
        return found, persons

    def _of_contact(self, frame: Frame, key: Key, contact: Contact, same: Same) -> Finding:
        table, schema = frame.table, frame.schema
        groups = grouped(table.num_rows, same.first, same.second)
        extra = table.num_rows - len(np.unique(groups))
        flattered = flattery(frame, groups)
        updated = schema.one(Role.UPDATED)
        share = "shares its" if extra == 1 else "share their"
        what = f"{counted(extra, 'row')} {share} {contact.kind} with another customer"
        evidence: Evidence = {
            "found_by": contact.kind,
            "extra_rows": extra,
            "share": extra / table.num_rows,
            "spelt_alike": _spelt_alike(frame, contact.columns, same),
            "shared_under_other_names": same.households,
            "rows_with_a_placeholder": same.placeholders,
            **flattered.evidence,
        }
        shown = prepared(table, [n for n in frame.features if n not in contact.columns])
        evidence |= pairs_picture(frame, shown, same.first, same.second, key.columns, what)
        arguments: dict[str, Any] = {"loose": True} | ({"by": updated} if updated else {})
        if same.placeholders:
            arguments["most"] = MOST_SHARING
        fix = Fix("keep_latest", same.key + schema.names(Role.AS_OF), arguments, self.code)
        left = (
            f" {counted(same.households, 'pair')} with other names are left: households."
            if same.households
            else ""
        )
        return self.finding(
            flattered.severity,
            contact.columns,
            rows=extra,
            evidence=evidence,
            meaning=(
                f"{what}, once case, dots, spaces and punctuation are set aside: one person under "
                f"several keys.{left} {flattered.sentence}"
            ),
            next_step="Look at the pairs, keep the latest record of each, and join their history.",
            fix=fix,
        )

    def _nearly_equal(
        self, frame: Frame, key: Key, apart: np.ndarray, persons: np.ndarray
    ) -> NearPairs:
        """The pairs of different customers that no contact has told, if there are enough."""
        every = near_rows(frame)
        new = apart[every.first] != apart[every.second]  # D02 and D01 have the others
        part = part_column(frame)
        if part:  # D04 has what lies in two parts
            parts = group_rows(frame.table, [part])
            new &= parts[every.first] == parts[every.second]
        if not key.columns:
            exact = group_rows(frame.table, frame.table.column_names)
            new &= exact[every.first] != exact[every.second]
        told = persons[every.first] == persons[every.second]
        pairs = every.only(new & ~told)
        fewest = max(FEWEST_PAIRS, frame.table.num_rows / RARE)
        enough = len(pairs.first) >= max(fewest, (1 - MOSTLY) * new.sum())
        return pairs if enough else pairs.only(np.zeros(len(pairs.first), dtype=bool))

    def _of_likeness(self, frame: Frame, key: Key, pairs: NearPairs) -> Finding:
        table, schema = frame.table, frame.schema
        groups = grouped(table.num_rows, pairs.first, pairs.second)
        extra = _extra(frame, pairs)
        flattered = flattery(frame, groups)
        names = compared(frame)
        columns = prepared(table, names)
        title = f"{counted(extra, 'row')} nearly equal to another customer's"
        evidence: Evidence = {
            "found_by": "nearly equal values",
            "extra_rows": extra,
            "share": extra / table.num_rows,
            "columns_compared": len(columns),
            "columns_that_may_differ": pairs.allowed,
            "tolerance": pairs.tolerance,
            "near_misses": pairs.near_misses,
            "exactly_equal_pairs": int((pairs.differing == 0).sum()),
            **flattered.evidence,
            **pairs_picture(frame, columns, pairs.first, pairs.second, key.columns, title),
        }
        updated, as_of = schema.one(Role.UPDATED), schema.one(Role.AS_OF)
        arguments: dict[str, Any] = {"tolerance": pairs.tolerance}
        arguments |= {"by": updated} if updated else {}
        arguments |= {"within": as_of} if as_of else {}
        but = f"all but {pairs.allowed}" if pairs.allowed else "all"
        return self.finding(
            flattered.severity,
            rows=extra,
            evidence=evidence,
            meaning=(
                f"{counted(extra, 'row')} nearly equal another in {but} of {len(columns)} columns, "
                "under another key. By chance many more rows would differ in one or two columns "
                f"more; only {counted(pairs.near_misses, 'pair')} do. {flattered.sentence}"
            ),
            next_step=(
                "Look for the second import or the account that was opened anew; keep one row of "
                "each customer."
            ),
            fix=Fix("drop_near_duplicates", names, arguments, self.code),
        )


def _only_who_says_little(frame: Frame, pairs: NearPairs) -> bool:
    """Whether hardly any of the pairs are rows with more than the usual number of values.

    Copies are made of any customer. Those who bought once, on one day, look alike by chance.
    """
    columns = prepared(frame.table, compared(frame))
    values = sum(np.isfinite(each.values) & (each.values != 0) for each in columns)
    much = values > np.median(values)
    paired = np.zeros(frame.table.num_rows, dtype=bool)
    paired[pairs.first] = paired[pairs.second] = True
    expected = paired[~much].mean() * much.sum()
    fewer = expected - paired[much].sum()
    return bool(fewer > (1 - FEW_OF_MUCH) * expected and fewer > 3 * max(expected, 1) ** 0.5)


def _extra(frame: Frame, pairs: NearPairs) -> int:
    rows = frame.table.num_rows
    return rows - len(np.unique(grouped(rows, pairs.first, pairs.second)))


def _identifiers(frame: Frame) -> list[tuple[str, ...]]:
    return [(name,) for name in frame.schema.names(Role.IDENTIFIER)]


def _is_orders(customers: np.ndarray) -> bool:
    counts = np.unique(customers, return_counts=True)[1]
    return bool(len(counts)) and bool((counts > 1).mean() > 0.5)


def _spelt_alike(frame: Frame, columns: tuple[str, ...], same: Same) -> float:
    """The share of the pairs whose contact is equal as it is written."""
    written = group_rows(frame.table, columns)
    return float((written[same.first] == written[same.second]).mean())
