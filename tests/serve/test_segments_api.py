"""The API over bundles with segments: alone, beside purchases, and with purchases and spend."""

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from flask.testing import FlaskClient

from patron.bundle import Bundle
from patron.pipeline import run
from patron.score import score_table
from patron.serve import create_app
from patron.study import Study
from patron.worlds import make

from .test_openapi import answer_schema, fits

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
COLUMNS = ["segment", "segment_name", "segment_doubtful"]
BOUGHT = "purchased_next_30d"
SPENT = "total_30d_post_campaign_spend"


@pytest.fixture(autouse=True)
def _scoring() -> None:
    """Scoring here is the real one."""


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("segment_gate.NULLS", "segment_gate.DRAWS", "segments.NULLS"):
            patch.setattr(f"patron.models.{name}", 2)
        patch.setattr("patron.models.segments.KS", (4,))
        yield


def learned(rows: pa.Table, folder: Path, **sections: Any) -> Bundle:
    keys = {"path": rows, "entity": "customer_id"}
    study = Study(table=keys, segments={}, run={"threads": 1}, **sections)
    return run(study, folder / "out", created=CREATED).bundle


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return make("archetypes", rows=1200, seed=1).table


@pytest.fixture(scope="module")
def postcards() -> pa.Table:
    table = make("postcards", rows=1200, seed=3).table
    return table.append_column("bought", pc.greater(table[SPENT], 0))


