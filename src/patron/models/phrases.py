"""Phrases: the words for a column's value, made from the column's name and role."""

__all__ = ["Phrase", "number", "phrase"]

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from patron.schema import Role

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "week"),
    **dict.fromkeys(("m", "mo", "mth", "mths", "month", "months"), "month"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "year"),
}
_LENGTH = re.compile(r"(?P<before>[^\W\d]{3,}|l)?(?P<length>\d+)")
_WINDOW = re.compile(rf"{_LENGTH.pattern}(?P<unit>{'|'.join(sorted(_UNITS, key=len)[::-1])})")
_UNTIL_NOW = {"last", "l", "past", "prev", "previous", "trailing", "rolling", "in", "within"}
_TIMES = {"seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"}
_SPANS = {
    *("tenure", "recency", "gap", "gaps", "age", "duration", "interval", "delay", "lag", "time"),
    *("length", "lifetime", "wait", "period"),
}
_SUMMED_UP = {
    *("average", "mean", "median", "max", "maximum", "min", "minimum", "std", "sd", "var", "log"),
    *("largest", "smallest", "normalised", "normalized", "scaled", "score", "index", "rank", "z"),
    *("trend", "growth", "change", "delta", "diff", "rate", "ratio", "share", "variation"),
}
_RELATIONS = {
    *("since", "per", "with", "without", "to", "until", "from", "between", "of", "in", "on", "by"),
    *("for", "before", "after", "at", "via", "over"),
}
_DONE = {"bought", "made", "sold", "sent", "seen", "lost", "won", "active", "open", "left"}
_WRITTEN_OUT = {"avg": "average", "amt": "amount", "qty": "quantity", "cnt": "count"}
_NUMBER_OF = (("number", "of"), ("count", "of"), ("num",), ("nb",), ("n",))
_NO_PLURALS = {"series", "news", "always", "towards", "perhaps"}


@dataclass(frozen=True)
class Phrase:
    """How the values of a column are said.

    Parameters
    ----------
    before, after, after_one : what stands around a value; `after_one` follows the value 1.
    label : the column without a value.
    percent : values from 0 to 1 are said in per cent.
    year : whole numbers of four digits are calendar years.
    """

    before: str
    after: str
    after_one: str
    label: str
    percent: bool = False
    year: bool = False

    def of(self, value: str) -> str:
        """The fact for a value that is already written."""
        return f"{self.before}{value}{self.after_one if value == '1' else self.after}"

    def of_number(self, value: float) -> str:
        """The fact for a number.

        >>> phrase("open_rate", Role.RATE).of_number(0.351)
        'open rate 35.1 %'
        """
        if self.percent and 0 <= value <= 1:
            return self.of(f"{number(100 * value)} %")
        if self.year and value == int(value) and 1000 <= value < 3000:
            return self.of(str(int(value)))
        return self.of(number(value))

    @property
    def unknown(self) -> str:
        """The fact that the value is missing."""
        return f"{self.label} unknown"


def number(value: float) -> str:
    """At most three significant digits, thousands separated.

    >>> [number(value) for value in (12, 1237.4, 0.03288, -2.5, 99.96, 1_250_000)]
    ['12', '1,240', '0.0329', '-2.5', '100', '1,250,000']
    """
    size = abs(value)
    if size == 0:
        return "0"
    if not 1e-4 <= size < 1e15:
        return f"{value:.3g}"
    decimals = 2 - math.floor(math.log10(size))
    written = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


@lru_cache(maxsize=10_000)
def phrase(name: str, role: Role) -> Phrase:
    """The phrase for a column.

    >>> phrase("sessions_30d", Role.COUNT).of_number(12)
    '12 sessions in 30 days'
    >>> phrase("sessions_30d", Role.COUNT).of_number(1)
    '1 session in 30 days'
    >>> phrase("totalSpend365d", Role.MONEY).of_number(1237.5)
    'total spend in 365 days 1,240'
    >>> phrase("recency_days", Role.NUMBER).of_number(40)
    'recency 40 days'
    """
    words, window = _without_window(_words(name))
    if role is Role.FLAG:
        label = " ".join([w for w in words if w != "flag"][words[0] == "is" :] or words) + window
        return Phrase(f"{label}: ", "", "", label)
    if role in (Role.COUNT, Role.NUMBER):
        counted = _counted(words, window) or _spanned(words, window)
        if counted is not None:
            return counted
    label = " ".join(words) + window
    year = role is Role.NUMBER and "year" in words
    return Phrase(f"{label} ", "", "", label, percent=role is Role.RATE, year=year)


