"""The ladder: the naive score, what each fix makes of it, and how far honest work gets from there.

docs/ladder.md says what each step is, and how its figure is made.
"""

__all__ = ["ladder"]

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit.scoring import squarable
from patron.customers import Customers
from patron.examine import Examined
from patron.features.derived import candidates
from patron.models.ladder_climb import Climb, Lesson, Pairs
from patron.models.ladder_judges import Amounts, Judge, Purchases
from patron.models.ladder_steps import Cubes, Final, Forest
from patron.schema import Role
from patron.split import entity_codes
from patron.study import SpendSection, Study

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FOLDS = 3
DATES_ASKED = 3
AHEAD = " (ahead of the line below: the table holds what no line says)"
MOST_ROWS, LEAST_ROWS, MOST_CELLS = 20_000, 2_000, 8_000_000


def ladder(
    examined: Examined,
    customers: Customers,
    study: Study,
    *,
    final: tuple[str, Floats] | None = None,
) -> list[dict[str, Any]]:
    """The ladder of the Study's target, as docs/results.md has it; empty where nothing can be told.

    Parameters
    ----------
    final : the title of the Study's own model, and what it predicts out of fold beside the table
        of `customers` (NaN where it predicts nothing): the last step.
    """
    target = customers.known_target
    if target is None:
        return []
    target = np.where(np.isfinite(target), target, np.nan)  # no score can be held against infinity
    absurd = _beyond_belief(target, customers, examined)
    target = squarable(np.where(absurd, np.nan, target))
    units = entity_codes(customers.table, customers.schema.one(Role.ENTITY))
    if units is not None and len(np.unique(units)) in (1, len(units)):
        units = None  # each row is a customer, or nothing tells customers apart
    rows = _sample(target, units, len(customers.schema.features), study.run.seed)
    judge = _judge(customers, study, target, units, rows)
    climb, mended, pairs = Climb(judge), examined.final, _by_chance(judge.shuffled(rows))
    less = f" (amounts beyond belief left out: {absurd.sum():,})" if absurd.any() else ""
    for state in examined.states:
        folds = climb.lessons(state, pairs)
        columns = list(state.columns)
        step, less = state.step + less, ""
        if climb.step(step, state.kind, folds, state.after, columns=columns) is None:
            return climb.steps
    here = max(place for place, s in enumerate(examined.states) if s.kind != "proposed")
    step, safe = _safe(customers, study, rows, units)
    if climb.step(step, "split", climb.lessons(mended, safe), here) is not None:
        here, pairs = len(climb.steps) - 1, safe
    made = candidates(mended.schema, mended.table)
    gains = climb.gains(mended, rows, made)
    lessons = climb.lessons(mended, pairs, made if gains else ())
    if gains:
        step = f"with what is derived: {', '.join(gain.derived.name for gain in gains)}"
        told = [gain.to_dict() for gain in gains]
        climb.step(step, "features", lessons, here, features=told)
        here = len(climb.steps) - 1
    if isinstance(judge, Amounts):
        _finish(climb, lessons, here, study, own=final is not None)
    if final:
        judged = np.where(np.isnan(target), np.nan, final[1])
        climb.note(final[0], "final", judged, here)
    if final and isinstance(judge, Amounts):
        climb.say_more(-1)
    return climb.steps


def _beyond_belief(target: Floats, customers: Customers, examined: Examined) -> NDArray[np.bool_]:
    """The amounts that V06 names: with one of them, R² would be a score of that customer alone."""
    absurd = np.zeros(len(target), dtype=bool)
    for found in examined.audit.findings:
        if found.code == "V06" and found.columns == (customers.target_name,):
            least = found.evidence.get("smallest_of_them", 0.0)
            if least:
                absurd |= target >= least if least > 0 else target <= least
    return absurd


def _finish(climb: Climb, lessons: list[Lesson], here: int, study: Study, *, own: bool) -> None:
    """The steps of amounts that are tried aside; the final one, unless the Study has its own."""
    climb.say_more(here)
    for tried in (Cubes(), Forest(seed=study.run.seed)):
        inside = climb.step(f"tried: {tried.title}", "tried", lessons, here, learner=tried)
        climb.steps[-1]["train_value"] = inside
    spend = study.spend or SpendSection()
    last = Final(spend.top_share, spend.top_weight, study.run.seed)
    inside = climb.step(last.title, "tried" if own else "final", lessons, here, learner=last)
    if own:
        climb.steps[-1]["train_value"] = inside
    climb.say_more(-1)
    *_, cubes, forest, line = range(len(climb.steps))
    for place in (cubes, forest):
        if climb.judge.worth(climb.predicted[line], climb.predicted[place]).low > 0:
            climb.steps[place]["step"] += AHEAD


def _judge(
    customers: Customers, study: Study, target: Floats, units: Rows | None, rows: Rows
) -> Judge:
    chance: dict[str, Any] = {"level": study.run.level, "seed": study.run.seed}
    if customers.target is not None:
        return Purchases(target, units, **chance)
    top_share = (study.spend or SpendSection()).top_share
    return Amounts(target, units, rows, top_share=top_share, **chance)


def _sample(target: Floats, units: Rows | None, columns: int, seed: int) -> Rows:
    """Labelled rows, whole customers together; fewer where there are many columns."""
    labelled = np.flatnonzero(~np.isnan(target))
    most = int(np.clip(MOST_CELLS // max(columns, 1), LEAST_ROWS, MOST_ROWS))
    customer = np.arange(len(target)) if units is None else units
    turn = np.random.default_rng(seed).permutation(int(customer.max(initial=-1)) + 1)
    return np.sort(labelled[np.argsort(turn[customer[labelled]], kind="stable")][:most])


def _by_chance(rows: Rows) -> Pairs:
    """Folds of rows that come in an order of chance, whoever's they are."""
    fold = np.arange(len(rows)) % FOLDS
    return [(rows[fold != k], rows[fold == k]) for k in range(FOLDS)]


def _safe(customers: Customers, study: Study, rows: Rows, units: Rows | None) -> tuple[str, Pairs]:
    """The split that the table needs, in words and as folds; no folds where chance will do."""
    as_of, by = customers.schema.one(Role.AS_OF), study.split.by
    days = _days(customers.table[as_of])[rows] if as_of else np.zeros(len(rows))
    dates = np.unique(days)
    if len(dates) > 1 and by in (None, "time"):
        gap = customers.label_days or 1
        asked = dates[1:][-DATES_ASKED:]
        pairs = [(rows[days <= date - gap], rows[days == date]) for date in asked]
        pairs = [(taught, ask) for taught, ask in pairs if len(taught)]
        if pairs:
            return "learnt from earlier dates, asked for later ones", pairs
    if units is None or by == "random":
        return "", []
    fold = np.random.default_rng(study.run.seed).integers(0, FOLDS, int(units.max()) + 1)
    own = fold[units[rows]]
    overlap = ", as no earlier date's labels were over" if len(dates) > 1 and by != "entity" else ""
    return f"all rows of a customer on one side{overlap}", [
        (rows[own != k], rows[own == k]) for k in range(FOLDS)
    ]


def _days(values: pa.ChunkedArray) -> NDArray[np.int64]:
    days = values.cast(pa.timestamp("us")).cast(pa.date32(), safe=False)
    return days.cast(pa.int32()).to_numpy().astype(np.int64)
