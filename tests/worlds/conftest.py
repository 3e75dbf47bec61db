"""The worlds of the mechanism, drawn once for all tests."""

import pytest

from patron.worlds import World, make

NAMES = ("marketplace", "retailer", "shop")


@pytest.fixture(scope="session", params=NAMES)
def world(request: pytest.FixtureRequest) -> World:
    return make(request.param, rows=20_000, seed=7)
