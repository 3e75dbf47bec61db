"""Learners: the candidates for a purchase model behind one small interface.

A learner is cross-fitted once (`cross_fit` gives out-of-fold log-odds and settles what has to be
tuned), and then fitted to all training rows (`fit` gives a scorer). The holdout is never seen here.
"""

__all__ = [
    "CrossFitted",
    "Folds",
    "Learner",
    "Rows",
    "Scorer",
    "at_once",
    "log_loss_of",
    "logit",
    "not_cross_fitted",
    "some_rows",
]

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.features.encode import Design

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Folds = list[tuple[Rows, Rows]]
"""Pairs of row numbers: what to fit on, what to predict."""


FEWEST_OF_EACH = 200


class Scorer(Protocol):
    """A fitted model: an encoded matrix to log-odds, and what each column adds to them."""

    kind: ClassVar[str]

    @property
    def base(self) -> float:
        """The log-odds where no column says anything: `raw` less all `contributions`."""

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """Log-odds [rows]."""

    def contributions(self, matrix: NDArray[np.float32], *, threads: int = 1) -> Floats:
        """What each column adds to the log-odds [rows, columns]."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""


class CrossFitted(NamedTuple):
    """Out-of-fold log-odds [rows] (NaN where no fold predicts the row), and each fold's model."""

    raw: Floats
    scorers: tuple[Scorer, ...]


class Learner(Protocol):
    """A way to learn log-odds.

    `readability` orders learners: 0 is one curve a column, 1 adds tables of two columns, 2 and
    more are sums of trees, which only examples explain.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    readability: ClassVar[float]

    def cross_fit(
        self, design: Design, y: Floats, folds: Folds, *, again: bool = False
    ) -> CrossFitted:
        """Out-of-fold log-odds; settles what has to be tuned, but `again` with what is settled."""

    def fit(self, design: Design, y: Floats) -> Scorer:
        """A scorer fitted to all rows; after `cross_fit`."""


def not_cross_fitted(learner: Learner) -> PatronError:
    """What to raise where `fit` is called before `cross_fit`."""
    return PatronError(f"cross_fit settles how to fit {learner.title}; call it before fit.")


def at_once(work: Callable[[_Task], _Done], tasks: Iterable[_Task], threads: int) -> list[_Done]:
    """`work` done on each task by so many threads, each with one core; answers in order.

    Where it is interrupted, or one task fails, that is raised at once. Tasks that have not begun
    are dropped; of those that have, nobody sees the answer.
    """
    from threadpoolctl import threadpool_limits

    pool = ThreadPoolExecutor(threads)
    try:
        with threadpool_limits(1, "blas"):
            done = [pool.submit(work, task) for task in tasks]
            for each in wait(done, return_when=FIRST_EXCEPTION).done:
                each.result()
            return [each.result() for each in done]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def some_rows(rows: Rows, y: Floats, most: int | None, rng: np.random.Generator) -> Rows:
    """At most about `most` of `rows` at random, ascending; of the rarer answer 200 at least.

    `y` are the answers of `rows`. So that no part of a table with few buyers is without any.
    """
    if most is None or len(rows) <= most:
        return rows
    taken = np.zeros(len(rows), dtype=bool)
    taken[rng.permutation(len(rows))[:most]] = True
    for answer in (0, 1):
        of = np.flatnonzero(y == answer)
        short_of = min(FEWEST_OF_EACH, len(of)) - int(taken[of].sum())
        if short_of > 0:
            taken[rng.permutation(of[~taken[of]])[:short_of]] = True
    return rows[taken]


def log_loss_of(raw: Floats, y: Floats) -> float:
    """The mean log loss of log-odds, over the rows where they are known."""
    known = ~np.isnan(raw)
    return float(np.mean(np.logaddexp(0, raw[known]) - y[known] * raw[known]))


def logit(share: float) -> float:
    """The log-odds of a share; 0 and 1 are drawn in a little."""
    share = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(share / (1 - share)))
