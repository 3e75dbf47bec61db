"""Whether a table is one of order lines, and which column is what in it."""

__all__ = ["OrderLines", "find_order_lines", "guess_entity", "sql_name"]

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from patron.schema import Role
from patron.schema.look import Look, words

if TYPE_CHECKING:
    import pyarrow as pa

Looks = Mapping[str, Look]
Roles = Mapping[str, Role]

_PERSON = (
    *("customer", "cust", "client", "user", "member", "subscriber", "household", "account"),
    *("person", "visitor", "buyer", "shopper"),
)
_ID = {"id", "ids", "no", "nr", "number", "key", "ref", "code", "hash", "uuid"}
_WHOLE_NAMES = {f"{person}id" for person in _PERSON} | set(_PERSON)
_ORDER = {"order", "invoice", "transaction", "receipt", "basket", "ticket", "bill"}
_QUANTITY = {"quantity", "qty", "units", "pieces", "cds"}
_PRICE = {"price", "unitprice"}
_PRODUCT = {"product", "sku", "stock", "stockcode", "item", "article", "productid", "upc", "ean"}
_CATEGORY = {"category", "department", "genre", "aisle", "brand"}
_RESERVED = {
    *("all", "and", "as", "asc", "by", "case", "cast", "check", "column", "date", "default"),
    *("desc", "distinct", "else", "end", "from", "group", "having", "in", "is", "limit", "not"),
    *("null", "offset", "on", "or", "order", "primary", "select", "table", "then", "time", "to"),
    *("union", "user", "using", "when", "where", "with"),
}

MONTHS = 6
"""So many dates are proposed at most."""


@dataclass(frozen=True)
class OrderLines:
    """The columns and expressions of [events], as far as they could be guessed."""

    entity: str
    time: str
    amount: str
    quantity: str | None
    kind: str | None
    order_id: str | None
    product: str | None
    category: str | None
    first: date
    last: date
    duplicates: int

    def as_of(self, horizon_days: int) -> list[date]:
        """The latest firsts of a month that leave `horizon_days` after and 30 days before them."""
        day = self.last.replace(day=1)
        found: list[date] = []
        while day >= self.first + timedelta(days=30) and len(found) < MONTHS:
            if day + timedelta(days=horizon_days) <= self.last:
                found.append(day)
            day = (day - timedelta(days=1)).replace(day=1)
        return found[::-1]


def guess_entity(looks: Looks) -> str | None:
    """The column that says which customer, by its name; None where no name says so."""
    for name, seen in looks.items():
        of_name = words(name)
        person = next((word for word in of_name if word in _PERSON), None)
        named = "".join(of_name) in _WHOLE_NAMES or (person and of_name[-1] in _ID)
        if named and seen.kind in ("text", "number") and seen.distinct > 20:
            return name
    return None


def find_order_lines(
    table: "pa.Table", looks: Looks, roles: Roles, entity: str | None
) -> OrderLines | None:
    """The columns of order lines: a customer who comes again, a time, and an order or a quantity.

    None where the table does not look like that.
    """
    if entity is None or looks[entity].variety > 0.8:
        return None
    numbers = [name for name, seen in looks.items() if seen.kind == "number" and name != entity]
    time = next((name for name, role in roles.items() if role == Role.DATE), None)
    quantity = _named(numbers, _QUANTITY)
    price = _named(numbers, _PRICE)
    money = next((name for name, role in roles.items() if role == Role.MONEY), None)
    order_id = next(
        (n for n in looks if set(words(n)) & _ORDER and words(n)[-1] in _ID and n != entity), None
    )
    if not time or not (price or money) or not (order_id or quantity):
        return None
    amount = price or money or ""
    if quantity and price:
        amount = f"{sql_name(quantity)} * {sql_name(price)}"
    others = [name for name in looks if name not in (entity, time, quantity, price, order_id)]
    first, last = _range(table[time])
    return OrderLines(
        entity=entity,
        time=time,
        amount=amount,
        quantity=quantity,
        kind=_kind(table, order_id, quantity),
        order_id=order_id,
        product=_named(others, _PRODUCT),
        category=_named(others, _CATEGORY),
        first=first,
        last=last,
        duplicates=table.num_rows - table.group_by(table.column_names).aggregate([]).num_rows,
    )


def sql_name(name: str) -> str:
    """A column in an SQL expression, with quotes where it needs them.

    >>> sql_name("UnitPrice"), sql_name("Unit Price")
    ('UnitPrice', '"Unit Price"')
    """
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def _named(names: list[str], vocabulary: set[str]) -> str | None:
    return next((name for name in names if set(words(name)) & vocabulary), None)


def _kind(table: "pa.Table", order_id: str | None, quantity: str | None) -> str | None:
    """An expression for cancellations, where some orders are numbered with a C before them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if order_id is None or not pa.types.is_string(table.schema.field(order_id).type):
        return None
    cancelled = pc.mean(pc.match_substring_regex(table[order_id], r"^C\d+$")).as_py() or 0
    plain = pc.mean(pc.match_substring_regex(table[order_id], r"^\d+$")).as_py() or 0
    if cancelled == 0 or plain < 0.5:
        return None
    name = sql_name(order_id)
    negative = f" WHEN {sql_name(quantity)} < 0 THEN 'return'" if quantity else ""
    return f"CASE WHEN {name} LIKE 'C%' THEN 'cancellation'{negative} ELSE 'purchase' END"


def _range(column: "pa.ChunkedArray") -> tuple[date, date]:
    """The first and the last day, from dates, time stamps, ISO text or whole numbers (20110501)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    if pa.types.is_temporal(column.type):
        days = pc.min_max(column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False)).as_py()
        return days["min"], days["max"]
    first, last = (date.fromisoformat(str(ends[end]).strip()[:10]) for end in ("min", "max"))
    return first, last
