"""The API over bundles with a model of spend, alone and beside one of purchases."""

import datetime as dt
import html
import json
import re
import shlex
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from flask.testing import FlaskClient

from patron.bundle import Bundle
from patron.pipeline import run
from patron.report.words import MONEY
from patron.score import score_source, score_table
from patron.serve import create_app
from patron.study import Study
from patron.worlds import make

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
TARGET = "total_30d_post_campaign_spend"
SPEND = ["spend_expected", "spend_median", "spend_low", "spend_high", "spend_zero_probability"]
PURCHASE = ["purchase_probability", "purchase_decision"]
NO_REASONS = (
    "reasons are of the probability of a purchase, and this model has none: it gives no reasons"
)


@pytest.fixture(autouse=True)
def _scoring() -> None:
    """Scoring here is the real one."""


@pytest.fixture(scope="module")
def postcards() -> pa.Table:
    table = make("postcards", rows=2000, seed=3).table
    return table.append_column("bought", pc.greater(table[TARGET], 0))


def learned(table: pa.Table, folder: Any, **sections: Any) -> Bundle:
    study = Study(
        table={"path": table, "entity": "customer_id", "as_of": "campaign_date"},
        spend={"target": TARGET, "learners": ["mean", "two_part"], "horizon_days": 30},
        campaign={"treatment": "postcard", "contact_cost": 0.7},
        **sections,
    )
    return run(study, folder / "out", created=CREATED).bundle


