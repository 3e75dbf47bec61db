"""Values that are missing in disguise."""

__all__ = [
    "missing_by_target",
    "missing_words",
    "sentinel_date",
    "sentinel_number",
    "zeros_before_tracking",
    "zeros_for_missing",
]

import numpy as np
import pyarrow as pa

from patron.schema import Role
from patron.schema.look import words
from patron.worlds.base import Planted
from patron.worlds.faults.draft import NUMERIC, Draft, Truths, between

_WORDS = ("unknown", "N/A", "n/a", "none", "NULL", "?", "-", "", "not available", "(missing)")
_TENURE = {"tenure", "signup", "joined", "registered", "registration"}
_DAYS = {"1900-01-01": -25_567, "1970-01-01": 0, "2000-01-01": 10_957, "2099-12-31": 47_481}


def sentinel_number(draft: Draft, strength: float) -> list[Planted] | None:
    """A number that means missing: -1, 0 where nothing is 0, 999, 99999.

    In place of the column's gaps, in one group alone, or anywhere. Weakest: 2 in 100 rows.
    Strongest: 15.
    """
    rng = draft.rng
    name = draft.one(n for n in draft.free(*NUMERIC) if len(np.unique(draft.values(n))) > 10)
    if name is None:
        return None
    values = draft.values(name)
    low, high = np.nanmin(values), np.nanmax(values)
    fits = [code for code in (-1, -9, -999, 0) if code < low]
    fits += [code for code in (99, 999, 9999, 99_999, 999_999) if 1.2 * high < code < 5e4 * high]
    if np.nanquantile(values, 0.5) < 500 < high < 5_000:
        fits.append(999)  # inside the range, where it is a peak
    if not fits:
        return None
    code = float(rng.choice(fits))
    hit, where = _where(draft, name, between(strength, 0.02, 0.15))
    values[hit] = code
    draft.put(name, values)
    says = f"{code:g} stands for missing in {hit.sum():,} rows of {name}, {where}"
    codes = ("M01", "M06", "V01") if code <= 0 else ("M01",)
    return draft.fault("sentinel_number", codes, name, strength, says, hit)


def sentinel_date(draft: Draft, strength: float) -> list[Planted] | None:
    """A date that means missing: 1900-01-01, 2099-12-31, or the day of a migration.

    Weakest: 2 in 100 rows. Strongest: 25.
    """
    name = draft.one(draft.free(Role.DATE))
    if name is None:
        return None
    values = draft.values(name)
    middle = np.floor(np.nanquantile(values, draft.rng.uniform(0.2, 0.8)))
    code = float(draft.rng.choice([*_DAYS.values(), middle]))
    hit, where = _where(draft, name, between(strength, 0.02, 0.25))
    values[hit] = code
    draft.put(name, values)
    day = np.datetime64(int(code), "D")
    says = f"{day} stands for missing in {hit.sum():,} rows of {name}, {where}"
    return draft.fault("sentinel_date", ("M01", "V01"), name, strength, says, hit)


def missing_words(draft: Draft, strength: float) -> list[Planted] | None:
    """Words that mean missing, in a category or in a column of numbers, which is text then.

    Weakest: 2 in 100 rows. Strongest: 20.
    """
    rng = draft.rng
    as_number = rng.random() < 0.3
    name = draft.one(draft.free(*NUMERIC) if as_number else draft.free(Role.CATEGORY))
    if name is None or not (as_number or pa.types.is_string(draft.table[name].type)):
        return None
    texts = draft.texts(name)
    hit, where = _where(draft, name, between(strength, 0.02, 0.2))
    used = rng.choice(_WORDS, 2 if rng.random() < 0.3 else 1, replace=False)
    texts[hit] = rng.choice(used, int(hit.sum()))
    draft.put(name, pa.array(list(texts), pa.string()))
    shown = " and ".join(repr(str(word)) for word in used)
    says = f"{shown} stands for missing in {hit.sum():,} rows of {name}, {where}"
    codes = ("M02", "V02") if as_number else ("M02",)
    return draft.fault("missing_words", codes, name, strength, says, hit)


def zeros_before_tracking(draft: Draft, strength: float) -> list[Planted] | None:
    """Zeros of customers from before something was tracked, or of a group where it is not.

    In one or two columns at once. Weakest: the oldest 8 in 100 customers, 97 in 100 of them at
    zero. Strongest: 30 in 100, all at zero.
    """
    rng = draft.rng
    before, by = _untracked(draft, between(strength, 0.08, 0.3))

    def shows(name: str) -> bool:
        values = draft.values(name)
        return bool(np.nanmin(values) >= 0 and (values == 0).mean() < 0.5)

    names = [n for n in draft.free(Role.COUNT, Role.RATE, Role.MONEY) if n != by and shows(n)]
    names = [n for n in names if not _TENURE & set(words(n)) and "days" not in words(n)]
    if before is None or not names:
        return None
    names = [str(n) for n in rng.permutation(names)[: int(rng.integers(1, 3))]]
    hit = before & draft.some(between(strength, 0.97, 1.0))
    for name in names:
        draft.taken.add(name)
        values = draft.values(name)
        values[hit] = 0
        draft.put(name, values)
    says = f"{', '.join(names)} is 0 in {hit.sum():,} rows from before it was tracked, by {by}"
    return draft.fault("zeros_before_tracking", ("M03",), names, strength, says, hit)


