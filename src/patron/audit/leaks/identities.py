"""L02: columns from which the answer follows by arithmetic."""

__all__ = ["AccountingIdentity"]

import numpy as np

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.leaks.arithmetic import Sum, as_sum, telling_pairs
from patron.audit.leaks.telling import WORTH, WORTH_SHARE
from patron.audit.ledger import Fix
from patron.audit.scoring import Question
from patron.schema import Role

MOST_COLUMNS = 300
MOST_ROWS = 6_000
POSITIVE = 0.95
HUGE = 1e12
MOST_FOUND = 3
FEWEST_ROWS = 200
# Average error as a share of the amounts' spread; the AUC of a difference.
EXACT_SUM, EXACT_PAIR = 0.15, 0.965
LEAST_PAIR = 0.9
NEAR = 0.5
TWICE = 1.5


class AccountingIdentity(Check):
    """L02: few columns whose sum, difference, product or ratio is the answer.

    An amount is fitted by weighted sums of the columns, plain and in logarithms (then products and
    ratios). An answer of two values is compared with the difference of each two columns.
    """

    code = "L02"
    title = "The answer follows from columns by arithmetic"
    needs_target = True

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each set of columns that the answer follows from."""
        if frame.too_few or frame.target is None:
            return CannotSay(frame.too_few or "no target is named")
        names = _numbers(frame)
        if not names:
            return CannotSay("no feature holds numbers")
        taken = np.unique(np.linspace(0, len(frame.sample_rows) - 1, MOST_ROWS).astype(int))
        rows = frame.sample_rows[taken]
        x = np.column_stack([frame.values(name)[rows] for name in names])
        usable = (np.isfinite(x).sum(0) >= FEWEST_ROWS / 2) & (
            np.nan_to_num(np.abs(x)).max(0) < HUGE
        )
        names, x = [n for n, kept in zip(names, usable, strict=True) if kept], x[:, usable]
        if not names:
            return CannotSay("no feature holds enough numbers")
        one = self._pair if frame.target_kind == "binary" else self._sum
        findings: list[Finding] = []
        while names and len(findings) < MOST_FOUND:  # one identity hides another that fits less
            found = one(frame, names, x, frame.target[rows])
            if found is None:
                break
            findings.append(found)
            left = [place for place, name in enumerate(names) if name not in found.columns]
            names, x = [names[place] for place in left], x[:, left]
        return findings

    def _sum(self, frame: Frame, names: list[str], x: np.ndarray, y: np.ndarray) -> Finding | None:
        plain = as_sum(x, y)
        logs = _as_product(x, y)
        best = min((s for s in (plain, logs) if s), key=lambda s: s.error, default=None)
        if best is None:
            return None
        parts = [names[place] for place in best.places]
        question = frame.questions[-1]
        if len(parts) == 1 and _named_by_l01(frame, parts):
            return None
        formula = _sum_in_words(parts, best) if best is plain else _product_in_words(parts, best)
        core = tuple(name for name in frame.core(question) if name not in parts)
        evidence = {
            "formula": formula,
            "error": best.error,
            "measure": question.measure,
            "without": frame.joint(core, question).value,
        }
        return self._found(
            frame,
            question,
            parts,
            evidence,
            exact=best.error <= EXACT_SUM,
            meaning=f"The amount is nearly {formula}: on average that errs by {best.error:.1%} of "
            "how far amounts are from their median.",
        )

    def _pair(self, frame: Frame, names: list[str], x: np.ndarray, y: np.ndarray) -> Finding | None:
        pairs = telling_pairs(x, y) if len(names) > 1 else []
        if not pairs or pairs[0][2] < LEAST_PAIR:
            return None
        a, b, reached = pairs[0]
        parts, question = [names[a], names[b]], frame.questions[0]
        core = tuple(name for name in frame.core(question) if name not in parts)
        without, strength = frame.joint(core, question).value, question.strength
        alone = max(frame.alone(name, question).value for name in parts)
        if _named_by_l01(frame, parts) or strength(reached) < max(
            strength(without) + NEAR, TWICE * strength(alone)
        ):
            return None
        return self._found(
            frame,
            question,
            parts,
            {
                "measure": question.measure,
                "difference": reached,
                "alone": alone,
                "without": without,
            },
            exact=reached >= EXACT_PAIR,
            meaning=f"How {parts[0]} and {parts[1]} differ tells {question.about} with "
            f"{question.measure} {reached:.3f}; alone neither is above {alone:.3f}, and all other "
            f"columns together reach {without:.3f}.",
        )

    def _found(
        self,
        frame: Frame,
        question: Question,
        parts: list[str],
        evidence: Evidence,
        *,
        exact: bool,
        meaning: str,
    ) -> Finding:
        dropped = _carriers(frame, question, parts)
        kept = [name for name in parts if name not in dropped]
        stays = f" {' and '.join(kept)} alone tells no more than an honest column." if kept else ""
        return self.finding(
            Severity.SERIOUS if exact else Severity.WARNING,
            tuple(parts),
            rows=frame.table.num_rows,
            evidence=evidence | {"carries": list(dropped)},
            meaning=f"{meaning} A model would compute the answer from what is known only "
            "together with it.",
            next_step=f"Drop {' and '.join(dropped)}, unless it is certain to be known before the "
            f"time of prediction.{stays}",
            fix=Fix("drop_column", dropped, because=self.code),
        )


def _carriers(frame: Frame, question: Question, parts: list[str]) -> tuple[str, ...]:
    """Which of the columns carry the answer: the one that adds most to the honest core without the
    others, and whichever else adds more than an honest column would.
    """
    core = tuple(name for name in frame.core(question) if name not in parts)
    honest = question.squared_strength(frame.joint(core, question).value)
    adds = {
        name: question.squared_strength(frame.joint((*core, name), question).value) - honest
        for name in parts
    }
    most = max(adds.values())
    enough = min(most, max(WORTH, WORTH_SHARE * honest))
    return tuple(name for name in parts if adds[name] >= enough)


def _named_by_l01(frame: Frame, parts: list[str]) -> bool:
    """Whether each of the columns tells too much by itself; then their sum is no further news."""
    suspects = {name for question in frame.questions for name in frame.suspects(question)}
    return suspects.issuperset(parts)


def _numbers(frame: Frame) -> list[str]:
    """The features that hold numbers which vary; of very many, those that tell most alone."""
    question = frame.questions[-1]
    names = frame.schema.names(Role.NUMBER, Role.MONEY, Role.COUNT, Role.RATE)
    names = tuple(name for name in names if name in frame.features)
    return sorted(names, key=lambda name: -frame.alone(name, question).value)[:MOST_COLUMNS]


def _as_product(x: np.ndarray, y: np.ndarray) -> Sum | None:
    """The columns whose product or ratio is the amount, where that is above zero."""
    above = y > 0
    if above.sum() < FEWEST_ROWS or np.ptp(y[above]) == 0:  # one amount follows from anything
        return None
    with np.errstate(invalid="ignore"):
        positive = np.flatnonzero((x[above] > 0).mean(axis=0) >= POSITIVE)
        inside = np.where(x[above][:, positive] > 0, x[above][:, positive], np.nan)
    found = as_sum(np.log(inside), np.log(y[above])) if len(positive) else None
    return found._replace(places=tuple(positive[list(found.places)])) if found else None


def _sum_in_words(parts: list[str], found: Sum) -> str:
    """The sum as it would be written.

    >>> _sum_in_words(["paid", "refunded"], Sum((0, 1), (1.0, -1.0), 0.0))
    '1 × paid - 1 × refunded'
    """
    terms = [f"{abs(w):.3g} × {name}" for name, w in zip(parts, found.weights, strict=True)]
    signs = ["" if found.weights[0] > 0 else "-"]
    signs += [" + " if weight > 0 else " - " for weight in found.weights[1:]]
    return "".join(sign + term for sign, term in zip(signs, terms, strict=True))


def _product_in_words(parts: list[str], found: Sum) -> str:
    """The product as it would be written, up to a factor.

    >>> _product_in_words(["price", "quantity", "weeks"], Sum((0, 1, 2), (1.0, 0.996, -1.0), 0.0))
    'a multiple of price × quantity × weeks^-1'
    """
    powers = [f"^{weight:.2g}" for weight in found.weights]
    named = [name + power * (power != "^1") for name, power in zip(parts, powers, strict=True)]
    return "a multiple of " + " × ".join(named)
