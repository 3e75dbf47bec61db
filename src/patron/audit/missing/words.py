"""M02: words that stand for a missing value."""

__all__ = ["WordsForMissing"]

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from patron.audit.base import CannotSay, Check, Evidence, Finding, Severity
from patron.audit.frame import Frame
from patron.audit.ledger import Fix
from patron.audit.missing.relations import Relations
from patron.audit.missing.weigh import common
from patron.audit.operations import plain
from patron.audit.operations.base import counted
from patron.schema import Role

NEVER_A_VALUE = frozenset(
    (
        *("", "?", "??", "???", "-", "--", "---", "–", "—", ".", "..", "*", "#n/a", "n/a", "n.a."),
        *("n. a.", "nan", "null", "nil", "\\n", "#null!", "missing", "not available", "no data"),
        *("no value", "not provided", "not given", "empty", "blank", "tbd", "undefined", "k.a."),
        *("k. a.", "keine angabe", "n.v.", "n.d.", "n. d.", "s.d.", "s/d", "non renseigné"),
        *("sin datos", "brak danych", "non disponibile", "no disponible", "geen gegevens"),
        *("нет данных", "não informado", "okänt", "ingen uppgift", "нет", "无", "データなし"),
    )
)
"""What nobody would call a group of customers."""

PERHAPS = frozenset(
    (
        *("unknown", "unk", "unknwn", "not known", "unspecified", "not specified"),
        *("none", "na", "not set", "unbekannt", "inconnu", "inconnue", "desconocido", "ukendt"),
        *("sconosciuto", "onbekend", "nieznany", "nieznane", "brak", "okänd", "ukjent"),
        *("desconhecido", "неизвестно", "tuntematon", "neznámý", "ismeretlen", "不明", "未知"),
    )
)
"""What may be an honest level ("none" of a list of add-ons), or a gap with a name."""

_OF_PERSONS = (Role.IDENTIFIER, Role.TEXT)

FEW, SHARE = 3, 0.001
CHANCE = 4.0
MANY, FEW_WORDS, MOSTLY = 20, 5, 0.95
BARS, NAMED = 12, 3
USUAL = 0.2


class _Words(NamedTuple):
    """The words found in one column, as they are written there, with their rows."""

    column: str
    counts: dict[str, int]
    sure: bool
    because: str

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


class WordsForMissing(Check):
    """M02: texts such as "N/A", "?", an empty one or "unknown" in the place of a missing value.

    Some can be nothing else. "unknown" or "none" may be a level with a meaning of its own: it is
    taken for a gap if the column has other gaps too, or if its rows are like all others.
    """

    code = "M02"
    title = "Words for missing"

    def run(self, frame: Frame) -> list[Finding] | CannotSay:
        """One finding for all columns with the same words, by whether they surely mean a gap.

        What nobody would call a group is one word, however it is written.
        """
        skipped = (Role.ENTITY, Role.TARGET, Role.TREATMENT, Role.IGNORE, Role.FUTURE)
        texts = [
            column.name
            for column in frame.schema.columns
            if column.role not in skipped and _is_text(frame.table.schema.field(column.name).type)
        ]
        if not texts:
            return CannotSay("no column holds text")
        told = [words for name in texts if (words := _words(frame, name))]
        groups: dict[tuple[bool, frozenset[str]], list[_Words]] = {}
        for words in sorted(told, key=lambda words: not words.sure):
            perhaps = frozenset(_bare(word) for word in words.counts) - NEVER_A_VALUE
            groups.setdefault((words.sure, perhaps), []).append(words)
        return [
            self._found(frame, group, Severity.WARNING if sure else Severity.NOTE)
            for (sure, _), group in groups.items()
        ]

    def _found(self, frame: Frame, told: list[_Words], severity: Severity) -> Finding:
        columns = tuple(each.column for each in told)
        spelled = sorted({_shown(word) for each in told for word in each.counts})
        most = max(told, key=lambda each: each.rows)
        evidence: Evidence = {
            "words": spelled,
            "rows_by_column": {each.column: each.rows for each in told},
            "because": {each.column: each.because for each in told},
            "picture": _picture(frame, most, _rows_of(told)),
        }
        listed, said = ", ".join(columns), ", ".join(spelled)
        stand, are = ("stands", "is a level") if len(spelled) == 1 else ("stand", "are levels")
        sure = severity is Severity.WARNING
        return self.finding(
            severity,
            columns,
            rows=max(each.rows for each in told),
            evidence=evidence,
            meaning=(
                f"{listed}: {said} {stand} where a value is missing ({_rows_of(told)}). A word is "
                "one more level, and its rows are not counted as missing."
                if sure
                else f"{listed}: {said} {are} like the others, with a meaning of its own perhaps "
                f"({most.rows:,} rows of {most.column}: {most.because})."
            ),
            next_step=(
                "Set them to missing; a model learns from missing values too."
                if sure
                else "Ask what the word means. As missing values they would tell a model the same."
            ),
            fix=Fix("null_words", columns, {"words": _folded(told)}, self.code),
        )


