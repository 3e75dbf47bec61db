"""The path's part that holds the segments beside the purchase model."""

__all__ = ["compare"]

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.audit import CannotSay
from patron.customers import Customers
from patron.examine import State
from patron.models.rfm import rfm
from patron.models.segment_axes import numeric_columns
from patron.models.segment_columns import days_back, orders_column, revenue_column
from patron.purchase_path import PurchaseRun
from patron.report.collect_comparison import Held, collect_comparison
from patron.report.numbers import days
from patron.schema import Schema
from patron.segments_path import SegmentsRun
from patron.spend_path import SpendRun
from patron.split import Split
from patron.study import Study

Floats = NDArray[np.float64]


def compare(
    segments: SegmentsRun,
    purchase: PurchaseRun,
    spend: SpendRun | None,
    customers: Customers,
    state: State,
    split: Split,
    study: Study,
    *,
    threads: int = 1,
) -> dict[str, Any]:
    """The section `comparison`: what each says of the same held-out rows, and both together.

    The segments are fitted anew to a table whose target is permuted, to show that it has no part.
    """
    bought = customers.bought[state.rows]
    held = split.holdout[~np.isnan(bought[split.holdout])]
    train = split.train[~np.isnan(bought[split.train])]
    design = purchase.encoder.transform(state.table.take(pa.array(held)))
    probability = purchase.model.predict_proba(design, threads=threads)
    floor = rfm(state.table, state.schema, segments.model.axes_)
    data = Held(
        bought=bought,
        train=train,
        held=held,
        labels=segments.labels,
        floor=None if isinstance(floor, CannotSay) else floor.labels,
        probability=probability,
        expected=None,
        unit="expected buyers",
        because="the sum of the probabilities; no column says what an order brings",
        groups=None if split.groups is None else split.groups[held],
    )
    data = _with_money(data, segments, spend, customers, state, threads)
    return collect_comparison(
        segments.evidence,
        purchase.evidence,
        data,
        permuted=_permuted(segments, customers, state, study.run.seed),
        columns=len(purchase.used),
        level=study.run.level,
    )


def _with_money(
    data: Held,
    segments: SegmentsRun,
    spend: SpendRun | None,
    customers: Customers,
    state: State,
    threads: int,
) -> Held:
    """What is expected of each held-out row, by the spend model or by the segment's usual order."""
    within = f" in {days(customers.horizon_days)}" if customers.horizon_days else ""
    if spend is not None:
        expected = spend.model.predict(state.table.take(pa.array(data.held)), threads=threads)
        because = "what the spend model expects of each customer, added up over those of a cell"
        return replace(data, expected=expected, unit=f"expected spend{within}", because=because)
    money = revenue_column(state.table, state.schema, segments.model.axes_)[0]
    orders = orders_column(state.table, state.schema)
    if money is None or orders is None or days_back(money) != days_back(orders):
        return data
    paid, made = (_numbers(state, name) for name in (money, orders))
    known = ~np.isnan(paid) & ~np.isnan(made)
    paid, made = (np.where(known, each, 0.0) for each in (paid, made))
    k = len(segments.model.ids_)
    sums = np.bincount(segments.labels, paid, k), np.bincount(segments.labels, made, k)
    if made.sum() <= 0:
        return data
    usual = paid.sum() / made.sum()
    each = np.divide(*sums, out=np.full(k, usual), where=sums[1] > 0)
    return replace(
        data,
        expected=data.probability * each[segments.labels[data.held]],
        unit=f"expected revenue{within}",
        because=(
            f"the probability of a purchase × what an order brings in the segment ({money} over "
            f"{orders}), added up over the held-out customers of a cell"
        ),
    )


def _permuted(
    segments: SegmentsRun, customers: Customers, state: State, seed: int
) -> tuple[float, int] | None:
    """The share of customers in the same segment when segments are made with the target permuted.

    Both fits are made alike, from the start and without judging.
    """
    target = customers.target_name
    table = state.table.take(pa.array(segments.people))
    if target is None or target not in table.column_names:
        return None
    order = np.random.default_rng(seed).permutation(table.num_rows)
    place = table.column_names.index(target)
    shuffled = table.set_column(place, target, table[target].take(pa.array(order)))
    as_it_is, anew = segments.model.again(table), segments.model.again(shuffled)
    return float((as_it_is == anew).mean()), table.num_rows


def _numbers(state: State, name: str) -> Floats:
    only = Schema((state.schema[name],))
    return np.asarray(numeric_columns(state.table, only)[name], dtype=np.float64)
