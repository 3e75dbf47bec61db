"""The best scores that can be reached on a world: as recorded, and how they are measured."""

__all__ = ["recorded"]

import json
from functools import cache
from importlib import resources
from typing import Any


def recorded(name: str) -> dict[str, Any] | None:
    """The ceilings of a world from `ceilings.json`; None where none were measured."""
    return _recorded().get(name)


@cache
def _recorded() -> dict[str, Any]:
    text = resources.files("patron.worlds").joinpath("ceilings.json").read_text("utf-8")
    return json.loads(text)["worlds"]
