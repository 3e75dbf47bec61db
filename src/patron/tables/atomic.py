"""Write beside, flush to disk, rename: a target holds the old content or the new, never half."""

__all__ = ["aside", "new_folder", "replacement", "told", "write_bytes", "write_text"]

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from patron.errors import TableError


@contextmanager
def replacement(target: str | Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; it takes `target`'s place when the block ends well.

    After any exception, KeyboardInterrupt too, it is removed and an old target stays. A process
    that is killed outright may leave the hidden file `.NAME.….new`; the target is untouched.
    """
    path = _writable(target)
    if path.is_dir():
        raise TableError(f"{path} is a folder; give the name of a file to write")
    beside = aside(path, "new")
    try:
        yield beside
        with told(path):
            _fsync(beside)
            beside.replace(path)
            _fsync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacement(path) as beside, told(path):
        beside.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


@contextmanager
def new_folder(path: str | Path, replaces: Callable[[Path], bool] = _is_empty) -> Iterator[Path]:
    """Yield a new folder beside `path`; it takes `path`'s place when the block ends without error.

    An existing folder is replaced only if `replaces` says so of it; as a rule, only an empty one.
    Between the two renames of a replacement there is a moment without `path`: a process killed
    right then leaves the old folder complete under `.NAME.….old`.
    """
    path = _writable(path)
    if path.exists() and not path.is_dir():
        raise TableError(f"{path} is a file; give the name of a folder to write")
    if path.exists() and not _is_empty(path) and not replaces(path):
        raise TableError(
            f"{path} is not empty, and what it holds was not written by this command; "
            "give another name, or remove it first"
        )
    beside, old = aside(path, "new"), aside(path, "old")
    try:
        with told(path):
            beside.mkdir()
        yield beside
        with told(path):
            _fsync_tree(beside)
            if path.exists():
                path.rename(old)
            beside.rename(path)
            _fsync(path.parent)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        for leftover in (beside, old):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def told(target: str | Path) -> Iterator[None]:
    """Turn what the file system refuses within the block into a sentence about `target`."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise TableError(f"{target} could not be written: {reason}") from error


def aside(path: Path, suffix: str) -> Path:
    """A hidden, unused name in the folder of `path`, so that a rename stays on one file system."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{suffix}")


def _writable(target: str | Path) -> Path:
    # A link is followed: its target is replaced and the link stays.
    path = Path(target).expanduser().resolve()
    if path.parent.is_file():
        raise TableError(f"{path.parent} is a file, not a folder; {path.name} was not written")
    if not path.parent.is_dir():
        raise TableError(f"the folder {path.parent} does not exist; make it first, or give another")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TableError(f"the folder {path.parent} is not writable; {path.name} was not written")
    return path


def _fsync_tree(folder: Path) -> None:
    for inside in folder.rglob("*"):
        _fsync(inside)
    _fsync(folder)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
