"""TOML as text: the line of every key, and how a key and a value are written."""

__all__ = ["key_lines", "write_key", "write_value"]

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""+' r"|'''.*?'''+" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[str, int]:
    """The line on which each key and section of a valid TOML text is written.

    A key is written with dots from the top; the tables of an array are counted from 0.

    >>> key_lines('[split]\\nholdout = 0.2\\n[[fixes]]\\noperation = "drop"')
    {'split': 1, 'split.holdout': 2, 'fixes.0': 3, 'fixes.0.operation': 4}
    """
    return _Scanner(text).scan()


def write_key(name: str) -> str:
    """A key as TOML writes it: bare where it can be, else quoted.

    >>> write_key("age"), write_key('5" pipe')
    ('age', '"5\\\\" pipe"')
    """
    return name if _BARE.fullmatch(name) else write_value(name)


def write_value(value: Any) -> str:
    """A value as TOML writes it: text, number, boolean, date, list or mapping."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{write_key(k)} = {write_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(write_value(item) for item in value) + "]"
    return repr(value)


class _Scanner:
    """Walks once over a text that `tomllib` has accepted, and notes where the keys are."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[str, int] = {}

    def scan(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        section: tuple[str, ...] = ()
        while self._skip_blank():
            if self._peek() == "[":
                start = self.at
                is_array = self.text.startswith("[[", self.at)
                self.at += 2 if is_array else 1
                section = self._key()
                self.at += 2 if is_array else 1
                name = ".".join(section)
                if is_array:
                    section = (*section, str(counts.get(name, 0)))
                    counts[name] = counts.get(name, 0) + 1
                elif section[0] in counts:  # [fixes.arguments] belongs to the last [[fixes]]
                    section = (section[0], str(counts[section[0]] - 1), *section[1:])
                self._note(section, start)
            else:
                self._pair(section)
        return self.lines

    def _pair(self, section: tuple[str, ...]) -> None:
        start = self.at
        key = (*section, *self._key())
        self._note(key, start)
        self.at += 1  # =
        self._value(key)

    def _value(self, key: tuple[str, ...]) -> None:
        self._skip_blank()
        if self._peek() == "{":
            self._items("}", lambda _: self._pair(key))
        elif self._peek() == "[":
            self._items("]", lambda number: self._value((*key, str(number))))
        elif string := _STRING.match(self.text, self.at):
            self.at = string.end()
        elif scalar := _SCALAR.match(self.text, self.at):
            self.at = scalar.end()

    def _items(self, closing: str, item: Any) -> None:
        self.at += 1
        number = 0
        while self._skip_blank() and self._peek() != closing:
            if self._peek() == ",":
                self.at += 1
                continue
            item(number)
            number += 1
        self.at += 1

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip_blank()
            if found := _STRING.match(self.text, self.at):
                quoted = found.group()
                parts.append(quoted[1:-1] if quoted[0] == "'" else _unescape(quoted))
            else:
                found = _BARE.match(self.text, self.at)
                if found is None:
                    return tuple(parts)
                parts.append(found.group())
            self.at = found.end()
            self._skip_blank()
            if self._peek() != ".":
                return tuple(parts)
            self.at += 1

    def _note(self, key: tuple[str, ...], start: int) -> None:
        self.lines.setdefault(".".join(key), self.text.count("\n", 0, start) + 1)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_blank(self) -> bool:
        """Past blanks and comments; says whether any text is left."""
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.at < len(self.text)


def _unescape(quoted: str) -> str:
    import tomllib

    return str(tomllib.loads(f"key = {quoted}")["key"])
