"""I: numbers and names that identify a row, and orders that tell the answer."""

__all__ = ["CHECKS", "IdentifierFeature", "TellingOrder"]

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.nameless import NamelessRows
from patron.audit.operations import group_rows, is_text, plain
from patron.audit.scoring import Question
from patron.estimate import Estimate
from patron.schema import Role

SET_BY_HAND = "set in [roles]"
FEWEST_ROWS = 100
FEWEST_RANDOM = 1_000
NEAR_UNIQUE = 0.95
# An order tells the answer if alone it surely reaches this, and adds ORDER_ADDS to the strength of
# the honest core: a file sorted by sign-up date tells no more than the tenure that is in it.
ORDER_TELLS = {"AUC": 0.6, "rank correlation": 0.2}
ORDER_ADDS = 0.1
ID_PREDICTS = {"AUC": 0.55, "rank correlation": 0.1}


class IdentifierFeature(Check):
    """I01: a column that identifies rows, among those that may reach a model.

    Near-unique text; near-unique whole numbers that run on, or that are spread evenly as drawn
    numbers are. A measurement that happens to be near-unique (money, a duration) is neither. What
    inference left out as an identifier is noted, for a person to see.
    """

    code = "I01"
    title = "An identifier used as a feature"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        if frame.table.num_rows < FEWEST_ROWS:
            return CannotSay(
                f"the table has {frame.table.num_rows} rows; below {FEWEST_ROWS} any measurement "
                "may be unique by chance"
            )
        found = [self._found(frame, name, kind) for name, kind in frame.once(_identifiers).items()]
        return found + [
            self._left_out(frame, column.name, column.because)
            for column in frame.schema.columns
            if column.role is Role.IDENTIFIER and column.because != SET_BY_HAND
        ]

    def _left_out(self, frame: Frame, name: str, because: str) -> Finding:
        evidence: Evidence = {"kind": because}
        told = ""
        if not frame.too_few:
            question, order = _best(frame, _order_of(frame.sample, name))
            evidence |= {"measure": question.measure, "order_alone": order.value}
            told = f" Its order tells {question.about} with {question.measure} {order.value:.3f}."
        return self.finding(
            Severity.NOTE,
            (name,),
            evidence=evidence,
            meaning=f"{name} was taken for an identifier ({because}), so no model sees it.{told}",
            next_step=f"Nothing, if that is right; else give {name} its role in [roles].",
        )

    def _found(self, frame: Frame, name: str, kind: str) -> Finding:
        score = _best(frame, _order_of(frame.sample, name)) if not frame.too_few else None
        predicts = score is not None and score[1].low >= ID_PREDICTS[score[0].measure]
        running = kind == "a running number"
        evidence: Evidence = {
            "kind": kind,
            "distinct": pc.count_distinct(plain(frame.table.column(name))).as_py(),
            "rows": frame.table.num_rows,
        }
        meaning = f"{name} is {kind}: it names rows, and what it says of them cannot repeat."
        if score:
            question, order = score
            evidence |= {"measure": question.measure, "order_alone": order.value}
            told = f"{question.about} ({question.measure} {order.value:.3f})"
        if predicts:
            meaning += (
                f" Its order tells {told}, either because numbers are given after the event, or "
                "honestly, because they grow with the time of sign-up; then tenure says the same "
                "and holds for new customers too."
            )
        else:
            meaning += " A model can learn only noise from it, and new rows have values unseen."
        return self.finding(
            Severity.SERIOUS if running or predicts else Severity.WARNING,
            (name,),
            evidence=evidence,
            meaning=meaning,
            next_step=f"Drop {name}, or give it the role identifier.",
            fix=Fix("drop_column", (name,), because=self.code),
        )


