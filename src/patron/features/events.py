"""Features from orders: what was known of each customer before `as_of`, and nothing later."""

__all__ = ["CustomerTable", "build_features"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.errors import DataError, StudyError
from patron.features.catalogue import FEATURES, WINDOWS, Feature
from patron.features.labels import LABELS, check_observed, labelled
from patron.features.lines import EPOCH, Lines, compiled, read_lines
from patron.schema import Role
from patron.study import EventsSection
from patron.tables import Source

PART_LINES = 2_000_000
"""Customers are taken in parts of about so many lines, so that memory does not grow with them."""

_MONEY, _MORE_MONEY = "decimal(18, 4)", "decimal(38, 4)"
_KEYS = {"entity": "string", "order_id": "string", "purchase": "boolean", "day": "int64"}
_TABLES = {
    "lines": _KEYS | {"amount": _MONEY, "units": _MONEY, "product": "string", "category": "string"},
    "orders": _KEYS
    | {"amount": _MORE_MONEY, "units": _MORE_MONEY, "order_lines": "int64", "part": "int64"},
    "product": {"entity": "string", "day": "int64", "part": "int64"},
    "category": {"entity": "string", "day": "int64", "part": "int64"},
    "moment": {"today": "int64", "history": "int64", "part": "int64"},
}
"""The tables in DuckDB: clean lines; orders by day; the first day on which a customer bought a
product, or of a category; and what is looked at: the date, the days of history behind it, and the
part of the customers."""


@dataclass(frozen=True)
class CustomerTable:
    """One row for each customer at each `as_of` who had ordered before it.

    Parameters
    ----------
    table : entity, as_of, the features, the labels; ordered by as_of, then entity.
    roles : the role of each column.
    reasons : why each column is there.
    notes : sentences on what the dates and the history allow.
    dropped : how many lines each rule of [events] took out, as {rule, rows}.
    """

    table: pa.Table
    roles: dict[str, Role]
    reasons: dict[str, str]
    notes: tuple[str, ...]
    dropped: tuple[dict[str, Any], ...]


def build_features(
    source: Source,
    events: EventsSection,
    *,
    as_of: Sequence[date] | None = None,
    labels: bool = True,
    folder: Path | None = None,
) -> CustomerTable:
    """The customer table of `source`'s order lines at each `as_of` (default: those of [events]).

    Features use lines of days before `as_of` alone, labels those of the horizon alone. Lines are
    read once and as a stream; DuckDB puts what does not fit into memory under `folder` (default:
    the system's temporary folder).

    Raises
    ------
    StudyError
        No `as_of` is given, or [events] names what the table does not have.
    DataError
        Nobody ordered before an `as_of`, or a label's days were not all observed.
    """
    dates = sorted(set(events.as_of if as_of is None else as_of))
    with read_lines(source, events, folder) as lines:
        if not dates:
            raise StudyError(
                f"[events] has no as_of, and no date is assumed. The lines of {source.name} are of "
                f"{lines.first} to {lines.last}; name one or more dates in between, such as "
                f'as_of = ["{lines.first + (lines.last - lines.first) / 2}"].'
            )
        if labels:
            for day in dates:
                check_observed(day, events, lines)
        features = _features(lines.named)
        roles, reasons = _columns(features, events, labels=labels)
        parts = _condense(lines)
        query = _query(lines.named, events.gap_days, events.horizon_days, labels)
        tables = [_at(day, parts, query, lines) for day in dates]
    for day, each in zip(dates, tables, strict=True):
        if not each.num_rows:
            raise DataError(
                f"Nobody ordered before as_of {day}: the lines of {source.name} are of "
                f"{lines.first} to {lines.last}. Name a later date."
            )
    types = {Role.ENTITY: tables[0].schema.field(0).type, Role.AS_OF: pa.date32()}
    types |= dict.fromkeys((Role.COUNT, Role.TARGET), pa.int64())
    schema = pa.schema([(name, types.get(role, pa.float64())) for name, role in roles.items()])
    table = pa.concat_tables([each.rename_columns(schema.names).cast(schema) for each in tables])
    notes = tuple(_notes(dates, features, lines, events))
    return CustomerTable(table, roles, reasons, notes, lines.dropped)


def _features(named: frozenset[str]) -> list[Feature]:
    return [each for each in FEATURES if not each.needs or each.needs in named]


def _at(day: date, parts: int, query: str, lines: Lines) -> pa.Table:
    """The customer table at one date, ordered by entity."""
    today, history = (day - EPOCH).days, (day - lines.first).days
    tables = []
    for part in range(parts):
        lines.run(
            "CREATE OR REPLACE TABLE moment AS "
            f"SELECT {today} AS today, {history} AS history, {part} AS part"
        )
        tables.append(lines.connection.sql(query).to_arrow_reader().read_all())
    table = pa.concat_tables(tables).sort_by("entity")
    dates = pa.repeat(pa.scalar(day, pa.date32()), table.num_rows)
    return table.add_column(1, "as_of", dates)


def _columns(
    features: list[Feature], events: EventsSection, *, labels: bool
) -> tuple[dict[str, Role], dict[str, str]]:
    """The role of and the reason for each column, in the table's order."""
    days = events.horizon_days
    columns = [
        ("as_of", Role.AS_OF, "the features see only the days before it"),
        *((each.name, each.role, each.because) for each in features),
    ]
    if labels:
        columns += [
            (name.format(days), role, why.format(days)) for name, (role, why) in LABELS.items()
        ]
    if events.entity in {name for name, _, _ in columns}:
        raise StudyError(
            f'[events] entity = "{events.entity}" has the name of a column that is made from the '
            "orders; rename it in the table."
        )
    columns.insert(0, (events.entity, Role.ENTITY, "the customer"))
    return {name: role for name, role, _ in columns}, {name: why for name, _, why in columns}


def _condense(lines: Lines) -> int:
    """Add the lines up to orders by day, and to each customer's first day with a product.

    An `as_of` is a date, so that all lines of a day lie on the same side of it. The answer is the
    number of parts into which the customers were put.
    """
    import ibis

    parts = 1 + lines.count // PART_LINES
    each = _table("lines")
    day_id = ibis.literal("day ").concat(each.day.cast("string"))
    each = each.mutate(
        order_id=each.order_id.coalesce(day_id),
        part=(each.entity.hash() % parts).abs(),
    )
    keys = ("entity", "part", "order_id", "purchase", "day")
    tables = {
        "orders": each.group_by(*keys).aggregate(
            amount=each.amount.sum(), order_lines=each.count(), units=each.units.sum()
        )
    }
    for key in ("product", "category"):
        bought = each.filter(each.purchase, each[key].notnull())
        tables[key] = bought.group_by("entity", "part", key).aggregate(day=bought.day.min())
    for name, expression in tables.items():
        lines.run(f"CREATE TABLE {name} AS {compiled(expression)}")
    lines.run("DROP TABLE lines")
    return parts


@cache
def _query(named: frozenset[str], gap_days: int, horizon_days: int, labels: bool) -> str:
    """The SQL of the customer table at the date in the table `moment`: the same for every date."""
    moment = _table("moment")
    today, history = moment.today.as_scalar(), moment.history.as_scalar()
    sums = _sums(today, gap_days, horizon_days)
    values = {
        each.name: (history >= each.days).ifelse(each.value(sums), None)
        if each.days
        else each.value(sums)
        for each in _features(named)
    }
    customers = sums.select("entity", **values)
    if labels:
        customers = labelled(customers, _part_of("orders"), today + gap_days, horizon_days)
    return compiled(customers)


def _sums(today: Any, gap_days: int, horizon_days: int) -> Any:
    """What is added up for each customer who ordered before `today`, as an Ibis table.

    An order is of the day of its first line; `age` is how many days before today that was.
    """
    import ibis

    known = _part_of("orders")
    known = known.filter(known.day < today)
    orders = known.group_by("entity", "order_id", "purchase").aggregate(
        age=today - known.day.min(),
        amount=known.amount.sum().cast(_MORE_MONEY),
        order_lines=known.order_lines.sum(),
        units=known.units.sum().cast(_MORE_MONEY),
    )
    bought, returned = orders.filter(orders.purchase), orders.filter(~orders.purchase)
    year = 365 - gap_days
    season = (bought.age <= year) & (bought.age > year - horizon_days)
    weekday = (today - bought.age + 3) % 7  # 1970-01-01 was a Thursday
    customers = bought.group_by("entity").aggregate(
        recency=bought.age.min(),
        tenure=bought.age.max(),
        orders=bought.count(),
        order_lines=bought.order_lines.sum(),
        units=_plain(bought.units.sum()),
        spend=_plain(bought.amount.sum()),
        largest=_plain(bought.amount.max()),
        active_months=((bought.age - 1) // 30).nunique(),
        weekend_orders=bought.count(where=(weekday + 7) % 7 >= 5),
        year_before=bought.count(where=season),
        **{f"orders_{w}d": bought.count(where=bought.age <= w) for w in WINDOWS},
        **{f"spend_{w}d": _plain(bought.amount.sum(where=bought.age <= w)) for w in WINDOWS},
    )
    days = bought.group_by("entity", "age").aggregate(amount=bought.amount.sum())
    days = days.mutate(
        gap=days.age.lag().over(group_by="entity", order_by=ibis.desc("age")) - days.age
    )
    paces = days.group_by("entity").aggregate(
        order_days=days.count(),
        gaps=days.gap.count(),
        gap_sum=days.gap.sum(),
        gap_squares=(days.gap * days.gap).sum(),
        last_value=_plain(days.amount.argmin(days.age)),
    )
    backs = returned.group_by("entity").aggregate(
        returns=returned.count(), returned=_plain(returned.amount.sum().abs())
    )
    others = [paces, backs]
    for key, name in (("product", "products"), ("category", "categories")):
        firsts = _part_of(key)
        firsts = firsts.filter(firsts.day < today)
        others.append(firsts.group_by("entity").aggregate(**{name: firsts.count()}))
    for other in others:
        customers = customers.left_join(other, "entity").drop("entity_right")
    return customers.mutate(
        mean_gap=customers.gap_sum / customers.gaps.nullif(0),
        returned=customers.returned.fill_null(0.0),
        **{name: customers[name].fill_null(0) for name in ("returns", "products", "categories")},
        **{f"spend_{w}d": customers[f"spend_{w}d"].fill_null(0.0) for w in WINDOWS},
    )


def _table(name: str) -> Any:
    """One of the tables in DuckDB, as an Ibis table."""
    import ibis

    return ibis.table(_TABLES[name], name=name)


def _part_of(name: str) -> Any:
    """The rows of a table whose customers are of the part that is looked at."""
    table = _table(name)
    return table.filter(table.part == _table("moment").part.as_scalar())


def _plain(money: Any) -> Any:
    """A sum of decimals, which is exact, as a float."""
    return money.cast("float64")


def _notes(
    dates: list[date], features: list[Feature], lines: Lines, events: EventsSection
) -> Iterator[str]:
    """What the dates and the history allow."""
    for days in sorted({each.days for each in features}):
        short = [day for day in dates if (day - lines.first).days < days]
        if short:
            names = ", ".join(each.name for each in features if each.days == days)
            yield (
                f"{names}: missing at as_of {', '.join(map(str, short))}, because they look back "
                f"{days} days and the lines begin on {lines.first}"
            )
    if len(dates) > 1:
        yield (
            f"totals (orders, spend, tenure_days and others) count from {lines.first}, where the "
            "lines begin: an early as_of has less behind it than a late one"
        )
    end = events.observed_until or lines.last
    if dates[-1] > end + timedelta(days=1):
        yield (
            f"as_of {dates[-1]} is {(dates[-1] - end).days:,} days after {end}, where the data "
            "end: what was ordered in between is not seen"
        )
