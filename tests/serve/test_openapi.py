"""The contract in OpenAPI: whole, consistent, and true of what is answered."""

from collections.abc import Iterator
from typing import Any

import pytest

from patron.serve import create_app


@pytest.fixture
def document(client):
    return client.get("/openapi.json").get_json()


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def resolve(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/")
    for part in reference[2:].split("/"):
        document = document[part]
    return document


def fits(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "") -> None:
    """The part of JSON Schema that the document uses, checked by hand."""
    if "$ref" in schema:
        schema = resolve(document, schema["$ref"])
    sorts = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "null": type(None),
        "integer": int,
        "number": (int, float),
    }
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(
        isinstance(value, sorts[each]) and (not isinstance(value, bool) or each == "boolean")
        for each in allowed
    ), f"{at}: {value!r} is not {allowed}"
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), at
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is False:
            assert set(value) <= set(properties), at
        for name in set(value) & set(properties):
            fits(document, properties[name], value[name], f"{at}/{name}")
    if isinstance(value, list):
        for item in value:
            fits(document, schema["items"], item, f"{at}[]")


def answer_schema(document, path, method="get", status="200"):
    answer = document["paths"][path][method]["responses"][status]
    if "$ref" in answer:
        answer = resolve(document, answer["$ref"])
    return answer["content"]["application/json"]["schema"]


def test_every_reference_resolves_and_every_answer_has_a_description(document):
    references = [node["$ref"] for node in walk(document) if "$ref" in node]
    assert len(references) > 20
    for reference in references:
        assert resolve(document, reference)
    assert document["openapi"] == "3.1.0"
    names = []
    for path, item in document["paths"].items():
        assert path.startswith("/")
        for operation in item.values():
            names.append(operation["operationId"])
            for answer in operation["responses"].values():
                assert resolve(document, answer.get("$ref", "#/info"))
                assert "$ref" in answer or answer["description"]
    assert len(names) == len(set(names))


def test_it_lists_the_routes_of_the_app(document, app):
    routes = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD"}
    }
    assert routes == {(path, way) for path, item in document["paths"].items() for way in item}


def test_each_input_is_there_with_type_role_and_known_values(document, bundle):
    row = document["components"]["schemas"]["Row"]
    assert list(row["properties"]) == [column.name for column in bundle.inputs]
    assert row["required"] == []
    assert row["properties"]["region"] == {
        "type": ["string", "null"],
        "description": "4 texts",
        "examples": ["north", "south"],
        "x-role": "category",
    }
    types = {name: each["type"][0] for name, each in row["properties"].items()}
    assert types == {
        "customer_id": "integer",
        "as_of": "string",
        "age": "number",
        "spent": "number",
        "orders": "integer",
        "region": "string",
        "tier": "integer",
        "newsletter": "boolean",
        "last_seen": "string",
        "open_rate": "number",
    }
    assert row["properties"]["as_of"]["format"] == "date"
    assert row["properties"]["last_seen"]["format"] == "date-time"
    for name, each in row["properties"].items():
        for example in each["examples"]:
            fits(document, row, {name: example})


def test_the_answers_are_as_the_document_says(document, client):
    for path in ("/health", "/ready", "/v1/model"):
        fits(document, answer_schema(document, path), client.get(path).get_json())
    request = document["components"]["schemas"]["PredictRequest"]
    (example,) = request["examples"]
    fits(document, request, example)
    answer = client.post("/v1/predict", json=example)
    assert answer.status_code == 200
    assert answer.get_json()["warnings"] == []
    fits(document, answer_schema(document, "/v1/predict", "post"), answer.get_json())
    prediction = document["components"]["schemas"]["Prediction"]["properties"]
    assert list(prediction) == list(answer.get_json()["predictions"][0])
    assert prediction["purchase_reasons"]["items"] == {"type": "string"}
    assert "purchase_reasons" not in document["components"]["schemas"]["Prediction"]["required"]
    wrong = client.post("/v1/predict", json={"rows": []}).get_json()
    fits(document, answer_schema(document, "/v1/predict", "post", "422"), wrong)


def test_a_token_shows_as_a_security_scheme(document, bundle):
    assert document["security"] == []
    assert "securitySchemes" not in document["components"]
    headers = {"Authorization": "Bearer abc"}
    client = create_app(bundle, token="abc").test_client()
    guarded = client.get("/openapi.json", headers=headers).get_json()
    assert guarded["security"] == [{"token": []}]
    scheme = guarded["components"]["securitySchemes"]["token"]
    assert scheme == {"type": "http", "scheme": "bearer"}
    assert guarded["paths"]["/health"]["get"]["security"] == []
    assert "401" in guarded["paths"]["/v1/predict"]["post"]["responses"]
    assert "401" not in document["paths"]["/v1/predict"]["post"]["responses"]
