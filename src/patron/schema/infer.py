"""Inference of roles: from the values of a column first, from its name where they leave it open."""

__all__ = ["guess", "infer", "infer_again"]

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from patron.errors import StudyError
from patron.schema.look import Look, look, sample_rows, words
from patron.schema.types import Column, Role, Schema, no_such_column

if TYPE_CHECKING:
    import pyarrow as pa

_Guess = tuple[Role, str]

NEAR_UNIQUE = 0.95
"""From this share of distinct values on, a text or a number named so identifies a row."""

_SET = "set in [roles]"
_OF_VALUES = (
    *(Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE, Role.CATEGORY, Role.FLAG, Role.DATE),
    *(Role.TEXT, Role.IDENTIFIER),
)

_AFTER = {"post", "next", "future", "after"}
_NOT_AFTER = {"code", "codes", "office", "town", "box", "count", "id", "type", "title", "text"}
_IDENTIFIER = {
    *("id", "ids", "key", "uuid", "guid", "hash", "row", "index", "idx", "no", "nr", "number"),
    *("ref", "email", "mail", "phone", "customerid", "userid", "clientid", "orderid", "token"),
}
_PERSON = {
    *("customer", "client", "user", "member", "subscriber", "household", "account", "person"),
    *("visitor", "buyer", "order", "invoice", "transaction", "session", "receipt", "basket"),
}
_WHOSE_NAME = {
    *("first", "last", "full", "family", "given", "middle", "maiden", "customer", "client"),
    *("member", "user", "person", "contact", "buyer", "subscriber"),
}
_WHO = {
    *("surname", "forename", "lastname", "firstname", "fullname", "nachname", "vorname"),
    *("phone", "telephone", "mobile", "msisdn", "telefon", "email", "mail"),
}
_OF_A_TELEPHONE = {"number", "no", "nr", "address", "home", "work", "customer", "client"}
_CODE = {
    *("zip", "zipcode", "postcode", "postal", "store", "shop", "region", "branch", "code", "codes"),
    *("segment", "cluster", "category", "group", "class", "type", "channel", "id", "department"),
}
_RATE = {
    *("rate", "ratio", "share", "pct", "percent", "percentage", "probability", "prob"),
    *("propensity", "fraction", "proportion"),
}
_MONEY = {
    *("amount", "amt", "spend", "spending", "spent", "revenue", "price", "prices", "value"),
    *("balance", "income", "salary", "cost", "sales", "gmv", "ltv", "clv", "money", "monetary"),
    *("paid", "dollars", "turnover", "discount", "margin", "profit", "aov", "usd", "eur", "gbp"),
}
_COUNT = {
    *("n", "num", "count", "counts", "cnt", "nb", "orders", "purchases", "visits", "clicks"),
    *("opens", "emails", "items", "units", "quantity", "qty", "sessions", "returns", "pageviews"),
    *("transactions", "products", "categories", "days", "day", "weeks", "months", "years"),
    *("tenure", "recency", "frequency", "children", "logins", "visit"),
}


def infer(
    table: "pa.Table",
    *,
    entity: str | None = None,
    as_of: str | None = None,
    updated: str | None = None,
    targets: Iterable[str] = (),
    treatment: str | None = None,
    overrides: Mapping[str, Role] | None = None,
) -> Schema:
    """The role of every column of `table`, each with the reason for it.

    Parameters
    ----------
    entity, as_of, updated, targets, treatment : the columns that the Study names as such.
    overrides : roles from [roles]; they stand above what is inferred, not above what is named.

    Raises
    ------
    StudyError
        A column is named that the table does not have.
    """
    import pyarrow.compute as pc

    overrides = overrides or {}
    named: dict[str | None, _Guess] = {
        **dict.fromkeys(targets, (Role.TARGET, "named as the target")),
        treatment: (Role.TREATMENT, "named as the treatment"),
        updated: (Role.UPDATED, "named as the time of the last change"),
        as_of: (Role.AS_OF, "named as the date of the row"),
        entity: (Role.ENTITY, "named as the customer"),
    }
    named.pop(None, None)
    missing = [name for name in (*named, *overrides) if name not in table.column_names]
    if missing:
        raise StudyError("\n".join(no_such_column(str(m), table.column_names) for m in missing))
    rows = sample_rows(table.num_rows)
    entities = None if entity is None else pc.count_distinct(table[entity]).as_py()

    def one(name: str) -> _Guess:
        if name in named:
            return named[name]
        if name in overrides:
            return Role(overrides[name]), _SET
        kind = table.schema.field(name).type
        if not _can_be_read(kind):
            return Role.IGNORE, f"its type is {kind}"
        return guess(name, look(table[name], rows, entities))

    return Schema(
        tuple(Column(field.name, *one(field.name), str(field.type)) for field in table.schema)
    )


