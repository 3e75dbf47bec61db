"""Plants faults in a world, in many forms and strengths, and records them.

Each kind is a function of a `Draft` and a strength. It draws its form and its column by chance
among those of a fitting role, so that every world can have it; two faults never share a column.
"""

__all__ = ["FAULTS", "Draft", "Fault", "plant"]

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from patron.errors import UserError, nearest
from patron.worlds.base import World
from patron.worlds.faults import copies, leaks, missing, order, sample, values
from patron.worlds.faults.draft import Draft, Fault

FAULTS: dict[str, Fault] = {
    name: getattr(family, name)
    for family, names in (
        (missing, missing.__all__),
        (values, values.__all__),
        (leaks, leaks.__all__),
        (order, ("near_unique_id", "running_number")),
        (sample, sample.__all__),
        (copies, copies.__all__),
        (order, ("sorted_file",)),
    )
    for name in names
}
"""The kinds of faults by name."""

# Of each of these only one is planted at once: one would hide the other, or be it.
_ONE_OF = (
    frozenset(copies.__all__),
    frozenset(sample.__all__),
    frozenset({"running_number", "sorted_file"}),
)
_ROWS = (*sample.__all__, *copies.__all__, "sorted_file")  # in the order in which they are planted
MOST_AT_ONCE = 5


def plant(world: World, kinds: str | Iterable[str] | None = None, *, seed: int = 0) -> World:
    """The world with faults in it, recorded in `faults`; the truth stays beside the table's rows.

    Parameters
    ----------
    kinds : names of `FAULTS`; "random" (as None) draws one to five; "all" plants every kind that
        can be there with the others. What the world has no place for is left out.
    seed : of the kinds, the forms, the strengths, the columns and the rows.

    >>> from patron.worlds.corner import corner
    >>> world = plant(corner(1000), ["answer_with_noise"])
    >>> [(fault.kind, fault.codes) for fault in world.faults]
    [('answer_with_noise', ('L01',))]
    """
    rng = np.random.default_rng([seed, 11])
    draft = Draft.of(world, rng)
    if kinds is None or kinds in ("random", "all"):
        wanted = [str(name) for name in rng.permutation(list(FAULTS))]
        most = len(FAULTS) if kinds == "all" else int(rng.integers(1, MOST_AT_ONCE + 1))
    else:
        wanted = [kinds] if isinstance(kinds, str) else list(kinds)
        _check(wanted)
        most = len(wanted)
    chosen = _compatible(wanted)
    # What finds no place is made up for by the next that was drawn; rows are copied last.
    rows = [name for name in _ROWS if name in chosen[:most]]
    columns = [name for name in chosen if name not in _ROWS]
    _plant(draft, columns, most - len(rows))
    _plant(draft, rows, len(rows))
    if len(draft.planted) == len(world.faults):  # a fault of the rows alone, and no place for it
        _plant(draft, columns, 1)
    return replace(
        world,
        table=draft.table,
        truth=draft.truth,
        study_text=draft.study_text,
        faults=tuple(draft.planted),
    )


def _plant(draft: Draft, names: list[str], most: int) -> None:
    """Plant the first `most` of the named kinds that find a place."""
    planted = 0
    for name in names:
        if planted < most:
            found = FAULTS[name](draft, float(draft.rng.random()))
            draft.planted += found or []
            planted += bool(found)


def _compatible(wanted: list[str]) -> list[str]:
    """The names in their order, less those that one before them excludes."""
    kept: list[str] = []
    for name in wanted:
        if not any(name in group and group & set(kept) for group in _ONE_OF):
            kept.append(name)
    return kept


def _check(wanted: list[str]) -> None:
    for name in wanted:
        if name not in FAULTS:
            meant = nearest(name, FAULTS)
            hint = f" The nearest is {meant!r}." if meant else ""
            raise UserError(f"there is no fault {name!r}.{hint} Faults: {', '.join(FAULTS)}.")
