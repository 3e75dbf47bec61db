"""A small shop's bundle that is no bundle, and scoring that can be worked out by hand."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask import Flask
from flask.testing import FlaskClient

from patron.schema import Column, Role, Schema
from patron.score import Scores
from patron.serve import create_app

COLUMNS = (
    Column("customer_id", Role.ENTITY, "unique whole numbers", "int64"),
    Column("as_of", Role.AS_OF, "named in the Study", "date32[day]"),
    Column("age", Role.NUMBER, "numbers", "double"),
    Column("spent", Role.MONEY, "named like money", "int64"),
    Column("orders", Role.COUNT, "whole numbers from 0", "int16"),
    Column("region", Role.CATEGORY, "4 texts", "string"),
    Column("tier", Role.CATEGORY, "named in the Study", "int8"),
    Column("newsletter", Role.FLAG, "true and false", "bool"),
    Column("last_seen", Role.DATE, "moments", "timestamp[us]"),
    Column("open_rate", Role.RATE, "numbers from 0 to 1", "float"),
)
OTHERS = (
    Column("purchased", Role.TARGET, "named in the Study", "bool"),
    Column("next_month", Role.FUTURE, "named in the Study", "double"),
    Column("note", Role.TEXT, "long texts", "string"),
)


def estimate(value: float) -> dict[str, Any]:
    return {
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "level": 0.95,
        "n": 4000,
        "method": "DeLong",
    }


@dataclass(frozen=True)
class FakeBundle:
    """What `serve` uses of a bundle."""

    version: str = "2026-11-21-3fa9c1d2"
    inputs: tuple[Column, ...] = COLUMNS
    schema: Schema = field(default_factory=lambda: Schema(COLUMNS + OTHERS))
    categories: dict[str, list[str]] = field(
        default_factory=lambda: {"region": ["north", "south"], "tier": ["1", "2", "3"]}
    )
    purchase: Any = "a model"
    spend: Any = None
    segments: Any = None
    evidence: dict[str, Any] = field(
        default_factory=lambda: {
            "target": "purchased",
            "horizon_days": 30,
            "roc_auc": estimate(0.86),
            "log_loss": estimate(0.4),
            "findings": ["L01"],
        }
    )


def fake_score_table(
    bundle: FakeBundle, table: pa.Table, *, reasons: bool = False, scored_at: datetime
) -> Scores:
    """The probability is age / 100, one half where it is missing; at least 0.4 is a yes."""
    age = table["age"].to_numpy(zero_copy_only=False).astype(float)
    chance = np.where(np.isnan(age), 0.5, age / 100)
    rows = table.num_rows
    columns = {
        "customer_id": table["customer_id"],
        "purchase_probability": pa.array(chance),
        "purchase_decision": pa.array(chance >= 0.4),
    }
    if reasons:
        columns["purchase_reasons"] = pa.array([["age 41: +5 points"]] * rows)
    columns["model_version"] = pa.array([bundle.version] * rows)
    columns["scored_at"] = pa.array([scored_at] * rows, pa.timestamp("us", "UTC"))
    unseen = table["region"].to_pylist().count("west")
    counts = Counter({("unseen category", "region"): unseen} if unseen else {})
    return Scores(pa.table(columns), counts, 0.36 if reasons else None)


@pytest.fixture
def bundle() -> FakeBundle:
    return FakeBundle()


@pytest.fixture(autouse=True)
def _scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patron.serve.views.score_table", fake_score_table)


@pytest.fixture
def app(bundle: Any) -> Flask:
    return create_app(bundle, max_rows=50, max_body_bytes=100_000)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """Post rows (or a whole body, as text or as a value) and give the status and the answer."""

    def post(*rows: Any, body: Any = None, **more: Any) -> tuple[int, dict[str, Any]]:
        if isinstance(body, str):
            answer = client.post("/v1/predict", data=body, content_type="application/json")
        else:
            answer = client.post("/v1/predict", json=body or {"rows": list(rows), **more})
        return answer.status_code, answer.get_json()

    return post
