"""World: a synthetic table, the truth about it, and a Study that asks for the truth."""

__all__ = ["World"]

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from patron.tables import write_table, write_text


@dataclass(frozen=True)
class World:
    """A synthetic shop.

    Parameters
    ----------
    name : its name in `patron.worlds.WORLDS`.
    table : what the shop would hand over.
    truth : what only the world knows, row by row beside `table`: `customer_id` and
        `true_purchase_probability`.
    study_text : a ready `patron.toml` for `table.parquet` in the same folder.
    """

    name: str
    table: pa.Table
    truth: pa.Table
    study_text: str

    def write(self, folder: Path) -> None:
        """Write `table.parquet`, `truth.parquet` and `patron.toml` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        write_table(self.table, folder / "table.parquet")
        write_table(self.truth, folder / "truth.parquet")
        write_text(folder / "patron.toml", self.study_text)
