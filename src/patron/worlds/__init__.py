"""Synthetic shops whose truth is known: for tests, the demo and the documentation."""

__all__ = ["WORLDS", "World", "make"]

from collections.abc import Callable, Iterable

from patron.errors import UserError, nearest
from patron.worlds.archetypes import archetypes
from patron.worlds.base import World
from patron.worlds.continuum import continuum
from patron.worlds.corner import corner
from patron.worlds.datacorp import datacorp
from patron.worlds.marketplace import marketplace
from patron.worlds.postcards import postcards
from patron.worlds.retailer import retailer
from patron.worlds.shop import shop

WORLDS: dict[str, Callable[..., World]] = {
    "archetypes": archetypes,
    "continuum": continuum,
    "corner": corner,
    "datacorp": datacorp,
    "marketplace": marketplace,
    "postcards": postcards,
    "retailer": retailer,
    "shop": shop,
}
"""The worlds by name; each is a function of the number of rows and the seed."""


def make(
    name: str,
    *,
    rows: int | None = None,
    seed: int = 0,
    faults: str | Iterable[str] | None = None,
) -> World:
    """The world `name`; the same name, rows, seed and faults give the same world.

    Parameters
    ----------
    rows : how many customers; without it as many as the world's table has.
    faults : "all", "random" or kinds of `patron.worlds.faults.FAULTS`, to be planted in the table.
        The world `datacorp` has its own faults without being asked.

    Raises
    ------
    UserError
        There is no such world or fault, or `rows` is too small for one.

    >>> make("shop", rows=500, seed=1).table.num_rows
    500
    """
    if name not in WORLDS:
        meant = nearest(name, WORLDS)
        hint = f" The nearest is {meant!r}." if meant else ""
        raise UserError(f"there is no world {name!r}.{hint} Worlds: {', '.join(WORLDS)}.")
    if rows is not None and rows < 1:
        raise UserError(f"a world has at least one row; {rows} were asked for.")
    world = WORLDS[name](seed=seed) if rows is None else WORLDS[name](rows, seed=seed)
    if faults is None:
        return world
    from patron.worlds.faults import plant

    return plant(world, faults, seed=seed)
