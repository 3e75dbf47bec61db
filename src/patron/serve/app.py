"""create_app: a Flask app that scores rows with one bundle.

The routes are a list, the errors are a list, and the views are one small class. Flask's own pages
for errors never show: every answer but `/` is JSON.
"""

__all__ = ["create_app"]

import hmac
import logging
import re
import traceback
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from patron.errors import Refusal, UserError
from patron.serve.errors import ApiError
from patron.serve.views import Views, as_json

if TYPE_CHECKING:
    from patron.bundle import Bundle

logger = logging.getLogger("patron.serve")


def create_app(
    bundle: "Bundle",
    *,
    token: str | None = None,
    max_rows: int = 10_000,
    max_body_bytes: int = 16_000_000,
) -> Flask:
    """The API over `bundle`.

    Parameters
    ----------
    bundle : what `load_bundle` gave.
    token : if given, every path but `/health` asks for `Authorization: Bearer <token>`.
    max_rows, max_body_bytes : what one request may hold.
    """
    if token is not None and not re.fullmatch(r"[!-~]+", token):
        raise UserError(
            "the token is empty, or has spaces or letters beyond ASCII, which no header can carry. "
            "Use a long random text such as that of `openssl rand -hex 32`."
        )
    views = Views(bundle, has_token=token is not None, max_rows=max_rows)
    routes: list[tuple[str, str, Callable[[], Response]]] = [
        ("GET", "/health", views.health),
        ("GET", "/ready", views.ready),
        ("GET", "/v1/model", views.model),
        ("POST", "/v1/predict", views.predict),
        ("GET", "/openapi.json", views.openapi),
        ("GET", "/", views.page),
    ]
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["PATRON_HAS_TOKEN"] = token is not None
    app.url_map.merge_slashes = False  # else "/v1//model" is answered by a redirect
    for method, path, view in routes:
        app.add_url_rule(
            path, view.__name__, view, methods=[method], provide_automatic_options=False
        )
    if token is not None:
        app.before_request(_guard(token))
    app.register_error_handler(ApiError, _on_api_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_other_error)
    return app


def _guard(token: str) -> Callable[[], None]:
    """A check before each request, in time that does not depend on how much of the token fits."""

    def check() -> None:
        given = request.authorization
        bearer = given.token if given is not None and given.type == "bearer" else None
        fits = hmac.compare_digest((bearer or "").encode(), token.encode())
        if not fits and request.endpoint != "health":
            raise ApiError(
                401,
                "unauthorized",
                "This path asks for the header Authorization: Bearer <token>; "
                "the token is absent or wrong.",
            )

    return check


def _on_api_error(error: ApiError) -> Response:
    answer = as_json(error.to_dict(), error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="patron"'
    return answer


def _on_http_error(error: HTTPException) -> Response:
    """What Flask raises (404, 405, 413, a body cut short), with its headers, in our form."""
    status = error.code or 500
    limit = request.max_content_length or 0
    messages = {
        404: "There is no such path. GET /openapi.json lists the paths.",
        405: f"{request.method} is not a method of this path. GET /openapi.json lists them.",
        413: f"The body is larger than {limit:,} bytes. Send the rows in several requests.",
    }
    codes = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
    message = messages.get(status, error.description or error.name)
    answer = _on_api_error(ApiError(status, codes.get(status, "bad_request"), message))
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _on_other_error(error: Exception) -> Response:
    """Data that scoring declines, or a fault of ours. While `/ready` asks, both mean: not ready."""
    checking = request.endpoint == "ready"
    if isinstance(error, UserError | Refusal) and not checking:
        return _on_api_error(ApiError(422, "invalid_data", str(error)))
    number = uuid.uuid4().hex[:12]
    _log(number, error)
    status, code = (503, "not_ready") if checking else (500, "internal")
    what = "The bundle cannot score" if checking else "Something failed on this side"
    return _on_api_error(ApiError(status, code, f"{what}; the log tells where, at {number}."))


def _log(number: str, error: Exception) -> None:
    """Name the error and its place; its message stays out, for it may quote a customer's row."""
    places = "".join(
        f"\n  {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    logger.error("request %s failed: %s%s", number, type(error).__name__, places)
