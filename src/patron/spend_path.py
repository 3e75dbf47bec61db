"""The path's part on spend: features made, a model chosen, judged on the holdout, fitted again."""

__all__ = ["SpendRun", "learn_spend", "usable_amounts"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.customers import Customers
from patron.errors import DataError
from patron.examine import State
from patron.features.encode import check_readable
from patron.models.cap import find_cap, set_cap
from patron.models.learner import Folds
from patron.models.spend import SpendModel
from patron.models.spend_features import judge_features
from patron.models.spend_inputs import folds_within
from patron.models.spend_target import check_amounts
from patron.progress import Progress, silent
from patron.report.collect_spend import SpendTested, collect_spend
from patron.schema import Role
from patron.split import Split
from patron.study import SpendSection, Study

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpendRun:
    """The model for the bundle, and the section `spend` of the results.

    Parameters
    ----------
    title : what the chosen model is called.
    unreadable : sentences on values that could not be read.
    unseen : what it expects out of fold, beside the first table (NaN where nothing).
    """

    model: SpendModel
    evidence: dict[str, Any]
    title: str
    unseen: Floats
    unreadable: list[str]

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that the model predicts from."""
        prepared = self.model.preparation_
        return () if prepared is None else prepared.inputs


def learn_spend(
    customers: Customers,
    state: State,
    split: Split,
    study: Study,
    *,
    part: Mapping[str, Any],
    truth: pa.Table | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> SpendRun:
    """Choose on the training part, judge on the holdout, fit what was chosen to all rows.

    Parameters
    ----------
    state : the table that models learn from.
    part : how the rows were split, as results.json has it.
    truth : a world's truth beside the first table; for the report alone.

    Raises
    ------
    DataError, Refusal
        The amounts are none that a model can learn from.
    """
    asked = study.spend or SpendSection()
    progress = progress or silent()
    target = customers.spend_name or ""
    if customers.amounts is None:
        raise DataError("the Study has no [spend], and so no amounts to learn from.")
    amounts = customers.amounts[state.rows]
    usable, beyond = usable_amounts(customers, state, study)
    train, held = (rows[usable[rows]] for rows in (split.train, split.holdout))
    if not len(held) or not (amounts[held] > 0).any():
        raise DataError(
            f"{customers.name}: nobody of the {len(held):,} held-out rows spends anything "
            f"({target}); nothing can be judged on them. Change [split] holdout."
        )
    folds = _folds(split, train)
    groups = None if split.groups is None else split.groups[train]
    arm = study.campaign.treatment if study.campaign else None
    options: dict[str, Any] = {
        "schema": state.schema,
        "cap": asked.cap,
        "top_share": asked.top_share,
        "top_weight": asked.top_weight,
        "arm": arm,
        "threads": threads,
        "seed": study.run.seed,
        "level": study.run.level,
    }
    table, y = state.table.take(pa.array(train)), amounts[train]
    cap = find_cap(y) if asked.cap is None else set_cap(y, asked.cap)
    # What the data, or the Study, cut off is judged as it is learned: as the cap.
    judged = amounts if cap.start is None else np.where(amounts >= cap.start, cap.limit, amounts)
    with progress.stage("judge derived features"):
        made = judge_features(
            table,
            state.schema,
            y,
            cap,
            folds,
            groups=groups,
            arm=arm,
            level=study.run.level,
            seed=study.run.seed,
        )
    options["derived"] = [each.derived for each in made if each.kept]
    model = SpendModel(learners=asked.learners, **options)
    model.fit(table, y, folds=folds, groups=groups, progress=progress)
    entity, as_of = (state.schema.one(role) for role in (Role.ENTITY, Role.AS_OF))
    test = state.table.take(pa.array(held))
    prepared = model.preparation_
    if prepared is None:
        raise DataError("the model was not fitted to a table.")
    tested = SpendTested(
        model=model,
        table=test,
        design=prepared.design(test),
        y=judged[held],
        groups=None if split.groups is None else split.groups[held],
        names=None if entity is None else test[entity].to_pylist(),
        dates=None if as_of is None else test[as_of].to_pylist(),
        everything=judged[usable],
        beyond=beyond,
        level=study.run.level,
        seed=study.run.seed,
        threads=threads,
    )
    every = np.sort(np.concatenate([train, held]))
    with progress.stage("fit to all rows"):
        final = SpendModel(learners=[model.chosen_.name], **options)
        final.fit(
            state.table.take(pa.array(every)),
            amounts[every],
            groups=None if split.groups is None else split.groups[every],
        )
    evidence = collect_spend(
        tested,
        target=target,
        horizon_days=asked.horizon_days
        or (customers.horizon_days if customers.made_from else None),
        split={**part, "train_rows": len(train), "holdout_rows": len(held)},
        made=[each.to_dict() for each in made],
        refit=(
            f"The bundle's model is of the same kind, fitted to all {len(every):,} rows, the "
            "held-out ones too: its evidence is that of the model without them."
            f"{_differs(final, model)}"
        ),
        truth=None if truth is None else truth.take(pa.array(state.rows[held])),
        contacted=prepared.arm,
    )
    unseen = np.full(customers.table.num_rows, np.nan)
    compared = train[model.learned_from_[model.compared_]]
    unseen[state.rows[compared]] = model.chosen_.unseen.mean
    unreadable = check_readable(prepared.design(state.table).warnings, state.table)
    return SpendRun(final, evidence, model.chosen_.title, unseen, unreadable)


def _differs(final: SpendModel, judged: SpendModel) -> str:
    """What the model of all rows has that the judged one had not, as sentences."""
    before = set(judged.notes_)
    new = [note for note in final.notes_ if note not in before]
    if (final.cap_.how, judged.cap_.how) == ("found", "found"):
        new = [note for note in new if note != final.cap_.because]  # the same pile, of more rows
    return f" Other than in the judged one: {' '.join(new)}" if new else ""


def usable_amounts(
    customers: Customers, state: State, study: Study
) -> tuple[NDArray[np.bool_], Any]:
    """Which rows of the state have an amount that can be learned from, and those beyond belief.

    Rows without an amount are left aside; whatever else is wrong is refused.
    """
    if customers.amounts is None:
        raise DataError("the Study has no [spend], and so no amounts to learn from.")
    amounts = customers.amounts[state.rows]
    known = np.flatnonzero(~np.isnan(amounts))
    if not len(known):
        raise DataError(
            f"{customers.name}: all {len(amounts):,} values of {customers.spend_name} are missing."
        )
    cap = study.spend.cap if study.spend else None
    beyond = check_amounts(
        amounts[known], what=f"{customers.name}: {customers.spend_name}", cap=cap
    )
    usable = ~np.isnan(amounts)
    if beyond is not None:
        usable[known[beyond.rows]] = False
    return usable, beyond


def _folds(split: Split, train: NDArray[np.intp]) -> Folds:
    """The split's folds in the numbering of those training rows that have an amount."""
    place = np.flatnonzero(np.isin(split.train, train))
    return folds_within(split.folds, place, len(split.train))