def _can_be_read(kind: "pa.DataType") -> bool:
    """Whether values of the type are numbers, texts or times, and not lists, bytes or spans."""
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_dictionary(kind):
        return _can_be_read(kind.value_type)
    never = (kinds.is_nested, kinds.is_duration, kinds.is_interval, kinds.is_time)
    bytes_ = (kinds.is_binary, kinds.is_large_binary, kinds.is_fixed_size_binary)
    return not any(is_kind(kind) for is_kind in (*never, *bytes_))


def infer_again(schema: Schema, table: "pa.Table", names: Iterable[str]) -> Schema:
    """The schema after a change of `table`: columns of text that turn out to hold numbers or dates.

    Roles that somebody named or set stay, and so does the type, which is the raw table's.

    >>> import pyarrow as pa
    >>> schema = infer(pa.table({"paid": ["1,5", "2,5", "n/a"]}))
    >>> mended = infer_again(schema, pa.table({"paid": [1.5, 2.5, None]}), ["paid"])
    >>> schema["paid"].role.value, mended["paid"].role.value, mended["paid"].dtype
    ('category', 'money', 'string')
    """
    names, rows = set(names), sample_rows(table.num_rows)
    columns = []
    for column in schema.columns:
        inferred = column.role in _OF_VALUES and column.because != _SET
        if inferred and column.name in names and "string" in column.dtype:
            seen = look(table[column.name], rows)
            if seen.kind in ("number", "date"):
                role, because = guess(column.name, seen)
                column = replace(column, role=role, because=because)
        columns.append(column)
    return Schema(tuple(columns))


def guess(name: str, seen: Look) -> _Guess:
    """The role of a column that nobody has named, and the reason for it."""
    if seen.known == 0:
        return Role.IGNORE, "all missing"
    if seen.distinct == 1 and not seen.missing:
        return Role.IGNORE, "constant"
    of_name = words(name)
    if after := _says_after(of_name):
        return Role.FUTURE, f"name says it is known only after the outcome ({after})"
    rule: dict[str, Callable[[tuple[str, ...], Look], _Guess]] = {
        "flag": _flag,
        "date": _date,
        "number": _number,
        "text": _text,
    }
    return rule[seen.kind](of_name, seen)


def _says_after(of_name: tuple[str, ...]) -> str | None:
    for word, follower in pairwise(of_name):
        if word in _AFTER and follower not in _NOT_AFTER:
            return word
    return None


def _flag(_: tuple[str, ...], seen: Look) -> _Guess:
    if seen.distinct == 1:
        return Role.FLAG, "one value or missing"
    return Role.FLAG, "two values" + _stored(seen)


def _date(_: tuple[str, ...], seen: Look) -> _Guess:
    return Role.DATE, "dates" + _stored(seen)


