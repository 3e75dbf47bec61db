"""The example that mounts the API in another Flask app."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flask_mount.py"


@pytest.fixture
def client(bundle, monkeypatch):
    paths = []
    monkeypatch.setattr("patron.bundle.load_bundle", lambda path: paths.append(path) or bundle)
    monkeypatch.setenv("BUNDLE", "somewhere/bundle")
    app = runpy.run_path(str(EXAMPLE))["app"]
    assert paths == ["somewhere/bundle"]
    return app.test_client()


def test_both_apps_answer(client):
    assert client.get("/").text == "The shop"
    assert client.get("/patron/health").get_json() == {"status": "ok"}
    answer = client.post("/patron/v1/predict", json={"rows": [{"age": 41}]})
    assert answer.get_json()["predictions"][0]["purchase_probability"] == 0.41


def test_each_app_has_its_own_errors(client):
    assert client.get("/nowhere").mimetype == "text/html"
    assert client.get("/patron/nowhere").get_json()["error"]["code"] == "not_found"


def test_the_model_knows_where_it_is_mounted(client):
    assert client.get("/patron/openapi.json").get_json()["servers"] == [{"url": "/patron"}]
    page = client.get("/patron/").text
    assert "http://localhost/patron/v1/predict" in page
    assert 'href="/patron/v1/model"' in page
    assert client.get("/patron").headers["Location"] == "http://localhost/patron/"
