"""The commented patron.toml that `patron init` writes."""

__all__ = ["propose"]

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from patron.errors import DataError, StudyError
from patron.schema import Role, no_such_column
from patron.schema.infer import guess
from patron.schema.look import Look, look, sample_rows, words
from patron.study.orders import OrderLines, find_order_lines, guess_entity
from patron.study.tomltext import write_key, write_value

if TYPE_CHECKING:
    import pyarrow as pa

HORIZON_DAYS = 30

_DATE_OF_ROW = {"asof", "snapshot", "send", "sent", "cutoff", "reference", "observation", "mailing"}
_CAMPAIGN = {"campaign", "mailing", "promotion"}
_TREATMENT = {
    *("treatment", "treated", "group", "arm", "variant", "test", "control", "exposed"),
    *("contacted", "mailed", "offer", "segment"),
}
_CONTROL = re.compile(r"(control|holdout|none|no[ _-].*)", re.IGNORECASE)
_MOST_LISTED = 12


class _Source(Protocol):
    name: str
    notes: tuple[str, ...]

    def read(self) -> "pa.Table": ...


def propose(
    source: _Source,
    *,
    entity: str | None = None,
    purchase: str | None = None,
    spend: str | None = None,
    treatment: str | None = None,
    path: str | None = None,
    format: Mapping[str, Any] | None = None,
) -> str:
    """The text of a Study for a table, with the inferred role of every column and its reason.

    Targets and the treatment are what the caller names; without any, candidates are listed in
    comments. A table of order lines becomes [events].

    Parameters
    ----------
    source : the opened table.
    path : what to write as the table's path (default: the source's name).
    format : the format options that the table was opened with.

    Raises
    ------
    StudyError, DataError
        A column is named that the table does not have; the table has no rows.
    """
    table = source.read()
    named = {"entity": entity, "purchase": purchase, "spend": spend, "treatment": treatment}
    if not table.num_rows:
        raise DataError(f"{source.name} has no rows, and roles are told from values.")
    wrong = [
        no_such_column(name, table.column_names, table=source.name, named=f"named by --{option}")
        for option, name in named.items()
        if name is not None and name not in table.column_names
    ]
    if wrong:
        raise StudyError("\n".join(wrong))
    rows = sample_rows(table.num_rows)
    looks = {name: look(table[name], rows) for name in table.column_names}
    guesses = {name: guess(name, seen) for name, seen in looks.items()}
    roles = {name: role for name, (role, _) in guesses.items()}
    entity = entity or guess_entity(looks)
    opening = [*_head(source, table, path), *_format(source, table.column_names, format)]
    if not (purchase or spend or treatment):
        orders = find_order_lines(table, looks, roles, entity)
        if orders:
            return _text(_events(opening, orders, table.column_names))
    as_of = _date_of_row(looks, roles)
    taken = {entity, purchase, spend, treatment, as_of}
    lines = [
        *opening,
        *_keys(entity=(entity, "says which customer"), as_of=(as_of, "features are of this date")),
        "",
        "[roles]",
        *_aligned(
            (f"{write_key(name)} = {write_value(str(role))}", because)
            for name, (role, because) in guesses.items()
            if name not in taken
        ),
        "",
        *_targets(purchase, spend, treatment, looks, roles),
    ]
    if not (purchase or spend or treatment):
        lines += _candidates(table, looks, roles, entity)
    return _text(lines)


def _head(source: _Source, table: "pa.Table", path: str | None) -> Iterator[str]:
    yield f"# The Study of {source.name}: {table.num_rows:,} rows, {table.num_columns} columns."
    yield "# Roles are inferred; the reason stands behind each. Correct what is wrong."
    yield "# Paths are relative to this file. All keys: docs/study.md."
    yield ""
    yield "[table]"
    yield f"path = {write_value(path or source.name)}"


def _format(source: _Source, columns: list[str], format: Mapping[str, Any] | None) -> Iterator[str]:
    if format:
        yield f"format = {write_value(format)}"
    elif all(re.fullmatch(r"column\d+", name) for name in columns):
        yield f"# format = {write_value({'columns': columns})}  # to name the columns"
    for note in source.notes:
        yield f"# Detected: {note}."


