"""Axes: the business dimensions along which customers are grouped, declared before any clustering.

An axis is a set of columns that say the same thing: what a customer spends, how lately, how much is
looked at. Axes come from the columns' names and roles; a column whose name says nothing joins the
axis that it goes with, and one that falls where its axis rises is turned round. Nothing here sees a
target, a cluster or a silhouette, so that the axes cannot be chosen to flatter.
"""

__all__ = ["DIMENSIONS", "Axis", "AxisColumn", "Declared", "declare", "numeric_columns"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.errors import Refusal, StudyError
from patron.features.encode import Encoder
from patron.models.segment_words import against, describes, dimension_of
from patron.schema import Role, Schema, no_such_column
from patron.schema.look import words

Floats = NDArray[np.floating[Any]]

DIMENSIONS = {
    "value": "how much they buy",
    "recency": "how lately they were here",
    "engagement": "how much they look, open and click",
    "discount": "how much of it is at a discount",
    "returns": "how much comes back or goes wrong",
}
"""The axes that names are read for, in their order, with their titles."""

MOST_ROWS = 20_000
JOINS = 0.5
"""From this rank correlation on, a column whose name says nothing joins an axis."""
TURNS = -0.3
"""Down from this rank correlation with the rest of its axis, a column is turned round."""
FEWEST_KNOWN = 0.05
"""A column with a smaller share of known values says too little of customers."""

_NUMERIC = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)


@dataclass(frozen=True)
class AxisColumn:
    """A column on an axis: `sign` is +1 where more of it is more of the axis, else -1."""

    name: str
    sign: int
    because: str


