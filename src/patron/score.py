"""Scores: a table and a bundle to one row of scores a customer, in bounded memory."""

__all__ = ["ScoreSummary", "Scores", "score_source", "score_table"]

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from patron.bundle import Bundle
from patron.errors import DataError, UserError
from patron.features.encode import Design, read_as
from patron.models.purchase import PurchaseModel
from patron.models.reasons import reasons as reasons_of
from patron.models.segments import Segments
from patron.models.spend import SpendModel
from patron.progress import Progress, silent
from patron.schema import Role
from patron.tables import open_sink, open_source

Counts = Counter[tuple[str, str]]

MOST_POINTS = 2_000_000
"""So many points (rows times columns) are worked out at once."""

_RULES = {
    "missing column": "the column {column} is not in the table: missing for {count}",
    "missing date": "the rows have no date, since the column {column} is not in the table: missing "
    "for {count}; `patron score --as-of` gives one to all",
    "unreadable value": "{column} could not be read in {count}: missing there",
    "unseen category": "{column} has a value that was not learned in {count}: 'other' there",
    "unseen month": "the month of {column} was not learned in {count}: an average of those learned "
    "there",
    "no reasons": "reasons are of the probability of a purchase, and this model has none: it gives "
    "no reasons",
}


@dataclass(frozen=True)
class Scores:
    """The scores of a table, and how they came about.

    Parameters
    ----------
    table : the scores, row by row.
    counts : how often a rule for the unexpected was used, by (what happened, column).
    base_probability : what the points of the reasons are counted from, where there are reasons: the
        probability of a customer of whom no column says anything.
    """

    table: pa.Table
    counts: Counts
    base_probability: float | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The counts as sentences."""
        return _sentences(self.counts)


@dataclass(frozen=True)
class ScoreSummary:
    """What `score_source` did.

    Parameters
    ----------
    positive : how many are above the threshold; None without a model of purchases.
    expected : what all of them together are expected to spend; None without a model of spend.
    doubtful : how many may as well be in another segment; None without segments.
    """

    rows: int
    positive: int | None
    version: str
    warnings: tuple[str, ...]
    expected: float | None = None
    doubtful: int | None = None


def score_table(
    bundle: Bundle,
    table: Any,
    *,
    scored_at: datetime,
    reasons: bool = False,
    threads: int = 1,
) -> Scores:
    """Score `table` (pyarrow, pandas or polars); row i of the answer is row i of `table`.

    The columns are the entity (and as_of); of a model of purchases `purchase_probability`,
    `purchase_decision`, with `reasons` also `purchase_reasons`; of one of spend `spend_expected`
    (the mean), `spend_median`, `spend_low` and `spend_high` (the interval at the Study's level) and
    `spend_zero_probability`; of segments `segment` (its id), `segment_name` and `segment_doubtful`
    (another is nearly as near); then `model_version` and `scored_at`. A missing column counts as
    missing values, and is counted.

    A reason is a sentence such as "12 sessions in 30 days: +9 points": a column's value, as fixes
    left it, and what it adds to the probability in percentage points. There are up to three a row,
    the weightiest first, none below half a point. Of all columns the points add up to the
    probability less `base_probability`: for the glass box and for trees alike, exactly. A bundle
    without a model of purchases has no reasons, and says so in the warnings.
    """
    table = _plain(table)
    keys = _keys(bundle, table)
    counts: Counts = Counter()
    mended, _ = bundle.ledger.apply(_as_trained(bundle, table, counts), scoring=True)
    columns = dict(keys)
    base = None
    if bundle.purchase is not None and bundle.encoder is not None:
        design = bundle.encoder.transform(mended)
        counts.update(design.warnings)
        columns |= _purchases(bundle.purchase, design, threads)
        if reasons:
            base = bundle.purchase.base_probability
            columns["purchase_reasons"] = _reasons(bundle, bundle.purchase, design, mended, threads)
    elif reasons:
        counts["no reasons", ""] = table.num_rows
    if bundle.spend is not None:
        spends, spend_counts = _spend(bundle.spend, mended, threads)
        columns |= spends
        for key, count in spend_counts.items():  # the models read the same columns: counted once
            counts[key] = max(counts[key], count)
    if bundle.segments is not None:
        segments, segment_counts = _segments(bundle.segments, mended)
        columns |= segments
        for key, count in segment_counts.items():
            counts[key] = max(counts[key], count)
    for dated in bundle.schema.names(Role.AS_OF):
        if undated := counts.pop(("missing column", dated), 0):
            counts["missing date", dated] = undated
    rows = table.num_rows
    for name in bundle.ledger.reads:
        if name not in table.column_names and name not in bundle.features:
            counts["missing column", name] += rows
    columns["model_version"] = pa.repeat(pa.scalar(bundle.version), rows)
    columns["scored_at"] = pa.repeat(pa.scalar(scored_at, pa.timestamp("s", tz="UTC")), rows)
    return Scores(pa.table(columns), counts, base)


def score_source(
    bundle: Bundle,
    source: Any,
    target: str | Path,
    *,
    scored_at: datetime,
    as_of: date | None = None,
    reasons: bool = False,
    threads: int = 1,
    progress: Progress | None = None,
    **format_options: Any,
) -> ScoreSummary:
    """Score `source` batch by batch into `target`, which appears only when all of it is there.

    `as_of` is the date of all rows, for a source that has no column for it.

    Raises
    ------
    TableError
        The source cannot be read, lacks the entity, or the target cannot be written.
    DataError
        The source has none of the columns that the model predicts from.
    """
    opened = open_source(source, **format_options)
    needed = [column.name for column in bundle.inputs if column.name in opened.schema.names]
    if not set(needed) & set(bundle.features):
        raise DataError(
            f"{opened.name} has none of the {len(bundle.features)} columns that the model predicts "
            f"from: {', '.join(bundle.features[:8])}, …"
        )
    entity = bundle.schema.one(Role.ENTITY)
    if entity is not None and entity not in needed:
        needed.append(entity)  # the source says that it lacks it, and names the nearest
    dated = bundle.schema.one(Role.AS_OF)
    if as_of is not None and (dated is None or dated in opened.schema.names):
        has = "the model knows no date of the rows" if dated is None else f"it has a column {dated}"
        raise UserError(f"{opened.name} was given a date for all rows, but {has}. Leave it out.")
    counts: Counts = Counter()
    rows = positive = doubtful = 0
    expected: float | None = None
    with (
        (progress or silent()).stage("score", opened.rows) as stage,
        open_sink(target) as sink,
    ):
        for batch in opened.batches(needed):
            if dated is not None and as_of is not None:
                days = pa.repeat(pa.scalar(as_of, pa.date32()), batch.num_rows)
                batch = batch.append_column(dated, days)
            scores = score_table(
                bundle, batch, scored_at=scored_at, reasons=reasons, threads=threads
            )
            sink.write(_flat(scores.table))
            counts.update(scores.counts)
            rows += batch.num_rows
            if "purchase_decision" in scores.table.column_names:
                positive += pc.sum(scores.table["purchase_decision"]).as_py() or 0
            if "spend_expected" in scores.table.column_names:
                expected = (expected or 0.0) + (
                    pc.sum(scores.table["spend_expected"]).as_py() or 0.0
                )
            if "segment_doubtful" in scores.table.column_names:
                doubtful += pc.sum(scores.table["segment_doubtful"]).as_py() or 0
            stage.advance(batch.num_rows)
        if not rows:
            raise DataError(f"{opened.name} has no rows to score.")
    decided = None if bundle.purchase is None else positive
    unsure = None if bundle.segments is None else doubtful
    return ScoreSummary(rows, decided, bundle.version, _sentences(counts), expected, unsure)


def _plain(table: Any) -> pa.Table:
    """The table in the plain types of `patron.tables`; one that has them stays as it is."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if isinstance(table, pa.Table) and all(_is_plain(field.type) for field in table.schema):
        return table
    return open_source(table).read()


def _is_plain(kind: pa.DataType) -> bool:
    asked = pa.types
    return any(
        is_kind(kind)
        for is_kind in (
            asked.is_string,
            asked.is_floating,
            asked.is_integer,
            asked.is_boolean,
            asked.is_date,
            asked.is_timestamp,
            asked.is_null,
        )
    )


def _as_trained(bundle: Bundle, table: pa.Table, counts: Counts) -> pa.Table:
    """The table with the columns that fixes work on in the types that they had in training.

    A limit of 100 must mean the same for "900", 900 and 900.0.
    """
    for name in bundle.ledger.touches:
        if name not in bundle.schema:
            continue
        if name not in table.column_names and name in bundle.ledger.fills:
            table = table.append_column(name, pa.nulls(table.num_rows))
            counts["missing column", name] += table.num_rows
        if name in table.column_names:
            values, unreadable = read_as(bundle.schema[name].dtype, table[name])
            table = table.set_column(table.column_names.index(name), name, values)
            if unreadable:
                counts["unreadable value", name] += unreadable
    return table


def _purchases(model: PurchaseModel, design: Design, threads: int) -> dict[str, Any]:
    probability = model.predict_proba(design, threads=threads)
    return {
        "purchase_probability": pa.array(probability),
        "purchase_decision": pa.array(probability >= model.threshold_.value),
    }


def _spend(model: SpendModel, table: pa.Table, threads: int) -> tuple[dict[str, Any], Counts]:
    """The columns on spend, and what was unexpected in the table's."""
    forecast, prepared = model.predict_distribution(table, threads=threads), model.preparation_
    low, high = forecast.interval(model.level)
    columns = {
        "spend_expected": pa.array(forecast.mean),
        "spend_median": pa.array(forecast.median),
        "spend_low": pa.array(low),
        "spend_high": pa.array(high),
        "spend_zero_probability": pa.array(forecast.zero_probability),
    }
    dates = dict(zip(prepared.months, prepared.seasons, strict=True)) if prepared else {}
    counts: Counts = Counter()
    for (rule, name), count in forecast.warnings.items():
        key = rule, name
        if name in dates:  # made of a date: the table has that, and no month
            if rule == "missing column" and dates[name] in table.column_names:
                continue  # all of its dates are missing
            key = "unseen month" if rule == "unseen category" else rule, dates[name]
        counts[key] = max(counts[key], count)
    return columns, counts


def _segments(segments: Segments, table: pa.Table) -> tuple[dict[str, Any], Counts]:
    """The columns on segments, and what was unexpected in the table's."""
    found = segments.assign(table)
    places = pa.array(found.labels)
    columns = {
        "segment": pa.array(segments.ids_).take(places),
        "segment_name": pa.array(segments.names_).take(places),
        "segment_doubtful": pa.array(found.doubtful),
    }
    return columns, found.warnings


def _keys(bundle: Bundle, table: pa.Table) -> dict[str, Any]:
    nothing = pa.nulls(table.num_rows, pa.string())
    names = bundle.schema.names(Role.ENTITY, Role.AS_OF)
    return {n: table[n] if n in table.column_names else nothing for n in names}


def _flat(table: pa.Table) -> pa.Table:
    """Reasons as one text, which every kind of file can hold."""
    if "purchase_reasons" not in table.column_names:
        return table
    place = table.column_names.index("purchase_reasons")
    text = pc.binary_join(table["purchase_reasons"], "; ")
    return table.set_column(place, "purchase_reasons", text)


def _sentences(counts: Counts) -> tuple[str, ...]:
    return tuple(
        _RULES[rule].format(column=column, count="1 row" if count == 1 else f"{count:,} rows")
        for (rule, column), count in sorted(counts.items())
    )


def _reasons(
    bundle: Bundle, model: PurchaseModel, design: Design, table: pa.Table, threads: int
) -> pa.Array:
    """The reasons of all rows, part by part: the points of a wide table need much memory."""
    at_once = max(1, MOST_POINTS // len(design.names))
    parts = []
    for start in range(0, len(design), at_once):
        part = design.rows(slice(start, start + at_once))
        points = model.points(part, threads=threads)
        parts.append(reasons_of(part, table.slice(start, at_once), bundle.schema, points))
    return pa.concat_arrays(parts) if parts else pa.array([], pa.list_(pa.string()))
