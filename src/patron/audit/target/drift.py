"""T02: the base rate changes from one date to another."""

__all__ = ["DriftingRate"]

from typing import NamedTuple

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.times import moments_of, written
from patron.schema import Role

FEWEST = 50
STEP, ALONE, SPREADS, SURE = np.log(1.25), np.log(1.5), 3.0, 4.0
WORTH_KNOWING = 1.2
MOST_SHOWN = 60


class DriftingRate(Check):
    """T02: from one date of the rows on, positive answers are rarer, or more frequent.

    Seasons move the rate up and down. A step is told from them because every date behind it lies
    beyond every date before it, and by its size: three times what dates on one side differ by.
    """

    code = "T02"
    title = "The base rate drifts"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A warning for a step; a note where the dates merely differ."""
        as_of, target = frame.schema.one(Role.AS_OF), frame.target
        if as_of is None or target is None:
            return CannotSay("no column has the role as_of")
        column = frame.table.column(as_of)
        moments = moments_of(column)
        known = np.isfinite(target) & np.isfinite(moments)
        dates, place = np.unique(moments[known], return_inverse=True)
        counts = np.bincount(place, minlength=len(dates))
        enough = counts >= FEWEST
        if enough.sum() < 2:
            return CannotSay(f"fewer than two dates have {FEWEST} labelled rows")
        yes, asked = _answers(target[known], frame)
        rates = (np.bincount(place, yes, len(dates)) / np.maximum(counts, 1))[enough]
        counts, dates = counts[enough], dates[enough]
        days = [written(column, int(np.argmax(moments == date))) for date in dates]
        return self._judged(frame, as_of, asked, days, rates, counts)

    def _judged(
        self,
        frame: Frame,
        as_of: str,
        asked: str,
        days: list[str],
        rates: np.ndarray,
        counts: np.ndarray,
    ) -> list[Finding]:
        split, sure, stepped = _clearest(rates, counts)
        low, high = float(rates.min()), float(rates.max())
        if not stepped and (high < WORTH_KNOWING * low or sure < SURE):
            return []
        shown = slice(-MOST_SHOWN, None)
        evidence: Evidence = {
            "share_lowest": low,
            "share_highest": high,
            "picture": {
                "kind": "shares_by",
                "what": asked,
                "by": as_of,
                "labels": days[shown],
                "share": rates[shown].tolist(),
                "n": counts[shown].tolist(),
            },
        }
        meaning = f"{asked[0].upper()}{asked[1:]} is {low:.1%} at the lowest and {high:.1%} at the "
        meaning += f"highest of {len(days)} dates in {as_of}."
        if stepped:
            before, after = (
                float(np.average(rates[side], weights=counts[side]))
                for side in (slice(None, split), slice(split, None))
            )
            evidence |= {
                "from": days[split],
                "share_before": before,
                "share_from_then_on": after,
            }
            evidence["picture"] |= {"mark": days[split], "mark_name": "the step"}
            meaning = (
                f"{asked[0].upper()}{asked[1:]} is {before:.1%} before {days[split]} and "
                f"{after:.1%} from then on, at every date. A model that learns from both promises "
                "the mean of the two."
            )
        lost = stepped and rates[split] < rates[0]
        return [
            self.finding(
                Severity.WARNING if stepped else Severity.NOTE,
                (*((frame.target_name,) if frame.target_name in frame.schema else ()), as_of),
                rows=int(counts[split:].sum()) if stepped else None,
                evidence=evidence,
                meaning=meaning,
                next_step=(
                    "Find out whether answers are still to come or were lost from then on; if so, "
                    "leave these dates out. If the business changed, learn from the later dates."
                    if lost
                    else "Split by time, and judge the model on the latest dates."
                ),
            )
        ]


def _answers(target: np.ndarray, frame: Frame) -> tuple[np.ndarray, str]:
    """Yes or no for each row, and what the share of yes is called."""
    about = frame.target_name or "the target"
    if frame.target_kind == "binary":
        return target, f"the base rate of {about}"
    if (target == 0).mean() >= 0.05:
        return (target > 0).astype(float), f"the share of {about} above zero"
    usual = float(np.median(target))
    return (target > usual).astype(float), f"the share of {about} above {usual:,.6g}"


class _Step(NamedTuple):
    """Where the clearest step is (0: nowhere), how far apart rates are in standard errors, and
    whether that is a step rather than a season."""

    place: int
    sure: float
    is_step: bool


def _clearest(rates: np.ndarray, counts: np.ndarray) -> _Step:
    """The largest step that parts the dates: all behind it are above, or below, all before it."""
    base = np.average(rates, weights=counts)
    variance = base * (1 - base)
    if not variance:
        return _Step(0, 0.0, False)
    ends = counts[[rates.argmin(), rates.argmax()]]
    best, largest = (
        _Step(0, float(np.ptp(rates) / (variance * (1 / ends).sum()) ** 0.5), False),
        0.0,
    )
    logs = np.log(np.maximum(rates, 1e-6))
    for split in range(1, len(rates)):
        sides = (slice(None, split), slice(split, None))
        before, after = (rates[side] for side in sides)
        if not (after.max() < before.min() or after.min() > before.max()):
            continue
        means = [np.average(logs[side], weights=counts[side]) for side in sides]
        size = abs(float(means[1] - means[0]))
        if size <= largest:
            continue
        within = sum(((logs[side] - logs[side].mean()) ** 2).sum() for side in sides)
        spread = (within / (len(rates) - 2)) ** 0.5 if len(rates) > 2 else ALONE / SPREADS
        error = (variance * sum(1 / counts[side].sum() for side in sides)) ** 0.5
        sure = float(abs(before.mean() - after.mean()) / error)
        largest = size
        is_step = sure >= SURE and size >= max(STEP, SPREADS * spread)
        best = _Step(split, sure, bool(is_step))
    return best
