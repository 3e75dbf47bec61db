"""T01: how often the answer is yes, and whether there are enough of them to learn and to judge."""

__all__ = ["BaseRate"]

import numpy as np
from numpy.typing import NDArray

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.target.shares import share_of, target_column

Floats = NDArray[np.float64]

TOO_FEW, FEW = 100, 200
HOLDOUT = 0.2
ASSUMED = 0.8
TAIL, FEWEST_OF_A_TAIL = 0.05, 20


class BaseRate(Check):
    """T01: the base rate with its interval, or what an amount's zeros and tail are.

    What few answers cost is told by what a test on a fifth of the rows could still say: the
    half-width of the interval of an AUC of .80 there (Hanley and McNeil).
    """

    code = "T01"
    title = "The base rate"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding: a note where there is enough."""
        target = frame.target
        known = np.empty(0) if target is None else target[np.isfinite(target)]
        if not len(known):
            return CannotSay("no row is labelled")
        if frame.target_kind == "binary":
            return [self._binary(frame, known)]
        return [self._amount(frame, known)]

    def _binary(self, frame: Frame, known: Floats) -> Finding:
        positive = int(known.sum())
        rate = share_of(positive, len(known))
        rarer = min(positive, len(known) - positive)
        width = _half_width(HOLDOUT * positive, HOLDOUT * (len(known) - positive))
        evidence: Evidence = {
            "labelled": len(known),
            "positive": positive,
            "base_rate": rate.value,
            "base_rate_low": rate.low,
            "base_rate_high": rate.high,
            "auc_known_to_within": width,
        }
        about = frame.target_name or "The target"
        tested = f"ested on a fifth of them, an AUC of {ASSUMED:.2f} would be known"
        between = f"between {rate.low:.1%} and {rate.high:.1%}"
        if _severity(rarer) is Severity.NOTE:
            said = (
                f"{about} is positive in {positive:,} of {len(known):,} labelled rows "
                f"({rate.value:.1%}, {between}). T{tested} to within ±{width:.2f}."
            )
        else:
            answer = "positive" if rarer == positive else "negative"
            said = (
                f"{about} is {answer} in only {rarer:,} of {len(known):,} labelled rows: t{tested} "
                f"only to within ±{width:.2f}. The base rate is {rate.value:.1%}, {between}."
            )
        return self.finding(
            _severity(rarer),
            target_column(frame),
            rows=len(known),
            evidence=evidence,
            meaning=said,
            next_step=_next_step(rarer, "rows of the rarer answer"),
        )

    def _amount(self, frame: Frame, known: Floats) -> Finding:
        positive = np.sort(known[known > 0])
        zeros = float((known == 0).mean())
        tail = _tail_index(positive)
        evidence: Evidence = {
            "labelled": len(known),
            "above_zero": len(positive),
            "share_of_zeros": zeros,
            "mean": float(known.mean()),
            "median_above_zero": float(np.median(positive)) if len(positive) else None,
            "highest": float(known.max()),
            "tail_index": tail,
        }
        about = frame.target_name or "The target"
        severity = _severity(len(positive))
        said = f"{about} is zero in {zeros:.1%} of {len(known):,} labelled rows."
        if severity is not Severity.NOTE:
            said = (
                f"{about} is above zero in only {len(positive):,} of {len(known):,} labelled rows: "
                "hardly any promise can be tested."
            )
        if tail is not None:
            said += f" Its tail falls with index {tail:.1f}" + (
                ": so slowly that a few customers decide every mean and every squared error."
                if tail < 2
                else ", fast enough for means and squared errors to settle."
            )
        return self.finding(
            severity,
            target_column(frame),
            rows=len(known),
            evidence=evidence,
            meaning=said,
            next_step=_next_step(len(positive), "amounts above zero"),
        )


def _severity(rarer: int) -> Severity:
    if rarer < TOO_FEW:
        return Severity.SERIOUS
    return Severity.WARNING if rarer < FEW else Severity.NOTE


def _next_step(rarer: int, noun: str) -> str:
    if rarer >= FEW:
        return "Compare it with what the business knows; a wrong window or join shows here first."
    return f"Collect more: with {rarer:,} {noun} hardly any promise can be tested."


def _half_width(positive: float, negative: float) -> float:
    """Of the 95 % interval of an AUC of `ASSUMED` (Hanley and McNeil, 1982)."""
    if min(positive, negative) < 1:
        return 0.5
    a = ASSUMED
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    spread = a * (1 - a) + (positive - 1) * (q1 - a**2) + (negative - 1) * (q2 - a**2)
    return float(min(1.96 * (spread / (positive * negative)) ** 0.5, 0.5))


def _tail_index(positive: Floats) -> float | None:
    """Hill's estimate from the top 5 %: below 2 the variance does not exist, below 1 the mean."""
    top = positive[-max(int(TAIL * len(positive)), FEWEST_OF_A_TAIL) :]
    if len(positive) < 5 * FEWEST_OF_A_TAIL or top[0] == top[-1]:
        return None
    return float(1 / np.log(top[1:] / top[0]).mean())
