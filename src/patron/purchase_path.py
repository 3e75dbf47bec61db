"""The path's part on purchases: encode, choose a model, climb the ladder, judge on the holdout."""

__all__ = ["PurchaseRun", "check_columns", "learn_purchase"]

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.customers import Customers
from patron.errors import StudyError, nearest
from patron.examine import Examined, State
from patron.features.encode import Encoder, check_readable
from patron.models.decision import Capacity, Costs, Fixed, MostF1, Rule
from patron.models.purchase import PurchaseModel
from patron.progress import Progress, Stopwatch
from patron.report.collect_purchase import collect_purchase
from patron.schema import Role, Schema, no_such_column
from patron.split import Split
from patron.study import PurchaseSection, Study, sections

NUMBERS = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE, Role.DATE)
"""The roles of columns along which a prediction can be asked to rise or fall."""


_NO_GROUPS = (
    *(Role.ENTITY, Role.IDENTIFIER, Role.TEXT),
    *(Role.TARGET, Role.OUTCOME, Role.FUTURE),
)


@dataclass(frozen=True)
class PurchaseRun:
    """The encoder and the model for the bundle, and the section `purchase` of the results.

    Parameters
    ----------
    unreadable : sentences on values that could not be read.
    unseen : what the model predicts out of fold, beside the first table (NaN where nothing).
    """

    encoder: Encoder
    model: PurchaseModel
    evidence: dict[str, Any]
    unreadable: list[str]
    unseen: NDArray[np.float64]

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that the model predicts from."""
        return tuple(rule["name"] for rule in self.encoder.columns)


def learn_purchase(
    customers: Customers,
    examined: Examined,
    split: Split,
    study: Study,
    watch: Stopwatch,
    *,
    truth: pa.Table | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> PurchaseRun:
    """Choose on the training part, judge on the holdout.

    Parameters
    ----------
    truth : a world's true probabilities beside the first table; for the report alone.
    """
    purchase = study.purchase or PurchaseSection()
    final, y = examined.final, customers.bought[examined.final.rows]
    chance: dict[str, Any] = {"seed": study.run.seed, "level": study.run.level}
    with watch.stage("encode"):
        encoder = Encoder.fit(final.table.take(split.train), final.schema, y[split.train])
        design = encoder.transform(final.table)
        unreadable = check_readable(design.warnings, final.table)
    with watch.stage("fit the models"):
        model = PurchaseModel(
            rule=_rule(purchase, final),
            learners=purchase.learners,
            effort=purchase.effort,
            monotone=_monotone(purchase, final.schema),
            threads=threads,
            **chance,
        )
        groups = None if split.groups is None else split.groups[split.train]
        taught = design.rows(split.train), y[split.train], split.folds
        model.fit(*taught, groups=groups, repeats=split.repeats, progress=progress)
    unseen = np.full(customers.table.num_rows, np.nan)
    unseen[final.rows[split.train]] = model.out_of_fold_
    with watch.stage("evidence on purchases"):
        named = {"truth": truth, "threads": threads, **chance}
        evidence = collect_purchase(model, design, customers, examined, split, study, **named)
    return PurchaseRun(encoder, model, evidence, unreadable, unseen)


def check_columns(purchase: PurchaseSection, customers: Customers) -> None:
    """Refuse columns that are not there, and evidence by what names a customer or the answer."""
    schema, names = customers.schema, [column.name for column in customers.schema.columns]
    for key, columns in (("groups", purchase.groups), ("floors", purchase.floors)):
        for name in columns:
            if name not in schema:
                named = f"named by [purchase] {key}"
                raise StudyError(no_such_column(name, names, table=customers.name, named=named))
    for name in purchase.groups:
        role = schema[name].role
        if role in _NO_GROUPS:
            raise StudyError(
                f"[purchase] groups names {name}, whose role is {role.value}; evidence is shown by "
                "groups of customers, not by single ones and not by what happened to them."
            )


def _now(state: State) -> int:
    """How many customers there are now: those of the latest day, or all."""
    entity, as_of = (state.schema.one(role) for role in (Role.ENTITY, Role.AS_OF))
    table = state.table
    if as_of is not None:
        days = table[as_of].cast(pa.timestamp("us")).cast(pa.date32(), safe=False)
        table = table.filter(pc.equal(days, pc.max(days)))
    return table.num_rows if entity is None else pc.count_distinct(table[entity]).as_py()


def _rule(purchase: PurchaseSection, state: State) -> Rule:
    """How the threshold is chosen."""
    asked = purchase.threshold
    if isinstance(asked, sections.Costs):
        return Costs(asked.contact_cost, asked.purchase_value)
    if isinstance(asked, sections.Capacity):
        return Capacity(asked.capacity, _now(state))
    return MostF1() if asked == "f1" else Fixed(asked)


def _monotone(purchase: PurchaseSection, schema: Schema) -> dict[str, int]:
    """+1 or -1 by column; only a feature that is a number can rise or fall."""
    numbers = [name for name in schema.features if schema[name].role in NUMBERS]
    for name in purchase.monotone:
        if name not in numbers:
            close = nearest(name, numbers)
            meant = f'The nearest is "{close}".' if close else f"Numbers: {', '.join(numbers[:8])}."
            raise StudyError(
                f"[purchase] monotone names {name}, which is not a number that the model predicts "
                f"from. {meant}"
            )
    signs = {name: 1 if way == "rising" else -1 for name, way in purchase.monotone.items()}
    if schema.one(Role.AS_OF) is not None:  # a model sees how many days ago a date was
        signs |= {name: -sign for name, sign in signs.items() if schema[name].role == Role.DATE}
    return signs
