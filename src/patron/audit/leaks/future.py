"""L06: columns that were left out for their name alone."""

__all__ = ["NamedForTheFuture"]

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.schema import Role

BY_NAME = "name says"


class NamedForTheFuture(Check):
    """L06: a column that inference took for the future by its name, with what it tells alone.

    Such columns reach no model. A name proves nothing, so a person should see what was left out: a
    column that tells next to nothing may have a misleading name.
    """

    code = "L06"
    title = "A column named for the future"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One note for each such column."""
        columns = [c for c in frame.schema.columns if c.role is Role.FUTURE]
        return [self._found(frame, c.name) for c in columns if c.because.startswith(BY_NAME)]

    def _found(self, frame: Frame, name: str) -> Finding:
        evidence: Evidence = {"left_out": "yes, by its name"}
        told = ""
        if not frame.too_few:
            scores = [(question, frame.alone(name, question)) for question in frame.questions]
            question, best = max(scores, key=lambda each: each[0].strength(each[1].value))
            evidence |= {"measure": question.measure, "tells": question.about}
            evidence |= {"alone": best.value, "alone_low": best.low, "alone_high": best.high}
            told = f" Alone it tells {question.about} with {question.measure} {best.value:.3f}."
        return self.finding(
            Severity.NOTE,
            (name,),
            evidence=evidence,
            meaning=f"The name of {name} says that it is known only after the outcome, so no model "
            f"sees it.{told}",
            next_step=f"Nothing, if the name is right. If {name} is known at the time of "
            f'prediction, give it its role: [roles] {name} = "number", or what it is.',
        )
