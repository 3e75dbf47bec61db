"""The documents say what is so: their examples run, their links lead somewhere, nothing is missing.

In a fenced block, `python` is run, and so is each `$ patron …` line of `console`; then come the
`>>>` examples outside fences. All of a file share a temporary folder and their Python names.
`# exit 1` after a command is the exit code that it must end with. `toml` is read as a Study where
it looks like one. `no-run` excuses a block.
"""

import doctest
import functools
import re
import shlex
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from patron.audit import CHECKS
from patron.audit.operations import OPERATIONS
from patron.cli.commands import app
from patron.study import Study

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
COMMANDS = [each.callback.__name__ for each in app.registered_commands if each.callback]
MOST_EXCUSED = 6  # blocks of all pages together that may say `no-run`
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: the first word after the fence, the others, its text and its first line."""

    language: str
    marks: tuple[str, ...]
    body: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    for match in FENCE.finditer(text):
        language, *marks = match["info"].split() or [""]
        yield Block(language, tuple(marks), match["body"], text.count("\n", 0, match.start()) + 1)


def commands(body: str) -> Iterator[tuple[list[str], int]]:
    """Each `$` line of a console block as words, and the exit code that is expected."""
    for line in re.sub(r"\\\n\s*", " ", body).splitlines():
        if line.startswith("$ "):
            code = re.search(r"# exit (\d)\s*$", line)
            yield shlex.split(line[2:], comments=True), int(code[1]) if code else 0


def run_command(words: list[str], expected: int, where: str) -> None:
    assert words[0] == "patron", f"{where}: only patron commands run here; use sh or no-run"
    program = str(Path(sysconfig.get_path("scripts")) / "patron")
    run = subprocess.run(
        [program, *words[1:]], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300
    )
    message = f"{where}: {shlex.join(words)} ended with {run.returncode}, not {expected}"
    assert run.returncode == expected, f"{message}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"


def run_examples(text: str, space: dict[str, Any], where: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, space, where, where, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, clear_globs=False)
    space.update(test.globs)
    assert runner.failures == 0, where


def run_python(block: Block, space: dict[str, Any], where: str) -> None:
    if ">>> " in block.body:
        run_examples(block.body, space, where)
    else:
        exec(compile("\n" * block.line + block.body, where, "exec"), space)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


RUNNABLE = [
    page
    for page in PAGES
    if ">>> " in page.read_text("utf-8")
    or any(each.language in ("python", "console") for each in blocks(page.read_text("utf-8")))
]


@pytest.mark.parametrize("page", RUNNABLE, ids=page_id)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page.read_text("utf-8")):
        where = f"{page_id(page)}:{block.line}"
        if "no-run" in block.marks:
            continue
        if block.language == "python":
            run_python(block, space, where)
        elif block.language == "console":
            for words, expected in commands(block.body):
                run_command(words, expected, where)
    run_examples(FENCE.sub("", page.read_text("utf-8")), space, page_id(page))


def test_few_blocks_are_excused() -> None:
    excused = [
        f"{page_id(page)}:{block.line}"
        for page in PAGES
        for block in blocks(page.read_text("utf-8"))
        if "no-run" in block.marks
    ]
    assert len(excused) <= MOST_EXCUSED, excused


def test_no_patron_command_hides_in_a_block_that_is_not_run() -> None:
    hidden = [
        f"{page_id(page)}:{block.line}"
        for page in PAGES
        for block in blocks(page.read_text("utf-8"))
        if block.language not in ("console", "python") and "no-run" not in block.marks
        if re.search(rf"^(\$ )?patron ({'|'.join(COMMANDS)})\b", block.body, re.MULTILINE)
    ]
    assert hidden == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_toml_blocks_are_valid_studies(page: Path) -> None:
    for block in blocks(page.read_text("utf-8")):
        if block.language == "toml" and "no-run" not in block.marks:
            content = tomllib.loads(block.body)
            if "table" in content or "events" in content:
                Study(**content)


@functools.cache
def anchors(page: Path) -> frozenset[str]:
    """What `#…` may follow the page's name: headings as GitHub turns them, and explicit ids."""
    text = FENCE.sub("", page.read_text("utf-8"))
    found: list[str] = re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)
    seen: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+?) *#*$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"<[^>]+>", "", heading))
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        again = seen[slug] = seen.get(slug, -1) + 1
        found.append(f"{slug}-{again}" if again else slug)
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text("utf-8")))
    broken = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_every_page_of_the_docs_is_reached_from_its_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    linked = {target.partition("#")[0] for target in LINK.findall(index)}
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES if "docs" in page.parts}
    assert pages - linked - {"index.md"} == set()


def test_every_check_has_its_anchor() -> None:
    pages = sorted((ROOT / "docs" / "checks").glob("*.md"))
    there = [anchor.upper() for page in pages for anchor in anchors(page)]
    assert [check.code for check in CHECKS if there.count(check.code) != 1] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_and_its_arguments_are_explained(name: str) -> None:
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    [row] = [line for line in page.splitlines() if re.match(rf"\| [^|]*`{name}`", line)]
    operation = OPERATIONS[name]
    arguments = operation.required + operation.optional
    assert [each for each in arguments if f"`{each}`" not in row and f"`{each} =" not in row] == []
    assert row.rstrip(" |").endswith("runs" if operation.everywhere else "skipped")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The pydantic classes that a field's type mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def part_of_section(page: str, name: str) -> str:
    """The text of the study page from the heading that names `[name]` to the next such heading."""
    parts = re.split(r"^(?=#+ .*\[\w+\])", page, flags=re.MULTILINE)
    return "".join(part for part in parts if f"[{name}]" in part.partition("\n")[0])


@pytest.mark.parametrize("name", Study.model_fields)
def test_every_key_of_the_study_is_explained(name: str) -> None:
    part = part_of_section((ROOT / "docs" / "study.md").read_text("utf-8"), name)
    assert part, f"docs/study.md has no heading with [{name}]"
    keys = [
        key
        for model in models_in(Study.model_fields[name].annotation)
        for key in model.model_fields
    ]
    assert [key for key in keys if not re.search(rf"`{key}`|^{key} = ", part, re.MULTILINE)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown(command: str) -> None:
    assert any(re.search(rf"patron {command}\b", page.read_text("utf-8")) for page in PAGES)
