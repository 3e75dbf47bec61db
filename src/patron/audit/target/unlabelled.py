"""T04: rows without an answer, and whether it is chance who has none."""

__all__ = ["Unlabelled"]

from dataclasses import replace

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.target.shares import target_column
from patron.estimate import Estimate
from patron.schema import Role

SELECTED = 0.55
SHOWN = 5


class Unlabelled(Check):
    """T04: who has no label, and which column tells so.

    If labels exist only for some kind of customers (the contacted, a region, the large ones), a
    model learns of these alone, and every score is about them alone.
    """

    code = "T04"
    title = "Rows without an answer"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """A warning if a column tells which rows are labelled; else a note."""
        if frame.target is None:
            return CannotSay("no target is named")
        labelled = np.isfinite(frame.target)
        gone = int((~labelled).sum())
        if not gone:
            return []
        asked = replace(
            frame, target=labelled.astype(np.float64), target_name="whether a row is labelled"
        )
        told = _told_by(asked) if not asked.too_few else []
        evidence: Evidence = {"unlabelled": gone, "share": gone / len(labelled)}
        if told:
            best = told[0][1]
            evidence |= {"alone": best.value, "alone_low": best.low, "alone_high": best.high}
        target = target_column(frame)
        selected = tuple(name for name, score in told[:SHOWN] if score.low >= SELECTED)
        have = "has" if gone == 1 else "have"
        said = f"{gone:,} of {len(labelled):,} rows ({gone / len(labelled):.1%}) {have} no answer"
        if told:
            who = selected[0] if selected else "no column surely"
            at_best = "" if selected else "at best "
            title = (
                f"{gone:,} of {len(labelled):,} rows {have} no answer, and {who} tells which "
                f"({at_best}AUC {told[0][1].value:.2f})"
            )
            evidence["picture"] = _picture(told, title)
        if not selected:
            return [
                self.finding(
                    Severity.NOTE,
                    target,
                    rows=gone,
                    evidence=evidence,
                    meaning=f"{said}; no model learns from them, and no score is about them.",
                    next_step="Make sure that their window is over and that they were not lost.",
                )
            ]
        later = frame.schema[selected[0]].role is Role.AS_OF
        if later:
            meaning = f"{said}, and their date tells which (AUC {told[0][1].value:.2f})."
            next_step = "If their window is not over yet, all is well: they can be scored."
        else:
            meaning = (
                f"{said}, and {selected[0]} tells which (AUC {told[0][1].value:.2f}). The labelled "
                "rows are other customers than the rest: a model learns of them alone, and no "
                "score on them says how it does on the others."
            )
            next_step = (
                "Find out why these have no answer. If only some customers could get one (those "
                "who were contacted, one region), say so, and score no others."
            )
        return [
            self.finding(
                Severity.NOTE if later else Severity.WARNING,
                (*target, *selected),
                rows=gone,
                evidence=evidence,
                meaning=meaning,
                next_step=next_step,
            )
        ]


def _told_by(asked: Frame) -> list[tuple[str, Estimate]]:
    """How well each column alone tells who is labelled, the best first."""
    names = (*asked.schema.names(Role.AS_OF, Role.TREATMENT), *asked.features)
    scores = [(name, asked.alone(name, asked.questions[0])) for name in names]
    return sorted(scores, key=lambda pair: -pair[1].value)


def _picture(told: list[tuple[str, Estimate]], title: str) -> Evidence:
    rows = [
        {"label": name, "value": score.value, "low": score.low, "high": score.high}
        for name, score in told[:SHOWN]
    ]
    return {"kind": "scores", "measure": "AUC", "title": title, "rows": rows}
