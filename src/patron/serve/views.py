"""The views: what each path answers."""

__all__ = ["Views", "as_json"]

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pydantic_core
from flask import Response, render_template, request

from patron.report import numbers
from patron.score import Scores, score_table
from patron.serve.body import BodyReader, Rows
from patron.serve.describe import describe, measured
from patron.serve.errors import ApiError
from patron.serve.inputs import input_of
from patron.serve.openapi import openapi

if TYPE_CHECKING:
    from patron.bundle import Bundle


class Views:
    """One method a path, over one bundle; nothing changes after it is made.

    Parameters
    ----------
    bundle : the loaded model.
    has_token : whether requests must carry a token.
    max_rows : the most rows in one request.
    """

    def __init__(self, bundle: "Bundle", *, has_token: bool, max_rows: int) -> None:
        self.bundle = bundle
        self.has_token = has_token
        self.inputs = tuple(
            input_of(column, bundle.categories.get(column.name, [])) for column in bundle.inputs
        )
        self.reader = BodyReader(self.inputs, bundle.schema, max_rows)

    def health(self) -> Response:
        """The process lives."""
        return as_json({"status": "ok"})

    def ready(self) -> Response:
        """The example row scores; the app turns any failure of that into 503."""
        self._score_example()
        return as_json({"status": "ready", "model_version": self.bundle.version})

    def model(self) -> Response:
        """What the model predicts, from what, and how well."""
        return as_json(describe(self.bundle, self.inputs))

    def predict(self) -> Response:
        """Scores for the rows of the body, in their order."""
        if not request.is_json:
            raise ApiError(415, "not_json", "Send the body with Content-Type: application/json.")
        asked = self.reader.read(request.get_data(cache=False))
        scores = self._score(asked)
        base: dict[str, Any] = {}
        if scores.base_probability is not None:
            base = {"base_probability": scores.base_probability}
        return as_json(
            {
                "model_version": self.bundle.version,
                **base,
                "predictions": scores.table.to_pylist(),
                "warnings": [*asked.warnings, *scores.warnings],
            }
        )

    def openapi(self) -> Response:
        """This API in OpenAPI 3.1; the score columns are those of an example that is scored now."""
        return as_json(
            openapi(
                self.bundle,
                self.inputs,
                scores=self._score_example().table.schema,
                example=self._example(),
                server=request.script_root or "/",
                max_rows=self.reader.max_rows,
                has_token=self.has_token,
            )
        )

    def page(self) -> Response:
        """The model on one page."""
        body = pydantic_core.to_json(self._example()).decode()
        page = render_template(
            "index.html",
            model=describe(self.bundle, self.inputs),
            measured=measured(self.bundle),
            root=request.script_root,
            curl=_curl(
                f"{request.host_url.rstrip('/')}{request.script_root}/v1/predict",
                body,
                self.has_token,
            ),
            has_token=self.has_token,
            count=numbers.count,
            percent=numbers.percent,
            short=numbers.short,
        )
        answer = Response(page, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return answer

    def _example(self) -> dict[str, Any]:
        """A body that the model accepts; it asks for reasons where there are some."""
        rows = {"rows": [{each.name: each.example for each in self.inputs}]}
        return rows | ({"reasons": True} if self.bundle.purchase is not None else {})

    def _score_example(self) -> Scores:
        return self._score(self.reader.read(pydantic_core.to_json(self._example())))

    def _score(self, asked: Rows) -> Scores:
        scores = score_table(
            self.bundle, asked.table, reasons=asked.reasons, scored_at=datetime.now(UTC)
        )
        if scores.table.num_rows != asked.table.num_rows:
            raise RuntimeError("scoring changed the number of rows; answers would go astray")
        return scores


def as_json(content: Any, status: int = 200) -> Response:
    """`content` as a JSON answer: moments in ISO form, null for what is not finite."""
    text = pydantic_core.to_json(content, inf_nan_mode="null")
    return Response(text, status=status, mimetype="application/json")


def _curl(url: str, body: str, has_token: bool) -> str:
    """A command that can be pasted into a shell."""
    lines = [f"curl {shlex.quote(url)}", "-H 'Content-Type: application/json'"]
    if has_token:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)