def _number(of_name: tuple[str, ...], seen: Look) -> _Guess:
    numbers = ("whole numbers" if seen.whole else "numbers") + _stored(seen)
    if seen.whole and (identifies := _identifies(of_name, seen)):
        return Role.IDENTIFIER, identifies
    if seen.no_gap and seen.distinct > 20:
        return Role.IDENTIFIER, "whole numbers, each once, without a gap"
    if seen.whole and seen.variety <= 0.2 and (said := _says_code(of_name)):
        return Role.CATEGORY, f"{seen.distinct:,} distinct codes; name says {said}"
    if seen.low >= 0 and seen.high <= 1 and not seen.whole:
        if said := _said(of_name, _RATE):
            return Role.RATE, f"between 0 and 1; name says {said}"
        return Role.NUMBER, "between 0 and 1"
    starts_as_count = bool(of_name) and of_name[0] in _COUNT
    if (said := _said(of_name, _MONEY)) and not starts_as_count:
        return Role.MONEY, f"{numbers}; name says {said}"
    if seen.whole and seen.low >= 0 and (said := _said(of_name, _COUNT)):
        return Role.COUNT, f"{numbers} from {seen.low:,.0f}; name says {said}"
    if seen.cents and seen.low >= 0 and seen.high >= 10 and seen.distinct > 100:
        return Role.MONEY, "numbers from 0 with two decimals"
    return Role.NUMBER, f"{numbers}, {_counted(seen)}"


def _text(of_name: tuple[str, ...], seen: Look) -> _Guess:
    if seen.words < 3 and seen.variety_of_entities >= NEAR_UNIQUE and seen.distinct > 20:
        return Role.IDENTIFIER, "near-unique text"
    if identifies := _identifies(of_name, seen):
        return Role.IDENTIFIER, identifies
    if seen.addresses:
        return Role.IDENTIFIER, "e-mail addresses"
    if said := _says_who(of_name):
        return Role.IDENTIFIER, f"name says that it names a person ({said})"
    if seen.words >= 3 and seen.variety_of_entities >= 0.3 and seen.distinct > 20:
        return Role.TEXT, f"text, {100 * seen.variety:.0f} % distinct"
    if seen.distinct == 1:
        return Role.CATEGORY, "one text or missing"
    return Role.CATEGORY, _counted(seen).replace("distinct", "distinct texts")


def _stored(seen: Look) -> str:
    return f" as {seen.stored_as}" if seen.stored_as else ""


def _identifies(of_name: tuple[str, ...], seen: Look) -> str | None:
    """Why the values identify rows, customers or orders, where the name says that they do."""
    said = _said(of_name[-1:], _IDENTIFIER)
    if said is None or seen.distinct <= 20:
        return None
    if seen.variety >= 0.5:
        share = (
            "near-unique" if seen.variety >= NEAR_UNIQUE else f"{100 * seen.variety:.0f} % distinct"
        )
        return f"{share}; name says {said}"
    if whose := _said(of_name[:-1], _PERSON):
        return f"{_counted(seen)}; name says {whose} {said}"
    return None


def _says_code(of_name: tuple[str, ...]) -> str | None:
    """The word for a code: the last (zip_code), or the one that is numbered (store_no)."""
    return _said(of_name if _said(of_name[-1:], _IDENTIFIER) else of_name[-1:], _CODE)


def _says_who(of_name: tuple[str, ...]) -> str | None:
    """The words for a person's name or telephone: last_name, surname, mobile_number.

    >>> [_says_who(words(name)) for name in ("LastName", "surname", "product_name", "phone_type")]
    ['last name', 'surname', None, None]
    """
    if len(of_name) > 1 and of_name[-1] == "name" and of_name[-2] in _WHOSE_NAME:
        return " ".join(of_name[-2:])
    bare = tuple(word for word in of_name if word not in _OF_A_TELEPHONE)
    return bare[0] if len(bare) == 1 and bare[0] in _WHO else None


def _said(of_name: tuple[str, ...], vocabulary: set[str]) -> str | None:
    return next((word for word in of_name if word in vocabulary), None)


def _counted(seen: Look) -> str:
    return f"{seen.distinct:,} distinct" + (f" in {seen.known:,} rows" if seen.in_sample else "")
