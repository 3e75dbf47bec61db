"""Pairs of records side by side, without a value of anybody."""

__all__ = ["PAIRS_SHOWN", "pairs_picture"]

from collections.abc import Sequence
from typing import Any

import numpy as np

from patron.audit.base import Evidence, masked
from patron.audit.frame import Frame
from patron.audit.operations.near import Column

PAIRS_SHOWN = 5
COLUMNS_SHOWN = 6
NEVER_BELOW = 1e-12


def pairs_picture(
    frame: Frame,
    columns: Sequence[Column],
    first: np.ndarray,
    second: np.ndarray,
    key: tuple[str, ...],
    title: str,
) -> Evidence:
    """`pair_1` to `pair_5` in words, and the picture of them.

    Of the first record the fifth of the column that its value lies in, of the second how it
    differs. Categories are "a", and "b" where the second has another.
    """
    shown = _most_telling(columns, first, second)
    names, pairs, said = [], [], {}
    for one, other in zip(first[:PAIRS_SHOWN], second[:PAIRS_SHOWN], strict=True):
        words = [_words(column, int(one), int(other)) for column in shown]
        records = [_name(frame, key, int(row)) for row in (one, other)]
        names.append(" and ".join(dict.fromkeys(records)))
        pairs.append([[w[0] for w in words], [w[1] for w in words]])
        unlike = [column.name for column in columns if _differs(column, int(one), int(other))]
        more = f" and {len(unlike) - COLUMNS_SHOWN} more" if unlike[COLUMNS_SHOWN:] else ""
        differ = ", ".join(unlike[:COLUMNS_SHOWN]) + more if unlike else "no column"
        verb = "differs" if len(unlike) < 2 else "differ"
        said[f"pair_{len(names)}"] = f"{names[-1]}: {differ} {verb}"
    if not shown:
        return dict(said)
    picture: dict[str, Any] = {
        "kind": "pairs",
        "title": title,
        "columns": [column.name for column in shown],
        "pairs": pairs,
        "names": names,
    }
    return {**said, "picture": picture}


def _most_telling(columns: Sequence[Column], first: np.ndarray, second: np.ndarray) -> list[Column]:
    """The columns that differ in most pairs, then those with most values."""
    first, second = first[:1_000], second[:1_000]

    def weight(column: Column) -> tuple[float, int]:
        one, other = column.values[first], column.values[second]
        return float((one != other).mean()), len(np.unique(column.values[:2_000]))

    return sorted(columns, key=weight, reverse=True)[:COLUMNS_SHOWN] if len(first) else []


def _name(frame: Frame, key: tuple[str, ...], row: int) -> str:
    values = [frame.table.column(name)[row].as_py() for name in key] if key else [row]
    return masked("|".join(str(value) for value in values))


def _differs(column: Column, one: int, other: int) -> bool:
    a, b = column.values[one], column.values[other]
    return bool(a != b) and not (np.isnan(a) and np.isnan(b))


def _words(column: Column, one: int, other: int) -> tuple[str, str]:
    a, b = column.values[one], column.values[other]
    if np.isnan(a) or np.isnan(b):
        return "missing" if np.isnan(a) else "known", "missing" if np.isnan(b) else "known"
    if column.exact:
        return "a", "a" if a == b else "b"
    known = column.values[np.isfinite(column.values)][:20_000]
    fifth = int(np.clip(np.mean(known < a) * 5, 0, 4)) + 1
    if a == b:
        return f"fifth {fifth} of 5", "the same"
    share = (b - a) / max(abs(a), NEVER_BELOW)
    return f"fifth {fifth} of 5", f"{share:+.1%}" if abs(share) < 10 else "far off"
