"""M04: columns that are missing together."""

__all__ = ["MissingBlocks", "blocks"]

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.missing.relations import Relations
from patron.audit.missing.weigh import common

FEWEST, SHARE = 10, 0.001
ALIKE = 0.9
MOST_BLOCKS = 200


class MissingBlocks(Check):
    """M04: several columns are missing in the same rows, as guests have no profile.

    A note: it describes the block, and what its rows have in common.
    """

    code = "M04"
    title = "Columns missing together"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each block of two columns or more."""
        if len(frame.features) < 2:
            return CannotSay("there are no two features that could be missing together")
        return [
            self._found(frame, columns, rows) for columns, rows in blocks(frame) if len(columns) > 1
        ]

    def _found(self, frame: Frame, columns: tuple[str, ...], missing: np.ndarray) -> Finding:
        rows, share = int(missing.sum()), float(missing.mean())
        stump = common(frame, missing[Relations.of(frame).rows], columns)
        evidence: Evidence = {"rows": rows, "share_of_rows": share, "columns_missing": len(columns)}
        if stump:
            evidence |= stump.evidence
        who = (
            f"It happens in {stump.inside:.1%} of the rows where {stump.says}, and in "
            f"{stump.outside:.1%} of the others."
            if stump
            else "No other column tells which rows they are."
        )
        return self.finding(
            Severity.NOTE,
            columns,
            rows=rows,
            evidence=evidence,
            meaning=f"{', '.join(columns)} are missing together in {share:.1%} of the rows. {who}",
            next_step=(
                "Nothing to mend: models here learn from missing values. Ask whether the block "
                "will be missing for the same customers when you score."
            ),
        )


def blocks(frame: Frame) -> list[tuple[tuple[str, ...], np.ndarray]]:
    """Features with the same gaps, nearly, and where those are; in the table's order."""
    found: list[tuple[list[str], np.ndarray]] = []
    least = max(FEWEST, SHARE * frame.table.num_rows)
    by_rows: dict[bytes, list[str]] = {}
    for name in frame.features:
        if frame.table.column(name).null_count or frame.missing(name).any():
            missing = frame.missing(name)
            if missing.sum() >= least:
                by_rows.setdefault(np.packbits(missing).tobytes(), []).append(name)
    for names in list(by_rows.values())[:MOST_BLOCKS]:
        missing = frame.missing(names[0])
        for block, rows in found:
            if (missing & rows).sum() >= ALIKE * (missing | rows).sum():
                block += names
                break
        else:
            found.append((list(names), missing))
    return [(tuple(names), rows) for names, rows in found]
