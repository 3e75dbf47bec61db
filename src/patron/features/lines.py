"""Order lines: read once from a table, cleaned by the Study's rules, kept in DuckDB by days."""

__all__ = ["EPOCH", "Lines", "compiled", "read_lines"]

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.errors import DataError, StudyError
from patron.schema import no_such_column
from patron.study import EventsSection
from patron.tables import Source

EPOCH = date(1970, 1, 1)
"""Days are whole numbers in DuckDB: those since this date."""

MEMORY_LIMIT = "1GB"
"""What DuckDB may keep in memory; the rest waits in a temporary folder."""

_MISSING = "customer missing"
_WHERE = "not of [events] where"
_TIME = "time cannot be read"
_AMOUNT = "amount cannot be read"
_KIND = "neither purchase, return nor cancellation"
_DUPLICATE = "exact duplicate"

_MONEY = "DECIMAL(18, 4)"  # sums of decimals are exact: the same in whatever order lines come
_TIMES = ("DATE", "TIMESTAMP")
_WHOLE_DATES = ("BIGINT", "INTEGER", "DOUBLE")
_CLOCKS = {"now", "get_current_timestamp", "transaction_timestamp", "get_current_time"}


@dataclass(frozen=True)
class Lines:
    """Clean order lines in a DuckDB database inside this process.

    Parameters
    ----------
    connection : its table `lines` has entity, day, amount, purchase (else returned), order_id,
        product, category and units; what [events] does not name is NULL.
    named : the optional columns that [events] names.
    count : how many lines there are.
    first, last : the days of the first and the last line.
    dropped : how many lines each rule took out; a line counts for the first rule that it breaks.
    """

    connection: Any
    named: frozenset[str]
    count: int
    first: date
    last: date
    dropped: tuple[dict[str, Any], ...]

    def run(self, command: str) -> None:
        """Run an SQL command to its end."""
        _rows(self.connection, command)


@contextmanager
def read_lines(
    source: Source, events: EventsSection, folder: Path | None = None
) -> Iterator[Lines]:
    """Stream the lines of `source` into DuckDB once; they are gone when the block ends.

    `folder` is where DuckDB may put what does not fit into memory (default: the system's).

    Raises
    ------
    StudyError
        [events] names a column that is not there, or holds an expression that cannot be used.
    DataError
        No line is left.
    """
    import duckdb

    with tempfile.TemporaryDirectory(dir=folder, prefix="patron-") as spill:
        settings: dict[str, Any] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": spill,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=settings) as connection:
            yield _read(connection, source, events)


def compiled(expression: Any) -> str:
    """The SQL of an Ibis expression, for DuckDB."""
    import ibis

    return str(ibis.to_sql(expression, dialect="duckdb"))


def _read(connection: Any, source: Source, events: EventsSection) -> Lines:
    connection.register("incoming", source.schema.empty_table())
    resolver = _Resolver(connection, source)
    select = _selection(resolver, events)
    columns = None if events.drop_duplicates else resolver.used
    for command in ("CREATE TABLE lines AS", "CREATE TEMP TABLE batch AS"):
        connection.execute(f"{command} {select}").fetchall()
    connection.execute("ALTER TABLE lines DROP COLUMN rule").fetchall()
    dropped: Counter[str] = Counter()
    for batch in source.batches(columns):
        connection.register("incoming", pa.Table.from_batches([batch]))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE batch AS {select}").fetchall()
        connection.execute(
            "INSERT INTO lines SELECT * EXCLUDE (rule) FROM batch WHERE rule IS NULL"
        ).fetchall()
        dropped.update(dict(_rows(connection, "SELECT rule, count(*) FROM batch GROUP BY rule")))
    connection.unregister("incoming")
    read = sum(dropped.values())
    rules = [_MISSING, _TIME, _AMOUNT]
    if events.where:
        rules.insert(1, _WHERE)
    if events.kind:
        rules.append(_KIND)
    if events.drop_duplicates:
        rules.append(_DUPLICATE)
        connection.execute("CREATE TABLE once AS SELECT DISTINCT * FROM lines").fetchall()
        dropped[_DUPLICATE] = _count(connection, "lines") - _count(connection, "once")
        connection.execute("DROP TABLE lines; ALTER TABLE once RENAME TO lines").fetchall()
    kept = _count(connection, "lines")
    if not kept:
        counts = ", ".join(f"{dropped[rule]:,} {rule}" for rule in rules if dropped[rule])
        raise DataError(
            f"{source.name}: of {read:,} lines none can be used{f' ({counts})' if counts else ''}. "
            "Check entity, time, amount, kind and where in [events]."
        )
    ((first, last),) = _rows(connection, "SELECT min(day), max(day) FROM lines")
    optional = ("order_id", "product", "category", "quantity")
    return Lines(
        connection,
        frozenset(key for key in optional if getattr(events, key)),
        kept,
        EPOCH + timedelta(days=first),
        EPOCH + timedelta(days=last),
        tuple({"rule": rule, "rows": dropped[rule]} for rule in rules),
    )


