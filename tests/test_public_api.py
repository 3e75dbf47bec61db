"""What each module gives is exactly its `__all__`: nothing missing, nothing extra."""

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import patron
from patron.cli.commands import app

SOURCE = Path(patron.__file__).parent

# The order in which a reader meets the rooms; `patron.__all__` follows it.
PATH = [
    *("study", "worlds", "tables", "schema", "audit", "customers", "examine", "features", "split"),
    *("models", "metrics", "estimate", "pipeline", "report", "bundle", "score", "serve"),
    *("progress", "errors"),
]


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [
    module_name(path)
    for path in sorted(SOURCE.rglob("*.py"))
    if path.name == "__init__.py" or not path.name.startswith("_")
]
PACKAGES = [name for name in MODULES if (SOURCE.parent / name.replace(".", "/")).is_dir()]


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def defined_here(module: ModuleType) -> set[str]:
    """The public classes and functions of `module`, less the commands: `app` gives those."""
    commands = {each.callback for each in app.registered_commands}
    return {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
        and thing not in commands
    }


def re_exported(module: ModuleType) -> set[str]:
    """The public names that a package takes from its own modules and does not use itself."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    own = f"{module.__name__}."
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        and (node.level or f"{node.module}.".startswith(own))
        and node.module not in (None, module.__name__)
        for alias in node.names
        if not alias.name.startswith("_") and (alias.asname or alias.name) not in used
    }


@pytest.mark.parametrize("name", MODULES)
def test_all_names_what_is_there(name: str) -> None:
    module = load(name)
    assert len(module.__all__) == len(set(module.__all__)), "a name is listed twice"
    assert [each for each in module.__all__ if not hasattr(module, each)] == []
    assert [each for each in module.__all__ if each.startswith("_") and each != "__version__"] == []


@pytest.mark.parametrize("name", MODULES)
def test_nothing_public_is_left_out(name: str) -> None:
    module = load(name)
    assert defined_here(module) - set(module.__all__) == set()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_lists_what_it_takes_from_its_modules(name: str) -> None:
    module = load(name)
    assert re_exported(module) - set(module.__all__) == set()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_gives_only_what_its_modules_give(name: str) -> None:
    """A re-exported name is public where it is defined, too."""
    module = load(name)
    for each in module.__all__:
        home = getattr(getattr(module, each), "__module__", None)
        if isinstance(home, str) and home.startswith("patron.") and home != name:
            assert each in load(home).__all__, f"{home}.__all__ lacks {each}"


def test_the_front_names_the_rooms_in_the_order_of_the_path() -> None:
    homes = [getattr(getattr(patron, name), "__module__", "") for name in patron.__all__]
    rooms = [home.split(".")[1] for home in homes if home.startswith("patron.")]
    assert rooms == sorted(rooms, key=PATH.index)


def test_star_import_of_patron_gives_its_public_names() -> None:
    space: dict[str, object] = {}
    exec("from patron import *", space)
    assert set(patron.__all__) <= space.keys()
