"""What names the customer of a row, what parts the table, and how alike two rows are."""

__all__ = ["Key", "alikeness", "customer_key", "named_rows", "part_column"]

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.frame import Frame
from patron.audit.operations import is_text, plain
from patron.audit.operations.near import TOLERANCES, Column
from patron.schema import FEATURE_ROLES, Role

NEAR_UNIQUE = 0.8
MOST_PARTS = 12
_TEACHES = re.compile(r"(train|learn|develop|dev|fit|fold|in)[a-z]*[ _-]?(set|part|sample)?\d*")
_TESTS = re.compile(
    r"(test|valid|val|hold[ _-]?out|eval|oot|out|fold|score|scoring|unseen)[a-z]*"
    r"[ _-]?(of[ _-]?time|of[ _-]?sample|set|part|sample)?\d*"
)


class Key(NamedTuple):
    """The columns that name a customer; `stands_in` if the Study names none and these were found.

    No columns: nothing names a customer.
    """

    columns: tuple[str, ...]
    stands_in: bool = False

    @property
    def sentence(self) -> str:
        """What to tell the reader of a key that nobody named."""
        name = self.columns[0] if self.columns else ""
        return (
            f" No entity is named; {name} is nearly unique and stands in for it."
            if self.stands_in
            else ""
        )


def customer_key(frame: Frame) -> Key:
    """The entity; else the identifier that is nearly, but not quite, different in every row."""
    entity = frame.schema.names(Role.ENTITY)
    if entity:
        return Key(entity)
    shares = {}
    for name in frame.schema.names(Role.IDENTIFIER):
        column = plain(frame.table.column(name))
        known = len(column) - column.null_count
        if known and not pa.types.is_nested(column.type):
            shares[name] = pc.count_distinct(column).as_py() / known
    near = [name for name, share in shares.items() if NEAR_UNIQUE <= share < 1]
    return Key((max(near, key=lambda name: shares[name]),), True) if near else Key(())


def named_rows(table: pa.Table, columns: tuple[str, ...]) -> np.ndarray:
    """Whether each row has a value in all of the columns."""
    named = np.ones(table.num_rows, dtype=bool)
    for name in columns:
        named &= table.column(name).is_valid().to_numpy()
    return named


def part_column(frame: Frame) -> str | None:
    """The column that says which rows are for learning and which for testing, by its values."""
    for name in frame.schema.names(*FEATURE_ROLES, Role.IGNORE, Role.IDENTIFIER):
        column = plain(frame.table.column(name))
        if not is_text(column.type):
            continue
        if pc.count_distinct(column.slice(0, 5_000)).as_py() > MOST_PARTS:
            continue
        words = [w.strip().lower() for w in pc.unique(column).drop_null().to_pylist()]
        teach = [word for word in words if _TEACHES.fullmatch(word)]
        test = [word for word in words if _TESTS.fullmatch(word)]
        if teach and test and len(words) > 1 and {*teach, *test} == set(words):
            return name
    return None


def alikeness(
    columns: list[Column], first: np.ndarray, second: np.ndarray, rows: int, seed: int
) -> float:
    """How much more often the pairs of rows agree than rows drawn at random: 0 no more, 1 always.

    The mean over the columns where random rows differ at times.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, rows, 4_000), rng.integers(0, rows, 4_000)
    excess = []
    for column in columns:
        together, apart = (_agreement(column, *pair) for pair in ((first, second), drawn))
        if apart < 0.9:
            excess.append((together - apart) / (1 - apart))
    return float(np.mean(excess)) if excess else 0.0


def _agreement(column: Column, first: np.ndarray, second: np.ndarray) -> float:
    one, other = column.values[first], column.values[second]
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return 1.0
    return float(column.agree(one[known], other[known], TOLERANCES[1]).mean())
