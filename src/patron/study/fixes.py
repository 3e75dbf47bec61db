"""Proposed fixes as [[fixes]] at the end of a Study, for its owner to keep, edit or remove."""

__all__ = ["with_fixes"]

from collections.abc import Iterable, Mapping
from typing import Any

from patron.errors import StudyError
from patron.study.study import Study
from patron.study.tomltext import write_key, write_value


def with_fixes(study: Study, text: str, fixes: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """`text`, the Study's own, with a [[fixes]] for each pair of a comment and a fix's fields.

    A comment may have several lines. A fix that the Study already has is left out. What stands in
    `text` stays as it is.

    Raises
    ------
    StudyError
        The Study writes its fixes as one list, `fixes = [...]`, to which no section can be added.
    """
    has = [fix.model_dump() for fix in study.fixes]
    new = [(comment, fields) for comment, fields in fixes if not _among(fields, has)]
    if new and has and "[[fixes]]" not in text:
        raise StudyError(
            "the Study writes its fixes as a list, fixes = […]; write them as [[fixes]] sections, "
            "then --write-fixes can add to them."
        )
    return text.rstrip("\n") + "\n" + "".join(_section(*each) for each in new)


def _among(fields: Mapping[str, Any], has: list[dict[str, Any]]) -> bool:
    def same(one: Mapping[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
        return one["operation"], list(one["columns"]), dict(one["arguments"])

    return any(same(fields) == same(each) for each in has)


def _section(comment: str, fields: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in fields.items() if value not in ([], {}, ())}
    lines = [f"{write_key(name)} = {write_value(value)}" for name, value in kept.items()]
    told = [f"# {_printable(line)}".rstrip() for line in comment.splitlines()]
    return "\n".join(["", *told, "[[fixes]]", *lines, ""])


def _printable(line: str) -> str:
    """What a comment may hold: a name in the data may carry control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in line)