def zeros_for_missing(draft: Draft, strength: float) -> list[Planted] | None:
    """Zeros in place of values that were lost by chance, in a column that others tell of.

    Weakest: 6 in 100 rows, and no fewer than the honest zeros. Strongest: 30.
    """
    told = _told_by_others(draft)
    share = between(strength, 0.06, 0.3)

    def shows(name: str) -> bool:
        values = draft.values(name)
        return bool(np.nanmin(values) >= 0 and (values == 0).mean() <= share)

    names = draft.free(Role.COUNT, Role.MONEY, Role.NUMBER, Role.RATE)
    name = draft.one(n for n in names if told.get(n, 0) > 0.4 and shows(n))
    if name is None:
        return None
    values = draft.values(name)
    hit = draft.some(share)
    values[hit] = 0
    draft.put(name, values)
    says = f"0 stands for lost values in {hit.sum():,} rows of {name}"
    return draft.fault("zeros_for_missing", ("M06", "M01"), name, strength, says, hit)


def missing_by_target(draft: Draft, strength: float) -> list[Planted] | None:
    """A column that is missing more often for those with the answer, or less often.

    Weakest: 16 in 100 against 3. Strongest: 60 against 3.
    """
    name = draft.one(draft.free())
    if name is None:
        return None
    more = draft.yes if draft.rng.random() < 0.6 else ~draft.yes
    hit = draft.some(0.03) | (more & draft.some(between(strength, 0.13, 0.6)))
    draft.empty(name, hit)
    says = f"{name} is missing in {hit.sum():,} rows, by the answer"
    return draft.fault("missing_by_target", ("M05", "L01"), name, strength, says, hit)


def _gaps(draft: Draft, name: str) -> Truths:
    gaps: Truths = draft.table[name].is_null().to_numpy()
    return gaps


def _where(draft: Draft, name: str, share: float) -> tuple[Truths, str]:
    """Rows to disguise: the column's gaps, nearly all of one group, or any."""
    gaps, form = _gaps(draft, name), draft.rng.random()
    if gaps.mean() >= 0.02 and form < 0.4:
        return gaps, "in place of its gaps"
    if form < 0.6:
        group, label = _group(draft, name, 0.02, 1.5 * share + 0.03)
        if group is not None:
            return group & draft.some(0.95), f"nearly all of them where {label}"
    return draft.some(share), "anywhere"


def _group(draft: Draft, name: str, least: float, most: float) -> tuple[Truths | None, str]:
    """The rows of one level of a category that has between `least` and `most` of them."""
    found = []
    for by in draft.free(Role.CATEGORY):
        levels, codes = np.unique(draft.texts(by).astype(str), return_inverse=True)
        shares = np.bincount(codes) / draft.rows
        fits = np.flatnonzero((shares >= least) & (shares <= most))
        found += [(by, codes == place, levels[place]) for place in fits if by != name]
    if not found:
        return None, ""
    by, rows, level = found[int(draft.rng.integers(len(found)))]
    draft.taken.add(by)
    return rows, f"{by} is {level}"


def _untracked(draft: Draft, share: float) -> tuple[Truths | None, str]:
    """The oldest `share` of the customers, by a date or a tenure; else one group of customers."""
    clocks = draft.free(Role.DATE)
    clocks += [n for n in draft.free(*NUMERIC) if _TENURE & set(words(n))]
    if clocks and draft.rng.random() < 0.8:
        by = draft.one(clocks) or ""
        age = draft.values(by) * (-1 if by in draft.schema.names(Role.DATE) else 1)
        return age > np.nanquantile(age, 1 - share), by
    group, label = _group(draft, "", 0.04, 0.5)
    return group, label


def _told_by_others(draft: Draft) -> dict[str, float]:
    """For each free numeric column, its highest rank correlation with another."""
    names = draft.free(*NUMERIC)
    taken = draft.rng.permutation(draft.rows)[:4_000]
    ranks = []
    for name in names:
        values = draft.values(name)[taken]
        values = np.where(np.isfinite(values), values, np.nanmedian(values))
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - counts / 2)[inverse])
    if len(names) < 2:
        return {}
    with np.errstate(invalid="ignore"):
        alike = np.nan_to_num(np.abs(np.corrcoef(ranks)))
    np.fill_diagonal(alike, 0)
    return dict(zip(names, alike.max(axis=1), strict=True))
