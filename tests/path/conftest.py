"""One run on a small world, shared by the tests of what comes after the models."""

import datetime as dt
from pathlib import Path

import pytest

from patron.pipeline import Run, run
from patron.study import Study
from patron.worlds import World, make

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def world() -> World:
    return make("corner", rows=3000, seed=11)


@pytest.fixture(scope="session")
def done(world: World, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("shop")
    world.write(folder)
    study = Study.load(folder / "patron.toml")
    return run(study, folder / "out", created=CREATED, truth=world.truth)


@pytest.fixture
def bundle_folder(done: Run) -> Path:
    return done.folder / "bundle"