def _events(opening: list[str], orders: OrderLines, columns: list[str]) -> Iterator[str]:
    yield from (line.replace("[table]", "[events]") for line in opening if "Roles are" not in line)
    yield from _keys(
        entity=(orders.entity, "says which customer"),
        time=(orders.time, f"{orders.first} to {orders.last}"),
        amount=(orders.amount, ""),
        quantity=(orders.quantity, ""),
        kind=(orders.kind, ""),
        order_id=(orders.order_id, ""),
        product=(orders.product, ""),
        category=(orders.category, ""),
    )
    if orders.kind is None:
        yield "# kind = …  # without it, a line with an amount below 0 is a return"
    if orders.duplicates:
        # Without an order's number, two equal purchases of a day look like a duplicate.
        mark = "" if orders.order_id else "# "
        yield f"{mark}drop_duplicates = true  # lines that repeat another: {orders.duplicates:,}"
    yield f"horizon_days = {HORIZON_DAYS}"
    yield "# Features look back from each as_of, labels ahead of it. No date is assumed: choose."
    yield "# The dates below are firsts of a month with the whole horizon within the data."
    yield f"# as_of = {write_value(orders.as_of(HORIZON_DAYS))}"
    yield f"# Columns: {', '.join(write_key(name) for name in columns)}."
    yield ""
    yield "[purchase]  # whether a customer orders within the horizon"


def _targets(
    purchase: str | None,
    spend: str | None,
    treatment: str | None,
    looks: Mapping[str, Look],
    roles: Mapping[str, Role],
) -> Iterator[str]:
    for section, target in (("purchase", purchase), ("spend", spend)):
        if target:
            yield from (f"[{section}]", f"target = {write_value(target)}", "")
    if treatment:
        yield "[campaign]"
        yield f"treatment = {write_value(treatment)}"
        campaigns = [n for n in looks if set(words(n)) & _CAMPAIGN and roles[n] == Role.CATEGORY]
        if campaigns:
            yield f"campaign = {write_value(campaigns[0])}"
        if spend or purchase:
            yield f"outcome = {write_value(spend or purchase)}"
        yield ""


def _candidates(
    table: "pa.Table", looks: Mapping[str, Look], roles: Mapping[str, Role], entity: str | None
) -> Iterator[str]:
    """Comments with the sections that are missing, and the columns that they could name."""
    two = [name for name, seen in looks.items() if seen.distinct == 2]
    later = [name for name, role in roles.items() if role == Role.FUTURE and name not in two]
    money = [name for name, role in roles.items() if role == Role.MONEY]
    arms = [
        name
        for name in looks
        if name != entity and _may_be_treatment(table[name], looks[name], name)
    ]
    yield "# Nothing is to be predicted yet. Name what, and take the # away:"
    for section, key, says, names in (
        ("purchase", "target", "two values", two),
        ("spend", "target", "amounts, the later ones first", later + money),
        ("campaign", "treatment", "two to six values", arms),
    ):
        listed = ", ".join(write_key(name) for name in names[:_MOST_LISTED]) or "none found"
        more = ", …" if len(names) > _MOST_LISTED else ""
        yield f"# [{section}]"
        yield f'# {key} = "…"  # {says}: {listed}{more}'
    yield from _segments()


def _segments() -> Iterator[str]:
    """Comments with [segments], which needs no target."""
    yield "# [segments]  # who the customers are; it needs no target, and the axes are inferred"
    yield '# axes = {value = ["…"], recency = ["-…"]}  # or name them; - where less is more'


def _may_be_treatment(column: "pa.ChunkedArray", seen: Look, name: str) -> bool:
    if not 2 <= seen.distinct <= 6 or seen.kind == "date":
        return False
    if set(words(name)) & _TREATMENT:
        return True
    return any(_CONTROL.fullmatch(str(value)) for value in column.unique().to_pylist())


def _date_of_row(looks: Mapping[str, Look], roles: Mapping[str, Role]) -> str | None:
    """The only date that every row has and whose name says that the row is of it."""
    found = [
        name
        for name, role in roles.items()
        if role == Role.DATE
        and not looks[name].missing
        and (set(words(name)) & _DATE_OF_ROW or "as_of" in "_".join(words(name)))
    ]
    return found[0] if len(found) == 1 else None


def _keys(**values: tuple[str | None, str]) -> list[str]:
    given = [(key, value, says) for key, (value, says) in values.items() if value is not None]
    return _aligned((f"{key} = {write_value(value)}", says) for key, value, says in given)


def _aligned(lines: Iterable[tuple[str, str]]) -> list[str]:
    lines = list(lines)
    width = max((len(line) for line, says in lines if says), default=0)
    return [f"{line:<{width}}  # {says}" if says else line for line, says in lines]


def _text(lines: Iterable[str]) -> str:
    """The lines as a text; a name may hold a line break, and a comment must not."""
    return (
        "\n".join(re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", " ", line) for line in lines).rstrip() + "\n"
    )
