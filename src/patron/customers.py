"""Customers: the Study's table or events as one customer table with roles and a target."""

__all__ = ["Customers", "load_customers"]

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import DataError, StudyError
from patron.schema import (
    BinaryTarget,
    Column,
    Role,
    Schema,
    binary_target,
    infer,
    no_such_column,
)
from patron.study import Study
from patron.tables import open_source

AS_OF = "as_of"
"""The column that is added where one date holds for all rows."""


@dataclass(frozen=True)
class Customers:
    """A customer table, ready for the audit.

    Parameters
    ----------
    name : what to call the table in messages.
    table : one row a customer, or a customer and a date; no fix is applied yet.
    schema : the role of each column.
    target : who bought, beside the table; None where the Study has no [purchase].
    amounts : what each customer spent [rows], where the Study has [spend]; NaN where unknown.
    spend_name : the column of the amounts, where the Study has [spend].
    horizon_days : the days that the target looks ahead, where that is known.
    label_days : the days from as_of to the end of the target's window, a gap before it included.
    notes, dropped : what was detected on reading, and how many lines each rule of [events] took
        out.
    made_from : how the table came to be, where it was made from events.
    """

    name: str
    table: pa.Table
    schema: Schema
    target: BinaryTarget | None
    amounts: NDArray[np.float64] | None
    horizon_days: int | None
    label_days: int | None
    notes: tuple[str, ...]
    dropped: tuple[dict[str, Any], ...] = ()
    made_from: str | None = None
    spend_name: str | None = None

    @property
    def bought(self) -> NDArray[np.float64]:
        """Who bought: 1, 0, or NaN where that is not known [rows]."""
        if self.target is None:
            raise StudyError("the Study has no [purchase], and so no target with two values.")
        return self.target.values

    @property
    def known_target(self) -> NDArray[np.float64] | None:
        """The target as numbers: who bought, or without that the amounts."""
        return self.target.values if self.target else self.amounts

    @property
    def target_name(self) -> str | None:
        """The target's column."""
        return self.schema.one(Role.TARGET)


def load_customers(study: Study) -> Customers:
    """Read the table that the Study names, or make it from its events.

    Raises
    ------
    StudyError, TableError, DataError
        The Study names what is not there, the table cannot be read, or the target cannot be used.
    """
    return _from_table(study) if study.table is not None else _from_events(study)


def _from_table(study: Study) -> Customers:
    section = study.table
    if section is None:
        raise StudyError("the Study has no [table].")
    source = open_source(study.table_path, **section.format.options())
    table = source.read()
    if not table.num_rows:
        raise DataError(f"{source.name} has no rows.")
    study.check_columns("table", table.column_names, source.name)
    as_of = section.as_of
    if isinstance(as_of, date):
        table, as_of = _dated(table, as_of, study, source.name), AS_OF
    if as_of is not None:
        _check_dates(table[as_of], f'{source.name}: column "{as_of}"', study)
    purchase = study.purchase.target if study.purchase else None
    asked = [section for section in (study.purchase, study.spend) if section]
    horizon = asked[0].horizon_days if asked else None
    windows = [section.horizon_days for section in asked if section.horizon_days]
    spend = study.spend.target if study.spend else None
    target = purchase or spend
    if target and target == section.entity:  # an error on its values would show customers
        key = "purchase.target" if purchase else "spend.target"
        raise StudyError(
            f'"{target}" is the entity of {source.name}, and cannot be the target as well '
            f"({study.where(key)}). Name the column that says what the customers did."
        )
    later = [spend, study.campaign.outcome if study.campaign else None]
    outcomes = {name: Role.OUTCOME for name in later if name and name != target}
    schema = infer(
        table,
        entity=section.entity,
        as_of=as_of,
        updated=section.updated,
        targets=[target] if target else [],
        treatment=study.campaign.treatment if study.campaign else None,
        overrides={**outcomes, **study.roles},
    )
    return Customers(
        name=source.name,
        table=table,
        schema=schema,
        target=_bought(study, table, purchase, source.name) if purchase else None,
        amounts=_amounts(study, table, spend, source.name) if spend else None,
        spend_name=spend,
        horizon_days=horizon,
        label_days=max(windows) if len(windows) == len(asked) > 0 else None,
        notes=source.notes,
    )


