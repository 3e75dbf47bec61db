"""The keys of [purchase] that shape the model: from the Study through the whole path."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import StudyError
from patron.pipeline import Run, run
from patron.study import Study
from patron.worlds import World, make

from .conftest import CREATED

TARGET = "purchased_next_30d"


@pytest.fixture(scope="module")
def shop() -> World:
    return make("corner", rows=1200, seed=8)


def study(shop: World, **purchase: Any) -> Study:
    return Study(
        table={"path": shop.table, "entity": "customer_id"},
        purchase={"target": TARGET, "effort": "quick", **purchase},
    )


def walked(folder: Path, shop: World, **purchase: Any) -> Run:
    return run(study(shop, **purchase), folder / "out", created=CREATED)


def names(done: Run) -> set[str]:
    return {each["name"] for each in done.results["purchase"]["candidates"]}


def test_learners_that_are_named_are_those_that_are_tried(shop: World, tmp_path: Path) -> None:
    done = walked(tmp_path, shop, learners=["logistic"])
    assert "logistic" in names(done)
    assert not {"glass_box", "trees", "blend"} & names(done)
    (chosen,) = [each for each in done.results["purchase"]["candidates"] if each["chosen"]]
    assert chosen["name"] == "logistic"


def test_quick_tries_all_learners_and_their_blend_once(shop: World, tmp_path: Path) -> None:
    done = walked(tmp_path, shop)
    assert {"logistic", "glass_box", "trees", "blend"} <= names(done)
    assert done.results["purchase"]["cross_validated"]["roc_auc"]["n"] == 960


def test_monotone_columns_only_rise_or_fall_in_the_bundle(shop: World, tmp_path: Path) -> None:
    rising, falling = numbers(shop)[:2]
    done = walked(tmp_path, shop, monotone={rising: "rising", falling: "falling"})
    for name, sign in ((rising, 1), (falling, -1)):
        p = along(done, shop, name)
        assert (sign * np.diff(p, axis=1) >= -1e-9).all(), name


def numbers(shop: World) -> list[str]:
    """Columns of the world that are whole or real numbers, without the target."""
    return [
        field.name
        for field in shop.table.schema
        if (pa.types.is_floating(field.type) or pa.types.is_integer(field.type))
        and field.name not in (TARGET, "customer_id")
        and len(shop.table[field.name].unique()) > 20
    ]


def along(done: Run, shop: World, name: str) -> np.ndarray:
    """The chances of 20 customers, were the column each of 15 values that customers have."""
    values = shop.table[name].drop_null().to_numpy()
    grid = np.unique(np.quantile(values, np.linspace(0, 1, 15), method="nearest"))
    place = shop.table.column_names.index(name)
    kind = shop.table.schema.field(name)
    every = []
    for value in grid:
        same = pa.array(np.full(20, value), kind.type)
        table = shop.table.slice(0, 20).set_column(place, kind, same)
        every.append(done.bundle.purchase.predict_proba(done.bundle.encoder.transform(table)))
    return np.column_stack(every)


def test_a_capacity_sets_the_threshold_that_leaves_so_many(shop: World, tmp_path: Path) -> None:
    done = walked(tmp_path, shop, learners=["logistic"], threshold={"capacity": 240})
    found = done.results["purchase"]["threshold"]
    assert found["method"] == "quantile, by its rank"
    assert found["low"] <= found["value"] <= found["high"]
    p = done.bundle.purchase.predict_proba(done.bundle.encoder.transform(shop.table))
    # 240 of 1,200; of these, 240 were not seen in training and 960 are scored by the final fit.
    assert (p >= found["value"]).mean() == pytest.approx(0.2, abs=0.03)


def test_a_capacity_is_a_share_of_the_latest_date(shop: World, tmp_path: Path) -> None:
    """Each customer at four dates: 60 contacts are a fifth of the 300 customers of one date."""
    days = [dt.date(2025, month, 1) for month in (1, 2, 3, 4)] * 300
    table = shop.table.append_column("day", pa.array(days))
    asked = Study(
        table={"path": table, "entity": "customer_id", "as_of": "day"},
        purchase={
            "target": TARGET,
            "effort": "quick",
            "learners": ["logistic"],
            "threshold": {"capacity": 60},
            "horizon_days": 28,
        },
    )
    done = run(asked, tmp_path / "out", created=CREATED)
    p = done.bundle.purchase.predict_proba(done.bundle.encoder.transform(table))
    share = (p >= done.results["purchase"]["threshold"]["value"]).mean()
    assert share == pytest.approx(0.2, abs=0.04)


def test_costs_set_the_threshold(shop: World, tmp_path: Path) -> None:
    costs = {"contact_cost": 0.7, "purchase_value": 2.0}
    done = walked(tmp_path, shop, learners=["logistic"], threshold=costs)
    assert done.results["purchase"]["threshold"]["value"] == pytest.approx(0.35)


@pytest.mark.parametrize("name", [TARGET, "no_such_column"])
def test_only_a_number_of_the_features_can_be_monotone(
    name: str, shop: World, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match=rf"monotone names {name}, which is not a number that"):
        walked(tmp_path, shop, monotone={name: "rising"})
    assert not (tmp_path / "out").exists()


def test_a_near_miss_of_a_monotone_column_is_named(shop: World, tmp_path: Path) -> None:
    name = numbers(shop)[0]
    with pytest.raises(StudyError, match=f'The nearest is "{name}"'):
        walked(tmp_path, shop, monotone={name[:-1]: "rising"})


def test_a_bundle_that_asks_for_xgboost_is_scored_without_it(
    shop: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xgboost", reason="the extra `xgboost` is not installed")
    done = walked(tmp_path, shop, learners=["xgboost"])
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    p = done.bundle.purchase.predict_proba(done.bundle.encoder.transform(shop.table))
    assert 0 < p.min() < p.max() < 1
    assert "xgboost" in names(done)


def test_evidence_is_shown_by_the_columns_that_are_asked_for(shop: World, tmp_path: Path) -> None:
    drop = [{"operation": "drop_column", "columns": ["city"], "because": "too many levels"}]
    asked = Study(
        table={"path": shop.table, "entity": "customer_id"},
        purchase={"target": TARGET, "learners": ["logistic"], "groups": ["city", "age"]},
        fixes=drop,
        audit={"ignore": [{"code": "M04", "because": "guests give no age"}]},
    )
    purchase = run(asked, tmp_path / "out", created=CREATED).results["purchase"]
    shown = {each["by"]: each for each in purchase["groups"]}
    # A column that a fix dropped is no input any more, and still says who is served how well.
    assert {"city", "age", "region"} <= set(shown)
    assert all(row["n"] > 0 for row in shown["age"]["rows"])
    assert purchase["kept"][0]["code"] == "M04"
    assert purchase["kept"][0]["because"] == "guests give no age"
    cards = [line for part in purchase["card"]["sections"] for line in part["sentences"]]
    assert any("guests give no age" in line for line in cards)


def test_evidence_is_never_shown_by_customer(shop: World, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="customer_id, whose role is entity; evidence is shown by"):
        walked(tmp_path, shop, groups=["customer_id"])
    with pytest.raises(StudyError, match="whose role is target"):
        walked(tmp_path, shop, groups=[TARGET])
    with pytest.raises(StudyError, match='no column "regoin"'):
        walked(tmp_path, shop, groups=["regoin"])
    assert not list(tmp_path.iterdir())


def test_costs_are_told_in_money_beside_contacting_everybody(shop: World, tmp_path: Path) -> None:
    costs = {"contact_cost": 2, "purchase_value": 20}
    done = walked(tmp_path, shop, learners=["logistic"], threshold=costs)
    purchase = done.results["purchase"]
    assert purchase["threshold"]["value"] == pytest.approx(0.1)
    money, table = purchase["decision"]["money"], purchase["confusion"]
    flagged = table["true_positive"] + table["false_positive"]
    gained = (table["true_positive"] * 20 - flagged * 2) / money["customers"]
    assert money["listed"]["value"] == pytest.approx(gained)
    assert money["ahead"]["low"] <= money["ahead"]["value"] <= money["ahead"]["high"]