@pytest.fixture(scope="module")
def alone(postcards: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return learned(postcards.drop_columns("bought"), tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def both(postcards: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    purchase = {"target": "bought", "learners": ["logistic"], "horizon_days": 30}
    return learned(postcards, tmp_path_factory.mktemp("both"), purchase=purchase)


@pytest.fixture(params=["alone", "both"])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return request.getfixturevalue(request.param)


def client_of(bundle: Bundle) -> FlaskClient:
    return create_app(bundle).test_client()


def rows_of(table: pa.Table, bundle: Bundle, count: int = 5) -> list[dict[str, Any]]:
    names = [column.name for column in bundle.inputs]
    return json.loads(json.dumps(table.select(names)[:count].to_pylist(), default=str))


def predicted(bundle: Bundle, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client_of(bundle).post("/v1/predict", json={"rows": list(rows), **more})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_it_is_ready(bundle: Bundle) -> None:
    ready = client_of(bundle).get("/ready").get_json()
    assert ready == {"status": "ready", "model_version": bundle.version}


def test_model_tells_what_is_predicted_of_spend(alone: Bundle, both: Bundle) -> None:
    spend = {
        "target": TARGET,
        "horizon_days": 30,
        "sentence": f'What a customer will spend ("{TARGET}") within 30 days: the mean, the '
        "median, the range that holds it in 95\xa0% of cases, and the probability of nothing.",
    }
    told = client_of(alone).get("/v1/model").get_json()
    assert told["predicts"] == {**spend, "spend": {**spend, "level": 0.95}}
    assert told["evidence"] == alone.evidence
    told = client_of(both).get("/v1/model").get_json()
    assert told["predicts"] == {
        "target": "bought",
        "horizon_days": 30,
        "sentence": 'The probability that "bought" comes true for a customer within 30 days.',
        "spend": {**spend, "level": 0.95},
    }
    assert set(told["evidence"]["spend"]) >= {*MONEY, "total"}


def test_the_date_and_the_arm_are_inputs(bundle: Bundle) -> None:
    inputs = client_of(bundle).get("/v1/model").get_json()["inputs"]
    roles = {each["name"]: each["role"] for each in inputs}
    assert roles["campaign_date"] == "as_of"
    assert roles["postcard"] == "treatment"
    assert not {"bought", TARGET, "month of campaign_date"} & set(roles)
    (arm,) = (each for each in inputs if each["name"] == "postcard")
    assert (arm["type"], sorted(arm["examples"])) == ("integer", [0, 1])


def test_predictions_are_those_of_scoring_the_table(bundle: Bundle, postcards: pa.Table) -> None:
    answer = predicted(bundle, *rows_of(postcards, bundle))
    scores = score_table(bundle, postcards[:5], scored_at=CREATED).table
    kept = [*(PURCHASE if bundle.purchase else ()), *SPEND]
    assert answer["warnings"] == []
    assert "base_probability" not in answer
    for place, score in enumerate(answer["predictions"]):
        assert [name for name in score if name in {*PURCHASE, *SPEND}] == kept
        for name in kept:
            assert score[name] == pytest.approx(scores[name][place].as_py(), rel=1e-5)
        assert 0 <= score["spend_low"] <= score["spend_median"] <= score["spend_high"]


def test_reasons_are_of_purchases_only(
    alone: Bundle, both: Bundle, postcards: pa.Table, tmp_path: Any
) -> None:
    answer = predicted(alone, *rows_of(postcards, alone), reasons=True)
    assert answer["warnings"] == [NO_REASONS]
    assert "base_probability" not in answer
    assert "purchase_reasons" not in answer["predictions"][0]
    answer = predicted(both, *rows_of(postcards, both), reasons=True)
    assert answer["warnings"] == []
    assert answer["base_probability"] == both.purchase.base_probability
    assert all(each["purchase_reasons"] for each in answer["predictions"])
    out = tmp_path / "scores.csv"
    done = score_source(alone, postcards, out, scored_at=CREATED, reasons=True)
    assert (done.rows, done.positive, done.warnings) == (2000, None, (NO_REASONS,))
    assert done.expected == pytest.approx(
        pc.sum(score_table(alone, postcards, scored_at=CREATED).table["spend_expected"]).as_py()
    )


def test_months_and_values_that_were_not_learned_are_told(
    alone: Bundle, postcards: pa.Table
) -> None:
    row = rows_of(postcards, alone, 1)[0]
    odd = {**row, "campaign_date": "2026-12-05", "region": "Atlantis", "postcard": 7}
    assert predicted(alone, row, odd)["warnings"] == [
        "postcard has a value that was not learned in 1 row: 'other' there",
        "region has a value that was not learned in 1 row: 'other' there",
        "the month of campaign_date was not learned in 1 row: an average of those learned there",
    ]
    assert predicted(alone, {**row, "campaign_date": None})["warnings"] == []


def test_a_table_without_the_date_is_told_of_the_date(alone: Bundle, postcards: pa.Table) -> None:
    (warning,) = score_table(
        alone, postcards[:7].drop_columns("campaign_date"), scored_at=CREATED
    ).warnings
    assert warning.startswith("the rows have no date, since the column campaign_date is not in")
    assert "missing for 7 rows" in warning


def test_the_contract_has_the_columns_of_spend_with_their_meaning(bundle: Bundle) -> None:
    document = client_of(bundle).get("/openapi.json").get_json()["components"]["schemas"]
    prediction = document["Prediction"]
    assert set(SPEND) <= set(prediction["required"])
    for name in SPEND:
        assert prediction["properties"][name]["type"] == ["number", "null"]
        assert prediction["properties"][name]["description"]
    (example,) = document["PredictRequest"]["examples"]
    answer = predicted(bundle, *example["rows"], reasons=example.get("reasons", False))
    assert set(answer["predictions"][0]) == set(prediction["properties"])
    told = document["Model"]["properties"]
    assert set(told["predicts"]["required"]) == {"target", "horizon_days", "sentence", "spend"}
    assert set(told["evidence"]["properties"]["spend"]["properties"]) == set(MONEY)
    has = bundle.purchase is not None
    assert ("base_probability" in document["PredictAnswer"]["properties"]) == has
    assert ("purchase_reasons" in prediction["properties"]) == has
    assert example.get("reasons", False) == has


def test_the_page_shows_both_models_or_one(alone: Bundle, both: Bundle) -> None:
    page = html.unescape(client_of(alone).get("/").text)
    assert f'<h1>What a customer will spend ("{TARGET}") within 30 days' in page
    assert "comes true" not in page
    assert "<h3>" not in page
    assert 'class="also"' not in page
    page = html.unescape(client_of(both).get("/").text)
    assert '<h1>The probability that "bought" comes true' in page
    assert f'<p class="also">What a customer will spend ("{TARGET}") within 30 days' in page
    assert page.index("<h3>Who will buy</h3>") < page.index("<h3>What they will spend</h3>")
    assert "threshold was chosen before" in page


def test_the_page_has_the_metrics_in_plain_words(bundle: Bundle) -> None:
    page = html.unescape(client_of(bundle).get("/").text)
    r2 = bundle.evidence["spend"]["r2"]
    for name in ("r2", "mae", "top_10_capture", "crps", "coverage_95", "width_95"):
        assert f"<td>{MONEY[name].plain} <small>{MONEY[name].term}</small></td>" in page
    assert MONEY["coverage_80"].plain not in page  # the scores' range is that of 95 %
    assert f"{r2['value']:.2f}"[:3] in page
    assert re.search(r"The forecast total of the [\d,]+ customers of the holdout is \$", page)
    assert "its evidence is that of the model without them." in page
    assert not re.search(r"\b(None|nan)\b", page)


def test_the_call_on_the_page_is_answered(bundle: Bundle) -> None:
    page = client_of(bundle).get("/").text
    (call,) = re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)
    words = shlex.split(html.unescape(call).replace("\\\n", " "))
    body = json.loads(words[words.index("-d") + 1])
    assert set(SPEND) <= set(predicted(bundle, *body.pop("rows"), **body)["predictions"][0])
    assert ("reasons" in body) == (bundle.purchase is not None)


def test_a_bundle_without_figures_says_so(alone: Bundle) -> None:
    client = client_of(replace(alone, evidence={}))
    assert "We cannot say: the bundle carries no figures." in client.get("/").text
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/v1/model").get_json()["evidence"] == {}
