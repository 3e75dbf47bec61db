"""L: columns that carry the answer."""

__all__ = [
    "CHECKS",
    "AccountingIdentity",
    "AfterTheSnapshot",
    "ChangedByContact",
    "NamedForTheFuture",
    "RestatedLater",
    "TellingColumn",
]

from patron.audit.base import Check
from patron.audit.leaks.contact import ChangedByContact
from patron.audit.leaks.dates import AfterTheSnapshot
from patron.audit.leaks.future import NamedForTheFuture
from patron.audit.leaks.identities import AccountingIdentity
from patron.audit.leaks.restated import RestatedLater
from patron.audit.leaks.telling import TellingColumn

CHECKS: tuple[type[Check], ...] = (
    TellingColumn,
    AccountingIdentity,
    AfterTheSnapshot,
    ChangedByContact,
    RestatedLater,
    NamedForTheFuture,
)
