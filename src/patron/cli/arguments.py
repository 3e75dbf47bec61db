"""What the commands share: their common options, and how they read and check their arguments."""

__all__ = [
    "BundlePath",
    "Quiet",
    "Seed",
    "StudyPath",
    "Table",
    "Threads",
    "a_day",
    "is_world",
    "load_study",
    "not_here",
    "now",
    "read_token",
    "seen_from",
    "spare",
    "spare_others",
]

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from patron.errors import UserError

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Threads = Annotated[int | None, typer.Option(min=1, help="How many threads to use.")]
Seed = Annotated[int | None, typer.Option(min=0, help="The seed of every random number.")]
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="A patron.toml.")]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A folder that `run` wrote.")]
Table = Annotated[str, typer.Argument(metavar="TABLE", help="A file, or the URL of a database.")]


def load_study(path: Path, seed: int | None, threads: int | None) -> Any:
    """The Study, with the seed and the threads that the command was given."""
    from patron.study import Study

    return Study.load(path).with_run(seed=seed, threads=threads)


def is_world(folder: Path) -> bool:
    """Whether all that the folder holds was written for a world, as far as the names tell.

    A table with its Study alone is somebody's work: every world has a world.json beside them.
    """
    names = {"table.parquet", "truth.parquet", "patron.toml", "world.json", "events"}
    return {"world.json"} <= {each.name for each in folder.iterdir()} <= names


def now() -> datetime:
    """The time at the edge: only the commands look at the clock."""
    from datetime import UTC

    return datetime.now(UTC)


def seen_from(table: str, study: Path) -> str:
    """The table's path as a Study at `study` has to name it."""
    import os

    if "://" in table:
        return table
    path, mark, query = table.partition("?")
    return Path(os.path.relpath(path, study.absolute().parent)).as_posix() + mark + query


def a_day(text: str) -> date:
    """The date that --as-of names."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f'--as-of is a date such as 2011-11-01, not "{text}".') from None


def spare(out: str | Path, option: str = "--out", **reads: str | Path | None) -> None:
    """Refuse to write the result over a file that the command reads, each under what it is."""
    for what, each in reads.items():
        if each is not None and _is_same(each, out):
            raise UserError(f"{option} {out} is the {what} that is read; name another file.")


def spare_others(json_file: Path) -> None:
    """Refuse to replace a file that no audit has written."""
    from patron.audit_path import is_audit

    path = json_file.expanduser()
    if path.is_file() and not is_audit(path):
        raise UserError(f"--json {json_file} exists, and no audit wrote it; name another file.")


def _is_same(read: str | Path, out: str | Path) -> bool:
    """Whether both name one file; of a database, one table may be read and another written."""
    from patron.tables.place import parse_place

    place = parse_place(str(read))
    if place and not parse_place(str(out)):
        read = place.address
    first, second = (Path(each).expanduser().resolve() for each in (read, out))
    return first == second or (first.exists() and second.exists() and first.samefile(second))


def not_here(out: Path) -> None:
    """Refuse to replace the folder that the user's shell is in: it would stand in nothing."""
    if out.resolve() == Path.cwd():
        raise UserError(f"--out {out} is the folder that you are in; name one inside it.")


def read_token(file: Path | None) -> str | None:
    """The token in a file; None without a file."""
    if file is None:
        return None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the token file {file} cannot be read: {error}.") from error
    if not token:
        raise UserError(f"the token file {file} is empty; put one line with the token into it.")
    return token
