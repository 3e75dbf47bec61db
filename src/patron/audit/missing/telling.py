"""M05: whether a value is missing tells something of the target."""

__all__ = ["TellingMissing"]

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.blocks import blocks
from patron.audit.missing.relations import Relations
from patron.audit.scoring import Question

FEWEST = 30
CHANCE = 5.0
# The least difference that chance leaves likely, in standard deviations of what the other columns
# leave open of the target.
WORTH, STRONG = 0.1, 0.25


class TellingMissing(Check):
    """M05: missingness depends on the target, beyond what the other columns tell.

    The rows where a column is missing are compared with the others in how far the target is from
    what the values of all columns but suspected leaks predict. Gaps are left out of that: of two
    causes of one gap, the one would seem to speak against the other. L01 has the columns whose
    missingness makes the answer certain.
    """

    code = "M05"
    title = "Missing values that tell of the target"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each block of columns with the same gaps."""
        if frame.too_few:
            return CannotSay(frame.too_few)
        gaps = blocks(frame)
        if not gaps:
            return []
        relations = Relations(frame, frame.sample_rows, gaps=False)
        worst: dict[str, Finding] = {}
        top = (frame.top_fifth,) if frame.top_fifth else ()  # a gap may depend on who has most
        asked = (*frame.questions, *top)
        leaks = tuple({name for question in asked for name in frame.suspects(question)})
        for question in asked:
            everyone = np.ones(len(question.y), dtype=bool)
            rest = question.y - relations.expected(leaks, question.y, everyone)
            for columns, missing in gaps:
                gone = missing[frame.sample_rows]
                if min(gone.sum(), (~gone).sum()) < FEWEST:
                    continue
                found = self._judged(frame, question, columns, gone, rest)
                if found and _size(found) > _size(worst.get(columns[0])):
                    worst[columns[0]] = found
        return list(worst.values())

    def _judged(
        self,
        frame: Frame,
        question: Question,
        columns: tuple[str, ...],
        gone: np.ndarray,
        rest: np.ndarray,
    ) -> Finding | None:
        spread = float(rest.std()) or 1.0
        step = float(rest[gone].mean() - rest[~gone].mean()) / spread
        error = (rest[gone].var() / gone.sum() + rest[~gone].var() / (~gone).sum()) ** 0.5 / spread
        surely = abs(step) - 2 * float(error)
        if surely < WORTH or abs(step) < CHANCE * error:
            return None
        certain = frame.certain(columns[0], question)
        if certain and certain.where in ("missing", "present"):
            return None
        rows = int(frame.missing(columns[0]).sum())
        listed = ", ".join(columns)
        evidence: Evidence = {
            "tells": question.about,
            "difference": step,
            "difference_low": step - 2 * float(error),
            "difference_high": step + 2 * float(error),
            "missingness_alone": frame.alone(columns[0], question, missing=True).value,
            "measure": question.measure,
        }
        apart = f"{abs(step):.2f} standard deviations of what they leave open"
        if question.measure == "AUC":
            odds = evidence["odds_ratio"] = _odds(question, rest, gone)
            times = f"{odds:.1f} times" if odds > 1 else f"1/{1 / odds:.1f} of"
            said = f"the odds of {question.about} are {times} what"
        else:  # of an amount its rank is asked, and a rank has no odds
            said = f"{question.about} is {'higher' if step > 0 else 'lower'} than"
            apart = f"{apart}, in ranks"
        return self.finding(
            Severity.WARNING if surely >= STRONG else Severity.NOTE,
            columns,
            rows=rows,
            evidence=evidence,
            meaning=(
                f"Where {listed} is missing, {said} the other columns "
                f"lead one to expect ({apart}). If values go missing because of the outcome, or "
                "are filled in after it, the model's score is not to be had in practice."
            ),
            next_step=(
                f"Find out how {listed} comes to be missing, and whether that is so before the "
                "outcome is known."
            ),
            fix=Fix("drop_column", columns, because=self.code) if surely >= STRONG else None,
        )


def _odds(question: Question, rest: np.ndarray, gone: np.ndarray) -> float:
    """The odds of a yes where the column is missing, as times those elsewhere."""
    there, elsewhere = (
        float(np.clip(question.y.mean() + rest[rows].mean(), 0.01, 0.99)) for rows in (gone, ~gone)
    )
    return there / (1 - there) / (elsewhere / (1 - elsewhere))


def _size(found: Finding | None) -> float:
    return abs(found.evidence["difference"]) if found else 0.0
