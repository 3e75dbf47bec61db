"""Synthetic shops whose truth is known: for tests, the demo and the documentation."""

__all__ = ["WORLDS", "World", "make"]

from patron.errors import UserError, nearest
from patron.worlds.base import World
from patron.worlds.corner import corner

WORLDS = {"corner": corner}
"""The worlds by name; each is a function of the number of rows and the seed."""


def make(name: str, *, rows: int | None = None, seed: int = 0) -> World:
    """The world `name`; the same name, rows and seed give the same world.

    Raises
    ------
    UserError
        There is no such world, or `rows` is too small for one.
    """
    if name not in WORLDS:
        meant = nearest(name, WORLDS)
        hint = f" The nearest is {meant!r}." if meant else ""
        raise UserError(f"there is no world {name!r}.{hint} Worlds: {', '.join(WORLDS)}.")
    if rows is not None and rows < 1:
        raise UserError(f"a world has at least one row; {rows} were asked for.")
    return WORLDS[name](seed=seed) if rows is None else WORLDS[name](rows, seed=seed)