def _words(frame: Frame, name: str) -> _Words | None:
    counted = pc.value_counts(plain(frame.table.column(name)).drop_null())
    texts, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
    names_a_person = frame.schema[name].role in _OF_PERSONS
    strange = set() if names_a_person else _among_numbers(texts)
    found = {
        text: count
        for text, count in zip(texts, counts, strict=True)
        if _bare(text) in NEVER_A_VALUE | PERHAPS or (text in strange and count >= FEW)
    }
    if not found or len(found) == len(texts):
        return None
    rows, total = sum(found.values()), frame.table.num_rows
    if rows < FEW or rows < SHARE * total:
        return _Words(name, found, False, "only a few rows")
    if any(_bare(text) in NEVER_A_VALUE for text in found):
        return _Words(name, found, True, "no value is written like that")
    if strange & found.keys():
        return _Words(name, found, True, "all the other values are numbers or dates")
    if _is_a_code(found, texts):
        return None
    if frame.table.column(name).null_count or len(found) > 1:
        return _Words(name, found, True, "the column has gaps of another kind too")
    return _judged(frame, name, found)


def _is_a_code(found: dict[str, int], texts: list[str]) -> bool:
    """Whether "NA" stands among other codes of two letters: Namibia, or North America."""
    others = [text for text in texts if text not in found]
    return set(map(str.lower, found)) == {"na"} and all(len(text) == 2 for text in others)


def _bare(text: str) -> str:
    """The text in lower case, without padding and brackets.

    >>> _bare(" (Missing)"), _bare("<NA>"), _bare("?")
    ('missing', 'na', '?')
    """
    return text.strip().lower().strip("()[]<>{}'\"")


def _among_numbers(texts: list[str]) -> set[str]:
    """Of a column of written numbers or dates, the few texts without any digit."""
    strange = {text for text in texts if not any(sign.isdigit() for sign in text)}
    many = len(texts) >= MANY and 0 < len(strange) <= FEW_WORDS
    return strange if many and len(strange) <= (1 - MOSTLY) * len(texts) else set()


def _judged(frame: Frame, name: str, found: dict[str, int]) -> _Words:
    """A lone "unknown" in a column without gaps: a gap if its rows are like all others, or one
    group of another category has nothing else; of one row in five it is a level, as far as we know.
    """
    relations = Relations.of(frame)
    taken = plain(frame.table.column(name)).take(pa.array(relations.rows))
    hit = pc.is_in(taken, value_set=pa.array(list(found), taken.type)).to_numpy()
    if relations.apart((name,), hit) < CHANCE:
        if sum(found.values()) >= USUAL * len(frame.table):
            return _Words(name, found, False, "as common as an honest level")
        return _Words(name, found, True, "its rows are like all others")
    stump = common(frame, hit, (name,))
    if stump and stump.column in frame.schema.names(Role.CATEGORY) and stump.all_of_it:
        return _Words(name, found, True, f"it is all that is there where {stump.says}")
    return _Words(name, found, False, f"mostly where {stump.says}" if stump else "its rows differ")


def _folded(told: list[_Words]) -> list[str]:
    return sorted({word.strip().lower() for each in told for word in each.counts})


def _shown(word: str) -> str:
    return f'"{word}"'


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _rows_of(told: list[_Words]) -> str:
    """How many rows of which columns, the most first."""
    ranked = sorted(told, key=lambda each: -each.rows)
    first, *rest = (f"{each.rows:,} rows of {each.column}" for each in ranked[:NAMED])
    if more := max(len(told) - NAMED, 0):
        rest.append(counted(more, "more column"))
    return ", ".join([first, *rest])


def _picture(frame: Frame, words: _Words, rows_of: str) -> Evidence:
    """The commonest levels of the column, those words among them.

    Of a column that names persons, or nearly does (most values occur once or twice), the words.
    """
    column = plain(frame.table.column(words.column))
    counted = pc.value_counts(column.drop_null()).to_pylist()
    levels = sorted(((each["counts"], each["values"]) for each in counted), reverse=True)
    nameless = sum(count >= FEW for count, _ in levels) > len(levels) / 2
    nameless &= frame.schema[words.column].role not in _OF_PERSONS
    shown = [
        level for level in levels if level[1] in words.counts or (nameless and level[0] >= FEW)
    ][:BARS]
    missing = [level for level in levels if level[1] in words.counts and level not in shown]
    shown = [*shown[: BARS - len(missing[:3])], *missing[:3]]
    return {
        "kind": "histogram",
        "title": f"{rows_of} hold a word for missing",
        "column": words.column,
        "labels": [_shown(text) for _, text in shown],
        "counts": [count for count, _ in shown],
        "mark": [_shown(word) for word in words.counts],
        "mark_name": "stands for missing",
    }
