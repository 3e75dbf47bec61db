"""World: a synthetic shop, the truth about it, and a Study that asks for the truth."""

__all__ = ["Planted", "World"]

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.tables import write_table, write_text


@dataclass(frozen=True, eq=False)
class Planted:
    """A fault that was put into a table, so that an audit can be examined.

    Parameters
    ----------
    kind : its name in `patron.worlds.faults.FAULTS`.
    codes : the checks any of which names it rightly ("L01", "M03").
    columns : the columns that it is in; empty where it concerns whole rows.
    rows : which rows of the table it touched [rows], as truth values.
    strength : how blatant, from 0 (just worth fixing) to 1.
    says : what was done, in a sentence.
    """

    kind: str
    codes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: NDArray[np.bool_]
    strength: float
    says: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the rows as their number."""
        return {
            "kind": self.kind,
            "codes": list(self.codes),
            "columns": list(self.columns),
            "rows": int(self.rows.sum()),
            "strength": self.strength,
            "says": self.says,
        }


@dataclass(frozen=True)
class World:
    """A synthetic shop.

    Parameters
    ----------
    name : its name in `patron.worlds.WORLDS`.
    table : what the shop would hand over.
    truth : what only the world knows, row by row beside `table`: `customer_id`, and of
        `true_purchase_probability`, `true_expected_spend`, `true_effect` and `archetype` those that
        the world has.
    study_text : a ready `patron.toml` for `table.parquet` in the same folder.
    events : the tables that the features were made from, by name.
    faults : what was planted in `table`.
    facts : plain data on the world: its ceilings, where they have been measured.
    """

    name: str
    table: pa.Table
    truth: pa.Table
    study_text: str
    events: Mapping[str, pa.Table] = field(default_factory=dict)
    faults: tuple[Planted, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `table.parquet`, `truth.parquet`, `events/`, `world.json` and `patron.toml`.

        The truth has one column more for each fault: which rows it touched.
        """
        folder.mkdir(parents=True, exist_ok=True)
        truth = self.truth
        for number, fault in enumerate(self.faults, 1):
            truth = truth.append_column(f"fault_{number}_{fault.kind}", pa.array(fault.rows))
        write_table(self.table, folder / "table.parquet")
        write_table(truth, folder / "truth.parquet")
        for name, events in self.events.items():
            (folder / "events").mkdir(exist_ok=True)
            write_table(events, folder / "events" / f"{name}.parquet")
        about = {
            "name": self.name,
            "rows": self.table.num_rows,
            **self.facts,
            "faults": [fault.to_dict() for fault in self.faults],
        }
        write_text(folder / "world.json", json.dumps(about, indent=1) + "\n")
        write_text(folder / "patron.toml", self.study_text)