@pytest.fixture(scope="module")
def alone(people: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return learned(people.drop_columns(BOUGHT), tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def both(people: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    purchase = {"target": BOUGHT, "learners": ["logistic"], "effort": "quick", "horizon_days": 30}
    return learned(people, tmp_path_factory.mktemp("both"), purchase=purchase)


@pytest.fixture(scope="module")
def three(postcards: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return learned(
        postcards,
        tmp_path_factory.mktemp("three"),
        purchase={"target": "bought", "learners": ["logistic"], "effort": "quick"},
        spend={"target": SPENT, "learners": ["mean", "two_part"], "horizon_days": 30},
    )


@pytest.fixture(params=["alone", "both", "three"])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return request.getfixturevalue(request.param)


def client_of(bundle: Bundle) -> FlaskClient:
    return create_app(bundle).test_client()


def told(bundle: Bundle) -> dict[str, Any]:
    return client_of(bundle).get("/v1/model").get_json()["predicts"]


def predicted(bundle: Bundle, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer = client_of(bundle).post("/v1/predict", json={"rows": rows})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_segments_alone_are_what_is_predicted(alone: Bundle) -> None:
    found = told(alone)
    assert (found["target"], found["horizon_days"]) == (None, None)
    assert found["sentence"] == found["segments"]["sentence"]
    assert found["sentence"].startswith("Which segment a customer belongs to, of 4 by value, ")
    assert client_of(alone).get("/ready").get_json()["status"] == "ready"


def test_beside_models_they_have_their_own_place(both: Bundle, three: Bundle) -> None:
    found = told(both)
    assert found["sentence"].startswith(f'The probability that "{BOUGHT}" comes true')
    assert (found["target"], found["horizon_days"]) == (BOUGHT, 30)
    assert "spend" not in found
    found = told(three)
    assert found["target"] == "bought"
    assert found["spend"]["target"] == SPENT
    assert "segments" not in found["spend"]
    without = told(replace(three, purchase=None, encoder=None))
    assert without["target"] == SPENT
    assert without["segments"] == found["segments"]


def test_each_segment_is_told_with_its_size_and_how_sure_it_is(both: Bundle) -> None:
    found = told(both)["segments"]
    assert (found["kind"], found["structure"]) == ("segments", True)
    assert found["because"] == both.evidence["segments"]["because"]
    assert [axis["name"] for axis in found["axes"]][:2] == ["value", "recency"]
    assert {c["sign"] for axis in found["axes"] for c in axis["columns"]} == {-1, 1}
    kept = both.evidence["segments"]["segments"]
    assert [(each["id"], each["name"], each["share"]) for each in found["segments"]] == [
        (each["id"], each["name"], each["share"]) for each in kept
    ]
    assert sum(each["revenue_share"] for each in found["segments"]) == pytest.approx(1)
    assert all(0.5 < each["jaccard"] <= 1 for each in found["segments"])


def test_tiers_are_called_tiers(alone: Bundle) -> None:
    alone.segments.kind_ = "tiers"
    try:
        found = told(alone)["segments"]
        page = client_of(alone).get("/").text
    finally:
        alone.segments.kind_ = "segments"
    assert found["structure"] is False
    assert found["sentence"] == (
        "Which tier a customer belongs to, of 4: there are no segments beyond one continuum."
    )
    assert "<h2>The tiers</h2>" in page


def test_predictions_are_those_of_scoring_the_table(both: Bundle, people: pa.Table) -> None:
    names = [column.name for column in both.inputs]
    rows = json.loads(json.dumps(people.select(names)[:20].to_pylist(), default=str))
    answer = predicted(both, rows)
    scores = score_table(both, people[:20], scored_at=CREATED).table
    for name in COLUMNS:
        assert [each[name] for each in answer["predictions"]] == scores[name].to_pylist()
    assert answer["warnings"] == []
    (one,) = predicted(both, rows[7:8])["predictions"]
    assert [one[name] for name in COLUMNS] == [scores[name][7].as_py() for name in COLUMNS]


def test_a_customer_of_whom_nothing_is_known_is_doubtful(alone: Bundle) -> None:
    answer = predicted(alone, [{"customer_id": "C1"}])
    assert answer["predictions"][0]["segment_doubtful"] is True
    assert answer["predictions"][0]["segment"] in alone.segments.ids_
    assert answer["warnings"][0].startswith("Taken as missing, because absent")


def test_a_bundle_of_segments_alone_gives_no_reasons(alone: Bundle, people: pa.Table) -> None:
    body = {"rows": [{"customer_id": "C1"}], "reasons": True}
    answer = client_of(alone).post("/v1/predict", json=body).get_json()
    assert "this model has none: it gives no reasons" in answer["warnings"][-1]
    assert "base_probability" not in answer


def test_the_inputs_are_those_of_the_axes(alone: Bundle) -> None:
    inputs = client_of(alone).get("/v1/model").get_json()["inputs"]
    axes = told(alone)["segments"]["axes"]
    forming = {column["name"] for axis in axes for column in axis["columns"]}
    assert {each["name"] for each in inputs} == {"customer_id", *forming}


def test_the_contract_is_true_of_the_answers(bundle: Bundle) -> None:
    client = client_of(bundle)
    document = client.get("/openapi.json").get_json()
    model = client.get("/v1/model").get_json()
    fits(document, answer_schema(document, "/v1/model"), model)
    schemas = document["components"]["schemas"]
    assert "segments" in schemas["Model"]["properties"]["predicts"]["required"]
    assert set(schemas["Model"]["properties"]["predicts"]["required"]) == set(model["predicts"])
    (example,) = schemas["PredictRequest"]["examples"]
    answer = client.post("/v1/predict", json=example)
    fits(document, answer_schema(document, "/v1/predict", "post"), answer.get_json())
    prediction = schemas["Prediction"]
    assert set(COLUMNS) <= set(prediction["required"])
    types = {name: prediction["properties"][name]["type"][0] for name in COLUMNS}
    assert types == dict(zip(COLUMNS, ("string", "string", "boolean"), strict=True))
    assert all(prediction["properties"][name]["description"] for name in COLUMNS)
    assert set(answer.get_json()["predictions"][0]) == set(prediction["properties"])


def test_the_page_shows_the_segments_and_how_sure(both: Bundle) -> None:
    page = html.unescape(client_of(both).get("/").text)
    assert '<p class="also">Which segment a customer belongs to, of 4 by value' in page
    assert "<h2>The segments</h2>" in page
    for each in both.evidence["segments"]["segments"]:
        assert f'<th scope="row">{each["id"]}</th><td>{each["name"]}</td>' in page
    assert "Of revenue" in page
    assert "Found again (Jaccard)" in page
    assert "There is no right answer to hold segments against" in page
    assert "Resamples agree <small>adjusted Rand</small>" in page
    assert "Measured on rows that training had not seen." in page
    assert not re.search(r"\b(None|nan)\b", page)


def test_a_page_of_segments_alone_claims_no_unseen_rows(alone: Bundle) -> None:
    page = html.unescape(client_of(alone).get("/").text)
    assert "<h1>Which segment a customer belongs to" in page
    assert 'class="also"' not in page
    assert "that training had not seen" not in page
    assert "The brackets hold the range" in page
    assert not re.search(r"\b(None|nan)\b", page)


def test_a_bundle_without_figures_says_so(alone: Bundle) -> None:
    bare = replace(alone, evidence={})
    client = client_of(bare)
    page = client.get("/").text
    assert "We cannot say: the bundle carries no figures." in page
    assert not re.search(r"\b(None|nan)\b", page)
    assert "Of revenue" not in page
    document = client.get("/openapi.json").get_json()
    model = client.get("/v1/model").get_json()
    fits(document, answer_schema(document, "/v1/model"), model)
    assert model["predicts"]["segments"]["segments"][0]["share"] is None
