"""Text, bytes and folders: whole, or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patron.errors import TableError
from patron.tables import new_folder, write_bytes, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(
    path: Path,
    error: type[BaseException] | None = None,
    replaces: Callable[[Path], bool] | None = None,
) -> None:
    """Make a new folder with the file `new` in it, unless `error` comes between."""
    with new_folder(path, replaces) if replaces else new_folder(path) as folder:
        write_text(folder / "new", "x")
        if error:
            raise error


def test_text_and_bytes(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "café")
    assert (tmp_path / "a").read_bytes() == "café".encode()
    write_bytes(tmp_path / "a", b"\x00\x01")
    assert (tmp_path / "a").read_bytes() == b"\x00\x01"
    assert names(tmp_path) == ["a"]


def test_the_file_is_flushed_before_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        steps.append(("fsync", name.rpartition(".")[2]))
        fsync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        steps.append(("rename", target.name))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_text(tmp_path / "a", "x")
    assert steps == [("fsync", "new"), ("rename", "a"), ("fsync", tmp_path.name)]


def test_a_target_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        write_text(tmp_path, "x")
    assert str(caught.value) == f"{tmp_path} is a folder; give the name of a file to write"


def test_a_folder_that_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, whom no permission stops.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(TableError) as caught:
        write_text(tmp_path / "a", "x")
    assert str(caught.value) == f"the folder {tmp_path} is not writable; a was not written"


def test_what_the_file_system_refuses_is_a_sentence() -> None:
    with pytest.raises(TableError) as caught:
        write_text("/proc/patron.txt", "x")
    assert str(caught.value) == ("/proc/patron.txt could not be written: No such file or directory")


def test_a_new_folder_appears_at_the_end(tmp_path: Path) -> None:
    with new_folder(tmp_path / "run") as folder:
        write_text(folder / "a", "x")
        (folder / "inner").mkdir()
        assert not (tmp_path / "run").exists()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["a", "inner"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_exception_leaves_no_folder_and_the_old_one(
    error: type[BaseException], tmp_path: Path
) -> None:
    with pytest.raises(error):
        fill(tmp_path / "run", error)
    assert names(tmp_path) == []
    (tmp_path / "run").mkdir()
    write_text(tmp_path / "run" / "old", "x")
    with pytest.raises(error):
        fill(tmp_path / "run", error, lambda old: True)
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["old"]


def test_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with new_folder(tmp_path / "run") as folder:
        write_text(folder / "a", "x")
    assert names(tmp_path / "run") == ["a"]
    assert names(tmp_path) == ["run"]


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_text(run / "thesis.tex", "x")
    # It is refused before the work: the error of the block is not reached.
    with pytest.raises(TableError) as caught:
        fill(run, ValueError, lambda old: (old / "results.json").exists())
    assert str(caught.value) == (
        f"{run} is not empty, and what it holds was not written by this command; "
        "give another name, or remove it first"
    )
    assert names(run) == ["thesis.tex"]


def test_a_folder_that_holds_the_marker_is_replaced_whole(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_text(run / "results.json", "{}")
    write_text(run / "stale", "x")
    with new_folder(run, lambda old: (old / "results.json").exists()) as folder:
        write_text(folder / "results.json", "{}")
        assert names(run) == ["results.json", "stale"]
    assert names(run) == ["results.json"]
    assert names(tmp_path) == ["run"]


def test_the_old_folder_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_text(run / "old", "x")
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path.name.endswith(".new"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(TableError, match="run could not be written: Input/output error"):
        fill(run, replaces=lambda old: True)
    assert names(run) == ["old"]
    assert names(tmp_path) == ["run"]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    write_text(tmp_path / "run", "x")
    with pytest.raises(TableError, match="is a file; give the name of a folder to write"):
        fill(tmp_path / "run")


def test_a_missing_parent(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no does not exist; make it first"):
        fill(tmp_path / "no" / "run")
