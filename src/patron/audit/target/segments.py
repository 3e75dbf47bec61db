"""T03: segments whose base rate is nothing, everything, or far from the others'."""

__all__ = ["SegmentRates"]

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.target.shares import share_of
from patron.schema import Role

FEWEST, EXPECTED = 100, 20.0
FAR = 2.0
MOST_LEVELS = 200
SHOWN = 5


class SegmentRates(Check):
    """T03: levels of categories and flags where nobody, or everybody, answers yes, or far more do.

    A level without a yes may be one that nobody could buy from; one without a no may be a leak.
    """

    code = "T03"
    title = "Segments with another base rate"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One note that lists the segments, the most different first."""
        if frame.target_kind != "binary" or frame.target is None:
            return CannotSay("the target is an amount; segments are compared by their base rate")
        known = np.isfinite(frame.target)
        y = frame.target[known]
        if not 0 < y.sum() < len(y):
            return CannotSay("every labelled row has the same target")
        names = frame.schema.names(Role.CATEGORY, Role.FLAG)
        if not names:
            return CannotSay("no column is a category or a flag")
        segments = [each for name in names for each in _segments(frame, name, known, y)]
        segments.sort(key=lambda each: -each[0])
        if not segments:
            return []
        listed: list[Evidence] = [each[1] for each in segments[:SHOWN]]
        columns = tuple(dict.fromkeys(str(each[1]["column"]) for each in segments))
        words = [f"{e['column']} {e['level']} ({e['share']:.1%} of {e['rows']:,})" for e in listed]
        return [
            self.finding(
                Severity.NOTE,
                columns,
                evidence={"base_rate": float(y.mean()), "segments": listed},
                meaning=(
                    f"The base rate is {y.mean():.1%} in all, but not in {', '.join(words)}"
                    + (f" and {len(segments) - SHOWN:,} more" if segments[SHOWN:] else "")
                    + "."
                ),
                next_step=(
                    "Make sure that each of them could buy, and that the level was known before "
                    "the answer; else leave the rows, or the column, out."
                ),
            )
        ]


def _segments(
    frame: Frame, name: str, known: np.ndarray, y: np.ndarray
) -> list[tuple[float, Evidence]]:
    values = frame.values(name)[known]
    levels, codes = np.unique(values[np.isfinite(values)], return_inverse=True)
    if not 1 < len(levels) <= MOST_LEVELS:
        return []
    answers, base = y[np.isfinite(values)], float(y.mean())
    counts = np.bincount(codes)
    positive = np.bincount(codes, answers)
    found = []
    for place in np.flatnonzero((counts >= FEWEST) & (counts * min(base, 1 - base) >= EXPECTED)):
        rate = share_of(int(positive[place]), int(counts[place]))
        apart = max(rate.low / base, base / max(rate.high, 1e-9))
        one_sided = rate.value in (0.0, 1.0)
        if one_sided or apart >= FAR:
            row = np.flatnonzero(known)[np.flatnonzero(values == levels[place])[0]]
            level = frame.table.column(name)[int(row)].as_py()
            about = {"column": name, "level": str(level), "rows": int(counts[place])}
            share = {"share": rate.value, "share_low": rate.low, "share_high": rate.high}
            found.append((apart + 100 * one_sided, {**about, **share}))
    return found
