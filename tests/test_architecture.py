"""The rules of the floor plan, read from the source: who imports whom, and what no file may do."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "patron"
FILES = sorted(SOURCE.rglob("*.py"))
Check = Callable[[Path, str], list[str]]

# A module may import its own room and the rooms above it.
ROOMS = [
    "errors",
    "estimate",
    "progress",
    "schema",
    "study",
    "tables",
    "worlds",
    "audit",
    "features",
    "customers",
    "examine",
    "split",
    "metrics",
    "models",
    "bundle",
    "score",
    "report",
    "serve",
    "audit_path",
    "purchase_path",
    "spend_path",
    "months_path",
    "segments_path",
    "comparison_path",
    "pipeline",
    "cli",
]

HEAVY = {
    "duckdb",
    "flask",
    "ibis",
    "jinja2",
    "lightgbm",
    "pandas",
    "pydantic",
    "scipy",
    "sklearn",
    "waitress",
}

# Heavy imports at module level, each with its reason. Whatever imports such a module does so inside
# a function, which `test_import_is_light` in test_start_time.py holds.
ALLOWED = {
    ("study", "pydantic"): "its sections are pydantic classes; `import patron` does not load it",
    ("serve", "flask"): "the room is the Flask application; loaded by `patron serve` only",
    ("serve", "pydantic"): "bodies of requests are pydantic classes; loaded by `patron serve` only",
}

# They read arbitrary objects, or run text as code. No data needs that.
FORBIDDEN_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
FORBIDDEN_CALLS = {"__import__", "compile", "eval", "exec"}

SCORING_PATH = (
    "patron.bundle",
    "patron.score",
    "patron.features.encode",
    "patron.models.purchase",
    "patron.audit.ledger",
)
NOT_FOR_SCORING = ("sklearn", "pandas", "ibis", "lightgbm", "scipy.stats")


def module_name(path: Path) -> str:
    """`patron.features.encode` for its file; `patron` for the package itself."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST, module: str, *, package: bool) -> Iterator[tuple[str, int]]:
    """Every module that is imported anywhere below `tree`, as a full name, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: None if package and node.level == 1 else -node.level]
                base = ".".join([*parents, *filter(None, [base])])
            if base == "patron":  # `from patron import tables` imports the room, not the package
                yield from ((f"patron.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield base, node.lineno


def at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run on import: not the bodies of functions, nor `if TYPE_CHECKING`."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            waiting += statement.orelse
            continue
        yield statement
        waiting += [
            child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)
        ]


def upward_imports(path: Path, text: str) -> list[str]:
    """The imports of a file that point up the list, or to a room that is not on it."""
    module = module_name(path)
    if module in ("patron", "patron.__main__"):  # the two doors, to everything and to the command
        return []
    room = module.split(".")[1]
    seen = ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else []
    package = path.name == "__init__.py"
    return [
        f"{named(path)}:{line} imports {name}"
        for name, line in imports(ast.parse(text), module, package=package)
        if name.split(".")[0] == "patron"
        and name != "patron.__version__"
        and (name == "patron" or name.split(".")[1] not in seen)
    ]


def heavy_imports(path: Path, text: str) -> list[str]:
    """The heavy libraries that importing a file would import, less the allowed ones."""
    module = module_name(path)
    room = module.split(".")[1] if "." in module else ""
    found = []
    for statement in at_module_level(ast.parse(text)):
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        for name, line in imports(statement, module, package=path.name == "__init__.py"):
            library = name.split(".")[0]
            if library in HEAVY and not {(room, library), (module, library)} & ALLOWED.keys():
                found.append(f"{named(path)}:{line} imports {library}")
    return found


def code_runners(path: Path, text: str) -> list[str]:
    """Where a file could run what it reads."""
    tree = ast.parse(text)
    found = [
        f"{named(path)}:{line} imports {name}"
        for name, line in imports(tree, module_name(path), package=path.name == "__init__.py")
        if name.split(".")[0] in FORBIDDEN_MODULES
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                found.append(f"{named(path)}:{node.lineno} calls {node.func.id}")
            if any(keyword.arg == "allow_pickle" for keyword in node.keywords):
                found.append(f"{named(path)}:{node.lineno} passes allow_pickle")
    return found


def form_faults(path: Path, text: str) -> list[str]:
    """What a module lacks of: a docstring that opens with one sentence, and `__all__`."""
    tree = ast.parse(text)
    first, _, rest = (ast.get_docstring(tree) or "").partition("\n")
    faults = []
    if not re.fullmatch(r"[^\s].*[.:]", first) or (rest and not rest.startswith("\n")):
        faults.append(f"{named(path)} does not open with a one-line docstring")
    private = path.stem.startswith("_") and path.stem != "__init__"
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    if not private and "__all__" not in names:
        faults.append(f"{named(path)} has no __all__")
    return faults


@pytest.mark.parametrize("check", [upward_imports, heavy_imports, code_runners, form_faults])
def test_the_source_keeps_the_rule(check: Check) -> None:
    faults = [fault for path in FILES for fault in check(path, path.read_text("utf-8"))]
    assert not faults, "\n".join(faults)


# The rules above hold in a clean tree whatever they look at; these show that they look.
BREACHES = [
    (upward_imports, "split.py", "import patron.models.purchase"),
    (upward_imports, "split.py", "from patron.models import purchase"),
    (upward_imports, "split.py", "from patron import models"),
    (upward_imports, "split.py", "from . import models"),
    (upward_imports, "features/events.py", "from ..models.purchase import PurchaseModel"),
    (upward_imports, "split.py", "def f():\n    from patron.cli import main"),
    (upward_imports, "split.py", "if TYPE_CHECKING:\n    from patron.score import Scores"),
    (upward_imports, "split.py", "import patron"),
    (upward_imports, "attic.py", "from patron.errors import UserError"),
    (heavy_imports, "split.py", "import scipy.stats as stats"),
    (heavy_imports, "split.py", "class A:\n    from pandas import DataFrame"),
    (heavy_imports, "split.py", "try:\n    import lightgbm\nexcept ImportError:\n    pass"),
    (code_runners, "split.py", "def f():\n    import pickle"),
    (code_runners, "split.py", "eval('1')"),
    (code_runners, "split.py", "np.load(path, allow_pickle=True)"),
    (form_faults, "split.py", '"""A sentence."""'),
    (form_faults, "split.py", "__all__ = []"),
    (form_faults, "split.py", '"""Not\none line."""\n__all__ = []'),
]
ALRIGHT = [
    (upward_imports, "split.py", "from patron.errors import UserError\nfrom patron.split import a"),
    (upward_imports, "features/events.py", "from .encode import Encoder\nfrom . import labels"),
    (upward_imports, "split.py", "from patron import __version__, errors"),
    (heavy_imports, "split.py", "def f():\n    import pandas"),
    (heavy_imports, "split.py", "if TYPE_CHECKING:\n    import pandas"),
    (heavy_imports, "serve/app.py", "import pydantic"),
    (code_runners, "split.py", "frame.eval('a + b')\nre.compile('a')"),
    (form_faults, "_private.py", '"""A sentence."""'),
]


@pytest.mark.parametrize(("check", "path", "text"), BREACHES)
def test_a_breach_is_seen(check: Check, path: str, text: str) -> None:
    assert check(SOURCE / path, text)


@pytest.mark.parametrize(("check", "path", "text"), ALRIGHT)
def test_what_is_allowed_is_not_a_breach(check: Check, path: str, text: str) -> None:
    assert check(SOURCE / path, text) == []


def test_the_rooms_are_those_of_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    block = page.partition("Import order, top to bottom")[2].partition("\nImporting ")[0]
    lines = [line.split("(")[0] for line in block.splitlines() if line.startswith("    ")]
    assert [room for line in lines for room in re.findall(r"\w+", line)] == ROOMS


def test_allowed_heavy_imports_are_all_used() -> None:
    for (place, library), reason in ALLOWED.items():
        paths = [path for path in FILES if f"{module_name(path)}.".startswith(f"patron.{place}.")]
        assert not paths or any(library in path.read_text("utf-8") for path in paths), reason


def test_files_are_short() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_scoring_imports_no_training_library() -> None:
    code = (
        f"import sys, {', '.join(SCORING_PATH)}\n"
        f"print(*(name for name in {NOT_FOR_SCORING} if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr
