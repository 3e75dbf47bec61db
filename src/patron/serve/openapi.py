"""The API in OpenAPI 3.1, made from the model's inputs and the score columns of an example."""

__all__ = ["openapi"]

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from patron.serve.describe import metrics_of, segment_metrics_of, spend_metrics_of
from patron.serve.inputs import Input, kind_of

if TYPE_CHECKING:
    from patron.bundle import Bundle

ERRORS = {
    400: "The body is not valid JSON.",
    401: "The bearer token is absent or wrong.",
    413: "Too many rows, or too large a body.",
    415: "The body is not sent as application/json.",
    422: "A key, a row or a value does not fit; `column` and `row` tell where.",
    500: "A fault on this side; the message has the number of its line in the log.",
    503: "The bundle cannot score.",
}

MEANINGS = {
    "purchase_probability": "The probability of a purchase, from 0 to 1.",
    "purchase_decision": "Whether the probability reaches the model's threshold.",
    "purchase_reasons": "Up to three sentences on what moved this probability most, each with its "
    "size in percentage points, counted from base_probability; only there if asked for.",
    "spend_expected": "What the customer is expected to spend: the mean, which adds up over "
    "customers.",
    "spend_median": "Half of such customers spend no more than this; 0 where most spend nothing.",
    "spend_low": "The low end of the range that holds what the customer spends, at the level in "
    "predicts.spend of /v1/model; 0 where spending nothing is likely.",
    "spend_high": "The high end of that range.",
    "spend_zero_probability": "The probability that the customer spends nothing, from 0 to 1.",
    "segment": "The id of the customer's segment, which stays from month to month; those that "
    "there are stand in predicts.segments of /v1/model.",
    "segment_name": "What the segment is called.",
    "segment_doubtful": "Whether another segment is nearly as near, or too little is known of the "
    "customer.",
    "model_version": "The model that gave this score.",
    "scored_at": "When the score was made (UTC).",
}


def openapi(
    bundle: "Bundle",
    inputs: tuple[Input, ...],
    *,
    scores: pa.Schema,
    example: dict[str, Any],
    server: str,
    max_rows: int,
    has_token: bool,
) -> dict[str, Any]:
    """The document.

    Parameters
    ----------
    bundle, inputs : the model and what it asks for.
    scores : the columns of a scored table.
    example : a body that the model accepts.
    server : the path under which the API is mounted.
    max_rows : the most rows in one request.
    has_token : whether a bearer token is asked for.
    """
    components: dict[str, Any] = {
        "schemas": {
            "Row": _row(inputs),
            "PredictRequest": _predict_request(max_rows, example),
            "Prediction": _prediction(scores),
            "PredictAnswer": _predict_answer(bundle),
            "Model": _model(bundle),
            "Input": _input(),
            "Estimate": _estimate(),
            "Status": _object(
                {"status": {"type": "string"}, "model_version": {"type": "string"}}, ["status"]
            ),
            "Error": _error(),
        },
        "responses": {
            f"Error{status}": _content(meaning, "Error") for status, meaning in ERRORS.items()
        },
    }
    if has_token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Patron",
            "version": bundle.version,
            "description": "Scores of customers.",
        },
        "servers": [{"url": server}],
        "security": [{"token": []}] if has_token else [],
        "paths": _paths(has_token),
        "components": components,
    }


def _paths(has_token: bool) -> dict[str, Any]:
    denied = [401] if has_token else []
    predict = _operation(
        "predict", "Score rows, in their order", "PredictAnswer", [400, *denied, 413, 415, 422, 500]
    )
    predict["requestBody"] = {"required": True, "content": _json("PredictRequest")}
    health = {**_operation("health", "The process lives", "Status", []), "security": []}
    page = _operation("page", "The model on one page", None, denied)
    contract = _operation("openapi", "This document", None, [*denied, 500])
    return {
        "/health": {"get": health},
        "/ready": {"get": _operation("ready", "An example scores", "Status", [*denied, 503])},
        "/v1/model": {"get": _operation("model", "What the model is", "Model", denied)},
        "/v1/predict": {"post": predict},
        "/openapi.json": {"get": contract},
        "/": {"get": page},
    }


def _operation(
    name: str, summary: str, answer: str | None, errors: Iterable[int]
) -> dict[str, Any]:
    good = _content("Done.", answer) if answer else {"description": "Done."}
    responses = {
        str(status): {"$ref": f"#/components/responses/Error{status}"} for status in errors
    }
    return {"operationId": name, "summary": summary, "responses": {"200": good, **responses}}


def _content(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(schema)}}


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _list_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object all of whose properties are required, unless a list says which."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _row(inputs: tuple[Input, ...]) -> dict[str, Any]:
    """One row: no column is required and each may be null, which means missing."""
    properties = {
        each.name: {
            **_or_null(dict(each.kind.schema)),
            "description": each.column.because,
            "examples": list(each.known) or [each.example],
            "x-role": each.column.role.value,
        }
        for each in inputs
    }
    return {**_object(properties, []), "additionalProperties": True}


def _predict_request(max_rows: int, example: dict[str, Any]) -> dict[str, Any]:
    rows = {**_list_of(_ref("Row")), "minItems": 1, "maxItems": max_rows}
    request = _object({"rows": rows, "reasons": {"type": "boolean", "default": False}}, ["rows"])
    return {**request, "additionalProperties": False, "examples": [example]}


def _prediction(scores: pa.Schema) -> dict[str, Any]:
    properties = {}
    for field in scores:
        properties[field.name] = _or_null(_of_arrow(field.type))
        if field.name in MEANINGS:
            properties[field.name]["description"] = MEANINGS[field.name]
    return _object(properties, [name for name in properties if name != "purchase_reasons"])


def _of_arrow(arrow: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return _list_of(_of_arrow(arrow.value_type))
    kind = kind_of(arrow)
    return dict(kind.schema) if kind is not None else {"type": "string"}


def _predict_answer(bundle: "Bundle") -> dict[str, Any]:
    base = {
        "type": "number",
        "description": "The probability where no column says anything, which the points of "
        "purchase_reasons are counted from; only there if reasons are asked for.",
    }
    return _object(
        {
            "model_version": {"type": "string"},
            **({"base_probability": base} if bundle.purchase is not None else {}),
            "predictions": _list_of(_ref("Prediction")),
            "warnings": _list_of({"type": "string"}),
        },
        ["model_version", "predictions", "warnings"],
    )


def _model(bundle: "Bundle") -> dict[str, Any]:
    evidence: dict[str, Any] = {n: _ref("Estimate") for n in metrics_of(bundle.evidence)}
    what: dict[str, Any] = {
        "target": {"type": ["string", "null"]},
        "horizon_days": {"type": ["integer", "null"]},
        "sentence": {"type": "string"},
    }
    predicts = dict(what)
    if bundle.spend is not None:
        predicts["spend"] = _object({**what, "level": {"type": "number"}})
        spend = {name: _ref("Estimate") for name in spend_metrics_of(bundle.evidence)}
        evidence |= {"spend": _object(spend)} if spend else {}
    if bundle.segments is not None:
        predicts["segments"] = _segments()
        found = {name: _ref("Estimate") for name in segment_metrics_of(bundle.evidence)}
        if found:
            evidence["segments"] = _object({"evidence": _object(found)})
    return _object(
        {
            "model_version": {"type": "string"},
            "predicts": _object(predicts),
            "inputs": _list_of(_ref("Input")),
            "evidence": _object(evidence),
        }
    )


def _segments() -> dict[str, Any]:
    """What `/v1/model` says of segments."""
    text, share = {"type": "string"}, {"type": ["number", "null"]}
    column = _object({"name": text, "sign": {"type": "integer", "enum": [-1, 1]}})
    axis = _object({"name": text, "title": text, "columns": _list_of(column)})
    shares = dict.fromkeys(("share", "revenue_share", "jaccard", "doubtful_share"), share)
    return _object(
        {
            "sentence": text,
            "kind": {"type": "string", "enum": ["segments", "rules", "tiers"]},
            "structure": {"type": "boolean"},
            "because": text,
            "axes": _list_of(axis),
            "segments": _list_of(_object({"id": text, "name": text, **shares})),
        }
    )


def _input() -> dict[str, Any]:
    text = {"type": "string"}
    properties = dict.fromkeys(("name", "role", "because", "dtype", "type", "format"), text)
    return _object(
        {**properties, "examples": _list_of({"type": ["string", "number", "boolean"]})},
        ["name", "role", "because", "dtype", "type", "examples"],
    )


def _estimate() -> dict[str, Any]:
    number = {"type": ["number", "null"]}
    return _object(
        {
            **dict.fromkeys(("value", "low", "high"), number),
            "level": {"type": "number"},
            "n": {"type": "integer"},
            "method": {"type": "string"},
        }
    )


def _error() -> dict[str, Any]:
    error = {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "column": {"type": ["string", "null"]},
        "row": {"type": ["integer", "null"], "description": "Counted from 0."},
    }
    return _object({"error": _object(error)})
