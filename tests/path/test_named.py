"""No reason, effect or importance names a column that the model may not see."""

from collections.abc import Iterator
from typing import Any

import pytest

from patron.models.phrases import phrase
from patron.pipeline import Run, run
from patron.schema import Role
from patron.score import score_table
from patron.study import Study
from patron.worlds import World, make

from .conftest import CREATED

LEAKS = ["answer_with_noise", "changed_by_contact", "dates_after_snapshot", "near_unique_id"]
NEVER = (Role.ENTITY, Role.TARGET, Role.FUTURE, Role.OUTCOME, Role.IDENTIFIER, Role.IGNORE)


@pytest.fixture(scope="module")
def leaky() -> World:
    return make("marketplace", rows=3000, seed=5, faults=LEAKS)


@pytest.fixture(scope="module")
def mended(leaky: World, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("leaky")
    leaky.write(folder)
    text = (folder / "patron.toml").read_text()
    text = text.replace("[purchase]", '[purchase]\neffort = "quick"')
    (folder / "patron.toml").write_text(text + '\n[roles]\ncity = "ignore"\n')
    return run(Study.load(folder / "patron.toml"), folder / "out", created=CREATED)


def forbidden(done: Run) -> set[str]:
    """What a fix dropped, and what has a role that no model may see."""
    dropped = {
        name
        for fix in done.bundle.ledger.fixes
        if fix.operation == "drop_column"
        for name in fix.columns
    }
    return dropped | set(done.bundle.schema.names(*NEVER))


def texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        part = [*part, *part.values()]
    if isinstance(part, list):
        for each in part:
            yield from texts(each)
    elif isinstance(part, str):
        yield part


def test_planted_leaks_are_kept_from_the_model(leaky: World, mended: Run) -> None:
    planted = {name for fault in leaky.faults for name in fault.columns}
    assert planted & forbidden(mended)
    assert {"city", "customer_id", "purchased_next_30d"} <= forbidden(mended)
    assert not forbidden(mended) & set(mended.bundle.features)


def test_no_reason_names_one(leaky: World, mended: Run) -> None:
    scores = score_table(mended.bundle, leaky.table, scored_at=CREATED, reasons=True).table
    told = {
        r.rpartition(" point")[0] for row in scores["purchase_reasons"].to_pylist() for r in row
    }
    assert told
    for name in forbidden(mended):
        for role in (Role.NUMBER, Role.CATEGORY, Role.FLAG, Role.DATE):
            said = phrase(name, role)
            starts = (f"{said.label} ", f"{said.label}:")
            assert not any(each.startswith(starts) for each in told), name
            assert not said.after or not any(said.after + ":" in each for each in told), name


def test_no_effect_and_no_importance_names_one(mended: Run) -> None:
    purchase = mended.results["purchase"]
    named = set(texts([purchase["effects"], purchase.get("interactions")]))
    assert set(mended.bundle.features) & named
    assert not forbidden(mended) & named
