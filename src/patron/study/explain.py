"""What pydantic found wrong in a Study, in sentences with the file and the line."""

__all__ = ["Origin", "bracketed", "explain"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from patron.errors import nearest
from patron.study.sections import NAMED_BY, SETTABLE_ROLES
from patron.study.tomltext import write_value


@dataclass(frozen=True)
class Origin:
    """The file that a Study was read from, and the line of each of its keys."""

    path: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, key: str) -> str:
        """Where a key is written, or else the section that should have it."""
        if self.path is None:
            return ""
        line = self.line(key)
        return f"{self.path.name}, line {line}" if line else self.path.name

    def line(self, key: str) -> int | None:
        """The line of a key, or else of the section that should have it."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key)

    def say(self, key: str, sentence: str) -> str:
        """The sentence, led by the place of the key that it is about."""
        place = self.place(key)
        return f"{place}: {sentence}" if place else sentence[0].upper() + sentence[1:]


def bracketed(key: str) -> str:
    """A key as a reader of the file knows it.

    >>> bracketed("spend.target"), bracketed("fixes.0.columns"), bracketed("split")
    ('[spend] target', '[[fixes]] columns', '[split]')
    """
    section, _, rest = key.partition(".")
    if section == "fixes":
        return " ".join(["[[fixes]]", *rest.split(".", 1)[1:]])
    return f"[{section}] {rest}".rstrip()


def explain(error: ValidationError, study: type[BaseModel], origin: Origin) -> str:
    """One line for each thing that is wrong.

    A key that may be this or that fails as each of them, some at one of its parts: what is said is
    said of the largest part.
    """
    details = error.errors(include_url=False)
    found = [(*_problem(detail, study), len(detail["loc"])) for detail in details]
    least: dict[str, int] = {}
    for key, _, depth in found:
        least[key] = min(depth, least.get(key, depth))
    problems = [(key, sentence) for key, sentence, depth in found if depth == least[key]]
    problems.sort(key=lambda problem: origin.line(problem[0]) or 0)
    return "\n".join(dict.fromkeys(origin.say(key, sentence) for key, sentence in problems))


def _problem(detail: ErrorDetails, study: type[BaseModel]) -> tuple[str, str]:
    """The key that is wrong, and the sentence about it."""
    loc, kind = detail["loc"], detail["type"]
    path, holder, info = _walk(loc, study)
    if kind == "extra_forbidden" and len(path) == len(loc) - 1:
        wrong = str(loc[-1])
        return ".".join([*path, wrong]), _unknown(wrong, path, holder, study)
    key = ".".join(path)
    name = bracketed(key)
    if kind == "missing" and len(path) == len(loc):
        section, _, wanted = name.partition(" ")
        return key, f"{section} has no {wanted}; it must be {_must_be(info)}."
    if path == ["roles"] and len(loc) > 1:
        return f"roles.{loc[1]}", _wrong_role(str(loc[1]), detail["input"])
    return key, f"{name} is {_shown(detail['input'])}; it must be {_must_be(info)}."


def _walk(
    loc: tuple[int | str, ...], study: type[BaseModel]
) -> tuple[list[str], type[BaseModel], FieldInfo | None]:
    """As much of a location as names keys, with the section and the key that it ends in.

    What is left of it is pydantic's own: the branch of a union, the number of an item.
    """
    path: list[str] = []
    holder, info = study, None
    for part in loc:
        if isinstance(part, int) and path == ["fixes"]:
            path.append(str(part))
        elif isinstance(part, str) and part in holder.model_fields:
            path.append(part)
            info = holder.model_fields[part]
            model = _model_of(info)
            if model is None:
                break
            holder = model
        else:
            break
    return path, holder, info


def _model_of(info: FieldInfo) -> Any:
    """The section that a key holds, where it holds one."""
    candidates = (info.annotation, *get_args(info.annotation))
    sections = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    return sections[0] if sections else None


def _unknown(wrong: str, path: list[str], holder: type[BaseModel], study: type[BaseModel]) -> str:
    allowed = list(holder.model_fields)
    homes = [
        f"[{name}]"
        for name, info in study.model_fields.items()
        if (model := _model_of(info)) and wrong in model.model_fields
    ]
    if path:
        sentence, pattern = f'{bracketed(".".join(path))} has no key "{wrong}".', '"{}"'
    else:
        sentence, pattern = f"there is no section [{wrong}].", "[{}]"
    if homes:
        sentence += f' "{wrong}" is a key of {" and ".join(homes)}.'
    elif guess := nearest(wrong, allowed):
        sentence += f" The nearest is {pattern.format(guess)}."
    return f"{sentence} {'Keys' if path else 'Sections'}: {', '.join(allowed)}."


def _must_be(info: FieldInfo | None) -> str:
    if info is not None and info.description:
        return info.description
    model = _model_of(info) if info else None
    return f"a section with the keys {', '.join(model.model_fields)}" if model else "left out"


def _wrong_role(column: str, value: Any) -> str:
    sentence = f"[roles] {column} is {_shown(value)}, which is no role to set"
    named_by = {str(role): key for role, key in NAMED_BY.items()}
    if isinstance(value, str) and value in named_by:
        return f"{sentence}: {named_by[value]} names that column."
    roles = [str(role) for role in SETTABLE_ROLES]
    guess = nearest(value, roles) if isinstance(value, str) else None
    hint = f' The nearest is "{guess}".' if guess else ""
    return f"{sentence}.{hint} Roles: {', '.join(roles)}."


def _shown(value: Any) -> str:
    if not isinstance(value, str | int | float | list | tuple | dict) and not hasattr(
        value, "isoformat"
    ):
        return f"a {type(value).__name__}"
    text = write_value(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