def _check_dates(values: pa.ChunkedArray, where: str, study: Study) -> None:
    """A sentence where the dates of the rows are missing, or are no dates."""
    named = study.where("table.as_of")
    if values.null_count:
        raise DataError(f"{where} has no date in {values.null_count:,} rows ({named}).")
    if pa.types.is_temporal(values.type):
        return
    try:
        if not pa.types.is_string(values.type):
            raise pa.ArrowInvalid
        values.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        raise DataError(
            f"{where} holds {values.type}, not dates such as 2025-01-31 ({named}). Name the column "
            "that says of which day a row is, or say how its dates are written: date_format."
        ) from None


def _dated(table: pa.Table, as_of: date, study: Study, name: str) -> pa.Table:
    """The table with the one date of all its rows as a column."""
    if AS_OF in table.column_names:
        raise StudyError(
            f'{name} has a column "{AS_OF}", and the Study gives one date for all rows '
            f'({study.where("table.as_of")}). Name the column: as_of = "{AS_OF}".'
        )
    return table.append_column(AS_OF, pa.repeat(pa.scalar(as_of, pa.date32()), len(table)))


def _from_events(study: Study) -> Customers:
    from patron.features.events import build_features
    from patron.features.labels import LABELS

    section = study.events
    if section is None:
        raise StudyError("the Study has neither [table] nor [events].")
    source = open_source(study.events_path, **section.format.options())
    made = build_features(source, section)
    bought, spent = (name.format(section.horizon_days) for name in LABELS)
    asked = study.purchase.target if study.purchase else None
    spend = (study.spend.target or spent) if study.spend else None
    target = spend if spend and not study.purchase else asked or bought
    reasons = {**made.reasons, **dict.fromkeys(study.roles, "set in [roles]")}
    for name in (target, *([spend] if spend else []), *study.roles):
        if name not in made.roles:
            raise _no_column(study, name, made.table.column_names)
    if not study.purchase:
        reasons[bought] = "what the customer does later"
    empty = [n for n in made.table.column_names if made.table[n].null_count == len(made.table)]
    reasons.update(dict.fromkeys(empty, "all missing"))
    roles = {**made.roles, **study.roles, **dict.fromkeys(empty, Role.IGNORE)}
    if target == spend:
        roles |= {bought: Role.OUTCOME, spend: Role.TARGET}
    columns = (
        Column(field.name, roles[field.name], reasons[field.name], str(field.type))
        for field in made.table.schema
    )
    days = ", ".join(day.isoformat() for day in section.as_of)
    return Customers(
        name=source.name,
        table=made.table,
        schema=Schema(tuple(columns)),
        target=None if target == spend else _bought(study, made.table, target, source.name),
        amounts=_amounts(study, made.table, spend, source.name) if spend else None,
        spend_name=spend,
        horizon_days=section.horizon_days,
        label_days=section.gap_days + section.horizon_days,
        notes=(*source.notes, *made.notes),
        dropped=made.dropped,
        made_from=f"Made from the order lines of {source.name}, as known on {days}.",
    )


def _no_column(study: Study, name: str, columns: list[str]) -> StudyError:
    """The error for a name in the Study that is no column of the table made from its events."""
    key = "purchase.target" if name not in study.roles else f"roles.{name}"
    return StudyError(
        no_such_column(name, columns, table="the table made from [events]", named=study.where(key))
    )


def _bought(study: Study, table: pa.Table, column: str, name: str) -> BinaryTarget:
    try:
        return binary_target(table, column)
    except DataError as error:
        named = study.purchase is not None and study.purchase.target is not None
        where = f" It is {study.where('purchase.target')}." if named else ""
        raise DataError(f"{name}: {error}{where}") from error


def _amounts(study: Study, table: pa.Table, column: str, name: str) -> NDArray[np.float64]:
    """The amounts of a column; they are judged where a model is to learn from them."""
    kind = table.schema.field(column).type
    given = study.spend is not None and study.spend.target is not None
    where = f" It is {study.where('spend.target')}." if given else ""
    if pa.types.is_temporal(kind) or pa.types.is_boolean(kind):
        raise DataError(
            f"{name}: the target {column} holds values of type {kind}; amounts are expected.{where}"
        )
    try:
        numbers = table[column].cast(pa.float64())
    except pa.ArrowInvalid as error:
        texts = [value for value in table[column].to_pylist() if not _is_number(value)]
        raise DataError(
            f'{name}: {len(texts):,} of the {table.num_rows:,} values of the target "{column}" are '
            "no amounts; numbers such as 12.5 are expected. [table] format says how the file "
            f"writes numbers.{where}"
        ) from error
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_number(text: str | None) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
