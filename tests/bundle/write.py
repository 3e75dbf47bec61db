"""Writes a bundle and the scores it gives: how the folders beside this file were made.

Run it with the Patron whose format is to be kept, before the format is raised:
`python tests/bundle/write.py tests/bundle/format_4`.
"""

import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from patron.audit.ledger import Fix, Ledger
from patron.bundle import save_bundle
from patron.features.encode import Encoder
from patron.models.calibrate import BetaCalibrator
from patron.models.logistic import SplineLogistic
from patron.models.purchase import PurchaseModel
from patron.models.segment_gate import GATES
from patron.models.segments import Segments
from patron.schema import infer
from patron.score import score_table
from patron.worlds import make

WHEN = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
COLUMNS = [
    *("customer_id", "as_of", "age", "region", "sessions_30d", "total_spend_365d"),
    *("email_open_rate", "is_member", "signup_date"),
]
TARGET = "purchased_next_30d"
KEPT = ("purchase_probability", "segment", "segment_name", "segment_doubtful")


def write(folder: Path) -> None:
    """Write `folder`/bundle, and `folder`/scores.json with rows and what they were given."""
    folder.mkdir(exist_ok=True)
    table = customers()
    schema = infer(table, entity="customer_id", as_of="as_of", targets=[TARGET])
    y = np.array(table[TARGET].to_pylist(), dtype=float)
    encoder = Encoder.fit(table, schema, y)
    design = encoder.transform(table)
    order = np.random.default_rng(0).permutation(1500)
    folds = [(np.setdiff1d(order, part), part) for part in np.array_split(order, 3)]
    model = PurchaseModel(learners=[SplineLogistic()]).fit(design, y, folds)
    model.parts_ = parts(model, design, y, folds)
    model.calibrator_ = BetaCalibrator(0.9, 1.1, 0.05)
    GATES.update(dict.fromkeys(GATES, -9.0))  # centres, for the format has boxes and centres
    segments = Segments(k=3, names={"S2": "Regulars"}, schema=schema, seed=1).fit(table)
    bundle = save_bundle(
        folder / "bundle",
        created=WHEN,
        study={"purchase": {"target": TARGET}},
        schema=schema,
        ledger=Ledger((Fix("null_above", ("age",), {"limit": 90}, "V01"),)),
        encoder=encoder,
        purchase=model,
        segments=segments,
        evidence={"target": TARGET, "horizon_days": 30},
    )
    rows = table.drop_columns([TARGET]).slice(0, 12).to_pylist()
    rows[0]["age"], rows[1]["age"], rows[2]["region"] = 900, None, "Atlantis"
    rows[3] = {**dict.fromkeys(rows[3]), "customer_id": "C4"}
    given = pa.Table.from_pylist(rows, schema=table.drop_columns([TARGET]).schema)
    scored = score_table(bundle, given, scored_at=WHEN)
    scores = {"rows": rows, **{name: scored.table[name].to_pylist() for name in KEPT}}
    (folder / "scores.json").write_text(json.dumps(scores, indent=1, default=str) + "\n")


def customers():
    """A small table with a column of every kind."""
    table = make("corner", rows=1500, seed=3).table
    as_of = dt.date(2026, 1, 1)
    signed_up = [as_of - dt.timedelta(days) for days in table["tenure_days"].to_pylist()]
    table = table.append_column("as_of", pa.array([as_of] * 1500))
    return table.append_column("signup_date", pa.array(signed_up)).select([*COLUMNS, TARGET])


def parts(model, design, y, folds):
    """A blend of every kind of scorer that the format knows, each of few terms."""
    from patron.models.boosting import BoostedTrees
    from patron.models.glassbox import ExplainableBoosting

    trees = BoostedTrees()
    trees.cross_fit(design, y, folds)
    trees.rounds = 5
    boosted = ExplainableBoosting(bags=1, fold_bags=1, pairs=3, bins=12, pair_bins=4)
    boosted.cross_fit(design, y, folds)
    boosted.kept = 3
    fitted = model.parts_[0][1], boosted.fit(design, y), trees.fit(design, y)
    return tuple(zip((0.3, 0.4, 0.3), fitted, strict=True))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
