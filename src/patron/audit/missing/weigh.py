"""How bad a disguise is, measured by mending it; and what rows have in common."""

__all__ = ["Stump", "common", "weighed"]

from typing import NamedTuple

import numpy as np

from patron.audit.base import SERIOUS_COST, Evidence, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix, Ledger
from patron.audit.missing.relations import Relations, numbers
from patron.audit.scoring import numbers_of

MOST_LEVELS = 50
STEPS = 20
GAIN = 0.5


def weighed(frame: Frame, fix: Fix) -> tuple[Severity, Evidence]:
    """The severity by what the honest score gains from the fix, and that gain as evidence."""
    if frame.too_few:
        return Severity.WARNING, {}
    mended = Ledger((fix,)).apply(frame.sample)[0]
    values = {name: numbers_of(mended.column(name))[0] for name in fix.columns}
    cost = frame.cost(values)
    serious = cost.sure and cost.strength >= SERIOUS_COST
    return Severity.SERIOUS if serious else Severity.WARNING, dict(cost.evidence)


class Stump(NamedTuple):
    """One column that tells which rows are meant: their share where `says` holds, and elsewhere."""

    column: str
    says: str
    inside: float
    outside: float

    @property
    def all_of_it(self) -> bool:
        """Whether the side is nearly all made of such rows, and has nearly all of them."""
        return self.inside >= 0.9 and self.outside <= 0.02

    @property
    def evidence(self) -> Evidence:
        """As a finding's evidence tells it."""
        return {"where": self.says, "share_there": self.inside, "share_elsewhere": self.outside}


def common(frame: Frame, hit: np.ndarray, apart: tuple[str, ...] = ()) -> Stump | None:
    """What the rows in `hit` [of `Relations.of(frame).rows`] have in common, by one column.

    The level of a category, or the side of a number, that parts them best from the others; None
    if no column parts them by at least half.
    """
    relations = Relations.of(frame)
    best: tuple[float, Stump] | None = None
    if not 0 < hit.sum() < len(hit):
        return None
    for name, side, says in _sides(frame, relations, apart):
        if not 0 < side.sum() < len(side):
            continue
        inside, outside = float(hit[side].mean()), float(hit[~side].mean())
        gain = float(side[hit].mean() - side[~hit].mean())
        if gain >= GAIN and (best is None or gain > best[0] + 0.01):
            best = gain, Stump(name, says, inside, outside)
    return best[1] if best else None


def _sides(
    frame: Frame, relations: Relations, apart: tuple[str, ...]
) -> "list[tuple[str, np.ndarray, str]]":
    """Every way to part the sampled rows by one column, with the words for it."""
    found = []
    ordered = set(numbers(frame))
    for name in relations.judges:
        values = relations.values(name)
        if name in apart or not np.isfinite(values).any():
            continue
        if name in ordered:
            cuts = np.unique(np.nanquantile(values, np.linspace(0.02, 0.98, STEPS)))
            for cut in cuts:
                found.append((name, values <= cut, f"{name} is at most {cut:,.6g}"))
                found.append((name, values > cut, f"{name} is above {cut:,.6g}"))
        elif name in frame.groups:
            levels = np.unique(values[np.isfinite(values)])[:MOST_LEVELS]
            for level in levels:
                at = values == level
                shown = frame.table.column(name)[int(relations.rows[np.argmax(at)])].as_py()
                found.append((name, at, f"{name} is {shown}"))
    return found
