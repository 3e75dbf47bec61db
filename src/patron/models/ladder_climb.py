"""Climb: learns at each step of the ladder on some rows, scores on others, and notes the step."""

__all__ = ["Climb", "Lesson", "Pairs"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.examine import State
from patron.features.derived import Derived, apply
from patron.features.encode import Design, Encoder
from patron.models.gains import Gain, choose
from patron.models.ladder_judges import Judge, Learner

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Pairs = list[tuple[Rows, Rows]]
"""Row numbers of the first table: what to learn from, what to predict."""


@dataclass(frozen=True)
class Lesson:
    """One fold, encoded: the rows that teach and the rows that are asked, of the first table."""

    taught_rows: Rows
    asked_rows: Rows
    taught: Design
    asked: Design


class Climb:
    """The steps so far, and what each predicted beside the first table."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.steps: list[dict[str, Any]] = []
        self.predicted: list[Floats] = []

    def lessons(self, state: State, pairs: Pairs, made: Sequence[Derived] = ()) -> list[Lesson]:
        """The folds of a state's table; of the features `made`, those that each fold's own part
        chooses are added to it.
        """
        place = np.full(len(self.judge.y), -1)
        place[state.rows] = np.arange(len(state.rows))
        lessons = []
        for pair in pairs:
            fit, ask = (place[rows][place[rows] >= 0] for rows in pair)
            table, schema = state.table.take(fit), state.schema
            y = self.judge.y[state.rows[fit]]
            if not schema.features or not self.judge.can_learn(y):
                continue
            asked = state.table.take(ask)
            chosen = [gain.derived for gain in self._choose(table, schema, y, made)]
            asked, _ = apply(asked, schema, chosen)
            table, schema = apply(table, schema, chosen)
            encoder = Encoder.fit(table, schema, y)
            taught = encoder.transform(table)
            lessons.append(
                Lesson(state.rows[fit], state.rows[ask], taught, encoder.transform(asked))
            )
        return lessons

    def gains(self, state: State, rows: Rows, made: Sequence[Derived]) -> list[Gain]:
        """Which of the features `made` earn their place on the sampled rows of a state."""
        kept = np.flatnonzero(np.isin(state.rows, rows))
        y = self.judge.y[state.rows[kept]]
        return self._choose(state.table.take(kept), state.schema, y, made)

    def step(
        self,
        step: str,
        kind: str,
        lessons: list[Lesson],
        after: int | None,
        *,
        learner: Learner | None = None,
        **more: Any,
    ) -> float | None:
        """Learn (with the judge's quick model), score, and note the step.

        The mean score on the rows that taught; None where the rows asked cannot be scored, and
        then nothing is noted.
        """
        y = self.judge.y
        predicted = np.full(len(y), np.nan)
        inside = []
        for lesson in lessons:
            answer = (learner or self.judge.learn)(lesson.taught, y[lesson.taught_rows])
            predicted[lesson.asked_rows] = answer(lesson.asked)
            inside.append(self.judge.inside(y[lesson.taught_rows], answer(lesson.taught)))
        if not self.judge.can_learn(y[~np.isnan(predicted)]):
            return None
        self.note(step, kind, predicted, after, **more)
        return float(np.mean(inside))

    def note(self, step: str, kind: str, predicted: Floats, after: int | None, **more: Any) -> None:
        """Note a step whose predictions are known."""
        before = np.full(len(predicted), np.nan) if after is None else self.predicted[after]
        worth = None
        if self.judge.can_learn(self.judge.y[~np.isnan(before) & ~np.isnan(predicted)]):
            worth = self.judge.worth(before, predicted)
        self.steps.append(
            {
                "step": step,
                "kind": kind,
                "columns": [],
                "metric": self.judge.metric,
                **self.judge.score(predicted).to_dict(),
                "after": after,
                "worth": worth.to_dict() if worth else None,
                **more,
            }
        )
        self.predicted.append(predicted)

    def say_more(self, place: int) -> None:
        """Add what else is worth saying of a step to its entry."""
        told = self.judge.more(self.predicted[place])
        self.steps[place]["more"] = {name: each.to_dict() for name, each in told.items()}

    def _choose(self, *teaching: Any) -> list[Gain]:
        return choose(*teaching, level=self.judge.level, seed=self.judge.seed)