def _words(name: str) -> list[str]:
    """The words of a name in lower case, abbreviations as they are.

    >>> _words("avgOrderValue"), _words("SPEND_LAST"), _words("AOV"), _words("?")
    (['average', 'order', 'value'], ['spend', 'last'], ['AOV'], ['?'])
    """
    found = re.findall(r"[^\W_]+", _CAMEL.sub(" ", name)) or [name.strip() or "(no name)"]
    shouting = name.isupper() and (len(found) > 1 or len(name) > 4)
    lower = [w if w.isupper() and 1 < len(w) <= 4 and not shouting else w.lower() for w in found]
    return [_WRITTEN_OUT.get(word, word) for word in lower]


def _without_window(words: list[str]) -> tuple[list[str], str]:
    """The words less the one window of time among them, and the window in words.

    >>> _without_window(["sessions", "30d"]), _without_window(["spend", "last", "12", "months"])
    ((['sessions'], ' in 30 days'), (['spend'], ' in 12 months'))
    """
    found = [(place, *match) for place in range(len(words)) if (match := _window(words, place))]
    if len(found) != 1:
        return words, ""
    place, taken, before, length, unit = found[0]
    left = words[:place] + ([before] if before else [])
    first = bool(left) and left[-1] == "first"
    while left and left[-1] in _UNTIL_NOW | {"first"}:
        left = left[:-1]
    left += words[place + taken :]
    if not left:
        return words, ""
    time = f"{length} {unit}{'' if length == 1 else 's'}"
    return left, f" in the first {time}" if first else f" in {time}"


def _window(words: list[str], place: int) -> tuple[int, str, int, str] | None:
    """How many words a window takes, what stands before it in its word, its length and unit."""
    word = words[place].lower()
    if match := _WINDOW.fullmatch(word):
        return 1, match["before"] or "", int(match["length"]), _UNITS[match["unit"]]
    following = words[place + 1].lower() if place + 1 < len(words) else ""
    match = _LENGTH.fullmatch(word)
    if match and (len(following) > 1 or following == "d") and following in _UNITS:
        return 2, match["before"] or "", int(match["length"]), _UNITS[following]
    return None


def _counted(words: list[str], window: str) -> Phrase | None:
    """The phrase of a number of things: "12 sessions", "12 days since last purchase"."""
    for start in _NUMBER_OF:
        if tuple(words[: len(start)]) == start and len(words) > len(start):
            words = words[len(start) :]
            break
    related = [place for place, word in enumerate(words) if word in _RELATIONS]
    head = 0 if words[0] in _TIMES else (related[0] if related else len(words)) - 1
    if head > 0 and (words[head] in _DONE or words[head].endswith("ed")):
        head -= 1
    if head < 0 or not _is_plural(words[head]) or not _SUMMED_UP.isdisjoint(words):
        return None
    if words[head] in _TIMES and head and words[head - 1] in _SPANS:
        return None
    one = [*words[:head], _singular(words[head]), *words[head + 1 :]]
    label, label_of_one = (" ".join(each) + window for each in (words, one))
    return Phrase("", f" {label}", f" {label_of_one}", label)


def _spanned(words: list[str], window: str) -> Phrase | None:
    """The phrase of a span of time with its unit: "tenure 400 days"."""
    if len(words) < 2 or words[-1] not in _TIMES or _RELATIONS.intersection(words[:-2]):
        return None
    label = " ".join(words[: -2 if words[-2] == "in" and len(words) > 2 else -1]) + window
    return Phrase(f"{label} ", f" {words[-1]}", f" {words[-1][:-1]}", label)


def _is_plural(word: str) -> bool:
    if word in _NO_PLURALS or word.endswith(("ss", "us", "is")):
        return False
    return word == "ads" or (len(word) > 3 and word.endswith("s") and word.islower())


def _singular(plural: str) -> str:
    """One of what the plural names.

    >>> [_singular(word) for word in ("orders", "categories", "purchases", "boxes", "clicks")]
    ['order', 'category', 'purchase', 'box', 'click']
    """
    if plural.endswith("ies") and len(plural) > 4:
        return plural[:-3] + "y"
    if plural.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return plural[:-2]
    return plural[:-1]
