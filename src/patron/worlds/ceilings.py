"""The best scores that can be reached on a world, as they were measured; see docs/worlds.md."""

__all__ = ["recorded"]

import json
from importlib import resources
from typing import Any


def recorded(name: str) -> dict[str, Any] | None:
    """The ceilings of a world from `ceilings.json`; None where none were measured.

    `latent` is of the true probability, `observable` of a model that learned from more than a
    million customers; each has `roc_auc`, `log_loss` and `f1`, as an Estimate's fields.
    """
    text = resources.files("patron.worlds").joinpath("ceilings.json").read_text("utf-8")
    return json.loads(text)["worlds"].get(name)