def _rows(connection: Any, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _count(connection: Any, table: str) -> int:
    return _rows(connection, f"SELECT count(*) FROM {table}")[0][0]


def _selection(resolver: "_Resolver", events: EventsSection) -> str:
    """The query that makes a batch into clean lines, each with the first rule that it breaks."""
    entity = resolver.column("entity", events.entity)
    missing = f"{entity} IS NULL OR trim(CAST({entity} AS VARCHAR)) = ''"
    wanted = resolver.expression("where", events.where) if events.where else "true"
    if events.where and resolver.type_of(wanted) != "BOOLEAN":
        raise StudyError(
            f'[events] where = "{events.where}" is not a condition: it must be true or false '
            "for each line."
        )
    amount = f"TRY_CAST({resolver.expression('amount', events.amount)} AS {_MONEY})"
    purchase = "amount >= 0"
    if events.kind:
        kind = f"lower(trim(CAST({resolver.expression('kind', events.kind)} AS VARCHAR)))"
        purchase = (
            f"CASE WHEN {kind} = 'purchase' THEN true "
            f"WHEN {kind} IN ('return', 'cancellation') THEN false END"
        )
    units = f"NULL::{_MONEY}"
    if events.quantity:
        units = f"TRY_CAST({resolver.expression('quantity', events.quantity)} AS {_MONEY})"

    def text(key: str) -> str:
        name = getattr(events, key)
        return f"CAST({resolver.column(key, name)} AS VARCHAR)" if name else "NULL::VARCHAR"

    # Lines that agree in every column of the table have the same hash; the clean columns are
    # compared too, so that two different lines with one hash stay two.
    line = "hash(incoming)" if events.drop_duplicates else "NULL::UBIGINT"
    return f"""
        SELECT * EXCLUDE (missing, wanted), CASE
            WHEN missing THEN '{_MISSING}'
            WHEN wanted IS NOT true THEN '{_WHERE}'
            WHEN day IS NULL THEN '{_TIME}'
            WHEN amount IS NULL THEN '{_AMOUNT}'
            WHEN purchase IS NULL THEN '{_KIND}' END AS rule
        FROM (
            SELECT {entity} AS entity, {_day(resolver, events.time)} AS day, {amount} AS amount,
                {purchase} AS purchase, {text("order_id")} AS order_id,
                {text("product")} AS product, {text("category")} AS category,
                {units} AS units, {line} AS line,
                {missing} AS missing, {wanted} AS wanted
            FROM incoming)"""


def _day(resolver: "_Resolver", name: str) -> str:
    """The SQL for the day of a line, from a date, a time stamp, ISO text or 20250131."""
    column = resolver.column("time", name)
    kind = resolver.type_of(column)
    if kind in _TIMES:
        day = f"CAST({column} AS DATE)"
    elif kind in _WHOLE_DATES:
        day = f"CAST(strptime(CAST(CAST({column} AS BIGINT) AS VARCHAR), '%Y%m%d') AS DATE)"
    elif kind == "VARCHAR":
        day = (
            f"CASE WHEN regexp_full_match(trim({column}), '[0-9]{{8}}') "
            f"THEN CAST(strptime(trim({column}), '%Y%m%d') AS DATE) "
            f"ELSE CAST(CAST({column} AS TIMESTAMP) AS DATE) END"
        )
    else:
        raise StudyError(
            f'[events] time = "{name}" is of type {kind.lower()}; expected dates, time stamps, '
            "text such as 2025-01-31, or whole numbers such as 20250131."
        )
    return f"TRY({day} - DATE '{EPOCH}')"


class _Resolver:
    """Turns the keys of [events] into SQL over the table's columns, and notes which are used."""

    def __init__(self, connection: Any, source: Source) -> None:
        self._connection = connection
        self._table = source.name
        self._names = source.schema.names
        self._used: set[str] = set()

    @property
    def used(self) -> list[str]:
        """The columns that were resolved, in the table's order."""
        return [name for name in self._names if name in self._used]

    def column(self, key: str, name: str) -> str:
        """A column by its name."""
        if name not in self._names:
            raise StudyError(
                no_such_column(
                    name, self._names, table=self._table, named=f"named by [events] {key}"
                )
            )
        twins = [each for each in self._names if each.casefold() == name.casefold()]
        if len(twins) > 1:  # SQL would take the first of them, whichever is meant
            raise StudyError(
                f"[events] {key}: the columns {' and '.join(twins)} of {self._table} differ only "
                "by case; rename one."
            )
        self._used.add(name)
        quoted = name.replace('"', '""')
        return f'"{quoted}"'

    def expression(self, key: str, text: str) -> str:
        """A column by its name, or an SQL expression over the columns of one line.

        What an expression makes of other lines (an aggregate, a window, a query) or of the clock
        could tell of the future, so it is refused.
        """
        if text in self._names:
            return self.column(key, text)
        named = f'[events] {key} = "{text}"'
        for name in self._columns_in(named, text):
            known = (each for each in self._names if each.casefold() == name.casefold())
            self.column(key, next(known, name))
        sql = f"({text}\n)"
        self._check(named, f"SELECT 1 FROM incoming WHERE {sql} IS NULL")
        return f"TRY{sql}"

    def type_of(self, sql: str) -> str:
        """DuckDB's name for the type of an expression; time stamps of any unit are TIMESTAMP."""
        ((kind,),) = _rows(
            self._connection, f"SELECT column_type FROM (DESCRIBE SELECT {sql} FROM incoming)"
        )
        return str(kind).partition("_")[0]

    def _columns_in(self, named: str, text: str) -> list[str]:
        import sqlglot
        from sqlglot import exp

        try:
            tree = sqlglot.parse_one(text, read="duckdb")
        except sqlglot.errors.SqlglotError as error:
            reason = str(error).splitlines()[0]
            raise StudyError(
                f"{named} is neither a column nor an SQL expression: {reason}"
            ) from None
        across = (exp.AggFunc, exp.Window, exp.Query)
        clock = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand)
        calls = {call.name.lower() for call in tree.find_all(exp.Anonymous)}
        if tree.find(*across, *clock) or calls & _CLOCKS:
            raise StudyError(
                f"{named} must be computed from one line alone: no aggregate, window, query, "
                "clock or random number."
            )
        return sorted({column.name for column in tree.find_all(exp.Column)})

    def _check(self, named: str, query: str) -> None:
        import duckdb

        try:
            _rows(self._connection, query)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise StudyError(f"{named} cannot be computed: {reason}") from None
