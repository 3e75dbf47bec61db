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

from patron.bundle import Bundle, save_bundle
from patron.comparison_path import compare
from patron.customers import Customers, load_customers
from patron.errors import Refusal, StudyError
from patron.examine import State, examine
from patron.models.effort import EFFORTS
from patron.models.ladder import ladder
from patron.months_path import TABLE
from patron.progress import Progress, Stopwatch, silent
from patron.purchase_path import PurchaseRun, check_columns, learn_purchase
from patron.report import render
from patron.report.cards import add_cards
from patron.report.collect import collect_data, collect_run, in_short
from patron.report.collect_evidence import collect_kept
from patron.report.collect_purchase import split_part
from patron.schema import Role
from patron.segments_path import SegmentsRun, learn_segments
from patron.spend_path import SpendRun, learn_spend, usable_amounts
from patron.split import Split, make_split
from patron.study import Study
from patron.tables import new_folder, write_table, write_text


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

    Where there are segments, also `out`/segments.parquet: who is in which, and where they stand.

    Parameters
    ----------
    created : the moment that the results and the model's version are dated by.
    truth : a world's truth beside its table; for the report alone.

    Raises
    ------
    UserError
        The Study, the table or `out` does not allow it; nothing is written then.
    Refusal
        The data cannot teach what is asked; nothing is written then.
    """
    _check_asked(study)
    threads = study.run.threads or os.cpu_count() or 1
    watch = Stopwatch(progress or silent())
    named: dict[str, Any] = {"truth": truth, "threads": threads, "progress": progress}
    with new_folder(out, replaces=_is_run) as folder:
        with watch.stage("read the table"):
            customers = load_customers(study)
            if study.purchase:
                check_columns(study.purchase, customers)
        with watch.stage("audit"):
            examined = examine(customers, study, progress=progress)
        segments: SegmentsRun | None = None
        none_because = ""
        if study.segments:
            with watch.stage("segments"):
                segments, none_because = _segments(customers, examined.final, study, named)
        purchase: PurchaseRun | None = None
        spend: SpendRun | None = None
        if study.purchase or study.spend:
            with watch.stage("split"):
                split = _split(customers, examined.final, study)
        if study.purchase:
            purchase = learn_purchase(customers, examined, split, study, watch, **named)
        if study.spend:
            with watch.stage("spend"):
                given = customers, examined.final, split, study
                spend = learn_spend(*given, part=split_part(split), **named)
        comparison = None
        if purchase and segments:
            with watch.stage("compare"):
                given = customers, examined.final, split, study
                comparison = compare(segments, purchase, spend, *given, threads=threads)
        with watch.stage("ladder"):
            last = _last(purchase, spend)
            steps = ladder(examined, customers, study, final=last)
        with watch.stage("collect"):
            parts = [part for part in (purchase, spend) if part]
            used = {name for part in parts for name in part.used}
            used |= set(segments.used) if segments else set()
            notes = [*(told for part in parts for told in part.unreadable)]
            notes += segments.notes if segments else ()
            data = collect_data(customers, examined, used, study, list(dict.fromkeys(notes)))
            evidence = {
                "purchase": purchase.evidence if purchase else None,
                "spend": spend.evidence if spend else None,
                "segments": segments.evidence if segments else None,
                "comparison": comparison,
            }
            if spend:
                spend.evidence["kept"] = collect_kept(examined, study, list(spend.used))
            cards = add_cards(evidence, data)
        with watch.stage("bundle"):
            bundle = save_bundle(
                folder / "bundle",
                created=created,
                study=study.sections(),
                schema=examined.final.schema,
                ledger=examined.ledger,
                encoder=purchase.encoder if purchase else None,
                purchase=purchase.model if purchase else None,
                spend=spend.model if spend else None,
                segments=segments.model if segments else None,
                evidence=in_short(evidence, data),
                card=cards,
            )
        results = collect_run(
            study, created, data, steps, evidence, bundle, watch, none_because=none_because
        )
        if segments:
            write_table(segments.exported, folder / TABLE)
        write_text(
            folder / "results.json", json.dumps(results, indent=1, allow_nan=False, default=str)
        )
        write_text(folder / "report.html", render(results))
    return Run(Path(out), results, bundle)


def _check_asked(study: Study) -> None:
    if study.purchase is None and study.spend is None and study.segments is None:
        raise StudyError(
            "the Study has neither [purchase] nor [spend] nor [segments], and this version models "
            "these. Name a target there, write [segments], which needs none, or use `patron "
            "audit`, which works without."
        )


def _segments(
    customers: Customers, state: State, study: Study, named: dict[str, Any]
) -> tuple[SegmentsRun | None, str]:
    """The segments; where the data cannot have any, and something else was asked, the reason."""
    from threadpoolctl import threadpool_limits

    options = {name: named[name] for name in ("threads", "progress")}
    try:
        with threadpool_limits(named["threads"]):
            return learn_segments(customers, state, study, **options), ""
    except Refusal as refusal:
        if not (study.purchase or study.spend):
            raise
        return None, str(refusal)


def _split(customers: Customers, state: State, study: Study) -> Split:
    """By who buys; without [purchase] by who spends anything."""
    if study.purchase:
        y = customers.bought[state.rows]
    else:
        usable, _ = usable_amounts(customers, state, study)
        amounts = np.zeros(len(usable)) if customers.amounts is None else customers.amounts
        y = np.where(usable, amounts[state.rows] > 0, np.nan)
    effort = EFFORTS[study.purchase.effort].repeats if study.purchase else 1
    return make_split(
        state.table,
        y,
        entity=state.schema.one(Role.ENTITY),
        as_of=state.schema.one(Role.AS_OF),
        label_days=customers.label_days,
        repeats=effort,
        seed=study.run.seed,
        **dict(study.split),
    )


def _last(purchase: PurchaseRun | None, spend: SpendRun | None) -> tuple[str, Any] | None:
    """The ladder's last step: the model of its target."""
    if purchase is not None:
        return f"the final model: {purchase.model.chosen_.title}", purchase.unseen
    return None if spend is None else (f"the final model: {spend.title}", spend.unseen)


def _is_run(folder: Path) -> bool:
    """Whether the folder holds what a run writes, all of it and nothing else, by the names."""
    names = {each.name for each in folder.iterdir()}
    return names - {TABLE} == {"report.html", "results.json", "bundle"}
