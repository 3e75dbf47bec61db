"""L: columns that carry the answer."""

__all__ = ["TellingColumn"]

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.scoring import Question
from patron.estimate import Estimate

# No honest column alone reaches these; the rest of the table must stay below by NEAR strengths.
THE_ANSWER = {"AUC": 0.985, "rank correlation": 0.965}
MISSINGNESS_IS_THE_ANSWER = 0.95
NEAR = 0.5
# What a suspect must add to the honest core before it is worth a person's time: in squared
# strength, which adds up over columns that tell of the answer independently, and as a share of the
# core's.
WORTH = 0.3
WORTH_SHARE = 0.2
MOST_MEASURED = 12
FEW_LEVELS = 12


class TellingColumn(Check):
    """L01: a column that alone predicts nearly everything, or more than honest ones can.

    Every feature is scored alone, cross-fitted, values and missingness. Those that stand apart from
    the rest, or that tell of the answer what no other column tells (`Frame.suspects`), are removed
    together, and each is measured on top of the honest core that is left. Copies of a leak thus
    cannot hide each other, as they do when one is left out at a time.
    """

    code = "L01"
    title = "A column that alone predicts nearly everything"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        if frame.too_few:
            return CannotSay(frame.too_few)
        if not frame.features:
            return CannotSay("no column has the role of a feature")
        worst: dict[str, Finding] = {}
        top = frame.top_fifth
        for question in (*frame.questions, *([top] if top else [])):
            names = self._named(frame, question)
            if question is top:  # else the rank correlation says it, and honest money is near it
                names = [name for name in names if frame.codes(name).max() <= FEW_LEVELS]
            for name in names[:MOST_MEASURED]:
                found = self._judged(frame, question, name)
                before = worst.get(name)
                if found and (not before or found.severity.rank < before.severity.rank):
                    worst[name] = found
        return list(worst.values())

    def _named(self, frame: Frame, question: Question) -> list[str]:
        """The suspects; of a table with a single feature, that one."""
        return frame.suspects(question) or (list(frame.features) if not frame.features[1:] else [])

    def _judged(self, frame: Frame, question: Question, name: str) -> Finding | None:
        core = tuple(each for each in frame.core(question) if each != name)
        alone, missing = frame.alone(name, question), frame.alone(name, question, missing=True)
        without, both = frame.joint(core, question), frame.joint((*core, name), question)
        far = question.strength(alone.value) - question.strength(without.value) >= NEAR
        is_answer = far and alone.low >= THE_ANSWER[question.measure]
        certain = frame.certain(name, question)
        by_missing = (
            far and question.measure == "AUC" and missing.low >= MISSINGNESS_IS_THE_ANSWER
        ) or (certain is not None and certain.where in ("missing", "present"))
        cannot_be = is_answer or by_missing or certain is not None
        honest = question.squared_strength(without.value)
        adds = question.squared_strength(both.value) - honest
        if not cannot_be and (not core or adds < max(WORTH, WORTH_SHARE * honest)):
            return None
        severity = Severity.SERIOUS if cannot_be else Severity.WARNING
        evidence: Evidence = {"measure": question.measure, "tells": question.about}
        evidence |= _interval("alone", alone) | _interval("with", both)
        evidence |= _interval("without", without) | {"adds": both.value - without.value}
        if frame.missing(name).any():
            evidence["missingness_alone"] = missing.value
        if certain:
            evidence |= {"all_positive_where": certain.where, "all_positive_rows": certain.rows}
        if core:
            best = max(core, key=lambda each: frame.alone(each, question).value)
            evidence |= {"next_best": best, "next_best_alone": frame.alone(best, question).value}
        what = name
        if not is_answer and by_missing:
            what = f"the missingness of {name}"
        elif not is_answer and certain:
            what = f"{name} where it is {certain.where} ({certain.rows:,} rows, all positive)"
        return self.finding(
            severity,
            (name,),
            evidence=evidence,
            meaning=_meaning(severity, what, question, alone, without, both),
            next_step=(
                f"Drop {name}, unless it is certain to be known before the time of prediction."
                if severity is Severity.SERIOUS
                else f"Suspect: check when {name} is known. Keep it only if it is known before the "
                "time of prediction."
            ),
            fix=Fix("drop_column", (name,), because=self.code),
        )


def _meaning(
    severity: Severity,
    what: str,
    question: Question,
    alone: Estimate,
    without: Estimate,
    both: Estimate,
) -> str:
    scores = (
        f"alone it reaches {question.measure} {alone.value:.3f}, all the others together "
        f"{without.value:.3f}, with it {both.value:.3f}"
    )
    if severity is Severity.SERIOUS:
        return (
            f"{what} is practically the answer ({question.about}): {scores}. A model would copy "
            "it and be useless where it is not yet known."
        )
    return (
        f"{what} tells far more of {question.about} than any other column: {scores}. If it is "
        "known only afterwards, the model's score is worth nothing; the data alone cannot tell."
    )


def _interval(name: str, score: Estimate) -> Evidence:
    return {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
