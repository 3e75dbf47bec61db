"""O: outliers that are customers."""

__all__ = ["CHECKS", "CustomersNotOutliers"]

from typing import Any, NamedTuple

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.jointly import joint_prediction
from patron.audit.scoring import Question, numbers_of
from patron.audit.values.absurd import beyond_belief
from patron.schema import Role

FEWEST_KNOWN = 200
TOP, TOP_FIFTH = 0.01, 0.2
# The part of the total in the top 1 % of those above zero: 2 % where values are normal, 6 % where
# they are exponential. Counts and numbers that are not money must be heavier to be told.
HEAVY, HEAVY_COUNT = 0.08, 0.2
MOSTLY_POSITIVE = 0.9
ABSURD = 20.0
COLUMNS_LISTED, COLUMNS_NAMED = 8, 4
POINTS = 40


class _Tail(NamedTuple):
    """How a column's total lies with its largest values; all shares are of the total."""

    column: str
    role: str
    top_1_share: float
    top_20_share: float
    clip_at: float
    share_cut_by_clipping: float
    rows: int
    top_in_sd: float


class CustomersNotOutliers(Check):
    """O01: large values that are the best customers, and hold a large part of the total.

    Values beyond belief are V06's, and are set aside first.
    A rule of thumb (drop beyond three standard deviations, clip at 99 %) would take them out.
    """

    code = "O01"
    title = "Outliers that are customers"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One note for all columns with a heavy tail, with the heaviest in front."""
        asked = _asked(frame)
        if not asked:
            return CannotSay("no column holds money, counts or other amounts")
        if frame.table.num_rows < FEWEST_KNOWN:
            return CannotSay(f"the table has fewer than {FEWEST_KNOWN} rows; its top 1 % is nobody")
        tails = [_tail(name, role, values) for name, (role, values) in asked.items()]
        heavy = [tail for tail in tails if tail]
        if not heavy:
            return []
        order = (Role.TARGET, Role.MONEY)
        heavy.sort(key=lambda t: (*(t.role != role for role in order), -t.top_1_share))
        first = heavy[0]
        evidence: Evidence = {
            **_said(first),
            "columns": [_said(tail) for tail in heavy[:COLUMNS_LISTED]],
            "picture": _curve(first, asked[first.column][1]),
        }
        cost = _cost_of_clipping(frame) if first.role == Role.TARGET else {}
        lost = (
            f" Trees that learn {first.column} clipped there find "
            f"{cost['top_20_found_clipped']:.1%} of the top fifth instead of "
            f"{cost['top_20_found']:.1%}, and predict {cost['total_predicted_clipped']:.1%} of "
            f"the total instead of {cost['total_predicted']:.1%}."
            if cost
            else ""
        )
        like = ", ".join(tail.column for tail in heavy[1:COLUMNS_NAMED])
        more = f"; much the same holds for {like}" if like else ""
        return [
            self.finding(
                Severity.NOTE,
                tuple(tail.column for tail in heavy),
                rows=first.rows,
                evidence=evidence | cost,
                meaning=(
                    f"The largest 1 % of {first.column} ({first.rows:,} rows) have "
                    f"{first.top_1_share:.1%} of its total{more}. Few of them can be errors: they "
                    "are the best customers. To drop them loses that share, to clip at 99 % cuts "
                    f"{first.share_cut_by_clipping:.1%}.{lost}"
                ),
                next_step=(
                    "Do not drop or clip them. Look at the largest few for errors; use a model "
                    "and a measure that bear heavy tails (trees, logarithms, ranks)."
                ),
            )
        ]


def _asked(frame: Frame) -> dict[str, tuple[str, np.ndarray]]:
    """The target where it is an amount, and the features that are amounts; what can be believed."""
    asked: dict[str, tuple[str, np.ndarray]] = {}
    if frame.target is not None and frame.target_kind == "numeric":
        asked[frame.target_name or "the target"] = Role.TARGET, frame.target
    for name in frame.schema.names(Role.MONEY, Role.COUNT, Role.NUMBER):
        if not numbers_of(frame.table.column(name).slice(0, 1))[1]:
            asked[name] = frame.schema[name].role, frame.values(name)
    return {
        name: (role, values[np.isfinite(values) & ~beyond_belief(values)])
        for name, (role, values) in asked.items()
    }


def _tail(name: str, role: str, values: np.ndarray) -> _Tail | None:
    """The tail of sizes, where it is heavy; None of two-sided ones, and of a single absurd one.

    Money and counts may be booked back, so that size alone counts.
    """
    if len(values) < FEWEST_KNOWN:
        return None
    if role == Role.NUMBER and (values >= 0).mean() < MOSTLY_POSITIVE:
        return None
    sizes = np.sort(np.abs(values))[::-1]
    if sizes[0] > 1e100 or sizes[0] > ABSURD * sizes[1] or not sizes.sum():
        return None
    some = sizes[: np.count_nonzero(sizes)]
    least = HEAVY if role in (Role.TARGET, Role.MONEY) else HEAVY_COUNT
    if some[: max(int(TOP * len(some)), 1)].sum() < least * some.sum():
        return None
    total, top = sizes.sum(), max(int(TOP * len(sizes)), 1)
    clip = sizes[top]
    return _Tail(
        name,
        role,
        float(sizes[:top].sum() / total),
        float(sizes[: int(TOP_FIFTH * len(sizes))].sum() / total),
        float(clip),
        float((sizes[:top] - clip).sum() / total),
        top,
        float((sizes[0] - sizes.mean()) / (sizes.std() or 1.0)),
    )


def _said(tail: _Tail) -> dict[str, Any]:
    return {
        "column": tail.column,
        "top_1_share": tail.top_1_share,
        "top_20_share": tail.top_20_share,
        "share_cut_by_clipping": tail.share_cut_by_clipping,
        "largest_in_standard_deviations": tail.top_in_sd,
    }


def _curve(tail: _Tail, values: np.ndarray) -> dict[str, Any]:
    """The share of the total that the largest values hold, by their share of the rows."""
    total = np.cumsum(np.sort(np.abs(values))[::-1])
    at = np.unique(np.r_[np.geomspace(0.001, 1, POINTS), TOP, TOP_FIFTH])
    places = np.maximum((at * len(total)).astype(int), 1) - 1
    return {
        "kind": "curve",
        "title": f"The largest 1 % have {tail.top_1_share:.1%} of {tail.column}",
        "x": [0.0, *at.tolist()],
        "y": [0.0, *(total[places] / total[-1]).tolist()],
        "x_name": "share of rows, the largest first",
        "y_name": f"share of {tail.column}",
        "reference": "diagonal",
        "share": True,
    }


def _cost_of_clipping(frame: Frame) -> dict[str, float]:
    """What trees on the honest core find when they learn the target as it is, and clipped.

    Both are judged by the target as it is, cross-fitted on the sample.
    """
    if frame.too_few or frame.target is None:
        return {}
    names = frame.core(frame.questions[-1])
    kept = ~beyond_belief(frame.target)[frame.sample_rows]
    rows, folds = frame.sample_rows[kept], frame.folds[kept]
    amount = frame.target[rows]
    clip = np.quantile(amount, 1 - TOP)
    if clip <= 0 or amount.sum() <= 0:
        return {}  # clipped, nothing would be left to learn
    columns = [frame.values(name)[rows] for name in names]
    if not columns:
        return {}
    first = frame.table.slice(0, 1)
    places = [p for p, name in enumerate(names) if numbers_of(first.column(name))[1]]
    best = (amount >= np.quantile(amount, 1 - TOP_FIFTH)) & (amount > 0)
    cost = {}
    for how, learnt in (("", amount), ("_clipped", np.minimum(amount, clip))):
        predicted = joint_prediction(
            np.column_stack(columns),
            places,
            Question(learnt, "", "amount"),
            folds,
            seed=frame.seed,
            threads=frame.threads,
        )
        chosen = np.argsort(-predicted, kind="stable")[: int(TOP_FIFTH * len(predicted))]
        cost[f"top_20_found{how}"] = float(best[chosen].sum() / best.sum())
        cost[f"total_predicted{how}"] = float(predicted.sum() / amount.sum())
    return cost


CHECKS: tuple[type[Check], ...] = (CustomersNotOutliers,)
