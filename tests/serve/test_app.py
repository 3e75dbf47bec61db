"""The other paths, the token, and what happens when something fails."""

import logging
import re

import pytest

from patron.errors import BundleError, DataError, UserError
from patron.schema import Column, Role
from patron.serve import create_app

PATHS = ["/ready", "/v1/model", "/openapi.json", "/", "/nowhere"]
TOKEN = "s3cret-token"


def error_of(answer):
    content = answer.get_json()
    assert set(content) == {"error"}
    assert set(content["error"]) == {"code", "message", "column", "row"}
    return answer.status_code, content["error"]["code"]


def fail_with(monkeypatch, error):
    def score_table(*_, **__):
        raise error

    monkeypatch.setattr("patron.serve.views.score_table", score_table)


def test_health_and_ready(client):
    assert client.get("/health").get_json() == {"status": "ok"}
    ready = client.get("/ready")
    assert ready.status_code == 200
    assert ready.get_json() == {"status": "ready", "model_version": "2026-11-21-3fa9c1d2"}


@pytest.mark.parametrize("error", [DataError("no column fits"), ZeroDivisionError("1/0")])
def test_not_ready_while_the_bundle_cannot_score(client, monkeypatch, error):
    fail_with(monkeypatch, error)
    assert error_of(client.get("/ready")) == (503, "not_ready")
    assert client.get("/health").status_code == 200


def test_model_says_what_it_predicts_from_what_and_how_well(client, bundle):
    model = client.get("/v1/model").get_json()
    assert model["model_version"] == bundle.version
    assert model["predicts"] == {
        "target": "purchased",
        "horizon_days": 30,
        "sentence": 'The probability that "purchased" comes true for a customer within 30 days.',
    }
    assert model["evidence"] == bundle.evidence
    assert [each["name"] for each in model["inputs"]] == [column.name for column in bundle.inputs]
    assert model["inputs"][5] == {
        "name": "region",
        "role": "category",
        "because": "4 texts",
        "type": "string",
        "dtype": "string",
        "examples": ["north", "south"],
    }


def test_unknown_paths_and_wrong_methods(client):
    for path in ("/nowhere", "/v1/predict/", "/v1//model", "/health/x", "/static/x"):
        assert error_of(client.get(path)) == (404, "not_found"), path
    wrong = client.get("/v1/predict")
    assert error_of(wrong) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"
    for method in ("post", "put", "delete", "options", "patch"):
        assert error_of(getattr(client, method)("/health")) == (405, "method_not_allowed")


def test_with_a_token_only_health_is_open(bundle):
    client = create_app(bundle, token=TOKEN).test_client()
    assert client.get("/health").status_code == 200
    for path in PATHS:
        answer = client.get(path)
        assert error_of(answer) == (401, "unauthorized"), path
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="patron"'
    assert error_of(client.post("/v1/predict", json={"rows": [{}]})) == (401, "unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer",
        "Bearer é",
        "",
        "Basic =",
    ],
)
def test_a_wrong_token_is_refused(bundle, header):
    client = create_app(bundle, token=TOKEN).test_client()
    answer = client.get("/v1/model", headers={"Authorization": header})
    assert error_of(answer) == (401, "unauthorized")


def test_the_right_token_opens(bundle):
    client = create_app(bundle, token=TOKEN).test_client()
    for header in (f"Bearer {TOKEN}", f"bearer {TOKEN}"):
        headers = {"Authorization": header}
        assert client.get("/v1/model", headers=headers).status_code == 200
        answer = client.post("/v1/predict", json={"rows": [{}]}, headers=headers)
        assert answer.status_code == 200
    assert client.get("/nowhere", headers=headers).status_code == 404


@pytest.mark.parametrize("token", ["", " ", "two words", "line\n", "clé"])
def test_a_token_that_no_header_can_carry_is_a_mistake(bundle, token):
    with pytest.raises(UserError, match="the token is empty, or has spaces"):
        create_app(bundle, token=token)


def test_data_that_scoring_declines_is_the_callers(client, monkeypatch):
    fail_with(monkeypatch, DataError('column "age" has no value at all. Send it.'))
    answer = client.post("/v1/predict", json={"rows": [{}]})
    assert error_of(answer) == (422, "invalid_data")
    assert answer.get_json()["error"]["message"] == 'column "age" has no value at all. Send it.'


def test_a_fault_of_ours_is_logged_by_number_and_place_without_the_rows(
    client, monkeypatch, caplog
):
    fail_with(monkeypatch, KeyError("anna@example.org"))
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/v1/predict", json={"rows": [{"region": "anna@example.org"}]})
    assert error_of(answer) == (500, "internal")
    message = answer.get_json()["error"]["message"]
    number = re.search(r"at ([0-9a-f]{12})\.$", message)
    assert number
    assert f"request {number[1]} failed: KeyError" in caplog.text
    assert "in score_table" in caplog.text
    assert "anna" not in caplog.text + message


def test_scores_that_lost_a_row_are_not_given(client, monkeypatch):
    import patron.serve.views as views

    score = views.score_table
    monkeypatch.setattr(
        views, "score_table", lambda bundle, table, **more: score(bundle, table[:1], **more)
    )
    assert client.post("/v1/predict", json={"rows": [{}]}).status_code == 200
    assert error_of(client.post("/v1/predict", json={"rows": [{}, {}]})) == (500, "internal")


def test_an_input_that_json_cannot_carry_is_refused_at_the_start(bundle):
    odd = Column("visits", Role.CATEGORY, "", "list<item: int64>")
    bundle = type(bundle)(inputs=(odd,))
    with pytest.raises(
        BundleError, match='"visits" has the Arrow type list<item: int64>, which JSON'
    ):
        create_app(bundle)


def test_the_page_says_it_all_and_runs_nothing(client, bundle):
    answer = client.get("/")
    page = answer.text
    assert answer.mimetype == "text/html"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in page
    assert "comes true for a customer within 30 days" in page
    assert "0.86 [0.84,\xa00.88]" in page
    for column in bundle.inputs:
        assert column.name in page


def test_the_page_escapes_names_and_quotes_the_call(bundle):
    import html
    import json
    import shlex

    evil = Column("<b>it's</b>", Role.NUMBER, "<i>", "double")
    app = create_app(type(bundle)(inputs=(*bundle.inputs, evil)), token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    page = app.test_client().get("/", headers=headers).text
    assert "<b>" not in page
    assert "<i>" not in page
    (call,) = re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)
    words = shlex.split(html.unescape(call).replace("\\\n", " "))
    assert words[:2] == ["curl", "http://localhost/v1/predict"]
    assert "Authorization: Bearer $TOKEN" in words
    body = json.loads(words[words.index("-d") + 1])
    assert body["rows"][0]["<b>it's</b>"] == 1.0
    assert app.test_client().post("/v1/predict", json=body, headers=headers).status_code == 200