@dataclass(frozen=True)
class Axis:
    """A dimension of customers: its name, what it says in plain words, and its columns."""

    name: str
    title: str
    columns: tuple[AxisColumn, ...]
    because: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        columns = [
            {"name": column.name, "sign": column.sign, "because": column.because}
            for column in self.columns
        ]
        return {
            "name": self.name,
            "title": self.title,
            "because": self.because,
            "columns": columns,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Axis":
        """The Axis that `to_dict` wrote."""
        columns = tuple(
            AxisColumn(each["name"], int(each["sign"]), each["because"])
            for each in fields["columns"]
        )
        return cls(fields["name"], fields["title"], columns, fields["because"])


@dataclass(frozen=True)
class Declared:
    """The axes, and the columns that describe customers but form no axis, each with its reason."""

    axes: tuple[Axis, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def numeric_columns(table: pa.Table, schema: Schema, *, flags: bool = False) -> dict[str, Floats]:
    """The columns of `table` that can lie on an axis, as numbers with NaN where unknown [rows].

    With `flags` also columns of yes and no, as 1 and 0. A date counts as the days before the row's
    `as_of`, and only where there is one. What cannot be read as a finite number is NaN.
    """
    dated = schema.one(Role.AS_OF) in table.column_names
    roles = (*_NUMERIC, *([Role.DATE] if dated else []), *([Role.FLAG] if flags else []))
    columns = [each for each in schema.columns if each.role in (*roles, Role.AS_OF)]
    columns = [each for each in columns if each.name in table.column_names]
    chosen = Schema(tuple(columns))
    if not chosen.features:
        return {}
    design = Encoder.fit(table, chosen).transform(table)
    return {name: design.matrix[:, j] for j, name in enumerate(design.names)}


def declare(
    table: pa.Table,
    schema: Schema,
    asked: Mapping[str, Sequence[str]] | Sequence[str] = (),
    *,
    seed: int = 0,
) -> Declared:
    """Group the columns into axes.

    Parameters
    ----------
    asked : the user's axes: columns by axis name ("-recency" turns a column round); or a list of
        names of inferred axes and of columns, each of which is then an axis. Empty: all are
        inferred.

    Raises
    ------
    StudyError
        A column is named that is not there, or is not a number.
    Refusal
        Fewer than two columns, or none that varies, can form an axis.
    """
    numbers = numeric_columns(table, schema, flags=bool(asked))
    usable, left = _usable(numbers)
    for column in schema.columns:
        if column.role in (Role.CATEGORY, Role.FLAG):
            left[column.name] = "a category describes, and has no more or less"
        if column.role == Role.DATE and column.name not in numbers:
            left[column.name] = "a date, and the rows have no date to count its days to"
    if isinstance(asked, Mapping) and asked:
        axes = tuple(_named(name, columns, usable, schema) for name, columns in asked.items())
        taken = {column for axis in axes for column in axis.names}
        left |= {name: "not named in [segments] axes" for name in usable if name not in taken}
        return _checked(axes, left)
    flags = schema.names(Role.FLAG)  # they form an axis where they are asked for, and only there
    picked = _sample({name: each for name, each in usable.items() if name not in flags}, seed)
    inferred = _inferred(picked, schema, left)
    if asked:
        inferred = _chosen(tuple(asked), inferred, usable, schema)
        taken = {column for axis in inferred for column in axis.names}
        left |= {name: "on no axis named in [segments]" for name in usable if name not in taken}
    return _checked(inferred, left)


def _usable(numbers: Mapping[str, Floats]) -> tuple[dict[str, Floats], dict[str, str]]:
    """The columns that vary and are mostly known, and why the others are not among them."""
    usable: dict[str, Floats] = {}
    left: dict[str, str] = {}
    for name, values in numbers.items():
        known = values[~np.isnan(values)]
        if not len(known) or len(known) < FEWEST_KNOWN * len(values):
            left[name] = f"known for {len(known):,} of {len(values):,} customers only"
        elif (known == known[0]).all():
            left[name] = "the same for all"
        else:
            usable[name] = values
    return usable, left


def _sample(columns: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """The mid-ranks of some rows, for correlations; 0 where unknown."""
    from scipy.stats import rankdata

    rows = len(next(iter(columns.values()))) if columns else 0
    some = np.random.default_rng(seed).permutation(rows)[:MOST_ROWS]
    ranks = {}
    for name, values in columns.items():
        rank = rankdata(values[some], nan_policy="omit")
        spread = np.nanstd(rank) or 1.0
        ranks[name] = np.nan_to_num((rank - np.nanmean(rank)) / spread)
    return ranks


def _inferred(
    ranks: Mapping[str, Floats], schema: Schema, left: dict[str, str]
) -> tuple[Axis, ...]:
    members: dict[str, list[AxisColumn]] = {name: [] for name in DIMENSIONS}
    open_ones = []
    for name in ranks:
        role = schema[name].role
        of_name = words(name)
        if because := describes(of_name, role):
            left[name] = because
        elif found := dimension_of(of_name, role):
            dimension, said = found
            sign = -1 if against(of_name, role) else 1
            members[dimension].append(AxisColumn(name, sign, f'its name says "{said}"'))
        else:
            open_ones.append(name)
    for dimension, columns in members.items():
        members[dimension] = _turned(columns, ranks)
    for name in open_ones:
        if joined := _joins(name, members, ranks):
            dimension, correlation = joined
            because = f"goes with {dimension} (rank correlation {correlation:.2f})"
            members[dimension].append(AxisColumn(name, 1 if correlation > 0 else -1, because))
        else:
            left[name] = "neither its name nor its correlations say an axis"
    axes = tuple(
        Axis(name, DIMENSIONS[name], tuple(columns), "from the columns' names and correlations")
        for name, columns in members.items()
        if columns
    )
    if len(axes) > 1:
        return axes
    rest = [name for name in open_ones if name in left]
    return axes + _by_correlation(rest, ranks, left)


def _turned(columns: list[AxisColumn], ranks: Mapping[str, Floats]) -> list[AxisColumn]:
    """The columns of an axis, with the sign changed of one that falls where the others rise."""
    if len(columns) < 3:
        return columns
    total = np.sum([each.sign * ranks[each.name] for each in columns], axis=0)
    done = []
    for each in columns:
        own = each.sign * ranks[each.name]
        correlation = _correlation(own, total - own)
        if correlation <= TURNS:
            because = f"{each.because}; turned round, as it falls where the others rise"
            each = AxisColumn(each.name, -each.sign, f"{because} ({correlation:.2f})")
        done.append(each)
    return done


def _joins(
    name: str, members: Mapping[str, Sequence[AxisColumn]], ranks: Mapping[str, Floats]
) -> tuple[str, float] | None:
    """The axis that a column goes with best, and its rank correlation with it."""
    means = {
        dimension: np.sum([each.sign * ranks[each.name] for each in columns], axis=0)
        for dimension, columns in members.items()
        if columns
    }
    found = {each: _correlation(ranks[name], mean) for each, mean in means.items()}
    best = max(found, key=lambda each: abs(found[each]), default=None)
    return None if best is None or abs(found[best]) < JOINS else (best, found[best])


def _by_correlation(
    names: Sequence[str], ranks: Mapping[str, Floats], left: dict[str, str]
) -> tuple[Axis, ...]:
    """Axes of columns whose names say nothing: average linkage at one half of rank correlation."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 2:
        groups = {1: list(names)} if names else {}
    else:
        with np.errstate(invalid="ignore"):
            distance = 1 - np.abs(np.corrcoef([ranks[name] for name in names]))
        distance = np.nan_to_num(np.clip((distance + distance.T) / 2, 0, 1), nan=1.0)
        np.fill_diagonal(distance, 0)
        tree = linkage(squareform(distance, checks=False), "average")
        groups = {}
        for name, group in zip(names, fcluster(tree, JOINS, "distance"), strict=True):
            groups.setdefault(int(group), []).append(name)
    largest = sorted(groups.values(), key=lambda group: (-len(group), names.index(group[0])))
    axes = []
    for group in largest[: len(DIMENSIONS)]:
        first = ranks[group[0]]
        columns = tuple(
            AxisColumn(
                name,
                1 if _correlation(ranks[name], first) >= 0 else -1,
                "its name says no axis" if name == group[0] else f"goes with {group[0]}",
            )
            for name in group
        )
        axes.append(Axis(group[0], f"{group[0]} and what goes with it", columns, "correlations"))
        for name in group:
            left.pop(name, None)
    return tuple(axes)


def _named(name: str, columns: Sequence[str], usable: Mapping[str, Floats], schema: Schema) -> Axis:
    """An axis of the user."""
    if not columns:
        raise StudyError(f"[segments] axes names no column of {name}; an axis has one or more.")
    made = []
    for column in columns:
        turned = column.startswith("-") and column not in schema
        bare = column[1:].strip() if turned else column
        _check_column(bare, usable, schema)
        made.append(AxisColumn(bare, -1 if turned else 1, "named in [segments] axes"))
    if len({each.name for each in made}) < len(made):
        raise StudyError(f"[segments] axes names a column of {name} twice.")
    return Axis(name, DIMENSIONS.get(name, name), tuple(made), "named in [segments] axes")


def _chosen(
    asked: tuple[str, ...], inferred: tuple[Axis, ...], usable: Mapping[str, Floats], schema: Schema
) -> tuple[Axis, ...]:
    """The inferred axes and the single columns that a list names."""
    found = {axis.name: axis for axis in inferred}
    made = []
    for name in asked:
        bare = name.removeprefix("-")
        if name in found:
            made.append(found[name])
        elif bare in found and bare not in schema:
            raise StudyError(
                f'[segments] axes names "{name}", but {bare} is an inferred axis and only columns '
                "are turned round. Leave the minus out, or name its columns."
            )
        elif bare in DIMENSIONS and bare not in schema:
            raise StudyError(
                f'[segments] axes names the axis "{name}", but no column says it. Axes found: '
                f"{', '.join(found) or 'none'}."
            )
        else:
            made.append(_named(bare, [name], usable, schema))
    return tuple(made)


def _check_column(name: str, usable: Mapping[str, Floats], schema: Schema) -> None:
    if name not in schema:
        names = [column.name for column in schema.columns]
        told = no_such_column(name, names, named="named by [segments] axes")
        raise StudyError(f"{told} The axes are {', '.join(DIMENSIONS)}.")
    role = schema[name].role
    if role in (Role.TARGET, Role.OUTCOME, Role.FUTURE, Role.TREATMENT):
        raise StudyError(
            f"[segments] axes names {name}, whose role is {role.value}; segments never see what "
            "happened afterwards. Leave it out."
        )
    if name not in usable:
        raise StudyError(
            f"[segments] axes names {name}, which cannot be an axis: its role is {role.value}, or "
            "it is the same for all. Name columns of numbers or of yes and no that differ between "
            "customers; of a category, make a column of yes and no for each level that matters."
        )


def _checked(axes: tuple[Axis, ...], left: Mapping[str, str]) -> Declared:
    columns = [column for axis in axes for column in axis.names]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise StudyError(f"[segments] axes names {twice[0]} on two axes; name it on one.")
    if len(columns) < 2:
        told = [f"{name}: {because}" for name, because in list(left.items())[:6]]
        listed = f" {'; '.join(told)}{'; …' if len(left) > 6 else '.'}" if told else ""
        has = f"only {columns[0]} says" if columns else "no column of numbers says"
        raise Refusal(
            f"no segments: {has} how customers differ, and groups need two such columns or more."
            f"{listed} Name columns in [segments] axes, or correct their "
            "roles in [roles]."
        )
    return Declared(axes, tuple(each for each in left.items() if each[0] not in columns))


def _correlation(a: Floats, b: Floats) -> float:
    spread = float(a.std() * b.std())
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 0 else 0.0
