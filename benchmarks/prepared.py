"""The very rows that a run of Patron learned from and was tested on, for other models beside it."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.bundle import load_bundle
from patron.customers import load_customers
from patron.examine import examine
from patron.features.encode import Design
from patron.metrics import roc_auc
from patron.schema import Role, Schema
from patron.split import Split, make_split
from patron.study import Study

LABEL = "label of the row"
"""The column of the label in `Prepared.plain`."""


@dataclass(frozen=True)
class Prepared:
    """A table as a run prepared it: audited, mended and split.

    Parameters
    ----------
    table, schema : the mended table, and the role of each column.
    y : 1, 0, or NaN where the label is not known [rows].
    split : the rows that teach and those that are held out.
    design : the table as Patron's models see it.
    ours : Patron's probabilities [held-out rows].
    seconds : what encoding and predicting these took.
    """

    table: pa.Table
    schema: Schema
    y: NDArray[np.float64]
    split: Split
    design: Design
    ours: NDArray[np.float64]
    seconds: float

    @property
    def held_y(self) -> NDArray[np.float64]:
        """The labels of the held-out rows."""
        return self.y[self.split.holdout]

    @property
    def held_groups(self) -> NDArray[np.intp] | None:
        """The customer of each held-out row, where customers repeat."""
        return None if self.split.groups is None else self.split.groups[self.split.holdout]

    def plain(self, rows: NDArray[np.intp]) -> pa.Table:
        """The features of `rows` as any other model would get them, and their label.

        Numbers are as the table has them, with infinite ones missing; flags are 0 and 1; dates are
        days, as Patron counts them; categories are dictionaries of text.
        """
        columns: dict[str, pa.Array | pa.ChunkedArray | NDArray[np.float64]] = {}
        for name in self.schema.features:
            values, role = self.table[name], self.schema[name].role
            if role is Role.CATEGORY:
                columns[name] = values.cast(pa.string()).combine_chunks().dictionary_encode()
            elif pa.types.is_integer(values.type) and role is not Role.FLAG:
                columns[name] = values
            elif pa.types.is_floating(values.type) and role is not Role.FLAG:
                numbers = values.to_numpy().astype(np.float64)
                columns[name] = np.where(np.isinf(numbers), np.nan, numbers)
            else:
                place = self.design.names.index(name)
                columns[name] = self.design.matrix[:, place].astype(np.float64)
        return pa.table({**columns, LABEL: self.y}).take(rows)


def prepared(study: Study, out: Path, *, threads: int = 1) -> Prepared:
    """Prepare the table of `study` once more, as the run that left `out` did.

    The rows are proven to be the same: Patron's ROC-AUC on the holdout has to come out as it stands
    in the run's results.
    """
    customers = load_customers(study)
    final = examine(customers, study).final
    y = customers.bought[final.rows]
    split = make_split(
        final.table,
        y,
        entity=final.schema.one(Role.ENTITY),
        as_of=final.schema.one(Role.AS_OF),
        label_days=customers.label_days,
        seed=study.run.seed,
        **dict(study.split),
    )
    bundle = load_bundle(out / "bundle")
    held = final.table.take(split.holdout)
    began = time.perf_counter()
    ours = bundle.purchase.predict_proba(bundle.encoder.transform(held), threads=threads)
    seconds = time.perf_counter() - began
    told = json.loads((out / "results.json").read_text())["purchase"]["roc_auc"]["value"]
    found = roc_auc(y[split.holdout], ours).value
    if abs(found - told) > 1e-6:
        raise SystemExit(f"these are not the rows of {out}: ROC-AUC {found}, and {told} there")
    design = bundle.encoder.transform(final.table)
    return Prepared(final.table, final.schema, y, split, design, ours, seconds)