class TellingOrder(Check):
    """I02: the order of the rows, or of their identifiers, tells more than the features do.

    Rows are ordered within their as_of, since base rates may honestly differ between dates.
    """

    code = "I02"
    title = "The order of the rows tells the answer"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A finding for the order of the rows, and for each identifier with an order of its own."""
        if frame.too_few:
            return CannotSay(frame.too_few)
        rows = _row_order(frame)
        orders: dict[str, np.ndarray] = {"": rows}
        for name in (*frame.schema.names(Role.ENTITY, Role.IDENTIFIER), *frame.once(_identifiers)):
            order = _order_of(frame.sample, name)
            known = np.isfinite(order)
            if known.sum() > 2 and np.ptp(order[known]) > 0:
                alike = abs(np.corrcoef(order[known], rows[known])[0, 1])
                if alike < 0.95:
                    orders[name] = order
        found = [self._judged(frame, name, order) for name, order in orders.items()]
        return [each for each in found if each]

    def _judged(self, frame: Frame, name: str, order: np.ndarray) -> Finding | None:
        question, alone = _best(frame, order)
        if alone.low < ORDER_TELLS[question.measure]:
            return None
        named = frame.once(_identifiers)
        core = tuple(name for name in frame.core(question) if name not in named)
        without, both = frame.joint(core, question), frame.joint(core, question, order=order)
        adds = question.strength(both.value) - question.strength(without.value)
        if adds < ORDER_ADDS:
            return None
        what = f"the order of {name}" if name else "the order of the rows"
        return self.finding(
            Severity.WARNING,
            (name,) if name else (),
            evidence={
                "measure": question.measure,
                "tells": question.about,
                "alone": alone.value,
                "with": both.value,
                "without": without.value,
                "adds": both.value - without.value,
            },
            meaning=(
                f"{what[0].upper()}{what[1:]} tells {question.about}: {question.measure} "
                f"{alone.value:.3f} alone, and {both.value:.3f} with the features, which reach "
                f"{without.value:.3f}. The rows are sorted by the answer, by time while the answer "
                "drifts, or numbers are given after the event. It never enters the model, but a "
                "split that takes rows as they come would compare unlike parts."
            ),
            next_step=(
                "Find out what the rows are sorted by. If it is time, name the as_of column and "
                "split by it; if it is the answer, make sure that the split is random."
            ),
        )


def _identifiers(frame: Frame) -> dict[str, str]:
    """The features that identify rows, and what kind of identifier each is."""
    units = snapshots = frame.table.num_rows
    if frame.schema.names(Role.ENTITY):
        units, snapshots = (
            len(np.unique(group_rows(frame.table, frame.schema.names(*roles))))
            for roles in ((Role.ENTITY,), (Role.ENTITY, Role.AS_OF))
        )
    kinds = {
        name: _kind(frame.table.column(name), units, snapshots, frame.schema[name].role)
        for name in frame.features
    }
    return {name: kind for name, kind in kinds.items() if kind}


def _kind(column: pa.ChunkedArray, units: int, snapshots: int, role: Role) -> str | None:
    """The kind of identifier, of an entity, of a snapshot of one (copies set aside) or of a row."""
    column = plain(column)
    rows = len(column) - column.null_count
    units, snapshots = min(units, rows), min(snapshots, rows)
    if units < FEWEST_ROWS or not (is_text(column.type) or _is_whole(column)):
        return None
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if distinct < NEAR_UNIQUE * units:
        return None
    if is_text(column.type):
        return "near-unique text"
    values = column.drop_null().cast(pa.float64(), safe=False).to_numpy()
    if np.ptp(values) + 1 <= 2 * distinct:
        return "a running number"
    place = np.sort((values - values.min()) / np.ptp(values))
    uneven = float(np.abs(place - np.linspace(0, 1, len(place))).max())
    steps = np.sign(np.diff(values))
    steps = steps[steps != 0]  # the rows of one entity, one after another
    if abs(steps.mean()) > 0.99 and uneven < 0.2:
        return "a running number"
    drawn = (
        distinct in (units, snapshots, rows)
        and units >= FEWEST_RANDOM
        and uneven < 0.05
        and role is not Role.MONEY
    )
    return "a number drawn for each row" if drawn else None


def _is_whole(column: pa.ChunkedArray) -> bool:
    if pa.types.is_integer(column.type):
        return True
    if not pa.types.is_floating(column.type):
        return False
    values = column.drop_null()
    return all(pc.all(pc.equal(part, pc.round(part))).as_py() for part in (values[:1000], values))


def _order_of(sample: pa.Table, name: str) -> np.ndarray:
    """The rank of each row's value; NaN where missing."""
    column = plain(sample.column(name))
    order = np.full(len(column), np.nan)
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        return order
    sorted_rows = pc.array_sort_indices(column.combine_chunks()).to_numpy()
    order[sorted_rows] = np.arange(len(column))
    order[column.is_null().to_numpy()] = np.nan
    return order


def _row_order(frame: Frame) -> np.ndarray:
    """The position of each sampled row among the rows of its as_of."""
    groups = group_rows(frame.table, frame.schema.names(Role.AS_OF))
    by_group = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(groups[by_group]) != 0))
    sizes = np.diff(np.append(starts, len(groups)))
    place = np.empty(len(groups))
    place[by_group] = (np.arange(len(groups)) - np.repeat(starts, sizes)) / np.repeat(sizes, sizes)
    return place[frame.sample_rows]


def _best(frame: Frame, order: np.ndarray) -> tuple[Question, Estimate]:
    """The question that the order tells best, and how well."""
    scores = [(question, frame.order_alone(order, question)) for question in frame.questions]
    return max(scores, key=lambda pair: pair[0].strength(pair[1].value))


CHECKS: tuple[type[Check], ...] = (IdentifierFeature, TellingOrder, NamelessRows)
