"""The record of evidence: figures land between the markers, unless a test fails."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

PROOF = """
def test_coverage(evidence):
    evidence("coverage", 0.95123, "200 draws")
    assert {passes}
"""
PAGE = "# Evidence\n\nWords.\n<!-- evidence:start -->\nold\n<!-- evidence:end -->\nMore words.\n"


def run_pytest(folder: Path, *, passes: bool, workers: int = 0) -> str:
    conftest = Path(__file__).with_name("conftest.py").read_text("utf-8")
    (folder / "conftest.py").write_text(conftest, "utf-8")
    (folder / "test_proof.py").write_text(PROOF.format(passes=passes), "utf-8")
    (folder / "page.md").write_text(PAGE, "utf-8")
    arguments = ["-q", "-p", "no:cacheprovider", "-n", str(workers), "--evidence", "page.md"]
    subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=folder, capture_output=True)
    return (folder / "page.md").read_text("utf-8")


def test_figures_of_passing_tests_replace_the_old_section(tmp_path: Path) -> None:
    page = run_pytest(tmp_path, passes=True, workers=1)  # as `make truth` does, beside a collector
    assert page.startswith("# Evidence\n\nWords.\n<!-- evidence:start -->\nWritten on ")
    assert page.endswith("<!-- evidence:end -->\nMore words.\n")
    assert "old" not in page
    assert str(dt.datetime.now(dt.UTC).year) in page
    assert "--evidence page.md" in page
    assert "| coverage | 0.9512 | 200 draws | `test_proof.py::test_coverage` |" in page


def test_a_failing_test_leaves_the_page_as_it_was(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, passes=False) == PAGE
