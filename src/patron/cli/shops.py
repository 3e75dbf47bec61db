"""What `patron worlds` says of the shop that it made."""

__all__ = ["show_world"]

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.cli.terminal import say, some

if TYPE_CHECKING:
    from patron.worlds import World


def show_world(world: "World", out: Path) -> None:
    """How large it is, what can be reached on it, how many faults it has, and what to do next."""
    table = world.table
    size = f"{some(table.num_rows, 'customer')}, {some(table.num_columns, 'column')}"
    say(f"{size}{_rate(world)}: {out}")
    for what, ceiling in (world.facts.get("ceilings") or {}).items():
        reached = ceiling.get("roc_auc") if isinstance(ceiling, dict) else None
        if reached:
            say(f"  best possible ROC-AUC ({what}): {_estimate(reached)}")
    if world.faults:
        say(f"  {some(len(world.faults), 'fault')} planted; world.json says what and where")
    say(f"Next: patron audit {out / 'patron.toml'}")


def _rate(world: "World") -> str:
    """The share of buyers, where the world's Study asks who buys."""
    import pyarrow.compute as pc

    purchase = tomllib.loads(world.study_text).get("purchase", {}).get("target")
    if purchase not in world.table.column_names:
        return ""
    return f", {100 * pc.mean(world.table[purchase].cast('float64')).as_py():.1f} % buyers"


def _estimate(reached: Any) -> str:
    from patron.report.numbers import interval

    return interval(reached) if isinstance(reached, dict) else f"{reached:.3f}"
