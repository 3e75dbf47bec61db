"""The path: from a Study to a report and a bundle. Read this first."""

__all__ = ["Run", "run"]

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.bundle import Bundle, save_bundle
from patron.customers import Customers, load_customers
from patron.errors import StudyError, nearest
from patron.examine import State, examine
from patron.features.encode import Encoder, check_readable
from patron.models.decision import Capacity, Costs, Fixed, MostF1, Rule
from patron.models.effort import EFFORTS
from patron.models.ladder import ladder
from patron.models.purchase import PurchaseModel
from patron.progress import Progress, Stopwatch, silent
from patron.report import render
from patron.report.card import card, card_markdown
from patron.report.collect import collect_data, collect_run, in_short
from patron.report.collect_purchase import collect_purchase
from patron.schema import Role, Schema, no_such_column
from patron.split import make_split
from patron.study import PurchaseSection, Study, sections
from patron.tables import new_folder, write_text

NUMBERS = (Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE, Role.DATE)
"""The roles of columns along which a prediction can be asked to rise or fall."""


_NO_GROUPS = (
    *(Role.ENTITY, Role.IDENTIFIER, Role.TEXT),
    *(Role.TARGET, Role.OUTCOME, Role.FUTURE),
)


@dataclass(frozen=True)
class Run:
    """What a run left: its folder, its results (docs/results.md), and the bundle."""

    folder: Path
    results: dict[str, Any]
    bundle: Bundle


def run(
    study: Study,
    out: str | Path,
    *,
    created: datetime,
    truth: pa.Table | None = None,
    progress: Progress | None = None,
) -> Run:
    """Take the whole path; write `out`/report.html, `out`/results.json and `out`/bundle/.

    Parameters
    ----------
    created : the moment that the results and the model's version are dated by.
    truth : a world's true probabilities beside its table; for the report alone.

    Raises
    ------
    UserError
        The Study, the table or `out` does not allow it; nothing is written then.
    """
    purchase = _purchase(study)
    threads = study.run.threads or os.cpu_count() or 1
    chance: dict[str, Any] = {"seed": study.run.seed, "level": study.run.level}
    watch = Stopwatch(progress or silent())
    with new_folder(out, replaces=_is_run) as folder:
        with watch.stage("read the table"):
            customers = load_customers(study)
            _check_columns(purchase, customers)
        with watch.stage("audit"):
            examined = examine(customers, study, progress=progress)
            final = examined.final
            entity = final.schema.one(Role.ENTITY)
            y = customers.bought[final.rows]
        with watch.stage("split"):
            split = make_split(
                final.table,
                y,
                entity=entity,
                as_of=final.schema.one(Role.AS_OF),
                label_days=customers.label_days,
                repeats=EFFORTS[purchase.effort].repeats,
                seed=study.run.seed,
                **dict(study.split),
            )
        with watch.stage("encode"):
            encoder = Encoder.fit(final.table.take(split.train), final.schema, y[split.train])
            design = encoder.transform(final.table)
            unreadable = check_readable(design, final.table)
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
        with watch.stage("ladder"):
            unseen = np.full(customers.table.num_rows, np.nan)
            unseen[final.rows[split.train]] = model.out_of_fold_
            last = f"the final model: {model.chosen_.title}", unseen
            steps = ladder(examined, customers, study, final=last)
        with watch.stage("evidence"):
            named = {"truth": truth, "threads": threads, **chance}
            evidence = collect_purchase(model, design, customers, examined, split, study, **named)
            data = collect_data(customers, examined, encoder, study, unreadable)
            evidence["card"] = card(evidence, data)
        with watch.stage("bundle"):
            bundle = save_bundle(
                folder / "bundle",
                created=created,
                study=study.sections(),
                schema=final.schema,
                ledger=examined.ledger,
                encoder=encoder,
                purchase=model,
                evidence=in_short(evidence, data),
                card=card_markdown(evidence["card"], title=f"Model card: {customers.target_name}"),
            )
        results = collect_run(study, created, data, steps, evidence, bundle, watch)
        write_text(
            folder / "results.json", json.dumps(results, indent=1, allow_nan=False, default=str)
        )
        write_text(folder / "report.html", render(results))
    return Run(Path(out), results, bundle)


def _purchase(study: Study) -> PurchaseSection:
    if study.purchase is None:
        raise StudyError(
            "the Study has no [purchase], and this version models purchases only. Name a target "
            "with two values there, or use `patron audit`, which works without."
        )
    return study.purchase


def _check_columns(purchase: PurchaseSection, customers: Customers) -> None:
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


def _is_run(folder: Path) -> bool:
    """Whether the folder holds what a run writes, all of it and nothing else, by the names."""
    return {each.name for each in folder.iterdir()} == {"report.html", "results.json", "bundle"}
