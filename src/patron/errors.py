"""What Patron raises, and what each means for whoever called.

    PatronError            anything that Patron raises on purpose
    ├── UserError          a mistake that the caller can mend (the command ends with 2)
    │   ├── StudyError     patron.toml: an unknown key, a wrong value, a missing column
    │   ├── TableError     a table that cannot be read, or written
    │   ├── DataError      the table was read, but its content does not allow what was asked
    │   └── BundleError    a bundle that is damaged, foreign, or of a newer format
    └── Refusal            the answer is "cannot say, because" (the command ends with 1)

A message says what was wrong, where (file, column, row count), what was expected, and what to do.
It never carries the value of an entity.
"""

__all__ = [
    "BundleError",
    "DataError",
    "PatronError",
    "Refusal",
    "StudyError",
    "TableError",
    "UserError",
    "nearest",
]

from collections.abc import Iterable


class PatronError(Exception):
    """Anything that Patron raises on purpose."""

    exit_code = 3


class UserError(PatronError):
    """A mistake that the caller can mend."""

    exit_code = 2


class StudyError(UserError):
    """The Study is wrong: an unknown key, a wrong value, a column that does not exist."""


class TableError(UserError):
    """A table cannot be read or written."""


class DataError(UserError):
    """The table was read, but its content does not allow what was asked."""


class BundleError(UserError):
    """A bundle is damaged, foreign, or of a newer format."""


class Refusal(PatronError):
    """Patron declines to answer because the data cannot tell; the message gives the reason."""

    exit_code = 1


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that `word` was most likely meant to be, or None.

    >>> nearest("spnding", ["age", "spending"])
    'spending'
    """
    import difflib

    by_fold = {name.casefold(): name for name in allowed}
    close = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None
