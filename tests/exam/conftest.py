"""The harness of the examination, which `benchmarks/exam.py` uses too."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def harness() -> ModuleType:
    import harness

    return harness
