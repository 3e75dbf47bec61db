"""M06: zeros that behave like the average customer instead of like those with low values."""

__all__ = ["AverageZeros"]

from typing import NamedTuple

import numpy as np

from patron.audit.base import CannotSay, Check, Finding
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.relations import (
    Likeness,
    Relations,
    is_share,
    likeness,
    numbers,
    ranks_of,
)
from patron.audit.missing.sentinels import without_sentinels
from patron.audit.missing.tracking import untracked_columns
from patron.audit.missing.weigh import weighed

FEWEST_ROWS, MOST_JUDGED = 500, 1_000
LEAST_VALUES = 6
LEAST_FALSE, SURELY, BEYOND = 0.005, 0.03, 1.5
ALL, PURE = 0.6, 0.8
EXPLAINED = 0.5
LEAST_EXPECTED, FEW, LASTING, OVER_LOW, LEAST_STAYING = (0.05, 0.2), 250, 0.6, 2.5, 0.02
APART, HOLLOW, MANY_VALUES, TOLD = (0.02, 0.35), 3.0, 30, 0.04
CUTS, USEFUL = (0.2, 0.4, 0.6, 0.8), 0.3


class _False(NamedTuple):
    """False zeros: how they were told, in which sampled rows zeros are not explained (`rows`), and
    the share of false ones among those zeros (`weight`) and among all. `staying`: the share of
    zeros where the other columns expect them least."""

    like: Likeness | None
    weight: float
    share: float
    rows: np.ndarray
    staying: float | None = None


