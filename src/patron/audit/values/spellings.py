"""V03: one level of a category that is spelt in several ways."""

__all__ = ["Spellings"]

import re
import unicodedata
from collections import defaultdict

import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.words import NEVER_A_VALUE, PERHAPS
from patron.audit.operations import plain
from patron.audit.values.written import texts_of
from patron.schema import Role

FEWEST_ROWS = 20
MOST_LEVELS = 5_000
FEW_LEVELS = 500
MOST_OF_ROWS = 0.2
TYPO_LETTERS = 6
TYPO_RATIO = 30
FEW_MEANT, LONG_WORD, FEW_RATIO = 12, 8, 1.5
SHOWN = 5

_YES = frozenset(("1", "true", "t", "yes", "y"))
_NO = frozenset(("0", "false", "f", "no", "n"))


class Spellings(Check):
    """V03: levels of a category that differ in capitals, blanks, signs, accents or by a slip.

    Each spelling is a level of its own to a model, with fewer rows to learn from, and a new one at
    scoring is unknown. Digits are never taken for slips: "City 001" and "City 002" are two cities.
    """

    code = "V03"
    title = "One category in several spellings"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for each category with such levels."""
        if frame.table.num_rows < FEWEST_ROWS:
            return CannotSay(f"the table has {frame.table.num_rows} rows; {FEWEST_ROWS} are needed")
        found = []
        for name in texts_of(frame, Role.CATEGORY, Role.FLAG):
            counts = _levels(frame, name)
            mapping = _mapping(counts) if counts else {}
            if mapping:
                found.append(self._found(name, counts, mapping))
        return found

    def _found(self, name: str, counts: dict[str, int], mapping: dict[str, str]) -> Finding:
        rows = sum(counts[each] for each in mapping)
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for spelling, meant in mapping.items():
            groups[meant].append(spelling)
        most = sorted(groups, key=lambda meant: -sum(counts[each] for each in groups[meant]))
        evidence: Evidence = {
            "levels": len(counts),
            "levels_meant": len(counts) - len(mapping),
            "share_of_rows": rows / sum(counts.values()),
            "spellings": {
                repr(meant): [f"{each!r} ({counts[each]:,})" for each in groups[meant][:SHOWN]]
                for meant in most[:SHOWN]
            },
        }
        example = groups[most[0]][0]
        return self.finding(
            Severity.WARNING,
            (name,),
            rows=rows,
            evidence=evidence,
            meaning=(
                f"{name} has {len(counts):,} levels where {len(counts) - len(mapping):,} are "
                f"meant: {example!r} is {most[0]!r} in another spelling. A model learns each "
                "spelling apart, from fewer rows."
            ),
            next_step=(
                "Unite the spellings, and look for the form or the import that writes them; one "
                "that is new at scoring would be unknown."
            ),
            fix=Fix("normalise_text", (name,), {"mapping": mapping}, self.code),
        )


def _levels(frame: Frame, name: str) -> dict[str, int]:
    """How often each level occurs; nothing where the column is no category but free text."""
    counted = pc.value_counts(plain(frame.table.column(name)).drop_null())
    most = min(MOST_LEVELS, max(FEW_LEVELS, MOST_OF_ROWS * frame.table.num_rows))
    if not 1 < len(counted) <= most:
        return {}
    values, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
    return dict(zip(values, counts, strict=True))


def _mapping(counts: dict[str, int]) -> dict[str, str]:
    """What each odd spelling stands for: the commonest one of its group."""
    words = {level: level.strip().casefold() for level in counts}
    levels = [each for each in counts if words[each] not in NEVER_A_VALUE | PERHAPS]
    folded = {words[each] for each in levels}
    key = _as_flag if folded <= _YES | _NO and folded & _YES and folded & _NO else _key
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for level in levels:
        groups[key(level)].append(level)
    # Of equally common spellings the tidier one: no blanks at its ends.
    ranked = {
        each: sorted(group, key=lambda level: (-counts[level], level != level.strip(), level))
        for each, group in groups.items()
    }
    mapping = {other: group[0] for group in ranked.values() for other in group[1:]}
    group_of = {words[group[0]]: group for group in ranked.values()}
    totals = {word: sum(counts[each] for each in group) for word, group in group_of.items()}
    for slip, meant in sorted(_slips(totals).items(), key=lambda pair: -totals[pair[0]]):
        label = group_of[meant][0]
        mapping |= dict.fromkeys(group_of[slip], mapping.get(label, label))
    return mapping


def _as_flag(level: str) -> str:
    return "yes" if level.strip().casefold() in _YES else "no"


def _key(level: str) -> str:
    """What two spellings of one level have in common.

    >>> _key(" E-Mail") == _key("e_mail"), _key("São Paulo") == _key("sao  paulo")
    (True, True)
    >>> _key("1-2") == _key("12"), _key("C++") == _key("C")
    (False, False)
    """
    text = " ".join(unicodedata.normalize("NFKC", level).casefold().split())
    text = text.strip(" ._-,;:'\"") or text
    if any(map(str.isdigit, text)):
        return text
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"(?<=\w)[\s_\-./']+(?=\w)", "", bare.replace("_", " ")) or text


def _slips(totals: dict[str, int]) -> dict[str, str]:
    """Long levels that are one letter away from a far commoner one, and that one.

    By their neighbours with one letter left out, so that no pair is compared without need.
    """
    common: dict[str, list[str]] = defaultdict(list)
    long = [each for each in totals if len(each) >= TYPO_LETTERS and not re.search(r"\d", each)]
    for each in long:
        for short in _shortened(each):
            common[short].append(each)
    slips, few = {}, len(totals) <= FEW_MEANT
    for each in long:
        near = {other for short in _shortened(each) for other in common[short]} - {each}
        for other in sorted(near, key=lambda level: (-totals[level], level)):
            ratio = FEW_RATIO if few and _lacks_a_letter(each, other) else TYPO_RATIO
            if totals[other] >= ratio * totals[each] and _one_letter_off(each, other):
                slips[each] = other
                break
    return slips


def _lacks_a_letter(one: str, other: str) -> bool:
    """Whether a long word is another less a letter inside: an import's slip, in however many rows.

    >>> _lacks_a_letter("regisered", "registered"), _lacks_a_letter("customer", "customers")
    (True, False)
    """
    inside = {other[:place] + other[place + 1 :] for place in range(1, len(other) - 1)}
    return len(one) >= LONG_WORD and one in inside


def _shortened(text: str) -> set[str]:
    return {text} | {text[:place] + text[place + 1 :] for place in range(len(text))}


def _one_letter_off(one: str, other: str) -> bool:
    """One letter more, less, other or exchanged, in a word that has four letters beside it."""
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), -1)
    if start < 0:
        start = min(len(one), len(other))
    before, behind = re.split(r"\W", one[:start])[-1], re.split(r"\W", one[start:])[0]
    if len(before + behind) < TYPO_LETTERS - 1:
        return False
    rest, other_rest = one[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )
