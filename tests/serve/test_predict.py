"""POST /v1/predict: rows in, scores out, and what is wrong is named."""

import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FULL = {
    "customer_id": 7,
    "as_of": "2026-01-31",
    "age": 41,
    "spent": 19.99,
    "orders": 3,
    "region": "north",
    "tier": 2,
    "newsletter": True,
    "last_seen": "2026-01-30T23:00:00+02:00",
    "open_rate": 0.5,
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[pa.Table]:
    """The tables that reach scoring."""
    import patron.serve.views as views

    tables: list[pa.Table] = []
    score = views.score_table

    def watch(bundle: Any, table: pa.Table, **more: Any) -> Any:
        tables.append(table)
        return score(bundle, table, **more)

    monkeypatch.setattr(views, "score_table", watch)
    return tables


def test_a_row_is_scored(ask):
    before = dt.datetime.now(dt.UTC)
    status, answer = ask(FULL)
    assert status == 200
    (score,) = answer["predictions"]
    at = dt.datetime.fromisoformat(score.pop("scored_at"))
    assert before <= at <= dt.datetime.now(dt.UTC)
    assert score == {
        "customer_id": 7,
        "purchase_probability": 0.41,
        "purchase_decision": True,
        "model_version": "2026-11-21-3fa9c1d2",
    }
    assert answer["model_version"] == "2026-11-21-3fa9c1d2"
    assert answer["warnings"] == []


def test_answers_come_in_the_order_of_the_rows(ask):
    rows = [{**FULL, "customer_id": 100 - age, "age": age} for age in range(50)]
    predictions = ask(*rows)[1]["predictions"]
    assert [each["customer_id"] for each in predictions] == list(range(100, 50, -1))
    assert [each["purchase_probability"] for each in predictions] == [n / 100 for n in range(50)]


def test_reasons_come_when_asked_for(ask):
    answer = ask(FULL, reasons=True)[1]
    assert answer["predictions"][0]["purchase_reasons"] == ["age 41: +5 points"]
    assert answer["base_probability"] == 0.36
    assert "base_probability" not in ask(FULL)[1]


def test_values_keep_their_types(ask, seen):
    ask(FULL)
    (table,) = seen
    assert table.to_pylist() == [
        {
            **FULL,
            "as_of": dt.date(2026, 1, 31),
            "last_seen": dt.datetime(2026, 1, 30, 21, 0),
        }
    ]
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "customer_id": "int64",
        "as_of": "date32[day]",
        "age": "double",
        "spent": "double",  # an amount may have cents, though no amount in training had any
        "orders": "int16",
        "region": "string",
        "tier": "int8",
        "newsletter": "bool",
        "last_seen": "timestamp[us]",
        "open_rate": "float",
    }


def test_null_and_absent_are_missing_and_only_absent_warns(ask, seen):
    nulls = dict.fromkeys(FULL)
    some = {name: FULL[name] for name in FULL if name not in ("age", "tier")}
    status, answer = ask(nulls, some, {**FULL, "age": None})
    assert status == 200
    assert answer["warnings"] == [
        'Taken as missing, because absent (from how many of the 3 rows): "age" (1), "tier" (1).'
    ]
    assert seen[0]["age"].to_pylist() == [None, None, None]
    assert seen[0]["tier"].to_pylist() == [None, None, 2]
    assert seen[0].slice(0, 1).to_pylist() == [nulls]


def test_a_whole_float_is_a_whole_number(ask, seen):
    assert ask({**FULL, "orders": 3.0, "customer_id": 2**62 + 1})[0] == 200
    assert seen[0]["orders"].to_pylist() == [3]
    assert seen[0]["customer_id"].to_pylist() == [2**62 + 1]  # no float has been in between


@pytest.mark.parametrize(
    ("column", "warning"),
    [
        ("regoin", 'it is unknown. The nearest known is "region".'),
        ("zzzzzz", "it is unknown."),
        ("purchased", "its role is target, and no score may rest on what happens afterwards."),
        ("next_month", "its role is future, and no score may rest on what happens afterwards."),
        ("note", "its role is text, and the model does not use it."),
    ],
)
def test_other_columns_are_ignored_with_a_warning(ask, seen, column, warning):
    status, answer = ask({**FULL, column: 1}, {**FULL, column: [2]})
    assert (status, answer["warnings"]) == (200, [f'Column "{column}" was ignored: {warning}'])
    assert column not in seen[0].schema.names


def test_a_flood_of_unknown_columns_is_counted_not_listed(ask):
    flood = {f"x{number}" + "y" * 500: number for number in range(120)}
    warnings = ask({**FULL, **flood})[1]["warnings"]
    assert len(warnings) == 21
    assert warnings[-1] == "100 more columns were ignored."
    assert max(map(len, warnings)) < 120


def test_warnings_of_scoring_are_passed_on(ask):
    (warning,) = ask({**FULL, "region": "west"})[1]["warnings"]
    assert "region" in warning


MISFITS = [
    ("age", "abc", "expected a number, got a string"),
    ("age", True, "expected a number, got a boolean"),
    ("age", [1], "expected a number, got a list"),
    ("age", {"a": 1}, "expected a number, got an object"),
    ("spent", "12", "expected a number, got a string"),
    ("orders", 2.5, "expected a whole number, got a number that does not fit (int16)"),
    ("orders", 40_000, "expected a whole number, got a number that does not fit (int16)"),
    ("orders", 1e300, "expected a whole number, got a number that does not fit (int16)"),
    ("orders", True, "expected a whole number, got a boolean"),
    ("customer_id", 2**64, "expected a whole number, got a number that does not fit (int64)"),
    ("region", 5, "expected a string, got a number"),
    ("tier", "2", "expected a whole number, got a string"),
    ("newsletter", 1, "expected true or false, got a number"),
    ("newsletter", "true", "expected true or false, got a string"),
    ("as_of", 20260131, 'expected a date such as "2026-01-31", got a number'),
    (
        "as_of",
        "31.01.2026",
        'expected a date such as "2026-01-31", got a string that does not fit (date32[day])',
    ),
    (
        "last_seen",
        "yesterday",
        'expected a date and time such as "2026-01-31T12:00:00", got a string that does not fit '
        "(timestamp[us])",
    ),
]


@pytest.mark.parametrize(("column", "value", "message"), MISFITS)
def test_a_value_that_does_not_fit_is_named_by_row_and_column(ask, column, value, message):
    status, answer = ask(FULL, FULL, {**FULL, column: value})
    assert status == 422
    assert answer == {
        "error": {
            "code": "invalid_value",
            "message": f'Row 2, column "{column}": {message}. Rows are counted from 0.',
            "column": column,
            "row": 2,
        }
    }


@pytest.mark.parametrize("column", ["age", "spent", "orders", "open_rate"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400])
def test_numbers_that_are_not_finite_are_refused(ask, column, value):
    status, answer = ask(body=f'{{"rows": [{{"{column}": {value}}}]}}')
    assert status == 422
    assert (answer["error"]["column"], answer["error"]["row"]) == (column, 0)


BODIES = [
    ("5", 422, "invalid_body", "The body cannot be a number."),
    ("null", 422, "invalid_body", "The body cannot be null."),
    ("[]", 422, "invalid_body", "The body cannot be a list."),
    ("{}", 422, "invalid_body", '"rows" is absent.'),
    ('{"rows": {}}', 422, "invalid_body", '"rows" cannot be an object.'),
    ('{"rows": []}', 422, "no_rows", '"rows" is empty.'),
    ('{"rows": [{}], "reason": true}', 422, "invalid_body", '"reason" is not a key of the body.'),
    ('{"rows": [{}], "reasons": 1}', 422, "invalid_body", '"reasons" cannot be a number.'),
    ('{"rows": [{}, 5]}', 422, "invalid_row", "Row 1: expected an object"),
    ('{"rows": [', 400, "malformed_json", "EOF while parsing a list at line 1 column 10."),
    ('{"rows": [{"age": 041}]}', 400, "malformed_json", "invalid number at line 1 column 20."),
    ("", 400, "malformed_json", "EOF while parsing a value at line 1 column 0."),
    ("[" * 5000, 400, "malformed_json", "recursion limit exceeded at line 1"),
]


@pytest.mark.parametrize(("body", "status", "code", "message"), BODIES)
def test_a_body_of_another_shape_is_refused(ask, body, status, code, message):
    got, answer = ask(body=body)
    assert (got, answer["error"]["code"]) == (status, code)
    assert message in answer["error"]["message"]


def test_too_many_rows_and_too_many_bytes(ask):
    status, answer = ask(*[FULL] * 51)
    assert (status, answer["error"]["code"]) == (413, "too_many_rows")
    assert '"rows" has more than 50 rows.' in answer["error"]["message"]
    status, answer = ask({**FULL, "region": "n" * 100_000})
    assert (status, answer["error"]["code"]) == (413, "body_too_large")
    assert "larger than 100,000 bytes" in answer["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_only_json_is_read(client, kind):
    answer = client.post("/v1/predict", data=json.dumps({"rows": [FULL]}), content_type=kind)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (415, "not_json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
rows = st.dictionaries(st.sampled_from([*FULL, "note", "?"]), json_values, max_size=6)
texts = st.text() | st.datetimes().map(str) | st.dates().map(str) | st.sampled_from(["0001-01-01"])
dated = st.fixed_dictionaries({}, optional={"as_of": texts, "last_seen": texts})
bodies = json_values | st.fixed_dictionaries(
    {"rows": st.lists(rows | dated, max_size=3)}, optional={"reasons": st.booleans()}
)


@given(body=bodies)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the app has no state
)
def test_no_json_body_is_a_fault_of_ours(client, body):
    answer = client.post("/v1/predict", data=json.dumps(body), content_type="application/json")
    content = answer.get_json()
    if answer.status_code == 200:
        assert len(content["predictions"]) == len(body["rows"])
    else:
        assert answer.status_code in (400, 422)
        assert set(content["error"]) == {"code", "message", "column", "row"}


@given(raw=st.binary(max_size=60))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_are_a_fault_of_ours(client, raw):
    answer = client.post("/v1/predict", data=raw, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.get_json()["error"]["message"]