class AverageZeros(Check):
    """M06: zeros that behave like the average instead of like low values.

    From the rows above zero, the other columns learn what value to expect. Whoever honestly has
    zero is expected low, at least as low as those with the lowest values. Zeros in the place of
    missing values are expected like everybody. Zeros that other columns explain (who has no
    account has no points) are left out. A share of few things (one return of one order) is
    honestly 0 or 1; there, all zeros must be like the average, and no other column tell of them.
    """

    code = "M06"
    title = "Zeros that behave like the average"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each such column."""
        if frame.table.num_rows < FEWEST_ROWS:
            return CannotSay(
                f"{frame.table.num_rows} rows are too few to compare zeros with low values; "
                f"at least {FEWEST_ROWS} are needed"
            )
        relations, told = Relations.of(frame), untracked_columns(frame)
        findings = []
        for name in numbers(frame)[:MOST_JUDGED]:
            values = without_sentinels(frame, name, relations.values(name))
            if name not in told and (false := _judged(relations, name, values)):
                findings.append(self._found(frame, relations, name, false))
        return findings

    def _found(self, frame: Frame, relations: Relations, name: str, false: _False) -> Finding:
        values = frame.values(name)
        zeros = int((values == 0).sum())
        fix = self._fix(relations, name, false)
        severity, evidence = weighed(frame, fix) if fix else weighed(frame, _all(name, self.code))
        evidence |= {"zeros": zeros, "share_of_zeros_that_are_false": false.share}
        if false.like:
            evidence |= {
                "expected_high_among_zeros_share": false.like.hit,
                "expected_high_among_low_values_share": false.like.near,
                "expected_high_among_all_share": false.like.all,
            }
        if false.staying:
            evidence["share_of_zeros_where_least_expected"] = false.staying
        return self.finding(
            severity,
            (name,),
            rows=round(false.share * zeros),
            evidence=evidence,
            meaning=_meaning(name, zeros, false),
            next_step=(
                f"Find out when {name} is written as 0 though it is not known, and set it to "
                "missing there; a model learns from missing values too."
            ),
            fix=fix,
        )

    def _fix(self, relations: Relations, name: str, false: _False) -> Fix | None:
        """All zeros, if nearly all are false; else those that one other column contradicts.

        False zeros lie on both sides of a limit as all rows above zero do. Where no more zeros lie
        beyond it than the false ones among them, the honest ones do not.
        """
        if false.share >= ALL:
            return _all(name, self.code)
        values = relations.values(name)
        above, hit = (values > 0) & false.rows, (values == 0) & false.rows
        best: tuple[float, Fix] | None = None
        for other in (each for each in relations.ordered if each != name):
            judge = relations.values(other)
            if not np.isfinite(judge).any():
                continue
            for cut in np.unique(np.nanquantile(judge, CUTS)):
                expected, seen = (float((judge > cut)[rows].mean()) for rows in (above, hit))
                pure = false.weight * expected >= PURE * seen
                if pure and expected >= USEFUL and (best is None or expected > best[0]):
                    limit = int(cut) if float(cut).is_integer() else float(cut)
                    arguments = {"values": [0], "by": other, "above": limit}
                    best = expected, Fix("null_where", (name,), arguments, self.code)
        return best[1] if best else None


def _judged(relations: Relations, name: str, values: np.ndarray) -> _False | None:
    known, zero = np.isfinite(values), values == 0
    distinct = np.unique(values[known & ~zero])
    if zero.sum() < 20 or len(distinct) < LEAST_VALUES or distinct[0] < 0:
        return None
    like = likeness(relations, name, 0.0, values)
    if like is None or is_share(values):
        all_false = like.surely >= ALL if like else _apart(values[known], zero.mean())
        if all_false and not _told(relations, name, zero, known):
            return _False(like, 1.0, 1.0, known)
        return _where_least_expected(relations, name, values) if is_share(values) else None
    if like.surely < SURELY:
        return None
    open_rows = relations.expected((name,), zero.astype(float), known) < EXPLAINED
    like = likeness(relations, name, 0.0, values, open_rows)
    if like is None or like.surely < SURELY or like.weight > BEYOND:
        return None
    weight = min(like.weight, 1.0)
    share = float(weight * (zero & open_rows).sum() / zero.sum())
    return _False(like, weight, share, open_rows) if share * zero.mean() >= LEAST_FALSE else None


def _where_least_expected(relations: Relations, name: str, values: np.ndarray) -> _False | None:
    """False zeros of a share, by the rows in which zero is least expected.

    There honest zeros become few, and fewer than low values; false ones stay as frequent.
    """
    known, zero = np.isfinite(values), values == 0
    expected = relations.expected((name,), zero.astype(float), known)
    low = ~zero & (values <= np.quantile(values[known & ~zero], 0.15))
    least, less = (
        known & (expected <= np.quantile(expected[known], max(share, FEW / known.sum())))
        for share in LEAST_EXPECTED
    )
    stays = float(zero[least].mean())
    surely = stays - 3 * (stays * (1 - stays) / least.sum()) ** 0.5
    lasting = stays >= LASTING * zero[less].mean() and stays >= OVER_LOW * low[least].mean()
    if not lasting or surely < LEAST_STAYING or stays > APART[1]:
        return None
    share = min(stays * known.sum() / zero.sum(), 1.0)
    return _False(None, share, share, known, stays)


def _apart(known: np.ndarray, zeros: float) -> bool:
    """Whether zeros stand apart: many more than values near them, though not most of all."""
    above = known[known > 0]
    close = (above <= np.median(above) / 10).sum()
    many = len(np.unique(above)) >= MANY_VALUES
    return bool(many and APART[0] <= zeros <= APART[1] and (known == 0).sum() >= HOLLOW * close)


def _told(relations: Relations, name: str, zero: np.ndarray, known: np.ndarray) -> bool:
    """Whether the other columns tell which rows have zero, as they do of honest zeros."""
    expected = relations.expected((name,), zero.astype(float), known)
    ranks = ranks_of(np.where(known, expected, np.nan))
    above = known & ~zero
    beyond = ranks[zero].mean() - ranks[above].mean()  # the AUC less a half
    chance = ((1 / zero.sum() + 1 / above.sum()) / 12) ** 0.5
    return bool(beyond > max(3 * chance, TOLD))


def _all(name: str, code: str) -> Fix:
    return Fix("null_value", (name,), {"values": [0]}, code)


def _meaning(name: str, zeros: int, false: _False) -> str:
    if false.staying:
        return (
            f"Where the other columns expect them least, honest zeros of {name} would be rare; "
            f"{false.staying:.1%} of those rows have 0, as elsewhere, and hardly any has a low "
            f"value. About {false.share:.0%} of the {zeros:,} zeros are thus missing values. A "
            "model reads them as the lowest."
        )
    if false.like is None:
        return (
            f"{zeros:,} rows have 0 in {name}, with hardly a value between 0 and a tenth of the "
            "median, and no other column tells which rows they are. Honest zeros are the end of "
            "low values, and somebody's; these look like missing values. A model reads them as "
            "the lowest."
        )
    return (
        f"By their other columns, {false.like.hit:.1%} of the rows with 0 in {name} are expected "
        f"among its high values; of those with the lowest values above 0 it is "
        f"{false.like.near:.1%}, of all {false.like.all:.1%}. About {false.share:.0%} of the "
        f"{zeros:,} zeros are thus no low values but missing ones. A model reads them as the "
        "lowest."
    )
